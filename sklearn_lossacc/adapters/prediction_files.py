"""Exported predictions from a file, as keywords of `diagnose`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sklearn_lossacc.adapters.array_files import ArrayArchive, read_npy
from sklearn_lossacc.adapters.arrow_tables import read_arrow
from sklearn_lossacc.adapters.column_names import TRUTH_NAMES, listing, note_unused, only
from sklearn_lossacc.adapters.file_request import FileRequest, archived_scores, array_scores, vector
from sklearn_lossacc.adapters.score_columns import is_integer
from sklearn_lossacc.adapters.table_files import read_table
from sklearn_lossacc.exceptions import InvalidFileError


def _column_file(path: Path) -> np.ndarray:
    """Read one value a row from an .npy file, or from a text file with one value a line and no header."""
    if path.suffix.lower() == ".npy":
        return vector(read_npy(path))
    if path.suffix.lower() not in (".txt", ".csv"):
        raise InvalidFileError(f"{path}: one value a row is read from .npy, .txt or .csv files")
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidFileError(f"{path} is not readable text: {error}") from None
    if all(map(is_integer, lines)):
        return np.asarray(lines, dtype=np.int64)
    return np.asarray(lines)


def _side_file(name: str, argument: str, path: Path | None = None, names: Sequence[str] = ()) -> np.ndarray:
    """Read the file that an argument names instead of something inside `path`."""
    if os.path.isfile(name):
        return _column_file(Path(name))
    inside = f", and {path} holds {listing(names)}" if names else ""
    raise InvalidFileError(f"{argument}={name!r}: no such file{inside}")


def _like_labels(classes: Sequence[Any] | np.ndarray, y_true: np.ndarray) -> list[Any]:
    """Give classes that were written as text the type of integer labels."""
    names = vector(classes).tolist() if isinstance(classes, np.ndarray) else list(classes)
    if y_true.dtype.kind in "iu" and all(isinstance(name, str) and is_integer(name) for name in names):
        return [int(name) for name in names]
    return names


def _from_archive(request: FileRequest) -> dict[str, Any]:
    """Read an .npz file."""
    path, arrays = request.path, ArrayArchive(request.path)
    names = list(arrays)

    def read(name: str, argument: str) -> np.ndarray:
        """Read an array from the archive, or from a file of its own."""
        return vector(arrays[name]) if name in names else _side_file(name, argument, path, names)

    found = [name for name in names if name in TRUTH_NAMES]
    y = request.y or only(found, names, what="the true labels", path=path, argument="y")
    key, y_proba = archived_scores(arrays, request)
    y_true = read(y, "y")
    result = {"y_true": y_true, "y_proba": y_proba, "input": request.input_of(key)}
    used = {y, key} | ({"classes"} if request.classes is None else set())
    classes = arrays.get("classes") if request.classes is None else request.classes
    if classes is not None:
        result["classes"] = _like_labels(classes, y_true)
    for keyword in ("sample_weight", "groups", "train_prior"):
        source = request.beside.get(keyword, keyword if keyword in names else None)
        if source is not None:
            result[keyword] = read(source, keyword)
            used.add(source)
    note_unused(names, used, path)
    return result


def _from_array(request: FileRequest) -> dict[str, Any]:
    """Read a pair of .npy files."""
    if request.y is None:
        raise InvalidFileError(f"{request.path} holds only the probabilities: name the file of the labels with y=")
    scores = array_scores(request)
    y_true = _side_file(request.y, "y")
    result = {"y_true": y_true} | scores
    if request.classes is not None:
        result["classes"] = _like_labels(request.classes, y_true)
    return result | {keyword: _side_file(source, keyword) for keyword, source in request.beside.items()}


def columns_asked(request: FileRequest) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Separate what is asked of a table from weights and groups that lie in files of their own.

    Parameters
    ----------
    request : FileRequest
        What was said about a table.

    Returns
    -------
    asked : dict
        Keywords of `read_table` and `find_predictions`.
    files : dict of str to ndarray
        ``sample_weight`` and ``groups``, as far as they are files.
    """
    files = {keyword: source for keyword, source in request.beside.items() if os.path.isfile(source)}
    asked = {
        "y": request.y,
        "proba": request.proba,
        "classes": request.classes,
        "input": request.input,
        "beside": {keyword: source for keyword, source in request.beside.items() if keyword not in files},
    }
    return asked, {keyword: _side_file(source, keyword) for keyword, source in files.items()}


