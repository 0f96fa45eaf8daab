import numpy as np
import pytest
from scipy.special import log_softmax

from sklearn_lossacc import TemperatureCalibrator, diagnose, summarize
from sklearn_lossacc.findings.evidence import Evidence
from sklearn_lossacc.findings.frequencies import LearntFrequencies
from sklearn_lossacc.findings.materiality import NATS

EVIDENCE = {
    "p_gate", "p_attr", "gate", "p_holm", "nats", "nats_beside", "method", "class", "mean_proba", "share", "offsets",
    "explained_by_changed_frequencies", "explained_by_equal_frequencies", "line", "flips", "cannot_tell_from_noise",
}  # fmt: skip


@pytest.mark.parametrize("k", [2, 3, 10])
def test_a_shifted_class_fires_and_is_named(diagnosed, statistical, k):
    d = diagnosed("bias", k=k, strength=1.0)
    finding = d["LA103"]
    assert statistical(d) - {"LA401"} == {"LA103"}
    assert (finding.status, finding.severity) == ("fired", "warning")
    assert set(finding.evidence) == EVIDENCE
    assert finding.evidence["class"] == ("1" if k == 2 else "0")  # of two gaps of one size the rounding decides
    assert finding.p_value == max(finding.evidence["p_gate"], finding.evidence["p_attr"])
    assert finding.value == d.decomposition["class_bias"].value >= finding.threshold == NATS
    assert finding.interval == (d.decomposition["class_bias"].low, d.decomposition["class_bias"].high)
    offsets = np.array(finding.evidence["offsets"])
    # One nat was put on class 0: it must come off again, against the mean of the others.
    assert offsets[0] - offsets[1:].mean() == pytest.approx(-1.0, abs=0.25)
    assert finding.url.endswith("LA103.html")


def test_gap_of_the_named_class(diagnosed):
    d = diagnosed("bias", strength=1.0)
    table = d.classes.set_index("label").loc[d["LA103"].evidence["class"]]
    assert d["LA103"].evidence["mean_proba"] == pytest.approx(table["mean_proba"])
    assert d["LA103"].evidence["share"] == pytest.approx(table["prior"])
    assert table["mean_proba"] - table["prior"] > 0.05


def test_the_nats_are_those_of_the_truth(diagnosed):
    d = diagnosed("bias", strength=1.0)
    lost = d.metrics["log_loss"].value - diagnosed("healthy").metrics["log_loss"].value
    assert d["LA103"].value == pytest.approx(lost, abs=0.005)


def test_a_class_that_no_row_is_labelled_as():
    # The doubt of a healthy model, put into a column of its own.
    rng = np.random.default_rng(0)
    proba = np.exp(log_softmax(2.0 * rng.standard_normal((2000, 4)), axis=1))
    y = (np.log(proba) + rng.gumbel(size=proba.shape)).argmax(axis=1)
    doubt = 1.0 - proba.max(axis=1, keepdims=True)
    finding = diagnose(y, np.hstack([proba * (1.0 - doubt), doubt]), classes=range(5))["LA103"]
    assert (finding.status, finding.evidence["class"], finding.evidence["share"]) == ("fired", "4", 0.0)
    assert finding.advice.startswith("No row is labelled '4': ")


def test_what_a_temperature_explains_as_well_is_said():
    # A third class that is a little too unlikely, much of it because all scores are too far apart.
    rng = np.random.default_rng(0)
    truth = log_softmax(1.5 * rng.standard_normal((4000, 3)) + np.array([2.0, 0.5, 0.0]), axis=1)
    y = (truth + rng.gumbel(size=truth.shape)).argmax(axis=1)
    d = diagnose(y, 2.0 * truth + np.array([0.4, 0.0, 0.0]), input="logits")
    finding = d["LA103"]
    assert {finding.status, d["LA101"].status} == {"fired"}
    assert NATS < finding.value > 2.0 * finding.evidence["nats_beside"]
    assert "of which a temperature explains as well; most of all" in finding.headline


def test_skewed_classes_are_no_bias(diagnosed):
    finding = diagnosed("imbalanced", k=4, scale=1.5)["LA103"]
    assert finding.status == "passed"
    assert finding.value == 0.0


