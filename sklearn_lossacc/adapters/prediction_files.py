"""Exported predictions from a file, as keywords of `diagnose`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sklearn_lossacc.adapters.array_files import ArrayArchive, read_npy
from sklearn_lossacc.adapters.column_names import TRUTH_NAMES, is_logits_name, listing, note_unused, only
from sklearn_lossacc.adapters.score_columns import canonical, is_integer
from sklearn_lossacc.adapters.table_files import read_table, read_table_scores
from sklearn_lossacc.exceptions import InvalidFileError

_PROBA_KEYS = ("y_proba", "y_prob", "proba", "probs", "probabilities", "pred_probs", "predictions")
_LOGIT_KEYS = ("logits", "y_logits")
_TABLES = (".csv", ".tsv", ".csv.gz", ".tsv.gz")


def _decoded(array: np.ndarray) -> np.ndarray:
    """Turn byte strings into text, which is what class names are."""
    return np.char.decode(array, "utf-8") if array.dtype.kind == "S" else array


def _column_file(path: Path) -> np.ndarray:
    """Read one value a row from an .npy file, or from a text file with one value a line and no header."""
    if path.suffix == ".npy":
        return _decoded(read_npy(path))
    if path.suffix not in (".txt", ".csv"):
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
    names = _decoded(classes).tolist() if isinstance(classes, np.ndarray) else list(classes)
    if y_true.dtype.kind in "iu" and all(isinstance(name, str) and is_integer(name) for name in names):
        return [int(name) for name in names]
    return names


@dataclass(frozen=True)
class _Request:
    """What the caller said about the file."""

    y: str | None
    proba: str | Sequence[str] | None
    classes: Sequence[Any] | None
    input: str | None
    beside: Mapping[str, str]  # sample_weight, groups: a name inside the file, or another file

    def input_of(self, name: str) -> str:
        """Return what the scores are: as declared, otherwise as their name says."""
        return self.input or ("logits" if is_logits_name(name) else "proba")


Reader = Callable[[Path, _Request], dict[str, Any]]


def _score_key(names: Sequence[str], path: Path, request: _Request) -> str:
    """Choose the key of the scores in an archive."""
    if request.proba is None:
        found = [name for name in names if name in _PROBA_KEYS + _LOGIT_KEYS]
        both_kinds = len({is_logits_name(name) for name in found}) == 2
        if both_kinds and request.input is not None:
            found = [name for name in found if is_logits_name(name) == (request.input == "logits")]
        argument = "input" if both_kinds else "proba"
        return only(found, names, what="the probabilities", path=path, argument=argument)
    if not isinstance(request.proba, str) or request.proba not in names:
        raise InvalidFileError(f"{path} has no key {request.proba!r}; it holds {listing(names)}")
    return request.proba


def _archived_scores(arrays: ArrayArchive, path: Path, request: _Request) -> tuple[str, np.ndarray]:
    """Read the scores of an archive; return their key, too."""
    key = _score_key(list(arrays), path, request)
    scores = arrays[key]
    if key == "predictions" and scores.dtype.kind != "f":
        raise InvalidFileError(f"{path}: 'predictions' holds predicted labels, not probabilities")
    return key, scores


def _from_archive(path: Path, request: _Request) -> dict[str, Any]:
    """Read an .npz file."""
    arrays = ArrayArchive(path)
    names = list(arrays)

    def read(name: str, argument: str) -> np.ndarray:
        """Read an array from the archive, or from a file of its own."""
        return _decoded(arrays[name]) if name in names else _side_file(name, argument, path, names)

    found = [name for name in names if name in TRUTH_NAMES]
    y = request.y or only(found, names, what="the true labels", path=path, argument="y")
    key, y_proba = _archived_scores(arrays, path, request)
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


def _array_scores(path: Path, request: _Request) -> dict[str, Any]:
    """Read the scores of an .npy file."""
    if request.proba is not None:
        raise InvalidFileError(f"{path} holds one array: proba= is for .npz files and tables")
    return {"y_proba": read_npy(path), "input": request.input_of(path.stem)}


def _from_array(path: Path, request: _Request) -> dict[str, Any]:
    """Read a pair of .npy files."""
    if request.y is None:
        raise InvalidFileError(f"{path} holds only the probabilities: name the file of the labels with y=")
    scores = _array_scores(path, request)
    y_true = _side_file(request.y, "y")
    result = {"y_true": y_true} | scores
    if request.classes is not None:
        result["classes"] = _like_labels(request.classes, y_true)
    return result | {keyword: _side_file(source, keyword) for keyword, source in request.beside.items()}


def _from_table(path: Path, request: _Request) -> dict[str, Any]:
    """Read a text table; weights and groups may lie in files of their own."""
    files = {keyword: source for keyword, source in request.beside.items() if os.path.isfile(source)}
    result = read_table(
        path,
        y=request.y,
        proba=request.proba,
        classes=request.classes,
        input=request.input,
        beside={keyword: source for keyword, source in request.beside.items() if keyword not in files},
    )
    return result | {keyword: _side_file(source, keyword) for keyword, source in files.items()}


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
          integers become integers.

    y : str or path-like, optional
        Key or column of the true labels, or a file with one label a row.
    proba : str or sequence of str, optional
        Key of the probabilities, prefix of their columns, or the columns themselves.
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
        If an archive holds keys that nothing was read from. Columns of a table may say other things.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from sklearn_lossacc.adapters.prediction_files import read_predictions
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
    path, request = _checked(path, y, proba, classes, input, {"sample_weight": sample_weight, "groups": groups})
    return _by_format(path, _from_archive, _from_array, _from_table)(path, request)


def _checked(
    path: str | os.PathLike[str],
    y: str | os.PathLike[str] | None,
    proba: str | Sequence[str] | None,
    classes: Sequence[Any] | None,
    input: str | None,
    beside: Mapping[str, str | os.PathLike[str] | None],
) -> tuple[Path, _Request]:
    """Check that there is a file, and gather what the caller said about it."""
    path = Path(path)
    if input not in (None, "proba", "logits"):
        raise InvalidFileError(f"input must be 'proba' or 'logits', got {input!r}")
    if not path.is_file():
        raise InvalidFileError(f"{path}: " + ("is a folder, not a file" if path.is_dir() else "no such file"))
    return path, _Request(
        y=None if y is None else os.fspath(y),
        proba=proba,
        classes=classes,
        input=input,
        beside={keyword: os.fspath(source) for keyword, source in beside.items() if source is not None},
    )


def _by_format(path: Path, archive: Reader, array: Reader, table: Reader) -> Reader:
    """Choose what reads a file by its name."""
    if path.suffix == ".npz":
        return archive
    if path.suffix == ".npy":
        return array
    if path.name.endswith(_TABLES):
        return table
    raise InvalidFileError(f"{path}: predictions are read from .npz, .npy, .csv and .tsv files")


def _aside(request: _Request) -> set[str]:
    """Name what holds no scores in a file whose labels are not wanted."""
    truth = TRUTH_NAMES if request.y is None else (request.y,)
    return {*truth, "sample_weight", "groups", "train_prior", *request.beside.values()}


def _aligned(scores: np.ndarray, own: Sequence[str], wanted: Sequence[str], path: Path) -> np.ndarray:
    """Bring columns to the order of the wanted classes."""
    if own == wanted:
        return scores
    if sorted(own) != sorted(wanted):
        raise InvalidFileError(f"{path}: its classes are {listing(own)}; expected are {listing(wanted)}")
    if scores.ndim != 2 or scores.shape[1] != len(own):
        raise InvalidFileError(f"{path}: its column is that of {own[-1]!r}; expected is that of {wanted[-1]!r}")
    return scores[:, [own.index(name) for name in wanted]]


def read_scores(
    path: str | os.PathLike[str],
    wanted: Sequence[Any],
    *,
    y: str | os.PathLike[str] | None = None,
    proba: str | Sequence[str] | None = None,
    classes: Sequence[Any] | None = None,
    input: str | None = None,
    sample_weight: str | os.PathLike[str] | None = None,
    groups: str | os.PathLike[str] | None = None,
) -> dict[str, Any]:
    r"""Read the scores of known classes from a file that `read_predictions` reads, or would read if it had labels.

    Parameters
    ----------
    path : path-like
        The file.
    wanted : sequence
        The classes, in the order that the columns shall have.
    y, sample_weight, groups : str or path-like, optional
        Keys or columns of the file that hold something else; neither they nor such files are read.
    proba, classes, input
        As for `read_predictions`.

    Returns
    -------
    dict
        ``y_proba`` and ``input``. Arrays that say nothing of their classes have their columns in the wanted order.

    Raises
    ------
    InvalidFileError
        If the file cannot be read, its names allow no reading, or several, or its classes are others.

    Warns
    -----
    DataWarning
        If an archive holds keys that nothing was read from.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from sklearn_lossacc.adapters.prediction_files import read_scores
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "test.csv")
    ...     _ = path.write_text("p_dog,p_cat\n0.25,0.75\n")
    ...     read_scores(path, ["cat", "dog"])
    {'y_proba': array([[0.75, 0.25]]), 'input': 'proba'}
    """
    path, request = _checked(path, y, proba, classes, input, {"sample_weight": sample_weight, "groups": groups})
    names = [canonical(str(label)) for label in wanted]

    def from_archive(path: Path, request: _Request) -> dict[str, Any]:
        """Read an .npz file."""
        arrays = ArrayArchive(path)
        key, scores = _archived_scores(arrays, path, request)
        own = arrays.get("classes") if request.classes is None else request.classes
        note_unused(list(arrays), {key, "classes", *_aside(request)}, path)
        return {"y_proba": scores, "input": request.input_of(key), "classes": own}

    def from_array(path: Path, request: _Request) -> dict[str, Any]:
        """Read an .npy file."""
        return _array_scores(path, request) | {"classes": request.classes}

    def from_table(path: Path, request: _Request) -> dict[str, Any]:
        """Read a text table."""
        return read_table_scores(
            path, names, aside=_aside(request), proba=request.proba, classes=request.classes, input=request.input
        )

    read = _by_format(path, from_archive, from_array, from_table)(path, request)
    own = read.pop("classes")
    if own is not None:
        own = _decoded(own).tolist() if isinstance(own, np.ndarray) else own
        read["y_proba"] = _aligned(read["y_proba"], [canonical(str(label)) for label in own], names, path)
    return read
