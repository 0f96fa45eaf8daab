import numpy as np
import pytest
from scipy.special import log_softmax

from sklearn_lossacc import diagnose
from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.open_bias import open_bias_cost

N, K = 200, 300


def sample(seed, offsets=None, n=N, k=K):
    """Log probabilities, labels, and what the offsets cost: classes of unequal frequency, few rows of each."""
    rng = np.random.default_rng(seed)
    scores = 2.5 * rng.normal(size=(n, k)) - np.log(np.arange(k) + 3.0)
    given = log_softmax(scores, axis=1)
    true = given if offsets is None else log_softmax(scores + offsets(rng, k), axis=1)
    y = (true + rng.gumbel(size=true.shape)).argmax(axis=1)
    return given, y, float((np.exp(true) * (true - given)).sum(axis=1).mean())


def normal(rng, k):
    return 0.7 * rng.normal(size=k)


def gone(rng, k):
    return np.where(rng.random(k) < 0.3, -30.0, 0.0)


def equal(rng, k):
    return np.log(np.arange(k) + 3.0)


@pytest.mark.parametrize("offsets", [normal, gone, equal])
def test_the_limit_covers(offsets):
    covered = 0
    for seed in range(40):
        log_proba, y, cost = sample(seed, offsets)
        covered += cost <= open_bias_cost(NullModel(log_proba, y, np.ones(N)))
    assert covered >= 36


def test_one_row_of_a_rare_class_says_little():
    log_proba, y, _ = sample(0)
    rare = log_proba.mean(axis=0).argmin()
    limits = []
    for label in (y[0], rare):
        y[0] = label
        limits.append(open_bias_cost(NullModel(log_proba, y, np.ones(N))))
    assert abs(limits[1] - limits[0]) < 0.1


def test_copies_in_a_group_and_the_unit_of_weights_change_nothing():
    log_proba, y, _ = sample(3, normal)
    plain = open_bias_cost(NullModel(log_proba, y, np.ones(N)))
    copies = NullModel(np.repeat(log_proba, 3, axis=0), np.repeat(y, 3), np.ones(3 * N), np.repeat(np.arange(N), 3))
    for other in (copies, NullModel(log_proba, y, np.full(N, 7.0)), NullModel(log_proba, y, np.ones(N), np.arange(N))):
        assert open_bias_cost(other) == pytest.approx(plain, rel=1e-9)


def test_a_class_without_probability_counts_for_nothing():
    log_proba, y, _ = sample(4, normal)
    padded = np.insert(log_proba, 7, -np.inf, axis=1)
    null = NullModel(padded, y + (y >= 7), np.ones(N))
    assert open_bias_cost(null) == pytest.approx(open_bias_cost(NullModel(log_proba, y, np.ones(N))), rel=1e-9)
    assert open_bias_cost(NullModel(np.array([[0.0, -np.inf]]), np.array([0]), np.ones(1))) == 0.0


def test_a_diagnosis_says_what_is_left_open():
    for seed in range(4):
        log_proba, y, cost = sample(seed, equal, n=150, k=400)
        found = diagnose(y, log_proba, input="logits", classes=np.arange(400))
        bias = next(finding for finding in found.findings if finding.code == "LA103")
        assert bias.status == "passed"
        assert bias.evidence["could_be"] >= cost


def test_totals_that_are_off_are_no_bias_that_was_not_shown():
    log_proba, y, _ = sample(0, gone, n=400, k=100)
    found = diagnose(y, log_proba, input="logits", classes=np.arange(100))
    bias = next(finding for finding in found.findings if finding.code == "LA103")
    assert bias.p_value < 0.001
    assert "too few rows a class to fit offsets" in bias.headline
