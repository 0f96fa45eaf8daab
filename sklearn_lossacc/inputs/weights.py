"""Sample weights and class frequencies: finite, non-negative, with a positive sum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from sklearn_lossacc.exceptions import ClassesMismatchError, InvalidWeightsError
from sklearn_lossacc.inputs.arrays import real_numbers, show_labels
from sklearn_lossacc.inputs.naming import row_count

__all__ = ["check_sample_weight", "check_train_prior", "check_weight_scale"]

# The largest weight of what has an effective size must lie between these: squares of weights are summed.
_SMALLEST_SCALE, _LARGEST_SCALE = 1e-100, 1e100


def _amounts(values: Any, name: str, units: str, *, part: bool = False) -> np.ndarray:
    """Read a vector of finite, non-negative numbers with a positive, finite sum; that of a part may be 0."""
    if isinstance(values, str | Mapping):
        given = f"the text {values!r}" if isinstance(values, str) else f"a {type(values).__name__}"
        balanced = "sklearn.utils.class_weight.compute_sample_weight computes them from those of classes"
        advice = f"; {balanced}" if name == "sample_weight" else ""
        raise InvalidWeightsError(f"{name} is {given}; expected one number for each of the {units}{advice}.")
    array = real_numbers(values, name, InvalidWeightsError)
    if array.ndim != 1:
        hint = ": pass its one column" if array.ndim == 2 and array.shape[1] == 1 else ""
        raise InvalidWeightsError(f"{name} must be one-dimensional; got shape {array.shape}{hint}.")
    amounts = array.astype(np.float64, copy=False)
    for fault, bad in (
        ("NaN", np.isnan(amounts)),
        ("infinite", np.isinf(amounts)),
        ("negative", amounts < 0),
    ):
        found = np.flatnonzero(bad)
        if found.size:
            raise InvalidWeightsError(
                f"{name} is {fault} in {found.size} of {amounts.size} {units}, the first is number {found[0]} "
                f"({amounts[found[0]]:g}); expected finite numbers of at least 0."
            )
    with np.errstate(over="ignore"):
        total = float(amounts.sum())
    if not (total > 0 or part) or not total < np.inf:
        detail = "" if total else " (every entry is zero)"
        raise InvalidWeightsError(f"the sum of {name} is {total:g}{detail}; expected a positive, finite sum.")
    return amounts


def check_sample_weight(sample_weight: Any, n_rows: int, *, part: bool = False) -> np.ndarray | None:
    """Check the weight of each row.

    Parameters
    ----------
    sample_weight : array-like of shape (n_rows,) or None
        Finite and non-negative, at least one positive.
    n_rows : int
        Number of rows of the predictions.
    part : bool, default=False
        Whether these are part of the rows, all of which may have weight 0.

    Returns
    -------
    ndarray of shape (n_rows,), dtype float64, or None
        The caller's array where it is float64 already.

    Raises
    ------
    InvalidWeightsError
        If the length, the type or an entry is unusable, or all weights are 0.

    Examples
    --------
    >>> from sklearn_lossacc.inputs.weights import check_sample_weight
    >>> check_sample_weight([1, 0], 2)
    array([1., 0.])
    """
    if sample_weight is None:
        return None
    weight = _amounts(sample_weight, "sample_weight", "rows", part=part)
    if weight.size != n_rows:
        raise InvalidWeightsError(f"sample_weight has {row_count(weight.size)}, y_proba has {n_rows}; pass one a row.")
    return weight


def check_weight_scale(sample_weight: np.ndarray | None, *, part: bool = False) -> None:
    """Check that the squares of weights, of which effective sizes and variances are made, can be computed.

    Parameters
    ----------
    sample_weight : ndarray of shape (n_rows,) or None
        From `check_sample_weight`.
    part : bool, default=False
        Whether these are the weights of part of the rows, whose largest may be any smaller.

    Raises
    ------
    InvalidWeightsError
        If the largest weight is below 1e-100 or above 1e100.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc.inputs.weights import check_weight_scale
    >>> check_weight_scale(np.array([1e-300, 2.0]))
    """
    if sample_weight is None:
        return
    largest = float(sample_weight.max())
    if not (part or largest >= _SMALLEST_SCALE) or largest > _LARGEST_SCALE:
        raise InvalidWeightsError(
            f"the largest sample_weight is {largest:g}, in row {int(sample_weight.argmax())}; expected one between "
            f"{_SMALLEST_SCALE:g} and {_LARGEST_SCALE:g}: divide the weights by their mean."
        )


def _in_class_order(frequencies: Mapping, classes: np.ndarray) -> list[float]:
    """Read a mapping from class to frequency in the order of the classes."""
    labels = classes.tolist()
    strangers = [label for label in frequencies if label not in labels]
    # a Counter holds 0 for what it never saw; elsewhere an absent class may be a slip
    counter = isinstance(frequencies, Counter)
    absent = [] if counter else [label for label in labels if label not in frequencies]
    if strangers or absent:
        raise ClassesMismatchError(
            f"train_prior must name every class; unknown: {show_labels(strangers)}, absent: "
            f"{show_labels(absent)}. classes: {show_labels(classes)}; labels of train_prior: "
            f"{show_labels(list(frequencies))}. Give classes that training never saw the frequency 0."
        )
    return [frequencies[label] for label in labels]


def check_train_prior(train_prior: Any, classes: np.ndarray) -> np.ndarray | None:
    """Check the class frequencies at training, and divide them by their sum.

    Parameters
    ----------
    train_prior : array-like of shape (n_classes,), mapping or pandas.Series, or None
        Frequencies or counts: an array in the order of `classes`, or a mapping (a Series: its index) from
        class to frequency.
    classes : ndarray of shape (n_classes,)
        The label of each column.

    Returns
    -------
    ndarray of shape (n_classes,), dtype float64, or None
        Sums to 1.

    Raises
    ------
    InvalidWeightsError
        If the length, the type or an entry is unusable, or the sum is 0.
    ClassesMismatchError
        If a mapping does not name exactly the classes.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc.inputs.weights import check_train_prior
    >>> check_train_prior({"b": 3, "a": 1}, np.array(["a", "b"]))
    array([0.25, 0.75])
    """
    if train_prior is None:
        return None
    if hasattr(train_prior, "to_dict"):
        # a pandas Series; value_counts() is ordered by count: reading it by position would permute the classes
        train_prior = train_prior.to_dict()
    if isinstance(train_prior, Mapping):
        train_prior = _in_class_order(train_prior, classes)
    prior = _amounts(train_prior, "train_prior", "classes")
    if prior.size != classes.size:
        raise InvalidWeightsError(
            f"train_prior has {prior.size} entries, there are {classes.size} classes; pass one a class."
        )
    return prior / prior.sum()
