"""Options that are either true or false."""

from __future__ import annotations

from inspect import signature

import numpy as np

from sklearn_lossacc.exceptions import LossAccError

__all__ = ["check_flag", "check_flags"]


def check_flag(name: str, value: object) -> bool:
    """Return an option that is true or false; a text such as "no" would count as true.

    Parameters
    ----------
    name : str
        What the option is called.
    value : object
        What was given for it.

    Returns
    -------
    bool
        The same.

    Raises
    ------
    LossAccError
        If it is neither True nor False.

    Examples
    --------
    >>> check_flag("out_of_sample", False)
    False
    >>> check_flag("out_of_sample", "no")
    Traceback (most recent call last):
    sklearn_lossacc.exceptions.LossAccError: out_of_sample must be True or False, got 'no'.
    """
    if not isinstance(value, bool | np.bool_):
        raise LossAccError(f"{name} must be True or False, got {value!r}.")
    return bool(value)


def check_flags(estimator: object) -> None:
    """Check every parameter of an estimator whose default is True or False.

    Parameters
    ----------
    estimator : object
        Keeps its parameters under their names, as scikit-learn asks.

    Raises
    ------
    LossAccError
        If one is neither.
    """
    for name, parameter in signature(type(estimator)).parameters.items():
        if isinstance(parameter.default, bool):
            check_flag(name, getattr(estimator, name))
