"""Titles that say in words what a panel shows, taken from the findings of the diagnosis."""

from __future__ import annotations

import math

from sklearn_lossacc.findings.diagnosis import Diagnosis
from sklearn_lossacc.findings.finding import Finding
from sklearn_lossacc.findings.format import nats, typographic
from sklearn_lossacc.findings.wording import finding_title, finding_value, metric_text, ordered_issues, part_label


def first_fired(diagnosis: Diagnosis, *codes: str) -> Finding | None:
    """Return the gravest fired finding among some codes."""
    return next((finding for finding in ordered_issues(diagnosis) if finding.code in codes), None)


def finding_words(finding: Finding) -> str:
    """Say a finding in a title, such as ``Overconfident: T = 2.880``."""
    value = finding_value(finding)
    return f"{finding_title(finding)}: {typographic(value)}" if value else finding_title(finding)


def waterfall_title(diagnosis: Diagnosis) -> str:
    """Name the repairable part that costs most; noise counts by its cost beside the temperature, as findings do."""
    decomposition = diagnosis.decomposition
    costs = [
        part
        for part in decomposition.parts
        if part.selected and part.name not in ("chance", "prior", "resolution") and part.value > 0
    ]
    total = nats(decomposition.total)
    if not costs:
        return f"No repairable part of {total} nats shown"
    beside = {"floor": diagnosis["LA202"].evidence.get("nats_beside", math.inf)}
    largest = max(costs, key=lambda part: min(part.value, beside.get(part.name, math.inf)))
    words = part_label(diagnosis, largest)
    return f"{words[0].upper()}{words[1:]}: {nats(largest.value)} of {total} nats"


def reliability_title(diagnosis: Diagnosis) -> str:
    """Say whether confidence and accuracy agree."""
    finding = first_fired(diagnosis, "LA002", "LA005", "LA101", "LA102", "LA103", "LA104", "LA202", "LA203")
    return finding_words(finding) if finding else "No miscalibration shown"


def loss_title(diagnosis: Diagnosis) -> str:
    """Compare the loss with the loss that the model expects of itself."""
    finding = first_fired(diagnosis, "LA001", "LA201")
    if finding:
        return finding_words(finding)
    expected = metric_text(diagnosis, "expected_log_loss")
    return f"Loss {nats(diagnosis.decomposition.total)}, the model expects {expected}"


def classes_title(diagnosis: Diagnosis) -> str:
    """Say whether classes differ."""
    finding = first_fired(diagnosis, "LA103", "LA203", "LA304")
    return finding_words(finding) if finding else "No difference between classes shown"


def rows_title(diagnosis: Diagnosis) -> str:
    """Say why the worst rows are worth a look."""
    finding = first_fired(diagnosis, "LA001", "LA202", "LA201")
    return f"{finding_words(finding)}; the rows to review" if finding else "The rows of largest loss"
