"""What a fault of the export explains is said under that reserve."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax

from sklearn_lossacc import Finding, diagnose
from sklearn_lossacc.findings.explained import OF_THE_ORDER, explained


@pytest.mark.parametrize("k", [2, 5])
def test_nothing_is_said_of_the_wrong_classes_without_reserve(plant, k):
    y, log_proba, _ = plant("healthy", k=k, scale=4.0)
    d = diagnose(y, log_proba[:, [1, 0, *range(2, k)]], input="logits", classes=range(k))
    assert d["LA301"].evidence["column_order"] == [1, 0, *range(2, k)]
    said = [f for f in d.issues if f.code in OF_THE_ORDER and not f.evidence.get("column_order")]
    assert {"LA302"} < {finding.code for finding in said}
    for finding in said:
        assert finding.headline.endswith("The columns seem to be in another order (LA301).")
        assert finding.advice == "Settle the order of the columns first (LA301)."
        assert finding.evidence["repaired_by"] == ["LA301"]


@pytest.mark.parametrize("k", [3, 8])
def test_a_second_softmax_explains_what_comes_of_it(diagnosed, k):
    d = diagnosed("double softmax", k=k)
    assert d["LA002"].status == d["LA102"].status == "fired"
    for finding in d.issues:
        if finding.code in ("LA102", "LA104"):
            assert finding.headline.endswith("The second softmax (LA002) explains it.")
            assert finding.evidence["repaired_by"] == ["LA002"]
            assert "Calibrat" not in finding.advice


@pytest.mark.parametrize(("n", "k"), [(400, 1500), (2000, 100)])
def test_a_second_softmax_of_many_classes_makes_no_noise_and_no_bias(n, k):
    rng = np.random.default_rng(n)
    logits = 2.5 * rng.normal(size=(n, k)) - np.log(np.arange(k) + 3.0)
    y = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    d = diagnose(y, softmax(logits, axis=1), input="logits", classes=range(k))
    assert d["LA202"].status == "fired"
    for finding in d.issues:
        if finding.code in ("LA102", "LA103", "LA104", "LA202", "LA302"):
            assert "The second softmax (LA002)" in finding.headline
            assert finding.advice == "Undo the second softmax first (LA002), and diagnose again."
    assert "label_quality" not in str(d)


def test_a_second_softmax_does_not_explain_noise_that_it_leaves():
    twice = Finding("LA002", "double-softmax", "fired", "error", value=0.8, evidence={"noise_rate": 0.1})
    noise = Finding("LA202", "label-noise", "fired", "warning", evidence={"nats": 0.1}, headline="Noise.")
    bias = Finding("LA103", "class-bias", "fired", "warning", evidence={"nats": 0.9}, headline="Bias.")
    assert explained([twice, noise])[1] == noise
    assert explained([replace(twice, evidence={"noise_rate": 0.0}), noise])[1].evidence["repaired_by"] == ["LA002"]
    assert explained([twice, bias])[1] == bias


def test_a_second_softmax_does_not_explain_what_was_timid_before_it(plant):
    y, log_proba, _ = plant("healthy", k=5, scale=4.0)
    d = diagnose(y, softmax(softmax(0.3 * log_proba, axis=1), axis=1))
    assert d["LA002"].status == d["LA102"].status == "fired"
    assert d["LA002"].value < d["LA102"].evidence["nats"]
    assert "LA002" not in d["LA102"].headline
    assert "TemperatureCalibrator" in d["LA102"].advice


def test_findings_of_a_sound_export_are_as_they_were(diagnosed):
    finding = diagnosed("temperature", strength=1.8)["LA101"]
    assert finding.evidence["repaired_by"] == []
    assert np.isfinite(finding.value)


def test_a_threshold_is_explained_only_by_a_finding_that_fired():
    threshold = Finding(
        "LA401",
        "threshold",
        "fired",
        "tip",
        evidence={"repaired_by": ["LA103", "LA102"]},
        headline="Move.",
        advice="Choose.",
    )
    timid = Finding("LA102", "underconfident", "fired", "warning")
    biased = Finding("LA103", "class-bias", "passed", "warning")

    def found(*others):
        return next(finding for finding in explained([*others, threshold]) if finding.code == "LA401")

    alone = found(biased)
    assert (alone.headline, alone.advice, alone.evidence["repaired_by"]) == ("Move.", "Choose.", [])
    assert alone.evidence["explained_by_class_bias"] is False
    beside = found(timid, biased)
    assert "(LA102) explains it" in beside.headline
    assert beside.evidence["repaired_by"] == ["LA102"]
    assert beside.evidence["explained_by_class_bias"] is True
    assert "(LA103) explains it" in found(timid, replace(biased, status="fired")).headline
