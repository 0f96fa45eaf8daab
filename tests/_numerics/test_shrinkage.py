import numpy as np
import pytest

from sklearn_lossacc._numerics.shrinkage import PRIOR, SCALES, believed_share


@pytest.mark.parametrize("estimate", [0.0, 0.1, -0.5, 3.0])
@pytest.mark.parametrize("information", [0.5, 20.0, 5000.0])
def test_the_share_is_the_posterior_mean(estimate, information):
    """Each normal law of the mixture by itself, with its marginal density of the estimate."""
    error = 1 / np.sqrt(information)
    spread = np.sqrt(SCALES**2 + error**2)
    density = PRIOR * np.exp(-0.5 * (estimate / spread) ** 2) / spread
    mean = SCALES**2 / spread**2 * estimate
    expected = density @ mean / density.sum()
    assert abs(believed_share(estimate, information) * estimate - expected) < 1e-12


def test_nothing_is_believed_without_rows_and_all_with_many():
    assert believed_share(1.0, 0.0) == 0
    assert believed_share(1.0, 1e12) > 1 - 1e-9
    assert believed_share(1e3, 1e12) == believed_share(-1e3, 1e12) > 1 - 1e-9


@pytest.mark.parametrize("estimate", [5.0, -20.0, 115.0, -700.0])
def test_the_unit_of_scores_is_believed(estimate):
    """A few rows settle a power of ten: the prior of ordinary temperatures must not pull it back by any share."""
    assert abs(believed_share(estimate, 30.0) * estimate - estimate) < 0.01


@pytest.mark.parametrize("estimate", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("information", [1.0, 30.0, 1000.0])
def test_ordinary_temperatures_are_shrunk_as_without_units(estimate, information):
    variance = SCALES[:-1] ** 2 + 1 / information
    density = np.exp(-0.5 * estimate**2 / variance) / np.sqrt(variance)
    expected = density @ (SCALES[:-1] ** 2 / variance) / density.sum()
    assert abs(believed_share(estimate, information) - expected) < 1e-3
