import math

import numpy as np
import pytest
from scipy.special import expit

from sklearn_lossacc import (
    AutoCalibrator,
    Diagnosis,
    IdentityCalibrator,
    TemperatureCalibrator,
    diagnose,
    metrics,
    summarize,
)
from sklearn_lossacc.findings.materiality import OUTLIER_EXCESS
from sklearn_lossacc.findings.wording import what_to_do

EVIDENCE = {
    "p_gate",
    "surprise",
    "n_certain",
    "expected_rows",
    "brier_score",
    "nats",
    "p_attr",
    "p_holm",
    "rows",
    "n_outliers",
    "loss_share",
    "largest_loss",
    "certificate",
    "top_share",
    "top_share_null",
    "top_share_p",
    "tail_index",
    "largest_loss_share",
    "breakdown_rows",
    "median_loss",
    "truncated_loss",
    "cannot_tell_from_noise",
    "repaired_by",
    "column_order",
}


@pytest.mark.parametrize("k", [2, 3, 10])
def test_corrupt_rows_fire_and_are_named(diagnosed, plant, statistical, k):
    d = diagnosed("outliers", k=k, scale=3.0, strength=6)
    _, _, rows = plant("outliers", k=k, scale=3.0, strength=6)
    finding = d["LA201"]
    assert statistical(d) == {"LA201"}
    assert (finding.status, finding.severity) == ("fired", "warning")
    assert set(finding.evidence) == EVIDENCE
    assert sorted(finding.evidence["rows"]) == sorted(rows)
    assert finding.evidence["n_outliers"] == 6
    assert finding.p_value == max(finding.evidence["p_gate"], finding.evidence["p_attr"]) < 0.001
    assert finding.url.endswith("LA201.html")


def test_the_numbers_of_the_tail(diagnosed, plant):
    y, log_proba, rows = plant("outliers", scale=3.0, strength=6)
    d = diagnosed("outliers", scale=3.0, strength=6)
    facts = d["LA201"].evidence
    loss = -log_proba[np.arange(2000), y]
    entropy = -(np.exp(log_proba) * log_proba).sum(axis=1)
    assert facts["loss_share"] == pytest.approx(loss[rows].sum() / loss.sum())
    assert d["LA201"].value == pytest.approx((loss - entropy)[rows].sum() / 2000)
    assert d["LA201"].value == d.decomposition["outliers"].value >= OUTLIER_EXCESS
    assert facts["largest_loss"] == pytest.approx(loss.max())
    assert facts["certificate"] == pytest.approx(math.log(2000 * 2 / 0.05))
    assert facts["largest_loss"] > facts["certificate"]
    assert facts["top_share"] == pytest.approx(np.sort(loss)[-20:].sum() / loss.sum())
    assert facts["top_share"] > facts["top_share_null"]
    assert facts["top_share_p"] <= 0.05
    assert facts["median_loss"] == pytest.approx(np.sort(loss)[999])
    assert facts["truncated_loss"] == pytest.approx(np.minimum(loss, -math.log(0.01)).mean())
    assert facts["breakdown_rows"] <= 12
    # Two classes apart from the top one are both less likely than it: the surprise of an argmin is its probability.
    np.testing.assert_allclose(facts["surprise"], np.exp(log_proba[facts["rows"], y[facts["rows"]]]), rtol=1e-6)
    assert facts["n_certain"] == (np.array(facts["surprise"]) * 2000 <= 0.05).sum()
    assert 0 < facts["expected_rows"] <= 2000 * max(facts["surprise"])
    proba = np.exp(log_proba)
    assert facts["brier_score"] == pytest.approx(((proba - np.eye(3)[y]) ** 2).sum(axis=1).mean())
    assert f", the median {facts['median_loss']:.3f}." in d["LA201"].headline
    assert f"Brier score ({facts['brier_score']:.3f})" in d["LA201"].advice
    assert f"cut at 4.605 nats ({facts['truncated_loss']:.3f})" in d["LA201"].advice


