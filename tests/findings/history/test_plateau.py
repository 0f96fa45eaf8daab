"""LA503, LA505 and LA511: each fires, does not fire, and is not applicable."""

import math

import numpy as np
import pytest

from sklearn_lossacc.findings.history import HistoryDiagnosis
from sklearn_lossacc.inputs import TrainingHistory

TIME = np.arange(20)


def judge(**curves):
    return HistoryDiagnosis.from_history(TrainingHistory.from_arrays(**curves))


def test_stuck_at_chance():
    rng = np.random.default_rng(0)
    losses = math.log(4) + 1e-4 * rng.normal(size=20)
    diagnosis = judge(val_loss=losses, val_accuracy=0.25 + 0.02 * rng.random(20), n_classes=4, n_val=2086)
    found = diagnosis["LA503"]
    assert found.status == "fired"
    assert found.severity == "error"
    assert "ln 4 = 1.386" in found.headline
    assert found.value == pytest.approx(0.0, abs=0.001)


@pytest.mark.parametrize("n_val", [None, 5000])
def test_scores_that_are_too_small_tell_classes_apart(n_val):
    """As cosines without a scale do: of 1,000 classes the right one has 0.1 more."""
    rng = np.random.default_rng(0)
    accuracy = 0.6 + 0.005 * rng.normal(size=10)
    losses = math.log(1000) - 0.05 + 0.002 * rng.normal(size=10)
    found = judge(val_loss=losses, val_accuracy=accuracy, n_classes=1000, n_val=n_val)["LA503"]
    assert found.status == "fired"
    assert "Nothing was learnt" not in found.headline
    assert found.headline.startswith("The probabilities say nothing: the validation loss stays at 6.8")
    assert "scores before softmax are too small" in found.advice
    guessed = judge(val_loss=losses, val_accuracy=np.full(10, 0.002), n_classes=1000, n_val=n_val)["LA503"]
    assert guessed.headline.startswith("Nothing was learnt: ")


def test_learning_is_not_chance():
    found = judge(val_loss=math.log(4) * np.exp(-TIME / 30), n_classes=4)["LA503"]
    assert found.status == "passed"
    assert "is not that of chance" in found.headline


def test_worse_than_chance_is_no_plateau():
    found = judge(val_loss=np.full(6, 2.5), n_classes=4)["LA503"]
    assert found.status == "passed"
    assert "LA513" in found.headline


def test_a_start_at_chance_is_no_plateau():
    losses = np.concatenate([np.full(3, math.log(2)), 0.69 * np.exp(-np.arange(10) / 5)])
    assert judge(val_loss=losses, n_classes=2)["LA503"].status == "passed"


def test_falling_back_to_chance_is_told():
    losses = np.concatenate([[0.69, 0.5, 0.4], np.full(8, math.log(2))])
    found = judge(val_loss=losses, n_classes=2)["LA503"]
    assert found.status == "passed"
    assert "back at chance" in found.headline


def guesses(accuracy, **more):
    """Return the finding on a loss that rises from above chance, of three classes, around an accuracy."""
    wave = 0.004 * np.random.default_rng(0).normal(size=20)
    curves = {"val_loss": 1.15 + 0.04 * TIME, "val_accuracy": accuracy + wave, "n_classes": 3, "n_val": 2000} | more
    return judge(**curves)["LA503"]


def test_training_rows_learnt_by_heart_and_guesses_elsewhere():
    found = guesses(1 / 3, train_loss=1.1 * np.exp(-TIME / 5))
    assert (found.status, found.evidence["only_guesses"]) == ("fired", True)
    assert "none of 20 losses is below the 1.099 = ln 3 of equal probabilities" in found.headline
    assert "these rows are learnt by heart" in found.headline
    assert found.advice.startswith("Check that labels belong to their rows")
    without = guesses(1 / 3)
    assert "by heart" not in without.headline
    assert without.advice.startswith("Repair the training")


@pytest.mark.parametrize(
    "other",
    [
        {"accuracy": 0.42},  # better than guesses
        {"accuracy": 1 / 3, "n_val": 30},  # so few rows do not tell
        {"accuracy": 1 / 3, "n_val": None},
        {"accuracy": 1 / 3, "val_loss": np.r_[1.05, 1.15 + 0.04 * TIME[1:]]},  # better than chance once
    ],
)
def test_what_is_not_shown_to_be_guesses(other):
    assert guesses(**other).status == "passed"


