"""The temperature of an array of any size, in cache-sized blocks with float64 sums.

float32 exponentials and logarithms are about three times faster than float64 ones. Their rounding errors are
independent from row to row, so over the millions of entries for which they are taken they move the optimum by about
1e-8 of itself. Smaller arrays are computed in float64; those that fit the cache take the road of `solve_temperature`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from sklearn_lossacc._numerics.blocks import aligned_empty, row_blocks
from sklearn_lossacc._numerics.cumulants import column_cumulants, cumulants_of_moments, row_moments
from sklearn_lossacc._numerics.links import LOG_CLIP
from sklearn_lossacc._numerics.score_unit import in_unit
from sklearn_lossacc._numerics.temperature import (
    FARTHEST,
    Likelihood,
    Optimum,
    TemperatureSolution,
    find_temperature,
    maximise,
)

KEPT_ENTRIES = 2**16  # up to here, one block, the scores are kept between passes
EXACT_ENTRIES = 2**21  # up to here everything is float64
BLOCK_ENTRIES = 3 * 2**15  # of which the cache holds the scores in float64 and two arrays in float32
WARM_STEPS = (128, 16)  # a warm start looks at one row in 16, itself warmed by one row in 128
WARM_TOL = 0.1  # a sample errs by more than what such a step leaves
STEP_TOL = {"float64": 3e-3, "float32": 3e-2}  # leaves an error of about the fifth power of it
FEW_CLASSES = 6  # fewer count as so many: what is computed for a row outweighs their scores
MANY_ROWS = 2**11  # enough for numbers of rows to be handled in no time
NARROW = 64  # below it, rows are laid along the last axis of a block, since reductions along it are slow
SMALLEST = float(np.finfo(np.float32).tiny)
FLOAT64 = np.dtype(np.float64)
LARGEST_LOGIT = 128.0  # beyond it float32 keeps fewer than five decimals
LARGEST_SPREAD = 1e15  # beyond it squares do not fit into float32
LARGEST_EXPONENT = 60.0  # exp(-60) is far from float32's underflow


def _two_columns(block: np.ndarray, logits: bool) -> np.ndarray:
    """Spread the scores of the second class of a binary problem over two columns."""
    if block.ndim == 2:
        return block
    if logits:
        return np.stack([np.zeros_like(block), block], axis=1)
    proba = np.minimum(block, 1)  # exports of low precision may exceed 1 a little
    return np.stack([1 - proba, proba], axis=1)


def _in_precision(beta: float, dtype: np.dtype) -> np.floating:
    """Return beta in a precision, or the largest number that it has."""
    return dtype.type(min(beta, float(np.finfo(dtype).max)))


def _gain(beta: float, true_score: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Return the log probability of the label, -inf where that is beyond the largest number."""
    with np.errstate(over="ignore"):
        return _in_precision(beta, true_score.dtype) * true_score - np.log(total)


