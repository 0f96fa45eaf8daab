"""Which rows of the features are the same: one 64-bit code a row, equal for rows that are copies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from sklearn_lossacc._numerics import row_blocks
from sklearn_lossacc._numerics.hashing import GOLDEN, mix64
from sklearn_lossacc.exceptions import InvalidFeaturesError, InvalidGroupsError
from sklearn_lossacc.inputs.arrays import as_array
from sklearn_lossacc.inputs.factorize import factorize
from sklearn_lossacc.inputs.groups import label_keys

__all__ = ["row_identities"]

_DROPPED_BITS = 16  # of the 52 behind the point: numbers that agree in 11 digits are one
_MISSING = np.uint64(0x7FF8000000000000)


def _number_codes(values: np.ndarray) -> np.ndarray:
    """Return a code for each number, the same for numbers that agree in 11 digits; of any real type."""
    if values.dtype.kind in "biu":
        return values.astype(np.int64).view(np.uint64)
    numbers = values.astype(np.float64) + 0.0  # -0 is 0
    codes = numbers.view(np.uint64) + np.uint64(1 << (_DROPPED_BITS - 1))
    codes >>= np.uint64(_DROPPED_BITS)
    codes[np.isnan(numbers)] = _MISSING
    return codes


def _cell_codes(values: np.ndarray) -> np.ndarray:
    """Return a code for each cell of one column, of any type.

    Raises
    ------
    TypeError, InvalidGroupsError
        If cells cannot be hashed, or have no fixed text.
    """
    if values.dtype.kind in "biuf":
        return _number_codes(values)
    found, codes = factorize(values)
    return np.append(label_keys(found), _MISSING)[codes]


def _mixed(codes: np.ndarray, column: Any) -> np.ndarray:
    """Tie codes to their columns, so that swapped columns make another row."""
    return mix64(codes + mix64(np.atleast_1d(column).astype(np.uint64) * GOLDEN + GOLDEN))


def _columns(X: Any) -> Iterator[np.ndarray]:
    """Yield the columns of a data frame, or of a matrix of objects, as vectors."""
    if hasattr(X, "columns"):
        for name in range(X.shape[1]) if hasattr(X, "iloc") else X.columns:
            column = X.iloc[:, name] if hasattr(X, "iloc") else X[name]
            yield np.asarray(column)
    else:
        yield from X.reshape(len(X), -1).T


def _sparse_identities(X: Any) -> np.ndarray:
    """Add up the codes of the entries that are not 0; explicit zeros and entries in parts are brought in order."""
    rows = X.tocsr(copy=True)
    rows.sum_duplicates()
    rows.eliminate_zeros()
    entries = _mixed(_number_codes(rows.data), rows.indices)
    reached = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(entries, dtype=np.uint64)])
    return mix64(reached[rows.indptr[1:]] - reached[rows.indptr[:-1]])


def _dense_identities(X: np.ndarray) -> np.ndarray:
    """Add up the codes of all entries, a block of rows at a time."""
    flat = X.reshape(len(X), -1)
    column = np.arange(flat.shape[1], dtype=np.uint64)
    total = np.empty(len(flat), dtype=np.uint64)
    for block in row_blocks(len(flat), max(flat.shape[1], 1)):
        total[block] = _mixed(_number_codes(flat[block]), column).sum(axis=1, dtype=np.uint64)
    return mix64(total)


def row_identities(X: Any, n_rows: int) -> np.ndarray | None:
    """Give each row of the features a code by which copies are recognised.

    Parameters
    ----------
    X : array-like of shape (n_rows, ...), sparse matrix, data frame, list of texts, or None
        Features. Numbers, texts, dates and missing cells.
    n_rows : int
        Number of rows of the predictions.

    Returns
    -------
    ndarray of shape (n_rows,), dtype uint64, or None
        Equal for rows whose cells are all equal, numbers to 11 digits. None without `X`, and where its rows have no
        content that can be compared: a loader, a mapping, or cells that cannot be hashed.

    Raises
    ------
    InvalidFeaturesError
        If `X` has another number of rows.

    Notes
    -----
    A code is the sum over cells of a scrambled code of column and content, so that columns of zeros need not be
    walked in a sparse matrix. Different rows share a code with a chance of about 2**-64 a pair.

    Examples
    --------
    >>> from sklearn_lossacc.inputs.identities import row_identities
    >>> a, b, c = row_identities([[0.1, 2.0], [2.0, 0.1], [0.1 + 1e-16, 2.0]], 3)
    >>> bool(a == c), bool(a == b)
    (True, False)
    """
    if X is None or isinstance(X, str | bytes | Mapping):
        return None
    if isinstance(X, list | tuple):
        try:
            X = np.asarray(X)
        except ValueError:  # rows of different lengths
            return None
    if len(getattr(X, "shape", ())) == 0:
        return None
    if X.shape[0] != n_rows:
        raise InvalidFeaturesError(f"X has {X.shape[0]} rows, y_proba has {n_rows}; pass one a row.")
    try:
        if hasattr(X, "tocsr"):
            return _sparse_identities(X)
        if not hasattr(X, "columns"):
            X = as_array(X, "X", InvalidFeaturesError)
            if X.dtype.kind in "biuf":
                return _dense_identities(X)
        total = np.zeros(n_rows, dtype=np.uint64)
        for number, column in enumerate(_columns(X)):
            total += _mixed(_cell_codes(column), number)
        return mix64(total)
    except (TypeError, InvalidGroupsError, InvalidFeaturesError):
        return None
