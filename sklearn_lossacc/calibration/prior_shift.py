"""The same classes in other proportions."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklearn_lossacc._numerics import LOSS_CLIP, row_blocks, row_max, softmax
from sklearn_lossacc._numerics import formula as f
from sklearn_lossacc._numerics.formula import Formula
from sklearn_lossacc._numerics.temperature_blocks import log_scores
from sklearn_lossacc.calibration.base import BaseCalibrator, without_zeros
from sklearn_lossacc.calibration.formulas import log_scores_formula, positive_formula
from sklearn_lossacc.calibration.outcome import Outcome
from sklearn_lossacc.calibration.plain import numbers_from_plain
from sklearn_lossacc.calibration.weights import warn_of_shares
from sklearn_lossacc.inputs import Predictions, Scores
from sklearn_lossacc.inputs.naming import called
from sklearn_lossacc.inputs.weights import check_sample_weight, check_train_prior

__all__ = ["PriorShiftCalibrator"]

MAX_STEPS = 10_000
TOL = 1e-10  # change of a class frequency in one step


def _checked_target(target_prior: Any, classes: np.ndarray) -> np.ndarray | None:
    """Check the target prior as any class frequencies; errors name this argument."""
    with called(train_prior="target_prior"):
        return check_train_prior(target_prior, classes)


class PriorShiftCalibrator(BaseCalibrator):
    """Carry probabilities over to data where the classes have other frequencies.

    Parameters
    ----------
    target_prior : array-like of shape (n_classes,) or mapping, optional
        Class frequencies (or counts) of the data to predict, in class order or by label. Without it nothing
        changes until `estimate_prior` has seen unlabelled data.
    input : {"proba", "logits"}, default="proba"
        What X holds.
    classes : array-like of shape (n_classes,), optional
        The label of each column, in column order. Without it: column names that cover the labels, 0..k-1 for
        integer labels in that range, else the sorted labels.

    Attributes
    ----------
    source_prior_ : ndarray of shape (n_classes,)
        Class frequencies that the model expects: the mean of the probabilities that `fit` saw.
    target_prior_ : ndarray of shape (n_classes,)
        Class frequencies of the data to predict; equal to `source_prior_` as long as nothing is known.
    outcome_ : {"converged", "missing_class"}
        "missing_class": some class has no rows, which leaves the map valid.
    classes_ : ndarray of shape (n_classes,)
        The label of each column.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X has names.

    See Also
    --------
    TemperatureCalibrator : Calibrate first: a shift of frequencies does not repair confidence.

    Notes
    -----
    q_j is proportional to p_j t_j / s_j, with source prior s and target prior t. That is right if only the
    frequencies of the classes differ and not what their rows look like. The labels given to `fit` only name the
    classes; s is the mean prediction, so that rows like those of `fit` are told that nothing has shifted.

    A class whose target prior is 0 keeps a probability of 2.2e-308.

    References
    ----------
    M. Saerens, P. Latinne, C. Decaestecker, "Adjusting the Outputs of a Classifier to New a Priori
    Probabilities: A Simple Procedure", *Neural Computation*, 2002.

    A. Alexandari, A. Kundaje, A. Shrikumar, "Maximum Likelihood with Bias-Corrected Calibration is
    Hard-To-Beat at Label Shift Adaptation", ICML 2020.

    Examples
    --------
    Odds of 1 to 3 in a world of equal frequencies, where the second class is three times rarer now:

    >>> from sklearn_lossacc import PriorShiftCalibrator
    >>> calibrator = PriorShiftCalibrator(target_prior=[0.75, 0.25]).fit([[0.25, 0.75], [0.75, 0.25]], [1, 0])
    >>> calibrator.predict_proba([[0.25, 0.75]])
    array([[0.5, 0.5]])
    """

    def __init__(self, *, target_prior: Any = None, input: str = "proba", classes: Any = None):
        super().__init__(input=input, classes=classes)
        self.target_prior = target_prior

    def estimate_prior(self, X_target: Any, sample_weight: Any = None) -> PriorShiftCalibrator:
        """Estimate the class frequencies of unlabelled data and use them from now on.

        Parameters
        ----------
        X_target : array-like of shape (n_samples, n_classes), (n_samples,) or (n_samples, 1)
            Probabilities or logits of rows like those to predict.
        sample_weight : array-like of shape (n_samples,), optional
            Weight k is the row repeated k times.

        Returns
        -------
        self
            With a new `target_prior_`.

        Raises
        ------
        InvalidPredictionsError
            If X_target is unusable.
        InvalidWeightsError
            If `sample_weight` is.

        Warns
        -----
        DataWarning
            If `sample_weight` of ten rows or more sums to less than two rows.

        Notes
        -----
        The most likely frequencies t under a Dirichlet prior that is worth as many rows as there are classes, with the
        mean s, by expectation and maximisation: t becomes the mean of k rows that say s and the n rows with their
        probabilities shifted to t, until it stays. So t_j / s_j is never below k / (n + k). Without these k rows the
        likeliest frequency of a class that few rows ask for is often 0, however common it is, and the loss without
        bounds when it comes.

        Examples
        --------
        >>> from sklearn_lossacc import PriorShiftCalibrator
        >>> calibrator = PriorShiftCalibrator().fit([[0.1, 0.9], [0.9, 0.1]], [1, 0])
        >>> calibrator.estimate_prior([[0.1, 0.9]] * 3 + [[0.9, 0.1]]).target_prior_.round(4)
        array([0.3282, 0.6718])
        """
        check_is_fitted(self)
        X_target = self._check_features(X_target, reset=False)
        with called(y_proba="X_target"):
            scores = Scores.from_array(X_target, input=self.input)
            weight = check_sample_weight(sample_weight, scores.n_rows)
        warn_of_shares(weight)
        ratio = self._proba(scores, slice(0, scores.n_rows)) / self.source_prior_
        weight = np.ones(len(ratio)) if weight is None else weight
        n_rows, k = weight.sum(), len(self.classes_)
        known = k / (n_rows + k)
        weight = weight / n_rows * (1.0 - known)
        target = self.source_prior_.copy()
        for _ in range(MAX_STEPS):
            # E and M in one: t_j <- t_j mean_i [r_ij / sum_l t_l r_il], and s_j for what is known
            updated = target * ((weight / (ratio @ target)) @ ratio) + known * self.source_prior_
            moved = np.abs(updated - target).max()
            target = updated / updated.sum()
            if moved <= TOL:
                break
        self.target_prior_ = target
        return self

    def _learn(self, predictions: Predictions, class_weight: np.ndarray) -> Outcome:
        scores, weight = predictions.checked, predictions.sample_weight
        total = np.zeros(scores.n_classes)
        for rows in row_blocks(scores.n_rows, scores.n_classes):
            proba = self._proba(scores, rows)
            total += proba.sum(axis=0) if weight is None else weight[rows] @ proba
        total = np.maximum(total, LOSS_CLIP * total.sum())
        self.source_prior_ = total / total.sum()
        given = _checked_target(self.target_prior, predictions.classes)
        self.target_prior_ = self.source_prior_ if given is None else given
        return "converged"

    def _proba(self, scores: Scores, rows: slice) -> np.ndarray:
        """Return probabilities as they come, with 2.22e-16 in the place of 0."""
        return softmax(log_scores(scores.values[rows], logits=self.input == "logits"))

    def _shift(self) -> np.ndarray:
        """Return log t / s: shares of a row that is sure of an impossible class underflow, their logs do not."""
        with np.errstate(divide="ignore"):
            return np.log(self.target_prior_) - np.log(self.source_prior_)

    def _fill(self, scores: Scores, rows: slice, out: np.ndarray) -> None:
        logs = log_scores(scores.values[rows], logits=self.input == "logits")
        with np.errstate(over="ignore"):
            np.subtract(logs, row_max(logs)[:, np.newaxis], out=out)
        out += self._shift()
        softmax(out, out=out)
        without_zeros(out)

    def _formula(self, scores: Formula) -> Formula:
        logs = log_scores_formula(scores, logits=self.input == "logits")
        return positive_formula(f.softmax(logs - f.row_max(logs) + self._shift()))

    def to_dict(self) -> dict[str, Any]:
        """Write the fitted calibrator as plain numbers, strings, lists and dicts.

        Returns
        -------
        dict
            Ready for ``json.dumps``.

        Raises
        ------
        TypeError
            If labels are neither strings nor numbers.
        """
        data = super().to_dict()
        given = _checked_target(self.target_prior, self.classes_)
        data["params"]["target_prior"] = None if given is None else given.tolist()
        return data

    def _state(self) -> dict[str, Any]:
        return {"source_prior": self.source_prior_.tolist(), "target_prior": self.target_prior_.tolist()}

    def _restore(self, state: dict[str, Any]) -> None:
        _checked_target(self.target_prior, self.classes_)
        shape = self.classes_.shape
        self.source_prior_ = numbers_from_plain(state["source_prior"], shape=shape)
        self.target_prior_ = numbers_from_plain(state["target_prior"], shape=shape)
