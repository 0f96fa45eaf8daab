"""HistoryReport: the diagnosis of a training log with its picture and texts."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from sklearn_lossacc import render
from sklearn_lossacc.findings import Diagnosis
from sklearn_lossacc.findings.history import HistoryDiagnosis
from sklearn_lossacc.inputs import TrainingHistory
from sklearn_lossacc.plots.history import draw_history, history_picture, pyplot_history_axes
from sklearn_lossacc.report.written import WrittenReport

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from matplotlib.axes import Axes


class HistoryReport(WrittenReport[HistoryDiagnosis]):
    """Why loss and accuracy disagree over training, and which epoch is best by what.

    Make it by `from_history`, which judges and draws; the constructor only holds what was judged.

    Parameters
    ----------
    diagnosis : HistoryDiagnosis
        What was found.
    name : str, optional
        Name of the run in all views; None takes the diagnosis's.

    Attributes
    ----------
    diagnosis_ : HistoryDiagnosis
        What was found, under the name of this report.
    ax_ : matplotlib Axes
        The axes that was divided. Set by `plot`, as are the others below.
    axes_ : dict of str to matplotlib Axes
        ``loss`` and ``accuracy``.
    figure_ : matplotlib Figure
        The figure that contains them.

    See Also
    --------
    sklearn_lossacc.read_history : Read a log of any framework.
    sklearn_lossacc.LossAccuracyReport : The same for predictions.

    Examples
    --------
    >>> from sklearn_lossacc import HistoryReport, read_history
    >>> history = read_history({"loss": 0.4577, "accuracy": 0.7826}, n_val=1000, n_classes=2)
    >>> report = HistoryReport.from_history(history, name="one")
    >>> print(str(report).splitlines()[0])
    one: 1 evaluation, dict, 1,000 validation rows, 2 classes
    >>> report.diagnosis_["LA513"].headline
    'Loss of 0.458 nats at an accuracy of 78.3 % lies in the [0.301, 0.524] that calibrated models of that accuracy can
    have: possible for a calibrated model, which does not show that it is one.'
    """

    def __init__(self, diagnosis: HistoryDiagnosis, *, name: str | None = None) -> None:
        self.diagnosis = diagnosis
        self.name = name

    @classmethod
    def from_history(
        cls,
        history: TrainingHistory,
        final: Diagnosis | None = None,
        *,
        ignore: Collection[str] = (),
        ax: Axes | None = None,
        name: str | None = None,
    ) -> Self:
        """Judge a history, and draw the report.

        Parameters
        ----------
        history : TrainingHistory
            From `read_history` or `TrainingHistory.from_arrays`.
        final : Diagnosis, optional
            Of the validation predictions of the last epoch, to compare with the last row of the log.
        ignore : collection of str, default=()
            Codes of rules that are not judged.
        ax : matplotlib Axes, optional
            Where to draw; it is divided. None makes a new figure.
        name : str, optional
            Name of the run in all views.

        Returns
        -------
        HistoryReport
            Judged and drawn.

        Raises
        ------
        InvalidHistoryError
            If `history` is no TrainingHistory.
        LossAccError
            If `final` is no Diagnosis, or `ignore` names an unknown rule.
        """
        diagnosis = HistoryDiagnosis.from_history(history, final, ignore=ignore, name=name)
        return cls(diagnosis, name=name).plot(ax)

    def plot(self, ax: Axes | None = None, *, name: str | None = None) -> Self:
        """Draw the report.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; it is divided. None makes a new pyplot figure.
        name : str, optional
            Name of the run in this drawing.

        Returns
        -------
        HistoryReport
            This report, with `ax_`, `axes_` and `figure_` set.
        """
        ax = pyplot_history_axes() if ax is None else ax
        diagnosis = self.diagnosis_ if name is None else replace(self.diagnosis, name=name)
        return self._keep(ax, draw_history(diagnosis, ax))

    def frame(self) -> pd.DataFrame:
        """Return the numbers behind the picture.

        Returns
        -------
        pandas.DataFrame
            One row an evaluation: epoch, step, train_loss, val_loss, train_accuracy, val_accuracy, val_accuracy_low,
            val_accuracy_high, val_loss_half_width, calibrated_low, calibrated_high, val_loss_fit, and further sets.
        """
        return self.diagnosis.frame()

    def to_html(self, path: str | os.PathLike[str] | None = None) -> str | Path:
        """Write the report as one HTML page that works offline and without scripts.

        Parameters
        ----------
        path : str or path, optional
            Where to write; None returns the page.

        Returns
        -------
        pathlib.Path or str
            The path, or the page where no path was given.
        """
        return self._page((history_picture(self.diagnosis_),), path)

    def _document(self) -> render.Document:
        return render.history_document(self.diagnosis_)
