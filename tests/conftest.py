"""Diagnoses of synthetic predictions, for the tests of all views."""

import random
from collections import defaultdict
from functools import cache

import numpy as np
import pytest
from hypothesis import settings

from sklearn_lossacc.findings import Diagnosis, diagnose

# The same examples every time: a run must not fail by chance.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")


def pytest_addoption(parser):
    parser.addoption("--one-in", type=int, default=1, metavar="N", help="run one in N sets of parameters of each test")


@pytest.hookimpl(trylast=True)  # after marks have left out theirs
def pytest_collection_modifyitems(config, items):
    n = config.getoption("--one-in")
    if n == 1:
        return
    functions = defaultdict(list)
    kept = set()
    for item in items:
        if item.get_closest_marker("whole"):
            kept.add(item)
        else:
            functions[item.nodeid.partition("[")[0]].append(item)
    for name, sets in functions.items():  # drawn, since every n-th of a grid would always be the same in one direction
        kept.update(random.Random(name).sample(sets, -(-len(sets) // n)))
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]


EVIL = "<script>alert('x')</script> | $\\frac{ & \"q\" \n# `code` *b* _i_ [l](javascript:x) --> \x1b[31m ]]>"
CIFAR = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
LONG = [
    "Melanocytic nevi (benign, acquired)",
    "Actinic keratoses and intraepithelial carcinoma / Bowen's disease",
    "Dermatofibroma",
]


def softmax(scores):
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    return scores / scores.sum(axis=1, keepdims=True)


def predictions(n_classes, n_rows, *, sharpening=1.0, imbalance=0.0, bias=0.0, scale=2.0, seed=0):
    """Draw labels from a model, and return what a sharpened or biased copy of it says."""
    rng = np.random.default_rng(seed)
    scores = scale * rng.normal(size=(n_rows, n_classes)) - imbalance * np.arange(n_classes)
    proba = softmax(scores)
    y = (rng.random(n_rows)[:, None] > proba.cumsum(axis=1)).sum(axis=1).clip(0, n_classes - 1)
    return y, softmax(sharpening * scores + bias * np.linspace(-1, 1, n_classes))


def _named(name, labels, y, proba, **options):
    return diagnose(np.asarray(labels, dtype=object)[y], proba, classes=labels, name=name, **options)


def _healthy():
    return _named("logistic regression", ["no", "yes"], *predictions(2, 1500, scale=1.0, seed=1))


def _overconfident():
    return _named("LeNet", CIFAR, *predictions(10, 3000, sharpening=2.5, seed=2))


def _underconfident():
    return _named("eighteen", [f"category {j}" for j in range(18)], *predictions(18, 2000, sharpening=0.6, seed=3))


def _biased():
    return _named("class weights", ["low", "middle", "high", "very high"], *predictions(4, 3000, bias=1.0, seed=4))


def _imbalanced():
    return _named("boosting", LONG, *predictions(3, 1200, imbalance=2.2, scale=0.8, seed=5))


def _zeros():
    y, proba = predictions(3, 900, sharpening=1.6, seed=6)
    rows = np.arange(4)
    proba[rows, y[rows]] = 0.0
    return _named("random forest", ["setosa", "versicolor", "virginica"], y, proba / proba.sum(axis=1, keepdims=True))


def _many():
    y, proba = predictions(100, 3000, sharpening=1.8, scale=3.0, seed=7)
    return diagnose(y, proba.astype(np.float32), name="hundred", ignore=("LA304",))


def _few():
    return diagnose(*predictions(2, 40, scale=1.0, seed=8), name="pilot")


def _unseen_class():
    y, proba = predictions(4, 300, seed=9)
    return diagnose(np.minimum(y, 2), proba, name="a class without rows")


def _grouped():
    y, proba = predictions(3, 600, sharpening=2.0, seed=10)
    return diagnose(y, proba, groups=np.arange(600) // 3, sample_weight=1.0 + np.arange(600) % 3, name="grouped")


def _evil():
    y, proba = predictions(3, 400, sharpening=3.0, seed=11)
    return _named(EVIL, [f"{EVIL}{j}" for j in range(3)], y, proba)


CASES = {
    "healthy": _healthy,
    "overconfident": _overconfident,
    "underconfident": _underconfident,
    "biased": _biased,
    "imbalanced": _imbalanced,
    "zeros": _zeros,
    "many": _many,
    "few": _few,
    "unseen_class": _unseen_class,
    "grouped": _grouped,
    "evil": _evil,
}


@cache
def _diagnosis(name) -> Diagnosis:
    return CASES[name]()


@pytest.fixture(scope="session")
def diagnosis_of():
    """Return the function from the name of a case to its diagnosis."""
    return _diagnosis


@pytest.fixture(params=list(CASES))
def diagnosis(request):
    """Return each case in turn."""
    return _diagnosis(request.param)
