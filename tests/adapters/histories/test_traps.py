import json
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from sklearn_lossacc.adapters.histories import read_history
from sklearn_lossacc.exceptions import InvalidFileError, InvalidHistoryError
from sklearn_lossacc.findings.history import HistoryDiagnosis
from sklearn_lossacc.inputs import TrainingHistory

CURVES = {"loss": [0.9, 0.7, 0.6], "val_loss": [1.0, 0.8, 0.9], "val_acc": [0.5, 0.6, 0.65]}


def write(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    return path


# --- one row ---


@pytest.mark.parametrize(
    "source",
    [
        {"loss": 0.4577, "accuracy": 0.7826},
        {"val_loss": 0.4577, "val_accuracy": 0.7826},
        {"loss": [0.4577], "accuracy": [0.7826]},
        [{"log_loss": 0.4577, "acc": 0.7826}],
        {"test_loss": 0.4577, "test_error_percent": 21.74},
        pd.DataFrame({"loss": [0.4577], "accuracy": [0.7826]}),
    ],
)
def test_one_row_is_a_history(source):
    history = read_history(source, n_val=1000, n_classes=2)
    if "loss" in source and isinstance(source, dict) and isinstance(source["loss"], list):
        assert history.train_loss.tolist() == [0.4577], "a Keras history of one epoch without validation"
        return
    assert history.val_loss.tolist() == [0.4577]
    assert history.val_accuracy[0] == pytest.approx(0.7826)
    assert (history.n_rows, history.n_val, history.n_classes) == (1, 1000, 2)


def test_the_four_numbers_in_one_mapping():
    history = read_history({"loss": 0.4577, "accuracy": 0.7826, "n_val": 1000, "n_classes": 2})
    assert (history.n_val, history.n_classes) == (1000, 2)
    assert "one evaluation" in str(history.matched_["val_loss"])


# --- units ---


def test_percentages_by_their_size_and_by_name(tmp_path):
    assert read_history({**CURVES, "val_acc": [50.0, 60.0, 65.0]}).val_accuracy.tolist() == [0.5, 0.6, 0.65]
    # below 1 %: only the name can tell
    small = write(tmp_path, "a.csv", "epoch,train_loss,test_loss,test_error(%)\n1,.1,.2,0.94\n2,.1,.2,0.90\n")
    np.testing.assert_allclose(read_history(small).val_accuracy, [0.9906, 0.991])


def test_one_unit_for_one_measure():
    # the validation column alone could be shares; the training column shows that both are percentages
    history = read_history({"loss": [1.0, 1.0], "acc": [0.8, 2.4], "val_loss": [1.0, 1.0], "val_acc": [0.5, 1.0]})
    assert history.val_accuracy.tolist() == [0.005, 0.01]


def test_neither_share_nor_percentage_is_refused():
    with pytest.raises(InvalidHistoryError, match=r"'val_acc' reaches 1.2"):
        read_history({"loss": [1.0, 1.0], "val_acc": [0.5, 1.2]})


def test_a_share_beyond_one_by_rounding_is_one():
    assert read_history({"val_loss": [0.1, 0.1], "val_accuracy": [0.9, 1.0 + 1e-7]}).val_accuracy[1] == 1.0


def test_errors_become_accuracies():
    history = read_history({"val_loss": [0.5, 0.4], "val_error": [0.3, 0.2]})
    np.testing.assert_allclose(history.val_accuracy, [0.7, 0.8])
    percent = read_history({"val_loss": [0.5, 0.4], "val_err": [30.0, 20.0]})
    np.testing.assert_allclose(percent.val_accuracy, [0.7, 0.8])


def test_negative_log_loss_changes_sign():
    history = read_history({"val_neg_log_loss": [-0.5, -0.4], "val_accuracy": [0.7, 0.8]})
    assert history.val_loss.tolist() == [0.5, 0.4]
    assert history.matched_["val_loss"].conversion == "-x"


# --- which column ---


def test_columns_override_and_say_so():
    history = read_history({**CURVES, "nll": [0.1, 0.2, 0.3]}, columns={"val_loss": "nll", "train_loss": "loss"})
    assert history.val_loss.tolist() == [0.1, 0.2, 0.3]
    assert "given" in str(history.matched_["val_loss"])


def test_a_log_without_any_word_for_a_set_says_that_it_was_taken_for_training(tmp_path):
    history = read_history(write(tmp_path, "a.csv", "epoch,loss,accuracy\n0,1.0,0.5\n1,0.9,0.6\n"))
    assert not history.has("val_loss")
    assert "no name says a set: training, unless columns= says otherwise" in str(history.matched_["train_loss"])
    assert read_history(CURVES).matched_["train_loss"].note == "", "beside val_loss the meaning is clear"


def test_a_curve_can_be_left_out():
    history = read_history(CURVES, columns={"val_accuracy": None})
    assert not history.has("val_accuracy")
    assert "val_acc" in history.unused


def test_units_by_hand():
    history = read_history({"a": [0.2, 0.3], "b": [40.0, 30.0]}, columns={"val_loss": "a", "val_error_percent": "b"})
    np.testing.assert_allclose(history.val_accuracy, [0.6, 0.7])


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"val_loss": [1.0], "val_nll": [1.1]}, r"several columns could be val_loss: 'val_loss', 'val_nll'"),
        ({"train_loss": [1.0], "val_loss": [1.1], "accuracy": [0.5]}, "does not say whether it is of training"),
        ({"a": [1.0], "b": [0.5]}, "no column is recognised.*'a', 'b'"),
        ({"val_a_loss": [1.0, 2.0]}, "no column is recognised"),
    ],
)
def test_what_is_ambiguous_is_refused_with_the_columns(source, message):
    with pytest.raises(InvalidHistoryError, match=message):
        read_history(source)


