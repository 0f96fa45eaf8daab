"""LA514 and LA515: each fires, does not fire, and is not applicable."""

import numpy as np
import pytest

from sklearn_lossacc.findings import diagnose
from sklearn_lossacc.findings.history import HistoryDiagnosis
from sklearn_lossacc.findings.history.wording import value_text
from sklearn_lossacc.inputs import LeftOut, TrainingHistory


def judge(code, final=None, **curves):
    return HistoryDiagnosis.from_history(TrainingHistory.from_arrays(**curves), final)[code]


RUN = TrainingHistory.from_arrays(val_loss=[0.9, 0.8, 0.7])


def test_several_runs():
    found = judge("LA514", val_loss=[0.9, 0.8, 0.7], runs=(RUN, RUN))
    assert found.status == "fired"
    assert "2 runs, of 3, 3 evaluations; the last one is judged" in found.headline
    assert "history.runs" in found.advice


def test_runs_are_called_by_their_names():
    runs = tuple(TrainingHistory.from_arrays(val_loss=[0.9, 0.8], name=f"seed {seed}") for seed in range(9))
    found = judge("LA514", val_loss=[0.9, 0.8], runs=runs[:2])
    assert "of 2 (seed 0), 2 (seed 1) evaluations" in found.headline
    assert "(seed 4), ..., 2 (seed 8) evaluations" in judge("LA514", val_loss=[0.9, 0.8], runs=runs).headline


@pytest.mark.parametrize("reason", ["another evaluation at the same step", "no training before it"])
def test_evaluations_that_do_not_belong(reason):
    stray = LeftOut(19, reason, {"val_loss": 0.443, "val_accuracy": 0.8})
    found = judge("LA514", val_loss=[0.9, 0.8, 0.7], left_out=(stray,))
    assert found.status == "fired"
    assert f"row 19 ({reason}: loss 0.443, accuracy 80.0 %)" in found.headline
    assert value_text(found) == "evaluations left out 1"


def test_one_run_passes_with_what_was_done():
    left_out = (LeftOut(4, "repeats the evaluation before it"), LeftOut(5, "evaluates other rows"))
    found = judge("LA514", val_loss=[0.9, 0.8], left_out=left_out, notes=("training was resumed at row 4",))
    assert found.status == "passed"
    assert "resumed at row 4" in found.headline


def predictions(n=1000, accuracy=0.81, confidence=0.8, seed=0):
    """Return a diagnosis of n binary rows of this accuracy, all with one confidence."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    right = np.arange(n) < round(accuracy * n)
    p = np.where(right == (y == 1), confidence, 1 - confidence)
    return diagnose(y, np.column_stack([1 - p, p]))


@pytest.fixture(scope="module")
def final():
    return predictions()


def loss_of(diagnosis):
    return diagnosis.metrics["log_loss"].value


def test_a_logged_accuracy_of_another_kind(final):
    found = judge("LA515", final, val_loss=[0.6, loss_of(final)], val_accuracy=[0.55, 0.5675], n_val=1000)
    assert found.status == "fired"
    assert found.severity == "error"
    assert "accuracy 56.8 % in the log, 81.0 % from the predictions" in found.headline
    assert "binary accuracy on one-hot labels" in found.advice


def test_log_and_predictions_agree(final):
    found = judge("LA515", final, val_loss=[0.6, loss_of(final) + 0.001], val_accuracy=[0.7, 0.8101], n_val=1000)
    assert found.status == "passed"
    assert "agree with the log at epoch 1" in found.headline


def test_accuracy_that_agrees_speaks_for_another_loss(final):
    found = judge("LA515", final, val_loss=[0.6, loss_of(final) + 0.3], val_accuracy=[0.7, 0.81], n_val=1000)
    assert found.status == "fired"
    assert found.advice.startswith("Accuracy agrees, so that the logged loss is likely of another kind")
    both = judge("LA515", final, val_loss=[0.6, loss_of(final) + 0.3], val_accuracy=[0.7, 0.7], n_val=1000)
    assert both.advice.startswith("Find the reason")


def test_another_checkpoint_is_recognised(final):
    found = judge("LA515", final, val_loss=[0.9, loss_of(final), 1.4], val_accuracy=[0.7, 0.81, 0.75], n_val=1000)
    assert found.status == "fired"
    assert "They are those of epoch 1: another checkpoint" in found.headline
    assert found.evidence["matching_row"] == 1


def test_other_rows_differ_by_chance(final):
    log = {"val_loss": [0.6, loss_of(final) + 0.04], "val_accuracy": [0.7, 0.83]}
    assert judge("LA515", final, n_val=1000, **log).status == "fired"
    assert judge("LA515", final, n_val=300, **log).status == "passed", "300 other rows may differ so much"


@pytest.mark.parametrize("logits", [1000.0, 60.0])
def test_losses_clipped_or_not_agree(logits):
    y = np.arange(1000) % 2
    scores = np.where(y == 1, 2.0, -2.0)
    scores[:10] = np.where(y[:10] == 1, -logits, logits)
    given = diagnose(y, scores, input="logits")
    losses = np.logaddexp(0, np.where(y == 1, -scores, scores))
    clipped, exact = np.minimum(losses, 36.04).mean(), losses.mean()
    assert exact > clipped + 0.2
    log = {"val_accuracy": [0.7, 0.99], "n_val": 1000}
    for loss, status in ((exact, "passed"), (clipped, "passed"), (clipped - 0.3, "fired")):
        assert judge("LA515", given, val_loss=[2.0, loss], **log).status == status, loss


def test_another_number_of_classes(final):
    found = judge("LA515", final, val_loss=[loss_of(final)], val_accuracy=[0.81], n_classes=3)
    assert found.status == "fired"
    assert found.headline == "The log is of 3 classes, the predictions are of 2."
    assert judge("LA515", final, val_loss=[loss_of(final)], val_accuracy=[0.81], n_classes=2).status == "passed"


def test_nothing_to_compare():
    assert judge("LA515", val_loss=[0.9], val_accuracy=[0.5]).status == "not_applicable"
    found = judge("LA515", predictions(50), train_loss=[0.9, 0.8])
    assert found.status == "not_applicable"
    assert "neither" in found.headline
