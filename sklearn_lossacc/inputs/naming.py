"""Error messages in the names of the arguments that the caller knows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sklearn_lossacc.exceptions import LossAccError

__all__ = ["called", "counted_from", "row_count"]


@contextmanager
def called(**names: str) -> Iterator[None]:
    """Rename arguments in the errors of this package that are raised inside.

    Parameters
    ----------
    **names : str
        What to write in the place of each name.

    Yields
    ------
    None
        Errors keep their type and cause.

    Examples
    --------
    >>> from sklearn_lossacc.inputs import Scores
    >>> from sklearn_lossacc.inputs.naming import called
    >>> with called(y_proba="X"):
    ...     Scores.from_array(None)
    Traceback (most recent call last):
    sklearn_lossacc.exceptions.InvalidPredictionsError: X is None; pass an array.
    """
    try:
        yield
    except LossAccError as error:
        text = re.sub(rf"\b({'|'.join(names)})\b", lambda found: names[found[0]], str(error))
        raise type(error)(text) from error.__cause__


@contextmanager
def counted_from(first_row: int, n_rows: int, n_all: int) -> Iterator[None]:
    """Say which rows the errors of this package that are raised inside are about, counted from the first of all.

    Parameters
    ----------
    first_row : int
        Number of the first row that is worked on inside, among all rows.
    n_rows : int
        How many rows these are.
    n_all : int
        How many rows there are in all.

    Yields
    ------
    None
        Errors keep their type and cause.

    Examples
    --------
    >>> from sklearn_lossacc.inputs import Scores
    >>> from sklearn_lossacc.inputs.naming import counted_from
    >>> with counted_from(100, 2, 300):
    ...     Scores.from_array([[0.5, 0.5], [-0.5, 1.5]])
    Traceback (most recent call last):
    sklearn_lossacc.exceptions.NotProbabilitiesError: rows 100 to 101: y_proba has negative entries in 1 row, the first
    is row 101 (-0.5); expected probabilities; if these are logits or log-probabilities, pass input='logits'.
    """
    try:
        yield
    except LossAccError as error:
        if n_rows == n_all:
            raise
        text = re.sub(r"\b(in row|is row|is number) (\d+)", lambda at: f"{at[1]} {first_row + int(at[2])}", str(error))
        raise type(error)(f"rows {first_row} to {first_row + n_rows - 1}: {text}") from error.__cause__


def row_count(n_rows: int) -> str:
    """Write a number of rows.

    Parameters
    ----------
    n_rows : int
        The number.

    Returns
    -------
    str
        In the singular where it is 1.

    Examples
    --------
    >>> row_count(1), row_count(12)
    ('1 row', '12 rows')
    """
    return f"{n_rows} row" if n_rows == 1 else f"{n_rows} rows"
