"""CatBoost's files: ``catboost_training.json``, ``learn_error.tsv`` and ``test_error.tsv``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sklearn_lossacc.adapters.histories.sources import TextTable, load
from sklearn_lossacc.adapters.histories.table import LogTable, table_of

FILES = {"learn": "learn_error.tsv", "test": "test_error.tsv"}


def recognises(source: Any) -> bool:
    """Whether this is one of the files, or their folder."""
    if isinstance(source, Path):
        return source.is_dir() and any((source / name).is_file() for name in FILES.values())
    if isinstance(source, TextTable):
        return source.header[0] == "iter" and source.path.suffix == ".tsv"
    return isinstance(source, Mapping) and {"meta", "iterations"} <= set(source)


def _training_json(source: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return the columns of ``catboost_training.json``, where metrics stand in the order of its header."""
    meta, iterations = source["meta"], source["iterations"]
    columns = {"iter": [row["iteration"] for row in iterations]}
    for kind in ("learn", "test"):
        names = [metric["name"] for metric in meta.get(f"{kind}_metrics", [])]
        sets = meta.get(f"{kind}_sets", [kind])
        width = max((len(row.get(kind, [])) for row in iterations), default=0)
        for place in range(width):
            of = kind if len(sets) == 1 else f"{kind}_{place // len(names)}"
            columns[f"{of}-{names[place % len(names)]}"] = [
                row[kind][place] if place < len(row.get(kind, [])) else None for row in iterations
            ]
    return columns


def _error_table(table: TextTable, of: str) -> dict[str, list[Any]]:
    """Return the columns of an error table; with several sets all but the last are numbered."""
    numbered = [int(name.partition(":")[2]) for name in table.header if ":" in name]
    last = f"_{max(numbered) + 1}" if numbered else ""
    columns: dict[str, list[Any]] = {}
    for name, values in table.columns.items():
        metric, _, number = name.partition(":")
        columns["iter" if name == "iter" else f"{of}{f'_{number}' if number else last}-{metric}"] = values
    return columns


def read(source: Any, wanted: Sequence[str]) -> LogTable:
    """Read one row a tree."""
    if isinstance(source, Mapping):
        return table_of(_training_json(source), "CatBoost training JSON", sparse=False)
    if isinstance(source, TextTable):
        of = "learn" if "learn" in source.path.name else "test"
        return table_of(_error_table(source, of), "CatBoost error table", sparse=False)
    columns: dict[str, list[Any]] = {}
    for of, name in FILES.items():
        if (source / name).is_file():
            columns |= _error_table(load(source / name), of)
    return table_of(columns, "CatBoost error tables", sparse=False)
