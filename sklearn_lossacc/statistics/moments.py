"""Weighted first and second moments of per-row values, kept so that two of them merge exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Moments"]


SHORT = 2**13  # vectors of this length are multiplied by one thread; for two, waiting would take longer


def _products(rows: np.ndarray) -> np.ndarray:
    """Return the scalar products of all pairs of rows."""
    parts = (rows[:, start : start + SHORT] for start in range(0, rows.shape[1], SHORT))
    return sum((np.vecdot(part[:, None], part[None]) for part in parts), np.zeros((len(rows), len(rows))))


@dataclass(frozen=True)
class Moments:
    """First and second moments of C values a row.

    Attributes
    ----------
    sum_w, sum_w2 : float
        Sums of the weights and of their squares.
    first : ndarray of shape (C,)
        sum w v.
    centre : ndarray of shape (C,)
        sum w^2 v / sum w^2.
    spread : ndarray of shape (C, C)
        sum w^2 (v - centre)(v - centre)^T.

    Notes
    -----
    The second moment is kept about its centre: a difference of large raw sums would lose the small variances that
    decide tests. Weights enter squared, since a weighted row is one draw.

    References
    ----------
    .. [1] Chan, Golub, LeVeque (1983), "Algorithms for computing the sample variance", The American Statistician
       37(3), for the merge.
    """

    sum_w: float
    sum_w2: float
    first: np.ndarray
    centre: np.ndarray
    spread: np.ndarray

    @classmethod
    def empty(cls, n_columns: int) -> Moments:
        """Return the moments of no rows."""
        zeros = np.zeros(n_columns)
        return cls(0.0, 0.0, zeros, zeros, np.zeros((n_columns, n_columns)))

    @classmethod
    def of(cls, values: np.ndarray, weight: np.ndarray | None) -> Moments:
        """Return the moments of `values` of shape (C, n_rows)."""
        if weight is None:
            sum_w = sum_w2 = float(values.shape[1])
            first = values.sum(axis=1)
            centre = first / sum_w
            deviation = values - centre[:, None]
        else:
            sum_w, squared = float(weight.sum()), weight**2
            sum_w2 = float(squared.sum())
            if not sum_w2 > 0:
                return cls.empty(len(values))
            first = np.einsum("ij,j->i", values, weight)
            centre = np.einsum("ij,j->i", values, squared) / sum_w2
            deviation = values - centre[:, None]
            deviation *= weight
        return cls(sum_w, sum_w2, first, centre, _products(deviation))

    def merge(self, other: Moments) -> Moments:
        """Return the moments of the union of the rows of both."""
        sum_w2 = self.sum_w2 + other.sum_w2
        share = other.sum_w2 / sum_w2 if sum_w2 > 0 else 0.0
        step = other.centre - self.centre
        return Moments(
            self.sum_w + other.sum_w,
            sum_w2,
            self.first + other.first,
            self.centre * (1.0 - share) + other.centre * share,
            self.spread + other.spread + np.outer(step, step) * (self.sum_w2 * share),
        )

    @property
    def second(self) -> np.ndarray:
        """The raw second moment sum w^2 v v^T, of shape (C, C)."""
        return self.spread + self.sum_w2 * np.outer(self.centre, self.centre)

    def variance_of_mean(self, coefs: np.ndarray) -> float:
        """Return sum w^2 (u - m)^2 / (sum w)^2 for u = coefs . v and its weighted mean m."""
        shift = float(coefs @ (self.centre - self.first / self.sum_w))
        return (float(coefs @ self.spread @ coefs) + self.sum_w2 * shift**2) / self.sum_w**2
