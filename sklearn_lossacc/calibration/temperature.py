"""Temperature scaling, with or without a floor: one or two numbers learnt by maximum likelihood."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_lossacc._numerics import formula as f
from sklearn_lossacc._numerics import softmax
from sklearn_lossacc._numerics.floor_blocks import floor_alone, solve_floor_in_blocks
from sklearn_lossacc._numerics.formula import Formula
from sklearn_lossacc._numerics.score_unit import in_unit
from sklearn_lossacc._numerics.shrinkage import believed_share
from sklearn_lossacc._numerics.temperature import FARTHEST
from sklearn_lossacc._numerics.temperature_beliefs import believed_temperature
from sklearn_lossacc._numerics.temperature_blocks import log_scores, solve_temperature_in_blocks
from sklearn_lossacc.calibration.base import BaseCalibrator, without_zeros
from sklearn_lossacc.calibration.beliefs import are_few, effective_weight
from sklearn_lossacc.calibration.formulas import log_scores_formula, mixed_formula, positive_formula
from sklearn_lossacc.calibration.outcome import Outcome
from sklearn_lossacc.calibration.plain import numbers_from_plain
from sklearn_lossacc.inputs import Predictions, Scores

__all__ = ["TemperatureCalibrator"]

LARGEST_EXPONENT = 600.0  # exp(-600) is far from underflow
ROUNDING = 1e-9  # of the log likelihood


def _prior(class_weight: np.ndarray) -> np.ndarray:
    """Return the class frequencies; by the rule of succession where a class has no rows."""
    share = class_weight / class_weight.sum()
    if (share > 0).all():  # a weight can be so small that its share is 0
        return share
    return (class_weight + 1.0) / (class_weight + 1.0).sum()


class TemperatureCalibrator(BaseCalibrator):
    """Make all probabilities sharper or blunter by one temperature.

    Parameters
    ----------
    floor : bool, default=False
        Whether to mix in a share of the uniform distribution, learnt too. It keeps a few confidently wrong
        rows, or wrong labels, from spoiling the temperature of all others.
    cautious : bool, default=False
        Whether to take the mean of log T, and of the floor, under a prior that expects T = 1, instead of the most
        likely value: closer to 1 where rows are few, the same where they are many.
    input : {"proba", "logits"}, default="proba"
        What X holds.
    classes : array-like of shape (n_classes,), optional
        The label of each column, in column order. Without it: column names that cover the labels, 0..k-1 for
        integer labels in that range, else the sorted labels.

    Attributes
    ----------
    inverse_temperature_ : float
        beta = 1 / T; above 1 the probabilities get sharper.
    temperature_ : float
        T; infinite if `outcome_` is "uninformative".
    floor_ : float
        Share e of the uniform distribution, 0 with ``floor=False``.
    prior_ : ndarray of shape (n_classes,)
        Class frequencies of the labels, predicted for every row if `outcome_` is "uninformative".
    outcome_ : {"converged", "separable", "uninformative", "missing_class"}
        "separable": every label has its row's largest score, and T = 1 is kept. "uninformative": no
        temperature is better than equal probabilities. "missing_class": some class has no rows, which leaves
        T valid.
    n_iter_ : int
        Number of passes over all rows.
    fault_probability_ : float
        How likely it is that T is not 1, for more than a unit of the scores, or that there is a floor; 0 where that
        was not asked: only with ``cautious=True``, ``floor=True`` and few rows.
    classes_ : ndarray of shape (n_classes,)
        The label of each column.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X has names.

    See Also
    --------
    AutoCalibrator : Chooses a calibrator by cross-fitting.
    CalibratedClassifier : Puts a calibrator behind a classifier.

    Notes
    -----
    q_j = (1 - e) p_j^beta / sum_i p_i^beta + e / k, with beta (and e, at most .5) that minimise the log loss
    of the labels. The order of the classes within a row never changes. On the rows of the fit the log loss, clipped at
    probabilities of 2.22e-16, is never above that of X; labels less likely than that do not rule beta where the others
    are better off without them (a cautious temperature, drawn towards 1, may then exceed it by a trifle). A
    probability of exactly 0 counts as 2.22e-16, so that it can be calibrated too, but never for more than another one
    of its row.

    With ``cautious=True`` log beta is multiplied by its believed share: its posterior mean, in the normal
    approximation, under an equal mixture of normal priors with standard deviations 0, .05, .1, .2, .4 and .8. At one
    standard error of .1 the share is .42, at two .60, at three .80. A hundredth of the prior is left for logits in a
    unit of their own, so that these are believed as they are.

    With ``cautious=True`` and ``floor=True``, up to 4096 rows and 2**20 entries, log beta and e are the exact posterior
    means. The prior odds of a fault are sqrt(n / 2500), n what the rows are worth: copies, weights and groups count for
    as many independent ones. Half of that goes to the normal laws of .05 to .8, half to them with a floor, log e
    uniform between .001 and .5; the rest to beta = 1 and e = 0. So few rows leave T = 1 alone, and probabilities of 0
    get a floor before one of them comes true. A hundredth of the prior is for scores in a unit of their own, which
    their margins tell, from a row's second largest to the largest: in nats the medians of 95 % of all models are taken
    to lie between .1 and 20. Beyond 4096 rows they are the most likely values.

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On Calibration of Modern Neural Networks", ICML 2017.

    Examples
    --------
    A model that says .9 and is right three times out of four:

    >>> from sklearn_lossacc import TemperatureCalibrator
    >>> calibrator = TemperatureCalibrator().fit([[0.1, 0.9]] * 4, [1, 1, 1, 0])
    >>> round(calibrator.temperature_, 6)
    2.0
    >>> calibrator.predict_proba([[0.1, 0.9]]).round(6)
    array([[0.25, 0.75]])
    """

    def __init__(self, *, floor: bool = False, cautious: bool = False, input: str = "proba", classes: Any = None):
        super().__init__(input=input, classes=classes)
        self.floor = floor
        self.cautious = cautious

    def _learn(self, predictions: Predictions, class_weight: np.ndarray) -> Outcome:
        self.prior_ = _prior(class_weight)
        self.fault_probability_ = 0.0
        logits = self.input == "logits"
        if self.floor and self.cautious and are_few(predictions):
            scores, unit = in_unit(predictions.scores) if logits else (predictions.scores, 1.0)
            logs = log_scores(scores, logits=logits)
            logs = np.maximum(logs - logs.max(axis=1, keepdims=True), -FARTHEST)
            found = believed_temperature(logs, predictions.y, effective_weight(predictions), unit)
            log_beta, floor, self.fault_probability_ = found
            self._set(float(np.exp(log_beta)), floor)
            self.n_iter_ = 0
            return "converged"
        data = predictions.scores, predictions.y, predictions.sample_weight
        solution = solve_temperature_in_blocks(*data, logits=logits)
        outcome: Outcome = solution.outcome
        beta, floor = solution.beta, 0.0
        if self.floor and outcome != "separable":
            mixture = solve_floor_in_blocks(*data, logits=logits, scale=beta or 1.0)
            beta, floor, outcome = mixture.beta, mixture.floor, "converged"
            chance = -class_weight.sum() * np.log(len(class_weight))
            if beta == 0 or mixture.log_likelihood <= chance * (1.0 - ROUNDING):
                outcome, beta, floor = "uninformative", 0.0, 0.0
            elif beta == np.inf:
                outcome, beta, floor = "separable", 1.0, floor_alone(*data, logits=logits)
        if self.cautious and not self.floor and outcome == "converged":
            beta **= believed_share(float(np.log(beta)), solution.log_information)
        self._set(beta, floor)
        self.n_iter_ = solution.n_passes
        return outcome

    @property
    def _keeps_labels(self) -> bool:
        """Whether the fitted map leaves every predicted class as it is, whatever the row."""
        return self.inverse_temperature_ > 0

    def _set(self, beta: float, floor: float) -> None:
        """Store beta, T and the floor."""
        self.inverse_temperature_ = beta
        self.temperature_ = 1.0 / beta if beta > 0 else float("inf")
        self.floor_ = floor

    def _fill(self, scores: Scores, rows: slice, out: np.ndarray) -> None:
        beta, logits = self.inverse_temperature_, self.input == "logits"
        if beta == 0:
            out[:] = self.prior_
            return
        logs = log_scores(scores.values[rows], logits=logits, ordered=True, out=out)
        # the largest of k probabilities is at least 1 / k
        bounded = not logits and beta * np.log(out.shape[1]) < LARGEST_EXPONENT
        softmax(logs, scale=beta, out=out, bounded=bounded)
        if self.floor_ > 0:
            out *= 1.0 - self.floor_
            out += self.floor_ / out.shape[1]
        without_zeros(out)

    def _formula(self, scores: Formula) -> Formula:
        if self.inverse_temperature_ == 0:
            return 0.0 * scores + self.prior_
        logs = log_scores_formula(scores, logits=self.input == "logits", ordered=True)
        proba = f.softmax(self.inverse_temperature_ * (logs - f.row_max(logs)))
        if self.floor_ > 0:
            proba = mixed_formula(proba, self.floor_, len(self.classes_))
        return positive_formula(proba)

    def _state(self) -> dict[str, Any]:
        return {
            "inverse_temperature": float(self.inverse_temperature_),
            "floor": float(self.floor_),
            "prior": self.prior_.tolist(),
            "n_iter": int(self.n_iter_),
            "fault_probability": float(self.fault_probability_),
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self._set(state["inverse_temperature"], state["floor"])
        self.prior_ = numbers_from_plain(state["prior"], shape=self.classes_.shape)
        self.n_iter_ = state["n_iter"]
        self.fault_probability_ = state["fault_probability"]
