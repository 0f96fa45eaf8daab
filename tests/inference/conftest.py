"""Predictions with known faults, for the tests of what explains a loss."""

import numpy as np
import pytest
from scipy.special import log_softmax


def _planted(seed, k, n=2000, *, temperature=1.0, bias=0.0, noise=0.0, outliers=0, scale=2.0):
    """Log probabilities and labels of a model with known faults.

    `noise` is the share of labels that change; outliers are rows of probability 1e-6 where the label is another one.
    """
    rng = np.random.default_rng([seed, k, n])
    scores = scale * rng.normal(size=(n, k))
    y = (scores + rng.gumbel(size=(n, k))).argmax(axis=1)
    y = np.where(rng.random(n) < noise * k / (k - 1), rng.integers(k, size=n), y)
    scores = temperature * scores + bias * np.eye(k)[0]
    corrupt = rng.choice(n, outliers, replace=False)
    scores[corrupt] = 14.0 * np.eye(k)[(y[corrupt] + 1) % k]
    return log_softmax(scores, axis=1), y, np.sort(corrupt)


@pytest.fixture
def planted():
    """Return the function that plants faults."""
    return _planted
