"""What several rules read off the selected model."""

from __future__ import annotations

import math

from sklearn_lossacc.findings.evidence import Z95, Evidence

ACCURACY_ABOVE = 0.99
TEMPERATURE_BELOW = 0.7
RARE_ERRORS = 0.5  # errors, as a share of those of always naming the commonest class
GATE_BELOW = 0.05


def nearly_always_right(evidence: Evidence) -> bool:
    """Return whether underconfidence comes with near-perfect accuracy."""
    limit = evidence.error_upper_limit
    return (
        evidence.cause_gates["under"].p_value <= GATE_BELOW
        and limit is not None
        and 1.0 - limit > ACCURACY_ABOVE
        # Where nearly all labels are of one class, naming it is as accurate as a model that has learnt its rows.
        and limit < RARE_ERRORS * (1.0 - float(evidence.prior[evidence.majority]))
        and (selected_temperature(evidence)[0] < TEMPERATURE_BELOW or evidence.temperature_fit.outcome == "separable")
    )


def errors_follow_doubts(evidence: Evidence) -> bool:
    """Return whether the rows that the model doubts are shown to be right less often than the limit for all rows.

    Rows count by their doubt, 1 - confidence. Rows learnt by heart are right wherever the model doubts them; on rows
    that it has not seen, however timid it is, errors lie where the doubts lie.
    """
    confidence, correct = evidence.judged.top
    high = evidence.judged.interval(((1.0 - confidence) * (correct - ACCURACY_ABOVE))[:, None], all_rows=False)[2][0]
    return bool(high < 0)


def looks_in_sample(evidence: Evidence) -> bool:
    """Return whether a model that is unsure is right nearly everywhere, even where it doubts: as on learnt rows."""
    return nearly_always_right(evidence) and not errors_follow_doubts(evidence)


def selected_temperature(evidence: Evidence) -> tuple[float, tuple[float, float] | None]:
    """Return T in the selected model (T alone where no causes were selected) and its 95 % interval."""
    causes = evidence.causes
    if causes is None or "temperature" not in causes.terms:
        alone = evidence.temperature
        return alone.value, None if alone.low is None or alone.high is None else (alone.low, alone.high)
    log_t = -math.log(causes.fit.beta)
    # The likelihood ratio is the square of log T over its standard error where the likelihood is a parabola up to
    # T = 1; far from it the standard error of a temperature alone says more.
    half = Z95 * abs(log_t) / math.sqrt(max(causes.statistics["temperature"], 1e-12))
    alone = evidence.temperature
    if alone.low is not None and alone.high is not None:
        half = max(half, 0.5 * math.log(alone.high / alone.low))
    return math.exp(log_t), (math.exp(log_t - half), math.exp(log_t + half))
