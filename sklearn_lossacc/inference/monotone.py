"""What a map that may bend would gain, cross-fitted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy.optimize import isotonic_regression

from sklearn_lossacc._numerics.multinomial import (
    adjusted_scores,
    fit_multinomial,
    matrix_penalty,
    scores_dtype,
    vector_penalty,
)
from sklearn_lossacc.inference.common_bend import bent_loss, common_bend
from sklearn_lossacc.inference.design import design_scale
from sklearn_lossacc.inference.intervals import mean_and_error, unit_sums
from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.shape import folds
from sklearn_lossacc.inference.smooth_bend import bent, smooth_bend

BEND, APART, MIXED = "bend", "classes apart", "classes mixed"
MOST_MIXED = 100  # classes up to which all log probabilities are mapped together
STRENGTHS = (1.0, 0.0625)  # of the penalty of that map, of those that AutoCalibrator tries
# Up to here a curve is drawn for each class, which takes a sort of the rows each, and all strengths are tried; above,
# so many rows outweigh the strongest.
MOST_ENTRIES = 2**19


def isotonic_fit(proba: np.ndarray, hit: np.ndarray, weight: np.ndarray):
    """Return the distinct probabilities, their weights, and the increasing map of them that fits best."""
    # Equal probabilities are one point: their order must not decide where a block ends.
    x, tied = np.unique(proba, return_inverse=True)
    total = np.bincount(tied, weight)
    return x, total, isotonic_regression(np.bincount(tied, weight * hit) / total, weights=total)


def isotonic_map(train_proba, train_hit, train_weight, proba) -> np.ndarray:
    """Fit a monotone map with one pseudo-row at the mean in every block, and apply it by linear interpolation."""
    x, weight, fitted = isotonic_fit(train_proba, train_hit, train_weight)
    starts = fitted.blocks[:-1]
    mass = np.add.reduceat(weight, starts)
    centre = np.add.reduceat(weight * x, starts) / mass
    pseudo = train_weight.mean()
    level = (fitted.x[starts] * mass + centre * pseudo) / (mass + pseudo)
    return np.clip(np.interp(proba, centre, np.maximum.accumulate(level)), 1e-12, 1 - 1e-12)


def _true_probability(model: NullModel, rows: np.ndarray, event: np.ndarray, proba: np.ndarray) -> np.ndarray:
    """Return the probability of the label once that of one event a row is replaced, the others in proportion."""
    before = model.proba[rows, event[rows]]
    hit = model.y[rows] == event[rows]
    rest = model.proba[rows, model.y[rows]] * (1.0 - proba) / np.maximum(1.0 - before, 1e-300)
    return np.where(hit, proba, rest)


def _monotone(model: NullModel, event: np.ndarray, train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Return the loss of the test rows after a free increasing map of the probability of one event a row."""
    p_event, hit = model.proba[np.arange(model.n_rows), event], model.y == event
    mapped = isotonic_map(p_event[train], hit[train], model.weight[train], p_event[test])
    return -np.log(np.maximum(_true_probability(model, test, event, mapped), 1e-300))


