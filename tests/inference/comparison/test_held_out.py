import numpy as np
import pytest
from scipy.special import softmax

from sklearn_lossacc import TemperatureCalibrator
from sklearn_lossacc.inference.comparison import held_out_loss
from sklearn_lossacc.inputs import Predictions


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    odds = rng.normal(size=(400, 3))
    y = (softmax(odds, axis=1).cumsum(axis=1) < rng.random((400, 1))).sum(axis=1)
    return y, softmax(2 * odds, axis=1), rng.integers(0, 4, 400), rng.exponential(size=400)


@pytest.mark.parametrize("weighted", [False, True])
def test_it_is_a_calibrator_fitted_on_the_other_folds(data, weighted):
    y, proba, fold, weight = data
    given = weight if weighted else None
    loss = held_out_loss(Predictions.from_arrays(y, proba, sample_weight=given), np.arange(400), fold)
    for number in range(4):
        train, test = fold != number, fold == number
        calibrator = TemperatureCalibrator().fit(
            proba[train], y[train], sample_weight=weight[train] if weighted else None
        )
        expected = -np.log(calibrator.predict_proba(proba[test])[np.arange(test.sum()), y[test]])
        np.testing.assert_allclose(loss[test], expected, atol=1e-7)


def test_other_rows_are_left_out(data):
    y, proba, fold, _ = data
    rows = np.arange(0, 400, 2)
    loss = held_out_loss(Predictions.from_arrays(y, proba), rows, fold[rows])
    assert np.isfinite(loss[rows]).all()
    assert np.isnan(np.delete(loss, rows)).all()


def test_no_help_is_equal_probabilities():
    y = np.array([0, 1] * 20)
    proba = np.where(y == 1, 0.2, 0.8)  # the wrong way round
    loss = held_out_loss(Predictions.from_arrays(y, proba), np.arange(40), np.arange(40) // 20)
    np.testing.assert_allclose(loss, np.log(2))


def test_all_right_keeps_the_probabilities():
    y = np.array([0, 1] * 20)
    loss = held_out_loss(Predictions.from_arrays(y, np.where(y == 1, 0.8, 0.2)), np.arange(40), np.arange(40) // 20)
    np.testing.assert_allclose(loss, -np.log(0.8))
