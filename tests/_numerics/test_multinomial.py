import numpy as np
import pytest
from scipy.optimize import minimize

import sklearn_lossacc._numerics.multinomial as module
from sklearn_lossacc._numerics import log_softmax
from sklearn_lossacc._numerics.multinomial import adjusted_scores, fit_multinomial, log_evidence, scores_dtype


def problem(n=400, k=4, seed=0):
    rng = np.random.default_rng(seed)
    x = log_softmax(rng.normal(scale=2, size=(n, k)))
    tilted = x * rng.uniform(0.5, 1.5, k) + x @ rng.normal(scale=0.1, size=(k, k)) + rng.normal(size=k)
    return x, (tilted + rng.gumbel(size=(n, k))).argmax(axis=1), rng.gamma(1.0, size=n)


def objective(theta, x, y, weight, penalty):
    theta = theta.reshape(penalty.shape)
    loss = -log_softmax(adjusted_scores(x, theta))[np.arange(len(y)), y]
    return weight @ loss + (penalty * theta**2).sum()


SHAPES = pytest.mark.parametrize("width", [2, 5], ids=["vector", "matrix"])
SOLVERS = pytest.mark.parametrize("newton_parameters", [600, 0], ids=["newton", "l-bfgs"])


@SHAPES
@SOLVERS
def test_minimum_agrees_with_a_general_solver(width, newton_parameters, monkeypatch):
    monkeypatch.setattr(module, "NEWTON_PARAMETERS", newton_parameters)
    x, y, weight = problem()
    penalty = np.random.default_rng(1).uniform(0.5, 4, (4, width))
    ours = fit_multinomial(x, y, weight, penalty=penalty)
    theirs = minimize(objective, np.zeros(penalty.size), (x, y, weight, penalty), tol=1e-8, options={"maxiter": 5000})
    np.testing.assert_allclose(ours.ravel(), theirs.x, atol=1e-4)
    assert objective(ours, x, y, weight, penalty) <= theirs.fun + 1e-7


