"""LA003 too-few-samples: what these rows cannot tell, and how many would."""

from __future__ import annotations

import math

from sklearn_lossacc.findings.evidence import Z95, Evidence
from sklearn_lossacc.findings.format import count
from sklearn_lossacc.findings.verdict import Rule, Verdict

POWER_Z = 0.8416212335729143  # 80 % power
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
    log_t = math.log(TEMPERATURE_ASKED)
    for_temperature = (Z95 + POWER_Z) ** 2 / (log_t**2 * variance) if variance > 0 else math.inf
    needed = max(for_accuracy, for_temperature)
    needed_text = "no affordable number" if needed > MOST_ROWS else f"about {count(math.ceil(needed))}"
    few_groups = summary.n_groups is not None and summary.n_groups < MIN_UNITS
    facts = {
        "effective_n": n_effective,
        "needed": needed if math.isfinite(needed) else None,
        "needed_for_accuracy": for_accuracy,
        "needed_for_temperature": for_temperature if math.isfinite(for_temperature) else None,
        "n_groups": summary.n_groups,
    }
    fired = (
        f"{count(round(n_effective))} effective rows cannot show a temperature of {TEMPERATURE_ASKED} (or its inverse) "
        f"and accuracy to within {ACCURACY_HALF_WIDTH:.0%}; {needed_text} would."
    )
    if few_groups:
        fired = f"{summary.n_groups} groups are too few for intervals; at least {MIN_UNITS} are needed."
    return Verdict(
        holds=bool(n_effective < needed or few_groups),
        value=n_effective,
        threshold=needed if math.isfinite(needed) else None,
        could_be=n_effective,
        evidence=facts,
        fired=fired,
        passed=f"{count(round(n_effective))} effective rows suffice for the questions asked ({needed_text} needed).",
        advice=(
            "Check that the model was not trained on these rows: it is hardly ever in doubt, so that no number of rows "
            "can show whether it should be."
            if needed > MOST_ROWS and not few_groups and float(summary.mean("confidence")) > NEVER_IN_DOUBT
            else "Evaluate on more rows (or groups); read what was not shown as unknown, not as fine."
        ),
    )


TOO_FEW = Rule("LA003", "too-few-samples", "tip", judge)
