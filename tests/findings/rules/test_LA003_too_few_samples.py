import math

import numpy as np
import pytest
from scipy.stats import norm

from sklearn_lossacc import diagnose


def test_few_rows_fire_and_the_number_needed_is_named(diagnosed):
    d = diagnosed("healthy", n=40)
    finding = d["LA003"]
    assert (finding.status, finding.severity, finding.p_value) == ("fired", "tip", None)
    assert set(finding.evidence) == {
        "effective_n",
        "needed",
        "needed_for_accuracy",
        "needed_for_temperature",
        "n_groups",
    }
    accuracy = d.metrics["accuracy"].value
    expected = accuracy * (1 - accuracy) * (norm.isf(0.025) / 0.05) ** 2
    assert finding.evidence["needed_for_accuracy"] == pytest.approx(expected, rel=1e-6)
    assert finding.threshold == finding.evidence["needed"] > 40 == finding.value
    assert f"{math.ceil(finding.threshold):,}" in finding.headline
    assert finding.url.endswith("LA003.html")


def test_the_rows_needed_for_a_temperature_are_the_textbook_number():
    # At p = 0.8 the loss of a label has variance p (1 - p) ln(p / (1 - p))^2.
    y = np.repeat([0, 1], [20, 5])
    finding = diagnose(y, np.tile([0.8, 0.2], (25, 1)))["LA003"]
    variance = 0.8 * 0.2 * math.log(4) ** 2
    expected = (norm.isf(0.005) + norm.isf(0.2)) ** 2 / (math.log(1.5) ** 2 * variance)
    assert finding.evidence["needed_for_temperature"] == pytest.approx(expected, rel=1e-6)


def test_many_rows_suffice(diagnosed):
    finding = diagnosed("healthy")["LA003"]
    assert finding.status == "passed"
    assert finding.evidence["could_be"] >= finding.threshold
    assert "suffice" in finding.headline


def test_weights_count_as_effective_rows(plant):
    y, log_proba, _ = plant("healthy")
    assert diagnose(y, log_proba, input="logits")["LA003"].status == "passed"
    weight = np.where(np.arange(2000) < 100, 1000.0, 1.0)
    finding = diagnose(y, log_proba, input="logits", sample_weight=weight)["LA003"]
    assert finding.status == "fired"
    assert finding.value == pytest.approx(weight.sum() ** 2 / (weight @ weight))


def test_fewer_than_ten_groups_are_too_few(plant):
    y, log_proba, _ = plant("healthy")
    finding = diagnose(y, log_proba, input="logits", groups=np.arange(2000) % 9)["LA003"]
    assert finding.status == "fired"
    assert finding.headline.startswith("9 groups are too few")
    assert diagnose(y, log_proba, input="logits", groups=np.arange(2000) % 10)["LA003"].status == "passed"


def test_no_number_of_rows_judges_the_temperature_of_zeros_and_ones():
    y = np.repeat([0, 1], 500)
    finding = diagnose(y, np.eye(2)[y])["LA003"]
    assert finding.status == "fired"
    assert finding.evidence["needed_for_temperature"] is None
    assert finding.threshold is None
    assert "no affordable number" in finding.headline
    assert "was not trained on these rows" in finding.advice


@pytest.mark.parametrize("y", [0, 1])
def test_one_row(y):
    assert diagnose([y], [[0.3, 0.7]], classes=[0, 1])["LA003"].status == "fired"


def test_a_model_that_never_doubts_is_not_asked_for_more_rows():
    finding = diagnose(np.arange(60) % 3, np.eye(3)[np.arange(60) % 3])["LA003"]
    assert "no affordable number" in finding.headline
    assert "not trained on these rows" in finding.advice


def test_equal_probabilities_are_not_said_to_be_never_in_doubt():
    finding = diagnose([0, 1, 2, 0, 1], np.full((5, 3), 1 / 3))["LA003"]
    assert finding.status == "fired"
    assert "doubt" not in finding.advice


def test_a_temperature_that_hardly_matters_need_not_be_seen():
    y = np.arange(1200) % 3
    finding = diagnose(y, np.full((1200, 3), 1 / 3))["LA003"]
    # 0.005 nats a row have a likelihood ratio of 2 n 0.005.
    expected = (norm.isf(0.005) + norm.isf(0.2)) ** 2 / (2 * 0.005)
    assert finding.status == "passed"
    assert finding.evidence["needed_for_temperature"] == pytest.approx(expected, rel=1e-6)
    fewer = diagnose(y[:900], np.full((900, 3), 1 / 3))["LA003"]
    assert fewer.status == "fired"
    assert "cannot show 0.005 nats of miscalibration" in fewer.headline


def test_hard_predictions_that_err_are_not_called_learnt_by_heart():
    """One-hot rows that are wrong in a quarter leave nothing open that more rows would show."""
    y, predicted = np.tile([0, 1, 2, 0], 300), np.tile([0, 1, 2, 1], 300)
    finding = diagnose(y, np.eye(3)[predicted])["LA003"]
    assert finding.status == "passed"
    assert "trained on these rows" in diagnose(predicted, np.eye(3)[predicted])["LA003"].advice


@pytest.mark.simulation
@pytest.mark.parametrize("temperature", [1.5, 1 / 1.5])
def test_so_many_rows_do_show_the_temperature(plant, temperature):
    """At the level of its test alone half as many rows seemed enough, of which two in five samples showed it."""
    y, log_proba, _ = plant("temperature", n=50_000, k=2, scale=2.0, strength=temperature)
    needed = math.ceil(diagnose(y, log_proba, input="logits")["LA003"].evidence["needed_for_temperature"])
    code = "LA101" if temperature > 1 else "LA102"
    shown = 0
    for part in range(40):
        rows = slice(part * needed, (part + 1) * needed)
        shown += diagnose(y[rows], log_proba[rows], input="logits")[code].status == "fired"
    assert shown >= 23  # of 40 at 0.75; fewer come with probability 0.005


def test_only_what_cannot_be_shown_is_named():
    """Six hundred rows, all right, show accuracy to within a point; it said that no affordable number could."""
    y = np.arange(600) % 2
    sure = diagnose(y, np.eye(2)[y])["LA003"]
    assert sure.status == "fired"
    assert "a temperature of 1.5, or its inverse; no affordable number would." in sure.headline
    assert "points" not in sure.headline
    few = diagnose(y[:20], np.tile([0.4, 0.6], (20, 1)))["LA003"]
    assert "accuracy to within 5 points" in few.headline


def test_one_row_and_one_group_are_written_in_the_singular(plant):
    y, log_proba, _ = plant("healthy")
    assert diagnose(y[:1], log_proba[:1], input="logits")["LA003"].headline.startswith("1 effective row cannot")
    one = diagnose(y, log_proba, input="logits", groups=np.zeros(len(y)))["LA003"]
    assert one.headline.startswith("1 group is too few")
