import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import log_softmax
from scipy.stats import binom, chi2, poisson

from sklearn_lossacc._numerics.mixture import MixtureFit, fit_mixture, mixture_proba
from sklearn_lossacc.inference.cause_model import (
    check_floor,
    design_effect,
    design_scale,
    few_rows,
    few_surprises,
    finite,
    floor_lower_limit,
    floor_posterior,
    material_floor,
    select_causes,
    telling_count,
)
from sklearn_lossacc.inference.null import NullModel

LOG_FLOOR = float(np.log(2.220446049250313e-16))


def planted(seed, k, n=2000, *, temperature=1.0, bias=0.0, noise=0.0, outliers=0, scale=2.0):
    """Log probabilities and labels of a model with known faults.

    `noise` is the share of labels that change; outliers are rows of probability 1e-6 where the label is another one.
    """
    rng = np.random.default_rng([seed, k, n])
    scores = scale * rng.normal(size=(n, k))
    y = (scores + rng.gumbel(size=(n, k))).argmax(axis=1)
    y = np.where(rng.random(n) < noise * k / (k - 1), rng.integers(k, size=n), y)
    scores = temperature * scores + bias * np.eye(k)[0]
    corrupt = rng.choice(n, outliers, replace=False)
    scores[corrupt] = 14.0 * np.eye(k)[(y[corrupt] + 1) % k]
    return log_softmax(scores, axis=1), y, np.sort(corrupt)


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


def selected(cause, seeds):
    settings, expected = CAUSES[cause]
    right, accused = 0, []
    for k in (2, 5, 20):
        for seed in seeds:
            log_proba, y, _ = planted(seed, k, **settings)
            causes = select(log_proba, y)
            right += causes.terms == expected
            accused.append(causes.outliers.size)
    return right, np.array(accused)


@pytest.mark.parametrize("cause", CAUSES)
def test_planted_causes_are_selected(cause):
    right, outliers = selected(cause, range(4))
    assert right >= 11  # of 12
    assert (outliers > 0).sum() <= 1


def test_a_floor_and_a_temperature_that_replace_each_other_are_rivals():
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
def test_planted_causes_are_selected_at_length(cause):
    # Simulated before: 72 to 75 of 75 for single causes, 36 of 36 for pairs. A term is wrongly kept with chance 0.01.
    right, outliers = selected(cause, range(100, 125))
    assert binom.cdf(right, 75, 0.96) > 1e-3
    assert (outliers > 0).sum() <= 4


@pytest.mark.parametrize("k", [2, 5, 20])
def test_outliers_are_set_aside_and_nothing_else_is_accused(k):
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


def test_two_corrupt_rows_in_20000_are_no_noise():
    log_proba, y, corrupt = planted(0, 5, n=20_000, outliers=2, scale=1.5)
    causes = select(log_proba, y)
    assert causes.terms == ()
    np.testing.assert_array_equal(causes.outliers, corrupt)


@pytest.mark.parametrize("k", [2, 5, 20])
def test_estimates_of_planted_causes(k):
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


def test_the_floor_is_found_on_groups_of_copies():
    # Five copies of each row: a fifth of the rows count, and impossible labels come five at a time.
    for k in (2, 5, 20):
        for settings, expected in (CAUSES["noise"], CAUSES["over and noise"], CAUSES["healthy"]):
            log_proba, y, _ = planted(3, k, n=1000, **settings)
            group = np.repeat(np.arange(1000), 5)
            causes = select(log_proba[group], y[group], group=group)
            assert causes.terms == expected
            assert causes.outliers.size == 0
            assert causes.scale == pytest.approx(0.2, rel=0.01)


def test_sparse_classes():
    # 60 classes for 320 rows: the offsets are judged by a score test, and not accused.
    for seed in range(5):
        log_proba, y, _ = planted(seed, 60, n=320)
        assert "class_bias" not in select(log_proba, y).terms
    log_proba, y, _ = planted(0, 60, n=320, bias=4.0)
    causes = select(log_proba, y)
    assert "class_bias" in causes.terms
    assert causes.p_values["class_bias"] < 0.01


def test_offsets_are_not_fitted_to_fewer_than_five_rows_a_class():
    log_proba, y, _ = planted(0, 100, n=300, bias=3.0)
    causes = select(log_proba, y)
    assert causes.p_values["class_bias"] < 0.01
    assert "class_bias" not in causes.terms


