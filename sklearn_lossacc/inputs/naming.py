"""Error messages in the names of the arguments that the caller knows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sklearn_lossacc.exceptions import LossAccError

__all__ = ["called", "row_count"]


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
