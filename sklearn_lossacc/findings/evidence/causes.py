"""The causes that are selected once a gate rejects, and their p-values."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np

from sklearn_lossacc._numerics.mixture import mixture_proba
from sklearn_lossacc.findings.evidence.lone_causes import LoneCauseEvidence
from sklearn_lossacc.findings.evidence.rows import LOG_CLIP
from sklearn_lossacc.findings.materiality import NATS
from sklearn_lossacc.inference.cause_model import CauseModel, select_causes
from sklearn_lossacc.inference.class_totals import FarClasses, far_classes
from sklearn_lossacc.inference.design import design_effect
from sklearn_lossacc.inference.extremes import ExtremeRows
from sklearn_lossacc.inference.floor import finite
from sklearn_lossacc.inference.gates import run_gates
from sklearn_lossacc.inference.mixed_temperatures import mixed_temperatures
from sklearn_lossacc.inference.monte_carlo import CONTINUE_BELOW, N_DRAWS_FIRST, Gate
from sklearn_lossacc.inference.noise import straight_line
from sklearn_lossacc.inference.one_way_flips import one_way_flips
from sklearn_lossacc.inference.own_temperatures import ClassesApart, OwnTemperatures
from sklearn_lossacc.inference.surprise import SurpriseCount
from sklearn_lossacc.inference.uneven import UnevenTest, uneven_test

AS_LIKELY = 1.92  # nats of log likelihood within which two explanations cannot be told apart
LIKELIER = 4.61  # of a law with two parameters more: half of the 0.99 quantile of chi-square


class CauseEvidence(LoneCauseEvidence):
    """The selected causes, against their gates and against each other."""

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
    def own_temperatures(self) -> OwnTemperatures | None:
        """The predicted classes whose temperatures explain what reaches all rows otherwise; None without such ones."""
        found = self.common_causes
        if self.n_classes < 3 or found is None or not (found.terms or found.has_outliers):
            return None
        if self.uneven_gate.p_value > self.alpha:
            return None
        classes = ClassesApart(self.null, found, log_floor=LOG_CLIP, random_state=self.random_state)
        alone = classes.alone(self.uneven_gate.worst)
        if alone is not None or self.common_uneven is None or self.common_uneven.p_value > self.alpha:
            return alone
        return classes.together()

    @cached_property
    def common_uneven(self) -> UnevenTest | None:
        """The test of single classes under the causes that reach all rows; None where no gate rejects."""
        found = self.common_causes
        return None if found is None else uneven_test(found.applied(found.null, LOG_CLIP), self.random_state)

    @cached_property
    def causes(self) -> CauseModel | None:
        """The selected causes, beside classes of their own temperature; None where no gate rejects."""
        return self.common_causes if self.own_temperatures is None else self.own_temperatures.causes

    @property
    def explained_log_proba(self) -> np.ndarray:
        """The judged rows as the selected causes are to explain them: with classes at their own temperatures."""
        return self.log_proba if self.own_temperatures is None else self.own_temperatures.repaired.log_proba

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
    def term_gates(self) -> dict[str, str]:
        """The gate of each selected term."""
        if self.causes is None:
            return {}
        direction = "over" if self.causes.fit.beta < 1.0 else "under"
        return {term: direction if term == "temperature" else term for term in self.causes.terms}

    def p_values(self, gate: str, term: str) -> tuple[float, dict[str, float | str | None]]:
        """Return the larger of gate and attribution p-value, and both with the name and the method of the gate.

        One selected cause may hide another from its gate: a model that is underconfident expects the loss of noisy
        labels, and a class that stands out makes up for the others. Each of their gates refutes the same null, so that
        any of them will do.

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
        p_gate, method = found.p_value, found.method
        if selected and self.own_temperatures is not None and self.uneven_gate.p_value < p_gate:
            p_gate, gate, method = self.uneven_gate.p_value, "uneven", "largest of the classes"
        return max(p_gate, p_attr or 0.0), {"p_gate": p_gate, "p_attr": p_attr, "gate": gate, "method": method}

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
        """How many of the most surprising of all rows the selected causes leave unexplained; None where not asked.

        Nor is it asked beside classes of their own temperature, which reach as many rows as noise does.
        """
        rows = None if self.causes is None or self.own_temperatures is not None else self.extreme_rows(self.causes)
        return None if rows is None else rows.count()

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
    def mixed(self) -> dict[str, float] | None:
        """Rows at a higher temperature than the others that explain the labels as well as a floor; None without."""
        causes = self.causes
        if causes is None or "floor" not in causes.terms or causes.has_outliers:
            return None
        null = causes.null
        scores = causes.fit.beta * finite(null.log_proba, LOG_CLIP) + causes.fit.bias
        found = mixed_temperatures(scores, null.y, null.weight)
        ahead = causes.scale * (found.log_likelihood - causes.fit.log_likelihood)
        if ahead < -AS_LIKELY:
            return None
        return {
            "share": found.share,
            "temperature": found.temperature / causes.fit.beta,
            "log_likelihood_ahead": ahead,
        }

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
