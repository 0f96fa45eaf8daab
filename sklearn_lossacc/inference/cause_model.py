"""Which of temperature, class bias and floor explain the loss: backward elimination with the rivals fitted.

The model is q = (1 - e) softmax(beta log p + b) + e / k. A floor is kept as label noise only if it fits: the number of
rows that the rest of the model calls impossible must agree with the number that the floor predicts. A handful of
corrupt rows mimics a floor but fails this; such rows are set aside as outliers and everything else is judged again
under the null truncated to what the remaining rows could have shown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.special import gammainc
from scipy.stats import chi2, gamma

from sklearn_lossacc._numerics import log_softmax
from sklearn_lossacc._numerics.mixture import MixtureFit, fit_mixture, mixture_proba
from sklearn_lossacc.inference.gates import MIN_CLASS_COUNT, N_DRAWS, ClassCounts, Statistic, monte_carlo
from sklearn_lossacc.inference.largest_class import MANY_CLASSES, or_largest_class
from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.surprise import (
    TIE,
    SurpriseCount,
    count_surprises,
    expected_surprises,
    surprise_of_labels,
    surprise_table,
)

TERMS = ("temperature", "class_bias", "floor")
KEEP_BELOW = 0.01
FIT_BELOW = 5e-4  # the least of many highly correlated p-values: about 0.005 in all
Z95 = 1.959963984540054
LIMIT_STEPS = 14
MAX_OUTLIER_SHARE = 0.1
NAME_BELOW = 0.001  # rows are named in place of a term only on better evidence than terms are kept on
NAME_TWO_BELOW = 0.05  # where one or two rows could be all there is to a term
FEWEST = 2  # rows that are named even where a temperature or class bias could explain them
SURE_SURPRISE = 0.2  # over n: so surprising a row is set aside even where they are not few
PLAIN_NOISE = 0.02  # a noise rate above this beyond doubt is not that of a few rows
UNEVEN_ROWS = 15  # no noise is quite uniform: with more rows its own tail would be taken for outliers
SAYS = 2.0  # difference of twice the log likelihood that speaks for a model: what AIC asks of a parameter
EXPECTED_ANYWAY = 0.2  # share of them that the model as given may account for
MOSTLY = 0.05  # share of the rows set aside that the model itself may account for
MATERIAL_NOISE = 0.005  # noise rate below which a floor is dropped again
MATERIAL_NATS = 0.005  # what it must save, per row
MAX_ROUNDS = 3


@dataclass(frozen=True)
class CauseModel:
    """The selected causes.

    Attributes
    ----------
    terms : tuple of str
        The selected among ``"temperature"``, ``"class_bias"``, ``"floor"``.
    fit : MixtureFit
        The selected model.
    p_values : dict
        For each term the p-value of its last test with the rivals of that step fitted.
    statistics : dict
        The likelihood ratios (or score chi-squares) behind them.
    floor_fit : SurpriseCount or None
        The test that accepted or rejected the last floor.
    outliers : ndarray of int
        Rows of the null set aside.
    null : NullModel
        The null of the remaining rows (truncated when outliers were set aside).
    kept : ndarray of int
        The remaining rows.
    scale : float
        Factor that turns likelihood ratios of weighted or grouped rows into those of independent draws.
    few_rows : bool
        Whether outliers were set aside because what was selected rested on them, not because a floor did not fit.
    outlier_p : float
        The p-value by which outliers were set aside, with the rivals fitted; 1 where there are none.
    rival : str or None
        The term, ``"temperature"`` or ``"floor"``, that does as well in place of the other one, which is selected.
    """

    terms: tuple[str, ...]
    fit: MixtureFit
    p_values: dict[str, float]
    statistics: dict[str, float]
    floor_fit: SurpriseCount | None
    outliers: np.ndarray
    null: NullModel
    kept: np.ndarray
    scale: float
    few_rows: bool = False
    outlier_p: float = 1.0
    rival: str | None = None


def design_effect(null: NullModel) -> float:
    """Return how many times dependence within groups inflates the variance of the total loss; at least 1.

    Parameters
    ----------
    null : NullModel
        The rows.

    Returns
    -------
    float
        sum_g (sum_{i in g} u_i)^2 / sum u_i^2 with u = w (loss - entropy), centred.

    Notes
    -----
    The excess of loss over entropy is centred and compared with its own spread, not with that of the null: a model that
    is wrong in the same way everywhere must not look like one with dependent rows.
    """
    if null.group is None:
        return 1.0
    centred = null.weight * (null.excess - np.average(null.excess, weights=null.weight))
    by_group = np.bincount(null.group, centred)
    naive = float(centred @ centred)
    return max(1.0, float(by_group @ by_group) / naive) if naive > 0 else 1.0


def design_scale(null: NullModel) -> float:
    """Return effective rows per unit of weight: Kish's factor over the design effect of the groups.

    Parameters
    ----------
    null : NullModel
        The rows.

    Returns
    -------
    float
        What turns weighted likelihood ratios into those of independent draws.

    Examples
    --------
    Ten rows that are five pairs of copies count as five:

    >>> log_proba = np.log(np.tile([0.3, 0.7], (10, 1)))
    >>> y, group = np.repeat([0, 1, 1, 0, 1], 2), np.repeat(np.arange(5), 2)
    >>> print(round(10 * design_scale(NullModel(log_proba, y, np.ones(10), group)), 6))
    5.0
    """
    return null.effective_n() / float(null.weight.sum()) / design_effect(null)


def too_sparse(null: NullModel) -> bool:
    """Return whether there are too few rows a class, on average, to fit offsets at all.

    Parameters
    ----------
    null : NullModel
        The rows.

    Returns
    -------
    bool

    Examples
    --------
    >>> too_sparse(NullModel(np.log(np.full((20, 10), 0.1)), np.zeros(20, dtype=int), np.ones(20)))
    True
    """
    return null.effective_n() < MIN_CLASS_COUNT * null.n_classes


@dataclass
class _Selection:
    """Backward elimination on one set of rows."""

    null: NullModel
    finite_log_proba: np.ndarray
    scale: float
    random_state: int
    allow_floor: bool = True
    fits: dict[frozenset, MixtureFit] = field(default_factory=dict)

    def fit(self, terms: frozenset) -> MixtureFit:
        if terms not in self.fits:
            self.fits[terms] = fit_mixture(
                self.finite_log_proba,
                self.null.y,
                self.null.weight,
                temperature="temperature" in terms,
                bias="class_bias" in terms,
                floor="floor" in terms,
            )
        return self.fits[terms]

    def sparse(self) -> bool:
        expected = self.null.effective_n() * (self.null.weight @ self.null.proba) / self.null.weight.sum()
        return float(expected.min()) < MIN_CLASS_COUNT

    def test(self, terms: frozenset, term: str) -> tuple[float, float]:
        """Return (p-value, statistic) of `term` given the others of `terms`."""
        if term == "class_bias" and too_sparse(self.null):
            return self.rough_test_of_bias(terms - {term})
        p_value, statistic = self.test_of_all(terms, term)
        if term == "class_bias" and self.null.n_classes >= MANY_CLASSES:
            fit = self.fit(terms - {term})
            proba = mixture_proba(self.finite_log_proba, fit.beta, fit.bias, fit.floor)
            p_value = or_largest_class(p_value, proba, self.null.y, self.null.weight, self.null.group)
        return p_value, statistic

    def test_of_all(self, terms: frozenset, term: str) -> tuple[float, float]:
        """Return what `test` does, of a class bias by all class totals together."""
        if term == "class_bias" and self.sparse():
            return self.score_test_of_bias(terms - {term})
        ratio = 2.0 * (self.fit(terms).log_likelihood - self.fit(terms - {term}).log_likelihood) * self.scale
        ratio = max(ratio, 0.0)
        if term == "floor":
            # Under no floor the estimate is on the boundary half of the time.
            return (0.5 * float(chi2.sf(ratio, 1)) if ratio > 1e-9 else 1.0), ratio
        df = 1 if term == "temperature" else self.null.n_classes - 1
        return float(chi2.sf(ratio, df)), ratio

    def without_floor(self, p_values: dict, statistics: dict) -> tuple[tuple[str, ...], MixtureFit]:
        """Select again among temperature and class bias alone."""
        floor = p_values["floor"], statistics["floor"]
        self.allow_floor = False
        terms, new_p_values, new_statistics = self.run()
        p_values.update(new_p_values, floor=floor[0])
        statistics.update(new_statistics, floor=floor[1])
        return terms, self.fit(frozenset(terms))

    def rival(self, terms: tuple[str, ...]) -> str | None:
        """Return whichever of temperature and floor makes the other, which is selected, dispensable.

        Neither model is part of the other, so the one of larger likelihood says little: what is asked is whether the
        selected term would be kept beside its rival.
        """
        either = {"temperature", "floor"}
        chosen = either & set(terms)
        if not self.allow_floor or len(chosen) != 1:
            return None
        p_value, _ = self.test(frozenset(terms) | either, *chosen)
        return (either - chosen).pop() if p_value >= KEEP_BELOW else None

    def rough_test_of_bias(self, nuisances: frozenset) -> tuple[float, float]:
        """Class totals against the fitted nuisances, where offsets cannot be fitted: an answer that decides nothing.

        sum_j D_j^2 / (V_j + c) has the mean sum_j V_j / (V_j + c). If the totals were of Poisson laws, its variance
        would be sum_j (2 V_j^2 + c V_j) / (V_j + c)^2, with c the largest squared weight; a gamma law has both.
        """
        fit, weight = self.fit(nuisances), self.null.weight
        proba = mixture_proba(self.finite_log_proba, fit.beta, fit.bias, fit.floor)
        deviation = np.bincount(self.null.y, weight, self.null.n_classes) - weight @ proba
        variance = weight**2 @ (proba * (1.0 - proba))
        largest = float(weight.max()) ** 2
        mean = float((variance / (variance + largest)).sum())
        spread = float(((2.0 * variance + largest) * variance / (variance + largest) ** 2).sum())
        statistic = float((deviation**2 / (variance + largest)).sum())
        return (float(gamma.sf(statistic * mean / spread, mean**2 / spread)) if spread > 0 else 1.0), statistic

    def score_test_of_bias(self, nuisances: frozenset) -> tuple[float, float]:
        """Class totals against the fitted nuisances, their scores projected out, with a drawn null."""
        fit = self.fit(nuisances)
        model = NullModel(
            np.log(np.maximum(mixture_proba(self.finite_log_proba, fit.beta, fit.bias, fit.floor), 1e-300)),
            self.null.y,
            self.null.weight,
            self.null.group,
        )
        counts = ProjectedClassCounts(model, self.finite_log_proba, fit, nuisances)
        observed = float(counts.observed())
        bias = {"bias": Statistic(observed, counts.of_draws)}
        gate = monte_carlo(model, bias, self.random_state, most_draws=N_DRAWS)["bias"]
        return gate.p_value, observed

    def run(self) -> tuple[tuple[str, ...], dict[str, float], dict[str, float]]:
        terms = frozenset(TERMS if self.allow_floor else TERMS[:2])
        p_values: dict[str, float] = {}
        statistics: dict[str, float] = {}
        if "class_bias" in terms and self.sparse():
            # With so few rows a class the offsets cannot be fitted well enough to judge their rivals: test them first.
            p_values["class_bias"], statistics["class_bias"] = self.test(terms, "class_bias")
            if p_values["class_bias"] >= KEEP_BELOW or too_sparse(self.null):
                terms -= {"class_bias"}
        while terms:
            for term in terms:
                if not (term == "class_bias" and self.sparse()):
                    p_values[term], statistics[term] = self.test(terms, term)
            # Ties drop the floor first, then the bias.
            worst = max(reversed(TERMS), key=lambda term: p_values[term] if term in terms else -1.0)
            if p_values[worst] < KEEP_BELOW:
                break
            terms -= {worst}
        return tuple(term for term in TERMS if term in terms), p_values, statistics


class ProjectedClassCounts:
    """Class totals of drawn labels with the scores of fitted nuisances projected out."""

    def __init__(self, model: NullModel, log_proba: np.ndarray, fit: MixtureFit, nuisances: frozenset):
        self.counts = ClassCounts(model)
        self.model = model
        self.scores = []  # score of each nuisance at each possible label: mean zero under the model
        tempered = mixture_proba(log_proba, fit.beta, fit.bias, 0.0)
        q = model.proba
        if "temperature" in nuisances:
            mean = np.einsum("ij,ij->i", tempered, log_proba)
            self.scores.append((1 - fit.floor) * tempered * (log_proba - mean[:, None]) / q)
        if "floor" in nuisances and fit.floor > 0:
            self.scores.append((1.0 / model.n_classes - tempered) / q)
        weight2 = model.weight**2
        if self.scores:
            gram = np.array([[weight2 @ np.einsum("ij,ij,ij->i", q, a, b) for b in self.scores] for a in self.scores])
            cross = np.array([weight2 @ (q * a) for a in self.scores])  # cov(score, count of class j)
            self.projection = np.linalg.lstsq(gram, cross, rcond=1e-12)[0]

    def observed(self) -> float:
        """Return the statistic of the observed labels."""
        rows = np.arange(self.model.n_rows)
        totals = np.bincount(self.model.y, self.model.weight, self.model.n_classes)
        return float(
            self.counts(self._project(totals, [self.model.weight @ score[rows, self.model.y] for score in self.scores]))
        )

    def of_draws(self, draws) -> np.ndarray:
        """Return the statistic of each drawn set of labels."""
        return self.counts(self._project(draws.class_totals(), [draws.total(score) for score in self.scores]))

    def _project(self, totals, scores):
        return totals - np.stack(scores, axis=-1) @ self.projection if scores else totals


def check_floor(
    null: NullModel, finite_log_proba: np.ndarray, fit: MixtureFit, few: float = UNEVEN_ROWS
) -> tuple[SurpriseCount, np.ndarray]:
    """Compare the rows that the model without its floor calls impossible with what the floor predicts.

    Parameters
    ----------
    null : NullModel
        The rows.
    finite_log_proba : ndarray of shape (n_rows, n_classes)
        Their log probabilities, exact zeros replaced.
    fit : MixtureFit
        A fit with a floor.
    few : float, default=15
        How many rows may be outliers although none of them is impossible by itself.

    Returns
    -------
    SurpriseCount, ndarray of bool
        The test and the impossible rows.
    """
    tempered = mixture_proba(finite_log_proba, fit.beta, fit.bias, 0.0)
    table = surprise_table(tempered)
    q = (1.0 - fit.floor) * tempered + fit.floor / null.n_classes
    return telling_count(table, null, q, min(few_rows(null.n_rows / design_effect(null)), few))


def telling_count(
    table: np.ndarray, null: NullModel, chance: np.ndarray, few: float, below: float = FIT_BELOW
) -> tuple[SurpriseCount, np.ndarray]:
    """Find the count of surprising rows that a model does not account for, to set aside all such rows at once.

    Parameters
    ----------
    table : ndarray of shape (n_rows, n_classes)
        Surprise of every label that a row could have.
    null : NullModel
        The rows.
    chance : ndarray of shape (n_rows, n_classes)
        Probability of each label under the model that is asked.
    few : float
        Largest number of independent rows that count as few. Rows each of which would hardly occur may be more.
    below : float, default=0.0005
        p-value below which a count is more than predicted.

    Returns
    -------
    SurpriseCount, ndarray of bool
        The largest count that is more than the model predicts (Poisson p-value below `below`, at least twice as many)
        and of which it accounts for at most a twentieth, or else that of the smallest p-value; and its rows, none
        where no count is more than predicted.

    Examples
    --------
    Two of forty sure rows show the other label, where 0.004 are expected:

    >>> proba = np.tile([0.9999, 0.0001], (40, 1))
    >>> null = NullModel(np.log(proba), np.repeat([1, 0], [2, 38]), np.ones(40))
    >>> count, rows = telling_count(surprise_table(proba), null, proba, 2)
    >>> count.observed, round(count.expected, 3), np.flatnonzero(rows).tolist()
    (2, 0.004, [0, 1])
    """
    effect = design_effect(null)
    sure = SURE_SURPRISE * effect / null.n_rows
    n_sure = np.count_nonzero(table[np.arange(null.n_rows), null.y] < sure)
    most = max(few * effect, min(n_sure, MAX_OUTLIER_SHARE * null.n_rows))
    counts = [
        count
        for count in count_surprises(table, null.y, chance, min(most, null.n_rows - 1), effect)
        if count.observed <= few * effect or count.threshold < sure
    ]
    nothing = np.zeros(null.n_rows, dtype=bool)
    if not counts:
        return SurpriseCount(0, 0.0, 1.0, 0.0), nothing
    rejecting = [count for count in counts if count.p_value < below and count.expected <= 0.5 * count.observed]
    clear = [count for count in rejecting if count.expected <= MOSTLY * count.observed]
    chosen = clear[-1] if clear else min(rejecting or counts, key=lambda count: count.p_value)
    return chosen, table[np.arange(null.n_rows), null.y] <= chosen.threshold * TIE if rejecting else nothing


def floor_posterior(null: NullModel, finite_log_proba: np.ndarray, fit: MixtureFit) -> np.ndarray:
    """Return the chance that each row's label came from the floor rather than from the model.

    Parameters
    ----------
    null : NullModel
        The rows.
    finite_log_proba : ndarray of shape (n_rows, n_classes)
        Their log probabilities, exact zeros replaced.
    fit : MixtureFit
        The fitted model.

    Returns
    -------
    ndarray of shape (n_rows,)
        (e / k) / q at the label.

    Examples
    --------
    With e = 0.2 and k = 2 a label of probability 0.1 comes 0.08 times from the model and 0.1 times from the floor:

    >>> null = NullModel(np.log([[0.1, 0.9]]), np.array([0]), np.ones(1))
    >>> floor_posterior(null, null.log_proba, MixtureFit(1.0, np.zeros(2), 0.2, 0.0, True)).round(4).tolist()
    [0.5556]
    """
    q = mixture_proba(finite_log_proba, fit.beta, fit.bias, fit.floor)
    return (fit.floor / null.n_classes) / q[np.arange(null.n_rows), null.y]


def material_floor(null: NullModel, finite_log_proba: np.ndarray, floor: float) -> bool:
    """Return whether a floor is large enough to be a cause of its own.

    Parameters
    ----------
    null : NullModel
        The rows.
    finite_log_proba : ndarray of shape (n_rows, n_classes)
        Their log probabilities, exact zeros replaced.
    floor : float
        Share of labels that are uniform noise.

    Returns
    -------
    bool
        Whether the noise rate is at least 0.005 and the floor alone saves at least 0.005 nats a row.

    Examples
    --------
    Ten labels of probability 0.9: a floor of 0.1, half of it wrong labels, only costs.

    >>> log_proba = np.log(np.tile([0.1, 0.9], (10, 1)))
    >>> material_floor(NullModel(log_proba, np.ones(10, dtype=int), np.ones(10)), log_proba, 0.1)
    False
    """
    if floor * (null.n_classes - 1) / null.n_classes < MATERIAL_NOISE:
        return False
    log_p = finite_log_proba[np.arange(null.n_rows), null.y]
    saved = np.log((1.0 - floor) * np.exp(log_p) + floor / null.n_classes) - log_p
    return float(np.average(saved, weights=null.weight)) >= MATERIAL_NATS


def floor_lower_limit(causes: CauseModel, finite_log_proba: np.ndarray) -> float:
    """Return the lower 95 % profile-likelihood limit of the floor, the other terms fitted anew at each value.

    Parameters
    ----------
    causes : CauseModel
        A selection that holds a floor.
    finite_log_proba : ndarray of shape (n_kept, n_classes)
        Log probabilities of the kept rows, exact zeros replaced.

    Returns
    -------
    float
        The limit; 0 where no floor at all is likely enough.

    Notes
    -----
    The signed root of the likelihood ratio is close to a straight line through 0 at the fit, so that a few steps along
    the line to the last point find where it is 1.96; where zeros make it bend sharply near 0, halving steps do.
    """
    null, fit = causes.null, causes.fit
    flags = {"temperature": "temperature" in causes.terms, "bias": "class_bias" in causes.terms}

    at = fit

    def root_of_ratio(floor: float) -> float:
        nonlocal at  # the next value is near: start there
        at = fit_mixture(
            finite_log_proba,
            null.y,
            null.weight,
            floor=False,
            floor_value=floor,
            starts=(at.beta,),
            start_bias=at.bias,
            **flags,
        )
        return np.sqrt(max(2.0 * causes.scale * (fit.log_likelihood - at.log_likelihood), 0.0))

    root = float(np.sqrt(causes.statistics["floor"]))
    if root <= Z95:
        return 0.0
    far, near, middle = 0.0, fit.floor, 0.0
    for step in range(LIMIT_STEPS):
        ahead = fit.floor + (middle - fit.floor) * Z95 / root if root > 0 else far
        middle = ahead if far < ahead < near and (step < 3 or step % 2) else 0.5 * (near + far)
        root = root_of_ratio(middle)
        if abs(root - Z95) < 0.02:
            return float(middle)
        if root > Z95:
            far = middle
        else:
            near = middle
    return float(far)


def _truncate(null: NullModel, rows: np.ndarray, impossible: np.ndarray) -> NullModel:
    """Return the null of `rows`, given that none of them shows a label marked impossible."""
    log_proba = log_softmax(np.where(impossible[rows], -np.inf, null.log_proba[rows]))
    group = null.group
    if group is not None:
        group = np.unique(group[rows], return_inverse=True)[1]
    return NullModel(log_proba, null.y[rows], null.weight[rows], group)


def few_rows(n_rows: float) -> int:
    """Return how many rows are too few to speak of a noise rate.

    Parameters
    ----------
    n_rows : float
        Number of independent rows.

    Returns
    -------
    int
        The largest count that leaves a rate of 0.005, the smallest that matters, open at 95 %; at least two.

    Examples
    --------
    16 wrong labels in 2000 are more than 0.005 beyond doubt, 15 are not:

    >>> few_rows(30), few_rows(2000)
    (2, 15)
    """
    smallest = MATERIAL_NOISE * n_rows
    # P(N >= m) = gammainc(m, mean) for a Poisson count N of that mean.
    counts = np.arange(1, int(smallest + 3 * np.sqrt(smallest)) + 4)
    return max(2, int(np.count_nonzero(gammainc(counts, smallest) > 0.05)))


def few_surprises(
    null: NullModel, log_proba: np.ndarray, fit: MixtureFit, most: float, below: float = FIT_BELOW
) -> tuple[np.ndarray, float]:
    """Return the rows whose labels a model all but rules out, if they are few.

    Parameters
    ----------
    null : NullModel
        The rows.
    log_proba : ndarray of shape (n_rows, n_classes)
        Their log probabilities, exact zeros replaced.
    fit : MixtureFit
        The model; its floor is not used.
    most : float
        How many rows are few.
    below : float, default=0.0005
        p-value below which rows are more than the model allows.

    Returns
    -------
    ndarray of int, float
        At most so many rows that are together more surprising than the model allows, and their p-value.

    Examples
    --------
    >>> null = NullModel(np.log([[0.5, 0.5], [0.9999, 0.0001], [0.4, 0.6]]), np.array([0, 1, 0]), np.ones(3))
    >>> rows, p_value = few_surprises(null, null.log_proba, MixtureFit(1.0, np.zeros(2), 0.0, 0.0, True), 2)
    >>> rows.tolist(), round(p_value, 4)
    ([1], 0.0001)
    """
    model = mixture_proba(log_proba, fit.beta, fit.bias, 0.0)
    table = surprise_table(model)
    count, impossible = telling_count(table, null, model, most, below)
    rows = np.flatnonzero(impossible)
    return rows if rows.size <= most * design_effect(null) else rows[:0], count.p_value


def sharpened(log_proba: np.ndarray, fit: MixtureFit) -> np.ndarray | None:
    """Return what an underconfident model is once repaired, since as given it expects labels of any kind.

    Parameters
    ----------
    log_proba : ndarray of shape (n_rows, n_classes)
        Finite logs of the probabilities as given.
    fit : MixtureFit
        Temperature and offsets that suit them.

    Returns
    -------
    ndarray of shape (n_rows, n_classes) or None
        None where the fit does not sharpen.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.mixture import MixtureFit
    >>> from sklearn_lossacc.inference.cause_model import sharpened
    >>> fit = MixtureFit(beta=2.0, bias=np.zeros(2), floor=0.1, log_likelihood=0.0, converged=True)
    >>> sharpened(np.log([[0.75, 0.25]]), fit).round(3)
    array([[0.9, 0.1]])
    """
    return mixture_proba(log_proba, fit.beta, fit.bias, 0.0) if fit.beta > 1.0 else None


def unexpected(null: NullModel, rows: np.ndarray, proba: np.ndarray | None = None) -> np.ndarray:
    """Return the most surprising of some rows, as many as the model as given does not account for.

    Parameters
    ----------
    null : NullModel
        The rows.
    rows : ndarray of int
        Some of them, not all.
    proba : ndarray of shape (n_rows, n_classes) or None, default=None
        What is asked instead of the model as given.

    Returns
    -------
    ndarray of int
        The largest number of which at most a fifth is expected to be as surprising.

    Examples
    --------
    >>> null = NullModel(np.log([[0.5, 0.5], [0.9999, 0.0001], [0.4, 0.6]]), np.array([0, 1, 0]), np.ones(3))
    >>> unexpected(null, np.array([0, 1])).tolist()
    [1]

    A blunt model expects its label; sharpened it does not:

    >>> blunt = NullModel(np.log(np.tile([0.8, 0.2], (9, 1))), np.repeat([1, 0], [1, 8]), np.ones(9))
    >>> rows, sharp = np.array([0]), np.tile([0.99, 0.01], (9, 1))
    >>> unexpected(blunt, rows).tolist(), unexpected(blunt, rows, sharp).tolist()
    ([], [0])
    """
    if not rows.size or rows.size == null.n_rows:
        return rows[:0]
    proba = null.proba if proba is None else proba
    surprise = surprise_of_labels(proba[rows], null.y[rows])
    ascending = np.sort(surprise)
    enough = np.flatnonzero(expected_surprises(proba, ascending) <= EXPECTED_ANYWAY * np.arange(1, rows.size + 1))
    return rows[surprise <= ascending[enough[-1]]] if enough.size else rows[:0]


def _least_noise(fit: MixtureFit, ratio: float) -> float:
    """Return the lower 95 % limit of the noise rate, as if the root of the likelihood ratio were a straight line."""
    rate = fit.floor * (fit.bias.size - 1) / fit.bias.size
    return rate * (1.0 - Z95 / math.sqrt(ratio)) if ratio > 0 else 0.0


def _few(selection: _Selection, terms: tuple[str, ...]):
    """Yield what the selection may rest on: a model, its few impossible rows, their p-value, whether terms must go."""
    null, log_proba, fit = selection.null, selection.finite_log_proba, selection.fit(frozenset(terms))
    effect = design_effect(null)
    few = few_rows(null.n_rows / effect)
    if "floor" in terms:
        p_value, _ = selection.test(frozenset(terms), "floor")
        rows = np.flatnonzero(floor_posterior(null, log_proba, fit) > 0.5)
        if rows.size <= few * effect:
            yield fit, rows, p_value, True
        yield fit, *few_surprises(null, log_proba, fit, few), True
        return
    # What a floor would account for, were it not too small to be selected, names no rows either.
    with_floor = selection.fit(frozenset(terms) | {"floor"})
    count, impossible = check_floor(null, log_proba, with_floor, few)
    yield with_floor, np.flatnonzero(impossible), count.p_value, False
    as_given = MixtureFit(1.0, np.zeros(null.n_classes), 0.0, 0.0, True)
    if terms:
        yield as_given, *few_surprises(null, log_proba, as_given, FEWEST, NAME_TWO_BELOW), True
    else:
        # Nothing is selected, so that nothing but the model as given could account for them.
        yield as_given, *few_surprises(null, log_proba, as_given, few), False


def _hidden_noise(selection: _Selection, fit: MixtureFit, ratio: float) -> bool:
    """Return whether the rows show a material floor beside a temperature below 1.

    An underconfident model expects the loss of noisy labels: a floor alone saves it nothing.
    """
    saved = ratio / (2.0 * selection.scale * float(selection.null.weight.sum()))
    return fit.beta > 1.0 and _least_noise(fit, ratio) >= MATERIAL_NOISE and saved >= MATERIAL_NATS


def _plain_noise(selection: _Selection, terms: tuple[str, ...]) -> bool:
    """Whether a selected floor is beyond doubt more than a few rows make of it."""
    _, ratio = selection.test(frozenset(terms), "floor")
    return _least_noise(selection.fit(frozenset(terms)), ratio) > PLAIN_NOISE


def _without_few(selection: _Selection, terms: tuple[str, ...], log_floor: float):
    """Name the few rows that a selection rests on; None where there are none.

    Returns the rows of the selection, the null of the others, their selection with its result, and the p-value.
    """
    current, effect = selection.null, design_effect(selection.null)
    for model, rows, p_value, fewer in _few(selection, terms):
        repaired = None
        if "floor" in terms and model.beta > 1.0:
            # With offsets free: where they account for the rows, nothing is sharpened.
            whole = frozenset(terms) if selection.sparse() else frozenset(TERMS)
            repaired = sharpened(selection.finite_log_proba, selection.fit(whole))
        rows = unexpected(current, rows, repaired)
        if not rows.size or p_value >= (NAME_BELOW if rows.size > FEWEST * effect else NAME_TWO_BELOW):
            continue
        named = np.zeros(current.n_rows, dtype=bool)
        named[rows] = True
        rest, impossible = _set_aside(current, named, model, log_floor)
        where = np.flatnonzero(~named), impossible
        again = _Selection(rest, finite(rest.log_proba, log_floor), design_scale(rest), selection.random_state)
        found = again.run()
        if not (set(found[0]) < set(terms) or (not fewer and found[0] == terms)):
            continue
        if "floor" in terms:
            likelihood = again.fit(frozenset(found[0])).log_likelihood
            rivals = [_log_likelihood(selection, rival, *where) for rival in (model, replace(model, floor=0.0))]
            ahead, ahead_of_rest = 2.0 * again.scale * (likelihood - np.array(rivals))
            # Noise reaches all rows. Where the others want it, or a temperature that pays for it, these stay; each term
            # beyond the first that goes with them is worth a parameter.
            enough = SAYS * (2 - len(terms) + len(found[0]))
            pays = ahead_of_rest > chi2.isf(KEEP_BELOW, 1)
            plain = rows.size > FEWEST * effect and _plain_noise(selection, terms)
            if (pays or plain) and ahead < enough:
                continue
        return rows, rest, again, found, p_value
    return None


def _log_likelihood(selection: _Selection, fit: MixtureFit, rows: np.ndarray, impossible: np.ndarray) -> float:
    """Return that of some rows under a fit, given that none of them shows a label marked impossible."""
    null = selection.null
    q = mixture_proba(selection.finite_log_proba[rows], fit.beta, fit.bias, fit.floor)
    seen = q[np.arange(rows.size), null.y[rows]]
    possible = 1.0 - np.einsum("ij,ij->i", q, impossible[rows])
    return float(null.weight[rows] @ np.log(np.maximum(seen / possible, 1e-300)))


def _set_aside(
    null: NullModel, outliers: np.ndarray, fit: MixtureFit, log_floor: float
) -> tuple[NullModel, np.ndarray]:
    """Return the null of the other rows, given that none shows a label as surprising as `outliers`, and such labels."""
    table = surprise_table(mixture_proba(finite(null.log_proba, log_floor), fit.beta, fit.bias, 0.0))
    impossible = table <= table[outliers, null.y[outliers]].max() * TIE
    others = np.flatnonzero(~outliers)
    # A row that stays shows a possible label, whatever was thought of it before.
    impossible[others, null.y[others]] = False
    return _truncate(null, others, impossible), impossible


def finite(log_proba: np.ndarray, floor: float) -> np.ndarray:
    """Replace the log of an exact zero, since fits need finite numbers.

    Parameters
    ----------
    log_proba : ndarray of shape (n_rows, n_classes)
        Natural logarithms of the probabilities.
    floor : float
        What stands for ``-inf``.

    Returns
    -------
    ndarray of shape (n_rows, n_classes)
        A copy.

    Examples
    --------
    >>> finite(np.array([[-np.inf, 0.0]]), -36.0).tolist()
    [[-36.0, 0.0]]
    """
    return np.where(np.isfinite(log_proba), log_proba, floor)


def select_causes(
    null: NullModel,
    *,
    log_floor: float,
    random_state: int = 0,
    few: float = UNEVEN_ROWS,
    name_few: bool = True,
) -> CauseModel:
    """Select the causes by backward elimination; set outliers aside where a floor does not fit.

    Parameters
    ----------
    null : NullModel
        The rows.
    log_floor : float
        Logarithm that stands for an exact zero.
    random_state : int
        Seed of the drawn null distributions.
    few : float, default=15
        How many rows may be set aside from a floor that does not fit although none is impossible by itself.
    name_few : bool, default=True
        Whether the few rows that a selection rests on may be named instead.

    Returns
    -------
    CauseModel

    Examples
    --------
    200 rows at probability 0.9, right in 140, both classes missed alike: only the temperature is wrong, and its
    inverse is ln(7/3) / ln 9.

    >>> predicted, missed = np.arange(200) % 2, np.arange(200) // 2 % 10 < 3
    >>> null = NullModel(np.log(np.where(predicted[:, None] == [0, 1], 0.9, 0.1)), predicted ^ missed, np.ones(200))
    >>> causes = select_causes(null, log_floor=-36.0)
    >>> causes.terms, causes.outliers.size
    (('temperature',), 0)
    >>> print(round(causes.fit.beta, 4), round(np.log(7 / 3) / np.log(9), 4))
    0.3856 0.3856
    """
    outliers = np.zeros(null.n_rows, dtype=bool)
    kept = np.arange(null.n_rows)
    current = null
    floor_fit = None
    resting, outlier_p = False, 1.0
    effect, unsure = design_effect(null), 0
    for round_ in range(MAX_ROUNDS + 1):
        scores = finite(current.log_proba, log_floor)
        selection = _Selection(current, scores, design_scale(current), random_state, round_ < MAX_ROUNDS)
        terms, p_values, statistics = selection.run()
        fit = selection.fit(frozenset(terms))
        if "floor" in terms:
            floor_fit, impossible = check_floor(current, scores, fit, few)
            if impossible.any():
                unsure += int(impossible.sum()) * (floor_fit.threshold >= SURE_SURPRISE * effect / null.n_rows)
                if unsure > few * effect:
                    # So long a tail is that of noise which is not uniform.
                    return select_causes(null, log_floor=log_floor, random_state=random_state, few=0, name_few=name_few)
                if outliers.sum() + impossible.sum() > max(few_rows(null.n_rows), MAX_OUTLIER_SHARE * null.n_rows):
                    # So many rows are no outliers: it is the model as a whole that is wrong about them.
                    terms, fit = selection.without_floor(p_values, statistics)
                    break
                outliers[kept[impossible]] = True
                outlier_p = min(outlier_p, floor_fit.p_value)
                kept, current = np.flatnonzero(~outliers), _set_aside(null, outliers, fit, log_floor)[0]
                continue
        while True:
            named = _without_few(selection, terms, log_floor) if name_few and not resting else None
            if named is not None:
                # What was selected rests on these rows: they are named instead.
                rows, current, selection, (terms, p_values, statistics), p_value = named
                fit = selection.fit(frozenset(terms))
                outliers[kept[rows]] = True
                kept = np.flatnonzero(~outliers)
                resting, outlier_p = True, min(outlier_p, p_value)
            if (
                "floor" not in terms
                or material_floor(current, selection.finite_log_proba, fit.floor)
                or _hidden_noise(selection, fit, statistics["floor"])
            ):
                break
            # So small a floor is no cause of its own, but left in it would take nats from the temperature.
            terms, fit = selection.without_floor(p_values, statistics)
        break
    return CauseModel(
        terms,
        fit,
        p_values,
        statistics,
        floor_fit,
        np.flatnonzero(outliers),
        current,
        kept,
        selection.scale,
        resting,
        outlier_p,
        selection.rival(terms),
    )
