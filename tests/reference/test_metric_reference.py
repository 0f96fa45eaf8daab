"""Values of metrics next to numbers that others printed, or that come out by hand."""

import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sklearn_lossacc.calibration import TemperatureCalibrator
from sklearn_lossacc.metrics import (
    accuracy_score,
    brier_score_loss,
    calibration_loss,
    corp_decomposition,
    expected_calibration_error,
    ks_calibration_error,
    log_loss,
    refinement_loss,
)
from sklearn_lossacc.metrics.corp import decompose_squared_error

DATA = os.environ.get("SKLEARN_LOSSACC_DATA")
real_data = pytest.mark.skipif(not DATA, reason="SKLEARN_LOSSACC_DATA is not set")


def printed(value, places):
    """Round as a table does."""
    return pytest.approx(value, abs=0.5001 * 10.0**-places)


def test_decomposition_of_model_diagnostics():
    # the example of its documentation; predictions need not be probabilities
    parts = decompose_squared_error(np.array([0, 0, 1, 1]), np.array([-1.0, 1.0, 1.0, 2.0]), np.ones(4))
    assert parts == (0.75, 0.625, 0.125, 0.25)


def test_calibration_errors_by_hand():
    # confidences of the likeliest class and hits; limits of the 5 bins belong to the bin below
    confidence = [Fraction(6, 10), Fraction(6, 10), Fraction(3, 4), Fraction(8, 10), Fraction(9, 10), Fraction(1)]
    hits = [1, 0, 0, 1, 1, 1]
    gaps = [abs(2 * Fraction(6, 10) - 1), abs(Fraction(3, 4) + Fraction(8, 10) - 1), abs(Fraction(19, 10) - 2)]
    y, p = np.array(hits), np.array([float(c) for c in confidence])
    error = expected_calibration_error
    assert error(y, p, n_bins=5) == pytest.approx(float(sum(gaps) / 6))
    assert error(y, p, n_bins=5, norm="max") == pytest.approx(float(max(gaps) / 2))
    assert error(y, p, n_bins=5, norm="l2") == pytest.approx(float(sum(gap**2 for gap in gaps) / 12) ** 0.5)
    # bins of equal mass: the same pairs
    assert error(y, p, n_bins=3, strategy="quantile") == pytest.approx(float(sum(gaps) / 6))
    sums = np.cumsum([float(hit - c) for hit, c in zip(hits, confidence, strict=True)])[1:]
    assert ks_calibration_error(y, p) == pytest.approx(np.abs(sums).max() / 6)


def test_classwise_error_by_hand():
    # class a: .5 (hit), .25, .25 (one hit); class b: .25, .5 (hit), .5; class c: .25, .25, .25; three bins
    P = [[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.25, 0.5, 0.25]]
    y = ["a", "b", "a"]
    a = abs(Fraction(1, 2) - 1) + abs(Fraction(1, 2) - 1)
    b = Fraction(1, 4) + abs(Fraction(1) - 1)
    c = Fraction(3, 4)
    got = expected_calibration_error(y, P, classes=["a", "b", "c"], n_bins=3, kind="classwise")
    assert got == pytest.approx(float((a + b + c) / 9))


@real_data
def test_decomposition_of_reliabilitydiag():
    # printed in its README for the Niamey rainfall forecasts; the other rows were worked out apart, in five places
    table = pd.read_csv(Path(DATA) / "binary" / "precip_Niamey_2016.csv")
    y = table["obs"].astype(int)
    emos = corp_decomposition(y, table["EMOS"])
    assert emos.score == printed(0.232, 3)
    assert emos.miscalibration == printed(0.0183, 4)
    assert emos.discrimination == printed(0.0305, 4)
    assert emos.uncertainty == printed(0.244, 3)
    for name, *expected in [
        ("Logistic", 0.20575, 0.01708, 0.05554),
        ("EMOS", 0.23203, 0.01828, 0.03047),
        ("ENS", 0.26617, 0.06607, 0.04412),
        ("EPC", 0.23428, 0.02235, 0.03228),
    ]:
        parts = corp_decomposition(y, table[name])
        assert list(parts) == [printed(value, 5) for value in [*expected, 0.24421]]


@real_data
@pytest.mark.parametrize(
    ("column", "brier", "loss", "ece", "mcb", "dsc"),
    [
        ("logitpredprobs", 0.21034, 0.61015, 0.06734, 0.01010, 0.04919),
        ("gbmpredprobs", 0.20470, 0.59849, 0.03940, 0.00596, 0.05068),
        ("mturkpredprobs", 0.23999, 1.15451, 0.15025, 0.02665, 0.03608),
        ("compaspredprobs.linear", 0.23480, 0.69713, 0.12070, 0.01867, 0.03329),
    ],
)
def test_forecasts_of_reoffending(column, brier, loss, ece, mcb, dsc):
    table = pd.read_csv(Path(DATA) / "binary" / "recid_broward_DGJ20.csv")
    y, p = table["two_year_recid"], table[column]
    assert brier_score_loss(y, p) == printed(brier, 5)
    assert log_loss(y, p, clip=1e-12) == printed(loss, 5)
    # of the second class; the first has the same gaps where no probability lies on a limit
    assert expected_calibration_error(y, p, kind="classwise") == printed(ece, 5)
    assert list(corp_decomposition(y, p))[1:] == [printed(value, 5) for value in (mcb, dsc, 0.24942)]


