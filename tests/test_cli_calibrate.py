"""The command line: a calibrator from one file, applied to another."""

import numpy as np
import pytest

from sklearn_lossacc import TemperatureCalibrator, read_predictions
from sklearn_lossacc.cli import main


def softmax(scores):
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    return scores / scores.sum(axis=1, keepdims=True)


def drawn(n=600, sharpening=3.0, seed=0):
    """Labels drawn from a model, and the logits of a sharpened copy of it."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 1.5, (n, 3))
    y = (softmax(scores).cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)
    return y, sharpening * scores


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with validation and test predictions, and a calibrator."""
    monkeypatch.chdir(tmp_path)
    y, logits = drawn()
    np.savez("val.npz", y_true=y, y_proba=softmax(logits))
    y, logits = drawn(200, seed=1)
    np.savez("test.npz", y_true=y, y_proba=softmax(logits))
    assert main(["calibrate", "val.npz", "--method", "temperature", "--output", "c.json"]) == 0
    return tmp_path


def expected():
    """Return what Python code gives for the files of the folder."""
    y, logits = drawn()
    return TemperatureCalibrator().fit(softmax(logits), y).predict_proba(softmax(drawn(200, seed=1)[1]))


@pytest.mark.parametrize("name", ["out.npz", "out.npy", "out.csv"])
def test_the_files_hold_what_the_calibrator_gives(folder, capsys, name):
    capsys.readouterr()
    assert main(["apply", "c.json", "test.npz", "--output", name]) == 0
    np.save("y.npy", drawn(200, seed=1)[0])
    if name == "out.csv":
        lines = (folder / name).read_text().splitlines()
        assert lines[0] == "p_0,p_1,p_2"
        found = np.array([line.split(",") for line in lines[1:]], dtype=float)
    else:
        found = read_predictions(name, y="y.npy")["y_proba"]
    np.testing.assert_array_equal(found, expected())
    assert capsys.readouterr() == ("", f"written: {name}\n")