def test_copies_of_one_column_are_no_ambiguity():
    assert read_history({**CURVES, "val_log_loss": CURVES["val_loss"]}).val_loss.tolist() == CURVES["val_loss"]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"val_loss": "nothing"}, "has no column 'nothing'"),
        ({"loss": "val_loss"}, "has the key 'loss'; expected"),
        ({"val_loss_percent": "val_loss"}, "has the key"),
        ({"val_neg_accuracy": "val_acc"}, "has the key"),
    ],
)
def test_columns_are_checked(columns, message):
    with pytest.raises(InvalidHistoryError, match=message):
        read_history(CURVES, columns=columns)


def test_a_column_of_text_cannot_be_chosen(tmp_path):
    path = write(tmp_path, "a.csv", "epoch,val_loss,time\n0,1.0,00:12\n1,0.9,00:12\n")
    with pytest.raises(InvalidHistoryError, match="no numbers in column 'time'"):
        read_history(path, columns={"val_loss": "time"})


def test_test_beside_validation_stays_another_set():
    history = read_history({**CURVES, "test_loss": [2.0, 1.9, 1.8]})
    assert history.val_loss.tolist() == CURVES["val_loss"]
    assert history.evaluations["test"].loss.tolist() == [2.0, 1.9, 1.8]


def test_several_named_sets_of_transformers():
    log = [
        {"epoch": 1.0, "step": 10, "loss": 1.0},
        {"epoch": 1.0, "step": 10, "eval_french_loss": 0.9, "eval_french_accuracy": 0.5},
        {"epoch": 1.0, "step": 10, "eval_dutch_loss": 0.8, "eval_dutch_accuracy": 0.6, "eval_loss": 0.7},
    ]
    history = read_history(log)
    assert history.val_loss.tolist() == [0.7]
    assert history.evaluations["french"].accuracy.tolist() == [0.5]
    for row in log:
        row.pop("eval_loss", None)
    with pytest.raises(InvalidHistoryError, match="'french', 'dutch'"):
        read_history(log, format="transformers")


# --- rows ---


def test_an_epoch_that_is_always_zero_is_not_trusted(tmp_path):
    path = write(
        tmp_path,
        "a.csv",
        "epoch,accuracy,loss,val_accuracy,val_loss\n" + "0,.5,1.0,.6,.9\n0,.6,.8,.7,.7\n0,.7,.6,.8,.5\n",
    )
    history = read_history(path)
    assert history.epoch.tolist() == [0, 1, 2]
    assert "epoch is 0 in every row" in history.notes[0]
    assert history.runs == ()


def test_a_run_resumed_from_a_checkpoint_supersedes_the_rows_after_it():
    log = {"epoch": [0, 1, 2, 3, 2, 3, 4], "loss": [1.0, 0.8, 0.6, 0.5, 0.61, 0.52, 0.45],
           "val_loss": [1.1, 0.9, 0.7, 0.65, 0.71, 0.66, 0.6]}  # fmt: skip
    history = read_history(log)
    assert history.epoch.tolist() == [0, 1, 2, 3, 4]
    assert history.val_loss.tolist() == [1.1, 0.9, 0.71, 0.66, 0.6]
    assert [row.row for row in history.left_out] == [2, 3]


def test_a_second_run_is_split_off():
    log = {"epoch": [0, 1, 2, 0, 1], "loss": [1.0, 0.8, 0.6, 0.99, 0.7], "val_loss": [1.1, 0.9, 0.7, 1.09, 0.8]}
    history = read_history(log)
    assert [run.val_loss.tolist() for run in history.runs] == [[1.1, 0.9, 0.7], [1.09, 0.8]]
    assert history.val_loss.tolist() == [1.09, 0.8]


def test_an_evaluation_without_training_before_it_is_left_out(tmp_path):
    rows = ["epoch,step,train_loss,val_accuracy,val_loss"]
    for epoch in range(4):
        rows += [f"{epoch},{10 * epoch + step},{1 - epoch / 10},," for step in (4, 9)]
        rows.append(f"{epoch},{10 * epoch + 9},,{0.6 + epoch / 10},{0.9 - epoch / 10}")
    rows.append("4,40,,0.99,0.01")
    history = read_history(write(tmp_path, "metrics.csv", "\n".join(rows)))
    assert history.n_rows == 4
    assert history.left_out[0].reason == "no training before it"
    assert history.left_out[0].values == {"val_accuracy": 0.99, "val_loss": 0.01}


