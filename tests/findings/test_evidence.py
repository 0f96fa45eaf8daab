"""What is judged, and from how many draws."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from sklearn_lossacc import Diagnosis, summarize
from sklearn_lossacc.findings.evidence import Evidence
from sklearn_lossacc.findings.evidence import rows as module
from sklearn_lossacc.inference.monte_carlo import N_DRAWS, N_DRAWS_EXTENDED, N_DRAWS_FIRST


def logits(n, k, temperature=1.0, seed=0):
    rng = np.random.default_rng(seed)
    scores = 2.0 * rng.normal(size=(n, k))
    y = (scores + rng.gumbel(size=(n, k))).argmax(axis=1)
    return y, temperature * scores


def evidence_of(y, scores, **keywords):
    return Evidence(summarize(y, scores, input="logits", **keywords), alpha=0.05, random_state=0)


@pytest.fixture
def judged_rows(monkeypatch):
    """Let no more rows be judged than a number."""

    def set_to(n_rows):
        monkeypatch.setattr(module, "JUDGED_ROWS", n_rows)
        monkeypatch.setattr(module, "JUDGED_ENTRIES", 1)

    return set_to


@pytest.mark.parametrize(("k", "n_rows"), [(2, 2**16), (10, 2**14), (100, 2**20 // 100), (1000, 2**20 // 1000)])
def test_so_many_rows_are_judged_whole(k, n_rows):
    # Labels alone decide: the probabilities may be those of one row.
    y, p = np.arange(n_rows + 1) % k, np.broadcast_to(np.full(k, 1.0 / k), (n_rows + 1, k))
    whole, part = (
        Evidence(summarize(y[:n], p[:n], classes=range(k)), alpha=0.05, random_state=0) for n in (n_rows, n_rows + 1)
    )
    assert whole.sample.complete
    assert whole.rows is whole.judged
    assert not part.sample.complete
    assert len(part.sample) == n_rows


DESCRIBED = (
    "n_samples",
    "effective_n",
    "accuracy",
    "balanced_accuracy",
    "log_loss",
    "log_loss_clipped",
    "expected_log_loss",
    "brier_score",
    "mean_confidence",
    "confidence_gap",
    "prior_log_loss",
    "majority_accuracy",
    "d2_log_loss",
    "d2_brier",
    "ece",
    "ece_null_mean",
    "ece_null_q95",
    "smooth_ece",
    "debiased_rmsce",
    "roc_auc",
)


@pytest.mark.parametrize("design", ["plain", "weights", "groups", "zeros"])
def test_what_is_described_is_all_rows_that_are_kept(judged_rows, design):
    rng = np.random.default_rng(0)
    y, scores = logits(5000, 4, temperature=1.6)
    proba = softmax(scores, axis=1)
    extra = {"weights": {"sample_weight": rng.uniform(0.5, 1.5, 5000)}, "groups": {"groups": np.arange(5000) // 3}}
    if design == "zeros":
        proba[:40, 0], proba[:40, 1:], y[:40] = 0.0, rng.dirichlet([9, 9, 12], 40), np.repeat([0, 1], [5, 35])
    summary = summarize(y, proba, **extra.get(design, {}))
    whole = Diagnosis.from_summary(summary)
    judged_rows(1600)
    part = Diagnosis.from_summary(summary)
    assert whole.description["sample_complete"]
    assert not part.description["sample_complete"]
    assert 1597 < part.description["sample_rows"] <= 1600
    for name in DESCRIBED:
        assert part.metrics[name] == whole.metrics[name], name
    assert part.tables == whole.tables
    for name in ("largest_loss_share", "zero_rows", "non_finite"):
        assert part.description[name] == whole.description[name]
    for code in ("LA301", "LA302", "LA303", "LA304"):
        assert part[code] == whole[code]
    # What is fitted is that of the part, and says so.
    assert "sampled rows" in part.metrics["temperature"].method
    assert part.metrics["temperature"].value == pytest.approx(whole.metrics["temperature"].value, rel=0.1)
    assert part["LA101"].status == whole["LA101"].status == "fired"
    assert sum(item.value for item in part.decomposition.parts) == pytest.approx(part.decomposition.total, abs=1e-12)


def test_areas_are_those_of_scikit_learn_where_a_part_is_judged():
    y, scores = logits(2**14 + 500, 10)
    proba = softmax(scores, axis=1)
    d = Diagnosis.from_summary(summarize(y, proba))
    assert d.description["sample_rows"] == 2**14
    assert d.metrics["roc_auc"].value == pytest.approx(roc_auc_score(y, proba, multi_class="ovr"), rel=1e-12)
    assert d.metrics["balanced_accuracy"].value == pytest.approx(balanced_accuracy_score(y, scores.argmax(axis=1)))
    table = d.tables["rows_label_quality"]
    assert y[table["index"]].tolist() == table["y_true"]
    np.testing.assert_allclose(proba[table["index"], table["y_true"]], table["p_true"])


def test_the_same_rows_are_judged_whether_or_not_the_summary_keeps_all(judged_rows):
    judged_rows(700)
    y, scores = logits(3000, 3)
    for extra in ({}, {"groups": np.arange(3000) // 2}):
        kept, left = (evidence_of(y, scores, sample_entries=3 * n, **extra) for n in (3000, 2999))
        assert kept.rows.complete
        assert left.rows is left.judged
        np.testing.assert_array_equal(kept.sample.index, left.sample.index)
        assert kept.gates["over"].p_value == left.gates["over"].p_value


def test_of_unequal_weights_more_rows_are_judged(judged_rows):
    judged_rows(500)
    y, scores = logits(6000, 3)
    rng = np.random.default_rng(0)
    assert len(evidence_of(y, scores, sample_weight=rng.uniform(0.5, 1.5, 6000)).sample) == 500
    heavy = evidence_of(y, scores, sample_weight=np.exp(1.4 * rng.normal(size=6000)))
    assert 1000 < len(heavy.sample) < 4000
    assert heavy.null.effective_n() > 150
    # One row has nearly all the weight: nothing is gained by leaving out the others.
    assert evidence_of(y, scores, sample_weight=np.r_[1e6, np.ones(5999)]).sample.complete


def test_few_groups_are_judged_whole(judged_rows):
    judged_rows(500)
    y, scores = logits(6000, 3)
    assert evidence_of(y, scores, groups=np.arange(6000) % module.FEWEST_GROUPS).sample.complete
    of_five = evidence_of(y, scores, groups=np.arange(6000) // 5)
    assert (of_five.null.n_rows, of_five.null.n_groups) == (5 * module.FEWEST_GROUPS, module.FEWEST_GROUPS)
    beyond = evidence_of(y, scores, groups=np.arange(6000) // 5, sample_entries=3 * 4000)
    np.testing.assert_array_equal(beyond.sample.index, of_five.sample.index)


def test_of_more_rows_a_part_is_judged(judged_rows):
    judged_rows(1000)
    summary = summarize(*logits(6000, 3), input="logits", sample_entries=3 * 4000)
    d = Diagnosis.from_summary(summary)
    assert len(summary.sample) == 4000
    assert (d.description["sample_rows"], d.description["sample_complete"]) == (1000, False)
    low, high = d.metrics["log_loss"].low, d.metrics["log_loss"].high
    # Sums are those of all rows, and so is the width of their intervals.
    assert d.metrics["log_loss"].value == pytest.approx(summary.log_loss)
    error = np.sqrt(summary.variance_of_mean("loss"))
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.15)


def test_small_p_values_are_drawn_finely_only_where_they_count():
    # 300 classes in 900 rows: class totals are drawn. Overconfidence upsets them, but is no class bias.
    over = evidence_of(*logits(900, 300, temperature=2.0))
    assert over.gates["class_bias"].n_draws == N_DRAWS_FIRST
    p_value, facts = over.p_values("class_bias", "class_bias")
    assert facts["p_gate"] == over.gates["class_bias"].p_value
    assert facts["p_gate"] < 0.1 <= facts["p_attr"] == p_value


def test_offsets_that_cannot_be_fitted_are_not_drawn_finely():
    y, scores = logits(900, 300)
    biased = evidence_of(np.where(np.arange(900) % 5 == 0, 7, y), scores)
    p_value, facts = biased.p_values("class_bias", "class_bias")
    assert biased.gates["class_bias"].n_draws == N_DRAWS_FIRST
    assert facts["p_gate"] == biased.gates["class_bias"].p_value
    assert p_value == max(facts["p_gate"], facts["p_attr"])
    assert facts["p_attr"] < 1e-6


@pytest.mark.parametrize(("alpha", "n_draws"), [(0.05, N_DRAWS), (0.01, N_DRAWS_EXTENDED)])
def test_small_p_values_that_count_are_drawn_finely(alpha, n_draws):
    y, scores = logits(320, 60)
    biased = Evidence(
        summarize(np.where(np.arange(320) % 5 == 0, 7, y), scores, input="logits"), alpha=alpha, random_state=0
    )
    assert "class_bias" in biased.causes.terms
    p_value, facts = biased.p_values("class_bias", "class_bias")
    fine = biased.fine_gate("class_bias")
    assert fine.n_draws == n_draws
    assert facts["p_gate"] == fine.p_value
    assert p_value == max(facts["p_gate"], facts["p_attr"])


def test_every_use_of_draws_has_its_own_stream():
    y, scores = logits(300, 3)
    first, second = evidence_of(y, scores), evidence_of(y, scores)
    first.shape_gate  # noqa: B018
    assert first.rng(1).random() == second.rng(1).random() != second.rng(2).random()


@pytest.mark.parametrize("design", ["plain", "weights", "groups"])
def test_calibration_beyond_the_sample_is_that_of_all_rows(design):
    # The error, and what it comes to on a calibrated model, are of the same rows however few of them are kept.
    rng = np.random.default_rng(0)
    y, scores = logits(1500, 4)
    copies = np.repeat(np.arange(1500), 4)
    y, scores = y[copies], scores[copies] + 1e-3 * rng.normal(size=(6000, 4))
    keywords = {"weights": {"sample_weight": rng.exponential(size=6000)}, "groups": {"groups": copies}}.get(design, {})
    kept, whole = (
        Diagnosis.from_summary(summarize(y, scores, input="logits", sample_entries=size, **keywords))
        for size in (2**13, 2**21)
    )
    assert kept.description["sample_rows"] < 2100
    assert kept.metrics["ece"].value == pytest.approx(whole.metrics["ece"].value, rel=1e-9)
    for name, tolerance in {"ece_null_mean": 0.05, "ece_null_q95": 0.08, "smooth_ece": 0.03}.items():
        assert kept.metrics[name].value == pytest.approx(whole.metrics[name].value, rel=tolerance), name
    a, b = (diagnosis.tables["reliability"] for diagnosis in (kept, whole))
    assert a["rows"] == b["rows"]
    np.testing.assert_allclose(a["accuracy"], b["accuracy"], rtol=1e-9)
    many = np.array(a["rows"]) >= 100
    for name in ("band_low", "band_high"):
        np.testing.assert_allclose(np.array(a[name])[many], np.array(b[name])[many], atol=0.04)


def test_intervals_of_estimates_of_the_sample_are_those_of_the_sample():
    # 2048 of 6000 rows: what they say of the temperature is no surer than they are themselves.
    y, scores = logits(6000, 4, temperature=1.5)
    kept = Diagnosis.from_summary(summarize(y, scores, input="logits", sample_entries=2**13)).metrics
    whole = Diagnosis.from_summary(summarize(y, scores, input="logits")).metrics
    for name in ("temperature", "calibration_loss", "roc_auc"):
        ratio = (kept[name].high - kept[name].low) / (whole[name].high - whole[name].low)
        assert ratio == pytest.approx(np.sqrt(6000 / 2048), rel=0.15), name
    wider = (kept["refinement_loss"].high - kept["refinement_loss"].low) / (
        kept["log_loss"].high - kept["log_loss"].low
    )
    assert wider > (whole["refinement_loss"].high - whole["refinement_loss"].low) / (
        whole["log_loss"].high - whole["log_loss"].low
    )


def test_estimates_of_the_sample_say_so():
    y, scores = logits(6000, 4)
    kept = Diagnosis.from_summary(summarize(y, scores, input="logits", sample_entries=2**13)).metrics
    for name in ("temperature", "roc_auc", "debiased_rmsce"):
        assert "2,048 sampled rows" in kept[name].method
        assert "sampled" not in Diagnosis.from_summary(summarize(y, scores, input="logits")).metrics[name].method
