"""The report as one HTML page: offline, without scripts, for desks, phones, screen readers and paper."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Protocol
from urllib.parse import urlsplit

from sklearn_lossacc.findings.diagnosis import Diagnosis
from sklearn_lossacc.findings.finding import Finding
from sklearn_lossacc.findings.format import one_line, typographic
from sklearn_lossacc.findings.wording import (
    counted,
    description_text,
    finding_numbers,
    finding_title,
    metric_limits,
    metric_text,
    ordered_issues,
    tally,
    verdict,
    what_to_do,
)
from sklearn_lossacc.render.sections import SEVERITY_SECTIONS, promise, quiet_tables
from sklearn_lossacc.render.style import PAGE_STYLE, STYLE
from sklearn_lossacc.render.tables import TextTable, classes_table, metrics_table, rows_table, waterfall_table

UNIT = re.compile(r"(?<=[\d\]]) (?=%|nats\b)")
STATES = {
    "error": "Something is broken",
    "warning": "Something needs repair",
    "tip": "Worth knowing",
    "fine": "Nothing was found",
}


QUIET_CAPTIONS = {
    "Passed": "Rules that did not fire, and what they say.",
    "Not applicable": "Rules whose question cannot be asked of these data, and why.",
    "Ignored on request": "Rules that were not judged.",
}
CAPTIONS = {
    "waterfall": "Parts of the loss in nats, from chance to what was observed. Parts that were not selected are 0; "
    "their interval is an upper bound.",
    "classes": "One row a class. Share is that of its labels, mean probability what the model gives it on average.",
    "rows": "Rows of the data by their position. Surprise p is the probability that the model itself gives to a label "
    "at least as unlikely as this one.",
    "metrics": "Every number with its 95 % interval and how the interval was made.",
}


class Picture(Protocol):
    """A drawn panel: its name, its title, and an ``svg`` element that is safe to put into the page."""

    @property
    def name(self) -> str:
        """Name of the panel."""

    @property
    def title(self) -> str:
        """What it shows, in words."""

    @property
    def svg(self) -> str:
        """The element."""


def html_page(diagnosis: Diagnosis, pictures: Sequence[Picture] = ()) -> str:
    """Write the report as one HTML page.

    The page needs no network and no scripts. Every text that comes from the user is escaped.

    Parameters
    ----------
    diagnosis : Diagnosis
        What to write.
    pictures : sequence of Picture, default=()
        The drawn panels; without them the page has no figures.

    Returns
    -------
    str
        The page.

    Examples
    --------
    >>> from sklearn_lossacc.findings.diagnose import diagnose
    >>> page = html_page(diagnose([0, 1], [[0.8, 0.2], [0.3, 0.7]], name="<b>"))
    >>> "<title>&lt;b&gt;: loss and accuracy</title>" in page
    True
    """
    sections = _page_sections(diagnosis, pictures)
    links = "".join(f'<li><a href="#{anchor}">{title}</a></li>' for anchor, title, _ in sections)
    body = "".join(
        f'<section aria-labelledby="{anchor}"><h2 id="{anchor}">{title}</h2>{content}</section>'
        for anchor, title, content in sections
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{_text(diagnosis.name)}: loss and accuracy</title>\n<style>{STYLE}{PAGE_STYLE}</style>\n</head>\n"
        f'<body class="lossacc">\n<a class="skip" href="#report">Skip to the report</a>\n'
        f"<header>{_heading(diagnosis, 1)}</header>\n"
        f'<nav aria-label="Sections of the report"><ul>{links}</ul></nav>\n'
        f'<main id="report">{_verdict(diagnosis)}{body}</main>\n'
        f'<footer><p class="quiet">{_text(promise(diagnosis))}</p>'
        f'<p class="quiet">Losses are natural logarithms (nats). Written by sklearn_lossacc.</p></footer>\n'
        "</body>\n</html>\n"
    )


def html_fragment(diagnosis: Diagnosis) -> str:
    """Write the report for a notebook: verdict, advice, numbers and findings, without figures.

    Parameters
    ----------
    diagnosis : Diagnosis
        What to write.

    Returns
    -------
    str
        A ``div`` with its own style, which reaches nothing outside it. It has no ids, so it may be shown twice.

    Examples
    --------
    >>> from sklearn_lossacc.findings.diagnose import diagnose
    >>> html_fragment(diagnose([0, 1], [[0.8, 0.2], [0.3, 0.7]]))[:5]
    '<div '
    """
    return (
        f'<div class="lossacc" style="padding:0 1rem 1rem"><style>{STYLE}</style>{_heading(diagnosis, 3)}'
        f"{_verdict(diagnosis)}<h4>What to do</h4>{_todo(diagnosis)}<h4>The numbers that matter</h4>"
        f"{_key_numbers(diagnosis)}{_fired(diagnosis, level=4)}</div>"
    )


def _page_sections(diagnosis: Diagnosis, pictures: Sequence[Picture]) -> list[tuple[str, str, str]]:
    """Return anchor, title and content of each section of the page."""
    fired = _fired(diagnosis, level=3)
    quiet = "".join(
        f"<h3>{_text(table.caption)}</h3>{_table(table, QUIET_CAPTIONS[table.caption])}"
        for table in quiet_tables(diagnosis)
    )
    sections = [
        ("todo", "What to do", _todo(diagnosis)),
        ("numbers", "The numbers that matter", _key_numbers(diagnosis)),
        ("figures", "Figures", _figures(pictures)),
        ("findings", "Findings", f"<p>{_text(tally(diagnosis))}.</p>{fired}{quiet}"),
    ]
    for anchor, table in (
        ("waterfall", waterfall_table(diagnosis)),
        ("classes", classes_table(diagnosis)),
        ("rows", rows_table(diagnosis)),
        ("metrics", metrics_table(diagnosis)),
    ):
        sections.append((anchor, _text(table.caption), _table(table, CAPTIONS[anchor], total=anchor == "waterfall")))
    return [section for section in sections if section[2]]


def _text(text: object) -> str:
    """Escape a text for HTML; no line breaks, no control characters, and no break before a unit."""
    return escape(UNIT.sub("\N{NO-BREAK SPACE}", one_line(text)))


def _number(text: str) -> str:
    """Escape a written number, with a true minus sign."""
    return _text(typographic(text))


def _heading(diagnosis: Diagnosis, level: int) -> str:
    """Write the name and what was given."""
    return f'<h{level}>{_text(diagnosis.name)}</h{level}><p class="quiet">{_text(description_text(diagnosis))}</p>'


def _verdict(diagnosis: Diagnosis) -> str:
    """Write what is going on, with the gravest severity in words and colour."""
    issues = ordered_issues(diagnosis)
    state = issues[0].severity if issues else "fine"
    return (
        f'<div class="verdict is-{state}"><p class="state">{STATES[state]}</p><p>{_text(verdict(diagnosis))}</p></div>'
    )


def _todo(diagnosis: Diagnosis) -> str:
    """Write the advice, gravest first."""
    items = "".join(f"<li>{_text(words)}</li>" for words in what_to_do(diagnosis))
    return f'<ol class="todo">{items}</ol>'


def _key_numbers(diagnosis: Diagnosis) -> str:
    """Write the five numbers that matter, each with interval and with what to compare it to."""

    def text(name: str) -> str:
        return metric_text(diagnosis, name)

    clipped = f"; clipped {text('log_loss_clipped')}" if diagnosis.decomposition.clipped else ""
    tiles = (
        ("Accuracy", "accuracy", f"majority class {text('majority_accuracy')}, balanced {text('balanced_accuracy')}"),
        ("Log loss", "log_loss", f"chance {text('chance_log_loss')}, prior {text('prior_log_loss')}{clipped}"),
        ("Log loss that the model expects", "expected_log_loss", "if its probabilities were true"),
        ("Calibration loss", "calibration_loss", f"repairable; fitted alone, T = {text('temperature')}"),
        ("Mean confidence", "mean_confidence", f"minus accuracy {text('confidence_gap')}"),
        ("ECE, 15 bins", "ece", f"if calibrated {text('ece_null_mean')}, 95 % under {text('ece_null_q95')}"),
    )
    written = "".join(
        f'<div><dt>{_text(label)}</dt><dd class="value">{_number(text(name))}</dd>'
        f'{_limits(metric_limits(diagnosis, name))}<dd class="note">{_number(note)}</dd></div>'
        for label, name, note in tiles
    )
    return f'<dl class="key">{written}</dl>'


def _limits(limits: str) -> str:
    """Write an interval on its own line."""
    return f'<dd class="note">{_number(limits)}</dd>' if limits else ""


def _figures(pictures: Sequence[Picture]) -> str:
    """Write the figures, each under the title that says what it shows."""
    if not pictures:
        return ""
    figures = "".join(
        f"<figure><figcaption>{_text(picture.title)}</figcaption>{picture.svg}</figure>" for picture in pictures
    )
    return f'<div class="figures">{figures}</div>'


def _fired(diagnosis: Diagnosis, level: int) -> str:
    """Write the findings that fired, by severity."""
    parts = []
    for severity, caption in SEVERITY_SECTIONS:
        found = [finding for finding in ordered_issues(diagnosis) if finding.severity == severity]
        if found:
            parts.append(f"<h{level}>{caption}</h{level}>")
            parts += [_card(finding, level + 1) for finding in found]
    return "".join(parts)


def _card(finding: Finding, level: int) -> str:
    """Write one fired finding."""
    numbers = " · ".join(_number(text) for text in finding_numbers(finding))
    advice = f"<p><strong>Do:</strong> {_text(finding.advice)}</p>" if finding.advice else ""
    return (
        f'<article class="is-{finding.severity}"><h{level}><span class="code">{_text(finding.code)}</span>'
        f"{_text(finding_title(finding))}</h{level}><p>{_text(finding.headline)}</p>{advice}"
        f'<p class="quiet numbers">{numbers}{_more(finding, bool(numbers))}</p></article>'
    )


def _more(finding: Finding, after_numbers: bool) -> str:
    """Link to the page of a rule, if it is a web address."""
    if urlsplit(finding.url).scheme not in ("http", "https"):
        return ""
    link = f'<a href="{escape(finding.url)}">About {_text(finding.code)}</a>'
    return f" · {link}" if after_numbers else link


def _table(table: TextTable, explanation: str = "", *, total: bool = False) -> str:
    """Write a table below its explanation; the first column names the rows, and it scrolls on a narrow screen.

    The caption is for screen readers, since the heading above the table says the same.
    """
    if not table.rows:
        return f'<p class="quiet">{counted(0, "row")}</p>'
    numeric = table.numeric
    head = "".join(
        f'<th scope="col"{_aligned(right)}>{_text(column)}</th>'
        for column, right in zip(table.columns, numeric, strict=True)
    )
    rows = []
    for place, row in enumerate(table.rows):
        first, *rest = zip(row, numeric, strict=True)
        cells = "".join(f"<td{_aligned(right)}>{_number(cell) if right else _text(cell)}</td>" for cell, right in rest)
        last = ' class="total"' if total and place == len(table.rows) - 1 else ""
        rows.append(f'<tr{last}><th scope="row"{_aligned(first[1])}>{_text(first[0])}</th>{cells}</tr>')
    label = _text(table.caption)
    wide = ' class="wide"' if "conclusion" in table.columns else ""
    explained = f'<p class="quiet">{_text(explanation)}</p>' if explanation else ""
    return (
        f'{explained}<div class="scroll" role="region" tabindex="0" aria-label="{label}"><table{wide}>'
        f'<caption class="unseen">{label}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _aligned(right: bool) -> str:
    """Return the class of a cell of numbers."""
    return ' class="n"' if right else ""
