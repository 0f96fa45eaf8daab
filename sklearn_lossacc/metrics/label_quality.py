"""Label quality: which labels the model doubts."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_lossacc.inference import label_quality as inference
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
        Weights of the rows in the fit of the noise; only their ratios matter.
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
    The chance that the label is the row's class, T_yy c_y / (c T)_y, with the probabilities c of the classes and a
    noise matrix T. Both come from the probabilities, once a temperature (and class offsets, where they pay) are
    repaired: T is the noise that the model has learnt, read off the rows that are free of a class, times what labels
    show beside it; pairs of classes differ in it as far as the labels prove it, and under uniform noise the order is
    near that of the probability of the label. A model that doubts each of two classes for the other, or one row more
    than the next, is taken to doubt honestly: noise counts as learnt where its doubt is one-sided and even. Where the
    model learnt the noise, chances lie nearer to the middle than they should, in the right order. The score is as good
    as the probabilities are; the rate of noise itself is what finding LA202 bounds. The probabilities must be out of
    sample: a model believes the labels that it was trained on. Of very many rows (more than 100 000 of ten classes) a
    part is fitted, every second or third or so.

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
    return inference.label_quality(rows.proba, rows.predictions.y, rows.weight)
