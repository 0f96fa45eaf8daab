"""Diagnoses against published figures and figures that were computed independently."""

import csv
import gzip
import os
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from sklearn_lossacc import diagnose

# -- five points and the logistic curve of least loss ------------------------------------------------------------------

X = np.array([-1.0, -0.3, 0.0, 0.9, 1.0])
Y = np.array([0, 0, 1, 0, 1])
LOSSES = [0.1365, 0.3040, 1.0729, 0.9660, 0.4326]


def five_points():
    return diagnose(Y, expit(1.26805089898588 * X - 0.654274277039157))


def test_five_points():
    d = five_points()
    assert d.metrics["accuracy"].value == 0.6
    assert d.metrics["log_loss"].value == pytest.approx(0.582408175862082, abs=1e-14)
    rows = d.samples().sort_values("index")
    np.testing.assert_allclose(rows["loss"], LOSSES, atol=5e-5)
    assert rows["y_true"].tolist() == Y.tolist()
    # The curve of least loss expects its own loss exactly, and no temperature improves it.
    assert d.metrics["expected_log_loss"].value == pytest.approx(0.582408175862082, abs=1e-6)
    assert d.metrics["temperature"].value == pytest.approx(1.0, abs=1e-5)
    assert [finding.code for finding in d.issues] == ["LA003"]
    assert d.metrics["log_loss"].low <= 0.5824 <= d.metrics["log_loss"].high


# -- real predictions --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def data():
    folder = os.environ.get("SKLEARN_LOSSACC_DATA")
    if not folder:
        pytest.skip("SKLEARN_LOSSACC_DATA is not set")
    return Path(folder)


def load(path):
    if not path.exists():
        pytest.skip(f"no {path.name}")
    with np.load(path) as file:
        return dict(file)


@pytest.fixture(scope="module")
def densenet40(data):
    file = load(data / "probs" / "densenet40_cifar10_logits_valtest.npz")
    return diagnose(file["test_labels"], file["test_logits"], input="logits"), file


def test_densenet40_published_figures(densenet40):
    # Kull et al. (2019): error 7.58 %, ECE .055003. Unclipped loss .430059 in a later benchmark; one row of
    # probability 1e-23 is what makes it .428 where probabilities are clipped.
    d, file = densenet40
    assert d.metrics["accuracy"].value == pytest.approx(0.9242, abs=1e-12)
    assert d.metrics["log_loss"].value == pytest.approx(0.430059, abs=5e-7)
    assert d.metrics["ece"].value == pytest.approx(0.055003, abs=5e-7)
    assert d.metrics["brier_score"].value == pytest.approx(0.12738, abs=5e-6)
    assert d.metrics["mean_confidence"].value == pytest.approx(0.97913, abs=5e-6)
    worst = d.samples(1).iloc[0]
    # A clip at 2.2e-16 instead of none takes the excess of the worst row over 36 nats off the mean.
    z = file["test_logits"].astype(float)
    loss = np.log(np.exp(z - z.max(axis=1, keepdims=True)).sum(axis=1)) + z.max(axis=1)
    loss -= z[np.arange(10_000), file["test_labels"]]
    assert worst["index"] == np.argmax(loss)
    clipped = np.minimum(loss, -np.log(np.finfo(float).eps)).mean()
    assert d.metrics["log_loss_clipped"].value == pytest.approx(clipped, abs=2e-8)  # single precision
    assert d.metrics["log_loss"].value - clipped > 0.0015


def test_densenet40_is_overconfident_and_nothing_else(densenet40):
    d, _ = densenet40
    assert [finding.code for finding in d.issues] == ["LA101"]
    assert d["LA101"].interval[0] < 3.156 < d["LA101"].interval[1]
    # One temperature fitted on the validation rows brings the loss to .225086; here it is fitted on these.
    repaired = d.metrics["log_loss"].value - d.metrics["calibration_loss"].value
    assert repaired == pytest.approx(0.225086, abs=0.003)
    assert d.metrics["noise_rate"].value == 0.0


@pytest.mark.parametrize(
    ("name", "temperature"),
    [("densenet40_cifar10_logits_valtest", 2.8826), ("netcal_lenet-5-cifar-10", 1.3763),
     ("netcal_densenet-bc-100-cifar-100", 2.1564)],
)  # fmt: skip
def test_temperature_of_the_validation_rows(data, name, temperature):
    file = load(data / "probs" / f"{name}.npz")
    if "val_logits" in file:
        d = diagnose(file["val_labels"], file["val_logits"], input="logits")
    else:
        rows, k = file["val_idx"], file["probs"].shape[1]
        d = diagnose(file["labels"][rows], file["probs"][rows], classes=np.arange(k))
    # The reference clipped probabilities at 1e-12 before the logarithm.
    assert d.metrics["temperature"].value == pytest.approx(temperature, rel=1e-3)
    assert d["LA101"].status == "fired"


# Computed with numpy alone: accuracy, loss, ECE of 15 bins, Brier score summed over classes, and what must be found.
# LeNet-5 mixes up classes: learnt on either half, a matrix is better on the other than a vector by .009 and .010 nats.
SETS = {
    "probs/netcal_lenet-5-cifar-10.npz": ("labels", 0.5308, 1.36987, 0.10789, 0.61415, {"LA101", "LA103", "LA104"}),
    "probs/netcal_densenet-bc-100-cifar-100.npz": ("labels", 0.7541, 1.22563, 0.14215, 0.38450, {"LA101", "LA103"}),
    "labelnoise/label-errors_cifar10.npz": ("given_labels", 0.9294, 0.24917, 0.03259, 0.10995, {"LA101"}),
    "labelnoise/label-errors_imdb.npz": ("given_labels", 0.89576, 0.30058, 0.04038, 0.15896, {"LA101", "LA202"}),
}


