import math

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.datasets import make_classification
from sklearn.ensemble import GradientBoostingClassifier

from sklearn_lossacc import diagnose
from sklearn_lossacc.findings.wording import advice_of_issues


def test_softmax_applied_twice_fires(diagnosed):
    finding = diagnosed("double softmax", k=5)["LA002"]
    assert (finding.status, finding.severity, finding.p_value) == ("fired", "error", None)
    assert finding.evidence["log_likelihood_ahead"] > 1.92
    assert not finding.evidence["cannot_tell_from_underconfidence"]
    assert finding.evidence["z"] > 2.6
    assert finding.evidence["p_underconfident"] < 0.01
    assert finding.interval[0] > 0
    assert "Softmax was applied to what were probabilities" in finding.headline
    assert finding.url.endswith("LA002.html")


def test_undone_it_is_the_loss_of_the_model_itself(diagnosed):
    twice, once = diagnosed("double softmax", k=5), diagnosed("healthy", k=5)
    assert twice["LA002"].evidence["undone_log_loss"] == pytest.approx(once.metrics["log_loss"].value, rel=1e-9)
    gain = twice.metrics["log_loss"].value - once.metrics["log_loss"].value
    assert twice["LA002"].value == pytest.approx(gain, rel=1e-9)


def test_the_two_predictions_of_a_well_known_answer():
    # [.9, .1] and [.6, .4] cost .105 and .511; through a second softmax they cost .371 and .598.
    once = np.array([[0.9, 0.1], [0.6, 0.4]])
    twice = softmax(once, axis=1)
    proba = np.repeat(twice, 1000, axis=0)
    y = np.r_[np.repeat([0, 1], [900, 100]), np.repeat([0, 1], [600, 400])]
    d = diagnose(y, proba)
    rows = diagnose([0, 0], twice, classes=[0, 1]).samples(by="loss")
    np.testing.assert_allclose(sorted(rows["loss"]), [0.3711, 0.5981], atol=5e-5)
    assert d["LA002"].status == "fired"
    entropy = -(once * np.log(once)).sum(axis=1).mean()
    assert d["LA002"].evidence["undone_log_loss"] == pytest.approx(entropy, rel=1e-12)


def feasible(log_proba):
    """Return which rows could have gone through a second softmax."""
    undone = log_proba - log_proba.mean(axis=1, keepdims=True) + 1.0 / log_proba.shape[1]
    return ((undone >= 0) & (undone <= 1)).all(axis=1)


@pytest.mark.parametrize(("k", "scale"), [(2, 0.6), (5, 0.15)])
def test_a_cautious_healthy_model_is_not_accused(plant, k, scale):
    # Undoing a softmax is possible in every row, but it makes the loss worse.
    y, log_proba, _ = plant("healthy", n=4000, k=k, scale=scale)
    rows = feasible(log_proba)
    assert rows.sum() > 1000
    finding = diagnose(y[rows], log_proba[rows], input="logits")["LA002"]
    assert finding.status == "passed"
    assert finding.value < 0
    assert finding.headline == "Undoing one softmax does not improve the probabilities."


def test_near_miss_of_a_timid_model(plant):
    # Feasible and underconfident, but less than a second softmax would leave it.
    y, log_proba, _ = plant("healthy", n=20_000, k=2, scale=0.6)
    timid = softmax(0.9 * log_proba, axis=1)
    inside = feasible(np.log(timid))
    finding = diagnose(y[inside], timid[inside])["LA002"]
    assert finding.status == "passed"
    assert finding.value < 0


def test_what_few_rows_leave_open_is_said(plant):
    y, log_proba, _ = plant("double softmax", n=12, k=2, scale=0.8, seed=1)
    finding = diagnose(y, log_proba, input="logits", classes=[0, 1])["LA002"]
    assert finding.status == "passed"
    assert finding.evidence["could_be"] > 0
    assert "not shown" in finding.headline


def test_not_applicable_where_undoing_leaves_the_simplex(diagnosed):
    finding = diagnosed("healthy")["LA002"]
    assert finding.status == "not_applicable"
    assert "simplex" in finding.headline


def test_not_applicable_to_one_row():
    finding = diagnose([0], [[0.6, 0.4]], classes=[0, 1])["LA002"]
    assert finding.status == "not_applicable"


def test_one_impossible_row_is_enough_to_rule_it_out(plant):
    y, log_proba, _ = plant("double softmax", k=5)
    log_proba = log_proba.copy()
    log_proba[7] = np.log([0.96, 0.01, 0.01, 0.01, 0.01])
    assert math.log(0.96 / 0.01) > 1.0
    assert diagnose(y, log_proba, input="logits")["LA002"].status == "not_applicable"


