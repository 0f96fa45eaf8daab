import numpy as np
import pytest

from sklearn_lossacc.inference.strata import spread_within


def influences(value, weight, stratum):
    """Influences on the sum of the means of strata."""
    mass = np.bincount(stratum, weight)
    mean = np.bincount(stratum, weight * value) / mass
    return weight / mass[stratum] * (value - mean[stratum])


@pytest.mark.parametrize("n", [2, 3, 10, 100_000])
def test_equal_weights(n):
    influence = influences(np.random.default_rng(0).normal(size=n), np.ones(n), np.zeros(n, dtype=int))
    inflation, freedom = spread_within(influence, np.full(n, 3.0), np.zeros(n, dtype=int), 1)
    assert inflation == pytest.approx(n / (n - 1), rel=1e-12)
    assert freedom == pytest.approx(n - 1, rel=1e-9)


@pytest.mark.parametrize("n", [2, 3, 12])
def test_unequal_weights_against_the_law_of_the_quadratic_form(n):
    """v' A v has mean tr A and variance 2 tr A^2 for standard normal v."""
    weight = np.random.default_rng(n).gamma(2.0, size=n)
    share = weight / weight.sum()
    residual = share[:, None] * (np.eye(n) - share)
    form = residual.T @ residual
    value = np.random.default_rng(0).normal(size=n)
    inflation, freedom = spread_within(residual @ value, weight, np.zeros(n, dtype=int), 1)
    assert inflation == pytest.approx(share @ share / np.trace(form), rel=1e-10)
    assert freedom == pytest.approx(np.trace(form) ** 2 / np.trace(form @ form), rel=1e-10)


def test_welch_satterthwaite():
    """Two samples: the degrees of freedom of Welch's test."""
    rng = np.random.default_rng(3)
    first, second = rng.normal(size=6), 3 * rng.normal(size=15)
    stratum = np.repeat([0, 1], [6, 15])
    influence = influences(np.r_[first, second], np.ones(21), stratum)
    inflation, freedom = spread_within(influence, np.ones(21), stratum, 2)
    parts = np.array([first.var(ddof=1) / 6, second.var(ddof=1) / 15])
    assert inflation * (influence @ influence) == pytest.approx(parts.sum(), rel=1e-12)
    assert freedom == pytest.approx(parts.sum() ** 2 / (parts[0] ** 2 / 5 + parts[1] ** 2 / 14), rel=1e-9)


def test_a_stratum_of_one_unit_gets_the_spread_of_the_others():
    influence = np.array([1.0, -1.0, 1.0, -1.0, 0.0])
    inflation, freedom = spread_within(influence, np.ones(5), np.array([0, 0, 1, 1, 3]), 5)
    # Values of -2 and 2 have the variance 8. That of the mean of two is 4, of the mean of one 8: 16, where 4 was seen.
    assert inflation == pytest.approx(16 / 4, rel=1e-12)
    assert freedom == pytest.approx(2.0, rel=1e-12)


def test_unbiased_with_lone_and_weighted_strata():
    """Values of one variance: the mean of the widened squares is the variance of the sum of the means."""
    rng = np.random.default_rng(4)
    stratum = np.repeat([0, 1, 2, 3], [1, 3, 6, 2])
    weight = rng.gamma(1.0, size=12)
    weight[-2:] = 1.0, 0.01  # hardly two
    shares = weight / np.bincount(stratum, weight)[stratum]
    widened = []
    for _ in range(20_000):
        influence = influences(rng.normal(size=12), weight, stratum)
        widened.append(spread_within(influence, weight, stratum, 4)[0] * (influence @ influence))
    assert np.mean(widened) == pytest.approx(shares @ shares, rel=0.03)


def test_nothing_to_learn_from():
    lone = np.arange(4)
    assert spread_within(np.ones(4), np.ones(4), lone, 4) is None
    assert spread_within(np.zeros(4), np.ones(4), lone // 2, 2) is None
