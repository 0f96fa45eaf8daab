"""Maximum likelihood for the temperature-bias-floor model q = (1 - e) softmax(beta log p + b) + e / k.

The floor `e` is profiled out exactly at each step (the likelihood is concave in `e` for fixed `beta, b`, and that
search touches vectors only), and `beta, b` move by Newton steps on the profile likelihood.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from sklearn_lossacc._numerics.mixture_rows import Law, MixtureRows

MAX_FLOOR = 0.5  # a larger floor is a model without information, not noisy labels
BETA_RANGE = (1e-3, 1e3)
BIAS_RIDGE = 1e-7  # per unit of weight: keeps the offset of a class without rows finite, and moves no other
MAX_STEPS = 60
LEFT, LAST = 1e-11, 1e-7  # of the log likelihood: what may be left to gain, and be left to one more step of Newton's
PARABOLA = 0.01  # how far the gain of that step may be from the one that was foreseen
NARROW = 64  # classes, up to which a copy with these first saves time
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
    """

    beta: float
    bias: np.ndarray
    floor: float
    log_likelihood: float


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
    return np.ascontiguousarray(mixture_columns(log_proba, beta, bias, floor).T)


def mixture_columns(log_proba: np.ndarray, beta: float, bias: np.ndarray, floor: float) -> np.ndarray:
    """Return what `mixture_proba` does with the classes first.

    Parameters
    ----------
    log_proba, beta, bias, floor
        As for `mixture_proba`.

    Returns
    -------
    ndarray of shape (n_classes, n_rows)
        The probabilities.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.mixture import mixture_columns
    >>> mixture_columns(np.log([[0.1, 0.9]]), 1.0, np.zeros(2), 0.2).round(6).tolist()
    [[0.18], [0.82]]
    """
    model = softmax_columns(score_columns(log_proba, beta, bias))
    if floor > 0:
        model *= 1.0 - floor
        model += floor / model.shape[0]
    return model


def score_columns(log_proba: np.ndarray, beta: float, bias: np.ndarray) -> np.ndarray:
    """Return beta log p + bias with the classes first, in memory as well where they are few.

    Parameters
    ----------
    log_proba, beta, bias
        As for `mixture_proba`.

    Returns
    -------
    ndarray of shape (n_classes, n_rows)
        Reductions along a short last axis are slow; long rows are reduced fast as they lie.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.mixture import score_columns
    >>> score_columns(np.array([[-1.0, -2.0]]), 2.0, np.array([0.0, 1.0])).tolist()
    [[-2.0], [-3.0]]
    """
    scores = np.multiply(log_proba.T, beta, order="C" if log_proba.shape[1] <= NARROW else "K")
    scores += bias[:, None]
    return scores


