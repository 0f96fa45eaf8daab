"""Printed text: recorded from the real libraries (see record_logs.py), and the traps of what scripts print."""

from pathlib import Path

import numpy as np
import pytest

from sklearn_lossacc.adapters.histories import read_history
from sklearn_lossacc.adapters.histories.printed_lines import printed_lines, read_line
from sklearn_lossacc.cli import main
from sklearn_lossacc.exceptions import InvalidFileError, InvalidHistoryError

LOGS = Path(__file__).parent / "logs"
CURVES = ("train_loss", "val_loss", "train_accuracy", "val_accuracy")


def read(tmp_path, text, **options):
    path = tmp_path / "printed.txt"
    path.write_text(text)
    return read_history(path, **options)


def check(history, **expected):
    for curve, values in expected.items():
        np.testing.assert_allclose(getattr(history, curve), values, rtol=1e-12, err_msg=curve)


# --- recorded ---


def test_keras_lines():
    history = read_history(LOGS / "keras_lines.txt")
    assert history.source_format == "console text"
    check(
        history,
        epoch=[1, 2, 3, 4, 5],
        train_loss=[0.9578, 0.7096, 0.6370, 0.6013, 0.5741],
        val_loss=[0.7759, 0.6869, 0.6532, 0.6329, 0.6157],
        train_accuracy=[0.5275, 0.7200, 0.7525, 0.7675, 0.7825],
        val_accuracy=[0.6950, 0.7400, 0.7350, 0.7400, 0.7500],
    )
    assert "1 line(s) that return to numbers" in " ".join(history.notes), "evaluate() after training is no epoch"


def test_keras_progress_bars_say_the_same_as_its_lines():
    bars, lines = read_history(LOGS / "keras_progress.txt"), read_history(LOGS / "keras_lines.txt")
    check(bars, epoch=lines.epoch, **{curve: getattr(lines, curve) for curve in CURVES})
    assert "printed several times in one epoch, the last was read" in " ".join(bars.notes)


def test_four_ways_to_print_the_same_run():
    bars, phases, words, batches = (
        read_history(LOGS / f"torch_{style}.txt") for style in ("bars", "phases", "words", "batches")
    )
    check(phases, epoch=[0, 1, 2, 3, 4], train_accuracy=[0.59, 0.7125, 0.73, 0.74, 0.75])
    check(phases, val_loss=[0.8002, 0.7230, 0.6928, 0.6674, 0.6520], val_accuracy=[0.67, 0.705, 0.745, 0.74, 0.745])
    check(bars, epoch=phases.epoch + 1, **{curve: getattr(phases, curve) for curve in CURVES})
    for curve in CURVES:
        np.testing.assert_allclose(getattr(words, curve), getattr(phases, curve), atol=0.00051)
    check(batches, epoch=bars.epoch, val_loss=phases.val_loss, val_accuracy=phases.val_accuracy)
    assert batches.n_val == 200, "134/200 says it"
    assert (phases.n_val, bars.n_val) == (None, None)


def test_lightgbm_prints_its_best_round_once_more():
    history = read_history(LOGS / "lightgbm.txt")
    check(history, step=np.arange(1, 10))
    assert history.runs == ()
    assert (history.train_loss[0], history.val_loss[0]) == (0.723492, 0.789399)
    np.testing.assert_allclose((history.train_accuracy[0], history.val_accuracy[0]), (1 - 0.2025, 1 - 0.28))


def test_xgboost_does_not_say_which_set_is_for_training():
    with pytest.raises(InvalidHistoryError, match="nothing says which is for validation"):
        read_history(LOGS / "xgboost.txt")
    columns = {
        "train_loss": "validation_0-mlogloss",
        "val_loss": "validation_1-mlogloss",
        "val_error": "validation_1-merror",
    }
    history = read_history(LOGS / "xgboost.txt", columns=columns)
    check(history, step=np.arange(6), val_loss=[0.77428, 0.67273, 0.65502, 0.67415, 0.67404, 0.66949])
    check(history, val_accuracy=1 - np.array([0.3, 0.255, 0.235, 0.27, 0.255, 0.255]))


