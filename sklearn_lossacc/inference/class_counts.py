"""Class totals against their expectation under the null."""

from __future__ import annotations

import numpy as np
from scipy.linalg import LinAlgError, cholesky, solve_triangular
from scipy.linalg.blas import dsyrk

from sklearn_lossacc.inference.null import NullModel

MIN_CLASS_COUNT = 5.0  # expected rows of a class below which the chi-square limit is not trusted
MOST_SQUARED = 2**12  # classes up to which their correlations are factored, whatever the number of rows


class ClassCounts:
    """Chi-square of the class totals against their expectation under the null.

    Parameters
    ----------
    null : NullModel
        The rows.

    Notes
    -----
    b_j = sum_i w_i (1[y_i = j] - p_ij) has covariance C = sum_i w_i^2 (diag p_i - p_i p_i'), of rank k - 1; one
    class is left out and b' C^-1 b is formed from a Cholesky factor. C is D - S'S with D diagonal and a row of S for
    each row, so that C^-1 is D^-1 + D^-1 S' (I - S D^-1 S')^-1 S D^-1 (Woodbury), which takes as many equations as
    rows: of more than 4096 classes and fewer rows.

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
        # With very many classes and few rows, the rows are factored: C is a diagonal less a matrix of their rank.
        self.by_row = self.df > max(null.n_rows, MOST_SQUARED)
        self.scale = np.sqrt((weighted.sum(axis=0) if self.by_row else variance)[self.kept])
        self.factor = self.scaled = np.empty((0, 0))
        if self.df:
            scaled = weight[:, None] * (proba if self.df == proba.shape[1] else proba[:, self.kept])
            scaled /= self.scale
            # Half of a symmetric product is enough: with a thousand classes it is most of the work.
            inner = dsyrk(-1.0, scaled if self.by_row else scaled.T)
            if self.by_row:
                np.fill_diagonal(inner, 1.0 + inner.diagonal())
                self.scaled = scaled
            else:
                np.fill_diagonal(inner, 1.0)
            self.factor = _cholesky(inner)
        effective = self.expected**2 / np.maximum(weighted.sum(axis=0), np.finfo(float).tiny)
        self.smallest_count = float(effective.min())
        self.smallest_information = float((variance / np.maximum(weight.max() ** 2, 1e-300)).min())

    def __call__(self, totals: np.ndarray) -> np.ndarray:
        """Return the chi-square of class totals of shape (..., n_classes)."""
        deviation = (totals - self.expected)[..., self.kept] / self.scale
        if not self.df:  # old versions of LAPACK refuse an empty system
            return np.zeros(deviation.shape[:-1])
        white = solve_triangular(self.factor, self.scaled @ deviation.T if self.by_row else deviation.T, trans=1)
        squares = np.einsum("i...,i...->...", white, white)
        return squares + np.einsum("...i,...i->...", deviation, deviation) if self.by_row else squares


def _cholesky(upper: np.ndarray) -> np.ndarray:
    """Return U with U'U the matrix of which only the upper triangle is given."""
    diagonal = upper.diagonal().copy()
    for jitter in (0.0, 1e-12, 1e-9, 1e-6):
        try:
            np.fill_diagonal(upper, diagonal + jitter)
            return cholesky(upper)
        except LinAlgError:
            continue
    return np.eye(len(upper))
