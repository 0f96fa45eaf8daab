"""What predictions add to the diagnosis of the curves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sklearn_lossacc.findings.finding import Finding
from sklearn_lossacc.findings.format import nats, number, percent
from sklearn_lossacc.findings.history import HistoryDiagnosis
from sklearn_lossacc.inference.epochs import equally_good
from sklearn_lossacc.report.epochs.choice import EpochChoice
from sklearn_lossacc.report.epochs.memory import MEANS, EpochMemory

QUESTION = (
    "Are wrong labels or a few rows behind the loss that remains?",
    "diagnose() of the chosen epoch's predictions",
)


def _split_of_rise(memory: EpochMemory, row: int) -> str:
    """Say how much of a rise of the loss a temperature repairs."""
    start, last = memory.epochs[row], memory.epochs[-1]
    calibration = last.calibration_loss - start.calibration_loss
    refinement = last.refinement_loss - start.refinement_loss
    return (
        f"Of the change from epoch {start.epoch:g} to epoch {last.epoch:g}, {nats(calibration, signed=True)} nats are "
        f"calibration, which a temperature repairs, and {nats(refinement, signed=True)} refinement."
    )


def _advice(choices: Sequence[EpochChoice]) -> str:
    """Say which epoch to ship for which use."""
    labels, recalibrated, as_they_are = choices
    temperature = recalibrated.temperature
    divided = "" if temperature is None else f" and divide logits by T = {number(temperature)}"
    return (
        f"For labels take epoch {labels.epoch:g}; for probabilities take epoch {recalibrated.epoch:g}{divided}; for "
        f"probabilities that cannot be recalibrated take epoch {as_they_are.epoch:g}."
    )


def _shown_fall(
    finding: Finding, memory: EpochMemory, row: int, weight: np.ndarray | None, group: np.ndarray | None
) -> str:
    """Say that accuracy fell since a row, where the same rows show it and the curves could not."""
    start, last = memory.epochs[row], memory.epochs[-1]
    # Means over a few epochs must have fallen too: the turn is the luckiest of its neighbours.
    in_doubt = finding.code == "LA501" and finding.evidence["accuracy_direction"] not in ("rose", "held")
    if not in_doubt or not start.is_held or last.accuracy >= start.accuracy:
        return ""
    wrong = np.stack([(~memory.correct(epoch)).astype(np.float64) for epoch in (start, last)])
    if len(equally_good(wrong, weight=weight, group=group).members) > 1:
        return ""
    return (
        f"On the same rows, accuracy is shown to fall, from {percent(start.accuracy)} at epoch {start.epoch:g} to "
        f"{percent(last.accuracy)}: the decisions got worse too."
    )


def _said(
    finding: Finding,
    memory: EpochMemory,
    choices: Sequence[EpochChoice],
    weight: np.ndarray | None,
    group: np.ndarray | None,
) -> Finding:
    """Add to a finding what only predictions can tell."""
    if finding.status != "fired":
        return finding
    if finding.code in ("LA501", "LA502"):
        row = finding.evidence["since_row"]
        said = (finding.headline, _split_of_rise(memory, row), _shown_fall(finding, memory, row, weight, group))
        return replace(finding, headline=" ".join(text for text in said if text), advice=_advice(choices))
    if finding.code == "LA507":
        return replace(finding, advice=_advice(choices))
    if finding.code == "LA510":
        return _paired(finding, memory, choices[0])
    return finding


def _paired(finding: Finding, memory: EpochMemory, labels: EpochChoice) -> Finding:
    """Judge differences in accuracy by the same rows, where the curves alone could not tell them."""
    epochs = [memory.epochs[row] for row in finding.evidence["rows"]]
    told = [epoch.epoch for epoch in epochs if epoch.is_held and epoch.epoch not in labels.equally_good]
    if not told:
        return finding
    names = ", ".join(f"{epoch:g}" for epoch in told)
    return replace(
        finding, status="passed", advice="", headline=f"On the same rows, accuracy at epoch {names} is below the best."
    )


def with_split(
    diagnosis: HistoryDiagnosis,
    memory: EpochMemory,
    choices: Sequence[EpochChoice],
    *,
    weight: np.ndarray | None,
    group: np.ndarray | None,
) -> HistoryDiagnosis:
    """Return the diagnosis with the tables ``epochs`` and ``choices``, and with what the rises are made of."""
    epochs = {
        name: [None if value is None or math.isnan(value) else value for value in memory.column(name)] for name in MEANS
    }
    chosen = {
        name: [list(value) if isinstance(value, tuple) else value for value in (getattr(c, name) for c in choices)]
        for name in EpochChoice.__dataclass_fields__
    }
    return replace(
        diagnosis,
        findings=tuple(_said(finding, memory, choices, weight, group) for finding in diagnosis.findings),
        open_questions=(QUESTION,),
        tables={**diagnosis.tables, "epochs": epochs, "choices": chosen},
    )
