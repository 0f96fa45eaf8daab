"""The text of ``print(diagnosis)``: 10 to 20 aligned lines, no colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sklearn_lossacc.findings.format import one_line
from sklearn_lossacc.findings.lines import finding_lines, labelled, numbered, paragraph
from sklearn_lossacc.findings.wording import (
    description_text,
    finding_numbers,
    metric_limits,
    metric_text,
    ordered_issues,
    tally,
    temperature_identified,
    verdict,
    waterfall_text,
    what_to_do,
)

if TYPE_CHECKING:
    from sklearn_lossacc.findings.diagnosis import Diagnosis

MOST_LINES = 20


def diagnosis_text(diagnosis: Diagnosis) -> str:
    """Write a diagnosis as 10 to 20 aligned lines.

    The verdict comes first, then what to do, then the numbers, the waterfall and the findings that fired.

    Parameters
    ----------
    diagnosis : Diagnosis
        What to write.

    Returns
    -------
    str
        The lines, without a trailing line break.

    Examples
    --------
    >>> from sklearn_lossacc.findings.decomposition import Decomposition, Part
    >>> from sklearn_lossacc.findings.diagnosis import Diagnosis
    >>> from sklearn_lossacc.findings.finding import Estimate
    >>> diagnosis = Diagnosis(
    ...     name="coin",
    ...     alpha=0.05,
    ...     description={"n_samples": 4, "n_classes": 2, "dtype": "float64"},
    ...     metrics={"accuracy": Estimate(0.5, 0.15, 0.85), "log_loss": Estimate(0.6931)},
    ...     decomposition=Decomposition((Part("chance", 0.6931),), 0.6931),
    ...     findings=(),
    ...     tables={},
    ... )
    >>> print(diagnosis_text(diagnosis).splitlines()[0])
    coin: 4 rows, 2 classes, float64 probabilities
    """
    title = f"{one_line(diagnosis.name, 48)}: {description_text(diagnosis)}"
    numbers = [*_number_lines(diagnosis), *paragraph("waterfall", waterfall_text(diagnosis), most=2)]
    # Either text may have three lines, and whatever the findings leave free.
    free = MOST_LINES - 1 - len(numbers) - len(_finding_lines(diagnosis, MOST_LINES))
    said = paragraph("verdict", verdict(diagnosis), most=max(3, free - 3))
    advice = paragraph("do", numbered(what_to_do(diagnosis)), most=max(3, free - len(said)))
    lines = [title, *said, *advice, *numbers]
    return "\n".join([*lines, *_finding_lines(diagnosis, MOST_LINES - len(lines))])


def _number_lines(diagnosis: Diagnosis) -> list[str]:
    """Write the five numbers that matter, each with interval and with what to compare it to."""

    def text(name: str) -> str:
        return metric_text(diagnosis, name)

    majority, balanced = text("majority_accuracy"), text("balanced_accuracy")
    alone = "fitted alone" if temperature_identified(diagnosis) else "not identified"
    expected = f"expected by the model {text('expected_log_loss')}"
    compared = f"clipped {text('log_loss_clipped')}" if diagnosis.decomposition.clipped else ""
    compared = compared or f"chance {text('chance_log_loss')}"
    rows = [
        ("accuracy", "accuracy", f"majority class {majority}, balanced {balanced}"),
        ("log loss", "log_loss", f"{expected}, {compared}"),
        ("confidence", "mean_confidence", f"minus accuracy {text('confidence_gap')}"),
        ("temperature", "temperature", f"{alone}; calibration loss {text('calibration_loss')}"),
        (
            "ECE",
            "ece",
            f"if calibrated: {text('ece_null_mean')} on average, 95 % under {text('ece_null_q95')}",
        ),
    ]
    values = [text(name) for _, name, _ in rows]
    limits = [metric_limits(diagnosis, name) for _, name, _ in rows]
    value_width, limits_width = max(map(len, values)), max(map(len, limits))
    return [
        labelled(label, f"{value:<{value_width}}  {limit:<{limits_width}}  {note}")
        for (label, _, note), value, limit in zip(rows, values, limits, strict=True)
    ]


def _finding_lines(diagnosis: Diagnosis, room: int) -> list[str]:
    """Write the tally and one line a fired finding, as many as there is room for."""
    issues = ordered_issues(diagnosis)
    lines = [labelled("findings", tally(diagnosis))]
    shown = issues if len(issues) < room else issues[: room - 2]
    lines += finding_lines(shown, lambda finding: ", ".join(finding_numbers(finding)))
    if len(shown) < len(issues):
        lines.append(labelled("", f"and {len(issues) - len(shown)} more"))
    return lines
