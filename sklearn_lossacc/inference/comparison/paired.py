"""Differences of two models on the same rows: intervals and p-values that agree with each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.stats import norm, t

from sklearn_lossacc.inference.intervals import (
    FEW_UNITS,
    draw_resamples,
    mean_and_error,
    mean_intervals,
    studentised_means,
    unit_sums,
)
from sklearn_lossacc.inference.normal import Z95

TAIL = 0.025
EXTEND_BELOW = 0.01  # p-values below it are worth more resamples
MORE_CHUNKS = 9  # of 999 resamples each
MOST_EXTENDED_UNITS = 4096
MOST_KEPT_UNITS = 1000  # 72 MB


@dataclass(frozen=True)
class PairedDifference:
    """What the second model has more than the first.

    Attributes
    ----------
    value : float
        Mean over the rows of second minus first.
    low, high : float or None
        95 % limits; None where none can be offered.
    p_value : float or None
        Two-sided; None where none can be offered.
    error : float or None
        Standard error.
    method : str
        How they were made.
    """

    value: float
    low: float | None
    high: float | None
    p_value: float | None
    error: float | None
    method: str


class Resamples:
    """Bootstrap counts that several pairs of models share; more are drawn where a p-value is small.

    Parameters
    ----------
    n_units : int
        Number of rows or groups.
    seed : int
        Of the draws.
    """

    def __init__(self, n_units: int, seed: int) -> None:
        self.n_units, self.seed = n_units, seed

    @cached_property
    def first(self) -> np.ndarray | None:
        """The 999 that intervals are made of; None where they would not fit the memory."""
        return draw_resamples(self.n_units, np.random.default_rng([self.seed, 0]))

    def more(self) -> Iterator[np.ndarray]:
        """Yield further counts, where there are few enough units."""
        if self.n_units <= MOST_EXTENDED_UNITS:
            for chunk in range(MORE_CHUNKS):
                yield self._kept[chunk] if self.n_units <= MOST_KEPT_UNITS else self._drawn(chunk)

    @cached_property
    def _kept(self) -> list[np.ndarray]:
        """Further counts that several pairs will ask for."""
        return [self._drawn(chunk) for chunk in range(MORE_CHUNKS)]

    def _drawn(self, chunk: int) -> np.ndarray:
        """Draw one chunk of further counts."""
        drawn = draw_resamples(self.n_units, np.random.default_rng([self.seed, 1 + chunk]))
        assert drawn is not None
        return drawn


def _two_sided(draws: np.ndarray, observed: float) -> float:
    """Return twice the smaller tail of draws beyond the observed value, itself counted among them."""
    draws = draws[np.isfinite(draws)]
    above, below = np.count_nonzero(draws >= observed), np.count_nonzero(draws <= observed)
    return min(1.0, 2.0 * (1 + min(above, below)) / (draws.size + 1))


def paired_differences(
    values: np.ndarray,
    weight: np.ndarray,
    group: np.ndarray | None,
    resamples: Resamples,
    extra_error: np.ndarray | None = None,
    *,
    extend: bool = True,
) -> list[PairedDifference]:
    """Compare two models by several measures of the same rows.

    Parameters
    ----------
    values : ndarray of shape (n, n_measures)
        Second minus first, row by row.
    weight : ndarray of shape (n,)
        Row weights; a weighted row is one draw.
    group : ndarray of int of shape (n,) or None
        Group codes; groups are the independent units.
    resamples : Resamples
        For as many units.
    extra_error : ndarray of shape (n_measures,), optional
        Standard errors that the rows do not show, added in squares.
    extend : bool, default=True
        Whether small p-values are worth more resamples.

    Returns
    -------
    list of PairedDifference
        One a measure.

    Notes
    -----
    Below 1000 effective units, limits and p-values come from the same bootstrap-t or, where that is more cautious, from
    Student's t: the one is too sure of symmetric differences, the other of skewed ones. Its degrees of freedom are one
    less than the number of units that carry the difference, (sum |s|)^2 / sum s^2 of their sums s. Above, the normal
    law, or Student's t over groups, holds, unless fewer than ten units carry the difference. Rows that all differ by
    the same amount have no spread to go by: their p-value is that of n equal signs, 2^(1 - n).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> shifted = rng.normal(0.5, 1.0, (200, 1))
    >>> (found,) = paired_differences(shifted, np.ones(200), None, Resamples(200, 0))
    >>> found.low < 0.5 < found.high, found.p_value < 0.001, found.method
    (True, True, 'wider of bootstrap-t and t')
    """
    sums, sizes = unit_sums(values, weight, group)
    mean, error = mean_and_error(sums, sizes)
    rng = np.random.default_rng([resamples.seed, 99])
    first = resamples.first
    _, low, high, method = mean_intervals(values, weight, group, rng, resamples=first)
    n_units = len(sizes)
    method = method.removeprefix("wider of ").removesuffix(" and t")
    extra = np.zeros(len(mean)) if extra_error is None else extra_error
    if method.startswith("not applicable"):
        return [PairedDifference(float(value), None, None, None, None, method) for value in mean]
    widened = np.hypot(error, extra)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(widened > 0, mean / widened, 0.0)
    low = mean - np.hypot(mean - low, Z95 * extra)
    high = mean + np.hypot(high - mean, Z95 * extra)
    p_values = _p_values(ratio, sums, sizes, rng, resamples, method, extend)
    carriers = _carriers(sums)
    careful = np.full(len(mean), True) if "bootstrap" in method else carriers < FEW_UNITS
    if careful.any():
        degrees = np.maximum(carriers - 1.0, 1.0)
        half = widened * t.isf(TAIL, degrees)
        low = np.where(careful, np.minimum(low, mean - half), low)
        high = np.where(careful, np.maximum(high, mean + half), high)
        p_values = np.where(careful, np.maximum(p_values, 2.0 * t.sf(np.abs(ratio), degrees)), p_values)
    still = widened <= 1e-12 * np.abs(mean)
    p_values = np.where(still, np.where(mean == 0, 1.0, 2.0 ** float(max(1 - n_units, -1000))), p_values)
    columns = (column.tolist() for column in (mean, low, high, p_values, widened))
    return [
        PairedDifference(value, lower, upper, p_value, se, f"wider of {method} and t" if wider else method)
        for wider, (value, lower, upper, p_value, se) in zip(careful, zip(*columns, strict=True), strict=True)
    ]


def _carriers(sums: np.ndarray) -> np.ndarray:
    """Return the effective number of units that carry each sum: (sum |s|)^2 / sum s^2, infinite for zeros."""
    squares = np.einsum("ij,ij->j", sums, sums)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(squares > 0, np.abs(sums).sum(axis=0) ** 2 / squares, np.inf)


def _p_values(
    ratio: np.ndarray,
    sums: np.ndarray,
    sizes: np.ndarray,
    rng: np.random.Generator,
    resamples: Resamples,
    method: str,
    extend: bool,
) -> np.ndarray:
    """Return two-sided p-values of studentised means by the method of their limits."""
    if method == "normal":
        return 2.0 * norm.sf(np.abs(ratio))
    if method == "cluster t":
        return 2.0 * t.sf(np.abs(ratio), len(sizes) - 1)
    draws = studentised_means(sums, sizes, rng, resamples.first)
    p_values = np.array([_two_sided(draws[:, place], value) for place, value in enumerate(ratio)])
    if extend and (p_values < EXTEND_BELOW).any() and resamples.first is not None:
        draws = np.concatenate([draws, *(studentised_means(sums, sizes, rng, more) for more in resamples.more())])
        p_values = np.array([_two_sided(draws[:, place], value) for place, value in enumerate(ratio)])
    return p_values
