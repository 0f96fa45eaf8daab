"""Temperature and floor together for an array of any size: Newton's method on blocks, started on a sample.

With s = softmax(beta L) at the label, q = (1 - e) s + e / k and r = (1 - e) s / q (the chance that the label came
from the model and not from the floor), d = L_y - E_beta L and g = (1 / k - s) / q:

    slope        (r d, g)
    information  [[r Var_beta L - r (1 - r) d^2,  d s / (k q^2)], [d s / (k q^2),  g^2]]

each summed over the rows. Everything is computed from log s, which float32 holds however small s is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sklearn_lossacc._numerics.mixture import BETA_RANGE, MAX_FLOOR, fit_mixture, profile_floor
from sklearn_lossacc._numerics.score_unit import in_unit
from sklearn_lossacc._numerics.temperature import FARTHEST
from sklearn_lossacc._numerics.temperature_blocks import ScoreRows, log_scores

# The climb to the summit is made on about so many, of which the larger counts; few classes count as eight, since what a
# row takes besides its scores, some 200 bytes, is then the most of it.
SAMPLE_ENTRIES, SAMPLE_ROWS, FEW_CLASSES = 2**16, 1024, 8
MAX_STEPS = 30
STEP_TOL = {"float64": 1e-5, "float32": 1e-4}  # a step of this relative size leaves an error of about its square
LITTLE = {"float64": 1e-10, "float32": 1e-4}  # nats, in all: a step that promises less is the last
LARGEST = 300.0  # exponents beyond it are cut, so that their squares stay finite


@dataclass(frozen=True)
class FloorSolution:
    """Temperature and floor of largest likelihood.

    Attributes
    ----------
    beta : float
        Inverse temperature; 0 or infinite where the likelihood has no summit in between.
    floor : float
        Share of the uniform distribution, between 0 and 0.5.
    log_likelihood : float
        Weighted sum of log q at the labels, in nats.
    """

    beta: float
    floor: float
    log_likelihood: float


def _derivatives(rows: ScoreRows, beta: float, floor: float) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the log likelihood, its slope and its information in (beta, floor)."""
    log_k = np.log(rows.n_classes)
    log_keep = np.log1p(-floor)
    log_floor = np.log(floor) - log_k if floor > 0 else -np.inf
    value, slope, information = 0.0, np.zeros(2), np.zeros((2, 2))
    for log_s, residual, (spread, *_), weight in rows.moments(beta):
        log_s, residual = log_s.astype(np.float64), residual.astype(np.float64)
        log_q = np.logaddexp(log_keep + log_s, log_floor)
        keep = np.exp(log_keep + log_s - log_q)
        ratio = np.exp(log_s - log_q)
        lift = np.exp(np.minimum(-log_k - log_q, LARGEST))
        pull = lift - ratio
        cross = float(weight @ (residual * ratio * lift))
        value += float(weight @ log_q)
        slope += np.array([weight @ (keep * residual), weight @ pull])
        curve = float(weight @ (keep * (spread - (1.0 - keep) * residual**2)))
        information += np.array([[curve, cross], [cross, float(weight @ pull**2)]])
    return value, slope, information


def _newton_step(slope: np.ndarray, information: np.ndarray, floor: float) -> np.ndarray:
    """Return the step in (beta, floor); the floor stays at a limit that it is pushed against."""
    stuck = (floor <= 0 and slope[1] <= 0) or (floor >= MAX_FLOOR and slope[1] >= 0)
    curve, other = information[0, 0], information[1, 1]
    if stuck or curve * other <= information[0, 1] ** 2 or curve <= 0:
        by_beta = slope[0] / curve if curve > 0 else 0.0
        return np.array([by_beta, 0.0 if stuck else slope[1] / other])
    return np.linalg.solve(information, slope)


def _climb_sample(
    rows: ScoreRows, index: np.ndarray | slice, scale: float, identity: float
) -> tuple[float, float, float]:
    """Return (beta, floor, log likelihood) of the summit for some rows, with scores in units of `scale`."""
    scores = log_scores(rows.scores[index], logits=rows.logits)
    with np.errstate(over="ignore"):
        scores = np.maximum(scale * (scores - scores.max(axis=1, keepdims=True)), -FARTHEST)
    weight = None if rows.weight is None else rows.weight[index]
    if weight is not None and not weight.any():
        return scale, 0.0, -np.inf
    # The likelihood has no single summit once the floor is free: start where the scores are left as they are, too.
    starts = (1.0, identity / scale) if BETA_RANGE[0] < identity / scale < BETA_RANGE[1] else (1.0,)
    fit = fit_mixture(scores, rows.y[index], weight, starts=starts)
    if fit.beta >= BETA_RANGE[1]:
        return np.inf, float(fit.floor), float(fit.log_likelihood)
    if fit.beta <= BETA_RANGE[0]:
        return 0.0, float(fit.floor), float(fit.log_likelihood)
    return float(fit.beta * scale), float(fit.floor), float(fit.log_likelihood)


