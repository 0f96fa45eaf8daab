"""Pairs of models of which the truth is known."""

from functools import cache

import numpy as np
import pytest

from sklearn_lossacc.findings.comparison import ComparisonDiagnosis


def softmax(scores):
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    return scores / scores.sum(axis=1, keepdims=True)


def draw(n, k, seed, scale=1.5):
    """Return labels, the log odds that they were drawn from, and a generator."""
    rng = np.random.default_rng([seed, n, k])
    odds = scale * rng.normal(size=(n, k))
    return (softmax(odds).cumsum(axis=1) < rng.random((n, 1))).sum(axis=1).clip(0, k - 1), odds, rng


def make(kind, n=1500, k=3, seed=0):
    """Return labels and two models.

    equal: equally good; certainty: the second is as good but far too sure; capacity: the second knows less;
    refinement: the second knows a little less, and the first is too sure; disagree: the second knows less and is
    calibrated, the first far too sure; outliers: the second gives three labels no chance; noise: one label in 17 is
    wrong, and the second is surer.
    """
    y, odds, rng = draw(n, k, seed)
    blur = 0.4 * rng.normal(size=(2, n, k))
    first, second = softmax(odds + blur[0]), softmax(odds + blur[1])
    if kind == "certainty":
        second = softmax(2.5 * (odds + blur[1]))
    elif kind == "capacity":
        second = softmax(0.4 * (odds + 5 * blur[1]))
    elif kind == "refinement":
        first, second = softmax(1.4 * odds), softmax(odds + blur[1])
    elif kind == "disagree":
        first, second = softmax(3 * odds), softmax(0.7 * (odds + 1.5 * blur[1]))
    elif kind == "outliers":
        second = first.copy()
        rows = np.flatnonzero(first.argmax(axis=1) == y)[:3]
        second[rows] = 1e-13
        second[rows, (y[rows] + 1) % k] = 1.0
        second /= second.sum(axis=1, keepdims=True)
    elif kind == "noise":
        odds = 4 * odds  # without wrong labels hardly any row is unsure
        y = (softmax(odds).cumsum(axis=1) < rng.random((n, 1))).sum(axis=1).clip(0, k - 1)
        y = np.where(rng.random(n) < 0.06, (y + rng.integers(1, k, n)) % k, y)
        first, second = softmax(0.4 * odds), softmax(odds)
    return y, {"A": first, "B": second}


@cache
def _compared(kind, n=1500, k=3, seed=0, **options):
    y, models = make(kind, n, k, seed)
    return ComparisonDiagnosis.from_predictions(y, models, **options)


@pytest.fixture(scope="session")
def compared():
    """Return the function from the name of a case to its diagnosis."""
    return _compared


@pytest.fixture(scope="session")
def models():
    """Return the function from the name of a case to labels and models."""
    return make
