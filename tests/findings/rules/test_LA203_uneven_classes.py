import numpy as np
import pytest

from sklearn_lossacc import diagnose
from sklearn_lossacc._numerics import log_softmax
from sklearn_lossacc.calibration import AutoCalibrator
from sklearn_lossacc.findings.format import ratio
from sklearn_lossacc.findings.materiality import NATS
from sklearn_lossacc.findings.wording import part_label

EVIDENCE = {"p_gate", "p_attr", "p_holm", "class", "z", "temperatures", "explains_all", "repaired_by"}


@pytest.mark.parametrize("k", [3, 4, 10])
def test_one_class_overfit_while_others_are_right(diagnosed, k):
    d = diagnosed("uneven", k=k, scale=2.0, strength=2.5)
    finding = d["LA203"]
    assert (finding.status, finding.severity) == ("fired", "warning")
    assert set(finding.evidence) == EVIDENCE
    assert finding.evidence["class"] == "0"
    assert "'0' are overconfident" in finding.headline
    temperatures = finding.evidence["temperatures"]
    assert max(temperatures, key=temperatures.get) == "0"
    assert finding.evidence["z"]["0"] == max(finding.evidence["z"].values(), key=abs) > 3
    assert finding.value >= finding.threshold == NATS
    assert finding.p_value == max(finding.evidence["p_gate"], finding.evidence["p_attr"])
    assert finding.url.endswith("LA203.html")


@pytest.mark.parametrize(("n", "k", "strength"), [(1000, 3, 3.0), (1000, 10, 3.0), (2000, 10, 2.0), (1000, 4, 0.4)])
def test_one_class_is_no_label_noise_and_no_outliers(diagnosed, n, k, strength):
    # Rows that are sure and wrong among many that are neither: without their class they look like a floor.
    d = diagnosed("uneven", n=n, k=k, scale=2.0, strength=strength)
    assert [finding.code for finding in d.issues] == ["LA203"]
    assert d["LA203"].evidence["explains_all"]
    assert "explains all that is shown" in d["LA203"].headline
    part = d.decomposition["shape"]
    assert part.selected
    assert part.value == pytest.approx(d["LA203"].value)
    assert part.low < part.value < part.high
    assert part_label(d, part) == "uneven classes"
    assert d.metrics["calibration_loss"].value == pytest.approx(part.value)
    assert sum(part.value for part in d.decomposition.parts) == pytest.approx(d.metrics["log_loss"].value)


@pytest.mark.simulation
@pytest.mark.parametrize("strength", [0.4, 3.0])
def test_one_class_of_twenty_is_named_alone(diagnosed, strength):
    # Temperatures for all twenty cost more than one of them gains; nor is the one class a shape.
    for seed in range(6):
        d = diagnosed("uneven", k=20, scale=2.5, strength=strength, seed=seed)
        assert [finding.code for finding in d.issues] == ["LA203"]
        assert d["LA203"].evidence["class"] == "0"


@pytest.mark.simulation
@pytest.mark.parametrize(("temperature", "code"), [(1.7, "LA101"), (0.6, "LA102")])
@pytest.mark.parametrize("k", [3, 5, 10])
def test_a_temperature_of_all_beside_one_class(plant, temperature, code, k):
    # Both were taken for label noise, outliers, class bias and a shape.
    for seed in range(3):
        y, log_proba, _ = plant("uneven", k=k, scale=2.0, strength=2.5, seed=seed)
        d = diagnose(y, temperature * log_proba, input="logits")
        assert {finding.code for finding in d.issues} == {code, "LA203"}
        assert d[code].value == pytest.approx(temperature, rel=0.15)
        assert d["LA203"].evidence["class"] == "0"
        assert not d["LA203"].evidence["explains_all"]
        assert d.decomposition["temperature"].value > NATS
        assert sum(part.value for part in d.decomposition.parts) == pytest.approx(d.metrics["log_loss"].value)


@pytest.mark.parametrize("k", [3, 5, 20])
def test_two_classes_off_in_different_ways(plant, k):
    rng = np.random.default_rng(0)
    true = log_softmax(2.5 * rng.normal(size=(3000, k)))
    y = (true + rng.gumbel(size=true.shape)).argmax(axis=1)
    factor = np.r_[2.5, 0.4, np.ones(k - 2)][true.argmax(axis=1)]
    d = diagnose(y, true * factor[:, None], input="logits")
    assert [finding.code for finding in d.issues] == ["LA203"]
    temperatures = d["LA203"].evidence["temperatures"]
    assert temperatures["0"] == pytest.approx(2.5, rel=0.3)
    assert temperatures["1"] == pytest.approx(0.4, rel=0.3)


