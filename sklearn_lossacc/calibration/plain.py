"""Calibrators as plain numbers, and back: a dict that JSON, YAML or any other writer can hold."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_lossacc.exceptions import InvalidFileError

__all__ = ["FORMAT", "SCHEMA", "check_header", "labels_from_plain", "labels_to_plain", "numbers_from_plain"]

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


def numbers_from_plain(values: Any, *, rising: bool = False) -> np.ndarray:
    """Return finite numbers as an array.

    Parameters
    ----------
    values : list of float
        Nested or not.
    rising : bool, default=False
        Whether none may be smaller than the one before it.

    Returns
    -------
    ndarray of float64
        The same numbers.

    Raises
    ------
    ValueError
        If something else is among them.
    """
    numbers = np.array(values, dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise ValueError("expected finite numbers only")
    if rising and (np.diff(numbers) < 0).any():
        raise ValueError("expected numbers in rising order")
    return numbers


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