def test_missing_and_not_finite_differ(tmp_path):
    text = "epoch,accuracy,loss,val_accuracy,val_loss\n0,.5,1.0,.6,.9\n1,.6,nan,.7,\n2,.7,inf,.7,.8\n3,.7,.5,.7,NA\n"
    history = read_history(write(tmp_path, "a.csv", text))
    assert history.train_loss.tolist() == [1.0, np.inf, np.inf, 0.5]
    np.testing.assert_array_equal(history.val_loss, [0.9, np.nan, 0.8, np.nan])
    frame = read_history(pd.DataFrame({"loss": [1.0, np.nan], "val_loss": [0.9, 0.8]}))
    assert np.isnan(frame.train_loss[1]), "NaN in a data frame is a missing entry"
    listed = read_history({"loss": [1.0, float("nan")], "val_loss": [0.9, 0.8]})
    assert np.isinf(listed.train_loss[1]), "NaN in a list is what training produced"


def test_pandas_json_and_csv_of_one_history_agree(tmp_path):
    frame = pd.DataFrame(CURVES)
    frame.to_csv(tmp_path / "h.csv")
    frame.to_json(tmp_path / "h.json")
    first, second = read_history(tmp_path / "h.csv"), read_history(tmp_path / "h.json")
    np.testing.assert_array_equal(first.frame(), second.frame())
    assert first.counted == second.counted == "epoch"


def test_a_mapping_of_epochs():
    log = {str(epoch): {"train_loss": 1.0 - epoch / 10, "val_loss": 0.9} for epoch in range(12)}
    assert read_history(log).epoch.tolist() == list(range(12)), "numbers are sorted as numbers"


def test_lines_of_json_and_a_half_written_end(tmp_path):
    lines = [
        json.dumps({"epoch": e, "train_loss": 1.0, "test_loss": 0.9, "test_acc1": 40.0 + e, "train_lr": 0.1})
        for e in range(3)
    ]
    history = read_history(write(tmp_path, "log.txt", "\n".join(lines) + '\n{"epoch": 3, "tr'))
    assert history.source_format == "DeiT log"
    np.testing.assert_allclose(history.val_accuracy, [0.40, 0.41, 0.42])
    with pytest.raises(InvalidFileError, match="neither JSON nor JSON lines"):
        read_history(write(tmp_path, "bad.txt", "{\n" + lines[0]))


def test_a_half_written_row_is_left_out_and_told(tmp_path):
    history = read_history(write(tmp_path, "a.csv", "epoch,loss,val_loss\n0,1.0,0.9\n1,0.9,0.8\n2,0."))
    assert history.n_rows == 2
    assert "breaks off" in history.notes[0]


def test_ultralytics_with_padded_names(tmp_path):
    text = "epoch,  time, train/loss, metrics/accuracy_top1, metrics/accuracy_top5, val/loss, lr/pg0\n"
    text += "1, 2.0, 2.1, 0.5, 0.9, 2.0, 0.1\n2, 4.0, 1.9, 0.6, 0.95, 1.8, 0.1\n"
    history = read_history(write(tmp_path, "results.csv", text))
    assert history.val_accuracy.tolist() == [0.5, 0.6]
    assert history.val_loss.tolist() == [2.0, 1.8]
    assert history.train_loss.tolist() == [2.1, 1.9]


def test_weights_and_biases_of_one_run_and_of_two(tmp_path):
    text = (
        '"Step","calm-sun-1 - val_loss","calm-sun-1 - val_loss__MIN","calm-sun-1 - val_loss__MAX","calm-sun-1 - loss"\n'
    )
    text += '"1","0.9","0.9","0.9","1.0"\n"2","","","","0.9"\n"3","0.8","0.8","0.8","0.8"\n'
    history = read_history(write(tmp_path, "a.csv", text))
    assert history.val_loss.tolist() == [0.9, 0.8]
    assert history.train_loss.tolist() == pytest.approx([1.0, 0.85])
    two = '"Step","one - val_loss","two - val_loss"\n1,0.9,0.8\n2,0.8,0.7\n'
    with pytest.raises(InvalidHistoryError, match="2 runs: 'one', 'two'"):
        read_history(write(tmp_path, "b.csv", two))
    chosen = read_history(tmp_path / "b.csv", columns={"val_loss": "two - val_loss"})
    assert chosen.val_loss.tolist() == [0.8, 0.7]


