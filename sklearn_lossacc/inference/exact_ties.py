"""Rows of equal probabilities whose labels are exactly as frequent as these say: as on the rows of the fit."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln, xlogy

from sklearn_lossacc.inference.dependence import look
from sklearn_lossacc.inference.null import NullModel

ROUNDING = 1e-6  # of a frequency, of what single precision leaves


def exact_ties_p_value(null: NullModel) -> float:
    """Bound the chance that every class is exactly as frequent as its probability says wherever rows are tied.

    Parameters
    ----------
    null : NullModel
        All rows, of equal weight and independent.

    Returns
    -------
    float
        1 where some class is not.

    Notes
    -----
    With n_t rows in tie t and n_t p_t the counts of its labels, the counts have the multinomial probability
    M(n_t p_t; n_t, q) if the labels are drawn from any q, and that is largest at q = p_t: whatever the true
    frequencies, the product over ties bounds the chance. A stratified split fixes the totals of all rows, so that the
    product is divided by M(n p; n, p), p being the mean of all rows. One tie, a constant prediction, shows nothing.

    Examples
    --------
    Ten rows at 0.8 with eight ones and ten rows at 0.2 with two: 0.302^2 / 0.1762.

    >>> proba, y = np.repeat([[0.2, 0.8], [0.8, 0.2]], 10, axis=0), np.repeat([1, 0, 1], [8, 10, 2])
    >>> print(round(exact_ties_p_value(NullModel(np.log(proba), y, np.ones(20))), 4))
    0.5176
    """
    tie, n_classes = np.unique(look(null, None), return_inverse=True)[1], null.n_classes
    size = np.bincount(tie).astype(float)
    first = np.empty(size.size, dtype=np.intp)
    first[tie] = np.arange(null.n_rows)
    count = np.bincount(tie * n_classes + null.y, minlength=size.size * n_classes).reshape(-1, n_classes)
    if (np.abs(count - size[:, None] * null.proba[first]) > ROUNDING * size[:, None]).any():
        return 1.0
    ties, total = _log_multinomial(count), _log_multinomial(count.sum(axis=0, keepdims=True))
    return float(min(1.0, np.exp(ties.sum() - total.sum())))


def _log_multinomial(count: np.ndarray) -> np.ndarray:
    """Return the log probability of each row of counts if they were drawn from their own frequencies."""
    size = count.sum(axis=1)
    return gammaln(size + 1.0) - xlogy(size, size) + (xlogy(count, count) - gammaln(count + 1.0)).sum(axis=1)
