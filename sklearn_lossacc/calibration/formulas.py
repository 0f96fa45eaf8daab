"""Formulas that several calibrators share; each says the same as the arrays that `predict_proba` works on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sklearn_lossacc._numerics import LOG_CLIP, LOSS_CLIP
from sklearn_lossacc._numerics import formula as f
from sklearn_lossacc._numerics.formula import Formula
from sklearn_lossacc._numerics.log_odds import LARGEST, LARGEST_OF_PROBA

__all__ = [
    "Pieces",
    "knots_passed",
    "log_odds_formula",
    "log_scores_formula",
    "log_sum_formula",
    "mixed_formula",
    "piecewise",
    "positive_formula",
    "two_columns_formula",
]

SMALLEST = float(np.finfo(np.float64).tiny)


def two_columns_formula(scores: Formula, *, logits: bool) -> Formula:
    """Spread the scores of the second class of a binary problem over two columns.

    Parameters
    ----------
    scores : Formula
        Probabilities or logits, one column.
    logits : bool
        Whether they are logits.

    Returns
    -------
    Formula
        Two columns.
    """
    if logits:
        return f.join(0.0 * scores, scores)
    proba = f.minimum(scores, 1.0)
    return f.join(1.0 - proba, proba)


def mixed_formula(proba: Formula, share: float, n_classes: int) -> Formula:
    """Mix in a share of equal probabilities.

    Parameters
    ----------
    proba : Formula
        Probabilities.
    share : float
        Between 0 and 1.
    n_classes : int
        Number of columns.

    Returns
    -------
    Formula
        Probabilities.

    Notes
    -----
    Written without 1 - share: onnxruntime takes a factor that rounds to 1 in float32 for 1.
    """
    return proba + share * (1.0 / n_classes - proba)


def positive_formula(proba: Formula) -> Formula:
    """Raise what has underflowed to the smallest normal number.

    Parameters
    ----------
    proba : Formula
        Probabilities.

    Returns
    -------
    Formula
        None of them is 0.
    """
    return f.maximum(proba, f.limit(SMALLEST))


def log_scores_formula(scores: Formula, *, logits: bool, ordered: bool = False) -> Formula:
    """Return what one temperature multiplies; see `log_scores`.

    Parameters
    ----------
    scores : Formula
        Probabilities or logits.
    logits : bool
        Whether they are logits.
    ordered : bool, default=False
        Whether a probability of exactly 0 may not count for more than another one of its row.

    Returns
    -------
    Formula
        Logits as they are, or the logs of probabilities.
    """
    if logits:
        return scores
    positive = f.greater(scores, 0.0)
    logs = f.where(positive, f.log(f.where(positive, scores, 1.0)), LOG_CLIP)
    return f.where(positive, logs, f.row_min(logs)) if ordered else logs


def log_odds_formula(scores: Formula, n_classes: int, *, logits: bool) -> Formula:
    """Return the log odds of each class against all others; see `log_odds`.

    Parameters
    ----------
    scores : Formula
        Probabilities or logits, a column a class.
    n_classes : int
        Number of columns.
    logits : bool
        Whether the scores are logits.

    Returns
    -------
    Formula
        In nats.
    """
    if n_classes == 2:
        scores = log_scores_formula(scores, logits=logits, ordered=True)
        second = f.pick(scores, [1]) - f.pick(scores, [0])
        second = f.minimum(f.maximum(second, f.limit(-LARGEST)), f.limit(LARGEST))
        return f.join(-second, second)
    largest = f.row_max(scores)
    is_largest = f.equal(f.place_of_largest(scores), np.arange(n_classes))
    if logits:
        others = f.where(is_largest, -np.inf, scores)
        second = f.row_max(others)
        rest = f.log(f.row_sum(f.exp(others - second))) + (second - largest)
        rest = f.maximum(rest, f.limit(-LARGEST))
        entries = f.maximum(scores - largest, f.limit(-LARGEST))
        others = f.maximum(1.0 - f.exp(entries) + f.exp(rest), 1.0)
        return f.where(f.equal(entries, 0.0), -rest, entries - f.log(others))
    positive = f.greater(scores, 0.0)
    entries = f.where(positive, scores, f.row_min(f.where(positive, scores, LOSS_CLIP)))
    rest = f.row_sum(f.where(is_largest, 0.0, entries))
    # the quotient may be beyond what the precision holds
    return f.minimum(f.log(entries) - f.log(largest - entries + rest), LARGEST_OF_PROBA)


def log_sum_formula(x: Formula, y: Formula | float | np.ndarray) -> Formula:
    """Return log(exp(x) + exp(y)) without overflow.

    Parameters
    ----------
    x, y : Formula, or numbers for the second
        In nats.

    Returns
    -------
    Formula
        In nats.
    """
    y = y if isinstance(y, Formula) else f.constant(y)
    return f.maximum(x, y) + f.log(1.0 + f.exp(-f.maximum(x - y, y - x)))


@dataclass(frozen=True)
class Pieces:
    """A function given piece by piece: c_0 + c_1 (x - a) + c_2 (x - a)^2 + ...

    Attributes
    ----------
    knots : ndarray of shape (m,)
        Rising; where a piece begins.
    anchors : ndarray of shape (m + 1,)
        Of each piece, of which the first ends at the first knot.
    coefficients : ndarray of shape (m + 1, degree + 1)
        Of each piece; the constant comes first.
    """

    knots: np.ndarray
    anchors: np.ndarray
    coefficients: np.ndarray

    @classmethod
    def constant(cls, knots: np.ndarray, values: np.ndarray) -> Pieces:
        """Return steps from one value to the next."""
        return cls(knots, np.zeros(len(values)), np.asarray(values)[:, np.newaxis])

    @classmethod
    def linear(cls, knots: np.ndarray, values: np.ndarray) -> Pieces:
        """Return straight lines from one value to the next, constant beyond the outermost; see `numpy.interp`."""
        gaps = np.diff(knots)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            slopes = np.where(gaps > 0, np.diff(values) / gaps, 0.0)
        before, after = np.r_[0, : len(knots)], np.r_[0.0, slopes, 0.0]
        return cls(knots, knots[before], np.column_stack([values[before], after]))


def _end_to_end(parts: Sequence[np.ndarray], width: int, fill: float) -> np.ndarray:
    """Lay out vectors one after the other, each at a multiple of the width."""
    table = np.full((len(parts), width), fill)
    for row, part in zip(table, parts, strict=True):
        row[: len(part)] = part
    return table.ravel()


def _width(knots: Sequence[np.ndarray]) -> int:
    """Return a power of two, at least 2, above the number of knots of every class."""
    return 1 << max(1, max(len(one) for one in knots).bit_length())


def knots_passed(x: Formula, knots: Sequence[np.ndarray], *, inclusive: bool = True) -> Formula:
    """Count the knots of each column that lie below its entries, by halving.

    Parameters
    ----------
    x : Formula
        A matrix with one column for each vector of knots.
    knots : sequence of ndarray
        Rising.
    inclusive : bool, default=True
        Whether knots that are equal to an entry count.

    Returns
    -------
    Formula
        Places, for `piecewise`.
    """
    reached = f.at_least if inclusive else f.greater
    width = _width(knots)
    table = f.limit(_end_to_end(knots, width, np.inf))
    place = f.constant(width * np.arange(len(knots)))
    step = width // 2
    while step:
        place = f.where(reached(x, f.take(table, place + (step - 1))), place + step, place)
        step //= 2
    return place


def piecewise(x: Formula, pieces: Sequence[Pieces], place: Formula | None = None) -> Formula:
    """Apply one function of pieces to each column.

    Parameters
    ----------
    x : Formula
        A matrix with one column for each function.
    pieces : sequence of Pieces
        Of the same degree.
    place : Formula, optional
        From `knots_passed`; without it a piece begins at its knot.

    Returns
    -------
    Formula
        In the shape of x.
    """
    knots = [one.knots for one in pieces]
    width = _width(knots)
    place = knots_passed(x, knots) if place is None else place

    def table(column: list[np.ndarray]) -> Formula:
        return f.take(f.limit(_end_to_end(column, width, 0.0)), place)

    *lower, result = (
        table([one.coefficients[:, power] for one in pieces]) for power in range(pieces[0].coefficients.shape[1])
    )
    if lower:
        beyond = x - table([one.anchors for one in pieces])
        for coefficient in reversed(lower):
            result = result * beyond + coefficient
    return result
