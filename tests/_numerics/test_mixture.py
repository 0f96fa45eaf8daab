import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_softmax

from sklearn_lossacc._numerics.mixture import MAX_FLOOR, fit_mixture, fit_mixture_rows, mixture_proba, profile_floor
from sklearn_lossacc._numerics.mixture_rows import MixtureRows
from sklearn_lossacc._numerics.temperature import solve_temperature

TERMS = [{"temperature": t, "bias": b, "floor": f} for t in (False, True) for b in (False, True) for f in (False, True)]


def planted(seed, n, k, *, beta=1.0, bias=None, floor=0.0, scale=2.0):
    """Labels from (1 - e) softmax(beta L + b) + e / k, and L."""
    rng = np.random.default_rng(seed)
    log_proba = log_softmax(rng.normal(scale=scale, size=(n, k)), axis=1)
    scores = beta * log_proba + (np.zeros(k) if bias is None else bias)
    y = (scores + rng.gumbel(size=(n, k))).argmax(axis=1)
    return log_proba, np.where(rng.random(n) < floor, rng.integers(k, size=n), y)


def log_likelihood(log_proba, y, weight, beta, bias, floor):
    """The definition, with no care for speed."""
    p = np.exp(log_softmax(beta * log_proba + bias, axis=1))[np.arange(len(y)), y]
    with np.errstate(divide="ignore"):
        return float(weight @ np.log((1 - floor) * p + floor / log_proba.shape[1]))


def by_quasi_newton(log_proba, y, weight, terms, starts=((1.0, 0.05), (0.4, 0.2), (2.5, 0.02))):
    """The largest likelihood that L-BFGS-B finds from several starts."""
    k = log_proba.shape[1]

    def objective(theta):
        theta = list(theta)
        beta = theta.pop(0) if terms["temperature"] else 1.0
        floor = theta.pop() if terms["floor"] else 0.0
        return -log_likelihood(log_proba, y, weight, beta, np.array(theta) if terms["bias"] else np.zeros(k), floor)

    best = -np.inf
    for beta, floor in starts:
        start = [beta] * terms["temperature"] + [0.0] * (k * terms["bias"]) + [floor] * terms["floor"]
        bounds = (
            [(1e-2, 1e2)] * terms["temperature"] + [(-20, 20)] * (k * terms["bias"]) + [(0, MAX_FLOOR)] * terms["floor"]
        )
        found = minimize(objective, start, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-15, "gtol": 1e-9})
        best = max(best, -found.fun)
    return best


# -- the floor alone ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("weighted", [False, True])
def test_profile_floor_against_a_scalar_search(seed, weighted):
    rng = np.random.default_rng(seed)
    k, n = int(rng.integers(2, 30)), int(rng.integers(5, 500))
    p = rng.beta(rng.choice([0.05, 0.5, 3.0]), rng.choice([0.05, 0.5]), size=n)
    weight = rng.gamma(1.0, size=n) if weighted else None
    w = np.ones(n) if weight is None else weight

    def loss(floor):
        with np.errstate(divide="ignore"):
            return -w @ np.log((1 - floor) * p + floor / k)

    searched = minimize_scalar(loss, bounds=(0, MAX_FLOOR), method="bounded", options={"xatol": 1e-10})
    floor = profile_floor(p, weight, k)
    assert loss(floor) <= searched.fun + 1e-9
    if 1e-4 < searched.x < MAX_FLOOR - 1e-4:
        np.testing.assert_allclose(floor, searched.x, rtol=1e-5)


def test_profile_floor_by_hand():
    # 3 of 10 labels are impossible, the others certain, k = 2: (1 - e/2)^7 (e/2)^3 is largest at e/2 = 3/10.
    p = np.array([0.0] * 3 + [1.0] * 7)
    np.testing.assert_allclose(profile_floor(p, None, 2), 0.5)  # 0.6 is capped
    p = np.array([0.0] * 2 + [1.0] * 8)
    np.testing.assert_allclose(profile_floor(p, None, 2), 0.4, rtol=1e-9)
    np.testing.assert_allclose(profile_floor(p, None, 4), 0.8 / 3, rtol=1e-9)  # e (k - 1) / k = 1/5