def test_tensorboard_downloads(tmp_path):
    head = "Wall time,Step,Value\n"
    write(tmp_path, "run-logs_train-tag-epoch_loss.csv", head + "1.0,0,1.0\n2.0,1,0.9\n")
    write(tmp_path, "run-logs_validation-tag-epoch_loss.csv", head + "1.0,0,1.1\n2.0,1,0.8\n")
    write(tmp_path, "run-logs_validation-tag-epoch_accuracy.csv", head + "1.0,0,0.5\n2.0,1,0.6\n")
    history = read_history(tmp_path)
    assert history.val_loss.tolist() == [1.1, 0.8]
    assert history.train_loss.tolist() == [1.0, 0.9]
    assert history.val_accuracy.tolist() == [0.5, 0.6]
    one = read_history(tmp_path / "run-logs_validation-tag-epoch_loss.csv")
    assert one.val_loss.tolist() == [1.1, 0.8]


def test_mlflow_of_several_runs_is_refused_by_name_and_steps_may_be_missing(tmp_path):
    for run in ("aaa", "bbb"):
        folder = tmp_path / run / "metrics"
        folder.mkdir(parents=True)
        (folder / "val_loss").write_text("1700000000000 0.9 0\n1700000001000 0.8 0\n")
        (folder / "loss").write_text("1700000000000 1.0\n1700000001000 0.9\n")
    with pytest.raises(InvalidHistoryError, match="2 runs: 'aaa', 'bbb'"):
        read_history(tmp_path)
    history = read_history(tmp_path / "aaa")
    assert history.val_loss.tolist() == [0.9, 0.8]
    assert "order of logging" in history.notes[0]
    (tmp_path / "aaa" / "metrics" / "loss").write_text("no numbers\n")
    with pytest.raises(InvalidFileError, match="expected a time stamp"):
        read_history(tmp_path / "aaa")


def test_train_logged_more_often_than_validation_in_series(tmp_path):
    folder = tmp_path / "metrics"
    folder.mkdir()
    (folder / "val_loss").write_text("1 0.9 10\n2 0.8 20\n")
    (folder / "train_loss").write_text("".join(f"1 {1.0 - step / 100} {step}\n" for step in range(1, 21)))
    history = read_history(tmp_path)
    assert history.step.tolist() == [10, 20]
    np.testing.assert_allclose(history.train_loss, [1 - 0.055, 1 - 0.155])


# --- what cannot be read ---


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("epoch,val_loss\n", "no rows"),
        ("1,2,3\n4,5,6\n", "no column names"),
        ("loss,loss\n1,2\n", "more than one column is called 'loss'"),
        ("epoch,val_loss\n0,1,2\n1,1\n", "data row 0 has 3 fields for 2"),
    ],
)
def test_broken_files(tmp_path, text, message):
    with pytest.raises(InvalidFileError, match=message):
        read_history(write(tmp_path, "a.csv", text))


def test_what_is_no_log():
    with pytest.raises(InvalidFileError, match="does not exist"):
        read_history("/nowhere/history.csv")
    with pytest.raises(InvalidHistoryError, match="this int holds no training log"):
        read_history(3)
    with pytest.raises(InvalidHistoryError, match="format must be one of"):
        read_history(CURVES, format="nothing")
    with pytest.raises(InvalidHistoryError, match="this dict was to be read as a log of format 'skorch'"):
        read_history(CURVES, format="skorch")
    with pytest.raises(InvalidHistoryError, match="differ in length"):
        read_history({"loss": [1.0, 2.0, 3.0], "val_loss": [1.0, 2.0], "val_acc": [0.5]})


def test_reading_prints_nothing(capsys, tmp_path):
    read_history(write(tmp_path, "a.csv", "epoch,loss,val_loss\n0,1,2\n0,1,2\n0,1,2\n"))
    out = capsys.readouterr()
    assert out.out == out.err == ""


def test_metadata_beside_the_curves():
    history = read_history(
        {"model": "small", "classes": ["a", "b", "c"], "train_loss": [1.0, 0.9], "val_loss": [1.0, 0.8],
         "val_acc": [40.0, 50.0], "milestones": [1], "test_acc": 51.0}
    )  # fmt: skip
    assert history.n_classes == 3
    assert history.val_accuracy.tolist() == [0.4, 0.5]
    assert {"model", "milestones", "test_acc"} <= set(history.unused)
    assert "n_classes = 3 from the entry 'classes'" in history.notes


def test_a_history_passes_through():
    history = TrainingHistory.from_arrays(val_loss=[1.0, 0.9])
    assert read_history(history, n_val=100).n_val == 100


def test_polars_like_frames():
    class Frame:
        columns = ("epoch", "loss", "val_loss")

        def __getitem__(self, name):
            return {"epoch": [0, 1], "loss": [1.0, 0.9], "val_loss": [0.9, None]}[name]

        def to_dict(self):
            raise AssertionError("not needed")

    np.testing.assert_array_equal(read_history(Frame()).val_loss, [0.9, np.nan])


# --- several things in one table ---


