"""From an estimator to the predictions that the rest of the package takes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sklearn_lossacc.exceptions import InvalidPredictionsError

__all__ = ["PREDICTION", "Response", "from_estimator"]

PREDICTION = "the estimator's prediction"  # in errors about it
_METHODS = {"predict_proba": "proba", "decision_function": "logits"}


class Response(NamedTuple):
    """What an estimator predicts.

    Attributes
    ----------
    y_proba : array of shape (n_samples, n_classes) or (n_samples,)
        Probabilities or logits, as the estimator returned them.
    input : {"proba", "logits"}
        What `y_proba` holds.
    classes : ndarray of shape (n_classes,) or None
        ``estimator.classes_``, if it has them.
    """

    y_proba: Any
    input: str
    classes: np.ndarray | None


def _final(estimator: Any) -> Any:
    """Return the last step of a pipeline, or the estimator itself."""
    steps = getattr(estimator, "steps", None)
    return steps[-1][1] if isinstance(steps, list) and steps else estimator


def from_estimator(estimator: Any, X: Any, *, response_method: str = "auto") -> Response:
    """Predict with a fitted classifier.

    Parameters
    ----------
    estimator : classifier
        Fitted, with `predict_proba` or `decision_function`.
    X : object
        Whatever the estimator takes; it is passed on unseen.
    response_method : {"auto", "predict_proba", "decision_function"}, default="auto"
        "auto" takes `predict_proba` if present, else `decision_function` as logits. A one-dimensional decision d
        is the logit of ``classes_[1]``: the logits are (0, d).

    Returns
    -------
    Response
        Keywords for `Predictions.from_arrays` and for every public entrance: y_proba, input, classes.

    Raises
    ------
    InvalidPredictionsError
        If the estimator lacks the method, or predicts for several outputs or for pairs of classes.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from sklearn_lossacc.inputs import from_estimator
    >>> model = DummyClassifier().fit([[0], [0], [0], [0]], ["a", "b", "b", "b"])
    >>> response = from_estimator(model, [[0]])
    >>> response.input, response.y_proba.tolist(), response.classes.tolist()
    ('proba', [[0.25, 0.75]], ['a', 'b'])
    """
    if response_method != "auto" and response_method not in _METHODS:
        raise InvalidPredictionsError(
            f"response_method must be one of 'auto', 'predict_proba', 'decision_function'; got {response_method!r}."
        )
    wanted = list(_METHODS) if response_method == "auto" else [response_method]
    method = next((name for name in wanted if hasattr(estimator, name)), None)
    if method is None:
        raise InvalidPredictionsError(
            f"{type(estimator).__name__} has no {' and no '.join(wanted)}; pass a classifier that has one."
        )
    y_proba = getattr(estimator, method)(X)
    classes = getattr(estimator, "classes_", None)
    if isinstance(y_proba, list) and y_proba and getattr(y_proba[0], "ndim", 0) == 2:
        raise InvalidPredictionsError(
            f"{type(estimator).__name__}.{method} predicts {len(y_proba)} outputs; pass one output at a time."
        )
    # three classes have three pairs: columns of votes for pairs would pass for columns of classes
    by_pairs = getattr(_final(estimator), "decision_function_shape", None) == "ovo"
    if method == "decision_function" and by_pairs and getattr(y_proba, "ndim", 1) == 2:
        raise InvalidPredictionsError(
            f"{type(estimator).__name__}.decision_function returns one column for each pair of classes; "
            "use decision_function_shape='ovr'."
        )
    return Response(y_proba, _METHODS[method], classes)
