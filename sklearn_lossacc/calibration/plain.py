"""Calibrators as plain numbers, and back: a dict that JSON, YAML or any other writer can hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sklearn_lossacc.exceptions import InvalidFileError

__all__ = [
    "FORMAT",
    "SCHEMA",
    "check_header",
    "check_lengths",
    "labels_from_plain",
    "labels_to_plain",
    "number_to_plain",
    "numbers_from_plain",
]

FORMAT = "sklearn_lossacc.calibrator"
SCHEMA = 1


def labels_to_plain(labels: np.ndarray) -> dict[str, Any]:
    """Return labels as Python scalars, with the dtype that restores them.

    Parameters
    ----------
    labels : ndarray of shape (n,)
        Strings or numbers.

    Returns
    -------
    dict
        With "dtype" and "values".

    Raises
    ------
    TypeError
        If a label is neither a string nor a number.
    """
    values = labels.tolist()
    for value in values:
        if not isinstance(value, str | int | float | bool):
            raise TypeError(
                f"the class {value!r} of type {type(value).__name__} cannot be written as plain data; "
                "use strings or numbers as labels."
            )
    return {"dtype": labels.dtype.str, "values": values}


def labels_from_plain(plain: dict[str, Any]) -> np.ndarray:
    """Return the labels that `labels_to_plain` wrote.

    Parameters
    ----------
    plain : dict
        With "dtype" and "values".

    Returns
    -------
    ndarray of shape (n,)
        Equal to what was written, in value and dtype.
    """
    return np.array(plain["values"], dtype=np.dtype(plain["dtype"]))


def number_to_plain(value: Any) -> Any:
    """Return a number or truth value of NumPy, as searches over arrays of parameters set them, as one of Python.

    Parameters
    ----------
    value : object
        A parameter.

    Returns
    -------
    object
        Anything else as it is.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc.calibration.plain import number_to_plain
    >>> number_to_plain(np.int64(5)), number_to_plain(np.True_), number_to_plain("beta")
    (5, True, 'beta')
    """
    single = isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0)
    return value.item() if single else value


def numbers_from_plain(values: Any, *, shape: tuple[int, ...] | None = None, rising: bool = False) -> np.ndarray:
    """Return finite numbers as an array.

    Parameters
    ----------
    values : list of float
        Nested or not.
    shape : tuple of int, optional
        What shape they have, if that is known.
    rising : bool, default=False
        Whether none may be smaller than the one before it.

    Returns
    -------
    ndarray of float64
        The same numbers.

    Raises
    ------
    ValueError
        If something else is among them, or their shape is another one.
    """
    numbers = np.array(values, dtype=np.float64)
    if shape is not None and numbers.shape != shape:
        raise ValueError(f"expected numbers of shape {shape}, got {numbers.shape}")
    if not np.isfinite(numbers).all():
        raise ValueError("expected finite numbers only")
    if rising and (np.diff(numbers) < 0).any():
        raise ValueError("expected numbers in rising order")
    return numbers


def check_lengths(arrays: Mapping[str, np.ndarray], lengths: Mapping[str, int]) -> None:
    """Check that no number is missing from arrays that belong together.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        Some of those that `lengths` names.
    lengths : mapping of str to int
        Positive: how many numbers there are. Otherwise they are n, or fewer by so many, for one n of at least 1.

    Raises
    ------
    ValueError
        If an array has another length, or more than one dimension.
    KeyError
        If one is not named.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc.calibration.plain import check_lengths
    >>> check_lengths({"edges": np.zeros(4), "values": np.zeros(5)}, {"edges": -1, "values": 0})
    """
    found = {key: array.size if array.ndim == 1 else -1 for key, array in arrays.items()}
    n = max((length - lengths[key] for key, length in found.items() if lengths[key] <= 0), default=1)
    expected = {key: lengths[key] if lengths[key] > 0 else max(n, 1) + lengths[key] for key in arrays}
    if found != expected:
        raise ValueError(f"arrays of the lengths {found} do not belong together")


def check_header(data: Any) -> None:
    """Check that `data` was written by a version that this one can read.

    Parameters
    ----------
    data : dict
        What should be the result of `to_dict`.

    Raises
    ------
    InvalidFileError
        If it is something else, or of another schema.
    """
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise InvalidFileError(f"expected a dict written by to_dict, with format {FORMAT!r}.")
    if data.get("schema") != SCHEMA:
        raise InvalidFileError(
            f"the calibrator has schema {data.get('schema')!r}, this version reads {SCHEMA}; "
            "read it with the version that wrote it, or fit it again."
        )
