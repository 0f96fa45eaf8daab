"""Tests of the hypothesis that the probabilities are right as they are."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from sklearn_lossacc._numerics.links import LOSS_CLIP
from sklearn_lossacc.findings.evidence.baselines import BaselineEvidence
from sklearn_lossacc.findings.evidence.rows import LOG_CLIP
from sklearn_lossacc.inference.class_totals import totals_p_value
from sklearn_lossacc.inference.design import too_sparse
from sklearn_lossacc.inference.extremes import extreme_p_value
from sklearn_lossacc.inference.gates import run_gates
from sklearn_lossacc.inference.monte_carlo import CONTINUE_BELOW, N_DRAWS, N_DRAWS_FIRST, Gate
from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.shape import ShapeTest, shape_test
from sklearn_lossacc.inference.total_tails import loss_z
from sklearn_lossacc.inference.uneven import UnevenTest, uneven_test
from sklearn_lossacc.inference.without_column import without_column

MOST_RULES = 50  # more than Holm's correction will ever count


class GateEvidence(BaselineEvidence):
    """The gates: a cause is looked for only where one of them rejects."""

    @property
    def settled(self) -> float:
        """A p-value so small that it falls below alpha after any correction."""
        return self.alpha / MOST_RULES

    @cached_property
    def gates(self) -> dict[str, Gate]:
        """Tests of the universal null on the judged rows; p-values below 0.1 may be rough."""
        return run_gates(self.null, random_state=self.random_state, most_draws=N_DRAWS_FIRST)

    def finer_gate(self, name: str) -> Gate:
        """One of the gates, from draws that tell whether its p-value is below 0.01."""
        rough = self.gates[name]
        if not rough.n_draws or rough.p_value >= CONTINUE_BELOW:
            return rough
        return run_gates(self.null, random_state=self.random_state, most_draws=N_DRAWS, asked=(name,))[name]

    @cached_property
    def without_column(self) -> np.ndarray:
        """Which of the judged rows show a class that has probability 0 in all of them."""
        return without_column(self.null, LOG_CLIP)

    @cached_property
    def with_column(self) -> NullModel:
        """The other judged rows: about their classes these say nothing."""
        return self.null.take(~self.without_column) if self.without_column.any() else self.null

    @cached_property
    def loss_z(self) -> float:
        """Loss minus entropy in standard errors of the null."""
        return loss_z(self.null)

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
        # A class without any probability is found for what it is.
        total = np.where(summary.proba_sum > 0.0, np.rint(summary.class_weight / unit), 0.0)
        return total, summary.proba_sum / unit, summary.predicted_weight / unit

    @cached_property
    def totals_gate(self) -> float:
        """p-value of the class total of all rows that is furthest from its expectation; 1 where it is not asked."""
        if self.all_totals is None:
            return 1.0
        total, expected, _ = self.all_totals
        return totals_p_value(total, expected, self.summary.n_samples)

    @cached_property
    def shape_gate(self) -> ShapeTest:
        """Multi-scale test of the probabilities as they are."""
        return shape_test(self.with_column, self.class_names, self.random_state)

    @cached_property
    def uneven_gate(self) -> UnevenTest:
        """Test of equal calibration in all predicted classes, of the probabilities as they are."""
        rough = self.rough_uneven_gate
        if rough.p_value >= CONTINUE_BELOW or not rough.drawn:
            return rough
        return uneven_test(self.with_column, self.random_state)

    @cached_property
    def rough_uneven_gate(self) -> UnevenTest:
        """The same test from draws that tell only whether its p-value is below 0.1."""
        return uneven_test(self.with_column, self.random_state, N_DRAWS_FIRST)

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
