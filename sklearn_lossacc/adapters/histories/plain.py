"""Logs without a format of their own: dictionaries, lists of dictionaries, data frames, and any text table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

from sklearn_lossacc.adapters.column_names import listing
from sklearn_lossacc.adapters.histories.roles import is_epoch, is_of_other_rows, is_row_number, is_step, role_of
from sklearn_lossacc.adapters.histories.sources import TextTable
from sklearn_lossacc.adapters.histories.table import LogTable, columns_of, table_of
from sklearn_lossacc.exceptions import InvalidHistoryError

FACTS = {
    **dict.fromkeys(("n_val", "num_val", "val_size", "n_eval"), "n_val"),
    **dict.fromkeys(("n_classes", "num_classes", "n_class", "nb_classes"), "n_classes"),
    **dict.fromkeys(("n_train", "num_train", "train_size"), "n_train"),
}
CLASS_LISTS = ("classes", "class_names", "labels", "label_names")


def is_frame(source: Any) -> bool:
    """Whether a source is a data frame of pandas or polars."""
    return hasattr(source, "columns") and hasattr(source, "to_dict") and not isinstance(source, Mapping)


def frame_columns(frame: Any) -> dict[str, list[Any]]:
    """Return the columns of a data frame as lists; missing entries become None."""
    columns: dict[str, list[Any]] = {}
    index = getattr(frame, "index", None)
    if (
        index is not None
        and getattr(index, "name", None) is not None
        and (is_epoch(str(index.name)) or is_step(str(index.name)))
    ):
        columns[str(index.name)] = list(index)
    names = [str(name) for name in frame.columns]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InvalidHistoryError(f"more than one column of the data frame is called {', '.join(map(repr, repeated))}.")
    for name in frame.columns:
        entries = list(frame[name])
        columns[str(name)] = [
            None if entry is None or (isinstance(entry, Real) and math.isnan(float(entry))) else entry
            for entry in entries
        ]
    return columns


def is_sequence(value: Any) -> bool:
    """Whether a value is a list of entries rather than one."""
    return (isinstance(value, Sequence | range) and not isinstance(value, str)) or (
        hasattr(value, "__len__") and hasattr(value, "tolist") and getattr(value, "ndim", 1) >= 1
    )


def is_scalar(value: Any) -> bool:
    """Whether a value is one number."""
    return isinstance(value, Real) and not isinstance(value, bool)


def is_records(source: Any) -> bool:
    """Whether a source is a list with one mapping a row."""
    return isinstance(source, Sequence) and len(source) > 0 and all(isinstance(row, Mapping) for row in source)


def is_lines(source: Any) -> bool:
    """Whether a source is a list of lines of text."""
    return (
        isinstance(source, Sequence)
        and not isinstance(source, str)
        and len(source) > 0
        and all(isinstance(line, str) for line in source)
    )


def by_row_number(source: Mapping[str, Any]) -> dict[str, list[Any]] | None:
    """Return columns of what pandas' ``to_json`` writes, one mapping of row number to entry a column; else None."""
    inner = [value for value in source.values() if isinstance(value, Mapping)]
    if not inner or len(inner) != len(source):
        return None
    if not all(all(str(key).isdigit() for key in column) for column in inner):
        return None
    rows = sorted({int(key) for column in inner for key in column})
    columns = {str(name): [column.get(str(row), column.get(row)) for row in rows] for name, column in source.items()}
    return {"": list(rows), **columns}


def by_epoch(source: Mapping[Any, Any]) -> list[dict[str, Any]] | None:
    """Return records of a mapping of epoch to mapping of measures; else None."""
    if not source or not all(str(key).isdigit() and isinstance(value, Mapping) for key, value in source.items()):
        return None
    return [{"epoch": int(key), **source[key]} for key in sorted(source, key=int)]