def test_catboost_does_not_say_which_measure_it_prints():
    with pytest.raises(InvalidHistoryError, match="'learn', 'test', 'best'"):
        read_history(LOGS / "catboost.txt")
    history = read_history(LOGS / "catboost.txt", columns={"train_loss": "learn", "val_loss": "test"})
    check(history, step=np.arange(8))
    assert (history.train_loss[0], history.val_loss[-1]) == (0.8988668, 0.6747499)


def test_scikit_learn():
    mlp = read_history(LOGS / "mlp.txt")
    check(mlp, step=np.arange(1, 7), val_accuracy=[0.275, 0.3, 0.375, 0.4, 0.475, 0.5])
    assert mlp.train_loss[0] == 1.30954741
    hist = read_history(LOGS / "hist_gradient_boosting.txt")
    check(hist, train_loss=[0.95936, 0.85471, 0.77420, 0.71272, 0.65692, 0.61104], step=np.arange(1, 7))
    check(hist, val_loss=[1.01206, 0.94769, 0.90039, 0.87299, 0.84567, 0.82104])
    check(read_history(LOGS / "gradient_boosting.txt"), train_loss=[1.0083, 0.9345, 0.8745, 0.8222, 0.7779, 0.7409])


def test_transformers_prints_what_it_logs():
    printed, logged = read_history(LOGS / "transformers.txt"), read_history(LOGS / "transformers_trainer_state.json")
    np.testing.assert_array_equal(printed.epoch, logged.epoch)
    for curve in ("train_loss", "val_loss", "val_accuracy"):
        np.testing.assert_allclose(getattr(printed, curve), getattr(logged, curve), atol=6e-4)
    assert printed.n_val is None, "speed and time are printed with four digits"


def test_progress_bars_of_lightning_show_what_it_logs():
    printed, logged = read_history(LOGS / "lightning_bars.txt"), read_history(LOGS / "lightning_metrics.csv")
    np.testing.assert_array_equal(printed.epoch, logged.epoch)
    for curve in CURVES:
        np.testing.assert_allclose(getattr(printed, curve), getattr(logged, curve), atol=6e-4)


def test_coloured_table_of_skorch():
    history = read_history(LOGS / "skorch_table.txt")
    check(history, epoch=np.arange(1, 6), train_loss=[1.0476, 0.9343, 0.8770, 0.8372, 0.8068])
    check(history, val_loss=[0.9244, 0.8495, 0.8000, 0.7642, 0.7373], val_accuracy=[0.6, 0.7125, 0.725, 0.7375, 0.725])


# --- lines ---


TWO_SETS = {"train_loss": "0.9", "train acc": "0.5", "val_loss": "0.8", "val acc": "0.6"}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Epoch 3: loss=0.5, best_val_loss=0.4", {"loss": "0.5", "best_val_loss": "0.4"}),
        ("Epoch 3 - best val_loss: 0.4", {"best val_loss": "0.4"}),
        ("Epoch 00003: val_loss improved from 0.5 to 0.4, saving model", {}),
        ("val Loss: 0.5 Acc: 0.8", {"val Loss": "0.5", "val Acc": "0.8"}),
        ("loss: 0.5 - val_loss: 0.6 - acc: 0.7", {"loss": "0.5", "val_loss": "0.6", "acc": "0.7"}),
        ("train_loss 0.9 acc 0.5 val_loss 0.8 acc 0.6", TWO_SETS),
        ("Accuracy: 9814/10000 (98%)", {"Accuracy": "0.9814"}),
        ("Val. Acc: 70.5 %", {"Val Acc": "70.5%"}),
        ("Loss 5.1e+00 (6.0e+00)", {"Loss": "6.0e+00"}),
        ("valid_0's multi_logloss: 0.52", {"valid_0 multi_logloss": "0.52"}),
        ("val_loss: nan", {"val_loss": "nan"}),
        ("val_loss: 0,52 - val_acc: 0,61", {}),  # commas are not guessed at
        ("val_loss: 1,234.5", {}),
        ('{"val_loss": 0.5}', {}),  # JSON has readers of its own
        ("7/7 - 0s - 23ms/step - loss: 0.7", {"loss": "0.7"}),
        ("/home/dev/train.py:55 loss: 0.7", {"/home/dev/train.py": "55", "loss": "0.7"}),
    ],
)  # fmt: skip
def test_names_and_numbers_of_a_line(text, values):
    assert read_line(text).values == values


