"""LA603 difference-within-noise: the rows tell the models apart neither by loss nor by accuracy."""

from __future__ import annotations

import math

from sklearn_lossacc.findings.comparison.evidence import PairEvidence
from sklearn_lossacc.findings.comparison.words import better_words, cannot_test, p_words, reach, short
from sklearn_lossacc.findings.format import count, nats, percent
from sklearn_lossacc.findings.verdict import Rule, Verdict, not_applicable
from sklearn_lossacc.inference.comparison import PairedDifference

POWER_Z = 2.801585218225735  # of a two-sided test at .05 that finds the difference four times in five


def rows_needed(difference: PairedDifference, n_rows: int) -> float | None:
    """Return how many such rows would show a difference of the observed size, four times in five."""
    if not difference.error or difference.value == 0:
        return None
    return n_rows * (POWER_Z * difference.error / difference.value) ** 2


def _needed_words(pair: PairEvidence) -> str:
    """Say how many rows it would take."""
    n_rows = len(pair.whole.weight)
    needed = [
        (rows_needed(pair.differences[measure], n_rows), words)
        for measure, words in (("log_loss", "loss"), ("accuracy", "accuracy"))
    ]
    said = [f"{count(_rounded(n))} for {words}" for n, words in needed if n is not None and n < 1e12]
    return (
        f" If differences of this size are real, it takes about so many rows to show them: {', '.join(said)}."
        * bool(said)
    )


def _rounded(n: float) -> float:
    """Round to two digits: it is an order of magnitude."""
    step = 10.0 ** max(math.floor(math.log10(max(n, 1.0))) - 1, 0)
    return math.ceil(n / step) * step


def judge_within_noise(pair: PairEvidence) -> Verdict:
    """Judge whether neither difference is beyond noise."""
    first, second = (short(name) for name in pair.names)
    if pair.identical:
        return Verdict(
            holds=True,
            value=0.0,
            interval=(0.0, 0.0),
            evidence={"identical": True, "p_loss": 1.0, "p_accuracy": 1.0},
            fired=f"{first} and {second} have the same loss on every row: they are the same predictions.",
            advice="Check that the two exports come from different models.",
        )
    reason = cannot_test(pair)
    if reason:
        return not_applicable(reason)
    loss, accuracy = pair.differences["log_loss"], pair.differences["accuracy"]
    neither = not pair.significant("log_loss") and not pair.significant("accuracy")
    refinement = pair.differences["refinement_loss"]
    told = pair.significant("refinement_loss") and abs(refinement.value) >= pair.material
    better = first if refinement.value > 0 else second
    n_rows = len(pair.whole.weight)
    said = "As they are, these" if told else "These"
    said += (
        f" rows cannot tell {first} and {second} apart: log loss {nats(loss.value, signed=True)} nats "
        f"({p_words(pair.p_holm('log_loss'))}), accuracy {percent(accuracy.value, signed=True)} "
        f"({p_words(pair.p_holm('accuracy'))}) for {second}."
    )
    advice = (
        f"Do not choose between {first} and {second} {'as they are' if told else 'by these numbers'}: either may be "
        f"better by up to {nats(reach(loss))} nats or {percent(reach(accuracy))}.{_needed_words(pair)}"
    )
    if told:
        said += (
            f" After a temperature each, {better} has the lower log loss, by {nats(abs(refinement.value))} nats "
            f"({p_words(pair.p_holm('refinement_loss'))})."
        )
        advice = f"Where probabilities are used, recalibrate both and take {better}. {advice}"
    return Verdict(
        holds=neither,
        value=loss.value,
        interval=None if loss.low is None or loss.high is None else (loss.low, loss.high),
        could_be=reach(loss),
        evidence={
            "identical": False,
            "p_loss": loss.p_value,
            "p_accuracy": accuracy.p_value,
            "accuracy_difference": accuracy.value,
            "loss_could_be": reach(loss),
            "accuracy_could_be": reach(accuracy),
            "refinement_difference": refinement.value,
            "p_refinement": refinement.p_value,
            "rows_for_loss": rows_needed(loss, n_rows),
            "rows_for_accuracy": rows_needed(accuracy, n_rows),
        },
        fired=said,
        passed=f"A difference is beyond noise: {better_words(pair)}.",
        advice=advice,
    )


WITHIN_NOISE = Rule("LA603", "difference-within-noise", "tip", judge_within_noise)
