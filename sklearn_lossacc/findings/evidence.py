"""What the rules share: the summary, its row sample, and everything computed once from them."""

from __future__ import annotations

import math
from functools import cached_property, partial
from typing import Any

import numpy as np

from sklearn_lossacc._numerics.links import LOSS_CLIP
from sklearn_lossacc._numerics.mixture import mixture_proba, profile_floor
from sklearn_lossacc._numerics.temperature import TemperatureSolution, solve_temperature
from sklearn_lossacc.findings.decomposition import Part
from sklearn_lossacc.findings.dominating import largest_share
from sklearn_lossacc.findings.finding import Estimate
from sklearn_lossacc.findings.materiality import NATS
from sklearn_lossacc.findings.outlier_rows import OutlierRows, extreme_outliers, sampled_outliers
from sklearn_lossacc.findings.parts import fitted_parts, term_df, term_gains
from sklearn_lossacc.findings.row_set import RowSet
from sklearn_lossacc.inference.calibration_error import BinnedCalibration, binned_calibration, tallied_calibration
from sklearn_lossacc.inference.cause_model import CauseModel, select_causes
from sklearn_lossacc.inference.class_totals import FarClasses, far_classes, totals_p_value
from sklearn_lossacc.inference.column_order import better_order
from sklearn_lossacc.inference.dependence import PairAgreement, look, pair_agreement, repetition
from sklearn_lossacc.inference.design import design_effect, too_sparse
from sklearn_lossacc.inference.elimination import KEEP_BELOW
from sklearn_lossacc.inference.exact_ties import exact_ties_p_value
from sklearn_lossacc.inference.extremes import ExtremeRows, extreme_p_value
from sklearn_lossacc.inference.few_rows import sharpened
from sklearn_lossacc.inference.floor import finite
from sklearn_lossacc.inference.floor_limit import floor_lower_limit
from sklearn_lossacc.inference.gates import CONTINUE_BELOW, N_DRAWS_FIRST, Gate, loss_z, run_gates
from sklearn_lossacc.inference.intervals import (
    MIN_GROUPS,
    effective_draws,
    mean_and_error,
    unit_sums,
    wilson_interval,
)
from sklearn_lossacc.inference.monotone import ShapeGain, shape_gain
from sklearn_lossacc.inference.noise import straight_line
from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.one_class import OneClass, one_class
from sklearn_lossacc.inference.one_way_flips import one_way_flips
from sklearn_lossacc.inference.open_costs import open_floor_cost, open_temperature_cost
from sklearn_lossacc.inference.ruled_out import noise_among_possible
from sklearn_lossacc.inference.selected_costs import selected_cost_limits
from sklearn_lossacc.inference.shape import MAX_GROUPED_ROWS, ShapeTest, shape_test
from sklearn_lossacc.inference.surprise import SurpriseCount
from sklearn_lossacc.inference.temperature_limits import temperature_limits
from sklearn_lossacc.inference.threshold import ThresholdGain, threshold_gain
from sklearn_lossacc.inference.uneven import ClassTemperatures, UnevenTest, class_temperatures, uneven_test
from sklearn_lossacc.statistics import PredictionSummary, RowSample
from sklearn_lossacc.statistics.top_rows import MAX_TOP_ROWS

LOG_CLIP = math.log(LOSS_CLIP)
Z95 = 1.959963984540054
JUDGED_ROWS, JUDGED_ENTRIES = 2**14, 2**17  # the larger number of rows counts
FEWEST_JUDGED, MOST_ENTRIES = 2**10, 2**20  # the larger number of rows is the most, with many classes
FEWEST_GROUPS = 2**8  # of dependent rows: fewer say little of how dependent they are
MOST_RULES = 50  # more than Holm's correction will ever count
FINE_BINS = 960  # of the top probability, as tallied by summaries
AS_LIKELY = 1.92  # nats of log likelihood within which two explanations cannot be told apart
MAX_LOG_ERROR = 5.0  # standard error of log T beyond which limits would span thousands of times either way