@pytest.mark.parametrize("name", list(SETS))
def test_sets_of_probabilities(data, name):
    file = load(data / name)
    labels, accuracy, loss, ece, brier, found = SETS[name]
    d = diagnose(file[labels], file["probs"])
    assert d.metrics["accuracy"].value == pytest.approx(accuracy, abs=1e-12)
    assert d.metrics["log_loss"].value == pytest.approx(loss, abs=1e-5)
    assert d.metrics["ece"].value == pytest.approx(ece, abs=1e-5)
    halve = 0.5 if file["probs"].shape[1] == 2 else 1.0
    assert d.metrics["brier_score"].value == pytest.approx(halve * brier, abs=1e-5)
    assert {finding.code for finding in d.issues} == found


def test_validated_label_errors_of_imdb_lie_in_the_interval(data):
    # 725 of the 25 000 labels were found to be wrong by hand, among those that were looked at.
    file = load(data / "labelnoise" / "label-errors_imdb.npz")
    finding = diagnose(file["given_labels"], file["probs"])["LA202"]
    assert finding.interval[0] < 725 / 25_000 < finding.interval[1]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "fires"), [("noise0_0", False), ("noise0_2", True)])
def test_networks_trained_on_noisy_labels(data, name, fires):
    file = load(data / "labelnoise" / f"confidentlearning_cifar10train_sparsity0_0_{name}.npz")
    proba = file["probs"].astype(float)
    d = diagnose(file["noisy_labels"], proba / proba.sum(axis=1, keepdims=True))
    finding = d["LA202"]
    truth = np.mean(file["noisy_labels"] != file["true_labels"])
    assert (finding.status == "fired") == fires
    assert finding.interval[0] <= truth <= finding.interval[1]
    if fires:
        assert truth == pytest.approx(0.19914, abs=1e-5)
        assert finding.evidence["anchor"] == pytest.approx(0.25, abs=0.01)
        worst = d.samples(500, by="label_quality")["index"].to_numpy()
        assert np.mean(file["noisy_labels"][worst] != file["true_labels"][worst]) > 0.9


def column(path, *names):
    if not path.exists():
        pytest.skip(f"no {path.name}")
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
    rows = list(csv.DictReader(text.splitlines()))
    return [np.array([float(row[name]) for row in rows]) for name in names]


# Accuracy, Brier score of the positive class and loss; None where a forecast of exactly 0 or 1 failed.
FORECASTS = {
    ("538_nba_games.csv.gz", "prob1_outcome", "prob1"): (0.6607, 0.21465, 0.61909),
    ("538_nhl_games.csv.gz", "prob1_outcome", "prob1"): (0.6246, 0.23126, 0.65477),
    ("recid_broward_DGJ20.csv", "two_year_recid", "logitpredprobs"): (0.6840, 0.21034, 0.61015),
    ("recid_broward_DGJ20.csv", "two_year_recid", "gbmpredprobs"): (0.6990, 0.20470, 0.59849),
    ("recid_broward_DGJ20.csv", "two_year_recid", "mturkpredprobs"): (0.6700, 0.23999, None),
    ("recid_broward_DGJ20.csv", "two_year_recid", "compaspredprobs.linear"): (0.6460, 0.23480, 0.69713),
    ("precip_Niamey_2016.csv", "obs", "Logistic"): (0.6739, 0.20575, 0.59830),
    ("precip_Niamey_2016.csv", "obs", "EMOS"): (0.5652, 0.23203, 0.65368),
    ("precip_Niamey_2016.csv", "obs", "ENS"): (0.6522, 0.26617, None),
    ("precip_Niamey_2016.csv", "obs", "EPC"): (0.6413, 0.23428, 0.66128),
}


@pytest.mark.parametrize("source", list(FORECASTS), ids=lambda source: f"{source[0].split('.')[0]}-{source[2]}")
def test_forecasts(data, source):
    name, outcome, forecast = source
    y, p = column(data / "binary" / name, outcome, forecast)
    d = diagnose(y.astype(int), p)
    accuracy, brier, loss = FORECASTS[source]
    assert d.metrics["accuracy"].value == pytest.approx(accuracy, abs=1e-4)
    assert d.metrics["brier_score"].value == pytest.approx(brier, abs=1e-5)
    if loss is None:
        assert d["LA001"].status == "fired"
        assert d.metrics["log_loss"].value == np.inf
        assert d["LA301"].status == "fired"
    else:
        assert d.metrics["log_loss"].value == pytest.approx(loss, abs=1e-5)
        assert d["LA001"].status == "passed"


def test_a_floor_of_no_cost_hides_no_cause(data):
    y, p = column(data / "binary" / "538_nba_games.csv.gz", "prob1_outcome", "prob1")
    d = diagnose(y.astype(int), p)
    assert d["LA103"].status == "fired"
    assert d.decomposition["floor"].value == 0.0
    assert d.decomposition["temperature"].value > 0.0
