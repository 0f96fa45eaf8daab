"""Probabilities that are written are read again, whatever the classes are called."""

import csv

import numpy as np
import pytest

from sklearn_lossacc.adapters.probability_files import write_probabilities
from sklearn_lossacc.adapters.score_files import read_scores
from sklearn_lossacc.exceptions import InvalidFileError

PROBA = np.array([[0.1, 0.2, 0.7], [1 / 3, 1 / 3, 1 / 3], [1e-300, 1e-16, 1.0]])
CLASSES = [
    np.array([0, 1, 2]),
    np.array([-1, 0, 7]),
    np.array([0.5, 1.0, 2.0]),
    np.array(["cat", "a dog", 'Ärger; "quoted", with comma']),
    np.array(["b", "a", "c"], dtype=object),
    np.array(["01", "1", "1.5"]),
    np.array(["two\nlines; \t,", '"quoted"', "<b>"]),
]


def whole(read):
    return np.concatenate([block for _, block in read.blocks()])


@pytest.mark.parametrize("suffix", [".npz", ".npy", ".csv"])
@pytest.mark.parametrize("classes", CLASSES, ids=str)
def test_what_is_written_is_read(tmp_path, classes, suffix):
    path = tmp_path / f"p{suffix}"
    write_probabilities(path, iter([PROBA[:1], PROBA[1:]]), 3, classes)
    read = read_scores(path, classes.tolist())
    assert read.input == "proba"
    np.testing.assert_array_equal(whole(read), PROBA)


@pytest.mark.parametrize("suffix", [".parquet", ".feather"])
@pytest.mark.parametrize("classes", CLASSES, ids=str)
def test_typed_columns_are_read(tmp_path, classes, suffix):
    pytest.importorskip("pyarrow")
    test_what_is_written_is_read(tmp_path, classes, suffix)


def test_names_of_classes_are_kept(tmp_path):
    write_probabilities(tmp_path / "p.npz", [PROBA], 3, CLASSES[3])
    write_probabilities(tmp_path / "p.csv", [PROBA], 3, CLASSES[3])
    with np.load(tmp_path / "p.npz") as arrays:
        assert sorted(arrays) == ["classes", "y_proba"]
        np.testing.assert_array_equal(arrays["classes"], CLASSES[3])
    with open(tmp_path / "p.csv", encoding="utf-8", newline="") as file:
        assert next(csv.reader(file)) == [f"p_{name}" for name in CLASSES[3]]


def test_other_names_are_refused(tmp_path):
    with pytest.raises(InvalidFileError, match=r"written to \.npz, \.npy, \.csv, \.parquet and \.feather files$"):
        write_probabilities(tmp_path / "p.xlsx", [PROBA], 3, CLASSES[0])
    assert not list(tmp_path.iterdir())
