import tracemalloc

import numpy as np
import pytest
from scipy.special import softmax

from sklearn_lossacc.inference.noise import (
    anchor_rate,
    class_thresholds,
    confused_pairs,
    noise_matrix,
    straight_line,
)


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


def test_noise_matrix_is_near_the_planted_one():
    k = 4
    planted = np.array([[0.9, 0.1, 0, 0], [0, 1, 0, 0], [0.1, 0.1, 0.7, 0.1], [0, 0, 0.2, 0.8]])
    proba, clean, _ = noisy(5, 20_000, k, 0.0, scale=8.0)
    rng = np.random.default_rng(0)
    y = (np.cumsum(planted[clean], axis=1) < rng.random((20_000, 1))).sum(axis=1)
    np.testing.assert_allclose(noise_matrix(proba, y, np.ones(20_000)), planted, atol=0.06)


def test_noise_matrix_of_a_class_that_is_never_predicted():
    matrix = noise_matrix(np.repeat([[0.9, 0.1]], 30, axis=0), np.zeros(30, dtype=int), np.ones(30))
    np.testing.assert_array_equal(matrix[0], [1.0, 0.0])
    assert np.isnan(matrix[1]).all()


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


@pytest.mark.parametrize(("intercept", "slope"), [(0.1, 0.8), (0.0, 0.7), (0.25, 0.75), (0.0, 1.0)])
def test_straight_line_recovers_a_line(intercept, slope):
    rng = np.random.default_rng(0)
    p = rng.random(20_000)
    y = (rng.random(20_000) < intercept + slope * p).astype(int)
    line = straight_line(np.stack([1 - p, p], axis=1), y, np.ones(20_000))
    assert line.intercept == pytest.approx(intercept, abs=0.015)
    assert line.slope == pytest.approx(slope, abs=0.03)
    frequency = line.intercept + line.slope * p
    assert line.log_likelihood == pytest.approx(np.log(np.where(y == 1, frequency, 1 - frequency)).sum())
    assert (
        line.log_likelihood >= np.log(np.where(y == 1, intercept + slope * p, 1 - intercept - slope * p)).sum() - 1e-6
    )


def test_straight_line_counts_weights_as_copies():
    proba = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.1, 0.9]])
    y, weight = np.array([0, 1, 0, 1]), np.array([3.0, 1.0, 1.0, 2.0])
    rows = np.repeat(np.arange(4), weight.astype(int))
    one, copies = straight_line(proba, y, weight), straight_line(proba[rows], y[rows], np.ones(rows.size))
    assert one.slope == pytest.approx(copies.slope, abs=1e-5)


def test_pairs_of_many_classes_take_no_table_of_all_pairs():
    rng = np.random.default_rng(0)
    k = 3000
    proba = rng.dirichlet(np.full(k, 0.01), size=60)
    y = np.where(np.arange(60) < 20, 7, rng.integers(0, k, 60))
    tracemalloc.start()
    try:
        pairs = confused_pairs(proba, y, np.ones(60), np.arange(k))
        assert tracemalloc.get_traced_memory()[1] < 8 * k**2 / 4
    finally:
        tracemalloc.stop()
    assert all(pair["label"] != pair["looks_like"] for pair in pairs)
