import numpy as np
import pytest

from sklearn_lossacc import diagnose
from sklearn_lossacc.findings.materiality import NATS

EVIDENCE = {"p_gate", "p_attr", "gate", "p_holm", "nats", "method", "class", "mean_proba", "share", "offsets"}


@pytest.mark.parametrize("k", [2, 3, 10])
def test_a_shifted_class_fires_and_is_named(diagnosed, statistical, k):
    d = diagnosed("bias", k=k, strength=1.0)
    finding = d["LA103"]
    assert statistical(d) - {"LA401"} == {"LA103"}
    assert (finding.status, finding.severity) == ("fired", "warning")
    assert set(finding.evidence) == EVIDENCE
    assert finding.evidence["class"] == ("1" if k == 2 else "0")  # of two gaps of one size the rounding decides
    assert finding.p_value == max(finding.evidence["p_gate"], finding.evidence["p_attr"])
    assert finding.value == d.decomposition["class_bias"].value >= finding.threshold == NATS
    assert finding.interval == (d.decomposition["class_bias"].low, d.decomposition["class_bias"].high)
    offsets = np.array(finding.evidence["offsets"])
    # One nat was put on class 0: it must come off again, against the mean of the others.
    assert offsets[0] - offsets[1:].mean() == pytest.approx(-1.0, abs=0.25)
    assert finding.url.endswith("LA103.html")


def test_gap_of_the_named_class(diagnosed):
    d = diagnosed("bias", strength=1.0)
    table = d.classes.set_index("label").loc[d["LA103"].evidence["class"]]
    assert d["LA103"].evidence["mean_proba"] == pytest.approx(table["mean_proba"])
    assert d["LA103"].evidence["share"] == pytest.approx(table["prior"])
    assert table["mean_proba"] - table["prior"] > 0.05


def test_the_nats_are_those_of_the_truth(diagnosed):
    d = diagnosed("bias", strength=1.0)
    lost = d.metrics["log_loss"].value - diagnosed("healthy").metrics["log_loss"].value
    assert d["LA103"].value == pytest.approx(lost, abs=0.005)


def test_skewed_classes_are_no_bias(diagnosed):
    finding = diagnosed("imbalanced", k=4, scale=1.5)["LA103"]
    assert finding.status == "passed"
    assert finding.value == 0.0


def test_near_miss_with_many_rows(diagnosed):
    finding = diagnosed("bias", n=40_000, strength=0.12)["LA103"]
    assert finding.p_value < 1e-6
    assert finding.status == "passed"
    assert 0 < finding.value < finding.evidence["could_be"] < NATS
    assert finding.headline.startswith("No material class bias")


def test_few_rows_leave_it_open(diagnosed):
    finding = diagnosed("healthy", n=100)["LA103"]
    assert finding.status == "passed"
    assert finding.evidence["could_be"] > NATS
    assert "not shown" in finding.headline


@pytest.mark.parametrize("n", [5, 50])
def test_a_lucky_statistic_does_not_close_the_question(n):
    # Class totals that happen to be exactly as expected say nothing about so few rows.
    p = np.tile([0.3, 0.7, 0.5, 0.4, 0.6], n // 5)
    y = np.tile([0, 1, 0, 0, 1], n // 5)
    y[: n // 10] = 1
    finding = diagnose(y, np.stack([1 - p, p], axis=1))["LA103"]
    assert finding.evidence["could_be"] > 1.0 / n
    assert "not shown" in finding.headline


def test_class_totals_that_certainty_forbids():
    # A tree that is always certain and calls every row of class 0 a 1.
    d = diagnose(np.tile([0, 1, 2], 20), np.eye(3)[np.tile([1, 1, 2], 20)])
    assert d["LA103"].status == "fired"
    assert d["LA103"].evidence["class"] in ("0", "1")


def test_one_class_only_has_no_shares_to_compare():
    d = diagnose(np.zeros(60, dtype=int), np.tile([1.0, 0.0], (60, 1)), classes=[0, 1])
    assert d["LA103"].status == "passed"
