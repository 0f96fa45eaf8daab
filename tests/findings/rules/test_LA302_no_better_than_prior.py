import math

import numpy as np
import pytest

from sklearn_lossacc import diagnose
from sklearn_lossacc.findings.materiality import D2_MARGIN


def test_chance_fires(diagnosed):
    d = diagnosed("chance", scale=0.05, n=5000)
    finding = d["LA302"]
    assert (finding.status, finding.severity, finding.p_value) == ("fired", "warning", None)
    assert set(finding.evidence) == {
        *("prior_log_loss", "log_loss", "p_equal", "method", "from_training"),
        *("repaired_log_loss", "repaired_by"),
    }
    assert finding.interval[0] <= finding.value <= finding.interval[1] < finding.threshold == D2_MARGIN
    assert finding.url.endswith("LA302.html")


def test_a_little_better_is_not_called_no_better():
    rng = np.random.default_rng(0)
    scores = 0.1 * rng.standard_normal((4000, 10))
    y = (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)
    finding = diagnose(y, scores, input="logits")["LA302"]
    assert (finding.status, finding.interval[0] > 0) == ("fired", True)
    assert "hardly better than always predicting the class frequencies" in finding.headline
    assert "no usable" not in finding.advice


def test_rare_classes_make_a_small_loss_worth_nothing(diagnosed):
    # 90 to 10: always saying so costs .325 + .1 ln 2 nats, far below ln 3.
    d = diagnosed("majority")
    assert d.metrics["log_loss"].value < 0.45 < math.log(3)
    assert d["LA302"].status == "fired"


def test_optimism_of_frequencies_read_off_these_labels(plant):
    y, log_proba, _ = plant("healthy", n=400, scale=0.3, k=10)
    d = diagnose(y, log_proba, input="logits")
    share = np.bincount(y, minlength=10) / 400
    plain = -(share * np.log(share)).sum()
    assert d["LA302"].evidence["prior_log_loss"] == pytest.approx(min(plain + 9 / 800, math.log(10)))
    assert d.metrics["prior_log_loss"].value == pytest.approx(plain)


def test_the_corrected_baseline_never_costs_more_than_chance():
    # Equal probabilities and equal shares: there is nothing to beat, however few the rows.
    y = np.tile([0, 1, 2], 10)
    finding = diagnose(y, np.full((30, 3), 1 / 3))["LA302"]
    assert finding.evidence["prior_log_loss"] == pytest.approx(math.log(3))
    assert finding.value == pytest.approx(0.0, abs=1e-12)
    assert finding.status == "fired"


def test_training_frequencies_are_the_baseline_where_given(plant):
    y, log_proba, _ = plant("healthy", n=500)
    prior = np.array([0.7, 0.2, 0.1])
    d = diagnose(y, log_proba, input="logits", train_prior=prior)
    expected = -np.log(prior)[y].mean()
    assert d["LA302"].evidence["from_training"] is True
    assert d["LA302"].evidence["prior_log_loss"] == pytest.approx(expected)
    assert d.metrics["prior_log_loss"].value == pytest.approx(expected)
    assert d["LA302"].value == pytest.approx(1 - d.metrics["log_loss"].value / expected)
    counts = diagnose(y, log_proba, input="logits", train_prior={0: 7000, 1: 2000, 2: 1000})
    assert counts["LA302"].status == d["LA302"].status
    assert counts["LA302"].value == pytest.approx(d["LA302"].value)


def test_a_model_that_says_the_training_frequencies_has_d2_zero(plant):
    y, _, _ = plant("healthy", n=500)
    prior = np.array([0.7, 0.2, 0.1])
    d = diagnose(y, np.tile(prior, (500, 1)), train_prior=prior)
    assert d["LA302"].status == "fired"
    assert "predicting the class frequencies of training" in d["LA302"].headline
    assert d["LA302"].value == pytest.approx(0.0, abs=1e-12)
    assert d.metrics["d2_log_loss"].value == pytest.approx(0.0, abs=1e-12)
    assert d.metrics["d2_brier"].value == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("scale", [1.0, 2.5])
def test_a_healthy_model_beats_the_prior(diagnosed, scale):
    finding = diagnosed("healthy", scale=scale)["LA302"]
    assert finding.status == "passed"
    assert finding.evidence["could_be"] == finding.interval[0] > D2_MARGIN
    assert finding.headline.startswith("The model beats the prior")


def test_near_miss_a_blunt_small_but_healthy_model_is_not_accused(diagnosed):
    # Its advantage is not significant; that is no proof that there is none.
    finding = diagnosed("healthy", n=60, k=2, scale=0.5)["LA302"]
    assert finding.interval[0] < 0 < D2_MARGIN < finding.interval[1]
    assert finding.status == "passed"
    assert "not shown" in finding.headline
    assert "cannot tell" in finding.headline
    assert finding.evidence["needed"] > 60
    assert f"{finding.evidence['needed']:,} rows would tell" in finding.headline


def test_not_applicable_without_a_baseline(plant):
    y, log_proba, _ = plant("healthy", n=100)
    one_class = diagnose(np.zeros(100, dtype=int), log_proba, input="logits", classes=[0, 1, 2])
    assert one_class["LA302"].status == "not_applicable"
    ruled_out = diagnose(y, log_proba, input="logits", train_prior=[0.5, 0.5, 0.0])
    assert ruled_out["LA302"].status == "not_applicable"
    assert ruled_out.metrics["prior_log_loss"].value == math.inf
    few = diagnose(y, log_proba, input="logits", groups=np.arange(100) % 9)
    assert few["LA302"].status == "not_applicable"


@pytest.mark.parametrize(("n", "k", "scale"), [(200, 2000, 0.8), (1000, 1000, 0.5)])
def test_frequencies_of_classes_with_hardly_a_row_accuse_nobody(n, k, scale):
    # The labels' own frequencies cost ln n at most, whatever the classes are; the model is right, D2 = 0.05 and 0.02.
    rng = np.random.default_rng(n)
    scores = scale * rng.normal(size=(n, k)) - np.log(np.arange(k) + 3.0)
    y = (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)
    d = diagnose(y, scores, input="logits", classes=range(k))
    finding = d["LA302"]
    assert finding.status == "passed"
    assert finding.interval[0] < 0.0 < finding.interval[1]
    assert "cannot tell" in finding.headline
    assert finding.evidence["needed"] > 2 * n
    scores = scale * rng.normal(size=(n, k))  # knows nothing, and spreads what it says over all classes
    assert diagnose(y, 4.0 * scores, input="logits", classes=range(k))["LA302"].status == "fired"