@SHAPES
def test_derivatives_agree_with_differences(width):
    x, y, weight = problem(n=50)
    penalty = np.full((4, width), 0.7)
    theta = np.random.default_rng(2).normal(scale=0.3, size=penalty.shape)
    rows = module._Problem(x, y, weight, penalty)
    at, diagonal = rows.evaluate(theta, "full"), rows.evaluate(theta, "diagonal").hessian
    np.testing.assert_allclose(at.value, objective(theta, x, y, weight, penalty))
    np.testing.assert_allclose(np.diag(at.hessian), diagonal.ravel())
    for place in range(theta.size):
        step = np.zeros(theta.size)
        step[place] = 1e-5
        step = step.reshape(theta.shape)
        up, down = rows.evaluate(theta + step), rows.evaluate(theta - step)
        np.testing.assert_allclose((up.value - down.value) / 2e-5, at.gradient.ravel()[place], rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(
            (up.gradient - down.gradient).ravel() / 2e-5, at.hessian[place], rtol=1e-5, atol=1e-5
        )


@SHAPES
def test_weights_are_repetitions(width):
    x, y, _ = problem()
    copies = np.random.default_rng(3).integers(0, 4, len(y))
    penalty = np.ones((4, width))
    np.testing.assert_allclose(
        fit_multinomial(x, y, copies.astype(float), penalty=penalty),
        fit_multinomial(x.repeat(copies, axis=0), y.repeat(copies), penalty=penalty),
        atol=1e-7,
    )


@SHAPES
def test_a_warm_start_changes_nothing(width, monkeypatch):
    x, y, weight = problem(n=4000)
    penalty = np.ones((4, width))
    cold = fit_multinomial(x, y, weight, penalty=penalty)
    monkeypatch.setattr(module, "WARM_ENTRIES", 0)
    np.testing.assert_allclose(fit_multinomial(x, y, weight, penalty=penalty), cold, atol=1e-7)


@SHAPES
def test_scaling_by_each_parameter_finds_the_same(width, monkeypatch):
    monkeypatch.setattr(module, "NEWTON_PARAMETERS", 0)
    x, y, weight = problem()
    penalty = np.random.default_rng(1).uniform(0.5, 4, (4, width))
    blocks = fit_multinomial(x, y, weight, penalty=penalty)
    monkeypatch.setattr(module, "BLOCK_PARAMETERS", 0)
    np.testing.assert_allclose(fit_multinomial(x, y, weight, penalty=penalty), blocks, atol=1e-5)


@SHAPES
@SOLVERS
def test_separable_rows_have_an_answer(width, newton_parameters, monkeypatch):
    monkeypatch.setattr(module, "NEWTON_PARAMETERS", newton_parameters)
    x, _, _ = problem()
    y = x.argmax(axis=1)
    theta = fit_multinomial(x, y, penalty=np.ones((4, width)))
    assert np.isfinite(theta).all()
    weight = np.ones(len(y))
    penalty = np.ones((4, width))
    assert objective(theta, x, y, weight, penalty) < objective(np.zeros_like(theta), x, y, weight, penalty)


def test_evidence_agrees_with_an_integral():
    # Zero scores: only the intercepts speak, and a grid of the plane integrates them out.
    y = (np.arange(400) % 4 == 0).astype(int)
    penalty = np.full((2, 2), 0.8)
    theta = fit_multinomial(np.zeros((400, 2)), y, penalty=penalty)
    grid = np.linspace(-6, 6, 401)
    first, second = np.meshgrid(grid, grid)
    log_joint = 300 * -np.logaddexp(0, second - first) + 100 * -np.logaddexp(0, first - second)
    log_joint += 2 * 0.5 * np.log(0.8 / np.pi) - 0.8 * (first**2 + second**2)
    integral = np.log(np.exp(log_joint - log_joint.max()).sum() * (grid[1] - grid[0]) ** 2) + log_joint.max()
    ours = log_evidence(np.zeros((400, 2)), y, penalty=penalty, theta=theta)
    np.testing.assert_allclose(ours, integral, atol=0.01)


def test_a_given_start_changes_nothing():
    x, y, weight = problem()
    penalty = np.ones((4, 5))
    start = np.random.default_rng(0).normal(scale=0.2, size=(4, 5))
    cold = fit_multinomial(x, y, weight, penalty=penalty)
    np.testing.assert_allclose(fit_multinomial(x, y, weight, penalty=penalty, start=start), cold, atol=1e-7)


@SHAPES
def test_single_precision_ends_well_within_the_standard_error(width, monkeypatch):
    monkeypatch.setattr(module, "NEWTON_PARAMETERS", 0)
    x, y, weight = problem(n=20000)
    penalty = np.ones((4, width))
    exact = fit_multinomial(x, y, weight, penalty=penalty)
    single = fit_multinomial(x.astype(np.float32), y, weight, penalty=penalty)
    lost = objective(single, x, y, weight, penalty) - objective(exact, x, y, weight, penalty)
    assert -1e-6 <= lost < 0.01  # nats, of about 20000; one standard error of one parameter is worth 0.5


@SHAPES
def test_much_work_for_newton_finds_the_same(width, monkeypatch):
    x, y, weight = problem()
    penalty = np.random.default_rng(1).uniform(0.5, 4, (4, width))
    few = fit_multinomial(x, y, weight, penalty=penalty)
    monkeypatch.setattr(module, "NEWTON_WORK", 0)
    np.testing.assert_allclose(fit_multinomial(x, y, weight, penalty=penalty), few, atol=1e-6)


@SHAPES
@SOLVERS
@pytest.mark.parametrize("far", [1e6, 1e300])
def test_a_useless_start_does_no_harm(width, newton_parameters, far, monkeypatch):
    monkeypatch.setattr(module, "NEWTON_PARAMETERS", newton_parameters)
    x, y, weight = problem()
    penalty = np.ones((4, width))
    found = fit_multinomial(x, y, weight, penalty=penalty, start=np.full((4, width), far))
    np.testing.assert_allclose(found, fit_multinomial(x, y, weight, penalty=penalty), atol=1e-4)


def test_a_rough_fit_has_the_loss_of_an_exact_one():
    x, y, weight = problem(n=3000, k=12)
    penalty = np.full((12, 13), 0.5)
    dtype = scores_dtype(len(y), penalty, rough=True)
    assert (dtype, scores_dtype(len(y), penalty)) == (np.float32, np.float64)
    exact, rough = (fit_multinomial(x.astype(one), y, weight, penalty=penalty) for one in (np.float64, dtype))
    least, reached = (objective(theta, x, y, weight, penalty) for theta in (exact, rough))
    assert least <= reached < least + 1e-4 * penalty.size
