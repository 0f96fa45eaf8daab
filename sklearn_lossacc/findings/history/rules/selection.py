"""LA507, LA508 and LA510: which epoch is best, whether that can be told, and whether training was stopped too soon."""

from __future__ import annotations

import math

import numpy as np

from sklearn_lossacc.findings.format import count, nats, percent
from sklearn_lossacc.findings.history.evidence import HistoryEvidence
from sklearn_lossacc.findings.history.materiality import (
    LEAST_TREND,
    LOSS_CHANGE,
    SAME_ACCURACY,
    SHOWN_ACCURACY,
    Z_FAR,
    Z_ONE_SIDED,
    material_accuracy,
)
from sklearn_lossacc.findings.history.words import diverged, too_short
from sklearn_lossacc.findings.verdict import Rule, Verdict, not_applicable
from sklearn_lossacc.inference.history import accuracy_change_z, accuracy_error
from sklearn_lossacc.inference.normal import Z_POWER

LAST_SHARE = 10  # the last tenth tells whether the loss still falls


def independent_z(first: float, second: float, n: float) -> float:
    """Return the z of two accuracies as if measured on different rows: less than that of the same rows, as a rule."""
    error = accuracy_error((first + second) / 2.0, n)
    return 0.0 if error == 0.0 else (second - first) / (math.sqrt(2.0) * error)


def _two_digits(number: float) -> int:
    """Round a number of rows up to two digits; more would pretend."""
    unit = 10 ** max(math.floor(math.log10(number)) - 1, 0)
    return math.ceil(number / unit) * unit


def judge_best_epochs(evidence: HistoryEvidence) -> Verdict:
    """Judge whether the epochs of lowest loss and of highest accuracy differ, in a way that counts."""
    if len(evidence.pairs) < 2:
        return not_applicable(
            too_short(evidence, 2) or "Validation loss and accuracy are both needed.", **evidence.rule_inputs()
        )
    history = evidence.history
    by_loss, by_accuracy = evidence.best_loss_row, evidence.best_accuracy_row
    if by_loss is None or by_accuracy is None or by_loss not in evidence.pairs or by_accuracy not in evidence.pairs:
        return not_applicable("Loss and accuracy were not measured at the same epochs.", **evidence.rule_inputs())
    gain = float(history.val_accuracy[by_accuracy] - history.val_accuracy[by_loss])
    cost = float(history.val_loss[by_accuracy] - history.val_loss[by_loss])
    n = evidence.n_val
    accuracies = float(history.val_accuracy[by_loss]), float(history.val_accuracy[by_accuracy])
    z = None if n is None else independent_z(*accuracies, n)
    noise = evidence.accuracy.noise or 0.0
    beyond = z >= Z_ONE_SIDED if z is not None else gain > Z_FAR * noise
    dear = cost > max(LOSS_CHANGE * float(history.val_loss[by_loss]), Z_FAR * (evidence.loss.noise or 0.0))
    facts = {
        "best_loss_row": by_loss,
        "best_accuracy_row": by_accuracy,
        "accuracy_gain": gain,
        "loss_cost": cost,
        "z": z,
        "z_bounds": None if n is None else accuracy_change_z(*accuracies, n),
        **evidence.rule_inputs(),
    }
    at_loss, at_accuracy = evidence.at(by_loss), evidence.at(by_accuracy)
    same = by_loss == by_accuracy
    counts = material_accuracy(accuracies[0], SAME_ACCURACY)
    return Verdict(
        holds=not same and gain >= counts and beyond and dear,
        value=gain,
        threshold=counts,
        evidence=facts,
        fired=(
            f"The best epochs disagree: {at_loss} has the lowest loss ({nats(history.val_loss[by_loss])}), "
            f"{at_accuracy} the highest accuracy ({percent(accuracies[1])}, against {percent(accuracies[0])}); "
            f"accuracy costs {nats(cost)} nats there."
        ),
        passed=(
            f"Loss and accuracy agree on {at_loss}."
            if same
            else f"{at_loss.capitalize()} has the lowest loss and {at_accuracy} the highest accuracy, but the "
            f"difference of {percent(gain)} in accuracy{'' if beyond else ' is within noise'} and {nats(cost)} nats "
            "in loss is not shown to matter in both."
        ),
        advice=(
            f"For labels take {at_accuracy}; for probabilities that are used as they are {at_loss}; for "
            "probabilities that can be "
            f"recalibrated, compare both after temperature scaling, for which their predictions are needed."
        ),
    )