def test_profile_floor_at_its_limits():
    assert profile_floor(np.full(5, 0.6), None, 2) == 0.0
    assert profile_floor(np.full(5, 0.4), None, 2) == MAX_FLOOR
    assert profile_floor(np.full(5, 0.5), None, 2) == 0.0  # nothing to gain: no floor
    n = 100_000
    one_zero = np.concatenate([[0.0], np.full(n - 1, 1.0 - 1e-9)])
    np.testing.assert_allclose(profile_floor(one_zero, None, 2), 2 / n, rtol=1e-3)


def test_profile_floor_where_the_curvature_underflows():
    assert profile_floor(np.full(10, 1 / 3 - 1e-5), np.full(10, 1e-319), 3) == MAX_FLOOR


@pytest.mark.parametrize("near", [1e-9, 0.01, 0.3999, 0.4, 0.45])
def test_profile_floor_does_not_depend_on_where_it_starts(near):
    p = np.array([0.0] * 2 + [1.0] * 8)
    np.testing.assert_allclose(profile_floor(p, None, 2, near), 0.4, rtol=1e-9)
    assert profile_floor(np.full(5, 0.6), None, 2, near) == 0.0
    assert profile_floor(np.full(5, 0.4), None, 2, near) == MAX_FLOOR


@pytest.mark.parametrize("tiny", [0.0, 1e-320, 1e-300, 1e-160, 1e-100])
def test_profile_floor_with_an_impossible_label(tiny):
    p = np.concatenate([[tiny], np.full(99, 0.9)])
    np.testing.assert_allclose(profile_floor(p, None, 2), profile_floor(np.r_[1e-30, p[1:]], None, 2), rtol=1e-9)


# -- the fits ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("terms", TERMS[1:], ids=lambda terms: "-".join(t for t in terms if terms[t]))
@pytest.mark.parametrize(("seed", "k", "weighted"), [(0, 2, False), (1, 3, True), (2, 6, True), (3, 4, False)])
def test_likelihood_against_quasi_newton(terms, seed, k, weighted):
    bias = np.linspace(-0.8, 0.8, k)
    log_proba, y = planted(seed, 400, k, beta=0.6, bias=bias, floor=0.1)
    weight = np.random.default_rng(seed).gamma(2.0, size=400) if weighted else None
    w = np.ones(400) if weight is None else weight
    fit = fit_mixture(log_proba, y, weight, **terms)
    np.testing.assert_allclose(
        fit.log_likelihood, log_likelihood(log_proba, y, w, fit.beta, fit.bias, fit.floor), rtol=1e-12
    )
    assert fit.log_likelihood >= by_quasi_newton(log_proba, y, w, terms) - 1e-5


@pytest.mark.parametrize("seed", range(8))
def test_gradient_is_zero_at_the_fit(seed):
    k = 2 + seed % 4
    log_proba, y = planted(seed, 500, k, beta=0.7, bias=np.linspace(-1, 1, k), floor=0.15)
    fit = fit_mixture(log_proba, y, bias=True)
    w = np.ones(500)

    def at(beta, bias, floor):
        return log_likelihood(log_proba, y, w, beta, bias, floor)

    h = 1e-5
    gradient = [(at(fit.beta + h, fit.bias, fit.floor) - at(fit.beta - h, fit.bias, fit.floor)) / (2 * h)]
    gradient.append((at(fit.beta, fit.bias, fit.floor + h) - at(fit.beta, fit.bias, fit.floor - h)) / (2 * h))
    for step in h * np.eye(k):
        gradient.append((at(fit.beta, fit.bias + step, fit.floor) - at(fit.beta, fit.bias - step, fit.floor)) / (2 * h))
    assert 0 < fit.floor < MAX_FLOOR
    np.testing.assert_allclose(gradient, 0.0, atol=2e-3)  # in nats of 500 rows; ridge and differencing included


def test_temperature_alone_agrees_with_the_temperature_search():
    log_proba, y = planted(0, 800, 5, beta=0.4)
    weight = np.random.default_rng(1).gamma(1.0, size=800)
    fit = fit_mixture(log_proba, y, weight, floor=False)
    np.testing.assert_allclose(fit.beta, solve_temperature(log_proba, y, weight).beta, rtol=1e-5)
    assert fit.floor == 0.0
    assert not fit.bias.any()


