"""Where one log holds several runs, or one run that was resumed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np


@dataclass(frozen=True)
class Segment:
    """A stretch of rows whose counter does not fall.

    Attributes
    ----------
    start, stop : int
        First row, and the first row after it.
    """

    start: int
    stop: int


def segments(counter: np.ndarray, breaks: list[int]) -> list[Segment]:
    """Cut rows wherever their counter falls, or the file starts anew.

    Parameters
    ----------
    counter : ndarray of shape (n_rows,)
        Epochs or steps; NaN where unknown.
    breaks : list of int
        Rows before which the file starts anew.

    Returns
    -------
    list of Segment

    Examples
    --------
    >>> import numpy as np
    >>> [(part.start, part.stop) for part in segments(np.array([0.0, 1.0, 2.0, 0.0, 1.0]), [])]
    [(0, 3), (3, 5)]
    """
    cuts = set(breaks) - {0, len(counter)}
    last = -np.inf
    for row, value in enumerate(counter.tolist()):
        if row in cuts:
            last = -np.inf
        if value < last:
            cuts.add(row)
        if not np.isnan(value):
            last = value
    edges = [0, *sorted(cuts), len(counter)]
    return [Segment(start, stop) for start, stop in pairwise(edges) if stop > start]


def is_resumed(before: np.ndarray, after: np.ndarray) -> bool:
    """Whether training went on: the first loss after a cut is nearer to the last before it than to the first.

    Parameters
    ----------
    before, after : ndarray
        Losses before and after the cut, without gaps.

    Returns
    -------
    bool
        False where nothing can be compared.

    Examples
    --------
    >>> import numpy as np
    >>> is_resumed(np.array([0.9, 0.5, 0.4]), np.array([0.38])), is_resumed(np.array([0.9, 0.5, 0.4]), np.array([0.85]))
    (True, False)
    """
    if len(before) < 2 or not len(after):
        return False
    return bool(abs(after[0] - before[-1]) < abs(after[0] - before[0]))
