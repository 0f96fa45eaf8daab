import numpy as np
import pytest
from scipy.special import expit, log_softmax

from sklearn_lossacc import MatrixCalibrator, SplineCalibrator, TemperatureCalibrator, VectorCalibrator, diagnose
from sklearn_lossacc.findings.materiality import NATS
from sklearn_lossacc.metrics import log_loss

EVIDENCE = {
    "p_gate", "p_attr", "p_holm", "nats", "gain", "falls", "n_draws", "view", "map",
    "strength", "cannot_tell_from_noise", "repaired_by",
}  # fmt: skip


def test_a_wave_fires_and_no_simple_cause_does(diagnosed, statistical):
    d = diagnosed("shape", k=2, strength=1.5)
    finding = d["LA104"]
    assert statistical(d) == {"LA104"}
    assert (finding.status, finding.severity) == ("fired", "warning")
    assert set(finding.evidence) == EVIDENCE
    assert finding.p_value == max(finding.evidence["p_gate"], finding.evidence["p_attr"]) <= 0.001
    assert finding.evidence["n_draws"] == 0  # beyond what draws can show
    assert finding.evidence["view"] == "top label"  # the same for both classes
    assert finding.value == d.decomposition["shape"].value >= finding.threshold == NATS
    assert d.decomposition["shape"].selected
    assert finding.interval[0] <= finding.value <= finding.interval[1]
    assert "bend" in finding.advice
    assert finding.url.endswith("LA104.html")


def test_more_classes(plant):
    # Too sure in the middle and right at the ends: no temperature does both.
    rng = np.random.default_rng(0)
    y, log_proba, _ = plant("healthy", n=4000, k=5, scale=3.0)
    top = np.exp(log_proba.max(axis=1))
    middle = (top > 0.5) & (top < 0.9)
    y[middle] = np.where(rng.random(middle.sum()) < 0.35, rng.integers(0, 5, middle.sum()), y[middle])
    d = diagnose(y, log_proba, input="logits")
    assert d["LA104"].status == "fired"
    assert d["LA104"].evidence["view"] == "top label"


def test_a_bend_that_all_classes_share():
    # No class and no likeliest class shows much of it by itself.
    rng = np.random.default_rng(0)
    shown = log_softmax(2.5 * rng.standard_normal((3000, 20)), axis=1)
    y = (shown + np.sin(1.5 * shown) + rng.gumbel(size=shown.shape)).argmax(axis=1)
    finding = diagnose(y, shown, input="logits", classes=range(20))["LA104"]
    assert finding.status == "fired"
    assert finding.evidence["view"] == "classes together"
    assert "for the classes together" in finding.headline
    assert finding.value > 0.05


@pytest.mark.parametrize("which", ["bend", "classes apart", "classes mixed"])
def test_the_map_that_is_advised_is_the_one_that_repairs(which):
    bends, mixed = which == "bend", which == "classes mixed"
    k, n, scale = (10, 2000, 5.0) if bends else (4 if mixed else 10, 3000, 4.0)
    rng = np.random.default_rng(0)
    proba = np.exp(log_softmax(scale * rng.standard_normal((n + 20_000, k)), axis=1))
    factor = 1.0 if bends or mixed else np.exp(0.7 * rng.standard_normal(k))
    y = (factor * np.log(proba) + rng.gumbel(size=proba.shape)).argmax(axis=1)
    if bends:
        proba = 0.8 * proba + 0.2 / k  # learnt from smoothed labels
    elif mixed:
        y[(y == 0) & (rng.random(y.size) < 0.3)] = 1
    finding = diagnose(y[:n], proba[:n], classes=range(k))["LA104"]
    assert finding.status == "fired"
    assert finding.evidence["map"] == which
    assert ("SplineCalibrator" in finding.advice) == bends
    assert ("VectorCalibrator" in finding.advice) == (not bends and not mixed)
    assert ("MatrixCalibrator" in finding.advice) != bends
    curve, linear = (
        log_loss(y[n:], calibrator(classes=range(k)).fit(proba[:n], y[:n]).predict_proba(proba[n:]))
        for calibrator in (SplineCalibrator, MatrixCalibrator if mixed else VectorCalibrator)
    )
    assert (curve < linear - NATS) == bends


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_kinds_that_are_right_with_classes_that_are_too_sure(seed):
    """No single class shows it: a quarter of what a matrix repairs was missing, outside of the interval."""
    kinds, n = 3, 3000
    rng = np.random.default_rng(seed)
    kind = np.repeat(3.0 * rng.standard_normal((n + 20_000, kinds)), 3, axis=1)
    inside = 2.0 * rng.standard_normal((n + 20_000, kinds, 3))
    inside = (inside - inside.mean(axis=2, keepdims=True)).reshape(-1, 3 * kinds)
    y = (kind + inside + rng.gumbel(size=inside.shape)).argmax(axis=1)
    shown = np.exp(log_softmax(kind + 3.0 * inside, axis=1))
    diagnosis = diagnose(y[:n], shown[:n], classes=range(3 * kinds))
    repaired = [
        calibrator(floor=True).fit(shown[:n], y[:n]).predict_proba(shown[n:])
        for calibrator in (TemperatureCalibrator, MatrixCalibrator)
    ]
    saved = [log_loss(y[n:], shown[n:]) - log_loss(y[n:], proba) for proba in repaired]
    finding = diagnosis["LA104"]
    assert finding.status == "fired"
    assert (finding.evidence["view"], finding.evidence["map"]) == ("pairs of classes", "classes mixed")
    assert "most clearly for pairs of classes; it costs" in finding.headline
    assert finding.value > 0.8 * (saved[1] - saved[0]) > 0.1
    assert diagnosis.metrics["calibration_loss"].low < saved[1] < diagnosis.metrics["calibration_loss"].high


