import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import log_softmax
from scipy.stats import binom, chi2

from sklearn_lossacc._numerics.mixture import fit_mixture
from sklearn_lossacc.inference.cause_model import select_causes
from sklearn_lossacc.inference.floor_limit import floor_lower_limit
from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.temperature_limits import temperature_limits

LOG_FLOOR = float(np.log(2.220446049250313e-16))


def select(log_proba, y, weight=None, group=None, random_state=0):
    null = NullModel(log_proba, y, np.ones(len(y)) if weight is None else weight, group)
    return select_causes(null, log_floor=LOG_FLOOR, random_state=random_state)


CAUSES = {
    "healthy": ({}, ()),
    "over": ({"temperature": 1.8}, ("temperature",)),
    "under": ({"temperature": 0.6}, ("temperature",)),
    "bias": ({"bias": 1.0}, ("class_bias",)),
    "noise": ({"noise": 0.08}, ("floor",)),
    "over and noise": ({"temperature": 1.8, "noise": 0.08}, ("temperature", "floor")),
    "over and bias": ({"temperature": 1.8, "bias": 1.0}, ("temperature", "class_bias")),
    "noise and bias": ({"noise": 0.08, "bias": 1.0}, ("class_bias", "floor")),
}


# -- the right causes ---------------------------------------------------------------------------------------------


def selected(planted, cause, seeds):
    settings, expected = CAUSES[cause]
    right, accused = 0, []
    for k in (2, 5, 20):
        for seed in seeds:
            log_proba, y, _ = planted(seed, k, **settings)
            causes = select(log_proba, y)
            right += causes.terms == expected
            accused.append(causes.outliers.size)
    return right, np.array(accused)


@pytest.mark.simulation
@pytest.mark.parametrize("cause", CAUSES)
def test_planted_causes_are_selected(planted, cause):
    right, outliers = selected(planted, cause, range(4))
    assert right >= 11  # of 12
    assert (outliers > 0).sum() <= 1


def test_a_floor_and_a_temperature_that_replace_each_other_are_rivals(planted):
    """Blunt probabilities of two classes flatten alike by noise and by a temperature; sharp ones do not."""
    rivals = []
    for seed in range(8):
        log_proba, y, _ = planted(seed, 2, noise=0.2, scale=1.0)
        causes = select(log_proba, y)
        if causes.rival is not None:
            assert len({"temperature", "floor"} & set(causes.terms)) == 1
            assert {causes.rival} | set(causes.terms) >= {"temperature", "floor"}
        rivals.append(causes.rival)
    assert sum(rival is not None for rival in rivals) >= 2
    for settings in ({"noise": 0.2}, {"temperature": 1.8}, {"temperature": 0.6}, {"bias": 1.0}, {}):
        log_proba, y, _ = planted(0, 5, scale=2.0, **settings)
        assert select(log_proba, y).rival is None


@pytest.mark.slow
@pytest.mark.parametrize("cause", CAUSES)
def test_planted_causes_are_selected_at_length(planted, cause):
    # Simulated before: 72 to 75 of 75 for single causes, 36 of 36 for pairs. A term is wrongly kept with chance 0.01.
    right, outliers = selected(planted, cause, range(100, 125))
    assert binom.cdf(right, 75, 0.96) > 1e-3
    assert (outliers > 0).sum() <= 4


@pytest.mark.parametrize("k", [2, 5, 20])
def test_outliers_are_set_aside_and_nothing_else_is_accused(planted, k):
    for seed in range(4):
        log_proba, y, corrupt = planted(seed, k, outliers=6, scale=1.5)
        causes = select(log_proba, y)
        assert causes.terms == ()
        np.testing.assert_array_equal(causes.outliers, corrupt)
        np.testing.assert_array_equal(causes.kept, np.setdiff1d(np.arange(2000), corrupt))
        assert causes.null.n_rows == 1994
        # The rest is judged under the null given that it shows nothing impossible, and is healthy.
        z = causes.null.excess.sum() / np.sqrt(causes.null.varentropy.sum())
        assert abs(z) < 4.0


def test_two_corrupt_rows_in_20000_are_no_noise(planted):
    log_proba, y, corrupt = planted(0, 5, n=20_000, outliers=2, scale=1.5)
    causes = select(log_proba, y)
    assert causes.terms == ()
    np.testing.assert_array_equal(causes.outliers, corrupt)


