import numpy as np
import pytest

from sklearn_lossacc.findings.comparison import ComparisonDiagnosis


def test_it_fires_on_equal_models(compared):
    d = compared("equal", seed=3)
    finding = d["LA603"]
    assert finding.status == "fired"
    assert finding.severity == "tip"
    assert finding.p_value is None
    assert finding.evidence["p_loss"] > 0.05
    assert finding.evidence["p_accuracy"] > 0.05
    loss = d.difference("log_loss")
    assert finding.evidence["loss_could_be"] == pytest.approx(max(-loss.low, loss.high))
    assert "cannot tell A and B apart" in finding.headline


def test_it_says_how_many_rows_it_takes(models):
    y, proba = models("equal", 500, 3, 3)
    finding = ComparisonDiagnosis.from_predictions(y, proba)["LA603"]
    needed = finding.evidence["rows_for_loss"]
    loss = ComparisonDiagnosis.from_predictions(y, proba).frame().set_index("measure").loc["log_loss"]
    error = (loss["high"] - loss["low"]) / 2 / 1.96
    assert needed == pytest.approx(500 * (2.8016 * error / loss["value"]) ** 2, rel=0.1)
    assert "for loss" in finding.advice


@pytest.mark.parametrize("kind", ["certainty", "capacity", "disagree"])
def test_it_does_not_fire_on_a_difference(compared, kind):
    finding = compared(kind)["LA603"]
    assert finding.status == "passed"
    assert "beyond noise" in finding.headline


def test_one_difference_is_enough(compared):
    d = compared("certainty")
    assert d.tables["pairs"]["verdict"] == ["loss only"]
    assert d["LA603"].status == "passed"
    assert "within noise" in d["LA603"].headline


@pytest.mark.parametrize("swapped", [False, True])
def test_what_a_temperature_each_would_show_is_said(models, swapped):
    """B knows less, A is too sure: as they are neither is better, recalibrated A is."""
    y, proba = models("refinement", 600, 4)
    names = ("B", "A") if swapped else ("A", "B")
    d = ComparisonDiagnosis.from_predictions(y, {name: proba[name] for name in names})
    finding = d["LA603"]
    assert finding.status == "fired"
    assert finding.evidence["p_refinement"] < 0.01
    assert finding.headline.startswith("As they are, these rows cannot tell")
    assert "After a temperature each, A has the lower log loss" in finding.headline
    assert finding.advice.startswith("Where probabilities are used, recalibrate both and take A.")


def test_nothing_is_said_of_temperatures_that_show_nothing(compared):
    finding = compared("equal", seed=3)["LA603"]
    assert "temperature" not in finding.headline
    assert "recalibrate" not in finding.advice


def test_the_same_predictions_are_named(models):
    y, proba = models("equal")
    d = ComparisonDiagnosis.from_predictions(y, {"A": proba["A"], "again": proba["A"].copy()})
    finding = d["LA603"]
    assert finding.status == "fired"
    assert finding.evidence["identical"]
    assert finding.interval == (0.0, 0.0)
    for measure in ("log_loss", "accuracy", "brier_score", "calibration_loss", "refinement_loss"):
        found = d.difference(measure)
        assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)
    assert set(d.tables["differences"]["p_value"]) == {1.0}
    assert d.issues == (finding,)


def test_it_cannot_be_asked_of_few_groups(models):
    y, proba = models("equal")
    d = ComparisonDiagnosis.from_predictions(y, proba, groups=np.arange(len(y)) % 5)
    assert d["LA603"].status == "not_applicable"
