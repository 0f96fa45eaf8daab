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

    def class_units(self, influence: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the summed squares of the influences and the number of rows, or parts of groups, by true class."""
        null = self.null
        unit = np.arange(null.n_rows) if null.group is None else null.group
        cell, position = np.unique(unit * null.n_classes + null.y, return_inverse=True)
        label = cell % null.n_classes
        squares = np.bincount(label, np.bincount(position, influence) ** 2, null.n_classes)
        return squares, np.bincount(label, minlength=null.n_classes)

    def class_quantile(self, influence: np.ndarray) -> float:
        """Return the 97.5 % quantile of Student's t where the spread is that within true classes.

        Satterthwaite's degrees of freedom: a class of few rows, or groups, knows its spread badly.
        """
        variance, units = self.class_units(influence)
        varies = (variance > 0) & (units > 1)
        if not varies.any():
            return self.quantile
        freedom = variance[varies].sum() ** 2 / np.sum(variance[varies] ** 2 / (units[varies] - 1))
        return float(t.ppf(0.975, freedom))

    def class_inflation(self, influence: np.ndarray) -> float:
        """Return by how much a spread is to be widened that was taken around the mean of each true class.

        The squares of n rows around their own mean are too small by (n - 1) / n; a class of one row shows no spread at
        all, and is given that of a row of the others.
        """
        variance, units = self.class_units(influence)
        mass = np.bincount(self.null.y, self.null.weight, self.null.n_classes)
        kish = mass**2 / np.maximum(np.bincount(self.null.y, self.null.weight**2, self.null.n_classes), 1e-300)
        units = np.minimum(units, kish)  # of unequal weights
        several = units > 1.5
        seen = float(variance[several].sum())
        if not seen > 0:
            return 1.0
        unbiased = float((variance[several] * (units[several] / (units[several] - 1))).sum())
        alone = np.count_nonzero(~several & (units > 0)) * unbiased / float(units[several].sum())
        return math.sqrt((unbiased + max(alone, float(variance[~several].sum()))) / float(variance.sum()))
