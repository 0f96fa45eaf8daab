"""A log as a table of numbers: what every reader hands on, whatever wrote the log."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from numbers import Real
from typing import Any

from sklearn_lossacc.adapters.histories.roles import Role
from sklearn_lossacc.inputs.history import LeftOut, is_pandas_missing

# Frameworks log single-precision numbers as if they were double.
SINGLE_PRECISION = 6e-8
MISSING = ("", "na", "n/a", "none", "null", "<na>", "-", "no log")  # the last is Transformers' word
NOT_FINITE = {"nan": math.nan, "inf": math.inf, "+inf": math.inf, "infinity": math.inf, "-inf": -math.inf}


@dataclass
class LogTable:
    """Numbers by column, in the order of the log.

    Attributes
    ----------
    source_format : str
        What wrote the log.
    columns : dict of str to list
        Numbers by column; None where the log has no entry, NaN where it holds one that is not a number.
    rounding : dict of str to list
        Rounding error of each number.
    roles : dict of str to Role
        What the format says about columns; the others are read by their names.
    sparse : bool or None
        Whether rows of steps and of evaluations are interleaved; None to see it from the rows.
    single : bool
        Whether the log is one evaluation, given as plain numbers.
    named_sets : bool
        Whether unknown words after the word for a set are its name.
    rows_are : str
        What one row is, where no column counts.
    breaks : list of int
        Rows before which the file starts anew.
    facts : dict
        ``n_val``, ``n_classes``, ``n_train``, ``name``, where the log says so.
    notes : list of str
        What was done in reading.
    left_out : list of LeftOut
        Rows that were not read.
    others : list of str
        Columns that hold no numbers.
    texts : dict of str to list
        Entries of those columns, where the log has them row by row.
    in_percent : set of str
        Columns whose entries were written with percent signs.
    """

    source_format: str
    columns: dict[str, list[float | None]] = field(default_factory=dict)
    rounding: dict[str, list[float]] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)
    sparse: bool | None = None
    single: bool = False
    named_sets: bool = False
    rows_are: str = "evaluation"
    breaks: list[int] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    texts: dict[str, list[Any]] = field(default_factory=dict)
    in_percent: set[str] = field(default_factory=set)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return max((len(values) for values in self.columns.values()), default=0)


def rounding_error(written: str) -> float:
    """Return half a unit in the last place of a written number, and at least that of single precision.

    Examples
    --------
    >>> rounding_error("0.7826"), rounding_error("2.91e-3"), rounding_error("0.7573333382606506")
    (5e-05, 5e-06, 6e-08)
    """
    exponent = Decimal(written).as_tuple().exponent
    return max(0.5 * 10.0**exponent if isinstance(exponent, int) else 0.0, SINGLE_PRECISION)


def number(entry: Any) -> tuple[float | None, float]:
    """Return an entry of a log as a number (None where there is none), and its rounding error.

    Parameters
    ----------
    entry : object
        A number, its text, or None.

    Returns
    -------
    value : float or None
    error : float

    Raises
    ------
    ValueError
        If the entry is no number.
    """
    if entry is None or entry is Ellipsis or is_pandas_missing(entry):
        return None, 0.0
    if isinstance(entry, bool):
        raise ValueError("true and false are no numbers")
    if isinstance(entry, str):
        text = entry.strip()
        if text.lower() in MISSING:
            return None, 0.0
        if text.lower() in NOT_FINITE:
            return NOT_FINITE[text.lower()], 0.0
        value = float(text)
        return value, rounding_error(text) if math.isfinite(value) else 0.0
    if hasattr(entry, "item") and not isinstance(entry, Real):  # 0-d arrays and tensors
        entry = entry.item()
    if not isinstance(entry, Real | Decimal):
        raise ValueError(f"{type(entry).__name__} is no number")
    value = float(entry)
    return value, rounding_error(repr(value)) if math.isfinite(value) else 0.0


def first_without_number(entries: Sequence[Any]) -> tuple[int, str]:
    """Return the row of the first entry that is neither a number nor missing, and that entry as it is shown.

    Examples
    --------
    >>> first_without_number([0.9, None, "failed"])
    (2, "'failed'")
    """
    for row, entry in enumerate(entries):
        try:
            number(entry)
        except ValueError:
            return row, repr(entry)[:40]
    raise ValueError("every entry is a number or missing")


def table_of(columns: Mapping[str, Sequence[Any]], source_format: str, **facts: Any) -> LogTable:
    """Make a table of columns; columns with an entry that is no number are set aside.

    Parameters
    ----------
    columns : mapping of str to sequence
        Entries by column; shorter columns are filled up with None.
    source_format : str
        What wrote the log.
    **facts
        Further attributes of the table.

    Returns
    -------
    LogTable
    """
    n_rows = max((len(values) for values in columns.values()), default=0)
    table = LogTable(source_format, **facts)
    for name, entries in columns.items():
        entries, in_percent = _without_percent_signs(entries)
        if in_percent:
            table.in_percent.add(str(name))
        try:
            read = [number(entry) for entry in entries]
        except ValueError:
            table.others.append(str(name))
            table.texts[str(name)] = [*entries, *[None] * (n_rows - len(entries))]
            continue
        read += [(None, 0.0)] * (n_rows - len(read))
        table.columns[str(name)] = [value for value, _ in read]
        table.rounding[str(name)] = [error for _, error in read]
    return table


def _without_percent_signs(entries: Sequence[Any]) -> tuple[Sequence[Any], bool]:
    """Strip percent signs where every entry of text has one, and say whether they have."""
    texts = [entry.strip() for entry in entries if isinstance(entry, str) and entry.strip().lower() not in MISSING]
    if not texts or not all(text.endswith("%") for text in texts):
        return entries, False
    return [entry.strip().removesuffix("%") if isinstance(entry, str) else entry for entry in entries], True


def columns_of(records: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Turn one mapping a row into one list a column; None where a row has no such entry.

    Examples
    --------
    >>> columns_of([{"a": 1}, {"a": 2, "b": 3}])
    {'a': [1, 2], 'b': [None, 3]}
    """
    rows = list(records)
    names = dict.fromkeys(str(name) for row in rows for name in row)
    by_text = [{str(name): value for name, value in row.items()} for row in rows]
    return {name: [row.get(name) for row in by_text] for name in names}
