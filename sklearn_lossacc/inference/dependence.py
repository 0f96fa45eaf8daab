"""Dependence between rows: design effect of groups, agreement of labels between rows that look the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import poisson

from sklearn_lossacc._numerics import row_blocks
from sklearn_lossacc.inference.monotone import isotonic_fit
from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.shape import folds

AGREEMENT_BELOW = 1 / 3  # disagreements over those expected, from which on rows look like copies
MAX_NEIGHBOURS = 1024  # rows whose nearest other predictions are looked for
NEARLY_ZERO = 1e-12  # probabilities below are equally far from all others


@dataclass(frozen=True)
class GroupDesign:
    """Design effect of groups on the mean loss, the intra-class correlation of the loss, and how well both are known.

    Attributes
    ----------
    effect : float
        Variance of the mean loss over that of as many independent rows.
    correlation : float
        Of the losses of two rows of one group.
    freedom : float
        Degrees of freedom of the variance between groups.
    """

    effect: float
    correlation: float
    freedom: float


@dataclass(frozen=True)
class PairAgreement:
    """Label disagreements in pairs of rows that look the same.

    Attributes
    ----------
    rows : int
        Rows in pairs.
    observed : int
        Pairs whose labels differ.
    expected : float
        Pairs that should, by the recalibrated probabilities.
    p_value : float
        Chance of a Poisson count of that mean as small as `observed`.
    """

    rows: int
    observed: int
    expected: float
    p_value: float


def group_design(null: NullModel) -> GroupDesign:
    """Return the design effect: variance of the mean loss with dependent rows in groups over that of independent ones.

    Parameters
    ----------
    null : NullModel
        The rows, in groups.

    Returns
    -------
    GroupDesign

    Notes
    -----
    With residuals r = w (l - mean), the correlation rho is the mean product of pairs within groups,
    sum_g [(sum r)^2 - sum r^2] / sum_g (m_g - 1) sum r^2. A group of m rows of weight W then adds
    v = sum w^2 + rho (W^2 - sum w^2) to the variance, and the effect is sum v / sum w^2: 1 + (m - 1) rho for equal
    groups. A sum of the squares of the groups' own totals would have the same expectation, but the few largest groups,
    of which each is one draw, may be nearly all of it. The degrees of freedom are Satterthwaite's,
    (sum v)^2 / sum v^2, less one for the mean: as many as groups where these are alike.

    References
    ----------
    Moulton (1986), Random group effects and the precision of regression estimates, Journal of Econometrics 32, 385-397.
    Satterthwaite (1946), An approximate distribution of estimates of variance components, Biometrics Bulletin 2,
    110-114.

    Examples
    --------
    A group of six copies and two single rows: of eight rows, 64 / 38 remain.

    >>> y, group = np.array([0, 0, 0, 0, 0, 0, 1, 0]), np.array([0, 0, 0, 0, 0, 0, 1, 2])
    >>> found = group_design(NullModel(np.log(np.tile([0.8, 0.2], (8, 1))), y, np.ones(8), group))
    >>> print(round(found.correlation, 6), round(8 / found.effect, 4), round(64 / 38, 4))
    1.0 1.6842 1.6842
    """
    mean = float(null.weight @ null.true_loss / null.weight.sum())
    residual = null.weight * (null.true_loss - mean)
    by_group = np.bincount(null.group, residual)
    squares = np.bincount(null.group, residual**2)
    sizes = np.bincount(null.group)
    if squares.sum() <= 0:
        return GroupDesign(1.0, 0.0, float(max(sizes.size - 1, 1)))
    pairs = float(((sizes - 1) * squares).sum())
    correlation = float((by_group**2 - squares).sum() / pairs) if pairs > 0 else 0.0
    alone = np.bincount(null.group, null.weight**2)
    variance = np.maximum(alone + correlation * (np.bincount(null.group, null.weight) ** 2 - alone), 0.0)
    total = float(variance.sum())
    freedom = total**2 / float(variance @ variance) if total > 0 else float(sizes.size)
    return GroupDesign(total / float(alone.sum()), correlation, max(freedom - 1.0, 1.0))


def repetition(identity: np.ndarray, weight: np.ndarray, n_rows: int) -> float:
    """Return how many times fewer draws there are where rows of one identity are copies of one draw.

    Parameters
    ----------
    identity : ndarray of shape (m,)
        Code of each row, equal for copies.
    weight : ndarray of shape (m,)
        Weights.
    n_rows : int
        Rows of which these are a uniform sample.

    Returns
    -------
    float
        sum over identities of (sum w)^2, over the sum of w^2; at least 1. Of a sample, which parts copies, what that
        exceeds 1 by is scaled up to all rows.

    Examples
    --------
    >>> print(repetition(np.array([7, 7, 7, 8]), np.ones(4), 4))
    2.5
    """
    together = np.bincount(np.unique(identity, return_inverse=True)[1], weight)
    excess = float(together @ together / (weight @ weight)) - 1.0
    return 1.0 + max(excess, 0.0) * (n_rows - 1) / max(len(weight) - 1, 1)


def pairs_of_equals(key: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Pair rows of equal keys off at random.

    Parameters
    ----------
    key : ndarray of shape (n_rows,)
        What rows look like.
    rng : Generator
        Source of the order: whatever put the rows in theirs may have looked at the labels.

    Returns
    -------
    a, b : ndarray of intp
        The two rows of each pair; no row is in two.

    Examples
    --------
    >>> a, b = pairs_of_equals(np.array([5, 6, 5, 5]), np.random.default_rng(0))
    >>> len(a), bool(set(a) | set(b) <= {0, 2, 3})
    (1, True)
    """
    order = np.lexsort((rng.permutation(key.size), key))
    equal = key[order][1:] == key[order][:-1]
    start = np.flatnonzero(np.r_[True, ~equal])
    # Within a run of equal rows, the 1st with the 2nd, the 3rd with the 4th, ...
    position = np.arange(order.size) - np.repeat(start, np.diff(np.r_[start, order.size]))
    first = np.flatnonzero(equal & (position[:-1] % 2 == 0))
    return order[first], order[first + 1]


