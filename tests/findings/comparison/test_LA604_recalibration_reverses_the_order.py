import numpy as np
import pytest

from sklearn_lossacc.findings.comparison import ComparisonDiagnosis


def test_it_fires_where_the_better_model_is_too_sure(compared):
    d = compared("disagree")
    finding = d["LA604"]
    assert finding.status == "fired"
    assert finding.evidence["before"] < 0 < finding.evidence["after"] == finding.value
    assert finding.p_value == max(finding.evidence["p_before"], finding.evidence["p_after"])
    assert finding.evidence["temperatures"][0] == pytest.approx(3.0, rel=0.15)
    assert "B has the lower log loss as exported" in finding.headline
    assert "take A with a temperature" in finding.advice


def test_held_out_and_fitted_agree(compared):
    d = compared("disagree", n=4000)
    assert d["LA604"].value == pytest.approx(d.difference("refinement_loss").value, abs=0.003)


@pytest.mark.parametrize("kind", ["equal", "certainty", "capacity"])
def test_it_does_not_fire_otherwise(compared, kind):
    finding = compared(kind)["LA604"]
    assert finding.status == "passed"
    assert "not shown to reverse" in finding.headline


def test_a_tempered_copy_is_no_reversal(models):
    y, proba = models("certainty")
    blunt = proba["B"] ** 0.4
    d = ComparisonDiagnosis.from_predictions(y, {"A": proba["B"], "B": blunt / blunt.sum(axis=1, keepdims=True)})
    assert d.difference("log_loss").value < -0.1
    assert abs(d["LA604"].value) < 1e-6
    assert d["LA604"].status == "passed"


def test_it_cannot_be_asked_of_few_rows(models):
    y, proba = models("disagree", 29)
    d = ComparisonDiagnosis.from_predictions(y, proba)
    assert d["LA604"].status == "not_applicable"
    assert "Too few different rows" in d["LA604"].headline


def test_models_that_know_nothing_are_not_reversed():
    rng = np.random.default_rng(0)
    y, guesses = rng.integers(0, 3, 60), rng.dirichlet(np.ones(5), size=(2, 60))
    d = ComparisonDiagnosis.from_predictions(y, {"A": guesses[0], "B": guesses[1]})
    assert d["LA604"].status == "passed"
    assert abs(d["LA604"].value) < 0.05


def test_groups_stay_together(models):
    y, proba = models("disagree", 600)
    d = ComparisonDiagnosis.from_predictions(y, proba, groups=np.arange(600) // 3)
    assert d["LA604"].status == "fired"
