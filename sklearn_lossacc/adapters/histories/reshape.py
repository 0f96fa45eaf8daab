"""Tables with more in one column: rows of several runs, and rows of training and validation one below the other."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from sklearn_lossacc.adapters.column_names import listing
from sklearn_lossacc.adapters.histories.roles import SETS, role_of, words
from sklearn_lossacc.adapters.histories.table import LogTable

RUN_NAMES = (
    "run", "run id", "runid", "run name", "trial", "trial id", "seed", "fold", "cv fold", "repeat", "repetition",
    "experiment", "experiment id", "experiment name", "model", "model name", "config",
)  # fmt: skip
SET_NAMES = ("phase", "split", "set", "subset", "stage", "mode", "partition", "dataset", "data")


@dataclass(frozen=True)
class NamedRun:
    """The rows of one run.

    Attributes
    ----------
    label : str
        What the table calls it.
    rows : list of int
        Its rows in the whole table.
    table : LogTable
        Those rows.
    """

    label: str
    rows: list[int]
    table: LogTable


def _entries(table: LogTable, name: str) -> list[Any]:
    """Return a column, of numbers or of text."""
    entries = table.texts.get(name, table.columns.get(name, []))
    return [*entries, *[None] * (table.n_rows - len(entries))]


def _called(table: LogTable, names: Collection[str], but: Collection[str]) -> list[str]:
    """Return the columns that are called by one of some names and are not wanted otherwise."""
    return [name for name in (*table.columns, *table.texts) if " ".join(words(name)) in names and name not in but]


def _rows(table: LogTable, rows: list[int]) -> LogTable:
    """Return some rows of a table."""
    place = {row: here for here, row in enumerate(rows)}
    return replace(
        table,
        columns={name: [values[row] for row in rows] for name, values in table.columns.items()},
        rounding={name: [values[row] for row in rows] for name, values in table.rounding.items()},
        texts={name: [values[row] for row in rows] for name, values in table.texts.items()},
        breaks=[place[row] for row in table.breaks if row in place],
        facts=dict(table.facts),
        notes=list(table.notes),
    )


def split_named_runs(table: LogTable, wanted: Collection[str]) -> list[NamedRun]:
    """Split a table whose column names the run of each row.

    Parameters
    ----------
    table : LogTable
        The log.
    wanted : collection of str
        Columns that the user named.

    Returns
    -------
    list of NamedRun
        Of one run, without a label, where no column names several.

    Examples
    --------
    >>> from sklearn_lossacc.adapters.histories.table import table_of
    >>> table = table_of({"seed": [1, 2, 1, 2], "val_loss": [0.9, 0.8, 0.7, 0.6]}, "table")
    >>> [(run.label, run.table.columns["val_loss"]) for run in split_named_runs(table, ())]
    [('seed 1', [0.9, 0.7]), ('seed 2', [0.8, 0.6])]
    """
    names = _called(table, RUN_NAMES, wanted)
    keys = list(zip(*(_entries(table, name) for name in names), strict=True)) if names else []
    distinct = list(dict.fromkeys(keys))
    if len(distinct) < 2:
        return [NamedRun("", list(range(table.n_rows)), table)]
    differing = [place for place in range(len(names)) if len({key[place] for key in distinct}) > 1]
    parts = []
    for key in distinct:
        label = ", ".join(f"{names[place]} {_written(key[place])}" for place in differing)
        rows = [row for row, other in enumerate(keys) if other == key]
        parts.append(NamedRun(label, rows, _rows(table, rows)))
    told = listing([names[place] for place in differing])
    parts[0].table.notes.append(f"{told} names {len(parts)} runs: {listing([run.label for run in parts], most=6)}")
    return parts


def _written(entry: Any) -> str:
    """Write the entry that names a run; whole numbers without decimals."""
    return f"{entry:g}" if isinstance(entry, float) else str(entry)


def widen(table: LogTable, wanted: Collection[str]) -> LogTable:
    """Give rows of training and of validation, one below the other, columns of their own.

    Parameters
    ----------
    table : LogTable
        The log.
    wanted : collection of str
        Columns that the user named; they are not divided.

    Returns
    -------
    LogTable
        The same table where no column says which set a row is of, or where it holds other words.

    Examples
    --------
    >>> from sklearn_lossacc.adapters.histories.table import table_of
    >>> table = table_of({"epoch": [0, 0], "phase": ["train", "val"], "loss": [0.9, 0.8]}, "table")
    >>> {name: values for name, values in widen(table, ()).columns.items() if name != "epoch"}
    {'loss [train]': [0.9, None], 'loss [val]': [None, 0.8]}
    """
    for name in _called(table, SET_NAMES, wanted):
        of = [str(entry).strip().lower() for entry in _entries(table, name)]
        if name not in table.texts or len(set(of)) < 2 or not set(of) <= set(SETS):
            continue
        bare = {
            column: role
            for column in table.columns
            if column not in wanted and (role := table.roles.get(column) or role_of(column)) and role.of is None
        }
        if not bare:
            continue
        wide = replace(table, columns={}, rounding={}, roles=dict(table.roles), notes=list(table.notes), sparse=True)
        wide.others = [other for other in table.others if other != name]
        for column, values in table.columns.items():
            if column not in bare:
                wide.columns[column], wide.rounding[column] = values, table.rounding[column]
                continue
            for word in dict.fromkeys(of):
                divided = [value if here == word else None for value, here in zip(values, of, strict=True)]
                if any(value is not None for value in divided):
                    label = f"{column} [{word}]"
                    wide.columns[label], wide.rounding[label] = divided, table.rounding[column]
                    wide.roles[label] = bare[column].with_set(SETS[word], f"rows whose {name!r} is {word!r}")
        return wide
    return table
