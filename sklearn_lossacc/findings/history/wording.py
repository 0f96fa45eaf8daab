"""Words that all views of a history share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sklearn_lossacc.findings.finding import Finding
from sklearn_lossacc.findings.format import count, interval, nats, number, one_line, percent
from sklearn_lossacc.findings.wording import (
    Quantity,
    advice_of_issues,
    counted,
    finding_title,
    ordered_issues,
    with_status,
)

if TYPE_CHECKING:
    from sklearn_lossacc.findings.history.diagnosis import HistoryDiagnosis

METRICS: dict[str, Quantity] = {
    "last_val_loss": Quantity("last validation loss", nats, "nats"),
    "lowest_val_loss": Quantity("lowest validation loss", nats, "nats"),
    "last_val_accuracy": Quantity("last validation accuracy", percent),
    "highest_val_accuracy": Quantity("highest validation accuracy", percent),
    "calibrated_low": Quantity("least loss of a calibrated model of the last accuracy", nats, "nats"),
    "calibrated_high": Quantity("largest loss of a calibrated model of the last accuracy", nats, "nats"),
    "chance_log_loss": Quantity("log loss of chance", nats, "nats"),
    "loss_jitter": Quantity("jitter of the validation loss", number, "nats"),
    "accuracy_jitter": Quantity("jitter of the validation accuracy", percent),
}
CANNOT_TELL = "Cannot tell"
SOURCES = {"accuracies": ", read from the accuracies"}


def metric(diagnosis: HistoryDiagnosis, name: str) -> str:
    """Write one number with its unit; a logged loss of NaN or infinity has none."""
    estimate = diagnosis.metrics.get(name)
    if estimate is not None and math.isinf(estimate.value):
        return logged_loss(estimate.value)
    return METRICS[name].text(estimate)


def metric_range(diagnosis: HistoryDiagnosis, name: str) -> str:
    """Write the interval of one number; empty where it has none."""
    return METRICS[name].limits(diagnosis.metrics.get(name))


def band(diagnosis: HistoryDiagnosis) -> str:
    """Write the calibrated band of the last accuracy; empty where the number of classes is not known."""
    low, high = diagnosis.metrics.get("calibrated_low"), diagnosis.metrics.get("calibrated_high")
    return "" if low is None or high is None else interval(low.value, high.value, nats)


def description(diagnosis: HistoryDiagnosis) -> str:
    """Write what was given."""
    facts = diagnosis.description
    n_val = facts["n_val"]
    source = SOURCES.get(facts["n_val_source"] or "", "")
    written = [
        counted(facts["n_rows"], "evaluation"),
        str(facts["source_format"]),
        f"{count(n_val)} validation rows{source}" if n_val is not None else "number of validation rows not known",
        f"{count(facts['n_classes'])} classes" if facts["n_classes"] is not None else "number of classes not known",
    ]
    return ", ".join(written)


def matched_text(diagnosis: HistoryDiagnosis) -> str:
    """Write what was read as what, and what else was done in reading."""
    table = diagnosis.tables["matched"]
    written = []
    for curve, column, conversion, note in zip(
        table["curve"], table["column"], table["conversion"], table["note"], strict=True
    ):
        converted = f" ({conversion})" if conversion else ""
        remark = f" [{note}]" if note else ""
        written.append(f"{curve} = {one_line(column, 40)!r}{converted}{remark}")
    return "; ".join([*written, *(one_line(note) for note in diagnosis.description["notes"])])


def logged_loss(value: float | None) -> str:
    """Write a logged loss, without its unit; NaN and infinity alike are no numbers.

    Examples
    --------
    >>> logged_loss(0.5), logged_loss(math.inf)
    ('0.500', 'not finite')
    """
    return "not finite" if value is not None and math.isinf(value) else nats(value)


def _loss(value: float | None) -> str:
    """Write a logged loss among other numbers."""
    written = logged_loss(value)
    return f"loss {written}" if value is not None and math.isinf(value) else written


def best_text(diagnosis: HistoryDiagnosis) -> str:
    """Write the best epochs by each criterion."""
    table = diagnosis.tables["best"]
    counted_by = diagnosis.description["counted"]
    short = {"lowest validation loss": "lowest loss", "highest validation accuracy": "highest accuracy"}
    return "; ".join(
        f"{short[criterion]} {counted_by} {epoch:g} ("
        + ", ".join([_loss(loss)] * (loss is not None) + [percent(accuracy)] * (accuracy is not None))
        + ")"
        for criterion, epoch, loss, accuracy in zip(
            table["criterion"], table["epoch"], table["val_loss"], table["val_accuracy"], strict=True
        )
        if criterion in short
    )


def verdict(diagnosis: HistoryDiagnosis) -> str:
    """Say in a sentence or two what is going on."""
    issues = ordered_issues(diagnosis)
    short = diagnosis["LA501"].headline if diagnosis["LA501"].status == "not_applicable" else ""
    if issues:
        also = ", ".join(finding_title(finding).lower() for finding in issues[1:])
        said = [issues[0].headline, f"Also: {also}." if also else "", short if short.startswith(CANNOT_TELL) else ""]
        return one_line(" ".join(text for text in said if text))
    hint = chance_hint(diagnosis)
    if hint:
        return one_line(f"{short} {hint}" if short else hint)
    if diagnosis["LA502"].evidence.get("loss_rise") is not None:
        return one_line(diagnosis["LA502"].headline)
    if diagnosis.description["n_rows"] == 1 and diagnosis["LA513"].status == "passed":
        return one_line(f"{diagnosis['LA513'].headline} One evaluation shows no trend.")
    if short:
        judged = counted(len(with_status(diagnosis, "passed")), "other rule")
        return one_line(f"{short} {judged} could be judged, and none fired.")
    return (
        f"Nothing speaks against this log: it ends at a validation loss of {metric(diagnosis, 'last_val_loss')} and an "
        f"accuracy of {metric(diagnosis, 'last_val_accuracy')}."
    )


def chance_hint(diagnosis: HistoryDiagnosis) -> str:
    """Say that the loss sits where chance would be, if the number of classes were as it suggests; else nothing."""
    guess = diagnosis["LA503"].evidence.get("suggested_n_classes")
    if guess is None:
        return ""
    return (
        f"The validation loss stays at ln({guess}), which is that of equal probabilities if there are {guess} classes: "
        "nothing was learnt then."
    )


def what_to_do(diagnosis: HistoryDiagnosis) -> tuple[str, ...]:
    """Return the advice of the fired findings, gravest first, each once."""
    advice = advice_of_issues(diagnosis)
    if advice:
        return advice
    if chance_hint(diagnosis):
        return ("Give n_classes, so that the loss can be compared with that of chance.",)
    if diagnosis["LA501"].status == "not_applicable":
        return ("Nothing to repair is shown; what is listed as unknown would tell more.",)
    return ("Nothing needs repair by these curves.",)


def supply_text(diagnosis: HistoryDiagnosis) -> str:
    """Write what would answer the open questions."""
    return "; ".join(dict.fromkeys(supply for _, supply in diagnosis.open_questions))


def value_text(finding: Finding) -> str:
    """Write the value of a finding with its unit; empty where it has none."""
    writers = {
        "LA501": ("rise of the loss", lambda v: f"{nats(v, signed=True)} nats"),
        "LA502": ("change of accuracy", lambda v: percent(v, signed=True)),
        "LA503": ("gain over chance", lambda v: f"{100 * v:.1f} %"),
        "LA504": ("jumps", count),
        "LA505": ("change of accuracy", lambda v: percent(v, signed=True)),
        "LA506": ("change of accuracy", lambda v: percent(v, signed=True)),
        "LA507": ("gain in accuracy", lambda v: percent(v, signed=True)),
        "LA508": ("fall of the loss", lambda v: f"{nats(v)} nats"),
        "LA509": ("distance from the least possible loss", lambda v: f"{nats(v, signed=True)} nats"),
        "LA510": ("difference in accuracy", percent),
        "LA511": ("loss", lambda v: f"{nats(v)} nats"),
        "LA512": ("gap", number),
        "LA513": ("outside the calibrated band by", lambda v: f"{nats(v)} nats"),
        "LA514": ("runs", count),
        "LA515": ("log minus predictions", lambda v: number(v, signed=True)),
    }
    if finding.value is None or finding.code not in writers:
        return ""
    if finding.code == "LA514" and finding.evidence["stray_rows"] and finding.evidence["n_runs"] == 1:
        return f"evaluations left out {len(finding.evidence['stray_rows'])}"
    label, write = writers[finding.code]
    return f"{label} {write(finding.value)}"
