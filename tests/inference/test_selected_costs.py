import numpy as np
import pytest
from scipy.special import log_softmax

from sklearn_lossacc import diagnose
from sklearn_lossacc._numerics.mixture import MixtureFit, fit_mixture, mixture_proba
from sklearn_lossacc.inference.cause_model import CauseModel
from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.selected_costs import SelectedLaws


def causes_of(log_proba, y, terms, weight=None, group=None, scale=1.0):
    weight = np.ones(len(y)) if weight is None else weight
    null = NullModel(log_proba, y, weight, group)
    flags = {"temperature": "temperature" in terms, "bias": "class_bias" in terms, "floor": "floor" in terms}
    fit = fit_mixture(log_proba, y, weight, **flags)
    return CauseModel(terms, fit, {}, {}, None, np.empty(0, int), null, np.arange(len(y)), scale)


def sample(seed, n, k, sharper=2.0, noise=0.0):
    rng = np.random.default_rng(seed)
    truth = log_softmax(2.0 * rng.standard_normal((n, k)), axis=1)
    y = np.minimum((np.exp(truth).cumsum(axis=1) < rng.random((n, 1))).sum(axis=1), k - 1)
    y = np.where(rng.random(n) < noise, rng.integers(0, k, n), y)
    return log_softmax(sharper * truth, axis=1), y


def divergence(q, p):
    return q * np.log(q / p) + (1 - q) * np.log((1 - q) / (1 - p))


def test_rows_alike_have_the_costs_of_the_limits_of_a_proportion():
    p, wrong, n = 0.95, 30, 200
    log_proba, y = np.log(np.tile([1.0 - p, p], (n, 1))), np.r_[np.zeros(wrong, int), np.ones(n - wrong, int)]
    grid = np.linspace(0.501, 0.999, 400_001)
    seen = 1.0 - wrong / n
    likely = grid[2 * (n - 1) * divergence(seen, grid) <= 1.959964**2]
    for term in ("temperature", "floor"):  # the same law
        cost, low, high = SelectedLaws(causes_of(log_proba, y, (term,)), log_proba).costs()
        assert cost == pytest.approx(divergence(seen, p), rel=1e-6), term
        assert high == pytest.approx(divergence(likely[0], p), rel=2e-3), term
        assert low == pytest.approx(divergence(likely[-1], p), rel=2e-2), term


@pytest.mark.parametrize("terms", [("temperature",), ("class_bias",), ("temperature", "class_bias")])
def test_cost_at_the_fit_is_what_the_fit_gains(terms):
    log_proba, y = sample(1, 300, 4)
    weight = np.random.default_rng(2).exponential(size=300)
    causes = causes_of(log_proba, y, terms, weight)
    rows = np.arange(300)
    model = mixture_proba(log_proba, causes.fit.beta, causes.fit.bias, 0.0)
    gain = np.average(np.log(model[rows, y]) - log_proba[rows, y], weights=weight)
    cost, low, high = SelectedLaws(causes, log_proba).costs()
    assert cost == pytest.approx(gain, abs=1e-5)
    assert low < cost < high


@pytest.mark.parametrize(
    ("terms", "sharper", "noise"),
    [(("temperature",), 2.0, 0.0), (("floor",), 1.0, 0.1), (("temperature", "class_bias", "floor"), 2.0, 0.1)],
)
def test_limits_close_like_the_spread_of_the_gains(terms, sharper, noise):
    log_proba, y = sample(3, 4000, 3, sharper, noise)
    causes = causes_of(log_proba, y, terms)
    rows = np.arange(len(y))
    model = mixture_proba(log_proba, causes.fit.beta, causes.fit.bias, causes.fit.floor)
    error = np.std(np.log(model[rows, y]) - log_proba[rows, y]) / np.sqrt(len(y))
    cost, low, high = SelectedLaws(causes, log_proba).costs()
    assert 0.9 < (high - low) / (2 * 1.96 * error) < 1.25
    assert 0.7 < (high - cost) / (cost - low) < 1.6


