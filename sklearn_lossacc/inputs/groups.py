"""Groups of dependent rows: codes within one data set, and keys that agree between shards."""

from __future__ import annotations

import datetime
import hashlib
import numbers
import struct
from typing import Any

import numpy as np

from sklearn_lossacc.exceptions import InvalidGroupsError
from sklearn_lossacc.inputs.arrays import label_vector
from sklearn_lossacc.inputs.factorize import factorize, tidy, whole_numbers
from sklearn_lossacc.inputs.naming import row_count

__all__ = ["check_groups", "label_keys"]


def _mix(integers: np.ndarray) -> np.ndarray:
    """Scatter 64-bit integers over all 64-bit keys: the finaliser of SplitMix64, a bijection."""
    keys = integers.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys ^ (keys >> np.uint64(31))


def _bytes_of(label: Any) -> bytes:
    """Write a label as bytes that do not depend on the process, nor on which library made the label."""
    if isinstance(label, str):
        return b"s" + label.encode("utf-8", "surrogatepass")
    if isinstance(label, bytes):
        return b"b" + label
    if isinstance(label, datetime.timedelta | np.timedelta64):
        return b"p" + _duration(label)
    if isinstance(label, numbers.Integral | np.bool_):
        return b"i" + str(int(label)).encode()
    if isinstance(label, numbers.Real) and not isinstance(label, numbers.Rational):
        number = float(label)
        return b"i" + str(int(number)).encode() if number.is_integer() else b"f" + struct.pack(">d", number)
    if isinstance(label, datetime.date | np.datetime64):
        return b"d" + _moment(label)
    if isinstance(label, tuple):
        parts = [_bytes_of(part) for part in label]
        return b"t" + b"".join(struct.pack(">q", len(part)) + part for part in parts)
    if type(label).__repr__ is object.__repr__ or isinstance(label, set | frozenset):
        raise InvalidGroupsError(
            f"groups holds labels of type {type(label).__name__}, which have no fixed text; pass integers or strings."
        )
    return b"o" + f"{type(label).__qualname__}:{label!r}".encode()


def _moment(label: Any) -> bytes:
    """Write a date or time, whichever class it has, as text."""
    import pandas as pd

    return pd.Timestamp(label).isoformat().encode()


def _duration(label: Any) -> bytes:
    """Write a duration, whichever class it has, as text."""
    import pandas as pd

    return pd.Timedelta(label).isoformat().encode()


def _key(label: Any) -> int:
    """Hash one label to 64 bits."""
    code = _bytes_of(label)
    if code[:1] == b"i" and -(2**63) <= int(code[1:]) < 2**63:
        return int(_mix(np.array([int(code[1:])], dtype=np.int64))[0])
    return int.from_bytes(hashlib.blake2b(code, digest_size=8).digest(), "big")


def label_keys(labels: np.ndarray) -> np.ndarray:
    """Hash labels to 64 bits, the same in every process and for every type that holds an equal label.

    Parameters
    ----------
    labels : ndarray of shape (n,)
        Integers, floats, strings, bytes, dates or tuples of these.

    Returns
    -------
    ndarray of shape (n,), dtype uint64
        One key a label.

    Raises
    ------
    InvalidGroupsError
        If a label has no fixed text.

    Notes
    -----
    Integers, and floats that are whole numbers, go through the finaliser of SplitMix64 [1]_; everything else
    through BLAKE2b. Two of g labels share a key with probability about g**2 / 2**65.

    References
    ----------
    .. [1] G. L. Steele, D. Lea and C. H. Flood, "Fast splittable pseudorandom number generators",
       OOPSLA 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc.inputs.groups import label_keys
    >>> bool(label_keys(np.array([3]))[0] == label_keys(np.array([3.0]))[0])
    True
    """
    if labels.dtype.kind == "f":
        integers = whole_numbers(labels)
        labels = labels if integers is None else integers
    if labels.dtype.kind in "biu" and (labels.size == 0 or int(labels.max()) < 2**63):
        return _mix(labels.astype(np.int64))
    # tolist() would turn nanosecond dates into bare integers
    values = list(labels) if labels.dtype.kind in "mM" else labels.tolist()
    return np.array([_key(label) for label in values], dtype=np.uint64)


def check_groups(groups: Any, n_rows: int) -> tuple[np.ndarray, np.ndarray] | tuple[None, None]:
    """Check the group label of each row.

    Parameters
    ----------
    groups : array-like of shape (n_rows,) or None
        Hashable labels. Rows of one group are dependent.
    n_rows : int
        Number of rows of the predictions.

    Returns
    -------
    codes : ndarray of shape (n_rows,), dtype int64, or None
        Group of each row, 0..n_groups-1.
    keys : ndarray of shape (n_groups,), dtype uint64, or None
        Hash of each group's label; see `label_keys`.

    Raises
    ------
    InvalidGroupsError
        If the length is wrong, or a label is missing or cannot be hashed.

    Examples
    --------
    >>> from sklearn_lossacc.inputs.groups import check_groups
    >>> check_groups(["b", "a", "b"], 3)[0]
    array([0, 1, 0])
    """
    if groups is None:
        return None, None
    labels = label_vector(groups, "groups", InvalidGroupsError)
    if labels.size != n_rows:
        raise InvalidGroupsError(f"groups has {row_count(labels.size)}, y_proba has {n_rows}; pass one a row.")
    try:
        values, codes = factorize(labels)
    except TypeError as reason:
        raise InvalidGroupsError(f"groups holds labels that cannot be hashed ({reason}).") from reason
    missing = np.flatnonzero(codes < 0)
    if missing.size:
        raise InvalidGroupsError(
            f"groups is missing (None, NaN) in {row_count(missing.size)}, the first is row {missing[0]}; "
            "every row needs a group: give a row that stands alone a label of its own."
        )
    return codes, label_keys(tidy(values))
