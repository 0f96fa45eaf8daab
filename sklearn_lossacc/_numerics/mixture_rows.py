"""Rows as fits of the temperature-bias-floor model want them, and the model without its floor at any parameters.

Arrays of few classes are kept with these first, because reductions along a short last axis are slow.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from sklearn_lossacc._numerics.blocks import row_blocks

BLOCK_ENTRIES = 2**15  # that stay in the cache with what is computed from them
WIDE = 256  # so many classes are reduced fast as they lie
LOWEST = -300.0  # offset, below the largest one, from which squares of the sums of exponentials may underflow


@dataclass(frozen=True)
class Law:
    """The model at some temperature and offsets, without its floor.

    Attributes
    ----------
    log_q : ndarray of shape (n_rows,)
        Log probability of each label.
    mass, total : ndarray of shape (n_classes, n_rows) and (n_rows,)
        Exponentials of the scores, and their sum in each row; `mass` is empty where no offsets are asked for.
    mean, square : ndarray of shape (n_rows,)
        Of the scores, under the model; empty where they are not asked for.
    """

    log_q: np.ndarray
    mass: np.ndarray
    total: np.ndarray
    mean: np.ndarray
    square: np.ndarray


class MixtureRows:
    """Log probabilities, labels and weights in the order that fits want: what many fits to the same rows share.

    Parameters
    ----------
    log_proba : ndarray of shape (n_rows, n_classes)
        Finite natural logarithms of the probabilities.
    y : ndarray of shape (n_rows,)
        Column index of each label.
    weight : ndarray of shape (n_rows,), optional
        Row weights; weight 2 is the row twice.
    """

    def __init__(self, log_proba: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None):
        self.n_rows, self.n_classes = log_proba.shape
        order = np.argsort(y, kind="stable")
        self.y = y[order]
        ends = np.searchsorted(self.y, np.arange(self.n_classes + 1))
        self.of_class = [slice(*pair) for pair in pairwise(ends)]
        self._present = np.flatnonzero(np.diff(ends))
        self._starts = ends[self._present]
        self.weight = np.ones(self.n_rows) if weight is None else weight[order]
        self.total_weight = float(self.weight.sum())
        # With the largest score of each row at 0, no exponential overflows. A transpose alone keeps the rows first in
        # memory, where short rows are reduced slowly.
        scores = log_proba[order].T
        scores = scores if self.n_classes >= WIDE else np.ascontiguousarray(scores)
        self.scores = np.subtract(scores, scores.max(axis=0), out=scores)
        self.true_score = self.scores[self.y, np.arange(self.n_rows)]

    @cached_property
    def line(self) -> Law:
        """The rows as they are, for fits of a temperature."""
        return self.law(1.0, None, moments=True)

    @cached_property
    def offsets(self) -> Law:
        """The rows as they are, for fits of class offsets."""
        return self.law(1.0, np.zeros(self.n_classes), moments=True)

    def by_class(self, values: np.ndarray) -> np.ndarray:
        """Return the sum over the rows of each label."""
        sums = np.zeros(self.n_classes)
        sums[self._present] = np.add.reduceat(values, self._starts)
        return sums

    def law(self, beta: float, bias: np.ndarray | None, moments: bool) -> Law:
        """Return the model at some temperature, and offsets if any are fitted."""
        total = np.empty(self.n_rows)
        mean, square = np.empty((2, self.n_rows if moments else 0))
        mass = np.empty_like(self.scores) if bias is not None else np.empty((self.n_classes, 0))
        log_q = beta * self.true_score
        if bias is not None:
            bias = bias - bias.max()
            log_q += bias[self.y]
        room = np.empty(0)
        for block in row_blocks(self.n_rows, self.n_classes, BLOCK_ENTRIES):
            scores = self.scores[:, block]
            if mass.size:
                here = mass[:, block]
            elif room.shape == scores.shape:
                here = room
            else:
                here = room = np.empty_like(scores)
            np.multiply(scores, beta, out=here)
            if bias is not None:
                here += bias[:, None]
                if bias.min() < LOWEST:
                    largest = here.max(axis=0)
                    here -= largest
                    log_q[block] -= largest
            np.exp(here, out=here)
            np.einsum("ij->j", here, out=total[block])
            if moments:
                np.einsum("ij,ij->j", here, scores, out=mean[block])
                np.einsum("ij,ij,ij->j", here, scores, scores, out=square[block])
        log_q -= np.log(total)
        if moments:
            mean /= total
            square /= total
        return Law(log_q, mass, total, mean, square)
