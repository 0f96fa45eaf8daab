import numpy as np
import pytest
from scipy.stats import entropy

from sklearn_lossacc.inference.intervals import draw_resamples
from sklearn_lossacc.inference.resolution import resolution_limits


def sample(n=60, seed=0):
    rng = np.random.default_rng(seed)
    return rng.exponential(0.4, n), rng.random(n) < 0.3, rng.exponential(size=n)


def statistic(loss, positive, weight):
    share = np.average(positive, weights=weight)
    value = entropy([share, 1 - share]) - np.average(loss, weights=weight)
    with np.errstate(divide="ignore"):
        rows = -np.log(np.where(positive, share, 1 - share)) - loss
    return value, rows - value


def test_limits_are_those_of_a_plain_loop():
    loss, positive, weight = sample()
    group = np.arange(60) // 3
    counts = draw_resamples(20, np.random.default_rng(1), 199)

    def one(times):
        w = weight * times[group]
        value, residual = statistic(loss, positive, w)
        by_group = np.bincount(group, weight * residual)
        return value, np.sqrt(20 / 19 * times @ by_group**2) / w.sum()

    value, error = one(np.ones(20))
    t = [(again - value) / its_error for again, its_error in (one(times) for times in counts)]
    upper, lower = np.quantile(t, [0.975, 0.025])
    found = resolution_limits(loss, positive, weight, group, counts)
    assert found == pytest.approx((value, value - upper * error, value - lower * error), rel=1e-9)


def test_resamples_of_one_class_do_no_harm():
    loss, positive = np.linspace(0.1, 0.5, 12), np.arange(12) == 0
    counts = draw_resamples(12, np.random.default_rng(0))
    assert (counts[:, 0] == 0).any()
    value, low, high = resolution_limits(loss, positive, np.ones(12), None, counts)
    assert -1.0 < low < value < high < 10.0


def test_nothing_varies():
    counts = draw_resamples(10, np.random.default_rng(0))
    value, low, high = resolution_limits(np.full(10, 0.2), np.ones(10, bool), np.ones(10), None, counts)
    assert value == pytest.approx(-0.2)
    assert np.isnan(low)
    assert np.isnan(high)