@pytest.mark.parametrize("seed", [2, 4])
def test_classes_that_hardly_differ_hide_no_class_bias(seed):
    # Their temperatures explain a part of what the offsets do, and save little: too little to be named for it.
    rng = np.random.default_rng(seed)
    true = log_softmax(1.5 * rng.normal(size=(10_000, 10)))
    offsets = 0.17 * rng.normal(size=10)
    y = (true + offsets + rng.gumbel(size=true.shape)).argmax(axis=1)
    factor = 1.4 * np.r_[1, 1, 1, 1.11, 1, 1, 0.85, 0.83, 1, 1][true.argmax(axis=1)]
    d = diagnose(y, true * factor[:, None], input="logits")
    assert [finding.code for finding in d.issues] == ["LA101", "LA103"]


@pytest.mark.parametrize("order", [[1, 0, 2], [1, 2, 0, 3, 4], [1, 0, 2, 3, 4]])
def test_exchanged_columns_are_no_temperatures(plant, order):
    # Two or three classes without order beside others that have one: parts of 90 to 200 nats otherwise.
    k = len(order)
    y, log_proba, _ = plant("healthy", k=k, scale=3.0)
    d = diagnose(y, log_proba[:, order], input="logits", classes=range(k))
    total = d.metrics["log_loss"].value
    assert all(abs(part.value) <= total for part in d.decomposition.parts)


def test_noise_beside_the_class_has_its_rate(plant):
    y, log_proba, _ = plant("uneven", n=3000, k=5, scale=2.5, strength=2.5)
    rng = np.random.default_rng(0)
    noisy = np.where(rng.random(y.size) < 0.1, rng.integers(0, 5, y.size), y)
    d = diagnose(noisy, log_proba, input="logits")
    assert {finding.code for finding in d.issues} == {"LA202", "LA203"}
    assert d["LA202"].value == pytest.approx(0.08, abs=0.02)


def test_a_shape_beside_the_class_adds_to_the_waterfall(plant):
    # Every row of class 0 too sure; of the others, those that are 60 to 80 % sure, too, and the rest not.
    y, log_proba, _ = plant("uneven", n=20_000, k=3, scale=2.0, strength=3.0)
    top = log_proba.max(axis=1)
    bent = (log_proba.argmax(axis=1) != 0) & (top > np.log(0.6)) & (top < np.log(0.8))
    y = np.where(bent & (np.random.default_rng(0).random(y.size) < 0.5), log_proba.argmax(axis=1), y)
    d = diagnose(y, log_proba, input="logits")
    assert {"LA104", "LA203"} <= {finding.code for finding in d.issues}
    part = d.decomposition["shape"]
    assert part.value > d["LA104"].value + NATS
    assert part.low < part.value < part.high
    assert part_label(d, part) == "miscalibrated shape"
    assert sum(part.value for part in d.decomposition.parts) == pytest.approx(d.metrics["log_loss"].value)


def test_noise_beside_the_class_is_named(plant):
    y, log_proba, _ = plant("uneven", n=4000, k=4, scale=3.0, strength=3.0)
    rng = np.random.default_rng(0)
    noisy = np.where(rng.random(y.size) < 0.15, rng.integers(0, 4, y.size), y)
    d = diagnose(noisy, log_proba, input="logits")
    assert d["LA202"].status == "fired"
    assert not d["LA203"].evidence["explains_all"]


def test_a_sure_class_is_judged_by_a_few_misses(plant):
    # 0.9 misses are expected of 100 rows, twelve are seen; the other classes are as they say.
    rng = np.random.default_rng(0)
    predicted = np.repeat([0, 1, 2], [100, 300, 300])
    confidence = np.where(predicted == 0, 0.991, 0.85)
    right = rng.random(700) < np.where(predicted == 0, 0.88, 0.85)
    proba = np.where(predicted[:, None] == [0, 1, 2], confidence[:, None], (1.0 - confidence[:, None]) / 2)
    finding = diagnose(np.where(right, predicted, (predicted + rng.integers(1, 3, 700)) % 3), proba)["LA203"]
    assert finding.evidence["class"] == "0"
    assert finding.evidence["p_gate"] < 0.01


