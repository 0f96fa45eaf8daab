import numpy as np
import pytest

from sklearn_lossacc._numerics import cells, isotonic
from sklearn_lossacc._numerics.cells import FEWEST, Cells, pool_cells
from sklearn_lossacc._numerics.isotonic import fit_isotonic

FAR = (-36.0, 35.0)
KINDS = ["plain", "ties", "near ties", "far", "heavy tails", "wrong way", "one label", "steps", "two heaps"]


def draw(n=2 * FEWEST, *, kind="plain", seed=0):
    """Scores and labels that become likelier with the score."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    if kind == "two heaps":
        x = np.where(rng.random(n) < 0.7, -20.0 + 3.0 * x, 4.0 + x)
    hit = rng.random(n) < 1.0 / (1.0 + np.exp(1.5 - x))
    if kind == "ties":
        x = np.floor(x * 2000.0) / 2000.0
    if kind == "near ties":
        x = np.floor(x * 2000.0) / 2000.0 * (1.0 + rng.integers(-2, 3, n) * 2.0**-52)
    if kind == "far":
        x[rng.random(n) < 0.02] = FAR[0]
        x[(rng.random(n) < 0.002) | (hit & (rng.random(n) < 0.1))] = FAR[1]
    if kind == "heavy tails":
        x = rng.standard_t(2, n) * 3.0
    if kind == "wrong way":
        x = -x
    if kind == "one label":
        hit[:] = False
    if kind == "steps":
        hit = (x > -1.0) & ((x < 0.0) | (x > 1.0))
    return x, hit


def sorted_instead(monkeypatch):
    monkeypatch.setattr(isotonic, "pool_cells", lambda *_, **__: None)


@pytest.mark.parametrize("centered", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("prior", [None, 0.1])
@pytest.mark.parametrize("kind", KINDS)
def test_the_map_is_that_of_all_rows_sorted(monkeypatch, kind, prior, weighted, centered):
    x, hit = draw(kind=kind)
    weight = np.random.default_rng(1).integers(0, 4, len(x)).astype(float) if weighted else None
    arguments = {"prior": prior, "nowhere": FAR}
    assert pool_cells(x, hit, weight, **arguments) is not None  # else two equal ways are compared
    monkeypatch.setattr(isotonic, "pool_between", lambda *_: None)
    knots, values = fit_isotonic(x, hit, weight, centered=centered, **arguments)
    sorted_instead(monkeypatch)
    expected_knots, expected_values = fit_isotonic(x, hit, weight, centered=centered, **arguments)
    np.testing.assert_allclose(values, expected_values, rtol=1e-12)
    np.testing.assert_allclose(knots, expected_knots, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_ties_across_the_border_of_two_cells_are_pooled(monkeypatch, seed):
    x, hit = draw(seed=seed)
    laid = Cells.of(x, (x.min(), x.max()))
    borders = laid.low + laid.width * np.arange(1, laid.number)
    nearest = borders[np.clip(np.searchsorted(borders, x), 0, len(borders) - 1)]
    moved = np.random.default_rng(seed).random(len(x)) < 0.3
    x[moved] = nearest[moved] * (1.0 + np.random.default_rng(seed).choice([-4e-14, 0.0, 4e-14], moved.sum()))
    points = pool_cells(x, hit, prior=0.2)
    assert points is not None
    knots, values = fit_isotonic(x, hit, prior=0.2, centered=True)
    sorted_instead(monkeypatch)
    expected_knots, expected_values = fit_isotonic(x, hit, prior=0.2, centered=True)
    np.testing.assert_allclose(values, expected_values, rtol=1e-12)
    np.testing.assert_allclose(knots, expected_knots, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("prior", [None, 0.05, 0.6])
@pytest.mark.parametrize("centered", [True, False])
def test_small_samples_agree_as_well(monkeypatch, centered, prior):
    monkeypatch.setattr(cells, "FEWEST", 1)
    monkeypatch.setattr(cells, "MOST", 0.9)
    taken = 0
    for seed in range(400):
        x, hit = draw(200, seed=seed, kind=KINDS[seed % len(KINDS)])
        points = pool_cells(x, hit, prior=prior, nowhere=FAR)
        if points is None:
            continue
        taken += len(points.x) < len(np.unique(x))
        knots, values = fit_isotonic(x, hit, prior=prior, centered=centered, nowhere=FAR)
        with monkeypatch.context() as patch:
            sorted_instead(patch)
            expected_knots, expected_values = fit_isotonic(x, hit, prior=prior, centered=centered, nowhere=FAR)
        np.testing.assert_allclose(values, expected_values, rtol=1e-12)
        np.testing.assert_allclose(knots, expected_knots, rtol=1e-9, atol=1e-12)
    assert taken > 100


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_scores_that_begin_a_cell_stay_in_it(monkeypatch, sign):
    x, hit = draw(kind="steps")
    x = sign * np.abs(x) + sign
    laid = Cells.of(x, (x.min(), x.max()))
    borders = laid.low + laid.width * np.arange(1, laid.number)
    for _ in range(8):  # the outermost float of the cell that is farther out
        inward = np.nextafter(borders, 0.0)
        borders = np.where(laid.find(inward) == laid.find(borders), inward, np.nextafter(borders, sign * np.inf))
    odd = borders[(borders.view(np.int64) & 1 == 1) & (laid.find(borders) != laid.find(np.nextafter(borders, 0.0)))]
    assert len(odd) > 100
    x[: len(odd)] = odd
    points = pool_cells(x, hit, prior=0.3)
    assert (np.diff(points.x) > 0).all()
    knots, values = fit_isotonic(x, hit, prior=0.3, centered=True)
    sorted_instead(monkeypatch)
    expected_knots, expected_values = fit_isotonic(x, hit, prior=0.3, centered=True)
    np.testing.assert_allclose(values, expected_values, rtol=1e-12)
    np.testing.assert_allclose(knots, expected_knots, rtol=1e-9)


def test_few_rows_are_sorted():
    x, hit = draw()
    assert len(pool_cells(x, hit).x) < len(x) / 4


@pytest.mark.parametrize("kind", ["few rows", "equal", "nearly equal", "few scores"])
def test_what_is_sorted_as_quickly_is_left_to_the_sort(kind):
    x, hit = draw()
    if kind == "few rows":
        x, hit = x[: FEWEST - 1], hit[: FEWEST - 1]
    if kind == "equal":
        x[:] = 3.0
    if kind == "nearly equal":
        x = 1.0 + 1e-11 * x
    if kind == "few scores":
        x = np.round(x)
    assert pool_cells(x, hit) is None


def test_totals_and_moments_are_kept(monkeypatch):
    monkeypatch.setattr(cells, "BLOCK_ROWS", 1000)
    x, hit = draw(kind="far")
    weight = np.random.default_rng(3).gamma(1.0, size=len(x))
    points = pool_cells(x, hit, weight, nowhere=FAR)
    assert (np.diff(points.x) > 0).all()
    np.testing.assert_allclose(points.total.sum(), weight.sum())
    np.testing.assert_allclose(points.sums.sum(), weight[hit].sum())
    np.testing.assert_allclose(points.x @ points.total, x @ weight)
