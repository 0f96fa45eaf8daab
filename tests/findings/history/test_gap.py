"""LA512 fires, does not fire, and is not applicable."""

import numpy as np
import pytest

from sklearn_lossacc.findings.history import HistoryDiagnosis
from sklearn_lossacc.inputs import TrainingHistory

TIME = np.arange(20)


def judge(**curves):
    return HistoryDiagnosis.from_history(TrainingHistory.from_arrays(**curves))["LA512"]


def test_a_gap_that_opened():
    found = judge(train_loss=np.exp(-TIME / 5), val_loss=0.5 + 0.5 * np.exp(-TIME / 3))
    assert found.status == "fired"
    assert found.severity == "tip"
    assert "It opened during training" in found.headline
    assert found.value == pytest.approx(0.48, abs=0.03)


def test_a_gap_that_was_always_there_names_the_rival():
    found = judge(train_loss=0.3 - 0.001 * TIME, val_loss=0.9 - 0.001 * TIME)
    assert found.status == "fired"
    assert "rows of another kind are a rival of overfitting" in found.headline


def test_a_gap_in_accuracy():
    found = judge(train_accuracy=np.linspace(0.4, 0.9, 20), val_accuracy=np.full(20, 0.4), n_val=1000)
    assert found.status == "fired"
    assert found.severity == "warning"
    assert judge(train_accuracy=np.full(20, 0.8), val_accuracy=np.full(20, 0.7), n_val=20).status == "passed"


def test_validation_ahead_is_explained():
    found = judge(train_loss=0.5 - 0.01 * TIME, val_loss=0.4 - 0.01 * TIME)
    assert found.status == "passed"
    assert "dropout" in found.headline


def test_a_small_gap_passes():
    assert judge(train_loss=0.5 - 0.01 * TIME, val_loss=0.55 - 0.01 * TIME).status == "passed"


def test_a_gap_needs_both_sides():
    assert judge(val_loss=0.5 - 0.01 * TIME).status == "not_applicable"
    assert judge(train_loss=0.5 - 0.01 * TIME).status == "not_applicable"


def test_the_advice_says_what_levels_are_worth():
    found = judge(train_loss=np.exp(-TIME / 5), val_loss=0.5 + 0.5 * np.exp(-TIME / 3))
    assert "running means" in found.advice