def read_mapping(source: Mapping[str, Any], source_format: str = "dict", wanted: Sequence[str] = ()) -> LogTable:
    """Read a mapping of lists, or of plain numbers, with any metadata beside them.

    Parameters
    ----------
    source : mapping
        Curves by name; other entries are metadata.
    source_format : str, default="dict"
        What wrote the log.
    wanted : sequence of str
        Columns that the user named.

    Returns
    -------
    LogTable
    """
    records = by_epoch(source)
    if records is not None:
        return read_records(records, source_format)
    source = by_row_number(source) or {str(name): value for name, value in source.items()}
    lists = {name: list(value) for name, value in source.items() if is_sequence(value)}
    numbers = {name: value for name, value in source.items() if is_scalar(value)}
    facts: dict[str, Any] = {FACTS[name]: value for name, value in numbers.items() if name in FACTS}
    notes = []
    for name in CLASS_LISTS:
        labels = lists.get(name, [])
        if "n_classes" not in facts and len(labels) > 1 and all(isinstance(label, str) for label in labels):
            facts["n_classes"] = len(labels)
            notes.append(f"n_classes = {len(labels)} from the entry {name!r}")
    curves = {
        name: values
        for name, values in lists.items()
        if name in wanted or role_of(name) is not None or is_epoch(name) or is_step(name) or is_row_number(name)
    }
    if curves:
        even, more_notes = _same_length(curves)
        table = table_of(even, source_format, facts=facts, notes=notes + more_notes)
        table.others += [name for name in source if name not in even and name not in FACTS]
        return table
    if lists and not any(role_of(name) for name in numbers):
        return table_of(lists, source_format, facts=facts, notes=notes)
    written = {name: value for name, value in source.items() if isinstance(value, str) and role_of(name) is not None}
    measures = {name: [value] for name, value in {**numbers, **written}.items() if name not in FACTS}
    return table_of(measures, source_format, facts=facts, notes=notes, single=True)


def _same_length(curves: dict[str, list[Any]]) -> tuple[dict[str, list[Any]], list[str]]:
    """Spread validation curves that were measured every few epochs; any other difference in length is an error."""
    lengths = {name: len(values) for name, values in curves.items()}
    longest = max(lengths.values())
    shorter = [name for name, length in lengths.items() if length < longest]
    if not shorter:
        return curves, []
    sizes = {lengths[name] for name in shorter}
    size = min(sizes)
    every = [gap for gap in range(2, longest + 1) if longest // gap == size] if size else []
    if len(sizes) > 1 or len(every) != 1 or not all(map(is_of_other_rows, shorter)):
        raise InvalidHistoryError(
            f"the curves differ in length ({', '.join(f'{name!r}: {n}' for name, n in lengths.items())}) and nothing "
            "says which epochs are missing; give None where nothing was measured."
        )
    gap = every[0]
    spread = dict(curves)
    for name in shorter:
        column: list[Any] = [None] * longest
        column[gap - 1 :: gap] = curves[name]
        spread[name] = column
    return spread, [f"{listing(shorter)}: one value every {gap} epochs, as Keras' validation_freq writes them"]


def _flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """Give entries of mappings within a row names such as ``val/loss``."""
    flat: dict[str, Any] = {}
    for name, entry in record.items():
        if isinstance(entry, Mapping):
            flat |= {f"{name}/{inner}": value for inner, value in entry.items()}
        else:
            flat[str(name)] = entry
    return flat


def read_records(source: Sequence[Mapping[str, Any]], source_format: str = "records") -> LogTable:
    """Read a list of mappings, one a row; entries that are no numbers are set aside."""
    table = table_of(columns_of(map(_flat, source)), source_format)
    table.single = len(source) == 1
    return table


def read_frame(source: Any) -> LogTable:
    """Read a data frame."""
    table = table_of(frame_columns(source), "data frame")
    table.single = table.n_rows == 1
    return table


def read_text(source: TextTable, source_format: str = "table") -> LogTable:
    """Read a text table."""
    table = table_of(source.columns, source_format, breaks=list(source.breaks), notes=list(source.notes))
    table.single = table.n_rows == 1
    return table