@pytest.mark.slow
@pytest.mark.parametrize("temperature", [1.0, 1.8])
def test_score_test_of_sparse_class_bias_has_its_size(temperature):
    p = []
    for seed in range(200):
        log_proba, y, _ = planted(seed, 40, n=150, temperature=temperature)
        p.append(select(log_proba, y, random_state=seed).p_values["class_bias"])
    for level in (0.01, 0.05, 0.2):
        assert binom.sf((np.array(p) <= level).sum() - 1, 200, level) > 1e-3


# -- what a selection says ----------------------------------------------------------------------------------------


def test_statistics_are_likelihood_ratios():
    log_proba, y, _ = planted(0, 5, temperature=1.8)
    causes = select(log_proba, y)
    assert causes.terms == ("temperature",)
    ratio = 2 * (fit_mixture(log_proba, y, floor=False).log_likelihood - log_proba[np.arange(2000), y].sum())
    assert causes.statistics["temperature"] == pytest.approx(ratio, rel=1e-6)
    assert causes.p_values["temperature"] == pytest.approx(chi2.sf(ratio, 1), rel=1e-3)
    assert causes.fit.log_likelihood == pytest.approx(fit_mixture(log_proba, y, floor=False).log_likelihood)
    assert set(causes.p_values) == {"temperature", "class_bias", "floor"}
    assert min(causes.p_values["class_bias"], causes.p_values["floor"]) >= 0.01


def test_rejected_terms_of_a_healthy_model_have_uniform_p_values():
    p = []
    for seed in range(60):
        log_proba, y, _ = planted(seed, 3, n=600)
        p.append(select(log_proba, y).p_values["temperature"])
    assert 0.3 < np.mean(p) < 0.7
    assert (np.array(p) < 0.1).sum() < 16  # 6 expected


def test_row_order_does_not_matter():
    log_proba, y, _ = planted(0, 5, outliers=6, temperature=1.0, bias=1.0, scale=1.5)
    rows = np.random.default_rng(0).permutation(2000)
    a, b = select(log_proba, y), select(log_proba[rows], y[rows])
    assert a.terms == b.terms
    np.testing.assert_array_equal(np.sort(rows[b.outliers]), a.outliers)
    for term in a.terms:
        assert b.statistics[term] == pytest.approx(a.statistics[term], rel=1e-6)
    np.testing.assert_allclose(b.fit.bias, a.fit.bias, atol=1e-5)


def test_scaled_weights_do_not_matter():
    log_proba, y, _ = planted(0, 5, temperature=1.8, noise=0.08)
    weight = np.random.default_rng(0).gamma(2.0, size=2000)
    a, b = select(log_proba, y, weight), select(log_proba, y, 1e-6 * weight)
    assert a.terms == b.terms == ("temperature", "floor")
    for term in a.p_values:
        assert b.statistics[term] == pytest.approx(a.statistics[term], rel=1e-5, abs=1e-6)


def test_exact_zeros():
    log_proba, y, _ = planted(0, 4, noise=0.08, scale=4.0)
    log_proba = np.where(log_proba < -12, -np.inf, log_proba)
    log_proba = np.maximum(log_proba, np.where(np.arange(4) == y[:, None], LOG_FLOOR, -np.inf))
    causes = select(log_proba, y)
    assert "floor" in causes.terms
    assert np.isfinite(causes.fit.log_likelihood)


def test_finite():
    np.testing.assert_array_equal(finite(np.array([[-np.inf, 0.0], [-50.0, -1.0]]), -36.0), [[-36, 0], [-50, -1]])


# -- scale --------------------------------------------------------------------------------------------------------


def test_design_scale_of_weights_is_kish_over_the_total():
    log_proba, y, _ = planted(0, 3, n=4)
    weight = np.array([1.0, 1.0, 1.0, 3.0])
    assert design_scale(NullModel(log_proba, y, weight)) == pytest.approx((36 / 12) / 6)


