"""What the name of a logged number says: which set of rows, which measure, in which unit."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

SETS = {
    **dict.fromkeys(("train", "training", "learn", "fit", "tr", "trn"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "validating", "vld", "dev", "holdout"), "val"),
    **dict.fromkeys(("eval", "evaluation", "evaluating"), "val"),
    **dict.fromkeys(("test", "tst", "testing"), "test"),
}
LOSSES = ("loss", "losses", "nll", "logloss", "mlogloss", "crossentropy", "xent", "ce", "bce")
ACCURACIES = ("acc", "accs", "accuracy", "accuracies", "acc1", "top1", "prec1")
ERRORS = ("error", "errors", "err", "errs", "merror", "err1", "misclassification")
# Words that qualify a measure without changing it.
QUALIFIERS = (
    "metrics", "metric", "epoch", "step", "mean", "avg", "average", "running", "micro", "multi", "multiclass", "binary",
    "categorical", "sparse", "score", "rate", "log", "top1", "1", "percent", "pct",
)  # fmt: skip
# Several words of a name that mean one thing.
PHRASES = (
    (r"cross[\s_-]*entropy", "crossentropy"),
    (r"log[\s_-]*loss", "logloss"),
    (r"(acc|accuracy|prec|top|err|error)[\s_-]*@?[\s_-]*1(?![0-9])", r"\1 1"),
    (r"top 1", "top1"),
)
EPOCHS = ("epoch", "epochs")
STEPS = ("step", "steps", "global step", "iter", "iteration", "iterations", "round", "trainer global step")
ROW_NUMBERS = ("", "unnamed 0")

Measure = Literal["loss", "accuracy", "error"]


@dataclass(frozen=True)
class Role:
    """What a column holds.

    Attributes
    ----------
    of : str or None
        Set of rows: "train", "val", "test", another name, or None where the name does not say it.
    measure : {"loss", "accuracy", "error"}
        What was measured.
    percent : bool or None
        Whether the numbers are percentages; None where only the numbers can tell.
    negative : bool
        Whether the numbers have the opposite sign.
    by_step : bool or None
        Whether the numbers are of single steps rather than epochs; None where the name does not say it.
    note : str
        What the format says beyond the name.
    """

    of: str | None
    measure: Measure
    percent: bool | None = None
    negative: bool = False
    by_step: bool | None = None
    note: str = ""

    @property
    def target(self) -> str:
        """Name of the curve, such as ``val_accuracy``; errors become accuracies."""
        return f"{self.of}_{'loss' if self.measure == 'loss' else 'accuracy'}"

    def with_set(self, of: str, note: str = "") -> Role:
        """Return the same measure of another set."""
        return replace(self, of=of, note=note or self.note)


def words(name: str) -> list[str]:
    """Split a name into lower-case words.

    Examples
    --------
    >>> words("Validation/CrossEntropy_epoch"), words("acc@1")
    (['validation', 'crossentropy', 'epoch'], ['acc', '1'])
    """
    lowered = name.strip().lower()
    for pattern, meaning in PHRASES:
        lowered = re.sub(pattern, meaning, lowered)
    return re.findall(r"[a-z0-9]+", lowered)


# Printed text has the same few names in every line.
_remembered = lru_cache(maxsize=1024)


@_remembered
def is_epoch(name: str) -> bool:
    """Whether a column counts epochs."""
    return " ".join(words(name)) in EPOCHS


@_remembered
def is_step(name: str) -> bool:
    """Whether a column counts optimiser steps or trees."""
    return " ".join(words(name)) in STEPS


def is_row_number(name: str) -> bool:
    """Whether a column is the index that pandas writes without a name."""
    return " ".join(words(name)) in ROW_NUMBERS


@_remembered
def role_of(name: str, *, named_sets: bool = False) -> Role | None:
    """Return what a name says, or None where it is not clearly a loss, an accuracy or an error.

    Parameters
    ----------
    name : str
        Name of a column.
    named_sets : bool, default=False
        Whether unknown words after the word for a set are its name, as in ``eval_french_loss``.

    Returns
    -------
    Role or None

    Notes
    -----
    Every word must be known: ``val_box_loss``, ``top5`` and ``loss_std`` are none of the measures meant here.

    Examples
    --------
    >>> role_of("val_sparse_categorical_accuracy")
    Role(of='val', measure='accuracy', percent=None, negative=False, by_step=None, note='')
    >>> role_of("test_error(%)").percent, role_of("accuracy_top5"), role_of("eval_french_loss", named_sets=True).of
    (True, None, 'french')
    """
    loader = re.search(r"dataloader_idx_(\d+)", name)
    parts = words(name[: loader.start()] if loader else name)
    if parts[:1] == ["metrics"]:
        parts = parts[1:]
    of: str | None = None
    place = next((index for index, word in enumerate(parts) if word in SETS), None)
    if place is not None:
        of = SETS[parts[place]]
        if "".join(parts[place + 1 : place + 2]).isdigit():  # validation_0: one of several sets
            of = f"{parts[place]}_{parts.pop(place + 1)}"
        del parts[place]
    if loader:
        of = f"{of}_{loader[1]}"
    measure, rest = _measure(parts)
    if measure is None:
        return None
    negative = "neg" in rest
    unknown = [word for word in rest if word not in (*QUALIFIERS, "neg")]
    if unknown:
        if not (named_sets and of == "val"):
            return None
        of = "_".join(unknown)
    by_step = True if rest[-1:] == ["step"] else False if rest[-1:] == ["epoch"] else None
    percent = True if "%" in name or "percent" in rest or "pct" in rest else None
    return Role(of, measure, percent=percent if measure != "loss" else None, negative=negative, by_step=by_step)


def is_of_other_rows(name: str) -> bool:
    """Whether a column is a measure of rows other than those of training.

    Examples
    --------
    >>> is_of_other_rows("val_loss"), is_of_other_rows("train_loss"), is_of_other_rows("loss"), is_of_other_rows("lr")
    (True, False, False, False)
    """
    role = role_of(name)
    return role is not None and role.of not in (None, "train")


def _measure(parts: list[str]) -> tuple[Measure | None, list[str]]:
    """Return the measure that words name, and the words beside it."""
    measures: tuple[tuple[Measure, tuple[str, ...]], ...] = (
        ("error", ERRORS),
        ("loss", LOSSES),
        ("accuracy", ACCURACIES),
    )
    for measure, names in measures:
        found = [word for word in parts if word in names]
        if found:
            return measure, [word for word in parts if word != found[0]]
    if parts == ["multiclass"]:  # CatBoost's name of the log loss
        return "loss", []
    return None, parts