@pytest.mark.parametrize(
    ("text", "epoch", "step"),
    [
        ("Epoch 3/10", 3, None),
        ("Epoch [3/10] loss: 0.5", 3, None),
        ("2026-01-05 10:00:00,123 INFO Starting epoch 3", 3, None),
        ("Train Epoch: 3 [100/400 (25%)]\tLoss: 0.5", 3, None),
        ("{'loss': 0.5, 'epoch': 2.5}", 2.5, None),
        ("Restoring model weights from the end of the best epoch: 3.", None, None),
        ("epochs: 10, lr: 0.1", None, None),
        ("[12]\tvalid_0-mlogloss:0.5", None, 12),
        ("Iteration 12, loss = 0.5", None, 12),
        ("12:\tlearn: 0.5", None, 12),
        ("12:30:00 loss: 0.5", None, None),
    ],
)
def test_counters_of_a_line(text, epoch, step):
    line = read_line(text)
    assert (line.epoch, line.step) == (epoch, step)


def test_a_line_that_is_written_over_is_several():
    assert list(printed_lines("\x1b[1m1/2\x1b[0m a\x08\x08\r2/2 b\r\n\nc")) == ["1/2 a", "2/2 b", "c"]


# --- whole texts ---

OLD_KERAS = """Train on 1000 samples, validate on 500 samples
Epoch 1/2
1000/1000 [=====] - 1s 1ms/step - loss: 0.6932 - acc: 0.5120 - val_loss: 0.6817 - val_acc: 0.5700

Epoch 00001: val_loss improved from inf to 0.68170, saving model to best.h5
Epoch 2/2
1000/1000 [=====] - 1s 1ms/step - loss: 0.5932 - acc: 0.7120 - val_loss: 0.7017 - val_acc: 0.6700

Epoch 00002: val_loss did not improve from 0.68170
Restoring model weights from the end of the best epoch: 1.
"""


def test_messages_between_epochs(tmp_path):
    history = read(tmp_path, OLD_KERAS)
    check(history, epoch=[1, 2], train_loss=[0.6932, 0.5932], val_loss=[0.6817, 0.7017], val_accuracy=[0.57, 0.67])
    assert history.notes == ()


def test_pasted_lines_are_read_as_the_file(tmp_path):
    pasted, saved = read_history(OLD_KERAS.splitlines()), read(tmp_path, OLD_KERAS)
    check(pasted, epoch=saved.epoch, **{curve: getattr(saved, curve) for curve in CURVES})


def test_an_evaluation_at_the_end_is_a_set_of_its_own(tmp_path):
    history = read(tmp_path, OLD_KERAS + "Test loss: 0.6611\nTest accuracy: 0.668\n")
    check(history, val_loss=[0.6817, 0.7017])
    assert history.evaluations["test"].loss[-1] == 0.6611


def test_averages_in_brackets(tmp_path):
    text = "".join(
        f"Epoch: [{epoch}][391/391]\tTime  0.2 ( 0.3)\tLoss 5.1e+00 (6.0e+00)\tAcc@1   8.78 (  5.78)\n"
        f"Test: [40/40]\tLoss {4 - epoch}.9e+00 ({4 - epoch}.95e+00)\tAcc@1  12.00 ( 1{epoch}.00)\n"
        f" *   Acc@1 1{epoch}.000 Acc@5 30.000\n"
        for epoch in (0, 1)
    )
    history = read(tmp_path, text)
    check(history, train_loss=[6.0, 6.0], val_loss=[4.95, 3.95], val_accuracy=[0.10, 0.11])
    assert "in brackets" in " ".join(history.notes)


def test_without_epochs_a_repeated_name_begins_the_next(tmp_path):
    history = read(tmp_path, "train loss 0.9\nval loss 0.8 acc 0.6\ntrain loss 0.7\nval loss 0.75 acc 0.65\n")
    check(history, train_loss=[0.9, 0.7], val_loss=[0.8, 0.75], val_accuracy=[0.6, 0.65])
    assert history.counted == "evaluation"


def test_a_loss_that_stands_still_is_read_every_time(tmp_path):
    check(read(tmp_path, "val_loss: 0.693\n" * 4), val_loss=[0.693] * 4)
    check(read(tmp_path, "".join(f"Epoch {e} val_loss: 0.693\n" for e in range(4))), val_loss=[0.693] * 4)


