"""What one pair of mean loss and accuracy proves: exact bounds, and how far noise may carry a pair.

Throughout, accuracy is the share of rows whose label has the largest probability, the loss is the mean of -ln p of the
label in nats, without clipping, and k is the number of classes.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy.special import entr, xlogy

LN2 = math.log(2.0)
HULL_POINTS = 4001


def least_loss(accuracy: float) -> float:
    """Return the smallest mean loss that predictions of this accuracy can have, calibrated or not.

    Parameters
    ----------
    accuracy : float
        Share of rows whose label has the largest probability.

    Returns
    -------
    float
        The bound in nats.

    Notes
    -----
    Where the label has not the largest probability, its own is at most 1/2 and costs at least ln 2. Correct rows may
    cost nothing. Hence L >= (1 - a) ln 2.

    Examples
    --------
    >>> round(least_loss(0.9), 4)
    0.0693
    """
    return (1.0 - accuracy) * LN2


def calibrated_floor(accuracy: float, n_classes: int) -> float:
    """Return phi(a), the smallest expected loss of a calibrated model of expected accuracy a.

    Parameters
    ----------
    accuracy : float
        Expected accuracy; below 1/k, which no calibrated model can have, the value at 1/k is returned.
    n_classes : int
        Number of classes k.

    Returns
    -------
    float
        The bound in nats.

    Notes
    -----
    A calibrated row with largest probability m is right with probability m and costs its entropy, which is smallest
    where as many classes as fit share m. The lower convex hull of that minimum joins the points (1/m, ln m) for
    m = 1, ..., k by straight lines; for a >= 1/2 it is 2 (1 - a) ln 2.

    Examples
    --------
    >>> round(calibrated_floor(0.7826, 2), 4), round(calibrated_floor(1 / 3, 10), 4)
    (0.3014, 1.0986)
    """
    inside = min(max(accuracy, 1.0 / n_classes), 1.0)
    m = min(max(math.floor(1.0 / inside), 1), n_classes - 1)
    share = (inside - 1.0 / (m + 1)) / (1.0 / m - 1.0 / (m + 1))
    return share * math.log(m) + (1.0 - share) * math.log(m + 1)


def calibrated_ceiling(accuracy: float, n_classes: int) -> float:
    """Return F(a), the largest expected loss of a calibrated model of expected accuracy a.

    Parameters
    ----------
    accuracy : float
        Expected accuracy; below 1/k the value ln k at 1/k is returned.
    n_classes : int
        Number of classes k.

    Returns
    -------
    float
        The bound in nats.

    Notes
    -----
    F(a) = h(a) + (1 - a) ln(k - 1) with the binary entropy h: Fano's inequality for one row, Jensen's for their mean,
    since F is concave. On any rows it is also exactly the loss after every confidence is replaced by the one constant
    a, with the rest shared equally and the predicted classes kept. So a loss above F(a) is beaten by a single number,
    and at least L - F(a) of it is miscalibration.

    Examples
    --------
    >>> round(calibrated_ceiling(0.7826, 2), 4), round(calibrated_ceiling(0.1, 10), 4)
    (0.5236, 2.3026)
    """
    inside = min(max(accuracy, 1.0 / n_classes), 1.0)
    wrong = 1.0 - inside
    return float(entr(inside) + entr(wrong) + xlogy(wrong, n_classes - 1))


def least_accuracy(loss: float, n_classes: int) -> float:
    """Return the smallest expected accuracy of a calibrated model with this expected loss.

    Parameters
    ----------
    loss : float
        Expected loss in nats.
    n_classes : int
        Number of classes k.

    Returns
    -------
    float
        The inverse of phi; 1/k from ln k on, and 1 for a loss of 0.

    Notes
    -----
    Recalibration only lowers an expected loss. Hence a model of loss L, calibrated or not, reaches this accuracy once
    it is recalibrated; where its accuracy is smaller, the predicted classes are not the best use of its probabilities.

    Examples
    --------
    >>> round(least_accuracy(0.3014, 2), 4), least_accuracy(0.0, 2), least_accuracy(5.0, 2)
    (0.7826, 1.0, 0.5)
    """
    if loss <= 0.0:
        return 1.0
    if loss >= math.log(n_classes):
        return 1.0 / n_classes
    m = min(max(math.floor(math.exp(loss)), 1), n_classes - 1)
    share = (loss - math.log(m)) / (math.log(m + 1) - math.log(m))
    return (1.0 - share) / m + share / (m + 1)


@lru_cache(maxsize=64)
def _second_moments(n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the corners of the upper concave hull of (entropy, second moment) over all distributions."""
    # One class with probability u and k - 1 with equal rest; u is spaced to resolve both ends.
    steps = np.linspace(-40.0, 40.0, HULL_POINTS)
    u = np.append(1.0 / (1.0 + np.exp(-steps)), 1.0 / n_classes)
    log_u = np.append(-np.logaddexp(0.0, -steps), -math.log(n_classes))
    rest = 1.0 - u
    rest[:-1] = 1.0 / (1.0 + np.exp(steps))
    log_v = np.log(rest) - math.log(n_classes - 1)
    entropy = -(u * log_u + rest * log_v)
    second = u * log_u**2 + rest * log_v**2
    order = np.lexsort((-second, entropy))
    corners: list[tuple[float, float]] = [(0.0, 0.0)]
    for point in zip(entropy[order].tolist(), second[order].tolist(), strict=True):
        while len(corners) > 1 and _above_chord(corners[-2], corners[-1], point):
            corners.pop()
        if point[0] > corners[-1][0]:
            corners.append(point)
    x, y = np.asarray(corners).T
    return x, y


