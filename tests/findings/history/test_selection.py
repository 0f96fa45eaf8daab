"""LA507, LA508 and LA510: each fires, does not fire, and is not applicable."""

import numpy as np
import pytest

from sklearn_lossacc.findings.history import HistoryDiagnosis
from sklearn_lossacc.inputs import TrainingHistory

TIME = np.arange(20)
TURNING = 0.5 + 0.003 * (TIME - 6) ** 2


def judge(**curves):
    return HistoryDiagnosis.from_history(TrainingHistory.from_arrays(**curves))


def test_best_epochs_disagree():
    found = judge(val_loss=TURNING, val_accuracy=0.7 + 0.005 * TIME, n_val=5000)["LA507"]
    assert found.status == "fired"
    assert (found.evidence["best_loss_row"], found.evidence["best_accuracy_row"]) == (6, 19)
    assert found.value == pytest.approx(0.005 * 13)
    assert found.evidence["loss_cost"] == pytest.approx(TURNING[19] - TURNING[6])


def test_best_epochs_agree():
    accuracy = 0.8 - 0.001 * (TIME - 6) ** 2 / 4
    found = judge(val_loss=TURNING, val_accuracy=accuracy, n_val=5000)["LA507"]
    assert found.status == "passed"
    assert found.headline == "Loss and accuracy agree on epoch 6."


def test_a_difference_within_noise_is_la510_and_not_la507():
    accuracy = np.full(20, 0.75)
    accuracy[12] = 0.76
    diagnosis = judge(val_loss=TURNING, val_accuracy=accuracy, n_val=500)
    assert diagnosis["LA507"].status == "passed"
    assert "is within noise" in diagnosis["LA507"].headline
    found = diagnosis["LA510"]
    assert found.status == "fired"
    assert "5 of 500 rows" in found.headline
    assert found.evidence["needed"] > 10_000
    assert found.value < found.threshold


def test_many_rows_tell_the_difference():
    accuracy = np.full(20, 0.75)
    accuracy[12] = 0.76
    diagnosis = judge(val_loss=TURNING, val_accuracy=accuracy, n_val=100_000)
    assert diagnosis["LA507"].status == "fired"
    assert diagnosis["LA510"].status == "passed"


def test_a_trifle_is_no_reason_to_speak():
    accuracy = np.full(20, 0.75)
    accuracy[12] = 0.7508
    assert judge(val_loss=TURNING, val_accuracy=accuracy, n_val=2500)["LA510"].status == "passed"


def test_without_rows_noise_is_not_known():
    diagnosis = judge(val_loss=TURNING, val_accuracy=0.7 + 0.005 * TIME)
    assert diagnosis["LA510"].status == "not_applicable"
    assert "give n_val" in diagnosis["LA510"].headline
    assert diagnosis["LA507"].status == "fired", "jitter still tells that this gain is more than noise"


def test_selection_needs_two_evaluations_of_both():
    for curves in ({"val_loss": [0.5], "val_accuracy": [0.7]}, {"val_loss": [0.5, 0.6]}):
        diagnosis = judge(n_val=100, **curves)
        assert diagnosis["LA507"].status == diagnosis["LA510"].status == "not_applicable"


def test_equal_accuracies_take_the_lower_loss():
    accuracy = np.full(20, 0.75)
    diagnosis = judge(val_loss=TURNING, val_accuracy=accuracy, n_val=1000)
    assert diagnosis["LA507"].evidence["best_accuracy_row"] == 6
    assert diagnosis["LA510"].status == "passed"


def test_still_improving():
    found = judge(val_loss=1.0 - 0.02 * TIME)["LA508"]
    assert found.status == "fired"
    assert found.value > 0.02


@pytest.mark.parametrize("losses", [TURNING, 0.5 + 0.5 * np.exp(-TIME / 2), np.full(20, 0.7)])
def test_turned_or_converged_is_not_improving(losses):
    assert judge(val_loss=losses)["LA508"].status == "passed"


def test_jitter_is_not_improvement():
    losses = 0.5 + 0.05 * np.random.default_rng(0).normal(size=40)
    losses[-3:] -= 0.03
    assert judge(val_loss=losses)["LA508"].status == "passed"


def test_improvement_needs_five_losses():
    assert judge(val_loss=[0.9, 0.5, 0.3, 0.2])["LA508"].status == "not_applicable"
    assert judge(val_accuracy=np.linspace(0.5, 0.9, 10))["LA508"].status == "not_applicable"


@pytest.mark.parametrize("curve", ["train_loss", "val_loss"])
def test_a_log_that_ends_in_no_number_does_not_end_still_improving(curve):
    falling = 1.0 - 0.02 * TIME
    assert judge(val_loss=falling, train_loss=falling)["LA508"].status == "fired"
    broken = np.where(TIME < 15, falling, np.inf)
    diagnosis = judge(**{"val_loss": falling, "train_loss": falling, curve: broken})
    assert diagnosis["LA504"].status == "fired"
    assert diagnosis["LA508"].status == "not_applicable"
    assert "From epoch 15 to the end" in diagnosis["LA508"].headline
    assert "still improving" not in str(diagnosis)
    recovered = np.where(TIME == 10, np.inf, falling)
    assert judge(val_loss=recovered)["LA508"].status == "fired"


@pytest.mark.parametrize("code", ["LA501", "LA502", "LA505", "LA506", "LA512"])
def test_nothing_is_said_of_the_end_of_a_loss_that_is_no_number_there(code):
    broken = np.where(TIME < 15, TURNING, np.inf)
    accuracy = np.where(TIME < 15, 0.8, 0.1)
    diagnosis = judge(val_loss=broken, val_accuracy=accuracy, train_loss=1.0 / (1 + TIME), n_classes=10, n_val=2000)
    assert diagnosis[code].status == "not_applicable"
    assert "LA504" in diagnosis[code].headline
