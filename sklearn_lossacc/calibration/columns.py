"""The probabilities of some classes, without those of the others in memory."""

from __future__ import annotations

import numpy as np

from sklearn_lossacc._numerics import row_blocks, row_max, row_sum
from sklearn_lossacc.inputs import Scores

__all__ = ["ProbaColumns"]


class ProbaColumns:
    """Probabilities by class, each equal to what ``scores.proba`` gives.

    Parameters
    ----------
    scores : Scores
        Checked probabilities or logits.
    """

    def __init__(self, scores: Scores):
        self.scores = scores
        self.largest = np.zeros(scores.n_rows)
        self.total = np.ones(scores.n_rows)
        if scores.values.ndim == 1:
            return
        for rows in row_blocks(scores.n_rows, scores.n_classes):
            block = np.asarray(scores.values[rows]).astype(np.float64)
            if scores.input == "logits":
                self.largest[rows] = row_max(block)
                np.exp(block - self.largest[rows, np.newaxis], out=block)
            self.total[rows] = row_sum(block)

    def take(self, columns: slice) -> np.ndarray:
        """Compute the probabilities of neighbouring classes.

        Parameters
        ----------
        columns : slice
            Which classes.

        Returns
        -------
        ndarray of shape (n_columns, n_rows), float64
            A new array, one row a class.
        """
        scores = self.scores
        n_columns = len(range(*columns.indices(scores.n_classes)))
        proba = np.empty((n_columns, scores.n_rows))
        for rows in row_blocks(scores.n_rows, max(n_columns, 8)):
            if scores.values.ndim == 1:
                proba[:, rows] = scores.proba(rows, dtype=np.dtype(np.float64)).T[columns]
                continue
            block = np.asarray(scores.values[rows, columns]).astype(np.float64).T
            if scores.input == "logits":
                block = np.exp(block - self.largest[rows])
            np.divide(block, self.total[rows], out=proba[:, rows])
        return proba
