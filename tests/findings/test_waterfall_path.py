"""The order in which the waterfall takes the causes off, where class bias and temperature help or hinder each other."""

import numpy as np
import pytest
from scipy.special import log_softmax

from sklearn_lossacc import diagnose


def shown_and_labels(factor, offset, n_classes, n_rows=4000):
    """Return what a model shows whose scores are `factor` times the true ones and favour class 0, and labels."""
    rng = np.random.default_rng([n_classes, int(10 * factor)])
    true = log_softmax(2.0 * rng.standard_normal((n_rows, n_classes)), axis=1)
    y = (np.exp(true).cumsum(axis=1) < rng.random((n_rows, 1))).sum(axis=1).clip(max=n_classes - 1)
    return log_softmax(factor * true + offset * (np.arange(n_classes) == 0), axis=1), y, true


def loss(log_proba, y):
    return -log_proba[np.arange(len(y)), y].mean()


@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("factor", [0.4, 0.6, 1.6])
def test_no_selected_cause_saves_nats_by_being_there(factor, n_classes):
    shown, y, true = shown_and_labels(factor, 1.0, n_classes)
    d = diagnose(y, shown, input="logits", classes=np.arange(n_classes))
    assert d["LA103"].status == "fired"
    assert d["LA102" if factor < 1 else "LA101"].status == "fired"
    bias, temperature = d.decomposition["class_bias"].value, d.decomposition["temperature"].value
    repairable = loss(shown, y) - loss(true, y)
    assert min(bias, temperature) > 0.005
    assert bias + temperature == pytest.approx(repairable, abs=0.004)


@pytest.mark.parametrize("n_classes", [2, 5])
def test_scores_too_close_together_are_first_rid_of_the_offsets_that_hurt_them_as_they_are(n_classes):
    shown, y, true = shown_and_labels(0.5, 1.0, n_classes)
    d = diagnose(y, shown, input="logits", classes=np.arange(n_classes))
    offset = np.eye(n_classes)[0]
    parts = np.linspace(0.0, 2.0, 401)
    rid = min(loss(log_softmax(shown - part * offset, axis=1), y) for part in parts)
    assert d.decomposition["class_bias"].value == pytest.approx(loss(shown, y) - rid, abs=0.004)
    assert d.decomposition["temperature"].value == pytest.approx(rid - loss(true, y), abs=0.004)


def test_overconfident_scores_are_rid_of_the_offsets_of_the_selected_model():
    shown, y, _ = shown_and_labels(2.0, 1.0, 2)
    d = diagnose(y, shown, input="logits", classes=np.arange(2))
    # true scores are (shown - offset) / 2: offsets of half a unit suit the temperature of 2
    rid = loss(log_softmax(shown - 0.5 * np.eye(2)[0], axis=1), y)
    assert d.decomposition["class_bias"].value == pytest.approx(loss(shown, y) - rid, abs=0.004)


@pytest.mark.parametrize(("factor", "n_classes"), [(0.3, 2), (0.4, 5), (0.4, 20)])
def test_noise_and_underconfidence_do_not_hide_each_other(factor, n_classes):
    """A model that is too unsure expects the loss of wrong labels, and wrong labels make it seem sure enough."""
    rng = np.random.default_rng(n_classes)
    true = log_softmax(4.0 * rng.standard_normal((4000, n_classes)), axis=1)
    y = (np.exp(true).cumsum(axis=1) < rng.random((4000, 1))).sum(axis=1).clip(max=n_classes - 1)
    wrong = rng.random(4000) < 0.1
    y[wrong] = (y[wrong] + rng.integers(1, n_classes, wrong.sum())) % n_classes
    d = diagnose(y, factor * true, input="logits", classes=np.arange(n_classes))
    assert {finding.code for finding in d.issues if finding.p_value is not None} == {"LA102", "LA202"}
    assert d["LA102"].value == pytest.approx(factor, abs=0.1)
    assert d["LA202"].interval[0] < wrong.mean() < d["LA202"].interval[1]
    assert d["LA202"].value == pytest.approx(wrong.mean(), abs=0.03)
    assert "once the underconfidence is repaired" in d["LA202"].headline
    parts = {part.name: part.value for part in d.decomposition.parts}
    assert -0.001 < parts["floor"] < d["LA202"].evidence["nats"]
    assert sum(parts.values()) == pytest.approx(d.metrics["log_loss"].value, abs=1e-12)


def test_underconfidence_does_not_hide_outliers():
    rng = np.random.default_rng(0)
    true = log_softmax(rng.standard_normal((2000, 20)) * 2.0, axis=1)
    y = (np.exp(true).cumsum(axis=1) < rng.random((2000, 1))).sum(axis=1).clip(max=19)
    far = np.argsort(true.min(axis=1))[:8]
    y[far] = true[far].argmin(axis=1)
    d = diagnose(y, 0.6 * true, input="logits", classes=np.arange(20))
    assert {finding.code for finding in d.issues if finding.p_value is not None} == {"LA102", "LA201"}
    assert set(d["LA201"].evidence["rows"]) <= set(far.tolist())
    assert d["LA201"].evidence["p_gate"] < 1e-6
