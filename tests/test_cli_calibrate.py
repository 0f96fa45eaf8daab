"""``lossacc calibrate`` and ``lossacc apply``: a calibrator from one file, applied to another."""

import gzip
import json
import re
import sys
import tracemalloc
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from scipy.special import softmax

from sklearn_lossacc import TemperatureCalibrator, calibration, read_predictions
from sklearn_lossacc.calibration import AutoCalibrator, BaseCalibrator, by_blocks
from sklearn_lossacc.calibration.summary import summarize_calibration
from sklearn_lossacc.cli import main
from sklearn_lossacc.cli.calibrate import METHODS
from sklearn_lossacc.inputs import Predictions

NAMES = ["dog", "cat", 'a, "b"']  # as they come, and not sorted


def drawn(n, seed, sharpening=3.0):
    """Labels drawn from a model, and the logits of a sharpened copy of it."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(0, 1.5, (n, 3))
    y = (softmax(odds, axis=1).cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)
    return y, sharpening * odds


Y, LOGITS = drawn(600, 0)
Y_TEST, TEST_LOGITS = drawn(200, 1)
PROBA, TEST = softmax(LOGITS, axis=1), softmax(TEST_LOGITS, axis=1)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with validation and test predictions, and a calibrator of probabilities."""
    monkeypatch.chdir(tmp_path)
    np.savez("val.npz", y_true=Y, y_proba=PROBA)
    np.savez("test.npz", y_proba=TEST)
    (tmp_path / "c.json").write_text(json.dumps(fitted().to_dict()))
    return tmp_path


def fitted():
    return TemperatureCalibrator().fit(PROBA, Y)


def quoted(name):
    return '"{}"'.format(name.replace('"', '""'))


def table(proba, order=(0, 1, 2), separator=",", **beside):
    """Write probabilities as a table, with their columns in some order."""
    header = [*(quoted(f"p_{NAMES[place]}") for place in order), *beside]
    rows = zip(*(proba[:, place].tolist() for place in order), *beside.values(), strict=True)
    return "\n".join(separator.join(map(str, row)) for row in [header, *rows])


# --- lossacc calibrate -------------------------------------------------------------------------------------


def test_the_calibrator_is_that_of_python(folder, capsys):
    assert main(["calibrate", "val.npz", "--method", "temperature", "--output", "t.json"]) == 0
    out, err = capsys.readouterr()
    restored = BaseCalibrator.from_dict(json.loads((folder / "t.json").read_text()))
    assert restored.temperature_ == fitted().temperature_
    assert restored.classes_.tolist() == [0, 1, 2]
    assert out.startswith("val.npz: 600 rows, 3 classes\ntemperature: converged\n\n")
    assert "It helps" in out
    assert err == "written: t.json\n"
    assert not list(folder.glob(".*"))


def test_json_is_the_summary_and_all_that_stdout_holds(folder, capsys):
    assert main(["calibrate", "val.npz", "--json", "--output", "auto.json"]) == 0
    out, err = capsys.readouterr()
    document = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    expected = summarize_calibration(AutoCalibrator(), Predictions.from_arrays(Y, PROBA))
    assert document.pop("summary") == expected.to_dict()
    assert document == {
        "method": "auto",
        "choice": "temperature",
        "outcome": "converged",
        "input": "proba",
        "classes": [0, 1, 2],
        "n_rows": 600,
        "n_rows_judged": 600,
        "intervals": expected.method,
    }
    assert err == "written: auto.json\n"


def test_a_model_for_deployment(folder, capsys):
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    assert main(["calibrate", "val.npz", "--method", "temperature", "--onnx", "t.onnx"]) == 0
    assert "written: t.onnx" in capsys.readouterr().err
    session = runtime.InferenceSession("t.onnx", providers=["CPUExecutionProvider"])
    (proba,) = session.run(["probabilities"], {"scores": TEST.astype(np.float32)})
    np.testing.assert_allclose(proba, fitted().predict_proba(TEST), rtol=1e-4)


