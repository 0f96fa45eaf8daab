"""Matrix scaling that cannot go far: a full matrix near the identity, after a temperature."""

from __future__ import annotations

import numpy as np

from sklearn_lossacc._numerics.multinomial import matrix_penalty
from sklearn_lossacc.calibration.structured import StructuredCalibrator

__all__ = ["MatrixCalibrator"]


class MatrixCalibrator(StructuredCalibrator):
    """Temperature scaling, then a linear map of all log probabilities that is pulled toward the identity.

    Parameters
    ----------
    floor : bool, default=False
        Whether the temperature comes with a floor, see `TemperatureCalibrator`.
    strength : float, default=1.0
        Multiplies the penalty; positive. Larger values stay closer to the temperature. The penalty is one of weights,
        not of what they move: a model whose probabilities hardly differ may need a hundredth. AutoCalibrator tries
        4 to 1/256.
    cautious : bool, default=False
        Whether to weigh several strengths, vectors, and no map at all, by how well each explains the labels, after a
        cautious temperature; up to 4096 rows and 2**20 entries, where `strength` does not count.
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
    share_ : float
        Share of equal probabilities that is mixed in before the logs; 0 if the temperature is all there is.
    temperature_calibrator_ : TemperatureCalibrator
        Comes first, with its floor if asked for.
    outcome_ : {"converged", "separable", "uninformative", "missing_class"}
        That of the temperature, which in the second and third case is all there is.
    classes_ : ndarray of shape (n_classes,)
        The label of each column.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X has names.

    See Also
    --------
    VectorCalibrator : Without the entries off the diagonal; better for many classes or few rows.

    Notes
    -----
    With t the tempered probabilities (and their floor) and n the sum of weights,

    x = log((1 - e) t + e / k), e = 1 / (n + 1);  q = softmax(M x + b),

    with M and b that minimise, in nats, sum_i w_i loss_i + c k [sum_j (M_jj - 1)^2 + sum_j b_j^2] +
    c k (k - 1) sum_{j != l} M_jl^2, c the `strength`: with c = 1 and no floor structured matrix scaling. The
    predicted class of a row can change. On the rows of the fit the log loss is never above that of temperature scaling.

    With ``cautious=True``, up to 4096 rows and 2**20 entries, M and b are a mean over five strengths, normal laws with
    standard deviations s = .05, .1, .2, .4 and .8 (s / sqrt(k - 1) off the diagonal), the same for vectors, and no map;
    each counts by its evidence. The prior gives .8 to a map if the temperature (and floor) is believed to be wrong,
    else .015, and in between in proportion to that belief; half of it to vectors.

    References
    ----------
    E. Berta, D. Holzmüller, M. I. Jordan, F. Bach, "Structured Matrix Scaling for Multi-Class Calibration",
    AISTATS 2026, arXiv:2511.03685.

    Examples
    --------
    Two classes whose probabilities are mixed up; no temperature repairs that:

    >>> import numpy as np
    >>> from sklearn_lossacc import MatrixCalibrator
    >>> P = np.tile([0.2, 0.3, 0.5], (4000, 1))
    >>> y = np.repeat([0, 1, 2], [1200, 800, 2000])
    >>> MatrixCalibrator().fit(P, y).predict_proba(P[:1]).round(2)
    array([[0.3, 0.2, 0.5]])
    """

    def _penalty(self, n_classes: int) -> np.ndarray:
        return matrix_penalty(n_classes)

    def _set(self, theta: np.ndarray) -> None:
        self.matrix_ = np.eye(len(theta)) + theta[:, :-1]
        self.intercept_ = theta[:, -1].copy()

    def _theta(self) -> np.ndarray:
        return np.column_stack([self.matrix_ - np.eye(len(self.matrix_)), self.intercept_])