def test_runs_that_a_column_names_are_split_even_where_they_alternate():
    log = pd.DataFrame({"seed": [7, 8] * 4, "epoch": [0, 0, 1, 1, 2, 2, 3, 3], "val_loss": np.arange(8) / 10})
    history = read_history(log, n_classes=3)
    assert [run.name for run in history.runs] == ["seed 7", "seed 8"]
    assert [run.val_loss.tolist() for run in history.runs] == [[0.0, 0.2, 0.4, 0.6], [0.1, 0.3, 0.5, 0.7]]
    assert history.val_loss.tolist() == [0.1, 0.3, 0.5, 0.7]
    assert all(run.n_classes == 3 for run in history.runs)
    assert "'seed' names 2 runs: 'seed 7', 'seed 8'" in history.notes


def test_one_row_a_model_is_no_curve(tmp_path):
    path = write(tmp_path, "results.csv", "model,val_loss,val_acc\nsmall,0.5,0.8\nlarge,0.4,0.85\n")
    history = read_history(path)
    assert [(run.name, run.n_rows) for run in history.runs] == [("model small", 1), ("model large", 1)]


def test_a_column_of_one_run_splits_nothing():
    history = read_history({"epoch": [0, 1], "seed": [3, 3], "val_loss": [1.0, 0.9]})
    assert history.runs == ()


def test_a_column_that_the_user_chose_names_no_runs():
    history = read_history({"trial": [0, 1, 2], "val_loss": [1.0, 0.9, 0.8]}, columns={"epoch": "trial"})
    assert history.runs == ()
    assert history.epoch.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("name", "train", "val"), [("phase", "train", "val"), ("split", "Training", "valid"), ("mode", "train", "eval")]
)
def test_rows_of_training_and_validation_one_below_the_other(name, train, val):
    log = [
        {"epoch": epoch, name: word, "loss": loss, "accuracy": accuracy}
        for epoch in range(3)
        for word, loss, accuracy in ((train, 1.0 - epoch / 4, 0.5), (val, 1.1 - epoch / 10, 0.4 + epoch / 10))
    ]
    history = read_history(log)
    assert history.train_loss.tolist() == [1.0, 0.75, 0.5]
    np.testing.assert_allclose(history.val_loss, [1.1, 1.0, 0.9])
    np.testing.assert_allclose(history.val_accuracy, [0.4, 0.5, 0.6])
    assert f"rows whose {name!r} is {val.lower()!r}" in str(history.matched_["val_loss"])
    assert name not in history.unused


def test_a_column_of_other_words_divides_nothing():
    history = read_history({"epoch": [0, 1], "phase": ["warm-up", "main"], "val_loss": [1.0, 0.9]})
    assert history.val_loss.tolist() == [1.0, 0.9]
    assert "phase" in history.unused


# --- units and messages ---


def test_shares_beside_percentages_are_refused():
    log = {"train_loss": [1.0, 0.5], "val_loss": [1.0, 0.6], "train_acc": [0.7, 0.9], "val_acc": [61.0, 72.0]}
    with pytest.raises(InvalidHistoryError, match=r"'val_acc' reaches 72 and column 'train_acc' no more than 0.9"):
        read_history(log)
    history = read_history(log, columns={"val_accuracy_percent": "val_acc", "train_accuracy": "train_acc"})
    assert history.val_accuracy.tolist() == [0.61, 0.72]
    assert history.train_accuracy.tolist() == [0.7, 0.9]


def test_a_decimal_comma_is_named(tmp_path):
    path = write(tmp_path, "a.csv", "epoch;val_loss;val_acc\n0;0,9;0,5\n1;0,8;0,6\n")
    with pytest.raises(InvalidHistoryError, match=r"'val_loss' holds '0,9' in row 0, .*; write decimals with a point"):
        read_history(path)


def test_parquet_needs_a_package_or_is_read(tmp_path):
    path = tmp_path / "run.parquet"
    try:
        pd.DataFrame(CURVES).to_parquet(path)
    except ImportError:
        path.write_bytes(b"PAR1")
        with pytest.raises(InvalidFileError, match="package pyarrow"):
            read_history(path)
    else:
        assert read_history(path).val_loss.tolist() == CURVES["val_loss"]
        path.write_bytes(b"PAR1")
        with pytest.raises(InvalidFileError, match="cannot be read"):
            read_history(path)


def test_a_history_that_is_read_again_keeps_its_curves_and_checks_the_facts():
    history = read_history({"epoch": [0, 1, 0, 1], "val_loss": [1.0, 0.8, 1.0, 0.7]}, n_classes=3)
    again = read_history(history, n_val=500)
    assert (again.n_val, again.n_classes) == (500, 3)
    assert [run.n_val for run in again.runs] == [500, 500]
    assert again.val_loss.tolist() == [1.0, 0.7]
    with pytest.raises(InvalidHistoryError, match="n_val must be a whole number"):
        read_history(history, n_val=-5)
    with pytest.raises(InvalidHistoryError, match="already read"):
        read_history(history, columns={"val_loss": "loss"})


# --- what people write into logs ---


