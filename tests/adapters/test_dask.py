"""Chunks of a Dask array sum up to the whole, however they are cut and whoever computes them."""

import pickle

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sklearn_lossacc import Diagnosis, diagnose, summarize
from sklearn_lossacc.adapters.dask import summarize_dask
from sklearn_lossacc.exceptions import (
    ClassesMismatchError,
    InvalidGroupsError,
    InvalidPredictionsError,
    InvalidTargetError,
    InvalidWeightsError,
    NotProbabilitiesError,
)
from sklearn_lossacc.statistics import sample

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")

N_ROWS = 700


@pytest.fixture(autouse=True)
def few_rows_kept(monkeypatch):
    """Keep few rows, and compute in this thread."""
    monkeypatch.setattr(sample, "MIN_SAMPLE_ROWS", 97)
    with dask.config.set(scheduler="synchronous"):
        yield


def make(n_classes=4, *, input="proba", dtype="float64", one_d=False, text=False, weights=False, groups=False, X=False):
    rng = np.random.default_rng(n_classes + 10 * weights + 100 * groups)
    logits = rng.normal(scale=2.0, size=(N_ROWS, n_classes))
    y = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    proba = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    scores = logits if input == "logits" else proba
    data = {"y_true": np.array(["wolf", "cat", "ape", "dog"])[y] if text else y}
    data["y_proba"] = (scores[:, 1] if one_d else scores).astype(dtype)
    if weights:
        data["sample_weight"] = rng.integers(0, 3, N_ROWS) * 0.7
        data["sample_weight"][:160] = 0.0  # whole chunks that do not count
    if groups:
        data["groups"] = np.array([f"patient {i}" for i in rng.integers(0, 90, N_ROWS)], dtype=object)
    if X:
        data["X"] = rng.integers(0, 4, (N_ROWS, 3))
    options = {"input": input} | ({"classes": ["wolf", "cat", "ape", "dog"]} if text else {})
    return data, options


CASES = {
    "plain": {},
    "float32-logits": {"dtype": "float32", "input": "logits", "n_classes": 10},
    "binary": {"n_classes": 2, "one_d": True},
    "text": {"text": True},
    "weights": {"weights": True},
    "weights-groups": {"weights": True, "groups": True},
    "features": {"X": True},
}
CUTS = {"one": (N_ROWS,), "equal": (100,) * 7, "odd": (1, 149, 0, 300, 250), "single rows": (1,) * 20 + (680,)}


def in_chunks(data, rows):
    """Cut each array, the predictions as asked and the others in ways of their own."""
    return {
        name: da.from_array(values, chunks=(rows, *values.shape[1:]) if name == "y_proba" else 233)
        for name, values in data.items()
    }


@pytest.mark.parametrize("rows", CUTS)
@pytest.mark.parametrize("case", CASES)
def test_chunks_sum_up_to_the_whole(assert_same_summary, case, rows):
    data, options = make(**CASES[case])
    whole = summarize(**data, **options, sample_entries=1, row_offset=50)
    chunks = summarize_dask(**in_chunks(data, CUTS[rows]), **options, sample_entries=1, row_offset=50)
    assert_same_summary(chunks, whole)
    assert not whole.sample.complete


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.integers(0, 90), min_size=1, max_size=5).filter(any), at=st.integers(0, 60))
def test_any_cut_leads_to_the_same(assert_same_summary, rows, at):
    data, options = make(weights=True, groups=True)
    data = {name: values[150 + at :][: sum(rows)] for name, values in data.items()}  # heads without weight among them
    data["sample_weight"][-1] = 1.0
    options |= {"classes": range(4), "sample_entries": 1}
    assert_same_summary(summarize_dask(**in_chunks(data, tuple(rows)), **options), summarize(**data, **options))


@pytest.mark.parametrize("scheduler", ["threads", pytest.param("processes", marks=pytest.mark.slow)])
def test_any_scheduler_will_do(assert_same_summary, scheduler):
    data, options = make(groups=True, weights=True)
    with dask.config.set(scheduler=scheduler, num_workers=2):
        chunks = summarize_dask(**in_chunks(data, CUTS["odd"]), **options)
    assert_same_summary(chunks, summarize(**data, **options))


def test_workers_of_a_cluster_will_do(assert_same_summary):
    distributed = pytest.importorskip("distributed")
    data, options = make(weights=True)
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None, silence_logs=50
        ) as cluster,
        distributed.Client(cluster),
        dask.config.set(scheduler=None),
    ):
        chunks = summarize_dask(**in_chunks(data, CUTS["equal"]), **options)
    assert_same_summary(chunks, summarize(**data, **options))


def test_arrays_in_memory_are_cut_along(assert_same_summary):
    data, options = make(weights=True, groups=True, X=True)
    whole = summarize(**data, **options)
    data["y_proba"] = da.from_array(data["y_proba"], chunks=(123, -1))
    data["groups"] = data["groups"].tolist()
    assert_same_summary(summarize_dask(**data, **options), whole)


def test_what_passes_between_workers_is_small():
    rng = np.random.default_rng(0)
    proba = rng.dirichlet(np.ones(10), 100_000)
    y = rng.integers(0, 10, 100_000)
    summary = summarize_dask(y, da.from_array(proba, chunks=(50_000, 10)), sample_entries=1000)
    assert len(pickle.dumps(summary)) < 0.1 * proba.nbytes


