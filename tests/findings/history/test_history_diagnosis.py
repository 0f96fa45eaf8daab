import json

import numpy as np
import pytest

from sklearn_lossacc.exceptions import InvalidHistoryError, LossAccError
from sklearn_lossacc.findings.history import HISTORY_RULES, HistoryDiagnosis
from sklearn_lossacc.inputs import TrainingHistory

CODES = [f"LA5{number:02d}" for number in range(1, 16)]
TIME = np.arange(16)


@pytest.fixture
def history():
    return TrainingHistory.from_arrays(
        val_loss=0.5 + 0.4 * np.exp(-TIME / 2) + 0.008 * np.maximum(TIME - 5, 0),
        val_accuracy=np.round(1500 * (0.76 - 0.2 * np.exp(-TIME / 2))) / 1500,
        train_loss=0.7 * np.exp(-TIME / 6),
        rounding={"val_accuracy": np.full(16, 6e-8)},
        n_classes=2,
        name="run",
    )


def test_every_rule_is_judged_once(history):
    diagnosis = HistoryDiagnosis.from_history(history)
    assert [rule.code for rule in HISTORY_RULES] == sorted(CODES)
    assert [finding.code for finding in diagnosis.findings] == sorted(CODES)
    assert all(finding.p_value is None for finding in diagnosis.findings)
    assert all(finding.headline for finding in diagnosis.findings)
    assert all(finding.advice for finding in diagnosis.issues)
    assert all(finding.url.endswith(f"{finding.code}.html") for finding in diagnosis.findings)
    assert list(diagnosis.issues) == [finding for finding in diagnosis.findings if finding.status == "fired"]


def test_the_number_of_rows_is_read_from_the_accuracies(history):
    description = HistoryDiagnosis.from_history(history).description
    assert (description["n_val"], description["n_val_source"]) == (1500, "accuracies")


def test_a_dictionary_and_back(history):
    diagnosis = HistoryDiagnosis.from_history(history)
    data = json.loads(diagnosis.to_json())
    assert HistoryDiagnosis.from_dict(data).to_dict() == diagnosis.to_dict()
    assert HistoryDiagnosis.from_dict(data)["LA501"].status == "fired"
    assert str(HistoryDiagnosis.from_dict(data)) == str(diagnosis)


@pytest.mark.parametrize("field", ["name", "description", "metrics", "findings", "open_questions", "tables"])
def test_damaged_data_are_named(history, field):
    data = json.loads(HistoryDiagnosis.from_history(history).to_json())
    del data[field]
    with pytest.raises(LossAccError, match="the data of the HistoryDiagnosis are damaged"):
        HistoryDiagnosis.from_dict(data)


def test_infinite_losses_survive_the_dictionary():
    losses = [1.0, np.inf, 0.9, np.nan, 0.8]
    diagnosis = HistoryDiagnosis.from_history(TrainingHistory.from_arrays(val_loss=losses))
    back = HistoryDiagnosis.from_dict(json.loads(diagnosis.to_json()))
    assert back.tables["rows"]["val_loss"] == [1.0, np.inf, 0.9, None, 0.8]


def test_the_frame_has_one_row_an_evaluation(history):
    frame = HistoryDiagnosis.from_history(history).frame()
    assert len(frame) == 16
    np.testing.assert_allclose(frame["val_loss"], history.val_loss)
    assert (frame["val_accuracy_low"] < frame["val_accuracy"]).all()
    assert (frame["calibrated_low"] < frame["calibrated_high"]).all()
    assert frame["train_accuracy"].isna().all()


def test_ignored_rules_are_not_judged(history):
    diagnosis = HistoryDiagnosis.from_history(history, ignore=["LA501"])
    assert diagnosis["LA501"].status == "ignored"
    assert "LA501" not in [finding.code for finding in diagnosis.issues]


@pytest.mark.parametrize(("ignore", "message"), [("LA501", "got the text"), (["LA101"], r"unknown rules \['LA101'\]")])
def test_ignore_is_checked(history, ignore, message):
    with pytest.raises(LossAccError, match=message):
        HistoryDiagnosis.from_history(history, ignore=ignore)


