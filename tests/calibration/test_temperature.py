import os
from pathlib import Path

import numpy as np
import pytest
from scipy.special import logsumexp, softmax

from sklearn_lossacc._numerics import LOG_CLIP
from sklearn_lossacc.calibration import IdentityCalibrator, TemperatureCalibrator
from sklearn_lossacc.exceptions import CalibrationWarning
from sklearn_lossacc.metrics import log_loss

SHARED = os.environ.get("SKLEARN_LOSSACC_DATA")


def draw(n, k=5, temperature=1.5, seed=0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=2, size=(n, k))
    y = (logits + rng.gumbel(size=(n, k))).argmax(axis=1)
    return softmax(temperature * logits, axis=1), y


def test_temperature_of_a_model_with_logits_too_large(overconfident):
    P, y = overconfident
    calibrator = TemperatureCalibrator().fit(P, y)
    assert calibrator.outcome_ == "converged"
    assert abs(calibrator.temperature_ - 2.5) < 0.15
    assert calibrator.temperature_ == 1 / calibrator.inverse_temperature_
    assert calibrator.floor_ == 0
    np.testing.assert_allclose(
        calibrator.predict_proba(P), softmax(calibrator.inverse_temperature_ * np.log(P), axis=1), rtol=1e-12
    )


def test_logits_and_their_softmax_are_the_same_problem(overconfident):
    P, y = overconfident
    proba = TemperatureCalibrator().fit(P, y)
    logits = TemperatureCalibrator(input="logits").fit(np.log(P) + 7.0, y)
    np.testing.assert_allclose(logits.temperature_, proba.temperature_, rtol=1e-8)
    np.testing.assert_allclose(logits.predict_proba(np.log(P) - 3.0), proba.predict_proba(P), rtol=1e-7)


def test_float16_exports_are_probabilities(overconfident):
    P, y = overconfident
    exact = TemperatureCalibrator().fit(P, y)
    with np.errstate(under="ignore"):
        half = TemperatureCalibrator().fit(P.astype(np.float16), y)
    np.testing.assert_allclose(half.temperature_, exact.temperature_, rtol=0.02)
    nearly = TemperatureCalibrator().fit(P * (1 + 1e-4), y)
    np.testing.assert_allclose(nearly.temperature_, exact.temperature_, rtol=1e-8)


def test_float32_exports_are_calibrated(overconfident):
    P, y = overconfident
    single = TemperatureCalibrator().fit(P.astype(np.float32), y)
    np.testing.assert_allclose(single.temperature_, TemperatureCalibrator().fit(P, y).temperature_, rtol=1e-5)


def test_binary_margin_d_means_the_logits_zero_and_d(overconfident):
    P, y = overconfident
    d = np.log(P[:, 1] / P[:, 0])
    two = np.column_stack([np.zeros_like(d), d])
    labels = (y == 1).astype(int)
    one = TemperatureCalibrator(input="logits").fit(d, labels)
    assert one.temperature_ == TemperatureCalibrator(input="logits").fit(two, labels).temperature_
    np.testing.assert_allclose(one.predict_proba(d)[:, 1], 1 / (1 + np.exp(-one.inverse_temperature_ * d)))


def test_separable_keeps_temperature_one(overconfident):
    P, _ = overconfident
    with pytest.warns(CalibrationWarning, match=r"separable.*held-out"):
        calibrator = TemperatureCalibrator().fit(P, P.argmax(axis=1))
    assert (calibrator.outcome_, calibrator.temperature_) == ("separable", 1.0)
    np.testing.assert_allclose(calibrator.predict_proba(P), P, rtol=1e-10)


@pytest.mark.parametrize("floor", [False, True])
def test_uninformative_scores_give_the_class_frequencies(floor):
    rng = np.random.default_rng(0)
    P = rng.dirichlet([1, 1, 1], size=400)
    y = np.where(rng.random(400) < 0.5, P.argmin(axis=1), 0)
    with pytest.warns(CalibrationWarning, match="uninformative"):
        calibrator = TemperatureCalibrator(floor=floor).fit(P, y)
    assert calibrator.outcome_ == "uninformative"
    assert (calibrator.inverse_temperature_, calibrator.temperature_) == (0.0, np.inf)
    np.testing.assert_allclose(calibrator.predict_proba(P[:2]), np.tile(np.bincount(y) / 400, (2, 1)))
    assert log_loss(y, calibrator.predict_proba(P)) < np.log(3) < log_loss(y, P)


def test_class_without_rows_keeps_its_column(overconfident):
    P, y = overconfident
    kept = y < 3
    with pytest.warns(CalibrationWarning, match=r"missing_class.*\[3\]"):
        calibrator = TemperatureCalibrator().fit(P[kept], y[kept])
    assert calibrator.outcome_ == "missing_class"
    np.testing.assert_array_equal(calibrator.classes_, [0, 1, 2, 3])
    assert (calibrator.predict_proba(P)[:, 3] > 0).all()
    assert calibrator.temperature_ > 2


