import numpy as np
import pytest
from scipy.stats import chi2, ncx2, norm

from sklearn_lossacc.inference.gains import gain_upper_bound


@pytest.mark.parametrize("statistic", [0.5, 3.84, 20.0, 300.0, 1e4])
@pytest.mark.parametrize("df", [1, 4, 99])
@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_the_bound_solves_the_tail_equation(statistic, df, level):
    bound = gain_upper_bound(statistic, df, 500.0, level)
    if bound == 0.0:
        assert chi2.cdf(statistic, df) <= 1 - level
    else:
        assert ncx2.cdf(statistic, df, 2 * 500.0 * bound) == pytest.approx(1 - level, rel=1e-4)


def test_one_degree_of_freedom_is_a_squared_normal():
    # sqrt of the statistic is |N(sqrt(nc), 1)|: far out the bound is (sqrt(x) + 1.645)^2.
    for statistic in (25.0, 400.0):
        expected = (np.sqrt(statistic) + norm.isf(0.05)) ** 2
        assert 2 * 1000 * gain_upper_bound(statistic, 1, 1000) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("df", [1, 999])
@pytest.mark.parametrize("n", [1e7, 1e8])
def test_large_samples(df, n):
    # A statistic of 2 n gain: the bound is the gain and a little more.
    assert gain_upper_bound(2 * n * 0.1, df, n) == pytest.approx(0.1, rel=5e-3)
    assert gain_upper_bound(2 * n * 0.1, df, n) > 0.1 - df / (2 * n)


@pytest.mark.parametrize("df", [1, 32, 999])
def test_statistics_beyond_the_library(df):
    # About 2 gain n = 1e9 the library still knows the law, at 1e16 it does not.
    statistic = 1e9
    assert ncx2.cdf(statistic, df, 2 * gain_upper_bound(statistic, df, 1.0)) == pytest.approx(0.05, rel=1e-4)
    assert 2 * gain_upper_bound(1e16, df, 1.0) == pytest.approx(1e16, rel=1e-7)
    assert gain_upper_bound(np.inf, df, 1.0) == np.inf


def test_bound_falls_with_n_and_rises_with_the_statistic():
    by_n = [gain_upper_bound(4.0, 3, n) for n in (10, 100, 1000)]
    np.testing.assert_allclose(by_n, by_n[0] * np.array([1, 0.1, 0.01]), rtol=1e-6)
    by_statistic = [gain_upper_bound(x, 3, 100) for x in (0.0, 0.1, 1.0, 5.0, 50.0)]
    assert by_statistic == sorted(by_statistic)
    assert by_statistic[0] == by_statistic[1] == 0.0


def test_coverage_of_the_bound():
    # P(bound < true gain) is 5 %, by construction of the noncentral chi-square.
    rng = np.random.default_rng(0)
    gain, n = 0.01, 300
    statistics = rng.noncentral_chisquare(2, 2 * n * gain, size=400)
    missed = sum(gain_upper_bound(x, 2, n) < gain for x in statistics)
    assert 5 <= missed <= 37  # 20 expected, four standard deviations
