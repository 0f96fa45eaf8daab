"""Whether pandas objects that are matched by position have indexes that say otherwise."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from sklearn_lossacc.exceptions import DataWarning

__all__ = ["warn_misaligned"]

_WORDS = {"y_proba": "the predictions"}


def _index(values: Any) -> Any:
    """Return the index of a pandas object, None where there is none or rows were only numbered from 0."""
    index: Any = getattr(values, "index", None)
    if not type(index).__module__.startswith("pandas"):
        return None
    numbered = type(index).__name__ == "RangeIndex" and index.start == 0 and index.step == 1
    return None if numbered else index


def warn_misaligned(y_true: Any, **others: Any) -> None:
    """Warn if the index of the labels holds the same rows as that of another argument, in another order.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The labels.
    **others : array-like
        What is matched with them by position, by its name.

    Warns
    -----
    DataWarning
        If both have an index of their own, one is the other in another order.

    Notes
    -----
    Rows that are numbered from 0 say nothing: predictions that are put into a new data frame are.

    Examples
    --------
    >>> import pandas as pd
    >>> warn_misaligned(pd.Series([0, 1], index=[7, 4]), y_proba=pd.Series([0.2, 0.9], index=[7, 4]))
    """
    index = _index(y_true)
    if index is None:
        return
    for name, values in others.items():
        other = _index(values)
        if other is None or len(other) != len(index) or index.equals(other):
            continue
        try:
            same = index.is_unique and index.sort_values().equals(other.sort_values())
        except TypeError:  # of labels that have no order
            continue
        if same:
            row = int(np.argmax(np.asarray(index != other)))
            here, there = (rows[[row]].tolist()[0] for rows in (other, index))
            warnings.warn(
                f"the index of {_WORDS.get(name, name)} is that of the labels in another order (row {row}: {here!r} "
                f"and {there!r}), but rows are matched by position: if the index says which belong together, bring "
                "both to one order, such as with .loc[labels.index].",
                DataWarning,
                stacklevel=5,
            )
