import numpy as np
import pytest

from sklearn_lossacc._numerics.grid import GridSearch, LinesByGrid

SHAPES = [(1, -1), (-1, 1)]


def columns(kind, n_columns=7, seed=0):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 40, n_columns)
    if kind == "even":
        return [np.linspace(-1.0, 3.0, size) for size in sizes]
    places = [np.unique(rng.standard_cauchy(size)) for size in sizes]
    if kind == "far":  # all others are in one cell
        return [np.append(one, 1e50) for one in places]
    if kind == "near":
        return [np.cumsum(np.full(len(one), 1e-9)) + 1.0 for one in places]
    return places


def values_for(places, n_rows=500, seed=1):
    """Values around the places of each column, and the places themselves."""
    rng = np.random.default_rng(seed)
    return np.stack(
        [np.where(rng.random(n_rows) < 0.3, rng.choice(one, n_rows), rng.choice(one, n_rows) + rng.normal(size=n_rows))
         for one in places],
        axis=1,
    )  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", ["even", "heavy", "far", "near"])
def test_the_place_found_is_that_of_searchsorted(kind, shape):
    places = columns(kind)
    x = values_for(places)
    first = np.cumsum([0] + [len(one) for one in places[:-1]])
    inside = np.stack([np.clip(column, one[0], one[-1]) for column, one in zip(x.T, places, strict=True)], axis=1)
    expected = [
        begin + np.searchsorted(one, column, side="right") - 1
        for begin, column, one in zip(first, inside.T, places, strict=True)
    ]
    given = inside if shape == (1, -1) else np.ascontiguousarray(inside.T)
    found = GridSearch(places, shape).find(given)
    np.testing.assert_array_equal(found if shape == (-1, 1) else found.T, expected)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", ["even", "heavy", "far", "near"])
def test_lines_are_those_of_interp(kind, shape):
    knots = columns(kind)
    values = [np.sort(np.random.default_rng(2).normal(size=len(one))) for one in knots]
    x = values_for(knots)
    expected = [np.interp(column, *line) for column, *line in zip(x.T, knots, values, strict=True)]
    given = x.copy() if shape == (1, -1) else np.ascontiguousarray(x.T)
    result = LinesByGrid(knots, values, shape).apply(given, given)
    assert result is given
    np.testing.assert_allclose(result if shape == (-1, 1) else result.T, expected, rtol=1e-12, atol=1e-12)


def test_a_column_of_one_place_is_constant():
    lines = LinesByGrid([np.array([2.0]), np.array([0.0, 1.0])], [np.array([5.0]), np.array([0.0, 1.0])], (1, -1))
    x = np.array([[-1e50, -1e50], [2.0, 0.25], [1e50, 1e50]])
    np.testing.assert_array_equal(lines.apply(x, x), [[5.0, 0.0], [5.0, 0.25], [5.0, 1.0]])
