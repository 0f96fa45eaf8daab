import numpy as np
import pytest

from sklearn_lossacc import diagnose
from sklearn_lossacc.findings.materiality import NATS

EVIDENCE = {"p_gate", "p_attr", "p_holm", "class", "z", "temperatures"}


@pytest.mark.parametrize("k", [3, 4, 10])
def test_one_class_overfit_while_others_are_right(diagnosed, k):
    d = diagnosed("uneven", k=k, scale=2.0, strength=2.5)
    finding = d["LA203"]
    assert (finding.status, finding.severity) == ("fired", "warning")
    assert set(finding.evidence) == EVIDENCE
    assert finding.evidence["class"] == "0"
    assert "'0' are overconfident" in finding.headline
    temperatures = finding.evidence["temperatures"]
    assert max(temperatures, key=temperatures.get) == "0"
    assert finding.evidence["z"]["0"] == max(finding.evidence["z"].values(), key=abs) > 3
    assert finding.value >= finding.threshold == NATS
    assert finding.p_value == max(finding.evidence["p_gate"], finding.evidence["p_attr"])
    assert finding.url.endswith("LA203.html")


def test_a_timid_class_is_named_with_its_direction(diagnosed):
    finding = diagnosed("uneven", k=4, scale=3.0, strength=0.3)["LA203"]
    assert finding.status == "fired"
    assert "'0' are underconfident" in finding.headline


def test_labels_name_the_class(plant):
    y, log_proba, _ = plant("uneven", k=3, scale=2.0, strength=2.5)
    names = np.array(["cat", "dog", "owl"])
    finding = diagnose(names[y], log_proba, input="logits", classes=names)["LA203"]
    assert finding.evidence["class"] == "cat"


@pytest.mark.parametrize("cause", ["healthy", "imbalanced"])
@pytest.mark.parametrize("k", [3, 10])
def test_a_healthy_model_does_not_fire(diagnosed, cause, k):
    # By true class the losses of skewed classes differ wildly; that is no unevenness.
    d = diagnosed(cause, k=k, scale=1.5)
    finding = d["LA203"]
    assert finding.status in (("passed",) if cause == "healthy" else ("passed", "not_applicable"))
    if cause == "imbalanced":
        assert d.classes["loss"].max() > 5 * d.classes["loss"].min()


@pytest.mark.parametrize("strength", [0.6, 1.8])
def test_one_temperature_for_all_is_even(diagnosed, strength):
    finding = diagnosed("temperature", strength=strength)["LA203"]
    assert finding.evidence["p_gate"] < 0.01
    assert finding.evidence["p_attr"] > 0.05
    assert finding.status == "passed"


def test_near_miss_with_many_rows(diagnosed):
    finding = diagnosed("uneven", n=40_000, k=3, scale=2.0, strength=1.2)["LA203"]
    assert finding.p_value < 0.001
    assert finding.status == "passed"
    assert finding.value < finding.evidence["could_be"] < NATS
    assert "not shown" not in finding.headline


def test_few_rows_leave_it_open(diagnosed):
    finding = diagnosed("healthy", n=300)["LA203"]
    assert finding.status == "passed"
    assert finding.evidence["could_be"] > NATS
    assert "not shown" in finding.headline


def test_not_applicable_to_two_classes(diagnosed):
    assert diagnosed("uneven", k=2, strength=2.5)["LA203"].status == "not_applicable"


def test_not_applicable_where_one_class_is_predicted(diagnosed):
    finding = diagnosed("majority")["LA203"]
    assert finding.status == "not_applicable"
    assert "Fewer than two classes" in finding.headline
