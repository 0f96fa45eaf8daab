import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from sklearn_lossacc._numerics.isotonic import fit_isotonic
from sklearn_lossacc._numerics.points import condensed, pool_ties


def draw(n=300, seed=0, decimals=2):
    rng = np.random.default_rng(seed)
    x = rng.random(n).round(decimals)  # rounding makes ties
    return x, (rng.random(n) < x**2).astype(float)


@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_scikit_learn_between_and_beyond_the_data(weighted):
    x, target = draw()
    weight = np.random.default_rng(1).gamma(1.0, size=len(x)) if weighted else None
    reference = IsotonicRegression(out_of_bounds="clip").fit(x, target, weight)
    grid = np.linspace(-0.1, 1.1, 1001)
    np.testing.assert_allclose(np.interp(grid, *fit_isotonic(x, target, weight)), reference.predict(grid), atol=1e-12)


@pytest.mark.parametrize("prior", [None, 0.3])
def test_weights_are_repetitions_and_order_means_nothing(prior):
    x, target = draw()
    copies = np.random.default_rng(2).integers(0, 3, len(x))
    knots, values = fit_isotonic(x, target, copies.astype(float), prior=prior)
    shuffled = np.random.default_rng(3).permutation(np.repeat(np.arange(len(x)), copies))
    other_knots, other_values = fit_isotonic(x[shuffled], target[shuffled], prior=prior)
    np.testing.assert_array_equal(knots, other_knots)
    np.testing.assert_allclose(values, other_values, rtol=1e-12)


def test_prior_by_hand():
    # Low block: 3 rows, no hit, one observation at 0.4. High block: 2 rows, both hits, one at 0.4.
    knots, values = fit_isotonic(np.array([1.0, 2, 3, 4, 5]), np.array([0.0, 0, 0, 1, 1]), prior=0.4)
    np.testing.assert_array_equal(knots, [1, 3, 4, 5])
    np.testing.assert_allclose(values, [0.1, 0.1, 0.8, 0.8])


def test_one_score_carries_both_prior_observations():
    np.testing.assert_allclose(fit_isotonic(np.ones(2), np.array([0.0, 1.0]), prior=0.1)[1], (1 + 0.2) / 4)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 1), st.booleans(), st.floats(0.01, 10)),
        min_size=1,
        max_size=30,
    ),
    st.floats(0.01, 0.99),
)
def test_with_a_prior_never_zero_or_one_and_monotone(rows, prior):
    x, target, weight = np.array(rows, dtype=float).T
    knots, values = fit_isotonic(x, target, weight, prior=prior)
    assert (np.diff(knots) > 0).all()
    assert (np.diff(values) >= 0).all()
    assert values[0] > 0
    assert values[-1] < 1


def test_swapping_the_classes_mirrors_the_map():
    x, target = draw()
    grid = np.linspace(0, 1, 101)
    one = np.interp(grid, *fit_isotonic(x, target, prior=0.3))
    other = np.interp(1 - grid, *fit_isotonic(1 - x, 1 - target, prior=0.7))
    np.testing.assert_allclose(one, 1 - other, atol=1e-12)


def test_scores_that_differ_by_rounding_are_ties():
    x = np.array([0.3, np.nextafter(0.3, 1), 0.7])
    knots, values = fit_isotonic(x, np.array([0.0, 1.0, 1.0]))
    np.testing.assert_array_equal(knots, [0.3, 0.7])
    np.testing.assert_array_equal(values, [0.5, 1.0])


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-6, 6), st.booleans()), min_size=1, max_size=60),
    st.sampled_from([None, 0.3]),
    st.booleans(),
)
def test_labels_in_the_last_bit_give_the_fit_of_unit_weights(rows, prior, centered):
    x, hit = np.array([row[0] for row in rows]) / 3.0, np.array([row[1] for row in rows])
    knots, values = fit_isotonic(x.copy(), hit, prior=prior, centered=centered, overwrite=True)
    other_knots, other_values = fit_isotonic(x, hit.astype(float), np.ones(len(x)), prior=prior, centered=centered)
    np.testing.assert_allclose(knots, other_knots, rtol=1e-15, atol=1e-15)
    np.testing.assert_allclose(values, other_values, rtol=1e-12)


def test_pooling_in_rounds_agrees_with_scikit_learn_on_many_rows():
    rng = np.random.default_rng(0)
    x = rng.random(200_000)
    for hit in (rng.random(len(x)) < x, x < 0.5, rng.random(len(x)) < 0.01 * x**3):
        reference = IsotonicRegression().fit(x, hit)
        grid = np.linspace(0.01, 0.99, 999)
        np.testing.assert_allclose(np.interp(grid, *fit_isotonic(x, hit)), reference.predict(grid), atol=1e-12)


def test_scores_are_kept_unless_given_away():
    x = np.array([3.0, 1.0, 2.0])
    fit_isotonic(x, np.array([True, False, True]))
    np.testing.assert_array_equal(x, [3, 1, 2])


@pytest.mark.parametrize("decimals", [None, 5])
def test_extra_memory_is_half_of_the_scores(decimals):
    rng = np.random.default_rng(0)
    x = rng.random(500_000) if decimals is None else rng.random(500_000).round(decimals)
    hit = rng.random(len(x)) < x
    tracemalloc.start()
    fit_isotonic(x, hit, overwrite=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.2 * x.nbytes


@pytest.mark.parametrize("weighted", [False, True])
def test_condensed_points_keep_weight_hits_and_mean(weighted):
    rng = np.random.default_rng(0)
    x, hit = rng.normal(size=150_000), rng.random(150_000) < 0.3
    weight = rng.gamma(1.0, size=150_000) if weighted else None
    unit = np.ones(150_000) if weight is None else weight
    points = condensed(pool_ties(x, hit, weight), 0.25)
    cell = np.floor(x / 0.25).astype(int)
    cell -= cell.min()
    total = np.bincount(cell, weights=unit)
    there = total > 0
    np.testing.assert_allclose(points.total, total[there])
    np.testing.assert_allclose(points.sums, np.bincount(cell, weights=unit * hit)[there])
    np.testing.assert_allclose(points.x, np.bincount(cell, weights=unit * x)[there] / total[there])


def test_one_long_block_takes_no_more_memory():
    n = 2_000_000
    x, hit = np.arange(n, dtype=float), np.arange(n) < n // 2  # falls throughout
    tracemalloc.start()
    fit_isotonic(x, hit, overwrite=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= 0.5 * x.nbytes


def test_scores_from_nowhere_count_as_the_next_inward():
    x = np.array([-36.0, -36.0005, -3.0, -2.0, 2.0, 4.0, 36.0])
    target = (x > 0).astype(float)
    knots, values = fit_isotonic(x, target, centered=True, nowhere=(-36.0, 36.0))
    np.testing.assert_allclose(knots, [(3 * -3 - 2) / 4, (2 + 4 + 4) / 3])
    np.testing.assert_array_equal(values, [0, 1])
    # no block leaves its place, and the fit itself knows of no distances
    alone, values = fit_isotonic(
        np.array([-36.0, -3.0, 36.0]), np.array([0.0, 0.5, 1.0]), centered=True, nowhere=(-36, 36)
    )
    np.testing.assert_array_equal(alone, [-36, -3, 36])
    only, _ = fit_isotonic(np.array([-36.0, 36.0]), np.array([0.0, 1.0]), centered=True, nowhere=(-36, 36))
    np.testing.assert_array_equal(only, [-36, 36])