def test_bias_alone_makes_expected_class_totals_equal_the_observed():
    log_proba, y = planted(0, 800, 5, bias=np.array([1.0, 0.0, -1.0, 0.5, -0.5]))
    fit = fit_mixture(log_proba, y, temperature=False, bias=True, floor=False)
    expected = mixture_proba(log_proba, fit.beta, fit.bias, fit.floor).sum(axis=0)
    np.testing.assert_allclose(expected, np.bincount(y, minlength=5), atol=1e-2)
    np.testing.assert_allclose(fit.bias.sum(), 0.0, atol=1e-12)


@pytest.mark.parametrize("k", [2, 5, 20])
def test_planted_parameters_are_recovered(k):
    bias = np.linspace(-0.7, 0.7, k)
    log_proba, y = planted(4, 40_000, k, beta=0.5, bias=bias, floor=0.12, scale=4.0)
    fit = fit_mixture(log_proba, y, bias=True)
    np.testing.assert_allclose(fit.beta, 0.5, atol=0.03)
    np.testing.assert_allclose(fit.floor, 0.12, atol=0.02)
    np.testing.assert_allclose(fit.bias, bias, atol=0.15)


def test_fixed_floor():
    log_proba, y = planted(0, 500, 3, floor=0.2)
    fit = fit_mixture(log_proba, y, floor=False, floor_value=0.2)
    assert fit.floor == 0.2
    best = minimize_scalar(
        lambda beta: -log_likelihood(log_proba, y, np.ones(500), beta, np.zeros(3), 0.2),
        bounds=(0.1, 5),
        method="bounded",
        options={"xatol": 1e-9},
    )
    np.testing.assert_allclose(fit.beta, best.x, rtol=1e-5)
    free = fit_mixture(log_proba, y)
    profiled = fit_mixture(log_proba, y, floor=False, floor_value=free.floor)
    np.testing.assert_allclose(profiled.log_likelihood, free.log_likelihood, rtol=1e-10)


def test_larger_models_are_never_less_likely():
    log_proba, y = planted(5, 300, 4, beta=1.3, floor=0.05)
    value = {tuple(terms.values()): fit_mixture(log_proba, y, **terms).log_likelihood for terms in TERMS}
    for small in value:
        for large in value:
            if all(a <= b for a, b in zip(small, large, strict=True)):
                assert value[large] >= value[small] - 1e-7


def test_flat_likelihoods_are_climbed_to_the_end():
    # Few rows that say little about a floor: the likelihood is not concave, and plain EM steps stop short.
    stopped = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        k, n = int(rng.integers(2, 6)), int(rng.integers(30, 300))
        log_proba, y = planted(seed, n, k, beta=rng.choice([0.3, 1.0, 3.0]), floor=0.1, scale=0.5)
        fit = fit_mixture(log_proba, y)
        best = minimize_scalar(
            lambda beta, log_proba=log_proba, y=y: -fit_mixture(beta * log_proba, y, temperature=False).log_likelihood,
            bounds=(max(0.8 * fit.beta, 1e-3), 1.25 * fit.beta),
            method="bounded",
        )
        stopped.append(-best.fun - fit.log_likelihood)
    assert max(stopped) < 1e-4


@pytest.mark.parametrize("k", [2, 7, 300])
def test_fits_to_the_same_rows_do_not_meddle_with_each_other(k):
    log_proba, y = planted(11, 500, k, beta=0.7, bias=np.linspace(-1, 1, k), floor=0.1)
    rows = MixtureRows(log_proba, y)
    for terms in TERMS[:4] + TERMS[::-1]:
        shared, alone = fit_mixture_rows(rows, **terms), fit_mixture(log_proba, y, **terms)
        assert (shared.beta, shared.floor, shared.log_likelihood) == (alone.beta, alone.floor, alone.log_likelihood)
        np.testing.assert_array_equal(shared.bias, alone.bias)
    assert fit_mixture_rows(rows, temperature=False, starts=(0.7,)).beta == 0.7


