"""Intervals: proportions by Wilson, means by bootstrap-t or the normal law, both for weights and groups."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.special import ndtri
from scipy.stats import norm, t

from sklearn_lossacc._numerics import row_blocks
from sklearn_lossacc._numerics.dependent_groups import student_widening
from sklearn_lossacc.inference.normal import Z95

N_RESAMPLES = 999
FEW_RESAMPLES = 199
MAX_HELD_UNITS = 2**15  # 999 resamples of so many units are 260 MB
SAME = 1e-9  # of the distance of two values: how far others may be from either
BOOTSTRAP_BELOW = 1000  # effective rows (or groups) below which a mean gets a bootstrap-t interval
MIN_GROUPS = 10
FEW_UNITS = 10  # so few rows have too few distinct resamples: two rows would get an interval of no width


def wilson_interval(share: float, n_effective: float, level: float = 0.95) -> tuple[float, float]:
    """Return Wilson's score interval of a proportion.

    Parameters
    ----------
    share : float
        The observed proportion.
    n_effective : float
        Number of independent draws behind it.
    level : float, default=0.95
        Nominal coverage.

    Returns
    -------
    low, high : float

    Notes
    -----
    The limits solve |share - p| = z sqrt(p (1 - p) / n).

    References
    ----------
    Wilson (1927), J. Am. Stat. Assoc. 22, 209-212.

    Examples
    --------
    >>> low, high = wilson_interval(0.5, 10)
    >>> round(low, 4), round(high, 4)
    (0.2366, 0.7634)
    """
    low, high = wilson_limits(np.array(share), n_effective, level)
    return float(low), float(high)


def wilson_limits(
    share: np.ndarray, n_effective: np.ndarray | float, level: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Return Wilson's score intervals of many proportions.

    Parameters
    ----------
    share : ndarray
        The observed proportions.
    n_effective : float or ndarray of the same shape
        Number of independent draws behind each, positive.
    level : float, default=0.95
        Nominal coverage.

    Returns
    -------
    low, high : ndarray

    Examples
    --------
    >>> low, high = wilson_limits(np.array([0.0, 0.5]), np.array([10, 10]))
    >>> low.round(4), high.round(4)
    (array([0.    , 0.2366]), array([0.2775, 0.7634]))
    """
    z = float(ndtri(0.5 + 0.5 * level))
    centre = (share + z * z / (2 * n_effective)) / (1 + z * z / n_effective)
    half = z / (1 + z * z / n_effective) * np.sqrt(share * (1 - share) / n_effective + z * z / (4 * n_effective**2))
    return np.maximum(0.0, np.minimum(share, centre - half)), np.minimum(1.0, np.maximum(share, centre + half))


def effective_draws(share: float, variance: float, n_effective: float) -> float:
    """Return the number of independent draws whose proportion has the given variance.

    Parameters
    ----------
    share : float
        The proportion.
    variance : float
        Estimated variance of the proportion.
    n_effective : float
        The most it can be.

    Returns
    -------
    float
        share (1 - share) / variance, at most `n_effective`: a proportion of 0 or 1 has no variance to learn from.

    Examples
    --------
    >>> effective_draws(0.5, 0.01, 1000.0)
    25.0
    """
    spread = share * (1.0 - share)
    if variance <= 0.0 or spread <= 0.0:
        return n_effective
    return min(n_effective, spread / variance)


def draws_told_by_units(draws: float, sizes: np.ndarray) -> float:
    """Return the number of draws whose normal limits are those that Student's law asks of an error told by few units.

    Parameters
    ----------
    draws : float
        Number of independent draws that has the standard error which the units tell.
    sizes : ndarray of shape (n_units,)
        Sums of weights by unit.

    Returns
    -------
    float
        draws (z / t)^2, with the 0.975 quantiles of the normal law and of Student's, of one degree of freedom less than
        units of equal size that would weigh as much.

    Examples
    --------
    Ten equal groups: 1.96 / 2.262, squared.

    >>> round(draws_told_by_units(100.0, np.ones(10)), 1)
    75.1
    """
    return draws / student_widening(sizes, Z95) ** 2