def test_a_timid_class_is_named_with_its_direction(diagnosed):
    finding = diagnosed("uneven", k=4, scale=3.0, strength=0.3)["LA203"]
    assert finding.status == "fired"
    assert "'0' are underconfident" in finding.headline


def test_labels_name_the_class(plant):
    y, log_proba, _ = plant("uneven", k=3, scale=2.0, strength=2.5)
    names = np.array(["cat", "dog", "owl"])
    finding = diagnose(names[y], log_proba, input="logits", classes=names)["LA203"]
    assert finding.evidence["class"] == "cat"


@pytest.mark.parametrize("cause", ["healthy", "imbalanced"])
@pytest.mark.parametrize("k", [3, 10])
def test_a_healthy_model_does_not_fire(diagnosed, cause, k):
    # By true class the losses of skewed classes differ wildly; that is no unevenness.
    d = diagnosed(cause, k=k, scale=1.5)
    finding = d["LA203"]
    assert finding.status in (("passed",) if cause == "healthy" else ("passed", "not_applicable"))
    if cause == "imbalanced":
        assert d.classes["loss"].max() > 5 * d.classes["loss"].min()


@pytest.mark.parametrize("strength", [0.6, 1.8])
def test_one_temperature_for_all_is_even(diagnosed, strength):
    finding = diagnosed("temperature", strength=strength)["LA203"]
    assert finding.evidence["p_gate"] < 0.01
    assert finding.evidence["p_attr"] > 0.05
    assert finding.status == "passed"


def test_near_miss_with_many_rows(diagnosed):
    finding = diagnosed("uneven", n=40_000, k=3, scale=2.0, strength=1.2)["LA203"]
    assert finding.p_value < 0.001
    assert finding.status == "passed"
    assert finding.value < finding.evidence["could_be"] < NATS
    assert "not shown" not in finding.headline


def test_few_rows_leave_it_open(diagnosed):
    finding = diagnosed("healthy", n=300)["LA203"]
    assert finding.status == "passed"
    assert finding.evidence["could_be"] > NATS
    assert "not shown" in finding.headline


def test_not_applicable_to_two_classes(diagnosed):
    assert diagnosed("uneven", k=2, strength=2.5)["LA203"].status == "not_applicable"


def test_not_applicable_where_one_class_is_predicted(diagnosed):
    finding = diagnosed("majority")["LA203"]
    assert finding.status == "not_applicable"
    assert "Fewer than two classes" in finding.headline


def one_apart(others, apart, k=5, n=2000, scale=2.0, seed=0):
    """Return labels, log probabilities of a model at `others` and, where it predicts class 0, `apart`, and the cost."""
    rng = np.random.default_rng([seed, k])
    truth = log_softmax(scale * rng.standard_normal((n, k)), axis=1)
    y = (truth + rng.gumbel(size=truth.shape)).argmax(axis=1)
    shown = log_softmax(truth * np.where(truth.argmax(axis=1) == 0, apart, others)[:, None], axis=1)
    return y, shown, float(np.mean((truth - shown)[np.arange(n), y]))


@pytest.mark.simulation
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("others", "apart"), [(2.5, 1.0), (0.6, 2.0)])
def test_no_cause_saves_more_than_all_repairs_do(others, apart, seed):
    # Class 0 is right, or too sure, where all others are not: what suits these would do harm to it.
    y, shown, cost = one_apart(others, apart, seed=seed)
    d = diagnose(y, shown, input="logits")
    assert {issue.code for issue in d.issues} == {"LA101" if others > 1 else "LA102", "LA203"}
    assert d["LA203"].evidence["class"] == "0"
    parts = {name: d.decomposition[name].value for name in ("temperature", "shape")}
    assert parts["temperature"] + parts["shape"] == pytest.approx(cost, abs=0.02)
    assert min(parts.values()) > -0.005
    assert NATS < d["LA203"].value < cost
    loss = d.metrics["calibration_loss"]
    assert loss.value == pytest.approx(sum(parts.values()))
    assert loss.low <= loss.value <= loss.high
    assert sum(part.value for part in d.decomposition.parts) == pytest.approx(d.decomposition.total)


