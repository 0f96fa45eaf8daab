"""What a caller says about a file of predictions, and the scores that it then holds."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import numpy as np

from sklearn_lossacc.adapters.array_files import ArrayArchive, read_npy
from sklearn_lossacc.adapters.arrow_files import is_arrow
from sklearn_lossacc.adapters.column_names import is_logits_name, listing, only
from sklearn_lossacc.exceptions import InvalidFileError

_PROBA_KEYS = ("y_proba", "y_prob", "proba", "probs", "probabilities", "pred_probs", "predictions")
_LOGIT_KEYS = ("logits", "y_logits")
SCORE_NAMES = _PROBA_KEYS + _LOGIT_KEYS  # of what holds all scores of a row
T = TypeVar("T")

_TABLES = (".csv", ".tsv", ".csv.gz", ".tsv.gz")


@dataclass(frozen=True)
class FileRequest:
    """A file, and what the caller said about it.

    Attributes
    ----------
    path : Path
        The file, or a folder of .parquet files.
    y : str or None
        Key, column or file of the labels.
    proba : str, sequence of str or None
        Key, prefix of columns, or columns of the scores.
    classes : sequence or None
        The class of each column.
    input : {"proba", "logits"} or None
        What the scores are.
    beside : mapping of str to str
        ``sample_weight`` and ``groups``, where given: a name inside the file, or another file.
    """

    path: Path
    y: str | None
    proba: str | Sequence[str] | None
    classes: Sequence[Any] | None
    input: str | None
    beside: Mapping[str, str]

    @classmethod
    def checked(
        cls,
        path: str | os.PathLike[str],
        y: str | os.PathLike[str] | None,
        proba: str | Sequence[str] | None,
        classes: Sequence[Any] | None,
        input: str | None,
        beside: Mapping[str, str | os.PathLike[str] | None],
    ) -> FileRequest:
        """Check that there is such a file, and gather what was said about it."""
        if not isinstance(path, str | os.PathLike):
            raise InvalidFileError(
                f"path must be the path of a file, got {type(path).__name__}; arrays are passed to diagnose as they are"
            )
        path = Path(path)
        if input not in (None, "proba", "logits"):
            raise InvalidFileError(f"input must be 'proba' or 'logits', got {input!r}")
        if not path.exists():
            raise InvalidFileError(f"{path}: no such file")
        if not path.is_file() and not path.is_dir():
            raise InvalidFileError(f"{path}: is a pipe or a device; save what comes out of it as a file first")
        given = {keyword: os.fspath(source) for keyword, source in beside.items() if source is not None}
        return cls(path, None if y is None else os.fspath(y), proba, classes, input, given)

    def read(self, archive: Reader[T], array: Reader[T], table: Reader[T], arrow: Reader[T]) -> T:
        """Read the file by what reads files of its name; a folder is one of typed columns."""
        if is_arrow(self.path):
            return arrow(self)
        if self.path.suffix.lower() == ".npz":
            return archive(self)
        if self.path.suffix.lower() == ".npy":
            return array(self)
        if self.path.name.lower().endswith(_TABLES):
            return table(self)
        raise InvalidFileError(
            f"{self.path}: predictions are read from .npz, .npy, .csv, .tsv, .parquet, .feather and .arrow files"
        )

    def input_of(self, name: str) -> str:
        """Return what the scores are: as declared, otherwise as their name says."""
        return self.input or ("logits" if is_logits_name(name) else "proba")


Reader: TypeAlias = Callable[[FileRequest], T]


def vector(array: np.ndarray) -> np.ndarray:
    """Turn byte strings into text, which is what class names are, and one column into a vector: so Keras keeps labels.

    Parameters
    ----------
    array : ndarray
        One value a row, or a class.

    Returns
    -------
    ndarray
        As given, unless it holds byte strings or has shape (n, 1).
    """
    array = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    return np.char.decode(array, "utf-8") if array.dtype.kind == "S" else array


def _score_key(names: Sequence[str], request: FileRequest) -> str:
    """Choose the key of the scores in an archive."""
    path = request.path
    if request.proba is None:
        found = [name for name in names if name in SCORE_NAMES]
        both_kinds = len({is_logits_name(name) for name in found}) == 2
        if both_kinds and request.input is not None:
            found = [name for name in found if is_logits_name(name) == (request.input == "logits")]
        argument = "input" if both_kinds else "proba"
        return only(found, names, what="the probabilities", path=path, argument=argument)
    if not isinstance(request.proba, str) or request.proba not in names:
        raise InvalidFileError(f"{path} has no key {request.proba!r}; it holds {listing(names)}")
    return request.proba


def archived_scores(arrays: ArrayArchive, request: FileRequest) -> tuple[str, np.ndarray]:
    """Read the scores of an .npz file.

    Parameters
    ----------
    arrays : ArrayArchive
        The file.
    request : FileRequest
        What was said about it.

    Returns
    -------
    key : str
        Where they were found.
    scores : ndarray
        Memory-mapped if the file is not compressed.

    Raises
    ------
    InvalidFileError
        If no key is that of scores, or several are, or it cannot be read.
    """
    key = _score_key(list(arrays), request)
    scores = arrays[key]
    if key == "predictions" and scores.dtype.kind != "f":
        raise InvalidFileError(f"{request.path}: 'predictions' holds predicted labels, not probabilities")
    return key, scores


def array_scores(request: FileRequest) -> dict[str, Any]:
    """Read the scores of an .npy file.

    Parameters
    ----------
    request : FileRequest
        What was said about the file.

    Returns
    -------
    dict
        ``y_proba``, memory-mapped, and ``input``.

    Raises
    ------
    InvalidFileError
        If the file cannot be read, or a key was asked for.
    """
    path = request.path
    if request.proba is not None:
        raise InvalidFileError(f"{path} holds one array: proba= is for .npz files and tables")
    return {"y_proba": read_npy(path), "input": request.input_of(path.stem)}
