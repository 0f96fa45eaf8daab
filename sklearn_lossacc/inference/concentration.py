"""How much of the loss a few rows carry, against what the model's own probabilities allow."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sklearn_lossacc.inference.null import NullModel

TOP_SHARE = 0.01
TRUNCATE_AT = 0.01  # probability below which the robust loss stops growing
N_DRAWS = 99


@dataclass(frozen=True)
class Concentration:
    """Description of the upper tail of the loss.

    Attributes
    ----------
    certificate : float
        ln(n (k - 1) / alpha): a calibrated model has no row above it, save with probability alpha.
    top_share, top_share_null : float
        Share of the loss in the largest 1 % of rows (at least one), observed and on average under the universal null.
    top_share_p : float
        Monte Carlo p-value of the share that is observed in the sample.
    tail_index : float
        Mean excess of the loss over its 95 % quantile; about 1 or less for a calibrated model, about T otherwise.
    breakdown_rows : int or None
        How few rows must go until the mean loss is no longer above what the model expects; None if all would have to.
    median_loss, truncated_loss : float
        Loss of the median row, and mean of -log(max(p, 0.01)), in nats.
    """

    certificate: float
    top_share: float
    top_share_null: float
    top_share_p: float
    tail_index: float
    breakdown_rows: int | None
    median_loss: float
    truncated_loss: float


def weighted_median(values: np.ndarray, weight: np.ndarray) -> float:
    """Return the smallest value at which half of the weight is reached."""
    order = np.argsort(values)
    reached = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(reached, 0.5 * reached[-1])])


def _n_top(null: NullModel) -> int:
    return max(1, math.ceil(TOP_SHARE * null.n_rows))


def _top_share(losses: np.ndarray, n_top: int) -> np.ndarray:
    """Return the share of the row totals in the `n_top` largest entries of each row of `losses`."""
    largest = np.partition(losses, losses.shape[1] - n_top, axis=1)[:, -n_top:]
    total = losses.sum(axis=1)
    return largest.sum(axis=1) / np.where(total > 0, total, 1.0)


def _top_share_of_draws(null: NullModel, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Return the share of the largest rows in each draw of labels, and its p-value."""
    loss, weight, rows = null.loss, null.weight, np.arange(null.n_rows)
    n_top = _n_top(null)
    shares = []
    for draws in null.draws(N_DRAWS, rng):
        drawn = np.tile(weight * loss[rows, draws.top], (draws.size, 1))
        drawn[draws.draw, draws.row] = weight[draws.row] * loss[draws.row, draws.label]
        shares.append(_top_share(drawn, n_top))
    drawn = np.concatenate(shares)
    observed = float(_top_share((weight * null.true_loss)[None, :], n_top)[0])
    return drawn, float((1 + np.count_nonzero(drawn >= observed - 1e-12)) / (drawn.size + 1))


def concentration(null: NullModel, sample: NullModel, alpha: float, rng: np.random.Generator) -> Concentration:
    """Describe the upper tail of the loss.

    Parameters
    ----------
    null : NullModel
        The rows.
    sample : NullModel
        The same rows, or a part of them, whose labels are drawn.
    alpha : float
        Error rate of the certificate.
    rng : Generator
        Source of the draws behind `top_share_null`.

    Returns
    -------
    Concentration
    """
    loss, weight = null.true_loss, null.weight
    drawn, p_value = _top_share_of_draws(sample, rng)
    order = np.argsort(-(loss - null.entropy) * weight)
    excess = np.cumsum((weight * null.excess)[order][::-1])[::-1]  # excess of the rows that stay when the first m go
    enough = np.flatnonzero(np.r_[excess, 0.0] <= 0)
    quantile = float(np.quantile(loss, 0.95))
    beyond = loss > quantile
    return Concentration(
        certificate=math.log(null.n_rows * (null.n_classes - 1) / alpha),
        top_share=float(_top_share((weight * loss)[None, :], _n_top(null))[0]),
        top_share_null=float(drawn.mean()),
        top_share_p=p_value,
        tail_index=float(np.average(loss[beyond] - quantile, weights=weight[beyond])) if beyond.any() else 0.0,
        breakdown_rows=int(enough[0]) if enough.size and enough[0] < null.n_rows else None,
        median_loss=weighted_median(loss, weight),
        truncated_loss=float(np.average(np.minimum(loss, -math.log(TRUNCATE_AT)), weights=weight)),
    )
