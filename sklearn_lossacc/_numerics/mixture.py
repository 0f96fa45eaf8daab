"""Maximum likelihood for the temperature-bias-floor model q = (1 - e) softmax(beta log p + b) + e / k.

The floor `e` is profiled out exactly at each step (the likelihood is concave in `e` for fixed `beta, b`, and that
search touches vectors only), and `beta, b` move by Newton steps on the profile likelihood. Arrays of few classes are
kept with these first, because reductions along a short last axis are slow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

MAX_FLOOR = 0.5  # a larger floor is a model without information, not noisy labels
BETA_RANGE = (1e-3, 1e3)
BIAS_RIDGE = 1e-7  # per unit of weight: keeps the offset of a class without rows finite, and moves no other
MAX_STEPS = 60
WIDE = 256  # so many classes are reduced fast as they lie
MAX_STRETCH = 1024.0
LONGEST = 1e100  # step, in any coordinate


@dataclass(frozen=True)
class MixtureFit:
    """A fitted temperature-bias-floor model.

    Attributes
    ----------
    beta : float
        Inverse temperature.
    bias : ndarray of shape (n_classes,)
        Class offsets, summing to 0.
    floor : float
        Share of labels that are uniform noise, between 0 and 0.5.
    log_likelihood : float
        Weighted sum of log q at the labels, in nats.
    converged : bool
        Whether the gradient condition was met.
    """

    beta: float
    bias: np.ndarray
    floor: float
    log_likelihood: float
    converged: bool


def softmax_columns(scores: np.ndarray) -> np.ndarray:
    """Turn scores into probabilities, in place.

    Parameters
    ----------
    scores : ndarray of shape (n_classes, n_rows)
        Logits; overwritten.

    Returns
    -------
    ndarray of shape (n_classes, n_rows)
        The same array: probabilities that sum to 1 over axis 0.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.mixture import softmax_columns
    >>> softmax_columns(np.log([[1.0], [3.0]])).tolist()
    [[0.25], [0.75]]
    """
    scores -= scores.max(axis=0)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=0)
    return scores


def mixture_proba(log_proba: np.ndarray, beta: float, bias: np.ndarray, floor: float) -> np.ndarray:
    """Return the probabilities of the temperature-bias-floor model.

    Parameters
    ----------
    log_proba : ndarray of shape (n_rows, n_classes)
        Finite natural logarithms of the probabilities.
    beta : float
        Inverse temperature.
    bias : ndarray of shape (n_classes,)
        Class offsets.
    floor : float
        Share of uniform noise.

    Returns
    -------
    ndarray of shape (n_rows, n_classes)
        q = (1 - floor) softmax(beta log p + bias) + floor / k.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.mixture import mixture_proba
    >>> mixture_proba(np.log([[0.1, 0.9]]), 1.0, np.zeros(2), 0.2).round(6).tolist()
    [[0.18, 0.82]]
    """
    scores = beta * log_proba.T
    scores += bias[:, None]
    model = softmax_columns(scores)
    model *= 1.0 - floor
    model += floor / model.shape[0]
    return model.T


def profile_floor(p_true: np.ndarray, weight: np.ndarray | None, n_classes: int | np.ndarray) -> float:
    """Return the likeliest floor for fixed probabilities, by safeguarded Newton.

    Parameters
    ----------
    p_true : ndarray of shape (n_rows,)
        Probability of each label, 0 allowed.
    weight : ndarray of shape (n_rows,) or None
        Row weights.
    n_classes : int or ndarray of shape (n_rows,)
        Number of classes that the noise reaches.

    Returns
    -------
    float
        The e in [0, 0.5] that maximises sum w log((1 - e) p_true + e / n_classes).

    Notes
    -----
    The derivative in e is decreasing, so a sign change is bracketed by [0, 0.5].

    Examples
    --------
    Two of ten labels impossible and the others certain, k = 2: the floor makes e / 2 of the labels wrong.

    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.mixture import profile_floor
    >>> print(round(profile_floor(np.repeat([0.0, 1.0], [2, 8]), None, 2), 6))
    0.4
    """
    gap = 1.0 / n_classes - p_true

    def slope(floor: float) -> tuple[float, float]:
        ratio = gap / (p_true + floor * gap)
        weighted = ratio if weight is None else ratio * weight
        return float(weighted.sum()), -float(weighted @ ratio)

    # A smaller probability makes the slope at 0 overflow; it is then positive beyond doubt.
    if float(p_true.min()) > 1e-150 and slope(0.0)[0] <= 0:
        return 0.0
    if slope(MAX_FLOOR)[0] >= 0:
        return MAX_FLOOR
    low, high = 0.0, MAX_FLOOR
    # One row at p = 0 asks for e of order 1 / n: start there, where Newton on this convex slope climbs safely.
    floor = min(1.0 / p_true.size, MAX_FLOOR / 2)
    for _ in range(100):
        first, second = slope(floor)
        if first > 0:
            low = floor
        else:
            high = floor
        step = floor - first / second
        new = step if low < step < high else (np.sqrt(low * high) if low > 0 else high / 8)
        if abs(new - floor) <= 1e-12 + 1e-10 * floor:
            return float(new)
        floor = new
    return float(floor)


class _Problem:
    """Log probabilities with the classes first, labels and weights, and the derivatives of the likelihood."""

    def __init__(self, log_proba, y, weight, temperature, bias, floor, floor_value=0.0):
        # With the largest score of each row at 0, no exponential overflows unless offsets are added.
        # A transpose alone keeps the rows first in memory, where short rows are reduced slowly.
        scores = np.array(log_proba.T, order="C" if log_proba.shape[1] < WIDE else "K")
        self.scores = np.subtract(scores, scores.max(axis=0), out=scores)
        self.n_classes, self.n_rows = self.scores.shape
        self.y = y
        self.rows = np.arange(self.n_rows)
        self.weight = weight
        self.true_score = self.scores[y, self.rows]
        self.temperature, self.bias, self.floor = temperature, bias, floor
        self.floor_value = floor_value
        # In proportion to the total weight, so that neither scaled weights nor repeated rows move the answer.
        total = self.n_rows if weight is None else float(weight.sum())
        self.ridge = BIAS_RIDGE * total
        self.unit = total / self.n_rows

    def evaluate(self, beta: float, bias: np.ndarray):
        """Return (objective, floor, model probabilities, p_true) with the floor profiled out."""
        scores = beta * self.scores
        if self.bias:
            scores += bias[:, None]
            scores -= scores.max(axis=0)
        log_q = scores[self.y, self.rows]
        model = np.exp(scores, out=scores)
        total = model.sum(axis=0)
        model /= total
        p_true = model[self.y, self.rows]
        floor = profile_floor(p_true, self.weight, self.n_classes) if self.floor else self.floor_value
        # Without a floor the logarithm is formed from the scores: the probability itself may underflow.
        log_q = np.log((1.0 - floor) * p_true + floor / self.n_classes) if floor > 0 else log_q - np.log(total)
        value = float(log_q.sum() if self.weight is None else log_q @ self.weight)
        return value - 0.5 * self.ridge * float(bias @ bias), floor, model, p_true

    def derivatives(self, bias, floor, model, p_true):
        """Return gradient, profile information and EM information in the free parameters (beta first, then b)."""
        k = self.n_classes
        weight = np.ones(self.n_rows) if self.weight is None else self.weight
        posterior, slope_posterior = np.ones(self.n_rows), np.zeros(self.n_rows)
        if floor > 0:
            q_true = (1.0 - floor) * p_true + floor / k
            posterior = (1.0 - floor) * p_true / q_true  # chance that the label came from the model, not the floor
            slope_posterior = -weight * p_true / (k * q_true**2)
        keep = weight * posterior
        spread = keep * (1.0 - posterior)
        n_free = int(self.temperature) + (k if self.bias else 0)
        gradient = np.empty(n_free)
        em = np.empty((n_free, n_free))
        extra = np.zeros((n_free, n_free))
        cross = np.empty(n_free)  # second derivative with respect to the floor and each free parameter
        start = 0
        if self.temperature:
            tilted = model * self.scores
            mean = tilted.sum(axis=0)
            residual = self.true_score - mean
            gradient[0] = keep @ residual
            em[0, 0] = (np.einsum("ij,ij->j", tilted, self.scores) - mean**2) @ keep
            extra[0, 0] = spread @ residual**2
            cross[0] = slope_posterior @ residual
            start = 1
        if self.bias:
            kept = model @ keep
            gradient[start:] = np.bincount(self.y, keep, k) - kept - self.ridge * bias
            em[start:, start:] = np.diag(kept + self.ridge) - (model * keep) @ model.T
            cross[start:] = np.bincount(self.y, slope_posterior, k) - model @ slope_posterior
            if floor > 0:
                surprise = -model
                surprise[self.y, self.rows] += 1.0
                extra[start:, start:] = (surprise * spread) @ surprise.T
                if self.temperature:
                    extra[0, start:] = extra[start:, 0] = surprise @ (spread * residual)
            if self.temperature:
                em[0, start:] = em[start:, 0] = tilted @ keep - model @ (mean * keep)
            # The offsets are free up to a constant: a rank-one term along it changes no step that matters.
            em[start:, start:] += kept.sum() / k**2
        information = em - extra
        if self.floor and 0 < floor < MAX_FLOOR:
            ratio = (1.0 / k - p_true) / q_true
            information = information - np.outer(cross, cross) / float(weight @ ratio**2)
        return gradient, information, em


def _newton_direction(gradient, information, em):
    """Return an ascent direction and whether it is the Newton step, not that of the EM algorithm."""
    for matrix in (information, em, em + np.diag(np.diag(em)) * 1e-6 + 1e-12 * np.eye(len(em))):
        try:
            direction = cho_solve(cho_factor(matrix, lower=True), gradient)
            # Curvature may vanish to the last digit; steps are bounded anyway.
            return np.clip(direction, -LONGEST, LONGEST), matrix is information
        except LinAlgError:
            continue
    return gradient / np.maximum(np.diag(em), 1e-12), False


def _climb(problem: _Problem, beta: float, bias: np.ndarray) -> MixtureFit:
    """Newton ascent from given values of beta and the offsets."""
    value, floor, model, p_true = problem.evaluate(beta, bias)

    def move(direction, step):
        new_beta, new_bias = beta, bias
        if problem.temperature:
            low, high = max(beta / 8, BETA_RANGE[0]), min(beta * 4, BETA_RANGE[1])
            new_beta = float(np.clip(beta + step * direction[0], low, high))
        if problem.bias:
            new_bias = bias + step * direction[int(problem.temperature) :]
            new_bias = new_bias - new_bias.mean()
        return new_beta, new_bias

    converged = not (problem.temperature or problem.bias)
    for _ in range(0 if converged else MAX_STEPS):
        gradient, information, em = problem.derivatives(bias, floor, model, p_true)
        direction, newton = _newton_direction(gradient, information, em)
        # Half the squared Newton decrement is the likelihood that is still to be gained.
        gain = float(gradient @ direction)
        if abs(gain) < 1e-11 * max(problem.unit, abs(value)):
            converged = True
            break
        step = 1.0
        for _ in range(30):
            point = move(direction, step)
            trial = problem.evaluate(*point)
            if trial[0] >= value:
                break
            step /= 2
        else:
            converged = True  # no representable improvement along an ascent direction
            break
        while not newton and step < MAX_STRETCH:
            # EM crawls where the likelihood is not concave: go on in its direction as long as that gains.
            step *= 2
            further = move(direction, step)
            beyond = problem.evaluate(*further)
            if beyond[0] <= trial[0]:
                break
            point, trial = further, beyond
        moved = trial[0] - value
        beta, bias = point
        value, floor, model, p_true = trial
        if moved <= 1e-12 * max(problem.unit, abs(value)):
            converged = True
            break
    log_likelihood = value + 0.5 * problem.ridge * float(bias @ bias)
    return MixtureFit(beta, bias, floor, log_likelihood, converged)


def fit_mixture(
    log_proba: np.ndarray,
    y: np.ndarray,
    weight: np.ndarray | None = None,
    *,
    temperature: bool = True,
    bias: bool = False,
    floor: bool = True,
    floor_value: float = 0.0,
    starts: tuple[float, ...] = (1.0,),
    start_bias: np.ndarray | None = None,
) -> MixtureFit:
    """Fit the chosen terms of the temperature-bias-floor model by maximum likelihood.

    Parameters
    ----------
    log_proba : ndarray of shape (n_rows, n_classes)
        Finite natural logarithms of the probabilities.
    y : ndarray of shape (n_rows,)
        Column index of each label.
    weight : ndarray of shape (n_rows,), optional
        Row weights; weight 2 is the row twice.
    temperature, bias, floor : bool
        The terms that are free; the others stay at beta = 1, b = 0, e = `floor_value`.
    floor_value : float, default=0.0
        The floor when it is not free.
    starts : tuple of float
        Values of beta to climb from; the likelihood is not concave once a floor is free, and the best end wins.
    start_bias : ndarray of shape (n_classes,), optional
        Offsets to climb from, 0 by default.

    Returns
    -------
    MixtureFit
        The likeliest of the fits that the starts lead to.

    Examples
    --------
    A model that is always 90 % sure and right in 70 % of the rows, of two classes: with the labels taken for noisy, a
    floor of 1/2 would be one answer (.5 x .9 + .5 / 2 = .7), and ln(7/3) / ln 9 as inverse temperature is another.

    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.mixture import fit_mixture
    >>> log_proba, y = np.log([[0.1, 0.9]] * 10), np.array([1] * 7 + [0] * 3)
    >>> fit = fit_mixture(log_proba, y, temperature=False)
    >>> print(round(fit.floor, 6))
    0.5
    >>> fit = fit_mixture(log_proba, y, floor=False)
    >>> print(round(fit.beta, 6), round(np.log(7 / 3) / np.log(9), 6))
    0.385622 0.385622
    """
    problem = _Problem(log_proba, y, weight, temperature, bias, floor, floor_value)
    offsets = np.zeros(problem.n_classes) if start_bias is None or not bias else start_bias
    fits = [_climb(problem, start, offsets) for start in (starts if temperature else (1.0,))]
    return max(fits, key=lambda fit: fit.log_likelihood)
