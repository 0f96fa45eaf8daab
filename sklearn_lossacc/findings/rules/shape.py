"""LA104 miscalibrated-shape: what temperature, class bias and floor do not explain."""

from __future__ import annotations

from sklearn_lossacc.findings.evidence import Evidence
from sklearn_lossacc.findings.format import number, small_number
from sklearn_lossacc.findings.materiality import NATS
from sklearn_lossacc.findings.selected import wrong_labels
from sklearn_lossacc.findings.verdict import Rule, Verdict, not_applicable
from sklearn_lossacc.inference.monotone import APART, BEND, MIXED, ShapeGain
from sklearn_lossacc.inference.views import PairsView

MIN_ROWS = 30
TWO = "Calibrate with a map that bends: isotonic, spline or beta."
FALLS = (
    "Calibrate with a map that bends both ways: SplineCalibrator, whose curve may fall, so that classes change; "
    "isotonic and beta maps only rise."
)
CURVE_ROWS = 100  # of the rarest class, from which on AutoCalibrator tries a spline
NO_CURVES = (
    "Let AutoCalibrator choose on held-out rows. It takes no curve for each class (SplineCalibrator, "
    f"IsotonicCalibrator) of so few rows: a class needs about {CURVE_ROWS} for one."
)
ADVICE = {
    BEND: (
        "Compare a curve for each class (SplineCalibrator, IsotonicCalibrator) on held-out rows with what "
        "AutoCalibrator chooses; vector and matrix maps do not bend."
    ),
    APART: "Calibrate with a map that treats classes separately: VectorCalibrator or MatrixCalibrator.",
    MIXED: (
        "Calibrate with a map that moves probability between classes that are taken for each other: MatrixCalibrator "
        "or DirichletCalibrator."
    ),
}
WEAK = (
    "Calibrate with a map that moves much probability between classes that are taken for each other: let "
    "AutoCalibrator choose on held-out rows, or fit MatrixCalibrator(strength={strength:g})."
)
MAPS = {
    BEND: "a map that bends",
    APART: "a factor and an offset for each class",
    MIXED: "a linear map of all log probabilities",
}


def judge(evidence: Evidence) -> Verdict:
    """Judge whether calibration fails in a way that the simple causes do not explain."""
    if evidence.null.n_rows < MIN_ROWS:
        return not_applicable(f"Fewer than {MIN_ROWS} rows show no shape.")
    gate, attribution = evidence.shape_gate, evidence.shape_attribution
    p_value = max(gate.p_value, 0.0 if attribution is None else attribution.p_value)
    part, found = evidence.shape_part, evidence.shape_gain
    value, gain = (0.0, 0.0) if part is None or found is None else (part.value, found.gain)
    best = BEND if found is None else found.best
    falls = found is not None and found.falls
    shown = attribution or gate
    rival = bool(wrong_labels(evidence))
    few = int(evidence.summary.class_rows.min()) < CURVE_ROWS
    still_open = shown.open_gain if part is None or part.high is None else part.high
    if shown.column is not None:
        seen = f"class {evidence.class_names[shown.column]!r}"
    else:
        seen = shown.view if shown.view == PairsView.name else f"the {shown.view}"
    return Verdict(
        holds=evidence.causes is not None and value >= NATS,
        value=value,
        interval=None if part is None or part.low is None or part.high is None else (part.low, part.high),
        threshold=NATS,
        could_be=still_open,
        p_value=p_value,
        evidence={
            "p_gate": gate.p_value,
            "p_attr": None if attribution is None else attribution.p_value,
            "nats": value,
            "gain": gain,
            "n_draws": gate.n_draws,
            "view": shown.view,
            "map": best,
            "strength": 1.0 if found is None else found.strength,
            "falls": falls,
            "cannot_tell_from_noise": rival,
            "repaired_by": ["LA103"] if rival else [],
        },
        fired=(
            f"Probabilities are off in a way that temperature, class bias and label noise do not explain, most clearly "
            f"for {seen}; it costs {number(value)} nats, "
            + (
                f"of which {MAPS[best]} would gain {number(min(gain, value))} if it were fitted to so many rows."
                if gain > 0
                else f"but so few rows cannot fit {MAPS[best]}."
            )
            + (" Wrong labels explain these rows as well (LA103)." if rival else "")
        ),
        small=(
            f"A miscalibrated shape is shown, but not that it counts: it costs {small_number(value)} nats."
            if value > 0 and still_open is not None and still_open > NATS
            else ""
        ),
        passed=(
            "A miscalibrated shape was not shown; these rows hold too little information to see one."
            if still_open is None
            else f"A miscalibrated shape was not shown; up to {number(still_open)} nats are still possible."
            if still_open > NATS
            else f"No material shape beyond the causes named: it costs at most {number(still_open)} nats."
        ),
        advice=_advice(evidence.n_classes, found, few),
    )


def _advice(n_classes: int, found: ShapeGain | None, few: bool) -> str:
    """Say which map repairs the shape."""
    if n_classes == 2:
        return FALLS if found is not None and found.falls else TWO
    best = BEND if found is None else found.best
    if best == BEND and few:
        return NO_CURVES
    if found is not None and best == MIXED and found.strength < 1.0:
        return WEAK.format(strength=found.strength)
    return ADVICE[best]


SHAPE = Rule("LA104", "miscalibrated-shape", "warning", judge)
