import os
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from sklearn_lossacc.calibration import DirichletCalibrator, TemperatureCalibrator, VectorCalibrator
from sklearn_lossacc.exceptions import CalibrationWarning
from sklearn_lossacc.metrics import log_loss

SHARED = os.environ.get("SKLEARN_LOSSACC_DATA")


def tilted(n, seed=0):
    """Probabilities that a linear map of their logs puts right, cross terms included."""
    rng = np.random.default_rng(seed)
    x = log_softmax(rng.normal(scale=2, size=(n, 3)), axis=1)
    matrix = np.array([[0.6, 0.3, 0.0], [0.0, 1.0, 0.0], [0.2, 0.0, 0.8]])
    true = x @ matrix.T + [0.5, 0.0, -0.5]
    return softmax(x, axis=1), (true + rng.gumbel(size=(n, 3))).argmax(axis=1), softmax(true, axis=1)


def test_a_linear_map_is_found():
    P, y, true = tilted(20000)
    calibrator = DirichletCalibrator().fit(P, y)
    q = calibrator.predict_proba(P)
    assert log_loss(y, q) < log_loss(y, true) + 1e-3
    assert np.abs(q - true).mean() < 0.01
    assert log_loss(y, q) < log_loss(y, VectorCalibrator().fit(P, y).predict_proba(P)) - 0.005


@pytest.mark.parametrize(("strength", "mu"), [(0.3, 0.02), (5.0, None), (0.0, 0.0)])
def test_the_fit_minimises_the_published_objective(strength, mu):
    P, y, _ = tilted(300)
    n, k = P.shape
    calibrator = DirichletCalibrator(reg_lambda=strength, reg_mu=mu).fit(P, y)
    assert calibrator.reg_lambda_ == strength
    assert calibrator.reg_mu_ == (strength if mu is None else mu)

    def objective(parameters):
        matrix, intercept = parameters[:-k].reshape(k, k), parameters[-k:]
        loss = -log_softmax(np.log(P) @ matrix.T + intercept, axis=1)[np.arange(n), y].mean()
        off = matrix - np.diag(np.diag(matrix))
        penalty = calibrator.reg_lambda_ / (k * (k - 1)) * (off**2).sum()
        penalty += calibrator.reg_mu_ / k * (intercept**2).sum()
        near = ((matrix - np.eye(k)) ** 2).sum() + (intercept**2).sum()
        return loss + penalty + near / (2 * n)

    found = minimize(objective, np.r_[np.eye(k).ravel(), np.zeros(k)], tol=1e-10)
    ours = np.r_[calibrator.matrix_.ravel(), calibrator.intercept_]
    np.testing.assert_allclose(objective(ours), found.fun, rtol=1e-7)
    np.testing.assert_allclose(ours, found.x, atol=2e-3)


def test_many_rows_are_pulled_less_than_few():
    few, many = (DirichletCalibrator().fit(*tilted(n)[:2]) for n in (60, 20000))
    assert many.reg_lambda_ < few.reg_lambda_
    assert abs(few.matrix_[0, 1]) < 0.15 < many.matrix_[0, 1]


def test_cross_terms_that_do_not_exist_are_held_small():
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=2, size=(600, 6))
    y = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    calibrator = DirichletCalibrator(input="logits").fit(3 * logits, y)
    off = calibrator.matrix_ - np.diag(np.diag(calibrator.matrix_))
    assert np.abs(off).max() < 0.02
    np.testing.assert_allclose(np.diag(calibrator.matrix_), 1 / 3, atol=0.1)


def test_cross_terms_of_many_classes_are_held_small():
    # Each score sums the cross terms of all classes, so that each of them has to be smaller.
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=3, size=(400, 150))
    y = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    fit, fresh = slice(0, 200), slice(200, 400)
    with pytest.warns(CalibrationWarning, match="missing_class"):
        calibrator = DirichletCalibrator(input="logits", classes=np.arange(150)).fit(logits[fit], y[fit])
    off = calibrator.matrix_ - np.diag(np.diag(calibrator.matrix_))
    assert (log_softmax(logits[fresh], axis=1) @ off.T).std() < 0.1


def test_intercepts_may_be_free_while_cross_terms_are_not():
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=2, size=(1500, 6))
    shift = np.array([2.0, 0, 0, 0, 0, -2.0])
    y = (logits + shift + rng.gumbel(size=logits.shape)).argmax(axis=1)
    calibrator = DirichletCalibrator(input="logits").fit(logits, y)
    assert calibrator.reg_mu_ < calibrator.reg_lambda_
    q, true = calibrator.predict_proba(logits), softmax(logits + shift, axis=1)
    assert log_loss(y, q) < log_loss(y, true) + 1e-3 < log_loss(y, softmax(logits, axis=1)) - 0.3


def test_a_given_mu_stays():
    P, y, _ = tilted(500)
    assert DirichletCalibrator(reg_mu=7.0).fit(P, y).reg_mu_ == 7.0


def test_bad_ends(overconfident):
    P, y = overconfident
    with pytest.warns(CalibrationWarning, match="separable"):
        calibrator = DirichletCalibrator().fit(P, P.argmax(axis=1))
    assert np.isnan(calibrator.reg_lambda_)
    np.testing.assert_allclose(calibrator.predict_proba(P), P, rtol=1e-9)
    with pytest.warns(CalibrationWarning, match="uninformative"):
        calibrator = DirichletCalibrator().fit(P, P.argmin(axis=1))
    np.testing.assert_allclose(calibrator.predict_proba(P[:1]), [np.bincount(P.argmin(axis=1)) / len(y)])


def test_rows_that_a_map_separates_have_an_answer():
    # No row's label has its largest score, but the map that halves the first class would be right for all.
    P = np.array([[0.6, 0.4], [0.55, 0.45], [0.9, 0.1], [0.8, 0.2]] * 5)
    y = np.array([1, 1, 0, 0] * 5)
    calibrator = DirichletCalibrator(reg_lambda=0.0).fit(P, y)
    q = calibrator.predict_proba(P)
    np.testing.assert_array_equal(q.argmax(axis=1), y)
    assert log_loss(y, q) < log_loss(y, TemperatureCalibrator().fit(P, y).predict_proba(P)) / 2
    assert q.min() > 1e-4


@pytest.mark.parametrize("params", [{"reg_lambda": -1.0}, {"reg_mu": np.inf}, {"reg_lambda": np.nan}])
def test_bad_parameters_are_refused(params):
    with pytest.raises(ValueError, match=next(iter(params))):
        DirichletCalibrator(**params).fit(*tilted(100)[:2])


@pytest.mark.skipif(SHARED is None, reason="SKLEARN_LOSSACC_DATA is not set")
def test_densenet40_on_cifar10_is_as_good_as_published():
    data = np.load(Path(str(SHARED)) / "probs" / "densenet40_cifar10_logits_valtest.npz")
    calibrator = DirichletCalibrator(input="logits").fit(data["val_logits"], data["val_labels"])
    loss = log_loss(data["test_labels"], calibrator.predict_proba(data["test_logits"]))
    assert loss < 0.224064  # Dirichlet calibration with ODIR, as published for this split
