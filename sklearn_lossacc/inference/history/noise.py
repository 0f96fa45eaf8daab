"""Two kinds of noise in a curve: from epoch to epoch, and from the rows it was measured on."""

from __future__ import annotations

import math

import numpy as np

LEAST_POINTS = 5
MAD_TO_SD = 1.4826  # of a normal law


def jitter(values: np.ndarray) -> float | None:
    """Return the standard deviation of a curve from one evaluation to the next, robust to trend and jumps.

    Parameters
    ----------
    values : ndarray of shape (n_points,)
        A curve without gaps.

    Returns
    -------
    float or None
        None with fewer than five points.

    Notes
    -----
    1.4826 median |x_i - 2 x_{i+1} + x_{i+2}| / sqrt(6). Second differences leave out any linear trend, and their
    variance is six times that of independent noise.

    Examples
    --------
    >>> import numpy as np
    >>> jitter(np.array([5.0, 4.0, 3.0, 2.0, 1.0]))
    0.0
    >>> round(jitter(np.array([0.0, 1.0, 0.0, 1.0, 0.0])), 4)
    1.2105
    """
    if len(values) < LEAST_POINTS:
        return None
    return float(MAD_TO_SD * np.median(np.abs(np.diff(values, n=2))) / math.sqrt(6.0))


def slow_jitter(values: np.ndarray, width: int) -> float | None:
    """Return the jitter of means over windows, in units of single points: larger than `jitter` where a curve wanders.

    Parameters
    ----------
    values : ndarray of shape (n_points,)
        A curve without gaps.
    width : int
        Points in a window; the last window ends with the curve.

    Returns
    -------
    float or None
        The jitter of the means times the root of the width, which for independent noise is that of the points. None
        with fewer than five windows.

    Examples
    --------
    >>> import numpy as np
    >>> wave = np.repeat([0.0, 1.0, 0.0, 1.0, 0.0], 4)
    >>> jitter(wave), round(slow_jitter(wave, 4), 4)
    (0.0, 2.4211)
    """
    n_windows = len(values) // width
    if n_windows < LEAST_POINTS:
        return None
    means = values[len(values) - n_windows * width :].reshape(n_windows, width).mean(axis=1)
    of_means = jitter(means)
    return None if of_means is None else of_means * math.sqrt(width)


def accuracy_error(accuracy: float, n: float) -> float:
    """Return the standard error of an accuracy over n independent rows.

    Parameters
    ----------
    accuracy : float
        Share of correct rows.
    n : float
        Number of rows.

    Returns
    -------
    float
        sqrt(a (1 - a) / n).

    Examples
    --------
    >>> accuracy_error(0.8, 1600)
    0.01
    """
    return math.sqrt(max(accuracy * (1.0 - accuracy), 0.0) / n)


def accuracy_change_z(first: float, second: float, n: float) -> tuple[float, float]:
    """Return the least and the most standard errors by which two accuracies on the same rows may differ.

    Parameters
    ----------
    first, second : float
        Accuracies of two epochs, measured on the same n rows.
    n : float
        Number of rows.

    Returns
    -------
    least, most : float
        Bounds of McNemar's z, with the sign of ``second - first``.

    Notes
    -----
    With b rows that turned wrong and c that turned right, z = (c - b) / sqrt(b + c). Curves give c - b = n d alone.
    The rows that changed number at least n |d|, and at most n min(1, 2 - a1 - a2, a1 + a2): a row that changed is wrong
    in one of the two epochs and right in the other. Hence sqrt(n |d|) is the most, and a change of fewer than four rows
    can never reach z = 2.

    References
    ----------
    McNemar (1947), Psychometrika 12, 153-157.

    Examples
    --------
    >>> least, most = accuracy_change_z(0.80, 0.81, 900)
    >>> round(least, 4), round(most, 4)
    (0.4804, 3.0)
    """
    change = second - first
    if change == 0.0:
        return 0.0, 0.0
    changed_most = min(1.0, 2.0 - first - second, first + second)
    sign = math.copysign(1.0, change)
    least = math.sqrt(n) * abs(change) / math.sqrt(max(changed_most, abs(change)))
    return sign * least, sign * math.sqrt(n * abs(change))
