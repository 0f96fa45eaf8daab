import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from sklearn_lossacc import diagnose
from sklearn_lossacc.findings.materiality import NATS, NOISE_RATE
from sklearn_lossacc.findings.rules.noise import rows_to_relabel
from sklearn_lossacc.findings.wording import what_to_do

EVIDENCE = {
    "p_gate",
    "line",
    "mixed",
    "p_attr",
    "gate",
    "method",
    "p_holm",
    "nats",
    "nats_beside",
    "upper_end",
    "assumption",
    "cannot_tell_from_overconfidence",
    "p_without_zeros",
    "rate",
    "lower_end",
    "anchor",
    "floor_rows_observed",
    "floor_rows_expected",
    "review",
    "n_review",
    "pairs",
    "narrow_by",
    "noise_matrix",
    "cannot_tell_from_counts",
    "column_order",
}


@pytest.mark.parametrize("k", [2, 3, 10])
def test_wrong_labels_fire_and_the_interval_holds_their_rate(diagnosed, plant, statistical, k):
    d = diagnosed("noise", k=k, scale=3.0, strength=0.1)
    y, _, _ = plant("noise", k=k, scale=3.0, strength=0.1)
    truth, _, _ = plant("healthy", k=k, scale=3.0)
    finding = d["LA202"]
    assert statistical(d) == {"LA202"}
    assert (finding.status, finding.severity) == ("fired", "warning")
    assert set(finding.evidence) == EVIDENCE
    flipped = float(np.mean(y != truth))
    assert finding.interval[0] < flipped < finding.interval[1]
    assert finding.value == pytest.approx(flipped, abs=0.03)
    assert finding.value == finding.evidence["rate"] >= finding.threshold == NOISE_RATE
    assert finding.evidence["lower_end"] == finding.interval[0] > 0
    assert finding.evidence["upper_end"] == finding.interval[1]
    assert finding.evidence["nats"] == d.decomposition["floor"].value > NATS
    assert finding.p_value == max(finding.evidence["p_gate"], finding.evidence["p_attr"]) < 0.001
    rate = d.metrics["noise_rate"]
    assert (rate.value, rate.low, rate.high) == (finding.value, *finding.interval)
    assert "relabel" in finding.evidence["narrow_by"]
    assert finding.url.endswith("LA202.html")


def test_the_rows_to_review_are_mostly_wrong(plant):
    y, log_proba, _ = plant("noise", scale=4.0, strength=0.1)
    truth, _, _ = plant("healthy", scale=4.0)
    d = diagnose(y, log_proba, input="logits")
    review = d["LA202"].evidence["review"]
    assert len(review) == min(d["LA202"].evidence["n_review"], 100) > 50
    assert np.mean(y[review] != truth[review]) > 0.7
    worst = d.samples(60, by="label_quality")["index"].to_numpy()
    assert np.mean(y[worst] != truth[worst]) > 0.7
    assert np.mean(y != truth) < 0.1


def test_rows_to_review_are_sought_among_all_that_are_kept(plant):
    y, log_proba, _ = plant("noise", n=40_000, k=10, scale=4.0, strength=0.1)
    d = diagnose(y, log_proba, input="logits")
    assert d.description["sample_rows"] < 20_000
    facts = d["LA202"].evidence
    # Two thirds of the 3600 wrong labels are that unlikely.
    assert 2000 < facts["n_review"] < 4000
    truth, _, _ = plant("healthy", n=40_000, k=10, scale=4.0)
    assert np.mean(y[facts["review"]] != truth[facts["review"]]) > 0.9
    assert np.sum(facts["noise_matrix"]) == pytest.approx(10, abs=1e-6)


def test_the_nats_are_those_of_the_truth(diagnosed):
    noisy, clean = (diagnosed(cause, scale=3.0, strength=0.1) for cause in ("noise", "healthy"))
    # What the floor costs is part of what the flips cost; the rest no map of the probabilities can repair.
    assert 0 < noisy["LA202"].evidence["nats"] < noisy.metrics["log_loss"].value - clean.metrics["log_loss"].value


def test_a_model_that_errs_where_it_is_sure_is_named_beside_wrong_labels(plant):
    # Right labels, and a model that answers at random in a tenth of the rows: nobody can tell.
    y, log_proba, _ = plant("healthy", scale=4.0)
    rng = np.random.default_rng(0)
    answered = rng.random(y.size) < 0.1
    log_proba = np.where(answered[:, None], log_proba[rng.permutation(y.size)], log_proba)
    d = diagnose(y, log_proba, input="logits")
    finding = d["LA202"]
    assert finding.status == "fired"
    assert "If they are wrong labels, at least" in finding.headline
    assert "if they are right, the model errs where it is sure." in finding.headline
    assert "no right label surprises" in finding.evidence["assumption"]
    assert d.metrics["noise_rate"].method.endswith("if the model does not err where it is sure")


