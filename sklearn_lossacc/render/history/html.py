"""The report of a history as one HTML page: offline, without scripts."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from urllib.parse import urlsplit

from sklearn_lossacc.findings.finding import Finding
from sklearn_lossacc.findings.history import HistoryDiagnosis
from sklearn_lossacc.findings.history.wording import (
    METRICS,
    band,
    description,
    issues_in_order,
    metric,
    metric_range,
    tally,
    value_text,
    verdict,
    what_to_do,
)
from sklearn_lossacc.findings.wording import finding_title
from sklearn_lossacc.render.history.tables import number_tables, promise, quiet_tables
from sklearn_lossacc.render.html import QUIET_CAPTIONS, STATES, Picture, _figures, _number, _table, _text
from sklearn_lossacc.render.sections import SEVERITY_SECTIONS
from sklearn_lossacc.render.style import PAGE_STYLE, STYLE

# One picture fills the page, where the report on predictions has several side by side.
WIDE_STYLE = ".lossacc .wide figure svg{max-width:62rem}"
ANCHORS = {
    "Best epochs": "best",
    "What these curves cannot tell": "open",
    "What was read as what": "matched",
    "Rows of the log that were left out": "left-out",
}
CAPTIONS = {
    "best": "The best epoch by each criterion. The interval of a best value does not cover that it was chosen.",
    "open": "Questions that curves alone leave open, and what to supply.",
    "matched": "Columns of the log, and the curves they were taken for. Name other columns with columns=.",
    "left-out": "Rows by their position in the log, from 0.",
    "rows": "One row an evaluation. Calibrated models of the same accuracy have a loss inside the brackets.",
}


def history_page(diagnosis: HistoryDiagnosis, pictures: Sequence[Picture] = ()) -> str:
    """Write the report as one HTML page that needs no network and no scripts.

    Parameters
    ----------
    diagnosis : HistoryDiagnosis
        What to write.
    pictures : sequence of Picture, default=()
        The drawn panels.

    Returns
    -------
    str
        The page; every text that comes from the user is escaped.

    Examples
    --------
    >>> from sklearn_lossacc.findings.history import HistoryDiagnosis
    >>> from sklearn_lossacc.inputs import TrainingHistory
    >>> history = TrainingHistory.from_arrays(val_loss=[0.6, 0.5], name="<b>")
    >>> "<title>&lt;b&gt;: training history</title>" in history_page(HistoryDiagnosis.from_history(history))
    True
    """
    sections = _sections(diagnosis, pictures)
    links = "".join(f'<li><a href="#{anchor}">{title}</a></li>' for anchor, title, _ in sections)
    body = "".join(
        f'<section aria-labelledby="{anchor}"><h2 id="{anchor}">{title}</h2>{content}</section>'
        for anchor, title, content in sections
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{_text(diagnosis.name)}: training history</title>\n"
        f"<style>{STYLE}{PAGE_STYLE}{WIDE_STYLE}</style>\n</head>\n"
        f'<body class="lossacc">\n<a class="skip" href="#report">Skip to the report</a>\n'
        f"<header>{_heading(diagnosis, 1)}</header>\n"
        f'<nav aria-label="Sections of the report"><ul>{links}</ul></nav>\n'
        f'<main id="report">{_verdict(diagnosis)}{body}</main>\n'
        f'<footer><p class="quiet">{_text(promise())}</p>'
        '<p class="quiet">Losses are natural logarithms (nats). Written by sklearn_lossacc.</p></footer>\n'
        "</body>\n</html>\n"
    )


def history_fragment(diagnosis: HistoryDiagnosis) -> str:
    """Write the report for a notebook: verdict, advice, numbers and findings, without figures.

    Parameters
    ----------
    diagnosis : HistoryDiagnosis
        What to write.

    Returns
    -------
    str
        A ``div`` with its own style and without ids.

    Examples
    --------
    >>> from sklearn_lossacc.findings.history import HistoryDiagnosis
    >>> from sklearn_lossacc.inputs import TrainingHistory
    >>> history_fragment(HistoryDiagnosis.from_history(TrainingHistory.from_arrays(val_loss=[0.6, 0.5])))[:5]
    '<div '
    """
    return (
        f'<div class="lossacc" style="padding:0 1rem 1rem"><style>{STYLE}</style>{_heading(diagnosis, 3)}'
        f"{_verdict(diagnosis)}{_todo(diagnosis)}{_key_numbers(diagnosis)}{_fired(diagnosis, level=4)}</div>"
    )


def _sections(diagnosis: HistoryDiagnosis, pictures: Sequence[Picture]) -> list[tuple[str, str, str]]:
    """Return anchor, title and content of each section."""
    quiet = "".join(
        f"<h3>{_text(table.caption)}</h3>{_table(table, QUIET_CAPTIONS[table.caption])}"
        for table in quiet_tables(diagnosis)
    )
    sections = [
        ("todo", "What to do", _todo(diagnosis)),
        ("numbers", "The numbers that matter", _key_numbers(diagnosis)),
        ("figures", "Figure", _wide(_figures(pictures))),
        ("findings", "Findings", f"<p>{_text(tally(diagnosis))}.</p>{_fired(diagnosis, level=3)}{quiet}"),
    ]
    for table in number_tables(diagnosis):
        anchor = ANCHORS.get(table.caption, "rows")
        sections.append((anchor, _text(table.caption), _table(table, CAPTIONS[anchor])))
    return [section for section in sections if section[2]]


def _wide(figures: str) -> str:
    """Let figures fill the width of the page."""
    return f'<div class="wide">{figures}</div>' if figures else ""


def _heading(diagnosis: HistoryDiagnosis, level: int) -> str:
    """Write the name and what was given."""
    return f'<h{level}>{_text(diagnosis.name)}</h{level}><p class="quiet">{_text(description(diagnosis))}</p>'


def _verdict(diagnosis: HistoryDiagnosis) -> str:
    """Write what is going on, with the gravest severity in words and colour."""
    issues = issues_in_order(diagnosis)
    state = issues[0].severity if issues else "fine"
    return (
        f'<div class="verdict is-{state}"><p class="state">{STATES[state]}</p><p>{_text(verdict(diagnosis))}</p></div>'
    )


def _todo(diagnosis: HistoryDiagnosis) -> str:
    """Write the advice, gravest first."""
    return f'<ol class="todo">{"".join(f"<li>{_text(words)}</li>" for words in what_to_do(diagnosis))}</ol>'


def _key_numbers(diagnosis: HistoryDiagnosis) -> str:
    """Write the numbers that matter, each with its interval."""
    tiles = []
    for name in ("last_val_loss", "lowest_val_loss", "last_val_accuracy", "highest_val_accuracy"):
        if name in diagnosis.metrics:
            note = metric_range(diagnosis, name)
            if name == "last_val_loss" and band(diagnosis):
                note = f"{note + '; ' if note else ''}calibrated models of that accuracy {band(diagnosis)}"
            label = METRICS[name].label
            tiles.append(
                f'<div><dt>{_text(label[:1].upper() + label[1:])}</dt><dd class="value">'
                f'{_number(metric(diagnosis, name))}</dd><dd class="note">{_number(note)}</dd></div>'
            )
    return f'<dl class="key">{"".join(tiles)}</dl>' if tiles else ""


def _fired(diagnosis: HistoryDiagnosis, level: int) -> str:
    """Write the findings that fired, by severity."""
    parts = []
    for severity, caption in SEVERITY_SECTIONS:
        found = [finding for finding in issues_in_order(diagnosis) if finding.severity == severity]
        if found:
            parts.append(f"<h{level}>{caption}</h{level}>")
            parts += [_card(finding, level + 1) for finding in found]
    return "".join(parts)


def _card(finding: Finding, level: int) -> str:
    """Write one fired finding."""
    value = _number(value_text(finding))
    link = (
        f'<a href="{escape(finding.url)}">About {_text(finding.code)}</a>'
        if urlsplit(finding.url).scheme in ("http", "https")
        else ""
    )
    return (
        f'<article class="is-{finding.severity}"><h{level}><span class="code">{_text(finding.code)}</span>'
        f"{_text(finding_title(finding))}</h{level}><p>{_text(finding.headline)}</p>"
        f"<p><strong>Do:</strong> {_text(finding.advice)}</p>"
        f'<p class="quiet numbers">{" · ".join(part for part in (value, link) if part)}</p></article>'
    )
