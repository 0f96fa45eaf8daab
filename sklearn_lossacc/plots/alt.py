"""What a panel shows, in words for those who do not see it."""

from __future__ import annotations

from sklearn_lossacc.findings.diagnosis import Diagnosis
from sklearn_lossacc.findings.format import count, nats, one_line, percent
from sklearn_lossacc.findings.wording import counted, metric_text, waterfall_text
from sklearn_lossacc.plots.confusion import confused_pairs
from sklearn_lossacc.plots.reliability import inside_band


def waterfall_alt(diagnosis: Diagnosis) -> str:
    """Say the waterfall as a sum."""
    return f"Waterfall of the loss in nats: {waterfall_text(diagnosis)}."


def reliability_alt(diagnosis: Diagnosis) -> str:
    """Say how many bins leave the band, and the two means."""
    inside = inside_band(diagnosis.tables["reliability"])
    return (
        f"Reliability diagram: accuracy against confidence in {counted(len(inside), 'bin')}, of which "
        f"{inside.count(False)} lie outside the 95 % band of a calibrated model. "
        f"Accuracy {metric_text(diagnosis, 'accuracy')}, mean confidence {metric_text(diagnosis, 'mean_confidence')}."
    )


def loss_alt(diagnosis: Diagnosis) -> str:
    """Say the two means of the loss."""
    return (
        "Distribution of the loss of a row against the one that the model expects: observed mean "
        f"{nats(diagnosis.decomposition.total)} nats, expected mean {metric_text(diagnosis, 'expected_log_loss')}."
    )


def classes_alt(diagnosis: Diagnosis) -> str:
    """Point to the table, which holds the same numbers."""
    n_classes = len(diagnosis.tables["classes"]["label"])
    return (
        f"Share of rows, accuracy and loss of {counted(n_classes, 'class', 'classes')}, each with its interval; "
        "the class table holds the same numbers."
    )


def confusion_alt(diagnosis: Diagnosis) -> str:
    """Name the pairs most often confused."""
    pairs = [
        f"{one_line(true)} taken for {one_line(predicted)} in {count(weight)} rows ({percent(share)} of its rows)"
        for true, predicted, weight, share in confused_pairs(diagnosis.tables["confusion"])[:3]
    ]
    return f"Confusion of classes; most often {'; '.join(pairs)}." if pairs else "Confusion of classes: none."


def rows_alt(diagnosis: Diagnosis) -> str:
    """Point to the table, which holds the same numbers."""
    del diagnosis
    return "The rows of largest loss; the table of rows holds the same numbers."
