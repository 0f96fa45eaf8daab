"""Gates: exact tests of the universal null, one per direction in which a model can be wrong.

Each statistic has a closed-form tail that is used where it is accurate, and a Monte Carlo tail everywhere else.
All Monte Carlo tails of one diagnosis come from the same label draws.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy.linalg import LinAlgError, cholesky, solve_triangular
from scipy.linalg.blas import dsyrk
from scipy.stats import chi2, f, t

from sklearn_lossacc.inference.largest_class import or_largest_class
from sklearn_lossacc.inference.null import Draws, NullModel
from sklearn_lossacc.inference.saddlepoint import WeightedTotal, saddlepoint_tail
from sklearn_lossacc.inference.surprise import surprise_of_labels, too_many_surprises

N_DRAWS_FIRST = 199
N_DRAWS = 999
N_DRAWS_EXTENDED = 9999
CONTINUE_BELOW = 0.1  # a p-value of the first draws below which more are made
EXTEND_BELOW = 0.01  # the same for the next
STAGES = ((N_DRAWS_FIRST, CONTINUE_BELOW), (N_DRAWS, EXTEND_BELOW), (N_DRAWS_EXTENDED, 0.0))
MIN_CLASS_COUNT = 5.0  # expected rows of a class below which the chi-square limit is not trusted
MIN_EVENTS = 20.0  # below so many independent events a total is too discrete for the saddlepoint
LATTICE_ROWS = 10  # so few distinct rows put the total loss on a lattice
LATTICE_N = 20_000  # beyond this many rows the lattice is fine enough not to matter
MANY_GROUPS = 400
GATES = ("over", "under", "floor", "class_bias", "surprise")


@dataclass(frozen=True)
class Gate:
    """A p-value under the universal null.

    Attributes
    ----------
    p_value : float
        Valid for every sample size and number of classes.
    statistic : float
        The observed statistic: a z score for the loss gates, a chi-square for class bias.
    method : {"saddlepoint", "bound", "chi-square", "monte carlo", "monte carlo and cluster sandwich"}
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


def monte_carlo(
    null: NullModel,
    statistics: dict[str, Statistic],
    random_state: int,
    most_draws: int = N_DRAWS_EXTENDED,
    settled: float = 0.0,
) -> dict[str, Gate]:
    """Return (1 + #{T* >= T}) / (B + 1) for every statistic, from common draws.

    Parameters
    ----------
    null : NullModel
        The rows.
    statistics : dict of Statistic
        What to compare; the result for one does not depend on the others.
    random_state : int
        Seed of the draws.
    most_draws : int, default=9999
        Draws at which to stop in any case: 199, 999 or 9999.
    settled : float, default=0.0
        A p-value of 999 draws that is small enough not to ask for more.

    Returns
    -------
    dict of Gate
        A p-value for each statistic, with the same keys.

    Notes
    -----
    B is 199 where that gives at least 0.1, else 999 where that gives at least 0.01 or at most `settled`, else 9999.
    Each p-value is valid: stopping early makes none smaller than 0.1, or 0.01, and P(p <= x) is at most that for a
    fixed B. Where `settled` could have stopped at 999, the p-value of 9999 is raised by the chance that it did (union
    bound).

    References
    ----------
    Besag and Clifford (1991), Sequential Monte Carlo p-values, Biometrika 78, 301-304.

    Examples
    --------
    Ten fair coins show ten heads, which happens once in 1024 times:

    >>> null = NullModel(np.full((10, 2), np.log(0.5)), np.ones(10, dtype=int), np.ones(10))
    >>> heads = Statistic(10.0, lambda draws: draws.class_totals()[:, 1])
    >>> gate = monte_carlo(null, {"heads": heads}, random_state=0)["heads"]
    >>> print(round(gate.p_value, 3), gate.n_draws)
    0.001 9999
    >>> monte_carlo(null, {"heads": Statistic(5.0, heads.of_draws)}, random_state=0)["heads"].n_draws
    199
    """
    rng = np.random.default_rng(random_state)
    exceed = dict.fromkeys(statistics, 0)
    found: dict[str, Gate] = {}
    stop_at_once = math.floor(settled * (N_DRAWS + 1)) / (
        N_DRAWS + 1
    )  # the largest p-value of 999 draws that is settled
    done = 0
    for target, enough in STAGES:
        pending = [name for name in statistics if name not in found]
        if not pending:
            break
        for draws in null.draws(target - done, rng):
            for name in pending:
                statistic = statistics[name]
                drawn = statistic.of_draws(draws)
                # Sums in another order differ in the last digits: a draw equal to the observation must count.
                slack = 1e-9 * np.maximum(np.abs(drawn), abs(statistic.observed))
                exceed[name] += int(np.count_nonzero(drawn >= statistic.observed - slack))
        done = target
        for name in pending:
            p_value = (1 + exceed[name]) / (done + 1)
            at_once = done == N_DRAWS and p_value <= stop_at_once
            if p_value >= enough or at_once or done >= most_draws:
                raised = p_value + stop_at_once if done > N_DRAWS else p_value
                found[name] = Gate(min(raised, 1.0), statistics[name].observed, "monte carlo", done)
    return found