@real_data
@pytest.mark.parametrize(
    ("name", "ten", "fifteen", "twenty"),
    [
        ("ImageNet_torchvision__resnext101_32x8d", 0.08069, 0.08064, 0.0807363),
        ("ImageNet_pytorch-image-models__efficientnet_b1", 0.10002, 0.10002, 0.10002),
        ("ImageNet_pytorch-image-models__gluon_senet154", 0.05064, 0.05064, 0.05136),
        ("ImageNet_pytorch-image-models__resnet34", 0.07787, 0.07798, 0.07790),
        ("markus93__probs_densenet40_c100_logits", 0.21156, 0.211563, 0.21156),
        ("markus93__probs_densenet40_c10_logits", 0.05500, 0.055003, 0.05507),
    ],
)
def test_top_label_errors_of_networks(name, ten, fifteen, twenty):
    # resnext101 with 20 bins, and both densenets with 15, are as published; the file holds the top label only, so the
    # rest of each row is spread over as many other classes as keep it the top
    with np.load(Path(DATA) / "toplabel" / f"{name}.npz") as file:
        confidence = file["confidence"].astype(np.float64)
        hit = file["true_label"] == file["pred_label"]
    k = int(np.ceil(1 / confidence.min())) + 2
    P = np.repeat(((1 - confidence) / (k - 1))[:, None], k, axis=1)
    P[:, 0] = confidence
    for n_bins, expected in ((10, ten), (15, fifteen), (20, twenty)):
        places = 7 if expected == 0.0807363 else 6 if expected in (0.211563, 0.055003) else 5
        got = expected_calibration_error(np.where(hit, 0, 1), P, n_bins=n_bins, classes=np.arange(k))
        assert got == printed(expected, places)


@real_data
@pytest.mark.parametrize(
    ("path", "labels", "clip", "accuracy", "loss", "ece", "brier"),
    [
        ("probs/netcal_lenet-5-cifar-10.npz", "labels", 1e-12, 0.5308, 1.36987, 0.10789, 0.61415),
        ("probs/netcal_densenet-bc-100-cifar-100.npz", "labels", 1e-12, 0.7541, 1.22563, 0.14215, 0.38450),
        ("labelnoise/label-errors_cifar10.npz", "given_labels", 1e-8, 0.9294, 0.24917, 0.03259, 0.10995),
        ("labelnoise/label-errors_imdb.npz", "given_labels", 1e-8, 0.8958, 0.30058, 0.04038, 0.15896),
    ],
)
def test_networks(path, labels, clip, accuracy, loss, ece, brier):
    with np.load(Path(DATA) / path) as file:
        P, y = file["probs"], file[labels]
    assert accuracy_score(y, P) == printed(accuracy, 4)
    assert log_loss(y, P, clip=clip) == printed(loss, 5)
    assert expected_calibration_error(y, P) == printed(ece, 5)
    assert brier_score_loss(y, P) * (2 if P.shape[1] == 2 else 1) == printed(brier, 5)
    # what is left is the loss after the calibrator, and the chance part
    after = TemperatureCalibrator().fit(P, y).predict_proba(P)
    assert refinement_loss(y, P) == pytest.approx(log_loss(y, after) + 0.5 / len(y), abs=1e-7)


@real_data
def test_densenet_on_cifar10():
    with np.load(Path(DATA) / "probs" / "densenet40_cifar10_logits_valtest.npz") as file:
        z, y, val_z, val_y = (file[name] for name in ("test_logits", "test_labels", "val_logits", "val_labels"))
    # Kull et al. clip at 1e-15 and print .428207 and .055003; Berta et al. do not clip and print .430059 and .127379
    assert log_loss(y, z, input="logits", clip=1e-15) == printed(0.428207, 6)
    assert log_loss(y, z, input="logits", clip=None) == printed(0.430059, 6)
    assert log_loss(y, z, input="logits", clip=1e-12) == printed(0.427516, 6)
    assert expected_calibration_error(y, z, input="logits") == printed(0.055003, 6)
    assert brier_score_loss(y, z, input="logits") == printed(0.127379, 6)
    # fitted on the validation rows, both print a loss near .225 on these; fitted here, less
    after = TemperatureCalibrator(input="logits").fit(val_z, val_y).predict_proba(z)
    assert log_loss(y, after) == printed(0.225086, 4)
    assert 0.2225 < refinement_loss(y, z, input="logits") < 0.225086
    assert calibration_loss(y, z, input="logits") == pytest.approx(
        0.428358 - refinement_loss(y, z, input="logits"), abs=1e-6
    )