def _polish(rows: ScoreRows, beta: float, floor: float) -> tuple[float, float, float]:
    """Take Newton steps over all rows from a place near the summit; return (beta, floor, log likelihood)."""
    tol, little = STEP_TOL[rows.dtype.name], LITTLE[rows.dtype.name]
    place = best = np.array([beta, floor])
    best_value = -np.inf
    for _ in range(MAX_STEPS):
        value, slope, information = _derivatives(rows, *place)
        if value < best_value:
            place = (place + best) / 2
            continue
        best, best_value = place, value
        place = best + _newton_step(slope, information, best[1])
        place = np.array([np.clip(place[0], best[0] / 8, best[0] * 4), np.clip(place[1], 0.0, MAX_FLOOR)])
        step = place - best
        if (abs(step) <= tol * (best + np.array([0.0, tol]))).all() or abs(float(slope @ step)) <= little:
            best = place
            break
    return float(best[0]), float(best[1]), best_value


def floor_alone(scores: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None, *, logits: bool) -> float:
    """Find the floor of largest likelihood at beta = 1.

    Parameters
    ----------
    scores : array of shape (n_rows, n_classes) or (n_rows,)
        Probabilities or logits.
    y : ndarray of int of shape (n_rows,)
        Column of each row's label.
    weight : ndarray of shape (n_rows,), float64, or None
        Non-negative weights.
    logits : bool
        Whether `scores` are logits.

    Returns
    -------
    float
        Between 0 and 0.5.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.floor_blocks import floor_alone
    >>> print(round(floor_alone(np.full(4, 1.0), np.array([1, 1, 1, 0]), logits=False), 6))  # e / 2 = 1 / 4
    0.5
    """
    scores, unit = in_unit(scores) if logits else (scores, 1.0)
    rows = ScoreRows(scores, y, weight, logits)
    p_true = np.concatenate([np.exp(log_s.astype(np.float64)) for log_s, *_ in rows.moments(unit)])
    return float(profile_floor(p_true, weight, rows.n_classes))


def solve_floor_in_blocks(
    scores: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None, *, logits: bool, scale: float = 1.0
) -> FloorSolution:
    """Find the temperature and the floor of largest likelihood.

    Parameters
    ----------
    scores : array of shape (n_rows, n_classes) or (n_rows,)
        Probabilities or logits of any float dtype, also memory-mapped. One dimension holds the second class of a
        binary problem. A probability of exactly 0 counts as 2.22e-16.
    y : ndarray of int of shape (n_rows,)
        Column of each row's label.
    weight : ndarray of shape (n_rows,), float64, or None
        Non-negative weights; a weight k is the row repeated k times.
    logits : bool
        Whether `scores` are logits.
    scale : float, default=1.0
        A first value of beta, such as the one of largest likelihood without a floor.

    Returns
    -------
    FloorSolution
        `beta` is infinite if all labels but those of the floor are at their row's maximum, and 0 if the scores say
        nothing.

    Notes
    -----
    Above 2**17 entries, few classes counted as eight, the climb is made on a small fixed sample. A few Newton steps
    over all rows follow.

    Examples
    --------
    Three of four labels are where the model says they are, whatever its temperature:

    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.floor_blocks import solve_floor_in_blocks
    >>> solution = solve_floor_in_blocks(np.full(4, 0.9999), np.array([1, 1, 1, 0]), logits=False)
    >>> p = 1 / (1 + (1 / 9999) ** solution.beta)
    >>> round((1 - solution.floor) * p + solution.floor / 2, 4)
    0.75
    """
    scores, unit = in_unit(scores) if logits else (scores, 1.0)
    rows, scale = ScoreRows(scores, y, weight, logits), scale * unit
    sample: np.ndarray | slice | None = slice(None)
    width = max(rows.n_classes, FEW_CLASSES)
    if rows.n_rows * width > 2 * SAMPLE_ENTRIES:
        wanted = max(SAMPLE_ROWS, SAMPLE_ENTRIES // width)
        sample = rows.thinned(max(1, rows.n_rows // wanted)).index
    assert sample is not None
    beta, floor, value = _climb_sample(rows, sample, scale, unit)
    if 0 < beta < np.inf:
        beta, floor, value = _polish(rows, beta, floor)
    return FloorSolution(beta / unit, floor, value)
