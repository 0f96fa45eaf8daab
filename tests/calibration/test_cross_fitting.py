import numpy as np
import pytest

from sklearn_lossacc.calibration import MatrixCalibrator, VectorCalibrator
from sklearn_lossacc.calibration.cross_fitting import assign_folds, out_of_fold_loss, unit_keys
from sklearn_lossacc.inputs import Predictions


@pytest.fixture
def predictions():
    rng = np.random.default_rng(0)
    return Predictions.from_arrays(rng.integers(0, 3, 300), rng.dirichlet(np.ones(3), 300))


def test_folds_follow_the_keys_that_are_given(predictions):
    keys = (np.arange(300) // 3).astype(np.uint64)
    folds = assign_folds(predictions, 5, keys)
    assert folds.n_units == 100
    by_row = np.empty(300, dtype=int)
    by_row[folds.rows] = folds.fold
    assert (by_row.reshape(100, 3) == by_row.reshape(100, 3)[:, :1]).all()
    assert np.bincount(folds.fold).min() >= 40


def test_without_keys_copies_stay_together(predictions):
    order = np.r_[np.arange(300), np.arange(100)]
    doubled = Predictions.from_arrays(predictions.y[order], predictions.scores[order])
    folds = assign_folds(doubled, 5)
    by_row = np.empty(400, dtype=int)
    by_row[folds.rows] = folds.fold
    np.testing.assert_array_equal(by_row[:100], by_row[300:])
    np.testing.assert_array_equal(unit_keys(doubled)[:100], unit_keys(doubled)[300:])
    same = assign_folds(doubled, 5, unit_keys(doubled))
    np.testing.assert_array_equal(same.fold, folds.fold)


def test_rows_of_equal_scores_stay_together_whatever_their_labels():
    p = np.repeat([0.1, 0.3, 0.5, 0.7], 50)
    y = np.tile([0, 1], 100)
    folds = assign_folds(Predictions.from_arrays(y, p), 5)
    assert (folds.n_units, folds.n_folds) == (4, 2)
    by_level = folds.fold[np.argsort(folds.rows)].reshape(4, 50)
    assert (by_level == by_level[:, :1]).all()
    assert set(by_level[:, 0]) == {0, 1}


def test_temperatures_are_learnt_once_for_each_fold(predictions):
    shared = assign_folds(predictions, 5)
    for one in (VectorCalibrator(), VectorCalibrator(strength=4.0), VectorCalibrator(floor=True), MatrixCalibrator()):
        alone = out_of_fold_loss(one, predictions, assign_folds(predictions, 5))
        np.testing.assert_array_equal(out_of_fold_loss(one, predictions, shared), alone)
    assert [len(known) for known in shared.temperatures.values()] == [2] * 5
