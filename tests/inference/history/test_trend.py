import numpy as np
import pytest

from sklearn_lossacc.inference.history import change_needed, end_means, find_turn, jitter
from sklearn_lossacc.inference.history.trend import window


def test_windows_grow_with_the_curve():
    assert [window(n) for n in (1, 5, 11, 16, 24, 40, 1000)] == [1, 1, 1, 2, 3, 5, 5]


def test_means_at_both_ends():
    values = np.arange(24.0)
    assert end_means(values, 0) == (1.0, 22.0)
    assert end_means(values, 5) == (5.0, 22.0)
    assert end_means(values, 23) == (22.0, 22.0)
    assert end_means(values[:16], 6) == (6.5, 14.5)


@pytest.mark.parametrize("n_points", [5, 10, 30, 100])
def test_flat_noise_rarely_rises(n_points):
    rng = np.random.default_rng(n_points)
    runs = 400
    false = 0
    for _ in range(runs):
        values = rng.normal(size=n_points)
        before, after = end_means(values, find_turn(values).index)
        false += after - before > change_needed(jitter(values), n_points)
    # The rate is promised to be at most .05; four binomial standard errors are allowed for the simulation.
    assert false / runs <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / runs)


def test_a_real_rise_is_found():
    rng = np.random.default_rng(1)
    found = 0
    for _ in range(100):
        time = np.arange(40)
        values = np.exp(-time / 4) + 0.004 * np.maximum(time - 15, 0) + 0.02 * rng.normal(size=40)
        before, after = end_means(values, find_turn(values).index)
        found += after - before > change_needed(jitter(values), 40)
    assert found >= 95
