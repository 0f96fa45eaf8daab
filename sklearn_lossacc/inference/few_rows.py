"""A handful of rows whose labels a model all but rules out: how many are few, and which they are."""

from __future__ import annotations

import numpy as np
from scipy.special import gammainc

from sklearn_lossacc._numerics.mixture import MixtureFit, mixture_proba
from sklearn_lossacc.inference.design import design_effect
from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.surprise import (
    TIE,
    SurpriseCount,
    count_surprises,
    expected_surprises,
    sorted_surprises,
    surprise_of_labels,
)

FIT_BELOW = 5e-4  # the least of many highly correlated p-values: about 0.005 in all
FEWEST = 2  # rows that are named even where a temperature or class bias could explain them
SURE_SURPRISE = 0.2  # over n: so surprising a row is set aside even where they are not few
MAX_OUTLIER_SHARE = 0.1
EXPECTED_ANYWAY = 0.2  # share of them that the model as given may account for
MOSTLY = 0.05  # share of the rows set aside that the model itself may account for
MATERIAL_NOISE = 0.005  # smallest noise rate that matters


def few_rows(n_rows: float) -> int:
    """Return how many rows are too few to speak of a noise rate.

    Parameters
    ----------
    n_rows : float
        Number of independent rows.

    Returns
    -------
    int
        The largest count that leaves a rate of 0.005, the smallest that matters, open at 95 %; at least two.

    Examples
    --------
    16 wrong labels in 2000 are more than 0.005 beyond doubt, 15 are not:

    >>> few_rows(30), few_rows(2000)
    (2, 15)
    """
    smallest = MATERIAL_NOISE * n_rows
    # P(N >= m) = gammainc(m, mean) for a Poisson count N of that mean.
    counts = np.arange(1, int(smallest + 3 * np.sqrt(smallest)) + 4)
    return max(2, int(np.count_nonzero(gammainc(counts, smallest) > 0.05)))


def telling_count(
    model: np.ndarray, null: NullModel, few: float, below: float = FIT_BELOW, floor: float = 0.0
) -> tuple[SurpriseCount, np.ndarray]:
    """Find the count of surprising rows that a model does not account for, to set aside all such rows at once.

    Parameters
    ----------
    model : ndarray of shape (n_rows, n_classes)
        Probability of each label under the model that is asked, without its floor.
    null : NullModel
        The rows.
    few : float
        Largest number of independent rows that count as few. Rows each of which would hardly occur may be more.
    below : float, default=0.0005
        p-value below which a count is more than predicted.
    floor : float, default=0.0
        Floor of the model.

    Returns
    -------
    SurpriseCount, ndarray of bool
        The largest count that is more than the model predicts (Poisson p-value below `below`, at least twice as many)
        and of which it accounts for at most a twentieth, or else that of the smallest p-value; and its rows, none
        where no count is more than predicted.

    Examples
    --------
    Two of forty sure rows show the other label, where 0.004 are expected:

    >>> proba = np.tile([0.9999, 0.0001], (40, 1))
    >>> null = NullModel(np.log(proba), np.repeat([1, 0], [2, 38]), np.ones(40))
    >>> count, rows = telling_count(proba, null, 2)
    >>> count.observed, round(count.expected, 3), np.flatnonzero(rows).tolist()
    (2, 0.004, [0, 1])
    """
    effect = design_effect(null)
    sure = SURE_SURPRISE * effect / null.n_rows
    own = surprise_of_labels(model, null.y)
    n_sure = np.count_nonzero(own < sure)
    most = max(few * effect, min(n_sure, MAX_OUTLIER_SHARE * null.n_rows))
    ascending, surprise = sorted_surprises(model)
    chance = (1.0 - floor) * ascending + floor / null.n_classes if floor > 0 else ascending
    counts = [
        count
        for count in count_surprises(own, surprise, chance, min(most, null.n_rows - 1), effect)
        if count.observed <= few * effect or count.threshold < sure
    ]
    nothing = np.zeros(null.n_rows, dtype=bool)
    if not counts:
        return SurpriseCount(0, 0.0, 1.0, 0.0), nothing
    rejecting = [count for count in counts if count.p_value < below and count.expected <= 0.5 * count.observed]
    clear = [count for count in rejecting if count.expected <= MOSTLY * count.observed]
    chosen = clear[-1] if clear else min(rejecting or counts, key=lambda count: count.p_value)
    return chosen, own <= chosen.threshold * TIE if rejecting else nothing


