import numpy as np
import pytest
from scipy.special import softmax

from sklearn_lossacc.calibration import MatrixCalibrator, VectorCalibrator
from sklearn_lossacc.calibration.cross_fitting import assign_folds, out_of_fold_loss, shared_chance, unit_keys
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


def test_rows_of_equal_scores_that_may_be_copies_stay_together_whatever_their_labels():
    p = np.repeat([0.1, 0.3, 0.5, 0.7], 50)
    y = np.tile([0, 1], 100)
    folds = assign_folds(Predictions.from_arrays(y, p), 5)
    assert (folds.n_units, folds.n_folds) == (4, 2)
    by_level = folds.fold[np.argsort(folds.rows)].reshape(4, 50)
    assert (by_level == by_level[:, :1]).all()
    assert set(by_level[:, 0]) == {0, 1}


def levels(n_rows, n_levels=4):
    rng = np.random.default_rng(0)
    p = np.linspace(0.1, 0.9, n_levels)[rng.integers(0, n_levels, n_rows)]
    return p, (rng.random(n_rows) < p).astype(int)


def test_rows_of_equal_scores_and_several_labels_are_dealt_to_all_folds():
    p, y = levels(1000)
    folds = assign_folds(Predictions.from_arrays(y, p), 5)
    assert (folds.n_units, folds.n_folds) == (1000, 5)
    cell = np.round(10 * p).astype(int) * 2 + y
    table = np.array([np.bincount(cell, weights=folds.fold == fold) for fold in range(5)])
    table = table[:, table.any(axis=0)]
    assert table.min() > 0
    assert (table.std(axis=0) > 0).all()  # by chance, not in turn: a fold's labels say nothing of another's


def test_copies_among_levels_stay_together():
    p, y = levels(200)
    p[:3], y[:3] = 0.55, 1  # one label
    folds = assign_folds(Predictions.from_arrays(y, p), 5)
    assert folds.n_units == 198
    assert len(np.unique(folds.fold[:3])) == 1
    tripled = assign_folds(Predictions.from_arrays(np.tile(y, 3), np.tile(p, 3)), 5)
    assert tripled.n_units == 5


def test_folds_of_levels_follow_from_counts():
    p, y = levels(400)
    rng = np.random.default_rng(1)
    weight = rng.integers(0, 4, 400)
    order = rng.permutation(np.repeat(np.arange(400), weight))

    def table(folds, p, y):
        cell = np.round(10 * p[folds.rows]).astype(int) * 2 + y[folds.rows]
        return [np.bincount(cell, weights=folds.weight * (folds.fold == fold), minlength=20) for fold in range(5)]

    weighted = assign_folds(Predictions.from_arrays(y, p, sample_weight=weight), 5)
    repeated = assign_folds(Predictions.from_arrays(y[order], p[order]), 5)
    np.testing.assert_array_equal(table(weighted, p, y), table(repeated, p[order], y[order]))
    shares = Predictions.from_arrays(y, p, sample_weight=weight + 0.5)  # no counts: may stand for anything
    assert assign_folds(shares, 5).n_units == 4


def test_temperatures_are_learnt_once_for_each_fold(predictions):
    shared = assign_folds(predictions, 5)
    for one in (VectorCalibrator(), VectorCalibrator(strength=4.0), VectorCalibrator(floor=True), MatrixCalibrator()):
        alone = out_of_fold_loss(one, predictions, assign_folds(predictions, 5))
        np.testing.assert_array_equal(out_of_fold_loss(one, predictions, shared), alone)
    assert [len(known) for known in shared.temperatures.values()] == [2] * 5


def shared(y, P, **more):
    predictions = Predictions.from_arrays(y, P, **more)
    return shared_chance(predictions, assign_folds(predictions, 5))


@pytest.mark.parametrize("n_classes", [2, 3, 10])
def test_rows_that_say_nothing_share_all_chance_and_those_that_say_all_share_none(n_classes):
    rng = np.random.default_rng(0)
    y = rng.integers(0, n_classes, 2000)
    nothing = rng.dirichlet(np.full(n_classes, 1e4), 2000)
    assert shared(y, nothing) == pytest.approx(n_classes - 1, rel=0.01)
    logits = rng.normal(scale=10, size=(2000, n_classes))
    y = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    assert shared(y, softmax(logits, axis=1)) < 0.25 * (n_classes - 1)


def test_copies_and_weights_share_the_same_chance(predictions):
    y, P = predictions.y, np.asarray(predictions.scores)
    weight = np.arange(300) % 3
    order = np.repeat(np.arange(300), weight)
    once = shared(y, P, sample_weight=weight.astype(float))
    assert once == pytest.approx(shared(y[order], P[order]), rel=1e-9)
    assert 0 < once < 2


@pytest.mark.parametrize("scale", [0.3, 3.0])
def test_what_is_shared_is_what_an_intercept_gains_by_chance(scale):
    """The mean residuals r of the other folds and of the own one have r C^-1 r = V / n in the mean, not 0."""
    n, gained, told = 400, [], []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        logits = rng.normal(scale=scale, size=(n, 4))
        y = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
        predictions = Predictions.from_arrays(y, softmax(logits, axis=1))
        folds = assign_folds(predictions, 5)
        residual = np.eye(4)[y] - softmax(logits, axis=1)
        inverse = np.linalg.pinv(residual.T @ residual / n, rcond=1e-10)
        halves = [(residual[folds.fold != f].mean(axis=0), residual[folds.fold == f].mean(axis=0)) for f in range(5)]
        gained.append(np.mean([other @ inverse @ own for other, own in halves]) * n)
        told.append(shared_chance(predictions, folds))
    error = np.std(gained) / np.sqrt(len(gained))
    assert abs(np.mean(gained) - np.mean(told)) < 3 * error
    assert np.mean(told) > 5 * error
