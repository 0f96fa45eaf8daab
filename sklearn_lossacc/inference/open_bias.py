"""What a class bias may cost where classes have too few rows for offsets: from pairs of rows."""

from __future__ import annotations

import math

import numpy as np

from sklearn_lossacc.inference.design import design_effect
from sklearn_lossacc.inference.gains import open_gain
from sklearn_lossacc.inference.null import NullModel

ONE_SIDED = 1.6448536269514722  # 95 % of a standard normal law lie below
NO_VARIANCE = 1e-13  # of a class total, in squared weights: what rounding left of a sum of zeros and ones


def open_bias_cost(null: NullModel) -> float:
    """Return the largest cost of offsets of all classes that the class totals leave open.

    Parameters
    ----------
    null : NullModel
        The rows; their probabilities are those without offsets.

    Returns
    -------
    float
        Upper limit in nats a row.

    Notes
    -----
    With D_j the difference of the total of class j from what is expected and V_j its variance, the chi-square
    sum_j D_j^2 / V_j grows by n times the chi-square distance of the biased law, but one row of a class that hardly
    ever occurs moves it by 1 / V_j. What each row contributes alone says nothing about a bias: only products of two
    rows do, sum_{i != l} sum_j d_ij d_lj / V_j, where rows of one group count as one. That sum is unbiased, and without
    a bias its variance is that of chi-square. Its limit is the larger of the one that takes it for a noncentral
    chi-square and of a normal one with the jackknife's error, which knows that classes more frequent than expected vary
    more. A law at chi-square distance x costs at most log(1 + x), which classes that cannot occur do cost.

    The limit needs classes that occur in more than one row: 100 rows of 2000 classes have so few that a large cost of
    rare classes is above it too often.

    References
    ----------
    Gibbs and Su (2002), On choosing and bounding probability metrics, *International Statistical Review* 70.

    Examples
    --------
    Sixty classes of equal probability, of which the first thirty cannot occur, which costs log 2:

    >>> y = np.random.default_rng(0).integers(30, 60, 120)
    >>> equal = NullModel(np.log(np.full((120, 60), 1 / 60)), y, np.ones(120))
    >>> round(open_bias_cost(equal), 2)
    0.82
    """
    proba, weight, rows = null.proba, null.weight, np.arange(null.n_rows)
    variance = weight**2 @ (proba * (1.0 - proba))
    kept = variance > NO_VARIANCE * float(weight @ weight)
    df = int(kept.sum()) - 1
    if df < 1:
        return 0.0
    inverse = np.zeros(null.n_classes)
    inverse[kept] = 1.0 / variance[kept]
    total = np.bincount(null.y, weight, null.n_classes) - weight @ proba
    if null.group is None:
        # of each row alone: sum_j d_ij^2 / V_j, and with all: sum_j d_ij D_j / V_j
        alone = weight**2 * (np.square(proba) @ inverse + (1.0 - 2.0 * proba[rows, null.y]) * inverse[null.y])
        with_all = weight * ((total * inverse)[null.y] - proba @ (total * inverse))
    else:
        sums = np.zeros((int(null.n_groups or 0), null.n_classes))
        np.subtract.at(sums, null.group, weight[:, np.newaxis] * proba)
        np.add.at(sums, (null.group, null.y), weight)
        alone, with_all = np.square(sums) @ inverse, sums @ (total * inverse)
    pairs = float(with_all.sum() - alone.sum())
    moved = 2.0 * (with_all - alone)  # what leaving out a row, or group, takes away
    n_units = moved.size
    error = math.sqrt((n_units - 1) / n_units) * float(np.linalg.norm(moved - moved.mean()))
    effect, n_effective = design_effect(null), null.effective_n()
    by_law = 2.0 * open_gain(pairs / effect + df, df, n_effective / effect)
    return math.log1p(max(by_law, (pairs + ONE_SIDED * error) / n_effective))
