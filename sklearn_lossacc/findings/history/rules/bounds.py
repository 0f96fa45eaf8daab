"""LA509 and LA513: what a pair of loss and accuracy proves by itself."""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import norm

from sklearn_lossacc.findings.format import count, interval, nats, percent
from sklearn_lossacc.findings.history.evidence import HistoryEvidence
from sklearn_lossacc.findings.history.materiality import EXCESS_NATS, SAME_LOSS
from sklearn_lossacc.findings.verdict import Rule, Verdict, not_applicable
from sklearn_lossacc.inference.intervals import wilson_interval
from sklearn_lossacc.inference.loss_bounds import (
    LN2,
    calibrated_ceiling,
    calibrated_floor,
    least_accuracy,
    least_loss,
    loss_error,
)
from sklearn_lossacc.inference.normal import Z95

LEVEL = 0.95
NOT_PLAIN = (
    "The logged loss is then not the plain mean log loss of the same rows: look for a focal, smoothed or weighted "
    "loss, a mean over outputs (binary cross-entropy for each class), padding, another set of rows, or a top-k "
    "accuracy."
)

PLAIN_FIRST = (
    "Make sure that the logged loss is plain: label smoothing, class weights, penalties and sums over rows raise it."
)


def _rounding(evidence: HistoryEvidence, name: str) -> np.ndarray:
    """Return the rounding errors of a curve."""
    found = evidence.history.rounding.get(name)
    return np.zeros(evidence.history.n_rows) if found is None else found


def judge_impossible(evidence: HistoryEvidence) -> Verdict:
    """Judge whether some loss is below what any predictions of that accuracy can reach."""
    rows = evidence.pairs
    if not len(rows):
        return not_applicable("Validation loss and accuracy are both needed.", **evidence.rule_inputs())
    loss, accuracy = evidence.history.val_loss[rows], evidence.history.val_accuracy[rows]
    slack = _rounding(evidence, "val_loss")[rows] + LN2 * _rounding(evidence, "val_accuracy")[rows] + 1e-9
    shortfall = np.array([least_loss(a) for a in accuracy]) - slack - loss
    worst = int(np.argmax(shortfall))
    holds = bool(shortfall[worst] > 0)
    too_high = None
    if evidence.n_classes is not None:
        certain = np.flatnonzero((accuracy >= 1.0) & (loss > math.log(evidence.n_classes) + slack))
        too_high = int(certain[0]) if certain.size else None
    place = too_high if too_high is not None and not holds else worst
    row = int(rows[place])
    pair = f"a loss of {nats(loss[place])} nats with an accuracy of {percent(accuracy[place])}"
    bound = least_loss(float(accuracy[place]))
    return Verdict(
        holds=holds or too_high is not None,
        value=float(loss[worst] - least_loss(float(accuracy[worst]))),
        threshold=0.0,
        evidence={
            "row": row,
            "loss": float(loss[place]),
            "accuracy": float(accuracy[place]),
            "least_loss": bound,
            "n_impossible": int((shortfall > 0).sum()),
            **evidence.rule_inputs(),
        },
        fired=(
            f"{evidence.at(row).capitalize()} has {pair}, which no predictions can have: the wrong rows alone cost at "
            f"least (1 - accuracy) ln 2 = {nats(bound)} nats."
            if holds
            else f"{evidence.at(row).capitalize()} has {pair}, which no predictions can have: a correct row costs at "
            f"most ln({evidence.n_classes}) nats."
        )
        + (
            f" So have {count(int((shortfall > 0).sum()))} of {count(len(rows))} evaluations."
            if (shortfall > 0).sum() > 1
            else ""
        ),
        passed=f"Every pair of loss and accuracy is possible ({count(len(rows))} evaluations).",
        advice=f"Nothing else in this log can be trusted before this is explained. {NOT_PLAIN}",
    )


def _excess(loss: float, accuracy: float, k: int, n: int | None) -> tuple[float, float]:
    """Return by how much the loss surely exceeds the ceiling, and surely misses the floor, of calibrated models.

    With the number of rows both are lower limits, each at 95 %: the accuracy is moved to the end of its Wilson interval
    that favours calibration, and the loss by as many standard errors as the worst calibrated model has.
    """
    if n is None:
        return loss - calibrated_ceiling(accuracy, k) - EXCESS_NATS, calibrated_floor(accuracy, k) - loss - EXCESS_NATS
    low, high = wilson_interval(accuracy, n, LEVEL)
    z = float(norm.isf((1.0 - LEVEL) / 2.0))
    ceiling, floor = calibrated_ceiling(low, k), calibrated_floor(high, k)
    above = loss - z * loss_error(ceiling, k, n) - ceiling
    below = floor - loss - z * loss_error(floor, k, n)
    return above, below


