"""A factor and an offset for each class: what looks like label noise where some classes are surer than others."""

from __future__ import annotations

import numpy as np

from sklearn_lossacc._numerics import log_softmax
from sklearn_lossacc._numerics.mixture_weights import fit_mixture_weights
from sklearn_lossacc._numerics.multinomial import adjusted_scores, fit_multinomial

PENALTY = 1e-3  # of a squared parameter, in nats: next to nothing, but where rows say nothing
MOST_ROUNDS = 50
SMALL_GAIN = 1e-3  # nats
SMALLEST = 1e-300


class ClassFactors:
    """Labels drawn from softmax(a_j log p_j + b_j), all of them or all but a share that is drawn at random.

    Parameters
    ----------
    scores : ndarray of shape (n_rows, n_classes)
        Finite log probabilities.
    y : ndarray of int of shape (n_rows,)
        Column of each label.
    weight : ndarray of shape (n_rows,)
        Row weights.

    Attributes
    ----------
    log_likelihood : float
        Weighted sum of the log probabilities of the labels, none of which is drawn at random.

    Examples
    --------
    The second class is right half as often as it says, the others as often:

    >>> p = np.repeat([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]], 10, axis=0)
    >>> y = np.repeat([0, 1, 2, 1, 0, 2, 2, 0, 1], [8, 1, 1, 4, 3, 3, 8, 1, 1])
    >>> factors = ClassFactors(np.log(p), y, np.ones(30))
    >>> as_it_says = np.log(p)[np.arange(30), y].sum()
    >>> print(round(factors.log_likelihood - as_it_says, 1), round(factors.beside_floor(np.zeros(30)) - as_it_says, 1))
    3.8 3.8
    """

    def __init__(self, scores: np.ndarray, y: np.ndarray, weight: np.ndarray):
        self._scores, self._y, self._weight = scores, y, weight
        self._theta = self._fit(weight)
        self.log_likelihood = float(weight @ self._of_labels(self._theta))

    def _fit(self, weight: np.ndarray, start: np.ndarray | None = None) -> np.ndarray:
        """Fit the factors and offsets to rows of some weights."""
        penalty = np.full((self._scores.shape[1], 2), PENALTY)
        return fit_multinomial(self._scores, self._y, weight, penalty=penalty, start=start)

    def _of_labels(self, theta: np.ndarray) -> np.ndarray:
        """Return the log probability of each label."""
        return log_softmax(adjusted_scores(self._scores, theta))[np.arange(len(self._y)), self._y]

    def applied(self, scores: np.ndarray) -> np.ndarray:
        """Return the log probabilities of other rows.

        Parameters
        ----------
        scores : ndarray of shape (m, n_classes)
            Finite log probabilities.

        Returns
        -------
        ndarray of shape (m, n_classes)
            By the fitted factors and offsets.
        """
        return log_softmax(adjusted_scores(scores, self._theta))

    def beside_floor(self, posterior: np.ndarray) -> float:
        """Fit both the factors and a share of labels that are drawn at random.

        Parameters
        ----------
        posterior : ndarray of shape (n_rows,)
            How likely each label is to be one of them, to begin with.

        Returns
        -------
        float
            Log likelihood, in nats; not below that without such a share.
        """
        theta, best = self._theta, self.log_likelihood
        uniform = np.full(len(self._y), 1.0 / self._scores.shape[1])
        for _ in range(MOST_ROUNDS):
            theta = self._fit(self._weight * (1.0 - posterior), theta)
            density = np.stack([np.exp(self._of_labels(theta)), uniform], axis=1)
            share = fit_mixture_weights(density, self._weight)
            total = np.maximum(density @ share, SMALLEST)
            posterior = share[1] * uniform / total
            likelihood = float(self._weight @ np.log(total))
            if likelihood <= best + SMALL_GAIN and best > self.log_likelihood:
                break
            best = max(best, likelihood)
        return best
