"""LA501, LA502 and LA506: each fires, does not fire, and is not applicable."""

import numpy as np
import pytest

from sklearn_lossacc.findings import diagnose
from sklearn_lossacc.findings.history import HistoryDiagnosis
from sklearn_lossacc.findings.history.curve import Curve
from sklearn_lossacc.inputs import TrainingHistory

TIME = np.arange(24)
NOISE = 0.002 * np.random.default_rng(0).normal(size=24)
TURNING = 0.6 * np.exp(-TIME / 3) + 0.5 + 0.01 * np.maximum(TIME - 8, 0) + NOISE
FALLING = 0.6 * np.exp(-TIME / 6) + 0.4 + NOISE
RISING = 0.8 - 0.2 * np.exp(-TIME / 3) + NOISE
PEAKED = RISING - 0.006 * np.maximum(TIME - 8, 0)


def judge(**curves):
    return HistoryDiagnosis.from_history(TrainingHistory.from_arrays(n_classes=2, **curves))


def test_loss_rises_while_accuracy_holds():
    diagnosis = judge(val_loss=TURNING, val_accuracy=RISING, train_loss=FALLING, n_val=2000)
    found = diagnosis["LA501"]
    assert found.status == "fired"
    assert diagnosis["LA502"].status == "passed"
    assert 6 <= found.evidence["since"] <= 10
    assert found.value == pytest.approx(TURNING[-3:].mean() - TURNING[7:10].mean(), abs=0.02)
    assert found.evidence["train_loss_change"] < 0
    assert "the probabilities got worse, the decisions did not" in found.headline
    assert "final=" in found.advice
    assert "Curves alone cannot tell" in found.advice


def test_both_get_worse():
    diagnosis = judge(val_loss=TURNING, val_accuracy=PEAKED, n_val=5000)
    assert diagnosis["LA502"].status == "fired"
    assert diagnosis["LA501"].status == "passed"
    assert diagnosis["LA502"].value < -0.05
    assert "see LA502" in diagnosis["LA501"].headline


def overconfident_predictions(scale):
    """Return a diagnosis of 2000 binary rows whose log odds are `scale` times too large."""
    rng = np.random.default_rng(0)
    odds = rng.normal(0, 2, 2000)
    y = rng.random(2000) < 1 / (1 + np.exp(-odds))
    return diagnose(y, scale * odds, input="logits")


@pytest.mark.parametrize(("curve", "code"), [(RISING, "LA501"), (PEAKED, "LA502")])
def test_predictions_of_the_last_epoch_say_why(curve, code):
    final = overconfident_predictions(4.0)
    loss, accuracy = (final.metrics[name].value for name in ("log_loss", "accuracy"))
    curves = {"val_loss": TURNING + loss - TURNING[-1], "val_accuracy": curve + accuracy - curve[-1], "n_val": 2000}
    history = TrainingHistory.from_arrays(n_classes=2, **curves)
    found = HistoryDiagnosis.from_history(history, final)[code]
    assert found.status == "fired"
    assert "A diagnosis of the last predictions finds: overconfident (LA101). Recalibrated, " in found.headline
    assert f"{final.metrics['refinement_loss'].value:.3f} of their {loss:.3f} nats would be left" in found.headline
    assert "cannot tell" not in found.advice
    assert "do not show" not in found.advice
    other = HistoryDiagnosis.from_history(history, overconfident_predictions(1.0))[code]
    assert "they are not those of the end of this log (LA515)" in other.headline


def test_healthy_predictions_of_the_last_epoch_name_no_cause():
    final = overconfident_predictions(1.0)
    loss, accuracy = (final.metrics[name].value for name in ("log_loss", "accuracy"))
    curves = {"val_loss": TURNING + loss - TURNING[-1], "val_accuracy": RISING + accuracy - RISING[-1], "n_val": 2000}
    found = HistoryDiagnosis.from_history(TrainingHistory.from_arrays(n_classes=2, **curves), final)["LA501"]
    assert "finds no cause. Recalibrated, " in found.headline


def test_a_loss_that_falls_is_no_divergence():
    diagnosis = judge(val_loss=FALLING, val_accuracy=RISING, n_val=2000)
    for code in ("LA501", "LA502"):
        assert diagnosis[code].status == "passed"
        assert "was not shown" in diagnosis[code].headline
    assert diagnosis["LA501"].evidence["could_be"] is not None


def test_a_fall_of_accuracy_within_noise_is_no_overfitting():
    slight = RISING - 0.002 * np.maximum(TIME - 8, 0)
    few = judge(val_loss=TURNING, val_accuracy=slight, n_val=150)
    assert few["LA502"].status == "passed"
    assert few["LA501"].status == "fired"
    assert "fell by no more than noise may explain" in few["LA501"].headline
    assert "whether the decisions did, these curves cannot tell" in few["LA501"].headline
    assert "of the highest accuracy" in few["LA501"].advice
    many = judge(val_loss=TURNING, val_accuracy=slight, n_val=100_000)
    assert many["LA502"].status == "fired"