def test_class_whose_rows_have_weight_zero_is_missing(overconfident):
    P, y = overconfident
    with pytest.warns(CalibrationWarning, match="missing_class"):
        TemperatureCalibrator().fit(P, y, sample_weight=(y < 3).astype(float))


@pytest.mark.parametrize("floor", [False, True])
def test_exact_zeros_are_calibrated_as_the_clip(overconfident, floor):
    P, y = overconfident
    zeros = np.where(P < 0.01, 0.0, P)
    zeros /= zeros.sum(axis=1, keepdims=True)
    calibrator = TemperatureCalibrator(floor=floor).fit(zeros, y)
    q = calibrator.predict_proba(zeros)
    assert (q > 0).all()
    assert log_loss(y, q, clip=None) < log_loss(y, zeros)
    with np.errstate(divide="ignore"):
        logs = np.where(zeros > 0, np.log(zeros), LOG_CLIP)
    expected = softmax(calibrator.inverse_temperature_ * logs, axis=1)
    np.testing.assert_allclose(q, (1 - calibrator.floor_) * expected + calibrator.floor_ / 4, rtol=1e-10)


def test_zeros_out_of_a_huge_temperature_never_reach_the_output():
    # beta near 9: (2.22e-16) ** 9 underflows to 0 unless it is held up.
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=3, size=(500, 3))
    y = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    P = softmax(logits / 20, axis=1)
    P[0] = [1.0, 0.0, 0.0]
    y[0] = 0
    calibrator = TemperatureCalibrator().fit(P, y)
    assert calibrator.inverse_temperature_ > 15
    assert calibrator.predict_proba(P).min() > 0


def test_floor_saves_the_temperature_from_wrong_labels(overconfident):
    P, y = overconfident
    rng = np.random.default_rng(1)
    noisy = np.where(rng.random(len(y)) < 0.1, rng.integers(0, 4, len(y)), y)
    plain = TemperatureCalibrator().fit(P, noisy)
    mixed = TemperatureCalibrator(floor=True).fit(P, noisy)
    assert mixed.outcome_ == "converged"
    assert abs(mixed.temperature_ - 2.5) < 0.3 < plain.temperature_ - 2.5
    assert abs(mixed.floor_ - 0.1) < 0.05
    assert log_loss(noisy, mixed.predict_proba(P)) < log_loss(noisy, plain.predict_proba(P))


def test_floor_on_a_sharp_model_with_wrong_labels_is_no_crash():
    rng = np.random.default_rng(0)
    P = np.full((300, 2), 1e-6)
    y = rng.integers(0, 2, 300)
    P[np.arange(300), y] = 1 - 1e-6
    y[:30] = 1 - y[:30]
    calibrator = TemperatureCalibrator(floor=True).fit(P, y)
    assert log_loss(y, calibrator.predict_proba(P)) < 0.4  # ten percent of flips have an entropy of .33


def test_identity_keeps_zeros_and_divides_by_the_sum():
    identity = IdentityCalibrator().fit([[0.0, 1.0], [0.5, 0.5]], [1, 0])
    np.testing.assert_array_equal(identity.predict_proba([[0.0, 1.0]]), [[0.0, 1.0]])
    np.testing.assert_allclose(identity.predict_proba([[0.25, 0.7505]]).sum(axis=1), 1)
    logits = IdentityCalibrator(input="logits").fit([[0.0, 900.0], [1.0, 0.0]], [1, 0])
    assert logits.predict_proba([[0.0, 900.0]]).min() > 0


@pytest.mark.skipif(SHARED is None, reason="SKLEARN_LOSSACC_DATA is not set")
def test_densenet40_on_cifar10_as_published():
    data = np.load(Path(str(SHARED)) / "probs" / "densenet40_cifar10_logits_valtest.npz")
    calibrator = TemperatureCalibrator(input="logits").fit(data["val_logits"], data["val_labels"])
    np.testing.assert_allclose(calibrator.temperature_, 2.882560713435671, rtol=2e-5)
    y, logits = data["test_labels"], data["test_logits"]
    np.testing.assert_allclose(log_loss(y, logits, input="logits", clip=None), 0.43005887307186097, rtol=1e-5)
    q = calibrator.predict_proba(logits)
    np.testing.assert_allclose(log_loss(y, q), 0.2250859256775052, rtol=1e-5)  # published: .225086
    confidence, correct = q.max(axis=1), q.argmax(axis=1) == y
    bins = np.ceil(confidence * 15)
    ece = sum(abs((confidence - correct)[bins == one].sum()) for one in np.unique(bins)) / len(y)
    np.testing.assert_allclose(ece, 0.009463242951142942, atol=2e-5)  # published: .009464