def profile_floor(
    p_true: np.ndarray, weight: np.ndarray | None, n_classes: int | np.ndarray, near: float = 0.0
) -> float:
    """Return the likeliest floor for fixed probabilities, by safeguarded Newton.

    Parameters
    ----------
    p_true : ndarray of shape (n_rows,)
        Probability of each label, 0 allowed.
    weight : ndarray of shape (n_rows,) or None
        Row weights.
    n_classes : int or ndarray of shape (n_rows,)
        Number of classes that the noise reaches.
    near : float, default=0.0
        Where to start, if that is known.

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
    low, high, asked = 0.0, MAX_FLOOR, False
    # One row at p = 0 asks for e of order 1 / n: start there, where Newton on this convex slope climbs safely.
    floor = near or min(1.0 / p_true.size, MAX_FLOOR / 2)
    for _ in range(100):
        first, second = slope(floor)
        if first > 0:
            low = floor
        else:
            high = floor
        step = floor - first / second if second < 0 else np.inf  # weights so small that squares underflow
        if abs(step - floor) <= 1e-12 + 1e-7 * floor:  # what Newton's step leaves is of the order of its square
            return min(max(float(step), 0.0), MAX_FLOOR)
        if step >= MAX_FLOOR and not asked:
            if slope(MAX_FLOOR)[0] >= 0:
                return MAX_FLOOR
            asked = True
        floor = step if low < step < high else (np.sqrt(low * high) if low > 0 else high / 8)
    return float(floor)


@dataclass(frozen=True)
class _Point:
    """The likelihood at some parameters, less its ridge."""

    beta: float
    bias: np.ndarray
    floor: float
    value: float
    law: Law
    p_true: np.ndarray


class _Problem:
    """Some terms to fit to rows, and the derivatives of their likelihood."""

    def __init__(self, rows: MixtureRows, temperature: bool, bias: bool, floor: bool, floor_value: float):
        self.rows, self.temperature, self.bias, self.floor = rows, temperature, bias, floor
        self.floor_value = floor_value
        # In proportion to the total weight, so that neither scaled weights nor repeated rows move the answer.
        self.ridge = BIAS_RIDGE * rows.total_weight
        self.unit = rows.total_weight / rows.n_rows

    def evaluate(self, beta: float, bias: np.ndarray, near: float = 0.0) -> _Point:
        """Return the likelihood with the floor profiled out, which is sought from `near` on."""
        rows, k = self.rows, self.rows.n_classes
        if beta == 1.0 and not bias.any():
            law = rows.offsets if self.bias else rows.line
        else:
            law = rows.law(beta, bias if self.bias else None, self.temperature)
        p_true = np.exp(law.log_q)
        floor = profile_floor(p_true, rows.weight, k, near) if self.floor else self.floor_value
        # Without a floor the logarithm is formed from the scores: the probability itself may underflow.
        log_q = np.log((1.0 - floor) * p_true + floor / k) if floor > 0 else law.log_q
        value = float(log_q @ rows.weight) - 0.5 * self.ridge * float(bias @ bias)
        return _Point(beta, bias, floor, value, law, p_true)

    def derivatives(self, at: _Point) -> tuple[np.ndarray, np.ndarray, Callable[[], np.ndarray]]:
        """Return gradient and profile information in the free parameters (beta first, then b).

        The last is a function that returns the information of the EM algorithm, to which the rows that come from the
        floor are known.
        """
        k, weight, p_true = self.rows.n_classes, self.rows.weight, at.p_true
        if at.floor > 0:
            q_true = (1.0 - at.floor) * p_true + at.floor / k
            posterior = (1.0 - at.floor) * p_true / q_true  # chance that the label came from the model, not the floor
            keep = weight * posterior
            told = keep * (1.0 - posterior)
        else:
            keep, told = weight, None
        gradient, information = self._scores(at, keep), self._information(at, keep, told)
        if self.floor and 0 < at.floor < MAX_FLOOR:
            ratio = (1.0 / k - p_true) / q_true
            # The second derivative with respect to the floor and each free parameter.
            cross = self._scores(at, weight * p_true / (k * q_true**2))
            information -= np.outer(cross, cross) / float(weight @ ratio**2)
        gradient[int(self.temperature) :] -= self.ridge * at.bias if self.bias else 0.0
        return gradient, information, lambda: self._information(at, keep, None)

    def _scores(self, at: _Point, weight: np.ndarray) -> np.ndarray:
        """Return the weighted sums of the derivatives of each row's log probability under the model."""
        rows, law = self.rows, at.law
        parts = []
        if self.temperature:
            parts.append([weight @ (rows.true_score - law.mean)])
        if self.bias:
            parts.append(rows.by_class(weight) - law.mass @ (weight / law.total))
        return np.concatenate(parts)

    def _information(self, at: _Point, keep: np.ndarray, told: np.ndarray | None) -> np.ndarray:
        """Return the sum of w V - v s s' over the rows: s are the derivatives of each, and V their variance."""
        rows, law, first = self.rows, at.law, int(self.temperature)
        n_free = first + (rows.n_classes if self.bias else 0)
        found = np.zeros((n_free, n_free))
        if self.temperature:
            residual = rows.true_score - law.mean
            found[0, 0] = keep @ (law.square - law.mean**2)
            if told is not None:
                found[0, 0] -= told @ residual**2
        if self.bias:
            share = keep / law.total
            kept = law.mass @ share
            both = share if told is None else share + told / law.total
            half = law.mass * np.sqrt(both / law.total)
            within = found[first:, first:]
            # The offsets are free up to a constant: a rank-one term along it changes no step that matters.
            within += np.diag(kept + self.ridge) - half @ half.T + kept.sum() / rows.n_classes**2
            if told is not None:
                part = told / law.total
                mixed = np.stack([law.mass[:, members] @ part[members] for members in rows.of_class])
                within += mixed + mixed.T - np.diag(rows.by_class(told))
            if self.temperature:
                across = (law.mass * rows.scores) @ share - law.mass @ (law.mean * share)
                if told is not None:
                    tilt = told * residual
                    across -= rows.by_class(tilt) - law.mass @ (tilt / law.total)
                found[0, first:] = found[first:, 0] = across
        return found


def _newton_direction(
    gradient: np.ndarray, information: np.ndarray, of_em: Callable[[], np.ndarray]
) -> tuple[np.ndarray, bool]:
    """Return an ascent direction and whether it is the Newton step, not that of the EM algorithm."""
    try:
        return _solved(information, gradient), True
    except LinAlgError:
        em = of_em()
    for matrix in (em, em + np.diag(np.diag(em)) * 1e-6 + 1e-12 * np.eye(len(em))):
        try:
            return _solved(matrix, gradient), False
        except LinAlgError:
            continue
    return gradient / np.maximum(np.diag(em), 1e-12), False


