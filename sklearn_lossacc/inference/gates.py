"""Gates: exact tests of the universal null, one per direction in which a model can be wrong.

Each statistic has a closed-form tail that is used where it is accurate, and a Monte Carlo tail everywhere else.
All Monte Carlo tails of one diagnosis come from the same label draws.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import partial

import numpy as np
from scipy.stats import chi2, f, t

from sklearn_lossacc.inference.class_counts import MIN_CLASS_COUNT, ClassCounts
from sklearn_lossacc.inference.largest_class import or_largest_class
from sklearn_lossacc.inference.monte_carlo import N_DRAWS_EXTENDED, Gate, Statistic, monte_carlo
from sklearn_lossacc.inference.null import Draws, NullModel
from sklearn_lossacc.inference.saddlepoint import WeightedTotal
from sklearn_lossacc.inference.shared_labels import SharedLabels, groups_of_copies, labels_together
from sklearn_lossacc.inference.sharing import DOUBT, MAX_ROWS, WORTH, less_than_copies, most_shared, values_together
from sklearn_lossacc.inference.surprise import surprise_of_labels, too_many_surprises
from sklearn_lossacc.inference.total_tails import closed_tails

FLOOR_ASKED = 0.05
MANY_GROUPS = 400
WORTH_ASKING = 1.0  # standard errors of independent rows: below, nothing is found if rows share little, either
WORTH_TESTING = 0.1  # the same for class totals: a p-value of independent rows
GATES = ("over", "under", "floor", "class_bias", "surprise")


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
    of_value: dict[str, list[str]] = {}
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
        of_value[value] = [name for name in tails if name in pending and gates[name].statistic > WORTH_ASKING]
    counts, classes = None, {}
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
                gates |= draw(groups_of_copies(null), classes)
    drawn = draw(null, pending)
    if null.n_groups is not None and null.n_groups < null.n_rows:
        again = partial(less_than_copies, random_state=random_state, most_draws=most_draws, settled=settled)
        for value, names in of_value.items():
            weak = {name: drawn[name] for name in names if drawn[name].p_value > WORTH * DOUBT}
            if weak:
                drawn |= again(weak, _most_shared(null, value, random_state), null.sharing, pending)
        if counts is not None and counts.df:
            copies = (gates | drawn)["class_bias"]
            if copies.p_value > WORTH * DOUBT and chi2.sf(copies.statistic, counts.df) < WORTH_TESTING:
                shared = _most_shared(null, "class", random_state)
                drawn |= again({"class_bias": copies}, shared, SharedLabels(null).sharing, classes)
    for name, gate in drawn.items():
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


def _most_shared(null: NullModel, value: str, random_state: int) -> float:
    """Return what is too much for the rows of a group to share, by their loss, their floor values or their class."""
    if value not in null.most_shared:
        part = null.first_groups(MAX_ROWS)
        if value == "class":
            found = most_shared(SharedLabels(part).sharing, labels_together(part), random_state)
        else:
            if value == "loss":
                values, mean = part.loss, part.entropy
            else:
                values = floor_values(part)
                mean = np.vecdot(part.proba, values)
            together = values_together(part, lambda row, label: values[row, label], mean)
            found = most_shared(part.sharing, together, random_state)
        null.most_shared[value] = found
    return null.most_shared[value]


def _signed_total(draws: Draws, values: np.ndarray, sign: float) -> np.ndarray:
    return sign * draws.total(values)


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
