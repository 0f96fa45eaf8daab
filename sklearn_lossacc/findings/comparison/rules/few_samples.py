"""LA602 few-samples-decide: without a few rows, the other model would have the lower loss."""

from __future__ import annotations

import numpy as np

from sklearn_lossacc.findings.comparison.evidence import PairEvidence
from sklearn_lossacc.findings.comparison.materiality import FEW_SHARE, FEWER_THAN_NORMAL, LEAST_UNITS
from sklearn_lossacc.findings.comparison.words import cannot_test, short, units
from sklearn_lossacc.findings.format import count, nats, percent
from sklearn_lossacc.findings.verdict import Rule, Verdict, not_applicable

NAMED_ROWS = 20


def deciding_rows(pair: PairEvidence) -> np.ndarray:
    """Return the places of the rows that decide, the most decisive first."""
    found = pair.decisive
    chosen = found.order[: found.n_decisive or 0]
    if pair.whole.group is None:
        return chosen
    rows = np.flatnonzero(np.isin(pair.whole.group, chosen))
    return rows[np.argsort(-np.abs(pair.loss_change[rows]), kind="stable")]


def judge_few_samples(pair: PairEvidence) -> Verdict:
    """Judge whether a few rows carry the whole difference in loss."""
    whole, found = pair.whole, pair.decisive
    if whole.n_units < LEAST_UNITS:
        return not_applicable(f"Of {units(pair, whole.n_units)}, each decides; {LEAST_UNITS} are needed.")
    reason = cannot_test(pair)
    if reason:
        return not_applicable(reason)
    loss = pair.differences["log_loss"]
    if found.n_decisive is None:
        return Verdict(passed="There is no difference in loss to decide.", could_be=None)
    few = max(1.0, FEW_SHARE * whole.n_units)
    rows = deciding_rows(pair)
    left = float(found.left[found.n_decisive - 1])
    worse = short(pair.names[1] if loss.value > 0 else pair.names[0])
    suspect = float(whole.weight[rows] @ pair.suspects.rows[rows] / whole.weight[rows].sum())
    number, share = found.n_decisive, found.n_decisive / whole.n_units
    decide, them = ("decides", "it") if number == 1 else ("decide", "them")
    return Verdict(
        holds=(number <= few and FEWER_THAN_NORMAL * number <= found.n_normal and abs(loss.value) >= pair.material),
        value=float(number),
        threshold=few,
        could_be=None,
        evidence={
            "n_decisive": number,
            "n_units": whole.n_units,
            "n_if_normal": found.n_normal,
            "loss_difference": loss.value,
            "left_without_them": left,
            "rows": whole.index[rows[:NAMED_ROWS]].tolist(),
            "suspect_labels": suspect,
        },
        fired=(
            f"{units(pair, number)} of {count(whole.n_units)} ({percent(share)}) {decide} that {worse} has the higher "
            f"loss, by {nats(abs(loss.value))} nats; without {them} "
            + (
                f"it has the lower, by {nats(abs(left))} nats. "
                if abs(left) >= pair.material
                else "nothing is left of it. "
            )
            + f"With evenly spread differences it would take {count(round(found.n_normal))}."
        ),
        passed=(
            f"No handful of rows decides the loss: {units(pair, number)} of {count(whole.n_units)} would have to go "
            f"until the difference of {nats(abs(loss.value))} nats is gone"
            + (", as with evenly spread differences." if FEWER_THAN_NORMAL * number > found.n_normal else ".")
        ),
        advice=(
            "Look at these rows (samples() lists them): wrong labels, broken inputs, or cases that matter. "
            + (f"For {percent(suspect)} of them both models name the same other class. " if suspect > 0 else "")
            + "Report a Brier score or accuracy beside the loss, and do not choose a model by these rows alone."
        ),
    )


FEW_SAMPLES = Rule("LA602", "few-samples-decide", "warning", judge_few_samples)
