"""LA604 recalibration-reverses-the-order: after a temperature each, the other model has the lower loss."""

from __future__ import annotations

from sklearn_lossacc.findings.comparison.evidence import PairEvidence
from sklearn_lossacc.findings.comparison.words import cannot_test, p_words, reach, short
from sklearn_lossacc.findings.format import nats, ratio
from sklearn_lossacc.findings.verdict import Rule, Verdict, not_applicable


def judge_order_reversed(pair: PairEvidence) -> Verdict:
    """Judge whether cross-fitted temperatures turn the order of the losses round, both beyond noise."""
    reason = cannot_test(pair)
    if reason:
        return not_applicable(reason)
    after, before = pair.recalibrated, pair.differences["log_loss"]
    if after is None or after.p_value is None:
        return not_applicable("Too few different rows to fit a temperature on some of them and judge it on the others.")
    assert before.p_value is not None
    reverses = before.value * after.value < 0
    lower, better = (short(pair.names[1] if change < 0 else pair.names[0]) for change in (before.value, after.value))
    temperatures = [rows.temperature for rows in pair.rows]
    worse_side = -1 if before.value > 0 else 1
    said = " and ".join(
        f"{ratio(temperature)} for {short(name)}" for name, temperature in zip(pair.names, temperatures, strict=True)
    )
    return Verdict(
        holds=reverses and abs(before.value) >= pair.material and abs(after.value) >= pair.material,
        p_value=max(before.p_value, after.p_value) if reverses else 1.0,
        value=after.value,
        interval=None if after.low is None or after.high is None else (after.low, after.high),
        threshold=pair.material,
        could_be=reach(after, worse_side),
        evidence={
            "before": before.value,
            "after": after.value,
            "p_before": before.p_value,
            "p_after": after.p_value,
            "temperatures": temperatures,
        },
        fired=(
            f"{lower} has the lower log loss as exported, by {nats(abs(before.value))} nats "
            f"({p_words(before.p_value)}); after a temperature each ({said}), fitted on other rows, {better} has it, "
            f"by {nats(abs(after.value))} nats ({p_words(after.p_value)})."
        ),
        passed=(
            "A temperature each was not shown to reverse the order of the losses: the difference goes from "
            f"{nats(before.value, signed=True)} to {nats(after.value, signed=True)} nats."
        ),
        advice=(
            f"Recalibrate before you choose: take {better} with a temperature (TemperatureCalibrator, fitted on "
            f"held-out rows). Take {lower} only where its probabilities must be used as they are."
        ),
    )


ORDER_REVERSED = Rule("LA604", "recalibration-reverses-the-order", "warning", judge_order_reversed)