class ClassCounts:
    """Chi-square of the class totals against their expectation under the null.

    Parameters
    ----------
    null : NullModel
        The rows.

    Notes
    -----
    b_j = sum_i w_i (1[y_i = j] - p_ij) has covariance C = sum_i w_i^2 (diag p_i - p_i p_i'), of rank k - 1; one
    class is left out and b' C^-1 b is formed from a Cholesky factor.

    Examples
    --------
    Sixteen fair coins show four heads: (4 - 8)^2 / (16 / 4) = 4.

    >>> null = NullModel(np.full((16, 2), np.log(0.5)), np.repeat([0, 1], [12, 4]), np.ones(16))
    >>> print(round(float(ClassCounts(null)(np.array([12.0, 4.0]))), 6))
    4.0
    """

    def __init__(self, null: NullModel):
        weight, proba = null.weight, null.proba
        self.expected = weight @ proba
        weighted = (weight**2)[:, None] * proba
        variance = weighted.sum(axis=0) - np.einsum("ij,ij->j", proba, weighted)
        # Below this a variance is what rounding left of a sum of zeros and ones.
        alive = np.flatnonzero(variance > 1e-13 * float(weight @ weight))
        self.kept = alive[np.argsort(variance[alive])][:-1]  # the class of largest variance follows from the others
        self.df = self.kept.size
        self.scale = np.sqrt(variance[self.kept])
        self.factor = np.empty((0, 0))
        if self.df:
            # Half of a symmetric product is enough: with a thousand classes it is most of the work.
            scaled = weight[:, None] * (proba if self.df == proba.shape[1] else proba[:, self.kept])
            scaled /= self.scale
            correlation = dsyrk(-1.0, scaled.T)
            np.fill_diagonal(correlation, 1.0)
            self.factor = _cholesky(correlation)
        effective = self.expected**2 / np.maximum(weighted.sum(axis=0), np.finfo(float).tiny)
        self.smallest_count = float(effective.min())
        self.smallest_information = float((variance / np.maximum(weight.max() ** 2, 1e-300)).min())

    def __call__(self, totals: np.ndarray) -> np.ndarray:
        """Return the chi-square of class totals of shape (..., n_classes)."""
        deviation = (totals - self.expected)[..., self.kept] / self.scale
        if not self.df:  # old versions of LAPACK refuse an empty system
            return np.zeros(deviation.shape[:-1])
        white = solve_triangular(self.factor, deviation.T, trans=1)
        return np.einsum("i...,i...->...", white, white)


def _cholesky(upper: np.ndarray) -> np.ndarray:
    """Return U with U'U the matrix of which only the upper triangle is given, and a diagonal of ones."""
    for jitter in (0.0, 1e-12, 1e-9, 1e-6):
        try:
            np.fill_diagonal(upper, 1.0 + jitter)
            return cholesky(upper)
        except LinAlgError:
            continue
    return np.eye(len(upper))


def _few_distinct_rows(null: NullModel) -> bool:
    return np.unique(null.entropy.round(12)).size <= LATTICE_ROWS


def closed_tails(total: WeightedTotal) -> tuple[float, float, str] | None:
    """Return the upper and the lower tail probability of a total of independent rows, and where they come from.

    Parameters
    ----------
    total : WeightedTotal
        The total.

    Returns
    -------
    tuple of (float, float, str), or None
        By the saddlepoint where it may be trusted, by Chernoff's bound where that leaves no doubt. None: labels must be
        drawn.

    Examples
    --------
    Of a thousand rows at probability 0.9 all are missed:

    >>> null = NullModel(np.log(np.tile([0.1, 0.9], (1000, 1))), np.zeros(1000, dtype=int), np.ones(1000))
    >>> upper, lower, method = closed_tails(WeightedTotal(null, null.loss))
    >>> upper < 1e-100, lower, method
    (True, 1.0, 'bound')
    """
    null = total.null
    if total.events() >= MIN_EVENTS and (null.n_rows > LATTICE_N or not _few_distinct_rows(null)):
        upper, lower, solved = saddlepoint_tail(total)
        if solved:
            return upper, lower, "saddlepoint"
    bound = total.bound()
    return None if bound is None else (bound[0], bound[1], "bound")


