import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from sklearn_lossacc import diagnose
from sklearn_lossacc.findings.judge import NO_REPAIR


def learnt(n=1000, wrong=0, k=3, confidence=0.75):
    """Nearly every row right, at a confidence far below that."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, k, n)
    sure = rng.uniform(confidence - 0.1, confidence + 0.1, n)
    proba = np.tile((1 - sure)[:, None] / (k - 1), (1, k))
    proba[np.arange(n), y] = sure
    y[:wrong] = (y[:wrong] + 1) % k
    return y, proba


def test_declared_training_rows_fire_without_a_test(plant):
    y, log_proba, _ = plant("healthy")
    d = diagnose(y, log_proba, input="logits", out_of_sample=False)
    finding = d["LA005"]
    assert (finding.status, finding.severity, finding.p_value) == ("fired", "warning", None)
    assert finding.evidence["declared"] is True
    assert "declared in-sample" in finding.headline
    assert finding.url.endswith("LA005.html")


def test_declared_training_rows_get_no_advice_on_repair(plant):
    y, log_proba, _ = plant("temperature", strength=2.0)
    honest = diagnose(y, log_proba, input="logits")
    declared = diagnose(y, log_proba, input="logits", out_of_sample=False)
    assert declared["LA101"].status == "fired"
    assert "TemperatureCalibrator" in honest["LA101"].advice
    assert declared["LA101"].advice == NO_REPAIR
    for code in ("LA202", "LA401"):
        assert honest[code].status != "not_applicable"
        assert declared[code].status == "not_applicable"
        assert "in-sample" in declared[code].headline
    # What is wrong with the export may still be repaired.
    assert declared["LA005"].advice != NO_REPAIR


def test_near_perfect_accuracy_of_an_unsure_model_fires():
    d = diagnose(*learnt(wrong=2))
    finding = d["LA005"]
    assert finding.status == "fired"
    assert set(finding.evidence) == {
        "declared", "temperature", "accuracy_low", "doubted_accuracy", "p_gate", "p_attr", "gate", "method", "p_holm",
        "p_exact",
    }  # fmt: skip
    assert finding.evidence["doubted_accuracy"] > 0.99
    assert finding.evidence["declared"] is False
    assert finding.evidence["accuracy_low"] > 0.99
    assert finding.value == finding.evidence["temperature"] < finding.threshold == 0.7
    # The rest of the level is for rows that are exact.
    assert finding.p_value == max(finding.evidence["p_gate"], finding.evidence["p_attr"]) / 0.9 < 0.001
    assert "few rounds of boosting" in finding.headline
    assert finding.headline.startswith("These look like training rows, or near copies of them")
    assert "split by where rows come from. If none was" in finding.advice
    assert d["LA102"].status == "not_applicable"
    assert "LA005" in d["LA102"].headline


def test_every_row_right():
    # No temperature is identified, yet the picture is the clearest of all.
    d = diagnose(*learnt(wrong=0))
    assert d["LA005"].status == "fired"
    assert d["LA102"].status == "not_applicable"


@pytest.mark.parametrize("n", [40, 90, 280])
def test_all_of_a_few_rows_right(n):
    """Too few to say so, which is no reason to say that nothing suggests it, or to advise a repair without a word."""
    d = diagnose(*learnt(n))
    assert d["LA005"].status == "passed"
    assert "not ruled out" in d["LA005"].headline
    assert "more than it says" in d["LA005"].headline
    assert d["LA102"].status == "fired"
    assert "trained on, or near copies of them, look the same" in d["LA102"].headline
    assert d["LA102"].advice.startswith("Make sure that no row was used in training, nor a copy or another view of one")


def test_all_rows_right_and_sure():
    finding = diagnose(*learnt(200, confidence=0.89))["LA005"]
    y = np.arange(200) % 2
    sure = diagnose(y, np.eye(2)[y])["LA005"]
    assert finding.status == sure.status == "passed"
    assert "more than it says" in finding.headline
    assert "right in all of them, and sure" in sure.headline


def test_near_miss_of_accuracy():
    # The lower limit of accuracy stays below .99: underconfidence, and nothing else.
    d = diagnose(*learnt(wrong=12))
    assert d.metrics["accuracy"].value == 0.988
    assert d["LA005"].status == "passed"
    assert "Nothing but its underconfidence" in d["LA005"].headline
    assert d["LA102"].status == "fired"
    assert "trained on" not in d["LA102"].headline


def test_near_miss_of_temperature(plant):
    y, log_proba, _ = plant("healthy", n=20_000, k=2, scale=30.0)
    finding = diagnose(y, 0.75 * log_proba, input="logits")["LA005"]
    assert finding.evidence["accuracy_low"] > 0.97
    assert finding.status == "passed"
    assert "Nothing but its underconfidence suggests" in finding.headline


def test_naming_the_commonest_of_very_unequal_classes_is_no_sign_of_learning():
    y = np.zeros(4000, dtype=int)
    y[:8] = 1
    d = diagnose(y, np.random.default_rng(0).uniform(0.1, 0.3, 4000))
    assert d.metrics["accuracy"].value == 0.998 == d.metrics["majority_accuracy"].value
    assert d["LA005"].status == "passed"
    assert d["LA103"].status == "fired"


def test_errors_that_lie_where_the_model_doubts_are_no_sign_of_learning():
    # Shares of votes of a crowd that never saw the labels: nearly always right, and too modest.
    rng = np.random.default_rng(0)
    truth = rng.dirichlet(np.full(3, 0.02), 5000)
    shares = np.maximum(np.stack([rng.multinomial(40, row) for row in truth]) / 40, 1e-3)
    y = (5.0 * np.log(np.maximum(truth, 1e-300)) + rng.gumbel(size=truth.shape)).argmax(axis=1)
    d = diagnose(y, shares / shares.sum(axis=1, keepdims=True))
    assert d["LA005"].evidence["accuracy_low"] > 0.99
    assert d["LA005"].evidence["doubted_accuracy"] < 0.97
    assert d["LA005"].status == "passed"
    assert "where it doubts" in d["LA005"].headline
    assert d["LA102"].status == "fired"
    assert d["LA004"].status != "fired"


def test_a_forest_that_predicts_its_training_rows():
    X, y = make_classification(1500, 12, n_informative=6, flip_y=0.1, random_state=0)
    forest = RandomForestClassifier(50, random_state=0).fit(X, y)
    assert diagnose(y, forest.predict_proba(X), X=X)["LA005"].status == "fired"


@pytest.mark.parametrize("scale", [2.5, 20.0])
def test_a_healthy_model_is_not_accused(diagnosed, scale):
    d = diagnosed("healthy", scale=scale)
    assert d["LA005"].status == "passed"
    assert d["LA005"].headline == "Nothing suggests that the model was trained on these rows."
    assert d["LA102"].status == "passed"


@pytest.fixture(scope="module")
def tree():
    """Return a tree of sixteen leaves, its 1000 training rows, and 1000 others."""
    X, y = make_classification(2000, n_informative=6, flip_y=0.1, random_state=0)
    return DecisionTreeClassifier(max_depth=4, random_state=0).fit(X[:1000], y[:1000]), X, y


def test_a_tree_on_its_training_rows_is_exact(tree):
    model, X, y = tree
    d = diagnose(y[:1000], model.predict_proba(X[:1000]))
    finding = d["LA005"]
    assert finding.status == "fired"
    assert finding.evidence["p_exact"] < 1e-6
    assert "fitted to, or calibrated on" in finding.headline
    assert "cross_val_predict" in finding.advice
    # Single precision is exact enough; in any order.
    order = np.random.default_rng(0).permutation(1000)
    proba = model.predict_proba(X[order]).astype(np.float32)
    assert diagnose(y[order], proba)["LA005"].status == "fired"


def test_a_tree_on_other_rows_is_not(tree):
    model, X, y = tree
    finding = diagnose(y[1000:], model.predict_proba(X[1000:]))["LA005"]
    assert finding.status == "passed"
    assert finding.evidence["p_exact"] == 1.0


def test_a_constant_prediction_of_a_stratified_split_is_not_exact_by_learning():
    y = np.repeat([0, 1, 2], [500, 300, 200])
    finding = diagnose(y, np.tile([0.5, 0.3, 0.2], (1000, 1)))["LA005"]
    assert finding.status == "passed"
    assert finding.evidence["p_exact"] == 1.0


def test_exact_ties_are_not_asked_of_weighted_or_dependent_rows(tree):
    model, X, y = tree
    proba = model.predict_proba(X[:1000])
    for extra in ({"groups": np.arange(1000) // 2}, {"sample_weight": np.linspace(0.5, 1.5, 1000)}):
        assert diagnose(y[:1000], proba, **extra)["LA005"].evidence["p_exact"] == 1.0
