import math

import numpy as np
import pytest

from sklearn_lossacc.inference.loss_bounds import (
    calibrated_ceiling,
    calibrated_floor,
    largest_second_moment,
    least_accuracy,
    least_loss,
    loss_error,
)

CLASSES = (2, 3, 5, 10, 100)


def entropy(p):
    return -np.sum(np.where(p > 0, p * np.log(np.maximum(p, 1e-300)), 0.0), axis=-1)


def square(p):
    return np.sum(np.where(p > 0, p * np.log(np.maximum(p, 1e-300)) ** 2, 0.0), axis=-1)


def calibrated_models(k, rng, n_models=400, n_rows=20):
    """Expected accuracy, loss and squared loss of many random mixtures of distributions, blunt to sharp."""
    concentration = np.exp(rng.uniform(np.log(0.01), np.log(50), (n_models, 1, 1)))
    p = rng.gamma(np.broadcast_to(concentration, (n_models, n_rows, k))) + 1e-300
    p /= p.sum(axis=-1, keepdims=True)
    return p.max(-1).mean(-1), entropy(p).mean(-1), square(p).mean(-1)


@pytest.mark.parametrize("k", CLASSES)
def test_every_calibrated_model_lies_in_the_band(k):
    accuracy, loss, second = calibrated_models(k, np.random.default_rng(k))
    for a, cost, square_cost in zip(accuracy, loss, second, strict=True):
        assert calibrated_floor(a, k) - 1e-12 <= cost <= calibrated_ceiling(a, k) + 1e-12
        assert least_accuracy(cost, k) - 1e-12 <= a
        assert square_cost <= largest_second_moment(cost, k) + 1e-6


@pytest.mark.parametrize("k", CLASSES)
def test_the_band_is_reached(k):
    for a in np.linspace(1 / k, 1, 37):
        # one confidence, the rest shared equally
        p = np.full(k, (1 - a) / (k - 1))
        p[0] = a
        assert entropy(p) == pytest.approx(calibrated_ceiling(a, k), abs=1e-12)
        # a mixture of rows that are uniform over m and over m + 1 classes
        m = min(int(1 / a + 1e-12), k - 1)
        share = (a - 1 / (m + 1)) / (1 / m - 1 / (m + 1))
        assert share * math.log(m) + (1 - share) * math.log(m + 1) == pytest.approx(calibrated_floor(a, k), abs=1e-12)


def test_second_moments_by_a_search_over_all_distributions():
    rng = np.random.default_rng(0)
    p = rng.dirichlet([0.3, 0.3, 0.3], 400_000)
    h, s = entropy(p), square(p)
    for low in np.linspace(0.05, math.log(3) - 0.02, 20):
        near = (h > low) & (h < low + 0.005)
        bound = largest_second_moment(low + 0.005, 3)
        assert s[near].max() <= bound + 1e-6  # the hull is a polygon: it may be this much too low
    # Where the hull touches the curve (one class apart, the rest equal), the bound is reached.
    p = np.array([0.9, 0.05, 0.05])
    assert square(p) == pytest.approx(largest_second_moment(float(entropy(p)), 3), abs=2e-3)


@pytest.mark.parametrize(("k", "largest"), [(2, 0.5629), (3, math.log(3) ** 2), (10, math.log(10) ** 2)])
def test_largest_second_moment_of_all(k, largest):
    over_all = max(largest_second_moment(loss, k) for loss in np.linspace(0, math.log(k), 2001))
    assert over_all == pytest.approx(largest, abs=1e-3)


def test_anchors_of_two_real_pairs():
    assert calibrated_floor(0.7826, 2) == pytest.approx(0.3014, abs=5e-5)
    assert calibrated_ceiling(0.7826, 2) == pytest.approx(0.5236, abs=5e-5)
    assert calibrated_floor(0.8224, 2) == pytest.approx(0.2462, abs=5e-5)
    assert calibrated_ceiling(0.8224, 2) == pytest.approx(0.4677, abs=5e-5)


@pytest.mark.parametrize("k", CLASSES)
def test_the_inverse_inverts(k):
    for a in np.linspace(1 / k, 1, 23):
        assert least_accuracy(calibrated_floor(a, k), k) == pytest.approx(a, abs=1e-9)


@pytest.mark.parametrize("k", CLASSES)
def test_below_the_accuracy_of_guessing_the_bounds_are_those_of_guessing(k):
    assert calibrated_floor(0.0, k) == pytest.approx(math.log(k))
    assert calibrated_ceiling(0.0, k) == pytest.approx(math.log(k))


@pytest.mark.parametrize("k", CLASSES)
def test_no_predictions_beat_the_least_loss(k):
    rng = np.random.default_rng(k)
    for temper in (0.05, 0.5, 1.0, 3.0):
        logits = rng.normal(size=(500, k)) / temper
        p = np.exp(logits - logits.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        y = np.where(rng.random(500) < 0.7, p.argmax(1), rng.integers(0, k, 500))
        loss = -np.log(np.maximum(p[np.arange(500), y], 1e-300)).mean()
        assert loss >= least_loss(np.mean(p.argmax(1) == y))


def test_least_loss_is_reached_in_the_limit():
    # 7 rows surely right, 3 rows a hair from a tie between the label and another class
    sure, tie = 1 - 1e-12, 0.5 - 1e-12
    loss = -(7 * math.log(sure) + 3 * math.log(tie)) / 10
    assert loss == pytest.approx(least_loss(0.7), abs=1e-10)


@pytest.mark.parametrize("k", [2, 3, 10])
def test_a_loss_above_the_ceiling_is_beaten_by_one_constant_confidence(k):
    rng = np.random.default_rng(k)
    n = 400
    logits = 6 * rng.normal(size=(n, k))
    p = np.exp(logits - logits.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    top = p.argmax(1)
    y = np.where(rng.random(n) < 0.6, top, rng.integers(0, k, n))
    a = np.mean(top == y)
    constant = np.where(top == y, -math.log(a), -math.log((1 - a) / (k - 1))).mean()
    assert constant == pytest.approx(calibrated_ceiling(a, k), abs=1e-12)
    assert -np.log(p[np.arange(n), y]).mean() > constant


@pytest.mark.parametrize("k", [2, 10])
def test_loss_error_covers_the_spread_of_calibrated_models(k):
    rng = np.random.default_rng(k)
    n = 200
    for sharpness in (0.3, 1.0, 3.0):
        logits = sharpness * rng.normal(size=(n, k))
        p = np.exp(logits)
        p /= p.sum(1, keepdims=True)
        cumulated = p.cumsum(1)
        draws = (rng.random((2000, n, 1)) > cumulated[None]).sum(2).clip(max=k - 1)
        losses = -np.log(p)[np.arange(n), draws].mean(1)
        assert losses.std() <= loss_error(float(entropy(p).mean()), k, n)
