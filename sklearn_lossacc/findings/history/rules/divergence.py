"""LA501, LA502 and LA506: loss and accuracy go different ways, or both the wrong way."""

from __future__ import annotations

from sklearn_lossacc.findings.format import nats, percent
from sklearn_lossacc.findings.history.curve import Change
from sklearn_lossacc.findings.history.evidence import HistoryEvidence
from sklearn_lossacc.findings.history.last_predictions import why_it_rose
from sklearn_lossacc.findings.history.materiality import LEAST_TREND, LOSS_CHANGE, LOSS_FALL, material_accuracy
from sklearn_lossacc.findings.history.words import diverged, moved_words, too_short
from sklearn_lossacc.findings.verdict import Rule, Verdict, not_applicable
from sklearn_lossacc.inference.history import find_turn

SUPPLY = (
    "Curves alone cannot tell overconfidence from wrong labels or a few bad rows: pass a diagnosis of the last epoch's "
    "predictions as final=, or record every epoch with EpochRecorder."
)
UNKNOWN = " The curves do not show how much of the rise is miscalibration, which can be repaired, and how much is lost."


def _missing(evidence: HistoryEvidence) -> str | None:
    """Say what is missing to compare the two curves, if anything is."""
    if not len(evidence.loss) or not len(evidence.accuracy):
        has = "loss" if len(evidence.loss) else "accuracy" if len(evidence.accuracy) else ""
        return f"Validation loss and accuracy are both needed; the log has {'only the ' + has if has else 'neither'}."
    return diverged(evidence, "val_loss") or too_short(evidence, LEAST_TREND)


def _facts(evidence: HistoryEvidence, loss: Change, accuracy: Change) -> dict[str, object]:
    """Return the numbers that both rules on rising losses use."""
    train = evidence.train_loss
    train_change = train.change_since(loss.row) if len(train) >= LEAST_TREND else None
    return {
        "since_row": loss.row,
        "since": float(evidence.history.epoch[loss.row]),
        "loss_before": loss.before,
        "loss_after": loss.after,
        "loss_jitter_needs": loss.needed,
        "accuracy_before": accuracy.before,
        "accuracy_after": accuracy.after,
        "accuracy_jitter_needs": accuracy.needed,
        "train_loss_change": None if train_change is None else train_change.size,
        "rise_is_broad": evidence.rise_is_broad,
        **evidence.rule_inputs(),
    }


def _rise(evidence: HistoryEvidence) -> tuple[Change, Change] | None:
    """Return the changes of loss and accuracy since the loss turned."""
    loss = evidence.rise
    accuracy = None if loss is None else evidence.accuracy_since(loss.row)
    return None if loss is None or accuracy is None else (loss, accuracy)


def _not_shown(evidence: HistoryEvidence, loss: Change) -> str:
    """Say that the loss was not shown to rise."""
    if not evidence.rise_is_broad and loss.size > loss.needed:
        return (
            f"The validation loss rose by {nats(loss.size)} nats since {evidence.at(loss.row)}, but {evidence.n_val:,} "
            "rows are too few to show it: few of them are wrong, and single rows may carry the rise."
        )
    return (
        f"A rising validation loss was not shown: it ends {nats(loss.size, signed=True)} nats from its turn at "
        f"{evidence.at(loss.row)}; epoch-to-epoch jitter alone may reach {nats(loss.needed)}."
    )


def _beside_the_rise(evidence: HistoryEvidence, accuracy: Change) -> tuple[str, str, str]:
    """Say what accuracy did while the loss rose, what that means for decisions, and which epoch labels ask for."""
    if accuracy.size > 0 and evidence.accuracy_moved(accuracy):
        return "rose", "the decisions got better", "keep the later epoch"
    if accuracy.size >= -material_accuracy(accuracy.before):
        return "held", "the decisions did not", "keep the later epoch"
    assert evidence.best_accuracy_row is not None
    return (
        "fell by no more than noise may explain",
        "whether the decisions did, these curves cannot tell",
        f"take {evidence.at(evidence.best_accuracy_row)}, of the highest accuracy, or one near it",
    )


