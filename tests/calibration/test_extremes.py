"""Inputs at the edge of what numbers can hold: nothing breaks, nothing gets worse, nothing is lost without need."""

import warnings

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from sklearn_lossacc import calibration
from sklearn_lossacc.exceptions import CalibrationWarning, DataWarning
from sklearn_lossacc.metrics import log_loss

PARAMETRIC = [
    calibration.TemperatureCalibrator(),
    calibration.TemperatureCalibrator(floor=True),
    calibration.EnsembleTemperatureCalibrator(),
    calibration.SigmoidCalibrator(),
    calibration.BetaCalibrator(),
    calibration.BetaCalibrator(shape="quadratic"),
    calibration.SplineCalibrator(),
    calibration.VectorCalibrator(),
    calibration.VectorCalibrator(floor=True),
    calibration.MatrixCalibrator(),
    calibration.DirichletCalibrator(),
]
ONE_VS_REST = [
    calibration.SigmoidCalibrator(),
    calibration.BetaCalibrator(),
    calibration.SplineCalibrator(),
    calibration.IsotonicCalibrator(),
    calibration.HistogramCalibrator(),
    calibration.VennAbersCalibrator(),
]


@pytest.mark.parametrize("n_classes", [2, 4])
def test_cross_venn_abers_of_certain_classifiers(n_classes):
    rng = np.random.default_rng(0)
    X = 1e6 * rng.normal(size=(120, n_classes))
    y = (X + 3e5 * rng.gumbel(size=X.shape)).argmax(axis=1)
    model = calibration.CalibratedClassifier(LogisticRegression(), calibration.VennAbersCalibrator(), cv=3)
    q = model.fit(X, y).predict_proba(X)
    assert q.min() > 0
    np.testing.assert_allclose(q.sum(axis=1), 1)


def noisy_logits(n_rows, n_classes):
    rng = np.random.default_rng(0)
    z = rng.normal(scale=2.0, size=(n_rows, n_classes))
    return z, (z + rng.gumbel(size=z.shape)).argmax(axis=1)


@pytest.mark.parametrize("calibrator", ONE_VS_REST, ids=str)
def test_the_unit_of_two_logits_means_nothing(calibrator):
    z, y = noisy_logits(2000, 2)
    calibrator.set_params(input="logits", classes=None)
    results = [calibrator.fit(scale * z, y).predict_proba(scale * z)[:, 1] for scale in (1.0, 30.0, 1000.0)]
    # shrinkage toward the identity counts as one row, and beta's log p is not log odds near 0
    by_order = isinstance(
        calibrator,
        calibration.IsotonicCalibrator | calibration.HistogramCalibrator | calibration.VennAbersCalibrator,
    )
    for other in results[1:]:
        np.testing.assert_allclose(other, results[0], atol=1e-9 if by_order else 0.05)


@pytest.mark.parametrize("calibrator", ONE_VS_REST, ids=str)
def test_certainty_costs_little_where_classes_are_more(calibrator):
    # log odds of one class against the sum of the others depend on the unit: softmax becomes a maximum
    z, y = noisy_logits(3000, 4)
    calibrator.set_params(input="logits", classes=None)
    losses = [log_loss(y, calibrator.fit(scale * z, y).predict_proba(scale * z)) for scale in (1.0, 1000.0)]
    assert losses[1] < losses[0] + 0.06
    assert log_loss(y, softmax(1000 * z, axis=1)) > 5


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("calibrator", PARAMETRIC, ids=str)
def test_equal_scores_leave_the_class_frequencies(calibrator, n_classes):
    """A draw between all classes is not a row that is right."""
    calibrator.set_params(input="logits", classes=np.arange(n_classes))
    frequencies = np.array([0.7, 0.2, 0.1]) if n_classes == 3 else np.array([0.8, 0.2])
    y = np.arange(n_classes).repeat((1000 * frequencies).astype(int))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CalibrationWarning)
        found = calibrator.fit(np.zeros((1000, n_classes)), y).predict_proba(np.zeros((1, n_classes)))
    np.testing.assert_allclose(found[0], frequencies, atol=0.02)


def test_weights_that_are_shares_are_told_what_weights_are():
    z, y = noisy_logits(100, 3)
    calibrator = calibration.IsotonicCalibrator(input="logits")
    with pytest.warns(DataWarning, match=r"^sample_weight sums to 1 over 100 rows.*repeated k times"):
        calibrator.fit(z, y, sample_weight=np.full(100, 0.01))
    calibrator.fit(z, y, sample_weight=np.full(100, 0.03))


@pytest.mark.parametrize(
    "calibrator",
    [
        calibration.TemperatureCalibrator(input="logits"),
        calibration.TemperatureCalibrator(floor=True, input="logits"),
        calibration.VectorCalibrator(input="logits"),
        calibration.MatrixCalibrator(input="logits"),
    ],
    ids=str,
)
@pytest.mark.parametrize("unit", [1e-300, 1e-100, 1e100, 1e300])
def test_a_temperature_finds_any_unit(calibrator, unit):
    z, y = noisy_logits(500, 3)
    expected = calibrator.fit(z, y).predict_proba(z)
    found = calibrator.fit(unit * z, y)
    assert found.outcome_ == "converged"
    np.testing.assert_allclose(found.predict_proba(unit * z), expected, rtol=1e-9)


@pytest.mark.simulation
@pytest.mark.parametrize("unit", [1e-300, 1e-6, 1e-3, 1e3, 1e6, 1e300])
@pytest.mark.parametrize("k", [2, 10])
@pytest.mark.parametrize(
    "calibrator",
    [calibration.TemperatureCalibrator(floor=True, cautious=True), calibration.AutoCalibrator()],
    ids=["temperature", "auto"],
)
@pytest.mark.filterwarnings("ignore::sklearn_lossacc.exceptions.CalibrationWarning")  # classes without rows
def test_few_rows_believe_any_unit(calibrator, k, unit):
    losses = []
    for seed in range(4):
        rng = np.random.default_rng([seed, k])
        z = rng.normal(scale=2, size=(2050, k))
        y = (z + rng.gumbel(size=z.shape)).argmax(axis=1)
        found = [
            clone(calibrator).set_params(input="logits", classes=np.arange(k)).fit(one * z[:50], y[:50])
            for one in (1.0, unit)
        ]
        losses.append(
            [log_loss(y[50:], one.predict_proba(x * z[50:])) for one, x in zip(found, (1.0, unit), strict=True)]
        )
    as_given, in_unit = np.mean(losses, axis=0)
    assert in_unit < as_given + 0.03  # what two parameters cost that were known before, and a little more


@pytest.mark.parametrize("unit", [1e-300, 1e-10, 1e10, 1e100, 1e300])
def test_caution_does_not_pull_a_unit_back(unit):
    """100 rows are sure of the power of ten, so that what is believed loses next to nothing on what is likeliest."""
    z, y = noisy_logits(100, 3)
    likeliest = calibration.TemperatureCalibrator(input="logits").fit(unit * z, y)
    cautious = calibration.TemperatureCalibrator(cautious=True, input="logits").fit(unit * z, y)
    assert log_loss(y, cautious.predict_proba(unit * z)) < log_loss(y, likeliest.predict_proba(unit * z)) + 1e-4
