"""Which epochs cannot be told from the best one, by paired differences over the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sklearn_lossacc._numerics import row_blocks

LEVEL = 0.95
N_DRAWS = 999
N_SPLITS = 20
ENTRIES = 2**20  # of a block of rows


@dataclass(frozen=True, eq=False)
class EquallyGood:
    """The best epoch by one criterion, and those that are not shown to be worse.

    Attributes
    ----------
    best : int
        Place of the epoch with the smallest mean.
    members : ndarray of int
        Places of all epochs that are not shown to be worse, the best included.
    excess : ndarray of shape (n_epochs,)
        Mean minus the smallest mean.
    error : ndarray of shape (n_epochs,)
        Paired standard error of the excess.
    critical : float
        How many standard errors count as worse.
    """

    best: int
    members: np.ndarray
    excess: np.ndarray
    error: np.ndarray
    critical: float


def equally_good(
    values: np.ndarray,
    *,
    weight: np.ndarray | None = None,
    group: np.ndarray | None = None,
    random_state: int = 0,
) -> EquallyGood:
    """Find the best epoch, and all that the same rows do not show to be worse.

    Parameters
    ----------
    values : ndarray of shape (n_epochs, n_rows)
        What each row costs in each epoch; smaller is better.
    weight : ndarray of shape (n_rows,), optional
        Row weights; a weighted row is one draw.
    group : ndarray of int of shape (n_rows,), optional
        Group codes; groups are the independent units.
    random_state : int, default=0
        Seed of the multipliers.

    Returns
    -------
    EquallyGood

    Notes
    -----
    For each epoch e, d_ie is what row i costs more than in the best epoch, with mean D_e and standard error s_e over
    rows, or over sums of groups. The critical value is the 0.95 quantile of max_e G_e, where G_e is the sum of the
    centred d_ie times standard normal multipliers, one a row or group, over its standard error. An epoch is worse where
    D_e > critical * s_e; all that are as good as the best stay in the set in 95 % of samples. The best epoch is chosen
    from the same rows, which makes the set too small at worst by the epochs that tie with it.

    References
    ----------
    Chernozhukov, Chetverikov and Kato (2013), Ann. Statist. 41, 2786-2819.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> base = rng.random(500)
    >>> values = np.stack([base + 0.5 + 0.1 * rng.random(500), base, base + 0.001 * rng.normal(size=500)])
    >>> equally_good(values).members.tolist()
    [1, 2]
    """
    weights = np.ones(values.shape[1]) if weight is None else weight
    total = weights.sum()
    means = np.array([row @ weights for row in values]) / total
    best = int(np.argmin(means))
    excess = means - means[best]
    products = np.zeros((len(values), len(values)))
    n_units, few = 0, []
    for sums, sizes in _units(values, weights, group):
        centred = (sums - sums[:, [best]] - sizes[:, None] * excess) / total
        products += centred.T @ centred
        n_units += len(sizes)
        if n_units <= len(values):
            few.append(centred)
    inflation = n_units / (n_units - 1) if n_units > 1 else 1.0
    error = np.sqrt(inflation * np.diag(products))
    moving = error > 1e-12
    critical = 0.0
    if moving.any():
        rng = np.random.default_rng(random_state)
        directions = np.concatenate(few) if n_units <= len(values) else _directions(products)
        scaled = directions[:, moving] / error[moving]
        largest = np.empty(N_DRAWS)
        for start in range(0, N_DRAWS, 100):
            stop = min(start + 100, N_DRAWS)
            largest[start:stop] = (rng.normal(size=(stop - start, len(scaled))) @ scaled).max(axis=1)
        critical = float(np.quantile(largest, LEVEL))
    worse = np.where(moving, excess > critical * error, excess > 1e-12)
    return EquallyGood(best, np.flatnonzero(~worse), excess, error, critical)


def _units(
    values: np.ndarray, weights: np.ndarray, group: np.ndarray | None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield weighted sums, one row a unit and one column an epoch, and the weights of the units, block by block."""
    if group is None:
        for rows in row_blocks(values.shape[1], len(values), ENTRIES):
            yield values[:, rows].T * weights[rows, None], weights[rows]
        return
    n_groups = int(group.max()) + 1
    sums = np.stack([np.bincount(group, row * weights, n_groups) for row in values], axis=1)
    yield sums, np.bincount(group, weights, n_groups)


def _directions(products: np.ndarray) -> np.ndarray:
    """Return as few rows as there are epochs, of which the products of columns are those given.

    With normal multipliers only the covariance of the sums matters, so that more rows than epochs are not needed.
    """
    values, vectors = np.linalg.eigh(products)
    return np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T


def chosen_value(
    values: np.ndarray,
    *,
    weight: np.ndarray | None = None,
    group: np.ndarray | None = None,
) -> float:
    """Return what the best epoch costs on rows that did not choose it.

    Parameters
    ----------
    values : ndarray of shape (n_epochs, n_rows)
        What each row costs in each epoch.
    weight : ndarray of shape (n_rows,), optional
        Row weights.
    group : ndarray of int of shape (n_rows,), optional
        Group codes; whole groups are drawn.

    Returns
    -------
    float
        Mean over random halves: the epoch is chosen on one and measured on the other, and the reverse.

    Examples
    --------
    >>> import numpy as np
    >>> noise = np.random.default_rng(0).normal(size=(50, 200))
    >>> bool(noise.mean(axis=1).min() < -0.1), bool(abs(chosen_value(noise)) < 0.05)
    (True, True)
    """
    weights = np.ones(values.shape[1]) if weight is None else weight
    n_units = values.shape[1] if group is None else int(group.max()) + 1
    if n_units < 2:
        return float(min(row @ weights for row in values) / weights.sum())
    rng = np.random.default_rng(0)
    first = np.zeros((N_SPLITS, n_units), dtype=bool)
    for half in first:
        half[rng.permutation(n_units)[: n_units // 2]] = True
    in_first, everywhere = np.zeros((N_SPLITS, len(values))), np.zeros(len(values))
    size_first, size, start = np.zeros(N_SPLITS), 0.0, 0
    for sums, sizes in _units(values, weights, group):
        chosen = first[:, start : start + len(sizes)].astype(np.float64)
        in_first += chosen @ sums
        size_first += chosen @ sizes
        everywhere += sums.sum(axis=0)
        size += sizes.sum()
        start += len(sizes)
    one = in_first / size_first[:, None]
    other = (everywhere - in_first) / (size - size_first)[:, None]
    splits = np.arange(N_SPLITS)
    return float((other[splits, one.argmin(axis=1)] + one[splits, other.argmin(axis=1)]).mean() / 2.0)
