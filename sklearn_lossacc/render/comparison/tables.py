"""The tables of a comparison as text cells."""

from __future__ import annotations

from dataclasses import dataclass

from sklearn_lossacc.findings.comparison import ComparisonDiagnosis
from sklearn_lossacc.findings.comparison.wording import (
    DIFFERENCES,
    difference_texts,
    estimate,
    model_loss,
    pair_words,
    short,
    story_words,
    temperature_words,
    value_text,
)
from sklearn_lossacc.findings.format import count, interval, nats, number, one_line, p_value, percent
from sklearn_lossacc.findings.wording import finding_title, with_status
from sklearn_lossacc.render.tables import TextTable

MOST_ROWS = 20
TEXT_COLUMNS = frozenset(
    {
        "model",
        "pair",
        "measure",
        "method",
        "finding",
        "conclusion",
        "rows with",
        "explanation",
        "says",
        "true",
        "how it stands",
        "predicted by the first",
        "predicted by the second",
    }
)


@dataclass(frozen=True)
class ComparisonTable(TextTable):
    """A table of text whose columns of words stand at the left."""

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Which columns hold numbers and are aligned at the right."""
        return tuple(column not in TEXT_COLUMNS for column in self.columns)


def models_table(diagnosis: ComparisonDiagnosis) -> ComparisonTable:
    """List the models."""
    table = diagnosis.tables["models"]
    rows = tuple(
        (
            one_line(table["model"][row], 60),
            model_loss(table, row),
            interval(table["log_loss_low"][row], table["log_loss_high"][row], nats),
            percent(table["accuracy"][row]),
            interval(table["accuracy_low"][row], table["accuracy_high"][row], percent),
            number(table["brier_score"][row]),
            nats(table["calibration_loss"][row]),
            nats(table["refinement_loss"][row]),
            temperature_words(table["temperature"][row]),
            percent(table["mean_confidence"][row]),
        )
        for row in range(len(table["model"]))
    )
    columns = (
        "model",
        "log loss (nats)",
        "95 % interval of loss",
        "accuracy",
        "95 % interval of accuracy",
        "Brier score",
        "calibration (nats)",
        "refinement (nats)",
        "temperature",
        "mean confidence",
    )
    return ComparisonTable("Models", columns, rows)


def _of_pairs(diagnosis: ComparisonDiagnosis, caption: str, table: ComparisonTable) -> ComparisonTable:
    """Name a single pair in the caption instead of the first column."""
    if len(diagnosis.pairs) > 1:
        return table
    rows = tuple(row[1:] for row in table.rows)
    return ComparisonTable(f"{caption}, {pair_words(diagnosis.pairs[0])}", table.columns[1:], rows)


def differences_table(diagnosis: ComparisonDiagnosis) -> ComparisonTable:
    """List the differences of every pair."""
    rows = []
    for pair in diagnosis.pairs:
        for record in diagnosis.records("differences", pair):
            value, limits, adjusted = difference_texts(record)
            rows.append(
                (
                    pair_words(pair),
                    DIFFERENCES[record["measure"]].label,
                    value,
                    limits,
                    p_value(record["p_value"]),
                    adjusted if len(diagnosis.pairs) > 1 else "",
                    record["method"],
                )
            )
    columns = ("pair", "measure", "difference", "95 % interval", "p-value", "over all pairs", "method")
    return _of_pairs(diagnosis, "Differences", _filled(ComparisonTable("Differences", columns, tuple(rows))))


def stories_table(diagnosis: ComparisonDiagnosis) -> ComparisonTable:
    """List what the rows of each story contribute."""
    rows = []
    for pair in diagnosis.pairs:
        rows += [
            (
                pair_words(pair),
                story_words(record["story"], pair),
                count(record["rows"]),
                percent(record["share"]),
                nats(record["loss_first"]),
                nats(record["loss_second"]),
                nats(record["contribution"], signed=True),
                interval(record["low"], record["high"], nats),
                count(record["grew"]),
            )
            for record in diagnosis.records("stories", pair)
        ]
    columns = (
        "pair",
        "rows with",
        "rows",
        "share",
        "loss of the first",
        "loss of the second",
        "contribution (nats)",
        "95 % interval",
        "rows that cost more",
    )
    return _of_pairs(
        diagnosis,
        "Which rows make the difference",
        ComparisonTable("Which rows make the difference", columns, tuple(rows)),
    )


def mechanisms_table(diagnosis: ComparisonDiagnosis) -> ComparisonTable:
    """List the three explanations."""
    rows = []
    for pair in diagnosis.pairs:
        rows += [
            (
                pair_words(pair),
                record["mechanism"],
                record["verdict"],
                DIFFERENCES["log_loss"].text(estimate(record)),
                interval(record["low"], record["high"], nats),
                one_line(record["text"]),
            )
            for record in diagnosis.records("mechanisms", pair)
        ]
    columns = ("pair", "explanation", "how it stands", "difference", "95 % interval", "says")
    return _of_pairs(
        diagnosis, "Noise, capacity, certainty", ComparisonTable("Noise, capacity, certainty", columns, tuple(rows))
    )


def rows_table(diagnosis: ComparisonDiagnosis) -> ComparisonTable:
    """List the rows of the leading pair that move the mean loss most."""
    pair = diagnosis.pairs[diagnosis.pair_place()]
    rows = tuple(
        (
            str(record["index"]),
            one_line(record["y_true"]),
            one_line(record["pred_first"]),
            one_line(record["pred_second"]),
            number(record["p_true_first"]),
            number(record["p_true_second"]),
            nats(record["difference"], signed=True),
            number(record["contribution"], signed=True),
            story_words(record["story"], pair) + (", label doubted" if record["suspect"] else ""),
        )
        for record in diagnosis.records("rows", pair)[:MOST_ROWS]
    )
    columns = (
        "row",
        "true",
        "predicted by the first",
        "predicted by the second",
        "p of true, first",
        "p of true, second",
        "difference (nats)",
        "contribution (nats)",
        "rows with",
    )
    caption = f"The rows that move the loss most, {short(pair[0])} first and {short(pair[1])} second"
    return ComparisonTable(caption, columns, rows)


def findings_table(diagnosis: ComparisonDiagnosis, status: str, caption: str) -> ComparisonTable:
    """List the findings of one status."""
    rows = tuple(
        (
            f"{finding.code} {finding_title(finding)}",
            one_line(finding.headline),
            value_text(finding),
            p_value(finding.p_value),
        )
        for finding in with_status(diagnosis, status)
    )
    return _filled(ComparisonTable(caption, ("finding", "conclusion", "value", "p-value"), rows))


def quiet_tables(diagnosis: ComparisonDiagnosis) -> tuple[ComparisonTable, ...]:
    """Return the tables of the findings that did not fire; empty ones are absent."""
    sections = (("passed", "Passed"), ("not_applicable", "Not applicable"), ("ignored", "Ignored on request"))
    return tuple(
        findings_table(diagnosis, status, caption) for status, caption in sections if with_status(diagnosis, status)
    )


def number_tables(diagnosis: ComparisonDiagnosis) -> tuple[ComparisonTable, ...]:
    """Return the tables of numbers, in the order of a report."""
    return (
        models_table(diagnosis),
        differences_table(diagnosis),
        stories_table(diagnosis),
        mechanisms_table(diagnosis),
        rows_table(diagnosis),
    )


def promise(diagnosis: ComparisonDiagnosis) -> str:
    """Say what the findings promise."""
    return (
        "On models that are equally good the chance that any finding with a p-value fires is at most "
        f"{diagnosis.alpha:g}, over all pairs together. Findings without a p-value are conditions. Intervals are of "
        "95 % each. The comparison is of these rows and these trained models, not of the ways they were trained."
    )


def _filled(table: ComparisonTable) -> ComparisonTable:
    """Leave out columns that are empty in every row."""
    kept = [place for place in range(len(table.columns)) if any(row[place] for row in table.rows)]
    return ComparisonTable(
        table.caption,
        tuple(table.columns[place] for place in kept),
        tuple(tuple(row[place] for place in kept) for row in table.rows),
    )