def _smooth(model: NullModel, event: np.ndarray, train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Return the loss of the test rows after a smooth bend of the probability of one event a row."""
    p_event, hit = model.proba[np.arange(model.n_rows), event], model.y == event
    mapped = bent(p_event[test], *smooth_bend(p_event[train], hit[train], model.weight[train]))
    return -np.log(np.maximum(_true_probability(model, test, event, mapped), 1e-300))


def _draws(model: NullModel) -> np.ndarray:
    """Return how many independent draws each row counts for: a penalty is as strong as so many of them."""
    return model.weight * design_scale(model)


def _linear(
    scores: np.ndarray, y: np.ndarray, draws: np.ndarray, penalty: np.ndarray, train: np.ndarray, test: np.ndarray
) -> np.ndarray:
    """Return the loss of the test rows after a linear map of the log probabilities."""
    fitted = scores[train].astype(scores_dtype(train.size, penalty, rough=True), copy=False)
    theta = fit_multinomial(fitted, y[train], draws[train], penalty=penalty)
    moved = adjusted_scores(scores[test], theta)
    largest = moved.max(axis=1)
    return np.log(np.exp(moved - largest[:, None]).sum(axis=1)) + largest - moved[np.arange(test.size), y[test]]


def _common(model: NullModel, train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Return the loss of the test rows after a bend that is the same for all classes."""
    bend = common_bend(model.proba[train], model.y[train], _draws(model)[train])
    return bent_loss(model.proba[test], model.y[test], bend)


def _falls(model: NullModel, event: np.ndarray) -> bool:
    """Return whether a smooth map makes the event of each row likelier than the likeliest map that never falls."""
    proba, hit = model.proba[np.arange(model.n_rows), event], model.y == event
    x, _, fitted = isotonic_fit(proba, hit, model.weight)
    rising, smooth = fitted.x[np.searchsorted(x, proba)], bent(proba, *smooth_bend(proba, hit, model.weight))
    likely = (np.log(np.maximum(np.where(hit, q, 1.0 - q), 1e-300)) for q in (rising, smooth))
    of_rising, of_smooth = (float(model.weight @ each) for each in likely)
    return of_smooth > of_rising


def _curves(model: NullModel, train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Return the loss of the test rows after a smooth bend of the probability of each class, divided by their sums."""
    moved = np.empty((test.size, model.n_classes))
    for j in range(model.n_classes):
        bend = smooth_bend(model.proba[train, j], model.y[train] == j, model.weight[train])
        moved[:, j] = bent(model.proba[test, j], *bend)
    shown = moved[np.arange(test.size), model.y[test]]
    return np.log(np.maximum(moved.sum(axis=1), 1e-300)) - np.log(np.maximum(shown, 1e-300))


@dataclass(frozen=True)
class ShapeGain:
    """What a map that may bend would save, in nats a row.

    Attributes
    ----------
    cost : float
        If it were known: the mean of what it saves on the rows that it was fitted to and on others.
    gain : float
        Fitted to these rows, on others: cross-fitted.
    error : float
        Standard error of the gain.
    best : {"bend", "classes apart", "classes mixed"}
        The map that gains most. The second is a factor and an offset for each class, the third is linear in all log
        probabilities.
    falls : bool
        Of two classes: whether a smooth map explains the labels better than any does that never falls.
    strength : float
        Of the penalty, if the map is linear in all log probabilities: 1 is that of structured matrix scaling.
    """

    cost: float
    gain: float
    error: float
    best: str = BEND
    falls: bool = False
    strength: float = 1.0


class _Map(NamedTuple):
    """A way to map probabilities: takes the rows to learn from and those to map, returns the loss of the latter."""

    name: str
    loss: Callable[[np.ndarray, np.ndarray], np.ndarray]
    strength: float = 1.0


def shape_gain(model: NullModel, column: int | None, rng: np.random.Generator) -> ShapeGain:
    """Return what a map that may bend would save.

    Parameters
    ----------
    model : NullModel
        The rows, and the probabilities that the map starts from.
    column : int or None
        A class whose probability is mapped by itself, beside that of the likeliest class.
    rng : Generator
        Source of the folds.

    Returns
    -------
    ShapeGain
        Of the map that gains most: a free increasing map or a smooth one of the probability of the likeliest class (of
        the second of two), the same for one class, one bend for all classes, a smooth curve for each class (up to 2**19
        probabilities), a factor and an offset for each class, or, up to 100 classes, a linear map of all log
        probabilities, with the penalty of structured matrix scaling or (up to 2**19 probabilities) a sixteenth of it.

    Notes
    -----
    Every row is mapped by what was fitted to the other folds, and which map is best is read off the other folds too: a
    map that is chosen because it did well on a fold would be credited with its luck there.

    Noise that a map has learnt makes it better on its own rows by about as much as it makes it worse on others (half a
    degree of freedom over n), so that the mean of both is about what the miscalibration costs, also of few rows.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> score = rng.normal(0.0, 2.0, 4000)
    >>> y = (rng.random(4000) < 1.0 / (1.0 + np.exp(-score - 1.5 * np.sin(2.0 * score)))).astype(int)
    >>> bent = NullModel(np.stack([-np.logaddexp(0, score), -np.logaddexp(0, -score)], axis=1), y, np.ones(4000))
    >>> found = shape_gain(bent, None, rng)
    >>> found.cost > found.gain > 4 * found.error > 0
    True
    """
    two = model.n_classes == 2
    top = np.full(model.n_rows, 1) if two else model.proba.argmax(axis=1)
    maps = [_Map(BEND, partial(_monotone, model, top)), _Map(BEND, partial(_smooth, model, top))]
    if not two:
        linear = partial(_linear, np.log(np.maximum(model.proba, 1e-30)), model.y, _draws(model))
        maps.append(_Map(APART, partial(linear, vector_penalty(model.n_classes))))
        maps.append(_Map(BEND, partial(_common, model)))
        if column is not None:
            one = np.full(model.n_rows, column)
            maps += [_Map(BEND, partial(_monotone, model, one)), _Map(BEND, partial(_smooth, model, one))]
        if model.proba.size <= MOST_ENTRIES:
            maps.append(_Map(BEND, partial(_curves, model)))
        if model.n_classes <= MOST_MIXED:
            penalty = matrix_penalty(model.n_classes)
            strengths = STRENGTHS if model.proba.size <= MOST_ENTRIES else STRENGTHS[:1]
            maps += [_Map(MIXED, partial(linear, one * penalty), one) for one in strengths]
    fold = folds(model.n_rows, model.group, rng, by=model.proba[np.arange(model.n_rows), top])
    numbers = np.unique(fold)
    gain = np.zeros((len(maps), model.n_rows))
    for number in numbers:
        test, train = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        for place, each in enumerate(maps if train.size else ()):  # one group alone: no map, no gain
            gain[place, test] = model.true_loss[test] - each.loss(train, test)
    by_fold = np.stack([(gain * model.weight) @ (fold == number) for number in numbers])
    elsewhere = by_fold.sum(axis=0) - by_fold
    chosen = gain[elsewhere.argmax(axis=1)[np.searchsorted(numbers, fold)], np.arange(model.n_rows)]
    sums, sizes = unit_sums(chosen[:, None], model.weight, model.group)
    mean, error = mean_and_error(sums, sizes)
    everywhere = np.arange(model.n_rows)
    best = maps[int((gain @ model.weight).argmax())]
    apparent = float(np.average(model.true_loss - best.loss(everywhere, everywhere), weights=model.weight))
    return ShapeGain(
        cost=0.5 * (float(mean[0]) + apparent),
        gain=float(mean[0]),
        error=float(error[0]),
        best=best.name,
        falls=two and _falls(model, top),
        strength=best.strength,
    )
