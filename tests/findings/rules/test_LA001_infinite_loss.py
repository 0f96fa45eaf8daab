import math

import numpy as np
import pytest
from scipy.special import log_softmax

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
    expected = {"rows", "share", "clip", "log_loss_clipped", "dtype", "never_probable", "all_or_nothing"}
    assert set(finding.evidence) == expected
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


@pytest.mark.parametrize("temperature", [1.0, 1.8, 0.5])
@pytest.mark.parametrize(("k", "share"), [(3, 0.005), (3, 0.15), (10, 0.02), (10, 0.15)])
def test_a_class_without_any_probability_is_no_fault_of_the_others(plant, k, share, temperature):
    """Its rows are set aside, and what is said of the model is what is said without them."""
    y, log_proba, _ = plant("healthy", k=k, scale=2.0)
    aside = np.random.default_rng(0).random(y.size) < share
    proba = np.exp(log_softmax(temperature * log_proba, axis=1))
    shown = np.column_stack([proba, np.zeros(y.size)])
    d = diagnose(np.where(aside, k, y), shown)
    others = diagnose(y[~aside], shown[~aside], classes=range(k + 1))
    causes = {"LA101", "LA102", "LA103", "LA104", "LA202", "LA203"}
    fired = causes & {finding.code for finding in d.issues}
    assert fired == causes & {finding.code for finding in others.issues}
    assert fired == ({"LA101"} if temperature > 1 else {"LA102"} if temperature < 1 else set())
    for code in fired:
        assert d[code].value == pytest.approx(others[code].value)
    assert d["LA201"].evidence["n_outliers"] == aside.sum()
    assert "(LA001)" in d["LA201"].headline
    assert not any(finding.evidence.get("column_order") for finding in d.issues)
    assert sum(part.value for part in d.decomposition.parts) == pytest.approx(d.metrics["log_loss_clipped"].value)


def test_a_class_of_its_own_temperature_beside_one_without_any_probability(plant):
    y, log_proba, _ = plant("uneven", k=4, scale=2.0, strength=2.5)
    aside = np.random.default_rng(0).random(y.size) < 0.1
    d = diagnose(np.where(aside, 4, y), np.column_stack([np.exp(log_proba), np.zeros(y.size)]))
    assert {finding.code for finding in d.issues} - {"LA301", "LA302"} == {"LA001", "LA201", "LA203"}
    assert d["LA203"].evidence["class"] == "0"


def test_many_classes_without_any_probability_are_no_class_bias():
    """Half of all rows are judged, and class totals of all rows are asked as well."""
    rng = np.random.default_rng(0)
    k, n = 300, 30_000
    truth = log_softmax(2.0 * rng.standard_normal((n, k)) - np.log(1.0 + np.arange(k)), axis=1)
    y = (truth + rng.gumbel(size=truth.shape)).argmax(axis=1)
    proba = np.exp(truth)
    proba[:, -50:] = 0.0
    d = diagnose(y, proba / proba.sum(axis=1, keepdims=True), classes=range(k))
    assert d["LA103"].status == "passed"
    assert len(d["LA001"].evidence["never_probable"]) == 50
    assert " judged (" in d["LA201"].headline


@pytest.mark.parametrize("dtype", ["int64", "float32", "float64", "bool"])
def test_predicted_labels_are_recognised(dtype):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 4, 400)
    predicted = np.where(rng.random(400) < 0.8, y, rng.integers(0, 4, 400))
    found = diagnose(y, np.eye(4)[predicted].astype(dtype))["LA001"]
    assert found.headline.endswith("All probabilities are 0 or 1, as those of predicted labels are.")
    assert found.advice.startswith("Pass probabilities instead of predicted labels")
    proba = np.eye(4)[predicted]
    proba[0] = [0.7, 0.1, 0.1, 0.1]
    doubt = diagnose(y, proba)["LA001"]
    assert not doubt.evidence["all_or_nothing"]
    assert doubt.advice.startswith("Export logits")


def test_softmax_of_a_single_output():
    y = np.random.default_rng(0).integers(0, 2, 300)
    found = diagnose(y, np.ones(300))["LA001"]
    assert found.headline.endswith("Class '1' has probability 1 in every row.")
    assert found.advice.startswith("Look for a softmax over a single output")
