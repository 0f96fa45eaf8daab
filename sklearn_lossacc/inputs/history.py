"""A training log, checked once: losses in nats and accuracies as shares, one row an evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_lossacc.exceptions import InvalidHistoryError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MEASURES", "EvaluationSet", "LeftOut", "Match", "TrainingHistory", "is_pandas_missing"]

MEASURES = ("train_loss", "val_loss", "train_accuracy", "val_accuracy")
LARGEST_LOSS = 1e100  # nats: beyond, training has diverged, and squares are no numbers any more


@dataclass(frozen=True)
class Match:
    """What one column of a log was read as.

    Attributes
    ----------
    column : str
        Its name in the log.
    conversion : str
        How its numbers were converted, such as ``"1 - x / 100"``; empty where they were taken as they are.
    note : str
        Why it was read so, where its name alone does not say it.
    """

    column: str
    conversion: str = ""
    note: str = ""

    def __str__(self) -> str:
        """Write the column, its conversion and the note in one line."""
        written = f"{self.column!r}" + (f" as {self.conversion}" if self.conversion else "")
        return f"{written} ({self.note})" if self.note else written


@dataclass(frozen=True)
class LeftOut:
    """A row of the log that is not a point of the curves.

    Attributes
    ----------
    row : int
        Its number in the log, from 0.
    reason : str
        Why it is left out.
    values : mapping of str to float
        Its measures, converted.
    """

    row: int
    reason: str
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class EvaluationSet:
    """The curves of one further set of rows.

    Attributes
    ----------
    loss, accuracy : ndarray of shape (n_rows,)
        Mean loss in nats and share of correct rows, NaN where not measured.
    """

    loss: np.ndarray
    accuracy: np.ndarray


@dataclass(frozen=True, eq=False)
class TrainingHistory:
    """Loss and accuracy over the epochs of one training run.

    Made by `read_history` from a log, or by `from_arrays`; the constructor checks nothing.

    Attributes
    ----------
    epoch : ndarray of shape (n_rows,)
        Epoch of each evaluation, as the log counts; not falling.
    step : ndarray of shape (n_rows,) or None
        Optimiser step, or tree, NaN where the log does not say.
    train_loss, val_loss : ndarray of shape (n_rows,)
        Mean log loss in nats; NaN where not measured, and inf where the log holds a loss that is not finite, or above
        1e100.
    train_accuracy, val_accuracy : ndarray of shape (n_rows,)
        Share of correct rows; NaN where not measured.
    n_val, n_classes, n_train : int or None
        Number of validation rows, of classes, and of training rows, where known.
    name : str
        Label in views.
    source_format : str
        What wrote the log.
    counted : {"epoch", "step", "evaluation"}
        What `epoch` counts: where the log has no epochs, steps, or else the rows themselves.
    matched_ : mapping of str to Match
        Which column of the log was read as what: its name as ``column``, the ``conversion`` of its numbers, and a
        ``note`` where the name alone does not say it.
    unused : tuple of str
        Columns of the log that were not read.
    evaluations : mapping of str to EvaluationSet
        Further sets of rows that the log evaluates, each with ``loss`` and ``accuracy``.
    rounding : mapping of str to ndarray of shape (n_rows,)
        Rounding error of each number of ``val_loss`` and ``val_accuracy``, as printed.
    left_out : tuple of LeftOut
        Rows of the log that are no points of these curves: the number of each as ``row``, ``reason`` and ``values``.
    runs : tuple of TrainingHistory
        All runs, where the log holds several; this history is the last of them.
    notes : tuple of str
        What else was done in reading.

    See Also
    --------
    sklearn_lossacc.read_history : Read a log of any framework.

    Examples
    --------
    >>> from sklearn_lossacc import TrainingHistory
    >>> history = TrainingHistory.from_arrays(val_loss=[0.6, 0.5, 0.7], val_accuracy=[0.7, 0.8, 0.8], n_classes=2)
    >>> history.n_rows, history.has("val_loss"), history.has("train_loss")
    (3, True, False)
    """

    epoch: np.ndarray
    step: np.ndarray | None
    train_loss: np.ndarray
    val_loss: np.ndarray
    train_accuracy: np.ndarray
    val_accuracy: np.ndarray
    n_val: int | None = None
    n_classes: int | None = None
    n_train: int | None = None
    name: str = "history"
    source_format: str = "arrays"
    counted: str = "epoch"
    matched_: Mapping[str, Match] = field(default_factory=dict)
    unused: tuple[str, ...] = ()
    evaluations: Mapping[str, EvaluationSet] = field(default_factory=dict)
    rounding: Mapping[str, np.ndarray] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()
    runs: tuple[TrainingHistory, ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def from_arrays(
        cls,
        *,
        val_loss: Any = None,
        val_accuracy: Any = None,
        train_loss: Any = None,
        train_accuracy: Any = None,
        epoch: Any = None,
        step: Any = None,
        n_val: int | None = None,
        n_classes: int | None = None,
        n_train: int | None = None,
        evaluations: Mapping[str, tuple[Any, Any]] | None = None,
        rounding: Mapping[str, Any] | None = None,
        **facts: Any,
    ) -> TrainingHistory:
        """Check curves and put them together.

        Parameters
        ----------
        val_loss, val_accuracy, train_loss, train_accuracy : array-like of shape (n_rows,) or float, optional
            The curves: losses in nats, accuracies as shares. None or NaN where not measured; an infinite loss is one
            that training recorded as not finite. At least one curve is needed.
        epoch : array-like of shape (n_rows,), optional
            Not falling; 0, 1, 2, ... by default.
        step : array-like of shape (n_rows,), optional
            Optimiser steps.
        n_val, n_classes, n_train : int, optional
            Numbers of validation rows, of classes and of training rows.
        evaluations : mapping of str to tuple, optional
            Loss and accuracy of further sets of rows; None for a curve that is not there.
        rounding : mapping of str to array-like, optional
            Rounding errors of ``val_loss`` and ``val_accuracy``; 0 by default.
        **facts
            Other attributes, taken as they are: ``name, source_format, counted, matched_, unused, left_out, runs,
            notes``.

        Returns
        -------
        TrainingHistory

        Raises
        ------
        InvalidHistoryError
            If there is no curve, curves differ in length, epochs fall, an accuracy is outside [0, 1], or a count is
            not a positive whole number.

        Examples
        --------
        >>> from sklearn_lossacc import TrainingHistory
        >>> TrainingHistory.from_arrays(val_loss=0.4577, val_accuracy=0.7826, n_val=1000, n_classes=2).n_rows
        1
        """
        given = {"val_loss": val_loss, "val_accuracy": val_accuracy, "train_loss": train_loss,
                 "train_accuracy": train_accuracy}  # fmt: skip
        curves = {name: _curve(name, values) for name, values in given.items() if values is not None}
        if not curves:
            raise InvalidHistoryError(f"a history needs at least one of {', '.join(MEASURES)}; none was given.")
        n_rows = _common_length(curves)
        absent = np.full(n_rows, np.nan)
        others = {
            str(name): EvaluationSet(
                *(
                    absent if values is None else _sized(_curve(f"{name}_{kind}", values), f"{name}_{kind}", n_rows)
                    for kind, values in zip(("loss", "accuracy"), pair, strict=True)
                )
            )
            for name, pair in (evaluations or {}).items()
        }
        return cls(
            epoch=np.arange(n_rows, dtype=float) if epoch is None else _epochs(epoch, n_rows),
            step=None if step is None else _sized(_numbers("step", step), "step", n_rows),
            train_loss=curves.get("train_loss", absent),
            val_loss=curves.get("val_loss", absent),
            train_accuracy=curves.get("train_accuracy", absent),
            val_accuracy=curves.get("val_accuracy", absent),
            n_val=_count("n_val", n_val, 1),
            n_classes=_count("n_classes", n_classes, 2),
            n_train=_count("n_train", n_train, 1),
            evaluations=others,
            rounding={
                name: _sized(_numbers(f"rounding[{name!r}]", values), name, n_rows)
                for name, values in (rounding or {}).items()
            },
            **facts,
        )

    def with_facts(self, *, n_val: int | None = None, n_classes: int | None = None) -> TrainingHistory:
        """Return the same curves with other numbers of rows and classes.

        Parameters
        ----------
        n_val, n_classes : int, optional
            None leaves what is known.

        Returns
        -------
        TrainingHistory
            With the same runs, told the same.

        Raises
        ------
        InvalidHistoryError
            If a number is not a positive whole number.
        """
        facts = {
            name: value
            for name, value in (("n_val", _count("n_val", n_val, 1)), ("n_classes", _count("n_classes", n_classes, 2)))
            if value is not None
        }
        return replace(self, **facts, runs=tuple(replace(run, **facts) for run in self.runs))  # type: ignore[arg-type]

    @property
    def n_rows(self) -> int:
        """Number of evaluations."""
        return len(self.epoch)

    def has(self, *names: str) -> bool:
        """Whether all these curves were measured at least once.

        Parameters
        ----------
        *names : str
            Out of ``train_loss, val_loss, train_accuracy, val_accuracy``.

        Returns
        -------
        bool
            True if each of them has a number.
        """
        return all(not np.isnan(getattr(self, name)).all() for name in names)

    def measured(self, *names: str) -> np.ndarray:
        """Return the rows in which all these curves were measured.

        Parameters
        ----------
        *names : str
            Out of ``train_loss, val_loss, train_accuracy, val_accuracy``.

        Returns
        -------
        ndarray of int
            Their places, in order.
        """
        there = np.ones(self.n_rows, dtype=bool)
        for name in names:
            there &= ~np.isnan(getattr(self, name))
        return np.flatnonzero(there)

    def frame(self) -> pd.DataFrame:
        """Return the curves as a table.

        Returns
        -------
        pandas.DataFrame
            One row an evaluation: epoch, step, train_loss, val_loss, train_accuracy, val_accuracy, and ``<set>_loss``
            and ``<set>_accuracy`` of further sets.
        """
        import pandas as pd

        columns: dict[str, Any] = {"epoch": self.epoch}
        columns["step"] = np.full(self.n_rows, np.nan) if self.step is None else self.step
        columns |= {name: getattr(self, name) for name in MEASURES}
        for name, other in self.evaluations.items():
            columns |= {f"{name}_loss": other.loss, f"{name}_accuracy": other.accuracy}
        return pd.DataFrame(columns)

    def __repr__(self) -> str:
        """Say how many rows there are and what was read as what."""
        read = ", ".join(f"{target} from {match}" for target, match in self.matched_.items())
        return f"<TrainingHistory {self.name!r}: {self.n_rows} rows, {self.source_format}" + (
            f"; {read}>" if read else ">"
        )


def _numbers(name: str, values: Any) -> np.ndarray:
    """Return a flat array of float64; None becomes NaN."""
    if isinstance(values, Real) or np.ndim(values) == 0:
        values = [values]
    try:
        listed = [np.nan if value is None or is_pandas_missing(value) else value for value in values]
    except TypeError:
        raise InvalidHistoryError(f"{name} must hold numbers, one for each evaluation, got {values!r:.60}.") from None
    try:
        array = np.asarray(listed, dtype=np.float64)
    except (TypeError, ValueError):
        row = next((row for row, value in enumerate(listed) if not _is_number(value)), 0)
        raise InvalidHistoryError(
            f"{name} must hold numbers, one for each evaluation; evaluation {row} is {listed[row]!r:.60}. Give None or "
            "NaN where nothing was measured."
        ) from None
    if array.ndim != 1 or not array.size:
        raise InvalidHistoryError(f"{name} must be one-dimensional and not empty, got shape {array.shape}.")
    return array


def is_pandas_missing(value: Any) -> bool:
    """Whether a value is what pandas' nullable types hold where nothing was measured."""
    return type(value).__name__ in ("NAType", "NaTType")