def _solved(matrix: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Solve a positive definite system; where the curvature vanishes to the last digit, steps are bounded anyway."""
    return np.clip(cho_solve(cho_factor(matrix, lower=True), gradient), -LONGEST, LONGEST)


def _climb(problem: _Problem, beta: float, bias: np.ndarray) -> MixtureFit:
    """Newton ascent from given values of beta and the offsets."""
    at = problem.evaluate(beta, bias)

    def moved(direction: np.ndarray, step: float) -> _Point:
        new_beta, new_bias = at.beta, at.bias
        if problem.temperature:
            low, high = max(at.beta / 8, BETA_RANGE[0]), min(at.beta * 4, BETA_RANGE[1])
            new_beta = float(np.clip(at.beta + step * direction[0], low, high))
        if problem.bias:
            new_bias = at.bias + step * direction[int(problem.temperature) :]
            new_bias = new_bias - new_bias.mean()
        return problem.evaluate(new_beta, new_bias, at.floor)

    for _ in range(MAX_STEPS if problem.temperature or problem.bias else 0):
        gradient, information, of_em = problem.derivatives(at)
        direction, newton = _newton_direction(gradient, information, of_em)
        # Half the squared Newton decrement is the likelihood that is still to be gained.
        gain, least = float(gradient @ direction), max(problem.unit, abs(at.value))
        if abs(gain) < LEFT * least:
            break
        step = 1.0
        for _ in range(30):
            trial = moved(direction, step)
            if trial.value >= at.value:
                break
            step /= 2
        else:  # no representable improvement along an ascent direction
            break
        while not newton and step < MAX_STRETCH:
            # EM crawls where the likelihood is not concave: go on in its direction as long as that gains.
            step *= 2
            beyond = moved(direction, step)
            if beyond.value <= trial.value:
                break
            trial = beyond
        gained = trial.value - at.value
        at = trial
        # What Newton's step leaves is of the order of the square of its gain, where that is what a parabola promises.
        last = newton and gain < LAST * least and abs(2.0 * gained - gain) < PARABOLA * gain
        if last or gained <= 1e-12 * least:
            break
    log_likelihood = at.value + 0.5 * problem.ridge * float(at.bias @ at.bias)
    return MixtureFit(at.beta, at.bias, at.floor, log_likelihood)


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
        The terms that are free; the others stay at beta = 1 or where it starts, b = 0, e = `floor_value`.
    floor_value : float, default=0.0
        The floor when it is not free.
    starts : tuple of float
        Values of beta to climb from; the likelihood is not concave once a floor is free, and the best end wins.

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
    return fit_mixture_rows(
        MixtureRows(log_proba, y, weight),
        temperature=temperature,
        bias=bias,
        floor=floor,
        floor_value=floor_value,
        starts=starts,
    )


def fit_mixture_rows(
    rows: MixtureRows,
    *,
    temperature: bool = True,
    bias: bool = False,
    floor: bool = True,
    floor_value: float = 0.0,
    starts: tuple[float, ...] = (1.0,),
    start_bias: np.ndarray | None = None,
) -> MixtureFit:
    """Fit as `fit_mixture` does, for several fits to the same rows.

    Parameters
    ----------
    rows : MixtureRows
        The rows.
    temperature, bias, floor, floor_value, starts
        As for `fit_mixture`.
    start_bias : ndarray of shape (n_classes,), optional
        Offsets to climb from, 0 by default.

    Returns
    -------
    MixtureFit
        The likeliest of the fits that the starts lead to.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.mixture import fit_mixture_rows
    >>> from sklearn_lossacc._numerics.mixture_rows import MixtureRows
    >>> rows = MixtureRows(np.log([[0.1, 0.9]] * 10), np.array([1] * 7 + [0] * 3))
    >>> fits = [fit_mixture_rows(rows, floor=False), fit_mixture_rows(rows, temperature=False)]
    >>> likelihood = 7 * np.log(0.7) + 3 * np.log(0.3)
    >>> [bool(np.isclose(fit.log_likelihood, likelihood)) for fit in fits]
    [True, True]
    """
    problem = _Problem(rows, temperature, bias, floor, floor_value)
    offsets = np.zeros(rows.n_classes) if start_bias is None or not bias else start_bias
    fits = [_climb(problem, start, offsets) for start in starts]
    return max(fits, key=lambda fit: fit.log_likelihood)
