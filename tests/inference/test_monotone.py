import numpy as np
import pytest
from scipy.special import expit, log_softmax

from sklearn_lossacc.inference.monotone import binary_loss, isotonic_map, monotone_gain


def test_binary_loss():
    loss = binary_loss(np.array([0.25, 0.25, 0.0]), np.array([True, False, True]))
    np.testing.assert_allclose(loss, [-np.log(0.25), -np.log(0.75), -np.log(1e-15)])


def test_isotonic_map_by_hand():
    # Two levels of two rows each, hits 0/2 and 1/2; one pseudo-row at the block's mean: .2/3 and (1 + .6)/3.
    proba, hit = np.array([0.2, 0.2, 0.6, 0.6]), np.array([False, False, True, False])
    mapped = isotonic_map(proba, hit, np.ones(4), np.array([0.2, 0.6, 0.4, 0.9]))
    low, high = 0.2 / 3, 1.6 / 3
    np.testing.assert_allclose(mapped, [low, high, (low + high) / 2, high])


def test_ties_are_one_point_whatever_their_order():
    rng = np.random.default_rng(0)
    proba = rng.choice([0.2, 0.5, 0.8], size=300)
    hit = rng.random(300) < proba
    expected = isotonic_map(proba, hit, np.ones(300), np.array([0.2, 0.5, 0.8]))
    for order in (np.lexsort((hit, proba)), np.lexsort((~hit, proba)), rng.permutation(300)):
        np.testing.assert_allclose(
            isotonic_map(proba[order], hit[order], np.ones(300), np.array([0.2, 0.5, 0.8])), expected
        )
    assert (np.diff(expected) >= 0).all()


def test_gain_of_a_bent_map_and_of_none():
    rng = np.random.default_rng(1)
    odds = 2.0 * rng.normal(size=6000)
    y = (rng.random(6000) < expit(odds)).astype(int)
    straight = expit(np.stack([-odds, odds], axis=1))
    bent_odds = np.where(odds > 0, 3.0 * odds, odds)
    bent = expit(np.stack([-bent_odds, bent_odds], axis=1))
    truth = (np.logaddexp(0, -(2 * y - 1) * bent_odds) - np.logaddexp(0, -(2 * y - 1) * odds)).mean()
    gain, error = monotone_gain(bent, y, np.ones(6000), None, rng)
    assert gain == pytest.approx(truth, abs=0.01 + 3 * error)
    none, error = monotone_gain(straight, y, np.ones(6000), None, rng)
    assert none < 0.002


def test_gain_of_the_top_label():
    rng = np.random.default_rng(2)
    scores = rng.normal(size=(5000, 4))
    y = (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)
    proba = np.exp(log_softmax(3.0 * scores, axis=1))
    gain, error = monotone_gain(proba, y, np.ones(5000), None, rng)
    assert gain > 0.1
    assert 0 < error < 0.05
