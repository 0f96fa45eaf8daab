import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import softmax

from sklearn_lossacc._numerics import floor_blocks
from sklearn_lossacc._numerics.floor_blocks import _derivatives, floor_alone, solve_floor_in_blocks
from sklearn_lossacc._numerics.temperature_blocks import EXACT_ENTRIES, ScoreRows


def draw(n, k, *, noise, temperature=2.0, seed=0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=2, size=(n, k))
    y = (logits + rng.gumbel(size=(n, k))).argmax(axis=1)
    return temperature * logits, np.where(rng.random(n) < noise, rng.integers(0, k, n), y)


def likelihood(place, logits, y, weight):
    beta, floor = place
    proba = softmax(beta * logits, axis=1)[np.arange(len(y)), y]
    return weight @ np.log((1 - floor) * proba + floor / logits.shape[1])


@pytest.mark.parametrize("floor", [0.0, 0.02, 0.3])
@pytest.mark.parametrize("k", [2, 5, 70])
def test_derivatives_are_those_of_the_likelihood(floor, k):
    logits, y = draw(60, k, noise=0.1)
    weight = np.random.default_rng(1).gamma(1.0, size=60)
    value = _derivatives(ScoreRows(logits, y, weight, True), 0.6, floor)[0]
    place = np.array([0.6, floor])
    np.testing.assert_allclose(value, likelihood(place, logits, y, weight), rtol=1e-5)
    step = 1e-4
    for axis in range(2):
        ahead = place + step * np.eye(2)[axis]
        behind = place if axis == 1 and floor == 0 else place - step * np.eye(2)[axis]
        width = (ahead - behind)[axis]
        middle = (ahead + behind) / 2
        up, down = likelihood(ahead, logits, y, weight), likelihood(behind, logits, y, weight)
        there = _derivatives(ScoreRows(logits, y, weight, True), *middle)
        np.testing.assert_allclose(there[1][axis], (up - down) / width, rtol=2e-3, atol=1e-3)
        rise = _derivatives(ScoreRows(logits, y, weight, True), *ahead)[1]
        fall = _derivatives(ScoreRows(logits, y, weight, True), *behind)[1]
        np.testing.assert_allclose(-there[2][axis], (rise - fall) / width, rtol=0.02, atol=0.05)


@pytest.mark.parametrize(("n", "k"), [(230_000, 10), (2200, 1000)])
@pytest.mark.parametrize("noise", [0.0, 0.01, 0.1])
@pytest.mark.parametrize("weighted", [False, True])
def test_summit_over_all_rows(n, k, noise, weighted):
    assert n * k > EXACT_ENTRIES
    logits, y = draw(n, k, noise=noise)
    weight = np.random.default_rng(1).gamma(1.0, size=n) if weighted else None
    unit = np.ones(n) if weight is None else weight
    solution = solve_floor_in_blocks(logits, y, weight, logits=True)
    here = likelihood((solution.beta, solution.floor), logits, y, unit)
    np.testing.assert_allclose(solution.log_likelihood, here, rtol=1e-6)
    for beta, floor in ((1.001, 0), (0.999, 0), (1, 1e-4), (1, -1e-4)):
        elsewhere = solution.beta * beta, max(solution.floor + floor, 0.0)
        assert likelihood(elsewhere, logits, y, unit) <= here + 1e-3


@pytest.mark.parametrize(("n", "k"), [(230_000, 10), (2200, 1000)])
@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_rounding_does_not_prolong_the_search(n, k, noise, monkeypatch):
    logits, y = draw(n, k, noise=noise)
    passes = []
    monkeypatch.setattr(floor_blocks, "_derivatives", lambda *at: passes.append(at) or _derivatives(*at))
    solve_floor_in_blocks(logits, y, logits=True)
    assert len(passes) <= 6


def test_agrees_with_a_general_optimizer():
    logits, y = draw(3000, 4, noise=0.05)
    found = minimize(
        lambda place: -likelihood(place, logits, y, np.ones(3000)), (0.5, 0.05), bounds=[(0.01, 9), (0, 0.5)], tol=1e-12
    )
    solution = solve_floor_in_blocks(logits, y, logits=True)
    np.testing.assert_allclose([solution.beta, solution.floor], found.x, rtol=1e-3)


@pytest.mark.parametrize("temperature", [1e-5, 1e5])
def test_any_scale_of_logits(temperature):
    logits, y = draw(3000, 4, noise=0.05, temperature=1.0)
    plain = solve_floor_in_blocks(logits, y, logits=True)
    solution = solve_floor_in_blocks(temperature * logits, y, logits=True, scale=1 / temperature)
    np.testing.assert_allclose(solution.beta * temperature, plain.beta, rtol=1e-4)
    np.testing.assert_allclose(solution.floor, plain.floor, rtol=1e-3)


def test_floor_alone_by_hand():
    # (1 - e) .9 + e / 2 is .9 - .4 e: with 6 of 8 labels there it should be 6 / 8, so e = .15 / .4.
    scores = np.full(8, 0.9)
    y = np.array([1, 1, 1, 1, 1, 1, 0, 0])
    np.testing.assert_allclose(floor_alone(scores, y, logits=False), 0.375, rtol=1e-6)


def test_weights_are_repetitions():
    logits, y = draw(500, 3, noise=0.1)
    copies = np.random.default_rng(2).integers(0, 4, 500)
    weighted = solve_floor_in_blocks(logits, y, copies.astype(float), logits=True)
    repeated = solve_floor_in_blocks(logits.repeat(copies, axis=0), y.repeat(copies), logits=True)
    np.testing.assert_allclose([weighted.beta, weighted.floor], [repeated.beta, repeated.floor], rtol=1e-5)


@pytest.mark.parametrize("n_rows", [2000, 90_000])
@pytest.mark.parametrize("unit", [1e-300, 1e-60, 1e60, 1e300])
def test_logits_of_any_unit(n_rows, unit):
    logits, y = draw(n_rows, 3, noise=0.1)
    expected = solve_floor_in_blocks(logits, y, logits=True, scale=0.5)
    with np.errstate(all="raise", under="ignore"):
        solution = solve_floor_in_blocks(unit * logits, y, logits=True, scale=0.5 / unit)
    np.testing.assert_allclose(unit * solution.beta, expected.beta, rtol=1e-4)
    np.testing.assert_allclose(solution.floor, expected.floor, rtol=1e-4)


@pytest.mark.parametrize("unit", [1e60, 1e300])
def test_floor_alone_of_certain_logits_is_that_of_the_errors(unit):
    logits, y = draw(2000, 4, noise=0.1)
    errors = (logits.argmax(axis=1) != y).mean()
    np.testing.assert_allclose(floor_alone(unit * logits, y, logits=True), errors * 4 / 3, rtol=1e-6)
