"""Differences in accuracy: only rows that one model has right and the other wrong tell."""

from __future__ import annotations

import numpy as np
from scipy.stats import binom, norm

from sklearn_lossacc._numerics.dependent_groups import number_of_groups, student_widening
from sklearn_lossacc.inference.comparison.paired import PairedDifference
from sklearn_lossacc.inference.intervals import MIN_GROUPS, mean_and_error, unit_sums
from sklearn_lossacc.inference.normal import Z95
from sklearn_lossacc.inference.threshold import sign_flip_p_value

MANY_MOVES = 1000.0  # effective number of moves from which the sum of random signs is normal


def discordant_p_value(moves: np.ndarray, rng: np.random.Generator) -> tuple[float, str]:
    """Test whether as many rows move one way as the other.

    Parameters
    ----------
    moves : ndarray of shape (n_units,)
        Net weight of the rows of each unit that only the second model has right; negative for the first.
    rng : Generator
        Source of signs, where weights or groups make the moves unequal.

    Returns
    -------
    p_value : float
        Two-sided.
    method : str
        Name of the test.

    Notes
    -----
    If the models are equally good, each move is as likely in either direction. With equal moves that is the exact
    test of McNemar, binomial with 1/2; with unequal ones the signs are flipped at random, or their sum is taken for
    normal where very many move.

    References
    ----------
    McNemar (1947), Psychometrika 12, 153-157.

    Examples
    --------
    Of eight rows that differ, seven favour the second; P(0, 1, 7 or 8 of 8) = 18 / 256:

    >>> discordant_p_value(np.array([1, 1, 1, 1, 1, 1, 1, -1, 0]), np.random.default_rng(0))
    (0.0703125, 'exact McNemar')
    """
    moves = moves[moves != 0]
    if not moves.size:
        return 1.0, "exact McNemar"
    size = np.abs(moves)
    if np.ptp(size) <= 1e-9 * size.max():
        fewer = min(np.count_nonzero(moves > 0), np.count_nonzero(moves < 0))
        return min(1.0, 2.0 * float(binom.cdf(fewer, moves.size, 0.5))), "exact McNemar"
    total = abs(float(moves.sum()))
    if size.sum() ** 2 / (size @ size) > MANY_MOVES:
        return float(2.0 * norm.sf(total / np.sqrt(size @ size))), "McNemar over weighted rows or groups, normal"
    p_value = sign_flip_p_value(moves if moves.sum() >= 0 else -moves, rng)
    return min(1.0, 2.0 * p_value), "random signs of weighted rows or groups"


def discordant_limits(
    change: np.ndarray, weight: np.ndarray, group: np.ndarray | None
) -> tuple[float, float, float, float]:
    """Compute the 95 % limits of a difference of two accuracies on the same rows.

    Parameters
    ----------
    change : ndarray of shape (n,)
        1 where only the second model is right, -1 where only the first is, else 0; between for means over copies.
    weight : ndarray of shape (n,)
        Row weights.
    group : ndarray of int of shape (n,) or None
        Group codes.

    Returns
    -------
    value, low, high, error : float
        The difference, its limits, and the standard error behind them.

    Notes
    -----
    With shares b and c of the rows that only the second and only the first model has right, n b + 1 and n c + 1 of
    n + 2 rows take their place in the normal interval of b - c, which keeps its level for few and for no discordant
    rows. Weights and groups enter by the number n of independent rows that has the same standard error. How well a few
    groups, or a few large ones, tell that error is what Student's law allows for, with one degree of freedom less than
    groups of equal size that would weigh as much.

    References
    ----------
    Bonett and Price (2012), J. Educ. Behav. Stat. 37, 479-488.

    Examples
    --------
    No row of 98 differs; that is what n b + 1 = n c + 1 = 1 of 100 say:

    >>> value, low, high, error = discordant_limits(np.zeros(98), np.ones(98), None)
    >>> value, round(low, 4), round(high, 4), round(error, 6)
    (0.0, -0.0277, 0.0277, 0.014142)
    """
    sums, sizes = unit_sums(change[:, None].astype(float), weight, group)
    mean, error = mean_and_error(sums, sizes)
    value, total = float(mean[0]), float(weight.sum())
    gained, lost = (float(weight @ np.maximum(sign * change, 0.0)) / total for sign in (1, -1))
    variance = float(error[0]) ** 2 if len(sizes) > 1 else 0.0
    if group is None:  # the formula divides by n, not by n - 1
        variance *= (len(sizes) - 1) / len(sizes)
    spread = gained + lost - value**2
    effective = number_of_groups(sizes)
    rows = float(total**2 / (weight @ weight))
    n = min(spread / variance, rows) if variance > 0 and spread > 0 else effective
    more, less = (n * gained + 1.0) / (n + 2.0), (n * lost + 1.0) / (n + 2.0)
    centre = more - less
    error_of_centre = float(np.sqrt((more + less - centre**2) / (n + 2.0)))
    half = error_of_centre * Z95 * (1.0 if group is None else student_widening(sizes, Z95))
    low, high = max(min(centre - half, value), -1.0), min(max(centre + half, value), 1.0)
    return value, low, high, error_of_centre


def accuracy_difference(
    change: np.ndarray, weight: np.ndarray, group: np.ndarray | None, rng: np.random.Generator
) -> PairedDifference:
    """Compare two accuracies on the same rows.

    Parameters
    ----------
    change : ndarray of shape (n,)
        1 where only the second model is right, -1 where only the first is, else 0.
    weight : ndarray of shape (n,)
        Row weights.
    group : ndarray of int of shape (n,) or None
        Group codes.
    rng : Generator
        Source of signs.

    Returns
    -------
    PairedDifference

    Notes
    -----
    The limits are those of `discordant_limits`, the p-value that of `discordant_p_value`.

    Examples
    --------
    >>> change = np.r_[np.ones(8), -np.ones(2), np.zeros(90)]
    >>> found = accuracy_difference(change, np.ones(100), None, np.random.default_rng(0))
    >>> round(found.value, 4), round(found.low, 4), round(found.high, 4), round(found.p_value, 4)
    (0.06, -0.0068, 0.1244, 0.1094)
    """
    sums, sizes = unit_sums(change[:, None].astype(float), weight, group)
    p_value, test = discordant_p_value(sums[:, 0], rng)
    value, low, high, error = discordant_limits(change, weight, group)
    if group is not None and len(sizes) < MIN_GROUPS:
        return PairedDifference(value, None, None, None, None, f"not applicable: {len(sizes)} groups are too few")
    return PairedDifference(value, low, high, p_value, error, f"Bonett and Price; p by {test}")
