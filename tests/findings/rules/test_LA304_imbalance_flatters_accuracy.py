import numpy as np
import pytest

from sklearn_lossacc import diagnose
from sklearn_lossacc.findings.materiality import IMBALANCE_GAP


def test_rare_classes_never_predicted_fire(diagnosed):
    finding = diagnosed("majority")["LA304"]
    assert (finding.status, finding.severity, finding.p_value) == ("fired", "tip", None)
    assert set(finding.evidence) == {"accuracy", "balanced_accuracy", "never_predicted"}
    assert finding.evidence["never_predicted"] == ["1", "2"]
    assert finding.evidence["balanced_accuracy"] == pytest.approx(1 / 3)
    assert finding.interval[0] > finding.threshold == IMBALANCE_GAP
    assert finding.value == pytest.approx(finding.evidence["accuracy"] - 1 / 3)
    assert "2 of the 3 classes that occur are never predicted" in finding.headline
    assert finding.url.endswith("LA304.html")


def test_one_class_is_never_predicted():
    rng = np.random.default_rng(0)
    y = rng.choice(2, 1000, p=[0.85, 0.15])
    finding = diagnose(y, np.tile([0.85, 0.15], (1000, 1)))["LA304"]
    assert finding.status == "fired"
    assert "1 of the 2 classes that occur is never predicted ('1')" in finding.headline


def test_near_miss_a_rare_class_that_is_predicted(diagnosed):
    finding = diagnosed("imbalanced", k=2, scale=1.5)["LA304"]
    assert finding.value > IMBALANCE_GAP
    assert finding.evidence["never_predicted"] == []
    assert finding.status == "passed"
    assert finding.evidence["could_be"] == 0.0
    assert finding.headline.startswith("Every class that occurs is predicted")


def test_near_miss_balanced_classes(diagnosed):
    # One class is never predicted, but without it accuracy falls as well.
    rng = np.random.default_rng(0)
    p = np.tile([0.36, 0.34, 0.3], (4000, 1))
    finding = diagnose(rng.choice(3, 4000, p=p[0]), p)["LA304"]
    assert finding.evidence["never_predicted"] == ["1", "2"]
    assert finding.status == "passed"
    assert finding.headline.startswith("Imbalance does not flatter")


def test_few_rows_leave_it_open():
    p = np.tile([0.7, 0.3], (12, 1))
    finding = diagnose(np.r_[np.zeros(8, dtype=int), np.ones(4, dtype=int)], p)["LA304"]
    assert finding.value > IMBALANCE_GAP
    assert finding.interval[0] < IMBALANCE_GAP < finding.evidence["could_be"]
    assert finding.status == "passed"
    assert "not shown" in finding.headline


def test_copies_in_groups_count_once():
    # Twelve rows copied 50 times know no more than twelve rows.
    p = np.tile([0.7, 0.3], (600, 1))
    y, groups = np.repeat(np.r_[np.zeros(8, dtype=int), np.ones(4, dtype=int)], 50), np.repeat(np.arange(12), 50)
    assert diagnose(y, p)["LA304"].status == "fired"
    assert diagnose(y, p, groups=groups)["LA304"].status == "passed"


def test_a_healthy_model_does_not_fire(diagnosed):
    for k in (2, 10):
        assert diagnosed("healthy", k=k)["LA304"].status == "passed"


def test_not_applicable_to_one_class_and_to_few_groups(plant):
    y, log_proba, _ = plant("healthy", n=100)
    one_class = diagnose(np.zeros(100, dtype=int), log_proba, input="logits", classes=[0, 1, 2])
    assert one_class["LA304"].status == "not_applicable"
    few = diagnose(y, log_proba, input="logits", groups=np.arange(100) % 9)
    assert few["LA304"].status == "not_applicable"
