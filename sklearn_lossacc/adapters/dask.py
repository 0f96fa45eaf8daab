"""Predictions in Dask arrays, which no machine has to hold: one summary a chunk of rows, merged by a tree."""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib import import_module
from itertools import accumulate
from typing import Any

import numpy as np

from sklearn_lossacc.adapters.optional import imported
from sklearn_lossacc.exceptions import (
    InvalidFeaturesError,
    InvalidGroupsError,
    InvalidPredictionsError,
    InvalidTargetError,
    InvalidWeightsError,
    LossAccError,
)
from sklearn_lossacc.inputs.arrays import as_array, label_vector
from sklearn_lossacc.inputs.labels import class_labels
from sklearn_lossacc.inputs.naming import counted_from, row_count
from sklearn_lossacc.inputs.predictions import check_row_offset
from sklearn_lossacc.statistics import PredictionSummary
from sklearn_lossacc.statistics.parts import check_whole, classes_of_parts, summarize_part
from sklearn_lossacc.statistics.tally import SAMPLE_ENTRIES

__all__ = ["summarize_dask"]

_ERRORS: dict[str, type[LossAccError]] = {
    "y_true": InvalidTargetError,
    "y_proba": InvalidPredictionsError,
    "sample_weight": InvalidWeightsError,
    "groups": InvalidGroupsError,
    "X": InvalidFeaturesError,
}


def _check_lengths(values: Any, name: str) -> None:
    """Raise if the number of rows of a chunk is not known."""
    if any(map(math.isnan, values.chunks[0])):
        raise _ERRORS[name](
            f"{name} has chunks of unknown length, so that its rows have no numbers; call {name}.compute_chunk_sizes() "
            "first."
        )


def _refuse_frame(values: Any, name: str) -> None:
    """Raise if these are a data frame or a series of Dask."""
    if hasattr(values, "to_dask_array"):
        raise _ERRORS[name](
            f"{name} is a Dask {type(values).__name__}; pass {name}.to_dask_array().compute_chunk_sizes(), and "
            "classes= where column names said the classes."
        )


def _scores(y_proba: Any, array: Any) -> Any:
    """Check that the predictions are a Dask array whose chunks hold whole rows."""
    _refuse_frame(y_proba, "y_proba")
    if not isinstance(y_proba, array.Array):
        raise InvalidPredictionsError(
            f"y_proba of type {type(y_proba).__name__} is no Dask array; summarize takes what is in memory."
        )
    if y_proba.ndim not in (1, 2) or 0 in y_proba.shape:
        raise InvalidPredictionsError(
            "y_proba must have shape (n_samples, n_classes), or (n_samples,) for two classes, and rows; "
            f"got shape {y_proba.shape}."
        )
    _check_lengths(y_proba, "y_proba")
    if y_proba.ndim == 2 and y_proba.numblocks[1] > 1:
        raise InvalidPredictionsError(
            f"y_proba has the {y_proba.shape[1]} columns of a row in {y_proba.numblocks[1]} chunks; bring each row "
            "into one: y_proba.rechunk({1: -1})."
        )
    return y_proba


def _beside(values: Any, name: str, rows: tuple[int, ...], array: Any) -> Any:
    """Cut an array that has an entry for each row as the predictions are cut."""
    _refuse_frame(values, name)
    if not isinstance(values, array.Array):
        read: Callable[..., np.ndarray] = as_array if name in ("X", "sample_weight") else label_vector
        values = array.from_array(read(values, name, _ERRORS[name]), name=False)
    _check_lengths(values, name)
    if values.shape[0] != sum(rows):
        raise _ERRORS[name](
            f"{name} has {row_count(values.shape[0])}, y_proba has {sum(rows)}; pass one entry for each row."
        )
    return values.rechunk({0: rows} | dict.fromkeys(range(1, values.ndim), -1))


def _chunk_labels(y_true: Any, first_row: int, n_all: int) -> np.ndarray:
    """Find the labels of a chunk."""
    with counted_from(first_row, len(y_true), n_all):
        return class_labels(y_true)


def _chunk_summary(arrays: dict[str, Any], options: dict[str, Any]) -> PredictionSummary:
    """Summarize a chunk, and refer to it no longer."""
    return summarize_part(**arrays, **options).detached()


def _merged(a: PredictionSummary, b: PredictionSummary) -> PredictionSummary:
    """Merge two summaries into one that refers to neither."""
    return a.merge(b).detached()


