"""LA503, LA505 and LA511: curves that stand still, at chance, at the class frequencies, or in accuracy alone."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import entr

from sklearn_lossacc.findings.format import count, nats, percent
from sklearn_lossacc.findings.history.evidence import HistoryEvidence
from sklearn_lossacc.findings.history.materiality import (
    CHANCE_GAIN,
    LEAST_TREND,
    LOSS_FALL,
    PRIOR_MARGIN,
    Z_ONE_SIDED,
    material_accuracy,
)
from sklearn_lossacc.findings.history.words import diverged, too_short
from sklearn_lossacc.findings.verdict import Rule, Verdict, not_applicable
from sklearn_lossacc.inference.intervals import wilson_interval
from sklearn_lossacc.inference.loss_bounds import calibrated_ceiling

LEAST_PLATEAU = 3
LEAST_CONSTANT = 4
CONSTANT_SHARE = 0.75
AT_CHANCE = 0.002  # nats around ln k that suggest k, where it is not given
BY_HEART = 0.5  # share of ln k below which training rows are known better than by their frequencies
WORSE_THAN_CHANCE = 0.05  # share of ln k above which a loss is no plateau at chance
LARGEST_GUESS = 1000
FLAT = 0.05  # share of the loss within which a constant prediction stays


def _suggested_classes(loss: float) -> int | None:
    """Return the number of classes whose chance level a loss sits at."""
    k = round(math.exp(min(loss, 10.0)))
    return k if 2 <= k <= LARGEST_GUESS and abs(loss - math.log(k)) < min(AT_CHANCE, 0.1 / k) else None


def _second_half(values: np.ndarray) -> np.ndarray:
    """Return the later half of a curve."""
    return values[len(values) // 2 :]


def _stays(losses: np.ndarray, chance: float) -> bool:
    """Whether losses end at that of chance, and were never much below."""
    gain = 1.0 - float(np.median(_second_half(losses))) / chance
    best = 1.0 - float(losses.min()) / chance
    return -WORSE_THAN_CHANCE < gain < CHANCE_GAIN and best < 2 * CHANCE_GAIN


def _later_accuracy(evidence: HistoryEvidence) -> tuple[float, float]:
    """Return the limits of the later accuracies; one number where it is not known from how many rows they are."""
    value = float(np.median(_second_half(evidence.accuracy.values)))
    return (value, value) if evidence.n_val is None else wilson_interval(value, evidence.n_val)


def _guesses(evidence: HistoryEvidence, k: int) -> bool:
    """Whether no loss is below that of chance, and the later accuracies are those of equal guesses."""
    best = 1.0 - float(evidence.loss.values.min()) / math.log(k)
    if evidence.n_val is None or len(evidence.accuracy) < LEAST_PLATEAU or best >= CHANCE_GAIN:
        return False
    low, high = _later_accuracy(evidence)
    # A higher accuracy would prove that a recalibrated model is better than chance.
    return low <= 1.0 / k and calibrated_ceiling(high, k) > (1.0 - 2 * CHANCE_GAIN) * math.log(k)


def _told_apart(evidence: HistoryEvidence, k: int) -> bool:
    """Whether the later accuracies, at their lower limit where n_val is known, would do better than equal chances."""
    if not len(evidence.accuracy):
        return False
    low, _ = _later_accuracy(evidence)
    return low > 1.0 / k and calibrated_ceiling(low, k) < (1.0 - 2 * CHANCE_GAIN) * math.log(k)


def judge_chance_plateau(evidence: HistoryEvidence) -> Verdict:
    """Judge whether the validation loss stays at that of equal probabilities."""
    losses = evidence.loss.values
    if not len(losses):
        return not_applicable("The log has no validation loss.", **evidence.rule_inputs())
    late = _second_half(losses)
    level = float(np.median(late))
    if evidence.n_classes is None:
        guess = _suggested_classes(level)
        if guess is not None and (len(losses) < LEAST_PLATEAU or not _stays(losses, math.log(guess))):
            guess = None
        hint = (
            f" It stays at {nats(level)} = ln({guess}), which is chance if there are {guess} classes." if guess else ""
        )
        return not_applicable(
            f"Without the number of classes the loss of chance is not known: give n_classes.{hint}",
            suggested_n_classes=guess,
            **evidence.rule_inputs(),
        )
    short = too_short(evidence, LEAST_PLATEAU)
    if short:
        return not_applicable(short, **evidence.rule_inputs())
    k = evidence.n_classes
    chance = math.log(k)
    gain = 1.0 - level / chance
    stays = _stays(losses, chance)
    guesses = not stays and _guesses(evidence, k)
    accuracy = evidence.accuracy.last if len(evidence.accuracy) else None
    limits = None if accuracy is None or evidence.n_val is None else wilson_interval(accuracy, evidence.n_val)
    reached = "" if accuracy is None else f" Accuracy ends at {percent(accuracy)}, equal guesses give {percent(1 / k)}."
    trained = evidence.train_loss.last if len(evidence.train_loss) else None
    learnt = trained is not None and trained < BY_HEART * chance
    apart = stays and _told_apart(evidence, k)
    plateau = (
        f"the validation loss stays at {nats(level)} nats, that of equal probabilities (ln {k} = {nats(chance)}), "
        f"through {count(len(losses))} evaluations."
    )
    return Verdict(
        holds=stays or guesses,
        value=gain,
        threshold=CHANCE_GAIN,
        evidence={
            "level": level,
            "chance_log_loss": chance,
            "n_late": len(late),
            "only_guesses": guesses,
            "accuracy": accuracy,
            "accuracy_interval": limits,
            **evidence.rule_inputs(),
        },
        fired=(
            f"The probabilities say nothing: {plateau}{reached} Either the classes are told apart by differences that "
            "are far too small, or a common class is always named."
            if apart
            else f"Nothing was learnt: {plateau}{reached}"
            if stays
            else f"Nothing is learnt, as far as validation shows: none of {count(len(losses))} losses is below the "
            f"{nats(chance)} = ln {k} of equal probabilities, and accuracy is that of equal guesses.{reached}"
            + (f" The training loss fell to {nats(trained)}: these rows are learnt by heart." if learnt else "")
        ),
        passed=(
            f"The validation loss of {nats(level)} nats is not that of chance ({nats(chance)})."
            if gain >= CHANCE_GAIN
            else f"The validation loss of {nats(level)} nats is above chance ({nats(chance)}): no plateau, but LA513."
            if gain <= -WORSE_THAN_CHANCE
            else f"The validation loss is back at chance ({nats(level)} nats) after a best of {nats(losses.min())}."
        ),
        advice=(
            "Check that labels belong to their rows, in training and in validation, and that both sets are prepared "
            "alike, before judging the model."
            if guesses and learnt
            else "Count the predicted classes. If they are several, the scores before softmax are too small: look for "
            "cosines without a scale, a temperature, or softmax applied twice; then recalibrate. If one, repair the "
            "training: check that a few rows can be overfitted, and the learning rate."
            if apart
            else "Repair the training before judging the model: check that a few rows can be overfitted, the learning "
            "rate, that labels belong to their rows, and that gradients reach the last layer."
        ),
    )


def _least_prior_entropy(share: float) -> float:
    """Return the smallest entropy of class frequencies whose largest is `share`."""
    n_full = math.floor(1.0 / share + 1e-12)
    return float(n_full * entr(share) + entr(max(1.0 - n_full * share, 0.0)))


def judge_prior_plateau(evidence: HistoryEvidence) -> Verdict:
    """Judge whether the model names one class throughout, with the loss of the class frequencies."""
    rows = evidence.pairs
    if not len(rows):
        return not_applicable("Validation loss and accuracy are both needed.", **evidence.rule_inputs())
    if len(rows) < LEAST_CONSTANT:
        short = too_short(evidence, LEAST_CONSTANT)
        return not_applicable(short or "Cannot tell: too few evaluations.", **evidence.rule_inputs())
    losses, accuracies = evidence.history.val_loss[rows], evidence.history.val_accuracy[rows]
    values, counts = np.unique(np.round(accuracies, 9), return_counts=True)
    share, times = float(values[np.argmax(counts)]), int(counts.max())
    constant = times >= CONSTANT_SHARE * len(rows) and 0.0 < share < 1.0
    facts = {"accuracy": share, "n_same": times, "n_pairs": len(rows), **evidence.rule_inputs()}
    if not constant:
        return Verdict(
            evidence=facts,
            passed=f"Accuracy changes between evaluations (the same in {times} of {len(rows)}): the model names "
            "several classes.",
        )
    level = float(np.median(losses[np.round(accuracies, 9) == share]))
    spread = float(np.subtract(*np.percentile(losses, [75, 25])))
    low = _least_prior_entropy(share) if evidence.n_classes != 2 else calibrated_ceiling(share, 2)
    high = calibrated_ceiling(share, evidence.n_classes) if evidence.n_classes else math.inf
    at_chance = evidence.n_classes is not None and level >= (1.0 - CHANCE_GAIN) * math.log(evidence.n_classes)
    fits = low * (1 - PRIOR_MARGIN) <= level <= high * (1 + PRIOR_MARGIN) and spread <= FLAT * level and not at_chance
    return Verdict(
        holds=fits,
        value=level,
        evidence={**facts, "level": level, "prior_low": low, "prior_high": high if math.isfinite(high) else None},
        fired=(
            f"Only the class frequencies were learnt: accuracy is exactly {percent(share)} in {times} of {len(rows)} "
            f"evaluations, as if one class were always named, and the loss stays at {nats(level)} nats, as "
            "frequencies alone give."
        ),
        passed=(
            f"Accuracy is {percent(share)} in {times} of {len(rows)} evaluations, but the loss of {nats(level)} nats "
            "is not that of class frequencies alone."
            if not at_chance
            else f"Accuracy is constant and the loss is that of chance ({nats(level)} nats): see LA503."
        ),
        advice=(
            "Check that the inputs reach the model and vary, the learning rate, and class weights; compare with the "
            "share of the commonest class, which the log does not hold."
        ),
    )


def judge_accuracy_plateau(evidence: HistoryEvidence) -> Verdict:
    """Judge whether the validation loss falls while accuracy stands still."""
    if not len(evidence.loss) or not len(evidence.accuracy):
        return not_applicable("Validation loss and accuracy are both needed.", **evidence.rule_inputs())
    short = diverged(evidence, "val_loss") or too_short(evidence, LEAST_TREND)
    if short or len(evidence.accuracy) < LEAST_TREND:
        return not_applicable(short or "There are too few validation accuracies.", **evidence.rule_inputs())
    row = int(evidence.loss.rows[len(evidence.loss) // 3])
    loss, accuracy = evidence.loss.change_since(row), evidence.accuracy.change_since(row)
    falls = -loss.size > max(loss.needed, LOSS_FALL * loss.before)
    could_be = abs(accuracy.size) + accuracy.needed
    counts = material_accuracy(accuracy.before)
    error = evidence.accuracy_error(accuracy.before)
    shown = error is not None and error > 0 and abs(accuracy.size) > Z_ONE_SIDED * math.sqrt(2.0) * error
    stands = abs(accuracy.size) <= counts and could_be <= 2 * counts and not shown
    return Verdict(
        holds=falls and stands,
        value=accuracy.size,
        threshold=counts,
        could_be=could_be,
        evidence={
            "since_row": row,
            "loss_before": loss.before,
            "loss_after": loss.after,
            "accuracy_before": accuracy.before,
            "accuracy_after": accuracy.after,
            **evidence.rule_inputs(),
        },
        fired=(
            f"Since {evidence.at(row)} the validation loss fell from {nats(loss.before)} to {nats(loss.after)} nats "
            f"while accuracy stood still ({percent(accuracy.before)} to {percent(accuracy.after)}): rows grow more "
            "certain, but few change sides."
        ),
        passed=(
            "The loss falls, and accuracy moves with it or may do so: it went from "
            f"{percent(accuracy.before)} to {percent(accuracy.after)}."
            if falls
            else "The later two thirds show no falling validation loss with an accuracy that stands still."
        ),
        advice=(
            "Nothing is wrong if the probabilities are used. If only labels count, training longer buys nothing: "
            "look at the threshold, the features and the rows that stay wrong."
        ),
    )


CHANCE_PLATEAU = Rule("LA503", "chance-plateau", "error", judge_chance_plateau)
ACCURACY_PLATEAU = Rule("LA505", "accuracy-plateau", "tip", judge_accuracy_plateau)
PRIOR_PLATEAU = Rule("LA511", "prior-plateau", "warning", judge_prior_plateau)
