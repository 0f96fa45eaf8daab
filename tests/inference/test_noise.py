import numpy as np
import pytest
from scipy.special import softmax

from sklearn_lossacc.inference.noise import anchor_rate, class_thresholds, confused_pairs, label_quality


def noisy(seed, n, k, rate, scale=5.0):
    rng = np.random.default_rng(seed)
    scores = scale * rng.normal(size=(n, k))
    clean = (scores + rng.gumbel(size=(n, k))).argmax(axis=1)
    wrong = rng.random(n) < rate
    return softmax(scores, axis=1), np.where(wrong, (clean + 1) % k, clean), wrong


def test_class_thresholds_are_weighted_means():
    proba = np.array([[0.8, 0.2, 0.0], [0.4, 0.6, 0.0], [0.1, 0.9, 0.0]])
    found = class_thresholds(proba, np.array([0, 0, 1]), np.array([1.0, 3.0, 1.0]))
    np.testing.assert_allclose(found[:2], [(0.8 + 3 * 0.4) / 4, 0.9])
    assert np.isnan(found[2])


def test_label_quality_ranks_wrong_labels_last():
    proba, y, wrong = noisy(0, 2000, 4, 0.1)
    quality = label_quality(proba, y, np.ones(2000))
    assert ((quality >= 0) & (quality <= 1)).all()
    worst = np.argsort(quality)[: wrong.sum()]
    assert wrong[worst].mean() > 0.6
    assert np.median(quality[~wrong]) > 0.7


def test_anchor_rate_is_near_a_planted_rate():
    for rate in (0.0, 0.1, 0.3):
        proba, y, _ = noisy(1, 6000, 4, rate)
        assert anchor_rate(proba, y, np.ones(6000)) == pytest.approx(rate, abs=0.04)


def test_anchor_rate_needs_rows():
    proba, y, _ = noisy(2, 30, 4, 0.1)
    assert anchor_rate(proba, y, np.ones(30)) is None


def test_confused_pairs_name_the_planted_pair():
    proba, y, _ = noisy(3, 4000, 4, 0.0)
    flipped = np.where((y == 2) & (np.random.default_rng(0).random(4000) < 0.3), 0, y)
    pairs = confused_pairs(proba, flipped, np.ones(4000), np.array(["a", "b", "c", "d"]))
    assert (pairs[0]["label"], pairs[0]["looks_like"]) == ("a", "c")
    assert pairs[0]["share"] > 2 * pairs[1]["share"]