def test_a_clear_rise_is_found_in_a_short_log():
    loss = [1.10, 0.78, 0.60, 0.52, 0.53, 0.55, 0.58, 0.60]
    diagnosis = judge(val_loss=loss, val_accuracy=[0.5, 0.65, 0.75, 0.78, 0.785, 0.79, 0.79, 0.792], n_val=3000)
    assert diagnosis["LA501"].status == "fired"
    assert diagnosis["LA501"].evidence["since"] == 3


@pytest.mark.parametrize("n_evaluations", [5, 7, 9, 12])
@pytest.mark.parametrize("fall", [0.0, 60.0])
def test_short_logs_that_level_off_rarely_rise(n_evaluations, fall):
    rng = np.random.default_rng(n_evaluations)
    time, runs, rose = np.arange(n_evaluations), 400, 0
    for _ in range(runs):
        curve = Curve(time, fall * np.exp(-10 * time / n_evaluations) + rng.normal(size=n_evaluations))
        change = curve.change_since(curve.turn.index)
        rose += change.size > change.needed
    assert rose / runs <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / runs)


@pytest.mark.parametrize("n_evaluations", [60, 200])
def test_a_curve_that_wanders_is_rarely_said_to_rise(n_evaluations):
    rng = np.random.default_rng(n_evaluations)
    time, runs, fired = np.arange(n_evaluations), 80, 0
    for _ in range(runs):
        wander = np.empty(n_evaluations)
        state = 0.0
        for place, shock in enumerate(0.02 * rng.normal(size=n_evaluations)):
            wander[place] = state = 0.7 * state + np.sqrt(1 - 0.7**2) * shock
        loss = 0.5 + np.exp(-time * 5 / n_evaluations) + wander
        diagnosis = judge(val_loss=loss, val_accuracy=0.8 - 0.4 * np.exp(-time * 5 / n_evaluations))
        fired += diagnosis["LA501"].status == "fired"
    assert fired / runs <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / runs)


def test_a_rise_on_few_wrong_rows_is_not_shown():
    high = 0.985 - 0.2 * np.exp(-TIME / 2)
    low_loss = 0.4 * np.exp(-TIME / 3) + 0.05 + 0.002 * np.maximum(TIME - 8, 0) + NOISE / 10
    assert judge(val_loss=low_loss, val_accuracy=high, n_val=200)["LA501"].status == "passed"
    assert "rows are too few" in judge(val_loss=low_loss, val_accuracy=high, n_val=200)["LA501"].headline
    assert judge(val_loss=low_loss, val_accuracy=high, n_val=20_000)["LA501"].status == "fired"


def test_near_perfection_a_tenth_of_the_errors_counts():
    accuracy = 0.99 - 0.1 * np.exp(-TIME / 2) - 0.0004 * np.maximum(TIME - 8, 0)
    loss = 0.3 * np.exp(-TIME / 2) + 0.04 + 0.002 * np.maximum(TIME - 8, 0)
    assert judge(val_loss=loss, val_accuracy=accuracy, n_val=50_000)["LA502"].status == "fired"


def test_a_short_log_cannot_tell():
    diagnosis = judge(val_loss=[0.318, 0.320, 0.443], val_accuracy=[0.858, 0.865, 0.861], n_val=1000)
    for code in ("LA501", "LA502", "LA506"):
        assert diagnosis[code].status == "not_applicable"
        assert diagnosis[code].headline.startswith("Cannot tell: 3 evaluations (loss from 0.318 to 0.443")


def test_one_curve_cannot_tell():
    alone = judge(val_loss=TURNING)
    assert alone["LA501"].status == "not_applicable"
    assert "the log has only the loss" in alone["LA501"].headline
    assert "without accuracy overfitting cannot be told from overconfidence" in alone["LA502"].headline
    assert "only the accuracy" in judge(val_accuracy=RISING)["LA501"].headline
    assert "has neither" in judge(train_loss=FALLING)["LA501"].headline


def test_accuracy_falls_while_the_loss_improves():
    diagnosis = judge(val_loss=FALLING, val_accuracy=PEAKED, n_val=5000)
    found = diagnosis["LA506"]
    assert found.status == "fired"
    assert found.value == pytest.approx(PEAKED[-3:].mean() - PEAKED[7:10].mean(), abs=0.02)
    assert diagnosis["LA501"].status == diagnosis["LA502"].status == "passed"


def test_accuracy_that_rises_or_falls_within_noise_is_fine():
    assert judge(val_loss=FALLING, val_accuracy=RISING, n_val=5000)["LA506"].status == "passed"
    assert judge(val_loss=FALLING, val_accuracy=PEAKED, n_val=50)["LA506"].status == "passed"
    assert judge(val_loss=TURNING, val_accuracy=PEAKED, n_val=5000)["LA506"].status == "passed", "that is overfitting"