def test_one_outlier_deep_inside_a_handful_of_points():
    # A confident unit with one hidden neuron, a dozen points, and one of the other class far inside.
    x = np.r_[np.linspace(-2.0, -0.6, 6), np.linspace(0.6, 2.0, 6), 1.4]
    y = np.r_[np.zeros(6, dtype=int), np.ones(6, dtype=int), 0]
    p = expit(12.0 * x)
    d = diagnose(y, np.stack([1 - p, p], axis=1))
    rows = d.samples().set_index("index")
    assert rows.loc[12, "loss"] == pytest.approx(16.8, abs=0.05)
    assert rows.drop(12)["loss"].max() < 0.001
    finding = d["LA201"]
    assert finding.status == "fired"
    assert finding.evidence["rows"] == [12]
    assert finding.evidence["loss_share"] > 0.999
    assert finding.headline.startswith("Row 12 carries")
    assert "an outlier, a wrong label or one that the model is too sure of" in finding.headline
    assert d["LA101"].status == "passed"
    assert d["LA202"].status == "passed"
    assert d.metrics["log_loss"].method.endswith("one row carries 100% of the loss")


@pytest.mark.parametrize("n", [11, 24, 100, 400])
@pytest.mark.parametrize("seed", range(3))
def test_one_row_is_no_bias_and_no_overconfidence(n, seed):
    """A saturated unit, sure of every row, and one label of the other class: what rests on it alone is not named."""
    x = np.random.default_rng(seed).uniform(0.3, 1.0, n) * np.where(np.arange(n) % 2, 1, -1)
    y = (x > 0).astype(int)
    outlier = int(np.argmax(x))
    y[outlier] = 0
    d = diagnose(y, expit(17 * np.tanh(3 * x)))
    assert [finding.code for finding in d.issues] == ["LA003", "LA201"]
    assert d["LA201"].evidence["rows"] == [outlier]
    assert d["LA201"].evidence["loss_share"] > 0.7
    assert d.decomposition["temperature"].value == d.decomposition["class_bias"].value == 0.0


def test_the_rows_set_aside_leave_the_others_to_be_judged(plant, statistical):
    # Bias and outliers together: both are found, and the offsets are those of the bulk.
    y, log_proba, _ = plant("bias", scale=3.0, strength=1.5)
    surest = np.argsort(-log_proba.max(axis=1))
    rows = surest[log_proba[surest].argmax(axis=1) != 0][:6]
    y[rows] = log_proba[rows].argmin(axis=1)
    d = diagnose(y, log_proba, input="logits")
    assert {"LA103", "LA201"} <= statistical(d)
    assert sorted(d["LA201"].evidence["rows"]) == sorted(rows)
    offsets = np.array(d["LA103"].evidence["offsets"])
    assert offsets[0] - offsets[1:].mean() == pytest.approx(-1.5, abs=0.3)


@pytest.mark.parametrize("scale", [0.5, 3.0, 20.0])
def test_a_healthy_model_does_not_fire(diagnosed, scale):
    finding = diagnosed("healthy", scale=scale)["LA201"]
    assert finding.status == "passed"
    assert finding.value == 0.0
    assert finding.evidence["rows"] == []
    assert "No row has a loss" in finding.headline


def test_near_miss_one_bad_row_among_very_many(plant):
    y, log_proba, _ = plant("healthy", n=20_000, scale=5.0)
    row = np.argsort(-log_proba.max(axis=1))[0]
    y[row] = log_proba[row].argmin()
    d = diagnose(y, log_proba, input="logits")
    finding = d["LA201"]
    assert finding.p_value < 0.001
    assert finding.evidence["rows"][0] == row
    assert finding.evidence["n_outliers"] <= 2
    assert 0 < finding.value < OUTLIER_EXCESS
    assert finding.status == "passed"
    assert f"more loss than the model allows, but only {finding.value:.3f} nats" in finding.headline
    assert d.decomposition["outliers"].value == 0.0


