"""The tables of a report on predictions as text cells."""

from __future__ import annotations

import math
from typing import Any

from sklearn_lossacc.findings.diagnosis import Diagnosis
from sklearn_lossacc.findings.format import count, interval, nats, number, one_line, p_value, percent
from sklearn_lossacc.findings.wording import (
    METRICS,
    metric_limits,
    metric_quantity,
    metric_text,
    part_label,
)
from sklearn_lossacc.render.text_table import TextTable

MOST_CLASSES = 100
MOST_ROWS = 20


def waterfall_table(diagnosis: Diagnosis) -> TextTable:
    """List the parts of the loss; the interval of a part that was not selected is its upper bound."""
    rows = [
        (
            part_label(diagnosis, part),
            nats(part.value, signed=part.name != "chance"),
            interval(part.low, part.high, nats) if part.selected else _bound(part.high),
        )
        for part in diagnosis.decomposition.parts
    ]
    total = "log loss, clipped" if diagnosis.decomposition.clipped else "log loss"
    rows.append((total, nats(diagnosis.decomposition.total), ""))
    return TextTable("Where the loss comes from", ("part", "nats", "95 % interval"), tuple(rows))


def metrics_table(diagnosis: Diagnosis) -> TextTable:
    """List every number."""
    names = [*(name for name in METRICS if name in diagnosis.metrics), *sorted(set(diagnosis.metrics) - set(METRICS))]
    rows = tuple(
        (
            metric_quantity(name).label,
            metric_text(diagnosis, name),
            metric_limits(diagnosis, name),
            one_line(diagnosis.metrics[name].method),
        )
        for name in names
    )
    return TextTable("All numbers", ("metric", "value", "95 % interval", "method"), rows)


def classes_table(diagnosis: Diagnosis) -> TextTable:
    """List the classes, or of very many those of largest loss."""
    table = diagnosis.tables["classes"]
    order = list(range(len(table["label"])))
    caption = "Classes"
    if len(order) > MOST_CLASSES:
        order = sorted(order, key=lambda row: -_or_least(table["loss"][row]))[:MOST_CLASSES]
        caption = f"The {MOST_CLASSES} of {count(len(table['label']))} classes of largest loss"
    rows = tuple(
        (
            one_line(table["label"][row]),
            count(table["n"][row]),
            percent(table["prior"][row]),
            percent(table["mean_proba"][row]),
            percent(table["predicted"][row]),
            percent(table["accuracy"][row]),
            _limits(table, row, "accuracy", percent),
            nats(table["loss"][row]),
            _limits(table, row, "loss", nats),
        )
        for row in order
    )
    columns = (
        "class",
        "rows",
        "share",
        "mean probability",
        "predicted share",
        "accuracy",
        "95 % interval of accuracy",
        "loss (nats)",
        "95 % interval of loss",
    )
    return TextTable(caption, columns, rows)


def rows_table(diagnosis: Diagnosis, by: str = "loss") -> TextTable:
    """List the rows of largest loss."""
    table = diagnosis.tables[f"rows_{by}"]
    rows = tuple(
        (
            count(table["index"][row]).replace(",", ""),
            one_line(table["y_true"][row]),
            one_line(table["y_pred"][row]),
            _probability(table["p_true"][row]),
            _probability(table["p_pred"][row]),
            "inf" if table["p_true"][row] == 0 else nats(table["loss"][row]),
            percent(table["loss_share"][row]),
            _probability(table["surprise_p"][row]),
        )
        for row in range(min(MOST_ROWS, len(table["index"])))
    )
    columns = (
        "row",
        "true",
        "predicted",
        "p of true",
        "p of predicted",
        "loss (nats)",
        "share of loss",
        "surprise p",
    )
    return TextTable("The rows of largest loss", columns, rows)


def folds_table(diagnosis: Diagnosis) -> TextTable | None:
    """List the folds of a cross-validation; None where there are none."""
    table = diagnosis.tables.get("folds")
    if table is None:
        return None
    rows = tuple(
        (
            count(table["fold"][row]),
            count(table["n_train"][row]),
            count(table["n_test"][row]),
            nats(table["log_loss"][row]),
            percent(table["accuracy"][row]),
            number(table["brier_score"][row]),
            percent(table["confidence_gap"][row], signed=True),
            nats(table["calibration_loss"][row], signed=True),
            nats(table["refinement_loss"][row]),
        )
        for row in range(len(table["fold"]))
    )
    columns = (
        "fold",
        "rows trained on",
        "rows tested",
        "log loss (nats)",
        "accuracy",
        "Brier score",
        "confidence gap",
        "calibration loss (nats)",
        "refinement loss (nats)",
    )
    return TextTable("Folds", columns, rows)


def settings_table(diagnosis: Diagnosis) -> TextTable | None:
    """List the settings that were cross-validated on the same folds; None where there is one."""
    table = diagnosis.tables.get("settings")
    if table is None:
        return None

    def beside_best(row: int, measure: str, write: Any) -> tuple[str, str]:
        if row == 0:
            return "best", ""
        difference = write(table[f"{measure}_difference"][row], signed=True)
        return (
            f"{difference} {interval(table[f'{measure}_low'][row], table[f'{measure}_high'][row], write)}".strip(),
            p_value(table[f"{measure}_p_value"][row]),
        )

    rows = tuple(
        (
            one_line(table["setting"][row]),
            nats(table["log_loss"][row]),
            *beside_best(row, "log_loss", nats),
            percent(table["accuracy"][row]),
            *beside_best(row, "accuracy", percent),
        )
        for row in range(len(table["setting"]))
    )
    columns = (
        "setting",
        "log loss (nats)",
        "minus that of the best",
        "p of the loss",
        "accuracy",
        "minus that of the same",
        "p of the accuracy",
    )
    return TextTable("Settings", columns, rows)


def _bound(high: float | None) -> str:
    """Write the upper bound of a part that was not selected, where there is one."""
    return interval(None, high, nats) if high is not None and high >= 0.0005 else ""


def _limits(table: Any, row: int, name: str, write: Any) -> str:
    """Write a class's interval, empty where it has none."""
    low, high = (_finite(table[f"{name}_{side}"][row]) for side in ("low", "high"))
    return interval(low, high, write)


def _finite(value: float | None) -> float | None:
    """Return a number, or None for None and NaN."""
    return None if value is None or math.isnan(value) else value


def _or_least(value: float | None) -> float:
    """Return a value to sort by; classes without rows come last."""
    known = _finite(value)
    return -1.0 if known is None else known


def _probability(value: float | None) -> str:
    """Write a probability with two or three digits; the smallest keep their order of magnitude."""
    known = _finite(value)
    if known is None or known == 0:
        return number(known)
    return f"{known:.3f}" if known >= 0.0995 else f"{known:.2g}" if known >= 0.001 else f"{known:.1e}"
