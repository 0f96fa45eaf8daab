"""LA401 threshold: the predicted class is not the best guess that these probabilities allow."""

from __future__ import annotations

import math

from sklearn_lossacc.findings.evidence import Evidence
from sklearn_lossacc.findings.format import apart, percent
from sklearn_lossacc.findings.materiality import NATS, THRESHOLD_GAIN
from sklearn_lossacc.findings.selected import confidence_code, needs_offsets
from sklearn_lossacc.findings.verdict import Rule, Verdict, not_applicable

MIN_ROWS = 30


def judge(evidence: Evidence) -> Verdict:
    """Judge whether class offsets raise the accuracy of held-out rows."""
    if not evidence.summary.out_of_sample:
        return not_applicable("The predictions are declared in-sample: a threshold must be chosen out of sample.")
    if evidence.null.n_rows < MIN_ROWS:
        return not_applicable(f"Fewer than {MIN_ROWS} rows cannot show a better threshold.")
    if evidence.null.n_groups is not None and evidence.null.n_groups < 10:
        return not_applicable(f"{evidence.null.n_groups} groups are too few to choose and to judge a threshold.")
    found = evidence.threshold
    # Offsets of the selected model move the likeliest class, be they a cause of their own or come with a temperature.
    by = ["LA103"] if evidence.bias_nats >= NATS else []
    by += [confidence_code(evidence)] if needs_offsets(evidence) >= NATS else []
    # Where no prediction moved, so many rows still leave a share of moves open (the rule of three).
    still_open = max(found.high, -math.log(0.05) / evidence.null.effective_n())
    passed = "No threshold or class offsets that these rows could choose would raise accuracy materially."
    if still_open >= THRESHOLD_GAIN:
        passed = "A better threshold was not shown."
    if found.gain >= THRESHOLD_GAIN and found.p_value <= evidence.alpha < found.p_order:
        passed = "Another class would be right more often, but the scores show no information to choose a threshold by."
    what = f"the threshold {apart(found.threshold, 0.0, 0.5, 1.0)}" if found.threshold is not None else "class offsets"
    return Verdict(
        holds=found.gain >= THRESHOLD_GAIN,
        value=found.gain,
        interval=(found.low, found.high),
        threshold=THRESHOLD_GAIN,
        could_be=still_open,
        # Where labels do not follow the scores, another class is named throughout: that is no threshold.
        p_value=max(found.p_value, found.p_order),
        evidence={
            "p_gain": found.p_value,
            "p_order": found.p_order,
            "gained": found.gained,
            "lost": found.lost,
            "threshold": found.threshold,
            "offsets": found.offsets.tolist(),
            "explained_by_class_bias": False,  # until it is known what else fires
            "repaired_by": by,
        },
        fired=(
            f"The likeliest class is not the best guess: {what} would raise accuracy by {percent(found.gain)} on "
            "held-out rows."
        ),
        passed=passed,
        advice="Choose the threshold for the costs of the errors (TunedThresholdClassifierCV), on rows kept for it.",
    )


THRESHOLD = Rule("LA401", "threshold", "tip", judge)
