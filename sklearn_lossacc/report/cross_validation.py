"""The out-of-fold predictions of a cross-validation, put together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from sklearn_lossacc.exceptions import ClassesMismatchError, InvalidPredictionsError
from sklearn_lossacc.inputs import from_estimator


class Pooled(NamedTuple):
    """Out-of-fold predictions of all folds, in the order of the rows.

    Attributes
    ----------
    y_proba : ndarray of shape (n_predictions, n_classes)
        Probabilities or logits.
    input : {"proba", "logits"}
        What `y_proba` holds.
    classes : ndarray of shape (n_classes,)
        The classes of all folds.
    rows : ndarray of shape (n_predictions,)
        The row of each prediction; repeated folds predict a row several times.
    """

    y_proba: np.ndarray
    input: str
    classes: np.ndarray
    rows: np.ndarray


def pooled_predictions(cv_results: Mapping[str, Any], X: Any, *, response_method: str = "auto") -> Pooled:
    """Predict each fold's test rows with the estimator that has not seen them.

    A class that a training fold never saw gets a column of zeros for that fold's rows.

    Parameters
    ----------
    cv_results : mapping
        From ``cross_validate(..., return_estimator=True, return_indices=True)``.
    X : object
        The data that were cross-validated.
    response_method : {"auto", "predict_proba", "decision_function"}, default="auto"
        Where predictions come from.

    Returns
    -------
    Pooled

    Raises
    ------
    InvalidPredictionsError
        If estimators or indices are missing, or do not fit `X`.
    ClassesMismatchError
        If estimators have no ``classes_``, or a fold of logits lacks a class.
    """
    if not {"estimator", "indices"} <= set(cv_results):
        raise InvalidPredictionsError(
            "cv_results must come from cross_validate(..., return_estimator=True, return_indices=True); "
            f"it has the keys {sorted(cv_results)}."
        )
    indices = cv_results["indices"]
    n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
    expected = len(indices["train"][0]) + len(indices["test"][0])
    if n_rows != expected:
        raise InvalidPredictionsError(f"X has {n_rows} rows, but the folds were made from {expected}.")
    responses = [
        from_estimator(estimator, _take(X, test), response_method=response_method)
        for estimator, test in zip(cv_results["estimator"], indices["test"], strict=True)
    ]
    if any(response.classes is None for response in responses):
        raise ClassesMismatchError("the estimators of cv_results have no classes_; pass classifiers.")
    classes = np.unique(np.concatenate([response.classes for response in responses if response.classes is not None]))
    rows = np.concatenate(indices["test"])
    stacked = np.vstack([_on_all_classes(response, classes) for response in responses])
    order = np.argsort(rows, kind="stable")
    return Pooled(stacked[order], responses[0].input, classes, rows[order])


def _take(data: Any, rows: np.ndarray) -> Any:
    """Return rows of an array, a sparse matrix, a frame or a list."""
    if hasattr(data, "iloc"):
        return data.iloc[rows]
    return data[rows] if hasattr(data, "shape") else [data[row] for row in rows]


def _on_all_classes(response: Any, classes: np.ndarray) -> np.ndarray:
    """Put a fold's columns into those of all folds."""
    scores = np.asarray(response.y_proba)
    if scores.ndim == 1 and response.input == "logits":
        scores = np.column_stack([np.zeros_like(scores), scores])
    places = np.searchsorted(classes, response.classes)
    if len(places) < len(classes) and response.input == "logits":
        missing = sorted(set(classes.tolist()) - set(response.classes.tolist()))
        raise ClassesMismatchError(
            f"a training fold never saw the classes {missing}, and logits have no value for that; "
            "use stratified folds, or response_method='predict_proba'."
        )
    spread = np.zeros((scores.shape[0], len(classes)), dtype=scores.dtype)
    spread[:, places] = scores
    return spread