def loss_z(null: NullModel) -> float:
    """Return sum w (loss - entropy) in standard errors of the null; positive means overconfident.

    Parameters
    ----------
    null : NullModel
        The rows.

    Returns
    -------
    float
        The z score; 0 where no loss can vary.

    Examples
    --------
    Of 16 rows at probability 0.8 eight are missed. Their number is expected to be 3.2 with variance 2.56:

    >>> null = NullModel(np.log(np.tile([0.2, 0.8], (16, 1))), np.repeat([0, 1], 8), np.ones(16))
    >>> print(round(loss_z(null), 6), round((8 - 3.2) / 1.6, 6))
    3.0 3.0
    """
    variance = float(null.weight**2 @ null.varentropy)
    return float(null.weight @ null.excess) / math.sqrt(variance) if variance > 0 else 0.0


def loss_tails(null: NullModel, random_state: int = 0, most_draws: int = N_DRAWS_EXTENDED) -> tuple[float, float]:
    """Return the upper and the lower tail probability of the total loss of independent rows.

    Parameters
    ----------
    null : NullModel
        The rows.
    random_state : int, default=0
        Seed of the label draws, which stand in where the saddlepoint cannot be trusted.
    most_draws : int, default=9999
        Draws at which to stop.

    Returns
    -------
    upper, lower : float

    Examples
    --------
    Ten rows at probability 0.8, all right: P = 0.8^10 for so little loss, and 1 for no less.

    >>> upper, lower = loss_tails(NullModel(np.log(np.tile([0.2, 0.8], (10, 1))), np.ones(10, dtype=int), np.ones(10)))
    >>> print(upper, abs(lower - 0.8**10) < 0.04)
    1.0 True
    """
    closed = closed_tails(WeightedTotal(null, null.loss))
    if closed is not None:
        return closed[:2]
    total = float(null.weight @ null.true_loss)
    gates = monte_carlo(
        null,
        {
            "upper": Statistic(total, lambda draws: draws.total(null.loss)),
            "lower": Statistic(-total, lambda draws: -draws.total(null.loss)),
        },
        random_state,
        most_draws,
    )
    return gates["upper"].p_value, gates["lower"].p_value


FLOOR_ASKED = 0.05


def floor_values(null: NullModel) -> np.ndarray:
    """Return log((1 - e) + e / (k p)) at e = 0.05: what each label says for a floor against none, in nats.

    Parameters
    ----------
    null : NullModel
        The rows.

    Returns
    -------
    ndarray of shape (n_rows, n_classes)
        Log likelihood ratios, 0 for labels that cannot occur.

    Examples
    --------
    A label as likely as under the floor alone says nothing, an unlikely one speaks for the floor:

    >>> null = NullModel(np.log([[0.5, 0.5], [0.999, 0.001]]), np.array([0, 0]), np.ones(2))
    >>> floor_values(null).round(3).tolist()
    [[0.0, 0.0], [-0.025, 3.256]]
    """
    values = np.maximum(null.proba, np.finfo(float).tiny)
    np.divide(FLOOR_ASKED / null.n_classes, values, out=values)
    values += 1.0 - FLOOR_ASKED
    np.log(values, out=values)
    values[null.proba <= 0] = 0.0
    return values


