"""``lossacc compare``: files of several models, exit codes, one-line errors."""

import json

import numpy as np
import pytest
from scipy.special import softmax

from sklearn_lossacc.cli import main
from sklearn_lossacc.findings.comparison import ComparisonDiagnosis

NAMES = np.array(["x", "y", "z"])


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Write the same rows by two models and in several formats; return what they hold."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    odds = 1.5 * rng.normal(size=(900, 3))
    y = (softmax(odds, axis=1).cumsum(axis=1) < rng.random((900, 1))).sum(axis=1)
    sharp, blunt = softmax(3 * odds, axis=1), softmax(0.7 * odds + rng.normal(size=odds.shape), axis=1)
    np.savez("sharp.npz", y_true=y, y_proba=sharp)
    np.savez("blunt.npz", y_true=y, logits=np.log(blunt))
    np.savez("other.npz", y_true=np.where(np.arange(900) == 7, (y + 1) % 3, y), y_proba=blunt)
    np.savez("short.npz", y_true=y[:99], y_proba=blunt[:99])
    np.savez("four.npz", y_true=y, y_proba=np.c_[0.9 * blunt, np.full(900, 0.1)])
    np.savez("named.npz", y_true=NAMES[y], y_proba=sharp, classes=NAMES)
    np.savez("text.npz", y_true=y.astype(str), y_proba=blunt)
    np.savez("heavy.npz", y_true=y, y_proba=blunt, sample_weight=np.arange(1.0, 901.0))
    np.savez("light.npz", y_true=y, y_proba=sharp, sample_weight=np.arange(2.0, 902.0))
    rows = [f"{NAMES[label]},{row[2]!r},{row[0]!r},{row[1]!r}" for label, row in zip(y, blunt.tolist(), strict=True)]
    (tmp_path / "named.csv").write_text("\n".join(["label,p_z,p_x,p_y", *rows]))
    return y, sharp, blunt


def test_it_prints_the_comparison(files, capsys):
    assert main(["compare", "sharp.npz", "blunt.npz"]) == 0
    out, err = capsys.readouterr()
    y, sharp, blunt = files
    expected = ComparisonDiagnosis.from_predictions(
        y, {"sharp.npz": sharp, "blunt.npz": np.log(blunt)}, input={"sharp.npz": "proba", "blunt.npz": "logits"}
    )
    assert out == f"{expected}\n"
    assert err == ""


@pytest.mark.parametrize(("level", "code"), [("never", 0), ("tip", 1), ("warning", 1), ("error", 0)])
def test_fail_on_makes_a_finding_an_exit_code(files, level, code):
    assert main(["compare", "sharp.npz", "blunt.npz", "--fail-on", level]) == code


def test_ignored_findings_do_not_fail(files):
    ignored = ["--ignore", "LA601,LA602,LA603,LA604"]
    assert main(["compare", "sharp.npz", "blunt.npz", "--fail-on", "tip", *ignored]) == 0


def test_json_is_all_that_stdout_holds(files, tmp_path, capsys):
    assert main(["compare", "sharp.npz", "blunt.npz", "--json", "--html", "r.html", "--name", "mine"]) == 0
    out, err = capsys.readouterr()
    document = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert document["name"] == "mine"
    assert ComparisonDiagnosis.from_dict(document)["LA604"].status == "fired"
    assert err == "written: r.html\n"


def test_views_are_written(files, tmp_path):
    assert main(["compare", "sharp.npz", "blunt.npz", "--html", "v.html", "--markdown", "v.md", "--png", "v.png"]) == 0
    assert (tmp_path / "v.html").read_text(encoding="utf-8").lower().startswith("<!doctype html>")
    assert "LA604" in (tmp_path / "v.md").read_text(encoding="utf-8")
    assert (tmp_path / "v.png").read_bytes().startswith(b"\x89PNG")


def test_columns_are_matched_by_their_classes(files, capsys):
    values = []
    for pair in (["named.npz", "named.csv"], ["sharp.npz", "blunt.npz"]):
        assert main(["compare", *pair, "--json"]) == 0
        table = json.loads(capsys.readouterr().out)["tables"]["differences"]
        values.append(table["value"])
    assert values[0] == pytest.approx(values[1], abs=1e-9)


def test_every_argument_reaches_the_comparison(files, tmp_path, capsys):
    np.save("groups.npy", np.arange(900) // 2)
    np.save("weights.npy", np.linspace(0.5, 1.5, 900))
    arguments = ["--names", "one,two,three", "--reference", "two", "--alpha", "0.1", "--ignore", "LA602"]
    arguments += ["--groups", "groups.npy", "--sample-weight", "weights.npy", "--json"]
    assert main(["compare", "sharp.npz", "blunt.npz", "sharp.npz", *arguments]) == 0
    found = ComparisonDiagnosis.from_dict(json.loads(capsys.readouterr().out))
    assert found.pairs == (("two", "one"), ("two", "three"))
    assert found.alpha == 0.1
    assert found.description["n_groups"] == 450
    assert found.description["weighted"]
    assert found["LA602"].status == "ignored"


BAD_INPUT = {
    "at least two files": ["sharp.npz"],
    "given more than once; name the models with --names": ["sharp.npz", "sharp.npz"],
    "1 of 900 rows, the first is row 7": ["sharp.npz", "other.npz"],
    "has 99 rows, that of sharp.npz has 900": ["sharp.npz", "short.npz"],
    "model 'four.npz' has the classes": ["sharp.npz", "four.npz"],
    "y_true differs": ["sharp.npz", "named.csv"],
    "one is text and the other is not": ["sharp.npz", "text.npz"],
    "light.npz: sample_weight differs": ["heavy.npz", "light.npz"],
    "nowhere.npz: no such file": ["sharp.npz", "nowhere.npz"],
    "--names has 1 name for 2 files": ["sharp.npz", "blunt.npz", "--names", "a"],
    "--names has 'a' more than once": ["sharp.npz", "blunt.npz", "--names", "a,a"],
    "reference names no model: 'z'": ["sharp.npz", "blunt.npz", "--reference", "z"],
    "unknown rules ['LA101']": ["sharp.npz", "blunt.npz", "--ignore", "LA101"],
    "does not lie between 0 and 1": ["sharp.npz", "blunt.npz", "--alpha", "1"],
    "no such folder": ["sharp.npz", "blunt.npz", "--html", "nowhere/r.html"],
    "required": [],
}


@pytest.mark.parametrize(("words", "arguments"), BAD_INPUT.items(), ids=BAD_INPUT)
def test_bad_input_is_one_line_and_code_2(files, capsys, words, arguments):
    try:
        code = main(["compare", *arguments])
    except SystemExit as stop:  # argparse leaves this way
        code = stop.code
    err = capsys.readouterr().err
    assert code == 2
    assert err.count("\n") == 1
    assert words in err


def test_files_of_one_name_are_told_apart_by_their_folders(files, tmp_path, capsys):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    (tmp_path / "a" / "p.npz").write_bytes((tmp_path / "sharp.npz").read_bytes())
    (tmp_path / "b" / "p.npz").write_bytes((tmp_path / "blunt.npz").read_bytes())
    assert main(["compare", "a/p.npz", "b/p.npz"]) == 0
    assert capsys.readouterr().out.startswith("a/p.npz vs b/p.npz: 900 rows")


def test_help_names_the_exit_codes(capsys):
    with pytest.raises(SystemExit):
        main(["compare", "--help"])
    assert "Exit code: 0 fine, 1 a finding" in capsys.readouterr().out