def test_percent_signs(tmp_path):
    path = write(tmp_path, "a.csv", "epoch,val_loss,val_acc,val_err\n0,1.0,0.5%,99.5 %\n1,0.9,0.7%,\n")
    history = read_history(path, columns={"test_error_percent": "val_err"})
    np.testing.assert_allclose(history.val_accuracy, [0.005, 0.007])
    np.testing.assert_allclose(history.evaluations["test"].accuracy, [0.005, np.nan])
    assert "x / 100" in str(history.matched_["val_accuracy"])


@pytest.mark.parametrize(("entries", "row"), [(["high", "higher"], 0), ([None, "high"], 1), ([True, "high"], 0)])
def test_a_column_of_words_beside_the_curves_is_told(entries, row):
    history = read_history({"val_loss": [1.0, 0.9], "val_acc": entries})
    note = f"'val_acc' was not read: its row {row} holds {entries[row]!r}, which is no number"
    assert note in history.notes
    assert note in str(HistoryDiagnosis.from_history(history)).replace("\n            ", " ")


BROKEN = {
    "keras.csv": "epoch,loss,val_loss\n0,0.9,0.8\n1,0.8,failed\n2,0.7,0.7\n",
    "lightning.csv": "epoch,step,train_loss,val_loss\n0,9,0.9,\n0,9,,0.8\n1,19,0.8,failed\n2,29,0.8,0.7\n",
    "fastai.csv": "epoch,train_loss,val_loss,time\n0,0.9,0.8,00:11\n1,0.9,failed,00:11\n",
    "run-a-tag-val_loss.csv": "Wall time,Step,Value\n1,0,0.8\n2,1,failed\n",
    "wandb.csv": '"Step","run - val_loss"\n0,0.8\n1,failed\n',
    "lines.jsonl": '{"epoch": 0, "val_loss": 0.8}\n{"epoch": 1, "val_loss": "failed"}\n',
    "keras.json": '{"loss": [0.9, 0.8], "val_loss": [0.8, "failed"]}',
    "boosting.json": '{"val": {"loss": [0.8, "failed"], "accuracy": [0.5, 0.6]}}',
    "trainer.json": '{"log_history": [{"epoch": 1, "eval_loss": 0.8}, {"epoch": 2, "eval_loss": "failed"}]}',
    "long.csv": "epoch,phase,loss\n0,val,0.9\n0,train,0.9\n1,val,failed\n1,train,0.9\n",
    "several.csv": "run,epoch,val_loss\na,0,0.9\na,1,0.8\nb,0,0.9\nb,1,failed\n",
    "scalars.csv": "tag,step,value\nval_loss,0,0.9\nval_loss,1,failed\n",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_curve_broken_by_an_entry_that_is_no_number_is_refused(tmp_path, name):
    row = {"lightning.csv": 2, "long.csv": 2, "several.csv": 3}.get(name, 1)
    with pytest.raises(
        InvalidHistoryError, match=rf"column '\S*loss' holds 'failed' in row {row}, .* columns=\{{'\w+_loss': None\}}"
    ):
        read_history(write(tmp_path, name, BROKEN[name]))


@pytest.mark.parametrize("entry", ["failed", "0.5s", "1,5", "--", True, [0.5], np.ones(2)])
def test_what_is_no_number_among_numbers(entry):
    source = {"val_loss": [1.0, entry, 0.9], "val_acc": [0.5, 0.6, 0.7]}
    for log in (source, pd.DataFrame(source)):
        with pytest.raises(InvalidHistoryError, match=r"column 'val_loss' holds .* in row 1"):
            read_history(log)
        assert not read_history(log, columns={"val_loss": None}).has("val_loss"), "as the message advises"
    with pytest.raises(InvalidHistoryError, match=r"no numbers in column 'val_loss' \(row 1 holds"):
        read_history(source, columns={"val_loss": "val_loss"})


def test_a_table_of_numbers_is_no_curve():
    with pytest.raises(InvalidHistoryError, match=r"column 'val_loss' holds array\(\[1., 1.\]\) in row 0"):
        read_history({"val_loss": np.ones((3, 2)), "val_acc": [0.5, 0.6, 0.7]})
    assert read_history({"val_loss": np.ones((3, 1)), "val_acc": [0.5, 0.6, 0.7]}).val_loss.tolist() == [1.0, 1.0, 1.0]


def test_an_epoch_that_is_a_word_is_refused_among_numbers_and_told_where_all_are():
    with pytest.raises(InvalidHistoryError, match=r"'epoch' holds 'best' in row 2, .*this counter out with columns="):
        read_history({"epoch": [0, 1, "best"], "val_loss": [1.0, 0.9, 0.8]})
    history = read_history({"epoch": ["a", "b"], "val_loss": [1.0, 0.9]})
    assert history.notes == ("'epoch' was not read: its row 0 holds 'a', which is no number",)


def test_missing_entries_of_every_kind_stay_missing():
    source = {"val_loss": [0.5, pd.NA, 0.4], "val_acc": [Decimal("0.5"), 0.6, Decimal("0.75")]}
    for log in (source, pd.DataFrame(source), pd.DataFrame({**source, "val_acc": 0.5}).convert_dtypes()):
        np.testing.assert_array_equal(read_history(log).measured("val_loss"), [0, 2])
    assert read_history(source).val_accuracy[2] == 0.75
    assert read_history({"val_loss": "0.45", "val_acc": "80%"}).val_accuracy.tolist() == [0.8]


def test_a_printed_word_for_a_missing_number_loses_nothing_else():
    lines = [
        "Epoch 1: val_loss=0.8 val_acc=0.5",
        "Epoch 2: val_loss=n/a val_acc=0.6",
        "Epoch 3: val_loss=None val_acc=0.7",
    ]
    history = read_history(lines)
    assert history.val_accuracy.tolist() == [0.5, 0.6, 0.7]
    assert history.measured("val_loss").tolist() == [0]


# --- one number a row ---

SCALARS = pd.DataFrame(
    {
        "run": ["exp/train", "exp/train", "exp/validation", "exp/validation", "exp/validation", "exp/validation"],
        "tag": ["loss", "loss", "loss", "loss", "accuracy", "accuracy"],
        "step": [0, 1, 0, 1, 0, 1],
        "value": [0.9, 0.7, 1.0, 0.8, 0.5, 0.6],
    }
)


def test_a_table_of_scalars(tmp_path):
    SCALARS.to_csv(tmp_path / "scalars.csv", index=False)
    for source in (SCALARS, SCALARS.to_dict("records"), tmp_path / "scalars.csv"):
        history = read_history(source)
        assert history.train_loss.tolist() == [0.9, 0.7]
        assert history.val_loss.tolist() == [1.0, 0.8]
        assert history.val_accuracy.tolist() == [0.5, 0.6]
        assert history.epoch.tolist() == [0, 1]
        assert history.runs == ()
    renamed = SCALARS.rename(columns={"tag": "metric", "step": "epoch"})
    assert read_history(renamed).epoch.tolist() == [0, 1]


def test_a_table_of_scalars_of_several_runs():
    other = SCALARS.assign(run=SCALARS["run"].str.replace("exp", "other"), value=SCALARS["value"] + 0.1)
    history = read_history(pd.concat([SCALARS, other]))
    assert [run.name for run in history.runs] == ["run exp", "run other"]
    assert history.runs[0].val_loss.tolist() == [1.0, 0.8]
    with pytest.raises(InvalidHistoryError, match=r"'train/loss' has two values at step 0, 0\.9 and 1\.0: are"):
        read_history(pd.concat([SCALARS, other]).assign(run=[*SCALARS["run"]] * 2))


def test_a_table_of_scalars_is_checked():
    with pytest.raises(InvalidHistoryError, match="column 'step' holds 'one' in row 1; expected a number"):
        read_history(SCALARS.assign(step=[0, "one", 0, 1, 0, 1]))
    with pytest.raises(InvalidHistoryError, match="row 2 has no name in column 'tag': it holds None"):
        read_history(SCALARS.assign(tag=["loss", "loss", None, "loss", "accuracy", "accuracy"]))
    with pytest.raises(InvalidHistoryError, match="no column is recognised"):
        read_history(pd.DataFrame({"metric": [0.5, 0.6], "step": [0, 1], "value": [0.9, 0.8]}))


@pytest.mark.parametrize(
    "text",
    [
        "# run 7\n# lr .1\nepoch,val_loss\n0,1.0\n1,0.9\n",
        "# epoch,val_loss\n0,1.0\n1,0.9\n",
        "\n#epoch\tval_loss\n0\t1.0\n1\t0.9\n",
    ],
)
def test_remarks_above_a_table(tmp_path, text):
    history = read_history(write(tmp_path, "a.csv", text))
    assert history.val_loss.tolist() == [1.0, 0.9]
    assert history.epoch.tolist() == [0, 1]


def test_mappings_within_rows():
    log = [{"epoch": e, "train": {"loss": 1.0 - e / 10}, "val": {"loss": 1.1, "acc": 0.5}} for e in range(3)]
    history = read_history(log)
    assert history.val_loss.tolist() == [1.1, 1.1, 1.1]
    np.testing.assert_allclose(history.train_loss, [1.0, 0.9, 0.8])


def test_several_evaluations_of_every_epoch_are_one_run():
    history = read_history({"epoch": [1, 1, 2, 2, 3], "val_loss": [1.0, 0.9, 0.8, 0.75, 0.7]})
    assert history.runs == ()
    assert history.val_loss.tolist() == [1.0, 0.9, 0.8, 0.75, 0.7]
    assert "every epoch has 2 rows, taken for evaluations within it, not for 2 runs" in history.notes


def test_rows_from_the_newest_to_the_oldest_are_refused():
    with pytest.raises(InvalidHistoryError, match="the epochs fall from row to row, from 3 to 1"):
        read_history({"epoch": [3, 2, 1], "val_loss": [0.8, 0.9, 1.0]})


def test_an_accuracy_of_nan_is_missing_and_a_loss_of_nan_is_not_finite():
    history = read_history({"val_loss": [1.0, np.nan, 0.8], "val_acc": [0.5, np.nan, 0.6]})
    assert np.isinf(history.val_loss[1])
    assert np.isnan(history.val_accuracy[1])


def test_nothing_to_read(tmp_path):
    with pytest.raises(InvalidHistoryError, match="columns but no rows: 'val_loss'"):
        read_history(pd.DataFrame({"val_loss": []}))
    with pytest.raises(InvalidFileError, match="the path is empty"):
        read_history("")
    package = tmp_path / "package" / "metrics"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    with pytest.raises(InvalidHistoryError, match="holds no training log"):
        read_history(tmp_path)


def test_a_number_that_no_float_holds_is_infinite(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("epoch,val_loss,val_accuracy\n0,1e400,0.5\n1,0.9,0.6\n")
    assert read_history(path).val_loss.tolist() == [np.inf, 0.9]


def test_lists_within_lists_without_end_are_no_log(tmp_path):
    (tmp_path / "log.json").write_text("[" * 100_000)
    with pytest.raises(InvalidFileError, match="nested too deeply"):
        read_history(tmp_path / "log.json")


def test_two_columns_of_one_name_are_refused():
    frame = pd.DataFrame([[1.0, 2.0, 0.5]], columns=["val_loss", "val_loss", "val_accuracy"])
    with pytest.raises(InvalidHistoryError, match="more than one column of the data frame is called 'val_loss'"):
        read_history(frame)


def test_one_column_cannot_be_two_curves():
    log = {"loss": [1.0, 0.5], "val_loss": [1.0, 0.8]}
    with pytest.raises(InvalidHistoryError, match="columns= names 'loss' for more than one curve"):
        read_history(log, columns={"val_loss": "loss", "train_loss": "loss"})


def test_columns_are_a_mapping():
    with pytest.raises(InvalidHistoryError, match="columns must map curves to columns"):
        read_history({"loss": [1.0]}, columns="loss")


# --- a key that stands twice ---


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"loss": [0.9, 0.7], "acc": [0.5, 0.6], "loss": [0.8, 0.6]}', r'"loss".*begins with "loss";'),
        ('[{"epoch": 0, "loss": 0.9}, {"epoch": 1, "loss": 0.7, "loss": 0.6}]', r'"loss".*begins with "epoch": 1;'),
        ('{"log_history": [{"epoch": 7, "loss": 0.9, "loss": 0.9}]}', r'"loss".*begins with "epoch": 7;'),
        ('{"epoch": 0, "loss": 0.9}\n\n{"epoch": 1, "loss": 0.7, "loss": 0.6}\n', r'"loss".*begins with "epoch": 1;'),
        ('{"epoch": 0, "loss": 0.7, "loss": 0.6}\n{"epoch": 1, "loss": 0.9}\n', r'"loss".*begins with "epoch": 0;'),
    ],
)
def test_a_repeated_key_of_json_is_refused(text, place, tmp_path):
    """The reader of the standard library keeps the last value and says nothing."""
    with pytest.raises(InvalidFileError, match=r"log\.json.*the key.*" + place):
        read_history(write(tmp_path, "log.json", text))


