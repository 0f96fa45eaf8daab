"""Where values lie among sorted places, looked up in a grid of even cells, for many columns at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["GridSearch", "LinesByGrid"]

CELLS = 16  # for each place: few cells hold one, and of the values in these few need a search


class GridSearch:
    """Find the last place that is not above a value.

    Parameters
    ----------
    places : sequence of ndarrays of shape (n_places,)
        Sorted, at least one for each column.
    shape : tuple of ints
        (-1,) for an array of one column, (1, -1) for a matrix with the columns along its last axis, (-1, 1) for its
        transpose.

    Attributes
    ----------
    places : ndarray of shape (n_all_places,)
        One column after the other.
    first : ndarray of int of shape (n_columns,)
        Which of them is the first of each column.

    Notes
    -----
    Equal cells from the first place to the last say at once which places are below a cell. Only where the next place
    is not above the value there are others in the same cell, and bisection goes on among them.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.grid import GridSearch
    >>> search = GridSearch([np.array([0.0, 1.0, 5.0]), np.array([2.0])], (1, -1))
    >>> search.find(np.array([[0.5, 2.0], [1.0, 2.0], [5.0, 2.0]]))
    array([[0, 3],
           [1, 3],
           [2, 3]])
    """

    def __init__(self, places: Sequence[np.ndarray], shape: tuple[int, ...]):
        size = np.array([len(one) for one in places])
        self.places = np.concatenate(places)
        self.first = np.cumsum(size) - size
        low, high = self.places[self.first], self.places[self.first + size - 1]
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            scale = CELLS * size / (high - low)
        scale[~np.isfinite(scale)] = 0.0
        n_cells = CELLS * size + 2  # one more for rounding
        begin = np.cumsum(n_cells) - n_cells
        self._low, self._scale, self._begin = (one.reshape(shape) for one in (low, scale, begin))
        self._high = high.reshape(shape)
        cell = begin.repeat(size) + ((self.places - low.repeat(size)) * scale.repeat(size)).astype(np.intp)
        held = np.bincount(cell, minlength=n_cells.sum())
        last = np.cumsum(held) - 1  # up to the end of a cell
        self._last = last
        self._below = np.maximum(last - held, self.first.repeat(n_cells))
        self._next = np.append(self.places[1:], np.inf)
        self._next[self.first + size - 1] = np.inf

    def clip(self, x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """Move values that are beyond the outermost places to them.

        Parameters
        ----------
        x : ndarray
            Values, in the shape that was said.
        out : ndarray, optional
            Where to put them.

        Returns
        -------
        ndarray
            Values.
        """
        return np.clip(x, self._low, self._high, out=out)

    def find(self, x: np.ndarray) -> np.ndarray:
        """Find the last place that is not above each value.

        Parameters
        ----------
        x : ndarray
            Values from the first place to the last, in the shape that was said.

        Returns
        -------
        ndarray of int
            Which of `places`.
        """
        inside = x - self._low
        inside *= self._scale
        cell = inside.astype(np.intp)
        cell += self._begin
        found = self._below.take(cell)
        among = np.flatnonzero(x >= self._next.take(found))
        if len(among):
            value, low, high = x.ravel()[among], found.ravel()[among], self._last[cell.ravel()[among]]
            while (low < high).any():
                middle = (low + high + 1) // 2
                above = self.places[middle] > value
                low, high = np.where(above, low, middle), np.where(above, middle - 1, high)
            found.ravel()[among] = low
        return found


class LinesByGrid:
    """Lines from point to point, constant beyond the outermost, one for each column.

    Parameters
    ----------
    knots, values : sequence of ndarrays of shape (n_knots,)
        The points of each column; knots rise.
    shape : tuple of ints
        As for `GridSearch`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.grid import LinesByGrid
    >>> lines = LinesByGrid([np.array([0.0, 2.0])], [np.array([1.0, 5.0])], (1, -1))
    >>> x = np.array([[-1.0], [0.5], [3.0]])
    >>> lines.apply(x, x).ravel()
    array([1., 2., 5.])
    """

    def __init__(self, knots: Sequence[np.ndarray], values: Sequence[np.ndarray], shape: tuple[int, ...]):
        self._search, self._value = GridSearch(knots, shape), np.concatenate(values)
        self._slope = np.zeros(len(self._value))
        rise, run = np.diff(self._value), np.diff(self._search.places)
        inner = run > 0
        inner[self._search.first[1:] - 1] = False
        np.divide(rise, run, out=self._slope[:-1], where=inner)

    def apply(self, x: np.ndarray, out: np.ndarray) -> np.ndarray:
        """Compute the lines, as ``np.interp`` does.

        Parameters
        ----------
        x : ndarray
            Values, in the shape that was said.
        out : ndarray
            Where to put the results; may be `x`.

        Returns
        -------
        ndarray
            The same.
        """
        x = self._search.clip(x, out)
        place = self._search.find(x)
        x -= self._search.places.take(place)
        x *= self._slope.take(place)
        x += self._value.take(place)
        return x
