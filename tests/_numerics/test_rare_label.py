import numpy as np
import pytest

from sklearn_lossacc._numerics import isotonic
from sklearn_lossacc._numerics.isotonic import fit_isotonic
from sklearn_lossacc._numerics.rare_label import RARE, pool_between

FAR = (-36.0, 35.0)


def draw(n=20_000, *, kind="plain", seed=0):
    """Scores of which about one in 200 has the rare label, mostly the high ones."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    hit = rng.random(n) < 0.005 * np.exp(x - 0.5)
    if kind == "ties":
        x = np.floor(x * 64.0) / 64.0
    if kind == "far":
        x[rng.random(n) < 0.002] = FAR[0]
        x[(rng.random(n) < 0.002) | (hit & (rng.random(n) < 0.5))] = FAR[1]
    if kind == "all far below":
        x[x < x[hit].min()] = FAR[0]
    if kind == "one label":
        hit[:] = False
    return x, hit


def sorted_instead(monkeypatch):
    monkeypatch.setattr(isotonic, "pool_between", lambda *_: None)


@pytest.mark.parametrize("rare_hits", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["plain", "ties", "far", "all far below", "one label"])
@pytest.mark.parametrize("prior", [None, 0.01])
def test_the_map_is_that_of_all_rows_sorted(monkeypatch, kind, weighted, rare_hits, prior):
    x, hit = draw(kind=kind)
    hit = hit if rare_hits else ~hit
    weight = np.random.default_rng(1).integers(0, 4, len(x)).astype(float) if weighted else None
    arguments = {"prior": prior, "centered": True, "nowhere": FAR}
    assert pool_between(x, hit, weight, FAR) is not None  # else two equal ways are compared
    knots, values = fit_isotonic(x, hit, weight, **arguments)
    sorted_instead(monkeypatch)
    expected_knots, expected_values = fit_isotonic(x, hit, weight, **arguments)
    np.testing.assert_allclose(values, expected_values, rtol=1e-12)
    np.testing.assert_allclose(knots, expected_knots, rtol=1e-10, atol=1e-12)


def test_scores_equal_but_for_rounding_are_left_to_the_sort():
    x, hit = draw()
    assert pool_between(x, hit) is not None
    place = np.flatnonzero(hit)[0]
    x[place - 1] = np.nextafter(x[place], np.inf)
    assert pool_between(x, hit) is None


def test_labels_that_are_not_rare_are_left_to_the_sort():
    x = np.random.default_rng(0).normal(size=RARE * 10)
    few = np.arange(len(x)) < 8  # besides the two outermost rows
    assert pool_between(x, few) is not None
    assert pool_between(x, np.arange(len(x)) < 11) is None


def test_totals_and_moments_are_kept():
    x, hit = draw()
    weight = np.random.default_rng(3).gamma(1.0, size=len(x))
    points = pool_between(x, hit, weight)
    assert len(points.x) <= 2 * hit.sum() + 3
    assert (np.diff(points.x) > 0).all()
    np.testing.assert_allclose(points.total.sum(), weight.sum())
    np.testing.assert_allclose(points.sums.sum(), weight[hit].sum())
    np.testing.assert_allclose(points.x @ points.total, x @ weight)
