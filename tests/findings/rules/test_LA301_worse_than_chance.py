import math

import numpy as np
import pytest

from sklearn_lossacc import diagnose
from sklearn_lossacc.findings.format import number


def test_shuffled_labels_of_a_sharp_model_fire(plant):
    y, log_proba, _ = plant("chance", scale=2.0)
    d = diagnose(y, log_proba, input="logits")
    finding = d["LA301"]
    assert (finding.status, finding.severity, finding.p_value) == ("fired", "error", None)
    assert set(finding.evidence) == {
        *("log_loss", "chance_log_loss", "p_equal", "method", "column_order"),
        *("repaired_log_loss", "repaired_by"),
    }
    assert finding.evidence["p_equal"] < 0.01
    assert finding.evidence["chance_log_loss"] == math.log(3)
    assert finding.value == pytest.approx(d.metrics["log_loss"].value - math.log(3))
    assert finding.interval[0] > finding.threshold == 0.0
    assert "ln(3)" in finding.headline
    assert finding.url.endswith("LA301.html")


def test_swapped_columns_fire(plant):
    y, log_proba, _ = plant("healthy", k=2)
    assert diagnose(y, log_proba[:, ::-1], input="logits")["LA301"].status == "fired"


@pytest.mark.parametrize("scale", [0.5, 2.5])
def test_a_healthy_model_is_better(diagnosed, scale):
    finding = diagnosed("healthy", scale=scale)["LA301"]
    assert finding.status == "passed"
    assert finding.evidence["could_be"] < 0
    assert finding.headline.startswith("The log loss is better than chance")


def test_near_miss_worse_but_not_beyond_doubt(diagnosed):
    finding = diagnosed("chance", scale=0.05, n=5000)["LA301"]
    assert finding.value > 0
    assert finding.interval[0] <= 0
    assert finding.status == "passed"
    assert "not shown" in finding.headline


def test_two_rows_prove_nothing():
    # Both rows cost more than ln 2 on average, and resampling two rows shows no spread at all.
    finding = diagnose([0, 1], [[0.3, 0.7], [0.45, 0.55]])["LA301"]
    assert finding.value > 0
    assert finding.status == "passed"


def test_not_applicable_to_one_row_and_few_groups(plant):
    assert diagnose([0], [[0.1, 0.9]], classes=[0, 1])["LA301"].status == "not_applicable"
    y, log_proba, _ = plant("chance", scale=2.0)
    finding = diagnose(y, log_proba, input="logits", groups=np.arange(2000) % 9)["LA301"]
    assert finding.status == "not_applicable"
    assert "9 groups" in finding.headline


def test_zeros_are_judged_by_the_clipped_loss():
    y = np.tile([0, 1], 100)
    finding = diagnose(y, np.eye(2)[1 - y])["LA301"]
    assert finding.status == "fired"
    assert finding.value == pytest.approx(-math.log(np.finfo(float).eps) - math.log(2))


@pytest.mark.parametrize("order", [[1, 0], [1, 0, 2], [1, 2, 3, 4, 0]])
def test_exchanged_columns_are_named(plant, order):
    k = len(order)
    y, log_proba, _ = plant("healthy", k=k, scale=3.0)
    finding = diagnose(y, log_proba[:, order], input="logits")["LA301"]
    assert finding.status == "fired"
    assert np.array(order)[finding.evidence["column_order"]].tolist() == list(range(k))
    assert "The columns seem to be in another order." in finding.headline
    first = finding.evidence["column_order"][0]
    assert f"with class '0' from the column of '{first}'" in finding.advice
    right = diagnose(y, log_proba, input="logits").metrics["log_loss"].value
    assert f"the log loss would be {number(right)} instead of" in finding.advice


@pytest.mark.parametrize("seed", range(5))
def test_guesses_that_are_too_sure_have_no_better_order(seed):
    rng = np.random.default_rng(seed)
    finding = diagnose(rng.integers(0, 4, 500), 3.0 * rng.standard_normal((500, 4)), input="logits")["LA301"]
    assert finding.status == "fired"
    assert finding.evidence["column_order"] is None
    assert "another order" not in finding.headline
    assert finding.advice.startswith("Check the pairing of labels with rows and the order of the classes first")
    assert "recalibration alone is of no use" in finding.advice


@pytest.mark.parametrize("scale", [0.0, 0.2, 0.4])
def test_other_class_frequencies_are_no_other_order(scale):
    rng = np.random.default_rng(0)
    scores = scale * rng.standard_normal((1000, 3))
    trained, met = np.log([0.5, 0.3, 0.2]), np.log([0.2, 0.3, 0.5])
    y = (scores + met + rng.gumbel(size=scores.shape)).argmax(axis=1)
    d = diagnose(y, scores + trained, input="logits")
    assert d["LA301"].status == d["LA103"].status == "fired"
    assert d["LA301"].evidence["column_order"] is None
    assert "column" not in d["LA301"].advice
    assert "frequencies" in d["LA103"].advice


def test_exchanged_columns_of_a_model_that_is_too_sure():
    rng = np.random.default_rng(0)
    scores = 1.5 * rng.standard_normal((1000, 3)) + np.log([0.5, 0.3, 0.2])
    y = (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)
    assert diagnose(y, 3.0 * scores[:, ::-1], input="logits")["LA301"].evidence["column_order"] == [2, 1, 0]
