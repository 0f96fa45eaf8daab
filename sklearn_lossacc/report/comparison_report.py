"""ComparisonReport: two or more models on the same rows, with pictures and texts."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from sklearn_lossacc import render
from sklearn_lossacc.findings.comparison import ComparisonDiagnosis
from sklearn_lossacc.plots.comparison import (
    check_comparison_panels,
    comparison_pictures,
    draw_comparison,
    pyplot_comparison_axes,
)
from sklearn_lossacc.report.written import WrittenReport

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from matplotlib.axes import Axes


class ComparisonReport(WrittenReport[ComparisonDiagnosis]):
    """Which of two or more models is better, by loss and by accuracy, and which rows make the difference.

    Two models, or two epochs of one. Make it by `from_predictions`, which compares and draws; the constructor only
    holds what was found. Every difference is second minus first: a negative difference in loss speaks for the second.

    Parameters
    ----------
    diagnosis : ComparisonDiagnosis
        What was found.
    name : str, optional
        Label in all views; None takes the diagnosis's.

    Attributes
    ----------
    diagnosis_ : ComparisonDiagnosis
        What was found, under the name of this report.
    ax_ : matplotlib Axes
        The axes that was drawn on, or divided. Set by `plot`, as are the others below.
    axes_ : dict of str to matplotlib Axes
        The axes of each panel: ``pairs``, ``differences``, each with ``_accuracy``; ``stories``; ``deciding``.
    figure_ : matplotlib Figure
        The figure that contains them.

    See Also
    --------
    LossAccuracyReport : Of one model.
    EpochRecorder : Of all epochs of a training.

    Examples
    --------
    >>> from sklearn_lossacc.findings.comparison import ComparisonDiagnosis
    >>> from sklearn_lossacc import ComparisonReport
    >>> y, blunt, sharp = [1, 1, 0, 0], [0.6, 0.7, 0.4, 0.4], [0.9, 0.4, 0.2, 0.1]
    >>> report = ComparisonReport(ComparisonDiagnosis.from_predictions(y, {"blunt": blunt, "sharp": sharp}))
    >>> round(report.diagnosis_.difference("log_loss").value, 3), report.diagnosis_.difference("accuracy").value
    (-0.135, -0.25)
    """

    def __init__(self, diagnosis: ComparisonDiagnosis, *, name: str | None = None) -> None:
        self.diagnosis = diagnosis
        self.name = name

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_proba: Mapping[str, Any],
        *,
        reference: str | None = None,
        input: Literal["proba", "logits"] | Mapping[str, str] = "proba",
        classes: Any = None,
        sample_weight: Any = None,
        groups: Any = None,
        alpha: float = 0.05,
        ignore: Collection[str] = (),
        random_state: int | np.random.RandomState | None = 0,
        panels: Sequence[str] | None = None,
        ax: Axes | None = None,
        name: str | None = None,
    ) -> Self:
        """Compare predictions for the same rows, and draw the report.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            The labels.
        y_proba : mapping of str to array-like of shape (n_samples, n_classes) or (n_samples,)
            Predicted probabilities or logits of each model, at least two; one column stands for ``classes[1]`` of a
            binary problem. Differences are taken in the order given.
        reference : str, optional
            The model that the others are compared with; None compares all pairs.
        input : {"proba", "logits"} or mapping of str to these, default="proba"
            What the models give. It is declared, never guessed.
        classes : array-like of shape (n_classes,) or mapping of str to these, optional
            The label of each column, in column order; a mapping names each model. Without it the column names of a
            DataFrame are used when they cover the labels, otherwise the sorted labels.
        sample_weight : array-like of shape (n_samples,), optional
            Row weights. Values treat weight 2 as the row twice; intervals and p-values treat a weighted row as one
            draw.
        groups : array-like of shape (n_samples,), optional
            Rows of one group are dependent; groups are then the draws.
        alpha : float, default=0.05
            Chance that any statistical finding fires on equally good models, at most, over all pairs.
        ignore : collection of str, default=()
            Codes of rules that are not judged.
        random_state : int, RandomState instance or None, default=0
            Seed of all draws.
        panels : sequence of str, optional
            Panels to draw; None draws all that tell something.
        ax : matplotlib Axes, optional
            Where to draw; it is divided among the panels. None makes a new figure.
        name : str, optional
            Label in all views; None writes the names of the models.

        Returns
        -------
        ComparisonReport
            Computed and drawn.

        Raises
        ------
        InvalidPredictionsError
            If there are fewer than two models, or two of one name, or the predictions of a model cannot be used.
        ClassesMismatchError
            If the models have different classes.
        LossAccError
            Base class of the above and of every other complaint; the message names the model and the argument.

        See Also
        --------
        diagnose : Of one model.

        Notes
        -----
        Loss, Brier score, calibration and refinement are compared row by row, or group by group, by bootstrap-t below
        1000 of them and by the normal law, or Student's t, above. Accuracy is compared by the exact test of McNemar.
        Calibration loss is what one temperature repairs, refinement loss the rest. P-values of several pairs are
        corrected by Holm's method, measure by measure.

        References
        ----------
        McNemar (1947), Psychometrika 12, 153-157. Holm (1979), Scand. J. Statist. 6, 65-70.

        Examples
        --------
        >>> from matplotlib.figure import Figure
        >>> from sklearn_lossacc import ComparisonReport
        >>> proba = {"A": [0.9, 0.8, 0.1, 0.3], "B": [0.9, 0.8, 0.1, 0.3]}
        >>> report = ComparisonReport.from_predictions([1, 1, 0, 0], proba, ax=Figure().add_subplot())
        >>> report.diagnosis_["LA603"].headline
        'A and B have the same loss on every row: they are the same predictions.'
        """
        diagnosis = ComparisonDiagnosis.from_predictions(
            y_true,
            y_proba,
            reference=reference,
            input=input,
            classes=classes,
            sample_weight=sample_weight,
            groups=groups,
            alpha=alpha,
            ignore=ignore,
            random_state=random_state,
            name=name,
        )
        return cls(diagnosis, name=name).plot(ax, panels=panels)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        panels: Sequence[str] | None = None,
        pair: tuple[str, str] | None = None,
        name: str | None = None,
    ) -> Self:
        """Draw the report.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw. A single panel is drawn on it; several divide it. None makes a new pyplot figure.
        panels : sequence of str, optional
            Names out of ``pairs, differences, stories, deciding``; None draws all, of two models without ``pairs``.
        pair : tuple of two str, optional
            Names of the models to draw; None takes the pair that leads the gravest finding, or else the first.
        name : str, optional
            Label in this drawing.

        Returns
        -------
        ComparisonReport
            This report, with `ax_`, `axes_` and `figure_` set.

        Raises
        ------
        LossAccError
            If a panel or the pair is not known.
        """
        diagnosis = self.diagnosis_ if name is None else replace(self.diagnosis, name=name)
        n_panels = len(check_comparison_panels(panels, diagnosis))
        diagnosis.pair_place(pair)
        ax = pyplot_comparison_axes(n_panels) if ax is None else ax
        return self._keep(ax, draw_comparison(diagnosis, ax, panels, pair))

    def frame(self, table: str = "differences") -> pd.DataFrame:
        """Return what was found as a table.

        Parameters
        ----------
        table : str, default="differences"
            One of ``differences, models, pairs, stories, mechanisms, rows, dropped``.

        Returns
        -------
        pandas.DataFrame
            By default one row a pair and measure: first, second, measure, value, low, high, p_value, p_holm, method.

        Raises
        ------
        LossAccError
            If the table is not known.
        """
        return self.diagnosis.frame(table)

    def samples(self, n: int = 20, *, pair: tuple[str, str] | None = None, story: str | None = None) -> pd.DataFrame:
        """Return the rows that move the difference in loss most.

        Parameters
        ----------
        n : int, default=20
            Number of rows; at most 1000, shared out among the pairs, are kept.
        pair : tuple of two str, optional
            Names of the models; None takes the pair that leads the gravest finding, or else the first.
        story : {"both right", "only second right", "only first right", "both wrong"}, optional
            Only rows of this story.

        Returns
        -------
        pandas.DataFrame
            Columns first, second, index, y_true, pred_first, pred_second, p_true_first, p_true_second, loss_first,
            loss_second, difference (nats), contribution (to the mean), story, suspect.

        Raises
        ------
        LossAccError
            If `n` is no number of rows, or the story or the pair is not known.
        """
        return self.diagnosis.samples(n, pair=pair, story=story)

    def to_html(self, path: str | os.PathLike[str] | None = None, *, panels: Sequence[str] | None = None) -> str | Path:
        """Write the report as one HTML page that works offline and without scripts.

        Parameters
        ----------
        path : str or path, optional
            Where to write; the file appears whole or not at all. None returns the page.
        panels : sequence of str, optional
            Panels to draw; None draws all that tell something.

        Returns
        -------
        pathlib.Path or str
            The path, or the page where no path was given.

        Raises
        ------
        LossAccError
            If a panel is not known.
        """
        return self._page(comparison_pictures(self.diagnosis_, panels), path)

    def _document(self) -> render.Document:
        return render.comparison_document(self.diagnosis_)