@pytest.mark.parametrize(("k", "scale"), [(2, 1.0), (3, 3.0), (10, 10.0)])
def test_clean_labels_are_silent_however_sharp_the_model(diagnosed, k, scale):
    finding = diagnosed("healthy", k=k, scale=scale)["LA202"]
    assert finding.status == "passed"
    assert finding.value == 0.0
    assert set(finding.evidence) == {
        "p_gate",
        "p_attr",
        "gate",
        "method",
        "p_holm",
        "nats",
        "nats_beside",
        "upper_end",
        "assumption",
        "cannot_tell_from_overconfidence",
        "p_without_zeros",
        "could_be",
    }


@pytest.mark.parametrize("k", [2, 10])
def test_an_overconfident_model_has_clean_labels(diagnosed, k):
    # Confident learning would call 12 % (k = 2) to 40 % (k = 10) of such labels wrong.
    finding = diagnosed("temperature", k=k, strength=1.8)["LA202"]
    assert finding.evidence["p_gate"] < 0.01
    assert finding.status == "passed"


def test_what_a_passed_rule_leaves_open(diagnosed):
    d = diagnosed("healthy")
    finding = d["LA202"]
    assert finding.interval == (0.0, finding.evidence["could_be"])
    # At most the error rate: labels agree with the truth at least as often as with the model.
    assert finding.evidence["could_be"] == pytest.approx(1 - d.metrics["accuracy"].low)
    assert "not shown" in finding.headline
    assert "learnt it hides it" in finding.headline


def test_a_rate_too_small_to_be_one_names_rows_instead(plant):
    # One label in 300, among 16 000: no cause of its own, but rows that cost what the model does not allow.
    y, log_proba, rows = plant("noise", n=16_000, k=10, scale=4.0, strength=0.003)
    d = diagnose(y, log_proba, input="logits")
    assert d["LA202"].status == "passed"
    assert d.decomposition["floor"].value == 0.0
    facts = d["LA201"].evidence
    assert facts["p_gate"] < 1e-3
    assert facts["cannot_tell_from_noise"]
    assert np.isin(facts["rows"], rows).mean() >= 0.9
    assert 10 < facts["n_outliers"] < 60


def test_flips_of_one_class_name_the_pair(plant):
    y, log_proba, _ = plant("noise", k=5, scale=4.0, strength=0.06)
    rng = np.random.default_rng(0)
    y = np.where((y == 3) & (rng.random(2000) < 0.25), 1, y)
    finding = diagnose(y, log_proba, input="logits")["LA202"]
    assert finding.status == "fired"
    first = finding.evidence["pairs"][0]
    assert (first["label"], first["looks_like"]) == ("1", "3")
    assert 0 < first["share"] < 0.2


def test_the_anchor_is_a_point_inside(diagnosed):
    finding = diagnosed("noise", scale=6.0, strength=0.15)["LA202"]
    assert finding.status == "fired"
    assert finding.interval[0] < finding.evidence["anchor"] < finding.interval[1]


@pytest.mark.parametrize(("rate", "rows"), [(0.5, 9604), (0.1, 3458), (0.0, 381), (0.9, 9604)])
def test_rows_to_relabel(rate, rows):
    # 1.96^2 r (1 - r) / .01^2, at a rate between 1 % and 50 %.
    assert rows_to_relabel(rate) == rows


def test_not_applicable_in_sample(diagnosed):
    finding = diagnosed("noise", k=3, scale=3.0, strength=0.1, out_of_sample=False)["LA202"]
    assert finding.status == "not_applicable"
    assert finding.value is finding.p_value is None


def test_groups_too_few_for_an_upper_end(plant):
    y, log_proba, _ = plant("healthy")
    finding = diagnose(y, log_proba, input="logits", groups=np.arange(2000) % 5)["LA202"]
    assert finding.evidence["upper_end"] is None
    assert finding.interval is None
    assert finding.evidence["could_be"] == 1.0


def test_two_classes_cannot_tell_noise_from_a_stretched_scale(diagnosed, plant):
    """Uniform noise makes frequencies a straight line in the probability, and so does a score that was stretched."""
    finding = diagnosed("noise", k=2, scale=3.0, strength=0.2)["LA202"]
    assert finding.status == "fired"
    line = finding.evidence["line"]
    assert line["slope"] == pytest.approx(0.8, abs=0.06)
    assert line["intercept"] == pytest.approx(0.1, abs=0.03)
    assert line["log_likelihood_ahead"] >= 0
    assert "cannot be told from scores stretched along a straight line (slope 0." in finding.headline
    # A temperature beside the noise bends the line: the two are told apart.
    y, log_proba, _ = plant("noise", n=4000, k=2, scale=3.0, strength=0.2)
    finding = diagnose(y, 2.0 * log_proba, input="logits")["LA202"]
    assert finding.status == "fired"
    assert finding.evidence["line"] is None
    assert "straight line" not in finding.headline


