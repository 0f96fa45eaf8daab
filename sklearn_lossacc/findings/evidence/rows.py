"""The rows that are judged and those that are described."""

from __future__ import annotations

import math
from functools import cached_property, partial
from typing import Self

import numpy as np

from sklearn_lossacc._numerics.links import LOG_CLIP
from sklearn_lossacc._numerics.temperature import FARTHEST
from sklearn_lossacc.findings.dominating import largest_share
from sklearn_lossacc.findings.row_set import RowSet
from sklearn_lossacc.inference.dependence import look, repetition
from sklearn_lossacc.inference.floor import finite
from sklearn_lossacc.inference.intervals import MIN_GROUPS
from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.statistics import PredictionSummary, RowSample

JUDGED_ROWS, JUDGED_ENTRIES = 2**14, 2**17  # the larger number of rows counts
FEWEST_JUDGED, MOST_ENTRIES = 2**10, 2**20  # the larger number of rows is the most, with many classes
FEWEST_GROUPS = 2**8  # of dependent rows: fewer say little of how dependent they are


class RowEvidence:
    """The rows of one summary, and what is counted of them.

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

    def __init__(self, summary: PredictionSummary, *, alpha: float, random_state: int, row_by_row: Self | None = None):
        self.summary = summary
        self.alpha = alpha
        self.random_state = random_state
        self.row_by_row = row_by_row

    def rng(self, stream: int) -> np.random.Generator:
        """Return the generator of one numbered use."""
        return np.random.default_rng([self.random_state, stream])

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
        if self.summary.input == "logits" and log_proba.min() < -FARTHEST:
            log_proba = np.maximum(log_proba, -FARTHEST)
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
    def class_names(self) -> list[str]:
        """Labels as text."""
        return [str(label) for label in self.summary.classes]

    @cached_property
    def n_effective(self) -> float:
        """Kish's effective number of all rows."""
        return float(self.summary.effective_n)

    @cached_property
    def total_loss(self) -> float:
        """The observed log loss in nats, clipped only where a true class had probability 0."""
        return float(self.summary.mean("loss") if self.clipped else self.summary.log_loss)

    @property
    def most_loss(self) -> float:
        """What a row can lose at most, in nats: what clipped zeros cost, or, of logits, more if some row does."""
        return max(-LOG_CLIP, self.largest_loss)

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
