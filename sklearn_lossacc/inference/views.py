"""Views of calibration: linear statistics of the labels that a miscalibrated shape would move."""

from __future__ import annotations

import numpy as np
from scipy.linalg import block_diag

from sklearn_lossacc._numerics.blocks import row_blocks
from sklearn_lossacc.inference.null import Draws, NullModel
from sklearn_lossacc.inference.random_bend import SMALLEST, STRENGTH, RandomBend, waves

LOGIT_LIMIT = 15.0
DEPENDENT = 1e-8  # share of its variance that a score must have of its own
DEGREE = 3
TIE = 1e-9  # relative; probabilities closer than that are equal
MOST_PAIRED = 12  # classes of which pairs are looked at
SIMPLE = 3.0  # weight of an offset and of a slope alone, in weights of a polynomial or one length of waves


def whitened(covariance: np.ndarray) -> np.ndarray:
    """Return the triangular matrix that makes scores independent with variance 1, and 0 where earlier ones say it all.

    Examples
    --------
    >>> turn = whitened(np.array([[4.0, 2.0], [2.0, 2.0]]))
    >>> (turn.T @ [[4.0, 2.0], [2.0, 2.0]] @ turn).round(12).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    turn = np.eye(len(covariance))
    for j, column in enumerate(covariance.T):
        turn[:, j] -= turn[:, :j] @ (turn[:, :j].T @ column)
        own = turn[:, j] @ covariance @ turn[:, j]
        turn[:, j] *= 1.0 / np.sqrt(own) if own > DEPENDENT * column[j] else 0.0
    return turn


def middle_of_level(proba: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Return how much variance lies below each row, with half that of its level: equal probabilities are one level.

    Else rows of equal probabilities would be told apart by their order, which may be that of their labels.
    """
    order = np.argsort(proba)
    ranked = proba[order]
    level = np.r_[0, np.cumsum(np.diff(ranked) > TIE * ranked[1:])]
    of_level = np.bincount(level, variance[order])
    middle = np.empty(len(proba))
    middle[order] = (np.cumsum(of_level) - 0.5 * of_level)[level]
    return middle


