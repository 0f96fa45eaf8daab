"""Tail probabilities of a total over independent rows, in closed form where that may be trusted."""

from __future__ import annotations

import math

import numpy as np

from sklearn_lossacc.inference.monte_carlo import N_DRAWS_EXTENDED, Statistic, monte_carlo
from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.saddlepoint import WeightedTotal, saddlepoint_tail

MIN_EVENTS = 20.0  # below so many independent events a total is too discrete for the saddlepoint
LATTICE_ROWS = 10  # so few distinct rows put the total loss on a lattice
LATTICE_N = 20_000  # beyond this many rows the lattice is fine enough not to matter


def _few_distinct_rows(null: NullModel) -> bool:
    return np.unique(null.entropy.round(12)).size <= LATTICE_ROWS


def closed_tails(total: WeightedTotal) -> tuple[float, float, str] | None:
    """Return the upper and the lower tail probability of a total of independent rows, and where they come from.

    Parameters
    ----------
    total : WeightedTotal
        The total.

    Returns
    -------
    tuple of (float, float, str), or None
        By the saddlepoint where it may be trusted, by Chernoff's bound where that leaves no doubt. None: labels must be
        drawn.

    Examples
    --------
    Of a thousand rows at probability 0.9 all are missed:

    >>> null = NullModel(np.log(np.tile([0.1, 0.9], (1000, 1))), np.zeros(1000, dtype=int), np.ones(1000))
    >>> upper, lower, method = closed_tails(WeightedTotal(null, null.loss))
    >>> upper < 1e-100, lower, method
    (True, 1.0, 'bound')
    """
    null = total.null
    if total.events() >= MIN_EVENTS and (null.n_rows > LATTICE_N or not _few_distinct_rows(null)):
        upper, lower, solved = saddlepoint_tail(total)
        if solved:
            return upper, lower, "saddlepoint"
    bound = total.bound()
    return None if bound is None else (bound[0], bound[1], "bound")


def loss_z(null: NullModel) -> float:
    """Return sum w (loss - entropy) in standard errors of the null; positive means overconfident.

    Parameters
    ----------
    null : NullModel
        The rows.

    Returns
    -------
    float
        The z score; 0 where no loss can vary.

    Examples
    --------
    Of 16 rows at probability 0.8 eight are missed. Their number is expected to be 3.2 with variance 2.56:

    >>> null = NullModel(np.log(np.tile([0.2, 0.8], (16, 1))), np.repeat([0, 1], 8), np.ones(16))
    >>> print(round(loss_z(null), 6), round((8 - 3.2) / 1.6, 6))
    3.0 3.0
    """
    variance = float(null.weight**2 @ null.varentropy)
    return float(null.weight @ null.excess) / math.sqrt(variance) if variance > 0 else 0.0


def loss_tails(null: NullModel, random_state: int = 0, most_draws: int = N_DRAWS_EXTENDED) -> tuple[float, float, bool]:
    """Return the upper and the lower tail probability of the total loss of independent rows.

    Parameters
    ----------
    null : NullModel
        The rows.
    random_state : int, default=0
        Seed of the label draws, which stand in where the saddlepoint cannot be trusted.
    most_draws : int, default=9999
        Draws at which to stop.

    Returns
    -------
    upper, lower : float
    drawn : bool
        Whether labels were drawn.

    Examples
    --------
    Ten rows at probability 0.8, all right: P = 0.8^10 for so little loss, and 1 for no less.

    >>> right = NullModel(np.log(np.tile([0.2, 0.8], (10, 1))), np.ones(10, dtype=int), np.ones(10))
    >>> upper, lower, _ = loss_tails(right)
    >>> print(upper, abs(lower - 0.8**10) < 0.04)
    1.0 True
    """
    closed = closed_tails(WeightedTotal(null, null.loss))
    if closed is not None:
        return *closed[:2], False
    total = float(null.weight @ null.true_loss)
    gates = monte_carlo(
        null,
        {
            "upper": Statistic(total, lambda draws: draws.total(null.loss)),
            "lower": Statistic(-total, lambda draws: -draws.total(null.loss)),
        },
        random_state,
        most_draws,
    )
    return gates["upper"].p_value, gates["lower"].p_value, True