def summarize_dask(
    y_true: Any,
    y_proba: Any,
    *,
    input: str = "proba",
    classes: Any = None,
    sample_weight: Any = None,
    groups: Any = None,
    train_prior: Any = None,
    out_of_sample: bool = True,
    row_offset: int = 0,
    sample_entries: int = SAMPLE_ENTRIES,
    X: Any = None,
) -> PredictionSummary:
    """Summarize predictions in Dask arrays, of which no more than a few chunks are in memory at a time.

    Parameters
    ----------
    y_true : dask.array.Array or array-like of shape (n_samples,)
        Class labels.
    y_proba : dask.array.Array of shape (n_samples, n_classes), (n_samples,) or (n_samples, 1)
        Probabilities or logits, in chunks of whole rows whose lengths are known.
    input : {"proba", "logits"}, default="proba"
        What `y_proba` holds.
    classes : array-like of shape (n_classes,), optional
        The label of each column, in column order. Without it the labels are read once more, before everything else.
    sample_weight : dask.array.Array or array-like of shape (n_samples,), optional
        Non-negative weights.
    groups : dask.array.Array or array-like of shape (n_samples,), optional
        Group labels; a group may have rows in several chunks.
    train_prior : array-like of shape (n_classes,) or mapping, optional
        Class frequencies at training.
    out_of_sample : bool, default=True
        False declares predictions of the training data.
    row_offset : int, default=0
        Number of rows before these, where they are a part themselves.
    sample_entries : int, default=2**21
        Size of the row sample, in matrix entries.
    X : dask.array.Array or array-like of shape (n_samples, ...), optional
        The features, read only to recognise rows that are copies.

    Returns
    -------
    PredictionSummary
        What `summarize` returns for the same rows in memory, up to the rounding of sums, however they are cut.
        ``Diagnosis.from_summary`` judges it.

    Raises
    ------
    ImportError
        If the package dask is missing.
    LossAccError
        As for `summarize`; also if the lengths of chunks are not known, or rows are cut.

    See Also
    --------
    summarize : The same for what is in memory.
    sklearn_lossacc.adapters.summarize_predictions : The same for files.

    Notes
    -----
    Labels, weights, groups and features are cut anew where their chunks are others than those of `y_proba`. Each
    chunk is summarized by a task of its own, and neighbours are merged in a tree of fixed order, by the scheduler that
    is in use: threads by default, or those of ``dask.distributed``. What passes between workers are summaries: sums,
    and a row sample of at most ``max(2048, sample_entries // n_classes)`` rows, 17 MB of float64 by default. Chunks of
    about 2**22 entries or more are worth their overhead.

    Examples
    --------
    >>> import dask.array as da  # doctest: +SKIP
    >>> from sklearn_lossacc import Diagnosis
    >>> from sklearn_lossacc.adapters.dask import summarize_dask
    >>> y_proba = da.from_zarr("probabilities.zarr")  # doctest: +SKIP
    >>> y_true = da.from_zarr("labels.zarr")  # doctest: +SKIP
    >>> print(Diagnosis.from_summary(summarize_dask(y_true, y_proba)))  # doctest: +SKIP
    """
    dask = imported("dask", "summarize_dask")
    array = import_module("dask.array")
    scores = _scores(y_proba, array)
    rows: tuple[int, ...] = scores.chunks[0]
    given = {"y_true": y_true, "sample_weight": sample_weight, "groups": groups, "X": X}
    beside = {name: _beside(values, name, rows, array) for name, values in given.items() if values is not None}
    if y_true is None:
        raise InvalidTargetError("y_true is None; pass an array.")
    # Not optimized apart: what several arrays are made from is then made once.
    blocks = {
        name: values.to_delayed(optimize_graph=False).ravel().tolist()
        for name, values in ({"y_proba": scores} | beside).items()
    }
    first_row = check_row_offset(row_offset, sum(rows))
    starts = list(accumulate(rows, initial=first_row))[:-1]
    chunks = [number for number, n_rows in enumerate(rows) if n_rows]

    if classes is None:
        found = [dask.delayed(_chunk_labels)(blocks["y_true"][i], starts[i], sum(rows)) for i in chunks]
        n_columns = 1 if scores.ndim == 1 else scores.shape[1]
        classes = classes_of_parts(dask.compute(*found), max(n_columns, 2))
    options = {
        "input": input,
        "classes": classes,
        "train_prior": train_prior,
        "out_of_sample": out_of_sample,
        "sample_entries": sample_entries,
        "n_all": sum(rows),
    }
    summarize_chunk = dask.delayed(_chunk_summary)
    summaries = []
    for i in chunks:
        arrays = {name: parts[i] for name, parts in blocks.items()}
        summaries.append(summarize_chunk(arrays, options | {"row_offset": starts[i]}))
    merge = dask.delayed(_merged)
    while len(summaries) > 1:
        pairs = [merge(*summaries[i : i + 2]) for i in range(0, len(summaries) - 1, 2)]
        summaries = pairs + summaries[2 * len(pairs) :]
    return check_whole(summaries[0].compute())
