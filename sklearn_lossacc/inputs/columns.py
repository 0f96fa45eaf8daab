"""Scores of a model that knows only some of the classes, spread over the columns of all of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import logsumexp

from sklearn_lossacc._numerics import LOSS_CLIP
from sklearn_lossacc.exceptions import ClassesMismatchError, InvalidPredictionsError
from sklearn_lossacc.inputs.arrays import as_array, show_labels
from sklearn_lossacc.inputs.response import Response

__all__ = ["spread_columns"]


def _places(known: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the column of `classes` that each known class has."""
    column_of = {label: column for column, label in enumerate(classes.tolist())}
    strangers = [label for label in known.tolist() if label not in column_of]
    if strangers:
        raise ClassesMismatchError(
            f"the estimator knows classes {show_labels(strangers)} that are not among {show_labels(classes)}."
        )
    return np.array([column_of[label] for label in known.tolist()], dtype=np.intp)


def spread_columns(response: Response, classes: np.ndarray) -> Any:
    """Give each of `classes` a column.

    Parameters
    ----------
    response : Response
        What an estimator predicts, with the classes that it knows.
    classes : ndarray of shape (n_classes,)
        All classes.

    Returns
    -------
    array of shape (n_samples, n_classes) or (n_samples,)
        The response as it is if it has all classes in this order. Otherwise a class that the estimator does not
        know has the probability 0, or the logit that stands for a probability of 2.22e-16; logits of two classes are
        then one decision, as of an estimator that knows both.

    Raises
    ------
    ClassesMismatchError
        If the estimator knows a class that is not among `classes`.
    InvalidPredictionsError
        If the response has not one column for each class that the estimator knows.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc.inputs.columns import spread_columns
    >>> from sklearn_lossacc.inputs import Response
    >>> response = Response(np.array([[0.25, 0.75]]), "proba", np.array(["a", "c"]))
    >>> spread_columns(response, np.array(["a", "b", "c"]))
    array([[0.25, 0.  , 0.75]])
    """
    known = classes if response.classes is None else response.classes
    if len(known) == len(classes) > 1 and known.tolist() == classes.tolist():
        return response.y_proba
    places = _places(known, classes)
    scores = as_array(response.y_proba, "the estimator's prediction", InvalidPredictionsError)
    logits = response.input == "logits"
    if len(known) == 1:
        scores = np.full((len(scores), 1), 0.0 if logits else 1.0)
    elif scores.ndim == 1:
        scores = np.column_stack([np.zeros_like(scores) if logits else 1 - scores, scores])
    if scores.shape[1] != len(known):
        raise InvalidPredictionsError(
            f"the estimator predicts {scores.shape[1]} columns for {len(known)} classes; expected one column a class."
        )
    spread = np.zeros((len(scores), len(classes)), dtype=np.result_type(scores, np.float32))
    if logits:
        spread += logsumexp(scores, axis=1, keepdims=True) + np.log(LOSS_CLIP)
    spread[:, places] = scores
    return spread[:, 1] - spread[:, 0] if logits and len(classes) == 2 else spread
