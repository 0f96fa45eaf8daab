"""Dirichlet calibration: a linear map of log probabilities, its cross terms and intercepts held small."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sklearn_lossacc._numerics import LOSS_CLIP, log_softmax, row_blocks, softmax
from sklearn_lossacc._numerics import formula as f
from sklearn_lossacc._numerics.formula import Formula
from sklearn_lossacc._numerics.multinomial import fit_multinomial, log_evidence, scores_dtype
from sklearn_lossacc._numerics.temperature_blocks import log_scores
from sklearn_lossacc.calibration.base import BaseCalibrator, without_zeros
from sklearn_lossacc.calibration.formulas import log_scores_formula, positive_formula
from sklearn_lossacc.calibration.nested import fit_inner
from sklearn_lossacc.calibration.outcome import Outcome
from sklearn_lossacc.calibration.plain import numbers_from_plain
from sklearn_lossacc.calibration.temperature import TemperatureCalibrator
from sklearn_lossacc.inputs import Predictions, Scores

__all__ = ["DirichletCalibrator"]

STRONGEST, WEAKEST = 4, -4  # powers of ten
HARDLY_ANY = 0.01  # variance in squared nats of what cross terms add to a score, at the strongest penalty
ONE_ROW = 0.5  # pull of each parameter toward no change, in nats: it decides only where the data do not


def _checked_strength(name: str, value: Any) -> float | None:
    """Return a penalty strength as a float, or None where it is to be chosen."""
    if value is None:
        return None
    strength = float(value)
    if not (0.0 <= strength < np.inf):
        raise ValueError(f"{name} must be a number of at least 0, or None, got {value!r}.")
    return strength


def _last_that_pays(evidence: Callable[[float, float], float], pairs: list[tuple[float, float]]) -> tuple[float, float]:
    """Walk along pairs of strengths until the evidence falls; return the best pair."""
    best, highest = pairs[0], -np.inf
    for pair in pairs:
        found = evidence(*pair)
        if found <= highest:
            break
        best, highest = pair, found
    return best


def _grid(x: np.ndarray, total: float) -> list[float]:
    """Return the strengths to try, from hardly any cross terms on, so that each fit starts near its answer.

    A penalty c of its square lets an entry vary by 1 / (2 c), and each score has k - 1 entries off the diagonal.
    """
    k = x.shape[1]
    square = np.mean([np.square(x[rows], dtype=np.float64).mean() for rows in row_blocks(*x.shape)])
    free = (k - 1) * square * max(k * (k - 1), 1) / (2.0 * total)  # the variance at strength 1
    strongest = max(STRONGEST, int(np.ceil(np.log10(max(free / HARDLY_ANY, 1.0)))))
    return [10.0**power for power in range(strongest, WEAKEST - 1, -1)]


class DirichletCalibrator(BaseCalibrator):
    """Map all log probabilities linearly, with penalties on cross terms and intercepts (ODIR).

    Parameters
    ----------
    reg_lambda : float, optional
        Penalty of the entries off the diagonal, at least 0. None: chosen by the evidence.
    reg_mu : float, optional
        Penalty of the intercepts, at least 0. None: chosen with `reg_lambda`, and equal to a given one.
    input : {"proba", "logits"}, default="proba"
        What X holds.
    classes : array-like of shape (n_classes,), optional
        The label of each column, in column order. Without it: column names that cover the labels, 0..k-1 for
        integer labels in that range, else the sorted labels.

    Attributes
    ----------
    matrix_ : ndarray of shape (n_classes, n_classes)
        Row j holds what class j takes from the log probability of each class; the unit matrix changes nothing.
    intercept_ : ndarray of shape (n_classes,)
        In nats; 0 changes nothing.
    reg_lambda_, reg_mu_ : float
        The penalties of the fit; NaN if there was none.
    outcome_ : {"converged", "separable", "uninformative", "missing_class"}
        "separable": every label has its row's largest score, and the probabilities are left as they are.
        "uninformative": no temperature is better than equal probabilities; every row gets the class
        frequencies. "missing_class": some class has no rows, which leaves the map valid.
    classes_ : ndarray of shape (n_classes,)
        The label of each column.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X has names.

    See Also
    --------
    MatrixCalibrator : Penalties that need no choice, after a temperature; faster, and mostly better.
    VectorCalibrator : Without cross terms.

    Notes
    -----
    q = softmax(W log p + b) is the map that corrects probabilities which follow a Dirichlet distribution in
    each class. With n the sum of weights and k classes, W and b minimise, in nats,

    sum_i w_i loss_i / n + lambda / (k (k - 1)) sum_{j != l} W_jl^2 + mu / k sum_j b_j^2,

    plus half the squared distance of all parameters from no change, divided by n: about the weight of one row,
    so that there is always one minimum. A probability below 2.22e-16 counts as 2.22e-16. On the rows of the fit
    the log loss is never above that of X. The predicted class of a row can change.

    What is not given is chosen for the largest evidence (Laplace's approximation of the probability of the labels,
    with only the diagonal of the curvature above 24 classes), so nothing is split or drawn: powers of ten from 10000,
    or from where all cross terms together move a score by about a tenth of a nat if that is more, down to .0001, first
    lambda = mu, then mu alone, each until the evidence falls. The factor of a class, on the diagonal, is held by the
    weight of one row only: with few rows a class prefer `VectorCalibrator`.

    References
    ----------
    M. Kull, M. Perello-Nieto, M. Kängsepp, T. Silva Filho, H. Song, P. Flach, "Beyond temperature scaling:
    Obtaining well-calibrated multi-class probabilities with Dirichlet calibration", NeurIPS 2019.

    Examples
    --------
    Two classes whose probabilities are mixed up; no temperature repairs that:

    >>> import numpy as np
    >>> from sklearn_lossacc import DirichletCalibrator
    >>> P = np.tile([0.2, 0.3, 0.5], (4000, 1))
    >>> y = np.repeat([0, 1, 2], [1200, 800, 2000])
    >>> DirichletCalibrator(reg_lambda=1e-4).fit(P, y).predict_proba(P[:1]).round(2)
    array([[0.3, 0.2, 0.5]])
    """

    def __init__(
        self, *, reg_lambda: float | None = None, reg_mu: float | None = None, input: str = "proba", classes: Any = None
    ):
        super().__init__(input=input, classes=classes)
        self.reg_lambda = reg_lambda
        self.reg_mu = reg_mu

    def _learn(self, predictions: Predictions, class_weight: np.ndarray) -> Outcome:
        given = _checked_strength("reg_lambda", self.reg_lambda), _checked_strength("reg_mu", self.reg_mu)
        k = predictions.n_classes
        inner = fit_inner(TemperatureCalibrator(input=self.input, classes=predictions.classes), predictions)
        self.matrix_, self.intercept_ = np.eye(k), np.zeros(k)
        self.reg_lambda_ = self.reg_mu_ = np.nan
        if inner.outcome_ == "uninformative":
            self.matrix_, self.intercept_ = np.zeros((k, k)), np.log(inner.prior_)
        if inner.outcome_ not in ("converged", "missing_class"):
            return inner.outcome_
        start = np.zeros((k, k + 1))
        x = np.empty((predictions.n_rows, k), dtype=scores_dtype(predictions.n_rows, start))
        for rows in row_blocks(*x.shape):
            x[rows] = self._logs(predictions.checked, rows)
        np.fill_diagonal(start, inner.inverse_temperature_ - 1.0)
        strengths = self._chosen(given, x, predictions, start)
        self.reg_lambda_, self.reg_mu_ = strengths
        penalty = self._penalty(k, float(class_weight.sum()), *strengths)
        theta = fit_multinomial(x, predictions.y, predictions.sample_weight, penalty=penalty, start=start)
        self.matrix_, self.intercept_ = self.matrix_ + theta[:, :-1], theta[:, -1].copy()
        return "converged"

    def _chosen(
        self,
        given: tuple[float | None, float | None],
        x: np.ndarray,
        predictions: Predictions,
        start: np.ndarray,
    ) -> tuple[float, float]:
        """Return both strengths, by the evidence where they are not given."""
        strength, mu = given
        if strength is not None:
            return strength, strength if mu is None else mu
        y, weight = predictions.y, predictions.sample_weight
        total = float(len(y) if weight is None else weight.sum())
        theta = start

        def evidence(strength: float, mu: float) -> float:
            """Fit, going on from the answer to the last question."""
            nonlocal theta
            penalty = self._penalty(x.shape[1], total, strength, mu)
            theta = fit_multinomial(x, y, weight, penalty=penalty, start=theta)
            return log_evidence(x, y, weight, penalty=penalty, theta=theta)

        grid = _grid(x, total)
        if mu is not None:
            return _last_that_pays(evidence, [(one, mu) for one in grid])
        strength, _ = _last_that_pays(evidence, [(one, one) for one in grid])
        return _last_that_pays(evidence, [(strength, one) for one in grid if one <= strength])

    def _logs(self, scores: Scores, rows: slice) -> np.ndarray:
        """Return bounded log probabilities."""
        logs = log_softmax(log_scores(scores.values[rows], logits=self.input == "logits"))
        return np.maximum(logs, np.log(LOSS_CLIP), out=logs)

    @staticmethod
    def _penalty(k: int, total: float, strength: float, mu: float) -> np.ndarray:
        """Return the penalty of the square of each parameter."""
        penalty = np.full((k, k + 1), ONE_ROW + total * strength / max(k * (k - 1), 1))
        np.fill_diagonal(penalty, ONE_ROW)
        penalty[:, -1] = ONE_ROW + total * mu / k
        return penalty

    def _fill(self, scores: Scores, rows: slice, out: np.ndarray) -> None:
        np.matmul(self._logs(scores, rows), self.matrix_.T, out=out)
        out += self.intercept_
        softmax(out, out=out)
        without_zeros(out)

    def _formula(self, scores: Formula) -> Formula:
        logs = f.log_softmax(log_scores_formula(scores, logits=self.input == "logits"))
        logs = f.maximum(logs, np.log(LOSS_CLIP))
        return positive_formula(f.softmax(logs @ self.matrix_.T + self.intercept_))

    def _state(self) -> dict[str, Any]:
        chosen = np.isfinite(self.reg_lambda_)
        return {
            "matrix": self.matrix_.tolist(),
            "intercept": self.intercept_.tolist(),
            "reg_lambda": float(self.reg_lambda_) if chosen else None,
            "reg_mu": float(self.reg_mu_) if chosen else None,
        }

    def _restore(self, state: dict[str, Any]) -> None:
        k = len(self.classes_)
        self.matrix_ = numbers_from_plain(state["matrix"], shape=(k, k))
        self.intercept_ = numbers_from_plain(state["intercept"], shape=(k,))
        found = state["reg_lambda"], state["reg_mu"]
        self.reg_lambda_, self.reg_mu_ = (np.nan if one is None else one for one in found)