def _is_number(value: Any) -> bool:
    """Whether a value can be read as one number."""
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _curve(name: str, values: Any) -> np.ndarray:
    """Return a checked curve."""
    curve = _numbers(name, values)
    if name.endswith("accuracy"):
        bad = np.flatnonzero(~np.isnan(curve) & ~((curve >= 0.0) & (curve <= 1.0)))
        if bad.size:
            raise InvalidHistoryError(
                f"{name} must be a share between 0 and 1; evaluation {bad[0]} has {curve[bad[0]]:g}. "
                "Divide percentages by 100."
            )
    elif np.isneginf(curve).any():
        raise InvalidHistoryError(f"{name} is minus infinity in evaluation {int(np.argmax(np.isneginf(curve)))}.")
    else:
        curve = np.where(curve > LARGEST_LOSS, np.inf, curve)
    return curve


def _sized(values: np.ndarray, name: str, n_rows: int) -> np.ndarray:
    """Return the values, which must be as many as there are rows."""
    if len(values) != n_rows:
        raise InvalidHistoryError(f"{name} has {len(values)} values for {n_rows} evaluations.")
    return values


def _common_length(curves: Mapping[str, np.ndarray]) -> int:
    """Return the length that all curves share."""
    lengths = {name: len(values) for name, values in curves.items()}
    if len(set(lengths.values())) > 1:
        raise InvalidHistoryError(
            f"the curves differ in length: {lengths}; give None or NaN where nothing was measured."
        )
    return next(iter(lengths.values()))


def _epochs(epoch: Any, n_rows: int) -> np.ndarray:
    """Return epochs that do not fall."""
    values = _sized(_numbers("epoch", epoch), "epoch", n_rows)
    if not np.isfinite(values).all():
        raise InvalidHistoryError("epoch must hold finite numbers, one for each evaluation.")
    falls = np.flatnonzero(np.diff(values) < 0)
    if falls.size:
        row = int(falls[0]) + 1
        raise InvalidHistoryError(
            f"epoch falls from {values[row - 1]:g} to {values[row]:g} at evaluation {row}: several runs make several "
            "histories."
        )
    return values


def _count(name: str, value: int | None, least: int) -> int | None:
    """Return a whole number that is at least `least`, or None."""
    if value is None:
        return None
    whole = isinstance(value, Integral) or (isinstance(value, Real) and float(value).is_integer())
    if isinstance(value, bool) or not whole or value < least:
        raise InvalidHistoryError(f"{name} must be a whole number of at least {least}, got {value!r}.")
    return int(value)
