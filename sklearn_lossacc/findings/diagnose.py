"""diagnose: labels and probabilities in, a diagnosis out."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal

import numpy as np

from sklearn_lossacc.findings.diagnosis import Diagnosis
from sklearn_lossacc.statistics import summarize


def diagnose(
    y_true: Any,
    y_proba: Any,
    *,
    input: Literal["proba", "logits"] = "proba",
    classes: Any = None,
    sample_weight: Any = None,
    groups: Any = None,
    train_prior: Any = None,
    out_of_sample: bool = True,
    alpha: float = 0.05,
    ignore: Collection[str] = (),
    random_state: int | np.random.RandomState | None = 0,
    name: str | None = None,
    X: Any = None,
) -> Diagnosis:
    """Say why loss and accuracy disagree, how sure that is, and what to do.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The labels.
    y_proba : array-like of shape (n_samples, n_classes), (n_samples,) or (n_samples, 1)
        Predicted probabilities or logits; one column stands for ``classes[1]`` of a binary problem.
    input : {"proba", "logits"}, default="proba"
        What `y_proba` holds. It is declared, never guessed.
    classes : array-like of shape (n_classes,), optional
        The label of each column, in column order. Without it the column names of a DataFrame are used when they
        cover the labels, otherwise the sorted labels.
    sample_weight : array-like of shape (n_samples,), optional
        Row weights. Values treat weight 2 as the row twice; intervals and p-values treat a weighted row as one draw.
    groups : array-like of shape (n_samples,), optional
        Rows of one group are dependent; intervals and p-values take that into account.
    train_prior : array-like of shape (n_classes,) or mapping, optional
        Class frequencies at training, the baseline of the skill scores. Without it the labels given here are used.
    out_of_sample : bool, default=True
        Whether the predictions are for rows that the model was not trained on.
    alpha : float, default=0.05
        Chance that any statistical finding fires on a healthy model, at most.
    ignore : collection of str, default=()
        Codes of rules that are not judged.
    random_state : int, RandomState instance or None, default=0
        Seed of all draws.
    name : str, optional
        Label of the model in views.
    X : array-like of shape (n_samples, ...), sparse matrix or data frame, optional
        The features, read only to recognise rows that are copies (LA004).

    Returns
    -------
    Diagnosis
        Metrics, waterfall, findings and tables.

    Raises
    ------
    NotProbabilitiesError
        If rows are negative or do not sum to 1 within 0.001; the message names the first bad row.
    InvalidPredictionsError
        If predictions are NaN or infinite, or have no such shape. Base class of the one above.
    ClassesMismatchError
        If labels and columns do not fit.
    LossAccError
        Base class of the above and of every other complaint about the input; a ValueError.

    See Also
    --------
    LossAccuracyReport : The same with pictures.
    summarize : The mergeable summary that this judges.

    Examples
    --------
    A model that is right but unsure: the loss is high although no prediction is wrong.

    >>> from sklearn_lossacc import diagnose
    >>> d = diagnose(["horse"] * 3, [[0.25, 0.35, 0.4]] * 3, classes=["cat", "dog", "horse"])
    >>> d.metrics["accuracy"].value, round(d.metrics["log_loss"].value, 4)
    (1.0, 0.9163)
    """
    summary = summarize(
        y_true,
        y_proba,
        input=input,
        classes=classes,
        sample_weight=sample_weight,
        groups=groups,
        train_prior=train_prior,
        out_of_sample=out_of_sample,
        X=X,
    )
    return Diagnosis.from_summary(summary, alpha=alpha, ignore=ignore, random_state=random_state, name=name)