def _recalibrated(null: NullModel, a: np.ndarray, b: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return probabilities of paired rows, the largest under a free monotone map that their pair had no part in.

    The map is that of paired rows: crowded places are easier than others of the same probability.
    """
    fold = folds(a.size, None, rng)
    rows = np.concatenate([a, b])
    proba = np.maximum(null.proba[rows], np.finfo(float).tiny)  # a row that is sure of its label names no other
    place, top = np.arange(rows.size), null.proba[rows].argmax(axis=1)
    confidence, hit, weight = proba[place, top], null.y[rows] == top, null.weight[rows]
    mapped, fold = confidence.copy(), np.concatenate([fold, fold])
    for f in np.unique(fold):
        test, train = fold == f, fold != f
        if train.any():
            x, _, fitted = isotonic_fit(confidence[train], hit[train], weight[train])
            mapped[test] = np.interp(confidence[test], x, fitted.x)
    proba[place, top] = 0.0
    proba *= ((1.0 - mapped) / proba.sum(axis=1))[:, None]
    proba[place, top] = mapped
    return proba


def _disagreement_with_neighbours(null: NullModel, key: np.ndarray, rows: np.ndarray) -> float:
    """Return how often the labels of rows differ from those of the nearest other predictions, on average."""
    keys, first, kind = np.unique(key, return_index=True, return_inverse=True)
    if keys.size == 1:
        return 1.0
    counts = np.bincount(kind * null.n_classes + null.y, minlength=keys.size * null.n_classes)
    share = counts.reshape(keys.size, null.n_classes) / np.bincount(kind)[:, None]
    scores = np.log(np.maximum(null.proba[first], NEARLY_ZERO))
    squares = np.einsum("ij,ij->i", scores, scores)
    differ = 0.0
    for block in row_blocks(rows.size, keys.size):
        own, y = kind[rows[block]], null.y[rows[block]]
        distance = squares - 2.0 * scores[own] @ scores.T
        distance[np.arange(own.size), own] = np.inf
        differ += float((1.0 - share[distance.argmin(axis=1), y]).sum())
    return differ / rows.size


def pair_agreement(null: NullModel, key: np.ndarray, rng: np.random.Generator) -> PairAgreement:
    """Count disagreeing labels in pairs of rows of equal keys.

    Parameters
    ----------
    null : NullModel
        The rows.
    key : ndarray of shape (n_rows,)
        What rows look like.
    rng : Generator
        Source of pairs and folds.

    Returns
    -------
    PairAgreement

    Notes
    -----
    Pairs share no row, so that they are independent; one disagrees with probability 1 - sum_j p_j q_j. Where the
    likeliest label is right more often than its probability says, labels agree more than the probabilities allow,
    without any copy: probabilities are recalibrated first, by a map that the pair itself had no part in. The number of
    disagreements is compared with a Poisson of the expected number, whose lower tail is above that of the sum of
    independent events.

    A model that cuts its inputs into cells gives rows of one cell equal probabilities, and their labels may agree
    beyond what any map of these probabilities says; but then they agree with those of the cells beside them, too, which
    the labels of copies do not. Where pairs seem to agree too often, no more disagreements are expected than between
    rows and the nearest other predictions.
    """
    a, b = pairs_of_equals(key, rng)
    if not a.size:
        return PairAgreement(0, 0, 0.0, 1.0)
    proba = _recalibrated(null, a, b, rng)
    expected = float((1.0 - np.einsum("ij,ij->i", proba[: a.size], proba[a.size :])).sum())
    observed = int((null.y[a] != null.y[b]).sum())
    if observed < AGREEMENT_BELOW * expected:
        asked = rng.permutation(np.concatenate([a, b]))[:MAX_NEIGHBOURS]
        expected = min(expected, a.size * _disagreement_with_neighbours(null, key, asked))
    return PairAgreement(2 * a.size, observed, expected, float(poisson.cdf(observed, expected)))


def look(null: NullModel, identity: np.ndarray | None) -> np.ndarray:
    """Return one number a row that is the same for rows that look the same, and hardly ever for others.

    That of their features where it is known, of their probabilities otherwise.
    """
    if identity is not None:
        return identity
    return np.einsum("ij,j->i", null.proba, np.random.default_rng(0).standard_normal(null.n_classes))