@pytest.mark.parametrize("k", [5, 10])
def test_a_part_of_the_rows_that_is_too_sure_explains_labels_better_than_noise(plant, k):
    y, log_proba, _ = plant("healthy", k=k, scale=2.0)
    too_sure = np.random.default_rng(5).random(len(y)) < 0.4
    finding = diagnose(y, np.where(too_sure[:, None], 3.0, 1.0) * log_proba, input="logits")["LA202"]
    assert finding.status == "fired"
    mixed = finding.evidence["mixed"]
    assert mixed["log_likelihood_ahead"] > 4.61
    assert mixed["share"] == pytest.approx(0.4, abs=0.15)
    assert mixed["temperature"] > 2.0
    assert "Right labels are likelier still if about" in finding.headline
    assert "no single temperature" in finding.headline
    assert "AutoCalibrator" in finding.advice
    assert "floor" not in finding.advice


@pytest.mark.parametrize("k", [2, 5, 10])
def test_noise_is_not_taken_for_rows_that_are_too_sure(diagnosed, k):
    finding = diagnosed("noise", k=k, scale=2.0, strength=0.15)["LA202"]
    assert finding.status == "fired"
    mixed = finding.evidence["mixed"]
    assert mixed is None or mixed["log_likelihood_ahead"] < 4.61
    assert "likelier" not in finding.headline


def test_more_than_two_classes_have_no_line(diagnosed):
    assert diagnosed("noise", k=3, scale=3.0, strength=0.1)["LA202"].evidence["line"] is None


def test_blunt_rows_say_that_overconfidence_explains_them_as_well(plant):
    """One of the two fires, never both, and the sentence names the other."""
    reserved = 0
    for seed in range(8):
        y, log_proba, _ = plant("noise", k=2, scale=1.0, strength=0.4, seed=seed)
        d = diagnose(y, log_proba, input="logits")
        over, noise = d["LA101"], d["LA202"]
        if over.evidence["cannot_tell_from_noise"]:
            assert over.headline.endswith("Label noise (LA202) explains these rows as well.")
            assert (over.status, noise.status) == ("fired", "passed")
            assert "explains these rows as well as the overconfidence of LA101" in noise.headline
            reserved += 1
        elif noise.evidence["cannot_tell_from_overconfidence"]:
            assert "Overconfidence (LA101) explains these rows as well." in noise.headline
            assert "that no temperature explains" not in noise.headline
            assert over.status == "passed"
            reserved += 1
    assert reserved >= 2


@pytest.mark.parametrize(
    "model",
    [DecisionTreeClassifier(min_samples_leaf=10, random_state=0), KNeighborsClassifier(5)],
    ids=["tree", "neighbours"],
)
def test_zeros_of_models_that_count_are_not_taken_for_wrong_labels(model):
    """make_classification without label noise: what a tree or five neighbours rule out, they rule out too boldly."""
    X, y = make_classification(3000, 20, n_informative=8, n_classes=4, flip_y=0.0, random_state=0)
    d = diagnose(y[1500:], model.fit(X[:1500], y[:1500]).predict_proba(X[1500:]))
    assert d["LA001"].status == "fired"
    finding = d["LA202"]
    assert (finding.status, finding.value) == ("passed", 0.0)
    assert finding.evidence["p_without_zeros"] >= 0.01
    assert "LA001" in finding.headline
    assert d.metrics["noise_rate"].value == 0.0
    assert "true classes at 0" in str(d).replace("\n            ", " ")


def test_wrong_labels_are_found_beside_zeros(plant):
    """Half precision turns the smallest probabilities into zeros; noise shows in the other labels as well."""
    y, log_proba, _ = plant("noise", k=10, scale=6.0, strength=0.1)
    proba = np.exp(log_proba).astype(np.float16).astype(float)
    d = diagnose(y, proba / proba.sum(axis=1, keepdims=True))
    assert d["LA001"].status == d["LA202"].status == "fired"
    assert d["LA202"].evidence["p_without_zeros"] < 1e-6
    assert not d["LA202"].evidence["cannot_tell_from_counts"]
    assert "a model that counts" not in d["LA202"].headline


