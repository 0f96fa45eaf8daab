"""Calibrators that map the log odds of each class by itself and then divide rows by their sums."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from sklearn.utils.parallel import Parallel, delayed

from sklearn_lossacc._numerics import LOG_CLIP, LOSS_CLIP, row_blocks, row_max, row_sum
from sklearn_lossacc._numerics import formula as f
from sklearn_lossacc._numerics.formula import Formula
from sklearn_lossacc._numerics.links import expit, logit
from sklearn_lossacc._numerics.log_odds import log_odds
from sklearn_lossacc._numerics.points import SAME_PLACE
from sklearn_lossacc.calibration.base import BaseCalibrator, without_zeros
from sklearn_lossacc.calibration.columns import NEIGHBOURS, LogOddsColumns, neighbours, weights_unless_ones
from sklearn_lossacc.calibration.formulas import log_odds_formula, log_sum_formula, positive_formula
from sklearn_lossacc.calibration.outcome import Outcome
from sklearn_lossacc.calibration.plain import check_lengths, numbers_from_plain
from sklearn_lossacc.inputs import Predictions, Scores

__all__ = ["Map", "OneVsRestCalibrator", "ParametricCalibrator", "Target", "numbers", "share_line", "to_proba"]

Map = dict[str, np.ndarray]
ROUNDING = 1e-12  # of the loss
UNLIKELY = 40.0  # nats: 1 + exp(-40) is 1
NEAR = 64.0  # nats: where most rows are further from even odds, the logistic loss has next to no curvature
KINDS = ("constant", "share")  # of maps that are not the subclass's own
PLACES = ("knots", "edges")  # of maps that are given at places along the log odds
LENGTHS = {  # of the arrays of any map, as `check_lengths` takes them
    **dict.fromkeys(("constant", "share", "reach", "unit", "slope", "intercept", "scale", "stiffness"), 1),
    **dict.fromkeys(("knots", "values", "lower", "upper"), 0),
    "edges": -1,
    "coef": 3,
}
NO_MAPS = ("separable", "degenerate")  # outcomes that leave probabilities as they are
FARTHEST = 1e3  # nats: beyond, one row would leave no digits to the others


class Target:
    """One class against the others, for the fit of one map.

    Attributes
    ----------
    odds : ndarray of shape (n_rows,), float64
        Log odds of the class, in nats; a map may overwrite them.
    hit : ndarray of shape (n_rows,), bool
        Whether the label is the class.
    weight : ndarray of shape (n_rows,), float64, or None
        Positive weights; None where each row counts once.
    prior : float
        (w_j + 1) / (w + k), with w_j the weight of the class.
    """

    def __init__(self, odds: np.ndarray, hit: np.ndarray, weight: np.ndarray | None, prior: float):
        self.odds, self.hit, self.weight, self.prior = odds, hit, weight, prior

    def mean_square(self) -> float:
        """Compute the weighted mean of the squared log odds.

        Returns
        -------
        float
            In nats squared.
        """
        if self.weight is None:
            return float(self.odds @ self.odds / len(self.odds))
        return float(np.einsum("i,i,i->", self.weight, self.odds, self.odds) / self.weight.sum())

    def bring_in(self, places: tuple[float, float]) -> float:
        """Cut log odds, in place, where those that stand for "far out" get half the smallest odds of the others.

        Parameters
        ----------
        places : tuple of two floats
            Those of probabilities of 0 and of 1, which say nothing of how far out they are.

        Returns
        -------
        float
            How far out that is, on either side, in nats; infinite where there are none, or nothing else.
        """
        found, furthest = False, -math.inf
        for rows in row_blocks(len(self.odds), 1):  # of many rows nothing is kept
            odds = self.odds[rows]
            far = np.logical_or(*(np.abs(odds - place) < SAME_PLACE for place in places))
            found = found or bool(far.any())
            furthest = max(furthest, float(np.abs(odds[~far]).max(initial=-math.inf)))
        if not found or furthest < 0:
            return math.inf
        reach = furthest + math.log(2.0)
        np.clip(self.odds, -reach, reach, out=self.odds)
        return reach

    def rescale(self) -> float:
        """Multiply the log odds, in place, by what brings half of the rows within 64 nats, if more are further out.

        Returns
        -------
        float
            The factor, at most 1. Where log odds are large they are cut at 1000 nats, too.
        """
        unit = 1.0
        if self.mean_square() > NEAR**2 / 2:  # else no half is further
            unit = NEAR / max(NEAR, _median(np.abs(self.odds), self.weight))
            np.clip(np.multiply(self.odds, unit, out=self.odds), -FARTHEST, FARTHEST, out=self.odds)
        return unit


def zeros_and_ones(n_classes: int) -> tuple[float, float]:
    """Return what `log_odds` makes of a probability of 0, and of 1 beside zeros.

    Parameters
    ----------
    n_classes : int
        Number of classes.

    Returns
    -------
    tuple of two floats
        In nats.

    Examples
    --------
    >>> import numpy as np
    >>> np.round(zeros_and_ones(3), 2), log_odds(np.array([[0.0, 1.0, 0.0]]), logits=False).round(2)
    (array([-36.04,  35.35]), array([[-36.04,  35.35, -36.04]]))
    """
    return LOG_CLIP, -LOG_CLIP - math.log(n_classes - 1)


def _median(x: np.ndarray, weight: np.ndarray | None) -> float:
    """Return the value that half of the weight does not exceed."""
    if weight is None:
        return float(np.median(x))
    order = np.argsort(x)
    below = np.cumsum(weight[order])
    return float(x[order[np.searchsorted(below, below[-1] / 2.0)]])


def _prior(class_weight: np.ndarray) -> np.ndarray:
    """Return class frequencies with one more row for each class, so that none is 0."""
    return (class_weight + 1.0) / (class_weight.sum() + len(class_weight))


class Labelled:
    """Log odds of rows and their labels, of which never all are in memory.

    Parameters
    ----------
    predictions : Predictions
        Labels and scores.
    """

    def __init__(self, predictions: Predictions):
        self.scores, self.y = predictions.checked, predictions.y
        self.weight = weights_unless_ones(predictions.sample_weight)
        self.columns = LogOddsColumns(self.scores)

    def blocks(self) -> Iterator[tuple[slice, np.ndarray, np.ndarray, np.ndarray]]:
        """Walk over the rows.

        Yields
        ------
        rows : slice
            Which rows.
        odds : ndarray of shape (b, n_classes)
            Their log odds.
        y, weight : ndarray of shape (b,)
            Columns of their labels, and their weights.
        """
        for rows in row_blocks(self.scores.n_rows, self.scores.n_classes):
            odds = log_odds(self.scores.values[rows], logits=self.scores.input == "logits")
            yield rows, odds, self.y[rows], np.ones(len(odds)) if self.weight is None else self.weight[rows]


def to_proba(lines: np.ndarray) -> None:
    """Turn calibrated log odds into probabilities, and divide the rows by their sums.

    Parameters
    ----------
    lines : ndarray of shape (n_rows, n_classes), float64
        Log odds, in nats; overwritten. Those of two classes are each other's negatives.

    Notes
    -----
    Where no class is likely, probabilities are as good as exponentials: what all log odds have in common is taken off
    them first, so that their sum does not underflow.
    """
    if lines.shape[1] > 2:
        unlikely = np.minimum(row_max(lines) + UNLIKELY, 0.0)
        if unlikely.any():
            lines -= unlikely[:, np.newaxis]
    expit(lines, out=lines)
    if lines.shape[1] > 2:
        lines /= row_sum(lines)[:, np.newaxis]
    without_zeros(lines)


def share_line(share: np.ndarray, odds: np.ndarray) -> np.ndarray:
    """Compute the log odds of a share of the probability.

    Parameters
    ----------
    share : ndarray
        Shares, of a shape that fits.
    odds : ndarray
        Log odds of the whole.

    Returns
    -------
    ndarray
        In nats.

    Examples
    --------
    Half of 0.8:

    >>> np.exp(share_line(np.array([0.5]), np.log([0.8 / 0.2]))).round(4)  # .4 / .6
    array([0.6667])
    """
    with np.errstate(divide="ignore"):  # the share may be 1
        return np.log(share) - np.logaddexp(-odds, np.log1p(-share))


def numbers(maps: list[Map], key: str) -> np.ndarray:
    """Return the one number of that name of each map.

    Parameters
    ----------
    maps : list of dict
        Maps of some classes.
    key : str
        Under which each holds an array of shape (1,).

    Returns
    -------
    ndarray of shape (n_maps,)
        In order.
    """
    return np.concatenate([one[key] for one in maps])


def _constant_formula(maps: list[Map], odds: Formula) -> Formula:
    """Return log odds that are the same whatever the scores."""
    return 0.0 * odds + logit(numbers(maps, "constant"))


def _share_formula(maps: list[Map], odds: Formula) -> Formula:
    """Return the log odds of a share of the probability."""
    share = numbers(maps, "share")
    with np.errstate(divide="ignore"):  # the share may be 1
        return np.log(share) - log_sum_formula(-odds, np.log1p(-share))


class OneVsRestCalibrator(BaseCalibrator):
    """Map the log odds of each class by itself; divide the rows by their sums.

    A subclass fits one map in `_fit_map` and applies it in `_line`. With two classes there is one map, of
    ``classes_[1]``. A class without rows, of more than two, keeps p_j / (1 + s_j), s_j its weighted sum of
    probabilities.
    """

    def __init__(self, *, n_jobs: int | None = None, input: str = "proba", classes: Any = None):
        super().__init__(input=input, classes=classes)
        self.n_jobs = n_jobs

    @property
    def _rows_at_least(self) -> int:
        return 4096

    def _learn(self, predictions: Predictions, class_weight: np.ndarray) -> Outcome:
        data = Labelled(predictions)
        weight = data.weight
        return self._learn_rows(data, slice(None) if weight is None or weight.all() else np.flatnonzero(weight))

    def _learn_rows(self, data: Labelled, kept: np.ndarray | slice) -> Outcome:
        """Set `maps_` from rows, of which those of positive weight are kept."""
        self.maps_ = self._fit_maps(data, kept)
        return "converged"

    def _fit_maps(self, data: Labelled, kept: np.ndarray | slice) -> list[Map]:
        """Fit the maps of all classes."""
        n_classes = data.scores.n_classes
        y, weight = data.y[kept], None if data.weight is None else data.weight[kept]
        class_weight = np.bincount(y, weights=weight, minlength=n_classes)
        prior = _prior(class_weight)

        def fit_some(group: slice) -> list[Map]:
            """Fit the maps of neighbouring classes."""
            maps = []
            for column, all_odds in zip(range(group.start, group.stop), data.columns.take(group), strict=True):
                odds = all_odds[kept]
                if n_classes > 2 and class_weight[column] == 0:
                    proba = expit(odds)
                    share = 1.0 / (1.0 + float(proba.sum() if weight is None else weight @ proba))
                    maps.append({"share": np.array([share])})
                else:
                    maps.append(self._fit_map(Target(odds, y == column, weight, float(prior[column]))))
            return maps

        # threads: sorting and arithmetic let go of the interpreter's lock, and nothing is copied
        groups = neighbours(n_classes)
        parts = Parallel(n_jobs=self.n_jobs, prefer="threads")(delayed(fit_some)(one) for one in groups)
        return [one for part in parts for one in part]

    def _lines(self, maps: list[Map], odds: np.ndarray, out: np.ndarray) -> None:
        """Apply the maps of all classes to log odds; none leaves them as they are."""
        if not maps:
            out[:] = odds
        elif len(maps) == 1:
            out[:, 1] = self._any_line(maps[0], odds[:, 1])
            np.negative(out[:, 1], out=out[:, 0])
        else:
            for begin in range(0, len(maps), NEIGHBOURS):
                columns = odds[:, begin : begin + NEIGHBOURS].T.copy()
                for column, one in zip(columns, maps[begin:], strict=False):
                    column[:] = self._any_line(one, column)
                out[:, begin : begin + NEIGHBOURS] = columns.T

    def _any_line(self, one: Map, odds: np.ndarray) -> np.ndarray:
        """Apply one map, be it the subclass's or that of a class without rows or without information."""
        if "constant" in one:
            return np.broadcast_to(logit(one["constant"]), odds.shape)
        if "share" in one:
            return share_line(one["share"], odds)
        return self._line(one, odds)

    def _fill(self, scores: Scores, rows: slice, out: np.ndarray) -> None:
        self._fill_by(partial(self._lines, self.maps_), scores, rows, out)

    def _fill_by(
        self, lines: Callable[[np.ndarray, np.ndarray], None], scores: Scores, rows: slice, out: np.ndarray
    ) -> None:
        """Fill a block by what applies the maps of all classes."""
        lines(log_odds(scores.values[rows], logits=self.input == "logits", out=out), out)
        to_proba(out)

    def _formula(self, scores: Formula) -> Formula:
        n_classes = len(self.classes_)
        lines = self._lines_formula(log_odds_formula(scores, n_classes, logits=self.input == "logits"))
        if n_classes == 2:
            return positive_formula(f.sigmoid(lines))
        likely = f.sigmoid(lines - f.minimum(f.row_max(lines) + UNLIKELY, 0.0))
        return positive_formula(likely / f.row_sum(likely))

    def _lines_formula(self, odds: Formula) -> Formula:
        """Return what `_lines` computes."""
        if not self.maps_:
            return odds
        if len(self.maps_) == 1:
            line = self._any_line_formula(self.maps_, f.pick(odds, [1]))
            return f.join(-line, line)
        return self._any_line_formula(self.maps_, odds)

    def _any_line_formula(self, maps: list[Map], odds: Formula) -> Formula:
        """Return what `_any_line` computes for several columns, each with its map."""
        kinds = [next((kind for kind in KINDS if kind in one), "own") for one in maps]
        formulas = {"constant": _constant_formula, "share": _share_formula, "own": self._line_formula}
        parts, columns = [], []
        for kind, formula in formulas.items():
            places = [place for place, one in enumerate(kinds) if one == kind]
            if places:
                some = odds if len(places) == len(maps) else f.pick(odds, places)
                parts.append(formula([maps[place] for place in places], some))
                columns += places
        lines = f.join(*parts)
        return lines if len(parts) == 1 else f.pick(lines, np.argsort(columns))

    @abstractmethod
    def _line_formula(self, maps: list[Map], odds: Formula) -> Formula:
        """Return what `_line` computes for several columns, each with its map."""

    @abstractmethod
    def _fit_map(self, target: Target) -> Map:
        """Fit the map of one class."""

    @abstractmethod
    def _line(self, one: Map, odds: np.ndarray) -> np.ndarray:
        """Return calibrated log odds, finite, for the log odds of one class."""

    def _state(self) -> dict[str, Any]:
        return {"maps": [{key: array.tolist() for key, array in one.items()} for one in self.maps_]}

    def _restore(self, state: dict[str, Any]) -> None:
        k = len(self.classes_)
        n_maps = 0 if self.outcome_ in NO_MAPS else 1 if k == 2 else k
        if len(state["maps"]) != n_maps:
            raise ValueError(f"expected {n_maps} maps for {k} classes, got {len(state['maps'])}")
        self.maps_ = [
            {key: numbers_from_plain(values, rising=key in PLACES) for key, values in one.items()}
            for one in state["maps"]
        ]
        for one in self.maps_:
            check_lengths(one, LENGTHS)
            self._try_steps(one)

    def _try_steps(self, one: Map) -> None:
        """Apply a map once between each two of its places, most of which no row of `_try_out` comes across."""
        places = one.get("edges", one.get("knots", np.empty(0)))
        if len(places):
            between = np.r_[places[0] - 1.0, (places[1:] + places[:-1]) / 2.0, places[-1] + 1.0]
            with np.errstate(divide="ignore", invalid="ignore"):
                lines = self._any_line(one, between)
            if not np.isfinite(lines).all():
                raise ValueError(f"no probability at log odds of {between[~np.isfinite(lines)][0]:.3g}")