class Evidence:
    """Lazy, cached quantities behind the findings of one summary.

    Parameters
    ----------
    summary : PredictionSummary
        The predictions.
    alpha : float
        Family-wise error rate.
    random_state : int
        Seed of every draw; each use has its own stream, so that asking for one number never changes another.
    row_by_row : Evidence, optional
        The same with every row for one draw, where that shows copies (LA004): then rows that look the same are a group.
    """

    def __init__(
        self, summary: PredictionSummary, *, alpha: float, random_state: int, row_by_row: Evidence | None = None
    ):
        self.summary = summary
        self.alpha = alpha
        self.random_state = random_state
        self.row_by_row = row_by_row

    def rng(self, stream: int) -> np.random.Generator:
        """Return the generator of one numbered use."""
        return np.random.default_rng([self.random_state, stream])

    # -- the rows ----------------------------------------------------------------------------------------------
    @cached_property
    def clipped(self) -> bool:
        """Whether some true class had probability exactly 0, so that losses are clipped."""
        return self.summary.zero_rows > 0

    @cached_property
    def sample(self) -> RowSample:
        """The rows that are tested and fitted: all of them, or as many as settle every effect that matters.

        A dozen fits over so many cost as much as the one pass over all rows. They are more where weights leave less
        than half of them, and where rows come in few groups.
        """
        summary, k = self.summary, self.summary.n_classes
        wanted, most = max(JUDGED_ROWS, JUDGED_ENTRIES // k), max(FEWEST_JUDGED, MOST_ENTRIES // k)
        n_rows = math.ceil(min(wanted, most) * max(1.0, 0.5 * summary.n_samples / self.n_effective))
        if summary.group_rows is not None:
            n_rows = max(n_rows, int(summary.group_rows[:FEWEST_GROUPS].sum()))
        return summary.subsample(n_rows)

    @cached_property
    def judged(self) -> RowSet:
        """The rows of `sample`: every test and every fit is theirs."""
        return self._row_set(self.sample)

    @cached_property
    def rows(self) -> RowSet:
        """The rows that metrics and tables describe: all rows where the summary keeps them, else those judged."""
        all_kept = self.summary.kept_rows.cutoff is None
        return self._row_set(self.summary.sample) if all_kept and not self.sample.complete else self.judged

    def _row_set(self, sample: RowSample) -> RowSet:
        log_proba = np.maximum(sample.log_proba, LOG_CLIP) if self.clipped else sample.log_proba
        null = NullModel(log_proba, sample.y, sample.weight, sample.group)
        if self.row_by_row is None:
            return RowSet(sample, null, self.n_effective, partial(self.rng, 1))
        group = np.unique(look(null, sample.identity), return_inverse=True)[1]
        # Of copies a part of the rows has fewer each than all rows have.
        here, everywhere = (repetition(group, sample.weight, n) for n in (len(sample), self.summary.n_samples))
        null = NullModel(log_proba, sample.y, sample.weight, group)
        return RowSet(sample, null, self.n_effective * here / everywhere, partial(self.rng, 1))

    @cached_property
    def n_groups(self) -> int | None:
        """Number of groups of dependent rows, as given or as found; None where every row counts as a draw."""
        return self.summary.n_groups if self.row_by_row is None else self.rows.null.n_groups

    @property
    def null(self) -> NullModel:
        """The judged rows under the universal null."""
        return self.judged.null

    @cached_property
    def log_proba(self) -> np.ndarray:
        """Finite log probabilities of the judged rows, for fits."""
        return finite(self.null.log_proba, LOG_CLIP)

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return self.summary.n_classes

    @cached_property
    def n_effective(self) -> float:
        """Kish's effective number of all rows."""
        return float(self.summary.effective_n)

    @cached_property
    def total_loss(self) -> float:
        """The observed log loss in nats, clipped only where a true class had probability 0."""
        return float(self.summary.mean("loss") if self.clipped else self.summary.log_loss)

    @cached_property
    def largest_loss(self) -> float:
        """Largest loss of a row, in nats."""
        seen = float(self.rows.null.true_loss.max())
        return seen if self.rows.complete else max(seen, float(self.summary.top_loss.loss.max()))

    @cached_property
    def largest_loss_share(self) -> float:
        """Largest share of the observed loss that one row carries."""
        top, null, total = self.summary.top_loss, self.rows.null, self.total_loss * self.summary.sum_w
        largest = max(float((top.weight * top.loss).max()), float((null.weight * null.true_loss).max()))
        return largest / total if total > 0 else 0.0

    @property
    def too_few_groups(self) -> str:
        """Why no interval is offered where there are fewer groups than can tell how they differ; else empty."""
        n_groups = self.n_groups
        few = n_groups is not None and n_groups < MIN_GROUPS
        return f"not applicable: {n_groups} groups are too few" if few else ""

    @property
    def unequal_units(self) -> bool:
        """Whether rows have weights, or come in groups: then one of few may count for much more than the others."""
        return self.summary.has_weights or self.n_groups is not None

    @cached_property
    def largest_weight_share(self) -> float:
        """Largest share of the weight of the rows at hand that one row carries, or one group when there are groups."""
        return largest_share(self.rows.null)

    # -- tests -------------------------------------------------------------------------------------------------
    @cached_property
    def gates(self) -> dict[str, Gate]:
        """Tests of the universal null on the judged rows; p-values below 0.1 may be rough."""
        return run_gates(self.null, random_state=self.random_state, most_draws=N_DRAWS_FIRST)

    @cached_property
    def alarmed(self) -> bool:
        """Whether any gate rejects at alpha; only then are causes selected."""
        return (
            min(gate.p_value for gate in self.gates.values()) <= self.alpha
            or self.extreme_gate <= self.alpha
            or self.totals_gate <= self.alpha
            or self.shape_gate.p_value <= self.alpha
            or self.uneven_gate.p_value <= self.alpha
        )

    @cached_property
    def causes(self) -> CauseModel | None:
        """The selected causes, none of them where one class explains all, or None where no gate rejects."""
        return self.common_causes if self.one_class is None else self.one_class.causes

    @cached_property
    def one_class(self) -> OneClass | None:
        """The predicted class whose own temperature explains what reaches all rows otherwise; None without one."""
        found = self.common_causes
        if self.n_classes < 3 or found is None or not (found.terms or found.outliers.size):
            return None
        if self.uneven_gate.p_value > self.alpha:
            return None
        return one_class(self.null, self.uneven_gate.worst, found, log_floor=LOG_CLIP, random_state=self.random_state)

    @cached_property
    def common_causes(self) -> CauseModel | None:
        """The causes selected among those that reach all rows, or None where no gate rejects."""
        if not self.alarmed:
            return None
        found = select_causes(self.null, log_floor=LOG_CLIP, random_state=self.random_state)
        extremes = self.extreme_rows(found) if found.few_rows else None
        if extremes is None or not extremes.many:
            return found
        # What looked like a few rows of the part judged is more than that among all rows.
        return select_causes(self.null, log_floor=LOG_CLIP, random_state=self.random_state, name_few=False)

    @cached_property
    def cause_gates(self) -> dict[str, Gate]:
        """The gates, on the rows that remain once outliers are set aside."""
        causes = self.causes
        if causes is None or not causes.outliers.size:
            return self.gates
        return run_gates(causes.null, random_state=self.random_state, most_draws=N_DRAWS_FIRST)

    def fine_gate(self, name: str) -> Gate:
        """Return one of the same gates, from as many draws as a small p-value needs."""
        null = self.null if self.causes is None else self.causes.null
        return run_gates(null, random_state=self.random_state, settled=self.settled, asked=(name,))[name]

    @cached_property
    def outlier_gate(self) -> float:
        """p-value of labels as unlikely as these, by their ranks or by the likelihood of a floor.

        Either may show outliers, so both are asked (Bonferroni), and the ranks among all rows too where these are not
        the judged ones; the likelihood is drawn finely only where it decides. A model that is underconfident expects
        large losses and hides outliers: what refutes it will do.
        """
        asked = 2.0 if self.sample.complete else 3.0
        surprise, floor = min(self.gates["surprise"].p_value, self.extreme_gate), self.gates["floor"]
        named = self.causes is not None and self.causes.outliers.size > 0
        if named and floor.n_draws and surprise > self.settled / asked and floor.p_value < CONTINUE_BELOW:
            floor = run_gates(
                self.null, random_state=self.random_state, settled=self.settled / asked, asked=("floor",)
            )["floor"]
        hidden = self.gates["under"].p_value if "under" in self.term_gates.values() else 1.0
        return min(1.0, asked * min(surprise, floor.p_value), hidden)

    @cached_property
    def smallest_surprises(self) -> np.ndarray:
        """The smallest surprises of all rows, increasing, with exact zeros as unlikely as fits take them."""
        smallest = self.summary.top_surprise.surprise_p
        return np.maximum(smallest, self.n_classes * LOSS_CLIP) if self.clipped else smallest

    @cached_property
    def extreme_gate(self) -> float:
        """p-value of the ranks of labels as unlikely as these among all rows; 1 where all rows are judged."""
        if self.sample.complete:
            return 1.0
        n_rows = self.summary.top_surprise.n_candidates
        return extreme_p_value(self.smallest_surprises, n_rows, self.n_groups is None)

    def extreme_rows(self, causes: CauseModel) -> ExtremeRows | None:
        """Return the most surprising of all rows, against what some causes expect of them.

        None where all rows are judged, or nothing is to be explained; nor is it asked where a floor is selected:
        noise reaches all rows, so that the judged ones have seen it.
        """
        if "floor" in causes.terms or self.extreme_gate > self.alpha:
            return None
        n_rows, effect = self.summary.top_surprise.n_candidates, design_effect(self.null)
        return ExtremeRows(self.smallest_surprises, n_rows, self.null, self.log_proba, causes.kept, causes.fit, effect)

    @cached_property
    def extremes(self) -> SurpriseCount | None:
        """How many of the most surprising of all rows the selected causes leave unexplained; None where not asked."""
        rows = None if self.causes is None else self.extreme_rows(self.causes)
        return None if rows is None else rows.count()

    @cached_property
    def all_totals(self) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """Rows of each class among all rows: by label, expected, and predicted.

        None unless the rows judged are a part too small for class offsets, and all rows are independent and of equal
        weight.
        """
        summary, n_rows = self.summary, self.summary.n_samples
        alike = self.n_groups is None and math.isclose(self.n_effective, n_rows, rel_tol=1e-9)
        if self.sample.complete or not alike or not too_sparse(self.null):
            return None
        unit = summary.sum_w / n_rows
        return np.rint(summary.class_weight / unit), summary.proba_sum / unit, summary.predicted_weight / unit

    @cached_property
    def totals_gate(self) -> float:
        """p-value of the class total of all rows that is furthest from its expectation; 1 where it is not asked."""
        if self.all_totals is None:
            return 1.0
        total, expected, _ = self.all_totals
        return totals_p_value(total, expected, self.summary.n_samples)

    @cached_property
    def far_classes(self) -> FarClasses | None:
        """The classes whose totals among all rows the selected causes do not explain; None where it is not material."""
        if self.all_totals is None or self.totals_gate > self.alpha or self.causes is None:
            return None
        causes = self.causes
        # The likelihood ratio of a term is about the square of its size over its standard error.
        error = max((1.0 / math.sqrt(causes.statistics[term]) for term in causes.terms), default=0.0)
        found = far_classes(*self.all_totals, self.null, self.log_proba, causes.fit, error)
        return found if found.nats >= NATS else None

    @property
    def settled(self) -> float:
        """A p-value so small that it falls below alpha after any correction."""
        return self.alpha / MOST_RULES

    @cached_property
    def term_gains(self) -> dict[str, np.ndarray]:
        """What each selected cause costs each row that is kept, in nats."""
        return {} if self.causes is None else term_gains(self.causes, self.null, self.log_proba)

    @cached_property
    def fitted_parts(self) -> dict[str, Part]:
        """What each selected cause costs."""
        parts, far = fitted_parts(self.causes, self.null, self.term_gains), self.far_classes
        if far is not None:
            half = Z95 * far.error
            parts["class_bias"] = Part("class_bias", far.nats, far.nats - half, far.nats + half)
        return parts

    @cached_property
    def repaired_gain(self) -> np.ndarray:
        """What the selected causes cost each judged row: its loss less that of the selected model."""
        gain = np.zeros(self.null.n_rows)
        if self.causes is not None:
            gain[self.causes.kept] = sum(self.term_gains.values())
        return gain

    @cached_property
    def repaired_cost_limits(self) -> tuple[float, float, float]:
        """What the judged rows lose under the selected model, with the limits that its likelihood leaves."""
        causes = self.causes
        if causes is None:
            return 0.0, 0.0, 0.0
        share = float(causes.null.weight.sum() / self.null.weight.sum())
        cost, low, high = selected_cost_limits(causes, self.log_proba[causes.kept])
        return share * cost, share * low, share * high

    def p_values(self, gate: str, term: str) -> tuple[float, dict[str, float | str | None]]:
        """Return the larger of gate and attribution p-value, and both with the name and the method of the gate.

        One selected cause may hide another from its gate: a model that is underconfident expects the loss of noisy
        labels. Each of their gates refutes the same null, so that any of them will do.

        How far the gate's is below 0.1 is drawn only where it matters: for a selected term that is as sure.
        """
        if term == "class_bias" and self.far_classes is not None:
            either = min(1.0, 2.0 * min(self.cause_gates[gate].p_value, self.totals_gate))
            return max(either, self.far_classes.p_value), {
                "p_gate": either,
                "p_attr": self.far_classes.p_value,
                "gate": gate,
                "method": "bound, totals of all rows",
            }
        p_attr = None if self.causes is None else self.causes.p_values.get(term, 1.0)
        selected = self.causes is not None and term in self.causes.terms
        if self.term_gates.get(term) == gate:
            gate = min(self.term_gates.values(), key=lambda name: self.cause_gates[name].p_value)
        found = self.cause_gates[gate]
        if selected and found.n_draws and max(found.p_value, p_attr or 0.0) < CONTINUE_BELOW:
            found = self.fine_gate(gate)
        p_gate = found.p_value
        return max(p_gate, p_attr or 0.0), {
            "p_gate": p_gate,
            "p_attr": p_attr,
            "gate": gate,
            "method": found.method,
        }

    @cached_property
    def term_gates(self) -> dict[str, str]:
        """The gate of each selected term."""
        if self.causes is None:
            return {}
        direction = "over" if self.causes.fit.beta < 1.0 else "under"
        return {term: direction if term == "temperature" else term for term in self.causes.terms}

    def saved_beside(self, term: str) -> float:
        """Return what a selected term saves beside the others, in nats a row, less what it gains by chance."""
        causes = self.causes
        if causes is None or term not in causes.terms:
            return 0.0
        weight = float(causes.null.weight.sum())
        chance = term_df(self.n_classes, term)
        share = weight / float(self.null.weight.sum())
        return share * (causes.statistics[term] - chance) / (2.0 * causes.scale * weight)

    # -- temperature alone ---------------------------------------------------------------------------------------
    @cached_property
    def temperature_fit(self) -> TemperatureSolution:
        """Maximum-likelihood temperature without rivals."""
        return solve_temperature(self.log_proba, self.null.y, self.null.weight)

    @cached_property
    def temperature(self) -> Estimate:
        """Temperature without rivals, with an interval on the log scale."""
        fit = self.temperature_fit
        if fit.outcome == "separable":
            return Estimate(1.0, None, None, "not identified: every label has the largest probability of its row")
        if fit.outcome == "uninformative":
            return Estimate(math.inf, None, None, "not identified: no positive slope is more likely than none")
        value = 1.0 / fit.beta
        if self.too_few_groups:
            return Estimate(value, None, None, self.too_few_groups)
        error = self.log_temperature_error(fit)
        if not error < MAX_LOG_ERROR:
            return Estimate(value, None, None, "not identified: these rows leave every temperature open")
        half = self.judged.quantile * error
        method = f"sandwich, log scale{self.judged.of_sample}"
        return Estimate(value, value * math.exp(-half), value * math.exp(half), method)

    def log_temperature_error(self, fit: TemperatureSolution) -> float:
        """Return the standard error of log T, over groups when given.

        The sandwich of the score at the fit, but not less than what the fitted model itself expects of it: among few
        rows the surprising ones may be missing.
        """
        null = self.null
        model = mixture_proba(self.log_proba, fit.beta, np.zeros(self.n_classes), 0.0)
        mean = np.einsum("ij,ij->i", model, self.log_proba)
        score = null.weight * (self.log_proba[np.arange(null.n_rows), null.y] - mean)
        expected = null.weight**2 @ (np.einsum("ij,ij,ij->i", model, self.log_proba, self.log_proba) - mean**2)
        squares = float(score @ score)
        units = score if null.group is None else np.bincount(null.group, score)
        seen = float(units @ units) * len(units) / max(len(units) - 1, 1)
        expected *= max(1.0, seen / squares) if null.group is not None and squares > 0 else 1.0
        return math.sqrt(max(seen, float(expected))) / max(fit.information, 1e-300) / fit.beta

    @cached_property
    def floor_alone(self) -> tuple[float, float]:
        """Return the floor without rivals and its likelihood ratio."""
        null = self.null
        log_true = self.log_proba[np.arange(null.n_rows), null.y]
        p_true = np.exp(log_true)
        floor = profile_floor(p_true, null.weight, self.n_classes)
        gain = null.weight @ (np.log((1 - floor) * p_true + floor / self.n_classes) - log_true)
        return floor, 2.0 * float(gain)

    @cached_property
    def open_cost(self) -> float:
        """What a temperature, or a floor, may cost the judged rows by itself, in nats."""
        return max(
            open_temperature_cost(self.null, self.log_proba, self.temperature_fit),
            open_floor_cost(self.null, self.log_proba, self.floor_alone[0]),
        )

    @cached_property
    def loss_z(self) -> float:
        """Loss minus entropy in standard errors of the null."""
        return loss_z(self.null)

    @cached_property
    def line(self) -> dict[str, float] | None:
        """The straight line that explains two classes as well as the selected causes do; None where none does."""
        causes = self.causes
        if causes is None or self.n_classes != 2:
            return None
        line = straight_line(causes.null.proba, causes.null.y, causes.null.weight)
        ahead = causes.scale * (line.log_likelihood - causes.fit.log_likelihood)
        if ahead < -AS_LIKELY:
            return None
        return {"intercept": line.intercept, "slope": line.slope, "log_likelihood_ahead": ahead}

    @cached_property
    def flips(self) -> dict[str, Any] | None:
        """Labels of one of three classes or more given as another, if they explain as much as the selected causes."""
        causes = self.causes
        if causes is None or self.n_classes < 3 or "class_bias" not in causes.terms:
            return None
        null, log_proba = causes.null, finite(causes.null.log_proba, LOG_CLIP)
        # A temperature may be there for the sake of the flips alone: it is asked for where they do not suffice.
        for beta in (1.0, causes.fit.beta):
            proba = mixture_proba(log_proba, beta, np.zeros(self.n_classes), 0.0)
            found = one_way_flips(proba, null.y, null.weight)
            ahead = causes.scale * (found.log_likelihood - causes.fit.log_likelihood)
            if ahead >= -AS_LIKELY:
                return {
                    "true": self.class_names[found.true],
                    "given": self.class_names[found.given],
                    "share": found.share,
                    "temperature": 1.0 / beta,
                    "log_likelihood_ahead": ahead,
                }
        return None

    @cached_property
    def column_order(self) -> np.ndarray | None:
        """The order of the columns that is shown to be better than the one given; None without one."""
        return better_order(self.null, self.log_proba, self.rng(10))

    # -- beyond temperature, bias and floor -----------------------------------------------------------------------
    @cached_property
    def class_names(self) -> list[str]:
        """Labels as text."""
        return [str(label) for label in self.summary.classes]

    @cached_property
    def fitted_null(self) -> NullModel | None:
        """The selected model as the hypothesis for what is left, on the rows that it was fitted to."""
        causes = self.causes
        if causes is None:
            return None
        scores = finite(causes.null.log_proba, LOG_CLIP)
        model = mixture_proba(scores, causes.fit.beta, causes.fit.bias, causes.fit.floor)
        return NullModel(np.log(np.maximum(model, 1e-300)), causes.null.y, causes.null.weight, causes.null.group)

    @cached_property
    def shape_gate(self) -> ShapeTest:
        """Multi-scale test of the probabilities as they are."""
        return shape_test(self.null, self.class_names, self.random_state)

    @cached_property
    def shape_attribution(self) -> ShapeTest | None:
        """The same test of the selected model; None where no gate rejects."""
        model = self.shape_null
        return None if model is None else shape_test(model, self.class_names, self.random_state)

    @property
    def shape_null(self) -> NullModel | None:
        """The selected model, and beside it the temperature of one class where that explains all."""
        return self.fitted_null if self.one_class is None else self.one_class.repaired

    @cached_property
    def shape_gain(self) -> ShapeGain | None:
        """What a free map would save over the selected model, asked for only where the tests reject."""
        if self.shape_gate.p_value > self.alpha or self.shape_attribution is None:
            return None
        model = self.shape_null
        if model is None or self.shape_attribution.p_value > self.alpha:
            return None
        return shape_gain(model, self.shape_attribution.column, self.rng(5))

    @property
    def shape_part(self) -> Part | None:
        """What a shape costs beyond the selected model, where the tests reject."""
        found = self.shape_gain
        return None if found is None else self._richer(found.cost, found.error)

    @property
    def uneven_part(self) -> Part | None:
        """Cross-fitted gain of one temperature per predicted class over the selected model, where the tests reject."""
        fits = self.class_temperatures
        return None if fits is None else self._richer(fits.gain, fits.error)

    def _richer(self, gain: float, error: float) -> Part:
        """Return the part of the loss that a richer map than the selected model takes off the rows that are kept."""
        kept = self.null if self.causes is None else self.causes.null
        share = float(kept.weight.sum() / self.null.weight.sum())
        half = Z95 * share * error
        low, high = (share * gain - half, share * gain + half) if math.isfinite(half) else (None, None)
        return Part("shape", share * gain, low, high)

    @cached_property
    def uneven_gate(self) -> UnevenTest:
        """Test of equal calibration in all predicted classes, of the probabilities as they are."""
        rough = self.rough_uneven_gate
        return rough if rough.p_value >= CONTINUE_BELOW else uneven_test(self.null, self.random_state)

    @cached_property
    def rough_uneven_gate(self) -> UnevenTest:
        """The same test from draws that tell only whether its p-value is below 0.1."""
        return uneven_test(self.null, self.random_state, N_DRAWS_FIRST)

    @cached_property
    def uneven_attribution(self) -> UnevenTest | None:
        """The same test of the selected model; None where no gate rejects."""
        return None if self.fitted_null is None else uneven_test(self.fitted_null, self.random_state)

    @cached_property
    def class_temperatures(self) -> ClassTemperatures | None:
        """Temperatures by predicted class over the selected model, asked for only where the tests reject."""
        if self.fitted_null is None or self.uneven_attribution is None:
            return None
        if self.uneven_attribution.p_value > self.alpha or self.uneven_gate.p_value > self.alpha:
            return None
        return class_temperatures(self.fitted_null, self.rng(6))

    @cached_property
    def threshold(self) -> ThresholdGain:
        """Cross-fitted gain of a threshold or class offsets."""
        return threshold_gain(self.log_proba, self.null.y, self.null.weight, self.null.group, self.rng(7))

    # -- rows that look the same ---------------------------------------------------------------------------------
    @cached_property
    def repetition(self) -> float | None:
        """How many times fewer draws there are if rows of equal features are copies; None where these are unknown."""
        identity = self.sample.identity
        return None if identity is None else repetition(identity, self.null.weight, self.summary.n_samples)

    @cached_property
    def pairs(self) -> PairAgreement:
        """Labels in pairs of rows of equal features where these are known, of equal probabilities otherwise.

        The causes found are taken off first: rows that are merely too timid agree more than they say as well.
        """
        null, identity = self.fitted_null or self.null, self.sample.identity
        if identity is not None and self.causes is not None:
            identity = identity[self.causes.kept]
        return pair_agreement(null, look(null, identity), self.rng(8))

    @cached_property
    def exact_ties(self) -> float:
        """p-value of tied rows whose labels are exactly as frequent as they say; 1 unless all rows are single draws."""
        rows = self.rows
        single = rows.complete and self.n_groups is None and not np.ptp(rows.null.weight)
        return exact_ties_p_value(rows.null) if single else 1.0

    # -- descriptions -------------------------------------------------------------------------------------------
    @cached_property
    def bins(self) -> BinnedCalibration:
        """All rows in bins of confidence, with the null of each bin."""
        (confidence, correct), null = self.rows.top, self.rows.null
        if self.rows.complete:
            return binned_calibration(confidence, correct, null.weight, null.group, self.rng(2))
        like = None
        if null.group is not None:
            part = null.first_groups(MAX_GROUPED_ROWS)
            predicted = part.proba.argmax(axis=1)
            confidence, hits = part.proba[np.arange(part.n_rows), predicted], (predicted == part.y).astype(float)
            like = binned_calibration(confidence, hits, part.weight, part.group, self.rng(2))
        return tallied_calibration(self.summary.coarsen(FINE_BINS), self.rng(3), like)

    @cached_property
    def top_sums(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Confidence, share correct and weight: of each row, or of all rows by fine bins."""
        if self.rows.complete:
            return (*self.rows.top, self.rows.null.weight)
        fine = self.summary.coarsen(FINE_BINS)
        used = np.flatnonzero(fine["weight"])
        weight = fine["weight"][used]
        return fine["confidence"][used] / weight, fine["correct"][used] / weight, weight

    @cached_property
    def outliers(self) -> OutlierRows:
        """The rows named as outliers: of all rows where these show some that the causes do not explain.

        Few rows of the part judged, on which the selection rests, are none unless all rows show some.
        """
        causes, found = self.causes, self.extremes
        named = causes is not None and (found is None or not causes.few_rows)
        rows = causes.outliers if causes is not None and named else np.empty(0, dtype=np.intp)
        if found is None or not found.observed:
            proba = None
            if causes is not None and rows.size:
                proba = sharpened(finite(self.null.log_proba, LOG_CLIP), causes.fit)
            zeros = int(np.isneginf(self.sample.log_proba[rows, self.sample.y[rows]]).sum())
            return sampled_outliers(self.null, rows, self.judged.index, zeros, proba)
        summary = self.summary
        return extreme_outliers(summary.top_surprise, found, self.null, summary.sum_w, self.total_loss, self.clipped)

    @cached_property
    def outlier_nats(self) -> float:
        """What the outliers carry beyond their expectation, in nats of the mean loss.

        More of all rows may be outliers than a summary names; then those judged stand for them.
        """
        if self.causes is None or self.extremes is None or self.extremes.observed < MAX_TOP_ROWS:
            return self.outliers.nats
        return max(self.outliers.nats, sampled_outliers(self.null, self.causes.outliers, self.judged.index).nats)

    @cached_property
    def noise(self) -> tuple[float, float]:
        """Return the noise rate of the selected floor and its lower 95 % limit; zeros where none was shown."""
        causes = self.causes
        if causes is None or "floor" not in causes.terms or self.noise_among_possible >= KEEP_BELOW:
            return 0.0, 0.0
        share = (self.n_classes - 1) / self.n_classes  # a random label is right by chance in the others
        low = floor_lower_limit(causes, finite(causes.null.log_proba, LOG_CLIP))
        return float(causes.fit.floor * share), float(min(low, causes.fit.floor) * share)

    @cached_property
    def temperature_limits(self) -> tuple[float, float]:
        """95 % limits of the selected temperature."""
        causes = self.causes
        if causes is None or "temperature" not in causes.terms:
            return 0.0, math.inf
        if "floor" in causes.terms:
            return temperature_limits(causes, finite(causes.null.log_proba, LOG_CLIP))
        # The likelihood ratio is the square of log T over its standard error where the likelihood is a parabola up to
        # T = 1, as it nearly is without a floor.
        log_t = -math.log(causes.fit.beta)
        half = Z95 * abs(log_t) / math.sqrt(max(causes.statistics["temperature"], 1e-12))
        return math.exp(log_t - half), math.exp(log_t + half)

    @cached_property
    def noise_among_possible(self) -> float:
        """p-value of the selected floor among the labels that are not ruled out; 0 where none is, or none selected."""
        causes = self.causes
        if not self.clipped or causes is None or "floor" not in causes.terms:
            return 0.0
        null = causes.null
        return noise_among_possible(null.log_proba, null.y, null.weight, causes.fit.bias, LOG_CLIP, causes.scale)

    @cached_property
    def error_upper_limit(self) -> float | None:
        """Upper 95 % limit of the error rate, which bounds the noise rate; None where no interval is offered."""
        accuracy = float(self.summary.mean("correct"))
        if self.too_few_groups:
            return None
        return 1.0 - wilson_interval(accuracy, self.accuracy_draws)[0]

    @cached_property
    def accuracy_draws(self) -> float:
        """Number of independent draws behind the accuracy: with groups, what the spread between them leaves of Kish's.

        Groups that are all right, or all wrong, show no spread: then each counts once.
        """
        summary, draws = self.summary, self.n_effective
        if self.n_groups is None:
            return draws
        accuracy = float(summary.mean("correct"))
        if not 0.0 < accuracy < 1.0:
            return min(draws, float(self.n_groups))
        if self.row_by_row is None:
            return effective_draws(accuracy, float(summary.variance_of_mean("correct")), draws)
        null, correct = self.rows.null, self.rows.top[1]
        mean, error = mean_and_error(*unit_sums(correct[:, None], null.weight, null.group))
        return effective_draws(float(mean[0]), (self.rows.scale * float(error[0])) ** 2, draws)

    # -- baselines -----------------------------------------------------------------------------------------------
    @cached_property
    def class_share(self) -> np.ndarray:
        """Weighted share of each class among the labels."""
        return self.summary.class_weight / self.summary.class_weight.sum()

    @cached_property
    def prior(self) -> np.ndarray:
        """The baseline's class probabilities: training frequencies when given, otherwise those of the labels."""
        return self.class_share if self.summary.train_prior is None else self.summary.train_prior

    @cached_property
    def prior_log_loss(self) -> float:
        """Log loss of always predicting the prior, in nats; inf if it rules out a class that occurs."""
        seen = self.class_share > 0
        with np.errstate(divide="ignore"):
            return max(0.0, -float(self.class_share[seen] @ np.log(self.prior[seen])))

    @cached_property
    def label_draws(self) -> float:
        """Number of independent draws behind the class shares: Kish's, with groups what their spread leaves of it.

        Groups of one and the same class show no spread: then each counts once.
        """
        null, share = self.rows.null, self.class_share
        spread = 1.0 - float(share @ share)
        if null.group is None or null.n_groups is None or null.n_groups < 2:
            return self.n_effective
        if spread <= 0:
            return min(self.n_effective, float(null.n_groups))
        # sum_j (m_gj - m_g share_j)^2 over the classes j, of which a group has few
        cell, position = np.unique(null.group * self.n_classes + null.y, return_inverse=True)
        group, label = np.divmod(cell, self.n_classes)
        mass = np.bincount(position, null.weight)
        size = np.bincount(group, mass)
        own = np.bincount(group, mass**2 - 2.0 * mass * size[group] * share[label])
        variance = float((own + size**2 * (share @ share)).sum()) / size.sum() ** 2
        draws = spread / variance * (null.n_groups - 1) / null.n_groups if variance > 0 else math.inf
        return min(self.n_effective, draws / self.rows.scale**2)

    @cached_property
    def prior_optimism(self) -> float:
        """What a prior read off the evaluation labels gains by having seen them, (k - 1) / (2 n), in nats.

        With groups n counts the draws that the class shares rest on.

        The best constant prediction never costs more than ln k, however few rows there are.
        """
        if self.summary.train_prior is not None:
            return 0.0
        return self._optimism(int((self.class_share > 0).sum()))

    @cached_property
    def prior_optimism_at_most(self) -> float:
        """The same, should the classes that no row is labelled as occur as well."""
        return 0.0 if self.summary.train_prior is not None else self._optimism(self.n_classes)

    def _optimism(self, n_classes: int) -> float:
        return max(0.0, min((n_classes - 1) / (2.0 * self.label_draws), math.log(self.n_classes) - self.prior_log_loss))

    @cached_property
    def majority(self) -> int:
        """Column of the class that a constant prediction would name."""
        return int(np.argmax(self.prior))
