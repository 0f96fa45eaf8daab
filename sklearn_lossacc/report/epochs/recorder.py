"""EpochRecorder: the validation predictions of every epoch, decomposed as they come."""

from __future__ import annotations

import math
import os
from dataclasses import replace
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from sklearn_lossacc.exceptions import InvalidFileError, InvalidHistoryError, InvalidPredictionsError
from sklearn_lossacc.findings import Finding
from sklearn_lossacc.findings.history import HistoryDiagnosis
from sklearn_lossacc.findings.wording import counted
from sklearn_lossacc.inference.epochs import decompose_epoch
from sklearn_lossacc.inputs import Predictions, TrainingHistory, check_flag, check_target
from sklearn_lossacc.inputs.groups import check_groups
from sklearn_lossacc.inputs.naming import called
from sklearn_lossacc.inputs.weights import check_sample_weight, check_weight_scale
from sklearn_lossacc.plots.history import draw_epochs, pyplot_history_axes
from sklearn_lossacc.report.drawn import Drawn
from sklearn_lossacc.report.epochs.choice import USES, EpochChoice, choose
from sklearn_lossacc.report.epochs.files import EpochFiles, fingerprint
from sklearn_lossacc.report.epochs.memory import MEANS, EpochMemory
from sklearn_lossacc.report.epochs.rows import change_table, stories_table
from sklearn_lossacc.report.epochs.sources import passes, stages
from sklearn_lossacc.report.epochs.split import with_split

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


