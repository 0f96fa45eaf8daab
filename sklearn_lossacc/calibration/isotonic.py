"""One monotone map for each class, learnt by pooling adjacent violators."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from sklearn_lossacc._numerics.formula import Formula
from sklearn_lossacc._numerics.grid import LinesByGrid
from sklearn_lossacc._numerics.isotonic import fit_isotonic
from sklearn_lossacc._numerics.links import logit
from sklearn_lossacc._numerics.lookup import in_order
from sklearn_lossacc.calibration.formulas import Pieces, piecewise
from sklearn_lossacc.calibration.one_vs_rest import Map, OneVsRestCalibrator, Target, share_line, zeros_and_ones
from sklearn_lossacc.inputs import Scores

__all__ = ["IsotonicCalibrator"]

NARROW = 64  # classes: up to here single columns are long enough


class IsotonicCalibrator(OneVsRestCalibrator):
    """Replace each class's probability by the frequency that a non-decreasing fit assigns to it.

    Parameters
    ----------
    centered : bool, default=True
        Whether the map goes through the centre of each block of equal values, and so rises everywhere between the
        outermost ones, instead of staying constant on each: smaller losses, no ties, the ranking of rows is kept.
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
        "knots" (log odds) and "values" (log odds there) for each class; a single map, for ``classes_[1]``, if there
        are two classes.
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
    TemperatureCalibrator : One number instead of a curve; better below about 1000 rows a class.

    Notes
    -----
    Frequencies depend on the order of the rows alone. One observation of the class frequency (n_j + 1) / (n + k) at the
    smallest and one at the largest score keep them strictly between 0 and 1. Rows of equal score are pooled. The map
    goes through the blocks of equal frequency: in log odds, from the mean of each to that of the next it is linear,
    beyond the first and last it is constant; with ``centered=False`` from end to end. So it does not matter for two
    classes in which unit logits are given, and no row is lost where probabilities round to 0 or 1. How far out
    a probability of exactly 0 or 1 lies, such as a share of votes, is not known: in the mean of its block it counts as
    the next one inward.

    With more than two classes each class is fitted against the others and the rows are then divided by their sums. A
    class without rows keeps p_j / (1 + s_j), with s_j its weighted sum of probabilities: the estimate that follows from
    one prior row.

    With several classes the predicted class of a row can change. With ``centered=False`` the steps make ties, so the
    ranking of rows gets coarser.

    References
    ----------
    B. Zadrozny, C. Elkan, "Transforming Classifier Scores into Accurate Multiclass Probability Estimates",
    KDD 2002.

    A. P. Oron, N. Flournoy, "Centered Isotonic Regression: Point and Interval Estimation for Dose-Response
    Studies", *Statistics in Biopharmaceutical Research*, 2017.

    Examples
    --------
    Four rows at .9, of which three are right, with two observations of the frequency (3 + 1) / (4 + 2):

    >>> from sklearn_lossacc import IsotonicCalibrator
    >>> calibrator = IsotonicCalibrator().fit([0.9] * 4, [1, 1, 1, 0])
    >>> calibrator.predict_proba([0.9]).round(4)  # (3 + 2 * 4 / 6) / (4 + 2)
    array([[0.2778, 0.7222]])
    """

    def __init__(self, *, centered: bool = True, n_jobs: int | None = None, input: str = "proba", classes: Any = None):
        super().__init__(n_jobs=n_jobs, input=input, classes=classes)
        self.centered = centered

    def _fit_map(self, target: Target) -> Map:
        nowhere = zeros_and_ones(len(self.classes_)) if self.input == "proba" else None
        knots, values = fit_isotonic(
            *(target.odds, target.hit, target.weight),
            prior=target.prior,
            centered=self.centered,
            nowhere=nowhere,
            overwrite=True,
        )
        return {"knots": knots, "values": logit(values)}

    @property
    def _together(self) -> bool:
        """Whether all maps are applied at once."""
        return len(self.maps_) > 2 and not any("constant" in one for one in self.maps_)

    @property
    def _rows_at_least(self) -> int:
        return 1 if self._together else super()._rows_at_least

    def _filler(self) -> Callable[[Scores, slice, np.ndarray], None]:
        return partial(self._fill_by, self._all_lines()) if self._together else self._fill

    def _all_lines(self) -> Callable[[np.ndarray, np.ndarray], None]:
        """Return what applies the maps of all classes to a block of log odds."""
        wide = len(self.maps_) > NARROW
        shape = (1, -1) if wide else (-1, 1)
        missing = np.flatnonzero(["share" in one for one in self.maps_])
        share = np.array([self.maps_[column]["share"][0] for column in missing])
        nothing = {"knots": np.zeros(1), "values": np.zeros(1)}
        own = [nothing if "share" in one else one for one in self.maps_]
        lines = LinesByGrid([one["knots"] for one in own], [one["values"] for one in own], shape)

        def apply(odds: np.ndarray, out: np.ndarray) -> None:
            shares = share_line(share, odds[:, missing])
            if wide:
                lines.apply(odds, out)
            else:  # short rows are slow
                turned = odds.T.copy()
                out[:] = lines.apply(turned, turned).T
            out[:, missing] = shares

        return apply

    def _line(self, one: Map, odds: np.ndarray) -> np.ndarray:
        return in_order(lambda ordered: np.interp(ordered, one["knots"], one["values"]), odds)

    def _line_formula(self, maps: list[Map], odds: Formula) -> Formula:
        return piecewise(odds, [Pieces.linear(one["knots"], one["values"]) for one in maps])