@pytest.mark.parametrize("k", [2, 10])
def test_noise_is_not_called_outliers(diagnosed, k):
    finding = diagnosed("noise", k=k, scale=3.0, strength=0.1)["LA201"]
    assert finding.evidence["p_gate"] < 0.01
    assert finding.status == "passed"


def test_row_numbers_count_from_the_offset(plant):
    from sklearn_lossacc import Diagnosis, summarize

    y, log_proba, rows = plant("outliers", scale=3.0, strength=6)
    summary = summarize(y, log_proba, input="logits", row_offset=5000)
    assert sorted(Diagnosis.from_summary(summary)["LA201"].evidence["rows"]) == sorted(rows + 5000)


def test_rows_that_are_right_are_worth_calibrating_on():
    """Half of a rare class lies where the model does not look for it: left out, what such rows cost is not learnt."""
    rng = np.random.default_rng(2)

    def draw(n):
        scores = 1.5 * rng.normal(size=n) - 6
        chance = np.where(rng.random(n) < 0.04, 0.15, 1 / (1 + np.exp(-scores)))
        return (rng.random(n) < chance).astype(int), np.c_[np.zeros(n), scores]

    (y, logits), (new_y, new_logits) = draw(2000), draw(50_000)
    finding = diagnose(y, logits, input="logits")["LA201"]
    assert finding.status == "fired"
    assert "Calibrate without these rows only if they are wrong" in finding.advice
    others = np.setdiff1d(np.arange(len(y)), finding.evidence["rows"])

    def loss(calibrator, rows):
        return metrics.log_loss(new_y, calibrator.fit(logits[rows], y[rows]).predict_proba(new_logits))

    as_they_are = loss(IdentityCalibrator(input="logits"), others)
    assert loss(AutoCalibrator(input="logits"), others) > as_they_are - 0.002
    for calibrator in (AutoCalibrator(input="logits"), TemperatureCalibrator(input="logits", floor=True)):
        assert loss(calibrator, slice(None)) < as_they_are - 0.002


@pytest.mark.simulation
@pytest.mark.parametrize(("k", "scale"), [(2, 2.0), (2, 4.0), (5, 2.0), (5, 4.0), (20, 4.0)])
def test_few_wrong_labels_are_outliers_even_where_none_is_impossible(plant, statistical, k, scale):
    """Wrong labels of probability below 1e-3, anywhere: too few for a noise rate that matters, so rows are named."""
    for seed, count in ((0, 5), (1, 6), (2, 10)):
        y, log_proba, _ = plant("healthy", k=k, scale=scale, seed=seed)
        tiny = np.flatnonzero(log_proba.min(axis=1) < np.log(1e-3))
        rows = np.random.default_rng(seed).choice(tiny, count, replace=False)
        y[rows] = log_proba[rows].argmin(axis=1)
        d = diagnose(y, log_proba, input="logits")
        assert statistical(d) == {"LA201"}
        assert np.isin(rows, d["LA201"].evidence["rows"]).sum() >= 0.7 * count
        assert d.decomposition["floor"].value == 0.0


def test_a_row_of_weight_zero_is_no_outlier(plant):
    y, log_proba, rows = plant("outliers", scale=3.0, strength=6)
    weight = np.ones(2000)
    weight[rows] = 0.0
    assert diagnose(y, log_proba, input="logits", sample_weight=weight)["LA201"].status == "passed"


