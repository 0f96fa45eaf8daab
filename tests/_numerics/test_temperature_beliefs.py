import numpy as np
import pytest

from sklearn_lossacc._numerics import temperature_beliefs
from sklearn_lossacc._numerics.links import log_softmax
from sklearn_lossacc._numerics.mixture import fit_mixture
from sklearn_lossacc._numerics.temperature_beliefs import believed_temperature, expected_fault


def draw(n, beta=1.0, noise=0.0, seed=0, k=3):
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=2, size=(n, k))
    y = (beta * logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    y = np.where(rng.random(n) < noise, rng.integers(0, k, n), y)
    return log_softmax(logits), y


def test_nothing_wrong_is_believed():
    means = np.array([believed_temperature(*draw(50, seed=seed), np.ones(50)) for seed in range(40)])
    assert np.median(abs(means[:, 0])) < 0.05
    assert np.median(means[:, 1]) < 0.002
    assert np.median(means[:, 2]) < 0.1  # the prior


def test_many_rows_are_believed():
    logs, y = draw(4000, beta=0.5, noise=0.1)
    log_beta, floor, wrong = believed_temperature(logs, y, np.ones(4000))
    assert wrong > 1 - 1e-9
    proba = np.exp(log_softmax(np.exp(log_beta) * logs))[np.arange(4000), y]
    believed = np.log((1 - floor) * proba + floor / 3).sum()
    assert fit_mixture(logs, y).log_likelihood - 1 < believed


def test_weights_are_copies():
    logs, y = draw(60, beta=0.3)
    copies = np.arange(60) % 3
    twice = believed_temperature(logs.repeat(copies, axis=0), y.repeat(copies), np.ones(copies.sum()))
    np.testing.assert_allclose(believed_temperature(logs, y, copies.astype(float)), twice, rtol=1e-9)


def test_separable_labels_do_not_run_away():
    sharper = []
    for n in (5, 30):
        logs, _ = draw(n)
        log_beta, floor, _ = believed_temperature(logs, logs.argmax(axis=1), np.ones(n))
        assert floor < 0.005  # the mean of the prior
        sharper.append(log_beta)
    assert 0 < sharper[0] < 0.1 < sharper[1] < 1.4


def test_the_odds_of_a_fault_grow_with_the_root_of_the_rows():
    chance = np.array([expected_fault(n) for n in (25.0, 100.0, 400.0)])
    np.testing.assert_allclose(chance / (1 - chance), [0.1, 0.2, 0.4])


@pytest.mark.parametrize("scale", [1e-200, 1e-6, 1e-3, 1e3, 1e6, 1e100])
@pytest.mark.parametrize("k", [2, 10])
def test_scores_in_a_unit_of_their_own_are_told_by_their_margins(scale, k):
    """What is believed of the scores themselves depends neither on the unit nor on what divided them."""
    samples = [draw(50, seed=seed, k=k) for seed in range(10)]
    unit = np.array([np.log(scale), 0, 0])
    found = [unit + believed_temperature(scale * logs, y, np.ones(50)) for logs, y in samples]
    log_beta, floor, wrong = np.mean(found, axis=0)
    assert abs(log_beta) < 0.2  # 1.5 standard errors
    assert floor < 0.03
    assert wrong < 0.3  # a unit is no fault
    ratio = 1e4 if scale > 1 else 1e-4
    other = unit + np.array([np.log(ratio), 0, 0])
    further = [other + believed_temperature(ratio * scale * logs, y, np.ones(50)) for logs, y in samples]
    np.testing.assert_allclose(further, found, atol=0.05)
    logs, y = samples[0]
    divided = unit + believed_temperature(2.0**-10 * scale * logs, y, np.ones(50), 2.0**10)
    np.testing.assert_allclose(divided, found[0], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("beta", [0.3, 0.5, 1.0, 2.0, 3.0])
def test_the_unit_of_ordinary_scores_is_hardly_doubted(beta, monkeypatch):
    samples = [draw(50, seed=seed) for seed in range(10)]
    doubted = [believed_temperature(beta * logs, y, np.ones(50)) for logs, y in samples]
    monkeypatch.setattr(temperature_beliefs, "log_units", lambda margin: (0.0, -np.inf))
    known = [believed_temperature(beta * logs, y, np.ones(50)) for logs, y in samples]
    np.testing.assert_allclose(np.array(doubted)[:, :2], np.array(known)[:, :2], atol=5e-3)
    np.testing.assert_allclose(np.array(doubted)[:, 2], np.array(known)[:, 2], atol=0.02)
