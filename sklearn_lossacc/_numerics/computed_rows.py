"""Rows that are computed when they are asked for, where an array of them would take memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

__all__ = ["ComputedRows", "Rows"]


class Rows(Protocol):
    """Something whose rows can be asked for: an array, or what computes them."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of rows, and of columns if there are any."""

    def __getitem__(self, rows: slice, /) -> np.ndarray:
        """Return some rows."""


class ComputedRows:
    """Rows that are computed whenever they are asked for, and take no memory.

    Parameters
    ----------
    compute : callable
        From a slice to the rows in it.
    shape : tuple of int
        Number of rows, and of columns if there are any.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.computed_rows import ComputedRows
    >>> x = np.arange(4)
    >>> ComputedRows(lambda rows: x[rows] ** 2, (4,))[1:3]
    array([1, 4])
    """

    def __init__(self, compute: Callable[[slice], np.ndarray], shape: tuple[int, ...]):
        self.compute, self.shape = compute, shape

    def __getitem__(self, rows: slice) -> np.ndarray:
        """Compute some rows."""
        return self.compute(rows)
