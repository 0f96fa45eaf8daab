"""What is left once the selected causes are repaired: a shape, uneven classes, a threshold."""

from __future__ import annotations

import math
from functools import cached_property

from sklearn_lossacc._numerics.mixture import fit_mixture
from sklearn_lossacc.findings.decomposition import Part
from sklearn_lossacc.findings.evidence.costs import CostEvidence
from sklearn_lossacc.findings.evidence.rows import LOG_CLIP
from sklearn_lossacc.findings.materiality import NATS
from sklearn_lossacc.findings.parts import term_gains
from sklearn_lossacc.inference.floor import finite
from sklearn_lossacc.inference.monotone import ShapeGain, shape_gain
from sklearn_lossacc.inference.normal import Z95
from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.shape import ShapeTest, shape_test
from sklearn_lossacc.inference.threshold import ThresholdGain, threshold_gain
from sklearn_lossacc.inference.uneven import (
    ClassTemperatures,
    UnevenTest,
    class_temperatures,
    scaled_rows,
    uneven_test,
)


class BeyondEvidence(CostEvidence):
    """Tests of the selected model, and what a richer one would save."""

    @cached_property
    def rows_as_given(self) -> NullModel | None:
        """The rows that the selected model was fitted to, without temperatures of single classes."""
        if self.causes is None:
            return None
        return self.causes.null if self.own_temperatures is None else self.own_temperatures.undone()

    @cached_property
    def fitted_null(self) -> NullModel | None:
        """The selected model as the hypothesis for what is left, on the rows that it was fitted to."""
        if self.causes is None or self.rows_as_given is None:
            return None
        return self.causes.applied(self.rows_as_given, LOG_CLIP)

    @cached_property
    def shape_null(self) -> NullModel | None:
        """The selected model, and beside it the temperatures of single classes where these count."""
        causes, rows, fits = self.causes, self.rows_as_given, self.class_temperatures
        if causes is None or rows is None:
            return None
        if fits is None or fits.gain < NATS:
            return self.fitted_null if self.own_temperatures is None else causes.applied(causes.null, LOG_CLIP)
        unfloored = causes.applied(rows, LOG_CLIP, floor=False)
        even = scaled_rows(unfloored, {j: 1.0 / fits.temperatures[j] for j in fits.paying})
        return even.with_floor(causes.fit.floor)

    @cached_property
    def shape_attribution(self) -> ShapeTest | None:
        """The same test of the selected model; None where no gate rejects."""
        model = self.shape_null
        return None if model is None else shape_test(model, self.class_names, self.random_state)

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
        """What a shape costs beyond causes and temperatures of single classes, where the tests reject."""
        found = self.shape_gain
        return None if found is None else self._richer(found.cost, found.error)

    @cached_property
    def uneven_attribution(self) -> UnevenTest | None:
        """The same test of the selected model; None where no gate rejects."""
        if self.fitted_null is None or self.own_temperatures is None:
            return self.common_uneven
        return uneven_test(self.fitted_null, self.random_state)

    @cached_property
    def class_temperatures(self) -> ClassTemperatures | None:
        """Temperatures by predicted class over the selected model, asked for only where the tests reject."""
        if self.causes is None or self.rows_as_given is None or self.uneven_attribution is None:
            return None
        if self.uneven_attribution.p_value > self.alpha or self.uneven_gate.p_value > self.alpha:
            return None
        unfloored = self.causes.applied(self.rows_as_given, LOG_CLIP, floor=False)
        return class_temperatures(unfloored, self.rng(6), self.causes.fit.floor)

    @property
    def uneven_gain(self) -> float:
        """What temperatures by predicted class gain over the selected terms, as these are fitted without them.

        Beside a class that is far too sure a temperature may be selected that would do harm to it, which nobody would
        be told to repair with temperatures by class.
        """
        fits, causes, rows = self.class_temperatures, self.causes, self.rows_as_given
        if fits is None or causes is None or rows is None or self.fitted_null is None:
            return 0.0
        if self.own_temperatures is None or not causes.terms:
            return fits.gain
        without = fit_mixture(
            finite(rows.log_proba, LOG_CLIP),
            rows.y,
            rows.weight,
            temperature="temperature" in causes.terms,
            bias="class_bias" in causes.terms,
            floor="floor" in causes.terms,
            starts=(1.0, causes.fit.beta),
        )
        beside = -float(rows.weight @ self.fitted_null.true_loss)
        return fits.gain - (without.log_likelihood - beside) / float(rows.weight.sum())

    @property
    def uneven_part(self) -> Part | None:
        """What temperatures of single classes take off, where the tests reject: cross-fitted, over the selected model.

        Of classes beside which the causes were selected, that is before these: the same for the rows as given, and what
        the causes save there, less their own parts.
        """
        fits = self.class_temperatures
        if fits is None:
            return None
        part = self._richer(fits.gain, fits.error)
        if self.causes is None or self.own_temperatures is None:
            return part
        as_given = sum(term_gains(self.causes, self.null, self.log_proba).values())
        total, kept = self.null.weight.sum(), self.null.weight[self.causes.kept]
        ahead = float(kept @ (as_given - sum(self.part_gains.values())) / total) if self.causes.terms else 0.0
        low, high = (None if end is None else end + ahead for end in (part.low, part.high))
        return Part("shape", part.value + ahead, low, high)

    def _richer(self, gain: float, error: float) -> Part:
        """Return the part of the loss that a richer map than the selected model takes off the rows that are kept."""
        kept = self.null if self.causes is None else self.causes.null
        share = float(kept.weight.sum() / self.null.weight.sum())
        half = Z95 * share * error
        low, high = (share * gain - half, share * gain + half) if math.isfinite(half) else (None, None)
        return Part("shape", share * gain, low, high)

    @cached_property
    def threshold(self) -> ThresholdGain:
        """Cross-fitted gain of a threshold or class offsets."""
        return threshold_gain(self.log_proba, self.null.y, self.null.weight, self.null.group, self.rng(7))
