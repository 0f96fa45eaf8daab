"""LA509 and LA513: each fires, does not fire, and is not applicable."""

import math

import numpy as np
import pytest

from sklearn_lossacc.findings.history import HistoryDiagnosis
from sklearn_lossacc.inputs import TrainingHistory


def judge(code, **curves):
    return HistoryDiagnosis.from_history(TrainingHistory.from_arrays(**curves))[code]


# --- one row of four numbers ---


@pytest.mark.parametrize(
    ("loss", "accuracy", "low", "high"), [(0.4577, 0.7826, 0.3014, 0.5236), (0.4011, 0.8224, 0.2462, 0.4677)]
)
def test_one_row_of_four_numbers_is_judged(loss, accuracy, low, high):
    found = judge("LA513", val_loss=loss, val_accuracy=accuracy, n_val=2000, n_classes=2)
    assert found.status == "passed"
    assert found.evidence["floor"] == pytest.approx(low, abs=5e-5)
    assert found.evidence["ceiling"] == pytest.approx(high, abs=5e-5)
    assert "possible for a calibrated model, which does not show that it is one" in found.headline
    assert judge("LA509", val_loss=loss, val_accuracy=accuracy, n_val=2000, n_classes=2).status == "passed"


# --- LA513 ---


def test_above_chance_proves_overconfidence():
    found = judge("LA513", val_loss=1.2, val_accuracy=0.8, n_val=1000, n_classes=2)
    assert found.status == "fired"
    assert "if this is the plain log loss, it proves overconfidence" in found.headline
    assert "label smoothing" in found.advice
    assert "TemperatureCalibrator" in found.advice
    assert found.value == pytest.approx(1.2 - 0.5004, abs=1e-4)


def test_above_the_ceiling_does_not_give_the_direction():
    found = judge("LA513", val_loss=0.62, val_accuracy=0.9, n_val=5000, n_classes=2)
    assert found.status == "fired"
    assert "if this is the plain log loss, at least" in found.headline
    assert "one constant confidence of 90.0 % would do better" in found.headline
    assert "does not say whether the model is too sure or too unsure" in found.advice


def test_below_the_floor_is_another_loss_or_wasted_probabilities():
    found = judge("LA513", val_loss=0.22, val_accuracy=0.778, n_val=4128, n_classes=3)
    assert found.status == "fired"
    assert found.evidence["side"] == "below"
    assert found.evidence["attainable_accuracy"] == pytest.approx(1 - 0.22 / (2 * math.log(2)))
    assert "focal" in found.advice


def test_few_rows_may_carry_it():
    # above the ceiling by .05, within the noise of 100 rows
    found = judge("LA513", val_loss=0.55, val_accuracy=0.8, n_val=100, n_classes=2)
    assert found.status == "passed"
    assert "no further than 100 rows may carry it" in found.headline
    assert judge("LA513", val_loss=0.55, val_accuracy=0.8, n_val=100_000, n_classes=2).status == "fired"


def test_without_rows_the_proof_is_for_these_rows():
    found = judge("LA513", val_loss=0.55, val_accuracy=0.8, n_classes=2)
    assert found.status == "fired"
    assert "This holds for these rows" in found.headline
    assert judge("LA513", val_loss=0.503, val_accuracy=0.8, n_classes=2).status == "passed"


def test_the_proof_needs_classes_and_a_pair():
    assert judge("LA513", val_loss=0.9, val_accuracy=0.8).status == "not_applicable"
    assert judge("LA513", val_loss=0.9, n_classes=2).status == "not_applicable"


def test_only_the_last_epoch_is_judged():
    losses, accuracies = [1.4, 0.5, 0.4], [0.5, 0.8, 0.82]
    assert judge("LA513", val_loss=losses, val_accuracy=accuracies, n_val=1000, n_classes=2).status == "passed"


