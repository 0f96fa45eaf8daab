"""The log loss: what the label costs a model that says p, in nats."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_lossacc._numerics import LOSS_CLIP
from sklearn_lossacc.inputs import Block, Predictions
from sklearn_lossacc.metrics.rows import mean_over_rows

__all__ = ["log_loss"]


def log_loss(
    y_true: Any,
    y_proba: Any,
    *,
    input: str = "proba",
    classes: Any = None,
    sample_weight: Any = None,
    clip: float | None = LOSS_CLIP,
) -> float:
    """Mean of -log p at the label, in nats.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Labels.
    y_proba : array-like of shape (n_samples, n_classes), (n_samples,) or (n_samples, 1)
        Probabilities or logits; a single column belongs to the second class.
    input : {"proba", "logits"}, default="proba"
        What `y_proba` holds.
    classes : array-like of shape (n_classes,), optional
        The label of each column, in column order, which is honoured.
    sample_weight : array-like of shape (n_samples,), optional
        Weight k is the row repeated k times.
    clip : float or None, default=2.22e-16
        Smallest probability that is taken at its word, whatever the dtype of `y_proba`; None makes one label of
        probability 0 cost infinitely much.

    Returns
    -------
    float
        At least 0; log(n_classes) for equal probabilities. Smaller is better.

    Raises
    ------
    LossAccError
        A `ValueError`, if the arguments are unusable or do not fit together.

    See Also
    --------
    brier_score_loss : Bounded, hence kinder to confident errors.

    Notes
    -----
    sum_i w_i (-log max(p_i[y_i], clip)) / sum_i w_i.

    Examples
    --------
    >>> from sklearn_lossacc.metrics import log_loss
    >>> round(log_loss(["dog", "cat"], [[0.5, 0.5], [0.25, 0.75]], classes=["cat", "dog"]), 6)  # (log 2 + log 4) / 2
    1.039721
    >>> log_loss([1], [0.0], clip=None)
    inf
    """
    if clip is not None and not 0 < clip < 1:
        raise ValueError(f"clip must be None or between 0 and 1, got {clip!r}.")
    predictions = Predictions.from_arrays(y_true, y_proba, input=input, classes=classes, sample_weight=sample_weight)
    ceiling = np.inf if clip is None else -np.log(clip)

    def loss(block: Block) -> np.ndarray:
        rows = np.arange(len(block.y))
        if input == "logits":
            log_p = block.log_proba()[rows, block.y]
        else:
            with np.errstate(divide="ignore"):
                log_p = np.log(block.proba()[rows, block.y].astype(np.float64))
        return np.minimum(-log_p, ceiling)

    return mean_over_rows(predictions, loss)