def test_copies_in_groups_leave_what_single_rows_leave():
    log_proba, y = sample(4, 80, 3)
    single = SelectedLaws(causes_of(log_proba, y, ("temperature",)), log_proba).costs()
    three, group = np.repeat(log_proba, 3, axis=0), np.repeat(np.arange(80), 3)
    copies = causes_of(three, np.repeat(y, 3), ("temperature",), group=group, scale=1.0 / 3.0)
    assert SelectedLaws(copies, three).costs() == pytest.approx(single, rel=1e-3)


def test_nothing_selected_costs_nothing():
    log_proba, y = sample(5, 40, 3)
    causes = CauseModel((), MixtureFit(1.0, np.zeros(3), 0.0, 0.0), {}, {}, None, np.empty(0, int),
                        NullModel(log_proba, y, np.ones(40)), np.arange(40), 1.0)  # fmt: skip
    assert SelectedLaws(causes, log_proba).costs() == pytest.approx((0.0, 0.0, 0.0), abs=1e-12)


def test_entropies_are_those_of_the_laws_of_a_proportion():
    p, wrong, n = 0.95, 30, 200
    log_proba, y = np.log(np.tile([1.0 - p, p], (n, 1))), np.r_[np.zeros(wrong, int), np.ones(n - wrong, int)]
    grid = np.linspace(0.501, 0.999, 400_001)
    seen = 1.0 - wrong / n
    likely = grid[2 * (n - 1) * divergence(seen, grid) <= 1.959964**2]
    expected = [-q * np.log(q) - (1 - q) * np.log(1 - q) for q in (seen, likely[-1], likely[0])]
    for term in ("temperature", "floor"):  # the same law
        found = SelectedLaws(causes_of(log_proba, y, (term,)), log_proba).entropies()
        assert found == pytest.approx(expected, rel=2e-3), term


def test_a_repair_without_errors_may_leave_some_loss_all_the_same():
    """150 rows of a model that is too timid, none of them wrong: that leaves one error in 50 open."""
    truth, seen = {}, 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        scores = rng.normal(size=(20_000, 2))
        scores[np.arange(len(scores)), scores.argmax(axis=1)] += 0.8
        shown = log_softmax(scores, axis=1)
        law = log_softmax(shown / 0.15, axis=1)
        y = (law + rng.gumbel(size=law.shape)).argmax(axis=1)
        left, prior = -float((np.exp(law) * law).sum(axis=1).mean()), np.exp(law).mean(axis=0)
        truth = {"refinement_loss": left, "resolution": -float(prior @ np.log(prior)) - left}
        few = slice(0, 150)
        if (y[few] == shown[few].argmax(axis=1)).all():
            seen += 1
            found = diagnose(y[few], shown[few], input="logits").metrics
            for name, value in truth.items():
                assert found[name].low < value < found[name].high, (seed, name)
                assert found[name].high - found[name].low < 0.2
    assert seen >= 6


def test_the_cost_of_a_rival_that_does_as_well_is_left_open():
    """Scores that tell next to nothing: half of the labels random, as much as a floor may be, costs less than T = 3."""
    held = []
    for seed in (7, 12, 15, 16, 19, 20):
        rng = np.random.default_rng([9, seed, 5, 200])
        shown = log_softmax(rng.normal(size=(200, 5)), axis=1)
        law = log_softmax(shown / 3.0, axis=1)
        y = (law + rng.gumbel(size=law.shape)).argmax(axis=1)
        truth = float((np.exp(law) * (law - shown)).sum(axis=1).mean())
        d = diagnose(y, shown, input="logits")
        assert d["LA101"].evidence["selected"] == ["floor"]
        held.append(d.metrics["calibration_loss"].high > truth)
    assert all(held)


def test_few_heavy_rows_leave_no_cost_beyond_reason():
    # Resampled gains of so few effective rows gave upper limits of tens of nats.
    high, seen = [], 0
    for seed in range(20):
        log_proba, y = sample(seed, 60, 3, sharper=3.0)
        weight = np.random.default_rng(100 + seed).exponential(size=60)
        found = diagnose(y, log_proba, input="logits", sample_weight=weight).metrics["calibration_loss"]
        assert found.low <= found.value <= found.high
        if "likelihood of the selected causes" in found.method:
            seen += 1
            high.append(found.high)
    assert seen >= 10
    assert max(high) < 4.0
