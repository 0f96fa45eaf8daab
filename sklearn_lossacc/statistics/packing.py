"""The fields of a summary as plain values and arrays, and back, with every shape checked."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sklearn_lossacc.exceptions import InvalidFileError, LossAccError
from sklearn_lossacc.statistics.groups import GroupSums
from sklearn_lossacc.statistics.moments import Moments
from sklearn_lossacc.statistics.row_values import COLUMNS
from sklearn_lossacc.statistics.sample import KeptRows, StoredRows
from sklearn_lossacc.statistics.sparse_counts import SparseCounts
from sklearn_lossacc.statistics.tally import FINE_BINS
from sklearn_lossacc.statistics.top_rows import COLUMNS as TOP_COLUMNS
from sklearn_lossacc.statistics.top_rows import TopRows

__all__ = ["pack", "unpack"]

# Plain values, with the type that JSON must give back.
_PLAIN: dict[str, type] = {
    "input": str,
    "dtype": str,
    "out_of_sample": bool,
    "has_weights": bool,
    "has_identities": bool,
    "sample_entries": int,
    "n_rows": int,
    "n_samples": int,
    "zero_rows": int,
    "zero_weight": float,
    "clipped_rows": int,
    "raw_loss_sum": float,
    "undo_softmax_ok": bool,
}
_BY_CLASS = (
    "class_weight2",
    "class_loss",
    "class_loss2",
    "proba_sum",
)
_BY_BIN = ("rel_weight", "rel_weight2", "rel_confidence", "rel_correct")


def _pack_classes(classes: np.ndarray) -> dict[str, Any]:
    """Return labels as JSON values with the name of their dtype."""
    labels = [label.item() if isinstance(label, np.generic) else label for label in classes.tolist()]
    for label in labels:
        if not isinstance(label, str | bool | int | float):
            raise LossAccError(
                f"class labels of type {type(label).__name__} cannot be saved; use strings, integers, floats or "
                "booleans."
            )
    return {"dtype": classes.dtype.str, "labels": labels}


def _unpack_classes(packed: Mapping[str, Any]) -> np.ndarray:
    """Return the labels in their dtype."""
    labels = packed["labels"]
    if not all(isinstance(label, str | bool | int | float) for label in labels):
        raise ValueError("a class label is neither a string, a number nor a boolean")
    classes = np.empty(len(labels), dtype=np.dtype(packed["dtype"]))
    classes[:] = labels
    return classes


def pack(fields: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Take the fields of a summary apart.

    Parameters
    ----------
    fields : mapping
        The fields of a summary; ``kept_rows`` must be stored rows.

    Returns
    -------
    values : dict
        What goes to JSON.
    arrays : dict of str to ndarray
        What does not.
    """
    kept: KeptRows = fields["kept_rows"]
    rows = kept.parts[0].stored()
    moments: Moments = fields["moments"]
    groups: GroupSums | None = fields["groups"]
    values = {name: kind(fields[name]) for name, kind in _PLAIN.items()}
    values |= {
        "classes": _pack_classes(fields["classes"]),
        "columns": list(COLUMNS),
        "sum_w": moments.sum_w,
        "sum_w2": moments.sum_w2,
        "min_max_proba": list(fields["min_max_proba"]),
        "n_candidates": {by: fields[f"top_{by}"].n_candidates for by in ("loss", "surprise")},
        "sample_bound": kept.bound,
        "sample_cutoff": None if kept.cutoff is None else list(kept.cutoff),
    }
    arrays = {name: fields[name] for name in ("class_rows", "rel_rows", *_BY_CLASS, *_BY_BIN)}
    arrays |= {f"moments/{name}": getattr(moments, name) for name in ("first", "centre", "spread")}
    arrays |= {
        "confusion/cells": fields["confusion_counts"].cells,
        "confusion/weight": fields["confusion_counts"].weight,
    }
    for by in ("loss", "surprise"):
        arrays |= {f"top_{by}/{name}": getattr(fields[f"top_{by}"], name) for name in TOP_COLUMNS}
    arrays |= {f"sample/{name}": getattr(rows, name) for name in ("y", "log_proba", "weight", "index", "digest")}
    if rows.identity is not None:
        arrays["sample/identity"] = rows.identity
    arrays |= {f"sample/key{level}": key for level, key in enumerate(rows.keys)}
    if groups is not None:
        arrays |= {f"groups/{name}": getattr(groups, name) for name in ("keys", "sums", "rows")}
    if fields["train_prior"] is not None:
        arrays["train_prior"] = fields["train_prior"]
    return values, arrays


