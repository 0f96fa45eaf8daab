"""scikit-learn's ScoringMonitor callback: the log of scores on the training data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sklearn_lossacc.adapters.histories.plain import is_frame
from sklearn_lossacc.adapters.histories.roles import role_of
from sklearn_lossacc.adapters.histories.table import LogTable, columns_of, table_of

PATH = "task_id_path"
LINEAGE = (PATH, "parent_task_id_path", "estimator_name", "task_name", "task_id", "sequential_subtasks")


def recognises(source: Any) -> bool:
    """Whether this is a ScoringMonitor, its log, or the table of the log."""
    return (
        hasattr(source, "get_logs")
        or hasattr(source, "data_as_pandas")
        or (is_frame(source) and PATH in source.columns)
    )


def _records(source: Any) -> list[Mapping[str, Any]]:
    """Return one mapping a task."""
    if hasattr(source, "get_logs"):
        source = source.get_logs()
    if hasattr(source, "data_as_pandas"):
        return list(source.data)
    return source.to_dict("records")


def read(source: Any, wanted: Sequence[str]) -> LogTable:
    """Read the iterations: tasks that contain no others. Each parent is a run of its own."""
    records = _records(source)
    parents = {tuple(record["parent_task_id_path"]) for record in records}
    leaves = [record for record in records if tuple(record[PATH]) not in parents]
    scores = columns_of({name: value for name, value in record.items() if name not in LINEAGE} for record in leaves)
    table = table_of(scores, "scikit-learn ScoringMonitor", sparse=False)
    of = [tuple(record["parent_task_id_path"]) for record in leaves]
    table.breaks = [row for row in range(1, len(of)) if of[row] != of[row - 1]]
    for name in (*table.columns, *table.texts):
        role = role_of(name)
        if role is not None:
            table.roles[name] = replace(role, of="train", note="scored on the training data")
    return table
