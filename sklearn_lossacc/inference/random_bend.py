"""Likelihood ratio of a bend of random form against none, averaged over how fast and how strongly it may bend."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

STRENGTH = 10.0  # expected sum of the squared signal, where there is one, in squared standard errors
LENGTHS = (0.5, 0.2, 0.08, 0.03)  # how far a bend is alike, in shares of all information
SMALLEST = 1e-3  # eigenvalues below this share add nothing


class RandomBend:
    """Normal features with mean zero, against random means of one of several priors.

    Parameters
    ----------
    variances : ndarray of shape (n_priors, n_features)
        Prior variance of the mean of each feature, in units of the feature's own variance.
    weights : ndarray of shape (n_priors,)
        Share of each prior.

    Notes
    -----
    A feature z of variance 1 whose mean has prior variance s has the likelihood ratio
    exp(z^2 s / (2 (1 + s))) / sqrt(1 + s) against mean zero. Ratios of the independent features of one prior are
    multiplied; those of the priors are averaged. No test of the same size rejects more often on average over the
    priors. The ratio has mean 1 where all means are zero, so that the probability of more than c is at most 1 / c; and
    it grows with the square of every feature, so that where it is at most c is a symmetric convex set.

    References
    ----------
    Andrews and Ploberger (1994), Optimal tests when a nuisance parameter is present only under the alternative,
    *Econometrica* 62.
    """

    def __init__(self, variances: np.ndarray, weights: np.ndarray):
        self.shrinkage = (0.5 * variances / (1.0 + variances)).T
        self.offset = np.log(weights / weights.sum()) - 0.5 * np.log1p(variances).sum(axis=1)

    def log_ratio(self, features: np.ndarray) -> np.ndarray:
        """Return the log of the average likelihood ratio, in nats, of features of shape (..., n_features)."""
        each = features**2 @ self.shrinkage + self.offset
        largest = each.max(axis=-1)
        return largest + np.log(np.exp(each - largest[..., None]).sum(axis=-1))


@lru_cache(maxsize=16)
def waves(n_bins: int) -> tuple[np.ndarray, np.ndarray]:
    """Return smooth random functions of the bin: their principal directions and the variances along these.

    Gaussian processes with a squared exponential covariance, one for each of `LENGTHS`; all have the same `STRENGTH`.

    Returns
    -------
    directions : ndarray of shape (n_bins, n_features)
        Orthonormal within each process, and those of all of them side by side.
    variances : ndarray of shape (len(LENGTHS), n_features)
        Zero for the directions of other processes.
    """
    place = (np.arange(n_bins) + 0.5) / n_bins
    found = [np.linalg.eigh(np.exp(-0.5 * ((place[:, None] - place) / length) ** 2) / n_bins) for length in LENGTHS]
    kept = [np.flatnonzero(share > SMALLEST) for share, _ in found]
    variances = np.zeros((len(LENGTHS), sum(map(len, kept))))
    end = 0
    for row, (share, _), keep in zip(variances, found, kept, strict=True):
        row[end : end + keep.size] = STRENGTH * share[keep]
        end += keep.size
    return np.concatenate([side[:, keep] for (_, side), keep in zip(found, kept, strict=True)], axis=1), variances
