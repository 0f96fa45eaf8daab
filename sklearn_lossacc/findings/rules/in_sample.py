"""LA005 in-sample-predictions: too good to be out of sample."""

from __future__ import annotations

from sklearn_lossacc.findings.evidence import Evidence
from sklearn_lossacc.findings.format import percent, ratio
from sklearn_lossacc.findings.selected import ACCURACY_ABOVE, TEMPERATURE_BELOW, looks_in_sample, selected_temperature
from sklearn_lossacc.findings.verdict import Rule, Verdict


def judge(evidence: Evidence) -> Verdict:
    """Judge whether the predictions were made for training rows."""
    declared = not evidence.summary.out_of_sample
    value = selected_temperature(evidence)[0]
    limit = evidence.error_upper_limit
    facts = {"declared": declared, "temperature": value, "accuracy_low": None if limit is None else 1.0 - limit}
    if declared:
        return Verdict(
            holds=True,
            value=value,
            evidence=facts,
            fired="The predictions are declared in-sample: they cannot show how the model does on new rows.",
            advice="Predict rows that the model was not trained on (cross_val_predict), and diagnose those.",
        )
    p_value, p_values = evidence.p_values("under", "temperature")
    return Verdict(
        holds=looks_in_sample(evidence),
        value=value,
        threshold=TEMPERATURE_BELOW,
        could_be=value,
        p_value=p_value,
        evidence={**facts, **p_values},
        fired=(
            f"These look like training rows: accuracy is above {percent(ACCURACY_ABOVE)} while the model is far less "
            f"sure (T = {ratio(value)}). Label smoothing or mixup does the same."
        ),
        passed="Nothing suggests that the model was trained on these rows.",
        advice=(
            "Check that no row was used in training; if none was, the model learnt from smoothed labels: recalibrate."
        ),
    )


IN_SAMPLE = Rule("LA005", "in-sample-predictions", "warning", judge)