@pytest.mark.simulation
@pytest.mark.parametrize("seed", [1, 2])
def test_wrong_labels_of_one_class_are_no_classes_apart_where_all_are_timid(seed):
    rng = np.random.default_rng(seed)
    truth = log_softmax(6.0 * rng.standard_normal((2000, 10)), axis=1)
    y = (truth + rng.gumbel(size=truth.shape)).argmax(axis=1)
    y[(y == 0) & (rng.random(2000) < 0.3)] = 1
    d = diagnose(y, truth / 3.0, input="logits")
    assert d["LA102"].status == d["LA202"].status == "fired"
    assert "Most of them are labelled '1' where the model says '0'." in d["LA202"].headline
    assert d.decomposition["shape"].value >= 0.0


def test_what_is_advised_saves_what_is_promised(plant):
    y, log_proba, _ = plant("uneven", k=5, n=12_000, strength=2.5, seed=4)
    finding = diagnose(y[:4000], log_proba[:4000], input="logits")["LA203"]
    temperature = finding.evidence["temperatures"]["0"]
    assert temperature == pytest.approx(2.5, rel=0.15)
    assert f"rows predicted as '0' by T = {temperature:.3g} and take softmax" in finding.advice
    others = log_proba[4000:]
    mine = others.argmax(axis=1) == 0
    repaired = log_softmax(np.where(mine[:, None], others / temperature, others), axis=1)
    saved = (repaired - others)[np.arange(8000), y[4000:]]
    assert saved.mean() == pytest.approx(finding.value, abs=3 * saved.std() / 8000**0.5)


@pytest.mark.parametrize(("temperature", "strength"), [(1.0, 2.5), (1.7, 2.5), (0.6, 2.5)])
def test_the_advised_temperatures_keep_the_promise_and_are_none_after_a_calibrator(plant, temperature, strength):
    y, log_proba, _ = plant("uneven", k=5, scale=2.0, strength=strength)
    fresh, shown, _ = plant("uneven", n=20_000, k=5, scale=2.0, strength=strength, seed=1)
    shown = log_softmax(temperature * shown, axis=1)
    d = diagnose(y, log_softmax(temperature * log_proba, axis=1), input="logits")
    code = "LA101" if temperature > 1 else "LA102"
    of_all = d[code].value if temperature != 1 else 1.0
    finding = d["LA203"]

    def loss(scores):
        return -log_softmax(scores, axis=1)[np.arange(fresh.size), fresh].mean()

    def with_temperatures(scores):
        own = np.ones(5)
        own[0] = finding.evidence["temperatures"]["0"]
        return scores / own[scores.argmax(axis=1), None]

    rest = f" and the others by {ratio(of_all)}" if temperature != 1 else ""
    of_class = ratio(finding.evidence["temperatures"]["0"] * of_all)
    assert f"predicted as '0' by T = {of_class}{rest} and take softmax" in finding.advice
    alone = "in place of a calibrator and not after one" in finding.advice
    assert alone == (temperature == 1.0)
    assert alone or "after a calibrator the same temperatures do harm" in finding.advice
    advised = loss(with_temperatures(shown / of_all))
    assert loss(shown / of_all) - advised > 0.8 * finding.value
    chosen = np.log(
        AutoCalibrator().fit(np.exp(log_softmax(temperature * log_proba, axis=1)), y).predict_proba(np.exp(shown))
    )
    assert advised < loss(chosen) < loss(with_temperatures(chosen))


def test_beside_a_class_bias_the_temperatures_wait_for_what_a_calibrator_leaves(plant):
    y, log_proba, _ = plant("uneven", n=4000, k=5, scale=2.0, strength=3.0)
    biased = log_softmax(log_proba + np.array([0.0, 0.0, 0.0, 0.0, 1.2]), axis=1)
    finding = diagnose(y, biased, input="logits")["LA203"]
    assert finding.status == "fired"
    assert "diagnose what that leaves" in finding.advice
    assert "divide" not in finding.advice


def test_the_sentence_says_how_many_of_many_classes_are_judged():
    rng = np.random.default_rng(1)
    scores = 1.5 * rng.normal(size=(500, 200))
    scores[:, :3] += 3.0
    y = (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)
    finding = diagnose(y, scores, input="logits", classes=np.arange(200))["LA203"]
    assert finding.status == "passed"
    assert "of the 3 classes predicted often enough" in finding.headline
