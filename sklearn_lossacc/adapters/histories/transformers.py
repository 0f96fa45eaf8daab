"""Hugging Face Transformers: ``trainer_state.json``, its bare ``log_history``, a trainer, and the tables it shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sklearn_lossacc.adapters.histories.plain import is_records, read_text
from sklearn_lossacc.adapters.histories.roles import role_of
from sklearn_lossacc.adapters.histories.sources import TextTable, load
from sklearn_lossacc.adapters.histories.table import LogTable, columns_of, table_of

STATE = "trainer_state.json"
SHOWN = {"Training Loss", "Validation Loss"}  # in notebooks, and in model cards


def _log(source: Any) -> Any:
    """Return the list of logged rows, or None."""
    if isinstance(source, Path):
        return _log(load(source / STATE)) if source.is_dir() and (source / STATE).is_file() else None
    if isinstance(source, Mapping):
        return source.get("log_history")
    for holder in (source, getattr(source, "state", None)):
        if isinstance(getattr(holder, "log_history", None), list):
            return holder.log_history  # type: ignore[union-attr]
    return source if isinstance(source, list) else None


def recognises(source: Any) -> bool:
    """Whether rows of training and of evaluation alternate as a Trainer logs them."""
    if isinstance(source, TextTable):
        return set(source.header) >= SHOWN
    rows = _log(source)
    if rows is None or not is_records(rows):
        return False
    names = {name for row in rows for name in row}
    return "epoch" in names and ("eval_loss" in names or {"learning_rate", "loss"} <= names or "train_runtime" in names)


def n_evaluated(rows: Sequence[Mapping[str, Any]]) -> int | None:
    """Return the number of rows evaluated, from run time and speed, where all evaluations agree.

    Printed text, whose numbers are rounded to four digits, does not tell it.

    Examples
    --------
    >>> n_evaluated([{"eval_runtime": 10.2711, "eval_samples_per_second": 9.736}])
    100
    """
    found = set()
    for row in rows:
        seconds, speed = row.get("eval_runtime"), row.get("eval_samples_per_second")
        if isinstance(seconds, str) or isinstance(speed, str):
            return None
        if not seconds or not speed:
            continue
        count = seconds * speed
        # Both are rounded: to four and to three decimals.
        doubt = 5e-5 * speed + 5e-4 * seconds
        if doubt >= 0.5 or abs(count - round(count)) > doubt + 1e-9:
            return None
        found.add(round(count))
    return found.pop() if len(found) == 1 else None


def read(source: Any, wanted: Sequence[str]) -> LogTable:
    """Read the rows; the summary at the end of training holds averages over the run and is no point of a curve."""
    if isinstance(source, TextTable):
        return _read_shown(source)
    rows = [row for row in _log(source) if "train_runtime" not in row]
    table = table_of(columns_of(rows), "Transformers log_history", sparse=True, named_sets=True)
    n_val = n_evaluated(rows)
    if n_val is not None:
        table.facts["n_val"] = n_val
        table.notes.append(f"n_val = {n_val} from run time and speed of the evaluations")
    return table


def _read_shown(source: TextTable) -> LogTable:
    """Read the table that notebooks and model cards show; its metrics are of the validation rows."""
    table = read_text(source, "Transformers table")
    for name in (*table.columns, *table.texts):
        role = role_of(name)
        if role is not None and role.of is None:
            table.roles[name] = role.with_set("val", "Transformers measures on validation")
    return table
