"""The most surprising of all rows, where only a sample of the rows is tested and fitted.

A few impossible rows among very many are seldom in the sample, but their surprises, and how many rows they are the
smallest of, are known exactly.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammainc

from sklearn_lossacc._numerics.mixture import MixtureFit, mixture_proba, profile_floor
from sklearn_lossacc.inference.cause_model import FIT_BELOW, MOSTLY, few_rows
from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.surprise import TIE, SurpriseCount, ranks_p_value, surprise_of_labels

RANKS = np.array([1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987])


def extreme_p_value(smallest: np.ndarray, n_rows: int, independent: bool = True) -> float:
    """Return the p-value of the smallest surprises of many rows being as small as they are.

    Parameters
    ----------
    smallest : ndarray
        The smallest surprises, increasing.
    n_rows : int
        Number of rows that they are the smallest of.
    independent : bool, default=True
        Whether rows are independent. If not, only the smallest is judged.

    Returns
    -------
    float
        Valid p-value under the universal null.

    Notes
    -----
    A surprise is at most t with a chance of at most t, so the number of such rows has a mean of at most n t. Its tail
    is bounded as in `too_many_surprises`, and the ranks are combined by Bonferroni.

    Examples
    --------
    Two of a million rows have labels of surprise 1e-9, where 0.001 are expected: 15 ranks of 0.001^2 / 2.

    >>> print(f"{extreme_p_value(np.array([1e-9, 1e-9]), 10**6):.1e}")
    7.5e-06
    """
    ranks = RANKS[smallest.size >= RANKS] if independent else RANKS[:1]
    if not smallest.size:
        return 1.0
    mean = n_rows * smallest[ranks - 1]
    return ranks_p_value(ranks, mean, RANKS.size if independent else 1)


def largest_chance(surprise: np.ndarray, fit: MixtureFit) -> np.ndarray:
    """Return the largest chance that a fitted model without its floor can give to labels of some surprise.

    Parameters
    ----------
    surprise : ndarray
        Total probability t of a row's labels that are no more probable than one of them.
    fit : MixtureFit
        The model; its floor is not used.

    Returns
    -------
    ndarray
        k^|1 - beta| t^beta exp(max b - min b), at most 1.

    Notes
    -----
    At most k labels of total probability t have a total of p^beta of at most k^(1 - beta) t^beta where beta <= 1, and
    t^beta otherwise; over all labels it is at least 1, or k^(1 - beta).

    Examples
    --------
    Twice the temperature, two classes: 1e-6 becomes 0.001 / 1.001, at most 0.0015.

    >>> largest_chance(np.array([1e-6]), MixtureFit(0.5, np.zeros(2), 0.0, 0.0, True)).round(4).tolist()
    [0.0014]
    """
    factor = fit.bias.size ** abs(1.0 - fit.beta) * np.exp(np.ptp(fit.bias))
    return np.minimum(1.0, factor * surprise**fit.beta)


def count_extremes(
    smallest: np.ndarray,
    n_rows: int,
    null: NullModel,
    log_proba: np.ndarray,
    kept: np.ndarray,
    fit: MixtureFit,
    effect: float = 1.0,
) -> SurpriseCount:
    """Find the largest number of the smallest surprises that neither a fitted model nor a floor accounts for.

    Parameters
    ----------
    smallest : ndarray
        The smallest surprises, increasing.
    n_rows : int
        Number of rows that they are the smallest of.
    null : NullModel
        A sample of these rows.
    log_proba : ndarray of shape (n_sampled, n_classes)
        Its log probabilities, exact zeros replaced.
    kept : ndarray of int
        Rows of the sample that the model was fitted to.
    fit : MixtureFit
        The model, without a floor.
    effect : float, default=1.0
        Rows that count as one.

    Returns
    -------
    SurpriseCount
        The largest count of no more than a few rows (`few_rows`) that is more than expected (Poisson p-value below
        0.0005) and of which at most a twentieth is expected; 0 where there is none.

    Notes
    -----
    The model expects at most n times `largest_chance`. What wrong labels among all classes would add is learnt from
    the sampled rows of larger surprise: noise reaches those as well, outliers do not.

    Examples
    --------
    Three of a million rows show labels of surprise 1e-9, and the sample nothing unusual:

    >>> sample = NullModel(np.log(np.tile([0.1, 0.9], (100, 1))), np.repeat([0, 1], [10, 90]), np.ones(100))
    >>> as_given = MixtureFit(1.0, np.zeros(2), 0.0, 0.0, True)
    >>> smallest = np.array([1e-9, 1e-9, 1e-9, 1e-6, 2e-6])
    >>> count_extremes(smallest, 10**6, sample, sample.log_proba, np.arange(100), as_given).observed
    3
    """
    count = np.searchsorted(smallest, smallest * TIE, side="right")
    expected = n_rows * np.maximum(largest_chance(smallest, fit), smallest)
    few = count <= few_rows(n_rows / effect) * effect

    def unexpected() -> np.ndarray:
        p_value = gammainc(count / effect, expected / effect)
        return np.flatnonzero(few & (expected <= MOSTLY * count) & (p_value < FIT_BELOW))

    rows = unexpected()
    if rows.size:
        highest = smallest[rows[-1]]
        rest = kept[surprise_of_labels(null.proba[kept], null.y[kept]) > highest * TIE]
        tempered = mixture_proba(log_proba[rest], fit.beta, fit.bias, 0.0)[np.arange(rest.size), null.y[rest]]
        proba = null.proba[kept]
        rare = np.sort(proba[proba <= highest * TIE])
        so_rare = np.searchsorted(rare, smallest[rows] * TIE, side="right") / proba.size
        # The rest shows only what noise does to labels that are not so rare.
        floor = profile_floor(tempered, null.weight[rest], null.n_classes) / (1.0 - so_rare[-1])
        expected[rows] += n_rows * floor * so_rare
        rows = np.intersect1d(rows, unexpected())
    if not rows.size:
        return SurpriseCount(0, 0.0, 1.0, 0.0)
    last = rows[-1]
    p_value = gammainc(count[last] / effect, expected[last] / effect)
    return SurpriseCount(int(count[last]), float(expected[last]), float(p_value), float(smallest[last]))
