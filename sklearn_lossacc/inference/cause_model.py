"""Which of temperature, class bias and floor explain the loss, or which few rows.

The model is q = (1 - e) softmax(beta log p + b) + e / k. A floor is kept as label noise only if it fits: the number of
rows that the rest of the model calls impossible must agree with the number that the floor predicts. A handful of
corrupt rows mimics a floor but fails this; such rows are set aside as outliers and everything else is judged again
under the null truncated to what the remaining rows could have shown. So are, before anything is asked, the rows of a
class that has probability 0 in every row.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import gammaln
from scipy.stats import chi2

from sklearn_lossacc._numerics import log_softmax
from sklearn_lossacc._numerics.mixture import MixtureFit, fit_mixture, mixture_proba
from sklearn_lossacc.inference.design import design_effect, design_scale
from sklearn_lossacc.inference.elimination import KEEP_BELOW, TERMS, Elimination
from sklearn_lossacc.inference.few_rows import (
    FEWEST,
    MATERIAL_NOISE,
    MAX_OUTLIER_SHARE,
    SURE_SURPRISE,
    few_rows,
    few_surprises,
    sharpened,
    unexpected,
)
from sklearn_lossacc.inference.floor import (
    MATERIAL_NATS,
    UNEVEN_ROWS,
    check_floor,
    finite,
    floor_posterior,
    material_floor,
)
from sklearn_lossacc.inference.normal import Z95
from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.surprise import SurpriseCount, so_surprising, surprise_of_labels
from sklearn_lossacc.inference.without_column import without_column

NAME_BELOW = 0.001  # rows are named in place of a term only on better evidence than terms are kept on
NAME_TWO_BELOW = 0.05  # where one or two rows could be all there is to a term
PLAIN_NOISE = 0.02  # a noise rate above this beyond doubt is not that of a few rows
FACTORS_BELOW = 1e-4  # in place of `KEEP_BELOW` where rows were set aside, in view of which labels do not fit
SAYS = 2.0  # difference of twice the log likelihood that speaks for a model: what AIC asks of a parameter
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
    n_without_column : int
        How many of the rows set aside show a class that has probability 0 in every row.
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
    n_without_column: int = 0

    @property
    def has_outliers(self) -> bool:
        """Whether rows are set aside for more than that their class has no probability."""
        return self.outliers.size > self.n_without_column

    def applied(self, rows: NullModel, log_floor: float, *, floor: bool = True) -> NullModel:
        """Return some rows under the selected model, with its floor or without; an exact zero counts as `log_floor`."""
        scores = finite(rows.log_proba, log_floor)
        model = mixture_proba(scores, self.fit.beta, self.fit.bias, self.fit.floor if floor else 0.0)
        return NullModel(np.log(np.maximum(model, 1e-300)), rows.y, rows.weight, rows.group)

    def with_rival(self, log_floor: float) -> CauseModel:
        """Return the selection with the rival in the place of the term that it does as well as."""
        null, terms = self.null, set(self.terms) ^ {"temperature", "floor"}
        fit = fit_mixture(
            finite(null.log_proba, log_floor),
            null.y,
            null.weight,
            temperature="temperature" in terms,
            bias="class_bias" in terms,
            floor="floor" in terms,
        )
        return replace(self, terms=tuple(term for term in TERMS if term in terms), fit=fit, rival=None)


def _least_noise(fit: MixtureFit, ratio: float) -> float:
    """Return the lower 95 % limit of the noise rate, as if the root of the likelihood ratio were a straight line."""
    rate = fit.floor * (fit.bias.size - 1) / fit.bias.size
    return rate * (1.0 - Z95 / math.sqrt(ratio)) if ratio > 0 else 0.0


def _few(selection: Elimination, terms: tuple[str, ...]):
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
    as_given = MixtureFit(1.0, np.zeros(null.n_classes), 0.0, 0.0)
    if terms:
        yield as_given, *few_surprises(null, log_proba, as_given, FEWEST, NAME_TWO_BELOW), True
    else:
        # Nothing is selected, so that nothing but the model as given could account for them.
        yield as_given, *few_surprises(null, log_proba, as_given, few), False


def _hidden_noise(selection: Elimination, fit: MixtureFit, ratio: float) -> bool:
    """Return whether the rows show a material floor beside a temperature below 1.

    An underconfident model expects the loss of noisy labels: a floor alone saves it nothing.
    """
    saved = ratio / (2.0 * selection.scale * float(selection.null.weight.sum()))
    return fit.beta > 1.0 and _least_noise(fit, ratio) >= MATERIAL_NOISE and saved >= MATERIAL_NATS


def _plain_noise(selection: Elimination, terms: tuple[str, ...]) -> bool:
    """Whether a selected floor is beyond doubt more than a few rows make of it."""
    _, ratio = selection.test(frozenset(terms), "floor")
    return _least_noise(selection.fit(frozenset(terms)), ratio) > PLAIN_NOISE


def _likelier(
    selection: Elimination, terms: tuple[str, ...], rest: Elimination, of_rest: tuple[str, ...], n_named: float
) -> bool:
    """Return whether terms explain all rows better than fewer terms do the rest, given what naming the others costs.

    Which of all rows are named, and with which of all labels, is chosen in view of them: ln C(n, m) + m ln k nats for m
    rows of n. A parameter costs one nat, as in AIC.
    """
    k, n_rows = selection.null.n_classes, selection.null.n_rows
    chosen = gammaln(n_rows + 1.0) - gammaln(n_named + 1.0) - gammaln(n_rows - n_named + 1.0) + n_named * math.log(k)
    of_row = selection.null.weight.sum() / n_rows
    ahead = selection.scale * selection.fit(frozenset(terms)).log_likelihood
    ahead -= rest.scale * (rest.fit(frozenset(of_rest)).log_likelihood - of_row * chosen)
    more = set(terms) - set(of_rest)
    return bool(ahead > ("temperature" in more) + (k - 1) * ("class_bias" in more))


def _without_few(selection: Elimination, terms: tuple[str, ...], log_floor: float):
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
        again = Elimination(rest, finite(rest.log_proba, log_floor), design_scale(rest), selection.random_state)
        found = again.run()
        if not (set(found[0]) < set(terms) or (not fewer and found[0] == terms)):
            continue
        if fewer and "floor" not in terms and _likelier(selection, terms, again, found[0], float(rows.size)):
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


def _factors_account(
    null: NullModel, kept: np.ndarray, terms: tuple[str, ...], fit: MixtureFit, log_floor: float, random_state: int
) -> bool:
    """Return whether a factor and an offset for each class, fitted to the rows that are kept, expect the others too."""
    if null.n_classes < 3:
        return False
    rest, effect = null.take(kept), design_effect(null)
    scores = finite(rest.log_proba, log_floor)
    selection = Elimination(rest, scores, design_scale(rest), random_state, fits={frozenset(terms): fit})
    factors = selection.plain_factors(terms, FACTORS_BELOW)
    if factors is None:
        return False
    log_proba = factors.applied(finite(null.log_proba, log_floor))
    by_class = NullModel(log_proba, null.y, null.weight, null.group)
    as_it_says = MixtureFit(1.0, np.zeros(null.n_classes), 0.0, 0.0)
    return few_surprises(by_class, log_proba, as_it_says, few_rows(null.n_rows / effect))[1] >= NAME_BELOW


def _log_likelihood(selection: Elimination, fit: MixtureFit, rows: np.ndarray, impossible: np.ndarray) -> float:
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
    model = mixture_proba(finite(null.log_proba, log_floor), fit.beta, fit.bias, 0.0)
    impossible = so_surprising(model, float(surprise_of_labels(model[outliers], null.y[outliers]).max()))
    others = np.flatnonzero(~outliers)
    # A row that stays shows a possible label, whatever was thought of it before.
    impossible[others, null.y[others]] = False
    return _truncate(null, others, impossible), impossible


def _truncate(null: NullModel, rows: np.ndarray, impossible: np.ndarray) -> NullModel:
    """Return the null of `rows`, given that none of them shows a label marked impossible."""
    log_proba = log_softmax(np.where(impossible[rows], -np.inf, null.log_proba[rows]))
    group = null.group
    if group is not None:
        group = np.unique(group[rows], return_inverse=True)[1]
    return NullModel(log_proba, null.y[rows], null.weight[rows], group)


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
    ruled_out = without_column(null, log_floor)
    if ruled_out.any():
        # Nothing that is asked of the other classes explains these rows, and no repair of theirs reaches them.
        rest = np.flatnonzero(~ruled_out)
        found = select_causes(
            null.take(rest), log_floor=log_floor, random_state=random_state, few=few, name_few=name_few
        )
        aside = np.sort(np.append(np.flatnonzero(ruled_out), rest[found.outliers]))
        return replace(
            found, outliers=aside, kept=rest[found.kept], outlier_p=0.0, n_without_column=int(ruled_out.sum())
        )
    outliers = np.zeros(null.n_rows, dtype=bool)
    kept = np.arange(null.n_rows)
    current = null
    floor_fit = None
    resting, outlier_p = False, 1.0
    effect, unsure = design_effect(null), 0
    for round_ in range(MAX_ROUNDS + 1):
        scores = finite(current.log_proba, log_floor)
        selection = Elimination(current, scores, design_scale(current), random_state, round_ < MAX_ROUNDS)
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
            if "floor" not in terms:
                break
            if material_floor(current, selection.finite_log_proba, fit.floor) or _hidden_noise(
                selection, fit, statistics["floor"]
            ):
                beside_factors = selection.floor_beside_factors(terms)
                if beside_factors < KEEP_BELOW:
                    break
                # Classes that are sure by different degrees are missed by a floor, and leave none.
                p_values["floor"] = beside_factors
            # So small a floor is no cause of its own, but left in it would take nats from the temperature.
            terms, fit = selection.without_floor(p_values, statistics)
        break
    if outliers.any() and name_few and few and _factors_account(null, kept, terms, fit, log_floor, random_state):
        return select_causes(null, log_floor=log_floor, random_state=random_state, few=0, name_few=False)
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
