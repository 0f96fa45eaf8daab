"""One cause without rivals: a temperature, or a floor."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from sklearn_lossacc._numerics.mixture import profile_floor
from sklearn_lossacc._numerics.temperature import TemperatureSolution, solve_temperature
from sklearn_lossacc.findings.evidence.gates import GateEvidence
from sklearn_lossacc.findings.finding import Estimate
from sklearn_lossacc.inference.open_costs import open_floor_cost, open_temperature_cost
from sklearn_lossacc.inference.temperature_error import log_temperature_error

MAX_LOG_ERROR = 5.0  # standard error of log T beyond which limits would span thousands of times either way


class LoneCauseEvidence(GateEvidence):
    """What each cause would be if it were the only one."""

    @cached_property
    def temperature_fit(self) -> TemperatureSolution:
        """Maximum-likelihood temperature without rivals."""
        return solve_temperature(self.log_proba, self.null.y, self.null.weight)

    @cached_property
    def temperature(self) -> Estimate:
        """Temperature without rivals, with an interval on the log scale.

        Where 1/T cannot be told from 0 but is below 1, log T has no parabola: the interval is that of 1/T, and T has no
        upper limit.
        """
        fit = self.temperature_fit
        if fit.outcome == "separable":
            return Estimate(1.0, None, None, "not identified: every label has the largest probability of its row")
        if fit.outcome == "uninformative":
            return Estimate(math.inf, None, None, "not identified: no positive slope is more likely than none")
        value = 1.0 / fit.beta
        if self.too_few_groups:
            return Estimate(value, None, None, self.too_few_groups)
        error = log_temperature_error(self.null, self.log_proba, fit)
        widest = 1.0 + self.judged.quantile * error
        if widest >= 2.0 and widest * fit.beta <= 1.0:
            return Estimate(value, value / widest, math.inf, f"sandwich, scale of 1 / T{self.judged.of_sample}")
        if not error < MAX_LOG_ERROR:
            return Estimate(value, None, None, "not identified: these rows leave every temperature open")
        half = self.judged.quantile * error
        method = f"sandwich, log scale{self.judged.of_sample}"
        return Estimate(value, value * math.exp(-half), value * math.exp(half), method)

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