@pytest.mark.parametrize("k", [2, 5, 20])
def test_estimates_of_planted_causes(planted, k):
    log_proba, y, _ = planted(1, k, n=8000, temperature=1.8, noise=0.1, bias=0.0)
    causes = select(log_proba, y)
    assert causes.terms == ("temperature", "floor")
    assert 1 / causes.fit.beta == pytest.approx(1.8, abs=0.15)
    assert causes.fit.floor * (k - 1) / k == pytest.approx(0.1, abs=0.025)
    log_proba, y, _ = planted(1, k, n=8000, bias=1.0)
    fit = select(log_proba, y).fit
    others = fit.bias[1:].mean()
    assert fit.bias[0] - others == pytest.approx(-1.0, abs=0.25)


def test_a_constant_healthy_prediction_has_no_cause():
    for k in (2, 5, 20):
        prior = np.random.default_rng(k).dirichlet(np.full(k, 2.0))
        y = np.random.default_rng(1).choice(k, p=prior, size=2000)
        assert select(np.log(np.tile(prior, (2000, 1))), y).terms == ()


def test_a_model_without_information_is_overconfident_not_noisy():
    # Labels that have nothing to do with the scores: temperature without end, never a floor of one half.
    for k in (2, 5):
        rng = np.random.default_rng(k)
        log_proba = log_softmax(rng.normal(size=(2000, k)), axis=1)
        causes = select(log_proba, rng.integers(k, size=2000))
        assert causes.terms == ("temperature",)
        assert causes.fit.beta < 0.1


def test_the_floor_is_found_on_groups_of_copies(planted):
    # Five copies of each row: a fifth of the rows count, and impossible labels come five at a time.
    for k in (2, 5, 20):
        for settings, expected in (CAUSES["noise"], CAUSES["over and noise"], CAUSES["healthy"]):
            log_proba, y, _ = planted(3, k, n=1000, **settings)
            group = np.repeat(np.arange(1000), 5)
            causes = select(log_proba[group], y[group], group=group)
            assert causes.terms == expected
            assert causes.outliers.size == 0
            assert causes.scale == pytest.approx(0.2, rel=0.01)


def test_sparse_classes(planted):
    # 60 classes for 320 rows: the offsets are judged by a score test, and not accused.
    for seed in range(5):
        log_proba, y, _ = planted(seed, 60, n=320)
        assert "class_bias" not in select(log_proba, y).terms
    log_proba, y, _ = planted(0, 60, n=320, bias=4.0)
    causes = select(log_proba, y)
    assert "class_bias" in causes.terms
    assert causes.p_values["class_bias"] < 0.01


def test_offsets_are_not_fitted_to_fewer_than_five_rows_a_class(planted):
    log_proba, y, _ = planted(0, 100, n=300, bias=3.0)
    causes = select(log_proba, y)
    assert causes.p_values["class_bias"] < 0.01
    assert "class_bias" not in causes.terms


@pytest.mark.slow
@pytest.mark.parametrize("temperature", [1.0, 1.8])
def test_score_test_of_sparse_class_bias_has_its_size(planted, temperature):
    p = []
    for seed in range(200):
        log_proba, y, _ = planted(seed, 40, n=150, temperature=temperature)
        p.append(select(log_proba, y, random_state=seed).p_values["class_bias"])
    for level in (0.01, 0.05, 0.2):
        assert binom.sf((np.array(p) <= level).sum() - 1, 200, level) > 1e-3


# -- what a selection says ----------------------------------------------------------------------------------------


def test_statistics_are_likelihood_ratios(planted):
    log_proba, y, _ = planted(0, 5, temperature=1.8)
    causes = select(log_proba, y)
    assert causes.terms == ("temperature",)
    ratio = 2 * (fit_mixture(log_proba, y, floor=False).log_likelihood - log_proba[np.arange(2000), y].sum())
    assert causes.statistics["temperature"] == pytest.approx(ratio, rel=1e-6)
    assert causes.p_values["temperature"] == pytest.approx(chi2.sf(ratio, 1), rel=1e-3)
    assert causes.fit.log_likelihood == pytest.approx(fit_mixture(log_proba, y, floor=False).log_likelihood)
    assert set(causes.p_values) == {"temperature", "class_bias", "floor"}
    assert min(causes.p_values["class_bias"], causes.p_values["floor"]) >= 0.01


def test_rejected_terms_of_a_healthy_model_have_uniform_p_values(planted):
    p = []
    for seed in range(60):
        log_proba, y, _ = planted(seed, 3, n=600)
        p.append(select(log_proba, y).p_values["temperature"])
    assert 0.3 < np.mean(p) < 0.7
    assert (np.array(p) < 0.1).sum() < 16  # 6 expected


