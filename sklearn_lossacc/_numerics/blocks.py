"""Blocks of rows small enough for the cache, and sums and maxima along their rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

__all__ = ["BLOCK_ENTRIES", "aligned_empty", "row_blocks", "row_max", "row_sum"]

# 2**16 float64 entries are 512 KiB: a block and its temporaries stay in a level-2 cache.
BLOCK_ENTRIES = 2**16

# Below these widths a loop over columns beats numpy's reduction, which pays for starting each row.
_FEW_COLUMNS_SUM = 4
_FEW_COLUMNS_MAX = 32

_CACHE_LINE = 64  # bytes; vector instructions are half as fast on arrays that start within one

# Above this width rows are added pairwise, which keeps float32 sums accurate; below, einsum is faster.
_WIDE = 4096


def row_blocks(n_rows: int, n_columns: int, entries: int = BLOCK_ENTRIES) -> Iterator[slice]:
    """Cut the rows of a matrix into blocks of about `entries` entries.

    Parameters
    ----------
    n_rows, n_columns : int
        Shape of the matrix.
    entries : int, default=2**16
        Wanted size of a block. A block has at least one row.

    Yields
    ------
    slice
        Consecutive slices that cover ``range(n_rows)``, with explicit start and stop.

    Examples
    --------
    >>> from sklearn_lossacc._numerics import row_blocks
    >>> list(row_blocks(5, 3, entries=6))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    step = max(1, entries // max(1, n_columns))
    for start in range(0, n_rows, step):
        yield slice(start, min(start + step, n_rows))


def aligned_empty(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Make an array that begins with a cache line.

    Parameters
    ----------
    shape : tuple of int
        Its shape.
    dtype : dtype
        Of its entries.

    Returns
    -------
    ndarray
        Not initialised, in C order.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.blocks import aligned_empty
    >>> aligned_empty((3, 5), np.dtype(np.float32)).ctypes.data % 64
    0
    """
    size = int(np.prod(shape)) * dtype.itemsize
    memory = np.empty(size + _CACHE_LINE, dtype=np.uint8)
    begin = -memory.ctypes.data % _CACHE_LINE
    return memory[begin : begin + size].view(dtype).reshape(shape)


def row_sum(block: np.ndarray) -> np.ndarray:
    """Sum each row of a matrix.

    Parameters
    ----------
    block : ndarray of shape (n_rows, n_columns)
        The matrix; it is not changed.

    Returns
    -------
    ndarray of shape (n_rows,)
        In the dtype of `block`.

    Notes
    -----
    Matrix products are avoided: BLAS may sum a row differently when other rows surround it, and results must
    not depend on how the rows are cut into blocks.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics import row_sum
    >>> row_sum(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([3., 7.])
    """
    n_columns = block.shape[1]
    if n_columns > _WIDE:
        return np.add.reduce(block, axis=1)
    if n_columns > _FEW_COLUMNS_SUM:
        return np.einsum("ij->i", block)
    total = block[:, 0].copy()
    for column in range(1, n_columns):
        total += block[:, column]
    return total


def row_max(block: np.ndarray) -> np.ndarray:
    """Find the largest entry of each row of a matrix.

    Parameters
    ----------
    block : ndarray of shape (n_rows, n_columns)
        The matrix; it is not changed.

    Returns
    -------
    ndarray of shape (n_rows,)
        In the dtype of `block`; NaN where a row holds one.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics import row_max
    >>> row_max(np.array([[1.0, 2.0], [4.0, 3.0]]))
    array([2., 4.])
    """
    if block.shape[1] > _FEW_COLUMNS_MAX:
        return block.max(axis=1)
    largest = block[:, 0].copy()
    for column in range(1, block.shape[1]):
        np.maximum(largest, block[:, column], out=largest)
    return largest
