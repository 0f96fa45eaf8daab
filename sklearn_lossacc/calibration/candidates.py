"""The calibrators that an automatic choice tries, and how one of them is tried."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from sklearn_lossacc.calibration.base import BaseCalibrator
from sklearn_lossacc.calibration.cross_fitting import Folds, compare, out_of_fold_loss
from sklearn_lossacc.calibration.identity import IdentityCalibrator
from sklearn_lossacc.calibration.isotonic import IsotonicCalibrator
from sklearn_lossacc.calibration.matrix import MatrixCalibrator
from sklearn_lossacc.calibration.sigmoid import SigmoidCalibrator
from sklearn_lossacc.calibration.spline import SplineCalibrator
from sklearn_lossacc.calibration.temperature import TemperatureCalibrator
from sklearn_lossacc.calibration.vector import VectorCalibrator
from sklearn_lossacc.calibration.venn_abers import VennAbersCalibrator
from sklearn_lossacc.inputs import Predictions

__all__ = ["BELIEFS", "CANDIDATES", "FEW_ROWS_CANDIDATES", "NO_DIFFERENCE", "ONE_FOR_ALL", "Candidate", "Trial"]


NO_DIFFERENCE = 1e-6  # nats: two searches for the same optimum end this close to each other


class Trial(NamedTuple):
    """What a calibrator does to rows that it has not seen.

    Attributes
    ----------
    make : callable
        Makes the calibrator from ``input=`` and ``classes=``.
    loss : ndarray of shape (m,)
        Loss of each row, out of fold, in nats.
    mean : float
        Its weighted mean.
    """

    make: Callable[..., BaseCalibrator]
    loss: np.ndarray
    mean: float

    def dearer(self, cost: float) -> Trial:
        """Add to the losses.

        Parameters
        ----------
        cost : float
            In nats a row.

        Returns
        -------
        Trial
            Of the same calibrator.
        """
        return Trial(self.make, self.loss + cost, self.mean + cost)


class Candidate(NamedTuple):
    """One calibrator to choose from, with settings of its own to choose from.

    Attributes
    ----------
    name : str
        What `choice_` says.
    make : callable
        Makes the calibrator from ``input=`` and ``classes=``.
    settings : sequence of (int, dict)
        Further parameters, in the order of trial, each with the number of rows from which on it is tried.
    rows_per_class : int
        Rows a class that are needed on average.
    rows_of_rarest : int
        Rows that each class needs.
    n_classes : tuple of int
        Smallest and largest number of classes for which it is tried.
    change : dict, optional
        Parameters to try in the end on the best of the settings, kept if they gain more than a standard error.
    """

    name: str
    make: Callable[..., BaseCalibrator]
    settings: Sequence[tuple[int, dict[str, Any]]] = ((0, {}),)
    rows_per_class: int = 0
    rows_of_rarest: int = 0
    n_classes: tuple[int, int] = (1, sys.maxsize)
    change: dict[str, Any] | None = None

    def suits(self, class_weight: np.ndarray) -> bool:
        """Say whether the calibrator is worth a trial on such labels.

        Parameters
        ----------
        class_weight : ndarray of shape (n_classes,)
            Weight of each class.

        Returns
        -------
        bool
            True if the numbers of rows and of classes are in range.
        """
        fewest, most = self.n_classes
        enough = class_weight.mean() >= self.rows_per_class and class_weight.min() >= self.rows_of_rarest
        return bool(fewest <= len(class_weight) <= most and enough and class_weight.sum() >= self.settings[0][0])

    def attempt(self, predictions: Predictions, folds: Folds, weight: np.ndarray) -> Trial:
        """Try the settings one after the other, as long as each is better than the last.

        Parameters
        ----------
        predictions : Predictions
            Labels and scores.
        folds : Folds
            From `assign_folds`.
        weight : ndarray of shape (m,)
            Weights of ``folds.rows``.

        Returns
        -------
        Trial
            Of the best.
        """
        best = Trial(self.make, np.empty(0), np.inf)
        for rows, setting in self.settings:
            make = partial(self.make, **setting)
            if rows > weight.sum():
                break
            loss = out_of_fold_loss(make(input=predictions.input), predictions, folds)
            mean = float(weight @ loss / weight.sum())
            if mean >= best.mean:
                break
            best = Trial(make, loss, mean)
        if self.change is not None:
            changed = self._replace(make=partial(best.make, **self.change), settings=((0, {}),), change=None)
            trial = changed.attempt(predictions, folds, weight)
            gain, error = compare(best.loss, trial.loss, weight, folds)
            best = trial if gain > error + NO_DIFFERENCE else best
        return best


# From the tightest on, so that each step has to prove itself.
STRENGTHS = tuple((0 if one >= 1.0 else 1000, {"strength": one}) for one in (4.0, 1.0, 2**-2, 2**-4, 2**-6, 2**-8))

# From the simplest to the richest: the order decides between calibrators that the data cannot tell apart.
CANDIDATES = (
    Candidate("identity", IdentityCalibrator),
    Candidate("temperature", partial(TemperatureCalibrator, cautious=True)),
    Candidate("temperature+floor", partial(TemperatureCalibrator, floor=True), ((100, {}),)),
    Candidate("sigmoid", SigmoidCalibrator, rows_per_class=50, rows_of_rarest=10, n_classes=(2, 2)),
    Candidate("vector", partial(VectorCalibrator, floor=True), STRENGTHS, 40, 5, (2, sys.maxsize)),
    Candidate("matrix", partial(MatrixCalibrator, floor=True), STRENGTHS, 40, 5, (3, 100), {"floor": False}),
    Candidate("spline", SplineCalibrator, rows_of_rarest=100, n_classes=(2, 2)),
    Candidate("spline", SplineCalibrator, ((500, {}),), rows_of_rarest=100, n_classes=(3, 20)),
    Candidate("isotonic", IsotonicCalibrator, rows_of_rarest=1000),
    Candidate("Venn-Abers", VennAbersCalibrator, rows_of_rarest=500, n_classes=(2, 20)),
)

# Few rows are first asked what they make one believe: the simplest of these that is about as good has the others to
# prove themselves against it.
BELIEFS = (
    *CANDIDATES[:2],
    Candidate("temperature+floor", partial(TemperatureCalibrator, floor=True, cautious=True)),
    Candidate("vector", partial(VectorCalibrator, floor=True, cautious=True), n_classes=(1, 300)),
    Candidate("cautious matrix", partial(MatrixCalibrator, floor=True, cautious=True), n_classes=(3, 20)),
)
ONE_FOR_ALL = (*BELIEFS[:3], CANDIDATES[2])  # the same for all classes, so that class frequencies are not learnt

# The evidence of a matrix also counts what it foretold when it had seen fewer rows: out of fold it wins sooner, but by
# luck where rows are very few.
MATRIX, *CURVES = CANDIDATES[-5:]
TRIED_STRENGTHS = tuple((max(rows, 500), one) for rows, one in STRENGTHS)
FEW_ROWS_CANDIDATES = (*BELIEFS, MATRIX._replace(settings=TRIED_STRENGTHS), *CURVES)