def judge_within_noise(evidence: HistoryEvidence) -> Verdict:
    """Judge whether the epochs one might ship differ in accuracy by less than the rows can tell."""
    if len(evidence.pairs) < 2 or evidence.best_loss_row is None or evidence.best_accuracy_row is None:
        return not_applicable(
            too_short(evidence, 2) or "Validation loss and accuracy are both needed.", **evidence.rule_inputs()
        )
    n = evidence.n_val
    if n is None:
        return not_applicable(
            "Without the number of validation rows, noise from their choice is not known: give n_val.",
            **evidence.rule_inputs(),
        )
    accuracy = evidence.history.val_accuracy
    rows = [row for row in dict.fromkeys((evidence.best_loss_row, evidence.best_accuracy_row, int(evidence.pairs[-1])))
            if np.isfinite(accuracy[row])]  # fmt: skip
    low, high = float(accuracy[rows].min()), float(accuracy[rows].max())
    difference = high - low
    z = independent_z(low, high, n)
    level = (low + high) / 2.0
    visible = Z_POWER * math.sqrt(2.0 * level * (1.0 - level) / n)
    needed = _two_digits(Z_POWER**2 * 2.0 * level * (1.0 - level) / difference**2) if difference > 0 else None
    named = evidence.at_each(rows)
    changed = round(difference * n)
    return Verdict(
        holds=difference >= SHOWN_ACCURACY and z < Z_ONE_SIDED,
        value=difference,
        threshold=visible,
        evidence={
            "rows": sorted(rows),
            "z": z,
            "z_bounds": accuracy_change_z(low, high, n),
            "needed": needed,
            **evidence.rule_inputs(),
        },
        fired=(
            f"By accuracy, {named} cannot be told apart: they differ by {percent(difference)}, which is "
            f"{count(changed)} of {count(n)} rows."
        ),
        passed=(
            f"{named.capitalize()} differ by {percent(difference)} in accuracy, more than {count(n)} rows differ by "
            "chance."
            if difference > 0 and z >= Z_ONE_SIDED
            else f"{named.capitalize()} differ by no more than {percent(difference)} in accuracy: too little to "
            "choose by."
            if difference > 0
            else f"The best epochs have one accuracy, {percent(high)}."
        ),
        advice=(
            f"Do not choose among them by accuracy; choose by loss, or by what the use needs. About {count(needed)} "
            "rows would show such a difference between two sets of rows; on the same rows, predictions of both "
            "epochs can show it with fewer."
        ),
    )


def judge_still_improving(evidence: HistoryEvidence) -> Verdict:
    """Judge whether the validation loss was still falling when training ended."""
    if not len(evidence.loss):
        return not_applicable("The log has no validation loss.", **evidence.rule_inputs())
    short = diverged(evidence, "val_loss", "train_loss") or too_short(evidence, LEAST_TREND)
    if short:
        return not_applicable(short, **evidence.rule_inputs())
    n = len(evidence.loss)
    width = evidence.loss.width
    back = max(round(n / LAST_SHARE), 2 * width)
    start = n - back
    values = evidence.loss.values
    before, after = float(values[start : start + width].mean()), float(values[-width:].mean())
    needed = Z_FAR * evidence.loss.noise_since(n // 2) * math.sqrt(2.0 / width)
    fall = before - after
    row = int(evidence.loss.rows[start])
    lowest_late = int(np.argmin(values)) >= start
    return Verdict(
        holds=fall > max(needed, LOSS_CHANGE * before) and lowest_late,
        value=fall,
        threshold=LOSS_CHANGE * before,
        evidence={
            "since_row": row,
            "loss_before": before,
            "loss_after": after,
            "jitter_needs": needed,
            **evidence.rule_inputs(),
        },
        fired=(
            f"The validation loss was still falling when the log ends: from {nats(before)} at {evidence.at(row)} to "
            f"{nats(after)}."
        ),
        passed=(
            f"The validation loss was no longer clearly falling at the end: it changed by {nats(-fall, signed=True)} "
            f"nats since {evidence.at(row)}, jitter may reach {nats(needed)}."
        ),
        advice="Train longer, or lower the learning rate on a plan, before judging this model.",
    )


BEST_EPOCHS = Rule("LA507", "best-epochs-disagree", "tip", judge_best_epochs)
STILL_IMPROVING = Rule("LA508", "still-improving", "tip", judge_still_improving)
WITHIN_NOISE = Rule("LA510", "differences-within-noise", "tip", judge_within_noise)
