"""A smooth map of one probability that need not increase: the posterior mean of a random bend."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from sklearn_lossacc.inference.random_bend import waves
from sklearn_lossacc.inference.views import middle_of_level

MOST_BINS = 64
LEAST_VARIANCE = 2.0  # information of a bin, in units of the largest squared weight
STRENGTHS = (1.0, 10.0, 100.0, 1000.0)  # in the strength of `waves`: with many rows a bend is many standard errors
STEPS, LONGEST = 4, 1.5
TINY = 1e-12


def _odds(proba: np.ndarray) -> np.ndarray:
    """Return the log odds, of zeros and ones as if they were 1e-12 away."""
    return logit(np.clip(proba, TINY, 1.0 - TINY))


def smooth_bend(proba: np.ndarray, hit: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fit a shift of the log odds that changes smoothly with their level.

    Parameters
    ----------
    proba : ndarray of shape (n_rows,)
        Probability of an event.
    hit : ndarray of bool of shape (n_rows,)
        Whether it happened.
    weight : ndarray of shape (n_rows,)
        Weights of the rows.

    Returns
    -------
    level, shift : ndarray of shape (n_bins,)
        Log odds in ascending order, and what to add to them; empty where the rows tell nothing.

    Notes
    -----
    In bins of equal variance V the sum of hits less probabilities has about mean J d for a shift d, where J is the sum
    of w p (1 - p). The standardised shifts have Gaussian priors of several lengths and strengths, weighted by how
    likely each makes the residuals. Newton steps repeat that from the shift of the step before.

    Examples
    --------
    A probability of 0.5 comes true in 0.8 of 1000 rows, a shift by ln 4 = 1.39; one of 0.9 as it should:

    >>> proba = np.repeat([0.5, 0.9], [1000, 2800])
    >>> hit = np.r_[np.arange(1000) < 800, np.arange(2800) < 2520]
    >>> level, shift = smooth_bend(proba, hit, np.ones(3800))
    >>> np.interp([0.0, np.log(9.0)], level, shift).round(1).tolist()
    [1.4, 0.0]
    """
    unsure = (proba > 0.0) & (proba < 1.0)
    proba, hit, weight = proba[unsure], hit[unsure], weight[unsure]
    variance = weight**2 * proba * (1.0 - proba)
    total = variance.sum()
    n_bins = MOST_BINS
    while n_bins > 1 and total < LEAST_VARIANCE * n_bins * weight.max(initial=0.0) ** 2:
        n_bins //= 2
    if n_bins == 1 or total <= 0:
        return np.empty(0), np.empty(0)
    bins = np.minimum((n_bins * middle_of_level(proba, variance) / total).astype(np.intp), n_bins - 1)
    used, bins = np.unique(bins, return_inverse=True)
    odds = _odds(proba)
    level = np.bincount(bins, variance * odds) / np.bincount(bins, variance)
    directions, variances = waves(n_bins)
    priors = [
        directions[np.ix_(used, prior > 0)] * np.sqrt(strength * prior[prior > 0])
        for strength in STRENGTHS
        for prior in variances
    ]
    shift = np.zeros(used.size)
    for step in range(STEPS):
        now = proba if step == 0 else np.clip(expit(odds + shift[bins]), TINY, 1.0 - TINY)
        spread = weight * now * (1.0 - now)
        information, error = np.bincount(bins, spread), np.sqrt(np.bincount(bins, weight * spread))
        scale = information / error  # of a shift, in standard errors
        if step == 0:
            unit = scale  # of the priors
        z = np.bincount(bins, weight * (hit - now)) / error + scale * shift
        shift += np.clip(_mean_bend(z, scale / unit, priors) / unit - shift, -LONGEST, LONGEST)
    return level, shift


def _mean_bend(z: np.ndarray, factor: np.ndarray, priors: list[np.ndarray]) -> np.ndarray:
    """Return the posterior mean of m, where z is normal around `factor` m, and m = A u for a standard normal u."""
    likely, means = [], []
    for prior in priors:
        side = factor[:, None] * prior
        along, precision = side.T @ z, np.eye(prior.shape[1]) + side.T @ side  # of u, whose mean given z is the next
        mean = np.linalg.solve(precision, along)
        likely.append(0.5 * (along @ mean - np.linalg.slogdet(precision)[1]))
        means.append(prior @ mean)
    share = np.exp(np.array(likely) - max(likely))
    return (share / share.sum()) @ np.array(means)


def bent(proba: np.ndarray, level: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Return probabilities after a fitted shift of their log odds; beyond the outermost levels it stays as it is there.

    Parameters
    ----------
    proba : ndarray of shape (n_rows,)
        Probability of an event.
    level, shift : ndarray of shape (n_bins,)
        From `smooth_bend`.

    Returns
    -------
    ndarray of shape (n_rows,)

    Examples
    --------
    >>> bent(np.array([0.2, 0.5]), np.array([0.0]), np.array([np.log(4.0)])).round(6).tolist()
    [0.5, 0.8]
    """
    if not level.size:
        return proba
    odds = _odds(proba)
    return expit(odds + np.interp(odds, level, shift))