def test_near_miss_with_many_rows(diagnosed):
    finding = diagnosed("bias", n=40_000, strength=0.12)["LA103"]
    assert finding.p_value < 1e-6
    assert finding.status == "passed"
    assert 0 < finding.value < finding.evidence["could_be"] < NATS
    assert finding.headline.startswith("No material class bias")


def test_few_rows_leave_it_open(diagnosed):
    finding = diagnosed("healthy", n=100)["LA103"]
    assert finding.status == "passed"
    assert finding.evidence["could_be"] > NATS
    assert "not shown" in finding.headline


@pytest.mark.parametrize("n", [5, 50])
def test_a_lucky_statistic_does_not_close_the_question(n):
    # Class totals that happen to be exactly as expected say nothing about so few rows.
    p = np.tile([0.3, 0.7, 0.5, 0.4, 0.6], n // 5)
    y = np.tile([0, 1, 0, 0, 1], n // 5)
    y[: n // 10] = 1
    finding = diagnose(y, np.stack([1 - p, p], axis=1))["LA103"]
    assert finding.evidence["could_be"] > 1.0 / n
    assert "not shown" in finding.headline


def test_class_totals_that_certainty_forbids():
    # A tree that is always certain and calls every row of class 0 a 1, and one of class 2 a 0.
    predicted = np.tile([1, 1, 2], 20)
    predicted[2] = 0
    d = diagnose(np.tile([0, 1, 2], 20), np.eye(3)[predicted])
    assert d["LA103"].status == "fired"
    assert d["LA103"].evidence["class"] in ("0", "1")


def test_one_class_only_has_no_shares_to_compare():
    d = diagnose(np.zeros(60, dtype=int), np.tile([1.0, 0.0], (60, 1)), classes=[0, 1])
    assert d["LA103"].status == "passed"


def many_classes(offset=0.0, temperature=1.0, tilt=0.0, n=8000, k=500, seed=0):
    """Return labels, scores that miss an offset of three classes, and what that is worth."""
    rng = np.random.default_rng(seed)
    log_proba = log_softmax(3.0 * rng.standard_normal((n, k)) - tilt * np.log(1.0 + np.arange(k)), axis=1)
    truth = log_softmax(log_proba + np.r_[np.full(3, offset), np.zeros(k - 3)], axis=1)
    y = (truth + rng.gumbel(size=(n, k))).argmax(axis=1)
    saved = float(np.mean(truth[np.arange(n), y] - log_proba[np.arange(n), y]))
    return y, temperature * log_proba, saved


@pytest.mark.simulation
@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_a_bias_of_few_classes_is_found_where_no_offsets_can_be_fitted(statistical, temperature):
    # 2097 rows are judged, four a class; all 8000 have class totals.
    y, scores, saved = many_classes(offset=2.0, temperature=temperature)
    d = diagnose(y, scores, input="logits")
    finding = d["LA103"]
    assert statistical(d) == {"LA103"} | ({"LA101"} if temperature > 1 else set())
    assert finding.evidence["class"] in {"0", "1", "2"}
    assert np.flatnonzero(finding.evidence["offsets"]).tolist() == [0, 1, 2]
    assert finding.p_value == max(finding.evidence["p_gate"], finding.evidence["p_attr"]) < 1e-6
    assert finding.interval[0] <= saved <= finding.interval[1]
    assert "3 of 500 classes" in finding.headline
    assert d.decomposition["class_bias"].value == finding.value
    assert sum(part.value for part in d.decomposition.parts) == pytest.approx(d.decomposition.total, abs=1e-12)
    loss = d.metrics["calibration_loss"]
    assert loss.high - loss.low >= 0.99 * (finding.interval[1] - finding.interval[0])


@pytest.mark.simulation
def test_totals_of_all_rows_do_not_accuse_without_need():
    for tilt in (0.0, 1.0):
        y, scores, _ = many_classes(tilt=tilt, temperature=2.0)
        evidence = Evidence(summarize(y, scores, input="logits"), alpha=0.05, random_state=0)
        # Common classes stand for more rows than an overconfident model expects, or less.
        assert (evidence.totals_gate < 0.001) == (tilt > 0)
        assert evidence.causes.terms == ("temperature",)
        assert evidence.far_classes is None


def test_totals_of_dependent_or_weighted_rows_are_not_judged():
    y, scores, _ = many_classes(offset=2.0)
    weight = np.random.default_rng(0).uniform(0.5, 1.5, len(y))
    for extra in ({"sample_weight": weight}, {"groups": np.arange(len(y)) // 2}):
        evidence = Evidence(summarize(y, scores, input="logits", **extra), alpha=0.05, random_state=0)
        assert evidence.totals_gate == 1.0
        assert evidence.far_classes is None
    # Equal weights are none.
    equal, plain = (
        Evidence(summarize(y, scores, input="logits", sample_weight=weight), alpha=0.05, random_state=0).all_totals
        for weight in (np.full(len(y), 0.3), None)
    )
    for a, b in zip(equal, plain, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9)


def test_two_classes_say_where_wrong_labels_of_one_explain_the_bias(plant):
    y, scores, _ = plant("healthy", n=4000, k=2, scale=2.0)
    y[(y == 1) & (np.random.default_rng(0).random(4000) < 0.2)] = 0
    d = diagnose(y, scores, input="logits")
    finding = d["LA103"]
    assert finding.evidence["cannot_tell_from_noise"]
    assert finding.evidence["line"]["intercept"] == pytest.approx(0.0, abs=0.01)
    assert finding.evidence["line"]["slope"] == pytest.approx(0.8, abs=0.03)
    assert "Wrong labels explain these rows better: " in finding.headline
    assert "of class '1' labelled '0'" in finding.headline
    assert finding.advice.startswith("Review labels")
    # What was selected with it is explained by them, too.
    for code in ("LA101", "LA104"):
        assert d[code].status == "fired"
        assert d[code].evidence["cannot_tell_from_noise"]
        assert d[code].headline.endswith("Wrong labels explain these rows as well (LA103).")


@pytest.mark.parametrize("k", [2, 4])
def test_errors_of_a_sure_model_are_named_beside_wrong_labels(k):
    """Hard answers with right labels: a fifth of class 0 is taken for class 1; of two classes, a few the other way."""
    rng = np.random.default_rng(k)
    y, u = rng.integers(0, k, 2000), rng.random(2000)
    answer = np.where((y == 0) & (u < 0.2), 1, np.where((y == 1) & (u < 0.03) & (k == 2), 0, y))
    finding = diagnose(y, np.full((2000, k), 0.01 / k) + 0.99 * np.eye(k)[answer])["LA103"]
    assert finding.status == "fired"
    assert "of class '1' labelled '0'" in finding.headline
    assert finding.headline.endswith("So do right ones if the model errs so often where it is sure.")
    assert "the model errs so often although it is sure" in finding.advice


@pytest.mark.simulation
@pytest.mark.parametrize("temperature", [1.0, 1.8])
@pytest.mark.parametrize("k", [3, 5])
def test_labels_of_one_class_given_as_another_explain_the_bias(plant, k, temperature):
    y, scores, _ = plant("pair noise", n=4000, k=k, scale=2.0, strength=0.3)
    d = diagnose(y, temperature * scores, input="logits")
    finding = d["LA103"]
    assert finding.status == "fired"
    assert finding.evidence["cannot_tell_from_noise"]
    flips = finding.evidence["flips"]
    assert (flips["true"], flips["given"]) == ("0", "1")
    assert flips["share"] == pytest.approx(0.3, abs=0.06)
    assert "Wrong labels explain these rows better: " in finding.headline
    assert "of class '0' labelled '1'" in finding.headline
    assert finding.advice.startswith("Review labels")
    assert d["LA104"].headline.endswith("Wrong labels explain these rows as well (LA103).")
    # A temperature that is wrong beside them is a cause of its own.
    assert (flips["temperature"] == 1.0) == (temperature == 1.0)
    assert bool(d["LA101"].evidence["repaired_by"]) == (
        temperature == 1.0 and "temperature" in d["LA101"].evidence["selected"]
    )


@pytest.mark.parametrize("k", [3, 5])
@pytest.mark.parametrize("temperature", [1.0, 1.5])
def test_a_bias_of_many_classes_is_no_wrong_labels(plant, k, temperature):
    y, scores, _ = plant("bias", n=2000, k=k, strength=1.0)
    finding = diagnose(y, temperature * scores, input="logits")["LA103"]
    assert finding.status == "fired"
    assert finding.evidence["flips"] is None
    assert "Wrong labels" not in finding.headline


@pytest.mark.parametrize("temperature", [1.0, 1.5])
def test_a_bias_of_two_classes_bends(plant, temperature):
    y, scores, _ = plant("bias", n=2000, k=2, strength=1.0)
    finding = diagnose(y, temperature * scores, input="logits")["LA103"]
    assert finding.status == "fired"
    assert finding.evidence["line"] is None
    assert not finding.evidence["cannot_tell_from_noise"]
    assert "Wrong labels" not in finding.headline


def resampled(n=4000, seed=0):
    """Return labels of which 8 % are 1, scores too far apart by 2.5, and the offset that hides it in their mean."""
    rng = np.random.default_rng(seed)
    odds = 1.5 * rng.standard_normal(n) - 3.5
    y = (rng.random(n) < 1.0 / (1.0 + np.exp(-odds))).astype(int)
    target = (1.0 / (1.0 + np.exp(-odds))).mean()
    low, high = -10.0, 20.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if (1.0 / (1.0 + np.exp(-2.5 * odds - middle))).mean() < target else (low, middle)
    shown = 1.0 / (1.0 + np.exp(-2.5 * odds - low))
    return y, np.stack([1.0 - shown, shown], axis=1), odds


@pytest.mark.parametrize("seed", range(3))
def test_a_bias_that_overconfidence_hides_is_found(seed):
    y, proba, odds = resampled(seed=seed)
    d = diagnose(y, proba)
    finding = d["LA103"]
    assert {"LA101", "LA103"} <= {issue.code for issue in d.issues}
    assert "once the overconfidence is repaired" in finding.headline
    # What a temperature alone leaves: the loss of the likeliest temperature less that of the law itself.
    alone = TemperatureCalibrator().fit(proba, y).predict_proba(proba)[np.arange(len(y)), y]
    law = np.where(y == 1, 1.0, -1.0) * odds
    lost = float(np.mean(-np.log(alone) - np.log1p(np.exp(-law))))
    assert lost > NATS
    assert finding.value == pytest.approx(lost, abs=0.004)
    assert finding.interval[0] < finding.value < finding.interval[1]
    assert finding.evidence["mean_proba"] != pytest.approx(finding.evidence["share"], abs=0.02)
    assert d.decomposition["class_bias"].value > -0.001
    assert sum(part.value for part in d.decomposition.parts) == pytest.approx(d.decomposition.total)


def test_a_bias_that_nothing_hides_costs_its_part_of_the_waterfall(diagnosed):
    d = diagnosed("bias", strength=1.0)
    assert d["LA103"].value == d.decomposition["class_bias"].value
    assert "once" not in d["LA103"].headline


def learnt_elsewhere(source, target, k=3, n=2000, offsets=None, seed=0):
    """Return labels, log probabilities and the training frequencies of a model that learnt from others than here.

    Rows are drawn with `source` as class weights, and then by class, so that their frequencies are those of `target`.
    """
    rng = np.random.default_rng([seed, k])
    shown = log_softmax(1.5 * rng.standard_normal((20 * n, k)) + np.log(source), axis=1)
    y = (shown + rng.gumbel(size=shown.shape)).argmax(axis=1)
    frequencies = np.bincount(y, minlength=k) / y.size
    target = frequencies if target is None else np.asarray(target)
    counts = np.floor(n * target).astype(int)
    rows = np.concatenate([np.flatnonzero(y == j)[: counts[j]] for j in range(k)])
    return y[rows], shown[rows] + (0.0 if offsets is None else np.asarray(offsets)), frequencies


@pytest.mark.parametrize("temperature", [1.0, 1.5])
@pytest.mark.parametrize(
    ("source", "target"), [([1, 1], [0.85, 0.15]), ([5, 2, 1], [0.2, 0.2, 0.6]), ([1, 1, 2, 3], [0.6, 0.2, 0.1, 0.1])]
)
def test_frequencies_that_have_changed_are_named(source, target, temperature):
    y, scores, learnt = learnt_elsewhere(source, target, k=len(source))
    finding = diagnose(y, temperature * scores, input="logits", train_prior=learnt)["LA103"]
    assert finding.status == "fired"
    assert finding.evidence["explained_by_changed_frequencies"] > 0.9
    assert "Class frequencies that have changed since training explain" in finding.headline
    assert finding.advice.startswith("Correct the prior: ")
    # The correction that is advised: p times the frequency in use over that in training.
    log_proba = log_softmax(scores, axis=1)
    corrected = log_proba + np.log(np.bincount(y) / y.size / learnt)
    assert diagnose(y, corrected, input="logits")["LA103"].status == "passed"


def test_frequencies_are_not_named_for_wrong_offsets():
    y, scores, learnt = learnt_elsewhere([5, 2, 1], None, offsets=[0.0, 0.5, -1.0])
    finding = diagnose(y, scores, input="logits", train_prior=learnt)["LA103"]
    assert finding.evidence["explained_by_changed_frequencies"] == pytest.approx(0.0, abs=0.05)
    assert finding.evidence["explained_by_equal_frequencies"] < 0.5
    assert finding.headline.endswith(" A change of the class frequencies since training does not explain it.")
    assert "a shift" not in finding.advice
    unknown = diagnose(y, scores, input="logits")["LA103"]
    assert unknown.evidence["explained_by_changed_frequencies"] is None
    assert "frequencies" not in unknown.headline
    assert "a shift of the class frequencies" in unknown.advice


@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize("target", [[0.85, 0.15], [0.2, 0.2, 0.6]])
def test_classes_made_equal_for_training_are_named(target, given):
    # As class_weight="balanced" does: rows count until classes do alike. The frequencies have not changed.
    y, scores, _ = learnt_elsewhere(np.ones(len(target)), target, k=len(target))
    finding = diagnose(y, scores, input="logits", train_prior=target if given else None)["LA103"]
    assert finding.evidence["explained_by_equal_frequencies"] > 0.95
    assert "Training on classes of about equal frequency would explain" in finding.headline
    assert "class_weight='balanced'" in finding.advice


def test_classes_made_equal_that_have_changed_besides():
    # One row in five of training was of class 1, but weighted until both count alike; here it is one in twenty.
    y, scores, _ = learnt_elsewhere([1, 1], [0.95, 0.05], k=2)
    finding = diagnose(y, scores, input="logits", train_prior=[0.8, 0.2])["LA103"]
    assert 0.5 < finding.evidence["explained_by_changed_frequencies"] < 0.9
    assert finding.evidence["explained_by_equal_frequencies"] > 0.95
    assert "Training on classes of about equal frequency would explain" in finding.headline
    assert "class_weight='balanced'" in finding.advice


@pytest.mark.parametrize(
    ("changed", "said"),
    [(-0.2, "does not explain it."), (0.2, "does not explain it."), (0.4, "explains only 40.0 % of it.")],
)
def test_a_change_that_explains_a_part_is_not_said_to_explain_nothing(changed, said):
    assert LearntFrequencies(changed, 0.0).sentence.endswith(said)


def test_no_share_is_said_to_be_known_to_a_thousandth():
    assert LearntFrequencies(0.99999, 0.2).sentence.endswith("since training explain nearly all of it.")
    assert LearntFrequencies(0.99999, 0.2).advice.startswith("Correct the prior: ")


def test_frequencies_say_the_same_of_renamed_and_reordered_classes():
    y, scores, learnt = learnt_elsewhere([5, 2, 1], [0.2, 0.2, 0.6])
    order = np.array([2, 0, 1])
    one = diagnose(y, scores, input="logits", train_prior=learnt)["LA103"].evidence
    names = np.array(["x", "y", "z"])
    other = diagnose(
        names[np.argsort(order)[y]], scores[:, order], input="logits", classes=names, train_prior=learnt[order]
    )["LA103"].evidence
    for key in ("explained_by_changed_frequencies", "explained_by_equal_frequencies"):
        assert other[key] == pytest.approx(one[key], abs=1e-6)


def test_a_class_that_training_never_saw_is_no_error():
    y, scores, _ = learnt_elsewhere([5, 2, 1], [0.2, 0.2, 0.6])
    finding = diagnose(y, scores, input="logits", train_prior=[0.7, 0.3, 0.0])["LA103"]
    assert finding.status == "fired"
    assert finding.evidence["explained_by_changed_frequencies"] < 0.5
