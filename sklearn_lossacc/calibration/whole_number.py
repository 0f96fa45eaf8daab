"""Parameters that are numbers of things."""

from __future__ import annotations

import operator
from typing import Any

__all__ = ["whole_number"]


def whole_number(name: str, value: Any, least: int) -> int:
    """Check a parameter that counts.

    Parameters
    ----------
    name : str
        Of the parameter, for the error.
    value : int
        As given.
    least : int
        The smallest that is allowed.

    Returns
    -------
    int
        The value.

    Raises
    ------
    ValueError
        If it is no integer, or less.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc.calibration.whole_number import whole_number
    >>> whole_number("n_folds", np.int64(5), 2)
    5
    """
    try:
        number = operator.index(value)
    except TypeError:
        raise ValueError(f"{name} must be an integer of at least {least}, got {value!r}.") from None
    if number < least:
        raise ValueError(f"{name} must be at least {least}, got {number}.")
    return number
