import numpy as np
from scipy.optimize import minimize

from sklearn_lossacc._numerics.logistic import fit_logistic


def problem(n=200, f=3, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, f))
    hit = (x @ np.array([1.0, -0.5, 0.2])[:f] + rng.logistic(size=n) > 0).astype(float)
    return x, hit, rng.gamma(1.0, size=n)


def objective(coef, x, hit, weight, center, penalty):
    z = x @ coef
    return weight @ (np.logaddexp(0, z) - hit * z) + 0.5 * (coef - center) @ penalty @ (coef - center)


def test_minimum_agrees_with_a_general_solver():
    x, hit, weight = problem()
    center, penalty = np.array([1.0, 1.0, 0.0]), np.diag([2.0, 1.0, 0.5]) + 0.1
    ours = fit_logistic(x, hit, weight, center=center, penalty=penalty)
    theirs = minimize(objective, center, (x, hit, weight, center, penalty), tol=1e-12).x
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_signs_agree_with_a_bounded_solver():
    for seed in range(8):
        x, hit, weight = problem(seed=seed)
        center, penalty = np.array([1.0, 1.0, 0.0]), np.eye(3) + 0.3
        ours = fit_logistic(x, hit, weight, center=center, penalty=penalty, nonnegative=(0, 1, 2))
        theirs = minimize(
            objective, center, (x, hit, weight, center, penalty), bounds=[(0, None)] * 3, tol=1e-14, method="L-BFGS-B"
        )
        assert (ours >= 0).all()
        np.testing.assert_allclose(ours, theirs.x, atol=1e-4)
        assert objective(ours, x, hit, weight, center, penalty) <= theirs.fun + 1e-9


def test_weights_are_repetitions():
    x, hit, _ = problem()
    copies = np.random.default_rng(1).integers(0, 4, len(hit))
    center, penalty = np.zeros(3), np.eye(3)
    np.testing.assert_allclose(
        fit_logistic(x, hit, copies.astype(float), center=center, penalty=penalty),
        fit_logistic(x.repeat(copies, axis=0), hit.repeat(copies), center=center, penalty=penalty),
        rtol=1e-9,
    )


def test_separable_and_huge_features_have_an_answer():
    x = np.array([[-700.0], [-1e-3], [1e-3], [700.0]])
    coef = fit_logistic(x, np.array([0.0, 0.0, 1.0, 1.0]), center=np.ones(1), penalty=np.eye(1))
    assert 0.9 < coef[0] < 10
    wrong = fit_logistic(x, np.array([1.0, 1.0, 0.0, 0.0]), center=np.ones(1), penalty=np.eye(1))
    assert -1 < wrong[0] < 0.1
