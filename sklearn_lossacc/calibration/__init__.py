"""Maps from probabilities to better ones, learnt from labels."""

from sklearn_lossacc.calibration.auto import AutoCalibrator
from sklearn_lossacc.calibration.base import BaseCalibrator
from sklearn_lossacc.calibration.beta import BetaCalibrator
from sklearn_lossacc.calibration.classifier import CalibratedClassifier
from sklearn_lossacc.calibration.dirichlet import DirichletCalibrator
from sklearn_lossacc.calibration.ensemble_temperature import EnsembleTemperatureCalibrator
from sklearn_lossacc.calibration.histogram import HistogramCalibrator
from sklearn_lossacc.calibration.identity import IdentityCalibrator
from sklearn_lossacc.calibration.isotonic import IsotonicCalibrator
from sklearn_lossacc.calibration.matrix import MatrixCalibrator
from sklearn_lossacc.calibration.prior_shift import PriorShiftCalibrator
from sklearn_lossacc.calibration.sigmoid import SigmoidCalibrator
from sklearn_lossacc.calibration.spline import SplineCalibrator
from sklearn_lossacc.calibration.temperature import TemperatureCalibrator
from sklearn_lossacc.calibration.vector import VectorCalibrator
from sklearn_lossacc.calibration.venn_abers import VennAbersCalibrator

__all__ = [
    "AutoCalibrator",
    "BaseCalibrator",
    "BetaCalibrator",
    "CalibratedClassifier",
    "DirichletCalibrator",
    "EnsembleTemperatureCalibrator",
    "HistogramCalibrator",
    "IdentityCalibrator",
    "IsotonicCalibrator",
    "MatrixCalibrator",
    "PriorShiftCalibrator",
    "SigmoidCalibrator",
    "SplineCalibrator",
    "TemperatureCalibrator",
    "VectorCalibrator",
    "VennAbersCalibrator",
]
