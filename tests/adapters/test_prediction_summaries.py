"""A file that is read in blocks says what all of its rows say at once."""

import numpy as np
import pytest

from sklearn_lossacc import Diagnosis, diagnose, summarize
from sklearn_lossacc.adapters import read_predictions, summarize_predictions
from sklearn_lossacc.exceptions import (
    ClassesMismatchError,
    InvalidFileError,
    InvalidPredictionsError,
    InvalidTargetError,
    InvalidWeightsError,
    NotProbabilitiesError,
)
from sklearn_lossacc.statistics import sample

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

N_ROWS = 1200


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Read blocks of 100 rows of 5 classes, in batches that fit neither them nor the row groups; keep few rows."""
    monkeypatch.setattr("sklearn_lossacc.adapters.prediction_summaries.BLOCK_ENTRIES", 500)
    monkeypatch.setattr("sklearn_lossacc.adapters.arrow_files.BATCH_ROWS", 77)
    monkeypatch.setattr(sample, "MIN_SAMPLE_ROWS", 200)


def table(n_classes=5, *, dtype="float64", lists=False, text=False, weights=False, groups=False):
    rng = np.random.default_rng(n_classes + 10 * weights + 100 * groups)
    logits = rng.normal(scale=2, size=(N_ROWS, n_classes))
    y = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    proba = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    proba = proba.astype(dtype)
    names = [f"class {i}" if text else i for i in range(n_classes)]
    columns = {"label": pa.array([names[i] for i in y])}
    if lists:
        columns["logits"] = pa.array(logits.astype(dtype).tolist(), pa.list_(pa.from_numpy_dtype(dtype)))
    elif n_classes == 2:
        columns["proba"] = proba[:, 1]
    else:
        columns |= {f"p_{name}": column for name, column in zip(names, proba.T, strict=True)}
    if weights:
        weight = rng.integers(0, 3, N_ROWS) * 0.7
        weight[:450] = 0.0  # whole blocks that do not count
        columns["sample_weight"] = weight
    if groups:
        columns["groups"] = pa.array([f"patient {i}" for i in rng.integers(0, 300, N_ROWS)]).dictionary_encode()
    return pa.table(columns)


CASES = {
    "plain": {},
    "float32": {"dtype": "float32"},
    "lists": {"lists": True, "dtype": "float32"},
    "text": {"text": True, "lists": True},
    "binary": {"n_classes": 2},
    "weights": {"weights": True},
    "groups": {"groups": True, "text": True},
    "weights-groups": {"weights": True, "groups": True, "n_classes": 3},
}


def write(tmp_path, table, place):
    if place == "folder":
        for part, start in enumerate(range(0, N_ROWS, 289)):
            pq.write_table(table.slice(start, 289), tmp_path / f"part-{part}.parquet")
        return tmp_path
    path = tmp_path / f"p.{place}"
    if place == "parquet":
        pq.write_table(table, path, row_group_size=534)
    else:
        with pa.ipc.new_file(str(path), table.schema) as writer:
            writer.write_table(table, max_chunksize=401)
    return path


@pytest.mark.parametrize("place", ["parquet", "feather", "folder"])
@pytest.mark.parametrize("kind", CASES)
def test_blocks_sum_up_to_the_whole(tmp_path, assert_same_summary, kind, place):
    path = write(tmp_path, table(**CASES[kind]), place)
    blocks, whole = summarize_predictions(path, sample_entries=1), summarize(**read_predictions(path), sample_entries=1)
    assert_same_summary(blocks, whole)
    assert not whole.sample.complete


def test_diagnoses_agree(tmp_path):
    path = write(tmp_path, table(dtype="float32"), "parquet")
    blocks, whole = Diagnosis.from_summary(summarize_predictions(path)), diagnose(**read_predictions(path))
    assert [f.code for f in blocks.issues] == [f.code for f in whole.issues]
    for name, estimate in whole.metrics.items():
        np.testing.assert_allclose(blocks.metrics[name].value, estimate.value, rtol=1e-9, err_msg=name)


def test_other_files_are_summarized_at_once(tmp_path):
    np.savez(tmp_path / "p.npz", y_true=[0, 1], probs=[[0.75, 0.25]] * 2, train_prior=[1, 3])
    summary = summarize_predictions(tmp_path / "p.npz", out_of_sample=False)
    assert summary.train_prior.tolist() == [0.25, 0.75]
    assert not summary.out_of_sample
    assert summary.mean("confidence") == 0.75


def test_weights_in_files_of_their_own_go_with_their_rows(tmp_path):
    path = write(tmp_path, table(weights=True), "parquet")
    weight = np.asarray(pq.read_table(path)["sample_weight"])
    pq.write_table(pq.read_table(path).drop_columns("sample_weight"), path)
    np.save(tmp_path / "w.npy", weight)
    summary = summarize_predictions(path, sample_weight=tmp_path / "w.npy")
    np.testing.assert_allclose(summary.sum_w, weight.sum())
    np.save(tmp_path / "w.npy", weight[:-1])
    with pytest.raises(InvalidFileError, match="has 1200 rows, the file of sample_weight= 1199"):
        summarize_predictions(path, sample_weight=tmp_path / "w.npy")


def replaced(table, name, row, value):
    values = table[name].to_pylist()
    values[row] = value
    return table.set_column(table.column_names.index(name), name, pa.array(values))


@pytest.mark.parametrize(
    ("column", "value", "error", "message"),
    [
        ("p_2", np.nan, InvalidPredictionsError, "rows 900 to 999: y_proba has 1 NaN entry, the first in row 917"),
        ("p_2", 3.0, NotProbabilitiesError, "rows 900 to 999: .* the first is row 917"),
        ("p_2", None, InvalidFileError, "column 'p_2' has no value .null. in data row 917"),
        ("label", 7, InvalidFileError, "do not cover the labels"),
        ("sample_weight", -1.0, InvalidWeightsError, "rows 900 to 999: .* the first is number 917"),
    ],
)
def test_rows_that_are_bad_are_counted_from_the_first(tmp_path, column, value, error, message):
    path = write(tmp_path, replaced(table(weights=True), column, 917, value), "folder")
    with pytest.raises(error, match=message):
        summarize_predictions(path)


def test_lists_have_one_length_in_all_blocks(tmp_path):
    for part in range(2):
        lists = {"label": [0, 1] * 100, "probs": [[1 / (2 + part)] * (2 + part)] * 200}
        pq.write_table(pa.table(lists), tmp_path / f"{part}.parquet")
    with pytest.raises(InvalidFileError, match="'probs' has lists of different lengths: 2, and 3 in data row 200"):
        summarize_predictions(tmp_path)


def test_what_holds_of_all_rows_is_checked_of_all(tmp_path):
    good = table(weights=True)
    at = good.column_names.index("sample_weight")
    for weight, message in (
        (0.0, "every entry is zero"),
        (1e-150, "divide the weights"),
        (1e160, "divide the weights"),
    ):
        path = write(tmp_path, good.set_column(at, "sample_weight", pa.array([weight] * N_ROWS)), "parquet")
        with pytest.raises(InvalidWeightsError, match=message):
            summarize_predictions(path)
    two = pa.table({"label": [0.5, 1.0], "probs": [[0.5, 0.5]] * 2})
    with pytest.raises(InvalidTargetError, match=r"labels are continuous: \[0\.5, 1\.0\]; if"):
        summarize_predictions(write(tmp_path, two, "parquet"))
    three = pa.table({"label": ["a", "b"], "probs": [[0.5, 0.25, 0.25]] * 2})
    with pytest.raises(ClassesMismatchError, match="2 distinct labels, y_proba has 3 columns"):
        summarize_predictions(write(tmp_path, three, "parquet"))
