"""Vector scaling that cannot go far: one factor and one intercept for each class, after a temperature."""

from __future__ import annotations

import numpy as np

from sklearn_lossacc._numerics.multinomial import vector_penalty
from sklearn_lossacc.calibration.structured import StructuredCalibrator

__all__ = ["VectorCalibrator"]


class VectorCalibrator(StructuredCalibrator):
    """Temperature scaling, then one factor and one intercept for the log probability of each class.

    Parameters
    ----------
    floor : bool, default=False
        Whether the temperature comes with a floor, see `TemperatureCalibrator`.
    strength : float, default=1.0
        Multiplies the penalty; positive. Larger values stay closer to the temperature. The penalty is one of weights,
        not of what they move: a model whose probabilities hardly differ may need a hundredth. AutoCalibrator tries
        4 to 1/256.
    cautious : bool, default=False
        Whether to weigh several strengths, and none of the map, by how well each explains the labels, after a cautious
        temperature; up to 4096 rows and 2**20 entries, where `strength` does not count.
    input : {"proba", "logits"}, default="proba"
        What X holds.
    classes : array-like of shape (n_classes,), optional
        The label of each column, in column order. Without it: column names that cover the labels, 0..k-1 for
        integer labels in that range, else the sorted labels.

    Attributes
    ----------
    scale_ : ndarray of shape (n_classes,)
        Factor of each class; 1 changes nothing.
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
    TemperatureCalibrator : The same factor for all classes, no intercepts.
    MatrixCalibrator : Classes also borrow from each other.

    Notes
    -----
    With t the tempered probabilities (and their floor) and n the sum of weights,

    x = log((1 - e) t + e / k), e = 1 / (n + 1);  q = softmax(s x + b),

    with s and b that minimise sum_i w_i loss_i + c k [sum_j (s_j - 1)^2 + sum_j b_j^2], in nats, c the
    `strength`: with c = 1 and no floor structured vector scaling. The fewer rows a class has, the closer its factor
    stays to the temperature alone. The predicted class of a row can change. On the rows of the fit the log loss is
    never above that of temperature scaling.

    With ``cautious=True``, up to 4096 rows and 2**20 entries, s and b are a mean over five strengths, normal laws with
    standard deviations .05, .1, .2, .4 and .8, and no map; each counts by its evidence. The prior gives .8 to a map if
    the temperature (and floor) is believed to be wrong, else .015, and in between in proportion to that belief.

    References
    ----------
    E. Berta, D. Holzmüller, M. I. Jordan, F. Bach, "Structured Matrix Scaling for Multi-Class Calibration",
    AISTATS 2026, arXiv:2511.03685.

    C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On Calibration of Modern Neural Networks", ICML 2017.

    Examples
    --------
    Two classes whose probabilities are mixed up; no temperature repairs that:

    >>> import numpy as np
    >>> from sklearn_lossacc import VectorCalibrator
    >>> P = np.tile([0.2, 0.3, 0.5], (4000, 1))
    >>> y = np.repeat([0, 1, 2], [1200, 800, 2000])
    >>> VectorCalibrator().fit(P, y).predict_proba(P[:1]).round(2)
    array([[0.3, 0.2, 0.5]])
    """

    def _penalty(self, n_classes: int) -> np.ndarray:
        return vector_penalty(n_classes)

    def _set(self, theta: np.ndarray) -> None:
        self.scale_, self.intercept_ = 1.0 + theta[:, 0], theta[:, 1].copy()

    def _theta(self) -> np.ndarray:
        return np.column_stack([self.scale_ - 1.0, self.intercept_])
