import numpy as np
import pytest

from sklearn_lossacc import diagnose
from sklearn_lossacc.findings.materiality import THRESHOLD_GAIN

EVIDENCE = {
    "p_holm",
    "p_gain",
    "p_order",
    "gained",
    "lost",
    "threshold",
    "offsets",
    "explained_by_class_bias",
    "repaired_by",
}


def test_a_shifted_class_is_repaired_not_thresholded(diagnosed):
    d = diagnosed("bias", k=2, strength=1.5)
    finding = d["LA401"]
    assert (finding.status, finding.severity) == ("fired", "tip")
    assert set(finding.evidence) == EVIDENCE
    assert finding.value >= finding.threshold == THRESHOLD_GAIN
    assert finding.interval[0] < finding.value < finding.interval[1]
    assert finding.p_value <= finding.evidence["p_holm"] <= 0.05
    assert finding.evidence["gained"] > finding.evidence["lost"]
    # Class 0 got 1.5 too much: class 1 is the better guess from 1 / (1 + e^1.5) = .18 on.
    assert finding.evidence["threshold"] == pytest.approx(0.18, abs=0.06)
    assert finding.evidence["explained_by_class_bias"] is True
    assert "LA103" in finding.headline
    assert finding.advice.startswith("Repair the class bias")
    assert finding.url.endswith("LA401.html")


def test_offsets_for_more_classes(diagnosed):
    finding = diagnosed("bias", k=4, strength=2.0)["LA401"]
    assert finding.status == "fired"
    assert finding.evidence["threshold"] is None
    offsets = np.array(finding.evidence["offsets"])
    assert offsets.shape == (4,)
    assert offsets[0] - offsets[1:].mean() == pytest.approx(-2.0, abs=0.4)


def test_what_class_bias_does_not_explain():
    # The likeliest class is wrong in the middle only: the mean probability is right, the threshold is not.
    rng = np.random.default_rng(0)
    group = rng.choice(3, 6000, p=[0.4, 0.3, 0.3])
    shown, truth = np.array([0.55, 0.1, 0.9])[group], np.array([0.35, 0.22, 0.98])[group]
    y = (rng.random(6000) < truth).astype(int)
    d = diagnose(y, np.stack([1 - shown, shown], axis=1))
    finding = d["LA401"]
    assert finding.status == "fired"
    assert 0.55 < finding.evidence["threshold"] < 0.9
    assert finding.value == pytest.approx(0.4 * 0.3, abs=0.02)


@pytest.mark.parametrize(("cause", "k"), [("healthy", 2), ("healthy", 10), ("imbalanced", 2)])
def test_a_healthy_model_does_not_fire(diagnosed, cause, k):
    finding = diagnosed(cause, k=k, scale=1.5)["LA401"]
    assert finding.status == "passed"
    assert finding.value < THRESHOLD_GAIN


@pytest.mark.parametrize("k", [2, 5])
def test_naming_another_class_throughout_is_no_threshold(k):
    # Scores without information, and one class a little more frequent than they say.
    rng = np.random.default_rng(k)
    y = rng.choice(k, 4000, p=np.r_[0.12, np.full(k - 1, -0.12 / (k - 1))] + 1 / k)
    finding = diagnose(y, 0.05 * rng.standard_normal((4000, k)), input="logits")["LA401"]
    assert finding.value >= THRESHOLD_GAIN
    assert finding.evidence["p_gain"] < 1e-6
    assert finding.evidence["p_order"] > 0.05
    assert finding.status == "passed"
    assert "no information" in finding.headline


def test_few_rows_leave_it_open(diagnosed):
    finding = diagnosed("healthy", n=60)["LA401"]
    assert finding.status == "passed"
    assert finding.evidence["could_be"] > THRESHOLD_GAIN
    assert "not shown" in finding.headline


def test_near_miss_with_many_rows(diagnosed):
    finding = diagnosed("bias", n=40_000, k=2, strength=0.35)["LA401"]
    assert finding.p_value < 0.01
    assert 0 < finding.value < THRESHOLD_GAIN
    assert finding.status == "passed"
    assert "not shown" not in finding.headline


def test_overconfidence_moves_no_threshold(diagnosed):
    assert diagnosed("temperature", k=2, strength=1.8)["LA401"].status == "passed"


def test_not_applicable(diagnosed, plant):
    assert diagnosed("bias", n=29, k=2, strength=1.5)["LA401"].status == "not_applicable"
    declared = diagnosed("bias", k=2, strength=1.5, out_of_sample=False)["LA401"]
    assert declared.status == "not_applicable"
    assert "in-sample" in declared.headline
    y, log_proba, _ = plant("bias", k=2, strength=1.5)
    few = diagnose(y, log_proba, input="logits", groups=np.arange(2000) % 9)["LA401"]
    assert few.status == "not_applicable"
    assert "9 groups" in few.headline


def test_a_threshold_near_a_half_is_told_from_it(plant):
    y, log_proba, _ = plant("bias", k=2, strength=1.5)
    timid = 0.5 + 1e-4 * (np.exp(log_proba[:, 1]) - 0.5)
    finding = diagnose(y, timid)["LA401"]
    assert finding.status == "fired"
    said = float(finding.headline.split("the threshold ")[1].split()[0])
    assert said != 0.5
    assert said == pytest.approx(finding.evidence["threshold"], abs=1e-6)
