"""The report as one HTML page: offline, without scripts, for desks, phones, screen readers and paper."""

from __future__ import annotations

from collections.abc import Sequence

from sklearn_lossacc.render.document import Document
from sklearn_lossacc.render.page import (
    Picture,
    advice_html,
    figures_html,
    findings_html,
    heading_html,
    quiet_html,
    safe_text,
    table_html,
    tiles_html,
    verdict_html,
    whole_page,
)
from sklearn_lossacc.render.style import STYLE


def html_page(document: Document, pictures: Sequence[Picture] = ()) -> str:
    """Write the report as one HTML page.

    The page needs no network and no scripts. Every text that comes from the user is escaped.

    Parameters
    ----------
    document : Document
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
    >>> from sklearn_lossacc.render import predictions_document
    >>> page = html_page(predictions_document(diagnose([0, 1], [[0.8, 0.2], [0.3, 0.7]], name="<b>")))
    >>> "<title>&lt;b&gt;: loss and accuracy</title>" in page
    True
    """
    findings = f"<p>{safe_text(document.tally)}.</p>{findings_html(document.issues, 3)}{quiet_html(document.quiet, 3)}"
    sections = [
        ("todo", "What to do", advice_html(document.advice)),
        ("numbers", "The numbers that matter", tiles_html(document.tiles)),
        ("figures", "Figure" if len(pictures) == 1 else "Figures", figures_html(pictures, wide=document.wide_figures)),
        ("findings", "Findings", findings),
    ]
    for anchor, table, explanation, total in document.chapters:
        sections.append((anchor, safe_text(table.caption), table_html(table, explanation, total=total)))
    return whole_page(
        title=f"{document.name}: {document.kind}",
        heading=heading_html(document.name, document.description, 1),
        sections=[section for section in sections if section[2]],
        verdict=verdict_html(document.issues, document.verdict),
        promise=document.promise,
    )


def html_fragment(document: Document) -> str:
    """Write the report for a notebook: verdict, advice, numbers and findings, without figures.

    Parameters
    ----------
    document : Document
        What to write.

    Returns
    -------
    str
        A ``div`` with its own style, which reaches nothing outside it. It has no ids, so it may be shown twice.

    Examples
    --------
    >>> from sklearn_lossacc.findings.diagnose import diagnose
    >>> from sklearn_lossacc.render import predictions_document
    >>> html_fragment(predictions_document(diagnose([0, 1], [[0.8, 0.2], [0.3, 0.7]])))[:5]
    '<div '
    """
    overview = "" if document.overview is None else table_html(document.overview)
    return (
        f'<div class="lossacc" style="padding:0 1rem 1rem"><style>{STYLE}</style>'
        f"{heading_html(document.name, document.description, 3)}{verdict_html(document.issues, document.verdict)}"
        f"<h4>What to do</h4>{advice_html(document.advice)}{overview}"
        f"<h4>The numbers that matter</h4>{tiles_html(document.tiles)}{findings_html(document.issues, 4)}</div>"
    )
