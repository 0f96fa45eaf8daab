"""The order of a report: verdict, advice, numbers, findings by section, tables."""

from __future__ import annotations

from sklearn_lossacc.findings.diagnosis import Diagnosis
from sklearn_lossacc.findings.wording import with_status
from sklearn_lossacc.render.tables import (
    TextTable,
    classes_table,
    findings_table,
    folds_table,
    metrics_table,
    rows_table,
    settings_table,
    waterfall_table,
)

QUIET_SECTIONS = (
    ("passed", "Passed"),
    ("not_applicable", "Not applicable"),
    ("ignored", "Ignored on request"),
)
SEVERITY_SECTIONS = (("error", "Errors"), ("warning", "Warnings"), ("tip", "Tips"))


def quiet_tables(diagnosis: Diagnosis) -> tuple[TextTable, ...]:
    """Return the tables of the findings that did not fire; sections without findings are absent."""
    return tuple(
        findings_table(diagnosis, status, caption)
        for status, caption in QUIET_SECTIONS
        if with_status(diagnosis, status)
    )


def number_tables(diagnosis: Diagnosis) -> tuple[TextTable, ...]:
    """Return the tables of numbers, in the order of a report."""
    cross_validation = (settings_table(diagnosis), folds_table(diagnosis))
    return (
        waterfall_table(diagnosis),
        *(table for table in cross_validation if table is not None),
        classes_table(diagnosis),
        rows_table(diagnosis),
        metrics_table(diagnosis),
    )


def report_tables(diagnosis: Diagnosis) -> tuple[TextTable, ...]:
    """Return every table, in the order of a report."""
    return (*quiet_tables(diagnosis), *number_tables(diagnosis))


def promise(diagnosis: Diagnosis) -> str:
    """Say what the alarms promise."""
    return (
        f"On a healthy model the chance that any finding with a p-value fires is at most {diagnosis.alpha:g}. "
        "Findings without a p-value are conditions and make no such claim. A passed finding is not a proof of health: "
        "where an effect that matters could not be excluded, it says so."
    )
