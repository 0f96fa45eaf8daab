"""A target of one column is a target, with scikit-learn's warning; none at all is an error in its words."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import column_or_1d

from sklearn_lossacc.exceptions import InvalidTargetError

__all__ = ["one_label_a_row"]


def one_label_a_row(y: Any, owner: str) -> Any:
    """Turn a target of shape (n_samples, 1) into a vector.

    Parameters
    ----------
    y : array-like
        What `fit` was given.
    owner : str
        Name of the class whose `fit` it was.

    Returns
    -------
    array-like
        As given, unless it has one column.

    Raises
    ------
    InvalidTargetError
        If there is no target.

    Warns
    -----
    DataConversionWarning
        If it has one column.
    """
    if y is None:
        raise InvalidTargetError(f"{owner} requires y to be passed, but the target y is None; pass one label a row.")
    shape = getattr(y, "shape", None) or np.asarray(y).shape
    return column_or_1d(y, warn=True) if len(shape) == 2 and shape[1] == 1 else y