def test_what_is_given_is_checked(history):
    with pytest.raises(InvalidHistoryError, match="read_history makes one"):
        HistoryDiagnosis.from_history({"val_loss": [1.0]})
    with pytest.raises(LossAccError, match="final must be a Diagnosis"):
        HistoryDiagnosis.from_history(history, final={"accuracy": 0.5})
    with pytest.raises(LossAccError, match="schema 1"):
        HistoryDiagnosis.from_dict({"schema": 2})
    with pytest.raises(KeyError):
        HistoryDiagnosis.from_history(history)["LA999"]


def test_what_curves_cannot_tell_is_said(history):
    supply = " ".join(text for _, text in HistoryDiagnosis.from_history(history).open_questions)
    assert "final=" in supply
    assert "EpochRecorder" in supply
    assert "n_classes" not in supply
    bare = TrainingHistory.from_arrays(val_loss=[0.5, 0.4])
    supply = " ".join(text for _, text in HistoryDiagnosis.from_history(bare).open_questions)
    assert "n_classes" in supply
    assert "n_val" in supply
    assert "accuracy" in supply


def test_the_text_fits_a_terminal_and_says_what_was_read(history):
    lines = str(HistoryDiagnosis.from_history(history)).splitlines()
    assert 10 <= len(lines) <= 28
    assert max(map(len, lines)) <= 96
    assert lines[0] == "run: 16 evaluations, arrays, 1,500 validation rows, read from the accuracies, 2 classes"
    assert any(line.startswith("best") for line in lines)


@pytest.mark.parametrize(
    "curves",
    [{"val_loss": [0.5]}, {"val_accuracy": [0.5]}, {"train_loss": [0.5]}, {"val_loss": [np.inf, np.inf]},
     {"val_loss": [np.nan, 0.5], "val_accuracy": [0.5, np.nan]}, {"val_accuracy": [1.0, 1.0], "val_loss": [0.0, 0.0]},
     {"train_accuracy": [0.0, 1.0]}],
)  # fmt: skip
@pytest.mark.parametrize("facts", [{}, {"n_val": 1}, {"n_val": 100, "n_classes": 2}])
def test_no_log_is_too_poor_to_be_read(curves, facts):
    diagnosis = HistoryDiagnosis.from_history(TrainingHistory.from_arrays(**curves, **facts))
    assert str(diagnosis)
    json.loads(diagnosis.to_json())
    diagnosis.frame()


def test_one_row_is_judged_by_what_one_row_can_tell():
    for loss, accuracy, low, high in ((0.4577, 0.7826, 0.3014, 0.5236), (0.4011, 0.8224, 0.2462, 0.4677)):
        one = TrainingHistory.from_arrays(val_loss=loss, val_accuracy=accuracy, n_val=1000, n_classes=2)
        diagnosis = HistoryDiagnosis.from_history(one)
        band = [diagnosis.metrics[name].value for name in ("calibrated_low", "calibrated_high")]
        assert band == pytest.approx([low, high], abs=5e-5)
        text = " ".join(str(diagnosis).split())
        assert "possible for a calibrated model, which does not show that it is one. One evaluation shows no" in text
        assert "Nothing needs repair" not in text


def test_a_rise_without_accuracies_is_told():
    time = np.arange(30)
    loss = 0.4 + np.exp(-time / 5) + 0.01 * np.maximum(time - 12, 0)
    text = " ".join(str(HistoryDiagnosis.from_history(TrainingHistory.from_arrays(val_loss=loss))).split())
    assert "but without accuracy overfitting cannot be told from overconfidence" in text
    assert "n/a" not in text


def test_a_log_that_ends_without_a_finite_loss_says_so():
    history = TrainingHistory.from_arrays(val_loss=[0.9, 0.5, np.inf], val_accuracy=[0.6, 0.8, 0.1], n_classes=10)
    diagnosis = HistoryDiagnosis.from_history(history)
    assert diagnosis.metrics["last_val_loss"].value == np.inf
    assert "loss        not finite  " in str(diagnosis)
    assert "inf" not in str(diagnosis).replace("infinite", "")
    assert diagnosis.metrics["lowest_val_loss"].value == 0.5
    assert HistoryDiagnosis.from_dict(json.loads(diagnosis.to_json())) == diagnosis


def test_one_rule_that_could_be_judged_is_one():
    few = HistoryDiagnosis.from_history(TrainingHistory.from_arrays(val_accuracy=[0.5]))
    assert sum(finding.status == "passed" for finding in few.findings) == 1
    assert "1 other rule could be judged, and none fired." in " ".join(str(few).split())
