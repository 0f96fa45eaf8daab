import numpy as np
import pytest

from sklearn_lossacc.inference.history import accuracy_change_z, accuracy_error, jitter, slow_jitter


def test_jitter_recovers_the_noise_whatever_the_trend():
    rng = np.random.default_rng(0)
    time = np.arange(400)
    for trend in (0.0 * time, 0.3 * time, 5 * np.exp(-time / 100)):
        assert jitter(trend + 0.1 * rng.normal(size=400)) == pytest.approx(0.1, rel=0.15)


def test_jitter_is_robust_to_spikes():
    rng = np.random.default_rng(1)
    values = 0.1 * rng.normal(size=400)
    values[::20] += 10
    assert jitter(values) < 0.15


def test_too_short_a_curve_has_no_jitter():
    assert jitter(np.arange(4.0)) is None
    assert jitter(np.arange(5.0)) == 0.0


def test_slow_jitter_is_that_of_points_where_they_are_independent_and_larger_where_they_wander():
    rng = np.random.default_rng(3)
    noise = rng.normal(size=2000)
    assert slow_jitter(noise, 5) == pytest.approx(1.0, rel=0.2)
    wander = np.convolve(noise, np.ones(6) / np.sqrt(6), mode="valid")
    assert jitter(wander) < 0.5, "its neighbours share five of six shocks"
    assert slow_jitter(wander, 5) > 3 * jitter(wander)
    assert slow_jitter(0.3 * np.arange(100.0), 5) == pytest.approx(0.0, abs=1e-9), "a trend is no jitter"
    assert slow_jitter(noise[:24], 5) is None


def test_accuracy_error_by_hand():
    assert accuracy_error(0.5, 100) == 0.05
    assert accuracy_error(1.0, 100) == 0.0


def test_bounds_of_mcnemar_hold_for_every_pair_of_epochs():
    rng = np.random.default_rng(2)
    n = 200
    for _ in range(300):
        first = rng.random(n) < rng.uniform(0.2, 0.95)
        changed = rng.random(n) < rng.uniform(0.01, 0.6)
        second = first ^ changed
        better, worse = np.sum(~first & second), np.sum(first & ~second)
        if better == worse:
            continue
        z = (better - worse) / np.sqrt(better + worse)
        least, most = accuracy_change_z(first.mean(), second.mean(), n)
        assert abs(least) - 1e-9 <= abs(z) <= abs(most) + 1e-9
        assert np.sign(least) == np.sign(z)


def test_fewer_than_four_rows_are_never_two_standard_errors():
    assert accuracy_change_z(0.90, 0.903, 1000)[1] < 2
    assert accuracy_change_z(0.90, 0.904, 1000)[1] == pytest.approx(2.0)
    assert accuracy_change_z(0.9, 0.9, 1000) == (0.0, 0.0)
