"""The report of a history as one HTML page: offline, without scripts."""

from __future__ import annotations

from collections.abc import Sequence

from sklearn_lossacc.findings.history import HistoryDiagnosis
from sklearn_lossacc.findings.history.wording import (
    METRICS,
    band,
    description,
    metric,
    metric_range,
    value_text,
    verdict,
    what_to_do,
)
from sklearn_lossacc.findings.wording import ordered_issues, tally
from sklearn_lossacc.render.history.tables import number_tables, promise, quiet_tables
from sklearn_lossacc.render.page import (
    QUIET_CAPTIONS,
    Picture,
    advice_html,
    figures_html,
    findings_html,
    heading_html,
    safe_text,
    table_html,
    tile_html,
    verdict_html,
    whole_page,
)
from sklearn_lossacc.render.style import STYLE

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
    return whole_page(
        title=f"{diagnosis.name}: training history",
        heading=_heading(diagnosis, 1),
        sections=_sections(diagnosis, pictures),
        verdict=_verdict(diagnosis),
        promise=promise(),
        style=WIDE_STYLE,
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
        f"<h3>{safe_text(table.caption)}</h3>{table_html(table, QUIET_CAPTIONS[table.caption])}"
        for table in quiet_tables(diagnosis)
    )
    sections = [
        ("todo", "What to do", _todo(diagnosis)),
        ("numbers", "The numbers that matter", _key_numbers(diagnosis)),
        ("figures", "Figure", _wide(figures_html(pictures))),
        ("findings", "Findings", f"<p>{safe_text(tally(diagnosis))}.</p>{_fired(diagnosis, level=3)}{quiet}"),
    ]
    for table in number_tables(diagnosis):
        anchor = ANCHORS.get(table.caption, "rows")
        sections.append((anchor, safe_text(table.caption), table_html(table, CAPTIONS[anchor])))
    return [section for section in sections if section[2]]


def _wide(figures: str) -> str:
    """Let figures fill the width of the page."""
    return f'<div class="wide">{figures}</div>' if figures else ""


def _heading(diagnosis: HistoryDiagnosis, level: int) -> str:
    """Write the name and what was given."""
    return heading_html(diagnosis.name, description(diagnosis), level)


def _verdict(diagnosis: HistoryDiagnosis) -> str:
    """Write what is going on, with the gravest severity in words and colour."""
    return verdict_html(ordered_issues(diagnosis), verdict(diagnosis))


def _todo(diagnosis: HistoryDiagnosis) -> str:
    """Write the advice, gravest first."""
    return advice_html(what_to_do(diagnosis))


def _key_numbers(diagnosis: HistoryDiagnosis) -> str:
    """Write the numbers that matter, each with its interval."""
    tiles = []
    for name in ("last_val_loss", "lowest_val_loss", "last_val_accuracy", "highest_val_accuracy"):
        if name in diagnosis.metrics:
            note = metric_range(diagnosis, name)
            if name == "last_val_loss" and band(diagnosis):
                note = f"{note + '; ' if note else ''}calibrated models of that accuracy {band(diagnosis)}"
            label = METRICS[name].label
            tiles.append(tile_html(label[:1].upper() + label[1:], metric(diagnosis, name), (note,)))
    return f'<dl class="key">{"".join(tiles)}</dl>' if tiles else ""


def _fired(diagnosis: HistoryDiagnosis, level: int) -> str:
    """Write the findings that fired, by severity."""
    return findings_html([(finding, (value_text(finding),)) for finding in ordered_issues(diagnosis)], level)
