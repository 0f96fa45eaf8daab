import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import log_softmax

from sklearn_lossacc._numerics.links import LOG_CLIP
from sklearn_lossacc._numerics.temperature import solve_temperature


def draw(n, k, *, temperature=1.0, seed=0, scale=2.0):
    """Labels drawn from softmax(z), and the logits temperature * z that a model would report."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=scale, size=(n, k))
    y = (logits + rng.gumbel(size=(n, k))).argmax(axis=1)
    return temperature * logits, y


def slope(beta, log_proba, y, weight):
    tilted = np.exp(log_softmax(beta * log_proba, axis=1))
    residual = log_proba[np.arange(len(y)), y] - (tilted * log_proba).sum(axis=1)
    return weight @ residual


@pytest.mark.parametrize("temperature", [1e-4, 0.3, 1.0, 2.5, 300.0])
@pytest.mark.parametrize("k", [2, 3, 40])
@pytest.mark.parametrize("weighted", [False, True])
def test_root_of_the_slope_found_by_brent(temperature, k, weighted):
    logits, y = draw(400, k, temperature=temperature)
    weight = np.random.default_rng(1).gamma(1.0, size=400) if weighted else None
    reference = brentq(
        slope, 1e-9, 1e6, args=(logits, y, np.ones(400) if weight is None else weight), xtol=1e-14, rtol=1e-14
    )
    solution = solve_temperature(logits, y, weight)
    assert solution.outcome == "converged"
    np.testing.assert_allclose(solution.beta, reference, rtol=1e-8)
    np.testing.assert_allclose(
        solution.log_loss,
        -np.average(log_softmax(reference * logits, axis=1)[np.arange(400), y], weights=weight),
        rtol=1e-12,
    )


def test_few_passes_on_ordinary_data():
    logits, y = draw(5000, 10, temperature=2.5)
    assert solve_temperature(logits, y).n_passes <= 7


def test_information_is_the_negative_second_derivative():
    logits, y = draw(300, 4)
    weight = np.linspace(0.5, 2.0, 300)
    solution = solve_temperature(logits, y, weight)
    numeric = (slope(solution.beta - 1e-5, logits, y, weight) - slope(solution.beta + 1e-5, logits, y, weight)) / 2e-5
    np.testing.assert_allclose(solution.information, numeric, rtol=1e-6)


def test_separable():
    logits, _ = draw(50, 3)
    solution = solve_temperature(logits, logits.argmax(axis=1))
    assert (solution.beta, solution.outcome) == (1.0, "separable")


def test_separable_up_to_a_tie():
    solution = solve_temperature(np.array([[0.0, 2.0], [1.0, 1.0]]), np.array([1, 0]))
    assert solution.outcome == "separable"


def test_one_wrong_row_of_weight_zero_is_still_separable():
    logits, _ = draw(50, 3)
    y = logits.argmax(axis=1)
    y[7] = logits[7].argmin()
    weight = np.ones(50)
    weight[7] = 0.0
    assert solve_temperature(logits, y, weight).outcome == "separable"
    assert solve_temperature(logits, y).outcome == "converged"


def test_nearly_separable_has_its_finite_optimum():
    # 999 rows at log odds 10 and one wrong by 1e-9: 9990 / (1 + exp(10 beta)) = 1e-9 / 2.
    log_proba = np.tile([0.0, 10.0], (1000, 1))
    log_proba[0] = [0.0, -1e-9]
    solution = solve_temperature(log_proba, np.ones(1000, dtype=int))
    assert solution.outcome == "converged"
    np.testing.assert_allclose(solution.beta, np.log(2 * 9990 / 1e-9) / 10, rtol=1e-6)


@pytest.mark.parametrize("start", [1e-3, 1.0, 1e3])
def test_uninformative(start):
    logits, _ = draw(200, 3)
    solution = solve_temperature(logits, logits.argmin(axis=1), start=start)
    assert (solution.beta, solution.outcome) == (0.0, "uninformative")
    np.testing.assert_allclose(solution.log_loss, np.log(3))


def test_equal_scores_are_uninformative():
    assert solve_temperature(np.zeros((6, 3)), np.arange(6) % 3).outcome == "uninformative"


def test_slope_at_zero_just_positive():
    # k = 2 at log odds 1: beta is the log odds of the label counts, here 501 to 499.
    y = np.repeat([1, 0], [501, 499])
    solution = solve_temperature(np.tile([0.0, 1.0], (1000, 1)), y)
    np.testing.assert_allclose(solution.beta, np.log(501 / 499), rtol=1e-8)


def test_zero_probabilities_count_as_the_floor():
    logits, y = draw(200, 3)
    log_proba = log_softmax(logits, axis=1)
    log_proba[::17, 0] = -np.inf
    floored = np.where(np.isneginf(log_proba), LOG_CLIP, log_proba)
    given, expected = solve_temperature(log_proba, y), solve_temperature(floored, y)
    assert given == expected
    assert np.isneginf(log_proba).any()  # the caller's array is untouched


@pytest.mark.parametrize("k", [2, 7])
def test_weights_are_repetitions(k):
    logits, y = draw(150, k)
    copies = np.random.default_rng(2).integers(0, 4, 150)
    weighted = solve_temperature(logits, y, copies.astype(float))
    repeated = solve_temperature(np.repeat(logits, copies, axis=0), np.repeat(y, copies))
    np.testing.assert_allclose(weighted.beta, repeated.beta, rtol=1e-8)
    np.testing.assert_allclose(weighted.information, repeated.information, rtol=1e-8)
    np.testing.assert_allclose(weighted.log_loss, repeated.log_loss, rtol=1e-12)


def test_row_shifts_change_nothing():
    logits, y = draw(150, 4)
    shift = np.random.default_rng(3).normal(scale=100, size=(150, 1))
    np.testing.assert_allclose(solve_temperature(logits + shift, y).beta, solve_temperature(logits, y).beta, rtol=1e-9)


def test_never_worse_than_beta_one():
    for seed in range(20):
        logits, y = draw(12, 3, temperature=3.0, seed=seed)
        raw = -log_softmax(logits, axis=1)[np.arange(12), y].mean()
        assert solve_temperature(logits, y).log_loss <= raw + 1e-12


def test_one_step_from_a_place_nearby_errs_by_its_fifth_power():
    logits, y = draw(5000, 10, temperature=2.5)
    exact = solve_temperature(logits, y, tol=1e-6).beta
    for away, error in ((1e-1, 1e-5), (1e-2, 1e-10)):
        near = solve_temperature(logits, y, start=exact * (1 + away), tol=2 * away)
        assert near.n_passes == 1
        np.testing.assert_allclose(near.beta, exact, rtol=error)


def test_scores_whose_higher_powers_overflow():
    logits, y = draw(400, 3)
    solution = solve_temperature(1e80 * logits, y, start=1e-80)
    assert solution.outcome == "converged"
    np.testing.assert_allclose(1e80 * solution.beta, solve_temperature(logits, y).beta, rtol=1e-9)
