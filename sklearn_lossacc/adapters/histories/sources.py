"""What a path leads to: text tables, JSON and JSON lines become plain objects; folders and printed text stay such."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sklearn_lossacc.adapters.file_errors import reason
from sklearn_lossacc.adapters.histories.printed_lines import printed_lines, printed_records, read_line
from sklearn_lossacc.adapters.histories.roles import is_epoch, is_step, role_of
from sklearn_lossacc.adapters.json_text import load_json
from sklearn_lossacc.exceptions import InvalidFileError

EVENT_FILES = "events.out.tfevents."
EVENT_MARK = ".tfevents."


@dataclass
class TextTable:
    """A table of text.

    Attributes
    ----------
    path : Path
        Where it was read from.
    columns : dict of str to list of str
        Text by column, in the order of the file.
    breaks : list of int
        Rows before which the header was repeated.
    notes : list of str
        What was done in reading.
    """

    path: Path
    columns: dict[str, list[str]]
    breaks: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def header(self) -> list[str]:
        """Names of the columns."""
        return list(self.columns)


class JsonLines(list[Any]):
    """What the lines of a file of JSON lines hold.

    Attributes
    ----------
    notes : list of str
        What was done in reading.
    """

    notes: Sequence[str] = ()


@dataclass
class ConsoleText:
    """What a script printed.

    Attributes
    ----------
    text : str
        The text, with whatever a terminal is told in it.
    """

    text: str


def _text(path: Path) -> str:
    """Read a file as text."""
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix.lower() == ".gz" else path.read_bytes()
        return raw.decode("utf-8-sig")
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidFileError(f"{path} cannot be read: {reason(error)}") from None
    except UnicodeDecodeError:
        raise InvalidFileError(
            f"{path} is no text in UTF-8; expected a table, JSON, or a folder of MLflow, TensorBoard or CatBoost."
        ) from None


def load(path: Path) -> Any:
    """Return what a path holds.

    Parameters
    ----------
    path : Path
        A file, or a folder.

    Returns
    -------
    TextTable, ConsoleText, dict, list, DataFrame or Path
        A folder and an event file are returned as they are.

    Raises
    ------
    InvalidFileError
        If the file is missing, empty or broken.
    """
    if "\n" in str(path):
        raise InvalidFileError("this text of several lines is no path; pass printed text as lines, text.splitlines().")
    if not path.exists():
        printed = " Printed text is passed as lines, text.splitlines()." if read_line(str(path)).measures else ""
        raise InvalidFileError(f"{path} does not exist.{printed}")
    if path.is_dir() or EVENT_MARK in path.name:
        return path
    if path.suffix.lower() == ".parquet":
        return _parquet(path)
    text = _text(path)
    return load_text(path, text)


def load_text(path: Path, text: str) -> TextTable | ConsoleText | dict[str, Any] | list[Any]:
    """Return what a text holds: what a script printed, JSON, JSON lines, or a table.

    Parameters
    ----------
    path : Path
        Where it comes from, for errors.
    text : str
        The text.

    Returns
    -------
    TextTable, ConsoleText, dict or list

    Raises
    ------
    InvalidFileError
        If it is empty, or none of these.
    """
    if not text.strip():
        raise InvalidFileError(f"{path} is empty.")
    printed = _printed(text)
    if printed is not None:
        return printed
    if text.lstrip()[0] in "{[":
        return _json(path, text)
    return _table(path, text)


def _printed(text: str) -> ConsoleText | list[dict[str, Any]] | None:
    """Return what a script printed, the dictionaries in it if there are such; None for tables and JSON."""
    first = next(printed_lines(text), "").strip()
    apart = r"[\t,;|]" if re.search(r"[\t,;|]", first) else r"\s{2,}"
    names = any(role_of(cell) or is_epoch(cell) or is_step(cell) for cell in re.split(apart, first))
    if (names and not read_line(first).counts) or first in ("[", "{") or first[:2] in ("[{", '{"'):
        return None
    n_counted = 0
    for line in map(read_line, printed_lines(text)):
        n_counted += line.counts and len(line.values) > 0
        if line.measures or n_counted > 1:
            return printed_records(text) or ConsoleText(text)
    return None


def _parquet(path: Path) -> Any:
    """Read a parquet file as a data frame."""
    import pandas as pd

    try:
        return pd.read_parquet(path)
    except ImportError:
        raise InvalidFileError(
            f"{path} is read with the package pyarrow; install it, or write the log as CSV."
        ) from None
    except (OSError, ValueError) as error:
        raise InvalidFileError(f"{path} cannot be read: {error}") from None


def _json(path: Path, text: str) -> Any:
    """Read JSON, or one JSON object a line; a last line that breaks off is left out."""
    try:
        return load_json(text)
    except RecursionError:
        raise InvalidFileError(f"{path} is nested too deeply for a training log.") from None
    except json.JSONDecodeError as whole:
        return _json_lines(path, text, whole)
    except InvalidFileError as error:  # a key that stands twice
        raise InvalidFileError(f"{path}: {error}") from None


def _json_lines(path: Path, text: str, whole: json.JSONDecodeError) -> list[Any]:
    """Read one JSON object a line, as what is no JSON as a whole."""
    lines = [(place, line) for place, line in enumerate(text.splitlines(), start=1) if line.strip()]
    records = JsonLines()
    for place, line in lines:
        try:
            records.append(load_json(line))
        except json.JSONDecodeError as error:
            if place == lines[-1][0] and records:
                records.notes = ["the last line breaks off and was left out"]
                return records
            found = f"line {place} is {line.strip()[:40]!r}, {error.msg}" if records else str(whole)
            raise InvalidFileError(f"{path} is neither JSON nor JSON lines: {found}.") from None
        except InvalidFileError as error:
            raise InvalidFileError(f"{path}, line {place}: {error}") from None
    return records


def _table(path: Path, text: str) -> TextTable:
    """Read a table with column names; a repeated header marks a new start, a last row that breaks off is left out."""
    text = _without_frame(_without_remarks(text))
    first = text.partition("\n")[0]
    separator = next((mark for mark in "\t,;|" if mark in first), None)
    if separator is None:
        rows = _aligned(list(printed_lines(text)))
        if not any(_is_number(cell) for row in rows[1:] for cell in row):
            raise InvalidFileError(
                f"{path} is no training log that is known: neither JSON, nor a table, nor printed text in which losses "
                "and accuracies stand with their names, such as 'Epoch 3: val_loss: 0.52'."
            )
    else:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=separator) if any(cell.strip() for cell in row)]
    header = [cell.strip() for cell in rows[0]]
    if all(_is_number(cell) for cell in header):
        raise InvalidFileError(f"{path} has no column names: its first line is {first[:60]!r}.")
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        raise InvalidFileError(f"{path}: more than one column is called {', '.join(map(repr, repeated))}.")
    table = TextTable(path, {name: [] for name in header})
    kept = 0
    for line, row in enumerate(rows[1:], start=1):
        cells = [cell.strip() for cell in row]
        if cells == header:
            table.breaks.append(kept)
            continue
        if len(cells) < len(header) and line == len(rows) - 1:
            table.notes.append("the last line breaks off and was left out")
            continue
        if len(cells) != len(header):
            raise InvalidFileError(
                f"{path}: data row {line - 1} has {len(cells)} fields for {len(header)} column names."
            )
        for name, cell in zip(header, cells, strict=True):
            table.columns[name].append(cell)
        kept += 1
    if not kept:
        raise InvalidFileError(f"{path} has column names but no rows.")
    return table


def _aligned(lines: list[str]) -> list[list[str]]:
    """Split the lines of a table whose columns are set apart by blanks, or that has one column; leave out rules."""
    lines = [line for line in lines if line.strip(" -=+")]
    n_cells = len(lines[-1].split()) if lines else 0
    for apart in (r"\s{2,}", r"\s+") if lines else ():  # names may hold single blanks
        header = re.split(apart, lines[0].strip())
        if len(header) == n_cells:
            return [header, *(line.split() for line in lines[1:])]
    return [[line] for line in lines]


def _without_frame(text: str) -> str:
    """Leave out the outer bars and the rules of a table in Markdown, or in a box of ``+`` and ``-``."""
    if not text.lstrip().startswith(("|", "+-", "+=")):
        return text
    lines = [line for line in text.splitlines() if line.strip(" +-=")]
    if not all(line.strip().startswith("|") and line.strip().endswith("|") for line in lines if line.strip()):
        return text
    return "\n".join(line.strip()[1:-1] for line in lines if line.strip(" |:-"))


def _without_remarks(text: str) -> str:
    """Leave out lines of remarks above a table; the last of them is its header where numbers follow at once."""
    lines = text.lstrip("\n").splitlines()
    remarks = next((place for place, line in enumerate(lines) if not line.lstrip().startswith("#")), len(lines))
    if remarks:
        following = re.split(r"[\t,;|\s]+", lines[remarks].strip()) if remarks < len(lines) else []
        if following and all(_is_number(cell) for cell in following):
            remarks -= 1
            lines[remarks] = lines[remarks].lstrip().removeprefix("#").lstrip()
    return "\n".join(lines[remarks:])


def _is_number(cell: str) -> bool:
    """Whether a cell holds a number."""
    try:
        float(cell)
    except ValueError:
        return False
    return True
