"""Predictions with planted causes, and their diagnoses."""

from functools import cache

import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from sklearn_lossacc import diagnose


def draw(log_proba, rng):
    """Draw a label for each row from its own probabilities."""
    cumulative = np.cumsum(np.exp(log_proba), axis=1)
    return np.minimum((cumulative < rng.random((len(log_proba), 1))).sum(axis=1), log_proba.shape[1] - 1)


def planted(cause, n=2000, k=3, scale=2.5, strength=None, seed=0):
    """Return labels, log probabilities and the planted facts of a model with one known cause.

    Labels are drawn from ``softmax(scale N(0, 1))``, and then either they or the probabilities are changed.
    """
    rng = np.random.default_rng([seed, n, k])
    truth = log_softmax(scale * rng.standard_normal((n, k)), axis=1)
    if cause == "imbalanced":
        truth = log_softmax(truth + np.log(np.r_[0.95, np.full(k - 1, 0.05 / (k - 1))]), axis=1)
    if cause == "majority":
        truth = np.log(np.tile(np.r_[0.9, np.full(k - 1, 0.1 / (k - 1))], (n, 1)))
    y = draw(truth, rng)
    shown, rows = truth, None
    if cause == "temperature":
        shown = log_softmax(strength * truth, axis=1)
    elif cause == "bias":
        shown = log_softmax(truth + np.r_[strength, np.zeros(k - 1)], axis=1)
    elif cause == "noise":
        rows = np.flatnonzero(rng.random(n) < strength)
        y[rows] = rng.integers(0, k, rows.size)
    elif cause == "pair noise":
        rows = np.flatnonzero((y == 0) & (rng.random(n) < strength))
        y[rows] = 1
    elif cause == "outliers":
        # Deep inside: among the rows that the model is surest of.
        rows = rng.choice(np.argsort(-truth.max(axis=1))[: max(n // 50, strength)], strength, replace=False)
        y[rows] = truth[rows].argmin(axis=1)
    elif cause == "shape":
        # Two classes: the true log-odds wave around those shown, as often above as below.
        odds = truth[:, 1] - truth[:, 0]
        waved = odds + strength * np.sin(2.5 * odds)
        y = (rng.random(n) < 1.0 / (1.0 + np.exp(-waved))).astype(int)
    elif cause == "uneven":
        mine = truth.argmax(axis=1) == 0
        shown = np.where(mine[:, None], log_softmax(strength * truth, axis=1), truth)
    elif cause == "factors":
        factor = np.exp(strength * rng.permutation(np.linspace(-1.0, 1.0, k)))
        shown = log_softmax(factor * truth, axis=1)
    elif cause == "double softmax":
        shown = log_softmax(softmax(truth, axis=1), axis=1)
    elif cause == "chance":
        y = rng.integers(0, k, n)
    elif cause not in ("healthy", "imbalanced", "majority"):
        raise ValueError(cause)
    return y, shown, rows


@cache
def _diagnosis(cause, sizes, options):
    y, log_proba, _ = planted(cause, **dict(sizes))
    return diagnose(y, log_proba, input="logits", classes=range(log_proba.shape[1]), **dict(options))


SIZES = {"n", "k", "scale", "strength", "seed"}


@pytest.fixture(scope="session")
def plant():
    """Return the function from a cause to labels, log probabilities and planted rows."""
    return planted


@pytest.fixture(scope="session")
def diagnosed():
    """Return the function from a cause (and options of `diagnose`) to its diagnosis; the same is computed once."""

    def get(cause, **keywords):
        sizes = {key: value for key, value in keywords.items() if key in SIZES}
        options = {key: value for key, value in keywords.items() if key not in SIZES}
        return _diagnosis(cause, tuple(sorted(sizes.items())), tuple(sorted(options.items())))

    return get


def fired_statistical(diagnosis):
    """Return the codes of the fired findings that carry a p-value."""
    return {finding.code for finding in diagnosis.issues if finding.p_value is not None}


@pytest.fixture(scope="session")
def statistical():
    """Return the function from a diagnosis to the fired statistical codes."""
    return fired_statistical
