"""Right-closed bins, exact at their limits."""

from fractions import Fraction

import numpy as np
import pytest

from sklearn_lossacc._numerics.binning import right_closed_bins


@pytest.mark.parametrize("n_bins", [1, 2, 3, 7, 10, 15, 960])
def test_limits_belong_to_the_lower_bin(n_bins):
    limits = np.arange(n_bins + 1) / n_bins
    np.testing.assert_array_equal(right_closed_bins(limits[1:], n_bins), np.arange(n_bins))
    np.testing.assert_array_equal(right_closed_bins(np.nextafter(limits[:-1], 1), n_bins), np.arange(n_bins))
    assert right_closed_bins(limits[:1], n_bins).tolist() == [0]


@pytest.mark.parametrize("n_bins", [3, 15, 960])
def test_agrees_with_a_search_among_the_limits(n_bins):
    rng = np.random.default_rng(0)
    limits = np.arange(n_bins + 1) / n_bins
    values = np.concatenate([rng.random(5000), rng.integers(0, 961, 2000) / 960, np.round(rng.random(2000), 2)])
    expected = np.maximum(np.searchsorted(limits, values, side="left") - 1, 0)
    np.testing.assert_array_equal(right_closed_bins(values, n_bins), expected)


@pytest.mark.parametrize("n_bins", [5, 10, 15, 64, 480])
def test_fine_bins_add_up_to_coarse_ones(n_bins):
    rng = np.random.default_rng(1)
    values = np.concatenate([rng.random(5000), np.arange(1, 961) / 960, np.nextafter(np.arange(960) / 960, 1)])
    np.testing.assert_array_equal(right_closed_bins(values, 960) // (960 // n_bins), right_closed_bins(values, n_bins))


def test_by_exact_arithmetic():
    values = np.array([0.1, 0.2, 0.3, 0.6, 0.7, 0.8])  # the float 0.3 lies below 3/10, the float 0.1 above 1/10
    expected = [-(-Fraction(value) * 10 // 1) - 1 for value in values.tolist()]
    found = right_closed_bins(values, 10)
    # The limits are floats: a float that rounds 3/10 is that limit, wherever it lies against the fraction.
    assert found.tolist() == [0, 1, 2, 5, 6, 7]
    assert all(abs(a - b) <= 1 for a, b in zip(found.tolist(), expected, strict=True))


def test_values_are_left_alone():
    values = np.array([0.5, 0.25])
    right_closed_bins(values, 15)
    assert values.tolist() == [0.5, 0.25]
