"""``lossacc history``: what it prints and writes, its exit codes, and one line for what cannot be read."""

import json

import numpy as np
import pytest

from sklearn_lossacc import HistoryReport, read_history
from sklearn_lossacc.cli import main
from sklearn_lossacc.findings.history import HistoryDiagnosis

N_VAL = 2000


@pytest.fixture
def rising(tmp_path):
    """A log in Keras' form: loss falls to epoch 4 and rises, accuracy holds."""
    loss = [1.0, 0.7, 0.5, 0.42, 0.4, 0.43, 0.47, 0.52, 0.57, 0.62]
    accuracy = [0.6, 0.72, 0.79, 0.82, 0.835, 0.84, 0.8395, 0.8405, 0.841, 0.8405]
    lines = [f"{e},{0.9 - e / 20},{0.8 * v},{a},{v}" for e, (v, a) in enumerate(zip(loss, accuracy, strict=True))]
    path = tmp_path / "training.csv"
    path.write_text("\n".join(["epoch,accuracy,loss,val_accuracy,val_loss", *lines]))
    return str(path)


@pytest.fixture
def predictions(tmp_path):
    """Predictions of another model than the log's last epoch: about 60 % right."""
    rng = np.random.default_rng(0)
    scores = rng.dirichlet(np.ones(3), 900)
    y = (scores.cumsum(axis=1) < rng.random((900, 1))).sum(axis=1)
    np.savez(tmp_path / "last.npz", y_true=y, y_proba=scores)
    return str(tmp_path / "last.npz")


def test_it_prints_the_diagnosis_of_the_log(rising, capsys):
    assert main(["history", rising, "--n-val", str(N_VAL), "--n-classes", "3"]) == 0
    out, err = capsys.readouterr()
    history = read_history(rising, n_val=N_VAL, n_classes=3)
    assert out == f"{HistoryDiagnosis.from_history(history, name='training.csv')}\n"
    assert "LA501" in out
    assert "val_loss = 'val_loss'" in out, "what was read as what is always told"
    assert err == ""


@pytest.mark.parametrize(("level", "code"), [("never", 0), ("tip", 1), ("warning", 1), ("error", 0)])
def test_a_finding_is_an_exit_code(rising, level, code):
    assert main(["history", rising, "--n-val", str(N_VAL), "--fail-on", level]) == code


def test_ignored_findings_do_not_fail(rising, capsys):
    arguments = ["history", rising, "--n-val", str(N_VAL), "--json", "--fail-on"]
    assert main([*arguments, "warning", "--ignore", "LA501"]) == 0
    found = HistoryDiagnosis.from_dict(json.loads(capsys.readouterr().out))
    assert found["LA501"].status == "ignored"


def test_json_is_all_that_stdout_holds(rising, tmp_path, capsys):
    assert main(["history", rising, "--json", "--name", "run 7", "--html", str(tmp_path / "r.html")]) == 0
    out, err = capsys.readouterr()
    document = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert document["name"] == "run 7"
    assert HistoryDiagnosis.from_dict(document)["LA501"].status == "fired"
    assert err == f"written: {tmp_path / 'r.html'}\n"


def test_views_are_those_of_the_report(rising, tmp_path, capsys):
    paths = {kind: tmp_path / f"view.{kind}" for kind in ("html", "markdown", "png")}
    arguments = [part for kind, path in paths.items() for part in (f"--{kind}", str(path))]
    assert main(["history", rising, "--n-classes", "3", "--name", "run", *arguments]) == 0
    report = HistoryReport(HistoryDiagnosis.from_history(read_history(rising, n_classes=3), name="run"))
    assert paths["markdown"].read_text(encoding="utf-8") == report.to_markdown()
    assert paths["html"].read_text(encoding="utf-8") == report.to_html()
    assert paths["png"].read_bytes().startswith(b"\x89PNG")
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_columns_are_chosen_by_hand(tmp_path, capsys):
    (tmp_path / "odd.csv").write_text('round,"nll, mean",miss\n1,0.9,40\n2,0.8,35\n3,0.7,30\n')
    columns = ["--columns", "step=round,val_loss=nll, mean", "--columns", "val_error_percent=miss"]
    assert main(["history", str(tmp_path / "odd.csv"), *columns, "--json"]) == 0
    tables = json.loads(capsys.readouterr().out)["tables"]
    assert tables["rows"]["val_loss"] == [0.9, 0.8, 0.7]
    assert tables["rows"]["val_accuracy"] == pytest.approx([0.6, 0.65, 0.7])
    assert tables["rows"]["epoch"] == [1, 2, 3]
    assert tables["matched"]["conversion"][tables["matched"]["curve"].index("val_accuracy")] == "1 - x / 100"


