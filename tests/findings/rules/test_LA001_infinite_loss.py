import math

import numpy as np
import pytest

from sklearn_lossacc import diagnose
from sklearn_lossacc.findings.materiality import NATS


def with_zeros(plant, times=3, **sizes):
    y, log_proba, _ = plant("healthy", n=500, **sizes)
    proba = np.exp(log_proba)
    proba[np.arange(times), y[:times]] = 0.0
    return y, proba / proba.sum(axis=1, keepdims=True)


def test_a_zero_on_the_true_class_fires(plant):
    y, proba = with_zeros(plant)
    d = diagnose(y, proba)
    finding = d["LA001"]
    assert (finding.status, finding.severity, finding.value, finding.p_value) == ("fired", "error", 3.0, None)
    assert set(finding.evidence) == {"rows", "share", "clip", "log_loss_clipped", "dtype", "never_probable"}
    assert finding.evidence["share"] == pytest.approx(3 / 500)
    assert finding.evidence["clip"] == np.finfo(float).eps
    assert "infinite" in finding.headline
    assert finding.url.endswith("LA001.html")


def test_the_clipped_loss_charges_36_nats_a_row(plant):
    y, proba = with_zeros(plant)
    d = diagnose(y, proba)
    assert d.metrics["log_loss"].value == math.inf
    assert d.metrics["log_loss"].low is None
    rest = -np.log(proba[np.arange(3, 500), y[3:]]).sum()
    expected = (rest + 3 * -math.log(np.finfo(float).eps)) / 500
    assert d.metrics["log_loss_clipped"].value == pytest.approx(expected, rel=1e-12)
    assert d["LA001"].evidence["log_loss_clipped"] == d.metrics["log_loss_clipped"].value
    assert d.decomposition.clipped
    assert d.decomposition.total == d.metrics["log_loss_clipped"].value
    assert d.description["non_finite"] == "inf"


def test_zeros_on_other_classes_cost_nothing(plant):
    y, log_proba, _ = plant("healthy", n=500)
    proba = np.exp(log_proba)
    proba[np.arange(100), (y[:100] + 1) % 3] = 0.0
    finding = diagnose(y, proba / proba.sum(axis=1, keepdims=True))["LA001"]
    assert (finding.status, finding.value, finding.evidence["could_be"]) == ("passed", 0.0, 0.0)


def test_a_row_of_weight_zero_does_not_count(plant):
    y, proba = with_zeros(plant)
    weight = np.ones(500)
    weight[:2] = 0.0
    assert diagnose(y, proba, sample_weight=weight)["LA001"].value == 1.0
    weight[2] = 0.0
    d = diagnose(y, proba, sample_weight=weight)
    assert d["LA001"].status == "passed"
    assert math.isfinite(d.metrics["log_loss"].value)


def test_near_miss_the_smallest_double_is_not_zero(plant):
    y, log_proba, _ = plant("healthy", n=500)
    proba = np.exp(log_proba)
    proba[0] = 0.5
    proba[0, y[0]] = 5e-324
    d = diagnose(y, proba / proba.sum(axis=1, keepdims=True))
    assert d["LA001"].status == "passed"
    assert d.samples(1)["index"].tolist() == [0]
    assert d.metrics["log_loss"].value - d.metrics["log_loss_clipped"].value > 700 / 500


def test_single_precision_underflows_where_logits_do_not(plant):
    y, log_proba, _ = plant("temperature", strength=40.0)
    with np.errstate(under="ignore"):
        export = np.exp(log_proba).astype(np.float32)
    finding = diagnose(y, export)["LA001"]
    assert finding.status == "fired"
    assert "in more digits than float32" in finding.advice
    d = diagnose(y, log_proba, input="logits")
    assert d["LA001"].status == "passed"
    assert d["LA101"].status == "fired"


def test_it_is_asked_of_training_rows_too(plant):
    y, proba = with_zeros(plant)
    finding = diagnose(y, proba, out_of_sample=False)["LA001"]
    assert finding.status == "fired"
    assert "Export logits, or probabilities neither rounded nor cut" in finding.advice


def test_one_zero_is_not_called_overconfidence(plant):
    # The row is set aside as an outlier; the temperature part of the waterfall belongs to the others.
    y, proba = with_zeros(plant, times=1)
    d = diagnose(y, proba)
    assert d["LA101"].status == "passed"
    assert d.decomposition["temperature"].value < NATS


@pytest.mark.parametrize("others", [False, True])
def test_a_class_without_any_probability_is_named(plant, others):
    """A model that never saw class 2, its column filled with zeros: digits and counts have nothing to do with it."""
    y, log_proba, _ = plant("healthy")
    proba = np.exp(log_proba)
    proba[:, 2] = 0.0
    if others:
        row = int(np.flatnonzero(y == 0)[0])
        proba[row] = [0.0, 1.0, 0.0]
    finding = diagnose(y, proba / proba.sum(axis=1, keepdims=True))["LA001"]
    assert finding.evidence["never_probable"] == ["2"]
    assert finding.headline.endswith("Class '2' has no probability in any row.")
    assert finding.advice.startswith("Find out why classes that occur have no probability at all")
    assert ("Export" in finding.advice) == others


def test_zeros_of_classes_that_have_probability_elsewhere_are_a_matter_of_the_export(plant):
    y, log_proba, _ = plant("healthy")
    proba = np.exp(log_proba)
    proba[y == 2, 2] = 0.0
    finding = diagnose(y, proba / proba.sum(axis=1, keepdims=True))["LA001"]
    assert finding.evidence["never_probable"] == []
    assert finding.advice.startswith("Export")