def judge_divergence(evidence: HistoryEvidence) -> Verdict:
    """Judge whether the validation loss rises while accuracy holds or rises."""
    missing = _missing(evidence)
    changes = _rise(evidence)
    if missing or changes is None:
        return not_applicable(missing or "There are too few validation accuracies.", **evidence.rule_inputs())
    loss, accuracy = changes
    fell = accuracy.size < 0 and evidence.accuracy_moved(accuracy)
    said, conclusion, labels = _beside_the_rise(evidence, accuracy)
    why = why_it_rose(evidence, loss.row)
    return Verdict(
        holds=evidence.loss_rises and not fell,
        value=loss.size,
        threshold=LOSS_CHANGE * loss.before,
        could_be=loss.size + loss.needed,
        evidence={**_facts(evidence, loss, accuracy), "accuracy_direction": said},
        fired=(
            f"Since {evidence.at(loss.row)} the validation loss rose by {nats(loss.size)} nats "
            f"({nats(loss.before)} to {nats(loss.after)}) while accuracy {said} ({percent(accuracy.before)} to "
            f"{percent(accuracy.after)}): the probabilities got worse, {conclusion}. {why}".rstrip()
        ),
        passed=(
            "The validation loss rises, and accuracy falls with it: see LA502."
            if evidence.loss_rises
            else _not_shown(evidence, loss)
        ),
        advice=(
            f"If only labels are used, {labels}. If probabilities are used, recalibrate the last epoch on held-out "
            f"rows and compare with {evidence.at(loss.row)}. {SUPPLY if evidence.final is None else ''}".rstrip()
        ),
    )


def judge_overfitting(evidence: HistoryEvidence) -> Verdict:
    """Judge whether the validation loss rises and accuracy falls."""
    missing = _missing(evidence)
    changes = _rise(evidence)
    if missing or changes is None:
        rise = None
        if len(evidence.loss) and not len(evidence.accuracy) and evidence.loss_rises and evidence.rise is not None:
            rise = evidence.rise.size
            missing = (
                f"The validation loss rose by {nats(evidence.rise.size)} nats since "
                f"{evidence.at(evidence.rise.row)}, but "
                "without accuracy overfitting cannot be told from overconfidence."
            )
        return not_applicable(
            missing or "There are too few validation accuracies.", loss_rise=rise, **evidence.rule_inputs()
        )
    loss, accuracy = changes
    fell = accuracy.size < 0 and evidence.accuracy_moved(accuracy)
    why = why_it_rose(evidence, loss.row)
    return Verdict(
        holds=evidence.loss_rises and fell,
        value=accuracy.size,
        threshold=-material_accuracy(accuracy.before),
        evidence=_facts(evidence, loss, accuracy),
        fired=(
            f"Since {evidence.at(loss.row)} both got worse: the validation loss rose by {nats(loss.size)} nats "
            f"({nats(loss.before)} to {nats(loss.after)}) and accuracy fell from {percent(accuracy.before)} to "
            f"{percent(accuracy.after)}. {why}".rstrip()
        ),
        passed=(
            f"Overfitting of the decisions was not shown: accuracy went from {percent(accuracy.before)} to "
            f"{percent(accuracy.after)} while the loss rose (LA501)."
            if evidence.loss_rises
            else _not_shown(evidence, loss)
        ),
        advice=(
            f"Ship {evidence.at(loss.row)} or an epoch near it, and regularise or add data before training longer."
            + ("" if why else UNKNOWN)
        ),
    )


def judge_accuracy_falls(evidence: HistoryEvidence) -> Verdict:
    """Judge whether accuracy falls after its best while the loss still improves."""
    missing = _missing(evidence)
    if missing or len(evidence.accuracy) < LEAST_TREND:
        return not_applicable(missing or "There are too few validation accuracies.", **evidence.rule_inputs())
    peak = int(evidence.accuracy.rows[find_turn(-evidence.accuracy.values).index])
    accuracy, loss = evidence.accuracy.change_since(peak), evidence.loss.change_since(peak)
    falls = accuracy.size < 0 and evidence.accuracy_moved(accuracy)
    improves = -loss.size > max(loss.needed, LOSS_FALL * loss.before)
    return Verdict(
        holds=falls and improves,
        value=accuracy.size,
        threshold=-material_accuracy(accuracy.before),
        evidence={
            "since_row": peak,
            "loss_before": loss.before,
            "loss_after": loss.after,
            "accuracy_before": accuracy.before,
            "accuracy_after": accuracy.after,
            **evidence.rule_inputs(),
        },
        fired=(
            f"Since {evidence.at(peak)} accuracy fell from {percent(accuracy.before)} to {percent(accuracy.after)} "
            f"while the validation loss still improved ({nats(loss.before)} to {nats(loss.after)})."
        ),
        passed=(
            f"Accuracy does not fall while the loss improves: since {evidence.at(peak)} it "
            f"{moved_words(accuracy, percent)}, the loss {moved_words(loss, nats)}."
        ),
        advice=(
            "The probabilities get better on average while more rows cross to the wrong side: look at the decision "
            "threshold and at class weights, and judge by the measure that the use needs."
        ),
    )


DIVERGENCE = Rule("LA501", "loss-accuracy-divergence", "warning", judge_divergence)
OVERFITTING = Rule("LA502", "overfitting", "warning", judge_overfitting)
ACCURACY_FALLS = Rule("LA506", "accuracy-falls-while-loss-improves", "warning", judge_accuracy_falls)