def _reader(arrays: Mapping[str, np.ndarray]) -> Callable[..., np.ndarray]:
    """Return a function that looks an array up and insists on its type and shape."""

    def get(name: str, dtype: type, *shape: int) -> np.ndarray:
        array = arrays[name]
        if array.dtype != dtype or array.shape != shape:
            raise ValueError(f"{name} is {array.dtype}{list(array.shape)}, expected {np.dtype(dtype)}{list(shape)}")
        return array

    return get


def _unpack(values: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Put the fields together; any fault shows as KeyError, TypeError or ValueError."""
    get = _reader(arrays)
    fields: dict[str, Any] = {}
    for name, kind in _PLAIN.items():
        if type(values[name]) is not kind:
            raise ValueError(f"{name} is {values[name]!r}, expected {kind.__name__}")
        fields[name] = values[name]
    if values["columns"] != list(COLUMNS):
        raise ValueError(f"the columns are {values['columns']}, expected {list(COLUMNS)}")
    classes = _unpack_classes(values["classes"])
    k, c = classes.size, len(COLUMNS)

    fields |= {name: get(name, np.float64, k) for name in _BY_CLASS}
    fields |= {name: get(name, np.float64, FINE_BINS) for name in _BY_BIN}
    low, high = map(float, values["min_max_proba"])
    n_cells = arrays["confusion/cells"].size
    fields |= {
        "classes": classes,
        "class_rows": get("class_rows", np.int64, k),
        "rel_rows": get("rel_rows", np.int64, FINE_BINS),
        "min_max_proba": (low, high),
        "train_prior": get("train_prior", np.float64, k) if "train_prior" in arrays else None,
        "moments": Moments(
            float(values["sum_w"]),
            float(values["sum_w2"]),
            get("moments/first", np.float64, c),
            get("moments/centre", np.float64, c),
            get("moments/spread", np.float64, c, c),
        ),
        "confusion_counts": SparseCounts(
            get("confusion/cells", np.int64, n_cells), get("confusion/weight", np.float64, n_cells)
        ),
        "groups": None,
    }
    if "groups/keys" in arrays:
        g = arrays["groups/keys"].size
        fields["groups"] = GroupSums(
            get("groups/keys", np.uint64, g),
            get("groups/sums", np.float64, g, c),
            get("groups/rows", np.int64, g),
        )

    for by in ("loss", "surprise"):
        empty = TopRows.empty(by)
        n = arrays[f"top_{by}/index"].size
        fields[f"top_{by}"] = TopRows(
            by,
            int(values["n_candidates"][by]),
            **{name: get(f"top_{by}/{name}", getattr(empty, name).dtype, n) for name in TOP_COLUMNS},
        )

    m = arrays["sample/y"].size
    n_levels = 1 if fields["groups"] is None else 2
    rows = StoredRows(
        get("sample/y", np.int64, m).astype(np.intp, copy=False),
        get("sample/log_proba", np.float64, m, k),
        get("sample/weight", np.float64, m),
        get("sample/index", np.int64, m),
        get("sample/digest", np.uint64, m),
        get("sample/identity", np.uint64, m) if fields["has_identities"] else None,
        tuple(get(f"sample/key{level}", np.uint64, m) for level in range(n_levels)),
    )
    cutoff = values["sample_cutoff"]
    if cutoff is not None:
        cutoff = tuple(map(int, cutoff))
        if len(cutoff) != n_levels:
            raise ValueError(f"the cutoff of the sample has {len(cutoff)} levels, expected {n_levels}")
    fields["kept_rows"] = KeptRows(int(values["sample_bound"]), cutoff, (rows,))
    return fields


def unpack(values: Mapping[str, Any], arrays: Mapping[str, np.ndarray], path: str | os.PathLike[str]) -> dict[str, Any]:
    """Put the fields of a summary together again.

    Parameters
    ----------
    values, arrays : mapping
        From `pack`.
    path : path-like
        Where they were read, for messages.

    Returns
    -------
    dict
        The fields.

    Raises
    ------
    InvalidFileError
        If something is missing or does not fit.
    """
    try:
        return _unpack(values, arrays)
    except KeyError as reason:
        raise InvalidFileError(f"{path} is damaged: {reason.args[0]} is missing; save it again.") from reason
    except (TypeError, ValueError, AttributeError) as reason:
        raise InvalidFileError(f"{path} is damaged: {reason}; save it again.") from reason
