"""Typed columns at the command line: the same answers as from text, written as a whole or not at all."""

import json

import numpy as np
import pandas as pd
import pytest

from sklearn_lossacc.cli import main

pq = pytest.importorskip("pyarrow.parquet")

NAMES = ["cat", "dog", "fox"]


@pytest.fixture
def files(tmp_path, monkeypatch):
    """The same predictions of two models as text and typed, in one file and in parts."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sklearn_lossacc.adapters.prediction_summaries.BLOCK_ENTRIES", 300)
    monkeypatch.setattr("sklearn_lossacc.adapters.score_files.BLOCK_ENTRIES", 300)
    rng = np.random.default_rng(3)
    odds = np.round(64 * rng.normal(0, 1.5, (600, 3))) / 64  # which any reader of text takes to the last bit
    label = [NAMES[i] for i in (odds + rng.gumbel(size=odds.shape)).argmax(axis=1)]
    for name, scale in (("a", 3.0), ("b", 0.5)):
        frame = pd.DataFrame({"label": label} | {f"logit_{c}": scale * odds[:, i] for i, c in enumerate(NAMES)})
        frame.to_csv(f"{name}.csv", index=False)
        frame.to_parquet(f"{name}.parquet")
        frame.to_feather(f"{name}.feather")
        (tmp_path / name).mkdir()
        for part in range(3):
            frame[200 * part : 200 * (part + 1)].to_parquet(f"{name}/part-{part}.parquet")
    return tmp_path


def said(capsys, *arguments):
    """What a command prints, as JSON."""
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def assert_same(a, b):
    """Equal up to the rounding of sums."""
    if isinstance(a, dict):
        assert a.keys() == b.keys()
        for name in a:
            assert_same(a[name], b[name])
    elif isinstance(a, list):
        assert len(a) == len(b)
        for one, other in zip(a, b, strict=True):
            assert_same(one, other)
    elif isinstance(a, float):
        assert a == pytest.approx(b, rel=1e-9, abs=1e-12)
    elif not isinstance(a, str):
        assert a == b


@pytest.mark.parametrize("file", ["a.parquet", "a.feather", "a"])
def test_a_report_says_the_same(files, capsys, file):
    text, typed = said(capsys, "report", "a.csv", "--name", "a"), said(capsys, "report", file, "--name", "a")
    assert_same(typed, text)


@pytest.mark.parametrize("file", ["a.csv", "a.parquet", "a"])
def test_training_frequencies_are_those_of_the_baseline(files, capsys, file):
    # No table has room for them. Counts are as good as shares.
    here, there = (said(capsys, "report", file, "--train-prior", prior)["metrics"] for prior in ("1,1,2", ".7,.2,.1"))
    shares = pd.read_csv("a.csv")["label"].value_counts(normalize=True)[NAMES].to_numpy()
    for metrics, prior in ((here, [0.25, 0.25, 0.5]), (there, [0.7, 0.2, 0.1])):
        assert metrics["prior_log_loss"]["value"] == pytest.approx(-float(shares @ np.log(prior)))


@pytest.mark.parametrize(
    ("prior", "words"), [("1,2", "train_prior has 2 entries, there are 3 classes"), ("1,x,2", "'1,x,2'")]
)
def test_training_frequencies_that_cannot_be(files, capsys, prior, words):
    for file in ("a.csv", "a.parquet"):
        try:
            code = main(["report", file, "--train-prior", prior])
        except SystemExit as stopped:
            code = stopped.code
        error = capsys.readouterr().err
        assert (code, error.count("\n")) == (2, 1)
        assert words in error


def test_models_are_compared(files, capsys):
    text = said(capsys, "compare", "a.csv", "b.csv", "--names", "a,b")
    assert_same(said(capsys, "compare", "a.parquet", "b", "--names", "a,b"), text)


@pytest.mark.parametrize("ending", [".parquet", ".feather", ".csv"])
def test_calibrated_predictions_are_written_and_read(files, capsys, ending):
    outputs = {}
    for file in ("a.csv", "a"):
        document = said(capsys, "calibrate", file, "--method", "temperature", "--output", f"{file}.json")
        assert document["choice"] == "temperature"
        output = f"{file}-calibrated{ending}"
        assert said(capsys, "apply", f"{file}.json", file, "--output", output)["n_rows"] == 600
        outputs[file] = {".csv": pd.read_csv, ".parquet": pd.read_parquet, ".feather": pd.read_feather}[ending](output)
    assert list(outputs["a"]) == ["p_cat", "p_dog", "p_fox"]
    pd.testing.assert_frame_equal(outputs["a"], outputs["a.csv"], rtol=1e-9)
    np.testing.assert_allclose(outputs["a"].sum(axis=1), 1)


def test_nothing_is_left_of_what_fails_in_the_middle(files, capsys):
    said(capsys, "calibrate", "a.csv", "--method", "temperature", "--output", "c.json")
    frame = pd.read_parquet("a.parquet")
    frame.loc[430, "logit_dog"] = np.inf
    frame.to_parquet("a.parquet")
    assert main(["apply", "c.json", "a.parquet", "--output", "out.parquet"]) == 2
    error = capsys.readouterr().err
    assert "rows 400 to 499: y_proba has 1 infinite entry, the first in row 430" in error
    assert not [path.name for path in files.iterdir() if path.name.startswith(("out", "."))]


def test_a_missing_package_is_one_line(files, capsys, monkeypatch):
    said(capsys, "calibrate", "a.csv", "--method", "temperature", "--output", "c.json")
    np.savez("a.npz", logits=pd.read_csv("a.csv").iloc[:, 1:].to_numpy())
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    for arguments in (
        ["report", "a.parquet"],
        ["report", "a"],
        ["apply", "c.json", "a.npz", "--output", "out.parquet"],
    ):
        assert main(arguments) == 2
        error = capsys.readouterr().err
        assert 'needs the package pyarrow: pip install "sklearn-lossacc[parquet]"' in error
        assert error.count("\n") == 1
        assert not (files / "out.parquet").exists()
