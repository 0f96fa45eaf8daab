"""Venn-Abers prediction: isotonic regression that doubts its own row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from sklearn_lossacc._numerics import row_blocks
from sklearn_lossacc._numerics.formula import Formula
from sklearn_lossacc._numerics.log_odds import log_odds
from sklearn_lossacc._numerics.venn_abers import fit_venn_abers, venn_abers_pair
from sklearn_lossacc.calibration.formulas import Pieces, piecewise
from sklearn_lossacc.calibration.one_vs_rest import Map, OneVsRestCalibrator, Target, to_proba
from sklearn_lossacc.inputs import Scores

__all__ = ["VennAbersCalibrator"]


class VennAbersCalibrator(OneVsRestCalibrator):
    """Fit isotonically twice, as if the row to predict had either label, and weigh the two answers.

    Parameters
    ----------
    n_jobs : int, optional
        Classes that are fitted at the same time, in threads; None means one. The result is the same.
    input : {"proba", "logits"}, default="proba"
        What X holds.
    classes : array-like of shape (n_classes,), optional
        The label of each column, in column order. Without it: column names that cover the labels, 0..k-1 for
        integer labels in that range, else the sorted labels.

    Attributes
    ----------
    maps_ : list of dict
        "edges" (log odds where a step begins), "lower" and "upper" (p0 and p1 on each step) for each class; a single
        map, for ``classes_[1]``, if there are two classes.
    outcome_ : {"converged", "missing_class"}
        "missing_class": some class has no rows.
    classes_ : ndarray of shape (n_classes,)
        The label of each column.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X has names.

    See Also
    --------
    IsotonicCalibrator : One fit, smoothed at its ends.
    CalibratedClassifier : Makes the inductive predictor a cross predictor.

    Notes
    -----
    The inductive Venn-Abers predictor. With p0 and p1 the isotonic fits at the row when it is added with label
    0 and with label 1, q = p1 / (1 - p0 + p1), which has the smallest worst regret in log loss. p0 < p1, and
    the distance between them says how much the data know about such rows. q is never 0 or 1.

    Cross Venn-Abers prediction is `CalibratedClassifier` around it, with ``ensemble=True``: each fold of the data
    calibrates a classifier that was trained on the others, and their p0 and p1 are merged by geometric means G into
    q = G(p1) / (G(1 - p0) + G(p1)).

    With more than two classes each class is fitted against the others and rows are divided by their sums. The
    validity guarantee is that of two classes. A class without rows keeps p_j / (1 + s_j), with s_j its
    weighted sum of probabilities.

    References
    ----------
    V. Vovk, I. Petej, V. Fedorova, "Large-Scale Probabilistic Predictors With and Without Guarantees of
    Validity", NeurIPS 2015.

    Examples
    --------
    Three of four rows at .9 are right; one more row makes it 3/5 or 4/5, and .8 / (.4 + .8) = 2/3:

    >>> from sklearn_lossacc import VennAbersCalibrator
    >>> VennAbersCalibrator().fit([0.9] * 4, [1, 1, 1, 0]).predict_proba([0.9]).round(4)
    array([[0.3333, 0.6667]])
    """

    def _fit_map(self, target: Target) -> Map:
        edges, lower, upper = fit_venn_abers(target.odds, target.hit, target.weight, overwrite=True)
        return {"edges": edges, "lower": lower, "upper": upper}

    def _line(self, one: Map, odds: np.ndarray) -> np.ndarray:
        p0, p1 = venn_abers_pair(odds, one["edges"], one["lower"], one["upper"])
        return np.log(p1) - np.log1p(-p0)

    def _line_formula(self, maps: list[Map], odds: Formula) -> Formula:
        lines = [np.log(one["upper"]) - np.log1p(-one["lower"]) for one in maps]
        return piecewise(odds, [Pieces.constant(one["edges"], line) for one, line in zip(maps, lines, strict=True)])

    @classmethod
    def _predict_together(cls, calibrators: Sequence[Any], scores: Iterable[Any]) -> np.ndarray:
        """Merge p0 and p1 of each class by geometric means."""
        total: Any = None
        for calibrator, X in zip(calibrators, scores, strict=True):
            given = Scores.from_array(calibrator._check_features(X, reset=False), input=calibrator.input)
            if total is None:
                total = np.zeros((given.n_rows, given.n_classes))
            for rows in row_blocks(given.n_rows, given.n_classes, calibrator._rows_at_least * given.n_classes):
                odds = log_odds(given.values[rows], logits=calibrator.input == "logits")
                calibrator._lines(calibrator.maps_, odds, odds)
                total[rows] += odds
        total /= len(calibrators)
        to_proba(total)
        return total
