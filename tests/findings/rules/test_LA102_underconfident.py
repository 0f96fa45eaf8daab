import numpy as np
import pytest
from scipy.special import log_softmax, softmax
from sklearn.metrics import log_loss

from sklearn_lossacc import AutoCalibrator, TemperatureCalibrator, diagnose
from sklearn_lossacc.findings.materiality import TEMPERATURE_LOW

EVIDENCE = {
    "p_gate",
    "p_attr",
    "gate",
    "p_holm",
    "method",
    "log_loss",
    "expected_log_loss",
    "z",
    "nats",
    "nats_with_offsets",
    "temperature_alone",
    "selected",
    "cannot_tell_from_noise",
    "repaired_by",
}


@pytest.mark.parametrize("k", [2, 3, 10])
def test_flattened_probabilities_fire_and_nothing_else_does(diagnosed, statistical, k):
    d = diagnosed("temperature", k=k, strength=0.6)
    finding = d["LA102"]
    assert statistical(d) == {"LA102"}
    assert (finding.status, finding.severity) == ("fired", "warning")
    assert set(finding.evidence) == EVIDENCE
    assert finding.interval[0] < 0.6 < finding.interval[1] < finding.threshold == TEMPERATURE_LOW
    assert finding.p_value == max(finding.evidence["p_gate"], finding.evidence["p_attr"])
    assert finding.evidence["log_loss"] < finding.evidence["expected_log_loss"]
    assert finding.evidence["z"] < -5
    assert "below" in finding.headline
    assert finding.url.endswith("LA102.html")


def test_a_healthy_model_does_not_fire(diagnosed):
    for scale in (0.5, 2.5, 20.0):
        assert diagnosed("healthy", scale=scale)["LA102"].status == "passed"


def test_near_miss_with_many_rows(diagnosed):
    finding = diagnosed("temperature", n=40_000, strength=0.95)["LA102"]
    assert finding.p_value < 1e-6
    assert finding.status == "passed"
    assert finding.evidence["could_be"] > TEMPERATURE_LOW
    assert finding.headline.startswith("No material underconfidence")


def test_few_rows_leave_it_open(diagnosed):
    finding = diagnosed("healthy", n=60)["LA102"]
    assert finding.status == "passed"
    assert finding.evidence["could_be"] < finding.threshold
    assert "not shown" in finding.headline


def test_overconfidence_is_the_other_direction(diagnosed):
    finding = diagnosed("temperature", strength=1.8)["LA102"]
    assert finding.status == "passed"
    assert finding.evidence["p_gate"] > 0.99
    assert finding.headline.startswith("No material underconfidence")


def test_not_applicable_where_the_rows_look_learnt():
    y = np.arange(1000) % 2
    p = np.where(np.arange(1000) < 500, 0.7, 0.75)
    d = diagnose(y, np.where(y[:, None] == [0, 1], p[:, None], 1 - p[:, None]))
    assert d["LA102"].status == "not_applicable"
    assert d["LA005"].status == "fired"


def test_declared_training_rows_are_judged_without_advice(diagnosed):
    finding = diagnosed("temperature", strength=0.6, out_of_sample=False)["LA102"]
    assert finding.status == "fired"
    assert finding.advice.startswith("No repair is advised")


@pytest.mark.parametrize(("code", "strength"), [("LA101", 2.0), ("LA102", 0.6)])
def test_beside_noise_the_same_repair_is_advised_as_for_noise(plant, diagnosed, code, strength):
    y, log_proba, _ = plant("temperature", k=5, strength=strength)
    rng = np.random.default_rng(0)
    noisy = np.where(rng.random(y.size) < 0.15, rng.integers(0, 5, y.size), y)
    d = diagnose(noisy, log_proba, input="logits", classes=range(5))
    assert d["LA202"].status == d[code].status == "fired"
    assert "TemperatureCalibrator(floor=True)" in d["LA202"].advice
    assert d[code].advice.startswith("Fit TemperatureCalibrator(floor=True) on held-out rows")
    assert diagnosed("temperature", strength=strength)[code].advice.startswith("Fit TemperatureCalibrator on held-out")


@pytest.mark.parametrize(("k", "strength", "noise"), [(10, 0.5, 0.1), (10, 0.5, 0.02), (5, 0.6, 0.2), (3, 0.5, 0.0)])
def test_the_loss_is_called_below_what_is_expected_only_where_it_is(plant, k, strength, noise):
    y, log_proba, _ = plant("healthy", k=k, scale=6.0)
    rng = np.random.default_rng(k)
    y = np.where(rng.random(len(y)) < noise, rng.integers(0, k, len(y)), y)
    finding = diagnose(y, strength * log_proba, input="logits")["LA102"]
    assert finding.status == "fired"
    below = finding.evidence["log_loss"] < finding.evidence["expected_log_loss"]
    assert ("is below the" in finding.headline) == below
    assert ("once label noise is taken off" in finding.headline) != below


def test_the_calibrator_beside_zeros_has_a_floor():
    """Five votes a row: the zeros among them are a floor, and the repair needs one."""
    rng = np.random.default_rng(2)
    proba = rng.dirichlet(np.full(3, 0.3), 2000)
    y = np.array([rng.choice(3, p=row) for row in proba])
    votes = np.stack([rng.multinomial(5, row) for row in proba]) / 5
    d = diagnose(y, votes)
    assert d["LA001"].status == "fired"
    assert "TemperatureCalibrator(floor=True)" in d["LA001"].advice
    selected = d["LA102"].evidence["selected"]
    assert "floor" in selected
    for code in ("LA101", "LA102"):
        assert d[code].status != "fired" or "TemperatureCalibrator(floor=True)" in d[code].advice


