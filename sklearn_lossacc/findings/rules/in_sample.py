"""LA005 in-sample-predictions: too good to be out of sample."""

from __future__ import annotations

from sklearn_lossacc.findings.evidence import Evidence
from sklearn_lossacc.findings.format import number, percent, ratio
from sklearn_lossacc.findings.selected import (
    ACCURACY_ABOVE,
    TEMPERATURE_BELOW,
    errors_follow_doubts,
    more_right_than_it_says,
    nearly_always_right,
    selected_temperature,
)
from sklearn_lossacc.findings.verdict import Rule, Verdict
from sklearn_lossacc.findings.wording import UNSEEN_FIRST

NOT_SHOWN = "It is not shown that the model was trained on these rows, and not ruled out: "
EXACT_SHARE = 0.1  # of the level: what is exact by design leaves little doubt


def _passed(evidence: Evidence, nearly: bool, every: bool) -> str:
    """Say what is known where nothing is shown."""
    if nearly:
        return (
            "Accuracy is near perfect while the model is unsure, but its errors lie where it doubts: smoothed, "
            "averaged or voted probabilities of rows it has not seen look so."
        )
    doubting = more_right_than_it_says(evidence)
    if every:
        says = "it is right in all of them, more than it says" if doubting else "it is right in all of them, and sure"
        return f"{NOT_SHOWN}{says}, as a model is in rows that it has learnt by heart."
    if doubting:
        return "Nothing but its underconfidence suggests that the model was trained on these rows."
    return "Nothing suggests that the model was trained on these rows."


def judge(evidence: Evidence) -> Verdict:
    """Judge whether the predictions were made for training rows."""
    declared = not evidence.summary.out_of_sample
    value = selected_temperature(evidence)[0]
    limit = evidence.error_upper_limit
    confidence, correct = evidence.judged.top
    doubt = evidence.null.weight * (1.0 - confidence)
    doubted = float(doubt @ correct / doubt.sum()) if doubt.sum() > 0 else None
    facts = {
        "declared": declared,
        "temperature": value,
        "accuracy_low": None if limit is None else 1.0 - limit,
        "doubted_accuracy": doubted,
    }
    if declared:
        return Verdict(
            holds=True,
            value=value,
            evidence=facts,
            fired="The predictions are declared in-sample: they cannot show how the model does on new rows.",
            advice="Predict rows that the model was not trained on (cross_val_predict), and diagnose those.",
        )
    p_value, p_values = evidence.p_values("under", "temperature")
    p_exact = evidence.exact_ties
    p_value = min(1.0, p_value / (1.0 - EXACT_SHARE), p_exact / EXACT_SHARE)
    exact = p_exact <= EXACT_SHARE * evidence.alpha
    nearly, follow = nearly_always_right(evidence), errors_follow_doubts(evidence)
    return Verdict(
        holds=exact or (nearly and not follow),
        value=value,
        threshold=TEMPERATURE_BELOW,
        could_be=value,
        p_value=p_value,
        evidence={**facts, **p_values, "p_exact": p_exact},
        fired=(
            "These look like the very rows that the model was fitted to, or calibrated on: wherever rows have equal "
            "probabilities, every class is exactly as frequent as they say. On other rows chance does so with a "
            f"probability of at most {number(p_exact)}."
            if exact
            else f"These look like training rows, or near copies of them: accuracy is above {percent(ACCURACY_ABOVE)}, "
            f"even where the model doubts, and it is far less sure than that (T = {ratio(value)}). A timid model of an "
            "easy problem (smoothed or noisy training labels, mixup, few rounds of boosting, votes) looks the same, "
            "and no prediction can tell them apart."
        ),
        passed=_passed(evidence, nearly, every=bool(correct.all())),
        advice=(
            "Predict rows that took no part in the fit or the calibration (cross_val_predict), and diagnose those."
            if exact
            else f"{UNSEEN_FIRST} If none was, the model is timid by itself: recalibrate."
        ),
    )


IN_SAMPLE = Rule("LA005", "in-sample-predictions", "warning", judge)
