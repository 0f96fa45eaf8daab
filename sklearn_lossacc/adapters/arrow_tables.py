"""Predictions from files of typed columns: found by name as in text tables, read in blocks of rows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from sklearn_lossacc.adapters.arrow_columns import ArrowColumn, holds_lists, holds_numbers
from sklearn_lossacc.adapters.arrow_files import ArrowFile
from sklearn_lossacc.adapters.column_names import is_logits_name
from sklearn_lossacc.adapters.file_request import SCORE_NAMES
from sklearn_lossacc.adapters.score_columns import ScoreColumns, canonical, is_integer
from sklearn_lossacc.adapters.table_columns import other_columns, score_columns
from sklearn_lossacc.exceptions import InvalidFileError
from sklearn_lossacc.inputs import check_target

BLOCK_ENTRIES = 2**21  # scores that are held at once

_TYPED = {"False": False, "True": True}


@dataclass(frozen=True)
class _TypedColumns:
    """The columns of a file, as `score_columns` asks for them."""

    file: ArrowFile

    @property
    def names(self) -> list[str]:
        """Names in the order of the file."""
        return list(self.file.types)

    def is_numeric(self, name: str) -> bool:
        """Whether a column holds one number a row."""
        return holds_numbers(self.file.types[name], self.file.path)

    def check_numbers(self, names: Sequence[str]) -> None:
        """Raise with the type of the first column that does not hold one number a row."""
        for name in names:
            if not self.is_numeric(name):
                raise InvalidFileError(
                    f"{self.file.path}: column {name!r} is not numbers but {self.file.types[name]}; one column of "
                    "numbers for each class is expected, or one of lists"
                )

    def matrices(self, aside: Collection[str]) -> list[str]:
        """List the columns that hold one list of scores a row, and are called so."""
        lists = [name for name, type_ in self.file.types.items() if holds_lists(type_, self.file.path)]
        return [name for name in lists if name in SCORE_NAMES and name not in aside]


@dataclass(frozen=True)
class ArrowScores:
    """Where the scores are in a file of typed columns.

    Attributes
    ----------
    file : ArrowFile
        The file.
    columns : ScoreColumns
        The columns of the scores, or the one that holds them as lists.
    input : {"proba", "logits"}
        What the scores are.
    beside : mapping of str to str
        Other keywords to their columns: ``y_true``, ``sample_weight``, ``groups``.
    """

    file: ArrowFile
    columns: ScoreColumns
    input: str
    beside: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_matrix(self) -> bool:
        """Whether a row holds its scores as a list."""
        return not self.columns.classes

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Number of rows and of columns; the first row is read where its list says it."""
        n_columns = len(self.columns.columns)
        if self.is_matrix:
            first_row, batch = next(self.file.batches(self.columns.columns))
            n_columns = self._column(batch, self.columns.columns[0], first_row).matrix().shape[1]
        return self.file.n_rows, n_columns

    def _column(self, batch: Any, name: str, first_row: int) -> ArrowColumn:
        """Take a column of a record batch."""
        return ArrowColumn(batch.column(name), name, first_row, self.file.path)

    def _matrix(self, column: ArrowColumn, first_row: int) -> np.ndarray:
        """Turn lists into a matrix, which must have as many columns as that of the first rows."""
        matrix, n_columns = column.matrix(), self.shape[1]
        if matrix.shape[1] != n_columns:
            raise InvalidFileError(
                f"{self.file.path}: column {column.name!r} has lists of different lengths: {n_columns}, and "
                f"{matrix.shape[1]} in data row {first_row}"
            )
        return matrix

    def _read(self, batch: Any, first_row: int) -> dict[str, np.ndarray]:
        """Turn a record batch into arrays."""
        columns = [self._column(batch, name, first_row) for name in self.columns.columns]
        if self.is_matrix:
            read = {"y_proba": self._matrix(columns[0], first_row)}
        elif len(columns) == 1:
            read = {"y_proba": columns[0].numbers()}
        else:
            read = {"y_proba": np.stack([column.numbers() for column in columns], axis=1)}
        for keyword, name in self.beside.items():
            column = self._column(batch, name, first_row)
            read[keyword] = column.numbers() if keyword == "sample_weight" else column.labels()
        return read

    def blocks(self, n_rows: int) -> Iterator[dict[str, np.ndarray]]:
        """Read the file in blocks of rows.

        Parameters
        ----------
        n_rows : int
            Size of a block; the last one may be smaller.

        Yields
        ------
        dict
            ``y_proba``, in the type of the file, and the keywords of `beside`.

        Raises
        ------
        InvalidFileError
            If the file cannot be read, or a value is missing.
        """
        n_left = self.file.n_rows
        names = list(dict.fromkeys((*self.columns.columns, *self.beside.values())))
        block: _Block | None = None
        for first_row, batch in self.file.batches(names):
            read = self._read(batch, first_row)
            start = 0
            while start < batch.num_rows:
                if block is None:
                    block = _Block(min(n_rows, n_left), read["y_proba"])
                stop = start + min(batch.num_rows - start, block.room)
                block.add({keyword: values[start:stop] for keyword, values in read.items()})
                start = stop
                if not block.room:
                    yield block.result()
                    n_left -= block.n_rows
                    block = None


