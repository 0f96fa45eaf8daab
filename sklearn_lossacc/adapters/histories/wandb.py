"""Weights & Biases: the CSV export of a chart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sklearn_lossacc.adapters.column_names import listing
from sklearn_lossacc.adapters.histories.roles import is_of_other_rows
from sklearn_lossacc.adapters.histories.sources import TextTable
from sklearn_lossacc.adapters.histories.table import LogTable, table_of
from sklearn_lossacc.exceptions import InvalidHistoryError

MARK = " - "
LIMITS = ("__MIN", "__MAX")


def recognises(source: Any) -> bool:
    """Whether columns are called ``<run> - <metric>``."""
    return isinstance(source, TextTable) and any(MARK in name for name in source.header)


def read(source: Any, wanted: Sequence[str]) -> LogTable:
    """Read the metrics of the one run."""
    columns: dict[str, list[Any]] = {}
    runs = []
    for name, values in source.columns.items():
        run, mark, metric = name.rpartition(MARK)
        if not mark:
            columns[name] = values
        elif not metric.endswith(LIMITS):
            runs.append(run)
            columns[name if name in wanted else metric] = values
    distinct = list(dict.fromkeys(runs))
    if len(distinct) > 1 and not wanted:
        raise InvalidHistoryError(
            f"{source.path} holds {len(distinct)} runs: {listing(distinct)}; choose one with columns={{'val_loss': "
            f"'{distinct[0]}{MARK}...'}}."
        )
    table = table_of(columns, "Weights & Biases CSV")
    evaluated = [values for name, values in columns.items() if is_of_other_rows(name)]
    empty = [all(not values[row] for values in evaluated) for row in range(table.n_rows)]
    table.sparse = bool(evaluated) and any(empty)
    return table
