"""The log loss alone."""

import math

import numpy as np
import pytest
from sklearn.metrics import log_loss

from sklearn_lossacc.inputs import Predictions
from sklearn_lossacc.statistics import log_loss_value, summarize


def draw(n_classes, seed=0):
    rng = np.random.default_rng(seed)
    proba = rng.dirichlet(np.ones(n_classes), 500)
    return rng.integers(0, n_classes, 500), proba, rng.random(500)


def value(*args, clip=2.220446049250313e-16, **options):
    return log_loss_value(Predictions.from_arrays(*args, **options), clip=clip)


@pytest.mark.parametrize("n_classes", [2, 3, 40])
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_scikit_learn(n_classes, weighted):
    y, proba, weight = draw(n_classes)
    weight = weight if weighted else None
    expected = log_loss(y, proba, sample_weight=weight, labels=np.arange(n_classes))
    assert value(y, proba, sample_weight=weight) == pytest.approx(expected, rel=1e-12)
    assert value(y, np.log(proba), input="logits", sample_weight=weight) == pytest.approx(expected, rel=1e-12)
    assert value(y, 1.0005 * proba, sample_weight=weight) == pytest.approx(expected, rel=1e-12)
    if n_classes == 2:
        assert value(y, proba[:, 1], sample_weight=weight) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("input", ["proba", "logits"])
def test_agrees_with_the_summary(dtype, input):
    y, proba, weight = draw(5)
    scores = (proba if input == "proba" else np.log(proba)).astype(dtype)
    summary = summarize(y, scores, input=input, sample_weight=weight)
    assert value(y, scores, input=input, sample_weight=weight) == pytest.approx(summary.mean("loss"), rel=2e-7)


def test_zero_probability():
    y, proba = [0, 1, 1], [[0.5, 0.5], [1.0, 0.0], [1 - 1e-20, 1e-20]]
    expected = (math.log(2) + 2 * 36.04365338911715) / 3
    assert value(y, proba) == pytest.approx(expected, rel=1e-12)
    assert value(y, proba, clip=1e-3) == pytest.approx((math.log(2) + 2 * math.log(1000)) / 3, rel=1e-12)
    assert value(y, proba, clip=None) == math.inf
    # A row of weight 0 is no row, however wrong it is.
    assert value(y, proba, clip=None, sample_weight=[1, 0, 0]) == pytest.approx(math.log(2), rel=1e-12)
