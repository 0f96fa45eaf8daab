import numpy as np
import pytest
from scipy.stats import multivariate_normal

from sklearn_lossacc.inference.random_bend import LENGTHS, STRENGTH, RandomBend, waves


def test_ratio_is_that_of_normal_densities():
    variances, weights = np.array([[3.0, 0.5], [0.0, 8.0]]), np.array([3.0, 1.0])
    z = np.array([1.3, -2.1])
    none = multivariate_normal.pdf(z, cov=np.eye(2))
    bent = [multivariate_normal.pdf(z, cov=np.eye(2) + np.diag(v)) for v in variances]
    expected = np.log(0.75 * bent[0] + 0.25 * bent[1]) - np.log(none)
    assert RandomBend(variances, weights).log_ratio(z) == pytest.approx(expected)


def test_mean_ratio_is_one_and_large_ratios_are_rare():
    directions, variances = waves(16)
    bend = RandomBend(variances / 20.0, np.ones(len(variances)))
    ratio = np.exp(bend.log_ratio(np.random.default_rng(0).standard_normal((100_000, 16)) @ directions))
    assert ratio.mean() == pytest.approx(1.0, abs=4 * ratio.std() / np.sqrt(ratio.size))
    for least in (2.0, 5.0, 20.0):
        assert (ratio > least).mean() < 1.0 / least


@pytest.mark.parametrize("n_bins", [1, 2, 16, 64])
def test_waves_are_smooth_processes_of_one_strength(n_bins):
    directions, variances = waves(n_bins)
    assert variances.shape == (len(LENGTHS), directions.shape[1])
    place = (np.arange(n_bins) + 0.5) / n_bins
    for length, own in zip(LENGTHS, variances, strict=True):
        covariance = (directions * own) @ directions.T
        distance = np.subtract.outer(place, place)
        expected = STRENGTH / n_bins * np.exp(-0.5 * (distance / length) ** 2)
        np.testing.assert_allclose(covariance, expected, atol=0.02)
        assert own.sum() == pytest.approx(STRENGTH, rel=0.01)