def test_zeros_are_left_to_the_export(plant):
    """A vote of 0 costs as much as a wrong label of a sure row, but is not that of an outlier."""
    y, log_proba, _ = plant("healthy", n=1000)
    proba = np.exp(log_proba)
    rows = np.flatnonzero(proba[np.arange(1000), y] < 0.05)[:3]
    proba[rows, y[rows]] = 0.0
    proba /= proba.sum(axis=1, keepdims=True)
    d = diagnose(y, proba)
    finding = d["LA201"]
    assert sorted(finding.evidence["rows"]) == sorted(rows)
    assert "Their true class has probability exactly 0 (LA001)." in finding.headline
    assert "wrong label" not in finding.headline
    assert finding.evidence["repaired_by"] == ["LA001"]
    assert finding.advice.startswith("Attend to the zeros first (LA001)")
    assert finding.advice not in what_to_do(d)
    proba[rows[2]] = np.maximum(proba[rows[2]], 1e-14)
    mixed = diagnose(y, proba)["LA201"]
    assert sorted(mixed.evidence["rows"]) == sorted(rows)
    assert "In 2 of them" in mixed.headline
    assert mixed.advice == finding.advice
    assert mixed.evidence["repaired_by"] == []
    proba[rows] = np.where(proba[rows] == 0.0, 1e-14, proba[rows])
    proba[rows[0]] /= proba[rows[0]].sum()
    assert diagnose(y, proba)["LA201"].evidence["repaired_by"] == []


N_ALL, N_OUTLIERS = 20_000, 20


def summarized(y, log_proba, **extra):
    """Of all rows the summary keeps 2048."""
    return summarize(y, log_proba, input="logits", sample_entries=1, **extra)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("design", ["plain", "weights", "groups"])
