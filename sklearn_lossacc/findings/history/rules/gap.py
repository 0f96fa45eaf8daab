"""LA512 generalization-gap: validation far behind training."""

from __future__ import annotations

import numpy as np

from sklearn_lossacc.findings.format import nats, percent
from sklearn_lossacc.findings.history.curve import Curve
from sklearn_lossacc.findings.history.evidence import HistoryEvidence
from sklearn_lossacc.findings.history.materiality import GAP_ACCURACY, GAP_NATS, GAP_SHARE, Z_ONE_SIDED
from sklearn_lossacc.findings.history.words import diverged
from sklearn_lossacc.findings.verdict import Rule, Verdict, not_applicable

CAVEAT = (
    "The levels compare only roughly: training numbers are often running means over the epoch, with dropout, "
    "augmentation, smoothing or penalties in them."
)


def _ends(train: Curve, validation: Curve) -> tuple[np.ndarray, np.ndarray] | None:
    """Return first and last values of two curves over the rows that both have: (train, validation) each."""
    both = np.intersect1d(train.rows, validation.rows)
    if not len(both):
        return None
    here = np.stack([train.values[np.isin(train.rows, both)], validation.values[np.isin(validation.rows, both)]])
    width = min(train.width, len(both))
    return here[:, :width].mean(axis=1), here[:, -width:].mean(axis=1)


def judge(evidence: HistoryEvidence) -> Verdict:
    """Judge whether validation is far behind training at the end."""
    broken = diverged(evidence, "val_loss", "train_loss")
    if broken:
        return not_applicable(broken, **evidence.rule_inputs())
    losses = _ends(evidence.train_loss, evidence.loss)
    accuracies = _ends(evidence.train_accuracy, evidence.accuracy)
    if losses is None and accuracies is None:
        return not_applicable("Training and validation curves of one measure are needed.", **evidence.rule_inputs())
    loss_gap = None if losses is None else float(losses[1][1] - losses[1][0])
    accuracy_gap = None if accuracies is None else float(accuracies[1][0] - accuracies[1][1])
    error = None if accuracies is None else evidence.accuracy_error(float(accuracies[1][1]))
    by_accuracy = accuracy_gap is not None and accuracy_gap - Z_ONE_SIDED * (error or 0.0) > GAP_ACCURACY
    by_loss = losses is not None and loss_gap is not None and loss_gap > max(GAP_NATS, GAP_SHARE * losses[1][1])
    ends = losses if by_loss or accuracies is None else accuracies
    assert ends is not None
    measure, write = ("loss", nats) if ends is losses else ("accuracy", percent)
    (train_first, val_first), (train_last, val_last) = ends
    early = abs(val_first - train_first) > 0.5 * abs(val_last - train_last) and len(evidence.history.epoch) > 1
    ahead = (loss_gap is not None and loss_gap < 0) or (
        loss_gap is None and accuracy_gap is not None and accuracy_gap < 0
    )
    opened = (
        f" It was there from the start ({write(train_first)} against {write(val_first)}): rows of another kind are a "
        "rival of overfitting."
        if early
        else f" It opened during training (at first {write(train_first)} against {write(val_first)})."
    )
    return Verdict(
        holds=by_loss or by_accuracy,
        value=loss_gap if ends is losses else accuracy_gap,
        threshold=GAP_NATS if ends is losses else GAP_ACCURACY,
        evidence={
            "loss_gap": loss_gap,
            "accuracy_gap": accuracy_gap,
            "first": [float(train_first), float(val_first)],
            "last": [float(train_last), float(val_last)],
            "measure": measure,
            **evidence.rule_inputs(),
        },
        fired=(
            f"Validation is far behind training at the end: {measure} {write(val_last)} against {write(train_last)}"
            + (
                f", accuracy {percent(accuracies[1][1])} against {percent(accuracies[1][0])}."
                if accuracies is not None and ends is losses
                else "."
            )
            + opened
        ),
        passed=(
            f"Validation is ahead of training ({measure} {write(val_last)} against {write(train_last)}), as dropout, "
            "augmentation or running means in training bring about; a split with copies would do so too."
            if ahead
            else f"No large gap between training and validation ({measure} {write(train_last)} and {write(val_last)})."
        ),
        advice=f"A gap alone is no reason to stop: LA501 and LA502 tell whether validation suffers. {CAVEAT}",
        severity="warning" if by_accuracy and accuracy_gap is not None and accuracy_gap > 2 * GAP_ACCURACY else "tip",
    )


GAP = Rule("LA512", "generalization-gap", "tip", judge)
