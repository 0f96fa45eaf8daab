"""How few rows decide which of two models has the lower mean loss."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from sklearn_lossacc.inference.intervals import mean_and_error


@dataclass(frozen=True, eq=False)
class Decisive:
    """The units (rows, or groups) that carry a difference.

    Attributes
    ----------
    order : ndarray of int of shape (n_units,)
        Units by how much they favour the better model, most first.
    n_decisive : int or None
        How many of them must go until the difference is gone or reversed; None where there is no difference.
    n_normal : float
        How many it would take if differences followed the normal law, with the same mean and spread.
    left : ndarray of shape (n_units,)
        The mean difference that is left when the first 1, 2, ... units of `order` are taken away; 0 when all are.
    """

    order: np.ndarray
    n_decisive: int | None
    n_normal: float
    left: np.ndarray


def normal_count(z: float, n_units: int) -> float:
    """Return how many of n normal values must go, the largest first, until their sum is no longer positive.

    Parameters
    ----------
    z : float
        Their mean in standard errors, at least 0.
    n_units : int
        How many values there are.

    Returns
    -------
    float
        n P(X > x) with x the solution of phi(x) = z / sqrt(n); n / 2 where there is none.

    Examples
    --------
    >>> round(normal_count(2.0, 1000), 1), round(normal_count(2.0, 100000), 1)
    (27.5, 199.5)
    """
    density = z / math.sqrt(n_units)
    peak = 1.0 / math.sqrt(2.0 * math.pi)
    if density <= 0:
        return 0.0
    if density >= peak:
        return n_units / 2.0
    return float(n_units * norm.sf(math.sqrt(-2.0 * math.log(density / peak))))


def decisive_units(sums: np.ndarray, sizes: np.ndarray) -> Decisive:
    """Find the units without which the difference of two mean losses is gone.

    Parameters
    ----------
    sums : ndarray of shape (n_units,)
        Weighted differences by unit.
    sizes : ndarray of shape (n_units,)
        Sums of weights by unit.

    Returns
    -------
    Decisive

    Examples
    --------
    One row of ten costs the second model 5 nats, the others save it 0.1 each:

    >>> found = decisive_units(np.r_[5.0, np.full(9, -0.1)], np.ones(10))
    >>> found.n_decisive, found.order[0].item(), round(found.left[0].item(), 3)
    (1, 0, -0.1)
    """
    total = float(sums.sum())
    order = np.argsort(-np.sign(total) * sums, kind="stable") if total else np.argsort(-np.abs(sums), kind="stable")
    rest, size = total - np.cumsum(sums[order]), sizes.sum() - np.cumsum(sizes[order])
    left = np.where(size > 1e-12 * sizes.sum(), rest / np.where(size > 0, size, 1.0), 0.0)
    if not total or len(sizes) < 2:
        return Decisive(order, None, 0.0, left)
    _, error = mean_and_error(sums[:, None], sizes)
    gone = np.sign(total) * rest <= 1e-12 * np.abs(sums).sum()
    z = abs(total) / float(sizes.sum() * error[0]) if error[0] > 0 else math.inf
    return Decisive(order, int(np.argmax(gone)) + 1, normal_count(z, len(sizes)), left)
