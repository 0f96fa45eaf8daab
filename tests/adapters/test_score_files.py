"""Scores of known classes: labels may be there or not, columns go by name."""

import numpy as np
import pytest

from sklearn_lossacc.adapters.score_files import read_scores
from sklearn_lossacc.exceptions import DataWarning, InvalidFileError

PROBA = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]])


def whole(read):
    return np.concatenate([block for _, block in read.blocks()])


def test_arrays_stay_mapped_where_nothing_is_reordered(tmp_path):
    np.savez(tmp_path / "p.npz", probs=PROBA, classes=[0, 1, 2])
    np.save(tmp_path / "logits.npy", PROBA)
    for name, kind in {"p.npz": "proba", "logits.npy": "logits"}.items():
        read = read_scores(tmp_path / name, [0, 1, 2])
        ((first_row, block),) = read.blocks()
        assert first_row == 0
        assert isinstance(block, np.memmap)
        assert read.input == kind


def test_only_keys_that_no_command_reads_are_noted(tmp_path):
    np.savez(tmp_path / "p.npz", y_proba=PROBA, labels=[0, 1], sample_weight=[1, 2], groups=[0, 0], gold=[0, 1])
    with pytest.warns(DataWarning, match="not used: 'gold'$"):
        read_scores(tmp_path / "p.npz", [0, 1, 2])
    with pytest.warns(DataWarning, match="not used: 'labels'$"):
        read_scores(tmp_path / "p.npz", [0, 1, 2], y="gold")


def test_numbers_that_are_no_scores_are_set_aside_by_name(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("id,gold,w,0,1,2\n7,1,2.5,0.7,0.2,0.1\n")
    with pytest.raises(InvalidFileError, match="'gold', 'w' are not labels that occur"):
        read_scores(path, [0, 1, 2])
    read = read_scores(path, [2, 1, 0], y="gold", sample_weight="w")
    np.testing.assert_array_equal(whole(read), PROBA[:1, ::-1])


def test_bytes_and_declared_classes_are_names_too(tmp_path):
    np.savez(tmp_path / "p.npz", y_proba=PROBA, classes=np.array([b"a", b"b", b"c"]))
    np.testing.assert_array_equal(whole(read_scores(tmp_path / "p.npz", ["c", "b", "a"])), PROBA[:, ::-1])
    read = read_scores(tmp_path / "p.npz", ["c", "b", "a"], classes=["b", "c", "a"])
    np.testing.assert_array_equal(whole(read), PROBA[:, [1, 0, 2]])


def test_the_column_of_the_other_class_is_refused(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("p_no\n0.25\n")
    with pytest.raises(InvalidFileError, match="cannot be brought into the order 'no', 'yes'"):
        read_scores(path, ["no", "yes"])


def test_classes_of_equal_names_have_no_order(tmp_path):
    np.savez(tmp_path / "p.npz", y_proba=PROBA, classes=["2", "1.0", "1"])
    with pytest.raises(InvalidFileError, match="its classes are '2', '1', '1'"):
        read_scores(tmp_path / "p.npz", ["1", "1.0", "2"])