def test_chance_needs_the_number_of_classes_and_suggests_it():
    found = judge(val_loss=np.full(10, math.log(4)))["LA503"]
    assert found.status == "not_applicable"
    assert "if there are 4 classes" in found.headline
    assert found.evidence["suggested_n_classes"] == 4
    assert judge(val_loss=np.full(10, 0.5))["LA503"].evidence["suggested_n_classes"] is None


def test_chance_needs_several_evaluations_and_a_loss():
    assert judge(val_loss=[0.693], val_accuracy=[0.5], n_classes=2)["LA503"].status == "not_applicable"
    assert judge(val_accuracy=[0.5, 0.5, 0.5], n_classes=2)["LA503"].status == "not_applicable"


def binary_entropy(a):
    return -a * math.log(a) - (1 - a) * math.log(1 - a)


def test_only_the_class_frequencies_were_learnt():
    rng = np.random.default_rng(1)
    losses = binary_entropy(0.8) + 0.002 * rng.random(20)
    found = judge(val_loss=losses, val_accuracy=np.full(20, 0.8), n_classes=2)["LA511"]
    assert found.status == "fired"
    assert "exactly 80.0 % in 20 of 20" in found.headline


def test_frequencies_of_several_classes():
    frequencies = np.array([0.6, 0.25, 0.15])
    entropy = -(frequencies * np.log(frequencies)).sum()
    losses = np.full(8, entropy + 0.002)
    assert judge(val_loss=losses, val_accuracy=np.full(8, 0.6), n_classes=3)["LA511"].status == "fired"


def test_a_converged_model_of_constant_accuracy_is_none():
    # sharp and good: far below what frequencies alone can give at 97 %
    losses = 0.06 + 0.0001 * TIME
    found = judge(val_loss=losses, val_accuracy=np.full(20, 0.97), n_classes=10)["LA511"]
    assert found.status == "passed"
    assert "is not that of class frequencies alone" in found.headline


def test_varying_accuracy_is_none():
    found = judge(val_loss=np.full(20, 0.5), val_accuracy=np.linspace(0.79, 0.81, 20), n_classes=2)["LA511"]
    assert found.status == "passed"
    assert "names several classes" in found.headline


def test_a_constant_class_at_chance_is_left_to_the_chance_plateau():
    diagnosis = judge(val_loss=np.full(10, math.log(2)), val_accuracy=np.full(10, 0.5), n_classes=2)
    assert diagnosis["LA511"].status == "passed"
    assert diagnosis["LA503"].status == "fired"


def test_the_prior_plateau_needs_both_curves_and_four_evaluations():
    assert judge(val_loss=np.full(10, 0.5))["LA511"].status == "not_applicable"
    assert judge(val_loss=np.full(3, 0.5), val_accuracy=np.full(3, 0.8))["LA511"].status == "not_applicable"


def test_the_loss_falls_and_accuracy_stays():
    found = judge(
        val_loss=0.68 - 0.004 * TIME,
        val_accuracy=0.60 + 0.0005 * np.sin(TIME),
        train_loss=0.68 - 0.005 * TIME,
        n_classes=2,
        n_val=1000,
    )["LA505"]
    assert found.status == "fired"
    assert found.severity == "tip"
    assert "accuracy stood still (60.0 % to 60.0 %)" in found.headline


def test_accuracy_that_moves_or_a_loss_that_does_not():
    moving = judge(val_loss=0.68 - 0.01 * TIME, val_accuracy=0.6 + 0.01 * TIME)["LA505"]
    assert moving.status == "passed"
    assert "accuracy moves with it" in moving.headline
    assert judge(val_loss=np.full(20, 0.5), val_accuracy=np.full(20, 0.8))["LA505"].status == "passed"


def test_standing_still_is_not_claimed_of_noise_or_near_perfection():
    rng = np.random.default_rng(2)
    noisy = judge(val_loss=0.68 - 0.004 * TIME, val_accuracy=0.6 + 0.03 * rng.normal(size=20))["LA505"]
    assert noisy.status == "passed"
    # 98.7 % to 99.1 % is a third of the errors
    near = judge(
        val_loss=[0.1, 0.06, 0.05, 0.04, 0.036, 0.033, 0.030, 0.029, 0.028, 0.028],
        val_accuracy=[0.97, 0.98, 0.985, 0.987, 0.988, 0.988, 0.9895, 0.990, 0.9905, 0.9906],
    )["LA505"]
    assert near.status == "passed"


def test_the_accuracy_plateau_needs_five_evaluations_of_both():
    assert judge(val_loss=[0.6, 0.5, 0.4], val_accuracy=[0.6] * 3)["LA505"].status == "not_applicable"
    assert judge(val_loss=0.68 - 0.004 * TIME)["LA505"].status == "not_applicable"