class _Block:
    """Rows that are being put together: the scores in their place at once, so that they are held only once."""

    def __init__(self, n_rows: int, like: np.ndarray) -> None:
        self.n_rows = n_rows
        self._scores = np.empty((n_rows, *like.shape[1:]), dtype=like.dtype)
        self._beside: dict[str, list[np.ndarray]] = {}
        self._filled = 0

    @property
    def room(self) -> int:
        """Number of rows that are missing."""
        return self.n_rows - self._filled

    def add(self, read: dict[str, np.ndarray]) -> None:
        """Add rows."""
        scores = read.pop("y_proba")
        self._scores[self._filled : self._filled + len(scores)] = scores
        self._filled += len(scores)
        for keyword, values in read.items():
            self._beside.setdefault(keyword, []).append(values)

    def result(self) -> dict[str, np.ndarray]:
        """Return all rows."""
        return {"y_proba": self._scores} | {keyword: np.concatenate(parts) for keyword, parts in self._beside.items()}


@dataclass(frozen=True)
class ArrowPredictions:
    """Where labels and scores are in a file of typed columns.

    Attributes
    ----------
    scores : ArrowScores
        The columns that are read.
    labels : ndarray
        The labels that occur, in the type of the file.
    classes : list or None
        The label of each column of the scores, in the type of the labels; None where nothing names them.
    """

    scores: ArrowScores
    labels: np.ndarray
    classes: list[Any] | None

    @property
    def keywords(self) -> dict[str, Any]:
        """What holds for all rows, as keywords of `diagnose`."""
        found: dict[str, Any] = {"input": self.scores.input}
        return found if self.classes is None else found | {"classes": self.classes}


def _checked(path: Path) -> ArrowFile:
    """Open a file that has rows."""
    file = ArrowFile(path)
    if not file.n_rows:
        raise InvalidFileError(f"{path} has column names but no rows")
    return file


def _found(
    file: ArrowFile,
    aside: Collection[str],
    labels: Sequence[str],
    proba: str | Sequence[str] | None,
    classes: Sequence[Any] | None,
    input: str | None,
    y: str | None = None,
) -> ArrowScores:
    """Find the scores of some labels among the columns that are not set aside."""
    table = _TypedColumns(file)
    if isinstance(proba, str) and proba in file.types and holds_lists(file.types[proba], file.path):
        scores = ScoreColumns((proba,), (), proba)
    else:
        scores = score_columns(
            table,
            aside,
            labels=labels,
            proba=proba,
            classes=classes,
            input=input,
            path=file.path,
            matrices=table.matrices(aside),
            first_row=None if y is None else lambda some: _first_row(file, y, some),
        )
    return ArrowScores(file, scores, input or ("logits" if is_logits_name(scores.prefix) else "proba"))


def _distinct(file: ArrowFile, y: str) -> np.ndarray:
    """Find the labels that occur."""
    found = [ArrowColumn(batch.column(y), y, first_row, file.path).distinct() for first_row, batch in file.batches([y])]
    labels = np.unique(np.concatenate(found))
    return check_target(labels) if labels.dtype.kind == "f" else labels