def test_two_runs_in_one_text(tmp_path):
    run = "Epoch 1/2 - train_loss=1.0 val_loss={0} val_acc=0.5\nEpoch 2/2 - train_loss=0.9 val_loss={1} val_acc=0.6\n"
    history = read(tmp_path, "lr: 0.1\n" + run.format(0.9, 0.8) + "lr: 0.01\n" + run.format(0.95, 0.7))
    assert [one.val_loss.tolist() for one in history.runs] == [[0.9, 0.8], [0.95, 0.7]]


def test_dictionaries_of_transformers_among_progress_bars(tmp_path):
    text = (
        "{'loss': 1.0853, 'learning_rate': 4.5e-05, 'epoch': 0.5}\n"
        " 50%|#####     | 20/40 [00:02<00:00, 16.02it/s]\n"
        "{'eval_loss': 1.0417, 'eval_accuracy': 0.445, 'eval_runtime': 10.2711, 'eval_samples_per_second': 9.736, "
        "'epoch': 1.0}\n"
        "{'train_runtime': 2.4, 'train_loss': 1.02, 'epoch': 1.0}\n"
    )
    for history in (read(tmp_path, text), read_history(text.splitlines())):
        assert history.source_format == "Transformers log_history"
        check(history, val_loss=[1.0417], val_accuracy=[0.445])
        assert history.n_val == 100


def test_a_bare_measure_beside_a_training_one_is_not_guessed(tmp_path):
    with pytest.raises(InvalidHistoryError, match="does not say whether it is of training or of validation"):
        read(tmp_path, "Epoch 1 train_loss: 0.9 acc: 0.5\nEpoch 2 train_loss: 0.8 acc: 0.6\n")


def test_table_in_a_box(tmp_path):
    rule = "+-------+----------+---------+\n"
    rows = "|     1 |      0.8 |   55.0% |\n|     2 |      0.7 |   61.0% |\n"
    check(
        read(tmp_path, f"{rule}| Epoch | Val Loss | Val Acc |\n{rule}{rows}{rule}"),
        epoch=[1, 2],
        val_loss=[0.8, 0.7],
        val_accuracy=[0.55, 0.61],
    )


def test_words_for_what_is_being_done_name_the_set():
    lines = [
        f"Epoch {e}\nTraining: loss={t}\nTesting: loss={v} acc={a}" for e, t, v, a in ((1, 2, 3, 0.4), (2, 1, 2, 0.5))
    ]
    history = read_history("\n".join(lines).splitlines())
    check(history, train_loss=[2, 1], val_loss=[3, 2], val_accuracy=[0.4, 0.5])


def test_table_in_markdown(tmp_path):
    history = read(tmp_path, "| epoch | loss | val_loss |\n|---|---|---|\n| 1 | 0.9 | 0.8 |\n| 2 | 0.8 | 0.7 |\n")
    check(history, train_loss=[0.9, 0.8], val_loss=[0.8, 0.7])


@pytest.mark.parametrize("text", ["hello world\nnothing here\n", "Epoch 1/10\nEpoch 2/10\n", "only one line"])
def test_text_without_numbers_is_refused(tmp_path, text):
    with pytest.raises(InvalidFileError, match="no training log that is known"):
        read(tmp_path, text)


@pytest.mark.parametrize("lines", [["Epoch 1/10", "done"], ["train.csv", "valid.csv"]])
def test_lines_without_numbers_are_refused(lines):
    with pytest.raises(InvalidFileError, match="this list of lines is no training log that is known"):
        read_history(lines)


def test_text_in_place_of_a_path_is_told_how_to_be_passed():
    with pytest.raises(InvalidFileError, match=r"no path; pass printed text as lines, text\.splitlines\(\)"):
        read_history("Epoch 1: val_loss 0.8\nEpoch 2: val_loss 0.7\n" * 500)


def test_lines_of_a_table_are_a_table():
    table = "epoch     train_loss  valid_loss  accuracy  time\n0   0.9  0.8  0.55  00:12\n1   0.7  0.75  0.61  00:12\n"
    history = read_history(table.splitlines())
    check(history, train_loss=[0.9, 0.7], val_loss=[0.8, 0.75], val_accuracy=[0.55, 0.61])
    assert read_history(['{"epoch": 1, "val_loss": 0.5}', '{"epoch": 2, "val_loss": 0.4}']).n_rows == 2


