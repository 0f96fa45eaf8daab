"""LA203 uneven-classes: calibration that differs between predicted classes."""

from __future__ import annotations

import numpy as np

from sklearn_lossacc.findings.evidence import Evidence
from sklearn_lossacc.findings.format import number, ratio, small_number
from sklearn_lossacc.findings.materiality import NATS
from sklearn_lossacc.findings.selected import wrong_labels
from sklearn_lossacc.findings.verdict import Rule, Verdict, not_applicable
from sklearn_lossacc.inference.monte_carlo import CONTINUE_BELOW


def _own_temperature(evidence: Evidence, worst: int, labels: list[str], alone: bool) -> str:
    """Say how to take the gain of temperatures by predicted class; empty where the worst class has no part in it.

    They go with the selected causes. A calibrator of all rows takes some of the gain already, so that after it the same
    temperatures do harm.
    """
    fits, causes = evidence.class_temperatures, evidence.causes
    if fits is None or causes is None or worst not in fits.paying:
        return ""
    of_class, of_all = fits.temperatures[worst], 1.0 / causes.fit.beta
    several = len(fits.paying) > 1
    whose = f"temperatures for {len(fits.paying)} classes (in the evidence)" if several else "a temperature of its own"
    if set(causes.terms) - {"temperature"}:
        return (
            f"The gain is that of {whose}, T = {ratio(of_class)} for rows predicted as {labels[worst]!r}, once all "
            "else is repaired as in the waterfall. A calibrator takes some of it: diagnose what that leaves, on other "
            "rows, before adding temperatures. "
        )
    others = ""
    if causes.terms:
        others = f" and the others by {'theirs times ' if several else ''}{ratio(of_all)}"
    said = (
        f" {whose}{', in place of a calibrator and not after one' if alone else ''}: divide the log probabilities of "
        f"rows predicted as {labels[worst]!r} by T = {ratio(of_class * of_all)}{others} and take softmax; the "
        "predicted classes do not change. "
    )
    if alone:
        return f"Most is gained by{said}"
    return (
        f"The gain is that of{said}Compare that, on held-out rows, with what AutoCalibrator chooses; after a "
        "calibrator the same temperatures do harm. "
    )


def judge(evidence: Evidence) -> Verdict:
    """Judge whether some predicted classes are over- or underconfident beyond the selected model."""
    if evidence.n_classes < 3:
        return not_applicable("With two classes the shape and class bias say everything about single classes.")
    attribution = evidence.uneven_attribution
    # Where the attribution is no smaller, how small the gate's p-value is does not matter.
    explained = attribution is not None and attribution.p_value >= CONTINUE_BELOW
    gate = evidence.rough_uneven_gate if explained else evidence.uneven_gate
    shown = attribution or gate
    if shown.n_groups < 2:
        return not_applicable("Fewer than two classes are predicted often enough.")
    p_value = max(gate.p_value, 0.0 if attribution is None else attribution.p_value)
    labels = [str(label) for label in evidence.summary.classes]
    worst = labels[shown.worst]
    direction = "over" if shown.z[shown.worst] > 0 else "under"
    fits = evidence.class_temperatures
    value = evidence.uneven_gain
    own = evidence.own_temperatures
    alone = own is not None and own.explains_all
    rival = bool(wrong_labels(evidence))
    still_open = max(value, shown.open_gain or 0.0)
    said = f"Calibration differs between classes: rows predicted as {worst!r} are {direction}confident"
    if own is None or not alone:
        said += " beyond the rest of the model"
    elif len(own.temperatures) == 1:
        said += f" (T = {number(*own.temperatures.values())}), which explains all that is shown"
    else:
        said += f"; {len(own.temperatures)} classes that stand out explain all that is shown"
    n_predicted = int(np.count_nonzero(evidence.summary.predicted_weight))
    judged = f" of the {shown.n_groups} classes predicted often enough" if shown.n_groups < n_predicted else ""
    own_temperature = _own_temperature(evidence, shown.worst, labels, alone)
    return Verdict(
        holds=evidence.causes is not None and value >= NATS,
        value=value,
        threshold=NATS,
        could_be=still_open,
        p_value=p_value,
        evidence={
            "p_gate": gate.p_value,
            "p_attr": None if attribution is None else attribution.p_value,
            "class": worst,
            "z": {labels[j]: float(shown.z[j]) for j in np.flatnonzero(np.isfinite(shown.z))[:50]},
            "explains_all": alone,
            "repaired_by": ["LA103"] if rival else [],
            "temperatures": None if fits is None else {labels[j]: float(t) for j, t in fits.temperatures.items()},
        },
        fired=f"{said}; temperatures by predicted class would gain {number(value)} nats."
        + (" Wrong labels explain these rows as well (LA103)." if rival else ""),
        small=(
            "Uneven calibration is shown, but not that it counts: temperatures by predicted class would gain "
            f"{small_number(value)} nats."
            if value > 0 and still_open > NATS
            else ""
        ),
        passed=(
            f"Uneven calibration{judged} was not shown; up to {number(still_open)} nats are still possible."
            if still_open > NATS
            else f"None{judged} is calibrated differently from the others by more than {number(still_open)} nats."
            if judged
            else f"No predicted class is calibrated differently from the others by more than {number(still_open)} nats."
        ),
        advice=(
            "Look at that class: it may be overfit while others still learn, or have too few training rows. "
            + own_temperature
            + "Vector or Dirichlet calibration treats classes separately"
            + (" and reaches a part of that." if own_temperature else ".")
        ),
    )


UNEVEN = Rule("LA203", "uneven-classes", "warning", judge)