def test_the_diagnosis_is_that_of_the_rows_in_memory():
    data, options = make()
    chunks, whole = (
        Diagnosis.from_summary(summarize_dask(**in_chunks(data, CUTS["equal"]), **options)),
        diagnose(**data),
    )
    assert [finding.code for finding in chunks.issues] == [finding.code for finding in whole.issues]
    for name, estimate in whole.metrics.items():
        np.testing.assert_allclose(chunks.metrics[name].value, estimate.value, rtol=1e-9, err_msg=name)


def test_nothing_is_computed_before_it_is_checked():
    def fail(block):
        raise AssertionError("computed")

    y, proba = np.zeros(20, dtype=int), da.from_array(np.full((20, 2), 0.5), chunks=(10, 2))
    lazy = da.map_blocks(fail, proba, dtype=float, meta=np.empty((0, 2)))
    with pytest.raises(InvalidTargetError, match="y_true has 20 rows, y_proba has 10"):
        summarize_dask(y, lazy[:10])
    with pytest.raises(InvalidPredictionsError, match="row_offset must be an integer"):
        summarize_dask(y, lazy, row_offset=0.5)
    with pytest.raises(InvalidPredictionsError, match=r"2 columns of a row in 2 chunks; .* y_proba\.rechunk"):
        summarize_dask(y, lazy.rechunk((10, 1)))
    for name, error in (("y_proba", InvalidPredictionsError), ("groups", InvalidGroupsError)):
        arrays = {"y_true": y, "y_proba": lazy, "groups": da.from_array(y, chunks=5)}
        arrays[name] = arrays[name][da.from_array(y == 0, chunks=10)]
        with pytest.raises(error, match=rf"{name} has chunks of unknown length, .* {name}\.compute_chunk_sizes"):
            summarize_dask(**arrays)


@pytest.mark.parametrize("classes", [None, [0, 1, 2, 3]])
@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        (
            "y_proba",
            np.nan,
            InvalidPredictionsError,
            r"rows 600 to 699: .* 4 NaN entries, the first in row 613",
        ),
        ("y_proba", 2.0, NotProbabilitiesError, r"rows 600 to 699: .* the first is row 613"),
        ("y_true", 0.5, InvalidTargetError, r"rows 600 to 699: y_true is continuous: 0\.5 in row 613"),
        ("y_true", np.nan, InvalidTargetError, r"rows 600 to 699: y_true has no label .* the first is row 613"),
        ("y_true", 7, ClassesMismatchError, "labels"),
        ("sample_weight", -1.0, InvalidWeightsError, r"rows 600 to 699: .* the first is number 613"),
    ],
)
def test_rows_that_are_bad_are_counted_from_the_first(name, value, error, message, classes):
    data, _ = make(weights=True)
    data["y_true"] = data["y_true"].astype(float)
    data[name][613] = value
    if classes and value == 0.5:
        error, message = ClassesMismatchError, r"rows 600 to 699: .*\[0\.5\] in 1 row, the first is row 613"
    with pytest.raises(error, match=message):
        summarize_dask(**in_chunks(data, CUTS["equal"]), classes=classes)


def test_weights_that_are_all_0_are_refused():
    data, options = make()
    chunks = in_chunks(data | {"sample_weight": np.zeros(N_ROWS)}, CUTS["equal"])
    with pytest.raises(InvalidWeightsError, match="every entry is zero"):
        summarize_dask(**chunks, **options)


def test_other_kinds_are_refused_by_name():
    proba = da.from_array(np.full((4, 2), 0.5), chunks=(2, 2))
    with pytest.raises(InvalidPredictionsError, match="ndarray is no Dask array; summarize takes"):
        summarize_dask([0, 1, 0, 1], proba.compute())
    with pytest.raises(InvalidTargetError, match="y_true is None"):
        summarize_dask(None, proba)
    with pytest.raises(InvalidPredictionsError, match="must have shape"):
        summarize_dask([0, 1, 0, 1], proba[:, :, None])


def test_frames_are_refused_by_name():
    frames = pytest.importorskip("dask.dataframe")
    pd = pytest.importorskip("pandas")
    frame = frames.from_pandas(pd.DataFrame({"label": [0, 1, 1], "a": [0.5] * 3, "b": [0.5] * 3}), npartitions=2)
    with pytest.raises(InvalidPredictionsError, match=r"DataFrame; pass y_proba\.to_dask_array\(\)\.comp"):
        summarize_dask(frame["label"], frame[["a", "b"]])
    scores = frame[["a", "b"]].to_dask_array().compute_chunk_sizes()
    with pytest.raises(InvalidTargetError, match=r"Series; pass y_true\.to_dask_array\(\)\.comp"):
        summarize_dask(frame["label"], scores)
    assert summarize_dask(frame["label"].to_dask_array().compute_chunk_sizes(), scores).n_samples == 3


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "dask", None)
    with pytest.raises(
        ImportError, match=r'summarize_dask needs the package dask: pip install "sklearn-lossacc\[dask\]"'
    ):
        summarize_dask([0], [[0.5, 0.5]])
