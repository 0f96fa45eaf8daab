"""LA504 unstable-training: losses that are not finite, and spikes that go on to the end."""

from __future__ import annotations

import numpy as np

from sklearn_lossacc.findings.format import count, nats
from sklearn_lossacc.findings.history.evidence import HistoryEvidence
from sklearn_lossacc.findings.history.materiality import SPIKE, SPIKE_NATS, Z_FAR
from sklearn_lossacc.findings.history.words import too_short
from sklearn_lossacc.findings.verdict import Rule, Verdict, not_applicable
from sklearn_lossacc.inference.history import find_excursions

LEAST = 4
LATE = 0.75  # share of the log from which on it should be calm
ADVICE = (
    "Lower the learning rate, warm it up or clip gradients. If the training loss is calm at the same epochs, look at "
    "batch normalisation and at the size of the validation set instead."
)


def _not_finite(evidence: HistoryEvidence) -> tuple[str, int, str] | None:
    """Return which loss is not finite, the first row of it, and when it is."""
    for name, words in (("train_loss", "training"), ("val_loss", "validation")):
        losses = getattr(evidence.history, name)
        rows = np.flatnonzero(np.isinf(losses))
        if not rows.size:
            continue
        first = int(rows[0])
        if rows.size == 1:
            return words, first, f"at {evidence.at(first)}"
        if np.isfinite(losses[first:]).any():
            return words, first, f"{count(rows.size)} times, first at {evidence.at(first)}"
        return words, first, f"from {evidence.at(first)} on"
    return None


def judge(evidence: HistoryEvidence) -> Verdict:
    """Judge whether training jumps about, up to its end."""
    broken = _not_finite(evidence)
    if broken is not None:
        words, row, when = broken
        return Verdict(
            holds=True,
            evidence={"first_row": row, "not_finite": words, **evidence.rule_inputs()},
            fired=f"The {words} loss is not a finite number {when}.",
            advice=(
                "Look for NaN in the inputs, the logarithm of 0, or a diverging learning rate."
                + (" Epochs before the first such loss may still be of use." if row else "")
            ),
            severity="error",
        )
    on_validation = len(evidence.loss) > 0
    curve = evidence.loss if on_validation else evidence.train_loss
    words = "validation" if on_validation else "training"
    if not len(curve):
        return not_applicable("The log has no loss.", **evidence.rule_inputs())
    if len(curve) < LEAST:
        return not_applicable(
            too_short(evidence, LEAST) or f"Cannot tell: {len(curve)} training losses are too few.",
            **evidence.rule_inputs(),
        )
    best = np.minimum.accumulate(curve.values)
    threshold = np.maximum(SPIKE * best, SPIKE_NATS)
    accuracy = float(np.median(evidence.accuracy.values)) if on_validation and len(evidence.accuracy) else None
    error = None if accuracy is None else evidence.loss_error(accuracy)
    if error is not None:
        threshold = np.maximum(threshold, Z_FAR * error)
    found = find_excursions(curve.values, threshold)
    late = [spike for spike in found if spike.peak >= LATE * len(curve)]
    returned = [spike for spike in found if spike.returned]
    holds = len(found) >= 2 and len(returned) >= 1 and len(late) >= 1
    facts = {
        "n_spikes": len(found),
        "n_late": len(late),
        "rows": [int(curve.rows[spike.peak]) for spike in found],
        "heights": [spike.height for spike in found],
        "noise": curve.noise,
        **evidence.rule_inputs(),
    }
    highest = max(found, key=lambda spike: spike.height, default=None)
    peak = "" if highest is None else (
        f"{nats(curve.values[highest.peak])} at {evidence.at(int(curve.rows[highest.peak]))} after a best of "
        f"{nats(best[highest.peak])}"
    )  # fmt: skip
    last = evidence.at(int(curve.rows[late[-1].peak])) if late else ""
    return Verdict(
        holds=holds,
        value=float(len(found)),
        threshold=2.0,
        evidence=facts,
        fired=(
            f"The {words} loss jumped {len(found)} times by more than a fifth of its best value, up to the end "
            f"({last}): as high as {peak}."
        ),
        passed=(
            f"The {words} loss was rough at first ({len(found)} jumps, as high as {peak}) and calm in its last quarter."
            if len(found) >= 2 and not late
            else f"One jump of the {words} loss, to {peak}, is no pattern."
            if len(found) == 1
            else f"The {words} loss shows no spikes."
            if not found
            else f"The {words} loss left its best value and did not come back: see LA501 and LA502."
        ),
        advice=ADVICE,
    )


UNSTABLE = Rule("LA504", "unstable-training", "warning", judge)
