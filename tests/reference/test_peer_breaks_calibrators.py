"""Inputs on which well-known calibrators return their input, mix up classes, lose columns, or crash."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from sklearn_lossacc.calibration import (
    BetaCalibrator,
    CalibratedClassifier,
    DirichletCalibrator,
    EnsembleTemperatureCalibrator,
    HistogramCalibrator,
    IsotonicCalibrator,
    MatrixCalibrator,
    SigmoidCalibrator,
    SplineCalibrator,
    TemperatureCalibrator,
    VectorCalibrator,
    VennAbersCalibrator,
)
from sklearn_lossacc.exceptions import CalibrationWarning, ClassesMismatchError, LossAccError
from sklearn_lossacc.metrics import log_loss

RNG = np.random.default_rng(0)
N, K = 1500, 3
Z = RNG.normal(scale=2, size=(N, K))
Y = (Z + RNG.gumbel(size=Z.shape)).argmax(axis=1)
P = softmax(2.5 * Z, axis=1)
CALIBRATORS = [
    TemperatureCalibrator(),
    TemperatureCalibrator(floor=True),
    EnsembleTemperatureCalibrator(),
    SigmoidCalibrator(),
    BetaCalibrator(),
    SplineCalibrator(),
    VectorCalibrator(),
    MatrixCalibrator(),
    DirichletCalibrator(),
    IsotonicCalibrator(),
    VennAbersCalibrator(),
    HistogramCalibrator(),
]
every_calibrator = pytest.mark.parametrize("calibrator", CALIBRATORS, ids=repr)


@every_calibrator
@pytest.mark.parametrize(("dtype", "digits"), [(np.float32, 2e-4), (np.float16, 2e-2)])
def test_narrow_exports_are_calibrated_like_wide_ones(calibrator, dtype, digits):
    # peers return float32 as it came, take float16 rows for logits, or refuse both
    loss = [log_loss(Y, clone(calibrator).fit(X, Y).predict_proba(X)) for X in (P, P.astype(dtype))]
    assert loss[0] < log_loss(Y, P) - 0.15
    assert loss[1] == pytest.approx(loss[0], abs=digits)


@every_calibrator
def test_rows_that_miss_their_sum_by_rounding_are_no_logits(calibrator):
    expected = clone(calibrator).fit(P, Y).predict_proba(P)
    off = P * (1 + 1e-4)
    np.testing.assert_allclose(clone(calibrator).fit(off, Y).predict_proba(off), expected, rtol=1e-6)


@every_calibrator
def test_every_class_keeps_its_column_and_its_probability(calibrator):
    # peers drop the column of a class without rows, or fill it with zeros or NaN
    kept = Y != 2
    with pytest.warns(CalibrationWarning, match="missing_class"):
        q = clone(calibrator).fit(P[kept], Y[kept]).predict_proba(P)
    assert q.shape == (N, K)
    assert q.min() > 0


@every_calibrator
def test_one_column_of_three_classes_is_refused(calibrator):
    with pytest.raises(ClassesMismatchError, match="3 distinct labels, X has 2 columns"):
        clone(calibrator).fit(P[:, 1], Y)


@pytest.mark.parametrize("calibrator", CALIBRATORS[:5], ids=repr)
def test_scores_that_speak_against_the_labels_are_not_turned_round(calibrator):
    # an unbounded search ends at a negative temperature or slope
    with pytest.warns(CalibrationWarning, match="uninformative"):
        q = clone(calibrator).set_params(input="logits").fit(-Z, Y).predict_proba(-Z)
    np.testing.assert_allclose(q, np.broadcast_to(np.bincount(Y) / N, q.shape), atol=0.002)


def test_the_temperature_of_a_binary_decision_is_not_halved():
    d = 2.0 * (Z[:, 1] - Z[:, 0])
    y = (Z[:, 1] - Z[:, 0] + RNG.logistic(size=N) > 0).astype(int)
    one = TemperatureCalibrator(input="logits").fit(d, y)
    two = TemperatureCalibrator(input="logits").fit(np.column_stack([np.zeros(N), d]), y)
    assert one.inverse_temperature_ == pytest.approx(two.inverse_temperature_, rel=1e-9)
    assert one.inverse_temperature_ == pytest.approx(0.5, abs=0.07)


def test_labels_and_the_index_of_labels_change_nothing():
    X, y = make_classification(n_samples=400, n_informative=5, n_classes=3, random_state=0)
    model = CalibratedClassifier(GaussianNB(), TemperatureCalibrator(), cv=3)
    expected = clone(model).fit(X, y).predict_proba(X)
    for labels in (y + 1, 10 * (y + 1), y - 1, pd.Series(y, index=np.arange(400) + 7), np.array(list("abc"))[y]):
        np.testing.assert_array_equal(clone(model).fit(X, labels).predict_proba(X), expected)


def test_a_frozen_estimator_needs_neither_all_classes_nor_five_rows():
    X, y = make_classification(n_samples=400, n_informative=5, n_classes=3, random_state=0)
    frozen = FrozenEstimator(LogisticRegression().fit(X, y))
    for rows in (np.flatnonzero(y < 2), np.arange(3)):
        with pytest.warns(CalibrationWarning):
            model = CalibratedClassifier(frozen, TemperatureCalibrator()).fit(X[rows], y[rows])
        assert model.predict_proba(X).shape == (400, 3)


@pytest.mark.filterwarnings("ignore::sklearn_lossacc.exceptions.CalibrationWarning")
@every_calibrator
def test_constant_scores_and_one_label_end_at_once(calibrator):
    # peers search for ever, overflow, or return the bound of the search as a temperature
    for X, y in ((np.full((50, 3), 1 / 3), Y[:50]), (P[:50], np.zeros(50, dtype=int)), (P[:50], P[:50].argmax(axis=1))):
        q = clone(calibrator).fit(X, y).predict_proba(X)
        assert np.isfinite(q).all()
        assert log_loss(y, q, classes=[0, 1, 2]) <= log_loss(y, X, classes=[0, 1, 2]) + 0.2


@every_calibrator
@pytest.mark.parametrize("fault", ["NaN", "negative", "logits", "doubled", "label 7"])
def test_what_peers_calibrate_silently_is_refused(calibrator, fault):
    X, y = P.copy(), Y.copy()
    if fault == "NaN":
        X[5, 1] = np.nan
    elif fault == "negative":
        X[5] = [-0.5, 0.5, 1.0]
    elif fault == "logits":
        X = Z
    elif fault == "doubled":
        X = 2 * P
    else:
        y[5] = 7
    with pytest.raises(LossAccError, match=r"row 5|row 0|labels"):
        clone(calibrator).fit(X, y)
