import numpy as np
import pytest

from sklearn_lossacc.findings.comparison import ComparisonDiagnosis


def test_it_fires_where_three_rows_carry_all(compared, models):
    d = compared("outliers")
    finding = d["LA602"]
    assert finding.status == "fired"
    assert finding.p_value is None
    assert finding.value == 3
    _, proba = models("outliers")
    spoilt = np.flatnonzero((np.abs(proba["A"] - proba["B"]) > 1e-6).any(axis=1))
    assert sorted(finding.evidence["rows"]) == spoilt.tolist()
    assert finding.evidence["left_without_them"] == pytest.approx(0, abs=1e-12)
    assert "3 rows of 1,500" in finding.headline
    assert "nothing is left of it" in finding.headline


def test_it_says_when_the_order_is_reversed(models):
    y, proba = models("outliers")
    better = np.where(np.eye(3)[y] == 1, 1.08 * proba["B"], proba["B"])
    d = ComparisonDiagnosis.from_predictions(y, {"A": proba["A"], "B": better / better.sum(axis=1, keepdims=True)})
    assert d["LA602"].status == "fired"
    assert "without them it has the lower" in d["LA602"].headline
    assert d["LA602"].evidence["left_without_them"] < 0


def test_zeros_on_the_label_decide():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 800)
    sure = np.where(y == 1, 0.8, 0.2)
    zero = sure.copy()
    zero[5] = 1.0 - y[5]
    d = ComparisonDiagnosis.from_predictions(y, {"A": sure, "B": zero})
    assert d["LA602"].status == "fired"
    assert d["LA602"].evidence["rows"] == [5]
    assert "1 row of 800" in d["LA602"].headline
    assert " decides that B" in d["LA602"].headline


@pytest.mark.parametrize("kind", ["equal", "certainty", "capacity", "disagree"])
@pytest.mark.parametrize("n", [200, 1500])
def test_it_does_not_fire_on_differences_that_many_rows_carry(compared, kind, n):
    assert compared(kind, n=n)["LA602"].status == "passed"


def test_a_small_difference_of_similar_models_hangs_on_few_rows_and_does_not_fire(models):
    fired = 0
    for seed in range(10):
        y, proba = models("equal", 400, 2, seed)
        finding = ComparisonDiagnosis.from_predictions(y, proba)["LA602"]
        fired += finding.status == "fired"
    assert fired == 0


def test_groups_decide_as_a_whole(models):
    y, proba = models("outliers", 600)
    spoilt = np.flatnonzero((np.abs(proba["A"] - proba["B"]) > 1e-6).any(axis=1))
    groups = np.arange(600)
    groups[spoilt] = groups[spoilt[0]]
    finding = ComparisonDiagnosis.from_predictions(y, proba, groups=groups)["LA602"]
    assert finding.status == "fired"
    assert "1 group of 598" in finding.headline
    assert set(spoilt) <= set(finding.evidence["rows"])


def test_it_cannot_be_asked_of_nine_rows():
    y = np.arange(9) % 2
    d = ComparisonDiagnosis.from_predictions(y, {"A": 0.2 + 0.6 * y, "B": 0.3 + 0.5 * y})
    assert d["LA602"].status == "not_applicable"
