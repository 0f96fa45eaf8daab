"""Which columns of a table, of text or of types, are what: from their names, and from which are numbers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from sklearn_lossacc.adapters.column_names import TRUTH_NAMES, listing, only
from sklearn_lossacc.adapters.histories.roles import is_epoch, role_of
from sklearn_lossacc.adapters.score_columns import (
    ScoreColumns,
    canonical,
    find_columns,
    named_columns,
    prefixed_columns,
)
from sklearn_lossacc.exceptions import InvalidFileError


class Table(Protocol):
    """What is asked of a table."""

    @property
    def names(self) -> list[str]:
        """Names of the columns in their order."""

    def is_numeric(self, name: str) -> bool:
        """Whether a column holds one number a row."""

    def check_numbers(self, names: Sequence[str]) -> None:
        """Raise InvalidFileError, with the reason, for the first column that does not hold one number a row."""


def other_columns(
    names: Sequence[str], y: str | None, beside: Mapping[str, str], path: Path
) -> tuple[str, dict[str, str]]:
    """Find the columns of labels, weights and groups.

    Parameters
    ----------
    names : sequence of str
        All columns.
    y : str or None
        Column of the labels, where the caller names it.
    beside : mapping of str to str
        ``sample_weight`` and ``groups`` to their columns, where the caller names them.
    path : Path
        The file, for messages.

    Returns
    -------
    y : str
        Column of the labels.
    beside : dict of str to str
        As given, with the columns that are called so.

    Raises
    ------
    InvalidFileError
        If a column is not there, or several could be the labels.
    """
    if y is None:
        found = [name for name in names if name in TRUTH_NAMES]
        if not found and any(map(is_epoch, names)) and any(map(role_of, names)):
            raise InvalidFileError(
                f"{path}: no name is recognised as the true labels; it holds {listing(names)}, like a training log, "
                "which read_history and lossacc history read"
            )
        y = only(found, names, what="the true labels", path=path, argument="y")
    usual = {name: name for name in ("sample_weight", "groups") if name in names}
    beside = usual | dict(beside)
    for column in (y, *beside.values()):
        if column not in names:
            raise InvalidFileError(f"{path} has no column {column!r}; its columns are {listing(names)}")
    return y, beside


def _refuse_text(table: Table, columns: Sequence[str], labels: Sequence[str]) -> None:
    """Raise if columns are called as the scores of all labels would be, and one of them holds no numbers."""
    bare = {canonical(name): name for name in columns}
    for named in (*prefixed_columns(columns).values(), bare):
        if set(labels) <= set(named):
            table.check_numbers([named[label] for label in labels])


def score_columns(
    table: Table,
    aside: Collection[str],
    *,
    labels: Sequence[str],
    proba: str | Sequence[str] | None,
    classes: Sequence[Any] | None,
    input: str | None,
    path: Path,
    matrices: Sequence[str] = (),
    first_row: Callable[[Collection[str]], int] | None = None,
) -> ScoreColumns:
    """Find the columns that hold the scores of some labels.

    Parameters
    ----------
    table : Table
        Where they are looked for.
    aside : collection of str
        Columns that are something else.
    labels : sequence of str
        The labels that occur, as text.
    proba : str, sequence of str or None
        Prefix of the columns, or the columns, where the caller names them.
    classes : sequence or None
        All classes in the wanted order, where the caller declares them.
    input : {"proba", "logits"} or None
        What is asked for.
    path : Path
        The file, for messages.
    matrices : sequence of str, default=()
        Columns that hold a list of scores in each row, and are called so.
    first_row : callable, optional
        Returns the first row that has one of some labels, for messages.

    Returns
    -------
    ScoreColumns
        The only reading of the names.

    Raises
    ------
    InvalidFileError
        If the names allow no reading, or several, or columns that are named hold no numbers.
    """
    names = table.names
    declared = None if classes is None else [canonical(str(label)) for label in classes]
    if proba is not None:
        scores = named_columns(names, proba, labels, classes=declared, path=path)
        table.check_numbers(scores.columns)
        return scores
    free = [name for name in names if name not in aside]
    numeric = [name for name in free if table.is_numeric(name)]
    try:
        scores = find_columns(
            numeric, labels, classes=declared, input=input, path=path, matrices=matrices, first_row=first_row
        )
    except InvalidFileError:
        _refuse_text(table, free, labels)
        raise
    # Where the other class has a column too, its text is no reason to do without it.
    if len(scores.columns) == 1 and scores.classes:
        _refuse_text(table, free, labels)
    return scores
