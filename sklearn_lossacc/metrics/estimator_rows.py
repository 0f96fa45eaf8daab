"""From a fitted classifier to the rows that metrics read, also where labels and classes do not match."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_lossacc.exceptions import ClassesMismatchError
from sklearn_lossacc.inputs import Response, check_target, from_estimator
from sklearn_lossacc.inputs.arrays import show_labels
from sklearn_lossacc.inputs.columns import spread_columns
from sklearn_lossacc.inputs.naming import called
from sklearn_lossacc.inputs.response import PREDICTION
from sklearn_lossacc.metrics.rows import Rows

__all__ = ["as_vector", "check_missing", "rows_of_estimator"]


def check_missing(missing: str) -> None:
    """Refuse an unknown way with classes that were never seen.

    Parameters
    ----------
    missing : str
        As the user gave it.

    Raises
    ------
    ValueError
        If it is neither "raise" nor "clip".
    """
    if missing not in ("raise", "clip"):
        raise ValueError(f"missing must be 'raise' or 'clip', got {missing!r}.")


def as_vector(labels: Any) -> Any:
    """Take labels in one column, which scikit-learn's scorers take and some estimators predict, as a vector.

    Parameters
    ----------
    labels : array-like
        One label a row.

    Returns
    -------
    array-like
        As given, unless it has one column.
    """
    shape: tuple[int, ...] = getattr(labels, "shape", ())
    return np.asarray(labels)[:, 0] if len(shape) == 2 and shape[1] == 1 else labels


def _strangers(labels: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the distinct labels that are not among the classes, in order of appearance."""
    known = set(classes.tolist())
    return np.array([label for label in dict.fromkeys(labels.tolist()) if label not in known])


def _rows(y: Any, response: Response, sample_weight: Any) -> Rows:
    """Check a response against its labels."""
    return Rows.check(y, response.y_proba, sample_weight=sample_weight, classes=response.classes, input=response.input)


def rows_of_estimator(estimator: Any, X: Any, y: Any, sample_weight: Any, *, missing: str, remedy: str) -> Rows:
    """Predict once.

    Parameters
    ----------
    estimator : classifier
        Fitted, with `predict_proba` or `decision_function`.
    X : object
        Whatever the estimator takes.
    y : array-like of shape (n_samples,)
        Labels.
    sample_weight : array-like of shape (n_samples,) or None
        Weights.
    missing : {"raise", "clip"}
        What to do about a label that the estimator never saw.
    remedy : str
        The call that would score such labels.

    Returns
    -------
    Rows
        With the columns of the estimator, and with ``missing="clip"`` one for each label that it never saw.

    Raises
    ------
    ClassesMismatchError
        If a label is unknown to the estimator and ``missing="raise"``.
    """
    response, y = from_estimator(estimator, X), as_vector(y)
    with called(y_true="y", y_proba=PREDICTION):
        try:
            return _rows(y, response, sample_weight)
        except ClassesMismatchError:
            if response.classes is None:
                raise
            strangers = _strangers(check_target(y), response.classes)
            if not len(strangers):
                raise
            if missing == "raise":
                raise ClassesMismatchError(
                    f"y holds classes that the estimator never saw: {show_labels(strangers)}; it knows "
                    f"{show_labels(response.classes)}. Use splits whose training side holds every class, or "
                    f"{remedy}, which takes their probability for 0."
                ) from None
            classes = np.array([*response.classes.tolist(), *strangers.tolist()])
            spread = Response(spread_columns(response, classes), response.input, classes)
            return _rows(y, spread, sample_weight)