def _from_table(request: FileRequest) -> dict[str, Any]:
    """Read a text table."""
    asked, files = columns_asked(request)
    return read_table(request.path, **asked) | files


def _from_arrow(request: FileRequest) -> dict[str, Any]:
    """Read typed columns."""
    asked, files = columns_asked(request)
    return read_arrow(request.path, **asked) | files


def read_predictions(
    path: str | os.PathLike[str],
    *,
    y: str | os.PathLike[str] | None = None,
    proba: str | Sequence[str] | None = None,
    classes: Sequence[Any] | None = None,
    input: str | None = None,
    sample_weight: str | os.PathLike[str] | None = None,
    groups: str | os.PathLike[str] | None = None,
) -> dict[str, Any]:
    r"""Read exported predictions from a file, as keywords of `diagnose`.

    What is what is decided by names, never by position and never by looking at the values. Where names allow
    several readings, an error lists them and says which argument chooses.

    Parameters
    ----------
    path : path-like
        One of

        - an ``.npz`` file with the keys ``y_true`` and ``y_proba`` or ``logits``, and if present ``classes``,
          ``sample_weight``, ``groups``, ``train_prior``. Other usual names are known too (``labels``,
          ``probs``, ``pred_probs``, ...). Uncompressed arrays are memory-mapped;
        - an ``.npy`` file with the probabilities, memory-mapped; `y` names the file of the labels;
        - a ``.csv`` or ``.tsv`` table (also ``.gz``) with one row a sample and column names in the first
          line: the labels in a column called ``y_true``, ``label``, ``target`` or the like, and one column
          for each class, called by the class (``cat``) or by a prefix and the class (``p_cat``,
          ``prob.cat``, ``logit_cat``). A binary problem may have one column. Labels are read to the letter;
          integers become integers;
        - a ``.parquet``, ``.feather`` or ``.arrow`` file with the same names of columns, or a folder of such files
          (hidden ones and ``_SUCCESS`` are passed over). Labels have the type of the file. All scores of a row may
          lie in one column of lists, called as the key of an archive (``probs``, ``logits``, ...). Needs pyarrow.

    y : str or path-like, optional
        Key or column of the true labels, or a file with one label a row.
    proba : str or sequence of str, optional
        Key of the probabilities, prefix of their columns, or the columns themselves, or the one of lists.
    classes : sequence, optional
        The class of each column, in column order. Digits given as text match integer labels.
    input : {"proba", "logits"}, optional
        What the numbers are. By default what the name says: logits if it ends in that word, otherwise
        probabilities.
    sample_weight : str or path-like, optional
        Key or column of the weights, or a file with one weight a row. A key or column called
        ``sample_weight`` is used without being named.
    groups : str or path-like, optional
        The same for the groups of dependent rows, by default ``groups``.

    Returns
    -------
    dict
        Keywords of `diagnose` and `summarize`: ``y_true``, ``y_proba``, ``input`` and, where known,
        ``classes``, ``sample_weight``, ``groups``, ``train_prior``.

    Raises
    ------
    InvalidFileError
        If there is no such file, it cannot be read, holds Python objects (which are never unpickled), or its
        names allow no reading, or several.

    Warns
    -----
    DataWarning
        If an archive holds keys, or a folder files, that nothing was read from. Columns of a table may say other
        things.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from sklearn_lossacc import read_predictions
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "predictions.csv")
    ...     _ = path.write_text("label,p_dog,p_cat\ncat,0.25,0.75\ndog,0.5,0.5\n")
    ...     predictions = read_predictions(path)
    >>> predictions["classes"]
    ['dog', 'cat']
    >>> predictions["y_proba"]
    array([[0.25, 0.75],
           [0.5 , 0.5 ]])
    """
    request = FileRequest.checked(path, y, proba, classes, input, {"sample_weight": sample_weight, "groups": groups})
    return request.read(_from_archive, _from_array, _from_table, _from_arrow)
