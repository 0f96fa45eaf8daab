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
