"""Everything the rules share, computed once."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from sklearn_lossacc.findings.evidence.beyond import BeyondEvidence
from sklearn_lossacc.inference.calibration_error import BinnedCalibration, binned_calibration, tallied_calibration
from sklearn_lossacc.inference.column_order import better_order
from sklearn_lossacc.inference.dependence import PairAgreement, look, pair_agreement, repetition
from sklearn_lossacc.inference.exact_ties import exact_ties_p_value
from sklearn_lossacc.inference.shape import MAX_GROUPED_ROWS

FINE_BINS = 960  # of the top probability, as tallied by summaries


class Evidence(BeyondEvidence):
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

    @cached_property
    def column_order(self) -> np.ndarray | None:
        """The order of the columns that is shown to be better than the one given; None without one."""
        null, aside = self.null, self.without_column
        rival = -self.explained_log_proba[np.arange(null.n_rows), null.y] - self.repaired_gain
        if aside.any():
            # With the columns as they are, a class without one may still be as frequent as it is.
            share = float(null.weight[aside].sum() / null.weight.sum())
            rival = np.where(aside, -math.log(share), rival - math.log1p(-share))
        return better_order(null, self.log_proba, rival, self.rng(10))

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
