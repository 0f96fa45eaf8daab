import numpy as np
from scipy.optimize import minimize

from sklearn_lossacc._numerics.mixture_weights import fit_mixture_weights


def test_optimum_agrees_with_a_general_solver():
    for seed in range(10):
        rng = np.random.default_rng(seed)
        density = rng.beta(0.3, 0.6, size=(300, 3)) + 1e-9
        weight = rng.gamma(1.0, size=300)
        ours = fit_mixture_weights(density, weight)
        assert (ours >= 0).all()
        np.testing.assert_allclose(ours.sum(), 1)
        theirs = minimize(
            lambda share, d=density, w=weight: -w @ np.log(d @ share),
            np.full(3, 1 / 3),
            bounds=[(1e-9, 1)] * 3,
            constraints={"type": "eq", "fun": lambda share: share.sum() - 1},
            tol=1e-10,
        ).x
        np.testing.assert_allclose(ours, theirs, atol=1e-3)
        assert weight @ np.log(density @ ours) >= weight @ np.log(density @ theirs) - 1e-7


def test_useless_components_get_exactly_nothing():
    density = np.column_stack([np.linspace(0.5, 0.9, 50), np.full(50, 0.1), np.full(50, 0.3)])
    np.testing.assert_array_equal(fit_mixture_weights(density), [1, 0, 0])


def test_equal_components_and_impossible_rows_are_no_trouble():
    column = np.random.default_rng(0).random(100)
    share = fit_mixture_weights(np.column_stack([column, column, np.full(100, 0.01)]))
    assert np.isfinite(share).all()
    density = np.array([[1.0, 0.0], [0.0, 1e-50], [1.0, 0.5]])
    share = fit_mixture_weights(density)
    assert np.isfinite(share).all()
    assert 0 < share[1] < 1


def test_weights_are_repetitions():
    rng = np.random.default_rng(0)
    density, copies = rng.random((60, 3)), rng.integers(0, 4, 60)
    np.testing.assert_allclose(
        fit_mixture_weights(density, copies.astype(float)),
        fit_mixture_weights(density.repeat(copies, axis=0)),
        atol=1e-9,
    )


def test_a_first_step_may_not_rule_out_rare_rows():
    # Without the few rows of the first component, the second and third would do.
    p = np.random.default_rng(0).uniform(0.1, 0.3, 4000)
    rare = np.arange(4000) < 5
    density = np.stack([rare, ~rare, np.where(rare, p, 1.0 - p)], axis=1).astype(float)
    share = fit_mixture_weights(density)
    slope = (density / (density @ share)[:, None]).mean(axis=0)
    np.testing.assert_allclose(slope[share > 0], 1.0, atol=1e-9)
    assert slope.max() <= 1.0 + 1e-9


def test_components_alike_to_every_row_share_alike():
    np.testing.assert_array_equal(fit_mixture_weights(np.ones((3, 4))), np.full(4, 0.25))
    np.testing.assert_array_equal(fit_mixture_weights(np.zeros((1, 2)), np.ones(1)), [0.5, 0.5])
