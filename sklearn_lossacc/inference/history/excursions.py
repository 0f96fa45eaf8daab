"""Spikes: stretches where a falling curve leaves its best value and comes back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Excursion:
    """One stretch above the best value so far.

    Attributes
    ----------
    start, stop : int
        First point of the stretch, and the first point after it (the end of the curve if it never came back).
    peak : int
        Its highest point.
    height : float
        The highest value minus the best value before.
    returned : bool
        Whether the curve came back.
    """

    start: int
    stop: int
    peak: int
    height: float
    returned: bool


def find_excursions(values: np.ndarray, threshold: np.ndarray | float) -> tuple[Excursion, ...]:
    """Return the stretches in which a curve lies more than a threshold above its best value so far.

    Parameters
    ----------
    values : ndarray of shape (n_points,)
        A curve without gaps; infinite values are allowed.
    threshold : ndarray of shape (n_points,) or float
        How far above the best value so far an excursion begins; it has ended where the curve is back within half of it.

    Returns
    -------
    tuple of Excursion
        In order.

    Examples
    --------
    >>> import numpy as np
    >>> spike, = find_excursions(np.array([1.0, 0.8, 1.9, 0.8, 0.7]), 0.5)
    >>> spike.start, spike.stop, round(spike.height, 2), spike.returned
    (2, 3, 1.1, True)
    """
    values = np.asarray(values, dtype=float)
    best = np.minimum.accumulate(values)
    above = values - best
    limit = np.broadcast_to(np.asarray(threshold, dtype=float), values.shape)
    found = []
    position = 1
    while position < len(values):
        if above[position] <= limit[position]:
            position += 1
            continue
        back = np.flatnonzero(above[position:] <= limit[position:] / 2)
        stop = position + int(back[0]) if back.size else len(values)
        peak = position + int(np.argmax(above[position:stop]))
        found.append(Excursion(position, stop, peak, float(above[peak]), bool(back.size)))
        position = stop
    return tuple(found)
