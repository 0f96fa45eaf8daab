"""What calibrators see of some classes, without the other classes in memory."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from sklearn_lossacc._numerics import row_blocks, row_max, row_sum
from sklearn_lossacc._numerics.log_odds import largest_and_rest, log_odds, odds_against_rest
from sklearn_lossacc.inputs import Scores

__all__ = ["LogOddsColumns", "ProbaColumns", "neighbours", "weights_unless_ones"]

NEIGHBOURS = 16  # classes of which as many bytes are read as memory delivers at once
FEW_CLASSES = 8  # up to here two numbers a row are much memory, and reading whole rows again takes little time
FLOAT64 = np.dtype(np.float64)


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


class _Columns(ABC):
    """Something of each class that depends on the whole row, through two numbers.

    Parameters
    ----------
    scores : Scores
        Checked probabilities or logits.
    """

    def __init__(self, scores: Scores):
        self.scores, self.logits = scores, scores.input == "logits"
        if scores.n_classes <= FEW_CLASSES:
            return
        self.first, self.second = np.empty(scores.n_rows), np.empty(scores.n_rows)
        for rows in row_blocks(scores.n_rows, scores.n_classes):
            self.first[rows], self.second[rows] = self._two_numbers(np.asarray(scores.values[rows]))

    def take(self, columns: slice) -> np.ndarray:
        """Compute what there is of neighbouring classes.

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
                result[:, rows] = self._whole(rows).T[columns]
            else:
                entries = np.asarray(scores.values[rows, columns]).T
                result[:, rows] = self._of_entries(entries, self.first[rows], self.second[rows])
        return result

    @abstractmethod
    def _two_numbers(self, block: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what each row contributes to all its classes."""

    @abstractmethod
    def _of_entries(self, entries: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Compute the result from entries and their rows' two numbers."""

    @abstractmethod
    def _whole(self, rows: slice) -> np.ndarray:
        """Compute the result for all classes of some rows."""


class ProbaColumns(_Columns):
    """Probabilities by class, each equal to what ``scores.proba`` gives."""

    def _two_numbers(self, block: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        block = block.astype(np.float64)
        largest = np.zeros(len(block))
        if self.logits:
            largest = row_max(block)
            np.exp(block - largest[:, np.newaxis], out=block)
        return largest, row_sum(block)

    def _of_entries(self, entries: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        entries = entries.astype(np.float64)
        return (np.exp(entries - first) if self.logits else entries) / second

    def _whole(self, rows: slice) -> np.ndarray:
        return self.scores.proba(rows, dtype=FLOAT64)


class LogOddsColumns(_Columns):
    """Log odds by class, each equal to what `log_odds` gives."""

    def _two_numbers(self, block: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return largest_and_rest(block, logits=self.logits)

    def _of_entries(self, entries: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return odds_against_rest(entries, first, second, logits=self.logits)

    def _whole(self, rows: slice) -> np.ndarray:
        return log_odds(np.asarray(self.scores.values[rows]), logits=self.logits)
