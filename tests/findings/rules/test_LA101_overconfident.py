import json
import math

import numpy as np
import pytest
from scipy.special import expit

from sklearn_lossacc import Diagnosis, diagnose, summarize
from sklearn_lossacc.findings.evidence import Evidence
from sklearn_lossacc.findings.materiality import TEMPERATURE_HIGH
from sklearn_lossacc.findings.wording import verdict

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
def test_sharpened_probabilities_fire_and_nothing_else_does(diagnosed, statistical, k):
    d = diagnosed("temperature", k=k, strength=1.8)
    finding = d["LA101"]
    assert statistical(d) == {"LA101"}
    assert (finding.status, finding.severity) == ("fired", "warning")
    assert set(finding.evidence) == EVIDENCE
    assert finding.interval[0] < 1.8 < finding.interval[1]
    assert finding.interval[0] > finding.threshold == TEMPERATURE_HIGH
    assert finding.p_value == max(finding.evidence["p_gate"], finding.evidence["p_attr"])
    assert finding.p_value <= finding.evidence["p_holm"] < 1e-6
    assert finding.evidence["log_loss"] > finding.evidence["expected_log_loss"]
    assert finding.evidence["z"] > 5
    assert finding.evidence["selected"] == ["temperature"]
    assert "TemperatureCalibrator" in finding.advice
    assert finding.url.endswith("LA101.html")


def test_the_nats_are_those_of_the_waterfall_and_of_the_truth(diagnosed):
    d = diagnosed("temperature", strength=1.8)
    assert d["LA101"].evidence["nats"] == d.decomposition["temperature"].value
    lost = d.metrics["log_loss"].value - diagnosed("healthy").metrics["log_loss"].value
    assert d.decomposition["temperature"].value == pytest.approx(lost, abs=0.005)


def test_a_healthy_model_does_not_fire(diagnosed):
    for scale in (0.5, 2.5, 20.0):
        assert diagnosed("healthy", scale=scale)["LA101"].status == "passed"


def test_near_miss_a_million_rows_make_no_alarm_of_a_trifle(diagnosed):
    d = diagnosed("temperature", n=40_000, strength=1.05)
    finding = d["LA101"]
    assert finding.p_value < 1e-4
    assert finding.status == "passed"
    assert finding.evidence["could_be"] < TEMPERATURE_HIGH
    assert finding.headline.startswith("No material overconfidence")
    assert finding.advice == ""


def test_near_miss_by_nats(plant):
    # T = 1.4 is material as a temperature, but on such a sharp model it costs less than .005 nats.
    y, log_proba, _ = plant("temperature", n=20_000, k=2, scale=40.0, strength=1.4)
    finding = diagnose(y, log_proba, input="logits")["LA101"]
    assert finding.value > TEMPERATURE_HIGH
    assert finding.p_value < 0.001
    assert finding.evidence["nats"] < 0.005
    assert finding.status == "passed"
    assert finding.headline.startswith("Overconfidence is shown, but not that it counts: T = ")


def test_few_rows_leave_it_open(diagnosed):
    finding = diagnosed("healthy", n=60)["LA101"]
    assert finding.status == "passed"
    assert finding.evidence["could_be"] > finding.threshold
    assert "not shown" in finding.headline


def test_no_limit_where_no_temperature_is_identified():
    finding = diagnose([0, 1], [[0.7, 0.3], [0.4, 0.6]])["LA101"]
    assert finding.status == "passed"
    assert finding.evidence["could_be"] is None
    assert "not shown" in finding.headline
    assert "not identified" in finding.headline


def test_underconfidence_is_the_other_direction(diagnosed):
    finding = diagnosed("temperature", strength=0.6)["LA101"]
    assert finding.status == "passed"
    assert finding.evidence["p_gate"] > 0.99
    assert finding.headline.startswith("No material overconfidence")


def test_copies_in_groups_count_once(plant):
    y, log_proba, _ = plant("temperature", n=50, k=2, strength=1.8, seed=3)
    rows = np.repeat(np.arange(50), 40)
    alone = diagnose(y[rows], log_proba[rows], input="logits", ignore=["LA004"])["LA101"]
    grouped = diagnose(y[rows], log_proba[rows], input="logits", groups=rows)["LA101"]
    assert alone.status == "fired"
    assert grouped.status == "passed"
    assert grouped.p_value > 0.05 > alone.p_value


def test_the_same_rows_weighted(plant):
    # The odd rows are healthy; all weight on the even, overconfident ones makes them the model.
    y, log_proba, _ = plant("healthy")
    shown = np.where(np.arange(2000)[:, None] % 2 == 0, 2.0 * log_proba, log_proba)
    weight = np.where(np.arange(2000) % 2 == 0, 1.0, 1e-9)
    finding = diagnose(y, shown, input="logits", sample_weight=weight)["LA101"]
    alone = diagnose(y[::2], shown[::2], input="logits")["LA101"]
    assert finding.status == alone.status == "fired"
    assert finding.value == pytest.approx(alone.value, rel=1e-5)


