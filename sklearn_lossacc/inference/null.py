"""The universal null hypothesis: labels are drawn from the model's own probabilities.

`NullModel` holds the rows once, in the order in which Monte Carlo draws are made (sharpest label first), and hands
out label draws in chunks. Independent rows use one uniform each; rows of a group share one uniform and order their
labels by loss (comonotone), which is exact for copies and conservative for other positive dependence. They can be told
to share less.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import cached_property

import numpy as np

from sklearn_lossacc._numerics import row_blocks

ROWWISE_ENTRIES, INVERSE_ENTRIES = 2**20, 2**18  # of a chunk: many draws of each row, or what stays in the cache
SORTED_CLASSES = 32  # with more, and no more rows than this, rows are searched one by one
ROWWISE_ROWS = 2**14
COMPARED_CLASSES = 12  # are compared one after the other sooner than they are searched by halves


class NullModel:
    """Rows under the universal null.

    Parameters
    ----------
    log_proba : ndarray of shape (n_rows, n_classes)
        Natural logarithms of the probabilities; ``-inf`` marks a label that cannot be drawn.
    y : ndarray of shape (n_rows,)
        Column index of each label.
    weight : ndarray of shape (n_rows,)
        Row weights.
    group : ndarray of shape (n_rows,) or None
        Group codes 0..G-1.
    proba : ndarray of shape (n_rows, n_classes), optional
        The probabilities, where they are known already.

    Attributes
    ----------
    proba : ndarray of shape (n_rows, n_classes)
        The probabilities.
    loss : ndarray of shape (n_rows, n_classes)
        The loss of each label, finite everywhere (0 where the label cannot be drawn and was not seen).
    entropy, varentropy : ndarray of shape (n_rows,)
        Mean and variance of a row's loss under the null.
    shared : float
        Probability with which a row of a group takes the group's uniform instead of one of its own; 1 unless told.
    most_shared : dict of float
        What is too much for that by the values of the labels, for each value for which it has been asked.

    Examples
    --------
    A fair coin promises a loss of ln 2, whatever it shows; one of 3 to 1 promises more than its better label costs:

    >>> null = NullModel(np.log([[0.5, 0.5], [0.25, 0.75]]), np.array([0, 1]), np.ones(2))
    >>> null.entropy.round(4).tolist(), null.excess.round(4).tolist()
    ([0.6931, 0.5623], [0.0, -0.2747])
    """

    def __init__(self, log_proba, y, weight, group=None, proba=None):
        self.log_proba = log_proba
        self.y = y
        self.weight = weight
        self.group = group
        self.shared, self.most_shared = 1.0, dict[str, float]()
        self.n_rows, self.n_classes = log_proba.shape
        self.n_groups = None if group is None else int(group.max()) + 1
        self.proba = np.exp(log_proba) if proba is None else proba
        self.loss = np.negative(log_proba)
        self.true_loss = -log_proba[np.arange(self.n_rows), y]
        self.entropy, self.varentropy = np.empty((2, self.n_rows))
        for rows in row_blocks(self.n_rows, self.n_classes):
            proba, loss = self.proba[rows], self.loss[rows]
            loss[np.isinf(loss)] = 0.0
            mean = np.vecdot(proba, loss, out=self.entropy[rows])
            centred = loss - mean[:, None]
            np.vecdot(proba * centred, centred, out=self.varentropy[rows])

    @cached_property
    def _sampler(self) -> _InverseSampler | _RowwiseSampler:
        rowwise = self.group is None and self.n_classes > SORTED_CLASSES and self.n_rows <= ROWWISE_ROWS
        return _RowwiseSampler(self.proba) if rowwise else _InverseSampler(self.proba)

    @property
    def excess(self) -> np.ndarray:
        """Loss minus its expectation, by row."""
        return self.true_loss - self.entropy

    def effective_n(self) -> float:
        """Return Kish's effective number of rows, (sum w)^2 / sum w^2."""
        return float(self.weight.sum() ** 2 / (self.weight @ self.weight))

    def take(self, rows: np.ndarray) -> NullModel:
        """Return the null of some rows.

        Parameters
        ----------
        rows : ndarray of int or bool
            Positions of the rows, or a mask.

        Returns
        -------
        NullModel
            With group codes numbered anew.
        """
        group = None if self.group is None else np.unique(self.group[rows], return_inverse=True)[1]
        return NullModel(self.log_proba[rows], self.y[rows], self.weight[rows], group, self.proba[rows])

    def with_floor(self, floor: float) -> NullModel:
        """Mix in a share of the uniform distribution.

        Parameters
        ----------
        floor : float
            The share.

        Returns
        -------
        NullModel
            The same rows.
        """
        proba = (1.0 - floor) * self.proba + floor / self.n_classes
        return NullModel(np.log(np.maximum(proba, 1e-300)), self.y, self.weight, self.group)

    def first_groups(self, max_rows: int) -> NullModel:
        """Return the first groups as long as they fit.

        Parameters
        ----------
        max_rows : int
            Largest number of rows.

        Returns
        -------
        NullModel
            Whole groups of together at most `max_rows` rows, but at least one; everything without groups.
        """
        if self.group is None or self.n_rows <= max_rows:
            return self
        reached = np.cumsum(np.bincount(self.group))
        n_kept = max(1, int(np.searchsorted(reached, max_rows, side="right")))
        return self.take(np.flatnonzero(self.group < n_kept))

    def sharing(self, shared: float) -> NullModel:
        """Let the rows of a group share less than copies do.

        Parameters
        ----------
        shared : float
            Probability with which a row takes the uniform of its group, instead of one of its own.

        Returns
        -------
        NullModel
            Of the same rows.
        """
        other = copy.copy(self)
        other._sampler = self._sampler  # made once, for both
        other.shared = shared
        return other

    def draws(self, n_draws: int, rng: np.random.Generator) -> Iterator[Draws]:
        """Draw sets of labels in chunks that fit the memory of a small machine.

        Parameters
        ----------
        n_draws : int
            Number of label sets.
        rng : Generator
            Source of the uniforms: one a row and set, or one a group and set, or both.

        Yields
        ------
        Draws
            Label sets, together `n_draws`.
        """
        sampler = self._sampler
        chunk = max(1, min(n_draws, sampler.entries // self.n_rows))
        for start in range(0, n_draws, chunk):
            size = min(chunk, n_draws - start)
            uniform = rng.random((size, self.n_rows if self.n_groups is None else self.n_groups))
            if self.group is not None:
                uniform = uniform[:, self.group]
                if self.shared < 1.0:
                    own, which = rng.random((2, size, self.n_rows))
                    np.copyto(uniform, own, where=which >= self.shared)
            yield Draws(self, sampler.top, size, *sampler(uniform))


class Draws:
    """Sets of labels drawn under the null, held as their departures from each row's likeliest label.

    Attributes
    ----------
    size : int
        Number of label sets.
    draw, row, label : ndarray
        In set ``draw[m]``, row ``row[m]`` carries ``label[m]``; all other rows carry their likeliest label.
    """

    def __init__(self, null: NullModel, top, size, draw, row, label):
        self.null, self.top, self.size = null, top, size
        self.draw, self.row, self.label = draw, row, label

    def total(self, values: np.ndarray) -> np.ndarray:
        """Return the weighted total of a quantity of the labels for each set.

        Parameters
        ----------
        values : ndarray of shape (n_rows, n_classes)
            The quantity, for every possible label.

        Returns
        -------
        ndarray of shape (size,)
            sum_i w_i values[i, label_i].
        """
        weight = self.null.weight
        at_top = weight * values[np.arange(self.null.n_rows), self.top]
        change = weight[self.row] * values[self.row, self.label] - at_top[self.row]
        return at_top.sum() + np.bincount(self.draw, change, self.size)

    def class_totals(self) -> np.ndarray:
        """Return the weight of each class in each set, shape (size, n_classes)."""
        k, weight = self.null.n_classes, self.null.weight
        base = np.bincount(self.top, weight, k)
        gained = np.bincount(self.draw * k + self.label, weight[self.row], self.size * k)
        lost = np.bincount(self.draw * k + self.top[self.row], weight[self.row], self.size * k)
        return base + (gained - lost).reshape(self.size, k)

    def labels(self) -> np.ndarray:
        """Return the labels as a dense array of shape (size, n_rows)."""
        labels = np.tile(self.top, (self.size, 1))
        labels[self.draw, self.row] = self.label
        return labels


class _InverseSampler:
    """Inverse distribution functions of all rows, labels in order of decreasing probability.

    Most draws fall on the likeliest label; only the others are searched for, all of them at once: few labels one after
    the other, many by halves.
    """

    entries = INVERSE_ENTRIES

    def __init__(self, proba: np.ndarray):
        self.n_rows, self.n_classes = proba.shape
        self.order = np.argsort(-proba, axis=1, kind="stable")
        cumulative = np.cumsum(np.take_along_axis(proba, self.order, axis=1), axis=1)
        # A power of two of columns, so that halving steps end in one. The last label that can be drawn closes the
        # distribution, whatever rounding left over.
        self.width = 1 << (self.n_classes - 1).bit_length()
        self.cumulative = np.ones((self.n_rows, self.width))
        np.divide(cumulative, cumulative[:, -1:], out=self.cumulative[:, : self.n_classes])
        self.top = self.order[:, 0].astype(np.intp)
        self.compared = self.n_classes <= COMPARED_CLASSES
        n_levels = max(1, self.n_classes - 1) if self.compared else 1
        self.levels = np.ascontiguousarray(self.cumulative[:, :n_levels].T)

    def __call__(self, uniform: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return (draw, row, label) of the draws that leave the likeliest label."""
        size = len(uniform)
        place = np.flatnonzero(uniform >= self.levels[0])
        ends = np.searchsorted(place, np.arange(size + 1) * self.n_rows)
        draw = np.repeat(np.arange(size), np.diff(ends))
        row, left = place - draw * self.n_rows, uniform.ravel()[place]
        if self.compared:
            rank = np.ones(place.size, dtype=np.uint8)
            for level in self.levels[1:]:
                rank += left >= level[row]
        else:
            rank = self._search(left, row)
        return draw, row, self.order.ravel()[row * self.n_classes + rank]

    def _search(self, uniform: np.ndarray, row: np.ndarray) -> np.ndarray:
        """Count the labels that lie below, by halving steps that all draws take together."""
        flat = self.cumulative.ravel()
        start = row * self.width
        position = start - 1
        step = self.width >> 1
        while step:
            position += step * (uniform >= flat[position + step])
            step >>= 1
        return position + 1 - start


class _RowwiseSampler:
    """Inverse distribution functions of all rows, labels in the order of the classes; many draws of each row.

    With many classes, sorting the labels costs more than it saves; a row's own function stays in the cache.
    """

    entries = ROWWISE_ENTRIES

    def __init__(self, proba: np.ndarray):
        self.cumulative = np.cumsum(proba, axis=1)
        self.top = proba.argmax(axis=1)

    def __call__(self, uniform: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return (draw, row, label) of the draws that leave the likeliest label."""
        label = np.empty(uniform.shape[::-1], dtype=np.intp)
        for drawn, cumulative, levels in zip(label, self.cumulative, uniform.T, strict=True):
            # Strictly below the total, whatever rounding does: a label of probability 0 at the end is never reached.
            below = np.minimum(levels * cumulative[-1], np.nextafter(cumulative[-1], 0.0))
            drawn[:] = np.searchsorted(cumulative, below, side="right")
        row, draw = np.nonzero(label != self.top[:, None])
        return draw, row, label[row, draw]