class EpochRecorder(Drawn):
    """Collect the validation predictions of every epoch, and say which epoch to ship for which use.

    Each epoch is decomposed when it is recorded: loss = refinement + calibration. Of the predictions only row losses
    are kept, in bounded memory.

    Parameters
    ----------
    y_val : array-like of shape (n_rows,)
        Labels of the validation rows.
    groups : array-like of shape (n_rows,), optional
        Rows of one group are dependent.
    sample_weight : array-like of shape (n_rows,), optional
        Row weights.
    input : {"proba", "logits"}, default="proba"
        What is recorded.
    classes : array-like of shape (n_classes,), optional
        The label of each column.
    keep : int or "auto", default="auto"
        For how many epochs row losses are held; "auto" holds as many as fit 256 MB, eight at least. Beyond, those
        that are worst by all measures are let go; their means stay.
    path : str or path, optional
        A folder, into which every epoch is written as it is recorded.
    resume : bool, default=False
        Whether to go on with the epochs that the folder already holds.
    name : str, default="epochs"
        Name of the run in views.

    Attributes
    ----------
    diagnosis_ : HistoryDiagnosis
        The findings about the curves, with what only predictions can tell.
    ax_, axes_, figure_
        What `plot` drew on: the axes that was divided, ``loss``, ``accuracy`` and ``choices``, and their figure.

    See Also
    --------
    sklearn_lossacc.HistoryReport : What can be said without predictions.

    Notes
    -----
    The refinement loss is the loss after the temperature of maximum likelihood. Where to stop by it, and which epochs
    the rows do not tell from the best, is judged by paired differences. The value of a chosen epoch is optimistic,
    since the same rows choose and measure; `EpochChoice.expected` corrects that.

    References
    ----------
    Berta, Holzmueller, Jordan and Bach (2025), Rethinking early stopping: refine, then calibrate, arXiv:2501.19195.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc import EpochRecorder
    >>> recorder = EpochRecorder([0, 1, 1, 0, 1])
    >>> for epoch, sharpness in enumerate((0.55, 0.7, 0.95)):
    ...     recorder.record(epoch, np.where([False, True, True, False, False], sharpness, 1 - sharpness))
    >>> recorder.frame()["accuracy"].tolist()
    [0.8, 0.8, 0.8]
    >>> recorder.frame()["log_loss"].round(3).tolist()
    [0.638, 0.526, 0.64]
    """

    def __init__(
        self,
        y_val: Any,
        groups: Any = None,
        *,
        sample_weight: Any = None,
        input: Literal["proba", "logits"] = "proba",
        classes: Any = None,
        keep: int | Literal["auto"] = "auto",
        path: str | os.PathLike[str] | None = None,
        resume: bool = False,
        name: str = "epochs",
    ) -> None:
        if keep != "auto" and (isinstance(keep, bool) or not isinstance(keep, Integral) or keep < 3):
            raise InvalidHistoryError(f"keep must be 'auto' or a number of epochs of at least 3, got {keep!r}.")
        check_flag("resume", resume)
        with called(y_true="y_val", y_proba="y_val"):
            self.y_val = check_target(y_val)
            self._weight = check_sample_weight(sample_weight, self.y_val.size)
            self._codes = check_groups(groups, self.y_val.size)[0]
        check_weight_scale(self._weight)
        self.groups = groups
        self.sample_weight = sample_weight
        self.input = input
        self.classes = classes
        self.keep = keep
        self.path = path
        self.resume = resume
        self.name = name
        self._class_names: list[str] = []
        self._memory = EpochMemory(self.y_val.size, keep)
        self._files = None if path is None else EpochFiles(path)
        if self._files is not None and self._files.paths():
            if not resume:
                raise InvalidFileError(
                    f"{self._files.folder} already holds {counted(len(self._files.paths()), 'epoch')}; pass "
                    "resume=True to go on, or another path."
                )
            self._read_back()

    def record(
        self,
        epoch: float,
        y_proba: Any,
        train_loss: float | None = None,
        *,
        train_accuracy: float | None = None,
    ) -> None:
        """Record one epoch.

        Parameters
        ----------
        epoch : float
            Its number, larger than the one before.
        y_proba : array-like of shape (n_rows, n_classes) or (n_rows,)
            Predictions for the validation rows, in the order of the labels.
        train_loss : float, optional
            Training loss of the epoch, in nats.
        train_accuracy : float, optional
            Training accuracy of the epoch.

        Raises
        ------
        InvalidHistoryError
            If the epoch is not after the one before, or a training loss or accuracy is no number.
        LossAccError
            If the predictions cannot be used.
        """
        number = self._check_epoch(epoch)
        predictions = self._check_predictions(y_proba)
        rows = decompose_epoch(predictions)
        train = (_number("train_loss", train_loss), _number("train_accuracy", train_accuracy))
        if self._files is not None:
            if not len(self._memory):
                facts = {"n_rows": self.y_val.size, "classes": self._class_names, "name": self.name}
                self._files.write_head(self._fingerprint(), facts)
            self._files.write(len(self._memory), number, rows, *train)
        self._memory.add(number, rows, *train)

    def rewind(self, epoch: float) -> None:
        """Forget an epoch and all after it, as when training resumes from an earlier checkpoint.

        Parameters
        ----------
        epoch : float
            The first epoch to forget.

        Raises
        ------
        InvalidHistoryError
            If there are such epochs and no folder to read the others back from.
        """
        n_kept = sum(recorded.epoch < epoch for recorded in self._memory.epochs)
        n_forgotten = len(self._memory) - n_kept
        if not n_forgotten:
            return
        if self._files is None:
            raise InvalidHistoryError(
                f"{n_forgotten} epochs were recorded from {epoch:g} on, and the stories of rows cannot be taken back "
                "without a folder: give path=, or begin a new recorder."
            )
        self._files.remove(range(n_kept, len(self._memory)))
        self._read_back()

    def _check_epoch(self, epoch: Any) -> float:
        """Return the number of an epoch that comes after the last."""
        if isinstance(epoch, bool) or not isinstance(epoch, Real) or not math.isfinite(epoch):
            raise InvalidHistoryError(f"epoch must be a finite number, got {epoch!r}.")
        last = self._memory.epochs[-1].epoch if len(self._memory) else -math.inf
        if epoch <= last:
            raise InvalidHistoryError(
                f"epoch {epoch:g} does not come after epoch {last:g}, the last recorded; after training resumes from a "
                "checkpoint, call rewind(epoch) first."
            )
        return float(epoch)

    def _check_predictions(self, y_proba: Any) -> Predictions:
        """Return checked predictions that fit those of the epochs before."""
        predictions = Predictions.from_arrays(
            self.y_val,
            y_proba,
            input=self.input,
            classes=self.classes,
            sample_weight=self.sample_weight,
            groups=self.groups,
        )
        names = [str(label) for label in predictions.classes]
        before = self._class_names
        if before and names != before:
            raise InvalidPredictionsError(
                f"this epoch has {len(names)} columns, the ones before had {len(before)}."
                if len(names) != len(before)
                else f"the columns of this epoch are the classes {_few(names)}, those before were {_few(before)}."
            )
        self.classes, self._class_names = predictions.classes, names
        return predictions

    def _fingerprint(self) -> str:
        """Return the hash of what the rows are."""
        return fingerprint(np.asarray([str(label) for label in self.y_val.tolist()]), self._weight, self._codes)

    def _read_back(self) -> None:
        """Take in the epochs that the folder holds."""
        assert self._files is not None
        self._memory = EpochMemory(self.y_val.size, self.keep)
        paths = self._files.paths()
        if paths:
            self._class_names = self._files.check_head(self._fingerprint())
        for path in paths:
            self._memory.add(*self._files.read(path))

    @property
    def n_epochs(self) -> int:
        """Number of recorded epochs."""
        return len(self._memory)

    def _needs_one(self) -> None:
        """Raise if nothing was recorded."""
        if not len(self._memory):
            raise InvalidHistoryError("no epoch was recorded yet.")

    def frame(self) -> pd.DataFrame:
        """Return one row an epoch.

        Returns
        -------
        pandas.DataFrame
            The columns epoch, log_loss, accuracy, calibration_loss, refinement_loss (nats; these two sum to the log
            loss), temperature, train_loss, train_accuracy.
        """
        import pandas as pd

        return pd.DataFrame({name: self._memory.column(name) for name in MEANS}, dtype=float)

    def rows(self) -> pd.DataFrame:
        """Return the story of every row.

        Returns
        -------
        pandas.DataFrame
            The columns index, y_true, story (from the first epoch to the last: stayed right, turned right, turned
            wrong, stayed wrong), first_loss, last_loss, loss_change (nats), first_right, last_right (epochs), n_right,
            n_forgotten (epochs in which it was right, and times it went from right to wrong), margin_area (mean margin
            in nats; low for wrong labels and hard rows). The rows whose loss grew most come first.
        """
        self._needs_one()
        return stories_table(self._memory.stories, self.y_val)

    def change(self, first: float, second: float) -> pd.DataFrame:
        """Return which rows carry the difference between two epochs.

        Parameters
        ----------
        first, second : float
            Epochs whose row losses are held.

        Returns
        -------
        pandas.DataFrame
            One row a story: story, rows, share (of all rows), loss_before, loss_after (mean over its rows, nats),
            contribution (nats; they sum to the change of the mean loss), grew (rows whose loss grew).
        """
        return change_table(self._memory, first, second, self._weight)

    def choices(self) -> tuple[EpochChoice, ...]:
        """Return the epoch to ship for each use.

        Returns
        -------
        tuple of EpochChoice
            For labels only, for recalibrated probabilities, and for probabilities as they are. Epochs whose rows were
            let go are not among them.
        """
        self._needs_one()
        return choose(self._memory, weight=self._weight, group=self._codes)

    def choice(self, use: Literal["labels", "recalibrated", "as they are"]) -> EpochChoice:
        """Return the epoch to ship for one use.

        Parameters
        ----------
        use : {"labels", "recalibrated", "as they are"}
            What is used.

        Returns
        -------
        EpochChoice
            With the epochs that are not shown to be worse, and the temperature to ship.
        """
        if use not in USES:
            raise InvalidHistoryError(f"use must be one of {list(USES)}, got {use!r}.")
        return self.choices()[USES.index(use)]

    def history(self) -> TrainingHistory:
        """Return the curves as a history, as `read_history` would.

        Returns
        -------
        TrainingHistory
            Of the validation rows, with what was told about training.
        """
        self._needs_one()
        weight = self._weight
        train_loss, train_accuracy = self._memory.column("train_loss"), self._memory.column("train_accuracy")
        return TrainingHistory.from_arrays(
            epoch=self._memory.column("epoch"),
            val_loss=self._memory.column("log_loss"),
            val_accuracy=self._memory.column("accuracy"),
            train_loss=train_loss,
            train_accuracy=train_accuracy,
            n_val=self.y_val.size if weight is None else max(round(weight.sum() ** 2 / (weight @ weight)), 1),
            n_classes=len(self._class_names),
            name=self.name,
            source_format="EpochRecorder",
        )

    @property
    def diagnosis_(self) -> HistoryDiagnosis:
        """The findings about the curves, with what only predictions can tell.

        Tables ``epochs`` (as `frame`) and ``choices`` are added, and a finding on rising losses says how much of the
        rise a temperature repairs.
        """
        return with_split(
            HistoryDiagnosis.from_history(self.history()),
            self._memory,
            self.choices(),
            weight=self._weight,
            group=self._codes,
        )

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of `diagnosis_`."""
        return self.diagnosis_.findings

    @property
    def issues(self) -> tuple[Finding, ...]:
        """The findings that fired."""
        return self.diagnosis_.issues

    def to_dict(self) -> dict[str, Any]:
        """Return `diagnosis_` as plain dicts, lists, text and numbers.

        Returns
        -------
        dict
            What ``json.dumps`` can write.
        """
        return self.diagnosis_.to_dict()

    def plot(self, ax: Axes | None = None, *, name: str | None = None) -> Self:
        """Draw the loss with the split that explains it, the accuracy, and the epochs to ship.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; it is divided. None makes a new pyplot figure.
        name : str, optional
            Name of the run in this drawing.

        Returns
        -------
        EpochRecorder
            This recorder, with `ax_`, `axes_` and `figure_` set.
        """
        diagnosis = self.diagnosis_
        ax = pyplot_history_axes() if ax is None else ax
        return self._keep(ax, draw_epochs(diagnosis if name is None else replace(diagnosis, name=name), ax))

    def __str__(self) -> str:
        """Return the choices, one a line."""
        if not len(self._memory):
            return f"{self.name}: no epoch recorded yet"
        head = f"{self.name}: {counted(len(self._memory), 'epoch')} of {counted(self.y_val.size, 'row')}"
        return "\n".join([head, *(f"  {choice}" for choice in self.choices())])

    def __repr__(self) -> str:
        """Return a short description."""
        return f"<EpochRecorder {self.name!r}: {counted(len(self._memory), 'epoch')}>"

    @classmethod
    def from_staged(
        cls, estimator: Any, X_val: Any, y_val: Any, groups: Any = None, *, every: int = 1, **options: Any
    ) -> Self:
        """Record the stages of a fitted ensemble.

        Parameters
        ----------
        estimator : classifier
            Fitted, with ``staged_predict_proba``: gradient boosting, AdaBoost, CatBoost.
        X_val : object
            Rows to predict.
        y_val : array-like of shape (n_rows,)
            Their labels.
        groups : array-like of shape (n_rows,), optional
            Rows of one group are dependent.
        every : int, default=1
            Record every so many stages, and the last.
        **options
            Further parameters of the recorder.

        Returns
        -------
        EpochRecorder

        Raises
        ------
        InvalidPredictionsError
            If the estimator has no stages.
        """
        recorder = cls(y_val, groups, classes=getattr(estimator, "classes_", None), **options)
        for stage, proba in stages(estimator, X_val, every):
            recorder.record(stage, proba)
        return recorder

    @classmethod
    def from_partial_fit(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        X_val: Any,
        y_val: Any,
        groups: Any = None,
        *,
        n_epochs: int,
        batch_size: int | None = None,
        random_state: int | None = 0,
        **options: Any,
    ) -> Self:
        """Train an estimator by ``partial_fit``, and record every epoch.

        With ``path=`` and ``resume=True`` it goes on after the last recorded epoch, with the estimator as it is given.

        Parameters
        ----------
        estimator : classifier
            With ``partial_fit`` and ``predict_proba``; it is trained in place.
        X, y : array-like, sparse matrix or DataFrame
            Training rows and labels.
        X_val, y_val : array-like
            Validation rows and labels.
        groups : array-like of shape (n_val,), optional
            Groups of the validation rows.
        n_epochs : int
            Number of passes over the training rows, those already recorded included.
        batch_size : int, optional
            Rows of one call; None takes all rows at once.
        random_state : int, optional
            Seed of the order of rows; each epoch has its own, whatever was trained before it.
        **options
            Further parameters of the recorder.

        Returns
        -------
        EpochRecorder
        """
        recorder = cls(y_val, groups, classes=np.unique(np.asarray(y)), **options)
        done = int(recorder._memory.epochs[-1].epoch) if recorder.n_epochs else 0
        trained = passes(
            estimator, X, y, X_val,
            epochs=range(done + 1, n_epochs + 1), batch_size=batch_size, random_state=random_state,
        )  # fmt: skip
        for epoch, proba, train_loss in trained:
            recorder.record(epoch, proba, train_loss)
        return recorder


def _few(names: list[str]) -> str:
    """Write the first names of a list."""
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")


def _number(name: str, value: Any) -> float | None:
    """Return a training number as a float; None where there is none."""
    value = value.detach() if hasattr(value, "detach") else value  # a loss that is still to be differentiated
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        raise InvalidHistoryError(f"{name} must be a number or None, got {value!r}.") from None
