import numpy as np
import pytest

from sklearn_lossacc._numerics.shrinkage import SCALES, believed_share


@pytest.mark.parametrize("estimate", [0.0, 0.1, -0.5, 3.0])
@pytest.mark.parametrize("information", [0.5, 20.0, 5000.0])
def test_the_share_is_the_posterior_mean(estimate, information):
    """Each normal law of the mixture by itself, with its marginal density of the estimate."""
    error = 1 / np.sqrt(information)
    spread = np.sqrt(SCALES**2 + error**2)
    density = np.exp(-0.5 * (estimate / spread) ** 2) / spread
    mean = SCALES**2 / spread**2 * estimate
    expected = density @ mean / density.sum()
    assert abs(believed_share(estimate, information) * estimate - expected) < 1e-12


def test_nothing_is_believed_without_rows_and_all_with_many():
    assert believed_share(1.0, 0.0) == 0
    assert believed_share(1.0, 1e12) > 1 - 1e-9
    assert believed_share(1e3, 1e12) == believed_share(-1e3, 1e12) > 1 - 1e-9
