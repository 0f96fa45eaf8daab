import numpy as np
import pytest
from scipy.integrate import quad
from scipy.interpolate import CubicSpline

from sklearn_lossacc._numerics.natural_spline import ends_and_bends, natural_spline, spread_knots
from sklearn_lossacc._numerics.points import pool_ties

KNOTS = np.array([-3.0, -1.0, 0.5, 0.7, 4.0])
VALUES = np.array([1.0, -0.5, 2.0, 2.2, 0.0])


def knots_of(x, weight, n_knots):
    return spread_knots(pool_ties(x, np.zeros(len(x), dtype=bool), weight), n_knots)


def test_passes_through_the_values_and_goes_on_straight():
    np.testing.assert_allclose(natural_spline(KNOTS, KNOTS, VALUES), VALUES, atol=1e-12)
    for ends in (np.array([-9.0, -6.0, -3.0]), np.array([4.0, 5.0, 6.0])):
        assert abs(np.diff(natural_spline(ends, KNOTS, VALUES), 2)[0]) < 1e-10
    at = np.linspace(-3, 4, 50)
    theirs = CubicSpline(KNOTS, VALUES, bc_type="natural")(at)
    np.testing.assert_allclose(natural_spline(at, KNOTS, VALUES), theirs, atol=1e-12)


def test_straight_lines_are_themselves():
    x = np.linspace(-50, 50, 11)
    np.testing.assert_allclose(natural_spline(x, KNOTS, 2 * KNOTS + 1), 2 * x + 1, atol=1e-10)


@pytest.mark.parametrize("knots", [KNOTS, KNOTS[:3], KNOTS[:2]], ids=len)
def test_coordinates_are_ends_and_bends(knots):
    rng = np.random.default_rng(0)
    given = rng.normal(size=len(knots))
    values, curvature = ends_and_bends(knots)
    if len(knots) == 2:
        np.testing.assert_allclose(values @ given, given)
        assert not curvature.any()
        return
    spline = CubicSpline(knots, values @ given, bc_type="natural")
    np.testing.assert_allclose(spline(knots[[0, -1]]), given[:2], atol=1e-12)
    np.testing.assert_allclose(spline(knots, 2), np.r_[0.0, given[2:], 0.0], atol=1e-12)
    expected, _ = quad(lambda x: spline(x, 2) ** 2, knots[0], knots[-1], points=knots, limit=200)
    np.testing.assert_allclose(given @ curvature @ given, expected, rtol=1e-8)


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
