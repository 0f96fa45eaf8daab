"""scikit-learn: fitted MLPClassifier, HistGradientBoosting and GradientBoosting classifiers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sklearn_lossacc.adapters.histories.roles import Measure, Role
from sklearn_lossacc.adapters.histories.table import LogTable, table_of
from sklearn_lossacc.exceptions import InvalidHistoryError


def recognises(source: Any) -> bool:
    """Whether this is a fitted classifier that keeps its curves."""
    return hasattr(source, "classes_") and any(hasattr(source, name) for name in ("loss_curve_", "train_score_"))


def _mlp(source: Any) -> LogTable:
    """Read a multilayer perceptron: the training loss holds its penalty, validation scores are accuracies."""
    columns = {"loss_curve_": list(source.loss_curve_)}
    roles = {"loss_curve_": Role("train", "loss", note="with the L2 penalty" if source.alpha else "")}
    if getattr(source, "validation_scores_", None) is not None:
        columns["validation_scores_"] = list(source.validation_scores_)
        roles["validation_scores_"] = Role("val", "accuracy", percent=False, note="of early stopping")
    return table_of(columns, "scikit-learn MLPClassifier", roles=roles)


def _hist_gradient_boosting(source: Any) -> LogTable:
    """Read histogram boosting: scores before each tree, of the sign that larger is better."""
    measures: dict[str, tuple[Measure, bool]] = {
        "loss": ("loss", True), "neg_log_loss": ("loss", True), "accuracy": ("accuracy", False)
    }  # fmt: skip
    scoring = source.scoring if isinstance(source.scoring, str) else "another score"
    if scoring not in measures or not len(source.train_score_):
        raise InvalidHistoryError(
            f"this {type(source).__name__} keeps no losses and no accuracies (scoring={source.scoring!r}, "
            f"{len(source.train_score_)} scores); fit it with early_stopping=True and scoring='loss' or 'accuracy', or "
            "record its staged_predict_proba."
        )
    measure, negative = measures[scoring]
    columns = {"train_score_": list(source.train_score_)}
    roles = {"train_score_": Role("train", measure, percent=False, negative=negative)}
    if len(source.validation_score_):
        columns["validation_score_"] = list(source.validation_score_)
        roles["validation_score_"] = Role("val", measure, percent=False, negative=negative)
    return table_of(columns, "scikit-learn HistGradientBoosting", roles=roles)


def _gradient_boosting(source: Any) -> LogTable:
    """Read gradient boosting; for two classes its deviance is twice the log loss."""
    if source.loss != "log_loss":
        raise InvalidHistoryError(
            f"loss={source.loss!r} of this {type(source).__name__} is no log loss; record its staged_predict_proba."
        )
    factor = 2.0 if source.n_classes_ == 2 else 1.0
    columns = {"train_score_": [float(score) / factor for score in source.train_score_]}
    note = "halved: the deviance of two classes is twice the log loss" if factor == 2.0 else ""
    roles = {"train_score_": Role("train", "loss", note=note)}
    if getattr(source, "oob_scores_", None) is not None:
        columns["oob_scores_"] = [float(score) / factor for score in source.oob_scores_]
        roles["oob_scores_"] = Role(
            "val", "loss", note=", ".join(text for text in ("rows left out of each tree, which differ", note) if text)
        )
    return table_of(columns, "scikit-learn GradientBoosting", roles=roles)


def read(source: Any, wanted: Sequence[str]) -> LogTable:
    """Read the curves of a fitted classifier."""
    if hasattr(source, "loss_curve_"):
        table = _mlp(source)
    elif hasattr(source, "validation_score_"):
        table = _hist_gradient_boosting(source)
    else:
        table = _gradient_boosting(source)
    table.facts["n_classes"] = len(source.classes_)
    return table
