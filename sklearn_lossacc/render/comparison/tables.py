"""The tables of a comparison as text cells."""

from __future__ import annotations

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
)
from sklearn_lossacc.findings.format import count, interval, nats, number, one_line, p_value, percent
from sklearn_lossacc.render.text_table import TextTable

MOST_ROWS = 20


def models_table(diagnosis: ComparisonDiagnosis) -> TextTable:
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
    return TextTable("Models", columns, rows)


def _of_pairs(diagnosis: ComparisonDiagnosis, caption: str, table: TextTable) -> TextTable:
    """Name a single pair in the caption instead of the first column."""
    if len(diagnosis.pairs) > 1:
        return table
    rows = tuple(row[1:] for row in table.rows)
    return TextTable(f"{caption}, {pair_words(diagnosis.pairs[0])}", table.columns[1:], rows)


def differences_table(diagnosis: ComparisonDiagnosis) -> TextTable:
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
    return _of_pairs(diagnosis, "Differences", TextTable("Differences", columns, tuple(rows)).filled())


def stories_table(diagnosis: ComparisonDiagnosis) -> TextTable:
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
        TextTable("Which rows make the difference", columns, tuple(rows)),
    )


def mechanisms_table(diagnosis: ComparisonDiagnosis) -> TextTable:
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
        diagnosis, "Noise, capacity, certainty", TextTable("Noise, capacity, certainty", columns, tuple(rows))
    )


def rows_table(diagnosis: ComparisonDiagnosis) -> TextTable:
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
    return TextTable(caption, columns, rows)
