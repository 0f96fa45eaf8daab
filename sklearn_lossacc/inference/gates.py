"""Gates: exact tests of the universal null, one per direction in which a model can be wrong.

Each statistic has a closed-form tail that is used where it is accurate, and a Monte Carlo tail everywhere else.
All Monte Carlo tails of one diagnosis come from the same label draws.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cholesky, solve_triangular
from scipy.stats import chi2, f, t

from sklearn_lossacc.inference.null import Draws, NullModel
from sklearn_lossacc.inference.saddlepoint import total_tail
from sklearn_lossacc.inference.surprise import surprise_of_labels

N_DRAWS = 999
N_DRAWS_EXTENDED = 9999
EXTEND_BELOW = 0.01
MIN_CLASS_COUNT = 5.0  # expected rows of a class below which the chi-square limit is not trusted
MIN_EXPECTED_MISSES = 5.0  # expected departures from the likeliest label below which the loss is too discrete
LATTICE_ROWS = 10  # so few distinct rows put the total loss on a lattice
LATTICE_N = 20_000  # beyond this many rows the lattice is fine enough not to matter
MANY_GROUPS = 400


@dataclass(frozen=True)
class Gate:
    """A p-value under the universal null.

    Attributes
    ----------
    p_value : float
        Valid for every sample size and number of classes.
    statistic : float
        The observed statistic: a z score for the loss gates, a chi-square for class bias.
    method : {"saddlepoint", "chi-square", "monte carlo", "monte carlo and cluster sandwich"}
        Where the p-value comes from.
    n_draws : int
        Label draws behind a Monte Carlo p-value, otherwise 0.
    """

    p_value: float
    statistic: float
    method: str
    n_draws: int = 0


@dataclass(frozen=True)
class Statistic:
    """A statistic of label draws and its observed value; large values speak against the null."""

    observed: float
    of_draws: Callable[[Draws], np.ndarray]


def monte_carlo(null: NullModel, statistics: dict[str, Statistic], random_state: int) -> dict[str, Gate]:
    """Return (1 + #{T* >= T}) / (B + 1) for every statistic, from common draws.

    B is 999, and 9999 for all statistics as soon as one p-value falls below 0.01: each p-value stays valid, since a
    p-value that stopped early is at least 0.01 and the others are those of the longer run.
    """
    rng = np.random.default_rng(random_state)
    exceed = dict.fromkeys(statistics, 0)
    done = 0
    p_values: dict[str, float] = {}
    draws_used: dict[str, int] = {}
    for target in (N_DRAWS, N_DRAWS_EXTENDED):
        for draws in null.draws(target - done, rng):
            for name, statistic in statistics.items():
                # Sums in another order differ in the last digits: a draw equal to the observation must count.
                slack = 1e-9 * max(1.0, abs(statistic.observed))
                exceed[name] += int(np.count_nonzero(statistic.of_draws(draws) >= statistic.observed - slack))
        done = target
        for name in statistics:
            if name not in p_values or p_values[name] < EXTEND_BELOW:
                p_values[name] = (1 + exceed[name]) / (done + 1)
                draws_used[name] = done
        if min(p_values.values()) >= EXTEND_BELOW:
            break
    return {
        name: Gate(p_values[name], statistic.observed, "monte carlo", draws_used[name])
        for name, statistic in statistics.items()
    }


class ClassCounts:
    """Chi-square of the class totals against their expectation under the null.

    b_j = sum_i w_i (1[y_i = j] - p_ij) has covariance C = sum_i w_i^2 (diag p_i - p_i p_i'), of rank k - 1; one
    class is left out and b' C^-1 b is formed from a Cholesky factor.
    """

    def __init__(self, null: NullModel):
        weight, proba = null.weight, null.proba
        self.expected = weight @ proba
        weighted = (weight**2)[:, None] * proba
        covariance = np.diag(weighted.sum(axis=0)) - proba.T @ weighted
        variance = np.diag(covariance)
        alive = np.flatnonzero(variance > 1e-14 * variance.max(initial=0.0))
        self.kept = alive[np.argsort(variance[alive])][:-1]  # the class of largest variance follows from the others
        self.df = self.kept.size
        self.scale = np.sqrt(variance[self.kept])
        correlation = covariance[np.ix_(self.kept, self.kept)] / np.outer(self.scale, self.scale)
        self.factor = _cholesky(correlation) if self.df else np.empty((0, 0))
        effective = self.expected**2 / np.maximum(weighted.sum(axis=0), np.finfo(float).tiny)
        self.smallest_count = float(effective.min())
        self.smallest_information = float((variance / np.maximum(weight.max() ** 2, 1e-300)).min())

    def __call__(self, totals: np.ndarray) -> np.ndarray:
        """Return the chi-square of class totals of shape (..., n_classes)."""
        deviation = (totals - self.expected)[..., self.kept] / self.scale
        white = solve_triangular(self.factor, deviation.T, lower=True)
        return np.einsum("i...,i...->...", white, white)


def _cholesky(correlation: np.ndarray) -> np.ndarray:
    for jitter in (0.0, 1e-12, 1e-9, 1e-6):
        try:
            return cholesky(correlation + jitter * np.eye(len(correlation)), lower=True)
        except LinAlgError:
            continue
    return np.eye(len(correlation))


def _few_distinct_rows(null: NullModel) -> bool:
    return np.unique(null.entropy.round(12)).size <= LATTICE_ROWS


def _loss_is_smooth(null: NullModel) -> bool:
    """Whether the saddlepoint may be trusted for the total loss."""
    variance = null.weight**2 * null.varentropy
    misses = null.weight @ (1.0 - null.proba.max(axis=1)) / null.weight.max()
    return bool(
        misses >= MIN_EXPECTED_MISSES
        and variance.sum() >= 3.0 * variance.max()
        and not (null.n_rows <= LATTICE_N and _few_distinct_rows(null))
    )


def loss_z(null: NullModel) -> float:
    """Return sum w (loss - entropy) in standard errors of the null; positive means overconfident."""
    variance = float(null.weight**2 @ null.varentropy)
    return float(null.weight @ null.excess) / np.sqrt(variance) if variance > 0 else 0.0


FLOOR_ASKED = 0.05


def floor_values(null: NullModel) -> np.ndarray:
    """Return log((1 - e) + e / (k p)) at e = 0.05: what each label says for a floor against none, in nats."""
    ratio = FLOOR_ASKED / (null.n_classes * np.maximum(null.proba, np.finfo(float).tiny))
    return np.where(null.proba > 0, np.log1p(ratio - FLOOR_ASKED), 0.0)


def run_gates(null: NullModel, random_state: int = 0) -> dict[str, Gate]:
    """Test the universal null in every direction that a finding names.

    Parameters
    ----------
    null : NullModel
        The rows.
    random_state : int, default=0
        Seed of the label draws.

    Returns
    -------
    dict of Gate
        ``"over"`` and ``"under"`` (total loss minus total entropy, one-sided), ``"floor"`` (likelihood of a floor of
        0.05 against none), ``"class_bias"`` (class totals) and ``"surprise"`` (the least expected row).

    Notes
    -----
    The derivative of the log likelihood in the inverse temperature at 1 is minus the total of loss minus entropy, so
    the first two are the score test of T = 1. The last is n times the smallest surprise p-value, valid for any
    dependence between rows.
    """
    totals = {"over": null.loss, "under": -null.loss, "floor": floor_values(null)}
    gates: dict[str, Gate] = {}
    pending: dict[str, Statistic] = {}
    smooth = null.group is None and _loss_is_smooth(null)
    rows = np.arange(null.n_rows)
    z_scores = {name: _z_score(null, values) for name, values in totals.items()}
    if smooth:
        upper, lower, solved = total_tail(null, totals["over"])
        if solved:
            gates["over"] = Gate(upper, z_scores["over"], "saddlepoint")
            gates["under"] = Gate(lower, z_scores["under"], "saddlepoint")
        upper, _, solved = total_tail(null, totals["floor"])
        if solved:
            gates["floor"] = Gate(upper, z_scores["floor"], "saddlepoint")
    for name, values in totals.items():
        if name not in gates:
            observed = float(null.weight @ values[rows, null.y])
            pending[name] = Statistic(observed, lambda draws, values=values: draws.total(values))
    counts = ClassCounts(null)
    chi_square = float(counts(np.bincount(null.y, null.weight, null.n_classes)))
    if counts.df == 0:
        gates["class_bias"] = Gate(1.0, 0.0, "chi-square")
    elif null.group is None and min(counts.smallest_count, counts.smallest_information) >= MIN_CLASS_COUNT:
        gates["class_bias"] = Gate(float(chi2.sf(chi_square, counts.df)), chi_square, "chi-square")
    else:
        pending["class_bias"] = Statistic(chi_square, lambda draws: counts(draws.class_totals()))
    if pending:
        for name, gate in monte_carlo(null, pending, random_state).items():
            gates[name] = Gate(gate.p_value, z_scores.get(name, gate.statistic), gate.method, gate.n_draws)
    if null.n_groups is not None and null.n_groups > MANY_GROUPS:
        gates = _with_sandwich(null, gates, totals, counts)
    smallest = float(surprise_of_labels(null.proba, null.y).min())
    gates["surprise"] = Gate(min(1.0, null.n_rows * smallest), smallest, "Bonferroni")
    return gates


def _z_score(null: NullModel, values: np.ndarray) -> float:
    """Return the observed total minus its expectation, in standard errors of the null."""
    mean = np.einsum("ij,ij->i", null.proba, values)
    centred = values - mean[:, None]
    variance = float(null.weight**2 @ np.einsum("ij,ij,ij->i", null.proba, centred, centred))
    observed = values[np.arange(null.n_rows), null.y] - mean
    return float(null.weight @ observed) / np.sqrt(variance) if variance > 0 else 0.0


def _with_sandwich(
    null: NullModel, gates: dict[str, Gate], totals: dict[str, np.ndarray], counts: ClassCounts
) -> dict[str, Gate]:
    """Take the larger of each Monte Carlo p-value and that of the cluster sandwich."""
    n_groups = int(null.n_groups or 0)
    correction = n_groups / (n_groups - 1)
    rows = np.arange(null.n_rows)
    p_values = {}
    for name, values in totals.items():
        excess = values[rows, null.y] - np.einsum("ij,ij->i", null.proba, values)
        by_group = np.bincount(null.group, null.weight * excess, n_groups)
        error = np.sqrt(by_group @ by_group * correction)
        p_values[name] = float(t.sf(by_group.sum() / error, n_groups - 1)) if error > 0 else 1.0
    if n_groups > 5 * counts.df > 0:
        residual = -null.proba[:, counts.kept] * null.weight[:, None]
        position = np.full(null.n_classes, -1)
        position[counts.kept] = np.arange(counts.df)
        column = position[null.y]
        seen = column >= 0
        residual[np.flatnonzero(seen), column[seen]] += null.weight[seen]
        sums = np.zeros((n_groups, counts.df))
        np.add.at(sums, null.group, residual)
        covariance = sums.T @ sums * correction
        total = sums.sum(axis=0)
        wald = float(total @ np.linalg.lstsq(covariance, total, rcond=1e-12)[0])
        df2 = n_groups - counts.df
        p_values["class_bias"] = float(f.sf(wald * df2 / (counts.df * (n_groups - 1)), counts.df, df2))
    return {
        name: Gate(
            max(gate.p_value, p_values.get(name, 0.0)),
            gate.statistic,
            "monte carlo and cluster sandwich" if name in p_values else gate.method,
            gate.n_draws,
        )
        for name, gate in gates.items()
    }
