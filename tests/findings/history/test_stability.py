"""LA504 fires, does not fire, and is not applicable."""

import numpy as np
import pytest

from sklearn_lossacc.findings.history import HistoryDiagnosis
from sklearn_lossacc.inputs import TrainingHistory

TIME = np.arange(40)
CALM = 0.5 + 0.5 * np.exp(-TIME / 8)


def judge(**curves):
    return HistoryDiagnosis.from_history(TrainingHistory.from_arrays(**curves))["LA504"]


def with_spikes(*places):
    losses = CALM.copy()
    losses[list(places)] += 0.6
    return losses


def test_spikes_up_to_the_end():
    found = judge(val_loss=with_spikes(6, 15, 25, 36))
    assert found.status == "fired"
    assert found.value == 4
    assert found.evidence["rows"] == [6, 15, 25, 36]
    assert "epoch 36" in found.headline


def test_the_losses_of_a_well_known_question():
    found = judge(val_loss=[0.17, 1.52, 0.14, 2.81], val_accuracy=[0.86, 0.60, 0.88, 0.49])
    assert found.status == "fired"


def test_spikes_that_ended_are_told_and_pass():
    found = judge(val_loss=with_spikes(4, 9, 15))
    assert found.status == "passed"
    assert "calm in its last quarter" in found.headline


@pytest.mark.parametrize("losses", [CALM, with_spikes(30)])
def test_calm_or_one_spike_is_no_pattern(losses):
    assert judge(val_loss=losses).status == "passed"


def test_a_loss_that_leaves_for_good_is_not_unstable():
    found = judge(val_loss=0.5 + 0.02 * np.abs(TIME - 10))
    assert found.status == "passed"


def test_small_bumps_of_a_small_loss_pass():
    losses = 0.16 + 0.04 * (TIME % 3 == 0)
    assert judge(val_loss=losses).status == "passed"


def test_bumps_within_the_noise_of_few_rows_pass():
    losses = 0.6 + 0.2 * (TIME % 5 == 0)
    accuracy = np.full(40, 0.75)
    assert judge(val_loss=losses, val_accuracy=accuracy, n_classes=2, n_val=50).status == "passed"
    assert judge(val_loss=losses, val_accuracy=accuracy, n_classes=2, n_val=50_000).status == "fired"


@pytest.mark.parametrize("curve", ["train_loss", "val_loss"])
def test_a_loss_that_is_not_finite_is_an_error(curve):
    losses = CALM.copy()
    losses[30:] = np.inf
    found = judge(**{"val_loss": CALM, curve: losses})
    assert found.status == "fired"
    assert found.severity == "error"
    assert found.evidence["first_row"] == 30
    assert found.headline.endswith(" loss is not a finite number from epoch 30 on.")


@pytest.mark.parametrize(
    ("rows", "when"),
    [([30], "at epoch 30"), ([5, 30, 31], "3 times, first at epoch 5"), ([39], "at epoch 39")],
)
def test_the_evaluations_that_are_not_finite_are_told(rows, when):
    losses = CALM.copy()
    losses[rows] = np.inf
    found = judge(val_loss=losses)
    assert found.headline == f"The validation loss is not a finite number {when}."
    assert "before the first such loss" in found.advice
    assert "before the first such loss" not in judge(val_loss=np.full(40, np.inf)).advice


def test_training_loss_serves_where_there_is_no_validation():
    found = judge(train_loss=with_spikes(6, 25, 36))
    assert found.status == "fired"
    assert found.headline.startswith("The training loss jumped")


def test_too_short_or_no_loss_cannot_tell():
    assert judge(val_loss=[0.5, 0.9, 0.4]).status == "not_applicable"
    assert judge(train_loss=[0.5, 0.9, 0.4]).status == "not_applicable"
    assert judge(val_accuracy=[0.5, 0.9, 0.4, 0.5]).status == "not_applicable"
