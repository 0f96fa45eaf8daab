import numpy as np
import pytest
from scipy.special import softmax

from sklearn_lossacc.calibration import TemperatureCalibrator
from sklearn_lossacc.metrics import calibration_loss, log_loss, refinement_loss, resolution

CLIPPED = 36.04365338911715


def draw(n, k, beta=1.0, seed=0):
    """Labels of a model that states its logits times beta."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=1.5, size=(n, k))
    return softmax(beta * logits, axis=1), (logits + rng.gumbel(size=(n, k))).argmax(axis=1)


def impossible(P, y, rows):
    """Give the labels of some rows the probability 0."""
    P = P.copy()
    P[rows, y[rows]] = 0
    return P / P.sum(axis=1, keepdims=True)


def test_no_bias_on_calibrated_models():
    found = np.array([calibration_loss(y, P) for P, y in (draw(100, 4, seed=seed) for seed in range(2000))])
    error = found.std() / np.sqrt(len(found))
    assert abs(found.mean()) < 4 * error < 6e-4  # without the chance part the mean would be .005
    assert 0.4 < (found < 0).mean() < 0.8


@pytest.mark.parametrize("beta", [0.6, 1.8])
def test_finds_what_a_wrong_temperature_costs(beta):
    P, y = draw(50_000, 5, beta)
    right = log_loss(y, draw(50_000, 5)[0])
    assert refinement_loss(y, P) == pytest.approx(right, abs=1e-4)
    assert calibration_loss(y, P) == pytest.approx(log_loss(y, P) - right, abs=1e-4)


@pytest.mark.parametrize("rows", [[], [3], np.arange(0, 500, 20)], ids=len)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_is_the_loss_after_the_calibrator_and_the_chance_part(rows, dtype):
    P, y = draw(500, 3, beta=2.0)
    P = impossible(P, y, np.asarray(rows, dtype=int)).astype(dtype)
    after = TemperatureCalibrator().fit(P, y).predict_proba(P)
    assert refinement_loss(y, P) == pytest.approx(log_loss(y, after) + 1 / 1000, abs=1e-10)


def test_a_label_that_stays_impossible_costs_the_clip():
    # nearly all rows are certain and right: sharpening pushes the impossible label beyond the clip
    P = np.array([[0.7, 0.3]] * 5000 + [[1 - 1e-14, 1e-14]])
    y = np.array([0] * 5000 + [1])
    after = TemperatureCalibrator().fit(P, y)
    assert after.inverse_temperature_ > 1
    expected = (5000 * -np.log(after.predict_proba(P)[0, 0]) + CLIPPED) / 5001
    if after.inverse_temperature_ * 14 * np.log(10) < CLIPPED:
        expected += (after.inverse_temperature_ * 14 * np.log(10) - CLIPPED) / 5001
    assert refinement_loss(y, P) == pytest.approx(expected + 0.5 / 5001, abs=1e-9)


def test_many_rows_in_single_precision_agree_with_double():
    P, y = draw(70_000, 5, beta=1.7)
    logs = np.log(P)
    beta = TemperatureCalibrator().fit(P, y).inverse_temperature_
    exact = -np.log(softmax(beta * logs, axis=1)[np.arange(len(y)), y]).mean()
    assert refinement_loss(y, P) == pytest.approx(exact + 0.5 / len(y), abs=2e-8)


def test_certain_and_right_is_left_alone():
    P = np.array([[0.9, 0.1], [0.2, 0.8]])
    assert calibration_loss([0, 1], P) == 0
    assert refinement_loss([0, 1], P) == log_loss([0, 1], P)


@pytest.mark.parametrize("zeros", [False, True])
def test_uninformative_scores_are_worth_nothing(zeros):
    # every label is the less likely one: equal probabilities are the best that one temperature can do
    P, y = np.array([[0.9, 0.1], [0.1, 0.9]] * 20), np.array([1, 0] * 20)
    P = impossible(P, y, np.array([0, 1])) if zeros else P
    assert refinement_loss(y, P) == pytest.approx(np.log(2) + 1 / 80)
    assert resolution(y, P) == pytest.approx(-1 / 80)


def test_weights_are_draws():
    P, y = draw(400, 3, beta=1.5)
    weight = np.random.default_rng(1).integers(1, 5, 400)
    copies = refinement_loss(y.repeat(weight), P.repeat(weight, axis=0)) - 0.5 / weight.sum()
    effective = weight.sum() ** 2 / (weight**2).sum()
    assert refinement_loss(y, P, sample_weight=weight) == pytest.approx(copies + 0.5 / effective, abs=1e-12)


def test_resolution_against_the_prior_of_the_training_set():
    P, y = draw(400, 2)
    share = np.array([0.25, 0.75])
    prior = -np.log(share)[y].mean()
    assert resolution(y, P, train_prior=share) == pytest.approx(prior - refinement_loss(y, P))
    assert resolution(y, P, train_prior={0: 1, 1: 3}) == resolution(y, P, train_prior=share)
    assert resolution(y, P, train_prior=[0, 1]) == np.inf
