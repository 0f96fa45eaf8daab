"""What several rules read off the selected model."""

from __future__ import annotations

import math

from sklearn_lossacc._numerics.mixture import BETA_RANGE
from sklearn_lossacc.findings.evidence import AS_LIKELY, Evidence
from sklearn_lossacc.findings.format import number, percent
from sklearn_lossacc.findings.materiality import NATS, NOISE_RATE

ACCURACY_ABOVE = 0.99
TEMPERATURE_BELOW = 0.7
RARE_ERRORS = 0.5  # errors, as a share of those of always naming the commonest class
GATE_BELOW = 0.05
SHARED = 0.5  # of a cost, above which it is as much that of the temperature
MOST_WRONG = 0.5  # of the labels of a class: beyond, they are not labels of that class


def more_right_than_it_says(evidence: Evidence) -> bool:
    """Return whether the loss is below what the model itself expects."""
    return evidence.cause_gates["under"].p_value <= GATE_BELOW


def nearly_always_right(evidence: Evidence) -> bool:
    """Return whether underconfidence comes with near-perfect accuracy."""
    limit = evidence.error_upper_limit
    return (
        more_right_than_it_says(evidence)
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


def wrong_labels(evidence: Evidence) -> str:
    """Say which wrong labels of two classes explain as much as a class bias, and whatever goes with it, does.

    Of two classes, labels of which a share of each is wrong have frequencies on a straight line; a bias bends. Of more,
    one class given as one other is asked for.
    """
    found = evidence.line or evidence.flips
    if evidence.bias_nats < NATS or found is None:
        return ""
    if evidence.n_classes == 2:
        first, second = map(repr, evidence.class_names)
        flips = [(found["intercept"], first, second), (1.0 - found["intercept"] - found["slope"], second, first)]
    else:
        flips = [(found["share"], repr(found["true"]), repr(found["given"]))]
    if max(share for share, *_ in flips) >= MOST_WRONG:
        return ""
    wrong = [
        f"{percent(share)} of class {true} labelled {label}" for share, true, label in flips if share >= NOISE_RATE
    ]
    how = "better" if found["log_likelihood_ahead"] > AS_LIKELY else "as well"
    if not wrong:
        return ""
    # What the frequencies of labels are, given the probabilities, is all that there is to see.
    return (
        f" Wrong labels explain these rows {how}: {' and '.join(wrong)}. So do right ones if the model errs so often "
        "where it is sure."
    )


def shared_with_temperature(evidence: Evidence, term: str, nats: float) -> str:
    """Say how much of what a term saves before the temperature is fitted a temperature saves as well; "" if little."""
    causes, beside = evidence.causes, evidence.saved_beside(term)
    if causes is None or causes.fit.beta >= 1.0 or beside >= SHARED * nats:
        return ""
    return f", all but {number(max(beside, 0.0))} of which a temperature explains as well"


def confidence_code(evidence: Evidence) -> str:
    """Return the rule that speaks of the selected temperature."""
    return "LA101" if evidence.causes is not None and evidence.causes.fit.beta < 1.0 else "LA102"


def needs_offsets(evidence: Evidence) -> float:
    """Return how many of the nats that the selected temperature repairs it repairs with class offsets only.

    Offsets suit the selected temperature, so that what they save beyond their own part comes with it. A temperature
    alone leaves it.
    """
    part = evidence.fitted_parts.get("class_bias")
    if part is None or evidence.far_classes is not None:
        return 0.0
    return max(evidence.saved_beside("class_bias") - max(part.value, 0.0), 0.0)


def other_causes(evidence: Evidence, term: str) -> str:
    """Name what is selected beside a term, in words; empty where nothing is."""
    causes = evidence.causes
    if causes is None:
        return ""
    names = {
        "floor": "label noise" if evidence.noise[0] > 0 else "the loss of true classes at 0",
        "class_bias": "class bias",
        "temperature": "the temperature",
    }
    found = [names[other] for other in names if other in causes.terms and other != term]
    found += ["the loss of outlier rows"] if causes.outliers.size else []
    return " and ".join([", ".join(found[:-1]), *found[-1:]] if len(found) > 1 else found)


def unordered(evidence: Evidence) -> bool:
    """Return whether the selected temperature is as high as any: the scores are worth no more than equal ones."""
    causes = evidence.causes
    return causes is not None and "temperature" in causes.terms and causes.fit.beta <= BETA_RANGE[0]


def selected_temperature(evidence: Evidence) -> tuple[float, tuple[float, float] | None]:
    """Return T in the selected model (T alone where no causes were selected) and its 95 % interval."""
    causes = evidence.causes
    if causes is None or "temperature" not in causes.terms:
        alone = evidence.temperature
        return alone.value, None if alone.low is None or alone.high is None else (alone.low, alone.high)
    if unordered(evidence):
        return math.inf, None
    alone, fitted = evidence.temperature, 1.0 / causes.fit.beta
    low, high = evidence.temperature_limits
    if alone.low is not None and alone.high is not None and (alone.value > 1.0) == (fitted > 1.0):
        # Rows that are dependent, or follow no temperature, may know that of a temperature alone less well. One on the
        # other side of 1 answers to what else is wrong.
        low, high = min(low, fitted * alone.low / alone.value), max(high, fitted * alone.high / alone.value)
    return fitted, (low, high)
