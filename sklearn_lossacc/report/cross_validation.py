"""The out-of-fold predictions of a cross-validation, put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from sklearn_lossacc.exceptions import ClassesMismatchError, InvalidPredictionsError
from sklearn_lossacc.findings import Diagnosis, diagnose
from sklearn_lossacc.inputs import from_estimator
from sklearn_lossacc.report.folds import Fold, fold_scores, share_tested, with_folds
from sklearn_lossacc.report.settings import check_same_folds, compare_settings


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
    folds : tuple of Fold
        The same, fold by fold.
    """

    y_proba: np.ndarray
    input: str
    classes: np.ndarray
    rows: np.ndarray
    folds: tuple[Fold, ...]


def cross_validated_diagnosis(
    cv_results: Mapping[str, Any],
    X: Any,
    y: Any,
    *,
    response_method: str = "auto",
    sample_weight: Any = None,
    groups: Any = None,
    **options: Any,
) -> tuple[str, Diagnosis]:
    """Diagnose one cross-validation, or the best of several on the same folds.

    Parameters
    ----------
    cv_results : mapping
        Results of ``cross_validate``, or a mapping from names of settings to several of them.
    X : object
        The data that were cross-validated.
    y : array-like of shape (n_samples,)
        Their labels.
    response_method : {"auto", "predict_proba", "decision_function"}, default="auto"
        Where predictions come from.
    sample_weight, groups : array-like of shape (n_samples,), optional
        One entry a row of `X`.
    **options
        Those of `diagnose` that are not about rows.

    Returns
    -------
    str, Diagnosis
        Name of the setting, or of the estimators' class, and what was found, with the tables ``folds`` and
        ``fold_reliability``, and ``settings`` where there are several.

    Raises
    ------
    LossAccError
        If results are missing, or do not fit the data or each other.
    """
    if not isinstance(cv_results, Mapping):
        raise InvalidPredictionsError(
            f"cv_results must be a dict that cross_validate returns, or {{name: such a dict}}; got {cv_results!r:.80}."
        )
    several = bool(cv_results) and all(isinstance(results, Mapping) for results in cv_results.values())
    settings = cv_results if several else {"": cv_results}
    pooled = {
        name: pooled_predictions(results, X, response_method=response_method) for name, results in settings.items()
    }
    check_same_folds({name: [fold.rows for fold in found.folds] for name, found in pooled.items()})
    labels, weight = _column(y, "y", X), None
    if sample_weight is not None:
        weight = _column(sample_weight, "sample_weight", X)
    if groups is not None:
        groups = _column(groups, "groups", X)

    def scores(name: str) -> dict[str, list[float]]:
        found = pooled[name]
        return fold_scores(found.folds, labels, input=found.input, classes=found.classes, sample_weight=weight)

    table = compare_settings({name: scores(name) for name in pooled}, share_tested(next(iter(pooled.values())).folds))
    chosen = table["setting"][0]
    best = pooled[chosen]
    diagnosis = diagnose(
        labels[best.rows],
        best.y_proba,
        input=best.input,  # type: ignore[arg-type]
        classes=best.classes,
        sample_weight=None if weight is None else weight[best.rows],
        groups=_groups(groups, best.rows),
        X=_take(X, best.rows),
        **options,
    )
    diagnosis = with_folds(diagnosis, best.folds, labels, input=best.input, classes=best.classes, sample_weight=weight)
    if several:
        return str(chosen), replace(diagnosis, tables={**diagnosis.tables, "settings": table})
    return type(cv_results["estimator"][0]).__name__, diagnosis


def _column(values: Any, name: str, X: Any) -> np.ndarray:
    """Return one value a row of `X`, by position."""
    column = np.asarray(values)
    n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
    if column.shape[:1] != (n_rows,):
        raise InvalidPredictionsError(f"{name} has {column.shape[0] if column.ndim else 1} rows, but X has {n_rows}.")
    return column


def _groups(groups: np.ndarray | None, rows: np.ndarray) -> np.ndarray | None:
    """Return the groups of the predictions; several predictions of one row depend on each other."""
    if groups is not None:
        return groups[rows]
    return rows if len(np.unique(rows)) < len(rows) else None


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
        found = (
            "a search keeps no estimators: cross_validate each setting and pass {name: results}"
            if "params" in cv_results
            else f"it has the keys {sorted(map(str, cv_results))}"
        )
        raise InvalidPredictionsError(
            f"cv_results must come from cross_validate(..., return_estimator=True, return_indices=True); {found}."
        )
    indices = cv_results["indices"]
    n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
    _check_rows(indices["test"], n_rows)
    responses = [
        from_estimator(estimator, _take(X, test), response_method=response_method)
        for estimator, test in zip(cv_results["estimator"], indices["test"], strict=True)
    ]
    if any(response.classes is None for response in responses):
        raise ClassesMismatchError("the estimators of cv_results have no classes_; pass classifiers.")
    classes = np.unique(np.concatenate([response.classes for response in responses if response.classes is not None]))
    rows = np.concatenate(indices["test"])
    scores = [_on_all_classes(response, classes) for response in responses]
    folds = tuple(
        Fold(len(train), np.asarray(test), score)
        for train, test, score in zip(indices["train"], indices["test"], scores, strict=True)
    )
    order = np.argsort(rows, kind="stable")
    return Pooled(np.vstack(scores)[order], responses[0].input, classes, rows[order], folds)


def _check_rows(tests: Sequence[np.ndarray], n_rows: int) -> None:
    """Check that the folds were made from so many rows, as far as their test rows tell."""
    rows = np.unique(np.concatenate(tests))
    made_from = int(rows[-1]) + 1
    every_row_was_tested = len(rows) == made_from
    if made_from > n_rows or (every_row_was_tested and made_from < n_rows):
        raise InvalidPredictionsError(f"X has {n_rows} rows, but the folds were made from {made_from}.")


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
