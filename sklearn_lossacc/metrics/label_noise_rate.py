"""The share of labels that look drawn at random, whatever the temperature of the model."""

from __future__ import annotations

from typing import Any

from sklearn_lossacc._numerics.floor_blocks import solve_floor_in_blocks
from sklearn_lossacc._numerics.temperature_blocks import solve_temperature_in_blocks
from sklearn_lossacc.metrics.rows import Rows

LEAST_GAIN = 1e-8  # nats a row: what the fits of the temperature may err by

__all__ = ["label_noise_rate"]


def label_noise_rate(
    y_true: Any,
    y_proba: Any,
    *,
    sample_weight: Any = None,
    classes: Any = None,
    input: str = "proba",
) -> float:
    """Share of the labels that are wrong, if wrong labels fall on all classes alike.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Labels.
    y_proba : array-like of shape (n_samples, n_classes), (n_samples,) or (n_samples, 1)
        Probabilities or logits; a single column belongs to the second class. They must be out of sample: a model
        believes the labels that it was trained on.
    sample_weight : array-like of shape (n_samples,), optional
        Weight k is the row repeated k times.
    classes : array-like of shape (n_classes,), optional
        The label of each column, in column order, which is honoured.
    input : {"proba", "logits"}, default="proba"
        What `y_proba` holds.

    Returns
    -------
    float
        Between 0 and (k - 1) / (2 k), the rate at which half of the labels are random.

    Raises
    ------
    LossAccError
        A `ValueError`, if the arguments are unusable or do not fit together.

    See Also
    --------
    diagnose : The rate as an interval, and whether noise or a few outliers explain it.
    label_quality : Which labels to review first.

    Notes
    -----
    e (k - 1) / k, where (b, e) are the inverse temperature and the floor of largest likelihood in
    q = (1 - e) softmax(b log p) + e / k: a share e of the labels is drawn uniformly, and 1 / k of those are right by
    chance. The temperature is fitted along, so that overconfidence is not taken for noise. Probabilities of exactly 0
    count as 2.22e-16. Where a temperature alone explains the labels equally well (a constant prediction, a model that
    knows nothing), the rate is 0, the smallest of the likeliest.

    Noise that favours some classes, and a handful of rows that no noise explains, are told apart by `diagnose` only.

    References
    ----------
    A. Menon, B. van Rooyen, C. S. Ong, R. C. Williamson, "Learning from Corrupted Binary Labels via Class-Probability
    Estimation", ICML 2015.

    Examples
    --------
    A fifth of the labels is random, a tenth is wrong: where the model says .75, .8 x .75 + .2 / 2 = .70 are right, and
    where it says .9, .8 x .9 + .2 / 2 = .82.

    >>> from sklearn_lossacc.metrics import label_noise_rate
    >>> y_true = [1] * 70 + [0] * 30 + [1] * 82 + [0] * 18
    >>> print(round(label_noise_rate(y_true, [0.75] * 100 + [0.9] * 100), 6))
    0.1
    """
    data = Rows.check(y_true, y_proba, sample_weight=sample_weight, classes=classes, input=input).predictions
    scores, logits = (data.scores, data.y, data.sample_weight), data.input == "logits"
    alone = solve_temperature_in_blocks(*scores, logits=logits)
    if alone.outcome == "separable":  # every label has the largest score of its row
        return 0.0
    fit = solve_floor_in_blocks(*scores, logits=logits, scale=alone.beta or 1.0)
    weight = data.n_rows if data.sample_weight is None else data.sample_weight.sum()
    if fit.log_likelihood / weight + alone.log_loss <= LEAST_GAIN:
        return 0.0
    return float(fit.floor * (data.n_classes - 1) / data.n_classes)
