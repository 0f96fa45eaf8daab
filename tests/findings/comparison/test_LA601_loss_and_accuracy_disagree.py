import numpy as np
import pytest

from sklearn_lossacc.findings.comparison import ComparisonDiagnosis


def test_it_fires_where_loss_and_accuracy_prefer_different_models(compared):
    d = compared("disagree", n=4000)
    finding = d["LA601"]
    assert finding.status == "fired"
    assert finding.severity == "warning"
    assert finding.value == d.difference("log_loss").value < 0
    assert d.difference("accuracy").value < 0
    assert finding.p_value == max(finding.evidence["p_loss"], finding.evidence["p_accuracy"])
    assert "B has the lower log loss" in finding.headline
    assert "A the higher accuracy" in finding.headline


def test_the_advice_looks_past_calibration(compared):
    finding = compared("disagree", n=4000)["LA601"]
    assert finding.evidence["calibration_difference"] < 0 < finding.evidence["refinement_difference"]
    assert finding.evidence["calibration_difference"] + finding.evidence["refinement_difference"] == pytest.approx(
        finding.value
    )
    assert "take A" in finding.advice
    assert "A has the lower loss as well" in finding.advice


def test_the_advice_knows_models_apart_whose_names_look_alike_when_cut():
    n = 4000
    rng = np.random.default_rng(0)
    easy = np.arange(n) % 2 == 0
    y = (rng.random(n) < np.where(easy, 0.95, 0.6)).astype(int)
    names = [f"runs/of/a/large/experiment/{name}/at/the/last/checkpoint" for name in "ab"]
    models = dict(zip(names, (np.full(n, 0.6), np.where(easy, 0.95, 0.45)), strict=True))
    finding = ComparisonDiagnosis.from_predictions(y, models)["LA601"]
    assert finding.status == "fired"
    assert finding.evidence["refinement_difference"] < 0
    assert "still has the lower loss" in finding.advice


@pytest.mark.parametrize("kind", ["equal", "certainty", "capacity", "outliers"])
def test_it_does_not_fire_otherwise(compared, kind):
    finding = compared(kind)["LA601"]
    assert finding.status == "passed"
    assert finding.advice == ""
    assert "could_be" in finding.evidence


def test_agreement_has_the_p_value_1(compared):
    d = compared("capacity")
    assert d.difference("log_loss").value > 0 > d.difference("accuracy").value
    assert d["LA601"].p_value == 1.0


def test_trifles_do_not_matter():
    n = 200_000
    right = np.arange(n) % 2 == 0
    first, second = np.where(right, 0.9, 0.4), np.where(right, 0.9, 0.4)
    first[1], second[:400] = 0.4, second[:400]
    second[1::400] = 0.501  # 500 rows more are right
    second[0::2] -= 0.0008  # and all others cost a little more
    d = ComparisonDiagnosis.from_predictions(np.ones(n, dtype=int), {"A": first, "B": second})
    assert d.difference("accuracy").value == pytest.approx(500 / n)
    assert d["LA601"].p_value < 1e-10 or d.difference("log_loss").value < 0
    assert d["LA601"].status == "passed"


def test_it_cannot_be_asked_of_few_groups(models):
    y, proba = models("disagree")
    d = ComparisonDiagnosis.from_predictions(y, proba, groups=np.arange(len(y)) % 9)
    assert d["LA601"].status == "not_applicable"
    assert "9 groups are too few" in d["LA601"].headline
    assert d["LA601"].p_value is None
