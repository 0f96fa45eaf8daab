"""Rows pooled by narrow cells of their scores, and sorted only where a monotone map may begin or end a block."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sklearn_lossacc._numerics.blocks import row_blocks
from sklearn_lossacc._numerics.minorant import minorant
from sklearn_lossacc._numerics.points import SAME_PLACE, SMALLEST_SCALE, TIE, Points, pool_ties

__all__ = ["FEWEST", "pool_cells"]

FEWEST = 2**15  # rows; fewer are sorted as quickly
ROWS = 0.25  # a cell, times the cube root of all, as how far the rows stray from the fit: more, and few are ruled out
SAMPLE = 2**10  # rows that say where the cells are
OUTER = 64  # on either side one such part of the sample lies outside of them
WIDTH = 8.0  # times the rounding that makes scores equal: equal rows never have a whole cell between them
MOST = 0.375  # of the rows; it saves little to sort more of them
ROUNDING = 1e-9  # of all weight
BLOCK_ROWS = 2**17  # counting adds all cells once a block


class Cells(NamedTuple):
    """Even cells of the scores; the first and the last also hold what lies outside.

    Attributes
    ----------
    low, width : float
        Where the first begins, and how wide each is.
    number : int
        How many there are.
    """

    low: float
    width: float
    number: int

    @classmethod
    def of(cls, x: np.ndarray, inner: tuple[float, float]) -> Cells:
        """Lay cells where most rows are.

        Parameters
        ----------
        x : ndarray of shape (n_rows,)
            Scores.
        inner : tuple of two floats
            Between which of them.

        Returns
        -------
        Cells
            As many as are of use.
        """
        sample = x[:: max(1, len(x) // SAMPLE)]
        sample = np.sort(np.append(sample[(sample >= inner[0]) & (sample <= inner[1])], inner))
        outer, number = len(sample) // OUTER, int(len(x) ** (2 / 3) / ROWS)
        low, high = float(sample[outer]), float(sample[-1 - outer])
        return cls(low, (high - low) / number, number)

    def tell_apart(self) -> bool:
        """Whether rows on the two sides of a cell differ by more than rounding."""
        farthest = max(abs(self.low), abs(self.low + self.width * self.number), SMALLEST_SCALE)
        return self.width > WIDTH * TIE * farthest

    def find(self, x: np.ndarray) -> np.ndarray:
        """Find the cell of each score.

        Parameters
        ----------
        x : ndarray
            Scores.

        Returns
        -------
        ndarray of int
            Never a lower one for a higher score.
        """
        place = x - self.low
        place /= self.width
        return np.clip(place, 0.0, self.number - 1.0, out=place).astype(np.intp)


def _innermost(x: np.ndarray, nowhere: tuple[float, float] | None) -> tuple[float, float]:
    """Return the first score, and the last, that do not stand for "far out"."""
    lowest, highest = x.min(), x.max()
    if nowhere is None:
        return lowest, highest
    low, high = nowhere[0] + SAME_PLACE, nowhere[1] - SAME_PLACE
    first = lowest if lowest >= low else x[x >= low].min(initial=highest)
    last = highest if highest <= high else x[x <= high].max(initial=lowest)
    return first, last


def _may_hold_ends(sums: np.ndarray, total: np.ndarray, prior: float | None) -> np.ndarray:
    """Return in which cells a block may begin or end: between blocks, and where the curve may be as low as they are."""
    begin, block_sums, block_total = minorant(Points(total, sums, total), prior)
    slope = np.repeat(block_sums / block_total, np.diff(begin, append=len(total)))
    rise = sums - slope * total  # above the minorant
    if prior is not None:
        for end in (0, -1):
            rise[end] += prior - slope[end]
    above = np.cumsum(rise)
    above -= rise
    may = (sums > 0) & (sums < total) & (above <= slope * (total - sums) + ROUNDING * total.sum())
    may[begin] = may[begin[1:] - 1] = True
    return may


def _pool_alone(
    x: np.ndarray, hit: np.ndarray, weight: np.ndarray | None, cells: Cells, apart: np.ndarray, *, overwrite: bool
) -> Points:
    """Pool rows of equal score in the cells that are taken apart."""
    parts = []
    n_chosen = 0
    own = x if overwrite else np.empty_like(x)
    for rows in row_blocks(len(x), 1, BLOCK_ROWS):
        chosen = np.flatnonzero(apart[cells.find(x[rows])])
        own[n_chosen : n_chosen + len(chosen)] = x[rows][chosen]  # not beyond what has been read
        n_chosen += len(chosen)
        parts.append((hit[rows][chosen], None if weight is None else weight[rows][chosen]))
    hits, weights = zip(*parts, strict=True)
    return pool_ties(
        own[:n_chosen], np.concatenate(hits), None if weight is None else np.concatenate(weights), overwrite=True
    )


def _cells_of_points(x: np.ndarray, cells: Cells, apart: np.ndarray) -> np.ndarray:
    """Return from which cells the points were, though `pool_ties` may have moved them by a last bit, towards 0."""
    place = cells.find(x)
    strayed = np.flatnonzero(~apart[place])
    place[strayed] += np.where(x[strayed] > 0, 1, -1)
    return place


def pool_cells(
    x: np.ndarray,
    hit: np.ndarray,
    weight: np.ndarray | None = None,
    *,
    prior: float | None = None,
    nowhere: tuple[float, float] | None = None,
    overwrite: bool = False,
) -> Points | None:
    """Pool rows of equal score, and those of neighbouring scores among which no block of the isotonic fit can end.

    Parameters
    ----------
    x : ndarray of shape (n_rows,)
        Scores.
    hit : ndarray of shape (n_rows,), bool
        Labels.
    weight : ndarray of shape (n_rows,), optional
        Non-negative weights; without it each row counts once.
    prior : float between 0 and 1, optional
        One further observation of it stands at the first score and one at the last.
    nowhere : tuple of two floats, optional
        Scores that stand for "far out" on the left and on the right.
    overwrite : bool, default=False
        Whether `x` is no longer needed, unless the result is None. It saves memory.

    Returns
    -------
    Points or None
        Blocks of the fit, their outermost scores and their mean scores are those of the rows. None where sorting all
        rows is as quick.

    Notes
    -----
    Sums of weight and of hits up to the end of each cell lie on the curve of which the fit is the greatest convex
    minorant. Within a cell the curve is lowest where all hits come last. Where that is above the minorant of the ends
    of cells it is above that of all rows, which can only be lower, and the order of the rows in the cell means nothing,
    as it does where all have one label. Between two blocks equal scores may lie in different cells, so the cells beside
    are sorted as well. The first and the last rows, to which a prior observation may belong, are told apart, and rows
    far out with the next one inward.

    Examples
    --------
    Hits begin at one place, and only rows near to it, or outside of the cells, need to be sorted:

    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.cells import pool_cells
    >>> x = np.arange(100_000.0)
    >>> points = pool_cells(x, x >= 60_000)
    >>> len(points.x) < 15_000, int(points.total.sum()), int(points.sums.sum())
    (True, 100000, 40000)
    """
    if weight is not None and not (kept := weight > 0).all():
        x, hit, weight, overwrite = x[kept], hit[kept], weight[kept], True
    if len(x) < FEWEST:
        return None
    inner = _innermost(x, nowhere)
    cells = Cells.of(x, inner)
    if not cells.tell_apart():
        return None
    n_rows, total, sums, moments = np.zeros((4, cells.number))
    for rows in row_blocks(len(x), 1, BLOCK_ROWS):
        place, here = cells.find(x[rows]), x[rows]
        hits = np.flatnonzero(hit[rows])
        mass = None if weight is None else weight[rows]
        n_rows += np.bincount(place, minlength=cells.number)
        if mass is not None:
            total += np.bincount(place, mass, cells.number)
        sums += np.bincount(place[hits], None if mass is None else mass[hits], cells.number)
        moments += np.bincount(place, here if mass is None else here * mass, cells.number)
    total = n_rows if weight is None else total
    apart = np.ones(cells.number, dtype=bool)
    some = np.flatnonzero(total)
    apart[some] = _may_hold_ends(sums[some], total[some], prior)
    first, last = cells.find(np.array(inner))
    apart[: first + 1] = apart[last:] = True
    if n_rows @ apart > MOST * len(x):
        return None
    own = _pool_alone(x, hit, weight, cells, apart, overwrite=overwrite)
    together = np.flatnonzero(~apart)
    place = np.searchsorted(_cells_of_points(own.x, cells, apart), together) + np.arange(len(together))
    others = np.ones(len(own.x) + len(together), dtype=bool)
    others[place] = False

    def merged(of_cells: np.ndarray, of_rows: np.ndarray) -> np.ndarray:
        result = np.empty(len(others))
        result[place], result[others] = of_cells, of_rows
        return result

    return Points(
        merged(moments[together] / total[together], own.x),
        merged(sums[together], own.sums),
        merged(total[together], own.weights()),
    )