def test_design_effect_of_copies_is_their_number():
    log_proba, y, _ = planted(0, 3, n=100)
    for times in (2, 7):
        rows = np.repeat(np.arange(100), times)
        null = NullModel(log_proba[rows], y[rows], np.ones(rows.size), rows)
        assert design_effect(null) == pytest.approx(times)
        assert design_scale(null) * rows.size == pytest.approx(100)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_design_effect_of_unrelated_rows_is_one(temperature):
    # Overconfidence raises all losses alike: that is not dependence.
    log_proba, y, _ = planted(0, 3, n=6000, temperature=temperature)
    null = NullModel(log_proba, y, np.ones(6000), np.repeat(np.arange(2000), 3))
    assert 1.0 <= design_effect(null) < 1.12
    assert design_effect(NullModel(log_proba, y, np.ones(6000))) == 1.0


def test_design_effect_without_spread():
    null = NullModel(np.full((6, 2), np.log(0.5)), np.zeros(6, dtype=int), np.ones(6), np.repeat([0, 1], 3))
    assert design_effect(null) == 1.0


def surprise_by_definition(proba):
    return np.array([[row[row <= row[j] * (1 + 1e-9)].sum() for j in range(row.size)] for row in proba])


# -- the floor ------------------------------------------------------------------------------------------------------


def test_check_floor_by_definition():
    for outliers, noise in ((0, 0.1), (4, 0.0)):
        log_proba, y, _ = planted(2, 5, n=500, noise=noise, outliers=outliers)
        null = NullModel(log_proba, y, np.ones(500))
        fit = fit_mixture(log_proba, y)
        check, hit = check_floor(null, log_proba, fit)
        proba = mixture_proba(null.log_proba, fit.beta, fit.bias, 0.0)
        q = (1 - fit.floor) * proba + fit.floor / null.n_classes
        table = surprise_by_definition(proba)
        assert check.expected == pytest.approx((q * (table <= check.threshold * (1 + 1e-9))).sum())
        assert hit.sum() == (check.observed if outliers else 0)
        assert check.p_value == pytest.approx(poisson.sf(check.observed - 1, check.expected), rel=1e-6)
        if outliers:
            np.testing.assert_array_equal(hit, table[np.arange(500), y] <= check.threshold * (1 + 1e-9))


def test_check_floor_accepts_noise_and_rejects_outliers():
    for k in (2, 5, 20):
        log_proba, y, _ = planted(0, k, noise=0.08, scale=1.5)
        check, _ = check_floor(NullModel(log_proba, y, np.ones(2000)), log_proba, fit_mixture(log_proba, y))
        assert check.p_value > 0.01
        log_proba, y, corrupt = planted(0, k, outliers=6, scale=1.5)
        check, hit = check_floor(NullModel(log_proba, y, np.ones(2000)), log_proba, fit_mixture(log_proba, y))
        assert check.p_value < 1e-4
        np.testing.assert_array_equal(np.flatnonzero(hit), corrupt)


def test_check_floor_counts_copies_once():
    log_proba, y, _ = planted(2, 5, n=500, outliers=4)
    fit = fit_mixture(log_proba, y)
    one, hit = check_floor(NullModel(log_proba, y, np.ones(500)), log_proba, fit)
    rows = np.repeat(np.arange(500), 4)
    four, hits = check_floor(NullModel(log_proba[rows], y[rows], np.ones(2000), rows), log_proba[rows], fit)
    assert four.observed == 4 * one.observed > 0
    assert four.threshold == pytest.approx(one.threshold)
    assert four.p_value == pytest.approx(one.p_value, rel=1e-6)
    assert hit.any()
    np.testing.assert_array_equal(hits, hit[rows])


def test_more_surprising_rows_than_noise_can_be_outliers_only_if_they_are_few():
    # Thirty rows in 5000 at one in a thousand: no row is impossible, and they are too many to be named one by one.
    proba = np.tile([0.999, 0.001], (5000, 1))
    null = NullModel(np.log(proba), np.repeat([1, 0], [30, 4970]), np.ones(5000))
    table = surprise_by_definition(proba)
    count, rows = telling_count(table, null, proba, 15)
    assert not rows.any()
    count, rows = telling_count(table, null, proba, 30)
    assert count.observed == 30 == rows.sum()
    # Thirty that the model all but rules out are named however many they are.
    proba[:30] = [1 - 1e-9, 1e-9]
    null = NullModel(np.log(proba), null.y, np.ones(5000))
    assert telling_count(surprise_by_definition(proba), null, proba, 15)[1].sum() == 30


