"""The command line: exit codes, one-line errors, whole files, nothing but JSON with --json."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from matplotlib import font_manager

from sklearn_lossacc.cli import files, main
from sklearn_lossacc.cli.demo import train_network
from sklearn_lossacc.findings import Diagnosis, diagnose


def softmax(scores):
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    return scores / scores.sum(axis=1, keepdims=True)


def drawn(n=2000, sharpening=1.0, seed=0):
    """Labels drawn from a model, and what a sharpened copy of it says."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 1.5, (n, 3))
    y = (softmax(scores).cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)
    return y, softmax(sharpening * scores)


@pytest.fixture
def healthy(tmp_path):
    y, proba = drawn()
    np.savez(tmp_path / "healthy.npz", y_true=y, y_proba=proba)
    return str(tmp_path / "healthy.npz")


@pytest.fixture
def overconfident(tmp_path):
    y, proba = drawn(sharpening=3.0)
    np.savez(tmp_path / "sharp.npz", y_true=y, y_proba=proba)
    return str(tmp_path / "sharp.npz")


@pytest.fixture
def infinite(tmp_path):
    y, proba = drawn()
    proba[0] = 0.0
    proba[0, (y[0] + 1) % 3] = 1.0
    np.savez(tmp_path / "infinite.npz", y_true=y, y_proba=proba)
    return str(tmp_path / "infinite.npz")


# --- lossacc report ----------------------------------------------------------------------------------------


def test_report_prints_the_diagnosis(overconfident, capsys):
    assert main(["report", overconfident]) == 0
    out, err = capsys.readouterr()
    y, proba = drawn(sharpening=3.0)
    assert out == f"{diagnose(y, proba, name='sharp.npz')}\n"
    assert err == ""


@pytest.mark.parametrize(
    ("file", "level", "code"),
    [
        ("healthy", "tip", 0),
        ("overconfident", "never", 0),
        ("overconfident", "tip", 1),
        ("overconfident", "warning", 1),
        ("overconfident", "error", 0),
        ("infinite", "error", 1),
        ("infinite", "never", 0),
    ],
)
def test_fail_on_makes_a_finding_an_exit_code(request, file, level, code):
    assert main(["report", request.getfixturevalue(file), "--fail-on", level]) == code


def test_ignored_findings_do_not_fail(overconfident):
    assert main(["report", overconfident, "--fail-on", "warning", "--ignore", "LA101"]) == 0


def test_json_is_all_that_stdout_holds(infinite, tmp_path, capsys):
    assert main(["report", infinite, "--json", "--html", str(tmp_path / "r.html"), "--name", "net"]) == 0
    out, err = capsys.readouterr()
    document = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert document["name"] == "net"
    assert Diagnosis.from_dict(document).issues[0].code == "LA001"
    assert err == f"written: {tmp_path / 'r.html'}\n"


def test_views_are_written(overconfident, tmp_path):
    paths = {kind: tmp_path / f"view.{kind}" for kind in ("html", "markdown", "png")}
    arguments = [part for kind, path in paths.items() for part in (f"--{kind}", str(path))]
    assert main(["report", overconfident, *arguments]) == 0
    assert paths["html"].read_text(encoding="utf-8").lstrip().lower().startswith("<!doctype html>")
    assert "LA101" in paths["markdown"].read_text(encoding="utf-8")
    assert paths["png"].read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sharp.npz", "view.html", "view.markdown", "view.png"]


