"""Scorers for model selection: one table, one class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from sklearn import get_config
from sklearn.utils.metadata_routing import MetadataRequest

from sklearn_lossacc.exceptions import ClassesMismatchError, InvalidTargetError
from sklearn_lossacc.inputs import Response, check_target, from_estimator
from sklearn_lossacc.inputs.arrays import show_labels
from sklearn_lossacc.inputs.columns import spread_columns
from sklearn_lossacc.inputs.weights import check_sample_weight
from sklearn_lossacc.metrics.brier_score import brier_score_loss
from sklearn_lossacc.metrics.log_loss import log_loss

__all__ = ["SCORERS", "Scorer", "get_scorer", "get_scorer_names"]


class ScorerRow(NamedTuple):
    """What a scorer computes.

    Attributes
    ----------
    metric : callable or None
        ``metric(y_true, y_proba, *, input, classes, sample_weight)``; None stands for the accuracy of `predict`.
    sign : int
        1 if larger values of the metric are better, else -1.
    response_method : str
        Where the scores come from: "predict_proba", "auto" (or `decision_function` as logits), or "predict".
    """

    metric: Callable[..., float] | None
    sign: int
    response_method: str


# A scorer is added by a row.
SCORERS: dict[str, ScorerRow] = {
    "accuracy": ScorerRow(None, 1, "predict"),
    "neg_log_loss": ScorerRow(log_loss, -1, "predict_proba"),
    "neg_brier_score": ScorerRow(brier_score_loss, -1, "predict_proba"),
}


def _strangers(labels: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the distinct labels that are not among the classes, in order of appearance."""
    known = set(classes.tolist())
    return np.array([label for label in dict.fromkeys(labels.tolist()) if label not in known])


class Scorer:
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
        self.name = name
        self.missing = missing
        self._requests: dict[str, bool | str | None] = {"sample_weight": None}

    def __repr__(self) -> str:
        """Show the call that makes this scorer."""
        missing = "" if self.missing == "raise" else f", missing={self.missing!r}"
        return f"get_scorer({self.name!r}{missing})"

    def __call__(self, estimator: Any, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Score a fitted classifier.

        Parameters
        ----------
        estimator : classifier
            Fitted.
        X : object
            Whatever the estimator takes.
        y : array-like of shape (n_samples,)
            Labels. They need not hold every class that the estimator knows.
        sample_weight : array-like of shape (n_samples,), optional
            Weight k is the row repeated k times.

        Returns
        -------
        float
            Larger is better.

        Raises
        ------
        ClassesMismatchError
            If a label is unknown to the estimator and ``missing="raise"``.
        """
        metric, sign, response_method = SCORERS[self.name]
        if metric is None:
            return sign * _accuracy_of_labels(y, estimator.predict(X), sample_weight)
        response = from_estimator(estimator, X, response_method=response_method)
        try:
            return sign * _measure(metric, y, response, sample_weight)
        except ClassesMismatchError:
            if response.classes is None:
                raise
            strangers = _strangers(check_target(y), response.classes)
            if not len(strangers):
                raise
            if self.missing == "raise":
                raise ClassesMismatchError(
                    f"y holds classes that the estimator never saw: {show_labels(strangers)}; it knows "
                    f"{show_labels(response.classes)}. Use splits whose training side holds every class, or "
                    f"get_scorer({self.name!r}, missing='clip'), which takes their probability for 0."
                ) from None
            classes = np.array([*response.classes.tolist(), *strangers.tolist()])
            spread = Response(spread_columns(response, classes), response.input, classes)
            return sign * _measure(metric, y, spread, sample_weight)

    def _accept_sample_weight(self) -> bool:
        """Tell the searches of scikit-learn that weights are welcome."""
        return True

    def set_score_request(self, *, sample_weight: bool | str | None = None) -> Scorer:
        """Say which metadata this scorer wants, for metadata routing.

        Parameters
        ----------
        sample_weight : bool, str or None
            True: pass it. False: do not. None: raise if it is given. A string: pass the metadata of that name.

        Returns
        -------
        self
            This scorer.

        Raises
        ------
        RuntimeError
            If metadata routing is not enabled.
        """
        if not get_config()["enable_metadata_routing"]:
            raise RuntimeError(
                "set_score_request needs metadata routing: sklearn.set_config(enable_metadata_routing=True)."
            )
        self._requests = {"sample_weight": sample_weight}
        return self

    def get_metadata_routing(self) -> MetadataRequest:
        """Return which metadata this scorer wants.

        Returns
        -------
        MetadataRequest
            For `sample_weight`.
        """
        request = MetadataRequest(owner=self)
        for parameter, alias in self._requests.items():
            request.score.add_request(param=parameter, alias=alias)
        return request


def _measure(metric: Callable[..., float], y: Any, response: Response, sample_weight: Any) -> float:
    """Evaluate a metric on a response."""
    return metric(y, response.y_proba, input=response.input, classes=response.classes, sample_weight=sample_weight)


def _accuracy_of_labels(y: Any, y_pred: Any, sample_weight: Any) -> float:
    """Return the weighted share of equal labels."""
    labels, predicted = check_target(y), check_target(y_pred)
    if len(labels) != len(predicted):
        raise InvalidTargetError(f"y has {len(labels)} labels for {len(predicted)} predictions.")
    correct = labels == predicted
    return float(np.average(correct, weights=check_sample_weight(sample_weight, len(correct))))


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
        It takes the classes from the estimator, so that a test fold without some class is no problem.

    Raises
    ------
    ValueError
        If the name or `missing` is unknown.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from sklearn_lossacc.metrics import get_scorer
    >>> model = DummyClassifier().fit([[0], [0], [0], [0]], ["a", "b", "c", "c"])
    >>> round(get_scorer("neg_log_loss")(model, [[0], [0]], ["c", "c"]), 6)  # no "a", no "b": log(1 / 2)
    -0.693147
    """
    if name not in SCORERS:
        raise ValueError(f"{name!r} is no scorer; choose one of {get_scorer_names()}.")
    if missing not in ("raise", "clip"):
        raise ValueError(f"missing must be 'raise' or 'clip', got {missing!r}.")
    return Scorer(name, missing)


def get_scorer_names() -> list[str]:
    """List the names of the scorers.

    Returns
    -------
    list of str
        Sorted.

    Examples
    --------
    >>> from sklearn_lossacc.metrics import get_scorer_names
    >>> "neg_log_loss" in get_scorer_names()
    True
    """
    return sorted(SCORERS)