def test_row_order_does_not_matter(planted):
    log_proba, y, _ = planted(0, 5, outliers=6, temperature=1.0, bias=1.0, scale=1.5)
    rows = np.random.default_rng(0).permutation(2000)
    a, b = select(log_proba, y), select(log_proba[rows], y[rows])
    assert a.terms == b.terms
    np.testing.assert_array_equal(np.sort(rows[b.outliers]), a.outliers)
    for term in a.terms:
        assert b.statistics[term] == pytest.approx(a.statistics[term], rel=1e-6)
    np.testing.assert_allclose(b.fit.bias, a.fit.bias, atol=1e-5)


def test_scaled_weights_do_not_matter(planted):
    log_proba, y, _ = planted(0, 5, temperature=1.8, noise=0.08)
    weight = np.random.default_rng(0).gamma(2.0, size=2000)
    a, b = select(log_proba, y, weight), select(log_proba, y, 1e-6 * weight)
    assert a.terms == b.terms == ("temperature", "floor")
    for term in a.p_values:
        assert b.statistics[term] == pytest.approx(a.statistics[term], rel=1e-5, abs=1e-6)


def test_exact_zeros(planted):
    log_proba, y, _ = planted(0, 4, noise=0.08, scale=4.0)
    log_proba = np.where(log_proba < -12, -np.inf, log_proba)
    log_proba = np.maximum(log_proba, np.where(np.arange(4) == y[:, None], LOG_FLOOR, -np.inf))
    causes = select(log_proba, y)
    assert "floor" in causes.terms
    assert np.isfinite(causes.fit.log_likelihood)


@pytest.mark.parametrize("k", [2, 5, 20])
def test_weakly_surprising_rows_are_outliers_too(planted, k):
    """Six wrong labels among the forty surest rows, each possible by itself: noise would fall anywhere."""
    for seed in range(4):
        log_proba, y, _ = planted(seed, k)
        surest = np.argsort(-log_proba.max(axis=1))[:40]
        rows = np.random.default_rng(seed).choice(surest, 6, replace=False)
        y[rows] = log_proba[rows].argmin(axis=1)
        causes = select(log_proba, y)
        assert causes.terms == ()
        assert np.isin(rows, causes.outliers).sum() >= 4
        assert causes.outliers.size <= 12
        assert causes.outlier_p < 0.001


def test_rows_that_the_others_do_not_bear_out_are_no_noise():
    """So blunt a model that six labels make a floor of several per cent, which the other rows speak against."""
    k = 2
    for seed in range(4):
        rng = np.random.default_rng(seed)
        log_proba = np.log(rng.dirichlet(np.ones(k), 2000))
        y = (np.exp(log_proba).cumsum(axis=1) < rng.random((2000, 1))).sum(axis=1)
        surest = np.argsort(-log_proba.max(axis=1))[:40]
        wrong = rng.choice(surest, 6, replace=False)
        y[wrong] = log_proba[wrong].argmin(axis=1)
        causes = select(log_proba, y)
        assert causes.terms == ()
        assert np.isin(wrong, causes.outliers).sum() >= 4
        # As many of all rows as such a floor would have changed.
        changed = rng.random(2000) < 0.08
        y = np.where(changed, rng.integers(0, k, 2000), y)
        assert "floor" in select(log_proba, y).terms


def test_rows_are_named_where_nothing_else_is_selected(planted):
    """A floor of half a per cent would account for three labels of 1.6e-4, but is too weak to be selected itself."""
    for seed in range(4):
        log_proba, y, _ = planted(seed, 20)
        least = log_proba.min(axis=1)
        wrong = np.argsort(np.abs(least - np.log(1.6e-4)))[:3]
        y[wrong] = log_proba[wrong].argmin(axis=1)
        causes = select(log_proba, y)
        assert causes.terms == ()
        assert np.isin(wrong, causes.outliers).all()


@pytest.mark.parametrize(
    "settings", [{"noise": 0.08}, {"noise": 0.15, "temperature": 1.8}, {"noise": 0.1, "bias": 1.0}]
)
def test_floor_lower_limit_solves_the_profile_likelihood(planted, settings):
    log_proba, y, _ = planted(0, 5, **settings)
    causes = select(log_proba, y)
    assert "floor" in causes.terms
    flags = {"temperature": "temperature" in causes.terms, "bias": "class_bias" in causes.terms}

    def ratio(floor):
        at = fit_mixture(log_proba, y, floor=False, floor_value=floor, **flags)
        return 2 * (causes.fit.log_likelihood - at.log_likelihood)

    exact = brentq(lambda floor: ratio(floor) - chi2.ppf(0.95, 1), 1e-6, causes.fit.floor, xtol=1e-8)
    assert floor_lower_limit(causes, log_proba) == pytest.approx(exact, rel=0.02)