class LevelView:
    """One event a row: residuals in bins of equal variance, and scores of a polynomial on the logit scale.

    Parameters
    ----------
    name : str
        What the event is.
    column : int or None
        The class, where it is the same in all rows.
    label : ndarray of shape (n_rows,)
        The class whose occurrence is the event, row by row.
    null : NullModel
        The rows.
    n_bins : int
        Finest number of bins, a power of 2.
    min_variance : float
        Information that a bin must hold, in units of the largest squared weight.
    share : float
        Prior share of the view among all.
    smooth : bool
        Whether there are polynomials beside the waves. Where other views have them they cost more than they find.
    by_row : bool
        Whether the scores of polynomials are sums over rows, or formed from the bins, which few rows dominate less.
    """

    def __init__(
        self,
        name: str,
        column: int | None,
        label: np.ndarray,
        null: NullModel,
        n_bins: int,
        min_variance: float,
        share: float,
        smooth: bool,
        by_row: bool,
    ):
        self.name, self.column, self.label, self.null = name, column, label, null
        self.log_share, self.by_row = np.log(share), smooth and by_row
        weight = null.weight
        self.proba = null.proba[np.arange(null.n_rows), label]
        variance = weight**2 * self.proba * (1 - self.proba)
        total = variance.sum()
        while n_bins > 1 and total < min_variance * n_bins * weight.max() ** 2:
            n_bins //= 2
        middle = middle_of_level(self.proba, variance)
        self.bins = np.minimum((n_bins * middle / total).astype(np.intp), n_bins - 1)
        self.n_bins = n_bins
        self.expected: np.ndarray = np.bincount(self.bins, weight * self.proba, n_bins)
        self.variance: np.ndarray = np.bincount(self.bins, variance, n_bins)
        third: np.ndarray = np.bincount(self.bins, weight * variance * (1 - 2 * self.proba), n_bins)
        self.error = np.sqrt(np.maximum(self.variance, 1e-300))
        self.skewness = np.divide(third, self.error**3, out=np.zeros(n_bins), where=self.variance > 0)
        directions, variances = waves(n_bins)
        weights = np.ones(len(variances))
        self.turn = directions
        if smooth:
            self.polynomial = self._polynomial(variance)
            self.turn = (
                block_diag(directions, np.eye(DEGREE + 1))
                if by_row
                else np.hstack([directions, self.error[:, None] * self.polynomial])
            )
            slope = np.arange(DEGREE + 1) == 1
            variances = block_diag(variances, STRENGTH * np.vstack([slope, np.tri(DEGREE + 1)]))
            weights = np.r_[weights, SIMPLE, SIMPLE, np.ones(DEGREE)]
        self.bend = RandomBend(variances, weights)

    def _polynomial(self, variance: np.ndarray) -> np.ndarray:
        """Return orthonormal polynomials of the logit, of each row or of the bins' means of it."""
        logit = np.log(np.maximum(self.proba, 1e-300)) - np.log(np.maximum(1 - self.proba, 1e-300))
        x = np.clip(logit, -LOGIT_LIMIT, LOGIT_LIMIT)
        if not self.by_row:
            x, variance = np.bincount(self.bins, variance * x, self.n_bins) / self.error**2, self.variance
        x = x - np.average(x, weights=variance)
        x = x / max(np.sqrt(np.average(x**2, weights=variance)), 1e-9)
        powers = np.vander(x, DEGREE + 1, increasing=True)
        return powers @ whitened((powers * variance[:, None]).T @ powers)

    def statistic(self, scores: np.ndarray) -> np.ndarray:
        """Return the log likelihood ratio of a bend, in nats, given scores of shape (..., n_scores)."""
        return self.bend.log_ratio(scores @ self.turn) + self.log_share

    def observed(self) -> np.ndarray:
        """Return the scores of the labels: standardised residuals by bin, and the scores that are sums over rows."""
        return self._scores((self.null.y == self.label) * self.null.weight)

    def _scores(self, hit: np.ndarray) -> np.ndarray:
        residual = (np.bincount(self.bins, hit, self.n_bins) - self.expected) / self.error
        if not self.by_row:
            return residual
        return np.concatenate([residual, (hit - self.null.weight * self.proba) @ self.polynomial])

    def drawn(self, draws: Draws) -> np.ndarray:
        """Return the scores of drawn labels, shape (size, n_scores)."""
        weight = self.null.weight
        own = self.label[draws.row]
        change = (draws.label == own).astype(float) - (draws.top[draws.row] == own)
        moved = np.flatnonzero(change)
        draw, row = draws.draw[moved], draws.row[moved]
        change = change[moved] * weight[row]
        by_bin = np.bincount(draw * self.n_bins + self.bins[row], change, draws.size * self.n_bins)
        moves: np.ndarray = by_bin.reshape(draws.size, self.n_bins) / self.error
        if self.by_row:
            of_rows = [np.bincount(draw, change * part[row], draws.size) for part in self.polynomial.T]
            moves = np.column_stack([moves, *of_rows])
        return self._scores((draws.top == self.label) * weight) + moves

    def normal(self, size: int, rng: np.random.Generator) -> np.ndarray:
        """Return scores drawn from the normal limit of the residuals by bin, skewed as they are."""
        z = rng.standard_normal((size, self.n_bins))
        return (self.variance > 0) * (z + self.skewness / 6.0 * (z**2 - 1.0))


class CommonView:
    """All classes together: scores of a bend of the probabilities that is the same for all of them.

    Parameters
    ----------
    null : NullModel
        The rows.
    share : float
        Prior share of the view among all.

    Notes
    -----
    The scores are sum_i w_i (f(p_iy) - sum_j p_ij f(p_ij)) for f the powers 1/4, 1/2 and 3/4: like log p the first of
    them tell small probabilities apart, but a single surprising label cannot dominate their sums.
    """

    name = "classes together"
    column = None

    def __init__(self, null: NullModel, share: float):
        self.null, self.log_share = null, np.log(share)
        moment = np.empty((2 * DEGREE, null.n_rows))
        for rows in row_blocks(null.n_rows, null.n_classes):  # so few entries at once that they stay in the cache
            p = null.proba[rows]
            half = np.sqrt(p)
            root = np.sqrt(half)
            with_root, with_half = p * root, p * half
            # sum_j p_ij^(1 + a / 4) for a = 1, 2, ... 6
            pairs = (p, root), (p, half), (with_root, half), (p, p), (p, with_root), (p, with_half)
            for found, (one, other) in zip(moment, pairs, strict=True):
                found[rows] = np.vecdot(one, other)
        self.mean = moment[:DEGREE].T
        squares = null.weight**2
        covariance = np.array([[squares @ moment[a + b + 1] for a in range(DEGREE)] for b in range(DEGREE)])
        self.turn = whitened(covariance - (self.mean * squares[:, None]).T @ self.mean)
        self.bend = RandomBend(STRENGTH * np.tri(DEGREE), np.ones(DEGREE))

    def statistic(self, scores: np.ndarray) -> np.ndarray:
        """Return the log likelihood ratio of a bend, in nats, given scores of shape (..., n_scores)."""
        return self.bend.log_ratio(scores) + self.log_share

    def observed(self) -> np.ndarray:
        """Return the scores of the labels."""
        true = self.null.proba[np.arange(self.null.n_rows), self.null.y]
        powers = np.stack([true ** ((a + 1) / 4) for a in range(DEGREE)], axis=1)
        return self.null.weight @ (powers - self.mean) @ self.turn

    def drawn(self, draws: Draws) -> np.ndarray:
        """Return the scores of drawn labels, shape (size, n_scores)."""
        totals = np.stack([draws.total(self.null.proba ** ((a + 1) / 4)) for a in range(DEGREE)], axis=1)
        return (totals - self.null.weight @ self.mean) @ self.turn

    def normal(self, size: int, rng: np.random.Generator) -> np.ndarray:
        """Return scores drawn from their normal limit."""
        return rng.standard_normal((size, DEGREE)) * self.turn.any(axis=0)


