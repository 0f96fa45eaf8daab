"""Logs written by the real libraries (see record_logs.py), read back and compared with a plain parse."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from sklearn_lossacc.adapters.histories import read_history
from sklearn_lossacc.exceptions import InvalidFileError, InvalidHistoryError

LOGS = Path(__file__).parent / "logs"


def rows(name, delimiter=","):
    with (LOGS / name).open() as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def column(name, key, delimiter=","):
    return [float(row[key]) for row in rows(name, delimiter) if row[key] not in ("", key)]


def check(history, **expected):
    for curve, values in expected.items():
        np.testing.assert_allclose(getattr(history, curve), values, rtol=1e-12, err_msg=curve)


def test_keras_csv_logger():
    history = read_history(LOGS / "keras_csv_logger.csv")
    name = "keras_csv_logger.csv"
    check(
        history,
        epoch=np.arange(8),
        train_loss=column(name, "loss"),
        val_loss=column(name, "val_loss"),
        train_accuracy=column(name, "accuracy"),
        val_accuracy=column(name, "val_accuracy"),
    )
    assert history.counted == "epoch"
    assert str(history.matched_["train_loss"]) == "'loss'"
    assert history.runs == ()


def test_keras_history_says_the_same_as_its_file():
    from_csv, from_json = read_history(LOGS / "keras_csv_logger.csv"), read_history(LOGS / "keras_history.json")
    for curve in ("epoch", "train_loss", "val_loss", "train_accuracy", "val_accuracy"):
        np.testing.assert_allclose(getattr(from_csv, curve), getattr(from_json, curve), rtol=1e-12)


def test_keras_validation_every_second_epoch():
    source = json.loads((LOGS / "keras_validation_freq.json").read_text())
    history = read_history(source)
    nan = np.nan
    first, second, third = source["val_loss"]
    check(history, val_loss=[nan, first, nan, second, nan, third], train_loss=source["loss"])
    assert "every 2 epochs" in " ".join(history.notes)


def test_two_runs_in_one_keras_file_are_split():
    history = read_history(LOGS / "keras_csv_logger_append.csv")
    losses = column("keras_csv_logger_append.csv", "val_loss")
    assert [run.n_rows for run in history.runs] == [5, 5]
    check(history.runs[0], val_loss=losses[:5], epoch=np.arange(5))
    check(history, val_loss=losses[5:], epoch=np.arange(5))
    assert "another run begins at row 5" in history.notes


def test_lightning_interleaved_rows():
    table = rows("lightning_metrics.csv")
    history = read_history(LOGS / "lightning_metrics.csv")
    by_epoch = [[row for row in table if row["epoch"] == str(epoch)] for epoch in range(6)]
    check(
        history,
        epoch=np.arange(6),
        val_loss=[float(next(row["val_loss"] for row in epoch if row["val_loss"])) for epoch in by_epoch],
        val_accuracy=[float(next(row["val_acc"] for row in epoch if row["val_acc"])) for epoch in by_epoch],
        train_loss=[float(next(r["train_loss_epoch"] for r in epoch if r["train_loss_epoch"])) for epoch in by_epoch],
    )
    assert history.matched_["train_loss"].column == "train_loss_epoch"
    (test_row,) = history.left_out
    assert test_row.reason == "evaluates other rows"
    assert test_row.values["test_accuracy"] == pytest.approx(float(table[-1]["test_acc"]))


def test_lightning_folder():
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(LOGS / "lightning_metrics.csv", Path(folder) / "metrics.csv")
        check(read_history(folder), val_loss=read_history(LOGS / "lightning_metrics.csv").val_loss)


def test_lightning_steps_alone_are_averaged_over_the_epoch(tmp_path):
    kept = [{k: v for k, v in row.items() if not k.endswith("_epoch")} for row in rows("lightning_metrics.csv")]
    path = tmp_path / "metrics.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, kept[0])
        writer.writeheader()
        writer.writerows(kept)
    history = read_history(path)
    steps = [
        [float(r["train_loss_step"]) for r in kept if r["train_loss_step"] and r["epoch"] == str(e)] for e in range(6)
    ]
    check(history, train_loss=[np.mean(values) for values in steps])
    assert "mean of up to 2 values" in str(history.matched_["train_loss"])


def test_fastai():
    history = read_history(LOGS / "fastai_accuracy.csv")
    check(
        history,
        train_loss=column("fastai_accuracy.csv", "train_loss"),
        val_loss=column("fastai_accuracy.csv", "valid_loss"),
        val_accuracy=column("fastai_accuracy.csv", "accuracy"),
    )
    assert not history.has("train_accuracy")
    assert "time" in history.unused


def test_fastai_error_rate_and_a_second_header():
    history = read_history(LOGS / "fastai_error_rate.csv")
    errors = column("fastai_error_rate.csv", "error_rate")
    check(history, val_accuracy=1 - np.array(errors), epoch=np.arange(7))
    assert "training was resumed at row 4" in history.notes
    assert str(history.matched_["val_accuracy"]).startswith("'error_rate' as 1 - x")


def test_skorch():
    source = json.loads((LOGS / "skorch_history.json").read_text())
    history = read_history(LOGS / "skorch_history.json")
    check(
        history,
        epoch=[row["epoch"] for row in source],
        train_loss=[row["train_loss"] for row in source],
        val_loss=[row["valid_loss"] for row in source],
        val_accuracy=[row["valid_acc"] for row in source],
    )
    assert (history.n_val, history.n_train) == (200, 400)


def test_transformers_trainer_state_and_bare_log():
    state = json.loads((LOGS / "transformers_trainer_state.json").read_text())
    log = state["log_history"]
    evaluations = [row for row in log if "eval_loss" in row]
    history = read_history(LOGS / "transformers_trainer_state.json")
    check(
        history,
        epoch=[row["epoch"] for row in evaluations[:-1]],
        step=[row["step"] for row in evaluations[:-1]],
        val_loss=[row["eval_loss"] for row in evaluations[:-1]],
        val_accuracy=[row["eval_accuracy"] for row in evaluations[:-1]],
        # two training rows an epoch; the average over the whole run, at the end, is none of them
        train_loss=[np.mean([r["loss"] for r in log if "loss" in r and e < r["epoch"] <= e + 1]) for e in range(5)],
    )
    (other,) = history.left_out
    assert other.reason == "another evaluation at the same step"
    assert other.values["val_loss"] == evaluations[-1]["eval_loss"]
    bare = read_history(log)
    check(bare, val_loss=history.val_loss, train_loss=history.train_loss)


def test_xgboost_refuses_to_guess_which_set_is_training():
    source = json.loads((LOGS / "xgboost_evals_result.json").read_text())
    with pytest.raises(InvalidHistoryError, match=r"validation_0.*validation_1.*columns="):
        read_history(source)
    history = read_history(
        source,
        columns={
            "train_loss": "validation_0-mlogloss",
            "val_loss": "validation_1-mlogloss",
            "val_error": "validation_1-merror",
            "train_error": "validation_0-merror",
        },
    )
    check(
        history,
        train_loss=source["validation_0"]["mlogloss"],
        val_loss=source["validation_1"]["mlogloss"],
        val_accuracy=1 - np.array(source["validation_1"]["merror"]),
    )
    assert history.counted == "step"


def test_xgboost_with_one_set_and_with_native_names():
    source = json.loads((LOGS / "xgboost_evals_result.json").read_text())
    alone = read_history({"validation_0": source["validation_1"]})
    check(alone, val_loss=source["validation_1"]["mlogloss"])
    assert "validation_0" in alone.matched_["val_loss"].note
    native = read_history({"train": source["validation_0"], "eval": source["validation_1"]})
    check(native, train_loss=source["validation_0"]["mlogloss"], val_loss=source["validation_1"]["mlogloss"])


def test_xgboost_cv():
    history = read_history(LOGS / "xgboost_cv.csv")
    check(
        history,
        train_loss=column("xgboost_cv.csv", "train-mlogloss-mean"),
        val_loss=column("xgboost_cv.csv", "test-mlogloss-mean"),
        val_accuracy=1 - np.array(column("xgboost_cv.csv", "test-merror-mean")),
    )
    assert "test-mlogloss-std" in history.unused


def test_lightgbm():
    source = json.loads((LOGS / "lightgbm_record_evaluation.json").read_text())
    history = read_history(source)
    check(
        history,
        train_loss=source["training"]["multi_logloss"],
        val_loss=source["valid_1"]["multi_logloss"],
        val_accuracy=1 - np.array(source["valid_1"]["multi_error"]),
        train_accuracy=1 - np.array(source["training"]["multi_error"]),
    )


def test_catboost_json_and_tables_agree():
    from_json = read_history(LOGS / "catboost_training.json")
    check(
        from_json,
        val_loss=column("catboost_info/test_error.tsv", "MultiClass", "\t"),
        val_accuracy=column("catboost_info/test_error.tsv", "Accuracy", "\t"),
        train_loss=column("catboost_info/learn_error.tsv", "MultiClass", "\t"),
    )
    from_tables = read_history(LOGS / "catboost_info")
    check(from_tables, val_loss=from_json.val_loss, train_accuracy=from_json.train_accuracy)
    alone = read_history(LOGS / "catboost_info" / "learn_error.tsv")
    check(alone, train_loss=from_json.train_loss)
    assert not alone.has("val_loss")


def test_catboost_with_two_sets_where_the_last_has_no_number():
    folder = LOGS / "catboost_info_two_sets"
    with pytest.raises(InvalidHistoryError, match=r"test_0.*test_1"):
        read_history(folder)
    history = read_history(folder, columns={"val_loss": "test_1-MultiClass", "val_accuracy": "test_1-Accuracy"})
    check(history, val_loss=column("catboost_info_two_sets/test_error.tsv", "MultiClass", "\t"))
    check(history, train_loss=column("catboost_info_two_sets/learn_error.tsv", "MultiClass", "\t"))


def test_catboost_evals_result():
    source = json.loads((LOGS / "catboost_evals_result.json").read_text())
    one = {"learn": source["learn"], "validation": source["validation_0"]}
    history = read_history(one)
    check(history, train_loss=source["learn"]["MultiClass"], val_accuracy=source["validation_0"]["Accuracy"])


def test_timm_logs_percentages():
    history = read_history(LOGS / "timm_summary.csv")
    check(history, val_accuracy=[0.455, 0.58, 0.635], val_loss=[1.01, 0.88, 0.81], train_loss=[1.05, 0.9, 0.8])
    assert "eval_top5" in history.unused


def test_mlflow_store():
    history = read_history(LOGS / "mlflow_run")
    values = [float(line.split()[1]) for line in (LOGS / "mlflow_run/metrics/val/loss").read_text().splitlines()]
    check(history, val_loss=values, step=np.arange(6))
    assert history.matched_["val_accuracy"].column == "val/acc"
    check(read_history(LOGS / "mlflow_run" / "metrics"), val_loss=values)


def test_tensorboard_events():
    pytest.importorskip("tensorboard")
    history = read_history(LOGS / "tensorboard")
    check(history, step=np.arange(6))
    np.testing.assert_allclose(history.val_loss, read_history(LOGS / "mlflow_run").val_loss, rtol=1e-6)
    (file,) = (LOGS / "tensorboard").iterdir()
    np.testing.assert_array_equal(read_history(file).val_loss, history.val_loss)


def test_the_folder_of_a_set_names_what_its_tags_do_not(tmp_path):
    tensorboard = pytest.importorskip("torch.utils.tensorboard")
    for of, offset in (("train", 0.0), ("validation", 0.1)):
        with tensorboard.SummaryWriter(str(tmp_path / of)) as writer:
            for step in range(4):
                writer.add_scalar("epoch_loss", 1.0 / (step + 1) + offset, step)
    expected = 1.0 / np.arange(1, 5) + 0.1
    (file,) = (tmp_path / "validation").iterdir()
    for source in (tmp_path, tmp_path / "validation", file):
        np.testing.assert_allclose(read_history(source).val_loss, expected, rtol=1e-6)


def test_tensorboard_events_without_the_package(monkeypatch):
    import sys

    name = "tensorboard.backend.event_processing.event_accumulator"
    for module in ("tensorboard", "tensorboard.backend", "tensorboard.backend.event_processing", name):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InvalidFileError, match="install it, or download the scalars as CSV"):
        read_history(LOGS / "tensorboard")