@pytest.mark.parametrize("k", [2, 5, 20])
def test_wrong_labels_do_not_hide_a_second_softmax(plant, k):
    """A wrong label costs the undone probabilities so much that their loss is the larger one."""
    y, log_proba, _ = plant("noise", k=k, scale=3.0, strength=0.1)
    twice = softmax(softmax(log_proba, axis=1), axis=1)
    finding = diagnose(y, twice, classes=range(k))["LA002"]
    assert finding.status == "fired"
    assert finding.evidence["noise_rate"] == pytest.approx(0.1 * (k - 1) / k, abs=0.025)
    assert "of the labels are taken for wrong" in finding.headline
    assert diagnose(y, log_proba, input="logits", classes=range(k))["LA002"].status != "fired"


def timid(factor, n, seed):
    """Return labels and probabilities of two classes whose log odds, at most 0.9, are to be multiplied by `factor`."""
    rng = np.random.default_rng(seed)
    odds = rng.uniform(-0.9, 0.9, n)
    return (rng.random(n) < expit(factor * odds)).astype(int), np.column_stack([expit(-odds), expit(odds)])


def test_a_model_that_is_timid_by_itself_is_a_rival():
    """Few rounds of boosting squeeze probabilities together as a second softmax does; both cannot be told apart."""
    y, proba = timid(2.0, 5000, seed=1)
    d = diagnose(y, proba)
    finding = d["LA002"]
    assert (finding.status, finding.severity) == ("fired", "warning")
    assert -4.61 <= finding.evidence["log_likelihood_ahead"] <= 1.92
    assert finding.headline.startswith("Softmax may have been applied")
    assert "underconfident by itself (LA102)" in finding.headline
    assert d["LA102"].status == "fired"
    assert "LA002" not in d["LA102"].headline
    assert "TemperatureCalibrator" in " ".join(advice_of_issues(d))


def test_a_temperature_that_explains_the_labels_better_refutes_it():
    y, proba = timid(8.0, 20_000, seed=0)
    d = diagnose(y, proba)
    finding = d["LA002"]
    assert finding.evidence["z"] > 2.6
    assert finding.evidence["log_likelihood_ahead"] < -4.61
    assert finding.status == "passed"
    assert "a temperature explains these rows better" in finding.headline
    assert d["LA102"].value == pytest.approx(0.125, rel=0.1)


