"""LA101 overconfident and LA102 underconfident: the temperature of the selected model."""

from __future__ import annotations

import math
from functools import partial

from sklearn_lossacc.findings.consequences import repaired
from sklearn_lossacc.findings.evidence import Evidence
from sklearn_lossacc.findings.format import apart, number, ratio, small_number
from sklearn_lossacc.findings.materiality import LOG_TEMPERATURE, NATS, TEMPERATURE_HIGH, TEMPERATURE_LOW
from sklearn_lossacc.findings.selected import (
    SHARED,
    looks_in_sample,
    needs_offsets,
    other_causes,
    selected_temperature,
    unordered,
    wrong_labels,
)
from sklearn_lossacc.findings.verdict import Rule, Verdict, not_applicable
from sklearn_lossacc.findings.wording import UNSEEN_FIRST

RECALIBRATE = (
    "Fit {} on held-out rows (or let AutoCalibrator choose) and ship the calibrated probabilities; the predicted "
    "classes do not change."
)

WITH_OFFSETS = (
    "Let AutoCalibrator choose on held-out rows, from calibrators that treat classes separately too, and ship the "
    "calibrated probabilities; a temperature alone would repair {} nats."
)

LOOK_THE_SAME = " Rows that it was trained on, or near copies of them, look the same."
SEPARABLE = (
    f"{UNSEEN_FIRST} Then fit TemperatureCalibrator(floor=True, cautious=True) on held-out rows, which allows for "
    "errors that so few rows need not show, and ship the calibrated probabilities; the predicted classes do not change."
)

NO_ORDER = (
    "No temperature is shown to make more of these scores than equal probabilities: check that labels, rows and "
    "columns belong together; then look at the features and the training."
)
RICHER = (
    "No temperature is shown to make more of these scores than equal probabilities, but a richer map does: see LA104."
)


def _richer_map_pays(evidence: Evidence) -> bool:
    """Whether the scores carry information that only a map beyond temperature and offsets brings out."""
    left = repaired(evidence)
    return left.informative and "LA104" in left.codes


def _judge(evidence: Evidence, gate: str, over: bool) -> Verdict:
    if not over and evidence.summary.out_of_sample and looks_in_sample(evidence):
        return not_applicable("Accuracy is near perfect while the model is unsure: LA005 judges this instead.")
    causes = evidence.causes
    p_value, p_values = evidence.p_values(gate, "temperature")
    selected = causes is not None and "temperature" in causes.terms
    value, interval = selected_temperature(evidence)
    part = evidence.fitted_parts.get("temperature")
    nats = part.value if part is not None else 0.0
    log_t = math.log(value) if value > 0 else 0.0
    right_side = log_t > 0 if over else log_t < 0
    material = abs(log_t) >= LOG_TEMPERATURE and nats >= NATS
    threshold = TEMPERATURE_HIGH if over else TEMPERATURE_LOW
    limit = None if interval is None else interval[1] if over else interval[0]
    open_effect = limit is None or (limit > threshold if over else limit < threshold)
    direction = "over" if over else "under"
    expected = float(evidence.summary.mean("entropy"))
    observed = evidence.total_loss
    worthless = unordered(evidence)
    called = "its scores do not order the labels (T is infinite)" if worthless else f"T = {ratio(value)}"
    if (
        over
        and not worthless
        and interval is not None
        and math.isinf(interval[1])
        and not repaired(evidence, shape=False).informative
    ):
        worthless = True
        called = f"its scores are not shown to order the labels (T is at least {ratio(interval[0])})"
    # Where a floor takes the errors, the sharpest temperature may be as likely as any other.
    if interval is not None and interval[0] == 0.0:
        called = f"T is at most {ratio(interval[1])}"
    beside = evidence.flips is not None and evidence.flips["temperature"] != 1.0
    # The temperature beside a floor is not that of a temperature alone, which leaves zeros as they are.
    floor = "floor" in evidence.term_gates or evidence.summary.zero_rows > 0
    one_way = selected and not beside and bool(wrong_labels(evidence))
    # Offsets that suit the temperature save what they save with it.
    with_offsets = min(needs_offsets(evidence), max(nats, 0.0))
    not_alone = with_offsets >= min(NATS, SHARED * nats)
    # Errors that these rows do not have may still come.
    promised = f"{'up to ' if evidence.separable else ''}{number(nats)} nats"
    if not evidence.separable and part is not None and part.low is not None and part.high is not None:
        promised += f" ({number(part.low)} to {number(part.high)})"
    only = f", {number(with_offsets)} of them only with class offsets beside the temperature" if not_alone else ""
    facts = {
        **p_values,
        "log_loss": observed,
        "expected_log_loss": expected,
        "z": evidence.loss_z,
        "nats": nats,
        "nats_with_offsets": with_offsets,
        "temperature_alone": evidence.temperature.value,
        "selected": list(causes.terms) if causes is not None else [],
        "repaired_by": ["LA103"] if one_way else [],
        "cannot_tell_from_noise": one_way or (selected and causes is not None and causes.rival == "floor"),
    }
    if limit is None:
        why = "the temperature is not identified by these rows"
        if evidence.too_few_groups:
            why = "too few groups bound the temperature"
        passed = f"{direction.capitalize()}confidence was not shown; {why}."
    elif open_effect:
        still = f"T = {ratio(limit)}" if math.isfinite(limit) else "an infinite T"
        passed = f"{direction.capitalize()}confidence was not shown; {still} is still possible."
    else:
        passed = f"No material {direction}confidence: T is at {'most' if over else 'least'} {ratio(limit)}."
    word = "above" if over else "below"
    # What other causes cost may outweigh what is expected: then the comparison says nothing of the temperature.
    others = other_causes(evidence, "temperature")
    seen = observed > expected if over else observed < expected
    said = f"{called}, and its log loss of {apart(observed, expected)} nats is {word} the "
    said += f"{apart(expected, observed)} that its own probabilities expect"
    if not seen:
        are = "are" if " and " in others else "is"
        said = f"{called}{f' once {others} {are} taken off' if others else ''}"
    return Verdict(
        holds=selected and right_side and material,
        value=value,
        interval=interval,
        threshold=threshold,
        could_be=limit,
        p_value=p_value,
        evidence=facts,
        fired=(
            f"The model is {direction}confident: {said}; {promised} would be repaired{only}."
            + (LOOK_THE_SAME if evidence.separable and not over else "")
            + (
                " Wrong labels explain these rows as well (LA103)."
                if one_way
                else " Label noise (LA202) explains these rows as well."
                if facts["cannot_tell_from_noise"]
                else ""
            )
        ),
        passed=passed,
        small=(
            f"{direction.capitalize()}confidence is shown, but not that it counts: T = {ratio(value)} costs "
            f"{small_number(nats)} nats."
            if selected and right_side and nats > 0 and (open_effect or abs(log_t) >= LOG_TEMPERATURE)
            else ""
        ),
        advice=(
            (RICHER if _richer_map_pays(evidence) else NO_ORDER)
            if worthless
            else WITH_OFFSETS.format(number(nats - with_offsets))
            if not_alone
            else SEPARABLE
            if evidence.separable
            else RECALIBRATE.format(f"TemperatureCalibrator{'(floor=True)' if floor else ''}")
        ),
    )


OVERCONFIDENT: Rule[Evidence] = Rule("LA101", "overconfident", "warning", partial(_judge, gate="over", over=True))
UNDERCONFIDENT: Rule[Evidence] = Rule("LA102", "underconfident", "warning", partial(_judge, gate="under", over=False))
