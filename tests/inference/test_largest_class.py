import numpy as np
import pytest
from scipy.special import log_softmax
from scipy.stats import binom, chi2

from sklearn_lossacc.inference.gates import run_gates
from sklearn_lossacc.inference.largest_class import binomial_tail, largest_class_p_value
from sklearn_lossacc.inference.null import NullModel


def rows(n, k, scale, seed=0):
    log_proba = log_softmax(scale * np.random.default_rng(seed).standard_normal((n, k)), axis=1)
    return log_proba, np.cumsum(np.exp(log_proba), axis=1)


def labels(cumulative, rng):
    return np.minimum((cumulative < rng.random((len(cumulative), 1))).sum(axis=1), cumulative.shape[1] - 1)


@pytest.mark.parametrize(
    ("n", "p", "count"), [(2000, 0.01, 40), (2000, 0.01, 6), (500, 0.002, 6), (100, 0.3, 50), (50, 0.1, 14)]
)
def test_the_tail_is_the_binomial_one(n, p, count):
    exact = binom.sf(count - 1, n, p) if count > n * p else binom.cdf(count, n, p)
    assert binomial_tail(np.full(n, p), np.ones(n), float(count)) == pytest.approx(exact, rel=0.02)


def test_at_the_edge_the_tail_is_exact():
    assert binomial_tail(np.full(30, 0.2), np.ones(30), 0.0) == pytest.approx(0.8**30)
    assert binomial_tail(np.full(30, 0.2), np.ones(30), 30.0) == pytest.approx(0.2**30)


@pytest.mark.parametrize("scale", [1e-90, 1e13, 1e90])
@pytest.mark.parametrize("equal", [True, False])
def test_the_scale_of_weights_does_not_matter_to_the_tail(scale, equal):
    """The search for the tilt stopped at once where its unit, one over the weight, was below its tolerance."""
    rng = np.random.default_rng(0)
    proba, weight = rng.uniform(0.01, 0.1, 300), np.ones(300) if equal else 0.1 + rng.exponential(size=300)
    observed = 1.8 * float(weight @ proba)
    tail = binomial_tail(proba, weight, observed)
    assert 1e-4 < tail < 0.1
    assert binomial_tail(proba, scale * weight, scale * observed) == pytest.approx(tail, rel=1e-9)
    assert binomial_tail(np.zeros(3), np.ones(3), 0.0) == 1.0
    assert binomial_tail(np.zeros(3), np.ones(3), 1.0) < 1e-300


def test_the_scale_of_weights_and_the_name_of_the_outcome_are_irrelevant():
    rng = np.random.default_rng(0)
    proba, weight = rng.uniform(size=200), rng.exponential(size=200)
    total = float(weight @ (rng.random(200) < proba)) + 8.0
    tail = binomial_tail(proba, weight, total)
    assert 1e-6 < tail < 0.5
    assert binomial_tail(proba, 3.0 * weight, 3.0 * total) == pytest.approx(tail, rel=1e-8)
    assert binomial_tail(1.0 - proba, weight, weight.sum() - total) == pytest.approx(tail, rel=1e-8)


@pytest.mark.parametrize(("n", "k", "scale"), [(60, 2, 2.0), (300, 20, 3.0), (500, 100, 8.0), (500, 100, 1.0)])
@pytest.mark.parametrize("weighted", [False, True])
def test_size(n, k, scale, weighted):
    log_proba, cumulative = rows(n, k, scale)
    rng = np.random.default_rng(1)
    weight = rng.exponential(size=n) if weighted else np.ones(n)
    proba = np.exp(log_proba)
    p_values = [largest_class_p_value(proba, labels(cumulative, rng), weight) for _ in range(400)]
    assert np.mean(np.array(p_values) <= 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


def test_a_bias_of_one_class_in_a_hundred_is_found():
    log_proba, _ = rows(2000, 100, 2.0)
    cumulative = np.cumsum(np.exp(log_softmax(log_proba + np.r_[1.2, np.zeros(99)], axis=1)), axis=1)
    rng = np.random.default_rng(2)
    gates = []
    for _ in range(20):
        null = NullModel(log_proba, labels(cumulative, rng), np.ones(2000))
        gates.append(run_gates(null, asked=("class_bias",))["class_bias"])
    found = sum(gate.p_value < 0.004 for gate in gates)
    of_all = sum(chi2.sf(gate.statistic, 99) < 0.004 for gate in gates)
    assert found >= 17
    assert found >= of_all + 5


def test_one_lone_class_says_nothing():
    assert largest_class_p_value(np.ones((5, 1)), np.zeros(5, dtype=int), np.ones(5)) == 1.0