def sigmoid_twice(mean, n=2000, seed=0, temperature=1.0):
    """Return labels and probabilities of the second of two classes that went through a sigmoid twice."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(mean, 2.0, n)
    return (rng.random(n) < expit(odds)).astype(int), expit(expit(odds / temperature))


@pytest.mark.parametrize("mean", [-3.0, 0.0, 2.0])
@pytest.mark.parametrize("column", [0, 1])
def test_a_sigmoid_applied_twice_fires(mean, column):
    y, proba = sigmoid_twice(mean)
    d = diagnose(y if column else 1 - y, np.column_stack([1 - proba, proba] if column else [proba, 1 - proba]))
    finding = d["LA002"]
    assert (finding.status, finding.severity, finding.evidence["function"]) == ("fired", "error", "sigmoid")
    assert finding.headline.startswith("A sigmoid was applied to what were probabilities")
    assert "BCEWithLogitsLoss applies its own" in finding.advice
    once = np.log(proba / (1 - proba))
    honest = -np.log(np.where(y == 1, once, 1 - once)).mean()
    if finding.evidence["noise_rate"] == 0:
        assert finding.evidence["undone_log_loss"] == pytest.approx(honest, abs=1e-9)
    consequences = {"LA102", "LA103", "LA104", "LA203", "LA302", "LA303", "LA304", "LA401"}
    for issue in d.issues:
        if issue.code in consequences:
            assert issue.headline.endswith("The second sigmoid (LA002) explains it.")
            assert issue.advice.startswith("Undo the second sigmoid first")
    assert {issue.code for issue in d.issues} & consequences


@pytest.mark.parametrize("n_groups", [100, 300])
def test_a_sigmoid_applied_twice_fires_in_groups_of_many_rows(n_groups):
    y, proba = sigmoid_twice(-1.0)
    finding = diagnose(y, proba, groups=np.arange(y.size) % n_groups)["LA002"]
    assert (finding.status, finding.evidence["function"]) == ("fired", "sigmoid")


def test_probabilities_passed_as_logits_of_one_column_went_through_a_sigmoid_twice():
    y, twice = sigmoid_twice(-1.0)
    finding = diagnose(y, np.log(twice / (1 - twice)), input="logits")["LA002"]
    assert (finding.status, finding.evidence["function"]) == ("fired", "sigmoid")


def test_a_cautious_model_that_always_prefers_one_class_is_not_accused():
    rng = np.random.default_rng(0)
    proba = rng.uniform(0.5, 0.731, 4000)
    finding = diagnose((rng.random(4000) < proba).astype(int), proba)["LA002"]
    assert finding.status == "passed"


def test_a_timid_model_of_one_likelier_class_is_a_rival():
    # Log odds between .2 and .8 that ask for four times their distance: nothing comes near the bounds of a sigmoid.
    rng = np.random.default_rng(0)
    odds = rng.uniform(0.2, 0.8, 4000)
    y = (rng.random(4000) < expit(4 * (odds - 0.5))).astype(int)
    finding = diagnose(y, expit(odds))["LA002"]
    assert (finding.status, finding.severity) == ("fired", "warning")
    assert "underconfident and biased by itself (LA102, LA103) explains these rows as well" in finding.headline


@pytest.mark.simulation
@pytest.mark.parametrize("temperature", [0.6, 1.0, 1.6])
def test_a_second_sigmoid_is_stated_whatever_the_model_was_before(temperature):
    stated = 0
    for seed in range(10):
        finding = diagnose(*sigmoid_twice(-0.5, 1000, seed, temperature))["LA002"]
        stated += (finding.severity, finding.evidence.get("function")) == ("error", "sigmoid")
    assert stated >= 8


@pytest.mark.simulation
@pytest.mark.parametrize("temperature", [0.6, 1.0, 1.6])
def test_a_second_softmax_is_stated_whatever_the_model_was_before(plant, temperature):
    stated = 0
    for seed in range(10):
        y, log_proba, _ = plant("temperature", k=4, n=1000, strength=temperature, seed=seed)
        finding = diagnose(y, softmax(softmax(log_proba, axis=1), axis=1), classes=range(4))["LA002"]
        stated += finding.status == "fired" and finding.severity == "error"
    assert stated >= 9


@pytest.mark.simulation
def test_no_label_is_taken_for_wrong_where_none_is():
    """The likeliest floor of honest labels is above 0 in half of all samples; the gain must not rest on it."""
    taken = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        p = np.where(rng.random(1000) < 0.5, 0.9, 0.6)
        y = (rng.random(1000) < p).astype(int)
        once = np.column_stack([1 - p, p])
        finding = diagnose(y, softmax(once, axis=1))["LA002"]
        assert finding.status == "fired"
        if finding.evidence["noise_rate"] == 0:
            honest = -np.log(once[np.arange(1000), y]).mean()
            assert finding.evidence["undone_log_loss"] == pytest.approx(honest, rel=1e-12)
        else:
            taken += 1
    assert taken <= 2


@pytest.mark.simulation
@pytest.mark.parametrize(("largest", "severity"), [(1.0, "error"), (0.6, "warning")])
def test_only_what_reaches_its_bound_is_stated(largest, severity):
    # Two classes, labels drawn from the undone probabilities: these come near 0, or stay above a fifth, as those of few
    # models but timid ones do, whose curve may be any.
    rng = np.random.default_rng(0)
    odds = rng.uniform(-largest, largest, 6000)
    y = (rng.random(6000) < 0.5 * (1.0 + odds)) * 1
    finding = diagnose(y, np.stack([0.0 * odds, odds], axis=1), input="logits")["LA002"]
    assert (finding.status, finding.severity) == ("fired", severity)
    assert finding.evidence["log_likelihood_ahead"] > 1.92
    assert finding.evidence["share_to_edge"] == pytest.approx(1.0 - largest, abs=0.01)
    assert finding.headline.startswith("Softmax was" if severity == "error" else "Softmax may have been")


@pytest.mark.simulation
def test_few_rounds_of_boosting_are_not_told_that_softmax_was_applied_twice():
    stated = 0
    for seed in range(10):
        X, y = make_classification(6000, n_informative=4, class_sep=2.0, flip_y=0.0, random_state=seed)
        model = GradientBoostingClassifier(n_estimators=5, random_state=0).fit(X[:1000], y[:1000])
        finding = diagnose(y[1000:], model.predict_proba(X[1000:]))["LA002"]
        stated += finding.status == "fired" and finding.severity == "error"
    assert stated <= 1
