"""How well few rows a class know the spread within their class."""

from __future__ import annotations

import numpy as np

FEWEST = 1.5  # effective units below which a stratum hardly shows a spread


def spread_within(
    influence: np.ndarray, weight: np.ndarray, stratum: np.ndarray, n_strata: int
) -> tuple[float, float] | None:
    """Return by how much to widen a variance that was taken around the means of strata, and its degrees of freedom.

    Parameters
    ----------
    influence : ndarray of shape (n_units,)
        Influence of each independent unit on a sum of means of the strata.
    weight : ndarray of shape (n_units,)
        Weights, each that of one draw.
    stratum : ndarray of shape (n_units,)
        Codes 0..n_strata-1.
    n_strata : int
        Number of strata, of which some may be empty.

    Returns
    -------
    inflation : float
        Factor of the variance, at least 1.
    freedom : float
        Degrees of freedom of the widened variance.
        Instead of both, None where no stratum of several effective units varies.

    Notes
    -----
    In a stratum whose units hold the shares w of its weight, let S_p = sum(w^p). Its mean has the variance sigma^2 S_2.
    The squared influences w^2 (v - mean)^2 add up to Q with the expectation sigma^2 K, K = S_2 - 2 S_3 + S_2^2, so that
    Q is widened by S_2 / K: n / (n - 1) for n equal weights. For normal values Q has the degrees of freedom
    f = K^2 / (S_4 - 4 S_5 + 4 S_2 S_4 + 2 S_3^2 - 4 S_2^2 S_3 + S_2^4): n - 1 for equal weights.

    A stratum of fewer than 1.5 effective units, 1 / S_2, takes the variance of a unit from the others, sum(Q) / sum(K).
    The sum of the widened parts V has the degrees of freedom sum(V)^2 / sum(V^2 / f).

    References
    ----------
    Satterthwaite (1946), An approximate distribution of estimates of variance components, Biometrics Bulletin 2,
    110-114.

    Examples
    --------
    Two strata of two rows that vary alike: each is widened by 2 / 1 and has one degree of freedom.

    >>> influence = np.array([1.0, -1.0, 1.0, -1.0])
    >>> inflation, freedom = spread_within(influence, np.ones(4), np.array([0, 0, 1, 1]), 2)
    >>> round(inflation, 9), round(freedom, 9)
    (2.0, 2.0)
    """
    present = np.bincount(stratum, weight, n_strata)
    share = weight / present[stratum]
    square, cube, fourth, fifth = (np.bincount(stratum, share**power, n_strata) for power in (2, 3, 4, 5))
    seen = np.bincount(stratum, influence**2, n_strata)
    several = (square > 0) & (square < 1 / FEWEST)
    alone = float(square[~several].sum())
    seen_several = seen[several]
    if not seen_several.sum() > 0:
        return None
    square, cube, fourth, fifth = (power[several] for power in (square, cube, fourth, fifth))
    kept = square - 2 * cube + square**2
    freedom = kept**2 / (fourth - 4 * fifth + 4 * square * fourth + 2 * cube**2 - 4 * square**2 * cube + square**4)
    widened = seen_several * (square / kept + alone / kept.sum())
    total = float(widened.sum())
    return max(1.0, total / float(seen.sum())), total**2 / float(np.sum(widened**2 / freedom))