def _of_two_softmax(evidence: HistoryEvidence, k: int) -> float | None:
    """Return the loss that softmax applied twice gives a sure model of the last accuracy, if the log is one of such.

    Where a model is sure, its second softmax is that of a 1 among zeros: a right row costs ln(e + k - 1) - 1, a wrong
    one 1 nat more, and none less than the former.
    """
    least = math.log(math.e + k - 1) - 1.0
    rows = evidence.pairs[len(evidence.pairs) // 2 :]
    loss, accuracy = evidence.history.val_loss[rows], evidence.history.val_accuracy[rows]
    lowest = min((float(c.values.min()) for c in (evidence.loss, evidence.train_loss) if len(c)), default=0.0)
    alike = float(np.median(np.abs(loss - least - (1.0 - accuracy)))) <= SAME_LOSS
    return least + 1.0 - float(accuracy[-1]) if alike and lowest >= least - SAME_LOSS / 10.0 else None


def judge_miscalibrated(evidence: HistoryEvidence) -> Verdict:
    """Judge whether the last loss lies outside what a calibrated model of that accuracy can have."""
    rows = evidence.pairs
    if not len(rows):
        return not_applicable("Validation loss and accuracy are both needed.", **evidence.rule_inputs())
    k = evidence.n_classes
    if k is None:
        return not_applicable(
            "Without the number of classes the loss of a calibrated model is not bounded: give n_classes.",
            **evidence.rule_inputs(),
        )
    row, n = int(rows[-1]), evidence.n_val
    loss, accuracy = float(evidence.history.val_loss[row]), float(evidence.history.val_accuracy[row])
    floor, ceiling, chance = calibrated_floor(accuracy, k), calibrated_ceiling(accuracy, k), math.log(k)
    above, below = _excess(loss, accuracy, k, n)
    over_chance = loss - (0.0 if n is None else Z95 * loss_error(chance, k, n)) > chance + (
        EXCESS_NATS if n is None else 0.0
    )
    attainable = least_accuracy(loss, k)
    pair = f"a loss of {nats(loss)} nats at an accuracy of {percent(accuracy)}"
    band = f"{interval(floor, ceiling, nats)} that calibrated models of that accuracy can have"
    rows_alone = "" if n is not None else " This holds for these rows; with n_val it could be judged beyond them."
    twice = _of_two_softmax(evidence, k) if over_chance or above > 0 else None
    if over_chance:
        fired = (
            f"{evidence.at(row).capitalize()} has {pair}, worse than the {nats(chance)} of equal probabilities: if "
            f"this is the plain log loss, it proves overconfidence, and at least {nats(loss - ceiling)} nats of it are "
            f"miscalibration.{rows_alone}"
        )
    elif above > 0:
        fired = (
            f"{evidence.at(row).capitalize()} has {pair}, above the {band}: if this is the plain log loss, at least "
            f"{nats(loss - ceiling)} nats are miscalibration; one constant confidence of {percent(accuracy)} would do "
            f"better.{rows_alone}"
        )
    else:
        fired = (
            f"{evidence.at(row).capitalize()} has {pair}, below the {band}. Either the loss is not the plain log "
            "loss, or the predicted classes waste the probabilities: recalibrated, they reach at least "
            f"{percent(attainable)}.{rows_alone}"
        )
    if twice is not None:
        fired += (
            f" A sure model of that accuracy whose probabilities go through softmax twice has just that loss, "
            f"ln(e + {k} - 1) - 1 + (1 - accuracy) = {nats(twice)}."
        )
    outside = over_chance or above > 0 or below > 0
    return Verdict(
        holds=outside,
        value=loss - ceiling if loss > ceiling else floor - loss if loss < floor else 0.0,
        threshold=0.0,
        evidence={
            "row": row,
            "loss": loss,
            "accuracy": accuracy,
            "floor": floor,
            "ceiling": ceiling,
            "chance_log_loss": chance,
            "attainable_accuracy": attainable,
            "second_softmax": twice is not None,
            "side": "above" if loss > ceiling else "below" if loss < floor else "inside",
            **evidence.rule_inputs(),
        },
        fired=fired,
        passed=(
            f"{pair[2:].capitalize()} lies in the {band}: possible for a calibrated model, which does not show that "
            "it is one."
            if floor <= loss <= ceiling
            else f"{pair[2:].capitalize()} lies outside the {band}, but no further than {count(n)} rows may carry it."
            if n is not None
            else f"{pair[2:].capitalize()} lies outside the {band}, but by less than {EXCESS_NATS} nats."
        ),
        advice=(
            "Look for a softmax layer before a loss that takes logits, which applies its own: take it out, and train "
            "again. If there is none, make sure that the logged loss is plain, and recalibrate."
            if twice is not None
            else f"{PLAIN_FIRST} Then fit TemperatureCalibrator on held-out predictions; it lowers the loss without "
            "changing a label."
            if over_chance
            else f"{PLAIN_FIRST} Then recalibrate on held-out predictions (AutoCalibrator chooses how). The pair does "
            "not say whether the model is too sure or too unsure; its predictions do."
            if above > 0
            else f"Recompute the loss from predictions. {NOT_PLAIN} If it is plain, recalibrate with class offsets."
        ),
    )


IMPOSSIBLE = Rule("LA509", "impossible-pair", "error", judge_impossible)
MISCALIBRATED = Rule("LA513", "certainly-miscalibrated", "warning", judge_miscalibrated)