def run_gates(
    null: NullModel,
    random_state: int = 0,
    most_draws: int = N_DRAWS_EXTENDED,
    settled: float = 0.0,
    asked: Collection[str] = GATES,
) -> dict[str, Gate]:
    """Test the universal null in every direction that a finding names.

    Parameters
    ----------
    null : NullModel
        The rows.
    random_state : int, default=0
        Seed of the label draws.
    most_draws : int, default=9999
        Label draws at which to stop: 199 tell whether a p-value is below 0.1, 999 whether it is below 0.01.
    settled : float, default=0.0
        See `monte_carlo`.
    asked : collection of str, default=GATES
        Names of the gates.

    Returns
    -------
    dict of Gate
        ``"over"`` and ``"under"`` (total loss minus total entropy, one-sided), ``"floor"`` (likelihood of a floor of
        0.05 against none), ``"class_bias"`` (class totals; of twenty or more classes the furthest as well) and
        ``"surprise"`` (the least expected rows).

    Notes
    -----
    The derivative of the log likelihood in the inverse temperature at 1 is minus the total of loss minus entropy, so
    the first two are the score test of T = 1.

    Examples
    --------
    Of 100 rows at probability 0.9 half are right: too much loss, never too little, and too few of class 1.

    >>> null = NullModel(np.log(np.tile([0.1, 0.9], (100, 1))), np.repeat([0, 1], 50), np.ones(100))
    >>> gates = run_gates(null)
    >>> sorted(name for name, gate in gates.items() if gate.p_value < 0.01)
    ['class_bias', 'floor', 'over']
    """
    gates: dict[str, Gate] = {}
    pending: dict[str, Statistic] = {}
    excess: dict[str, np.ndarray] = {}  # of each row's value over its expectation
    draw = partial(monte_carlo, random_state=random_state, most_draws=most_draws, settled=settled)
    for value, tails in (("loss", ("over", "under")), ("floor", ("floor",))):
        if not set(tails) & set(asked):
            continue
        values = null.loss if value == "loss" else floor_values(null)
        total = WeightedTotal(null, values)
        closed = closed_tails(total) if null.group is None else None
        for side, name in enumerate(tails):
            sign = -1.0 if side else 1.0
            excess[name] = sign * (values[np.arange(null.n_rows), null.y] - total.row_mean)
            if closed is not None:
                gates[name] = Gate(float(closed[side]), sign * total.z, str(closed[2]))
            else:
                gates[name] = Gate(1.0, sign * total.z, "")
                pending[name] = Statistic(sign * total.observed, partial(_signed_total, values=values, sign=sign))
    counts = None
    if "class_bias" in asked:
        counts = ClassCounts(null)
        totals_seen = np.bincount(null.y, null.weight, null.n_classes)
        chi_square = float(counts(totals_seen))
        gates["class_bias"] = Gate(1.0, chi_square, "chi-square")
        if counts.df == 0:
            # Probabilities of 0 and 1 alone leave the class totals no spread: any other total is impossible.
            if not np.allclose(totals_seen, counts.expected, rtol=0.0, atol=1e-9 * float(null.weight.sum())):
                gates["class_bias"] = Gate(0.0, np.inf, "chi-square")
        elif null.group is None and min(counts.smallest_count, counts.smallest_information) >= MIN_CLASS_COUNT:
            gates["class_bias"] = Gate(float(chi2.sf(chi_square, counts.df)), chi_square, "chi-square")
        else:
            classes = {"class_bias": Statistic(chi_square, lambda draws: counts(draws.class_totals()))}
            if null.group is None or _sandwich_judges_classes(null, counts):
                pending |= classes
            else:
                gates |= draw(_groups_of_copies(null), classes)
    for name, gate in draw(null, pending).items():
        gates[name] = replace(gate, statistic=gates[name].statistic)
    if null.n_groups is not None and null.n_groups > MANY_GROUPS:
        gates = _with_sandwich(null, gates, excess, counts)
    if counts is not None and counts.df:
        gate = gates["class_bias"]
        either = or_largest_class(gate.p_value, null.proba, null.y, null.weight, null.group)
        gates["class_bias"] = replace(gate, p_value=either)
    if "surprise" in asked:
        surprise = surprise_of_labels(null.proba, null.y)
        p_value = too_many_surprises(null.proba, surprise, null.group is None)
        gates["surprise"] = Gate(p_value, float(surprise.min()), "bound")
    return gates


def _signed_total(draws: Draws, values: np.ndarray, sign: float) -> np.ndarray:
    return sign * draws.total(values)


def _groups_of_copies(null: NullModel) -> NullModel:
    """Return the null under which all rows of a group carry one label, drawn from the group's mean probabilities.

    Copies have exactly this law. Of all laws of a group's class totals with the given expectation it has the largest
    covariance: rows that share a label (one patient, one document) may be that dependent, and labels ordered by
    loss are not, since rows with different likeliest labels then change class against each other.
    """
    n_groups = int(null.n_groups or 0)
    weight = np.bincount(null.group, null.weight, n_groups)
    proba = np.stack([np.bincount(null.group, null.weight * column, n_groups) for column in null.proba.T], axis=1)
    with np.errstate(divide="ignore"):
        log_proba = np.log(proba / weight[:, None])
    return NullModel(log_proba, log_proba.argmax(axis=1), weight)


def _sandwich_judges_classes(null: NullModel, counts: ClassCounts) -> bool:
    """Whether there are groups enough for the cluster sandwich of the class totals."""
    return null.n_groups is not None and null.n_groups > max(MANY_GROUPS, 5 * counts.df)


def _with_sandwich(
    null: NullModel, gates: dict[str, Gate], excess: dict[str, np.ndarray], counts: ClassCounts | None
) -> dict[str, Gate]:
    """Take the larger of each Monte Carlo p-value and that of the cluster sandwich."""
    n_groups = int(null.n_groups or 0)
    correction = n_groups / (n_groups - 1)
    p_values = {}
    for name, of_rows in excess.items():
        by_group = np.bincount(null.group, null.weight * of_rows, n_groups)
        error = np.sqrt(by_group @ by_group * correction)
        p_values[name] = float(t.sf(by_group.sum() / error, n_groups - 1)) if error > 0 else 1.0
    if counts is not None and counts.df and _sandwich_judges_classes(null, counts):
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
