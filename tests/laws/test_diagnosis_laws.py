"""Laws that every diagnosis obeys, whatever the predictions: sums, symmetries and repetition."""

from functools import cache

import numpy as np
import pytest
from scipy.special import log_softmax

from sklearn_lossacc import Diagnosis, diagnose, summarize

# Estimates that do not depend on draws or on the number of independent rows.
DRAWN = {"ece_null_mean", "ece_null_q95"}
COUNTS = {"n_samples", "effective_n", "debiased_rmsce"}


def draw(log_proba, rng):
    cumulative = np.cumsum(np.exp(log_proba), axis=1)
    return np.minimum((cumulative < rng.random((len(log_proba), 1))).sum(axis=1), log_proba.shape[1] - 1)


def make(cause, n=600, k=3, seed=0):
    rng = np.random.default_rng([seed, n, k])
    truth = log_softmax(3.0 * rng.standard_normal((n, k)), axis=1)
    y, shown = draw(truth, rng), truth
    if "over" in cause:
        shown = log_softmax(2.0 * shown, axis=1)
    if "under" in cause:
        shown = log_softmax(0.5 * shown, axis=1)
    if "bias" in cause:
        shown = log_softmax(shown + np.r_[1.5, np.zeros(k - 1)], axis=1)
    if "noise" in cause:
        y = np.where(rng.random(n) < 0.15, rng.integers(0, k, n), y)
    if "outliers" in cause:
        rows = np.argsort(-shown.max(axis=1))[:6]
        y[rows] = shown[rows].argmin(axis=1)
    if "shape" in cause:
        odds = truth[:, 1] - truth[:, 0]
        y = (rng.random(n) < 1.0 / (1.0 + np.exp(-odds - 1.8 * np.sin(2.5 * odds)))).astype(int)
    if "zeros" in cause:
        shown = shown.copy()
        shown[np.arange(3), y[:3]] = -np.inf
        shown -= np.log(np.exp(shown).sum(axis=1, keepdims=True))
    return y, np.exp(shown)


SCENARIOS = {
    "healthy": {},
    "over": {},
    "under": {},
    "bias": {},
    "noise": {},
    "outliers": {"n": 1500},
    "shape": {"n": 1500, "k": 2},
    "zeros": {},
    "over+noise": {"k": 5, "n": 1000},
    "over+bias": {"k": 5},
    "noise+bias": {"k": 2, "n": 1000},
    "bias+outliers": {"n": 1500},
    "zeros+over": {"k": 10, "n": 400},
    "zeros+noise+outliers": {"k": 4, "n": 1000},
}
FAST = {("outliers", "weights"), ("zeros+over", "weights"), ("noise+bias", "groups"), ("zeros", "groups")}
DESIGNS = [
    pytest.param(cause, design, marks=[] if design == "plain" or (cause, design) in FAST else pytest.mark.slow)
    for cause in SCENARIOS
    for design in ("plain", "weights", "groups")
]
PARTS = ["chance", "prior", "resolution", "floor", "class_bias", "temperature", "outliers", "shape"]


def values(diagnosis, leave_out=frozenset()):
    """Return the numbers of a diagnosis that do not hang on draws: metrics, waterfall, and values of findings."""
    found = {f"metric {k}": e.value for k, e in diagnosis.metrics.items() if k not in DRAWN | leave_out}
    found |= {f"part {part.name}": part.value for part in diagnosis.decomposition.parts}
    return found


def findings(diagnosis):
    return {finding.code: finding.status for finding in diagnosis.findings}


def assert_same(first, second, tolerance=1e-9, leave_out=frozenset()):
    a, b = values(first, leave_out), values(second, leave_out)
    assert a.keys() == b.keys()
    for name in a:
        assert a[name] == pytest.approx(b[name], abs=tolerance, rel=tolerance, nan_ok=True), name


