"""LA003 too-few-samples: what these rows cannot tell, and how many would."""

from __future__ import annotations

import math

from sklearn_lossacc.findings.evidence import Evidence
from sklearn_lossacc.findings.format import count, nats
from sklearn_lossacc.findings.materiality import NATS
from sklearn_lossacc.findings.verdict import Rule, Verdict
from sklearn_lossacc.inference.normal import Z95

SEEN = (2.5758293035489004 + 0.8416212335729143) ** 2  # at 0.01, where a cause is kept, with 80 % power
TEMPERATURE_ASKED = 1.5
ACCURACY_HALF_WIDTH = 0.05
MIN_UNITS = 10
MOST_ROWS = 1e9
NEVER_IN_DOUBT = 0.99  # mean confidence; equal probabilities leave every temperature open, too


def judge(evidence: Evidence) -> Verdict:
    """Judge whether the rows suffice to see a temperature of 1.5 and accuracy to within five points."""
    summary = evidence.summary
    n_effective = evidence.n_effective
    accuracy = float(summary.mean("correct"))
    variance = float(summary.mean("varentropy"))
    # A wide class of models is read off by these two questions; both answers are textbook sample sizes.
    spread = max(accuracy * (1 - accuracy), 1.0 / (n_effective + 4))
    for_accuracy = spread * (Z95 / ACCURACY_HALF_WIDTH) ** 2
    # To second order, a temperature T costs half of log(T)^2 times the variance of the loss.
    twice_the_cost = math.log(TEMPERATURE_ASKED) ** 2 * variance
    for_temperature = SEEN / twice_the_cost if variance > 0 else math.inf
    # What hardly depends on the temperature need not show it; but a model without doubt hides what it would cost.
    # Errors beyond what the model expects have shown it already.
    refuted = evidence.gates["over"].p_value <= evidence.alpha
    sure = not refuted and for_temperature > MOST_ROWS and float(summary.mean("confidence")) > NEVER_IN_DOUBT
    if refuted and for_temperature > MOST_ROWS:
        for_temperature = 0.0
    immaterial = not sure and for_temperature > 0.0 and twice_the_cost < 2.0 * NATS
    if immaterial:
        for_temperature = SEEN / (2.0 * NATS)
    needed = max(for_accuracy, for_temperature)
    needed_text = "no affordable number" if sure else f"about {count(math.ceil(needed))}"
    asked = (
        f"{nats(NATS)} nats of miscalibration"
        if immaterial
        else f"a temperature of {TEMPERATURE_ASKED}, or its inverse"
    )
    within = f"accuracy to within {100 * ACCURACY_HALF_WIDTH:.0f} points"
    too_much = [question for question, rows in ((asked, for_temperature), (within, for_accuracy)) if n_effective < rows]
    few_groups = evidence.n_groups is not None and evidence.n_groups < MIN_UNITS
    facts = {
        "effective_n": n_effective,
        "needed": needed if math.isfinite(needed) else None,
        "needed_for_accuracy": for_accuracy,
        "needed_for_temperature": for_temperature if math.isfinite(for_temperature) else None,
        "n_groups": evidence.n_groups,
    }
    rows = f"{count(round(n_effective))} effective {'row' if round(n_effective) == 1 else 'rows'}"
    fired = f"{rows} cannot show {', nor '.join(too_much)}; {needed_text} would."
    if few_groups:
        groups = "1 group is" if evidence.n_groups == 1 else f"{evidence.n_groups} groups are"
        fired = f"{groups} too few for intervals; at least {MIN_UNITS} are needed."
    return Verdict(
        holds=bool(n_effective < needed or few_groups),
        value=n_effective,
        threshold=needed if math.isfinite(needed) else None,
        could_be=n_effective,
        evidence=facts,
        fired=fired,
        passed=f"{rows} suffice for the questions asked ({needed_text} needed).",
        advice=(
            "Check that the model was not trained on these rows: it is hardly ever in doubt, so that no number of rows "
            "can show whether it should be."
            if sure and not few_groups
            else "Evaluate on more rows (or groups); read what was not shown as unknown, not as fine."
        ),
    )


TOO_FEW = Rule("LA003", "too-few-samples", "tip", judge)