def test_rows_beyond_the_sample_are_named(plant, seed, design):
    y, log_proba, rows = plant("outliers", n=N_ALL, k=3, scale=5.0, strength=N_OUTLIERS, seed=seed)
    weight = np.random.default_rng(seed).exponential(size=N_ALL)
    extra = {"plain": {}, "weights": {"sample_weight": weight}, "groups": {"groups": np.arange(N_ALL) // 4}}[design]
    d = Diagnosis.from_summary(summarized(y, log_proba, **extra))
    finding = d["LA201"]
    assert finding.status == "fired"
    assert np.isin(rows, d.samples(n=1000, by="surprise")["index"]).all()
    assert np.isin(finding.evidence["rows"], rows).mean() >= 0.9
    assert N_OUTLIERS <= finding.evidence["n_outliers"] <= N_OUTLIERS + 2
    assert finding.evidence["n_certain"] <= finding.evidence["n_outliers"]
    used = weight if design == "weights" else np.ones(N_ALL)
    excess = -log_proba[rows, y[rows]] + np.vecdot(np.exp(log_proba[rows]), log_proba[rows])
    planted = used[rows] @ excess / used.sum()
    assert finding.value == pytest.approx(planted, rel=0.1)
    assert finding.evidence["loss_share"] == pytest.approx(finding.value / d.metrics["log_loss"].value, rel=0.1)
    assert d.decomposition["outliers"].value == finding.value
    assert sum(part.value for part in d.decomposition.parts) == pytest.approx(d.decomposition.total)
    assert {f.code for f in d.issues} == {"LA201"}


@pytest.mark.parametrize(
    ("cause", "strength"),
    [
        ("healthy", None),
        ("temperature", 2.0),
        ("noise", 0.05),
        ("noise", 0.01),
        ("noise", 0.003),
        ("pair noise", 0.15),
        ("bias", 1.0),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_no_row_beyond_the_sample_is_named_without_need(plant, cause, strength, seed):
    y, log_proba, _ = plant(cause, n=N_ALL, k=3, scale=5.0, strength=strength, seed=seed)
    finding = Diagnosis.from_summary(summarized(y, log_proba))["LA201"]
    assert finding.status == "passed"


def test_rows_beyond_the_sample_are_named_whatever_the_parts(plant):
    y, log_proba, _ = plant("outliers", n=N_ALL, k=3, scale=5.0, strength=N_OUTLIERS)
    whole = Diagnosis.from_summary(summarized(y, log_proba))
    first, second = slice(0, 7000), slice(7000, N_ALL)
    right = summarized(y[second], log_proba[second], classes=[0, 1, 2], row_offset=7000)
    merged = Diagnosis.from_summary(right.merge(summarized(y[first], log_proba[first], classes=[0, 1, 2])))
    assert merged["LA201"].status == "fired"
    assert merged["LA201"].evidence["rows"] == whole["LA201"].evidence["rows"]
    assert merged["LA201"].value == pytest.approx(whole["LA201"].value, rel=1e-12)


def test_a_single_impossible_row_of_large_weight_is_named(plant):
    y, log_proba, _ = plant("healthy", n=N_ALL, k=3, scale=5.0)
    row = int(np.argmax(log_proba.max(axis=1)))
    y[row] = log_proba[row].argmin()
    weight = np.ones(N_ALL)
    weight[row] = 50.0
    d = Diagnosis.from_summary(summarized(y, log_proba, sample_weight=weight))
    assert d["LA201"].status == "fired"
    assert d["LA201"].evidence["rows"][0] == row


def test_rows_that_are_kept_but_not_judged_are_named(plant):
    # 16 384 of 30 000 rows are judged; what is said of all losses is that of all rows.
    y, log_proba, rows = plant("outliers", n=30_000, k=10, scale=5.0, strength=60)
    d = diagnose(y, log_proba, input="logits")
    assert not d.description["sample_complete"]
    finding = d["LA201"]
    assert finding.status == "fired"
    assert {f.code for f in d.issues} == {"LA201"}
    assert np.isin(finding.evidence["rows"], rows).mean() >= 0.9
    assert 60 <= finding.evidence["n_outliers"] <= 66
    loss = -log_proba[np.arange(30_000), y]
    assert finding.evidence["median_loss"] == pytest.approx(np.sort(loss)[14_999], rel=1e-12)
    assert finding.evidence["truncated_loss"] == pytest.approx(np.minimum(loss, -math.log(0.01)).mean(), rel=1e-12)
    assert finding.evidence["top_share"] == pytest.approx(np.sort(loss)[-300:].sum() / loss.sum(), rel=1e-12)
    assert finding.evidence["certificate"] == pytest.approx(math.log(30_000 * 9 / 0.05))


def test_noise_that_the_part_takes_for_few_rows_is_noise_of_all(plant):
    # 75 of 16 384 judged rows would be named; among all 40 000 there are too many.
    y, log_proba, _ = plant("noise", n=40_000, k=10, scale=5.0, strength=0.009)
    d = diagnose(y, log_proba, input="logits")
    assert d["LA201"].status == "passed"
    assert d["LA202"].status == "fired"
    assert d["LA202"].value == pytest.approx(0.0081, abs=0.002)


@pytest.mark.parametrize(("k", "seed"), [(5, 0), (5, 1), (20, 0), (20, 1)])
def test_sure_wrong_rows_of_an_underconfident_model_are_no_noise(plant, statistical, k, seed):
    y, log_proba, _ = plant("temperature", k=k, strength=0.6, seed=seed)
    rows = np.arange(6)
    log_proba[rows] = 7.0 * np.eye(k)[(y[rows] + 1) % k]
    d = diagnose(y, log_proba, input="logits", classes=range(k))
    assert statistical(d) == {"LA102", "LA201"}
    named = set(d["LA201"].evidence["rows"])
    assert named >= set(rows.tolist())
    # Others are as surprising: on average a fifth of those named, and their number is said.
    assert len(named) <= 2 * rows.size
    assert d["LA201"].evidence["expected_rows"] <= len(named) / 2
    assert d["LA102"].interval[0] < 0.6 < d["LA102"].interval[1]


def test_noise_of_an_underconfident_model_is_no_outliers(plant, statistical):
    y, log_proba, _ = plant("temperature", k=5, strength=0.6)
    rng = np.random.default_rng(0)
    y = np.where(rng.random(y.size) < 0.1, rng.integers(0, 5, y.size), y)
    assert statistical(diagnose(y, log_proba, input="logits", classes=range(5))) == {"LA102", "LA202"}
