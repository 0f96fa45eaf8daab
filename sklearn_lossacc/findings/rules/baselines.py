"""LA301 to LA304: the model against chance, the prior, and the commonest class."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sklearn_lossacc.findings.consequences import accuracy_without_bias, repaired
from sklearn_lossacc.findings.evidence import Evidence
from sklearn_lossacc.findings.exchanged import SEEMS, exchanged_columns
from sklearn_lossacc.findings.format import number, percent
from sklearn_lossacc.findings.materiality import ACCURACY_MARGIN, D2_MARGIN, IMBALANCE_GAP
from sklearn_lossacc.findings.verdict import Rule, Verdict, not_applicable
from sklearn_lossacc.inference.comparison.discordant import discordant_p_value
from sklearn_lossacc.inference.intervals import unit_sums
from sklearn_lossacc.inference.monotone import APART, MIXED
from sklearn_lossacc.inference.normal import Z95, Z_POWER

NOTHING_TO_SEE = "Attend to LA302 first: neither the loss nor accuracy shows that the scores carry information."
MOST_TIMES = 1e9  # the margin, that a standard error is taken to be: squares of more overflow


def _limits(evidence: Evidence, values: np.ndarray, value: float) -> tuple[float, float, str]:
    """Return limits around `value`, the mean over all rows of what `values` holds for those described."""
    mean, low, high, method = evidence.rows.interval(values[:, None])
    below, above = np.maximum(mean - low, 0.0)[0], np.maximum(high - mean, 0.0)[0]  # NaN where there is no interval
    return value - float(below), value + float(above), method


def judge_chance(evidence: Evidence) -> Verdict:
    """Judge whether the log loss is above that of equal probabilities."""
    chance = math.log(evidence.n_classes)
    null = evidence.rows.null
    loss = evidence.total_loss
    low, high, method = _limits(evidence, null.true_loss, loss)
    if math.isnan(low):
        return not_applicable(f"No interval for the log loss: {method}.")
    worse = low > chance + 1e-9  # equal probabilities reach ln k up to rounding
    order, exchanged = exchanged_columns(evidence) if worse else (None, "")
    left = repaired(evidence) if worse and not exchanged else None
    return Verdict(
        holds=worse,
        value=loss - chance,
        interval=(low - chance, high - chance),
        threshold=0.0,
        could_be=high - chance,
        evidence={
            "log_loss": loss,
            "chance_log_loss": chance,
            "p_equal": evidence.rows.p_value_of_mean(null.true_loss - chance),
            "method": method,
            "column_order": order,
            **({} if left is None else left.evidence),
        },
        fired=(
            f"The log loss of {number(loss)} nats (at least {number(low)}) is worse than the {number(chance)} = "
            f"ln({evidence.n_classes}) of equal probabilities for all classes." + (SEEMS if exchanged else "")
        ),
        passed=(
            f"Worse than chance was not shown; the log loss may be as high as {number(high)} nats "
            f"(chance {number(chance)})."
            if high > chance
            else f"The log loss is better than chance ({number(chance)} nats)."
        ),
        advice=(
            exchanged
            or (left.advice if left is not None and left.informative else "")
            or (
                f"Check the pairing of labels with rows and the order of the classes first: without {left.names} about "
                f"{number(left.log_loss)} nats would be left, hardly less than the {number(left.prior)} of "
                f"{left.frequencies}, so that recalibration alone is of no use."
                if left is not None and left.codes
                else ""
            )
            or "Recalibrate first: a log loss above ln(n_classes) proves overconfidence. If the accuracy is poor as "
            "well, check the order of the classes and the pairing of labels with rows."
        ),
    )


def _d2_of(difference: float, prior: float) -> float:
    return D2_MARGIN - difference / prior


def judge_prior(evidence: Evidence) -> Verdict:
    """Judge whether D2 over the prior is shown to be below 0.01."""
    prior = evidence.prior_log_loss + evidence.prior_optimism
    if not math.isfinite(prior) or prior <= 0:
        return not_applicable("The prior has no finite positive loss: one class only, or a class that it rules out.")
    null = evidence.rows.null
    with np.errstate(divide="ignore"):
        baseline = -np.log(evidence.prior)
    # D2 < m is the same as mean(loss - (1 - m) baseline) > 0: one paired mean instead of a ratio.
    difference = null.true_loss - (1.0 - D2_MARGIN) * (baseline[null.y] + evidence.prior_optimism)
    low, high, method = _limits(evidence, difference, evidence.total_loss)
    if math.isnan(low):
        return not_applicable(f"No interval for the gain over the prior: {method}.")
    # No row loses less than 0, or more than the clip.
    low, high = (min(max(end, 0.0), evidence.most_loss) for end in (low, high))
    # Classes that no row is labelled as may occur: then the frequencies of these labels tell less than they seem to.
    unseen = max(evidence.prior_optimism_at_most - evidence.prior_optimism, 0.0)
    most = prior + unseen
    value = 1.0 - evidence.total_loss / prior
    interval = (
        min(value, _d2_of(high - (1.0 - D2_MARGIN) * prior, prior)),
        max(value, _d2_of(low - (1.0 - D2_MARGIN) * most, most)),
    )
    holds = interval[1] < D2_MARGIN
    left = repaired(evidence) if holds else None
    facts: dict[str, Any] = {
        "prior_log_loss": prior,
        "log_loss": evidence.total_loss,
        "p_equal": evidence.rows.p_value_of_mean(null.true_loss - baseline[null.y] - evidence.prior_optimism),
        "method": method,
        "from_training": evidence.summary.train_prior is not None,
        **({} if left is None else left.evidence),
    }
    unclear = interval[0] < 0.0 <= interval[1] and interval[1] >= D2_MARGIN
    passed = f"The model beats the prior: D2 = {percent(value)}, at least {percent(interval[0])}."
    if interval[0] < D2_MARGIN:
        passed = (
            f"No better than the prior was not shown; D2 = {percent(value)} may be as low as {percent(interval[0])}."
        )
    if unclear:
        times = min((high - low) / 3.92 / (D2_MARGIN * prior), MOST_TIMES)
        of_classes = unseen / (D2_MARGIN * prior)  # falls with the number of rows, not with its root
        needed = math.ceil(evidence.n_effective * max(Z_POWER**2 * times**2, of_classes))
        facts["needed"] = needed
        passed = (
            f"Better or worse than the prior was not shown: cannot tell, D2 lies between {percent(interval[0])} and "
            f"{percent(interval[1])}; about {needed:,} rows would tell."
        )
    frequencies = "the class frequencies of training" if facts["from_training"] else "the class frequencies"
    better = interval[0] > 0.0
    return Verdict(
        holds=holds,
        value=value,
        interval=interval,
        threshold=D2_MARGIN,
        could_be=interval[0],
        evidence=facts,
        fired=(
            f"The log loss of {number(evidence.total_loss)} nats is {'hardly' if better else 'no'} better than always "
            f"predicting {frequencies} ({number(prior)}): D2 is at most {percent(interval[1])}."
        ),
        passed=passed,
        advice=(
            ""
            if left is None
            else left.advice
            if left.informative
            else f"The scores carry hardly any information: without {left.names} about "
            f"{number(left.log_loss)} nats would be left. Look at the features, the labels and the training."
            if left.codes
            else "The probabilities carry little information: it is real, and may be all there is where the outcome is "
            "mostly chance; otherwise look at the features, the labels and the training."
            if better
            else "The probabilities carry no usable information: look at the features, the labels and the training."
        ),
    )


def judge_majority(evidence: Evidence) -> Verdict:
    """Judge whether accuracy is shown to be no better than naming one class."""
    null = evidence.rows.null
    majority = evidence.majority
    correct = evidence.rows.top[1]
    named = (null.y == majority).astype(float)
    accuracy = float(evidence.summary.mean("correct"))
    share = float(evidence.class_share[majority])
    low, high, method = _limits(evidence, correct - named, accuracy - share)
    if math.isnan(low):
        return not_applicable(f"No interval for the gain over the majority: {method}.")
    label = str(evidence.summary.classes[majority])
    moves = unit_sums((correct - named)[:, None], null.weight, null.group)[0][:, 0]
    p_equal, p_test = discordant_p_value(moves, evidence.rng(9))
    if np.array_equal(correct, named) and evidence.rows.complete:
        low = high = accuracy - share
    unbiased = accuracy_without_bias(evidence)
    biased = unbiased is not None and unbiased >= share and unbiased - accuracy >= ACCURACY_MARGIN
    behind, left = judge_prior(evidence), repaired(evidence)
    useless = behind.holds and behind.interval is not None and behind.interval[0] <= 0.0
    useless = useless and not left.informative
    moved = "LA104" in left.codes and _moves_classes(evidence)
    return Verdict(
        holds=high < ACCURACY_MARGIN,
        value=accuracy - share,
        interval=(low, high),
        threshold=ACCURACY_MARGIN,
        could_be=low,
        evidence={
            "accuracy": accuracy,
            "majority_accuracy": share,
            "class": label,
            "p_equal": p_equal,
            "p_test": p_test,
            "method": method,
            # Where there is nothing to see, that accuracy cannot see it is no news.
            "repaired_by": ["LA103"] if biased else ["LA302"] if useless else ["LA104"] if moved else [],
        },
        fired=(
            f"Accuracy {percent(accuracy)} is {'hardly' if low > 0 else 'no'} better than always naming class "
            f"{label!r} ({percent(share)})."
        ),
        passed=(
            f"Accuracy {percent(accuracy)} beats always naming class {label!r} ({percent(share)})."
            if low >= ACCURACY_MARGIN
            else "No better than the majority was not shown; the gain in accuracy lies between "
            f"{percent(low)} and {percent(high)}."
        ),
        advice=(
            f"Repair the class bias (LA103) first: the likeliest class would then be right in {percent(unbiased)}."
            if biased
            else NOTHING_TO_SEE
            if useless
            else "Repair the shape (LA104) first: the map changes which class is likeliest, and so the accuracy."
            if moved
            else "Accuracy cannot see what this model knows. Judge it by log loss or Brier score against the prior, "
            "and choose a threshold for the decision that is really taken."
        ),
        # Below the prior in log loss too, this is a failure; otherwise accuracy is just blind to the model.
        severity="warning" if behind.holds else "tip",
    )


def _moves_classes(evidence: Evidence) -> bool:
    """Return whether the map that repairs the shape is one that makes other classes the likeliest."""
    found = evidence.shape_gain
    return found is not None and (found.falls or found.best in (APART, MIXED))


def judge_imbalance(evidence: Evidence) -> Verdict:
    """Judge whether accuracy rests on the common classes while rare ones are never predicted."""
    summary = evidence.summary
    present = summary.class_weight > 0
    if present.sum() < 2:
        return not_applicable("Only one class occurs among the labels.")
    recall = summary.class_correct[present] / summary.class_weight[present]
    accuracy = float(summary.mean("correct"))
    balanced = float(recall.mean())
    null, correct = evidence.rows.null, evidence.rows.top[1]
    centred = null.weight * (correct - np.average(correct, weights=null.weight)) / null.weight.sum()
    error = evidence.rows.influence_error(centred - evidence.rows.recall_influence)
    if error is None:
        return not_applicable("No interval for the gap: it needs two rows, and ten groups if any.")
    never = np.flatnonzero(present & (summary.predicted_weight <= 0))
    n_present = int(present.sum())
    gap = accuracy - balanced
    low, high = gap - Z95 * error, gap + Z95 * error
    names = ", ".join(repr(str(summary.classes[j])) for j in never[:3]) + (", ..." if never.size > 3 else "")
    are = "is" if never.size == 1 else "are"
    return Verdict(
        holds=low > IMBALANCE_GAP and never.size > 0,
        value=gap,
        interval=(low, high),
        threshold=IMBALANCE_GAP,
        could_be=high if never.size else 0.0,
        evidence={
            "accuracy": accuracy,
            "balanced_accuracy": balanced,
            "never_predicted": [str(summary.classes[j]) for j in never],
        },
        fired=(
            f"Accuracy {percent(accuracy)} is flattered by imbalance: balanced accuracy is {percent(balanced)}, and "
            f"{never.size} of the {n_present} classes that occur {are} never predicted ({names})."
        ),
        passed=(
            f"Every class that occurs is predicted: accuracy {percent(accuracy)}, balanced {percent(balanced)}."
            if not never.size
            else f"That imbalance flatters accuracy was not shown; balanced, it may be lower by {percent(high)}."
            if high > IMBALANCE_GAP
            else f"Imbalance does not flatter the accuracy of {percent(accuracy)}: balanced, it is {percent(balanced)}."
        ),
        advice=(
            "Report balanced accuracy or per-class recall beside accuracy. If rare classes matter, move the threshold; "
            "do not resample when the probabilities are used."
        ),
    )


WORSE_THAN_CHANCE = Rule("LA301", "worse-than-chance", "error", judge_chance)
NO_BETTER_THAN_PRIOR = Rule("LA302", "no-better-than-prior", "warning", judge_prior)
NO_BETTER_THAN_MAJORITY = Rule("LA303", "accuracy-no-better-than-majority", "warning", judge_majority)
IMBALANCE = Rule("LA304", "imbalance-flatters-accuracy", "tip", judge_imbalance)