def test_a_repeated_key_of_json_lines_is_found_by_its_line(tmp_path):
    text = '{"epoch": 0, "loss": 0.9}\n\n{"epoch": 1, "loss": 0.7, "loss": 0.6}\n'
    with pytest.raises(InvalidFileError, match=r'log\.jsonl, line 3: the key "loss"'):
        read_history(write(tmp_path, "log.jsonl", text))


# --- rows that hold no evaluation ---


def test_a_summary_after_the_last_epoch_is_no_run(tmp_path):
    lines = ['{"epoch": 0, "val_loss": 0.5}', '{"best_epoch": 0, "best": 0.5}']
    history = read_history(write(tmp_path, "a.jsonl", "\n".join(lines)))
    assert history.val_loss.tolist() == [0.5]
    assert history.runs == ()
    assert [(out.row, out.reason) for out in history.left_out] == [(1, "empty")]
    with pytest.raises(InvalidHistoryError, match="no row of the log holds a number for 'val_loss'"):
        read_history({"epoch": [0, 1], "val_loss": [None, None]})


def test_json_lines_that_break_off(tmp_path):
    lines = ['{"epoch": 0, "val_loss": 0.5}', '{"epoch": 1, "val_loss": 0.4', '{"epoch": 2, "val_loss": 0.3}']
    with pytest.raises(
        InvalidFileError, match=r"nor JSON lines: line 2 is '\{\"epoch\": 1, \"val_loss\": 0.4', Expecting"
    ):
        read_history(write(tmp_path, "a.jsonl", "\n".join(lines)))
    history = read_history(write(tmp_path, "a.jsonl", "\n".join(lines[:2])))
    assert history.n_rows == 1
    assert history.notes == ("the last line breaks off and was left out",)
