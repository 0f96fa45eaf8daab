"""What a report on a comparison says."""

from __future__ import annotations

from sklearn_lossacc.findings.comparison import ComparisonDiagnosis
from sklearn_lossacc.findings.comparison.text import comparison_text
from sklearn_lossacc.findings.comparison.wording import (
    DIFFERENCES,
    by_measure,
    description,
    difference_texts,
    finding_numbers,
    pair_words,
    value_text,
    verdict,
    what_to_do,
)
from sklearn_lossacc.findings.wording import ordered_issues, tally
from sklearn_lossacc.render.comparison.tables import (
    differences_table,
    mechanisms_table,
    models_table,
    rows_table,
    stories_table,
)
from sklearn_lossacc.render.document import Chapter, Document, Tile
from sklearn_lossacc.render.text_table import quiet_tables

EXPLANATIONS = {
    "models": "Each model by itself. Calibration is what one temperature would repair, refinement the rest.",
    "differences": "On the same rows, with rows or groups as draws. A negative difference in loss speaks for the model "
    "that is named first; a negative difference in accuracy against it.",
    "stories": "The contributions sum to the difference in log loss.",
    "mechanisms": "Certainty and capacity sum to the difference in log loss; noise is a part of it, within them.",
    "rows": "Rows of the data by their position, and what each adds to the difference of the mean losses.",
}


def comparison_document(diagnosis: ComparisonDiagnosis) -> Document:
    """Gather what a report on a comparison says.

    Parameters
    ----------
    diagnosis : ComparisonDiagnosis
        What was found.

    Returns
    -------
    Document
        Its texts.

    Examples
    --------
    >>> from sklearn_lossacc.findings.comparison import ComparisonDiagnosis
    >>> d = ComparisonDiagnosis.from_predictions([1, 0], {"A": [0.9, 0.2], "B": [0.7, 0.4]})
    >>> [chapter.anchor for chapter in comparison_document(d).chapters]
    ['models', 'differences', 'stories', 'mechanisms', 'rows']
    """
    models = models_table(diagnosis)
    tables = {
        "models": models,
        "differences": differences_table(diagnosis),
        "stories": stories_table(diagnosis),
        "mechanisms": mechanisms_table(diagnosis),
        "rows": rows_table(diagnosis),
    }
    return Document(
        kind="comparison",
        name=diagnosis.name,
        description=description(diagnosis),
        printed=comparison_text(diagnosis),
        verdict=verdict(diagnosis),
        advice=tuple(what_to_do(diagnosis)),
        tiles=_tiles(diagnosis),
        tally=tally(diagnosis),
        issues=tuple((finding, finding_numbers(finding)) for finding in ordered_issues(diagnosis)),
        quiet=quiet_tables(diagnosis, value_text),
        chapters=tuple(Chapter(anchor, table, EXPLANATIONS[anchor]) for anchor, table in tables.items()),
        promise="On models that are equally good the chance that any finding with a p-value fires is at most "
        f"{diagnosis.alpha:g}, over all pairs together. Findings without a p-value are conditions. Intervals are of "
        "95 % each. The comparison is of these rows and these trained models, not of the ways they were trained.",
        overview=models,
    )


def _tiles(diagnosis: ComparisonDiagnosis) -> tuple[Tile, ...]:
    """Write the differences of the leading pair, each with interval and p-value."""
    pair = diagnosis.pairs[diagnosis.pair_place()]
    records = by_measure(diagnosis, pair)
    tiles = []
    for measure, quantity in DIFFERENCES.items():
        value, limits, p_value = difference_texts(records[measure])
        label = quantity.label[:1].upper() + quantity.label[1:]
        tiles.append(Tile(f"{label}, {pair_words(pair)}", value, (limits, p_value)))
    return tuple(tiles)