@lru_cache(maxsize=64)
def _largest_variances(n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return expected losses, and the largest variance of row losses of calibrated models of at most each of them."""
    entropy, second = _second_moments(n_classes)
    grid = np.union1d(np.linspace(0.0, entropy[-1], HULL_POINTS), entropy)
    return grid, np.maximum.accumulate(np.interp(grid, entropy, second) - grid**2)


def _above_chord(first: tuple[float, float], middle: tuple[float, float], last: tuple[float, float]) -> bool:
    """Whether the chord from first to last passes on or above the middle point."""
    rise = (last[1] - first[1]) * (middle[0] - first[0])
    return rise >= (middle[1] - first[1]) * (last[0] - first[0])


def largest_second_moment(loss: float, n_classes: int) -> float:
    """Return the largest mean square of the row losses of a calibrated model with this expected loss.

    Parameters
    ----------
    loss : float
        Expected loss in nats; above ln k, which no calibrated model has, the value at ln k is returned.
    n_classes : int
        Number of classes k.

    Returns
    -------
    float
        The bound, in squared nats.

    Notes
    -----
    A calibrated row costs (ln p)^2 on average over p. Among distributions of one entropy that mean is stationary only
    where the probabilities take two values, and largest where one class differs from k - 1 equal ones. Mixing rows
    gives the concave hull. Over all losses the largest value is .563 for k = 2 and (ln k)^2 for k >= 3.

    Examples
    --------
    >>> round(largest_second_moment(0.6931, 2), 3), round(largest_second_moment(2.3026, 10), 3)
    (0.48, 5.302)
    """
    entropy, second = _second_moments(n_classes)
    return float(np.interp(loss, entropy, second))


def loss_error(loss: float, n_classes: int, n: float) -> float:
    """Return a bound on the standard error of the mean loss over n rows, for a calibrated model.

    Parameters
    ----------
    loss : float
        Expected loss in nats.
    n_classes : int
        Number of classes k.
    n : float
        Number of rows.

    Returns
    -------
    float
        The bound in nats: the worst case over all calibrated models whose expected loss is at most `loss`.

    Examples
    --------
    >>> round(loss_error(0.5, 2, 1000), 4)
    0.021
    """
    inside = min(max(loss, 0.0), math.log(n_classes))
    grid, largest = _largest_variances(n_classes)
    below = int(np.searchsorted(grid, inside, side="right")) - 1
    here = largest_second_moment(inside, n_classes) - inside**2
    return math.sqrt(max(float(largest[below]), here, 0.0) / n)
