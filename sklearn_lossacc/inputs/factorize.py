"""Labels of any type as small integer codes."""

from __future__ import annotations

import numpy as np

__all__ = ["factorize"]

# Integers are counted rather than hashed while their range is not much larger than their number.
_SMALL_RANGE = 1024


def _factorize_integers(labels: np.ndarray, low: int, high: int) -> tuple[np.ndarray, np.ndarray]:
    """Count the labels on their range: no sorting, one pass and one gather."""
    offsets = labels.astype(np.int64)
    offsets -= low
    present = np.flatnonzero(np.bincount(offsets, minlength=high - low + 1))
    code_of = np.zeros(high - low + 1, dtype=np.int64)
    code_of[present] = np.arange(present.size)
    # mode="clip" lets numpy write in place, without a buffer; all offsets are in range
    np.take(code_of, offsets, out=offsets, mode="clip")
    return present + low, offsets


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
    >>> factorize(np.array(["b", "a", None, "b"], dtype=object))
    (array(['b', 'a'], dtype=object), array([ 0,  1, -1,  0]))
    """
    kind = labels.dtype.kind
    if kind == "b":
        values, codes = _factorize_integers(labels, 0, 1)
        return values.astype(bool), codes
    if kind in "iu" and labels.size:
        low, high = int(labels.min()), int(labels.max())
        if high - low <= labels.size + _SMALL_RANGE and high < 2**63:
            return _factorize_integers(labels, low, high)

    import pandas as pd

    if kind not in "iufO":
        labels = labels.astype(object)
    codes, values = pd.factorize(labels.astype(labels.dtype.newbyteorder("="), copy=False))
    return np.asarray(values), codes.astype(np.int64, copy=False)