def unit_sums(values: np.ndarray, weight: np.ndarray, group: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return weighted sums of the columns of `values`, and of the weights, by independent unit.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
        One column per quantity.
    weight : ndarray of shape (n_rows,)
        Row weights.
    group : ndarray of shape (n_rows,) or None
        Group codes; without them every row is a unit.

    Returns
    -------
    sums : ndarray of shape (n_units, n_columns)
        Weighted sums.
    sizes : ndarray of shape (n_units,)
        Sums of weights.

    Examples
    --------
    >>> sums, sizes = unit_sums(np.array([[1.0], [2.0], [5.0]]), np.ones(3), np.array([0, 0, 1]))
    >>> sums.ravel().tolist(), sizes.tolist()
    ([3.0, 5.0], [2.0, 1.0])
    """
    weighted = values * weight[:, None]
    if group is None:
        return weighted, weight
    n_groups = int(group.max()) + 1
    columns = [np.bincount(group, column, n_groups) for column in weighted.T]
    return np.stack(columns, axis=1), np.bincount(group, weight, n_groups)


def mean_and_error(sums: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return ratio means and their linearised standard errors, by column.

    Parameters
    ----------
    sums : ndarray of shape (n_units, n_columns)
        Weighted sums by unit.
    sizes : ndarray of shape (n_units,)
        Sums of weights by unit.

    Returns
    -------
    mean : ndarray of shape (n_columns,)
        m = sum(sums) / sum(sizes).
    error : ndarray of shape (n_columns,)
        sqrt(G / (G - 1) sum_g (sums_g - sizes_g m)^2) / sum(sizes); NaN for one unit.

    Examples
    --------
    >>> mean, error = mean_and_error(np.array([[1.0], [3.0]]), np.ones(2))
    >>> mean.tolist(), error.tolist()
    ([2.0], [1.0])
    """
    total = sizes.sum()
    mean = sums.sum(axis=0) / total
    residual = sums - sizes[:, None] * mean
    n_units = len(sizes)
    inflation = n_units / (n_units - 1) if n_units > 1 else np.nan
    return mean, np.sqrt(inflation * np.einsum("ij,ij->j", residual, residual)) / total


def draw_resamples(n_units: int, rng: np.random.Generator, n_resamples: int = N_RESAMPLES) -> np.ndarray | None:
    """Draw how often each unit occurs in each bootstrap resample.

    Parameters
    ----------
    n_units : int
        Number of rows or groups.
    rng : Generator
        Source of the draws.
    n_resamples : int, default=999
        Number of resamples.

    Returns
    -------
    ndarray of shape (n_resamples, n_units) or None
        None where the counts would not fit the memory of a small machine: `bootstrap_t` then draws them piece by piece.
    """
    if n_units > MAX_HELD_UNITS:
        return None
    resamples = np.empty((n_resamples, n_units))
    for rows, counts in _resample_blocks(n_units, rng, n_resamples):
        resamples[rows] = counts
    return resamples


def _resample_blocks(n_units: int, rng: np.random.Generator, n_resamples: int) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield a few resamples at a time: which they are, and how often each unit occurs in each."""
    for rows in row_blocks(n_resamples, n_units):
        picks = rng.integers(n_units, size=(rows.stop - rows.start, n_units))
        picks += n_units * np.arange(len(picks))[:, None]
        yield rows, np.bincount(picks.ravel(), minlength=picks.size).reshape(picks.shape)


def studentised_means(
    sums: np.ndarray,
    sizes: np.ndarray,
    rng: np.random.Generator,
    resamples: np.ndarray | None = None,
    n_resamples: int = N_RESAMPLES,
) -> np.ndarray:
    """Return how far each resample's ratio means lie from those of the data, in the resample's own standard errors.

    Parameters
    ----------
    sums : ndarray of shape (n_units, n_columns)
        Weighted sums by unit.
    sizes : ndarray of shape (n_units,)
        Sums of weights by unit.
    rng : Generator
        Source of the resamples.
    resamples : ndarray of shape (n_resamples, n_units), optional
        Bootstrap counts from `draw_resamples`; drawn from `rng` otherwise.
    n_resamples : int, default=999
        How many to draw.

    Returns
    -------
    ndarray of shape (n_resamples, n_columns)
        NaN where a resample has no spread.

    Examples
    --------
    Of the values 1 and 3, a resample of both repeats the mean, and one of either alone has no spread:

    >>> counts = np.array([[1.0, 1.0], [2.0, 0.0]])
    >>> studentised_means(np.array([[1.0], [3.0]]), np.ones(2), np.random.default_rng(0), counts).ravel().tolist()
    [0.0, nan]
    """
    n_units, n_columns = sums.shape
    # The result has no unit: powers of two keep every digit, and the squares finite.
    sums = np.ldexp(sums, -np.frexp(np.abs(sums).max(axis=0))[1])
    mean, _ = mean_and_error(sums, sizes)
    firsts, seconds = [sums, sizes[:, None]], [sums**2, sums * sizes[:, None], (sizes**2)[:, None]]
    of_units = np.concatenate([*firsts, *seconds], axis=1)
    if resamples is None:
        # Only heavy weights leave too many rows to be held below the bootstrap's bound: fewer resamples do.
        most = FEW_RESAMPLES if n_units > MAX_HELD_UNITS else n_resamples
        blocks = _resample_blocks(n_units, rng, min(n_resamples, most))
        totals = np.concatenate([counts.astype(float) @ of_units for _, counts in blocks])
    else:
        totals = resamples @ of_units
    first, squares = np.split(totals, [n_columns + 1], axis=1)
    resampled = first[:, :n_columns] / first[:, n_columns:]
    spread = (
        squares[:, :n_columns]
        - 2 * resampled * squares[:, n_columns : 2 * n_columns]
        + resampled**2 * squares[:, 2 * n_columns :]
    )
    scale = np.sqrt(np.maximum(spread, 0.0) * n_units / max(n_units - 1, 1)) / first[:, n_columns:]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(scale > 1e-12 * np.abs(resampled), (resampled - mean) / scale, np.nan)


def bootstrap_t(
    sums: np.ndarray,
    sizes: np.ndarray,
    rng: np.random.Generator,
    level: float = 0.95,
    resamples: np.ndarray | None = None,
    n_resamples: int = N_RESAMPLES,
) -> tuple[np.ndarray, np.ndarray]:
    """Return bootstrap-t limits of the ratio means, by column.

    Parameters
    ----------
    sums : ndarray of shape (n_units, n_columns)
        Weighted sums by unit.
    sizes : ndarray of shape (n_units,)
        Sums of weights by unit.
    rng : Generator
        Source of the resamples.
    level : float, default=0.95
        Nominal coverage.
    resamples : ndarray of shape (n_resamples, n_units), optional
        Bootstrap counts from `draw_resamples`; drawn from `rng` otherwise.
    n_resamples : int, default=999
        How many to draw.

    Returns
    -------
    low, high : ndarray of shape (n_columns,)
        Limits; both equal the mean where nothing varies.

    Notes
    -----
    Units are drawn with replacement; each resample's mean is studentised by its own standard error, and the quantiles
    of that ratio replace the normal ones: mean - q_{1-a/2} se, mean - q_{a/2} se. A resample without spread is left
    out.

    References
    ----------
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 12.
    """
    mean, error = mean_and_error(sums, sizes)
    studentised = studentised_means(sums, sizes, rng, resamples, n_resamples)
    low, high = mean.copy(), mean.copy()
    for column in range(len(mean)):
        usable = studentised[:, column]
        usable = usable[np.isfinite(usable)]
        if usable.size and error[column] > 0:
            upper, lower = np.quantile(usable, [(1 + level) / 2, (1 - level) / 2])
            low[column] = mean[column] - upper * error[column]
            high[column] = mean[column] - lower * error[column]
    return low, high


def _of_two_values(
    values: np.ndarray, weight: np.ndarray, effective: float, level: float
) -> tuple[float, float] | None:
    """Return limits of a mean of two values, which is a proportion; None of others.

    One miss among rows that are all as sure: a third of the resamples lack it and have no spread.
    """
    least, most = float(values.min()), float(values.max())
    above = values > 0.5 * (least + most)
    if not least < most or not np.allclose(values, np.where(above, most, least), rtol=0.0, atol=SAME * (most - least)):
        return None
    low, high = wilson_interval(float(weight[above].sum() / weight.sum()), effective, level)
    return least + low * (most - least), least + high * (most - least)


def mean_intervals(
    values: np.ndarray,
    weight: np.ndarray,
    group: np.ndarray | None,
    rng: np.random.Generator,
    level: float = 0.95,
    resamples: np.ndarray | None = None,
    n_resamples: int = N_RESAMPLES,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
    """Return means, lower and upper limits of the columns of `values`, and the name of the method.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
        One column per quantity.
    weight : ndarray of shape (n_rows,)
        Row weights; a weighted row is one draw.
    group : ndarray of shape (n_rows,) or None
        Group codes; groups are the independent units when given.
    rng : Generator
        Source of the resamples.
    level : float, default=0.95
        Nominal coverage.
    resamples : ndarray of shape (n_resamples, n_units), optional
        Bootstrap counts from `draw_resamples`, to serve several calls with one set; drawn from `rng` otherwise.
    n_resamples : int, default=999
        How many to draw.

    Returns
    -------
    mean, low, high : ndarray of shape (n_columns,)
        Limits are NaN where no interval can be offered (fewer than ten groups, or one row).
    method : str
        ``"bootstrap-t"`` (Wilson's limits where all values are one of two), ``"wider of bootstrap-t and t"`` (fewer
        than ten rows), ``"normal"``, ``"cluster t"`` or ``"not applicable: ..."``.
    """
    sums, sizes = unit_sums(values, weight, group)
    mean, error = mean_and_error(sums, sizes)
    n_units = len(sizes)
    nothing = np.full(mean.shape, np.nan)
    if group is not None and n_units < MIN_GROUPS:
        return mean, nothing, nothing, f"not applicable: {n_units} groups are too few"
    if n_units < 2:
        return mean, nothing, nothing, "not applicable: one row"
    effective = sizes.sum() ** 2 / (sizes @ sizes)
    if effective < 2:
        return mean, nothing, nothing, "not applicable: one row has most of the weight"
    if effective < BOOTSTRAP_BELOW:
        low, high = bootstrap_t(sums, sizes, rng, level, resamples, n_resamples)
        for column, of_unit in enumerate((sums / sizes[:, None]).T):
            proportion = _of_two_values(of_unit, sizes, effective, level)
            if proportion is not None:
                low[column], high[column] = proportion
        if n_units < FEW_UNITS:
            half = error * t.isf((1.0 - level) / 2.0, n_units - 1)
            return mean, np.minimum(low, mean - half), np.maximum(high, mean + half), "wider of bootstrap-t and t"
        return mean, low, high, "bootstrap-t" if group is None else "bootstrap-t over groups"
    tail = (1.0 - level) / 2.0
    half = error * (norm.isf(tail) if group is None else t.isf(tail, n_units - 1))
    return mean, mean - half, mean + half, "normal" if group is None else "cluster t"


def mean_p_value(
    values: np.ndarray,
    weight: np.ndarray,
    group: np.ndarray | None,
    rng: np.random.Generator,
    resamples: np.ndarray | None = None,
) -> float | None:
    """Return the two-sided p-value of a mean of 0, by the method of `mean_intervals`.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        What should have mean 0.
    weight : ndarray of shape (n_rows,)
        Row weights; a weighted row is one draw.
    group : ndarray of shape (n_rows,) or None
        Group codes; groups are the independent units when given.
    rng : Generator
        Source of the resamples.
    resamples : ndarray of shape (n_resamples, n_units), optional
        Bootstrap counts from `draw_resamples`; drawn from `rng` otherwise.

    Returns
    -------
    float or None
        None where no interval can be offered, or nothing varies.

    Examples
    --------
    550 times 1 and 450 times -1: the mean is 0.1 and its standard error sqrt(0.99 / 999), so that z = 3.177.

    >>> values = np.repeat([1.0, -1.0], [550, 450])
    >>> print(round(mean_p_value(values, np.ones(1000), None, np.random.default_rng(0)), 5))
    0.00149
    """
    sums, sizes = unit_sums(values[:, None], weight, group)
    mean, error = mean_and_error(sums, sizes)
    n_units = len(sizes)
    effective = sizes.sum() ** 2 / (sizes @ sizes)
    if (group is not None and n_units < MIN_GROUPS) or effective < 2 or not error[0] > 0:
        return None
    ratio = float(mean[0] / error[0])
    if effective >= BOOTSTRAP_BELOW:
        return float(2.0 * (norm.sf(abs(ratio)) if group is None else t.sf(abs(ratio), n_units - 1)))
    draws = studentised_means(sums, sizes, rng, resamples)[:, 0]
    draws = draws[np.isfinite(draws)]
    beyond = min(np.count_nonzero(draws >= ratio), np.count_nonzero(draws <= ratio))
    return float(min(1.0, 2.0 * (1 + beyond) / (1 + draws.size)))
