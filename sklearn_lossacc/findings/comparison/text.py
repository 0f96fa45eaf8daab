"""The text of ``print(comparison)``: 10 to 20 aligned lines, no colour."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from sklearn_lossacc.findings.comparison.wording import (
    DIFFERENCES,
    by_measure,
    description,
    difference_texts,
    finding_numbers,
    issues_in_order,
    model_loss,
    pair_words,
    short,
    story_words,
    tally,
    temperature_words,
    verdict,
    what_to_do,
)
from sklearn_lossacc.findings.format import count, nats, one_line, percent

if TYPE_CHECKING:
    from sklearn_lossacc.findings.comparison.diagnosis import ComparisonDiagnosis

WIDTH = 96
LABEL_WIDTH = 12
MOST_MODELS = 4
MOST_PAIRS = 4
NAME_WIDTH = 16


def comparison_text(diagnosis: ComparisonDiagnosis) -> str:
    """Write a comparison as aligned lines.

    Parameters
    ----------
    diagnosis : ComparisonDiagnosis
        What to write.

    Returns
    -------
    str
        The lines, without a trailing line break.

    Examples
    --------
    >>> from sklearn_lossacc.findings.comparison import ComparisonDiagnosis
    >>> d = ComparisonDiagnosis.from_predictions([1, 0], {"A": [0.9, 0.2], "B": [0.7, 0.4]})
    >>> print(comparison_text(d).splitlines()[0])
    A vs B: 2 rows, 2 classes, 2 models
    """
    lines = [
        f"{one_line(diagnosis.name, 48)}: {description(diagnosis)}",
        *_paragraph("verdict", verdict(diagnosis), most=3),
        *_paragraph("do", " ".join(_numbered(what_to_do(diagnosis))), most=3),
        *_model_lines(diagnosis),
        *(_difference_lines(diagnosis) if len(diagnosis.pairs) == 1 else _pair_lines(diagnosis)),
        _labelled("findings", tally(diagnosis)),
    ]
    issues = issues_in_order(diagnosis)
    width = max((len(finding.name) for finding in issues), default=0)
    for finding in issues:
        numbers = ", ".join(finding_numbers(finding, limits=False))
        lines.append(_labelled(f"  {finding.code}", f"{finding.severity:<9}{finding.name:<{width}}  {numbers}"))
    return "\n".join(lines)


def _numbered(advice: tuple[str, ...]) -> tuple[str, ...]:
    """Put numbers before several pieces of advice."""
    if len(advice) == 1:
        return advice
    return tuple(f"({place}) {words}" for place, words in enumerate(advice, start=1))


def _model_lines(diagnosis: ComparisonDiagnosis) -> list[str]:
    """Write loss, accuracy and temperature of each model."""
    table = diagnosis.tables["models"]
    n_models = len(table["model"])
    shown = range(min(n_models, MOST_MODELS))
    width = max(len(short(table["model"][row], NAME_WIDTH)) for row in shown)
    losses = [model_loss(table, row) for row in shown]
    lines = [
        _labelled(
            "models" if row == 0 else "",
            f"{short(table['model'][row], NAME_WIDTH):<{width}}  log loss {losses[row]:<{max(map(len, losses))}}  "
            f"accuracy {percent(table['accuracy'][row]):<7}  confidence {percent(table['mean_confidence'][row]):<7}  "
            f"T = {temperature_words(table['temperature'][row])}",
        )
        for row in shown
    ]
    return lines + ([_labelled("", f"and {count(n_models - MOST_MODELS)} more")] if n_models > MOST_MODELS else [])


def _difference_lines(diagnosis: ComparisonDiagnosis) -> list[str]:
    """Write the differences of the only pair, and the stories that sum to that of the loss."""
    pair = diagnosis.pairs[0]
    records = by_measure(diagnosis, pair)
    texts = {measure: difference_texts(records[measure]) for measure in DIFFERENCES}
    value_width, limits_width = (max(len(part[place]) for part in texts.values()) for place in (0, 1))
    lines = [_labelled("difference", f"{pair_words(pair, NAME_WIDTH)}:")]
    for measure, (value, limits, p_value) in texts.items():
        label = f"  {DIFFERENCES[measure].label}"
        words = f"{value:<{value_width}}  {limits:<{limits_width}}  {p_value}"
        lines.append(_labelled(label, words, at_least=LABEL_WIDTH + 2))
    stories = [
        f"{story_words(record['story'], pair, NAME_WIDTH)} {nats(record['contribution'], signed=True)} "
        f"({count(record['rows'])})"
        for record in diagnosis.records("stories", pair)
    ]
    return [*lines, *_paragraph("rows", ", ".join(stories), most=2)]


def _pair_lines(diagnosis: ComparisonDiagnosis) -> list[str]:
    """Write loss and accuracy of each of several pairs."""
    names = {pair: pair_words(pair, NAME_WIDTH) for pair in diagnosis.pairs[:MOST_PAIRS]}
    width = max(map(len, names.values()))
    lines = []
    for place, (pair, words) in enumerate(names.items()):
        records = by_measure(diagnosis, pair)
        loss, accuracy = (difference_texts(records[measure]) for measure in ("log_loss", "accuracy"))
        lines.append(
            _labelled(
                "differences" if place == 0 else "",
                f"{words:<{width}}  {loss[0]:>11} {loss[2]:<10}  {accuracy[0]:>8} {accuracy[2]}",
            )
        )
    more = len(diagnosis.pairs) - MOST_PAIRS
    return lines + ([_labelled("", f"and {count(more)} more pairs")] if more > 0 else [])


def _paragraph(label: str, text: str, most: int = 3) -> list[str]:
    """Wrap a text beside its label; an empty text has no line."""
    wrapped = wrap(text, WIDTH - LABEL_WIDTH, max_lines=most, placeholder=" ...")
    return [_labelled(label if line == 0 else "", part) for line, part in enumerate(wrapped)]


def _labelled(label: str, text: str, at_least: int = LABEL_WIDTH) -> str:
    """Put a text into the column beside the labels."""
    return f"{label:<{at_least}}{text}".rstrip()