def test_an_overfit_tree_is_named_beside_wrong_labels():
    X, y = make_classification(3500, 12, n_informative=8, class_sep=1.2, flip_y=0.0, random_state=4)
    tree = DecisionTreeClassifier(min_samples_leaf=30, random_state=0).fit(X[:1500], y[:1500])
    finding = diagnose(y[1500:], tree.predict_proba(X[1500:]))["LA202"]
    assert finding.status == "fired"
    assert finding.evidence["cannot_tell_from_counts"]
    assert "an overfit one shows the same without any wrong label" in finding.headline


@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_neighbours_that_count_are_named_beside_wrong_labels(weights):
    """Few predictions repeat where votes are weighted, but none lies between 0 and a share of the votes."""
    rng = np.random.default_rng(3)
    y = rng.integers(0, 10, 2600)
    X = 0.5 * rng.standard_normal((10, 6))[y] + rng.standard_normal((2600, 6))
    votes = KNeighborsClassifier(20, weights=weights).fit(X[:600], y[:600]).predict_proba(X[600:])
    finding = diagnose(y[600:], votes)["LA202"]
    assert finding.status == "fired"
    assert finding.evidence["cannot_tell_from_counts"]
    assert "without any wrong label" in finding.headline


def test_labels_of_one_class_in_the_place_of_another_are_named():
    rng = np.random.default_rng(5)
    logits = rng.normal(size=(3000, 4)) * 4
    proba = np.exp(logits - logits.max(axis=1, keepdims=True))
    proba /= proba.sum(axis=1, keepdims=True)
    y = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    swapped = (y == 2) & (rng.random(y.size) < 0.3)
    labels = np.array(["ant", "bee", "cat", "dog"])[np.where(swapped, 0, y)]
    finding = diagnose(labels, proba)["LA202"]
    assert finding.status == "fired"
    assert "Most of them are labelled 'ant' where the model says 'cat'." in finding.headline


def test_a_cost_that_a_temperature_explains_as_well_is_qualified(plant):
    y, log_proba, _ = plant("noise", k=5, scale=3.0, strength=0.1)
    sharper = diagnose(y, 6.0 * log_proba, input="logits")["LA202"]
    assert sharper.status == "fired"
    assert 0 < sharper.evidence["nats_beside"] < 0.5 * sharper.evidence["nats"]
    assert "of which a temperature explains as well" in sharper.headline
    assert "as well" not in diagnose(y, log_proba, input="logits")["LA202"].headline


def test_a_floor_is_advised_for_labels_that_stay_noisy_or_prove_right(plant):
    y, log_proba, _ = plant("noise", strength=0.15)
    assert "for clean ones the probabilities need no floor" in diagnose(y, log_proba, input="logits")["LA202"].advice
    advice = diagnose(y, 2.0 * log_proba, input="logits")["LA202"].advice
    assert "for clean ones use its temperature without its floor" in advice
    assert "TemperatureCalibrator(floor=True) if labels stay as noisy, or prove right" in advice


@pytest.mark.simulation
@pytest.mark.parametrize("k", [10, 30])
def test_two_exchanged_columns_of_many_are_no_label_noise(plant, k):
    y, log_proba, _ = plant("healthy", k=k, n=3000, scale=3.0)
    order = np.r_[1, 0, np.arange(2, k)]
    d = diagnose(y, log_proba[:, order], input="logits")
    assert d["LA301"].status == "passed"
    finding = d["LA202"]
    assert finding.status == "fired"
    assert finding.evidence["column_order"] == order.tolist()
    assert "The columns seem to be in another order." in finding.headline
    assert what_to_do(d) == (finding.advice,)
    assert finding.advice.startswith("Check the order of the columns first: with class '0' from the column of '1'")


@pytest.mark.simulation
@pytest.mark.parametrize("k", [3, 5, 20])
@pytest.mark.parametrize("seed", range(4))
def test_classes_stretched_by_factors_of_their_own_are_no_label_noise(plant, k, seed):
    y, log_proba, _ = plant("factors", k=k, n=2000, scale=3.0, strength=0.7, seed=seed)
    d = diagnose(y, log_proba, input="logits")
    assert d["LA104"].status == "fired"
    assert not {"LA201", "LA202"} & {finding.code for finding in d.issues}


@pytest.mark.simulation
@pytest.mark.parametrize("k", [3, 5, 20])
def test_noise_beside_factors_is_still_found(plant, k):
    y, log_proba, _ = plant("factors", k=k, n=4000, scale=4.0, strength=0.5)
    rng = np.random.default_rng(k)
    wrong = rng.random(len(y)) < 0.15
    y = np.where(wrong, (y + rng.integers(1, k, len(y))) % k, y)
    assert diagnose(y, log_proba, input="logits")["LA202"].status == "fired"
