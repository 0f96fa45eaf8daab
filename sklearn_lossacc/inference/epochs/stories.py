"""What happened to each row over the epochs, kept in a few numbers a row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

STORIES = ("stayed right", "turned right", "turned wrong", "stayed wrong")


def story_codes(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return the place in `STORIES` of each row, from whether it was right before and after.

    Parameters
    ----------
    before, after : ndarray of bool of shape (n_rows,)
        Whether each row was right.

    Returns
    -------
    ndarray of int of shape (n_rows,)

    Examples
    --------
    >>> import numpy as np
    >>> story_codes(np.array([True, False, True, False]), np.array([True, True, False, False])).tolist()
    [0, 1, 2, 3]
    """
    return np.where(before, np.where(after, 0, 2), np.where(after, 1, 3))


@dataclass
class RowStories:
    """Running statistics of the rows; memory does not grow with the epochs.

    Attributes
    ----------
    n_epochs : int
        Epochs seen.
    first_right, last_right : ndarray of shape (n_rows,), float
        First and last epoch in which a row was right; NaN for never.
    n_right, n_forgotten : ndarray of shape (n_rows,), int
        In how many epochs it was right, and how often it was right in one epoch and wrong in the next.
    margin_sum : ndarray of shape (n_rows,), float
        Sum of its margins, in nats.
    first_loss, last_loss : ndarray of shape (n_rows,), float
        Its loss in the first and in the last epoch.
    was_right, is_right : ndarray of shape (n_rows,), bool
        Whether it was right in the first and in the last epoch.

    References
    ----------
    Toneva et al. (2019), An empirical study of example forgetting during deep neural network learning.
    Pleiss et al. (2020), Identifying mislabeled data using the area under the margin ranking.
    """

    n_epochs: int
    first_right: np.ndarray
    last_right: np.ndarray
    n_right: np.ndarray
    n_forgotten: np.ndarray
    margin_sum: np.ndarray
    first_loss: np.ndarray
    last_loss: np.ndarray
    was_right: np.ndarray
    is_right: np.ndarray

    @classmethod
    def empty(cls, n_rows: int) -> RowStories:
        """Return the stories of rows before the first epoch."""
        return cls(
            n_epochs=0,
            first_right=np.full(n_rows, np.nan),
            last_right=np.full(n_rows, np.nan),
            n_right=np.zeros(n_rows, dtype=np.int64),
            n_forgotten=np.zeros(n_rows, dtype=np.int64),
            margin_sum=np.zeros(n_rows),
            first_loss=np.full(n_rows, np.nan),
            last_loss=np.full(n_rows, np.nan),
            was_right=np.zeros(n_rows, dtype=bool),
            is_right=np.zeros(n_rows, dtype=bool),
        )

    def add(self, epoch: float, correct: np.ndarray, loss: np.ndarray, margin: np.ndarray) -> None:
        """Add one epoch."""
        if self.n_epochs == 0:
            self.first_loss, self.was_right = loss.astype(np.float64), correct.copy()
        self.n_forgotten += self.is_right & ~correct
        self.first_right = np.where(np.isnan(self.first_right) & correct, epoch, self.first_right)
        self.last_right = np.where(correct, epoch, self.last_right)
        self.n_right += correct
        self.margin_sum += margin
        self.last_loss, self.is_right = loss.astype(np.float64), correct.copy()
        self.n_epochs += 1

    @property
    def margin_area(self) -> np.ndarray:
        """Mean margin over the epochs, in nats: the area under the margin; low for wrong labels and hard rows."""
        return self.margin_sum / max(self.n_epochs, 1)

    @property
    def story(self) -> np.ndarray:
        """The story of each row from the first epoch to the last, as text."""
        return np.asarray(STORIES)[story_codes(self.was_right, self.is_right)]
