"""The report as one HTML page: offline, without scripts, for desks, phones, screen readers and paper."""

from __future__ import annotations

from collections.abc import Sequence

from sklearn_lossacc.findings.diagnosis import Diagnosis
from sklearn_lossacc.findings.wording import (
    description_text,
    finding_numbers,
    metric_limits,
    metric_text,
    ordered_issues,
    tally,
    temperature_identified,
    verdict,
    what_to_do,
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
from sklearn_lossacc.render.sections import promise, quiet_tables
from sklearn_lossacc.render.style import STYLE
from sklearn_lossacc.render.tables import (
    classes_table,
    folds_table,
    metrics_table,
    rows_table,
    settings_table,
    waterfall_table,
)

CAPTIONS = {
    "waterfall": "Parts of the loss in nats, from chance to what was observed. Parts that were not selected are 0; "
    "their interval is an upper bound.",
    "settings": "Means over the folds, best log loss first, with 95 % limits of differences by the corrected paired "
    "t-test; p-values after Holm's correction over all pairs of settings.",
    "folds": "One row a fold of the cross-validation. Losses are clipped at 2.2e-16.",
    "classes": "One row a class. Share is that of its labels, mean probability what the model gives it on average.",
    "rows": "Rows of the data by their position. Surprise p is the probability that the model itself gives to a label "
    "at least as unlikely as this one.",
    "metrics": "Every number with its 95 % interval and how the interval was made.",
}


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
    return whole_page(
        title=f"{diagnosis.name}: loss and accuracy",
        heading=_heading(diagnosis, 1),
        sections=_page_sections(diagnosis, pictures),
        verdict=_verdict(diagnosis),
        promise=promise(diagnosis),
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
        f"<h3>{safe_text(table.caption)}</h3>{table_html(table, QUIET_CAPTIONS[table.caption])}"
        for table in quiet_tables(diagnosis)
    )
    sections = [
        ("todo", "What to do", _todo(diagnosis)),
        ("numbers", "The numbers that matter", _key_numbers(diagnosis)),
        ("figures", "Figures", figures_html(pictures)),
        ("findings", "Findings", f"<p>{safe_text(tally(diagnosis))}.</p>{fired}{quiet}"),
    ]
    for anchor, table in (
        ("waterfall", waterfall_table(diagnosis)),
        ("settings", settings_table(diagnosis)),
        ("folds", folds_table(diagnosis)),
        ("classes", classes_table(diagnosis)),
        ("rows", rows_table(diagnosis)),
        ("metrics", metrics_table(diagnosis)),
    ):
        if table is not None:
            sections.append(
                (anchor, safe_text(table.caption), table_html(table, CAPTIONS[anchor], total=anchor == "waterfall"))
            )
    return [section for section in sections if section[2]]


def _heading(diagnosis: Diagnosis, level: int) -> str:
    """Write the name and what was given."""
    return heading_html(diagnosis.name, description_text(diagnosis), level)


def _verdict(diagnosis: Diagnosis) -> str:
    """Write what is going on, with the gravest severity in words and colour."""
    return verdict_html(ordered_issues(diagnosis), verdict(diagnosis))


def _todo(diagnosis: Diagnosis) -> str:
    """Write the advice, gravest first."""
    return advice_html(what_to_do(diagnosis))


def _key_numbers(diagnosis: Diagnosis) -> str:
    """Write the five numbers that matter, each with interval and with what to compare it to."""

    def text(name: str) -> str:
        return metric_text(diagnosis, name)

    clipped = f"; clipped {text('log_loss_clipped')}" if diagnosis.decomposition.clipped else ""
    known = temperature_identified(diagnosis)
    alone = f"fitted alone, T = {text('temperature')}" if known else "no temperature is identified"
    tiles = (
        ("Accuracy", "accuracy", f"majority class {text('majority_accuracy')}, balanced {text('balanced_accuracy')}"),
        ("Log loss", "log_loss", f"chance {text('chance_log_loss')}, prior {text('prior_log_loss')}{clipped}"),
        ("Log loss that the model expects", "expected_log_loss", "if its probabilities were true"),
        ("Calibration loss", "calibration_loss", f"repairable; {alone}"),
        ("Mean confidence", "mean_confidence", f"minus accuracy {text('confidence_gap')}"),
        ("ECE, 15 bins", "ece", f"if calibrated {text('ece_null_mean')}, 95 % under {text('ece_null_q95')}"),
    )
    written = "".join(
        tile_html(label, text(name), (metric_limits(diagnosis, name), note)) for label, name, note in tiles
    )
    return f'<dl class="key">{written}</dl>'


def _fired(diagnosis: Diagnosis, level: int) -> str:
    """Write the findings that fired, by severity."""
    return findings_html([(finding, finding_numbers(finding)) for finding in ordered_issues(diagnosis)], level)
