"""What each selected cause costs, in nats, and the rows and labels it names."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from sklearn_lossacc.findings.decomposition import Part
from sklearn_lossacc.findings.evidence.causes import CauseEvidence
from sklearn_lossacc.findings.evidence.rows import LOG_CLIP
from sklearn_lossacc.findings.materiality import NATS
from sklearn_lossacc.findings.outlier_rows import OutlierRows, extreme_outliers, sampled_outliers
from sklearn_lossacc.findings.parts import fitted_parts, term_df, term_gains
from sklearn_lossacc.inference.design import too_sparse
from sklearn_lossacc.inference.elimination import KEEP_BELOW
from sklearn_lossacc.inference.few_rows import sharpened
from sklearn_lossacc.inference.floor import finite
from sklearn_lossacc.inference.floor_limit import floor_lower_limit
from sklearn_lossacc.inference.normal import Z95
from sklearn_lossacc.inference.open_bias import open_bias_cost
from sklearn_lossacc.inference.ruled_out import noise_among_possible
from sklearn_lossacc.inference.selected_costs import SelectedLaws
from sklearn_lossacc.inference.temperature_limits import temperature_limits
from sklearn_lossacc.statistics.top_rows import MAX_TOP_ROWS


class CostEvidence(CauseEvidence):
    """What repairing the selected causes would save."""

    @cached_property
    def term_gains(self) -> dict[str, np.ndarray]:
        """What each selected cause costs each row that is kept, in nats."""
        return {} if self.causes is None else term_gains(self.causes, self.null, self.explained_log_proba)

    @cached_property
    def part_gains(self) -> dict[str, np.ndarray]:
        """The same for the waterfall, where a temperature follows as much of those of single classes as helps.

        What suits a class beside others at T = 2.5 may be a sharpening by 2.5, and then nothing in all.
        """
        causes, own = self.causes, self.own_temperatures
        if causes is None or own is None or "temperature" not in causes.terms:
            return self.term_gains
        return term_gains(causes, self.null, own.first(self.null).log_proba, self.explained_log_proba)

    @cached_property
    def fitted_parts(self) -> dict[str, Part]:
        """What each selected cause costs."""
        parts, far = fitted_parts(self.causes, self.null, self.part_gains), self.far_classes
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
    def repaired_limits(self) -> tuple[np.ndarray, np.ndarray]:
        """What the judged rows lose under the selected model, and what is left once it is repaired.

        Each with the limits that its likelihood leaves, in nats a judged row, of the rows that are kept; and that of a
        rival that does as well.
        """
        causes = self.causes
        if causes is None or not causes.terms:
            return np.zeros(3), np.zeros(3)
        either = [causes] if causes.rival is None else [causes, causes.with_rival(LOG_CLIP)]
        laws = [SelectedLaws(one, self.explained_log_proba[causes.kept]) for one in either]
        share = float(causes.null.weight.sum() / self.null.weight.sum())

        def joined(limits: np.ndarray) -> np.ndarray:
            return share * np.array([limits[0, 0], limits[:, 1].min(), limits[:, 2].max()])

        return joined(np.array([one.costs() for one in laws])), joined(np.array([one.entropies() for one in laws]))

    def saved_beside(self, term: str) -> float:
        """Return what a selected term saves beside the others, in nats a row, less what it gains by chance."""
        causes = self.causes
        if causes is None or term not in causes.terms:
            return 0.0
        chance = term_df(self.n_classes, term)
        # Rows set aside save nothing.
        return (causes.statistics[term] - chance) / (2.0 * causes.scale * float(self.null.weight.sum()))

    def saved_beside_limits(self, term: str) -> tuple[float, float]:
        """Return 95 % limits of `saved_beside`: the root of the likelihood ratio is about normal, with variance 1."""
        causes = self.causes
        if causes is None or term not in causes.terms:
            return 0.0, 0.0
        root, scale = math.sqrt(max(causes.statistics[term], 0.0)), 2.0 * causes.scale * float(self.null.weight.sum())
        chance = term_df(self.n_classes, term)
        low, high = (max((root + z, 0.0)) ** 2 - chance for z in (-Z95, Z95))
        return max(low, 0.0) / scale, max(high, 0.0) / scale

    @cached_property
    def bias_nats(self) -> float:
        """What class bias costs: its part of the waterfall, or what it costs beside overconfidence that hides it.

        Scores that are too far apart may make up for a bias in the mean of the probabilities, so that the offsets that
        suit the repaired temperature help little before it is repaired.
        """
        part, causes = self.fitted_parts.get("class_bias"), self.causes
        if part is None or causes is None:
            return 0.0
        if part.value >= NATS or self.far_classes is not None or causes.fit.beta >= 1.0:
            return part.value
        return max(part.value, self.saved_beside("class_bias"))

    @cached_property
    def open_bias(self) -> float | None:
        """What a class bias may cost where offsets cannot be fitted; None where they can."""
        causes, null = self.causes, self.null
        if causes is not None:
            null = causes.applied(causes.null, LOG_CLIP)
        return open_bias_cost(null) if too_sparse(null) else None

    @cached_property
    def separable(self) -> bool:
        """Whether the selected scores are largest at the label in every row that is kept: no T is low enough for them.

        With a floor, which makes nothing of errors that are none, this is so, too, but the limits are known by it.
        """
        causes = self.causes
        if causes is None or "temperature" not in causes.terms:
            return False
        scores = causes.fit.beta * finite(causes.null.log_proba, LOG_CLIP) + causes.fit.bias
        return bool((scores[np.arange(len(scores)), causes.null.y] >= scores.max(axis=1)).all())

    @cached_property
    def temperature_limits(self) -> tuple[float, float]:
        """95 % limits of the selected temperature."""
        causes = self.causes
        if causes is None or "temperature" not in causes.terms:
            return 0.0, math.inf
        if "floor" in causes.terms or self.separable:
            return temperature_limits(causes, finite(causes.null.log_proba, LOG_CLIP))
        # The likelihood ratio is the square of log T over its standard error where the likelihood is a parabola up to
        # T = 1, as it nearly is without a floor.
        log_t = -math.log(causes.fit.beta)
        half = Z95 * abs(log_t) / math.sqrt(max(causes.statistics["temperature"], 1e-12))
        return math.exp(log_t - half), math.exp(log_t + half)

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
    def noise_among_possible(self) -> float:
        """p-value of the selected floor among the labels that are not ruled out; 0 where none is, or none selected."""
        causes = self.causes
        if not self.clipped or causes is None or "floor" not in causes.terms:
            return 0.0
        null = causes.null
        return noise_among_possible(null.log_proba, null.y, null.weight, causes.fit.bias, LOG_CLIP, causes.scale)