@pytest.mark.parametrize(
    "text",
    [
        "Epoch\tTraining Loss\tValidation Loss\tAccuracy\n1\tNo log\t0.8\t0.55\n2\t0.7\t0.75\t0.61\n",
        "| Training Loss | Epoch | Step | Validation Loss | Accuracy |\n|:---:|:---:|:---:|:---:|:---:|\n"
        "| No log | 1.0 | 80 | 0.8 | 0.55 |\n| 0.7 | 2.0 | 160 | 0.75 | 0.61 |\n",
    ],
)
def test_tables_that_transformers_shows(tmp_path, text):
    for history in (read(tmp_path, text), read_history(text.splitlines())):
        check(history, train_loss=[np.nan, 0.7], val_loss=[0.8, 0.75], val_accuracy=[0.55, 0.61])
        assert "Transformers measures on validation" in history.matched_["val_accuracy"].note


@pytest.mark.parametrize(
    "epoch",
    [
        "Epoch {e}\n-----\nloss: 2.5  [  64/900]\nloss: {t}  [ 164/900]\nTest Error: \n Accuracy: {a}, Avg loss: {v}\n",
        "Epoch {e}/2\nTraining:\n  loss: {t}\nValidation:\n  loss: {v}\n  accuracy: {a}\n",
        "Epoch {e}\nTraining ...\nloss: {t}\nEvaluating...\nloss: {v}, accuracy: {a}\n",
        "== Epoch {e} ==\n--- Train ---\nloss = {t}\n--- Validation ---\nloss = {v}, acc = {a}\n",
    ],
)
def test_headings_say_what_the_lines_under_them_are_of(tmp_path, epoch):
    lines = [epoch.format(e=e, t=t, v=v, a=a) for e, t, v, a in ((1, 0.9, 0.8, 0.55), (2, 0.7, 0.75, 0.61))]
    check(read(tmp_path, "".join(lines)), train_loss=[0.9, 0.7], val_loss=[0.8, 0.75], val_accuracy=[0.55, 0.61])


def test_a_heading_does_not_speak_for_what_follows_its_block(tmp_path):
    text = "".join(
        f"loss: {t}\nTest Error:\n Accuracy: {a}, Avg loss: {v}\n" for t, v, a in ((2, 1, 0.4), (1, 0.9, 0.5))
    )
    history = read(tmp_path, text)
    check(history, train_loss=[2, 1], val_loss=[1, 0.9], val_accuracy=[0.4, 0.5])


def test_unknown_names_in_lines_with_gaps_are_listed(tmp_path):
    text = "epoch   0  tl=2.29  vl=2.26  va=0.21\nepoch   1  tl=2.10  vl=2.20  va=0.25\n"
    with pytest.raises(InvalidHistoryError, match="the log holds 'epoch', 'tl', 'vl', 'va'"):
        read(tmp_path, text)
    path = tmp_path / "log.txt"
    path.write_text(text)
    check(read_history(path, columns={"val_loss": "vl", "val_accuracy": "va"}), val_loss=[2.26, 2.2])


def test_names_in_the_plural():
    history = read_history({"train_losses": [0.9, 0.7], "val_losses": [0.8, 0.75], "val_accs": [0.5, 0.6]})
    check(history, train_loss=[0.9, 0.7], val_loss=[0.8, 0.75], val_accuracy=[0.5, 0.6])
    assert read_history({"val_errors": [0.4, 0.3], "val_losses": [0.8, 0.7]}).val_accuracy.tolist() == [0.6, 0.7]


def test_broken_json_stays_an_error(tmp_path):
    with pytest.raises(InvalidFileError, match="neither JSON nor JSON lines"):
        read(tmp_path, '{"epoch": 1, "val_loss": 0.5}\n{"epoch": 2, "val_loss": 0.4\n{"epoch": 3, "val_loss": 0.4}\n')


def test_command(capsys):
    assert main(["history", str(LOGS / "torch_batches.txt"), "--n-classes", "3"]) == 0
    out = capsys.readouterr().out
    assert "console text, 200 validation rows, 3 classes" in out