def test_every_argument_reaches_the_diagnosis(tmp_path, capsys):
    y, proba = drawn(400)
    names = np.array(["a", "b", "c"])
    np.save(tmp_path / "probs.npy", proba[:, [2, 0, 1]])
    (tmp_path / "labels.txt").write_text("\n".join(names[y]))
    np.save(tmp_path / "weights.npy", np.linspace(0.5, 1.5, 400))
    np.save(tmp_path / "groups.npy", np.arange(400) // 2)
    arguments = ["report", str(tmp_path / "probs.npy"), "--json", "--in-sample", "--alpha", "0.1"]
    arguments += ["--classes", "c,a,b", "--ignore", "LA103,LA304"]
    for option, name in {"y": "labels.txt", "sample-weight": "weights.npy", "groups": "groups.npy"}.items():
        arguments += [f"--{option}", str(tmp_path / name)]
    assert main(arguments) == 0
    expected = diagnose(
        names[y],
        proba,
        classes=names,
        sample_weight=np.linspace(0.5, 1.5, 400),
        groups=np.arange(400) // 2,
        out_of_sample=False,
        alpha=0.1,
        ignore=["LA103", "LA304"],
    )
    found = Diagnosis.from_dict(json.loads(capsys.readouterr().out))
    assert found.description["classes"] == ["c", "a", "b"]
    assert not found.description["out_of_sample"]
    assert found.description["weighted"]
    assert found.description["n_groups"] == 200
    assert found.alpha == 0.1
    assert {f.code for f in found.findings if f.status == "ignored"} == {"LA103", "LA304"}
    for key in ("log_loss", "accuracy", "temperature", "ece"):
        assert found.metrics[key].value == pytest.approx(expected.metrics[key].value, rel=1e-9)


def test_formats_give_the_same_diagnosis(tmp_path, capsys):
    y, proba = drawn(300)
    np.savez(tmp_path / "a.npz", y_true=y, logits=np.log(proba))
    np.save(tmp_path / "b.npy", proba)
    np.save(tmp_path / "y.npy", y)
    rows = [f"{label}," + ",".join(map(repr, row)) for label, row in zip(y, proba.tolist(), strict=True)]
    (tmp_path / "c.csv").write_text("\n".join(["label,p_0,p_1,p_2", *rows]))
    losses = []
    for arguments in (["a.npz"], ["b.npy", "--y", str(tmp_path / "y.npy")], ["c.csv", "--proba", "p_0,p_1,p_2"]):
        assert main(["report", str(tmp_path / arguments[0]), *arguments[1:], "--json"]) == 0
        losses.append(json.loads(capsys.readouterr().out)["metrics"]["log_loss"]["value"])
    assert losses == pytest.approx([losses[0]] * 3, rel=1e-12)


BAD_INPUT = {
    "no such file": ["report", "nowhere.npz"],
    "Python objects": ["report", "objects.npz"],
    "'x', 'z'": ["report", "unknown.npz"],
    "sum to": ["report", "sums.npz"],
    "pass --input logits.": ["report", "sums.npz"],
    "choose with --y": ["report", "unknown.npz"],
    "--y nowhere: no such file": ["report", "sums.npz", "--y", "nowhere"],
    "Pass --classes with": ["report", "sums.npz", "--input", "logits", "--classes", "a,b"],
    "such as --columns val_loss=...,val_accuracy=...": ["history", "log.csv"],
    "LA999": ["report", "sums.npz", "--input", "logits", "--ignore", "LA999"],
    "no such folder": ["report", "sums.npz", "--input", "logits", "--html", "nowhere/r.html"],
    "is a folder": ["report", "sums.npz", "--input", "logits", "--html", "."],
    "invalid choice: 'reprot'": ["reprot"],
    "required": ["report"],
    "does not lie between 0 and 1": ["report", "sums.npz", "--alpha", "2"],
    "invalid level": ["report", "sums.npz", "--alpha", "much"],
    "COMMAND": [],
    "2 epochs": ["demo", "--epochs", "1"],
}


@pytest.mark.parametrize(("words", "arguments"), BAD_INPUT.items(), ids=BAD_INPUT)
def test_bad_input_is_one_line_and_code_2(tmp_path, monkeypatch, capsys, words, arguments):
    monkeypatch.chdir(tmp_path)
    np.savez("objects.npz", y_true=np.array(["a", None], dtype=object), y_proba=np.eye(2))
    np.savez("unknown.npz", x=np.eye(2), z=np.arange(2))
    np.savez("sums.npz", y_true=[0, 1, 1], y_proba=[[1.0, 2.0], [3.0, 1.0], [0.0, 1.5]])
    (tmp_path / "log.csv").write_text("epoch,rate\n1,0.1\n2,0.1\n")
    try:
        code = main(arguments)
    except SystemExit as stop:  # argparse leaves this way
        code = stop.code
    err = capsys.readouterr().err
    assert code == 2
    assert err.count("\n") == 1
    assert err.startswith("lossacc")
    assert words in err
    assert not [path for path in tmp_path.iterdir() if path.suffix not in (".npz", ".csv")]


def test_a_broken_view_leaves_nothing_behind(tmp_path):
    def write(path):
        path.write_text("half")
        raise OSError("disk full")

    (tmp_path / "old.html").write_text("old")
    with pytest.raises(OSError, match="disk full"):
        files.write_whole(tmp_path / "old.html", write)
    assert [path.name for path in tmp_path.iterdir()] == ["old.html"]
    assert (tmp_path / "old.html").read_text() == "old"


def test_a_view_that_may_not_be_written_is_called_by_its_own_name(tmp_path):
    def refuse(draft):
        raise PermissionError(13, "Permission denied", str(draft))

    with pytest.raises(PermissionError) as caught:
        files.write_whole(tmp_path / "r.html", refuse)
    assert caught.value.filename == str(tmp_path / "r.html")


def test_two_views_are_never_one_file(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.savez("p.npz", y_true=[0, 1], y_proba=[0.2, 0.7])
    assert main(["report", "p.npz", "--html", "r", "--markdown", str(tmp_path / "r")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "r is what --html writes; write another one" in err
    assert not Path("r").exists()


@pytest.mark.parametrize("option", ["--html", "--markdown", "--png"])
def test_a_view_never_replaces_the_predictions(option, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.savez("p.npz", y_true=[0, 1], y_proba=[0.2, 0.7])
    before = Path("p.npz").read_bytes()
    assert main(["report", "p.npz", option, str(tmp_path / "p.npz")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "is a file that is read; write another one" in err
    assert Path("p.npz").read_bytes() == before


NO_NAMES = [("png", name) for name in ("r.gif", "r.PDF", "r.html", "r")]
NO_NAMES += [("html", name) for name in ("r.png", "r.md", "r.pdf", "r.npz")]
NO_NAMES += [("markdown", name) for name in ("r.html", "r.JPG", "r.json", "r.csv")]


@pytest.mark.parametrize(("option", "name"), NO_NAMES)
@pytest.mark.parametrize("command", [["report"], ["history"], ["compare", "nowhere"]])
def test_an_ending_that_contradicts_the_content_is_refused_before_any_work(command, option, name, tmp_path, capsys):
    output = str(tmp_path / name)
    assert main([*command, "nowhere", f"--{option}", output]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"lossacc: --{option} {output}: no name for ")
    assert err.count("\n") == 1
    assert {"png": "ends in .png\n", "html": "in .html or .htm\n", "markdown": "in .md or .markdown\n"}[option] in err


@pytest.mark.parametrize(
    ("option", "name"), [("png", "r.PNG"), ("html", "r.HTM"), ("html", "r"), ("markdown", "r.txt")]
)
def test_texts_have_any_name_that_promises_nothing_else(option, name, tmp_path, capsys):
    (tmp_path / "log.csv").write_text("epoch,val_loss,val_accuracy\n1,0.5,0.8\n2,0.4,0.9\n")
    assert main(["history", str(tmp_path / "log.csv"), f"--{option}", str(tmp_path / name)]) == 0
    assert (tmp_path / name).exists()


@pytest.mark.parametrize("name", ["p.NPZ", "p.NPY", "p.CSV"])
def test_endings_in_capitals_are_the_same(name, healthy, tmp_path):
    assert main(["calibrate", healthy, "--method", "identity", "--output", str(tmp_path / "c.JSON")]) == 0
    assert main(["apply", str(tmp_path / "c.JSON"), healthy, "--output", str(tmp_path / name)]) == 0
    assert main(["apply", str(tmp_path / "c.JSON"), str(tmp_path / name), "--output", str(tmp_path / "again.npy")]) == 0
    np.testing.assert_allclose(np.load(tmp_path / "again.npy"), np.load(healthy)["y_proba"], rtol=1e-12)


def test_an_error_of_the_system_is_one_line(capsys):
    assert main(["report", f"{'long' * 100}.npz"]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "File name too long" in err


def run(arguments, **options):
    """Start the command line; Ctrl-C reaches it even where the tests themselves run in the background."""
    command = [sys.executable, "-m", "sklearn_lossacc", *arguments]
    code = f"import signal, os; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv({command[0]!r}, {command!r})"
    return subprocess.Popen([sys.executable, "-c", code], **options)


@pytest.mark.skipif(os.name == "nt", reason="file descriptors of POSIX")
def test_a_closed_output_is_no_error(healthy):
    process = run(["report", healthy], stderr=subprocess.PIPE, text=True, preexec_fn=lambda: os.close(1))
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")


def left_early(arguments):
    reading, writing = os.pipe()
    os.close(reading)
    process = run(arguments, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 141
    return err


def test_a_reader_that_leaves_early_is_no_error(healthy):
    assert left_early(["report", healthy]) == ""


@pytest.mark.parametrize("arguments", [("report", "--markdown", "found.md"), ("calibrate", "--output", "found.json")])
def test_a_reader_that_leaves_early_takes_no_file_along(healthy, tmp_path, monkeypatch, arguments):
    monkeypatch.setenv("PYTHONUNBUFFERED", "1")  # or so long an output that it does not wait for the end
    command, option, name = arguments
    path = tmp_path / name
    assert left_early([command, healthy, option, str(path)]) == f"written: {path}\n"
    assert path.stat().st_size > 0


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_interruption_is_one_line_without_traceback(tmp_path):
    arguments = ["demo", "--epochs", "5000", "--out", str(tmp_path / "out")]
    process = run(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.readline()
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    try:
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    assert err.split("\n") == ["", "lossacc: interrupted", ""]
    assert list((tmp_path / "out").iterdir()) == []


def test_version_and_help(capsys):
    for arguments in (["--version"], ["--help"], ["report", "--help"]):
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        assert stop.value.code == 0
    assert "Exit code: 0 fine, 1 a finding" in capsys.readouterr().out


# --- lossacc demo ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def network():
    return train_network(60)


def test_loss_rises_while_accuracy_holds(network):
    best = network.log_loss.argmin()
    assert best < 20
    assert network.log_loss[-1] > 1.5 * network.log_loss[best]
    assert abs(network.accuracy[-1] - network.accuracy[best]) < 0.02
    assert np.all(np.diff(network.log_loss[[best, 30, 45, 59]]) > 0)


def test_training_repeats_itself(network):
    again = train_network(3)
    np.testing.assert_array_equal(again.y_true, network.y_true)
    np.testing.assert_allclose(again.log_loss, network.log_loss[:3], rtol=1e-12)


def test_demo_tells_the_story_and_says_where_everything_is(tmp_path, capsys):
    assert main(["demo", "--epochs", "60", "--out", str(tmp_path / "a" / "b")]) == 0
    out, err = capsys.readouterr()
    folder = tmp_path / "a" / "b"
    assert sorted(path.name for path in folder.iterdir()) == ["predictions.npz", "report.html", "report.png"]
    assert all(str(path) in out for path in folder.iterdir())
    assert err == ""  # progress is for terminals
    rows = {line[:24].strip(): line[24:].split() for line in out.splitlines() if line.startswith("  ")}
    loss, accuracy, ece = (float(number) for number in rows["as exported"][-3:])
    repaired = [float(number) for number in rows["temperature and floor"][-3:]]
    assert repaired[0] < 0.7 * loss
    assert repaired[1] == accuracy
    assert repaired[2] < 0.7 * ece
    assert "LA202" in out
    assert main(["report", str(folder / "predictions.npz"), "--fail-on", "warning"]) == 1


def test_keys_that_nothing_reads_are_noted_on_stderr(tmp_path, capsys):
    path = tmp_path / "p.npz"
    np.savez(path, y_true=[0, 1, 1], y_proba=[[0.7, 0.3], [0.4, 0.6], [0.2, 0.8]], weights=[1.0, 2.0, 1.0])
    assert main(["report", str(path), "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["description"]["n_rows"] == 3
    assert err == f"lossacc: note: {path}: not used: 'weights'\n"


def test_names_that_no_font_can_write_are_noted_once(tmp_path, capsys, monkeypatch):
    few = [font for font in font_manager.fontManager.ttflist if "mpl-data" in font.fname]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", few)
    y, proba = drawn(300)
    names = np.array(["猫", "犬", "鳥"][: proba.shape[1]])
    np.savez(tmp_path / "pets.npz", y_true=names[y], y_proba=proba)
    arguments = [
        "--classes",
        ",".join(names),
        "--png",
        str(tmp_path / "pets.png"),
        "--html",
        str(tmp_path / "pets.html"),
    ]
    assert main(["report", str(tmp_path / "pets.npz"), *arguments]) == 0
    notes = [line for line in capsys.readouterr().err.splitlines() if line.startswith("lossacc: note: ")]
    assert len(notes) == 1
    assert "no installed font has the letters of" in notes[0]


def test_an_advice_on_columns_is_written_as_an_option(tmp_path, capsys):
    log = tmp_path / "log.csv"
    log.write_text("epoch,val_loss,val_acc\n0,0.9,0.5\n1,failed,0.6\n")
    assert main(["history", str(log)]) == 2
    error = capsys.readouterr().err
    assert "'val_loss' holds 'failed' in row 1" in error
    assert "leave this curve out with --columns val_loss=." in error
    assert main(["history", str(log), "--columns", "val_loss="]) == 0
