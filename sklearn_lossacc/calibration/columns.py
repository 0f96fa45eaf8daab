"""What calibrators see of some classes, without the other classes in memory."""

from __future__ import annotations

import numpy as np

from sklearn_lossacc._numerics import row_blocks
from sklearn_lossacc._numerics.log_odds import log_odds, odds_against_rest, row_terms
from sklearn_lossacc.inputs import Scores

__all__ = ["NEIGHBOURS", "LogOddsColumns", "neighbours", "weights_unless_ones"]

NEIGHBOURS = 16  # classes of which as many bytes are read as memory delivers at once
FEW_CLASSES = 8  # up to here three numbers a row are much memory, and reading whole rows again takes little time


def neighbours(n_classes: int) -> list[slice]:
    """Cut the classes into groups that are read together, each a small part of all.

    Parameters
    ----------
    n_classes : int
        Number of classes.

    Returns
    -------
    list of slice
        Consecutive; of two classes only the second.

    Examples
    --------
    >>> neighbours(3)
    [slice(0, 1, None), slice(1, 2, None), slice(2, 3, None)]
    """
    if n_classes == 2:
        return [slice(1, 2)]
    width = min(NEIGHBOURS, max(1, n_classes // NEIGHBOURS))
    return [slice(begin, min(begin + width, n_classes)) for begin in range(0, n_classes, width)]


def weights_unless_ones(weight: np.ndarray | None) -> np.ndarray | None:
    """Return weights, or None where each row counts once: sorting then takes a shorter way to the same.

    Parameters
    ----------
    weight : ndarray of shape (n_rows,) or None
        Sample weights.

    Returns
    -------
    ndarray or None
        The weights themselves.

    Examples
    --------
    >>> weights_unless_ones(np.ones(3)) is None
    True
    """
    return None if weight is None or (weight == 1).all() else weight


class LogOddsColumns:
    """Log odds by class, each equal to what `log_odds` gives.

    Parameters
    ----------
    scores : Scores
        Checked probabilities or logits.
    """

    def __init__(self, scores: Scores):
        self.scores, self.logits = scores, scores.input == "logits"
        if scores.n_classes <= FEW_CLASSES:
            return
        self.terms = np.empty((2 if self.logits else 3, scores.n_rows))
        for rows in row_blocks(scores.n_rows, scores.n_classes):
            self.terms[:, rows] = row_terms(np.asarray(scores.values[rows]), logits=self.logits)

    def take(self, columns: slice) -> np.ndarray:
        """Compute the log odds of neighbouring classes.

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
        result = np.empty((n_columns, scores.n_rows))
        for rows in row_blocks(scores.n_rows, max(n_columns, 8)):
            if scores.n_classes <= FEW_CLASSES:
                result[:, rows] = log_odds(np.asarray(scores.values[rows]), logits=self.logits).T[columns]
            else:
                entries = np.asarray(scores.values[rows, columns]).T
                result[:, rows] = odds_against_rest(entries, tuple(self.terms[:, rows]), logits=self.logits)
        return result
