"""Why the loss of the last epoch is what it is, by a diagnosis of its predictions."""

from __future__ import annotations

from sklearn_lossacc.findings.format import nats
from sklearn_lossacc.findings.history.evidence import HistoryEvidence
from sklearn_lossacc.findings.history.rules.log import judge_final
from sklearn_lossacc.findings.wording import finding_title, ordered_issues

CAUSES = ("LA001", "LA002", "LA005", "LA101", "LA102", "LA103", "LA104", "LA201", "LA202", "LA203")


def why_it_rose(evidence: HistoryEvidence, row: int) -> str:
    """Say what the predictions of the last epoch add to a loss that rises.

    Parameters
    ----------
    evidence : HistoryEvidence
        The numbers.
    row : int
        Where the loss turned.

    Returns
    -------
    str
        Empty where no diagnosis was given.
    """
    final = evidence.final
    if final is None:
        return ""
    if judge_final(evidence).holds:
        return "Why, the predictions cannot tell: they are not those of the end of this log (LA515)."
    if not final.description["out_of_sample"]:
        return "Why, the predictions cannot tell: they were declared as those of training rows."
    causes = [
        f"{finding_title(issue).lower()} ({issue.code})" for issue in ordered_issues(final) if issue.code in CAUSES
    ]
    left, saved = final.metrics["refinement_loss"].value, final.metrics["calibration_loss"].value
    found = f"finds: {', '.join(causes)}" if causes else "finds no cause"
    return (
        f"A diagnosis of the last predictions {found}. Recalibrated, {nats(left)} of their {nats(left + saved)} nats "
        f"would be left, against {nats(float(evidence.history.val_loss[row]))} at {evidence.at(row)} as it was."
    )
