"""Error messages in the names of the arguments that the caller knows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sklearn_lossacc.exceptions import LossAccError

__all__ = ["called"]


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
