"""One score of a fitted classifier."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_lossacc.exceptions import InvalidTargetError
from sklearn_lossacc.inputs import check_target
from sklearn_lossacc.inputs.factorize import tidy
from sklearn_lossacc.inputs.naming import called
from sklearn_lossacc.inputs.response import PREDICTION
from sklearn_lossacc.inputs.weights import check_sample_weight
from sklearn_lossacc.metrics.estimator_rows import as_vector, check_missing, rows_of_estimator
from sklearn_lossacc.metrics.score_request import ScoreRequest
from sklearn_lossacc.metrics.scorer_table import SCORERS, get_scorer_names

__all__ = ["Scorer", "get_scorer"]


def _kind(labels: np.ndarray) -> str | None:
    """Name what labels are, if they are all alike."""
    kinds = {"U": "text", "S": "bytes", **dict.fromkeys("biuf", "numbers")}
    return kinds.get(labels.dtype.kind)


def _accuracy_of_labels(y: Any, y_pred: Any, sample_weight: Any) -> float:
    """Return the weighted share of equal labels."""
    with called(y_true="y", y_proba="X"):
        labels = tidy(check_target(as_vector(y)))
    with called(y_true=PREDICTION, y_proba="X"):
        predicted = tidy(check_target(as_vector(y_pred)))
    if predicted.dtype.kind == "f" and labels.dtype.kind != "f":
        row = int(np.argmax(predicted != np.floor(predicted)))
        raise InvalidTargetError(
            f"the estimator predicts {predicted[row]:g} in row {row}, no label; pass a classifier."
        )
    if len(labels) != len(predicted):
        raise InvalidTargetError(f"y has {len(labels)} labels for {len(predicted)} predictions.")
    given, found = _kind(labels), _kind(predicted)
    if given and found and given != found:
        raise InvalidTargetError(
            f"y holds {given} ({labels.tolist()[0]!r} in row 0) where the estimator predicts {found} "
            f"({predicted.tolist()[0]!r}), so that none can be right; pass labels as the estimator was fitted with."
        )
    correct = labels == predicted
    with called(y_proba=PREDICTION):
        weight = check_sample_weight(sample_weight, len(correct))
    return float(np.average(correct, weights=weight))


class Scorer(ScoreRequest):
    """A callable ``scorer(estimator, X, y, sample_weight=None)`` whose result is larger for better estimators.

    Made by `get_scorer`.

    Parameters
    ----------
    name : str
        A name from `get_scorer_names`.
    missing : {"raise", "clip"}
        What to do about a label that the estimator never saw.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from sklearn_lossacc import get_scorer
    >>> model = DummyClassifier().fit([[0], [0], [0], [0]], ["a", "a", "a", "b"])
    >>> get_scorer("accuracy")(model, [[0], [0]], ["a", "b"])
    0.5
    """

    def __init__(self, name: str, missing: str):
        super().__init__()
        self.name = name
        self.missing = missing

    def __repr__(self) -> str:
        """Show the call that makes this scorer."""
        missing = "" if self.missing == "raise" else f", missing={self.missing!r}"
        return f"get_scorer({self.name!r}{missing})"

    def __call__(self, estimator: Any, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Score a fitted classifier.

        Parameters
        ----------
        estimator : classifier
            Fitted, with `predict_proba` or `decision_function`; for the accuracy with `predict`, or one of these.
        X : object
            Whatever the estimator takes.
        y : array-like of shape (n_samples,)
            Labels. They need not hold every class that the estimator knows.
        sample_weight : array-like of shape (n_samples,), optional
            Row weights.

        Returns
        -------
        float
            Larger is better.

        Raises
        ------
        ClassesMismatchError
            If a label is unknown to the estimator and ``missing="raise"``.
        """
        if self.name == "accuracy" and hasattr(estimator, "predict"):
            return _accuracy_of_labels(y, estimator.predict(X), sample_weight)
        remedy = f"get_scorer({self.name!r}, missing='clip')"
        rows = rows_of_estimator(estimator, X, y, sample_weight, missing=self.missing, remedy=remedy)
        row = SCORERS[self.name]
        return row.sign * row.value(rows)


def get_scorer(name: str, *, missing: str = "raise") -> Scorer:
    """Get a scorer by name.

    Parameters
    ----------
    name : str
        A name from `get_scorer_names`.
    missing : {"raise", "clip"}, default="raise"
        What to do about a label that the estimator never saw, because its training fold lacked the class: raise, or
        take its probability for 0, which costs 36.04 nats of log loss a row.

    Returns
    -------
    Scorer
        A callable ``scorer(estimator, X, y, sample_weight=None)`` for `GridSearchCV`, `cross_validate` and the like.
        It takes the classes from the estimator, so that a test fold without some class is no problem. "accuracy" asks
        for `predict`, and takes the likeliest class where there is none; the others ask for `predict_proba`, and where
        there is none read `decision_function` as logits.

    Raises
    ------
    ValueError
        If the name or `missing` is unknown.

    See Also
    --------
    lossacc_scoring : Several scores from one prediction.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from sklearn_lossacc import get_scorer
    >>> model = DummyClassifier().fit([[0], [0], [0], [0]], ["a", "b", "c", "c"])
    >>> round(get_scorer("neg_log_loss")(model, [[0], [0]], ["c", "c"]), 6)  # no "a", no "b": log(1 / 2)
    -0.693147
    """
    if not isinstance(name, str) or name not in SCORERS:
        raise ValueError(f"{name!r} is no scorer; choose one of {get_scorer_names()}.")
    check_missing(missing)
    return Scorer(name, missing)