class ScoreRows:
    """Rows of an array of probabilities or logits, with the likelihood of one temperature over them.

    Parameters
    ----------
    scores : array of shape (n_rows, n_classes) or (n_rows,)
        Probabilities or logits.
    y : ndarray of int of shape (n_rows,)
        Column of each row's label.
    weight : ndarray of shape (n_rows,), float64, or None
        Non-negative weights.
    logits : bool
        Whether `scores` are logits.
    index : ndarray of int of shape (m,), optional
        The rows that count, by default all.

    Attributes
    ----------
    dtype : dtype
        Precision of the terms, by the number of entries: float64 up to 2**21, else float32 (but for huge logits).
    lowest : float
        Of the scores of labels in the rows seen.
    """

    def __init__(
        self,
        scores: np.ndarray,
        y: np.ndarray,
        weight: np.ndarray | None,
        logits: bool,
        index: np.ndarray | None = None,
    ):
        self.scores, self.y, self.weight, self.logits, self.index = scores, y, weight, logits, index
        self.n_rows = len(y) if index is None else len(index)
        self.n_classes = 2 if scores.ndim == 1 else scores.shape[1]
        self.axis = 0 if self.n_classes < NARROW else 1  # of the classes in a block
        self.dtype = np.dtype(np.float64 if scores.shape[0] * self.n_classes <= EXACT_ENTRIES else np.float32)
        self.lowest = 0.0

    def _blocks(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray | None]]:
        """Yield (scores, y, weight) of consecutive rows."""
        for block in row_blocks(self.n_rows, max(self.n_classes, FEW_CLASSES), BLOCK_ENTRIES):
            rows = block if self.index is None else self.index[block]
            yield self.scores[rows], self.y[rows], None if self.weight is None else self.weight[rows]

    def _laid(self, block: np.ndarray, dtype: np.dtype, out: np.ndarray | None = None) -> np.ndarray:
        """Copy a block with the classes on their axis; into `out` if its shape fits."""
        block = _two_columns(block, self.logits)
        turned = block.T if self.axis == 0 else block
        fits = out is not None and out.shape == turned.shape and out.dtype == dtype
        copy = out if out is not None and fits else aligned_empty(turned.shape, dtype)
        with np.errstate(over="ignore"):  # what does not fit into float32 is read again
            np.copyto(copy, turned, casting="same_kind")
        return copy

    def _log_scores(self, block: np.ndarray, out: np.ndarray | None) -> np.ndarray:
        """Return log probabilities, or logits shifted to a maximum of 0, in `out` if possible."""
        scores = self._laid(block, self.dtype, out)
        if self.logits:
            if self.dtype == np.float32 and max(scores.max(), -scores.min()) > LARGEST_LOGIT:
                scores = self._laid(block, FLOAT64)
            scores -= scores.max(axis=self.axis, keepdims=True)
            lowest = scores.min() if scores.dtype == FLOAT64 else 0.0
            if lowest < -FARTHEST:
                np.maximum(scores, -FARTHEST, out=scores)
            return scores if lowest < -LARGEST_SPREAD else scores.astype(self.dtype, copy=False)
        if scores.min() >= SMALLEST:
            return np.log(scores, out=scores)
        exact = log_scores(block, logits=False)
        return np.ascontiguousarray(exact.T if self.axis == 0 else exact, dtype=self.dtype)

    def _true_scores(self, scores: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Gather the score of each row's label."""
        rows = np.arange(len(y))
        return scores[y, rows] if self.axis == 0 else scores[rows, y]

    def separable(self) -> bool:
        """Whether every row of positive weight has its label at the maximum.

        Returns
        -------
        bool
            Compared in float64.
        """
        for block, y, weight in self._blocks():
            scores = self._laid(block, FLOAT64)
            missed = self._true_scores(scores, y) < scores.max(axis=self.axis)
            if (missed if weight is None else missed & (weight > 0)).any():
                return False
        return True

    def moments(self, beta: float) -> Iterator[tuple[np.ndarray, np.ndarray, list[np.ndarray], np.ndarray]]:
        """Walk over the rows under softmax(beta L).

        Parameters
        ----------
        beta : float
            Inverse temperature.

        Yields
        ------
        log_proba, residual : ndarray of shape (b,), of `dtype`
            Log probability of the label; score of the label minus E L.
        higher : list of four ndarrays of shape (b,), of `dtype`
            Second to fifth cumulant of L.
        weight : ndarray of shape (b,), float64
            Weights of the rows.
        """
        waiting: list[tuple[np.ndarray, ...]] = []
        n_waiting, n_left = 0, self.n_rows
        for scores, mass, true_score, weight in self._tempered(beta):
            if self.axis == 0:
                total, mean, higher = column_cumulants(scores, mass)
                yield _gain(beta, true_score, total), true_score - mean, higher, weight
                continue
            waiting.append((true_score, *row_moments(scores, mass), weight))
            n_waiting, n_left = n_waiting + len(weight), n_left - len(weight)
            if n_waiting >= MANY_ROWS or n_left == 0:
                true_score, total, moments, weight = (
                    np.concatenate(part, axis=-1) for part in zip(*waiting, strict=True)
                )
                waiting, n_waiting = [], 0
                mean, *higher = cumulants_of_moments(moments)
                yield _gain(beta, true_score, total), true_score - mean, higher, weight

    def _tempered(self, beta: float) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
        """Yield scores L and exp(beta L), both to be used up, score of the label, and weight of consecutive rows."""
        # The largest of k probabilities is at least 1 / k.
        shifted = not self.logits and beta * np.log(self.n_classes) > LARGEST_EXPONENT
        scores = mass = None  # reused: memory from the system costs more than the arithmetic in it
        for block, y, weight in self._blocks():
            scores = self._log_scores(block, scores)
            if shifted:
                scores -= scores.max(axis=self.axis, keepdims=True)
            true_score = self._true_scores(scores, y)
            self.lowest = min(self.lowest, float(true_score.min()))
            if mass is None or mass.shape != scores.shape or mass.dtype != scores.dtype:
                mass = aligned_empty(scores.shape, scores.dtype)
            with np.errstate(over="ignore"):  # exp(-inf) is 0
                np.exp(np.multiply(scores, _in_precision(beta, scores.dtype), out=mass), out=mass)
            yield scores, mass, true_score, np.ones(len(y)) if weight is None else weight

    def evaluate(self, beta: float) -> Likelihood:
        """Sum the log likelihood and its derivatives over the rows.

        Parameters
        ----------
        beta : float
            Inverse temperature.

        Returns
        -------
        Likelihood
            Terms of `dtype`, added in float64.
        """
        sums = np.zeros(6)
        for gain, residual, higher, weight in self.moments(beta):
            sums += [weight @ part for part in (gain, residual, *higher)]
        return Likelihood.from_sums(sums)

    def clipped_value(self, beta: float) -> float:
        """Sum the log likelihood, with no label less likely than 2.22e-16.

        Parameters
        ----------
        beta : float
            Inverse temperature.

        Returns
        -------
        float
            In nats.
        """
        return sum(float(weight @ np.maximum(gain, LOG_CLIP)) for gain, _, _, weight in self.moments(beta))

    def possible(self, identity: float) -> ScoreRows:
        """Keep the rows of positive weight whose label has a probability of at least 2.22e-16.

        Parameters
        ----------
        identity : float
            The beta for which that holds.

        Returns
        -------
        ScoreRows
            Of these rows, in their order.
        """
        parts = [(gain >= LOG_CLIP) & (weight > 0) for gain, _, _, weight in self.moments(identity)]
        return self._only(np.flatnonzero(np.concatenate(parts)))

    def thinned(self, step: int) -> ScoreRows:
        """Keep one row out of each `step`, at a place drawn by a fixed generator.

        Parameters
        ----------
        step : int
            How many rows one stands for.

        Returns
        -------
        ScoreRows
            About n_rows / step of these rows, in their order.
        """
        first = np.arange(0, self.n_rows - step + 1, step)
        return self._only(first + np.random.default_rng(0).integers(0, step, len(first)))

    def _only(self, place: np.ndarray) -> ScoreRows:
        """Keep some of these rows."""
        index = place if self.index is None else self.index[place]
        return ScoreRows(self.scores, self.y, self.weight, self.logits, index)


def log_scores(block: np.ndarray, *, logits: bool, ordered: bool = False, out: np.ndarray | None = None) -> np.ndarray:
    """Return what one temperature multiplies: logits as they are, or the logs of probabilities.

    Parameters
    ----------
    block : ndarray of shape (n_rows, n_classes) or (n_rows,)
        Probabilities or logits; one dimension holds the second class of a binary problem.
    logits : bool
        Whether `block` holds logits.
    ordered : bool, default=False
        Whether a probability of exactly 0 may not count for more than another one of its row.
    out : ndarray of shape (n_rows, n_classes), float64, optional
        Where to put logs of probabilities.

    Returns
    -------
    ndarray of shape (n_rows, n_classes), float64
        The log of a probability of exactly 0 is taken to be log(2.22e-16), or the smallest other one of its row if
        they are `ordered` and that is less. Logits may share memory with `block`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.temperature_blocks import log_scores
    >>> log_scores(np.array([0.5]), logits=False)
    array([[-0.69314718, -0.69314718]])
    >>> log_scores(np.array([3.0]), logits=True)
    array([[0., 3.]])
    >>> log_scores(np.array([[0.0, 1e-20, 1.0]]), logits=False, ordered=True).round(2)
    array([[-46.05, -46.05,   0.  ]])
    """
    scores = _two_columns(np.asarray(block, dtype=np.float64), logits)
    if logits:
        return scores
    if scores.size and scores.min() > 0:
        return np.log(scores, out=out)
    logs = np.empty(scores.shape) if out is None else out
    logs.fill(LOG_CLIP)
    positive = scores > 0
    np.log(scores, out=logs, where=positive)
    if ordered:
        np.copyto(logs, logs.min(axis=1, keepdims=True), where=~positive)
    return logs


def solve_temperature_in_blocks(
    scores: np.ndarray,
    y: np.ndarray,
    weight: np.ndarray | None = None,
    *,
    logits: bool,
) -> TemperatureSolution:
    """Find the inverse temperature of largest likelihood for an array of probabilities or logits.

    Parameters
    ----------
    scores : array of shape (n_rows, n_classes) or (n_rows,)
        Probabilities or logits of any float dtype, also memory-mapped. One dimension holds the second class
        of a binary problem: p stands for (1 - p, p), a logit d for (0, d). A probability of exactly 0 counts
        as 2.22e-16.
    y : ndarray of int of shape (n_rows,)
        Column of each row's label.
    weight : ndarray of shape (n_rows,), float64, or None
        Non-negative weights; a weight k is the row repeated k times.
    logits : bool
        Whether `scores` are logits.

    Returns
    -------
    TemperatureSolution
        `n_passes` counts the passes over all rows, without those of the warm starts.

    Notes
    -----
    Labels may be as good as impossible: less likely than 2.22e-16. Then the other rows alone are fitted, too, and of
    the two solutions that of smaller loss is taken, with probabilities clipped at 2.22e-16. So the clipped loss is
    never above that of beta = 1.

    Warm starts on one row in 128 and one in 16 leave an error of about a percent; one step over all rows then
    reaches the optimum, and more are taken if the last one was not small. All arithmetic is in float64 up to 2**21
    entries. Extra memory is a few blocks of 3 * 2**15 entries; of logits some 2**40 times larger or smaller than usual
    a copy, in another unit.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.temperature_blocks import solve_temperature_in_blocks
    >>> solution = solve_temperature_in_blocks(np.full(4, 0.9), np.array([1, 1, 1, 0]), logits=False)
    >>> print(round(solution.beta, 6), round(np.log(3) / np.log(9), 6))  # .9 becomes 3 / 4
    0.5 0.5
    """
    scores, unit = in_unit(scores) if logits else (scores, 1.0)
    rows = ScoreRows(scores, y, weight, logits)
    optimum = _solve(rows, unit)
    possible = rows.possible(unit) if rows.lowest * unit < LOG_CLIP else rows
    if 0 < possible.n_rows < rows.n_rows:
        other = _solve(possible, unit)
        if rows.lowest <= -FARTHEST or rows.clipped_value(other.beta) > rows.clipped_value(optimum.beta):
            optimum = replace(other, at=rows.evaluate(other.beta))
    return TemperatureSolution.of(optimum, float(len(y) if weight is None else weight.sum()), unit)


def _solve(rows: ScoreRows, identity: float) -> Optimum:
    """Maximise the likelihood."""
    if rows.n_rows * rows.n_classes <= KEPT_ENTRIES:
        index = slice(None) if rows.index is None else rows.index
        weight = None if rows.weight is None else rows.weight[index]
        log_proba, y = log_scores(rows.scores[index], logits=rows.logits), rows.y[index]
        rows.lowest = float((log_proba[np.arange(len(y)), y] - log_proba.max(axis=1)).min())
        return find_temperature(log_proba, y, weight, identity=identity)
    start = 1.0
    for step in WARM_STEPS:
        sample = rows.thinned(step)
        warm = maximise(sample.evaluate, sample.separable, start=start, tol=WARM_TOL)
        start = warm.beta if warm.outcome == "converged" else 1.0
    return maximise(rows.evaluate, rows.separable, start=start, identity=identity, tol=STEP_TOL[rows.dtype.name])
