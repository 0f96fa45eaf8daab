"""The report of a comparison as one HTML page: offline, without scripts."""

from __future__ import annotations

from collections.abc import Sequence

from sklearn_lossacc.findings.comparison import ComparisonDiagnosis
from sklearn_lossacc.findings.comparison.wording import (
    DIFFERENCES,
    by_measure,
    description,
    difference_texts,
    finding_numbers,
    pair_words,
    verdict,
    what_to_do,
)
from sklearn_lossacc.findings.wording import ordered_issues, tally
from sklearn_lossacc.render.comparison.tables import (
    differences_table,
    mechanisms_table,
    models_table,
    promise,
    quiet_tables,
    rows_table,
    stories_table,
)
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

CAPTIONS = {
    "models": "Each model by itself. Calibration is what one temperature would repair, refinement the rest.",
    "differences": "On the same rows, with rows or groups as draws. A negative difference in loss speaks for the model "
    "that is named first; a negative difference in accuracy against it.",
    "stories": "The contributions sum to the difference in log loss.",
    "mechanisms": "Certainty and capacity sum to the difference in log loss; noise is a part of it, within them.",
    "rows": "Rows of the data by their position, and what each adds to the difference of the mean losses.",
}


def comparison_page(diagnosis: ComparisonDiagnosis, pictures: Sequence[Picture] = ()) -> str:
    """Write the report as one HTML page that needs no network and no scripts.

    Parameters
    ----------
    diagnosis : ComparisonDiagnosis
        What to write.
    pictures : sequence of Picture, default=()
        The drawn panels.

    Returns
    -------
    str
        The page; every text that comes from the user is escaped.

    Examples
    --------
    >>> from sklearn_lossacc.findings.comparison import ComparisonDiagnosis
    >>> d = ComparisonDiagnosis.from_predictions([1, 0], {"<A>": [0.9, 0.2], "B": [0.7, 0.4]})
    >>> "<title>&lt;A&gt; vs B: comparison</title>" in comparison_page(d)
    True
    """
    return whole_page(
        title=f"{diagnosis.name}: comparison",
        heading=_heading(diagnosis, 1),
        sections=_sections(diagnosis, pictures),
        verdict=_verdict(diagnosis),
        promise=promise(diagnosis),
    )


def comparison_fragment(diagnosis: ComparisonDiagnosis) -> str:
    """Write the report for a notebook: verdict, advice, numbers and findings, without figures.

    Parameters
    ----------
    diagnosis : ComparisonDiagnosis
        What to write.

    Returns
    -------
    str
        A ``div`` with its own style and without ids.

    Examples
    --------
    >>> from sklearn_lossacc.findings.comparison import ComparisonDiagnosis
    >>> comparison_fragment(ComparisonDiagnosis.from_predictions([1, 0], {"A": [0.9, 0.2], "B": [0.7, 0.4]}))[:5]
    '<div '
    """
    return (
        f'<div class="lossacc" style="padding:0 1rem 1rem"><style>{STYLE}</style>{_heading(diagnosis, 3)}'
        f"{_verdict(diagnosis)}{advice_html(what_to_do(diagnosis))}{table_html(models_table(diagnosis))}"
        f"{_key_numbers(diagnosis)}{_fired(diagnosis, level=4)}</div>"
    )


def _sections(diagnosis: ComparisonDiagnosis, pictures: Sequence[Picture]) -> list[tuple[str, str, str]]:
    """Return anchor, title and content of each section."""
    quiet = "".join(
        f"<h3>{safe_text(table.caption)}</h3>{table_html(table, QUIET_CAPTIONS[table.caption])}"
        for table in quiet_tables(diagnosis)
    )
    sections = [
        ("todo", "What to do", advice_html(what_to_do(diagnosis))),
        ("numbers", "The numbers that matter", _key_numbers(diagnosis)),
        ("figures", "Figures", figures_html(pictures)),
        ("findings", "Findings", f"<p>{safe_text(tally(diagnosis))}.</p>{_fired(diagnosis, level=3)}{quiet}"),
    ]
    for anchor, table in (
        ("models", models_table(diagnosis)),
        ("differences", differences_table(diagnosis)),
        ("stories", stories_table(diagnosis)),
        ("mechanisms", mechanisms_table(diagnosis)),
        ("rows", rows_table(diagnosis)),
    ):
        sections.append((anchor, safe_text(table.caption), table_html(table, CAPTIONS[anchor])))
    return [section for section in sections if section[2]]


def _heading(diagnosis: ComparisonDiagnosis, level: int) -> str:
    """Write the name and what was given."""
    return heading_html(diagnosis.name, description(diagnosis), level)


def _verdict(diagnosis: ComparisonDiagnosis) -> str:
    """Write what is going on, with the gravest severity in words and colour."""
    return verdict_html(ordered_issues(diagnosis), verdict(diagnosis))


def _key_numbers(diagnosis: ComparisonDiagnosis) -> str:
    """Write the differences of the leading pair, each with interval and p-value."""
    pair = diagnosis.pairs[diagnosis.pair_place()]
    records = by_measure(diagnosis, pair)
    tiles = []
    for measure, quantity in DIFFERENCES.items():
        value, limits, p_value = difference_texts(records[measure])
        label = quantity.label[:1].upper() + quantity.label[1:]
        tiles.append(tile_html(f"{label}, {pair_words(pair)}", value, (limits, p_value)))
    return f'<dl class="key">{"".join(tiles)}</dl>'


def _fired(diagnosis: ComparisonDiagnosis, level: int) -> str:
    """Write the findings that fired, by severity."""
    return findings_html([(finding, finding_numbers(finding)) for finding in ordered_issues(diagnosis)], level)