def test_a_curve_without_a_column_is_left_out(rising, capsys):
    assert main(["history", rising, "--columns", "val_accuracy=", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["tables"]["rows"]["val_accuracy"] == [None] * 10
    assert "val_accuracy" in found["description"]["unused"]


def test_the_predictions_of_the_last_epoch_are_compared_with_the_log(rising, predictions, capsys):
    arguments = ["history", rising, "--final", predictions, "--json", "--fail-on", "error"]
    assert main(arguments) == 1
    found = HistoryDiagnosis.from_dict(json.loads(capsys.readouterr().out))
    assert found["LA515"].status == "fired"
    assert found.description["final"] == "last.npz"
    assert found.description["n_classes"] == 3, "the predictions say how many classes there are"
    assert found["LA503"].status == "passed"


def test_one_row_of_four_numbers(tmp_path, capsys):
    (tmp_path / "one.json").write_text('{"loss": 0.4577, "accuracy": 0.7826, "n_val": 1000, "n_classes": 2}')
    assert main(["history", str(tmp_path / "one.json")]) == 0
    assert "[0.301, 0.524]" in capsys.readouterr().out


BAD_INPUT = {
    "nowhere.csv does not exist": ["nowhere.csv"],
    "is empty": ["empty.csv"],
    "holds no training log that is known": ["folder"],
    "no column is recognised": ["letters.csv"],
    "letters.csv was to be read as a log of format 'skorch'": ["letters.csv", "--format", "skorch"],
    "has no column 'nll'": ["good.csv", "--columns", "val_loss=nll"],
    "is not CURVE=COLUMN": ["good.csv", "--columns", "nll"],
    "expected 'epoch', 'step'": ["good.csv", "--columns", "loss=val_loss"],
    "invalid count '0': expected a whole number of at least 1": ["good.csv", "--n-val", "0"],
    "invalid count": ["good.csv", "--n-classes", "two"],
    "n_classes must be a whole number of at least 2": ["good.csv", "--n-classes", "1"],
    "invalid choice: 'torch'": ["good.csv", "--format", "torch"],
    "LA101": ["good.csv", "--ignore", "LA101"],
    "missing.npz: no such file": ["good.csv", "--final", "missing.npz"],
    "no such folder": ["good.csv", "--html", "nowhere/r.html"],
    "is a folder": ["good.csv", "--png", "."],
    "required": [],
    "is no text in UTF-8": ["binary.csv"],
    "more than a share can be": ["shares.csv"],
}


@pytest.mark.parametrize(("words", "arguments"), BAD_INPUT.items(), ids=BAD_INPUT)
def test_bad_input_is_one_line_and_code_2(tmp_path, monkeypatch, capsys, words, arguments):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "letters.csv").write_text("a,b\n1,2\n2,3\n")
    (tmp_path / "good.csv").write_text("epoch,val_loss,val_accuracy\n0,1.0,0.5\n1,0.9,0.6\n")
    (tmp_path / "shares.csv").write_text("epoch,val_loss,val_accuracy\n0,1.0,0.5\n1,0.9,1.2\n")
    (tmp_path / "binary.csv").write_bytes(b"\x80\x81\xff")
    before = sorted(tmp_path.iterdir())
    try:
        code = main(["history", *arguments])
    except SystemExit as stop:  # argparse leaves this way
        code = stop.code
    out, err = capsys.readouterr()
    assert code == 2
    assert err.count("\n") == 1
    assert err.startswith("lossacc")
    assert words in err
    assert "Traceback" not in err
    assert sorted(tmp_path.iterdir()) == before
    if "--html" not in arguments and "--png" not in arguments:
        assert out == ""
