"""What a report on predictions says."""

from __future__ import annotations

from sklearn_lossacc.findings.diagnosis import Diagnosis
from sklearn_lossacc.findings.finding import Finding
from sklearn_lossacc.findings.text import diagnosis_text
from sklearn_lossacc.findings.wording import (
    description_text,
    finding_limits,
    finding_numbers,
    finding_value,
    metric_limits,
    metric_text,
    ordered_issues,
    tally,
    temperature_identified,
    verdict,
    what_to_do,
)
from sklearn_lossacc.render.document import Chapter, Document, Tile
from sklearn_lossacc.render.predictions.tables import (
    classes_table,
    folds_table,
    metrics_table,
    rows_table,
    settings_table,
    waterfall_table,
)
from sklearn_lossacc.render.text_table import quiet_tables

EXPLANATIONS = {
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


def predictions_document(diagnosis: Diagnosis) -> Document:
    """Gather what a report on predictions says.

    Parameters
    ----------
    diagnosis : Diagnosis
        What was found.

    Returns
    -------
    Document
        Its texts.

    Examples
    --------
    >>> from sklearn_lossacc.findings.diagnose import diagnose
    >>> [tile.label for tile in predictions_document(diagnose([0, 1], [[0.8, 0.2], [0.3, 0.7]])).tiles][:2]
    ['Accuracy', 'Log loss']
    """
    tables = {
        "waterfall": waterfall_table(diagnosis),
        "settings": settings_table(diagnosis),
        "folds": folds_table(diagnosis),
        "classes": classes_table(diagnosis),
        "rows": rows_table(diagnosis),
        "metrics": metrics_table(diagnosis),
    }
    return Document(
        kind="loss and accuracy",
        name=diagnosis.name,
        description=description_text(diagnosis),
        printed=diagnosis_text(diagnosis),
        verdict=verdict(diagnosis),
        advice=tuple(what_to_do(diagnosis)),
        tiles=_tiles(diagnosis),
        tally=tally(diagnosis),
        issues=tuple((finding, tuple(finding_numbers(finding))) for finding in ordered_issues(diagnosis)),
        quiet=quiet_tables(diagnosis, _value),
        chapters=tuple(
            Chapter(anchor, table, EXPLANATIONS[anchor], total=anchor == "waterfall")
            for anchor, table in tables.items()
            if table is not None
        ),
        promise=f"On a healthy model the chance that any finding with a p-value fires is at most {diagnosis.alpha:g}. "
        "Findings without a p-value are conditions and make no such claim. A passed finding is not a proof of health: "
        "where an effect that matters could not be excluded, it says so.",
    )


def _value(finding: Finding) -> str:
    """Write the number of a finding, with its limits."""
    return f"{finding_value(finding)} {finding_limits(finding)}".strip()


def _tiles(diagnosis: Diagnosis) -> tuple[Tile, ...]:
    """Write the numbers that matter, each with its interval and with what to compare it to."""

    def text(name: str) -> str:
        return metric_text(diagnosis, name)

    clipped = f"; clipped {text('log_loss_clipped')}" if diagnosis.decomposition.clipped else ""
    known = temperature_identified(diagnosis)
    alone = f"fitted alone, T = {text('temperature')}" if known else "no temperature is identified"
    numbers = (
        ("Accuracy", "accuracy", f"majority class {text('majority_accuracy')}, balanced {text('balanced_accuracy')}"),
        ("Log loss", "log_loss", f"chance {text('chance_log_loss')}, prior {text('prior_log_loss')}{clipped}"),
        ("Log loss that the model expects", "expected_log_loss", "if its probabilities were true"),
        ("Calibration loss", "calibration_loss", f"repairable; {alone}"),
        ("Mean confidence", "mean_confidence", f"minus accuracy {text('confidence_gap')}"),
        ("ECE, 15 bins", "ece", f"if calibrated {text('ece_null_mean')}, 95 % under {text('ece_null_q95')}"),
    )
    return tuple(Tile(label, text(name), (metric_limits(diagnosis, name), note)) for label, name, note in numbers)
