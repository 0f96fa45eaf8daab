"""Some of the rows, or all of them: their means, with the limits of what these say of all rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property

import numpy as np
from scipy.stats import t

from sklearn_lossacc.inference.intervals import (
    BOOTSTRAP_BELOW,
    MIN_GROUPS,
    draw_resamples,
    mean_intervals,
    mean_p_value,
)
from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.resolution import resolution_limits
from sklearn_lossacc.inference.strata import spread_within
from sklearn_lossacc.statistics import RowSample


class RowSet:
    """Rows under the universal null, and the intervals of what is computed from them.

    Parameters
    ----------
    sample : RowSample
        The rows.
    null : NullModel
        The same rows, with finite losses.
    n_effective : float
        Kish's effective number of all rows, of which these may be a part.
    rng : callable
        Makes the generator of the resamples.
    """

    def __init__(self, sample: RowSample, null: NullModel, n_effective: float, rng: Callable[[], np.random.Generator]):
        self.index = sample.index
        self.complete = sample.complete
        self.null = null
        self.n_effective = n_effective
        self.rng = rng

    @property
    def of_sample(self) -> str:
        """What to add to the method of an estimate that rests on these rows alone."""
        return "" if self.complete else f"; of {self.null.n_rows:,} sampled rows"

    @cached_property
    def top(self) -> tuple[np.ndarray, np.ndarray]:
        """Confidence and correctness of the rows' first largest probability."""
        predicted = self.null.log_proba.argmax(axis=1)
        confidence = self.null.proba[np.arange(self.null.n_rows), predicted]
        return confidence, (predicted == self.null.y).astype(float)

    @property
    def scale(self) -> float:
        """What turns a standard error of these rows into that of all rows."""
        return 1.0 if self.complete else math.sqrt(self.null.effective_n() / self.n_effective)

    @property
    def quantile(self) -> float:
        """The 97.5 % quantile of Student's t for the number of independent units."""
        n_units = self.null.n_rows if self.null.n_groups is None else self.null.n_groups
        return float(t.ppf(0.975, max(n_units - 1, 1)))

    @cached_property
    def resamples(self) -> np.ndarray | None:
        """Bootstrap counts that serve every interval; None where the normal law is used."""
        null = self.null
        weight = null.weight if null.group is None else np.bincount(null.group, null.weight)
        if weight.size < 2 or weight.sum() ** 2 / (weight @ weight) >= BOOTSTRAP_BELOW:
            return None
        return draw_resamples(weight.size, self.rng())

    def interval(self, values: np.ndarray, all_rows: bool = True) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
        """Return means of columns over these rows with limits scaled to all rows, or those of these rows alone."""
        null = self.null
        mean, low, high, method = mean_intervals(values, null.weight, null.group, self.rng(), resamples=self.resamples)
        scale = self.scale if all_rows else 1.0
        return mean, mean - (mean - low) * scale, mean + (high - mean) * scale, method

    def resolution_limits(self, loss: np.ndarray) -> tuple[float, float]:
        """Return limits of the entropy of two classes less a mean loss, scaled to all rows; NaN without resamples."""
        null = self.null
        if self.resamples is None or (null.n_groups is not None and null.n_groups < MIN_GROUPS):
            return math.nan, math.nan
        value, low, high = resolution_limits(loss, null.y == 1, null.weight, null.group, self.resamples)
        return value + (low - value) * self.scale, value + (high - value) * self.scale

    def p_value_of_mean(self, values: np.ndarray) -> float | None:
        """Return the two-sided p-value of a mean of 0 over these rows; None where there is no interval."""
        null = self.null
        return mean_p_value(values, null.weight, null.group, self.rng(), self.resamples)

    def influence_error(self, influence: np.ndarray) -> float | None:
        """Return the standard error of a statistic from the influences of these rows, which sum to zero.

        None with fewer than two rows or ten groups.
        """
        null = self.null
        units = influence if null.group is None else np.bincount(null.group, influence)
        if units.size < 2 or (null.group is not None and units.size < MIN_GROUPS):
            return None
        return self.scale * math.sqrt(float(units @ units) * units.size / (units.size - 1))

    @cached_property
    def recall_influence(self) -> np.ndarray:
        """Influence of each row on the mean recall of the classes that occur among these rows."""
        null = self.null
        mass = np.bincount(null.y, null.weight, null.n_classes)
        correct = self.top[1]
        hits = np.bincount(null.y, null.weight * correct, null.n_classes)
        recall = hits / np.maximum(mass, 1e-300)
        return null.weight * (correct - recall[null.y]) / (mass[null.y] * np.count_nonzero(mass))

    @cached_property
    def class_units(self) -> tuple[np.ndarray, np.ndarray | None]:
        """True class of each row, or of each part of a group, and which of these parts each row belongs to."""
        null = self.null
        if null.group is None:
            return null.y, None
        part, position = np.unique(null.group * null.n_classes + null.y, return_inverse=True)
        return part % null.n_classes, position

    def class_spread(self, influence: np.ndarray, weighted: bool = True) -> tuple[float, float] | None:
        """Return by how much to widen a variance taken around the means of true classes, and its degrees of freedom.

        Rows, or parts of groups, count by their weights or alike. None where no class of several of them varies.
        """
        weight = self.null.weight
        label, position = self.class_units
        if position is not None:
            influence, weight = (np.bincount(position, values) for values in (influence, weight))
        return spread_within(influence, weight if weighted else np.ones(label.size), label, self.null.n_classes)
