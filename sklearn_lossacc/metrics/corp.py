"""The CORP decomposition of the Brier score: miscalibration, discrimination, uncertainty."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sklearn_lossacc._numerics.isotonic import fit_isotonic
from sklearn_lossacc.inputs import check_flag
from sklearn_lossacc.metrics.rows import Rows

__all__ = ["CorpDecomposition", "corp_decomposition", "decompose_squared_error"]


class CorpDecomposition(NamedTuple):
    """The parts of a mean squared error: score = miscalibration - discrimination + uncertainty.

    Parameters
    ----------
    score : float or ndarray of shape (n_classes,)
        Mean squared error of the predictions.
    miscalibration : float or ndarray of shape (n_classes,)
        What isotonic recalibration saves; at least 0. Smaller is better.
    discrimination : float or ndarray of shape (n_classes,)
        What the recalibrated predictions save over the constant; at least 0. Larger is better.
    uncertainty : float or ndarray of shape (n_classes,)
        Mean squared error of the best constant; no model has a part in it.

    Examples
    --------
    >>> from sklearn_lossacc.metrics import corp_decomposition
    >>> corp_decomposition([0, 1], [0.25, 0.75])
    CorpDecomposition(score=0.0625, miscalibration=0.0625, discrimination=0.25, uncertainty=0.25)
    """

    score: Any
    miscalibration: Any
    discrimination: Any
    uncertainty: Any


def decompose_squared_error(target: np.ndarray, prediction: np.ndarray, weight: np.ndarray) -> CorpDecomposition:
    """Decompose a mean squared error by isotonic recalibration.

    Parameters
    ----------
    target : ndarray of shape (n_rows,)
        Observed values.
    prediction : ndarray of shape (n_rows,)
        Any real numbers.
    weight : ndarray of shape (n_rows,)
        Non-negative weights, not all 0.

    Returns
    -------
    CorpDecomposition
        Of floats.

    Examples
    --------
    The recalibrated predictions are 0, 1/2, 1/2, 1:

    >>> import numpy as np
    >>> from sklearn_lossacc.metrics.corp import decompose_squared_error
    >>> decompose_squared_error(np.array([0, 0, 1, 1]), np.array([-1.0, 1.0, 1.0, 2.0]), np.ones(4))
    CorpDecomposition(score=0.75, miscalibration=0.625, discrimination=0.125, uncertainty=0.25)
    """
    target, prediction = np.asarray(target, dtype=np.float64), np.asarray(prediction, dtype=np.float64)
    recalibrated = np.interp(prediction, *fit_isotonic(prediction, target, weight))
    mean = np.average(target, weights=weight)
    score, refined, constant = (
        float(np.average((target - guess) ** 2, weights=weight)) for guess in (prediction, recalibrated, mean)
    )
    return CorpDecomposition(score, score - refined, constant - refined, constant)


def corp_decomposition(
    y_true: Any,
    y_proba: Any,
    *,
    sample_weight: Any = None,
    classes: Any = None,
    input: str = "proba",
    per_class: bool = False,
) -> CorpDecomposition:
    """Decompose the Brier score into miscalibration, discrimination and uncertainty.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Labels.
    y_proba : array-like of shape (n_samples, n_classes), (n_samples,) or (n_samples, 1)
        Probabilities or logits; a single column belongs to the second class.
    sample_weight : array-like of shape (n_samples,), optional
        Weight k is the row repeated k times.
    classes : array-like of shape (n_classes,), optional
        The label of each column, in column order, which is honoured.
    input : {"proba", "logits"}, default="proba"
        What `y_proba` holds.
    per_class : bool, default=False
        Whether to return the parts of each class, as arrays of shape (n_classes,), in place of their sums.

    Returns
    -------
    CorpDecomposition
        (score, miscalibration, discrimination, uncertainty). Two classes: those of the second class, whose score is
        `brier_score_loss`. More classes: sums over the classes, each against the rest; the score is again
        `brier_score_loss`.

    Raises
    ------
    LossAccError
        A `ValueError`, if the arguments are unusable or do not fit together.

    Notes
    -----
    With S the mean squared error of an event, p the predictions, q the isotonic regression of the event on p, and m
    its mean: miscalibration = S(p) - S(q), discrimination = S(m) - S(q), uncertainty = S(m). No bins are chosen.

    The regression is fitted to the rows that it is judged on: with few rows miscalibration is above 0 for a calibrated
    model, and discrimination by as much. For more than two classes the recalibrated classes need not sum to 1.

    References
    ----------
    T. Dimitriadis, T. Gneiting, A. I. Jordan, "Stable reliability diagrams for probabilistic classifiers", PNAS 118,
    2021.

    Examples
    --------
    Isotonic regression pools the two rows in the middle, which are in the wrong order, to 1/2:

    >>> from sklearn_lossacc.metrics import corp_decomposition
    >>> parts = corp_decomposition([0, 1, 0, 1], [0.0, 0.25, 0.75, 1.0])
    >>> parts.score, parts.miscalibration, parts.discrimination, parts.uncertainty
    (0.28125, 0.15625, 0.125, 0.25)
    """
    check_flag("per_class", per_class)
    rows = Rows.check(y_true, y_proba, sample_weight=sample_weight, classes=classes, input=input)
    y, weight, proba = rows.predictions.y, rows.weight, rows.proba
    events = range(rows.predictions.n_classes) if per_class or rows.predictions.n_classes > 2 else [1]
    parts = np.array([decompose_squared_error(y == j, proba[:, j], weight) for j in events])
    return CorpDecomposition(*(parts.T if per_class else parts.sum(axis=0).tolist()))
