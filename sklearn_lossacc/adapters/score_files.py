"""Scores of known classes from a file, whether it has labels or not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from sklearn_lossacc._numerics import row_blocks
from sklearn_lossacc.adapters.array_files import ArrayArchive
from sklearn_lossacc.adapters.arrow_tables import BLOCK_ENTRIES, ArrowScores, find_scores
from sklearn_lossacc.adapters.column_names import TRUTH_NAMES, listing, note_unused
from sklearn_lossacc.adapters.file_request import FileRequest, archived_scores, array_scores, vector
from sklearn_lossacc.adapters.score_columns import canonical
from sklearn_lossacc.adapters.table_files import read_table_scores
from sklearn_lossacc.exceptions import InvalidFileError
from sklearn_lossacc.inputs import Scores


def _texts(classes: Sequence[Any] | np.ndarray) -> list[str]:
    """Write classes as the names of columns do."""
    labels = vector(classes).tolist() if isinstance(classes, np.ndarray) else classes
    return [canonical(str(label)) for label in labels]


def _aside(request: FileRequest) -> set[str]:
    """Name what holds no scores in a file whose labels are not wanted."""
    truth = TRUTH_NAMES if request.y is None else (request.y,)
    return {*truth, "sample_weight", "groups", "train_prior", *request.beside.values()}


@dataclass(frozen=True)
class FileScores:
    """The scores in a file, handed out in blocks of rows.

    Attributes
    ----------
    input : {"proba", "logits"}
        What the scores are.
    shape : tuple of int
        Their shape, as in the file.
    read : callable
        Takes a number of rows and returns an iterator over blocks of about as many, or of more where the file needs no
        memory for them.
    order : list of int or None
        Columns of the file in the wanted order, where it is another.
    """

    input: str
    shape: tuple[int, ...]
    read: Callable[[int], Iterator[np.ndarray]]
    order: list[int] | None = None

    @classmethod
    def of_array(cls, scores: np.ndarray, input: str) -> FileScores:
        """Hand out an array, which may be mapped from a file."""
        Scores.of_shape(scores, input=input)
        return cls(input, scores.shape, lambda _: iter([scores]))

    @classmethod
    def of_columns(cls, scores: ArrowScores) -> FileScores:
        """Hand out typed columns."""
        shape = scores.shape if scores.shape[1] > 1 else scores.shape[:1]
        return cls(scores.input, shape, lambda n_rows: (block["y_proba"] for block in scores.blocks(n_rows)))

    @property
    def n_columns(self) -> int:
        """Number of columns; 1 for a vector."""
        return self.shape[1] if len(self.shape) == 2 else 1

    def blocks(self) -> Iterator[tuple[int, np.ndarray]]:
        """Read the scores once.

        Yields
        ------
        first_row : int
            Number of the first row of the block.
        scores : ndarray of shape (n_block_rows, n_columns) or (n_block_rows,)
            Its columns are in the wanted order.
        """
        n_rows = max(1, BLOCK_ENTRIES // self.n_columns)
        first_row = 0
        for block in self.read(n_rows):
            if self.order is None:
                yield first_row, block
            else:
                for rows in row_blocks(len(block), 1, n_rows):
                    yield first_row + rows.start, block[rows][:, self.order]
            first_row += len(block)

    def aligned(self, own: Sequence[str], wanted: Sequence[str], path: Path) -> FileScores:
        """Bring columns to the order of the wanted classes."""
        if own == wanted:
            return self
        if sorted(own) != sorted(wanted) or len(set(own)) < len(own):
            raise InvalidFileError(f"{path}: its classes are {listing(own)}; expected are {listing(wanted)}")
        if self.shape[1:] != (len(own),):
            raise InvalidFileError(
                f"{path}: its classes {listing(own)} cannot be brought into the order {listing(wanted)}, "
                f"since the scores have shape {self.shape}, not one column for each"
            )
        return replace(self, order=[own.index(name) for name in wanted])


Found: TypeAlias = tuple[FileScores, Sequence[Any] | np.ndarray | None]  # with the class of each column


def _from_archive(request: FileRequest) -> Found:
    """Read an .npz file."""
    arrays = ArrayArchive(request.path)
    key, scores = archived_scores(arrays, request)
    note_unused(list(arrays), {key, "classes", *_aside(request)}, request.path)
    classes = arrays.get("classes") if request.classes is None else request.classes
    return FileScores.of_array(scores, request.input_of(key)), classes


def _from_array(request: FileRequest) -> Found:
    """Read an .npy file."""
    scores = array_scores(request)
    return FileScores.of_array(scores["y_proba"], scores["input"]), request.classes


def _columns_asked(request: FileRequest) -> dict[str, Any]:
    """Return what was said about the columns of a table."""
    said = {"proba": request.proba, "classes": request.classes, "input": request.input}
    return said | {"aside": _aside(request)}


def _from_table(request: FileRequest, names: Sequence[str]) -> Found:
    """Read a text table."""
    read = read_table_scores(request.path, names, **_columns_asked(request))
    return FileScores.of_array(read["y_proba"], read["input"]), read["classes"]


def _from_arrow(request: FileRequest, names: Sequence[str]) -> Found:
    """Read typed columns."""
    found = find_scores(request.path, names, **_columns_asked(request))
    return FileScores.of_columns(found), request.classes if found.is_matrix else found.columns.classes


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
) -> FileScores:
    r"""Find the scores of known classes from a file that `read_predictions` reads, or would read if it had labels.

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
    FileScores
        What the scores are, and blocks of them. Arrays that say nothing of their classes have their columns in the
        wanted order.

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
    ...     read = read_scores(path, ["cat", "dog"])
    >>> read.input, list(read.blocks())
    ('proba', [(0, array([[0.75, 0.25]]))])
    """
    request = FileRequest.checked(path, y, proba, classes, input, {"sample_weight": sample_weight, "groups": groups})
    names = _texts(wanted)
    found, own = request.read(
        _from_archive, _from_array, partial(_from_table, names=names), partial(_from_arrow, names=names)
    )
    return found if own is None else found.aligned(_texts(own), names, request.path)
