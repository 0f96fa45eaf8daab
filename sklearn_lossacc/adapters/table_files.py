"""Predictions from a .csv or .tsv file: the class of each column comes from its name."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_lossacc.adapters.column_names import listing
from sklearn_lossacc.adapters.file_errors import reason
from sklearn_lossacc.adapters.score_columns import ScoreColumns, canonical, is_integer
from sklearn_lossacc.adapters.table_columns import other_columns, score_columns
from sklearn_lossacc.exceptions import InvalidFileError
from sklearn_lossacc.inputs.naming import row_count

if TYPE_CHECKING:
    import pandas as pd

_MISSING = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "<NA>"]


def _header(path: Path) -> tuple[list[str], str]:
    """Read the column names and the separator from the first record, and look at the second."""
    try:
        with (gzip.open if path.suffix.lower() == ".gz" else open)(path, "rt", encoding="utf-8-sig") as file:
            for separator in "\t,;":
                file.seek(0)
                records = csv.reader(file, delimiter=separator)  # names in quotes may hold separators and line ends
                columns, fields = next(records, []), next(records, [])
                if len(columns) > 1:
                    break
            else:
                separator = ","
    except UnicodeDecodeError:
        raise InvalidFileError(f"{path} is no text in UTF-8; save it as a table in UTF-8") from None
    except (OSError, EOFError, zlib.error, csv.Error) as error:
        raise InvalidFileError(f"{path} is not a readable text table: {reason(error)}") from None
    columns = [name.strip() for name in columns]
    if columns in ([], [""]):
        raise InvalidFileError(f"{path} is empty; a first line with the column names is expected")
    repeated = sorted({name for name in columns if columns.count(name) > 1})
    if repeated:
        raise InvalidFileError(f"{path}: more than one column is called {listing(repeated)}")
    if len(fields) > len(columns):  # pandas would silently take the surplus for an index
        raise InvalidFileError(f"{path}: its rows have more fields than the {len(columns)} column names")
    return columns, separator


def _read(path: Path, columns: list[str], separator: str, text: Sequence[str]) -> pd.DataFrame:
    """Read the whole table; `text` columns stay text to the letter ("01", "NA")."""
    import pandas as pd

    numbers = [name for name in columns if name not in text]
    try:
        frame = pd.read_csv(
            path,
            sep=separator,
            names=columns,
            header=0,
            dtype=dict.fromkeys(text, str),
            keep_default_na=False,
            na_values=dict.fromkeys(numbers, _MISSING),
            encoding="utf-8-sig",
            low_memory=False,
        )
    except (ValueError, OSError, EOFError, zlib.error) as error:  # pandas' parser errors are ValueErrors
        reason = str(error).strip().partition("\n")[0]
        raise InvalidFileError(f"{path} is not a readable table: {reason}") from None
    if not len(frame):
        raise InvalidFileError(f"{path} has column names but no rows")
    return frame


def _texts(frame: pd.DataFrame, column: str, path: Path) -> np.ndarray:
    """Take a column of labels as text; an empty field is an error."""
    values = frame[column]
    empty = np.flatnonzero((values.isna() | (values == "")).to_numpy())
    if empty.size:
        raise InvalidFileError(
            f"{path}: column {column!r} is empty in {row_count(empty.size)}, the first is data row {empty[0]}"
        )
    return values.to_numpy(dtype=str)


@dataclass(frozen=True)
class _TextColumns:
    """The columns of a text table, as `score_columns` asks for them."""

    frame: pd.DataFrame
    path: Path

    @property
    def names(self) -> list[str]:
        """Names in the order of the file."""
        return list(self.frame.columns)

    def is_numeric(self, name: str) -> bool:
        """Whether a column was read as numbers; true and false are none."""
        return self.frame[name].dtype.kind in "iuf"

    def check_numbers(self, names: Sequence[str], expected: str = "one column for each class") -> None:
        """Raise with the first text in the first column that is not numbers."""
        import pandas as pd

        for name in names:
            column = self.frame[name]
            if self.is_numeric(name):
                continue
            text = column.astype(str)
            bad = pd.to_numeric(text, errors="coerce").isna() & column.notna()
            first = int(bad.to_numpy().argmax())
            raise InvalidFileError(
                f"{self.path}: column {name!r} is not numbers, data row {first} holds {text.iloc[first][:40]!r}; "
                f"{expected} is expected, with a point as decimal mark"
            )

    def numbers(self, names: Sequence[str], expected: str = "one column for each class") -> np.ndarray:
        """Take columns as a float64 matrix."""
        self.check_numbers(names, expected)
        return self.frame[list(names)].to_numpy(dtype=np.float64)


def _labels(frame: pd.DataFrame, column: str, path: Path) -> tuple[np.ndarray, list[str]]:
    """Take the labels as text, and the distinct ones; "1.0" becomes "1" where all labels are integers."""
    distinct, codes = np.unique(_texts(frame, column, path), return_inverse=True)
    names = [canonical(text) for text in distinct.tolist()]
    if not all(map(is_integer, names)):
        names = distinct.tolist()
    return np.asarray(names)[codes], list(dict.fromkeys(names))


def _scores(columns: _TextColumns, aside: Collection[str], **asked: Any) -> tuple[ScoreColumns, np.ndarray]:
    """Find the scores among the columns that are not set aside, and take them as numbers."""
    scores = score_columns(columns, aside, **asked, path=columns.path)
    matrix = columns.numbers(scores.columns)
    return scores, matrix[:, 0] if len(scores.columns) == 1 else matrix


def read_table(
    path: Path,
    *,
    y: str | None = None,
    proba: str | Sequence[str] | None = None,
    classes: Sequence[Any] | None = None,
    input: str | None = None,
    beside: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Read labels and probabilities from a text table with one row a sample.

    Parameters
    ----------
    path : Path
        A .csv or .tsv file, possibly .gz, with column names in its first line.
    y : str, optional
        Column of the true labels.
    proba : str or sequence of str, optional
        Prefix of the score columns, or the columns themselves.
    classes : sequence, optional
        The classes, when the names of the columns do not settle them.
    input : {"proba", "logits"}, optional
        What the scores are; by default logits where the columns are called so.
    beside : mapping of str to str, optional
        Further keywords to the column that holds them (``sample_weight``, ``groups``).

    Returns
    -------
    dict
        ``y_true``, ``y_proba``, ``input``, ``classes`` and the keywords of `beside`.

    Raises
    ------
    InvalidFileError
        If the file cannot be read, or its columns can be read in no or in several ways.
    """
    names, separator = _header(path)
    if len(names) == 1:
        raise InvalidFileError(
            f"{path} has a single column, {names[0][:60]!r}; expected are columns of labels and of probabilities, set "
            "apart by commas, semicolons or tabs"
        )
    y, beside = other_columns(names, y, beside or {}, path)
    frame = _read(path, names, separator, text=[y, beside["groups"]] if "groups" in beside else [y])
    labels, distinct = _labels(frame, y, path)
    columns = _TextColumns(frame, path)
    aside = (y, *beside.values())
    scores, y_proba = _scores(
        columns,
        aside,
        labels=distinct,
        proba=proba,
        classes=classes,
        input=input,
        first_row=lambda some: int(np.isin(labels, list(some)).argmax()),
    )
    integers = all(map(is_integer, (*scores.classes, *distinct)))
    result: dict[str, Any] = {
        "y_true": labels.astype(np.int64) if integers else labels,
        "y_proba": y_proba,
        "input": input or scores.input,
        "classes": [int(name) for name in scores.classes] if integers else list(scores.classes),
    }
    if "sample_weight" in beside:
        result["sample_weight"] = columns.numbers([beside["sample_weight"]], "one weight a row")[:, 0]
    if "groups" in beside:
        result["groups"] = _texts(frame, beside["groups"], path)
    return result


def read_table_scores(
    path: Path,
    labels: Sequence[str],
    *,
    aside: Collection[str],
    proba: str | Sequence[str] | None = None,
    classes: Sequence[Any] | None = None,
    input: str | None = None,
) -> dict[str, Any]:
    """Read the scores of known classes from a text table, whether it has labels or not.

    Parameters
    ----------
    path : Path
        As for `read_table`.
    labels : sequence of str
        The classes.
    aside : collection of str
        Columns that are no scores, where there are such columns.
    proba, classes, input
        As for `read_table`.

    Returns
    -------
    dict
        ``y_proba``, ``input`` and ``classes``, as text in column order.

    Raises
    ------
    InvalidFileError
        If the file cannot be read, or its columns can be read in no or in several ways.
    """
    names, separator = _header(path)
    columns = _TextColumns(_read(path, names, separator, text=[]), path)
    scores, y_proba = _scores(columns, aside, labels=labels, proba=proba, classes=classes, input=input)
    return {"y_proba": y_proba, "input": input or scores.input, "classes": list(scores.classes)}
