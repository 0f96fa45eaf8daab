"""Maximum likelihood for one temperature: a safeguarded Newton search on beta = 1 / T.

The log likelihood f(beta) = sum_i w_i (beta L_iy - logsumexp_j(beta L_ij)) is concave. Its slope is
sum_i w_i (L_iy - E_beta L_i), its information sum_i w_i Var_beta(L_i), with E_beta and Var_beta taken under
softmax(beta L_i); the further derivatives are the further cumulants, and cost little once the exponentials are
there. A step goes to the root of the slope's expansion to fourth order, so that its error is of the fifth power of
its length. Two cases have no interior optimum, and both are recognised exactly rather than by a bound on beta: the
optimum is infinite iff every label is at its row's maximum, and zero iff the slope at 0 is not positive.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sklearn_lossacc._numerics.cumulants import column_cumulants
from sklearn_lossacc._numerics.links import LOG_CLIP

Outcome = Literal["converged", "separable", "uninformative"]

FARTHEST = 1e120  # a score this far below its row's largest is as far as any: squares and weights stay finite
MAX_PASSES = 200  # never reached: from a start a hundred powers of ten away the search needs about twenty
FURTHEST = 64  # factors 8 that one step may go
STEP_TOL = 3e-3  # a step of this relative size leaves an error of about its fifth power
ROOT_STEPS = 8  # on the expansion, where they cost nothing
BLOCK_ENTRIES = 2**16
LARGEST_BETA = float(np.finfo(np.float64).max)  # asked for only by logits below 1e-300


@dataclass(frozen=True)
class TemperatureSolution:
    """The temperature of largest likelihood.

    Attributes
    ----------
    beta : float
        Inverse temperature 1 / T. It is 1 when `outcome` is "separable" and 0 when it is "uninformative".
    outcome : {"converged", "separable", "uninformative"}
        "separable": every label has its row's largest score, so the likelihood grows without end.
        "uninformative": no positive beta is more likely than 0.
    n_passes : int
        Number of times the likelihood was evaluated over all rows.
    log_loss : float
        Weighted mean of -log softmax(beta L)_y, in nats.
    information : float
        Weighted sum of Var_beta(L), the negative second derivative of the log likelihood. With unit weights
        the standard error of beta is 1 / sqrt(information).
    log_information : float
        The same of log beta, which has no unit: beta squared times `information`, which may be too large a number.
    """

    beta: float
    outcome: Outcome
    n_passes: int
    log_loss: float
    information: float
    log_information: float

    @classmethod
    def of(cls, optimum: Optimum, total_weight: float, unit: float = 1.0) -> TemperatureSolution:
        """Put the end of a search into units of the scores and of a row.

        Parameters
        ----------
        optimum : Optimum
            Where the search ended.
        total_weight : float
            Weight of all rows.
        unit : float, default=1.0
            What the scores were divided by.

        Returns
        -------
        TemperatureSolution
            The same place.
        """
        return cls(
            beta=min(float(optimum.beta / unit), LARGEST_BETA),
            outcome=optimum.outcome,
            n_passes=optimum.n_passes,
            log_loss=-optimum.at.value / total_weight,
            information=optimum.at.information / unit / unit,
            log_information=optimum.beta * optimum.at.information * optimum.beta,
        )


@dataclass(frozen=True)
class Likelihood:
    """The log likelihood at one beta.

    Attributes
    ----------
    value : float
        Log likelihood, in nats.
    slope : float
        Its derivative in beta.
    information : float
        Its negative second derivative.
    third, fourth, fifth : float, default=0.0
        The first three derivatives of the information.
    """

    value: float
    slope: float
    information: float
    third: float = 0.0
    fourth: float = 0.0
    fifth: float = 0.0

    @classmethod
    def from_sums(cls, sums: np.ndarray) -> Likelihood:
        """Take value and derivatives from an array.

        Parameters
        ----------
        sums : ndarray of shape (6,)
            In the order of the attributes. Higher derivatives count only if none has overflowed.

        Returns
        -------
        Likelihood
            The same numbers.
        """
        return cls(*(sums if np.isfinite(sums).all() else sums[:3]).tolist())

    def ahead(self, step: float) -> Likelihood:
        """Expand the likelihood around its place.

        Parameters
        ----------
        step : float
            Distance in beta.

        Returns
        -------
        Likelihood
            Value, slope and information there, by Taylor's series.
        """
        half = step * step / 2
        bend = half * (self.information + step / 3 * (self.third + step / 4 * (self.fourth + step / 5 * self.fifth)))
        fall = step * (self.information + step / 2 * (self.third + step / 3 * (self.fourth + step / 4 * self.fifth)))
        rise = step * (self.third + step / 2 * (self.fourth + step / 3 * self.fifth))
        return Likelihood(self.value + self.slope * step - bend, self.slope - fall, self.information + rise)

    def step(self) -> float:
        """Find the distance to the root of the slope.

        Returns
        -------
        float
            That of the expansion where it is near Newton's step, else Newton's step; infinite without information.
        """
        if not self.information > 0:
            return float(np.copysign(np.inf, self.slope))
        newton = step = self.slope / self.information
        for _ in range(ROOT_STEPS):
            there = self.ahead(step)
            if not (there.information > 0 and abs(step - newton) <= abs(newton) / 2):
                return newton
            step += there.slope / there.information
        return step if abs(step - newton) <= abs(newton) / 2 else newton


@dataclass(frozen=True)
class Optimum:
    """Where a search ended.

    Attributes
    ----------
    beta : float
        The optimum; the identity's if `outcome` is "separable", 0 if it is "uninformative".
    outcome : {"converged", "separable", "uninformative"}
        How it ended.
    n_passes : int
        Number of evaluations.
    at : Likelihood
        The likelihood there, to second order.
    """

    beta: float
    outcome: Outcome
    n_passes: int
    at: Likelihood


def maximise(
    evaluate: Callable[[float], Likelihood],
    separable: Callable[[], bool],
    *,
    start: float = 1.0,
    identity: float = 1.0,
    tol: float = STEP_TOL,
) -> Optimum:
    """Find the maximum over beta >= 0 of a concave log likelihood.

    Parameters
    ----------
    evaluate : callable
        Returns the `Likelihood` at a beta.
    separable : callable
        Returns whether every label of positive weight is at its row's maximum.
    start : float, default=1.0
        First beta tried.
    identity : float, default=1.0
        The beta that changes nothing, taken where there is no optimum.
    tol : float, default=3e-3
        The search ends with a step below `tol` times beta; its error is of a higher power of `tol`.

    Returns
    -------
    Optimum
        Where the search ended, and how.

    Notes
    -----
    Steps are kept inside the bracket that the signs of the slope have shown so far, and within a factor 4 upward and 8
    downward; each step that would have left these limits squares them for the next one. `separable` is asked once, when
    the search first wants to go up; the slope at 0 once, when it wants to go far down.
    """
    low, high, beta, reach = 0.0, np.inf, start, 1
    can_separate = can_vanish = True
    for n_passes in range(1, MAX_PASSES + 1):
        at = evaluate(beta)
        if at.slope >= 0 and can_separate and np.isinf(high):
            can_separate = False
            if separable():
                at_zero = evaluate(0.0)  # rows of equal scores have their label at the maximum, too
                if at_zero.slope <= 0:
                    return Optimum(0.0, "uninformative", n_passes + 1, at_zero)
                return Optimum(identity, "separable", n_passes + 2, evaluate(identity))
        if at.slope >= 0:
            low = beta
        if at.slope <= 0:
            high = beta
        step = at.step()
        if abs(step) <= (tol if at.third else tol**3) * beta:  # Newton's own step errs by its square
            return Optimum(beta + step, "converged", n_passes, at.ahead(step))
        if low == 0 and beta + step < beta / 8 and can_vanish:
            can_vanish = False
            at_zero = evaluate(0.0)
            if at_zero.slope <= 0:
                return Optimum(0.0, "uninformative", n_passes + 1, at_zero)
        lowest, highest = max(low, beta / 8.0**reach), min(high, beta * 4.0**reach, LARGEST_BETA)
        inside = lowest < beta + step < highest
        beta = beta + step if inside else float(np.sqrt(lowest) * np.sqrt(highest))
        reach = 1 if inside else min(2 * reach, FURTHEST)
    return Optimum(beta, "converged", n_passes, at)


class _Scores:
    """Scores with row maximum 0; classes first, because reductions along a short last axis are slow."""

    def __init__(self, log_proba: np.ndarray, y: np.ndarray, weight: np.ndarray | None):
        scores = np.ascontiguousarray(log_proba.T, dtype=np.float64)
        if np.isneginf(scores).any():
            scores = np.maximum(scores, np.where(np.isneginf(scores), LOG_CLIP, -np.inf))
        scores = scores - scores.max(axis=0)
        self.scores = np.maximum(scores, -FARTHEST, out=scores)
        self.true_score = self.scores[y, np.arange(len(y))]
        self.weight = np.ones(len(y)) if weight is None else weight
        self.block = max(1, BLOCK_ENTRIES // len(scores))

    def separable(self) -> bool:
        """Whether every row of positive weight has its label at the maximum."""
        return not ((self.true_score < 0) & (self.weight > 0)).any()

    def evaluate(self, beta: float) -> Likelihood:
        """Sum the log likelihood and its derivatives over all rows."""
        sums = np.zeros(6)
        for start in range(0, self.true_score.size, self.block):
            rows = slice(start, start + self.block)
            scores, true_score, weight = self.scores[:, rows].copy(), self.true_score[rows], self.weight[rows]
            total, mean, higher = column_cumulants(scores, np.exp(beta * scores))
            sums += [weight @ part for part in (beta * true_score - np.log(total), true_score - mean, *higher)]
        return Likelihood.from_sums(sums)


def find_temperature(
    log_proba: np.ndarray,
    y: np.ndarray,
    weight: np.ndarray | None = None,
    *,
    start: float = 1.0,
    identity: float = 1.0,
    tol: float = STEP_TOL,
) -> Optimum:
    """Search the inverse temperature beta under which softmax(beta L) makes the labels most likely.

    Parameters
    ----------
    log_proba, y, weight, start, tol
        As for `solve_temperature`.
    identity : float, default=1.0
        The beta that changes nothing, taken where there is no optimum.

    Returns
    -------
    Optimum
        Where the search ended.

    Examples
    --------
    Every label has its row's largest score:

    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.temperature import find_temperature
    >>> optimum = find_temperature(np.array([[0.0, 1.0]]), np.array([1]), identity=2.0)
    >>> optimum.beta, optimum.outcome
    (2.0, 'separable')
    """
    rows = _Scores(np.asarray(log_proba), y, weight)
    return maximise(rows.evaluate, rows.separable, start=start, identity=identity, tol=tol)


def solve_temperature(
    log_proba: np.ndarray,
    y: np.ndarray,
    weight: np.ndarray | None = None,
    *,
    start: float = 1.0,
    tol: float = STEP_TOL,
) -> TemperatureSolution:
    """Find the inverse temperature beta under which softmax(beta L) makes the labels most likely.

    Parameters
    ----------
    log_proba : ndarray of shape (n_rows, n_classes), float64
        Natural log probabilities, or logits: a constant added to a row changes nothing. An entry of -inf (a
        probability of exactly 0) counts as log(2.22e-16).
    y : ndarray of int of shape (n_rows,)
        Column of each row's label.
    weight : ndarray of shape (n_rows,), float64, or None
        Non-negative weights; a weight k is the row repeated k times.
    start : float, default=1.0
        First beta tried.
    tol : float, default=3e-3
        The search ends with a step below `tol` times beta; its error is of a higher power of `tol`.

    Returns
    -------
    TemperatureSolution
        The optimum, or the reason why there is none.

    Examples
    --------
    With log odds of 1 and three of four labels on the likelier side, beta is the log odds of 3 to 1:

    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.temperature import solve_temperature
    >>> solution = solve_temperature(np.array([[0.0, 1.0]] * 4), np.array([1, 1, 1, 0]))
    >>> print(round(solution.beta, 6), round(np.log(3), 6), solution.outcome)
    1.098612 1.098612 converged
    """
    optimum = find_temperature(log_proba, y, weight, start=start, tol=tol)
    return TemperatureSolution.of(optimum, float(len(y) if weight is None else weight.sum()))
