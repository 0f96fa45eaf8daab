"""From a table of logged numbers to a checked history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from sklearn_lossacc.adapters.column_names import listing
from sklearn_lossacc.adapters.histories.matching import match_columns
from sklearn_lossacc.adapters.histories.points import Points, dense_points, is_sparse, sparse_points
from sklearn_lossacc.adapters.histories.reshape import NamedRun, split_named_runs, widen
from sklearn_lossacc.adapters.histories.roles import Role, is_row_number
from sklearn_lossacc.adapters.histories.runs import is_resumed, segments
from sklearn_lossacc.adapters.histories.table import LogTable
from sklearn_lossacc.adapters.histories.units import conversion, convert, settle_percent
from sklearn_lossacc.adapters.histories.unread import check_unread
from sklearn_lossacc.exceptions import InvalidHistoryError
from sklearn_lossacc.inputs.history import MEASURES, LeftOut, Match, TrainingHistory


def assemble(
    table: LogTable,
    *,
    columns: Mapping[str, str | None] | None = None,
    n_val: int | None = None,
    n_classes: int | None = None,
) -> TrainingHistory:
    """Match the columns of a log, convert their units, and put its rows together.

    Parameters
    ----------
    table : LogTable
        The log.
    columns : mapping of str to str, optional
        Curve to column, where names do not say it.
    n_val, n_classes : int, optional
        Numbers of validation rows and of classes; else what the log says.

    Returns
    -------
    TrainingHistory
        Of the last run; all runs are in its ``runs``, where there are several.

    Raises
    ------
    InvalidHistoryError
        If columns cannot be matched in exactly one way, or a curve has an entry that is no number.
    """
    table = replace(table, notes=[*table.notes, *check_unread(table, columns)])
    return _assembled(table, columns, n_val, n_classes)


def _assembled(
    table: LogTable, columns: Mapping[str, str | None] | None, n_val: int | None, n_classes: int | None
) -> TrainingHistory:
    """Put together the rows of one run, or of each that the table names."""
    wanted = [column for column in (columns or {}).values() if column is not None]
    parts = split_named_runs(table, wanted)
    if len(parts) > 1:
        return _of_named_runs(table, [(part, _assembled(part.table, columns, n_val, n_classes)) for part in parts])
    if not table.n_rows and table.columns:
        raise InvalidHistoryError(f"the log has columns but no rows: {listing(list(table.columns))}.")
    table = widen(table, wanted)
    roles, counters = match_columns(table, columns)
    roles = settle_percent(table, roles)
    by_target = {role.target: name for name, role in roles.items()}
    curves = {
        target: convert(_filled(table, name, roles[name]), roles[name], name) for target, name in by_target.items()
    }
    count = {kind: _counter(table, name) for kind, name in counters.items()}
    notes = list(table.notes)
    count = _usable(count, notes, interleaved=bool(table.sparse))
    sparse = is_sparse(curves, count.get("epoch")) if table.sparse is None else table.sparse
    runs, cut_notes, superseded = _runs(curves, count, table, sparse)
    notes += cut_notes

    facts: dict[str, Any] = {**table.facts}
    facts["n_val"] = facts.get("n_val") if n_val is None else n_val
    facts["n_classes"] = facts.get("n_classes") if n_classes is None else n_classes
    used = {*roles, *counters.values()}
    unused = tuple(name for name in (*table.columns, *table.others) if name not in used)

    histories = []
    for rows, epoch in runs:
        points = sparse_points(curves, rows, epoch, count.get("step")) if sparse else dense_points(curves, rows)
        histories.append(_history(table, points, roles, by_target, counters, epoch, count.get("step"), facts, unused))
    left_out = (*table.left_out, *superseded)
    histories = [replace(history, left_out=(*left_out, *history.left_out), notes=tuple(notes)) for history in histories]
    return histories[-1] if len(histories) == 1 else replace(histories[-1], runs=tuple(histories))


def _of_named_runs(table: LogTable, parts: list[tuple[NamedRun, TrainingHistory]]) -> TrainingHistory:
    """Put the runs of a table whose column names them together; rows are those of the table."""
    runs: list[TrainingHistory] = []
    for part, history in parts:
        for run in history.runs or (history,):
            left_out = tuple(replace(out, row=part.rows[out.row]) for out in run.left_out)
            runs.append(replace(run, name=part.label, left_out=left_out))
    notes = tuple(dict.fromkeys(note for run in runs for note in run.notes))
    return replace(runs[-1], name=table.facts.get("name", "history"), runs=tuple(runs), notes=notes)


def _filled(table: LogTable, name: str, role: Role) -> np.ndarray:
    """Return a column with NaN where the log has no entry, and inf where it holds a loss that is not a number."""
    broken = np.inf if role.measure == "loss" else np.nan
    values = [np.nan if v is None else broken if np.isnan(v) else v for v in table.columns[name]]
    values += [np.nan] * (table.n_rows - len(values))
    return np.asarray(values, dtype=float)


def _counter(table: LogTable, name: str) -> np.ndarray:
    """Return a counter; rows without one take that of the row before."""
    values = np.asarray([np.nan if v is None else v for v in table.columns[name]], dtype=float)
    known = np.where(np.isfinite(values), np.arange(len(values)), -1)
    last = np.maximum.accumulate(known)
    return np.where(last >= 0, values[np.maximum(last, 0)], np.nan)


def _usable(count: dict[str, np.ndarray], notes: list[str], *, interleaved: bool) -> dict[str, np.ndarray]:
    """Leave out a counter that is unknown in some rows, or (rows not interleaved) the same in all."""
    usable = {}
    for kind, values in count.items():
        if np.isnan(values).any():
            notes.append(f"{kind} is not known in every row and was not used")
        elif not interleaved and len(values) > 2 and (values == values[0]).all():
            notes.append(f"{kind} is {values[0]:g} in every row: the order of the rows was used instead")
        else:
            usable[kind] = values
    return usable


def _losses(curves: Mapping[str, np.ndarray], rows: np.ndarray) -> np.ndarray:
    """Return the losses of some rows to compare runs by: of validation if there are any, else of training."""
    for target in ("val_loss", "train_loss"):
        if target in curves:
            losses = curves[target][rows]
            if np.isfinite(losses).any():
                return losses[np.isfinite(losses)]
    return np.empty(0)


def _runs(
    curves: Mapping[str, np.ndarray], count: Mapping[str, np.ndarray], table: LogTable, sparse: bool
) -> tuple[list[tuple[np.ndarray, np.ndarray | None]], list[str], list[LeftOut]]:
    """Return the rows and epochs of every run, what was done to them, and the rows that a resumed run repeated."""
    counter = next((count[kind] for kind in ("epoch", "step") if kind in count), None)
    epoch = count.get("epoch")
    if counter is None:
        counter = np.arange(table.n_rows, dtype=float)
    breaks = list(table.breaks)
    if len(counter) > 2 and (np.diff(counter) < 0).all():
        raise InvalidHistoryError(
            f"the {'epochs' if epoch is not None else 'steps'} fall from row to row, from {counter[0]:g} to "
            f"{counter[-1]:g}: is the newest row the first? Reverse the rows."
        )
    notes: list[str] = []
    if not sparse and "epoch" in count:
        again = np.flatnonzero(np.diff(count["epoch"]) == 0) + 1
        step = count.get("step")
        times = _times_each(count["epoch"])
        if times is None:
            breaks += [int(row) for row in again if step is None or step[row] <= step[row - 1]]
        elif step is None:
            notes.append(f"every epoch has {times} rows, taken for evaluations within it, not for {times} runs")
    parts = segments(counter, breaks)
    runs: list[tuple[np.ndarray, np.ndarray | None]] = []
    superseded: list[LeftOut] = []
    shifted = None if epoch is None else epoch.copy()
    measured = np.logical_or.reduce([~np.isnan(values) for values in curves.values()])
    if not measured.any():
        raise InvalidHistoryError(f"no row of the log holds a number for {listing(list(curves))}.")
    for part in parts:
        rows = np.arange(part.start, part.stop)
        if not measured[rows].any():  # such as a summary after the last epoch
            superseded += [LeftOut(int(row), "empty") for row in rows]
        elif runs and is_resumed(_losses(curves, runs[-1][0]), _losses(curves, rows)):
            before = runs[-1][0]
            if shifted is not None and epoch is not None:
                if shifted[rows[0]] > shifted[before[0]]:
                    repeated = before[shifted[before] >= shifted[rows[0]]]
                    superseded += [LeftOut(int(row), "superseded by the resumed run") for row in repeated]
                    before = np.setdiff1d(before, repeated)
                else:
                    shifted[rows] += shifted[before[-1]] + 1 - shifted[rows[0]]
            notes.append(f"training was resumed at row {part.start}")
            runs[-1] = (np.concatenate([before, rows]), None)
        else:
            if runs:
                notes.append(f"another run begins at row {part.start}")
            runs.append((rows, None))
    return [(rows, shifted) for rows, _ in runs], notes, superseded


def _times_each(epoch: np.ndarray) -> int | None:
    """Return how many rows every epoch has, where that is one number above 1 and epochs do not fall; else None."""
    if (np.diff(epoch) < 0).any():
        return None
    _, counts = np.unique(epoch, return_counts=True)
    regular = len(counts) > 1 and counts[0] > 1 and (counts[:-1] == counts[0]).all() and counts[-1] <= counts[0]
    return int(counts[0]) if regular else None


def _history(
    table: LogTable,
    points: Points,
    roles: Mapping[str, Role],
    by_target: Mapping[str, str],
    counters: Mapping[str, str],
    epoch: np.ndarray | None,
    step: np.ndarray | None,
    facts: Mapping[str, Any],
    unused: tuple[str, ...],
) -> TrainingHistory:
    """Make the history of one run."""
    index = np.asarray(points.rows, dtype=int)
    counted = "epoch" if epoch is not None else "step" if step is not None else table.rows_are
    counter = epoch if epoch is not None else step
    matched = {
        target: Match(
            name,
            " of ".join(
                text
                for text in (
                    f"mean of up to {points.averaged[target]} values" if target in points.averaged else "",
                    conversion(roles[name]),
                )
                if text
            ),
            roles[name].note,
        )
        for target, name in by_target.items()
    }
    matched |= {kind: Match(name, note="row numbers" if is_row_number(name) else "") for kind, name in counters.items()}
    others: dict[str, dict[str, np.ndarray]] = {}
    for target, values in points.values.items():
        if target not in MEASURES and not np.isnan(values).all():
            of, _, measure = target.rpartition("_")
            others.setdefault(of, {})[measure] = values
    return TrainingHistory.from_arrays(
        train_loss=points.values.get("train_loss"),
        val_loss=points.values.get("val_loss"),
        train_accuracy=points.values.get("train_accuracy"),
        val_accuracy=points.values.get("val_accuracy"),
        epoch=None if counter is None else counter[index],
        step=None if step is None else step[index],
        evaluations={of: (found.get("loss"), found.get("accuracy")) for of, found in others.items()},
        rounding={
            target: _rounding(table, by_target[target], roles[by_target[target]], points.source[target])
            for target in ("val_loss", "val_accuracy")
            if target in points.values
        },
        source_format=table.source_format,
        counted=counted,
        matched_=dict(sorted(matched.items(), key=lambda item: _ORDER.get(item[0], len(_ORDER)))),
        unused=unused,
        left_out=tuple(points.left_out),
        **facts,
    )


_ORDER = {name: place for place, name in enumerate(("epoch", "step", *MEASURES))}


def _rounding(table: LogTable, name: str, role: Role, source: np.ndarray) -> np.ndarray:
    """Return the rounding error of a curve in its own unit."""
    errors = np.asarray(table.rounding.get(name, [0.0] * table.n_rows), dtype=float)
    taken = np.where(source >= 0, errors[np.maximum(source, 0)], 0.0)
    return taken / 100.0 if role.percent else taken
