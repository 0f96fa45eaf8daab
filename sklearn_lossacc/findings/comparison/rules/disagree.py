"""LA601 loss-and-accuracy-disagree: one model has the lower loss, the other the higher accuracy."""

from __future__ import annotations

from sklearn_lossacc.findings.comparison.evidence import PairEvidence
from sklearn_lossacc.findings.comparison.words import better_words, cannot_test, p_words, reach, short
from sklearn_lossacc.findings.format import nats, percent
from sklearn_lossacc.findings.history.materiality import material_accuracy
from sklearn_lossacc.findings.materiality import ACCURACY_MARGIN
from sklearn_lossacc.findings.verdict import Rule, Verdict, not_applicable


def _advice(pair: PairEvidence) -> str:
    """Say which model to take for which use."""
    refinement, accuracy = pair.differences["refinement_loss"], pair.differences["accuracy"]
    accurate = short(pair.names[1] if accuracy.value > 0 else pair.names[0])
    said = f"Where only labels are used, take {accurate}. Where probabilities are used, recalibrate both first: "
    if not pair.significant("refinement_loss"):
        return said + "after a temperature each, their losses cannot be told apart by these rows."
    better = short(pair.names[1] if refinement.value < 0 else pair.names[0])
    if (refinement.value < 0) == (accuracy.value > 0):
        return said + f"after a temperature each, {better} has the lower loss as well."
    return said + f"after a temperature each, {better} still has the lower loss."


def judge_disagree(pair: PairEvidence) -> Verdict:
    """Judge whether loss and accuracy prefer different models, both beyond noise."""
    reason = cannot_test(pair)
    if reason:
        return not_applicable(reason)
    loss, accuracy = pair.differences["log_loss"], pair.differences["accuracy"]
    assert loss.p_value is not None
    assert accuracy.p_value is not None
    low_loss, accurate = (
        short(pair.names[1] if change < 0 else pair.names[0]) for change in (loss.value, -accuracy.value)
    )
    disagree = loss.value * accuracy.value > 0
    margin = material_accuracy(max(pair.mean("right")), ACCURACY_MARGIN)
    losses, accuracies = pair.mean("loss"), pair.mean("right")
    open_loss = reach(loss) if reach(accuracy, -1 if loss.value < 0 else 1) > 0 else 0.0
    return Verdict(
        holds=disagree and abs(loss.value) >= pair.material and abs(accuracy.value) >= margin,
        p_value=max(loss.p_value, accuracy.p_value) if disagree else 1.0,
        value=loss.value,
        interval=None if loss.low is None or loss.high is None else (loss.low, loss.high),
        threshold=pair.material,
        could_be=open_loss,
        evidence={
            "log_loss": list(losses),
            "accuracy": list(accuracies),
            "accuracy_difference": accuracy.value,
            "accuracy_threshold": margin,
            "p_loss": loss.p_value,
            "p_accuracy": accuracy.p_value,
            "calibration_difference": pair.differences["calibration_loss"].value,
            "refinement_difference": pair.differences["refinement_loss"].value,
        },
        fired=(
            f"{low_loss} has the lower log loss, by {nats(abs(loss.value))} nats ({p_words(loss.p_value)}), and "
            f"{accurate} the higher accuracy, by {percent(abs(accuracy.value))} ({p_words(accuracy.p_value)})."
        ),
        passed=f"Loss and accuracy do not disagree beyond noise: {better_words(pair)}.",
        advice=_advice(pair),
    )


DISAGREE = Rule("LA601", "loss-and-accuracy-disagree", "warning", judge_disagree)
