"""LA201 outlier-dominated-loss: a few rows that the model's probabilities do not allow."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np

from sklearn_lossacc._numerics.mixture import mixture_proba
from sklearn_lossacc.findings.evidence import Evidence
from sklearn_lossacc.findings.format import number, percent
from sklearn_lossacc.findings.materiality import OUTLIER_EXCESS
from sklearn_lossacc.findings.verdict import Rule, Verdict
from sklearn_lossacc.inference.concentration import concentration
from sklearn_lossacc.inference.surprise import surprise_of_labels, too_many_surprises

NAMED_ROWS = 20


def attribution(evidence: Evidence) -> float | None:
    """Return the p-value of so many small surprises under the temperature and bias of the selected model."""
    causes = evidence.causes
    if causes is None:
        return None
    if not causes.outliers.size:
        return 1.0
    null = evidence.null
    model = mixture_proba(evidence.log_proba, causes.fit.beta, causes.fit.bias, 0.0)
    return too_many_surprises(surprise_of_labels(model, null.y), null.group is None)


def judge(evidence: Evidence) -> Verdict:
    """Judge whether a few rows carry far more loss than the model allows."""
    causes, null = evidence.causes, evidence.null
    gate = evidence.gates["surprise"]
    p_attr = attribution(evidence)
    value = evidence.outlier_nats
    rows = causes.outliers if causes is not None else np.empty(0, dtype=np.intp)
    rows = rows[np.argsort(-null.true_loss[rows], kind="stable")]
    index = evidence.sample.index[rows]
    carried = float((null.weight * null.true_loss)[rows].sum() / max((null.weight * null.true_loss).sum(), 1e-300))
    tail = concentration(null, evidence.alpha, evidence.rng(4)) if rows.size else None
    largest = float(null.true_loss.max())
    facts = {
        "p_gate": gate.p_value,
        "p_attr": p_attr,
        "nats": value,
        "rows": index[:NAMED_ROWS].tolist(),
        "n_outliers": int(rows.size),
        "loss_share": carried,
        "largest_loss": largest,
        "largest_loss_share": evidence.largest_loss_share,
        **(asdict(tail) if tail is not None else {}),
        "cannot_tell_from_noise": bool(causes is not None and rows.size and causes.few_rows),
    }
    named = ", ".join(str(i) for i in index[:3]) + (", ..." if rows.size > 3 else "")
    what = f"Row {named} carries" if rows.size == 1 else f"{rows.size} rows ({named}) carry"
    fired = (
        f"{what} {percent(carried)} of the loss, {number(value)} nats more than the model's own probabilities allow; "
        f"the largest loss is {number(largest)} nats."
    )
    if facts["cannot_tell_from_noise"]:
        fired += " So few rows cannot tell an outlier from a wrong label."
    passed = "No row has a loss that the model's own probabilities do not allow."
    if rows.size:
        verb = "carries" if rows.size == 1 else "carry"
        passed = f"Outliers were not shown beyond doubt; row {named} {verb} {number(value)} nats of unexpected loss."
        if value < OUTLIER_EXCESS:
            passed = f"Row {named} {verb} more loss than the model allows, but only {number(value)} nats of the mean."
    elif gate.p_value <= evidence.alpha:
        passed = "Rows with a surprisingly large loss are as many as the selected causes predict."
    return Verdict(
        holds=rows.size > 0 and value >= OUTLIER_EXCESS,
        value=value,
        threshold=OUTLIER_EXCESS,
        could_be=value,
        p_value=max(gate.p_value, p_attr or 0.0),
        evidence=facts,
        fired=fired,
        passed=passed,
        advice=(
            "Look at the named rows first: a wrong label, a duplicate, or an input unlike the training data. Judge the "
            "model by Brier score, median or truncated loss beside the mean; do not calibrate on these rows."
        ),
    )


OUTLIERS = Rule("LA201", "outlier-dominated-loss", "warning", judge)