@pytest.mark.parametrize("k", [3, 300])
@pytest.mark.parametrize("spread", [1.0, 250.0, 5000.0])
def test_the_law_of_the_rows(k, spread):
    # In blocks, by label, and from exponentials that are shifted by one number for all rows where that is safe.
    log_proba, y = planted(12, 700, k)
    bias = np.random.default_rng(12).permutation(np.linspace(-spread, 0.0, k))
    rows = MixtureRows(log_proba, y)
    law, without = rows.law(0.8, bias, True), rows.law(0.8, None, True)
    order = np.argsort(y, kind="stable")
    log_q = log_softmax(0.8 * log_proba + bias, axis=1)[order]
    np.testing.assert_allclose(law.log_q, log_q[np.arange(700), y[order]], atol=1e-10)
    np.testing.assert_allclose((law.mass / law.total).T, np.exp(log_q), atol=1e-12)
    scores = (log_proba - log_proba.max(axis=1, keepdims=True))[order]
    for found, q in ((law, np.exp(log_q)), (without, np.exp(log_softmax(0.8 * scores, axis=1)))):
        np.testing.assert_allclose(found.mean, (q * scores).sum(axis=1), atol=1e-10)
        np.testing.assert_allclose(found.square, (q * scores**2).sum(axis=1), atol=1e-9)


# -- laws ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("terms", TERMS[1:], ids=lambda terms: "-".join(t for t in terms if terms[t]))
def test_weight_is_repetition(terms):
    log_proba, y = planted(6, 300, 4, beta=0.6, bias=np.array([0.5, 0, 0, -0.5]), floor=0.1)
    times = np.random.default_rng(6).integers(1, 4, size=300)
    rows = np.repeat(np.arange(300), times)
    weighted = fit_mixture(log_proba, y, times.astype(float), **terms)
    repeated = fit_mixture(log_proba[rows], y[rows], **terms)
    np.testing.assert_allclose(weighted.log_likelihood, repeated.log_likelihood, rtol=1e-10)
    np.testing.assert_allclose(weighted.beta, repeated.beta, rtol=1e-5)
    np.testing.assert_allclose(weighted.floor, repeated.floor, atol=1e-6)
    np.testing.assert_allclose(weighted.bias, repeated.bias, atol=1e-5)


@pytest.mark.parametrize("factor", [1e-9, 1e-3, 1e6])
def test_scaled_weights_leave_the_answer_alone(factor):
    log_proba, y = planted(7, 300, 3, beta=0.6, bias=np.array([0.5, 0, -0.5]), floor=0.1)
    weight = np.random.default_rng(7).gamma(2.0, size=300)
    plain, scaled = (fit_mixture(log_proba, y, w, bias=True) for w in (weight, factor * weight))
    np.testing.assert_allclose(scaled.log_likelihood, factor * plain.log_likelihood, rtol=1e-10)
    np.testing.assert_allclose(scaled.beta, plain.beta, rtol=1e-5)
    np.testing.assert_allclose(scaled.bias, plain.bias, atol=1e-5)


def test_a_constant_per_row_changes_nothing():
    log_proba, y = planted(8, 300, 3, beta=0.6, floor=0.1)
    shifted = log_proba + np.random.default_rng(8).normal(scale=50.0, size=(300, 1))
    a, b = fit_mixture(log_proba, y, bias=True), fit_mixture(shifted, y, bias=True)
    np.testing.assert_allclose(b.log_likelihood, a.log_likelihood, rtol=1e-9)
    np.testing.assert_allclose(b.beta, a.beta, rtol=1e-4)


@pytest.mark.parametrize("k", [2, 5])
def test_renaming_classes_renames_the_offsets(k):
    log_proba, y = planted(9, 400, k, beta=0.7, bias=np.linspace(-1, 1, k), floor=0.1)
    order = np.random.default_rng(1).permutation(k) if k > 2 else np.array([1, 0])
    a = fit_mixture(log_proba, y, bias=True)
    b = fit_mixture(log_proba[:, order], np.argsort(order)[y], bias=True)
    np.testing.assert_allclose(b.log_likelihood, a.log_likelihood, rtol=1e-11)
    np.testing.assert_allclose(b.beta, a.beta, rtol=1e-5)
    np.testing.assert_allclose(b.bias, a.bias[order], atol=1e-5)


