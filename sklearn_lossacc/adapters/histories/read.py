"""One entrance for the logs of all frameworks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from sklearn_lossacc.adapters.column_names import listing
from sklearn_lossacc.adapters.histories import (
    boosting,
    catboost_files,
    console,
    fastai,
    image_tables,
    keras,
    lightning,
    plain,
    scikit_learn,
    scoring_monitor,
    series,
    skorch,
    transformers,
    wandb,
)
from sklearn_lossacc.adapters.histories.assemble import assemble
from sklearn_lossacc.adapters.histories.sources import JsonLines, TextTable, load, load_text
from sklearn_lossacc.adapters.histories.table import LogTable
from sklearn_lossacc.exceptions import InvalidFileError, InvalidHistoryError
from sklearn_lossacc.inputs import TrainingHistory


@dataclass(frozen=True)
class Format:
    """One family of logs.

    Attributes
    ----------
    recognises : callable
        Whether a source is of this family.
    read : callable
        Turns a source, and the columns that the user named, into a table.
    """

    recognises: Callable[[Any], bool]
    read: Callable[[Any, Sequence[str]], LogTable]


def _read_plain(source: Any, wanted: Sequence[str]) -> LogTable:
    """Read what has no format of its own."""
    if isinstance(source, TextTable):
        return plain.read_text(source)
    if plain.is_frame(source):
        return plain.read_frame(source)
    if isinstance(source, Mapping):
        return plain.read_mapping(source, wanted=wanted)
    return plain.read_records(source)


def _is_plain(source: Any) -> bool:
    """Whether a source is a table, a mapping, a data frame or a list of mappings."""
    return isinstance(source, TextTable | Mapping) or plain.is_frame(source) or plain.is_records(source)


# In the order in which they are tried: the narrower first.
FORMATS: dict[str, Format] = {
    "console": Format(console.recognises, console.read),
    "skorch": Format(skorch.recognises, skorch.read),
    "transformers": Format(transformers.recognises, transformers.read),
    "scoring_monitor": Format(scoring_monitor.recognises, scoring_monitor.read),
    "sklearn": Format(scikit_learn.recognises, scikit_learn.read),
    "catboost": Format(catboost_files.recognises, catboost_files.read),
    "boosting": Format(boosting.recognises, boosting.read),
    "image": Format(image_tables.recognises, image_tables.read),
    "fastai": Format(fastai.recognises, fastai.read),
    "lightning": Format(lightning.recognises, lightning.read),
    "keras": Format(keras.recognises, keras.read),
    "series": Format(series.recognises, series.read),
    "wandb": Format(wandb.recognises, wandb.read),
    "plain": Format(_is_plain, _read_plain),
}


def read_history(
    source: Any,
    *,
    format: str | None = None,
    columns: Mapping[str, str | None] | None = None,
    n_val: int | None = None,
    n_classes: int | None = None,
) -> TrainingHistory:
    """Read a training log.

    Parameters
    ----------
    source : path, mapping, list of mappings, DataFrame, or an object of a framework
        A file or folder of Keras, Lightning, fastai, skorch, Transformers, CatBoost, Ultralytics, timm, MLflow,
        TensorBoard or Weights & Biases, any table, JSON or JSON lines with named losses and accuracies, or the text
        that a script printed; a list of the lines of such a text; the dictionary of results of Keras, xgboost, LightGBM
        or CatBoost; a fitted model or trainer that keeps its curves; or plain numbers, such as
        ``{"loss": 0.4577, "accuracy": 0.7826}``.
    format : str, optional
        One of ``console, skorch, transformers, scoring_monitor, sklearn, catboost, boosting, image, fastai, lightning,
        keras, series, wandb, plain``, where the source alone does not show it.
    columns : mapping of str to str, optional
        Which column is which curve, where names do not say it: ``{"val_loss": "nll", "val_error_percent": "top-1"}``.
        None as a column leaves a curve out.
    n_val, n_classes : int, optional
        Numbers of validation rows and of classes, without which noise and chance cannot be judged; else what the log
        itself says.

    Returns
    -------
    TrainingHistory
        Its ``matched_`` says which column was read as what. Of several runs in one log it is the last, and ``runs``
        holds them all.

    Raises
    ------
    InvalidFileError
        If a file is missing or broken.
    InvalidHistoryError
        If the log can be read in no or in several ways; the message lists its columns.

    See Also
    --------
    sklearn_lossacc.HistoryReport : What the curves say.

    Examples
    --------
    >>> from sklearn_lossacc import read_history
    >>> history = read_history({"loss": [0.7, 0.5], "val_loss": [0.8, 0.9], "val_acc": [55.0, 61.0]}, n_classes=2)
    >>> history.val_accuracy.tolist()
    [0.55, 0.61]
    >>> for curve, column in history.matched_.items():
    ...     print(curve, "from", column)
    train_loss from 'loss'
    val_loss from 'val_loss'
    val_accuracy from 'val_acc' as x / 100

    What a script printed, saved to a file or pasted:

    >>> printed = ["Epoch 1: val_loss 0.8, val_acc 55.0%", "Epoch 2: val_loss 0.9, val_acc 61.0%"]
    >>> read_history(printed).val_loss.tolist()
    [0.8, 0.9]
    """
    if isinstance(source, TrainingHistory):
        if format is not None or columns:
            raise InvalidHistoryError("a TrainingHistory is already read: format= and columns= are for its source.")
        return source.with_facts(n_val=n_val, n_classes=n_classes)
    if format is not None and format not in FORMATS:
        raise InvalidHistoryError(f"format must be one of {listing(list(FORMATS), most=20)}, got {format!r}.")
    if columns is not None and not isinstance(columns, Mapping):
        raise InvalidHistoryError(
            f"columns must map curves to columns, such as {{'val_loss': 'nll'}}; got {type(columns).__name__}."
        )
    name, told = "history", f"this {type(source).__name__}"
    if isinstance(source, str | PathLike):
        if not str(source):
            raise InvalidFileError("the path is empty.")
        path = Path(source)
        name, told = path.stem or path.name, str(path)
        source = load(path)
    elif plain.is_lines(source):
        told = "this list of lines"
        source = load_text(Path(told), "\n".join(source))
    source = _innermost(source)
    wanted = [column for column in (columns or {}).values() if column is not None]
    chosen = format if format is not None else _recognised(source)
    if chosen is None:
        raise InvalidHistoryError(
            f"{told} holds no training log that is known: expected a file or folder of a framework, a mapping of "
            "lists, a list of mappings, a DataFrame, or a fitted model that keeps its curves."
        )
    try:
        table = FORMATS[chosen].read(source, wanted)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        looks = "was to be read as" if format is not None else "looks like"
        raise InvalidHistoryError(
            f"{told} {looks} a log of format {chosen!r}, but is not made like one; other formats: "
            f"{listing([other for other in FORMATS if other != chosen], most=20)}."
        ) from error
    table.facts.setdefault("name", name)
    if isinstance(source, JsonLines):
        table.notes += source.notes
    return assemble(table, columns=columns, n_val=n_val, n_classes=n_classes)


def _innermost(source: Any) -> Any:
    """Return the model at the end of a fitted search or pipeline; anything else as it is."""
    while True:
        if hasattr(source, "best_estimator_"):
            source = source.best_estimator_
        elif isinstance(getattr(source, "steps", None), list) and hasattr(source, "named_steps"):
            source = source.steps[-1][1]
        else:
            return source


def _recognised(source: Any) -> str | None:
    """Return the first format that recognises a source."""
    return next((name for name, found in FORMATS.items() if found.recognises(source)), None)