class PairsView:
    """Pairs of classes: whether one is given more often than promised where the other is more likely.

    Parameters
    ----------
    null : NullModel
        The rows.
    share : float
        Prior share of the view among all.

    Notes
    -----
    The scores are sum_i w_i (1[y_i = j] - p_ij) (x_il - mean of x_l) with x the square root of p, which no single
    surprising label can dominate, for all pairs (j, l) of the classes whose labels vary most, at most 12. Along the
    principal directions of their covariance they are independent; where the rows say more, more is expected. A network
    that is too sure which of two neighbours it sees, and right about all others, shows it here and in no single class.
    """

    name = "pairs of classes"
    column = None

    def __init__(self, null: NullModel, share: float):
        self.null, self.log_share = null, np.log(share)
        squares = null.weight**2
        spread = squares @ (null.proba * (1.0 - null.proba))
        self.classes = np.argsort(-spread, kind="stable")[:MOST_PAIRED]
        p = null.proba[:, self.classes]
        root = np.sqrt(p)
        self.features = root - np.average(root, axis=0, weights=null.weight)
        self.expected = ((null.weight[:, None] * p).T @ self.features).ravel()
        size = self.classes.size
        both = np.zeros((size**2, size**2))
        for rows in row_blocks(null.n_rows, size**2):
            promised = null.weight[rows, None] * p[rows]
            products = (promised[:, :, None] * self.features[rows, None, :]).reshape(-1, size**2)
            both -= products.T @ products
        for j in range(size):
            own = slice(j * size, (j + 1) * size)
            both[own, own] += (self.features * (squares * p[:, j])[:, None]).T @ self.features
        values, directions = np.linalg.eigh(both)
        kept = values > SMALLEST * max(values[-1], DEPENDENT * squares.sum())  # equal rows tell nothing
        self.turn = directions[:, kept] / np.sqrt(values[kept])
        # As many squares as there are vary by the root of their number: so much more makes a signal.
        strength = STRENGTH * np.sqrt(kept.sum()) / max(values[kept].sum(), 1e-300)
        self.bend = RandomBend(strength * values[None, kept], np.ones(1))

    def statistic(self, scores: np.ndarray) -> np.ndarray:
        """Return the log likelihood ratio of mixed-up pairs, in nats, given scores of shape (..., n_scores)."""
        return self.bend.log_ratio(scores) + self.log_share

    def _scores(self, given: np.ndarray) -> np.ndarray:
        return (given - self.expected) @ self.turn

    def observed(self) -> np.ndarray:
        """Return the scores of the labels."""
        hits = (self.null.y[:, None] == self.classes) * self.null.weight[:, None]
        return self._scores((hits.T @ self.features).ravel())

    def drawn(self, draws: Draws) -> np.ndarray:
        """Return the scores of drawn labels, shape (size, n_scores)."""
        size, null = self.classes.size, self.null
        place = np.full(null.n_classes, size)  # of the others, which are dropped in the end
        place[self.classes] = np.arange(size)
        start = draws.draw * (size + 1)
        into, out_of = start + place[draws.label], start + place[draws.top[draws.row]]
        moves = np.empty((draws.size, size + 1, size))
        for feature, values in enumerate((self.features * null.weight[:, None]).T):
            change = values[draws.row]
            n_cells = draws.size * (size + 1)
            moved = np.bincount(into, change, n_cells) - np.bincount(out_of, change, n_cells)
            moves[:, :, feature] = moved.reshape(draws.size, size + 1)
        at_top = (draws.top[:, None] == self.classes) * null.weight[:, None]
        return self._scores((at_top.T @ self.features).ravel() + moves[:, :size].reshape(draws.size, -1))

    def normal(self, size: int, rng: np.random.Generator) -> np.ndarray:
        """Return scores drawn from their normal limit."""
        return rng.standard_normal((size, self.turn.shape[1]))
