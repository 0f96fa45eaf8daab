"""Class totals against their expectation under the null."""

from __future__ import annotations

import numpy as np
from scipy.linalg import LinAlgError, cholesky, solve_triangular
from scipy.linalg.blas import dsyrk

from sklearn_lossacc.inference.null import NullModel

MIN_CLASS_COUNT = 5.0  # expected rows of a class below which the chi-square limit is not trusted


class ClassCounts:
    """Chi-square of the class totals against their expectation under the null.

    Parameters
    ----------
    null : NullModel
        The rows.

    Notes
    -----
    b_j = sum_i w_i (1[y_i = j] - p_ij) has covariance C = sum_i w_i^2 (diag p_i - p_i p_i'), of rank k - 1; one
    class is left out and b' C^-1 b is formed from a Cholesky factor.

    Examples
    --------
    Sixteen fair coins show four heads: (4 - 8)^2 / (16 / 4) = 4.

    >>> null = NullModel(np.full((16, 2), np.log(0.5)), np.repeat([0, 1], [12, 4]), np.ones(16))
    >>> print(round(float(ClassCounts(null)(np.array([12.0, 4.0]))), 6))
    4.0
    """

    def __init__(self, null: NullModel):
        weight, proba = null.weight, null.proba
        self.expected = weight @ proba
        weighted = (weight**2)[:, None] * proba
        variance = weighted.sum(axis=0) - np.einsum("ij,ij->j", proba, weighted)
        # Below this a variance is what rounding left of a sum of zeros and ones.
        alive = np.flatnonzero(variance > 1e-13 * float(weight @ weight))
        self.kept = alive[np.argsort(variance[alive])][:-1]  # the class of largest variance follows from the others
        self.df = self.kept.size
        self.scale = np.sqrt(variance[self.kept])
        self.factor = np.empty((0, 0))
        if self.df:
            # Half of a symmetric product is enough: with a thousand classes it is most of the work.
            scaled = weight[:, None] * (proba if self.df == proba.shape[1] else proba[:, self.kept])
            scaled /= self.scale
            correlation = dsyrk(-1.0, scaled.T)
            np.fill_diagonal(correlation, 1.0)
            self.factor = _cholesky(correlation)
        effective = self.expected**2 / np.maximum(weighted.sum(axis=0), np.finfo(float).tiny)
        self.smallest_count = float(effective.min())
        self.smallest_information = float((variance / np.maximum(weight.max() ** 2, 1e-300)).min())

    def __call__(self, totals: np.ndarray) -> np.ndarray:
        """Return the chi-square of class totals of shape (..., n_classes)."""
        deviation = (totals - self.expected)[..., self.kept] / self.scale
        if not self.df:  # old versions of LAPACK refuse an empty system
            return np.zeros(deviation.shape[:-1])
        white = solve_triangular(self.factor, deviation.T, trans=1)
        return np.einsum("i...,i...->...", white, white)


def _cholesky(upper: np.ndarray) -> np.ndarray:
    """Return U with U'U the matrix of which only the upper triangle is given, and a diagonal of ones."""
    for jitter in (0.0, 1e-12, 1e-9, 1e-6):
        try:
            np.fill_diagonal(upper, 1.0 + jitter)
            return cholesky(upper)
        except LinAlgError:
            continue
    return np.eye(len(upper))