@pytest.mark.parametrize("settings", [{"temperature": 0.5}, {"temperature": 1.8}, {"temperature": 0.6, "bias": 1.0}])
def test_temperature_limits_solve_the_profile_likelihood(planted, settings):
    log_proba, y, _ = planted(0, 5, noise=0.1, **settings)
    causes = select(log_proba, y)
    assert {"temperature", "floor"} <= set(causes.terms)

    def ratio(log_beta):
        at = fit_mixture(np.exp(log_beta) * log_proba, y, temperature=False, bias="class_bias" in causes.terms)
        return np.sqrt(max(2 * (causes.fit.log_likelihood - at.log_likelihood), 0.0)) - chi2.ppf(0.95, 1) ** 0.5

    centre = np.log(causes.fit.beta)
    exact = [np.exp(-brentq(ratio, centre, centre + far, xtol=1e-8)) for far in (2.0, -2.0)]
    np.testing.assert_allclose(temperature_limits(causes, log_proba), exact, rtol=0.02)


@pytest.mark.parametrize("settings", [{"temperature": 0.5}, {"temperature": 1.8}, {"temperature": 2.5, "bias": 1.5}])
def test_temperature_limits_solve_the_profile_likelihood_without_a_floor_too(planted, settings):
    log_proba, y, _ = planted(1, 4, n=300, **settings)
    causes = select(log_proba, y)
    assert "temperature" in causes.terms
    assert "floor" not in causes.terms
    bias = "class_bias" in causes.terms

    def ratio(log_beta):
        at = fit_mixture(np.exp(log_beta) * log_proba, y, temperature=False, bias=bias, floor=False)
        return np.sqrt(max(2 * (causes.fit.log_likelihood - at.log_likelihood), 0.0)) - chi2.ppf(0.95, 1) ** 0.5

    centre = np.log(causes.fit.beta)
    exact = [np.exp(-brentq(ratio, centre, centre + far, xtol=1e-8)) for far in (2.0, -2.0)]
    np.testing.assert_allclose(temperature_limits(causes, log_proba), exact, rtol=0.02)


def test_temperature_limits_end_at_zero_where_no_label_is_an_error():
    """The likelihood rises for ever; where the search for its summit gives up is no temperature with an error."""
    held = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        scores = rng.normal(size=(150, 2))
        scores[np.arange(150), scores.argmax(axis=1)] += 0.8
        shown = log_softmax(scores, axis=1)
        y = (shown / 0.15 + rng.gumbel(size=shown.shape)).argmax(axis=1)
        if (y == shown.argmax(axis=1)).all():
            low, high = temperature_limits(select(shown, y), shown)
            assert low == 0.0
            held.append(0.15 < high < 1.0)
    assert len(held) >= 10
    assert all(held)


def test_temperature_limits_end_at_zero_where_every_error_is_noise():
    """All clean labels are those of the sure enough class: the sharpest model with a floor is the likeliest one."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 600)
    log_proba = log_softmax(rng.uniform(0.5, 4.0, (600, 1)) * np.eye(3)[y], axis=1)
    wrong = np.arange(0, 600, 10)
    y[wrong] = (y[wrong] + 1 + wrong // 10 % 2) % 3
    causes = select(log_proba, y)
    assert {"temperature", "floor"} <= set(causes.terms)
    low, high = temperature_limits(causes, log_proba)
    assert low == 0.0
    behind = [
        2 * (causes.fit.log_likelihood - fit_mixture(log_proba / t, y, temperature=False).log_likelihood)
        for t in (0.001, high)
    ]
    assert behind[0] < 1.0
    assert behind[1] == pytest.approx(chi2.ppf(0.95, 1), rel=0.1)


def test_overconfidence_of_few_rows_is_not_that_of_a_row(planted):
    """Of 30 rows of a model at T = 3 one or two carry most of the loss; as a rule a temperature is likelier."""
    found = [select(*planted(seed, 3, n=30, temperature=3.0)[:2]) for seed in range(40)]
    tempered = sum(causes.terms == ("temperature",) for causes in found)
    named = sum(causes.outliers.size > 0 for causes in found)
    assert tempered >= 3 * named
    assert tempered >= 20


def test_one_odd_label_of_few_rows_is_no_overconfidence():
    sure = np.repeat([0.999, 0.9, 0.8], [11, 7, 7])
    log_proba = np.log(np.stack([sure, 1 - sure], axis=1))
    y = np.isin(np.arange(25), [0, 18]).astype(int)
    causes = select(log_proba, y)
    assert causes.terms == ()
    assert causes.outliers.tolist() == [0]
