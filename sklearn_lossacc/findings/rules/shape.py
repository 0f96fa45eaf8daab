"""LA104 miscalibrated-shape: what temperature, class bias and floor do not explain."""

from __future__ import annotations

from sklearn_lossacc.findings.evidence import Evidence
from sklearn_lossacc.findings.format import number
from sklearn_lossacc.findings.materiality import NATS
from sklearn_lossacc.findings.verdict import Rule, Verdict, not_applicable

MIN_ROWS = 30


def judge(evidence: Evidence) -> Verdict:
    """Judge whether calibration fails in a way that the simple causes do not explain."""
    if evidence.null.n_rows < MIN_ROWS:
        return not_applicable(f"Fewer than {MIN_ROWS} rows show no shape.")
    gate, attribution = evidence.shape_gate, evidence.shape_attribution
    p_value = max(gate.p_value, 0.0 if attribution is None else attribution.p_value)
    part = evidence.shape_part
    where = (attribution or gate).view
    return Verdict(
        holds=evidence.causes is not None and part is not None and part.value >= NATS,
        value=0.0 if part is None else part.value,
        interval=None if part is None or part.low is None or part.high is None else (part.low, part.high),
        threshold=NATS,
        could_be=None if part is None else part.high,
        p_value=p_value,
        evidence={
            "p_gate": gate.p_value,
            "p_attr": None if attribution is None else attribution.p_value,
            "n_draws": gate.n_draws,
            "view": where,
        },
        fired=(
            f"Probabilities are off as temperature, class bias and label noise do not explain, most clearly "
            f"for the {where}; a free monotone map would gain {number(0.0 if part is None else part.value)} nats."
        ),
        passed="The reliability diagram shows no shape beyond the causes named.",
        advice="Calibrate with a map that bends: isotonic, spline or beta for two classes, vector or matrix for more.",
    )


SHAPE = Rule("LA104", "miscalibrated-shape", "warning", judge)
