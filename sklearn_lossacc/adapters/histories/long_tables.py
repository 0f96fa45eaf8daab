"""Tables with one number a row, beside its name and step, as TensorBoard's scalars come in data frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sklearn_lossacc.adapters.histories.plain import frame_columns, is_frame, is_records
from sklearn_lossacc.adapters.histories.roles import SETS, is_epoch, is_step, role_of
from sklearn_lossacc.adapters.histories.sources import TextTable
from sklearn_lossacc.adapters.histories.table import columns_of, number
from sklearn_lossacc.exceptions import InvalidHistoryError

Series = list[tuple[float, Any]]
TAGS = ("tag", "metric", "key", "variable")
VALUE = "value"
RUNS = ("run", "dir_name")


def _named(header: Sequence[str], names: Sequence[str]) -> str | None:
    """Return the first column that is called by one of some names, whatever its case."""
    return next((column for name in names for column in header if str(column).strip().lower() == name), None)


def _counter(header: Sequence[str]) -> str | None:
    """Return the column that counts: steps, or else epochs."""
    return next((str(name) for test in (is_step, is_epoch) for name in header if test(str(name))), None)


def _columns(source: Any) -> dict[str, list[Any]]:
    """Return the columns of a table, none where the source is no table."""
    if isinstance(source, TextTable):
        return dict(source.columns)
    if is_frame(source):
        return frame_columns(source)
    return columns_of(source) if is_records(source) else {}


def _layout(header: Sequence[str]) -> tuple[str, str, str] | None:
    """Return the columns of names, of values and of counts; None where one is missing."""
    tag, value, counter = _named(header, TAGS), _named(header, [VALUE]), _counter(header)
    return None if tag is None or value is None or counter is None else (tag, value, counter)


def is_long(source: Any) -> bool:
    """Whether the columns are a name, a value and a counter, and a name is of a loss or an accuracy.

    Examples
    --------
    >>> is_long([{"tag": "val/loss", "step": 0, "value": 0.9}]), is_long([{"step": 0, "val_loss": 0.9}])
    (True, False)
    """
    columns = _columns(source)
    layout = _layout(list(columns))
    return layout is not None and any(isinstance(name, str) and role_of(name) for name in set(columns[layout[0]]))


def series_by_run(source: Any) -> tuple[str, dict[str, dict[str, Series]]]:
    """Return what counts, "epoch" or "step", and the series of every run.

    Parameters
    ----------
    source : TextTable, data frame or list of mappings
        A table that `is_long`.

    Returns
    -------
    counter : {"epoch", "step"}
    series : dict of str to dict of str to list of (counter, value)
        Run to name to series. A run that is called for a set, as ``train`` and ``exp/validation``, is a part of its
        run: the set stands before the name then.

    Raises
    ------
    InvalidHistoryError
        If a row has no name or no counter, or a series has two values for one step.

    Examples
    --------
    >>> rows = [{"run": f"a/{of}", "tag": "loss", "step": 0, "value": 0.9} for of in ("train", "validation")]
    >>> series_by_run(rows)
    ('step', {'a': {'train/loss': [(0.0, 0.9)], 'validation/loss': [(0.0, 0.9)]}})
    """
    columns = _columns(source)
    layout = _layout(list(columns))
    if layout is None:
        raise InvalidHistoryError(
            f"a table of scalars has a column {TAGS[0]!r}, one {VALUE!r} and one 'step' or 'epoch'."
        )
    tag, value, counter = layout
    run = _named(list(columns), RUNS)
    series: dict[str, dict[str, Series]] = {}
    runs = columns[run] if run is not None else [""] * len(columns[tag])
    for row, (name, at, entry, of) in enumerate(zip(columns[tag], columns[counter], columns[value], runs, strict=True)):
        if not isinstance(name, str) or not name.strip():
            raise InvalidHistoryError(f"row {row} has no name in column {tag!r}: it holds {name!r}.")
        folder, _, last = ("" if of is None else str(of)).replace("\\", "/").rpartition("/")
        told = last.lower() in SETS
        label = f"{last}/{name}" if told else name
        series.setdefault(folder if told else f"{folder}/{last}".strip("/"), {}).setdefault(label, []).append(
            (_place(at, counter, row), entry)
        )
    for parts in series.values():
        for label, points in parts.items():
            _refuse_repeated(label, points, counter)
    return ("epoch" if is_epoch(counter) else "step"), series


def _refuse_repeated(label: str, points: Series, counter: str) -> None:
    """Raise if a series has two values for one step; where all steps are the same, the order counts."""
    seen: dict[float, Any] = {}
    numbered = len({at for at, _ in points}) > 1
    for at, entry in points:
        if numbered and seen.setdefault(at, entry) != entry:
            raise InvalidHistoryError(
                f"{label!r} has two values at {counter} {at:g}, {seen[at]} and {entry}: are these several runs? Name "
                "them in a column 'run', or keep the rows of one."
            )


def _place(entry: Any, counter: str, row: int) -> float:
    """Return the epoch or step of a row."""
    try:
        place = number(entry)[0]
    except ValueError:
        place = None
    if place is None:
        raise InvalidHistoryError(f"column {counter!r} holds {entry!r} in row {row}; expected a number in every row.")
    return place
