"""Label quality: which labels the model doubts."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_lossacc.inference import noise
from sklearn_lossacc.metrics.rows import Rows

__all__ = ["label_quality"]


def label_quality(
    y_true: Any,
    y_proba: Any,
    *,
    sample_weight: Any = None,
    classes: Any = None,
    input: str = "proba",
) -> np.ndarray:
    """Score each label by how well it agrees with the model: low means suspicious.

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

    Returns
    -------
    ndarray of shape (n_samples,)
        Between 0 and 1, in the order of the rows. Review the lowest first.

    Raises
    ------
    LossAccError
        A `ValueError`, if the arguments are unusable or do not fit together.

    Notes
    -----
    The chance that the label is the row's class, by the model and a noise matrix T that is read off the rows that the
    model is surest of: T_yy c_y / (c T)_y, where c is what the probabilities, which have learnt part of the noise, say
    of the classes (one step of Richardson's deconvolution). It is as good as the probabilities are; the rate of noise
    itself is what finding LA202 bounds. The probabilities must be out of sample: a model believes the labels that it
    was trained on.

    References
    ----------
    C. G. Northcutt, L. Jiang, I. L. Chuang, "Confident Learning", JAIR 70, 2021.

    Examples
    --------
    The last label is the one to look at:

    >>> from sklearn_lossacc.metrics import label_quality
    >>> label_quality([0, 1, 0], [0.25, 0.75, 0.75]).argmin().item()
    2
    """
    rows = Rows.check(y_true, y_proba, sample_weight=sample_weight, classes=classes, input=input)
    return noise.label_quality(rows.proba, rows.predictions.y, rows.weight)