@cache
def diagnosed(cause, design="plain"):
    """Return the data of a scenario, its further arguments, and its diagnosis."""
    y, p = make(cause, **SCENARIOS[cause])
    rng = np.random.default_rng(1)
    extra = {
        "plain": {},
        "weights": {"sample_weight": rng.exponential(size=len(y))},
        "groups": {"groups": rng.integers(0, len(y) // 3, len(y))},
    }[design]
    return y, p, extra, diagnose(y, p, **extra)


# -- the waterfall ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cause", "design"), DESIGNS)
def test_parts_sum_to_the_loss(cause, design):
    *_, d = diagnosed(cause, design)
    parts = d.decomposition.parts
    assert [part.name for part in parts] == PARTS
    assert sum(part.value for part in parts) == pytest.approx(d.decomposition.total, abs=1e-12)
    assert d.decomposition.clipped == ("zeros" in cause)
    name = "log_loss_clipped" if d.decomposition.clipped else "log_loss"
    assert d.decomposition.total == d.metrics[name].value
    for part in parts:
        if not part.selected:
            assert part.value == 0.0
    assert d.decomposition["outliers"].selected == (d["LA201"].status == "fired")
    assert d.decomposition["shape"].selected == (d["LA104"].status == "fired")


@pytest.mark.parametrize("cause", ["over", "zeros+over", "bias+outliers"])
def test_parts_sum_to_the_loss_of_all_rows_where_only_a_sample_is_kept(cause):
    y, p = make(cause, **{**SCENARIOS[cause], "n": 3000})
    summary = summarize(y, p, sample_entries=400 * p.shape[1])
    assert not summary.sample.complete
    d = Diagnosis.from_summary(summary)
    whole = diagnose(y, p)
    assert d.decomposition.total == pytest.approx(whole.decomposition.total, rel=1e-12)
    assert sum(part.value for part in d.decomposition.parts) == pytest.approx(d.decomposition.total, abs=1e-12)
    for name in ("accuracy", "log_loss", "log_loss_clipped", "brier_score", "ece", "d2_log_loss", "mean_confidence"):
        assert d.metrics[name].value == pytest.approx(whole.metrics[name].value, rel=1e-12), name
        if d.metrics[name].low is not None:
            assert d.metrics[name].low <= d.metrics[name].value <= d.metrics[name].high
    assert d.metrics["temperature"].value == pytest.approx(whole.metrics["temperature"].value, rel=0.35)
    for finding in d.findings:
        if finding.interval is not None:
            assert finding.interval[0] <= finding.value <= finding.interval[1], finding.code


def test_each_cause_is_charged_to_its_own_part():
    for cause, own in {"over": "temperature", "under": "temperature", "bias": "class_bias", "noise": "floor"}.items():
        d = diagnose(*make(cause, n=1500))
        for part in d.decomposition.parts[3:]:
            assert part.selected == (part.name == own), (cause, part)
        assert d.decomposition[own].value > 0.005


# -- symmetries -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cause", "design"), DESIGNS)
def test_the_order_of_rows_is_irrelevant(cause, design):
    y, p, extra, first = diagnosed(cause, design)
    order = np.random.default_rng(2).permutation(len(y))
    second = diagnose(y[order], p[order], **{key: value[order] for key, value in extra.items()})
    assert_same(first, second)
    assert findings(first) == findings(second)
    for a, b in zip(first.findings, second.findings, strict=True):
        # Every draw is taken from rows in an order that their content decides.
        for x, z in ((a.value, b.value), (a.p_value, b.p_value)):
            assert (x is None) == (z is None)
            assert x is None or x == pytest.approx(z, rel=1e-6, abs=1e-9), a.code
    for name, estimate in first.metrics.items():
        other = second.metrics[name]
        assert estimate.low is None or estimate.low == pytest.approx(other.low, rel=1e-6, abs=1e-9), name
        assert estimate.high is None or estimate.high == pytest.approx(other.high, rel=1e-6, abs=1e-9), name
    kept = order[second.samples(20)["index"]]
    np.testing.assert_array_equal(y[kept], second.samples(20)["y_true"])
    np.testing.assert_allclose(first.samples(20)["loss"], second.samples(20)["loss"], rtol=1e-12)
    np.testing.assert_array_equal(sorted(kept), sorted(first.samples(20)["index"]))
    outliers = order[second["LA201"].evidence["rows"]] if second["LA201"].evidence["rows"] else []
    np.testing.assert_array_equal(sorted(outliers), sorted(first["LA201"].evidence["rows"]))


@pytest.mark.parametrize("cause", ["over", "noise", "zeros"])
def test_the_names_of_groups_are_irrelevant(cause):
    y, p, extra, first = diagnosed(cause, "groups")
    names = np.array([f"ward {7 * code % 1009}" for code in extra["groups"]])
    assert first.to_json() == diagnose(y, p, groups=names).to_json()


def test_the_names_of_groups_of_equal_rows_are_irrelevant():
    rng = np.random.default_rng(4)
    y = rng.integers(0, 2, 90)
    p = np.where(np.arange(90)[:, None] % 5 == 0, [0.3, 0.7], [0.6, 0.4])
    groups = rng.integers(0, 30, 90)
    assert diagnose(y, p, groups=groups).to_json() == diagnose(y, p, groups=rng.permutation(30)[groups]).to_json()


@pytest.mark.parametrize(
    ("cause", "times"),
    [
        ("healthy", 3),
        ("over", 2),
        ("noise", 2),
        ("zeros", 2),
        *(pytest.param(c, t, marks=pytest.mark.slow) for c in ("bias", "over+bias", "noise", "zeros") for t in (3, 4)),
    ],
)
def test_weight_k_is_k_copies(cause, times):
    # Copies are dependent, so they come in one group; a row of weight k is one draw as well.
    y, p, _, plain = diagnosed(cause)
    rows = np.repeat(np.arange(len(y)), times)
    weighted = diagnose(y, p, sample_weight=np.full(len(y), times))
    copied = diagnose(y[rows], p[rows], groups=rows)
    assert_same(weighted, plain, leave_out=COUNTS)
    assert_same(weighted, copied, leave_out=COUNTS, tolerance=1e-7)
    selected = [[part.selected for part in d.decomposition.parts] for d in (weighted, copied)]
    assert selected[0] == selected[1]
    for code in ("LA101", "LA103", "LA202"):
        assert weighted[code].status == copied[code].status
        assert weighted[code].value == pytest.approx(copied[code].value, rel=1e-6)


def test_unequal_weights_are_unequal_copies():
    y, p = make("healthy")
    weight = np.random.default_rng(0).integers(0, 4, len(y))
    rows = np.repeat(np.arange(len(y)), weight)
    weighted = diagnose(y, p, sample_weight=weight)
    copied = diagnose(y[rows], p[rows], groups=rows)
    assert weighted.metrics["n_samples"].value == np.count_nonzero(weight)
    assert_same(weighted, copied, leave_out=COUNTS, tolerance=1e-7)


def test_the_scale_of_weights_is_irrelevant():
    y, p = make("over")
    weight = np.random.default_rng(0).exponential(size=len(y))
    first, second = (diagnose(y, p, sample_weight=scale * weight) for scale in (1.0, 1024.0))
    assert_same(first, second)
    assert findings(first) == findings(second)


@pytest.mark.parametrize("cause", ["healthy", "over", "bias", "noise", "zeros", "bias+outliers"])
def test_the_order_of_classes_is_irrelevant(cause):
    y, p, _, first = diagnosed(cause)
    order = np.array([2, 0, 1])
    second = diagnose(y, p[:, order], classes=order)
    # A tie between classes may be broken the other way; fits agree to their own tolerance.
    assert_same(first, second, tolerance=1e-6)
    assert findings(first) == findings(second)
    a, b = (d.classes.set_index("label").sort_index() for d in (first, second))
    np.testing.assert_allclose(a.to_numpy(float), b.to_numpy(float), rtol=1e-6)


@pytest.mark.parametrize("cause", ["healthy", "over", "bias", "noise", "shape"])
def test_one_column_stands_for_two(cause):
    y, p = make(cause, n=1500, k=2)
    p = np.stack([1.0 - p[:, 1], p[:, 1]], axis=1)
    first, second = diagnose(y, p), diagnose(y, p[:, 1])
    assert_same(first, second)
    assert findings(first) == findings(second)


@pytest.mark.parametrize("cause", ["healthy", "over", "under", "bias", "noise", "over+noise"])
def test_logits_are_probabilities(cause):
    y, p, _, first = diagnosed(cause)
    z = np.log(p) + np.random.default_rng(0).normal(size=(len(y), 1)) * 5.0
    second = diagnose(y, z, input="logits")
    assert_same(first, second, tolerance=1e-7)
    assert findings(first) == findings(second)


@pytest.mark.parametrize("n", [600, 20_000])
def test_the_precision_that_holds_the_same_values_is_irrelevant(n):
    """Draws too, and of many rows the sample."""
    y, p = make("over", n=n)
    single = p.astype(np.float32)
    first, second = diagnose(y, single), diagnose(y, single.astype(np.float64))
    assert_same(first, second)
    assert findings(first) == findings(second)
    for name in DRAWN:
        assert first.metrics[name].value == pytest.approx(second.metrics[name].value, rel=1e-9)


@pytest.mark.parametrize("cause", ["healthy", "over", "bias+outliers", "zeros"])
def test_merged_summaries_are_the_whole(cause):
    y, p, _, first = diagnosed(cause)
    n, cut = len(y), 217
    merged = summarize(y[:cut], p[:cut]).merge(summarize(y[cut:], p[cut:], row_offset=cut))
    assert merged.n_rows == n
    second = Diagnosis.from_summary(merged)
    assert_same(first, second)
    assert findings(first) == findings(second)
    assert first["LA201"].evidence["rows"] == second["LA201"].evidence["rows"]
    np.testing.assert_array_equal(first.samples()["index"], second.samples()["index"])


def test_diagnose_is_the_diagnosis_of_the_summary():
    y, p = make("over")
    assert diagnose(y, p, name="m") == Diagnosis.from_summary(summarize(y, p), name="m")


def test_rows_of_weight_zero_are_absent():
    y, p = make("bias")
    weight = np.r_[np.ones(500), np.zeros(100)]
    assert_same(diagnose(y, p, sample_weight=weight), diagnose(y[:500], p[:500]))


def test_a_class_that_nobody_has_and_nobody_predicts_changes_no_loss():
    y, p = make("over")
    wider = np.concatenate([p, np.zeros((len(y), 1))], axis=1)
    first, second = diagnose(y, p), diagnose(y, wider, classes=range(4))
    for name in ("log_loss", "accuracy", "brier_score", "ece", "balanced_accuracy", "roc_auc", "prior_log_loss"):
        assert first.metrics[name].value == pytest.approx(second.metrics[name].value, rel=1e-9), name
    assert second["LA001"].status == "passed"
