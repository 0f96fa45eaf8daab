"""The rows that LA201 names: those set aside in the sample, or the most surprising ones of all rows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.surprise import SurpriseCount, expected_surprises, surprise_of_labels
from sklearn_lossacc.statistics.top_rows import TopRows


@dataclass(frozen=True)
class OutlierRows:
    """Rows named as outliers, that of the largest loss first.

    Attributes
    ----------
    index : ndarray of int
        Position of each among all rows.
    y, pred : ndarray of int
        Column of the label, and of the most probable class.
    weight : ndarray
        Sample weight.
    surprise : ndarray
        Probability, by the model itself (once sharpened, where it is underconfident), of a label at most as probable.
    loss_share : float
        Their share of the loss.
    nats : float
        Their loss beyond its expectation, in nats of the mean loss.
    expected : float
        How many rows are expected to be as surprising.
    n_rows : int
        Number of rows that they were sought in.
    n_zeros : int
        How many of them have a true class of probability exactly 0.
    """

    index: np.ndarray
    y: np.ndarray
    pred: np.ndarray
    weight: np.ndarray
    surprise: np.ndarray
    loss_share: float
    nats: float
    expected: float
    n_rows: int
    n_zeros: int


def sampled_outliers(
    null: NullModel, rows: np.ndarray, index: np.ndarray, n_zeros: int = 0, proba: np.ndarray | None = None
) -> OutlierRows:
    """Return some rows of the sample, and the `index` of those among all; `proba` instead of its own expect them."""
    rows = rows[np.argsort(-null.true_loss[rows], kind="stable")]
    proba = null.proba if proba is None else proba
    surprise = surprise_of_labels(proba[rows], null.y[rows])
    losses = null.weight * null.true_loss
    return OutlierRows(
        index[rows],
        null.y[rows],
        null.proba[rows].argmax(axis=1),
        null.weight[rows],
        surprise,
        float(losses[rows].sum() / max(losses.sum(), 1e-300)),
        float((null.weight * null.excess)[rows].sum() / null.weight.sum()),
        float(expected_surprises(proba, surprise.max(keepdims=True))[0]) if rows.size else 0.0,
        null.n_rows,
        n_zeros,
    )


def extreme_outliers(
    top: TopRows, count: SurpriseCount, null: NullModel, sum_w: float, mean_loss: float, clipped: bool
) -> OutlierRows:
    """Return the most surprising of all rows, whose expected loss is that of the sampled row most like them.

    Parameters
    ----------
    top : TopRows
        The rows of smallest surprise.
    count : SurpriseCount
        How many of them are outliers.
    null : NullModel
        A sample of all rows.
    sum_w : float
        Weight of all rows.
    mean_loss : float
        Their mean loss.
    clipped : bool
        Whether losses are clipped.

    Returns
    -------
    OutlierRows
    """
    rows = top.take(np.arange(count.observed))
    loss = rows.loss if clipped else -np.log(np.maximum(rows.p_true, math.ulp(0.0)))
    confidence = null.proba.max(axis=1)
    order = np.argsort(confidence, kind="stable")
    place = np.searchsorted(confidence[order], rows.p_pred)
    near = np.stack([order[np.maximum(place - 1, 0)], order[np.minimum(place, null.n_rows - 1)]])
    nearest = near[np.abs(confidence[near] - rows.p_pred).argmin(axis=0), np.arange(place.size)]
    weight = rows.weight / sum_w
    largest_first = np.argsort(-loss, kind="stable")
    named = rows.take(largest_first)
    return OutlierRows(
        named.index,
        named.y,
        named.pred,
        named.weight,
        named.surprise_p,
        float(weight @ loss) / max(mean_loss, 1e-300),
        float(weight @ (loss - null.entropy[nearest])),
        count.expected,
        top.n_candidates,
        int(np.count_nonzero(rows.p_true == 0)),
    )
