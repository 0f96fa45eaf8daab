"""Backward elimination among temperature, class bias and floor: each is tested with the others fitted."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy.stats import chi2, gamma

from sklearn_lossacc._numerics.mixture import MixtureFit, fit_mixture_rows, mixture_proba
from sklearn_lossacc._numerics.mixture_rows import MixtureRows
from sklearn_lossacc.inference.class_counts import MIN_CLASS_COUNT, ClassCounts
from sklearn_lossacc.inference.class_factors import ClassFactors
from sklearn_lossacc.inference.design import too_sparse
from sklearn_lossacc.inference.floor import floor_posterior
from sklearn_lossacc.inference.label_transitions import transitions_reach
from sklearn_lossacc.inference.largest_class import MANY_CLASSES, or_largest_class
from sklearn_lossacc.inference.monte_carlo import N_DRAWS, Statistic, monte_carlo
from sklearn_lossacc.inference.null import NullModel

TERMS = ("temperature", "class_bias", "floor")
KEEP_BELOW = 0.01
FEW_ENTRIES, FEW_OF_A_CLASS = 2**15, 20  # a part of the rows has so many at least, to show what is plain


@dataclass
class Elimination:
    """Backward elimination on one set of rows.

    Attributes
    ----------
    null : NullModel
        The rows.
    finite_log_proba : ndarray of shape (n_rows, n_classes)
        Their log probabilities, exact zeros replaced.
    scale : float
        Effective rows per unit of weight.
    random_state : int
        Seed of the drawn null distributions.
    allow_floor : bool, default=True
        Whether a floor is among the terms.
    fits : dict
        The fit of each set of terms that was asked for.
    """

    null: NullModel
    finite_log_proba: np.ndarray
    scale: float
    random_state: int
    allow_floor: bool = True
    fits: dict[frozenset, MixtureFit] = field(default_factory=dict)

    @cached_property
    def rows(self) -> MixtureRows:
        """What all fits share."""
        return MixtureRows(self.finite_log_proba, self.null.y, self.null.weight)

    def fit(self, terms: frozenset) -> MixtureFit:
        """Return the fit of some terms."""
        if terms not in self.fits:
            self.fits[terms] = fit_mixture_rows(
                self.rows,
                temperature="temperature" in terms,
                bias="class_bias" in terms,
                floor="floor" in terms,
            )
        return self.fits[terms]

    def sparse(self) -> bool:
        """Return whether some class is expected so seldom that its offset has no chi-squared law."""
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
        return self._ratio_test(self.fit(terms).log_likelihood, self.fit(terms - {term}).log_likelihood, term)

    def _ratio_test(self, with_it: float, without: float, term: str) -> tuple[float, float]:
        """Return (p-value, statistic) of `term` from two log likelihoods."""
        ratio = max(2.0 * (with_it - without) * self.scale, 0.0)
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
        alone, both = frozenset(terms), frozenset(terms) | either
        # Both together may end their climb where the selected term alone is likelier.
        likelihood = max(self.fit(both).log_likelihood, self.fit(alone).log_likelihood)
        p_value, _ = self._ratio_test(likelihood, self.fit(both - chosen).log_likelihood, *chosen)
        return (either - chosen).pop() if p_value >= KEEP_BELOW else None

    def plain_factors(self, terms: tuple[str, ...], level: float) -> ClassFactors | None:
        """Return a factor and an offset for each class where they explain the rows plainly better than some terms do.

        Of many rows a part is asked first. Weights of the rows are numbers of independent draws.
        """
        null, k = self.null, self.null.n_classes
        if k < 3 or too_sparse(null):
            return None
        fit, found = self.fit(frozenset(terms)), None
        n_more = 2 * k - 1 - len(terms) - (k - 2) * ("class_bias" in terms)
        step = max(1, null.n_rows // max(FEW_ENTRIES // k, FEW_OF_A_CLASS * k))
        for rows in (slice(None, None, step), slice(None))[step == 1 :]:
            scores, y, draws = self.finite_log_proba[rows], null.y[rows], self.scale * null.weight[rows]
            proba = mixture_proba(scores, fit.beta, fit.bias, fit.floor)
            explained = draws @ np.log(np.maximum(proba[np.arange(len(y)), y], 1e-300))
            found = ClassFactors(scores, y, draws)
            if 2.0 * (found.log_likelihood - explained) <= chi2.isf(level, n_more):
                return None
        return found

    def floor_beside_factors(self, terms: tuple[str, ...]) -> float:
        """Return the p-value of a selected floor beside a factor and an offset for each class.

        It is 0 where these explain the rows no better than the selected terms do, or than noise that depends on the
        class.
        """
        null, k = self.null, self.null.n_classes
        factors = self.plain_factors(terms, KEEP_BELOW)
        if factors is None:
            return 0.0
        fit, draws = self.fit(frozenset(terms)), self.scale * null.weight
        for beta in (1.0, fit.beta):
            proba = mixture_proba(self.finite_log_proba, beta, np.zeros(k), 0.0)
            if transitions_reach(proba, null.y, draws, factors.log_likelihood):
                return 0.0
        both = factors.beside_floor(floor_posterior(null, self.finite_log_proba, fit))
        ratio = 2.0 * (both - factors.log_likelihood)
        return 0.5 * float(chi2.sf(ratio, 1)) if ratio > 1e-9 else 1.0

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
        """Return the terms that are kept, and of every term its last p-value and statistic."""
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
