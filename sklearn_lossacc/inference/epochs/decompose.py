"""The loss of one epoch, row by row, before and after the best temperature."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sklearn_lossacc._numerics import LOG_CLIP, log_softmax
from sklearn_lossacc._numerics.temperature_blocks import log_scores, solve_temperature_in_blocks
from sklearn_lossacc.inputs import Predictions


@dataclass(frozen=True, eq=False)
class EpochRows:
    """One epoch.

    Attributes
    ----------
    loss, refined : ndarray of shape (n_rows,), float32
        Loss of each row as it is, and after the temperature, both clipped at 2.22e-16, in nats.
    correct : ndarray of shape (n_rows,), bool
        Whether the label has the largest probability; of ties, the first class counts.
    margin : ndarray of shape (n_rows,), float32
        Log probability of the label minus the largest of the other classes.
    temperature : float
        Of maximum likelihood; inf where the probabilities do not help.
    outcome : str
        How the search for it ended.
    log_loss, accuracy, refined_loss : float
        Weighted means over the rows.
    n_effective : float
        Kish's effective number of rows.
    """

    loss: np.ndarray
    refined: np.ndarray
    correct: np.ndarray
    margin: np.ndarray
    temperature: float
    outcome: str
    log_loss: float
    accuracy: float
    refined_loss: float
    n_effective: float

    @property
    def calibration_loss(self) -> float:
        """What one temperature repairs, in nats: its gain on these rows minus the optimism 1 / (2 n).

        Without miscalibration it is 0 on average, and may be negative by that optimism.
        """
        return self.log_loss - self.refined_loss - 0.5 / self.n_effective

    @property
    def refinement_loss(self) -> float:
        """The rest of the loss, in nats."""
        return self.log_loss - self.calibration_loss


def decompose_epoch(predictions: Predictions) -> EpochRows:
    """Split the loss of one epoch into what a temperature repairs and the rest.

    Parameters
    ----------
    predictions : Predictions
        Of the validation rows.

    Returns
    -------
    EpochRows

    Notes
    -----
    Loss = refinement + calibration, with refinement the loss after the temperature of maximum likelihood (Berta et al.,
    2025). The one parameter gains 1 / (2 n) on its own rows, which is taken off.

    References
    ----------
    Berta, Holzmueller, Jordan and Bach (2025), Rethinking early stopping: refine, then calibrate, arXiv:2501.19195.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc.inputs import Predictions
    >>> p = Predictions.from_arrays([1] * 9 + [0], np.full(10, 0.99))
    >>> epoch = decompose_epoch(p)
    >>> round(epoch.log_loss, 4), round(epoch.refined_loss, 4), round(epoch.temperature, 3)
    (0.4696, 0.3251, 2.091)
    """
    logits = predictions.input == "logits"
    solution = solve_temperature_in_blocks(predictions.scores, predictions.y, predictions.sample_weight, logits=logits)
    n_rows = predictions.n_rows
    loss, refined, margin = (np.empty(n_rows, dtype=np.float32) for _ in range(3))
    correct = np.empty(n_rows, dtype=bool)
    weight = np.ones(n_rows) if predictions.sample_weight is None else predictions.sample_weight
    sums = np.zeros(3)
    for block in predictions.blocks():
        here = slice(block.start, block.stop)
        rows = np.arange(block.stop - block.start)
        log_proba = np.maximum(block.log_proba().astype(np.float64), LOG_CLIP)
        true = log_proba[rows, block.y].copy()
        correct[here] = log_proba.argmax(axis=1) == block.y
        tempered = log_softmax(solution.beta * log_scores(predictions.scores[here], logits=logits))
        row_refined = np.minimum(-tempered[rows, block.y], -LOG_CLIP)
        log_proba[rows, block.y] = -np.inf
        margin[here] = true - log_proba.max(axis=1)
        loss[here], refined[here] = -true, row_refined
        sums += [weight[here] @ -true, weight[here] @ row_refined, weight[here] @ correct[here]]
    total = weight.sum()
    log_loss, refined_loss, accuracy = (sums / total).tolist()
    return EpochRows(
        loss=loss,
        refined=refined,
        correct=correct,
        margin=margin,
        temperature=math.inf if solution.beta == 0 else 1.0 / solution.beta,
        outcome=solution.outcome,
        log_loss=log_loss,
        accuracy=accuracy,
        refined_loss=refined_loss,
        n_effective=float(total**2 / (weight @ weight)),
    )
