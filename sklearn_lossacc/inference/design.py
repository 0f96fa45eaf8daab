"""What weights and groups leave of a number of rows."""

from __future__ import annotations

import numpy as np

from sklearn_lossacc.inference.class_counts import MIN_CLASS_COUNT
from sklearn_lossacc.inference.null import NullModel


def design_effect(null: NullModel) -> float:
    """Return how many times dependence within groups inflates the variance of the total loss; at least 1.

    Parameters
    ----------
    null : NullModel
        The rows.

    Returns
    -------
    float
        sum_g (sum_{i in g} u_i)^2 / sum u_i^2 with u = w (loss - entropy), centred.

    Notes
    -----
    The excess of loss over entropy is centred and compared with its own spread, not with that of the null: a model that
    is wrong in the same way everywhere must not look like one with dependent rows.
    """
    if null.group is None:
        return 1.0
    centred = null.weight * (null.excess - np.average(null.excess, weights=null.weight))
    by_group = np.bincount(null.group, centred)
    naive = float(centred @ centred)
    return max(1.0, float(by_group @ by_group) / naive) if naive > 0 else 1.0


def design_scale(null: NullModel) -> float:
    """Return effective rows per unit of weight: Kish's factor over the design effect of the groups.

    Parameters
    ----------
    null : NullModel
        The rows.

    Returns
    -------
    float
        What turns weighted likelihood ratios into those of independent draws.

    Examples
    --------
    Ten rows that are five pairs of copies count as five:

    >>> log_proba = np.log(np.tile([0.3, 0.7], (10, 1)))
    >>> y, group = np.repeat([0, 1, 1, 0, 1], 2), np.repeat(np.arange(5), 2)
    >>> print(round(10 * design_scale(NullModel(log_proba, y, np.ones(10), group)), 6))
    5.0
    """
    return null.effective_n() / float(null.weight.sum()) / design_effect(null)


def too_sparse(null: NullModel) -> bool:
    """Return whether there are too few rows a class, on average, to fit offsets at all.

    Parameters
    ----------
    null : NullModel
        The rows.

    Returns
    -------
    bool

    Examples
    --------
    >>> too_sparse(NullModel(np.log(np.full((20, 10), 0.1)), np.zeros(20, dtype=int), np.ones(20)))
    True
    """
    return null.effective_n() < MIN_CLASS_COUNT * null.n_classes
