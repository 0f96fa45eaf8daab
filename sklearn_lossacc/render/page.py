"""The parts of an HTML page: escaped texts, tables, figures, and the page around them.

Offline, without scripts, for desks, phones, screen readers and paper. Every text that comes from the user goes through
`safe_text` or `safe_number`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Protocol
from urllib.parse import urlsplit

from sklearn_lossacc.findings.finding import Finding
from sklearn_lossacc.findings.format import one_line, typographic
from sklearn_lossacc.findings.wording import counted, finding_title
from sklearn_lossacc.render.document import SEVERITY_SECTIONS, Tile
from sklearn_lossacc.render.style import PAGE_STYLE, STYLE
from sklearn_lossacc.render.text_table import TextTable

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


def safe_text(text: object) -> str:
    r"""Escape a text for HTML; no line breaks, no control characters, and no break before a unit.

    Parameters
    ----------
    text : object
        Any text, such as the name of a model.

    Returns
    -------
    str
        Text without markup.

    Examples
    --------
    >>> safe_text("<b> 3 %")
    '&lt;b&gt; 3\xa0%'
    """
    return escape(UNIT.sub("\N{NO-BREAK SPACE}", one_line(text)))


def safe_number(text: str) -> str:
    """Escape a written number, with a true minus sign.

    Parameters
    ----------
    text : str
        A number written by `sklearn_lossacc.findings.format`.

    Returns
    -------
    str
        Text without markup.
    """
    return safe_text(typographic(text))


def whole_page(
    *,
    title: str,
    heading: str,
    sections: Sequence[tuple[str, str, str]],
    verdict: str,
    promise: str,
) -> str:
    """Put a page together.

    Parameters
    ----------
    title : str
        Of the window; escaped here.
    heading, verdict : str
        Elements above the sections.
    sections : sequence of tuple of str
        Anchor, title and content of each section, all of them elements or escaped texts.
    promise : str
        What the findings promise; escaped here.

    Returns
    -------
    str
        The page.
    """
    links = "".join(f'<li><a href="#{anchor}">{words}</a></li>' for anchor, words, _ in sections)
    body = "".join(
        f'<section aria-labelledby="{anchor}"><h2 id="{anchor}">{words}</h2>{content}</section>'
        for anchor, words, content in sections
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{safe_text(title)}</title>\n<style>{STYLE}{PAGE_STYLE}</style>\n</head>\n"
        f'<body class="lossacc">\n<a class="skip" href="#report">Skip to the report</a>\n'
        f"<header>{heading}</header>\n"
        f'<nav aria-label="Sections of the report"><ul>{links}</ul></nav>\n'
        f'<main id="report">{verdict}{body}</main>\n'
        f'<footer><p class="quiet">{safe_text(promise)}</p>'
        '<p class="quiet">Losses are natural logarithms (nats). Written by sklearn_lossacc.</p></footer>\n'
        "</body>\n</html>\n"
    )


def heading_html(name: str, description: str, level: int) -> str:
    """Write a name and what was given; both are escaped.

    Parameters
    ----------
    name, description : str
        Any texts.
    level : int
        Of the heading.

    Returns
    -------
    str
        Two elements.
    """
    return f'<h{level}>{safe_text(name)}</h{level}><p class="quiet">{safe_text(description)}</p>'


def verdict_html(issues: Sequence[tuple[Finding, Sequence[str]]], verdict: str) -> str:
    """Write what is going on, with the gravest severity in words and colour.

    Parameters
    ----------
    issues : sequence of tuple
        Fired findings, each with its numbers.
    verdict : str
        What is going on; escaped here.

    Returns
    -------
    str
        An element.
    """
    state = next((severity for severity in STATES if any(severity == one.severity for one, _ in issues)), "fine")
    return f'<div class="verdict is-{state}"><p class="state">{STATES[state]}</p><p>{safe_text(verdict)}</p></div>'


def advice_html(advice: Iterable[str]) -> str:
    """Write advice as a numbered list, each piece escaped.

    Parameters
    ----------
    advice : iterable of str
        Gravest first.

    Returns
    -------
    str
        An element.
    """
    return f'<ol class="todo">{"".join(f"<li>{safe_text(words)}</li>" for words in advice)}</ol>'


def figures_html(pictures: Sequence[Picture], *, wide: bool = False) -> str:
    """Write figures, each under the title that says what it shows.

    Parameters
    ----------
    pictures : sequence of Picture
        The drawn panels.
    wide : bool, default=False
        Whether each fills the width of the page.

    Returns
    -------
    str
        An element; empty without pictures.
    """
    if not pictures:
        return ""
    figures = "".join(
        f"<figure><figcaption>{safe_text(picture.title)}</figcaption>{picture.svg}</figure>" for picture in pictures
    )
    return f'<div class="figures{" wide" if wide else ""}">{figures}</div>'


def findings_html(findings: Sequence[tuple[Finding, Sequence[str]]], level: int) -> str:
    """Write the findings that fired, by severity.

    Parameters
    ----------
    findings : sequence of tuple
        Each finding, gravest first, with its numbers as texts.
    level : int
        Of the headings.

    Returns
    -------
    str
        Elements; empty without findings.
    """
    parts = []
    for severity, caption in SEVERITY_SECTIONS:
        cards = [_card(finding, numbers, level + 1) for finding, numbers in findings if finding.severity == severity]
        if cards:
            parts += [f"<h{level}>{caption}</h{level}>", *cards]
    return "".join(parts)


def _card(finding: Finding, numbers: Sequence[str], level: int) -> str:
    """Write one fired finding."""
    written = [safe_number(text) for text in numbers if text]
    if urlsplit(finding.url).scheme in ("http", "https"):
        written.append(f'<a href="{escape(finding.url)}">About {safe_text(finding.code)}</a>')
    advice = f"<p><strong>Do:</strong> {safe_text(finding.advice)}</p>" if finding.advice else ""
    return (
        f'<article class="is-{finding.severity}"><h{level}><span class="code">{safe_text(finding.code)}</span>'
        f"{safe_text(finding_title(finding))}</h{level}><p>{safe_text(finding.headline)}</p>{advice}"
        f'<p class="quiet numbers">{" · ".join(written)}</p></article>'
    )


def quiet_html(tables: Iterable[TextTable], level: int) -> str:
    """Write the findings that did not fire, each table below a heading and what it lists.

    Parameters
    ----------
    tables : iterable of TextTable
        By `sklearn_lossacc.render.text_table.quiet_tables`.
    level : int
        Of the headings.

    Returns
    -------
    str
        Elements.
    """
    return "".join(
        f"<h{level}>{safe_text(table.caption)}</h{level}>{table_html(table, QUIET_CAPTIONS[table.caption])}"
        for table in tables
    )


def tiles_html(tiles: Sequence[Tile]) -> str:
    """Write the numbers that matter, each with what stands below it.

    Parameters
    ----------
    tiles : sequence of Tile
        Their texts are escaped here.

    Returns
    -------
    str
        An element; empty without tiles.
    """
    return f'<dl class="key">{"".join(_tile(*tile) for tile in tiles)}</dl>' if tiles else ""


def _tile(label: str, value: str, notes: Sequence[str]) -> str:
    """Write one number that matters."""
    below = "".join(f'<dd class="note">{safe_number(note)}</dd>' for note in notes if note)
    return f'<div><dt>{safe_text(label)}</dt><dd class="value">{safe_number(value)}</dd>{below}</div>'


def table_html(table: TextTable, explanation: str = "", *, total: bool = False) -> str:
    """Write a table below its explanation; the first column names the rows, and it scrolls on a narrow screen.

    The caption is for screen readers, since the heading above the table says the same.

    Parameters
    ----------
    table : TextTable
        Its cells are escaped here.
    explanation : str, default=""
        What stands above it.
    total : bool, default=False
        Whether the last row is the sum of the others.

    Returns
    -------
    str
        Elements.
    """
    if not table.rows:
        return f'<p class="quiet">{counted(0, "row")}</p>'
    numeric = table.numeric
    head = "".join(
        f'<th scope="col"{_aligned(right)}>{safe_text(column)}</th>'
        for column, right in zip(table.columns, numeric, strict=True)
    )
    rows = []
    for place, row in enumerate(table.rows):
        first, *rest = zip(row, numeric, strict=True)
        cells = "".join(
            f"<td{_aligned(right)}>{safe_number(cell) if right else safe_text(cell)}</td>" for cell, right in rest
        )
        last = ' class="total"' if total and place == len(table.rows) - 1 else ""
        rows.append(f'<tr{last}><th scope="row"{_aligned(first[1])}>{safe_text(first[0])}</th>{cells}</tr>')
    label = safe_text(table.caption)
    wide = ' class="wide"' if "conclusion" in table.columns else ""
    explained = f'<p class="quiet">{safe_text(explanation)}</p>' if explanation else ""
    return (
        f'{explained}<div class="scroll" role="region" tabindex="0" aria-label="{label}"><table{wide}>'
        f'<caption class="unseen">{label}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _aligned(right: bool) -> str:
    """Return the class of a cell of numbers."""
    return ' class="n"' if right else ""
