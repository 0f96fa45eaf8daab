"""Calibration by predicted class: a maximum over classes with a drawn null, and a temperature for each class.

Rows are grouped by predicted class, never by the true one: given the true class, the loss of a healthy model differs
from its entropy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sklearn_lossacc._numerics import log_softmax
from sklearn_lossacc._numerics.mixture import fit_mixture, mixture_proba
from sklearn_lossacc.inference.cause_model import SAYS
from sklearn_lossacc.inference.design import design_effect, design_scale
from sklearn_lossacc.inference.gains import open_gain
from sklearn_lossacc.inference.intervals import mean_and_error, unit_sums
from sklearn_lossacc.inference.monte_carlo import (
    CONTINUE_BELOW,
    N_DRAWS,
    N_DRAWS_EXTENDED,
    N_DRAWS_FIRST,
    Statistic,
    monte_carlo,
)
from sklearn_lossacc.inference.null import Draws, NullModel
from sklearn_lossacc.inference.shape import folds
from sklearn_lossacc.inference.sharing import DOUBT, MAX_ROWS, WORTH, less_than_copies, most_shared, values_together
from sklearn_lossacc.inference.total_tails import MIN_EVENTS, loss_tails

MIN_VARIANCE = 3.0  # in units of the largest row variance of the class: less gives no normal z score
MIN_ROWS = 20
NO_VARIANCE = 1e-12  # of the loss of a row: labels of equal probability cost the same, up to rounding
MIN_MISSES = 0.5  # of a class that is sure of itself, one or two misses may say much


@dataclass(frozen=True)
class UnevenTest:
    """Result of the test.

    Attributes
    ----------
    p_value : float
        p-value of the class that is furthest off, among so many.
    z : ndarray of shape (n_classes,)
        Loss minus entropy of the rows predicted as each class, in standard errors; NaN where too few.
    worst : int
        The class that is furthest off.
    n_groups : int
        Number of predicted classes that were judged.
    open_gain : float or None
        Largest gain of one temperature per predicted class that is left open, in nats a row; None if none is judged.
    drawn : bool
        Whether labels were drawn, so that more draws tell more.
    """

    p_value: float
    z: np.ndarray
    worst: int
    n_groups: int
    open_gain: float | None = None
    drawn: bool = False


@dataclass(frozen=True)
class ClassTemperatures:
    """Temperatures by predicted class.

    Attributes
    ----------
    gain : float
        Cross-fitted gain, in nats a row.
    error : float
        Its standard error.
    temperatures : dict
        The temperature of each predicted class with rows enough, by column.
    paying : tuple of int
        The classes whose temperatures gain that much together.
    """

    gain: float
    error: float
    temperatures: dict[int, float]
    paying: tuple[int, ...]


def uneven_test(null: NullModel, random_state: int = 0, most_draws: int = N_DRAWS_EXTENDED) -> UnevenTest:
    """Test whether loss minus entropy has its null spread in the rows predicted as each class.

    Parameters
    ----------
    null : NullModel
        The rows; their probabilities are the hypothesis.
    random_state : int, default=0
        Seed of the draws.
    most_draws : int, default=9999
        Draws at which to stop, where any are needed.

    Returns
    -------
    UnevenTest

    Notes
    -----
    Rows of different predicted classes are disjoint, so without groups their tests are independent: with the smallest
    of G two-sided p-values p, the chance of one as small is 1 - (1 - p)^G. With groups the maximum of |z| is drawn,
    over classes in which 20 misses are expected; groups are copies or share at most as much as the losses of a class
    allow that stray together furthest.
    """
    whole, null = null, null.first_groups(MAX_ROWS)
    k = null.n_classes
    predicted = np.argmax(null.proba, axis=1)
    weighted_variance = null.weight**2 * null.varentropy
    variance = np.bincount(predicted, weighted_variance, k)
    largest_variance = np.zeros(k)
    np.maximum.at(largest_variance, predicted, weighted_variance)
    misses = np.bincount(predicted, 1.0 - null.proba.max(axis=1), k)
    usable = (misses >= MIN_EVENTS) & (variance > MIN_VARIANCE * largest_variance)
    if null.group is None:
        unsure = variance > NO_VARIANCE * np.bincount(predicted, null.weight**2, k)
        usable |= (misses >= MIN_MISSES) & (np.bincount(predicted, minlength=k) >= MIN_ROWS) & unsure
    z = np.full(k, np.nan)
    total = np.bincount(predicted, null.weight * null.excess, k)
    z[usable] = total[usable] / np.sqrt(variance[usable])
    n_judged = int(usable.sum())
    if n_judged < 2:
        return UnevenTest(1.0, z, 0, n_judged)
    effect = design_effect(null)
    # The square of z is the score test of a temperature of the class's own.
    still_open = open_gain(float(np.nansum(z**2)) / effect, n_judged, null.effective_n() / effect)
    if null.group is not None:
        part = null.take(np.flatnonzero(usable[predicted]))
        p_value = _drawn_maximum(part, float(np.nanmax(np.abs(z))), random_state, most_draws, whole.most_shared)
        return UnevenTest(p_value, z, int(np.nanargmax(np.abs(z))), n_judged, still_open, True)
    judged = np.flatnonzero(usable)
    # So many draws that one class of so many can show anything.
    telling = (n for n in (N_DRAWS_FIRST, N_DRAWS) if n >= most_draws and 2.0 * n_judged < CONTINUE_BELOW * (n + 1))
    most_draws = next(telling, N_DRAWS_EXTENDED)
    p_values, any_drawn = [], False
    for j in judged:
        upper, lower, drawn = loss_tails(null.take(np.flatnonzero(predicted == j)), random_state, most_draws)
        p_values.append(min(1.0, 2.0 * min(upper, lower)))
        any_drawn |= drawn
    # Classes that are as sure as draws can be stand in the order of their z.
    first = min(range(n_judged), key=lambda place: (p_values[place], -abs(z[judged[place]])))
    p_value = -np.expm1(n_judged * np.log1p(-min(p_values[first], 1.0 - 1e-16)))
    return UnevenTest(float(p_value), z, int(judged[first]), n_judged, still_open, any_drawn)


def _drawn_maximum(
    null: NullModel, observed: float, random_state: int, most_draws: int, known: dict[str, float]
) -> float:
    """Monte Carlo p-value of the largest absolute z over predicted classes."""
    part = np.unique(null.proba.argmax(axis=1), return_inverse=True)[1]
    k = int(part.max()) + 1
    entropy = np.bincount(part, null.weight * null.entropy)
    error = np.sqrt(np.bincount(part, null.weight**2 * null.varentropy))

    def of_draws(draws: Draws) -> np.ndarray:
        at_top = null.weight * null.loss[np.arange(null.n_rows), draws.top]
        change = null.weight[draws.row] * null.loss[draws.row, draws.label] - at_top[draws.row]
        moved = np.bincount(draws.draw * k + part[draws.row], change, draws.size * k).reshape(draws.size, k)
        excess = np.bincount(part, at_top) + moved - entropy
        return np.abs(excess / error).max(axis=1)

    largest = {"uneven": Statistic(observed, of_draws)}
    copies = monte_carlo(null, largest, random_state, most_draws)
    if copies["uneven"].p_value <= WORTH * DOUBT:
        return copies["uneven"].p_value
    own = monte_carlo(null.sharing(0.0), largest, random_state, N_DRAWS_FIRST)["uneven"].p_value
    if own >= CONTINUE_BELOW:  # rows that share something give no less
        return copies["uneven"].p_value
    if "uneven" not in known:
        together = values_together(null, lambda row, label: null.loss[row, label], null.entropy, part)
        known["uneven"] = most_shared(null.sharing, together, random_state)
    return less_than_copies(copies, known["uneven"], null.sharing, largest, random_state, most_draws)["uneven"].p_value


def class_temperatures(model: NullModel, rng: np.random.Generator, floor: float = 0.0) -> ClassTemperatures:
    """Fit temperatures by predicted class on top of the model, by five-fold cross-fitting.

    Parameters
    ----------
    model : NullModel
        The rows, and what is known without their classes.
    rng : Generator
        For the folds.
    floor : float, default=0.0
        Share of the uniform distribution that is mixed in afterwards, and stays.

    Returns
    -------
    ClassTemperatures

    Notes
    -----
    A temperature costs about 1 / (2 n) nats a row on rows that it was not fitted to, which for each of k classes hides
    what one of them gains. So the gain is the larger of two: of a temperature for every class, and of one for the
    classes only in which it is likelier than none by AIC, with a charge of 2 ln k for the choice among k.
    """
    predicted = np.argmax(model.proba, axis=1)
    scores, none = np.log(np.maximum(model.proba, 1e-300)), np.zeros(model.n_classes)
    fold = folds(model.n_rows, model.group, rng, by=model.proba.max(axis=1))
    charge, twice = SAYS + 2.0 * np.log(model.n_classes), 2.0 * design_scale(model)

    def log_q(rows: np.ndarray, beta: float) -> np.ndarray:
        """Return the log probabilities of the labels of some rows."""
        q = mixture_proba(scores[rows], beta, none, floor)
        return np.log(np.maximum(q[np.arange(rows.size), model.y[rows]], 1e-300))

    def fitted(rows: np.ndarray) -> tuple[float, bool]:
        """Return the inverse temperature of some rows, and whether it pays."""
        y, weight = model.y[rows], model.weight[rows]
        beta = fit_mixture(scores[rows], y, weight, floor=False, floor_value=floor).beta
        return beta, twice * float(weight @ (log_q(rows, beta) - as_given[rows])) > charge

    as_given = log_q(np.arange(model.n_rows), 1.0)
    gain = np.zeros((model.n_rows, 2))  # of all classes, of those that pay
    temperatures, paying = {}, []
    for j in np.unique(predicted):
        members = np.flatnonzero(predicted == j)
        if members.size < MIN_ROWS:
            continue
        beta, pays = fitted(members)
        temperatures[int(j)] = 1.0 / beta
        paying += [int(j)] if pays else []
        for f in np.unique(fold[members]):
            train, test = members[fold[members] != f], members[fold[members] == f]
            if train.size < MIN_ROWS // 2:
                continue
            beta, pays = fitted(train)
            gain[test, 0] = log_q(test, beta) - as_given[test]
            gain[test, 1] = gain[test, 0] if pays else 0.0
    (of_all, of_paying), errors = mean_and_error(*unit_sums(gain, model.weight, model.group))
    if of_paying >= of_all:
        return ClassTemperatures(float(of_paying), float(errors[1]), temperatures, tuple(paying))
    return ClassTemperatures(float(of_all), float(errors[0]), temperatures, tuple(temperatures))


def scaled_rows(model: NullModel, factors: dict[int, float]) -> NullModel:
    """Multiply the log probabilities of the rows predicted as some classes.

    Parameters
    ----------
    model : NullModel
        The rows.
    factors : dict
        By column of the predicted class; the rows of others stay as they are.

    Returns
    -------
    NullModel
        The same rows.

    Examples
    --------
    Half of the log odds, for rows predicted as the second class:

    >>> rows = NullModel(np.log([[0.2, 0.8], [0.7, 0.3]]), np.array([1, 0]), np.ones(2))
    >>> scaled_rows(rows, {1: 0.5}).proba.round(6)
    array([[0.333333, 0.666667],
           [0.7     , 0.3     ]])
    """
    factor = np.ones(model.n_classes)
    factor[list(factors)] = list(factors.values())
    scores = model.log_proba * factor[model.log_proba.argmax(axis=1), np.newaxis]
    return NullModel(log_softmax(scores, axis=1), model.y, model.weight, model.group)
