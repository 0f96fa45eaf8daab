import numpy as np
import pytest
from scipy.special import expit

from sklearn_lossacc import diagnose
from sklearn_lossacc.findings.materiality import ACCURACY_MARGIN


def test_always_naming_the_commonest_class_fires(diagnosed):
    d = diagnosed("majority")
    finding = d["LA303"]
    assert (finding.status, finding.severity, finding.p_value) == ("fired", "warning", None)
    assert set(finding.evidence) == {
        "accuracy",
        "majority_accuracy",
        "class",
        "p_equal",
        "p_test",
        "method",
        "repaired_by",
    }
    assert (finding.evidence["p_equal"], finding.evidence["p_test"]) == (1.0, "exact McNemar")
    assert finding.evidence["class"] == "0"
    assert finding.value == 0.0
    assert finding.interval == (0.0, 0.0)
    assert finding.threshold == ACCURACY_MARGIN
    assert finding.url.endswith("LA303.html")
    # The probabilities say no more than the frequencies: there is nothing that accuracy fails to see.
    assert finding.evidence["repaired_by"] == ["LA302"]
    assert finding.advice not in str(d)
    assert finding.advice.startswith("Attend to LA302 first")


def test_a_tip_where_the_loss_does_beat_the_prior():
    # Rare positives: nobody has a probability above one half, and yet the model knows much.
    rng = np.random.default_rng(0)
    p = rng.choice([0.01, 0.3], 4000, p=[0.9, 0.1])
    y = (rng.random(4000) < p).astype(int)
    d = diagnose(y, np.stack([1 - p, p], axis=1))
    assert d["LA302"].status == "passed"
    assert (d["LA303"].status, d["LA303"].severity) == ("fired", "tip")
    assert d["LA303"].evidence["repaired_by"] == []
    assert d["LA303"].advice.startswith("Accuracy cannot see what this model knows.")


def test_a_curve_that_falls_changes_the_classes():
    # A line through a ring: both ends of the scores belong to one class.
    rng = np.random.default_rng(0)
    odds = 0.3 * rng.standard_normal(3000)
    y = (rng.random(3000) < expit(8.0 * np.abs(odds) - 1.6)).astype(int)
    finding = diagnose(y, np.stack([0 * odds, odds], axis=1), input="logits")["LA303"]
    assert finding.status == "fired"
    assert finding.evidence["repaired_by"] == ["LA104"]
    assert finding.advice.startswith("Repair the shape (LA104) first")


def test_a_class_bias_that_moves_no_row_is_not_to_blame():
    # Every row says class 0 before its bias is repaired, and after.
    rng = np.random.default_rng(0)
    odds = -4.0 + 0.8 * rng.standard_normal(4000)
    y = (rng.random(4000) < expit(odds)).astype(int)
    d = diagnose(y, np.stack([-odds - 1.5, 0 * odds], axis=1), input="logits")
    assert d["LA103"].status == "fired"
    finding = d["LA303"]
    assert finding.status == "fired"
    assert finding.evidence["repaired_by"] == []
    assert "LA103" not in finding.advice


def test_worse_than_the_majority(plant):
    y, log_proba, _ = plant("chance", scale=2.0, k=2)
    y = (np.random.default_rng(0).random(2000) < 0.2).astype(int)
    finding = diagnose(y, log_proba, input="logits")["LA303"]
    assert finding.status == "fired"
    assert finding.value == pytest.approx(-0.3, abs=0.05)
    assert finding.interval[0] < finding.value < finding.interval[1] < 0


@pytest.mark.parametrize("cause", ["healthy", "imbalanced"])
def test_a_healthy_model_beats_it(diagnosed, cause):
    finding = diagnosed(cause, n=5000)["LA303"]
    assert finding.status == "passed"
    assert finding.evidence["could_be"] == finding.interval[0] >= ACCURACY_MARGIN
    assert "beats always naming" in finding.headline


def test_near_miss_small_gain_of_few_rows(diagnosed):
    finding = diagnosed("healthy", n=60, k=2, scale=0.3)["LA303"]
    assert finding.interval[0] < ACCURACY_MARGIN < finding.interval[1]
    assert finding.status == "passed"
    assert "not shown" in finding.headline


def test_the_commonest_class_of_training_is_named_where_given(plant):
    y, log_proba, _ = plant("healthy")
    d = diagnose(y, log_proba, input="logits", train_prior=[0.1, 0.2, 0.7])
    assert d["LA303"].evidence["class"] == "2"
    assert d["LA303"].evidence["majority_accuracy"] == pytest.approx(np.mean(y == 2))
    assert d.metrics["majority_accuracy"].value == pytest.approx(np.mean(y == 2))


def test_not_applicable_to_few_groups(plant):
    y, log_proba, _ = plant("healthy")
    few = diagnose(y, log_proba, input="logits", groups=np.arange(2000) % 9)
    assert few["LA303"].status == "not_applicable"
    assert few.metrics["majority_accuracy"].low is None


def test_a_gain_that_is_shown_but_does_not_count_is_hardly_better():
    y = np.arange(10_000) < 30
    proba = np.full(10_000, 0.0015)
    proba[:15] = 0.999
    finding = diagnose(y.astype(int), proba)["LA303"]
    assert finding.status == "fired"
    assert finding.interval[0] > 0
    assert finding.headline == "Accuracy 99.9 % is hardly better than always naming class '0' (99.7 %)."


def test_a_gain_that_is_not_shown_is_written_in_percent():
    y = np.array([0, 0, 0, 0, 1, 1])
    p = np.array([0.1, 0.2, 0.3, 0.4, 0.4, 0.9])
    finding = diagnose(y, np.stack([1 - p, p], axis=1))["LA303"]
    low, high = finding.interval
    assert finding.status == "passed"
    assert finding.headline.endswith(f"the gain in accuracy lies between {100 * low:.1f} % and {100 * high:.1f} %.")
