"""Findings that the repair of another one removes say so, and say what would be left."""

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.datasets import make_classification
from sklearn.neighbors import KNeighborsClassifier

from sklearn_lossacc import TemperatureCalibrator, diagnose
from sklearn_lossacc.findings import consequences
from sklearn_lossacc.findings.format import number


def fired(d):
    return [finding.code for finding in d.findings if finding.status == "fired"]


def test_a_sharpened_model_beats_the_prior_once_its_temperature_is_repaired(plant):
    y, log_proba, _ = plant("temperature", strength=12.0, n=4000)
    d = diagnose(y, log_proba, input="logits")
    assert {"LA101", "LA301", "LA302"} <= set(fired(d))
    left = d["LA302"].evidence["repaired_log_loss"]
    fitted = TemperatureCalibrator(input="logits").fit(log_proba, y)
    rows = np.arange(4000)
    assert left == pytest.approx(-np.log(fitted.predict_proba(log_proba)[rows, y]).mean(), abs=0.002)
    for code in ("LA301", "LA302"):
        assert d[code].evidence["repaired_by"] == ["LA101"]
        assert d[code].advice.startswith("Attend to overconfidence first (LA101): without, ")
    assert not any(d["LA302"].advice in line for line in str(d).splitlines())


def test_class_weights_cost_accuracy_and_loss_until_the_class_bias_is_repaired():
    rng = np.random.default_rng(0)
    scores = np.column_stack([np.zeros(4000), 1.5 * rng.normal(size=4000) - 3.5])
    y = (scores[:, 1] > rng.logistic(size=4000)).astype(int)
    d = diagnose(y, scores + np.array([0.0, 3.5]), input="logits")
    assert {"LA103", "LA302", "LA303", "LA401"} <= set(fired(d))
    for code in ("LA302", "LA303", "LA401"):
        assert d[code].evidence["repaired_by"] == ["LA103"]
    truth = log_softmax(scores, axis=1)
    assert d["LA302"].evidence["repaired_log_loss"] == pytest.approx(-truth[np.arange(4000), y].mean(), abs=0.003)
    said = f"{100 * (truth.argmax(axis=1) == y).mean():.1f} %"
    assert d["LA303"].advice.endswith(f"the likeliest class would then be right in {said}.")


def test_zeros_of_outliers(plant):
    y, log_proba, _ = plant("healthy", n=2000)
    proba = np.exp(log_proba)
    wrong = np.random.default_rng(0).choice(np.flatnonzero(proba.argmax(axis=1) != y), 60, replace=False)
    proba[wrong, y[wrong]] = 0.0
    d = diagnose(y, proba / proba.sum(axis=1, keepdims=True))
    assert {"LA001", "LA201", "LA302"} <= set(fired(d))
    assert d["LA302"].evidence["repaired_by"] == ["LA201"]
    assert d["LA302"].evidence["repaired_log_loss"] < 0.6


def test_zeros_of_counting_estimators():
    X, y = make_classification(6000, 20, n_informative=5, weights=[0.95], flip_y=0.02, random_state=0)
    proba = KNeighborsClassifier().fit(X[:3000], y[:3000]).predict_proba(X[3000:])
    d = diagnose(y[3000:], proba)
    assert fired(d) == ["LA001", "LA301", "LA302"]
    assert d["LA302"].evidence["repaired_by"] == ["LA001"]
    assert d["LA302"].advice.startswith("Attend to zeros of true classes first (LA001): ")


def test_a_model_without_information_is_not_saved_by_any_repair():
    rng = np.random.default_rng(0)
    y, scores = rng.integers(0, 3, 2000), 3.0 * rng.normal(size=(2000, 3))
    d = diagnose(y, scores, input="logits")
    assert {"LA301", "LA302"} <= set(fired(d))
    assert d["LA302"].evidence["repaired_by"] == d["LA301"].evidence["repaired_by"] == []
    assert d["LA302"].advice.startswith("The scores carry hardly any information: without overconfidence about ")


def test_scores_that_tell_by_their_distance_from_the_middle_carry_information():
    """A line through rings: no temperature helps, but a curve that falls and rises again does."""
    rng = np.random.default_rng(0)
    d = rng.normal(size=4000)
    y = (1.5 * np.abs(d) - 1.2 > rng.logistic(size=4000)).astype(int)
    found = diagnose(y, np.column_stack([np.zeros(4000), d]), input="logits")
    assert {"LA101", "LA104", "LA301", "LA302"} <= set(fired(found))
    true = 1.5 * np.abs(d) - 1.2
    best = np.logaddexp(0.0, np.where(y == 1, -true, true)).mean()
    for code in ("LA301", "LA302"):
        assert found[code].evidence["repaired_by"] == ["LA101", "LA104"]
        assert found[code].evidence["repaired_log_loss"] == pytest.approx(best, abs=0.015)
        assert found[code].advice.startswith("Attend to overconfidence and a miscalibrated shape first (LA101, LA104)")
    assert found["LA101"].advice.endswith("but a richer map does: see LA104.")


def test_a_shape_that_counts_is_sure_to_be_named(diagnosed):
    """Its p-value is asked for what Holm's correction may ask at most: a factor for each rule that has one."""
    tested = [finding.code for finding in diagnosed("healthy", n=2000).findings if finding.p_value is not None]
    assert len(tested) <= consequences.TESTED


def test_a_finding_of_its_own_keeps_its_advice(diagnosed):
    d = diagnosed("chance", scale=0.05, n=5000)
    assert d["LA302"].evidence["repaired_by"] == []
    assert d["LA302"].advice == (
        "The probabilities carry no usable information: look at the features, the labels and the training."
    )


@pytest.mark.parametrize("informative", [True, False])
def test_without_a_class_that_has_no_probability_scores_are_compared_with_the_other_classes(plant, informative):
    y, log_proba, _ = plant("healthy" if informative else "majority", k=4)
    aside = np.random.default_rng(0).random(y.size) < 0.15
    d = diagnose(np.where(aside, 4, y), np.column_stack([np.exp(log_proba), np.zeros(y.size)]))
    share = np.bincount(y[~aside]) / np.count_nonzero(~aside)
    finding = d["LA302"]
    assert finding.status == "fired"
    assert finding.evidence["repaired_by"] == (["LA201"] if informative else [])
    assert ("scores do carry information" in finding.advice) == informative
    if informative:
        prior = -float(share @ np.log(share)) + 4 / (2 * y.size)  # corrected for having seen the labels
        assert f"below the {number(prior)} of the frequencies of the other classes" in finding.advice