def _first_row(file: ArrowFile, y: str, some: Collection[str]) -> int:
    """Return the first row that has one of some labels, written as the names of columns are."""
    for first_row, batch in file.batches([y]):
        labels = ArrowColumn(batch.column(y), y, first_row, file.path).labels()
        found = [row for row, label in enumerate(labels.tolist()) if {str(label), canonical(str(label))} & set(some)]
        if found:
            return first_row + found[0]
    raise InvalidFileError(f"{file.path}: column {y!r} has changed while it was read")


def _texts(labels: np.ndarray) -> list[str]:
    """Write labels as the names of columns do; "1.0" becomes "1" where all labels are integers."""
    texts = [str(label) for label in labels.tolist()]
    names = list(map(canonical, texts))
    return names if all(map(is_integer, names)) else texts


def _as_labels(names: Sequence[str], labels: np.ndarray) -> list[Any]:
    """Give the names of classes the type of the labels."""
    label_of: dict[str, Any] = dict(zip(_texts(labels), labels.tolist(), strict=True))
    if labels.dtype.kind == "b":
        label_of = _TYPED
    integers = labels.dtype.kind in "iu"
    return [label_of.get(name, int(name) if integers and is_integer(name) else name) for name in names]


def find_predictions(
    path: Path,
    *,
    y: str | None = None,
    proba: str | Sequence[str] | None = None,
    classes: Sequence[Any] | None = None,
    input: str | None = None,
    beside: Mapping[str, str] | None = None,
) -> ArrowPredictions:
    """Find labels and probabilities in a file of typed columns, or in a folder of such files.

    Parameters
    ----------
    path : Path
        A .parquet, .feather or .arrow file, or a folder of them.
    y, proba, classes, input, beside
        As for `read_table`; `proba` may be a column that holds a list of scores in each row.

    Returns
    -------
    ArrowPredictions
        Of the rows, only the column of labels was read so far.

    Raises
    ------
    InvalidFileError
        If the file cannot be read, its columns can be read in no or in several ways, or a label is missing.
    """
    file = _checked(path)
    y, beside = other_columns(list(file.types), y, beside or {}, path)
    labels = _distinct(file, y)
    scores = _found(file, (y, *beside.values()), _texts(labels), proba, classes, input, y)
    if "sample_weight" in beside:
        _TypedColumns(file).check_numbers([beside["sample_weight"]])
    own: Sequence[str] | None = scores.columns.classes
    if scores.is_matrix:
        own = None if classes is None else [canonical(str(label)) for label in classes]
    typed = None if own is None else _as_labels(own, labels)
    return ArrowPredictions(replace(scores, beside={"y_true": y} | beside), labels, typed)


def find_scores(
    path: Path,
    labels: Sequence[str],
    *,
    aside: Collection[str],
    proba: str | Sequence[str] | None = None,
    classes: Sequence[Any] | None = None,
    input: str | None = None,
) -> ArrowScores:
    """Find the scores of known classes in a file of typed columns, whether it has labels or not.

    Parameters
    ----------
    path : Path
        As for `find_predictions`.
    labels : sequence of str
        The classes.
    aside : collection of str
        Columns that are no scores, where there are such columns.
    proba, classes, input
        As for `find_predictions`.

    Returns
    -------
    ArrowScores
        Nothing but names and types was read so far.

    Raises
    ------
    InvalidFileError
        If the file cannot be read, or its columns can be read in no or in several ways.
    """
    return _found(_checked(path), aside, labels, proba, classes, input)


def read_arrow(path: Path, **asked: Any) -> dict[str, Any]:
    """Read labels and probabilities from a file of typed columns at once.

    Parameters
    ----------
    path : Path
        As for `find_predictions`.
    **asked
        Keywords of `find_predictions`.

    Returns
    -------
    dict
        ``y_true``, ``y_proba``, ``input``, the keywords of `beside` and, where names say them, ``classes``.

    Raises
    ------
    InvalidFileError
        As `find_predictions`, or if a value is missing.
    """
    found = find_predictions(path, **asked)
    block = next(found.scores.blocks(found.scores.file.n_rows))
    return block | found.keywords