@pytest.mark.parametrize("k", [2, 3, 10])
def test_a_healthy_model_does_not_fire(diagnosed, k):
    finding = diagnosed("healthy", k=k)["LA104"]
    assert finding.status == "passed"
    assert finding.value < NATS
    assert diagnosed("healthy", k=k).decomposition["shape"].value == 0.0


@pytest.mark.parametrize("strength", [0.6, 1.8])
def test_a_temperature_explains_its_shape(diagnosed, strength):
    finding = diagnosed("temperature", strength=strength)["LA104"]
    assert finding.evidence["p_gate"] < 0.01
    assert finding.evidence["p_attr"] > 0.05
    assert finding.status == "passed"


def test_near_miss_with_many_rows(diagnosed):
    finding = diagnosed("shape", k=2, n=40_000, strength=0.25)["LA104"]
    assert finding.p_value <= 0.001
    assert finding.status == "passed"
    assert 0 < finding.value < finding.evidence["could_be"] < NATS
    assert finding.headline.startswith("No material shape")


def test_what_the_rows_leave_open_shrinks_with_them(diagnosed):
    few, many = diagnosed("healthy", n=200)["LA104"], diagnosed("healthy", n=40_000)["LA104"]
    assert few.evidence["could_be"] > NATS > many.evidence["could_be"] > 0
    assert "not shown" in few.headline
    assert "not shown" not in many.headline


@pytest.mark.parametrize("k", [2, 3])
def test_rows_without_information_show_no_shape(k):
    y = np.arange(60) % k
    finding = diagnose(y, np.eye(k)[y])["LA104"]
    assert finding.status == "passed"
    assert finding.evidence["could_be"] is None
    assert "not shown" in finding.headline


def test_not_applicable_below_thirty_rows(diagnosed):
    assert diagnosed("healthy", n=29)["LA104"].status == "not_applicable"
    assert diagnosed("healthy", n=30)["LA104"].status == "passed"


@pytest.mark.parametrize(("k", "n"), [(2, 200), (5, 200), (20, 200), (20, 2000)])
def test_one_and_the_same_prediction_has_no_shape(k, n):
    """Rows of equal probabilities, sorted by label: bins that cut through them saw 6 of 10 samples bent."""
    fired = 0
    for seed in range(12):
        rng = np.random.default_rng([seed, k, n])
        prior = rng.dirichlet(np.full(k, 2.0))
        y = np.sort(rng.choice(k, n, p=prior))
        fired += diagnose(y, np.tile(prior, (n, 1)), classes=range(k))["LA104"].status == "fired"
    assert fired <= 1


@pytest.mark.simulation
@pytest.mark.parametrize(("n", "at_least"), [(600, 6), (2000, 8)])
def test_a_fast_wave_that_no_increasing_map_follows(n, at_least):
    """What it costs decides, 0.03 nats, not what a map that is fitted to so few rows would gain."""
    fired = 0
    for seed in range(8):
        rng = np.random.default_rng([2, seed])
        odds = 1.5 * rng.normal(size=n)
        y = (rng.random(n) < expit(odds + 0.95 * np.sin(6.0 * odds))).astype(int)
        finding = diagnose(y, expit(odds))["LA104"]
        fired += finding.status == "fired"
        if finding.status == "fired":
            assert finding.evidence["gain"] < finding.value
            assert finding.headline.count("nats") == 1
    assert fired >= at_least


def test_no_curve_is_advised_for_classes_of_few_rows():
    # Here a spline for each class costs fresh rows about 0.2 nats more than what AutoCalibrator chooses.
    rng = np.random.default_rng(1)
    logits = 2.5 * rng.normal(size=(1500, 200))
    y = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    bent = -(np.abs(log_softmax(logits, axis=1)) ** 1.35)
    finding = diagnose(y, bent, input="logits", classes=range(200))["LA104"]
    assert (finding.status, finding.evidence["map"]) == ("fired", "bend")
    assert finding.advice.startswith("Let AutoCalibrator choose on held-out rows. It takes no curve for each class")


def test_classes_that_a_timid_model_mixes_up_call_for_a_weak_penalty():
    rng = np.random.default_rng(0)
    shown = log_softmax(0.3 * rng.standard_normal((22_000, 8)), axis=1)
    scores = 3.0 * shown + 6.0 * np.roll(shown, 1, axis=1)
    y = (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)
    held_out, test = slice(0, 2000), slice(2000, None)
    finding = diagnose(y[held_out], shown[held_out], input="logits", classes=range(8))["LA104"]
    assert finding.status == "fired"
    assert finding.evidence["map"] == "classes mixed"
    strength = finding.evidence["strength"]
    assert strength < 1.0
    assert f"MatrixCalibrator(strength={strength:g})" in finding.advice
    left = {}
    for one in (1.0, strength):
        repaired = MatrixCalibrator(strength=one, input="logits").fit(shown[held_out], y[held_out])
        left[one] = log_loss(y[test], repaired.predict_proba(shown[test]))
    gained = log_loss(y[test], shown[test], input="logits") - left[strength]
    assert left[strength] < left[1.0] - 0.05
    assert finding.evidence["gain"] == pytest.approx(gained, rel=0.15)
    assert finding.evidence["gain"] < finding.value
