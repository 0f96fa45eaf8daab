"""LossAccuracyReport: a diagnosis with its pictures and texts."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from sklearn_lossacc import plots, render
from sklearn_lossacc.findings import Diagnosis, diagnose
from sklearn_lossacc.inputs import from_estimator
from sklearn_lossacc.report.cross_validation import cross_validated_diagnosis
from sklearn_lossacc.report.panel_frames import panel_frame
from sklearn_lossacc.report.written import WrittenReport

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from matplotlib.axes import Axes

ResponseMethod = Literal["auto", "predict_proba", "decision_function"]

PAGE_PANELS = ("waterfall", "reliability", "loss", "classes", "confusion")


class LossAccuracyReport(WrittenReport[Diagnosis]):
    """Why loss and accuracy disagree: the diagnosis of one model, drawn and written.

    Make it by `from_predictions`, `from_estimator` or `from_cv_results`, which compute and draw; the constructor only
    holds what was computed. To compute without drawing, use `diagnose`.

    Parameters
    ----------
    diagnosis : Diagnosis
        What was found.
    name : str, optional
        Name of the model in all views; None takes the diagnosis's.

    Attributes
    ----------
    diagnosis_ : Diagnosis
        What was found, under the name of this report.
    ax_ : matplotlib Axes
        The axes that was drawn on, or divided. Set by `plot`, as are the others below.
    axes_ : dict of str to matplotlib Axes
        The axes of each panel: ``waterfall``, ``reliability`` with ``reliability_histogram``, ``loss``, ``classes``
        with ``classes_accuracy`` and ``classes_loss``, ``confusion``, ``rows``.
    figure_ : matplotlib Figure
        The figure that contains them.

    See Also
    --------
    diagnose : Compute a diagnosis without drawing it.

    Examples
    --------
    >>> from sklearn_lossacc import LossAccuracyReport, diagnose
    >>> report = LossAccuracyReport(diagnose([0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]]), name="mine")
    >>> print(str(report).splitlines()[0])
    mine: 3 rows, 2 classes, float64 probabilities, one row carries 60.9 % of the loss
    """

    def __init__(self, diagnosis: Diagnosis, *, name: str | None = None) -> None:
        self.diagnosis = diagnosis
        self.name = name

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_proba: Any,
        *,
        input: Literal["proba", "logits"] = "proba",
        classes: Any = None,
        sample_weight: Any = None,
        groups: Any = None,
        train_prior: Any = None,
        out_of_sample: bool = True,
        alpha: float = 0.05,
        ignore: Collection[str] = (),
        random_state: int | np.random.RandomState | None = 0,
        panels: Sequence[str] | None = None,
        ax: Axes | None = None,
        name: str | None = None,
        X: Any = None,
    ) -> Self:
        """Diagnose labels and predictions, and draw the report.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            The labels.
        y_proba : array-like of shape (n_samples, n_classes), (n_samples,) or (n_samples, 1)
            Predicted probabilities or logits; one column stands for ``classes[1]`` of a binary problem.
        input : {"proba", "logits"}, default="proba"
            What `y_proba` holds.
        classes : array-like of shape (n_classes,), optional
            The label of each column, in column order.
        sample_weight : array-like of shape (n_samples,), optional
            Row weights.
        groups : array-like of shape (n_samples,), optional
            Rows of one group are dependent.
        train_prior : array-like of shape (n_classes,) or mapping, optional
            Class frequencies at training.
        out_of_sample : bool, default=True
            Whether the predictions are for rows that the model was not trained on.
        alpha : float, default=0.05
            Chance that any statistical finding fires on a healthy model, at most.
        ignore : collection of str, default=()
            Codes of rules that are not judged.
        random_state : int, RandomState instance or None, default=0
            Seed of all draws.
        panels : sequence of str, optional
            Panels to draw; None draws all.
        ax : matplotlib Axes, optional
            Where to draw; it is divided among the panels. None makes a new figure.
        name : str, optional
            Name of the model in all views.
        X : array-like of shape (n_samples, ...), sparse matrix or data frame, optional
            The features, read only to recognise rows that are copies.

        Returns
        -------
        LossAccuracyReport
            Computed and drawn.

        Raises
        ------
        LossAccError
            If the input cannot be used; `diagnose` lists the cases. If a panel is not known.
        """
        plots.check_panels(panels)
        diagnosis = diagnose(
            y_true,
            y_proba,
            input=input,
            classes=classes,
            sample_weight=sample_weight,
            groups=groups,
            train_prior=train_prior,
            out_of_sample=out_of_sample,
            alpha=alpha,
            ignore=ignore,
            random_state=random_state,
            name=name,
            X=X,
        )
        return cls(diagnosis, name=name).plot(ax, panels=panels)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        response_method: ResponseMethod = "auto",
        input: Literal["proba", "logits"] | None = None,
        classes: Any = None,
        sample_weight: Any = None,
        groups: Any = None,
        train_prior: Any = None,
        out_of_sample: bool = True,
        alpha: float = 0.05,
        ignore: Collection[str] = (),
        random_state: int | np.random.RandomState | None = 0,
        panels: Sequence[str] | None = None,
        ax: Axes | None = None,
        name: str | None = None,
    ) -> Self:
        """Predict with a fitted classifier, diagnose, and draw the report.

        Parameters
        ----------
        estimator : classifier
            Fitted, with `predict_proba` or `decision_function`.
        X : object
            Rows to predict; pass rows that the estimator was not trained on, or say ``out_of_sample=False``.
        y : array-like of shape (n_samples,)
            Their labels.
        response_method : {"auto", "predict_proba", "decision_function"}, default="auto"
            Where predictions come from: "auto" takes `predict_proba` if present, otherwise `decision_function` as
            logits.
        input : {"proba", "logits"}, optional
            What the response holds; None means probabilities from `predict_proba` and logits otherwise.
        classes : array-like of shape (n_classes,), optional
            The label of each column; None takes ``estimator.classes_``.
        sample_weight, groups, train_prior, out_of_sample, alpha, ignore, random_state : optional
            As for `from_predictions`.
        panels, ax : optional
            As for `from_predictions`.
        name : str, optional
            Name of the model in all views; None takes the name of the estimator's class.

        Returns
        -------
        LossAccuracyReport
            Computed and drawn.

        Raises
        ------
        LossAccError
            If the estimator cannot predict, or its predictions cannot be used.

        Notes
        -----
        Accuracy is that of the largest probability, also of classifiers with a threshold of their own, whose ``score``
        is another number.
        """
        response = from_estimator(estimator, X, response_method=response_method)
        return cls.from_predictions(
            y,
            response.y_proba,
            input=response.input if input is None else input,  # type: ignore[arg-type]
            classes=response.classes if classes is None else classes,
            sample_weight=sample_weight,
            groups=groups,
            train_prior=train_prior,
            out_of_sample=out_of_sample,
            alpha=alpha,
            ignore=ignore,
            random_state=random_state,
            panels=panels,
            ax=ax,
            name=type(estimator).__name__ if name is None else name,
            X=X,
        )

    @classmethod
    def from_cv_results(
        cls,
        cv_results: Mapping[str, Any],
        X: Any,
        y: Any,
        *,
        response_method: ResponseMethod = "auto",
        sample_weight: Any = None,
        groups: Any = None,
        train_prior: Any = None,
        alpha: float = 0.05,
        ignore: Collection[str] = (),
        random_state: int | np.random.RandomState | None = 0,
        panels: Sequence[str] | None = None,
        ax: Axes | None = None,
        name: str | None = None,
    ) -> Self:
        """Diagnose the out-of-fold predictions of a cross-validation, all folds together, and draw the report.

        Each row is predicted by the estimator that was not trained on it. Repeated folds predict a row several times;
        its predictions then form one group, unless `groups` are given. Folds are pooled: the report speaks of the
        training procedure, not of one fitted model. Intervals of loss, accuracy, Brier score and confidence gap are
        widened to the corrected t interval over the folds, whose spread is that of the training sets; the reliability
        diagram has a line a fold, and ``frame("folds")`` a row a fold.

        Parameters
        ----------
        cv_results : mapping
            From ``cross_validate(..., return_estimator=True, return_indices=True)``, or a mapping from names of
            settings to several of these, made with the same folds. Of several settings the one of smallest mean log
            loss is diagnosed, and ``frame("settings")`` compares the others with it by the corrected paired t-test.
        X : object
            The data that were cross-validated.
        y : array-like of shape (n_samples,)
            Their labels.
        response_method : {"auto", "predict_proba", "decision_function"}, default="auto"
            Where predictions come from.
        sample_weight, groups, train_prior, alpha, ignore, random_state : optional
            As for `from_predictions`, one entry a row of `X`.
        panels, ax : optional
            As for `from_predictions`.
        name : str, optional
            Name of the model in all views; None takes the setting's name, or that of the estimators' class.

        Returns
        -------
        LossAccuracyReport
            Computed and drawn.

        Raises
        ------
        LossAccError
            If `cv_results` holds no estimators or indices, does not fit `X`, settings have different folds, or the
            predictions cannot be used.

        References
        ----------
        C. Nadeau, Y. Bengio, "Inference for the Generalization Error", Machine Learning 52, 2003.

        Examples
        --------
        >>> from matplotlib.figure import Figure
        >>> from sklearn.datasets import load_iris
        >>> from sklearn.linear_model import LogisticRegression
        >>> from sklearn.model_selection import cross_validate
        >>> X, y = load_iris(return_X_y=True)
        >>> settings = {
        ...     f"C={C}": cross_validate(
        ...         LogisticRegression(C=C, max_iter=1000), X, y, return_estimator=True, return_indices=True
        ...     )
        ...     for C in (0.001, 1.0)
        ... }
        >>> report = LossAccuracyReport.from_cv_results(settings, X, y, ax=Figure().add_subplot())
        >>> report.frame("settings")["setting"].tolist()
        ['C=1.0', 'C=0.001']
        >>> len(report.frame("folds"))
        5
        """
        chosen, diagnosis = cross_validated_diagnosis(
            cv_results,
            X,
            y,
            response_method=response_method,
            sample_weight=sample_weight,
            groups=groups,
            train_prior=train_prior,
            alpha=alpha,
            ignore=ignore,
            random_state=random_state,
        )
        return cls(diagnosis, name=chosen if name is None else name).plot(ax, panels=panels)

    def plot(self, ax: Axes | None = None, *, panels: Sequence[str] | None = None, name: str | None = None) -> Self:
        """Draw the report.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw. A single panel is drawn on it; several divide it. None makes a new pyplot figure.
        panels : sequence of str, optional
            Names out of ``waterfall, reliability, loss, classes, confusion, rows``; None draws all.
        name : str, optional
            Name of the model in this drawing; None takes the report's.

        Returns
        -------
        LossAccuracyReport
            This report, with `ax_`, `axes_` and `figure_` set.

        Raises
        ------
        LossAccError
            If a panel is not known.
        """
        plots.check_panels(panels)
        ax = plots.pyplot_figure(panels) if ax is None else ax
        diagnosis = self.diagnosis_ if name is None else replace(self.diagnosis, name=name)
        return self._keep(ax, plots.draw(diagnosis, ax, panels))

    def frame(self, panel: str | None = None) -> pd.DataFrame:
        """Return what was found, or what a panel draws, as a table.

        Parameters
        ----------
        panel : str, optional
            Name of a panel, or ``folds`` or ``settings`` of a cross-validation; None returns all metrics and findings.

        Returns
        -------
        pandas.DataFrame
            Without `panel` one row a metric or finding: kind, name, value, low, high, p_value, status, text.
            With it one row a part, bin, class, cell or row of the data, the numbers behind the picture.

        Raises
        ------
        LossAccError
            If the panel is not known.
        """
        return self.diagnosis.to_frame() if panel is None else panel_frame(self.diagnosis, panel)

    def to_html(
        self, path: str | os.PathLike[str] | None = None, *, panels: Sequence[str] | None = PAGE_PANELS
    ) -> str | Path:
        """Write the report as one HTML page that works offline and without scripts.

        Parameters
        ----------
        path : str or path, optional
            Where to write; the file appears whole or not at all. None returns the page.
        panels : sequence of str, optional
            Panels to draw; None draws all. The worst rows are a table in any case.

        Returns
        -------
        pathlib.Path or str
            The path, or the page where no path was given.

        Raises
        ------
        LossAccError
            If a panel is not known.
        """
        return self._page(plots.panel_pictures(self.diagnosis_, panels), path)

    def _document(self) -> render.Document:
        return render.predictions_document(self.diagnosis_)