def test_few_rows_leave_the_smallest_rate_that_matters_open():
    for n in (30, 400, 2000, 50_000):
        few = few_rows(n)
        assert few == 2 or poisson.sf(few - 1, 0.005 * n) > 0.05
        assert poisson.sf(few, 0.005 * n) <= 0.05


def test_few_surprises_names_what_a_model_does_not_allow():
    log_proba, y, corrupt = planted(0, 5, outliers=6, scale=1.5)
    null = NullModel(log_proba, y, np.ones(2000))
    as_given = MixtureFit(1.0, np.zeros(5), 0.0, 0.0, True)
    rows, p_value = few_surprises(null, log_proba, as_given, 15)
    np.testing.assert_array_equal(rows, corrupt)
    assert p_value < 1e-6
    assert few_surprises(null, log_proba, as_given, 5)[0].size == 0
    log_proba, y, _ = planted(0, 5)
    assert few_surprises(NullModel(log_proba, y, np.ones(2000)), log_proba, as_given, 15)[0].size == 0


@pytest.mark.parametrize("k", [2, 5, 20])
def test_weakly_surprising_rows_are_outliers_too(k):
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


def test_rows_are_named_where_nothing_else_is_selected():
    """A floor of half a per cent would account for three labels of 1.6e-4, but is too weak to be selected itself."""
    for seed in range(4):
        log_proba, y, _ = planted(seed, 20)
        least = log_proba.min(axis=1)
        wrong = np.argsort(np.abs(least - np.log(1.6e-4)))[:3]
        y[wrong] = log_proba[wrong].argmin(axis=1)
        causes = select(log_proba, y)
        assert causes.terms == ()
        assert np.isin(wrong, causes.outliers).all()


def test_check_floor_without_impossible_rows():
    null = NullModel(np.log(np.tile([0.6, 0.4], (50, 1))), np.arange(50) % 2, np.ones(50))
    check, hit = check_floor(null, null.log_proba, MixtureFit(1.0, np.zeros(2), 0.1, 0.0, True))
    assert (check.observed, check.p_value) == (0, 1.0)
    assert not hit.any()


def test_a_floor_counts_only_if_it_saves_nats_and_labels():
    p_true = np.repeat([0.9, 1e-4], [90, 10])
    log_proba = np.log(np.column_stack([1 - p_true, p_true]))
    null = NullModel(log_proba, np.ones(100, dtype=int), np.ones(100))
    # .9 log(.91/.9) + .1 log(.0101/.0001) nats are saved by e = .02
    assert material_floor(null, log_proba, 0.02)
    # half of .008 is a rate below .005, whatever it saves
    assert not material_floor(null, log_proba, 0.008)
    blunt = np.log(np.full((100, 2), [0.4, 0.6]))
    labels = np.repeat([0, 1], [41, 59])
    # .41 log(.402/.4) + .59 log(.598/.6) = .00007 nats
    assert not material_floor(NullModel(blunt, labels, np.ones(100)), blunt, 0.02)


def test_floor_posterior_by_hand():
    # q = .8 p + .1: a label of probability .1 is .08 model and .1 floor.
    null = NullModel(np.log([[0.1, 0.9], [0.1, 0.9]]), np.array([0, 1]), np.ones(2))
    posterior = floor_posterior(null, null.log_proba, MixtureFit(1.0, np.zeros(2), 0.2, 0.0, True))
    np.testing.assert_allclose(posterior, [0.1 / 0.18, 0.1 / 0.82])


@pytest.mark.parametrize(
    "settings", [{"noise": 0.08}, {"noise": 0.15, "temperature": 1.8}, {"noise": 0.1, "bias": 1.0}]
)
def test_floor_lower_limit_solves_the_profile_likelihood(settings):
    log_proba, y, _ = planted(0, 5, **settings)
    causes = select(log_proba, y)
    assert "floor" in causes.terms
    flags = {"temperature": "temperature" in causes.terms, "bias": "class_bias" in causes.terms}

    def ratio(floor):
        at = fit_mixture(log_proba, y, floor=False, floor_value=floor, **flags)
        return 2 * (causes.fit.log_likelihood - at.log_likelihood)

    exact = brentq(lambda floor: ratio(floor) - chi2.ppf(0.95, 1), 1e-6, causes.fit.floor, xtol=1e-8)
    assert floor_lower_limit(causes, log_proba) == pytest.approx(exact, rel=0.02)
