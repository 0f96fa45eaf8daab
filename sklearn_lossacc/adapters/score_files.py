"""Scores of known classes from a file, whether it has labels or not."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from sklearn_lossacc.adapters.array_files import ArrayArchive
from sklearn_lossacc.adapters.column_names import TRUTH_NAMES, listing, note_unused
from sklearn_lossacc.adapters.file_request import FileRequest, archived_scores, array_scores, decoded
from sklearn_lossacc.adapters.score_columns import canonical
from sklearn_lossacc.adapters.table_files import read_table_scores
from sklearn_lossacc.exceptions import InvalidFileError


def _texts(classes: Sequence[Any] | np.ndarray) -> list[str]:
    """Write classes as the names of columns do."""
    labels = decoded(classes).tolist() if isinstance(classes, np.ndarray) else classes
    return [canonical(str(label)) for label in labels]


def _aside(request: FileRequest) -> set[str]:
    """Name what holds no scores in a file whose labels are not wanted."""
    truth = TRUTH_NAMES if request.y is None else (request.y,)
    return {*truth, "sample_weight", "groups", "train_prior", *request.beside.values()}


def _aligned(scores: np.ndarray, own: Sequence[str], wanted: Sequence[str], path: Path) -> np.ndarray:
    """Bring columns to the order of the wanted classes."""
    if own == wanted:
        return scores
    if sorted(own) != sorted(wanted) or len(set(own)) < len(own):
        raise InvalidFileError(f"{path}: its classes are {listing(own)}; expected are {listing(wanted)}")
    if scores.shape[1:] != (len(own),):
        raise InvalidFileError(
            f"{path}: its classes {listing(own)} cannot be brought into the order {listing(wanted)}, "
            f"since the scores have shape {scores.shape}, not one column for each"
        )
    return scores[:, [own.index(name) for name in wanted]]


def _from_archive(request: FileRequest) -> dict[str, Any]:
    """Read an .npz file."""
    arrays = ArrayArchive(request.path)
    key, scores = archived_scores(arrays, request)
    note_unused(list(arrays), {key, "classes", *_aside(request)}, request.path)
    classes = arrays.get("classes") if request.classes is None else request.classes
    return {"y_proba": scores, "input": request.input_of(key), "classes": classes}


def _from_array(request: FileRequest) -> dict[str, Any]:
    """Read an .npy file."""
    return array_scores(request) | {"classes": request.classes}


def _from_table(request: FileRequest, names: Sequence[str]) -> dict[str, Any]:
    """Read a text table."""
    return read_table_scores(
        request.path,
        names,
        aside=_aside(request),
        proba=request.proba,
        classes=request.classes,
        input=request.input,
    )


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
    >>> from sklearn_lossacc.adapters.score_files import read_scores
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "test.csv")
    ...     _ = path.write_text("p_dog,p_cat\n0.25,0.75\n")
    ...     read_scores(path, ["cat", "dog"])
    {'y_proba': array([[0.75, 0.25]]), 'input': 'proba'}
    """
    request = FileRequest.checked(path, y, proba, classes, input, {"sample_weight": sample_weight, "groups": groups})
    names = _texts(wanted)
    read = request.read(_from_archive, _from_array, partial(_from_table, names=names))
    own = read.pop("classes")
    return read if own is None else read | {"y_proba": _aligned(read["y_proba"], _texts(own), names, request.path)}
