import numpy as np
import pytest
from scipy.integrate import quad
from scipy.interpolate import CubicSpline

from sklearn_lossacc._numerics.isotonic import pool_ties
from sklearn_lossacc._numerics.natural_spline import curvature, spline_basis, spread_knots

KNOTS = np.array([-3.0, -1.0, 0.5, 0.7, 4.0])
VALUES = np.array([1.0, -0.5, 2.0, 2.2, 0.0])


def knots_of(x, weight, n_knots):
    return spread_knots(pool_ties(x, np.zeros(len(x), dtype=bool), weight), n_knots)


def test_passes_through_the_values_and_goes_on_straight():
    np.testing.assert_allclose(spline_basis(KNOTS, KNOTS) @ VALUES, VALUES, atol=1e-12)
    for ends in (np.array([-9.0, -6.0, -3.0]), np.array([4.0, 5.0, 6.0])):
        assert abs(np.diff(spline_basis(ends, KNOTS) @ VALUES, 2)[0]) < 1e-10
    at = np.linspace(-3, 4, 50)
    theirs = CubicSpline(KNOTS, VALUES, bc_type="natural")(at)
    np.testing.assert_allclose(spline_basis(at, KNOTS) @ VALUES, theirs, atol=1e-12)


def test_straight_lines_are_themselves():
    x = np.linspace(-50, 50, 11)
    np.testing.assert_allclose(spline_basis(x, KNOTS) @ (2 * KNOTS + 1), 2 * x + 1, atol=1e-10)
    np.testing.assert_allclose(curvature(KNOTS) @ (2 * KNOTS + 1), 0, atol=1e-10)


def test_curvature_is_the_integral():
    spline = CubicSpline(KNOTS, VALUES, bc_type="natural")
    expected, _ = quad(lambda x: spline(x, 2) ** 2, -3, 4, points=KNOTS, limit=200)
    np.testing.assert_allclose(VALUES @ curvature(KNOTS) @ VALUES, expected, rtol=1e-8)


@pytest.mark.parametrize("n_knots", [2, 5, 6])
def test_knots_of_weights_are_knots_of_copies_and_mirror(n_knots):
    rng = np.random.default_rng(0)
    x, copies = rng.normal(size=200).round(1), rng.integers(1, 4, 200)
    knots = knots_of(x, copies.astype(float), n_knots)
    np.testing.assert_allclose(knots_of(x.repeat(copies), None, n_knots), knots)
    np.testing.assert_allclose(knots_of(-x, copies.astype(float), n_knots), -knots[::-1])


def test_knots_keep_apart():
    one_place = knots_of(np.full(9, 2.0), np.ones(9), 6)
    np.testing.assert_array_equal(one_place, [1.0, 3.0])
    mostly = knots_of(np.r_[np.zeros(900), np.linspace(1, 2, 100)], None, 6)
    assert np.diff(mostly).min() > 0.01 * (mostly[-1] - mostly[0])