def test_a_model_without_the_package(folder, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert main(["calibrate", "val.npz", "--onnx", "t.onnx"]) == 2
    out, err = capsys.readouterr()
    assert err == 'lossacc: --onnx needs the package onnx: pip install "sklearn-lossacc[onnx]".\n'
    assert not out
    assert not (folder / "t.onnx").exists()


def test_without_an_output_nothing_is_written(folder, capsys):
    before = sorted(folder.iterdir())
    assert main(["calibrate", "val.npz", "--method", "identity"]) == 0
    out, err = capsys.readouterr()
    assert out.endswith("\n\nIt changes nothing.\n")
    assert err == ""
    assert sorted(folder.iterdir()) == before


def test_weights_groups_and_names_reach_the_calibrator_and_its_summary(folder, capsys):
    weight, groups = np.linspace(0.5, 1.5, 600), (np.arange(600) // 3).astype(str)
    labels = [quoted(NAMES[place]) for place in Y]
    text = table(PROBA, (2, 0, 1), gold=labels, w=weight.tolist(), g=groups.tolist())
    (folder / "val.csv").write_text(text)
    options = ["--y", "gold", "--sample-weight", "w", "--groups", "g", "--method", "vector"]
    assert main(["calibrate", "val.csv", *options, "--output", "v.json", "--json"]) == 0
    classes = [NAMES[place] for place in (2, 0, 1)]
    y, X = [NAMES[place] for place in Y], PROBA[:, [2, 0, 1]]
    expected = calibration.VectorCalibrator(classes=classes).fit(X, y, sample_weight=weight, groups=groups)
    restored = BaseCalibrator.from_dict(json.loads((folder / "v.json").read_text()))
    assert restored.classes_.tolist() == classes
    # calls for other blocks of rows differ in the last digit with some versions of NumPy
    np.testing.assert_allclose(restored.predict_proba(X), expected.predict_proba(X), rtol=1e-12)
    predictions = Predictions.from_arrays(y, X, classes=classes, sample_weight=weight, groups=groups)
    found = json.loads(capsys.readouterr().out)["summary"]
    wanted = summarize_calibration(expected, predictions).to_dict()
    assert found.keys() == wanted.keys()
    for measure, states in wanted.items():
        assert found[measure].keys() == states.keys()
        for state, numbers in states.items():
            np.testing.assert_allclose(found[measure][state], numbers, rtol=1e-9, atol=1e-12)


def test_every_calibrator_that_labels_can_fit_is_a_method():
    made = {type(make()) for make in METHODS.values()}
    all_kinds = {getattr(calibration, name) for name in calibration.__all__}
    others = {calibration.BaseCalibrator, calibration.CalibratedClassifier, calibration.PriorShiftCalibrator}
    assert made == all_kinds - others


@pytest.mark.parametrize("method", METHODS)
def test_every_method_makes_the_round_trip(tmp_path, monkeypatch, method):
    monkeypatch.chdir(tmp_path)
    np.savez("val.npz", y_true=Y[:200], logits=LOGITS[:200])
    assert main(["calibrate", "val.npz", "--method", method, "--output", "c.json"]) == 0
    assert main(["apply", "c.json", "val.npz", "--output", "out.npy"]) == 0
    expected = METHODS[method](input="logits").fit(LOGITS[:200], Y[:200]).predict_proba(LOGITS[:200])
    np.testing.assert_allclose(np.load("out.npy"), expected, rtol=1e-12)


def test_an_outcome_that_is_not_converged_is_explained_on_stderr(folder, capsys):
    np.savez("few.npz", y_true=[0, 1, 1], y_proba=[[0.5, 0.5], [0.2, 0.8], [0.3, 0.7]])
    for options in ([], ["--json"]):
        assert main(["calibrate", "few.npz", *options]) == 0
        out, err = capsys.readouterr()
        assert err.startswith("lossacc: note: AutoCalibrator: degenerate. The rows are too few")
        assert err.count("\n") == 1
        if options:
            assert json.loads(out)["summary"]["log_loss"]["change"] == [None, None, None]
        else:
            expected = "identity, chosen by auto: degenerate\n\nIt changes nothing.\n"
            assert out == f"few.npz: 3 rows, 2 classes\n{expected}"


def test_a_prior_in_the_file_is_not_in_the_way(folder):
    np.savez("prior.npz", y_true=Y, y_proba=PROBA, train_prior=[0.2, 0.3, 0.5])
    assert main(["calibrate", "prior.npz", "--method", "temperature"]) == 0
    assert main(["apply", "c.json", "prior.npz", "--output", "out.npy"]) == 0


# --- lossacc apply -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["out.npz", "out.npy", "out.csv"])
@pytest.mark.parametrize("entries", [2**18, 100])
def test_files_hold_what_the_calibrator_gives(folder, monkeypatch, capsys, name, entries):
    monkeypatch.setattr(by_blocks, "BLOCK_ENTRIES", entries)
    assert main(["apply", "c.json", "test.npz", "--output", name]) == 0
    assert capsys.readouterr() == ("", f"written: {name}\n")
    np.save("y.npy", Y_TEST)
    if name == "out.csv":
        header, *rows = (folder / name).read_text().splitlines()
        assert header == "p_0,p_1,p_2"
        found = np.array([row.split(",") for row in rows], dtype=float)
    else:
        found = read_predictions(name, y="y.npy")["y_proba"]
    np.testing.assert_allclose(found, fitted().predict_proba(TEST), rtol=1e-12)


@pytest.mark.parametrize("labelled", [False, True])
@pytest.mark.parametrize("name", ["t.npz", "z.npz", "t.npy", "t.csv", "t.tsv", "t.csv.gz"])
def test_it_reads_what_report_reads_with_and_without_labels(folder, name, labelled, capsys):
    labels = {"y_true": Y_TEST} if labelled else {}
    numbered = table(TEST, **labels)
    for place, label in enumerate(NAMES):
        numbered = numbered.replace(quoted(f"p_{label}"), f"p_{place}")
    np.savez("t.npz", y_proba=TEST, **labels)
    np.savez_compressed("z.npz", y_proba=TEST, **labels)
    np.save("t.npy", TEST)
    np.save("y.npy", Y_TEST)
    (folder / "t.csv").write_text(numbered)
    (folder / "t.tsv").write_text(numbered.replace(",", "\t"))
    (folder / "t.csv.gz").write_bytes(gzip.compress(numbered.encode()))
    options = ["--y", "y.npy"] if labelled and name == "t.npy" else []
    if labelled:
        assert main(["report", name, *options, "--json"]) == 0
    capsys.readouterr()
    assert main(["apply", "c.json", name, *options, "--output", "out.npy"]) == 0
    assert capsys.readouterr() == ("", "written: out.npy\n")
    np.testing.assert_allclose(np.load("out.npy"), fitted().predict_proba(TEST), rtol=1e-12)


def test_columns_are_brought_into_the_order_of_the_calibrator(folder):
    labels = [quoted(NAMES[place]) for place in Y]
    (folder / "val.csv").write_text(table(PROBA, label=labels))
    assert main(["calibrate", "val.csv", "--method", "vector", "--output", "v.json"]) == 0
    (folder / "test.csv").write_text(table(TEST, (2, 0, 1), id=range(200)))
    np.savez("named.npz", y_proba=TEST[:, [1, 2, 0]], classes=np.array(NAMES)[[1, 2, 0]])
    for place, file in enumerate(("test.csv", "named.npz")):
        assert main(["apply", "v.json", file, "--output", f"{place}.npz"]) == 0
        assert main(["apply", "v.json", file, "--output", f"{place}.csv"]) == 0
    with np.load("0.npz") as first, np.load("1.npz") as second:
        assert first["classes"].tolist() == second["classes"].tolist() == NAMES
        np.testing.assert_allclose(first["y_proba"], second["y_proba"], rtol=1e-12)
        assert main(["apply", "v.json", "0.csv", "--output", "again.npy"]) == 0  # what it writes it reads
        again = calibration.VectorCalibrator(classes=NAMES).fit(PROBA, np.array(NAMES)[Y])
        np.testing.assert_allclose(np.load("again.npy"), again.predict_proba(first["y_proba"]), rtol=1e-12)
    first, second = ((folder / name).read_text().splitlines() for name in ("0.csv", "1.csv"))
    assert first[0] == second[0]
    found, wanted = (np.array([row.split(",") for row in rows[1:]], dtype=float) for rows in (first, second))
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_one_column_of_two_classes(folder):
    rng = np.random.default_rng(0)
    p = rng.uniform(0.1, 0.9, 300)
    yes = np.where(rng.random(300) < p, "yes", "no")
    rows = "\n".join(f"{label},{value!r}" for label, value in zip(yes, p.tolist(), strict=True))
    (folder / "two.csv").write_text(f"label,p_yes\n{rows}")
    (folder / "unlabelled.csv").write_text("p_yes\n" + "\n".join(map(repr, p.tolist())))
    assert main(["calibrate", "two.csv", "--method", "temperature", "--output", "two.json"]) == 0
    expected = TemperatureCalibrator(classes=["no", "yes"]).fit(p, yes).predict_proba(p)
    for file in ("two.csv", "unlabelled.csv"):
        assert main(["apply", "two.json", file, "--output", "two.npy"]) == 0
        np.testing.assert_allclose(np.load("two.npy"), expected, rtol=1e-12)


def test_json_says_what_was_written_and_nothing_else(folder, capsys):
    assert main(["apply", "c.json", "test.npz", "--output", "out.npy", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {"n_rows": 200, "classes": [0, 1, 2], "output": "out.npy"}
    assert err == "written: out.npy\n"


@pytest.mark.parametrize("name", ["out.npz", "out.npy", "out.csv"])
def test_a_bad_row_leaves_the_old_file_and_is_counted_from_the_first(folder, monkeypatch, capsys, name):
    monkeypatch.setattr(by_blocks, "BLOCK_ENTRIES", 30)
    bad = TEST.copy()
    bad[150, 1] = np.nan
    np.savez("bad.npz", y_proba=bad)
    (folder / name).write_text("old")
    before = sorted(folder.iterdir())
    assert main(["apply", "c.json", "bad.npz", "--output", name]) == 2
    assert "in row 150" in capsys.readouterr().err
    assert (folder / name).read_text() == "old"
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize("name", ["out.npz", "out.npy", "out.csv"])
def test_memory_is_that_of_a_block_whatever_the_file(folder, monkeypatch, name):
    monkeypatch.setattr(by_blocks, "BLOCK_ENTRIES", 2**12)
    np.save("large.npy", np.tile(TEST, (500, 1)))
    assert main(["apply", "c.json", "test.npz", "--output", name]) == 0  # loads what is loaded once
    tracemalloc.start()
    try:
        assert main(["apply", "c.json", "large.npy", "--output", name]) == 0
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2**20 < (folder / "large.npy").stat().st_size / 2


def test_a_file_can_be_replaced_by_its_calibrated_self(folder):
    assert main(["apply", "c.json", "test.npz", "--output", "test.npz"]) == 0
    np.testing.assert_allclose(np.load("test.npz")["y_proba"], fitted().predict_proba(TEST), rtol=1e-12)


def test_the_example_of_the_documentation_runs_and_prints_what_it_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    page = (Path(__file__).parents[1] / "doc" / "user_guide" / "prediction_files.rst").read_text(encoding="utf-8")
    section = page.partition("Calibrate, from file to file\n")[2].partition("\nBoth take every file")[0]
    code, console = (dedent(part) for part in re.split(r"\.\. code-block:: \w+\n", section)[1:])
    exec(compile(code, "example", "exec"), {})
    commands = re.findall(r"^\$ lossacc (.*)\n((?:(?!\$).*\n?)*)", console, flags=re.MULTILINE)
    assert [command.split()[0] for command, _ in commands] == ["calibrate", "apply", "report"]
    for command, printed in commands:
        assert main(command.split()) == 0
        out = capsys.readouterr().out
        assert out == printed or command.startswith("report")


# --- wrong inputs ------------------------------------------------------------------------------------------


def damaged(**changes):
    """A calibrator's data, changed; None leaves a key out."""
    data = fitted().to_dict() | changes
    return json.dumps({key: value for key, value in data.items() if value is not None})


CALIBRATORS = {
    "cut.json": damaged()[:100],
    "list.json": "[1, 2]",
    "deep.json": "[" * 100_000,
    "twice.json": damaged()[:-1] + ', "schema": 1}',
    "schema.json": damaged(schema=99),
    "type.json": damaged(type="Foo"),
    "state.json": damaged(state={}),
    "classes.json": damaged(classes=None),
    "columns.json": damaged(n_features_in=7),
}

BAD_APPLY = {
    "scores in 4 columns, but c.json was fitted with 3": ["c.json", "four.npz"],
    "scores in 1 column, but c.json was fitted with 3": ["c.json", "one.npz"],
    "got shape (5, 3, 1)": ["c.json", "cube.npz"],
    "its classes are 'a', 'b', 'c'; expected are '0', '1', '2'": ["c.json", "abc.npz"],
    "not one column for each": ["c.json", "misfit.npz"],
    "holds logits, but c.json was fitted with probabilities": ["c.json", "logits.npz"],
    "choose with --input": ["c.json", "both.npz"],
    "holds Python objects": ["c.json", "objects.npz"],
    "has no rows": ["c.json", "empty.npz"],
    "do not sum to 1": ["c.json", "sums.npz"],
    "not a readable .npz file": ["c.json", "junk.npz"],
    "has no key 'p'": ["c.json", "test.npz", "--proba", "p"],
    "holds one array": ["c.json", "t.npy", "--proba", "p"],
    "its classes are '1', '0'": ["c.json", "test.npz", "--classes", "1,0"],
    "do not cover the labels '0', '1', '2'": ["c.json", "pets.csv"],
    "column 'p_1' is not numbers": ["c.json", "text.csv"],
    "its classes are '0', '1', '2', '3'": ["c.json", "surplus.csv"],
    "nowhere.npz: no such file": ["c.json", "nowhere.npz"],
    "read from .npz, .npy, .csv, .tsv, .parquet, .feather and .arrow files": ["c.json", "c.json"],
    "nowhere.json is not a readable JSON file: No such file": ["nowhere.json", "test.npz"],
    ". is not a readable JSON file": [".", "test.npz"],
    "test.npz is not a readable JSON file": ["test.npz", "test.npz"],
    "cut.json is not a readable JSON file": ["cut.json", "test.npz"],
    "deep.json is not a readable JSON file": ["deep.json", "test.npz"],
    'twice.json is not a readable JSON file: the key "schema" stands more than once': ["twice.json", "test.npz"],
    "list.json: expected a dict": ["list.json", "test.npz"],
    "schema.json: the calibrator has schema 99": ["schema.json", "test.npz"],
    "type.json: the calibrator has type 'Foo'": ["type.json", "test.npz"],
    "state.json: the data of the TemperatureCalibrator are damaged": ["state.json", "test.npz"],
    "classes.json: the data": ["classes.json", "test.npz"],
    "columns.json: the data": ["columns.json", "test.npz"],
    "--output out.txt: no name for probabilities, which ends in .npz or .npy or .csv": [
        "c.json",
        "nowhere.npz",
        "--output",
        "out.txt",
    ],
    "nowhere: no such folder": ["c.json", "test.npz", "--output", "nowhere/out.npy"],
    "is a folder": ["c.json", "test.npz", "--output", "folder.npy"],
}

BAD_CALIBRATE = {
    "choose with --y": ["test.npz"],
    "invalid choice: 'platt'": ["val.npz", "--method", "platt"],
    "type date cannot be written": ["dates.npz"],
    "no such folder": ["val.npz", "--output", "nowhere/c.json"],
    "--output out.npz: no name for a calibrator, which ends in .json": ["nowhere.npz", "--output", "out.npz"],
    "--output val.npz is a file that is read": ["val.npz", "--output", "val.npz"],
    "--output -: only files are written; name one": ["nowhere.npz", "--output", "-"],
}
BAD = {words: ["apply", *rest] for words, rest in BAD_APPLY.items()}
BAD |= {words: ["calibrate", *rest] for words, rest in BAD_CALIBRATE.items()}


@pytest.mark.parametrize(("words", "arguments"), BAD.items(), ids=BAD)
def test_wrong_input_is_one_line_and_code_2_and_no_file(folder, capsys, words, arguments):
    np.savez("four.npz", y_proba=np.full((5, 4), 0.25))
    np.savez("one.npz", y_proba=np.full(5, 0.25))
    np.savez("cube.npz", y_proba=np.full((5, 3, 1), 0.25))
    np.savez("abc.npz", y_proba=TEST, classes=["a", "b", "c"])
    np.savez("misfit.npz", y_proba=np.full((5, 4), 0.25), classes=[1, 0, 2])
    np.savez("logits.npz", logits=TEST_LOGITS)
    np.savez("both.npz", y_proba=TEST, logits=TEST_LOGITS)
    np.savez("objects.npz", y_proba=np.array([[0.5, None, 0.5]], dtype=object))
    np.savez("empty.npz", y_proba=np.empty((0, 3)))
    np.savez("sums.npz", y_proba=2 * TEST)
    np.savez("dates.npz", y_true=np.array(["2020-01-01", "2021-01-01"], "M8[D]"), y_proba=np.full((2, 2), 0.5))
    np.save("t.npy", TEST)
    (folder / "folder.npy").mkdir()
    (folder / "junk.npz").write_bytes(b"junk")
    (folder / "pets.csv").write_text("p_dog,p_cat,p_emu\n0.5,0.25,0.25\n")
    (folder / "text.csv").write_text("p_0,p_1,p_2\n0.5,x,0.25\n")
    (folder / "surplus.csv").write_text("p_0,p_1,p_2,p_3\n0.25,0.25,0.25,0.25\n")
    for name, text in CALIBRATORS.items():
        (folder / name).write_text(text)
    before = sorted(folder.iterdir())
    if arguments[0] == "apply" and "--output" not in arguments:
        arguments = [*arguments, "--output", "out.npy"]
    try:
        code = main(arguments)
    except SystemExit as stop:  # argparse leaves this way
        code = stop.code
    err = capsys.readouterr().err
    assert code == 2
    assert err.count("\n") == 1
    assert err.startswith("lossacc")
    assert words in err
    assert sorted(folder.iterdir()) == before