def test_row_order_does_not_matter():
    log_proba, y = planted(10, 400, 3, beta=0.7, floor=0.1)
    rows = np.random.default_rng(0).permutation(400)
    a, b = fit_mixture(log_proba, y, bias=True), fit_mixture(log_proba[rows], y[rows], bias=True)
    np.testing.assert_allclose([b.beta, b.floor, b.log_likelihood], [a.beta, a.floor, a.log_likelihood], rtol=1e-6)


# -- degenerate data -----------------------------------------------------------------------------------------------


def finite(fit):
    return np.isfinite([fit.beta, fit.floor, fit.log_likelihood, *fit.bias]).all()


@pytest.mark.parametrize("terms", TERMS, ids=lambda terms: "-".join(t for t in terms if terms[t]) or "none")
class TestDegenerate:
    def test_separable(self, terms):
        log_proba, _ = planted(11, 100, 3)
        fit = fit_mixture(log_proba, log_proba.argmax(axis=1), **terms)
        assert finite(fit)
        assert fit.floor < 1e-9
        if terms["temperature"]:
            assert fit.beta > 10.0
            assert fit.log_likelihood > -1e-2  # beta stops at 1000

    def test_absent_class(self, terms):
        log_proba, y = planted(12, 200, 3)
        keep = y != 2
        fit = fit_mixture(log_proba[keep], y[keep], **terms)
        assert finite(fit)
        if terms["bias"]:
            assert fit.bias[2] < fit.bias[:2].min() - 5.0
            assert mixture_proba(log_proba, fit.beta, fit.bias, fit.floor)[:, 2].mean() < fit.floor / 3 + 1e-3

    def test_one_row(self, terms):
        for label in range(3):
            assert finite(fit_mixture(np.log([[0.5, 0.3, 0.2]]), np.array([label]), **terms))

    def test_identical_rows(self, terms):
        log_proba = np.log(np.tile([0.6, 0.3, 0.1], (100, 1)))
        y = np.repeat([0, 1, 2], [50, 30, 20])
        fit = fit_mixture(log_proba, y, **terms)
        assert finite(fit)
        if terms["bias"]:  # three free probabilities: the likelihood of the frequencies is attained
            best = 50 * np.log(0.5) + 30 * np.log(0.3) + 20 * np.log(0.2)
            np.testing.assert_allclose(fit.log_likelihood, best, atol=1e-4)

    def test_uniform_rows(self, terms):
        fit = fit_mixture(np.full((30, 3), -np.log(3.0)), np.arange(30) % 3, **terms)
        np.testing.assert_allclose(fit.log_likelihood, -30 * np.log(3.0), rtol=1e-9)

    @pytest.mark.parametrize("depth", [40.0, 700.0, 750.0, 2000.0])
    def test_all_but_impossible_label(self, terms, depth):
        log_proba, y = planted(13, 200, 3)
        log_proba[0], y[0] = [0.0, -depth, -depth - 5.0], 2
        fit = fit_mixture(log_proba, y, **terms)
        assert finite(fit)
        if not (terms["temperature"] or terms["floor"]):
            assert fit.log_likelihood < -depth
        else:
            assert fit.log_likelihood > -250.0

    def test_anti_informative(self, terms):
        log_proba, _ = planted(14, 200, 2)
        fit = fit_mixture(log_proba, log_proba.argmin(axis=1), **terms)
        assert finite(fit)
        if terms["temperature"]:
            assert fit.beta < 0.01 or fit.floor == MAX_FLOOR


def test_mixture_proba_rows_sum_to_one():
    log_proba, _ = planted(15, 50, 4)
    q = mixture_proba(log_proba, 0.7, np.array([1.0, 0.0, -2.0, 0.5]), 0.2)
    np.testing.assert_allclose(q.sum(axis=1), 1.0)
    direct = 0.8 * np.exp(log_softmax(0.7 * log_proba + [1.0, 0.0, -2.0, 0.5], axis=1)) + 0.05
    np.testing.assert_allclose(q, direct)