class ParametricCalibrator(OneVsRestCalibrator):
    """Map log odds to log odds by few numbers, learnt by maximum likelihood.

    A subclass fits one curve in `_fit_curve` and applies it in `_curve`. Separable labels give the identity, and the
    fit is kept only where it pays on its own rows.
    """

    def _learn_rows(self, data: Labelled, kept: np.ndarray | slice) -> Outcome:
        separable, parted, possible = True, False, np.empty(len(data.y), dtype=bool)
        for rows, odds, y, weight in data.blocks():
            true_odds = odds[np.arange(len(y)), y]
            separable = separable and bool(((true_odds >= odds.max(axis=1)) | (weight == 0)).all())
            parted = parted or bool(((true_odds > odds.min(axis=1)) & (weight > 0)).any())  # else all is a draw
            possible[rows] = true_odds >= LOG_CLIP
        if separable and parted:
            self.maps_ = []
            return "separable"
        fits: list[tuple[Outcome, list[Map]]] = [self._fitted(data, kept)]
        if not possible[kept].all() and possible[kept].any():
            # labels less likely than 2.22e-16 would rule the map, but lose no more than that
            fits.append(self._fitted(data, np.arange(len(possible))[kept][possible[kept]]))
        *losses, as_given = self._losses([*(maps for _, maps in fits), []], data)
        outcome, self.maps_ = fits[int(np.argmin(losses))]
        if min(losses) <= as_given * (1.0 + ROUNDING):
            return outcome
        self.maps_ = []  # the division by sums can cost more than the maps gain
        return "degenerate"

    def _fitted(self, data: Labelled, kept: np.ndarray | slice) -> tuple[Outcome, list[Map]]:
        """Fit the maps of all classes; constants if no class has a map that rises."""
        maps = self._fit_maps(data, kept)
        if not all(self._is_flat(one) for one in maps if "share" not in one):
            return "converged", maps
        weight = None if data.weight is None else data.weight[kept]
        prior = _prior(np.bincount(data.y[kept], weights=weight, minlength=data.scores.n_classes))
        return "uninformative", [{"constant": np.array([one])} for one in prior[-len(maps) :]]

    def _losses(self, choices: list[list[Map]], data: Labelled) -> list[float]:
        """Sum the log loss of the rows under some maps, and others; clipped at 2.22e-16."""
        losses = np.zeros(len(choices))
        for _, odds, y, weight in data.blocks():
            proba = np.empty(odds.shape)
            for place, maps in enumerate(choices):
                self._lines(maps, odds, proba)
                to_proba(proba)
                p_true = proba[np.arange(len(y)), y]
                losses[place] -= weight @ np.log(np.maximum(p_true, LOSS_CLIP))
        return losses.tolist()

    @abstractmethod
    def _is_flat(self, one: Map) -> bool:
        """Whether a map says the same whatever the log odds."""

    def _fit_map(self, target: Target) -> Map:
        reach = target.bring_in(zeros_and_ones(len(self.classes_))) if self.input == "proba" else math.inf
        unit = target.rescale()
        first = ({"reach": np.array([reach])} if reach < math.inf else {}) | (
            {"unit": np.array([unit])} if unit < 1.0 else {}
        )
        return self._fit_curve(target) | first

    def _line(self, one: Map, odds: np.ndarray) -> np.ndarray:
        if "reach" in one:
            odds = np.clip(odds, -one["reach"], one["reach"])
        return self._curve(one, odds * one["unit"] if "unit" in one else odds)

    def _line_formula(self, maps: list[Map], odds: Formula) -> Formula:
        if any("reach" in one for one in maps):
            no_cut = np.array([FARTHEST])  # log odds of probabilities are less
            reach = np.concatenate([one.get("reach", no_cut) for one in maps])
            odds = f.minimum(f.maximum(odds, -reach), reach)
        if any("unit" in one for one in maps):
            odds = odds * np.concatenate([one.get("unit", np.ones(1)) for one in maps])
        return self._curve_formula(maps, odds)

    @abstractmethod
    def _curve_formula(self, maps: list[Map], odds: Formula) -> Formula:
        """Return what `_curve` computes for several columns, each with its map."""

    @abstractmethod
    def _fit_curve(self, target: Target) -> Map:
        """Fit the curve of one class."""

    @abstractmethod
    def _curve(self, one: Map, odds: np.ndarray) -> np.ndarray:
        """Return calibrated log odds, finite, for the log odds of one class in the unit of the fit."""
