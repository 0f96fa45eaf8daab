"""Dependence between rows: design effect of groups, agreement within tied predictions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import poisson

from sklearn_lossacc.inference.null import NullModel


@dataclass(frozen=True)
class GroupDesign:
    """Design effect of groups on the mean loss, and the intra-class correlation of the loss."""

    effect: float
    correlation: float


@dataclass(frozen=True)
class TieAgreement:
    """Label disagreements among rows with equal probabilities: observed and expected pairs, and the p-value."""

    rows: int
    observed: float
    expected: float
    p_value: float


def group_design(null: NullModel) -> GroupDesign:
    """Return the design effect: variance of the mean loss by groups over that by rows.

    Notes
    -----
    With residuals r = w (l - mean), the effect is sum_g (sum r)^2 / sum r^2. The correlation is the mean product of
    pairs within groups, sum_g [(sum r)^2 - sum r^2] / sum_g (m_g - 1) sum r^2.
    """
    mean = float(null.weight @ null.true_loss / null.weight.sum())
    residual = null.weight * (null.true_loss - mean)
    by_group = np.bincount(null.group, residual)
    squares = np.bincount(null.group, residual**2)
    sizes = np.bincount(null.group)
    total = squares.sum()
    if total <= 0:
        return GroupDesign(1.0, 0.0)
    effect = float(by_group @ by_group / total)
    pairs = float(((sizes - 1) * squares).sum())
    correlation = float((by_group**2 - squares).sum() / pairs) if pairs > 0 else 0.0
    return GroupDesign(effect, correlation)


def tie_agreement(null: NullModel) -> TieAgreement:
    """Count disagreeing neighbours among rows with equal probabilities.

    Rows with equal probabilities are paired off, so that the pairs are independent under the universal null; a pair
    disagrees with probability 1 - sum_j p_j^2.

    Notes
    -----
    The number of disagreements is compared with a Poisson of the expected number, whose lower tail is above that of the
    sum of independent events.
    """
    rng = np.random.default_rng(0)
    key = np.einsum("ij,j->i", null.proba, rng.standard_normal(null.n_classes))
    # Equal rows are paired at random: whatever put the rows in their order may have looked at the labels.
    order = np.lexsort((rng.permutation(null.n_rows), key))
    equal = key[order][1:] == key[order][:-1]
    # Within a run of equal rows, pair the 1st with the 2nd, the 3rd with the 4th, ...
    start = np.flatnonzero(np.r_[True, ~equal])
    position = np.arange(order.size) - np.repeat(start, np.diff(np.r_[start, order.size]))
    first = np.flatnonzero(equal & (position[:-1] % 2 == 0))
    if first.size == 0:
        return TieAgreement(0, 0.0, 0.0, 1.0)
    a, b = order[first], order[first + 1]
    expected = float((1.0 - np.einsum("ij,ij->i", null.proba[a], null.proba[a])).sum())
    observed = int((null.y[a] != null.y[b]).sum())
    return TieAgreement(2 * first.size, float(observed), expected, float(poisson.cdf(observed, expected)))
