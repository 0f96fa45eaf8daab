"""Probabilities into files that `read_predictions` reads, block by block."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from sklearn_lossacc.adapters.arrow_files import pyarrow
from sklearn_lossacc.exceptions import InvalidFileError

Blocks = Iterable[np.ndarray]


def _write_array(file: Any, blocks: Blocks, shape: tuple[int, int]) -> None:
    """Write the rows as one array of float64."""
    header = {"descr": "<f8", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    for block in blocks:
        file.write(np.ascontiguousarray(block, dtype="<f8").data)


def _write_npy(path: Path, blocks: Blocks, n_rows: int, classes: np.ndarray) -> None:
    """Write an .npy file, which has no place for the classes."""
    with open(path, "wb") as file:
        _write_array(file, blocks, (n_rows, len(classes)))


def _write_npz(path: Path, blocks: Blocks, n_rows: int, classes: np.ndarray) -> None:
    """Write an .npz file with the keys ``y_proba`` and ``classes``."""
    with zipfile.ZipFile(path, "w") as archive:
        with archive.open("y_proba.npy", "w", force_zip64=True) as member:
            _write_array(member, blocks, (n_rows, len(classes)))
        with archive.open("classes.npy", "w") as member:
            names = classes.astype(str) if classes.dtype.hasobject else classes  # objects would have to be pickled
            np.lib.format.write_array(member, names, allow_pickle=False)


def _write_csv(path: Path, blocks: Blocks, n_rows: int, classes: np.ndarray) -> None:
    """Write a .csv file with a column called ``p_`` and the class for each class."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([f"p_{label}" for label in classes.tolist()])
        for block in blocks:
            writer.writerows(block.tolist())


def _write_arrow(path: Path, blocks: Blocks, n_rows: int, classes: np.ndarray) -> None:
    """Write a .parquet or .feather file with a column of float64 called ``p_`` and the class for each class."""
    arrow = pyarrow(path)
    schema = arrow.schema([(f"p_{label}", arrow.float64()) for label in classes.tolist()])
    if path.suffix.lower() == ".parquet":
        writer = arrow.parquet.ParquetWriter(path, schema)
    else:
        writer = arrow.ipc.new_file(str(path), schema)
    with writer:
        for block in blocks:
            columns = [arrow.array(np.ascontiguousarray(column)) for column in block.T]
            writer.write_batch(arrow.record_batch(columns, schema=schema))


_WRITERS: dict[str, Callable[[Path, Blocks, int, np.ndarray], None]] = {
    ".npz": _write_npz,
    ".npy": _write_npy,
    ".csv": _write_csv,
    ".parquet": _write_arrow,
    ".feather": _write_arrow,
}
EXTENSIONS = tuple(_WRITERS)


def write_probabilities(path: Path, blocks: Blocks, n_rows: int, classes: np.ndarray) -> None:
    """Write probabilities that come in blocks of rows, with no more than one of them in memory.

    Parameters
    ----------
    path : Path
        The file, .npz, .npy, .csv, .parquet or .feather.
    blocks : iterable of ndarray of shape (m, n_classes)
        All rows in turn.
    n_rows : int
        How many rows they have together.
    classes : ndarray of shape (n_classes,)
        The class of each column.

    Raises
    ------
    InvalidFileError
        If the name has another extension, or pyarrow is missing.
    """
    if path.suffix.lower() not in _WRITERS:
        raise InvalidFileError(f"{path}: probabilities are written to .npz, .npy, .csv, .parquet and .feather files")
    _WRITERS[path.suffix.lower()](path, blocks, n_rows, classes)