def test_zeros_that_are_set_aside_leave_the_floor_to_the_calibrator(plant):
    """A temperature alone leaves a 0 where it is."""
    y, log_proba, _ = plant("temperature", k=5, strength=0.5)
    proba = np.exp(log_proba)
    proba[[3, 4], y[[3, 4]]] = 0.0
    d = diagnose(y, proba / proba.sum(axis=1, keepdims=True))
    assert d["LA001"].status == d["LA102"].status == "fired"
    assert "floor" not in d["LA102"].evidence["selected"]
    assert d["LA102"].advice.startswith("Fit TemperatureCalibrator(floor=True) on held-out rows")


def timid(prior, strength, n=2000):
    """Return labels and probabilities for the fit, and for new rows, of scores too close together but right on average.

    Intercepts of a fit, which nothing shrinks, keep the mean of each class where it belongs.
    """
    rng, k, total = np.random.default_rng([len(prior), n]), len(prior), n + 20_000
    truth = log_softmax(np.log(prior) + 3.0 * rng.standard_normal((total, k)), axis=1)
    y = np.minimum((np.exp(truth).cumsum(axis=1) < rng.random((total, 1))).sum(axis=1), k - 1)
    offsets = np.zeros(k)
    for _ in range(300):
        offsets += np.log(np.bincount(y) / total) - np.log(softmax(strength * truth + offsets, axis=1).mean(axis=0))
    proba = softmax(strength * truth + offsets, axis=1)
    return y[:n], proba[:n], y[n:], proba[n:]


@pytest.mark.simulation
@pytest.mark.parametrize("strength", [0.15, 0.3])
@pytest.mark.parametrize("prior", [(0.9, 0.1), (0.6, 0.3, 0.1), (0.5, 0.3, 0.1, 0.05, 0.05)])
def test_what_a_temperature_alone_would_not_repair_is_said(prior, strength):
    y, proba, new_y, new_proba = timid(prior, strength)
    d = diagnose(y, proba)
    finding, threshold = d["LA102"], d["LA401"]
    assert finding.status == "fired"
    assert d["LA103"].status == "passed"
    # A threshold that makes up for the offsets goes with them, not with a class bias that nobody speaks of.
    if threshold.status == "fired":
        assert threshold.evidence["repaired_by"] == ["LA102"]
        assert "LA103" not in threshold.headline
        assert threshold.advice.startswith("Repair the offset of the classes that goes with the temperature")

    def saved(calibrator):
        return log_loss(new_y, new_proba) - log_loss(new_y, calibrator.fit(proba, y).predict_proba(new_proba))

    promised, with_offsets = finding.evidence["nats"], finding.evidence["nats_with_offsets"]
    alone, chosen = saved(TemperatureCalibrator()), saved(AutoCalibrator())
    assert alone == pytest.approx(promised - with_offsets, abs=0.01)
    assert promised - 0.02 < chosen
    assert alone < chosen - 0.02
    assert "only with class offsets" in finding.headline
    assert finding.advice.startswith("Let AutoCalibrator choose")


def test_equal_classes_need_no_offsets(diagnosed):
    for k in (2, 3, 10):
        finding = diagnosed("temperature", k=k, strength=0.6)["LA102"]
        assert finding.evidence["nats_with_offsets"] == 0.0
        assert "offsets" not in finding.headline + finding.advice


@pytest.mark.simulation
def test_rows_without_an_error_leave_every_low_temperature_open():
    found = []
    for seed in range(12):
        rng = np.random.default_rng([7, seed])
        margin, top = rng.uniform(0.4, 1.4, 60), rng.integers(0, 2, 60)
        y = np.where(rng.random(60) < 1.0 / (1.0 + np.exp(-margin / 0.15)), top, 1 - top)
        right = 1.0 / (1.0 + np.exp(-margin))
        proba = np.where(top[:, None] == [0, 1], right[:, None], 1.0 - right[:, None])
        if (y == top).all():
            found.append((diagnose(y, proba)["LA102"], y, proba))
    assert len(found) >= 3
    for finding, y, proba in found:
        assert finding.status == "fired"
        assert finding.interval[0] == 0.0
        assert finding.interval[1] > 0.15
        assert "T is at most" in finding.headline
        assert "up to" in finding.headline
        # What is advised makes something of such rows, where the likeliest temperature does not exist.
        assert "TemperatureCalibrator(floor=True, cautious=True)" in finding.advice
        assert TemperatureCalibrator(floor=True, cautious=True).fit(proba, y).temperature_ < 0.5


@pytest.mark.parametrize("grouped", [False, True])
def test_what_outliers_leave_of_a_temperature_alone_is_no_limit(grouped):
    """All labels are right but for four impossible ones, which ask for a large temperature of all rows together."""
    rng = np.random.default_rng(200)
    sure, y = rng.uniform(0.6, 0.9, 200), np.arange(200) % 2
    proba = np.where(y[:, None] == [0, 1], sure[:, None], 1.0 - sure[:, None])
    proba[:4], y[:4] = [1.0, 0.0], 1
    groups = np.repeat(np.arange(67), 3)[:200] if grouped else None
    d = diagnose(y, proba, groups=groups)
    assert d.metrics["temperature"].high == np.inf
    finding = d["LA102"]
    assert finding.status == "fired"
    low, high = finding.interval
    assert low == 0.0
    assert finding.value < high < 0.5
    assert "T is at most 0.169" in finding.headline