@pytest.mark.parametrize("k", [2, 5, 20])
def test_healthy_models_are_rarely_accused(k):
    rng = np.random.default_rng(k)
    accused = 0
    runs = 200
    for _ in range(runs):
        n = int(rng.integers(30, 400))
        logits = np.exp(rng.uniform(-1, 2)) * rng.normal(size=(n, k))
        p = np.exp(logits - logits.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        y = (rng.random((n, 1)) > p.cumsum(1)).sum(1).clip(max=k - 1)
        loss = -np.log(p[np.arange(n), y]).mean()
        accuracy = np.mean(p.argmax(1) == y)
        accused += judge("LA513", val_loss=loss, val_accuracy=accuracy, n_val=n, n_classes=k).status == "fired"
    # conservative by construction: two bounds at 95 % and the worst variance
    assert accused / runs <= 0.02


# --- LA509 ---


def test_a_loss_that_no_predictions_can_have():
    found = judge("LA509", val_loss=[0.5, 0.02], val_accuracy=[0.8, 0.9])
    assert found.status == "fired"
    assert found.severity == "error"
    assert found.evidence["row"] == 1
    assert found.evidence["least_loss"] == pytest.approx(0.1 * math.log(2))
    assert "binary cross-entropy" in found.advice


def test_a_negative_loss_is_impossible():
    assert judge("LA509", val_loss=-0.5, val_accuracy=0.8).status == "fired"


def test_perfect_accuracy_bounds_the_loss_from_above():
    found = judge("LA509", val_loss=2.0, val_accuracy=1.0, n_classes=3)
    assert found.status == "fired"
    assert "at most ln(3)" in found.headline
    assert judge("LA509", val_loss=1.0, val_accuracy=1.0, n_classes=3).status == "passed"


def test_rounding_is_forgiven():
    loss, accuracy = 0.0693, 0.9  # (1 - .9) ln 2 = .06931
    assert judge("LA509", val_loss=loss, val_accuracy=accuracy).status == "fired"
    rounding = {"val_loss": [5e-5], "val_accuracy": [5e-3]}
    assert judge("LA509", val_loss=loss, val_accuracy=accuracy, rounding=rounding).status == "passed"


def test_possible_pairs_pass_and_a_missing_curve_cannot_be_judged():
    found = judge("LA509", val_loss=[0.7, 0.5], val_accuracy=[0.5, 0.8])
    assert found.status == "passed"
    assert "2 evaluations" in found.headline
    assert judge("LA509", val_loss=[0.7, 0.5]).status == "not_applicable"


def test_every_model_passes():
    rng = np.random.default_rng(0)
    for _ in range(100):
        logits = np.exp(rng.uniform(-2, 3)) * rng.normal(size=(50, 4))
        p = np.exp(logits - logits.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        y = np.where(rng.random(50) < rng.random(), p.argmax(1), rng.integers(0, 4, 50))
        loss = -np.log(np.maximum(p[np.arange(50), y], 1e-300)).mean()
        accuracy = np.mean(p.argmax(1) == y)
        assert judge("LA509", val_loss=loss, val_accuracy=accuracy, n_classes=4).status == "passed"


def through_two_softmax(k, sure, train=0.0):
    """Return the finding on a log of right rows of which the first softmax is `sure`, more and more of them."""
    accuracy = 0.9 - 0.5 * np.exp(-np.arange(12) / 3)
    other = (1 - sure) / (k - 1)
    norm = np.log(np.exp(sure) + (k - 1) * np.exp(other))
    loss = accuracy * (norm - sure) + (1 - accuracy) * (norm - other)
    curves = {"val_loss": loss, "val_accuracy": accuracy, "train_loss": loss - train}
    return judge("LA513", n_val=2000, n_classes=k, **curves)


@pytest.mark.parametrize("k", [2, 3, 10])
def test_the_loss_of_two_softmax_is_recognised(k):
    found = through_two_softmax(k, 0.999)
    assert (found.status, found.evidence["second_softmax"]) == ("fired", True)
    assert f"ln(e + {k} - 1) - 1 + (1 - accuracy)" in found.headline
    assert found.advice.startswith("Look for a softmax layer")


@pytest.mark.parametrize(("sure", "train"), [(0.9, 0.0), (0.999, 1.0)])
def test_another_loss_is_not_taken_for_that_of_two_softmax(sure, train):
    # Less sure, or with a training loss below the least that two softmax allow.
    found = through_two_softmax(10, sure, train)
    assert (found.status, found.evidence["second_softmax"]) == ("fired", False)
    assert "softmax" not in found.headline
