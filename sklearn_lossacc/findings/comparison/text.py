"""The text of ``print(comparison)``: 10 to 20 aligned lines, no colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sklearn_lossacc.findings.comparison.wording import (
    DIFFERENCES,
    by_measure,
    description,
    difference_texts,
    finding_numbers,
    model_loss,
    pair_words,
    short,
    story_words,
    temperature_words,
    verdict,
    what_to_do,
)
from sklearn_lossacc.findings.format import count, nats, one_line, percent
from sklearn_lossacc.findings.lines import LABEL_WIDTH, finding_lines, labelled, numbered, paragraph
from sklearn_lossacc.findings.wording import ordered_issues, tally

if TYPE_CHECKING:
    from sklearn_lossacc.findings.comparison.diagnosis import ComparisonDiagnosis

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
        *paragraph("verdict", verdict(diagnosis), most=3),
        *paragraph("do", numbered(what_to_do(diagnosis)), most=3),
        *_model_lines(diagnosis),
        *(_difference_lines(diagnosis) if len(diagnosis.pairs) == 1 else _pair_lines(diagnosis)),
        labelled("findings", tally(diagnosis)),
    ]
    lines += finding_lines(ordered_issues(diagnosis), lambda finding: ", ".join(finding_numbers(finding, limits=False)))
    return "\n".join(lines)


def _model_lines(diagnosis: ComparisonDiagnosis) -> list[str]:
    """Write loss, accuracy and temperature of each model."""
    table = diagnosis.tables["models"]
    n_models = len(table["model"])
    shown = range(min(n_models, MOST_MODELS))
    width = max(len(short(table["model"][row], NAME_WIDTH)) for row in shown)
    losses = [model_loss(table, row) for row in shown]
    lines = [
        labelled(
            "models" if row == 0 else "",
            f"{short(table['model'][row], NAME_WIDTH):<{width}}  log loss {losses[row]:<{max(map(len, losses))}}  "
            f"accuracy {percent(table['accuracy'][row]):<7}  confidence {percent(table['mean_confidence'][row]):<7}  "
            f"T = {temperature_words(table['temperature'][row])}",
        )
        for row in shown
    ]
    return lines + ([labelled("", f"and {count(n_models - MOST_MODELS)} more")] if n_models > MOST_MODELS else [])


def _difference_lines(diagnosis: ComparisonDiagnosis) -> list[str]:
    """Write the differences of the only pair, and the stories that sum to that of the loss."""
    pair = diagnosis.pairs[0]
    records = by_measure(diagnosis, pair)
    texts = {measure: difference_texts(records[measure]) for measure in DIFFERENCES}
    value_width, limits_width = (max(len(part[place]) for part in texts.values()) for place in (0, 1))
    lines = [labelled("difference", f"{pair_words(pair, NAME_WIDTH)}:")]
    for measure, (value, limits, p_value) in texts.items():
        label = f"  {DIFFERENCES[measure].label}"
        words = f"{value:<{value_width}}  {limits:<{limits_width}}  {p_value}"
        lines.append(labelled(label, words, at_least=LABEL_WIDTH + 2))
    stories = [
        f"{story_words(record['story'], pair, NAME_WIDTH)} {nats(record['contribution'], signed=True)} "
        f"({count(record['rows'])})"
        for record in diagnosis.records("stories", pair)
    ]
    return [*lines, *paragraph("rows", ", ".join(stories), most=2)]


def _pair_lines(diagnosis: ComparisonDiagnosis) -> list[str]:
    """Write loss and accuracy of each of several pairs."""
    names = {pair: pair_words(pair, NAME_WIDTH) for pair in diagnosis.pairs[:MOST_PAIRS]}
    width = max(map(len, names.values()))
    lines = []
    for place, (pair, words) in enumerate(names.items()):
        records = by_measure(diagnosis, pair)
        loss, accuracy = (difference_texts(records[measure]) for measure in ("log_loss", "accuracy"))
        lines.append(
            labelled(
                "differences" if place == 0 else "",
                f"{words:<{width}}  {loss[0]:>11} {loss[2]:<10}  {accuracy[0]:>8} {accuracy[2]}",
            )
        )
    more = len(diagnosis.pairs) - MOST_PAIRS
    return lines + ([labelled("", f"and {count(more)} more pairs")] if more > 0 else [])
