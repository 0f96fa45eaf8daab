"""What a comparison reads of each row of one model: its losses before and after one temperature."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

import numpy as np

from sklearn_lossacc._numerics import LOG_CLIP, log_softmax
from sklearn_lossacc._numerics.temperature_blocks import log_scores, solve_temperature_in_blocks
from sklearn_lossacc.inference.surprise import sorted_surprises, surprise_of_labels
from sklearn_lossacc.inputs import Predictions
from sklearn_lossacc.statistics.row_values import (
    BRIER,
    CONFIDENCE,
    CORRECT,
    LOSS,
    RowValues,
    WholeSums,
    complete,
    measure,
)

SUSPECT_BELOW = 0.05  # probability of a label that is no likelier, after the temperature, below which one looks wrong


@dataclass(frozen=True, eq=False)
class ModelRows:
    """The rows of positive weight of one model.

    Attributes
    ----------
    loss : ndarray of shape (n,)
        Log loss of each row, clipped at 2.22e-16, in nats.
    brier : ndarray of shape (n,)
        Brier score of each row, 0 to 2.
    right : ndarray of bool of shape (n,)
        Whether the label has the largest probability; of equal ones the first counts.
    predicted : ndarray of int of shape (n,)
        Column of the largest probability.
    confidence, p_true : ndarray of shape (n,)
        The largest probability, and that of the label.
    refined : ndarray of shape (n,)
        Log loss after the temperature of largest likelihood, in nats.
    doubted : ndarray of bool of shape (n,)
        Whether, after that temperature, the probability of a label that is no likelier is below `SUSPECT_BELOW`.
    unlikely : ndarray of shape (n,)
        Probability, after that temperature, of labels that would be doubted.
    temperature : float
        That temperature; inf where the probabilities do not help.
    outcome : str
        How the search for it ended.
    """

    loss: np.ndarray
    brier: np.ndarray
    right: np.ndarray
    predicted: np.ndarray
    confidence: np.ndarray
    p_true: np.ndarray
    refined: np.ndarray
    doubted: np.ndarray
    unlikely: np.ndarray
    temperature: float
    outcome: str

    def take(self, rows: np.ndarray) -> ModelRows:
        """Return some rows, in the order asked for."""
        arrays = {
            field.name: getattr(self, field.name)[rows]
            for field in fields(self)
            if isinstance(getattr(self, field.name), np.ndarray)
        }
        return replace(self, **arrays)


def model_rows(predictions: Predictions) -> ModelRows:
    """Measure each row of positive weight.

    Parameters
    ----------
    predictions : Predictions
        Labels and scores.

    Returns
    -------
    ModelRows

    Notes
    -----
    Loss, Brier score and hits are those of `summarize`. The temperature is fitted to these very rows.

    Examples
    --------
    Nine of ten are right where the model says .99; after the temperature it says .9, and the wrong row costs ln 10:

    >>> from sklearn_lossacc.inputs import Predictions
    >>> rows = model_rows(Predictions.from_arrays([1] * 9 + [0], np.full(10, 0.99)))
    >>> round(rows.temperature, 3), rows.right.sum().item(), round(rows.refined[-1].item(), 4)
    (2.091, 9, 2.3026)
    """
    weighted = predictions.sample_weight is not None
    into = RowValues.reserve(predictions.n_rows, weighted)
    sums = WholeSums(np.zeros(predictions.n_classes))
    logits = predictions.input == "logits"
    solution = solve_temperature_in_blocks(predictions.scores, predictions.y, predictions.sample_weight, logits=logits)
    refined, unlikely = np.empty((2, predictions.n_samples))
    doubted = np.empty(predictions.n_samples, dtype=bool)
    filled = 0
    for block in predictions.blocks():
        count = measure(predictions, block, into.part(slice(filled, None)), sums)
        here = slice(filled, filled + count)
        rows = into.rows[here]
        if count:
            scores = log_scores(np.asarray(predictions.scores[rows]), logits=logits)
            tempered = log_softmax(solution.beta * scores)
            refined[here] = -tempered[np.arange(count), into.y[here]]
            proba = np.exp(tempered, out=tempered)
            doubted[here] = surprise_of_labels(proba, into.y[here]) < SUSPECT_BELOW
            ascending, surprise = sorted_surprises(proba)
            unlikely[here] = np.where(surprise < SUSPECT_BELOW, ascending, 0.0).sum(axis=1)
        filled += count
    found = into.part(slice(0, filled))
    complete(found, given_loss=logits or predictions.scores.ndim == 1)
    return ModelRows(
        loss=found.values[LOSS],
        brier=found.values[BRIER],
        right=found.values[CORRECT] > 0,
        predicted=found.pred,
        confidence=found.values[CONFIDENCE],
        p_true=found.p_true,
        refined=np.minimum(refined, -LOG_CLIP),
        doubted=doubted,
        unlikely=unlikely,
        temperature=math.inf if solution.beta == 0 else 1.0 / solution.beta,
        outcome=solution.outcome,
    )