def few_surprises(
    null: NullModel, log_proba: np.ndarray, fit: MixtureFit, most: float, below: float = FIT_BELOW
) -> tuple[np.ndarray, float]:
    """Return the rows whose labels a model all but rules out, if they are few.

    Parameters
    ----------
    null : NullModel
        The rows.
    log_proba : ndarray of shape (n_rows, n_classes)
        Their log probabilities, exact zeros replaced.
    fit : MixtureFit
        The model; its floor is not used.
    most : float
        How many rows are few.
    below : float, default=0.0005
        p-value below which rows are more than the model allows.

    Returns
    -------
    ndarray of int, float
        At most so many rows that are together more surprising than the model allows, and their p-value.

    Examples
    --------
    >>> null = NullModel(np.log([[0.5, 0.5], [0.9999, 0.0001], [0.4, 0.6]]), np.array([0, 1, 0]), np.ones(3))
    >>> rows, p_value = few_surprises(null, null.log_proba, MixtureFit(1.0, np.zeros(2), 0.0, 0.0), 2)
    >>> rows.tolist(), round(p_value, 4)
    ([1], 0.0001)
    """
    model = mixture_proba(log_proba, fit.beta, fit.bias, 0.0)
    count, impossible = telling_count(model, null, most, below)
    rows = np.flatnonzero(impossible)
    return rows if rows.size <= most * design_effect(null) else rows[:0], count.p_value


def sharpened(log_proba: np.ndarray, fit: MixtureFit) -> np.ndarray | None:
    """Return what an underconfident model is once repaired, since as given it expects labels of any kind.

    Parameters
    ----------
    log_proba : ndarray of shape (n_rows, n_classes)
        Finite logs of the probabilities as given.
    fit : MixtureFit
        Temperature and offsets that suit them.

    Returns
    -------
    ndarray of shape (n_rows, n_classes) or None
        None where the fit does not sharpen.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.mixture import MixtureFit
    >>> from sklearn_lossacc.inference.few_rows import sharpened
    >>> fit = MixtureFit(beta=2.0, bias=np.zeros(2), floor=0.1, log_likelihood=0.0)
    >>> sharpened(np.log([[0.75, 0.25]]), fit).round(3)
    array([[0.9, 0.1]])
    """
    return mixture_proba(log_proba, fit.beta, fit.bias, 0.0) if fit.beta > 1.0 else None


def unexpected(null: NullModel, rows: np.ndarray, proba: np.ndarray | None = None) -> np.ndarray:
    """Return the most surprising of some rows, as many as the model as given does not account for.

    Parameters
    ----------
    null : NullModel
        The rows.
    rows : ndarray of int
        Some of them, not all.
    proba : ndarray of shape (n_rows, n_classes) or None, default=None
        What is asked instead of the model as given.

    Returns
    -------
    ndarray of int
        The largest number of which at most a fifth is expected to be as surprising.

    Examples
    --------
    >>> null = NullModel(np.log([[0.5, 0.5], [0.9999, 0.0001], [0.4, 0.6]]), np.array([0, 1, 0]), np.ones(3))
    >>> unexpected(null, np.array([0, 1])).tolist()
    [1]

    A blunt model expects its label; sharpened it does not:

    >>> blunt = NullModel(np.log(np.tile([0.8, 0.2], (9, 1))), np.repeat([1, 0], [1, 8]), np.ones(9))
    >>> rows, sharp = np.array([0]), np.tile([0.99, 0.01], (9, 1))
    >>> unexpected(blunt, rows).tolist(), unexpected(blunt, rows, sharp).tolist()
    ([], [0])
    """
    if not rows.size or rows.size == null.n_rows:
        return rows[:0]
    proba = null.proba if proba is None else proba
    surprise = surprise_of_labels(proba[rows], null.y[rows])
    ascending = np.sort(surprise)
    enough = np.flatnonzero(expected_surprises(proba, ascending) <= EXPECTED_ANYWAY * np.arange(1, rows.size + 1))
    return rows[surprise <= ascending[enough[-1]]] if enough.size else rows[:0]