@pytest.mark.skipif(SHARED is None, reason="SKLEARN_LOSSACC_DATA is not set")
@pytest.mark.parametrize(
    ("name", "labels", "temperature", "before", "after"),
    [  # computed independently, see figures.json of the data
        ("probs/netcal_lenet-5-cifar-10", "labels", 1.3762731439165037, 1.3925027626471003, 1.3288261767053249),
        (
            "labelnoise/label-errors_cifar10",
            "given_labels",
            1.4717013790708242,
            0.24383758621475077,
            0.2150646164013705,
        ),
        ("labelnoise/label-errors_imdb", "given_labels", 1.7508967371646018, 0.2945469435910045, 0.2601070166737465),
    ],
)
def test_float32_exports_of_networks(name, labels, temperature, before, after):
    data = np.load(Path(str(SHARED)) / f"{name}.npz")
    P, y, val, test = data["probs"], data[labels], data["val_idx"], data["test_idx"]
    calibrator = TemperatureCalibrator().fit(P[val], y[val])
    np.testing.assert_allclose(calibrator.temperature_, temperature, rtol=1e-6)
    np.testing.assert_allclose(log_loss(y[test], P[test]), before, rtol=1e-6)
    np.testing.assert_allclose(log_loss(y[test], calibrator.predict_proba(P[test])), after, rtol=1e-6)


def test_a_cautious_temperature_lies_between_the_likely_one_and_1():
    for n, seed in ((40, 0), (40, 1), (400, 2), (40_000, 3)):
        P, y = draw(n, seed=seed)
        likely, cautious = (TemperatureCalibrator(cautious=one).fit(P, y) for one in (False, True))
        share = np.log(cautious.temperature_) / np.log(likely.temperature_)
        assert 0 < share < 1
        assert log_loss(y, cautious.predict_proba(P)) <= log_loss(y, P)
    assert share > 0.99


def test_caution_is_the_posterior_mean_of_the_log():
    P, y = draw(300, seed=0)
    log_beta = np.linspace(-3, 3, 6001)
    true = np.log(P)[np.arange(300), y]
    likelihood = np.array([np.sum(np.exp(u) * true) - logsumexp(np.exp(u) * np.log(P), axis=1).sum() for u in log_beta])
    prior = sum(np.exp(-0.5 * (log_beta / s) ** 2) / s for s in (0.001, 0.05, 0.1, 0.2, 0.4, 0.8))
    posterior = np.exp(likelihood - likelihood.max()) * prior
    found = TemperatureCalibrator(cautious=True).fit(P, y).inverse_temperature_
    assert abs(np.log(found) - posterior @ log_beta / posterior.sum()) < 0.01


def test_caution_with_a_floor_is_the_posterior_mean_of_both():
    P, y = draw(300, seed=0)
    P[:5] = P[:5, ::-1]  # a few rows that are surely wrong
    log_beta, floor = np.linspace(-1.5, 1, 401), np.geomspace(1e-3, 0.5, 200)
    share = np.exp(np.array([np.exp(u) * np.log(P) for u in log_beta]))
    share = (share / share.sum(axis=2, keepdims=True))[:, np.arange(300), y]
    with_floor = np.array([np.log(np.outer(one, 1 - floor) + floor / P.shape[1]).sum(axis=0) for one in share])
    log_likelihood = np.column_stack([np.log(share).sum(axis=1), with_floor])
    prior = sum(np.exp(-0.5 * (log_beta / s) ** 2) / s for s in (0.05, 0.1, 0.2, 0.4, 0.8)) / 5 / np.sqrt(2 * np.pi)
    mass = 0.1 * prior[:, np.newaxis] * np.exp(log_likelihood - log_likelihood.max())
    mass *= (log_beta[1] - log_beta[0]) * np.r_[0.5, np.full(200, 0.5 / 200)]
    nothing = 0.9 * np.exp(np.log(P)[np.arange(300), y].sum() - log_likelihood.max())
    total = mass.sum() + nothing
    found = TemperatureCalibrator(floor=True, cautious=True).fit(P, y)
    assert abs(np.log(found.inverse_temperature_) - mass.sum(axis=1) @ log_beta / total) < 0.005
    assert abs(found.floor_ - mass[:, 1:].sum(axis=0) @ floor / total) < 0.001


def test_caution_with_a_floor_on_many_rows_is_the_most_likely():
    P, y = draw(5000)
    cautious, likely = (TemperatureCalibrator(floor=True, cautious=one).fit(P, y) for one in (True, False))
    assert (cautious.inverse_temperature_, cautious.floor_) == (likely.inverse_temperature_, likely.floor_)


def test_zeros_get_a_floor_before_one_of_them_is_true():
    y = np.arange(50) % 2
    calibrator = TemperatureCalibrator(floor=True, cautious=True).fit(np.eye(2)[y], y)
    assert 1e-5 < calibrator.floor_ < 0.01
