"""LA201 outlier-dominated-loss: a few rows that the model's probabilities do not allow."""

from __future__ import annotations

import math
from dataclasses import asdict

import numpy as np

from sklearn_lossacc.findings.confusion import mixed_up
from sklearn_lossacc.findings.evidence import Evidence
from sklearn_lossacc.findings.exchanged import SEEMS, exchanged_columns
from sklearn_lossacc.findings.format import count, number, percent
from sklearn_lossacc.findings.materiality import NOISE_RATE, OUTLIER_EXCESS
from sklearn_lossacc.findings.verdict import Rule, Verdict
from sklearn_lossacc.inference.concentration import TRUNCATE_AT, concentration
from sklearn_lossacc.inference.few_rows import FEWEST

NAMED_ROWS = 20
ZEROS_FIRST = "Attend to the zeros first (LA001); if these rows stay as surprising without them, look at them."
CUT = -math.log(TRUNCATE_AT)


def judge(evidence: Evidence) -> Verdict:
    """Judge whether a few rows carry far more loss than the model allows."""
    causes, rows = evidence.causes, evidence.outliers
    p_gate = evidence.outlier_gate
    p_attr = None if causes is None else causes.outlier_p
    index, extremes = rows.index, evidence.extremes
    among_all = extremes is not None and extremes.observed > 0
    if extremes is not None and (among_all or not index.size):
        p_attr = extremes.p_value
    alone = among_all and extremes is not None and extremes.observed <= FEWEST
    few = bool(index.size and (alone if among_all else causes is not None and causes.few_rows))
    noisy = bool(index.size) and evidence.noise[0] >= NOISE_RATE
    cannot_tell = few or noisy
    # Votes and leaves say 0 without it, and few digits round to it: such rows are those of another finding.
    only_zeros = 0 < index.size == rows.n_zeros
    value = evidence.outlier_nats
    carried = rows.loss_share
    tail = concentration(evidence.rows.null, evidence.null, evidence.alpha, evidence.rng(4)) if index.size else None
    largest = evidence.largest_loss
    order, in_order = exchanged_columns(evidence) if index.size else (None, "")
    facts = {
        "p_gate": p_gate,
        "p_attr": p_attr,
        "nats": value,
        "rows": index[:NAMED_ROWS].tolist(),
        "n_outliers": int(index.size),
        "surprise": rows.surprise[:NAMED_ROWS].tolist(),
        "n_certain": int(np.count_nonzero(rows.n_rows * rows.surprise <= evidence.alpha)),
        "expected_rows": rows.expected,
        "loss_share": carried,
        "largest_loss": largest,
        "largest_loss_share": evidence.largest_loss_share,
        **(asdict(tail) if tail is not None else {}),
        "brier_score": float(evidence.summary.mean("brier")) / (2.0 if evidence.n_classes == 2 else 1.0),
        "cannot_tell_from_noise": cannot_tell,
        "repaired_by": ["LA001"] if only_zeros else [],
        "column_order": order,
    }
    robust = f"Brier score ({number(facts['brier_score'])}) or median loss"
    if tail is not None:
        robust += f", or the mean of losses cut at {number(CUT)} nats ({number(tail.truncated_loss)})"
    named = ", ".join(str(i) for i in index[:3]) + (", ..." if index.size > 3 else "")
    judged = f" of the {count(rows.n_rows)} judged" if rows.n_rows < evidence.summary.n_samples else ""
    what = f"Row {named} carries" if index.size == 1 else f"{index.size} rows{judged} ({named}) carry"
    fired = (
        f"{what} {percent(carried)} of the loss, {number(value)} nats more than the model's own probabilities allow; "
        f"the largest loss is {number(largest)} nats"
    )
    fired += "." if tail is None else f", the median {number(tail.median_loss)}."
    if only_zeros:
        fired += f" {'Its' if index.size == 1 else 'Their'} true class has probability exactly 0 (LA001)."
    elif rows.n_zeros:
        fired += f" In {rows.n_zeros} of them the true class has probability exactly 0 (LA001)."
    if noisy:
        fired += " They may be wrong labels as well (LA202)."
    elif few and not only_zeros:
        are = "it is an outlier, a wrong label or one" if index.size == 1 else "they are outliers, wrong labels or some"
        fired += f" The predictions cannot tell whether {are} that the model is too sure of."
    fired += SEEMS if in_order else mixed_up(rows.y, rows.pred, rows.weight, evidence.summary.classes, ask=False)
    passed = "No row has a loss that the model's own probabilities do not allow."
    if index.size:
        passed = f"Outliers were not shown beyond doubt: {what} {number(value)} nats of unexpected loss."
        if value < OUTLIER_EXCESS:
            passed = f"{what} more loss than the model allows, but only {number(value)} nats of the mean."
    elif p_gate <= evidence.alpha:
        passed = "Rows with a surprisingly large loss are as many as the selected causes predict."
    return Verdict(
        holds=index.size > 0 and value >= OUTLIER_EXCESS,
        value=value,
        threshold=OUTLIER_EXCESS,
        could_be=value,
        p_value=max(p_gate, p_attr or 0.0),
        evidence=facts,
        fired=fired,
        passed=passed,
        advice=in_order
        or (ZEROS_FIRST if rows.n_zeros else "")
        or (
            "Look at the named rows first: wrong labels, duplicates, or inputs unlike the training data. Judge the "
            f"model by {robust}. Calibrate without these rows only if they are wrong: where such rows will be met, "
            "AutoCalibrator and TemperatureCalibrator(floor=True) learn from them what they cost."
        ),
    )


OUTLIERS = Rule("LA201", "outlier-dominated-loss", "warning", judge)
