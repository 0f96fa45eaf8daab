"""Columns that are called as curves or counters and hold something else than numbers: refused, or told of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sklearn_lossacc.adapters.histories.matching import COUNTERS, given_role
from sklearn_lossacc.adapters.histories.roles import is_epoch, is_step, role_of
from sklearn_lossacc.adapters.histories.table import LogTable, first_without_number, number
from sklearn_lossacc.exceptions import InvalidHistoryError

WRITTEN_NUMBER = re.compile(r"\s*[-+<>=~]*\s*[.,]?\d")
DECIMAL_COMMA = re.compile(r"\s*[-+]?[\d.]*,\d+([eE][-+]?\d+)?\s*%?\s*")


def _has_numbers(entries: Sequence[Any]) -> bool:
    """Whether an entry is a number."""
    for entry in entries:
        try:
            if number(entry)[0] is not None:
                return True
        except ValueError:
            continue
    return False


def _are_words(entries: Sequence[Any]) -> bool:
    """Whether no entry is a number or was to be one: words, such as the name of a loss function, and flags."""
    return not _has_numbers(entries) and all(
        entry is None or isinstance(entry, bool) or (isinstance(entry, str) and not WRITTEN_NUMBER.match(entry))
        for entry in entries
    )


def check_unread(table: LogTable, columns: Mapping[str, str | None] | None) -> list[str]:
    """Refuse a curve or a counter that is broken by an entry that is no number; tell of columns of words.

    Parameters
    ----------
    table : LogTable
        The log.
    columns : mapping of str to str or None
        Curve to column, from the user: what it settles is not read from another column.

    Returns
    -------
    list of str
        One note for each column that is not read.

    Raises
    ------
    InvalidHistoryError
        Naming the column and its first entry that is no number.

    Notes
    -----
    A column of words beside the curves, such as the name of a loss function in every row, describes the run. Where
    numbers stand beside other entries, a measurement failed or was written in another way.

    Examples
    --------
    >>> from sklearn_lossacc.adapters.histories.table import table_of
    >>> check_unread(table_of({"loss": ["hinge", "hinge"], "val_loss": [0.8, 0.7]}, "table"), None)
    ["'loss' was not read: its row 0 holds 'hinge', which is no number"]
    >>> check_unread(table_of({"val_loss": [0.8, "failed"]}, "table"), None)
    Traceback (most recent call last):
        ...
    sklearn_lossacc.exceptions.InvalidHistoryError: column 'val_loss' holds 'failed' in row 1, which is no number: \
expected a number in every row, or an empty entry where nothing was measured; correct it, or leave this curve out with \
columns={'val_loss': None}.
    """
    given = dict(columns or {})
    settled = {given_role(target).target for target in given if target not in COUNTERS} | (set(given) & set(COUNTERS))
    notes = []
    for name, entries in table.texts.items():
        if name in given.values():
            continue  # refused with what the user asked for
        targets = _targets(table, name)
        if not targets:
            continue
        row, shown = first_without_number(entries)
        broken = _has_numbers(entries) if targets[0] in COUNTERS else not _are_words(entries)
        if broken and not settled.intersection(targets):
            comma = isinstance(entries[row], str) and DECIMAL_COMMA.fullmatch(entries[row])
            correct = "write decimals with a point" if comma else "correct it"
            what = "counter" if targets[0] in COUNTERS else "curve"
            raise InvalidHistoryError(
                f"column {name!r} holds {shown} in row {row}, which is no number: expected a number in every row, or "
                f"an empty entry where nothing was measured; {correct}, or leave this {what} out with "
                f"columns={{{targets[0]!r}: None}}."
            )
        notes.append(f"{name!r} was not read: its row {row} holds {shown}, which is no number")
    return notes


def _targets(table: LogTable, name: str) -> list[str]:
    """Return the curves or the counter that a column may be, by its name: the likeliest first."""
    for counter, test in (("epoch", is_epoch), ("step", is_step)):
        if test(name):
            return [counter]
    role = table.roles.get(name) or role_of(name, named_sets=table.named_sets)
    if role is None:
        return []
    if role.of is not None:
        return [role.target]
    return [role.with_set(of).target for of in (("val", "train") if table.single else ("train", "val"))]