@pytest.mark.parametrize(("cause", "strength"), [("noise", 0.08), ("outliers", 6), ("bias", 1.0)])
def test_other_causes_are_not_called_overconfidence(diagnosed, cause, strength):
    d = diagnosed(cause, strength=strength, scale=3.0)
    assert d["LA101"].status == "passed"
    # The gate alone would have accused it.
    if cause == "noise":
        assert d["LA101"].evidence["p_gate"] < 0.01
        assert d["LA101"].evidence["temperature_alone"] > 1.1


def test_at_least_a_doubling_of_every_logit():
    # Rows at 0.9 that are right in 7 of 10: the inverse temperature is ln(7/3) / ln 9.
    p = np.where(np.arange(1000)[:, None] % 2 == [0, 1], 0.9, 0.1)
    y = np.where(np.arange(1000) // 2 % 10 < 3, 1 - np.arange(1000) % 2, np.arange(1000) % 2)
    finding = diagnose(y, p)["LA101"]
    assert finding.status == "fired"
    assert finding.value == pytest.approx(math.log(9) / math.log(7 / 3), rel=1e-6)


def test_the_interval_of_a_large_temperature_is_no_narrower_than_that_of_one_fitted_alone(plant):
    y, log_proba, _ = plant("healthy", k=5, scale=1.0)
    d = diagnose(y, 60.0 * log_proba, input="logits")
    alone, (low, high) = d.metrics["temperature"], d["LA101"].interval
    assert d["LA101"].status == "fired"
    assert high / low >= alone.high / alone.low * (1 - 1e-9)


@pytest.mark.parametrize(("k", "seed"), [(2, 0), (2, 4), (10, 10)])
def test_scores_that_say_nothing_have_no_temperature(plant, k, seed):
    """Labels that do not follow the scores, and by chance lean a little the other way."""
    _, log_proba, _ = plant("healthy", n=1000, k=k)
    y = np.random.default_rng(seed).integers(0, k, 1000)
    d = diagnose(y, log_proba, input="logits", classes=range(k))
    finding = d["LA101"]
    assert finding.status == "fired"
    assert (finding.value, finding.interval) == (math.inf, None)
    assert "its scores do not order the labels (T is infinite)" in finding.headline
    assert "TemperatureCalibrator" not in finding.advice
    assert Diagnosis.from_dict(json.loads(d.to_json()))["LA101"].headline == finding.headline


def test_a_temperature_that_is_shown_is_not_called_unknown(plant):
    y, log_proba, _ = plant("temperature", n=20_000, k=2, scale=40.0, strength=1.4)
    d = diagnose(y, log_proba, input="logits")
    assert d["LA101"].evidence["too_small"]
    text = verdict(d)
    assert "Shown, but not that it counts: overconfident." in text
    assert "nothing that counts speaks against" in text
    assert "overconfident" not in text.partition("Not shown, but not excluded")[2]


def test_scores_of_chance_have_a_temperature_without_an_upper_limit(plant):
    """The likeliest inverse temperature of scores that say nothing is a bit above 0 in half of all samples."""
    seen = 0
    for seed in range(8):
        y, log_proba, _ = plant("chance", n=1000, k=3, seed=seed)
        d = diagnose(y, log_proba, input="logits", classes=range(3))
        finding = d["LA101"]
        assert finding.status == "fired"
        assert "T is infinite" in finding.headline or "are not shown to order the labels" in finding.headline
        assert "TemperatureCalibrator" not in finding.advice
        if math.isinf(finding.value):
            continue
        seen += 1
        low, high = finding.interval
        assert 5.0 < low < finding.value
        assert math.isinf(high)
        alone = d.metrics["temperature"]
        assert 5.0 < alone.low < alone.value
        assert math.isinf(alone.high)
        assert f"(>= {low:.3g})" in str(d) or f"(>= {low:#.3g})" in str(d)
        assert str(type(d).from_dict(d.to_dict())) == str(d)
    assert seen >= 2


@pytest.mark.simulation
@pytest.mark.parametrize("slope", [0.01, 0.03, 0.1])
def test_limits_cover_a_temperature_that_is_nearly_infinite(slope):
    rng = np.random.default_rng(7)
    covered = 0
    for _ in range(200):
        odds = 3.0 * rng.normal(size=300)
        y = (rng.random(300) < expit(slope * odds)).astype(int)
        found = Evidence(summarize(y, expit(odds), classes=[0, 1]), alpha=0.05, random_state=0).temperature
        covered += found.low is None or found.low <= 1.0 / slope <= found.high
    assert covered >= 180
