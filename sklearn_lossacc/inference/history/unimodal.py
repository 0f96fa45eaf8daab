"""Where a curve turns: the best fit that first falls and then rises."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Turn:
    """The turning point of a curve.

    Attributes
    ----------
    index : int
        The point of the lowest stretch of the fit at which the curve itself is lowest.
    fitted : ndarray of shape (n_points,)
        The fit: never rising up to the turn, never falling after it.
    """

    index: int
    fitted: np.ndarray


def _prefix_errors(values: np.ndarray) -> np.ndarray:
    """Return the squared error of the best rising fit to each prefix, the empty one first."""
    sums: list[float] = []
    squares: list[float] = []
    sizes: list[int] = []
    errors = np.zeros(len(values) + 1)
    total = 0.0
    for position, value in enumerate(values.tolist()):
        block, square, size = value, value * value, 1
        while sums and sums[-1] / sizes[-1] >= block / size:
            last_sum, last_square, last_size = sums.pop(), squares.pop(), sizes.pop()
            total -= last_square - last_sum**2 / last_size
            block, square, size = block + last_sum, square + last_square, size + last_size
        sums.append(block)
        squares.append(square)
        sizes.append(size)
        total += square - block**2 / size
        errors[position + 1] = max(total, 0.0)
    return errors


def isotonic_mean(values: np.ndarray) -> np.ndarray:
    """Return the best fit, in squared error, that never falls.

    Parameters
    ----------
    values : ndarray of shape (n_points,)
        A curve without gaps.

    Returns
    -------
    ndarray of shape (n_points,)

    Notes
    -----
    Pool adjacent violators: neighbouring blocks whose means fall are merged into their common mean.

    Examples
    --------
    >>> import numpy as np
    >>> isotonic_mean(np.array([1.0, 3.0, 2.0, 4.0])).tolist()
    [1.0, 2.5, 2.5, 4.0]
    """
    sums: list[float] = []
    sizes: list[int] = []
    for value in values.tolist():
        block, size = value, 1
        while sums and sums[-1] / sizes[-1] >= block / size:
            block, size = block + sums.pop(), size + sizes.pop()
        sums.append(block)
        sizes.append(size)
    return np.repeat(np.divide(sums, sizes), sizes)


def find_turn(values: np.ndarray) -> Turn:
    """Return where a curve stops falling.

    Parameters
    ----------
    values : ndarray of shape (n_points,)
        A curve without gaps, such as a validation loss.

    Returns
    -------
    Turn

    Notes
    -----
    Among all fits that never rise up to some point and never fall from there on, the one of least squared error. The
    errors of all prefixes (falling) and of all suffixes (rising) come from two passes of pool adjacent violators, so
    that every split is tried in linear time.

    References
    ----------
    Stout (2008), Comput. Stat. Data Anal. 53, 289-297.

    Examples
    --------
    >>> import numpy as np
    >>> turn = find_turn(np.array([5.0, 3.0, 2.0, 2.5, 4.0]))
    >>> turn.index, turn.fitted.tolist()
    (2, [5.0, 3.0, 2.0, 2.5, 4.0])
    """
    values = np.asarray(values, dtype=float)
    # Centring keeps the sums of squares accurate; the fit does not change.
    centred = values - values.mean()
    falling = _prefix_errors(-centred)
    rising = _prefix_errors(-centred[::-1])[::-1]
    split = int(np.argmin(falling + rising))
    fitted = np.concatenate([-isotonic_mean(-values[:split]), isotonic_mean(values[split:])])
    lowest = np.flatnonzero(fitted <= fitted.min() + 1e-12 * max(1.0, abs(float(fitted.min()))))
    return Turn(int(lowest[np.argmin(values[lowest])]), fitted)
