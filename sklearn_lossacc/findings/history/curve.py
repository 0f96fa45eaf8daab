"""One curve without gaps, and how it moved."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sklearn_lossacc.inference.history import Turn, change_needed, end_means, find_turn, jitter, slow_jitter
from sklearn_lossacc.inference.history.trend import window

LOCAL_POINTS = 10  # from which on the noise of a stretch is taken as it is
SHORT = 4.0  # over the number of second differences: by how much more noise a shorter stretch may have


@dataclass(frozen=True)
class Change:
    """How a curve moved from one place to its end.

    Attributes
    ----------
    row : int
        Row of the history from which it is counted.
    before, after : float
        Means of a few points there, and of the last points.
    needed : float
        What jitter alone may reach.
    """

    row: int
    before: float
    after: float
    needed: float

    @property
    def size(self) -> float:
        """Signed change."""
        return self.after - self.before


@dataclass(frozen=True, eq=False)
class Curve:
    """Finite numbers of one measure.

    Attributes
    ----------
    rows : ndarray of shape (n_points,)
        Their rows in the history.
    values : ndarray of shape (n_points,)
        The numbers.
    """

    rows: np.ndarray
    values: np.ndarray

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.values)

    @cached_property
    def noise(self) -> float | None:
        """Standard deviation from one evaluation to the next; None for a short curve."""
        return jitter(self.values)

    def noise_since(self, place: int) -> float:
        """Return the noise of the last part of the curve, or of all of it where that is less or the part is short.

        Where the part, or the later half, wanders, so that means over windows differ by more than their points would
        make them, that counts.
        """
        part = self.values[place:]
        local = jitter(part)
        if local is not None and len(part) < LOCAL_POINTS:
            local *= 1.0 + SHORT / (len(part) - 2)
        fast = min((noise for noise in (local, self.noise) if noise is not None), default=0.0)
        return max(fast, slow_jitter(self.values[min(place, len(self) // 2) :], self.width) or 0.0)

    @cached_property
    def turn(self) -> Turn:
        """Where a falling curve turns."""
        return find_turn(self.values)

    @property
    def width(self) -> int:
        """Number of points averaged at either end."""
        return window(len(self))

    @property
    def last(self) -> float:
        """The last value."""
        return float(self.values[-1])

    def place(self, row: int) -> int:
        """Return the point at, or next before, a row of the history."""
        return max(int(np.searchsorted(self.rows, row, side="right")) - 1, 0)

    def change_since(self, row: int) -> Change:
        """Return how the curve moved from a row of the history to its end."""
        place = self.place(row)
        before, after = end_means(self.values, place)
        needed = change_needed(self.noise_since(place), len(self))
        return Change(int(self.rows[place]), before, after, needed)
