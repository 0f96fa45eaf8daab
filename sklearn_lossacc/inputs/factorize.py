"""Labels of any type as small integer codes."""

from __future__ import annotations

import numpy as np

from sklearn_lossacc._numerics import row_blocks

__all__ = ["EXACT_INTEGERS", "factorize", "tidy", "whole_numbers"]

# Floats hold every whole number below this.
EXACT_INTEGERS = 2.0**53

# Integers are counted rather than hashed while their range is not much larger than their number.
_SMALL_RANGE = 1024


def whole_numbers(labels: np.ndarray) -> np.ndarray | None:
    """Return finite floats that are all whole numbers as integers.

    Parameters
    ----------
    labels : ndarray of float of shape (n,)
        Finite.

    Returns
    -------
    ndarray of shape (n,), dtype int64, or None
        None if a float has a fractional part, or is too large to tell.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc.inputs.factorize import whole_numbers
    >>> whole_numbers(np.array([1.0, 2.0]))
    array([1, 2])
    >>> whole_numbers(np.array([1.5, 2.0])) is None
    True
    """
    if labels.size and max(-float(labels.min()), float(labels.max())) >= EXACT_INTEGERS:
        return None
    integers = labels.astype(np.int64)
    return integers if np.array_equal(integers, labels) else None


def tidy(values: np.ndarray) -> np.ndarray:
    """Give the labels of an object array their own dtype, where they have only one.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Distinct labels, none missing.

    Returns
    -------
    ndarray of shape (n,)
        Strings, bytes, booleans or numbers; `values` itself where the types are mixed.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc.inputs.factorize import tidy
    >>> tidy(np.array([3, 4], dtype=object)).dtype
    dtype('int64')
    """
    if values.dtype.kind != "O":
        return values
    kinds = {type(value) for value in values}
    if all(issubclass(kind, str) for kind in kinds):
        return np.array(values.tolist(), dtype=np.str_)
    if all(issubclass(kind, bytes) for kind in kinds):
        return np.array(values.tolist(), dtype=np.bytes_)
    if all(issubclass(kind, bool | np.bool_) for kind in kinds):
        return values.astype(bool)
    if all(issubclass(kind, int | np.integer | bool | np.bool_) for kind in kinds):
        try:
            return np.array(values.tolist(), dtype=np.int64)
        except OverflowError:
            return values
    if all(issubclass(kind, int | float | np.integer | np.floating | bool | np.bool_) for kind in kinds):
        numbers = values.astype(np.float64)
        integers = whole_numbers(numbers) if np.isfinite(numbers).all() else None
        return numbers if integers is None else integers
    return values


def _count(labels: np.ndarray, low: int, high: int) -> tuple[np.ndarray, np.ndarray]:
    """Factorize integers on their range: no sorting, one count and one gather."""
    offsets = labels.astype(np.int64)
    offsets -= low
    present = np.flatnonzero(np.bincount(offsets, minlength=high - low + 1))
    code_of = np.zeros(high - low + 1, dtype=np.int64)
    code_of[present] = np.arange(present.size)
    # mode="clip" lets numpy write in place, without a buffer; all offsets are in range
    np.take(code_of, offsets, out=offsets, mode="clip")
    return present + low, offsets


def _hash_objects(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Factorize text and objects block by block, so that text never becomes objects all at once."""
    import pandas as pd

    code_of: dict = {}
    codes = np.empty(labels.size, dtype=np.int64)
    for rows in row_blocks(labels.size, 1):
        block_codes, block_values = pd.factorize(labels[rows].astype(object))
        # one entry more: the code -1 of a missing label picks the last
        known = [code_of.setdefault(value, len(code_of)) for value in block_values]
        codes[rows] = np.array([*known, -1], dtype=np.int64)[block_codes]
    return np.fromiter(code_of, dtype=object, count=len(code_of)), codes


def factorize(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the distinct labels and the position of each row's label among them.

    Parameters
    ----------
    labels : ndarray of shape (n,)
        Labels of any hashable type; 1, 1.0 and True are one label, as in a dict.

    Returns
    -------
    values : ndarray of shape (n_values,)
        The distinct labels: ascending for integers of small range, else in order of appearance.
    codes : ndarray of shape (n,), dtype int64
        ``values[codes] == labels``; -1 where the label is missing (None, NaN, NaT, pandas.NA).

    Raises
    ------
    TypeError
        If a label cannot be hashed.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc.inputs.factorize import factorize
    >>> values, codes = factorize(np.array(["b", "a", None, "b"], dtype=object))
    >>> values.tolist(), codes.tolist()
    (['b', 'a'], [0, 1, -1, 0])
    """
    kind = labels.dtype.kind
    if kind == "b":
        values, codes = _count(labels, 0, 1)
        return values.astype(bool), codes
    if kind in "iu" and labels.size:
        low, high = int(labels.min()), int(labels.max())
        if high - low <= labels.size + _SMALL_RANGE and high < 2**63:
            return _count(labels, low, high)
    if kind not in "iufmM":
        return _hash_objects(labels)

    import pandas as pd

    codes, values = pd.factorize(labels.astype(labels.dtype.newbyteorder("="), copy=False))
    return np.asarray(values), codes.astype(np.int64, copy=False)
