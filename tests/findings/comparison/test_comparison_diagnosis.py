import json

import numpy as np
import pytest

from sklearn_lossacc import metrics
from sklearn_lossacc.exceptions import InvalidPredictionsError, LossAccError
from sklearn_lossacc.findings.comparison import COMPARISON_RULES, ComparisonDiagnosis

KINDS = ["equal", "certainty", "capacity", "disagree", "outliers", "noise"]


@pytest.mark.parametrize("kind", KINDS)
def test_differences_are_those_of_the_metrics(compared, models, kind):
    d = compared(kind)
    y, proba = models(kind)
    for measure, metric in (
        ("log_loss", metrics.log_loss),
        ("accuracy", metrics.accuracy_score),
        ("brier_score", metrics.brier_score_loss),
        ("calibration_loss", metrics.calibration_loss),
        ("refinement_loss", metrics.refinement_loss),
    ):
        expected = metric(y, proba["B"]) - metric(y, proba["A"])
        assert d.difference(measure).value == pytest.approx(expected, abs=1e-7)
        for place, name in enumerate("AB"):
            assert d.tables["models"][measure][place] == pytest.approx(metric(y, proba[name]), abs=1e-7)


@pytest.mark.parametrize("kind", KINDS)
def test_parts_sum_to_the_difference(compared, kind):
    d = compared(kind)
    loss = d.difference("log_loss").value
    assert d.difference("calibration_loss").value + d.difference("refinement_loss").value == pytest.approx(loss)
    stories = d.frame("stories")
    assert stories["contribution"].sum() == pytest.approx(loss)
    assert stories["rows"].sum() == d.description["n_samples"]
    assert stories["share"].sum() == pytest.approx(1)
    pairs = d.frame("pairs").iloc[0]
    change = pairs["only_second_right"] - pairs["only_first_right"]
    assert change / d.description["n_samples"] == pytest.approx(d.difference("accuracy").value)


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [
        ("equal", "neither"),
        ("certainty", "loss only"),
        ("capacity", "agree"),
        ("outliers", "neither"),
    ],
)
def test_loss_and_accuracy_together(compared, kind, verdict):
    assert compared(kind, seed=3).tables["pairs"]["verdict"] == [verdict]


@pytest.mark.parametrize(
    ("kind", "supported"),
    [
        ("equal", set()),
        ("certainty", {"certainty"}),
        ("capacity", {"capacity"}),
        ("disagree", {"certainty", "capacity"}),
        ("noise", {"certainty", "noise"}),
    ],
)
def test_explanations_are_told_apart(compared, kind, supported):
    table = compared(kind, n=3000, seed=3).frame("mechanisms")
    found = set(table.loc[table["verdict"] == "supported", "mechanism"])
    assert supported <= found
    assert "noise" not in found - supported
    if kind in ("equal", "certainty"):
        assert found == supported


def test_noise_names_its_rows(compared, models):
    d = compared("noise", n=3000, seed=3)
    (noise,) = (row for row in d.records("mechanisms") if row["mechanism"] == "noise")
    assert noise["value"] > 0.1
    samples = d.samples(100)
    assert samples["suspect"].mean() > 0.9
    y, _ = models("noise", 3000, 3, 3)
    assert (samples["y_true"].to_numpy() == y[samples["index"]]).all()
    assert (samples["pred_first"] == samples["pred_second"]).mean() > 0.9


def test_samples_are_the_rows_that_move_the_mean(compared, models):
    d = compared("disagree")
    y, proba = models("disagree")
    rows = np.arange(len(y))
    change = np.log(proba["A"][rows, y]) - np.log(proba["B"][rows, y])
    order = np.argsort(-np.abs(change))[:50]
    found = d.samples(50)
    np.testing.assert_allclose(found["difference"], change[found["index"]], atol=1e-9)
    np.testing.assert_allclose(np.sort(found["contribution"]), np.sort(change[order] / len(y)), atol=1e-12)
    wrong = d.samples(500, story="both wrong")
    assert set(wrong["story"]) == {"both wrong"}
    assert (wrong["pred_first"] != wrong["y_true"]).all()


def test_several_models_are_compared_in_pairs(models):
    y, proba = models("disagree")
    third = {**proba, "C": models("equal")[1]["A"]}
    d = ComparisonDiagnosis.from_predictions(y, third)
    assert d.pairs == (("A", "B"), ("A", "C"), ("B", "C"))
    frame = d.frame()
    assert len(frame) == 15
    for _, table in frame.groupby("measure"):
        order = table.sort_values("p_value")
        assert (order["p_holm"].diff().dropna() >= 0).all()
        assert table["p_holm"].min() == pytest.approx(min(1, 3 * table["p_value"].min()))
    assert {record["status"] for record in d["LA604"].evidence["pairs"]} <= {"fired", "passed"}
    alone = ComparisonDiagnosis.from_predictions(y, proba)
    for measure in ("log_loss", "accuracy", "refinement_loss"):
        assert d.difference(measure, ("A", "B")).value == pytest.approx(alone.difference(measure).value)


def test_a_model_of_equal_accuracy_is_not_said_to_have_the_highest(models):
    """Models that differ by a temperature predict the same classes; the one of lowest loss is no better by accuracy."""
    y, proba = models("equal")
    sharper = {f"T = {T}": proba["A"] ** (1 / T) for T in (0.2, 0.4, 1.0)}
    given = {name: p / p.sum(axis=1, keepdims=True) for name, p in sharper.items()}
    d = ComparisonDiagnosis.from_predictions(y, given)
    assert "T = 1.0 has the lowest log loss" in str(d)
    assert "nats); all have the same accuracy (" in " ".join(str(d).split())


def test_a_reference_is_the_first_of_every_pair(models):
    y, proba = models("equal")
    d = ComparisonDiagnosis.from_predictions(y, {**proba, "C": proba["A"] * 0.9 + 0.1 / 3}, reference="B")
    assert d.pairs == (("B", "A"), ("B", "C"))
    assert d.description["reference"] == "B"


def test_statistical_findings_are_corrected_together(models):
    y, proba = models("disagree", 400, 3, 1)
    d = ComparisonDiagnosis.from_predictions(y, proba)
    p601, p604 = d["LA601"].p_value, d["LA604"].p_value
    smaller, larger = sorted([p601, p604])
    assert sorted([d["LA601"].evidence["p_holm"], d["LA604"].evidence["p_holm"]]) == pytest.approx(
        sorted([min(1, 2 * smaller), min(1, max(2 * smaller, larger))])
    )


def test_exact_zeros_are_said(models):
    y, proba = models("equal", 300)
    broken = proba["B"].copy()
    broken[0] = np.eye(3)[(y[0] + 1) % 3]
    d = ComparisonDiagnosis.from_predictions(y, {"A": proba["A"], "B": broken})
    assert d.tables["models"]["log_loss"][1] == "inf"
    assert d.frame("models")["log_loss"][1] == np.inf
    assert d.tables["models"]["zero_rows"] == [0, 1]
    assert d.description["zero_rows"] == 1
    assert "inf (clipped" in str(d)
    assert "losses clipped at 36.04 nats in 1 row" in str(d)
    json.loads(d.to_json(), parse_constant=pytest.fail)


def test_it_comes_back_from_json(compared):
    for kind in ("disagree", "outliers"):
        d = compared(kind)
        data = json.loads(d.to_json())
        assert ComparisonDiagnosis.from_dict(data) == d
        assert ComparisonDiagnosis.from_dict(data).to_dict() == d.to_dict()


def test_infinite_temperatures_and_models_called_so_come_back_from_json():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(400, 3))
    y, turned = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1), np.exp(-logits)
    models = {"inf": np.full((400, 3), 1 / 3), "-inf": turned / turned.sum(axis=1, keepdims=True)}
    d = ComparisonDiagnosis.from_predictions(y, models)
    assert np.inf in d["LA604"].evidence["temperatures"]
    assert ComparisonDiagnosis.from_dict(json.loads(d.to_json())) == d


@pytest.mark.parametrize("data", [{}, [], {"schema": 1, "kind": "history"}, {"schema": 9, "kind": "comparison"}])
def test_foreign_data_are_refused(data):
    with pytest.raises(LossAccError, match="expected the dictionary of a ComparisonDiagnosis"):
        ComparisonDiagnosis.from_dict(data)


@pytest.mark.parametrize("field", ["name", "alpha", "description", "findings", "tables"])
def test_damaged_data_are_named(compared, field):
    data = json.loads(compared("disagree").to_json())
    del data[field]
    with pytest.raises(LossAccError, match="the data of the ComparisonDiagnosis are damaged"):
        ComparisonDiagnosis.from_dict(data)


@pytest.mark.parametrize("kind", KINDS)
def test_print_is_10_to_20_aligned_lines(compared, kind):
    lines = str(compared(kind)).splitlines()
    assert 10 <= len(lines) <= 20
    assert max(map(len, lines)) <= 120
    assert lines[0].startswith("A vs B: 1,500 rows, 3 classes, 2 models")
    assert all(line[:12].strip() == "" or not line.startswith("    ") for line in lines)


def test_every_rule_is_judged_and_can_be_ignored(models):
    y, proba = models("disagree", 200)
    codes = [rule.code for rule in COMPARISON_RULES]
    assert codes == ["LA601", "LA602", "LA603", "LA604"]
    d = ComparisonDiagnosis.from_predictions(y, proba, ignore=["LA601", "LA604"])
    assert [finding.status for finding in d.findings if finding.code in ("LA601", "LA604")] == ["ignored"] * 2
    for finding in ComparisonDiagnosis.from_predictions(y, proba).findings:
        assert finding.url.endswith(f"/{finding.code}.html")
        assert finding.headline.endswith(".")
        assert (finding.advice != "") == (finding.status == "fired")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"alpha": 0}, "alpha must lie between 0 and 1"),
        ({"alpha": "x"}, "alpha must lie between 0 and 1"),
        ({"ignore": ["LA101"]}, r"unknown rules \['LA101'\]"),
        ({"ignore": "LA601"}, "got the text 'LA601'"),
        ({"reference": "Z"}, r"reference names no model: 'Z'; the models are \['A', 'B'\]"),
    ],
)
def test_wrong_options_are_refused(models, options, words):
    y, proba = models("equal", 50)
    with pytest.raises(LossAccError, match=words):
        ComparisonDiagnosis.from_predictions(y, proba, **options)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda d: d.difference("loss"), "measure must be one of"),
        (lambda d: d.difference("log_loss", ("B", "A")), r"pair must be one of \[\('A', 'B'\)\]"),
        (lambda d: d.samples(pair="AB"), "pair must be one of"),
        (lambda d: d.samples(-1), "number of rows"),
        (lambda d: d.samples(story="wrong"), "story must be one of"),
        (lambda d: d.frame("curve"), "table must be one of"),
    ],
)
def test_wrong_questions_are_refused(compared, ask, words):
    with pytest.raises(LossAccError, match=words):
        ask(compared("equal"))


def test_unknown_code():
    d = ComparisonDiagnosis.from_predictions([0, 1], {"A": [0.2, 0.8], "B": [0.3, 0.6]})
    with pytest.raises(KeyError):
        d["LA999"]


def test_one_model_is_refused():
    with pytest.raises(InvalidPredictionsError, match="at least two"):
        ComparisonDiagnosis.from_predictions([0, 1], {"A": [0.2, 0.8]})


@pytest.mark.parametrize("n", [1, 2, 4, 12])
def test_a_handful_of_rows_is_no_error(n):
    y, first, second = np.arange(n) % 2, np.linspace(0.1, 0.9, n), np.linspace(0.6, 0.3, n)
    d = ComparisonDiagnosis.from_predictions(y, {"A": first, "B": second})
    assert "LA601" not in {finding.code for finding in d.issues}
    assert str(d)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "k"), [(60, 2), (300, 3), (1500, 5)])
def test_equal_models_seldom_raise_an_alarm(models, n, k):
    runs, alarms, told = 200, 0, 0
    for seed in range(runs):
        y, proba = models("equal", n, k, seed)
        d = ComparisonDiagnosis.from_predictions(y, proba)
        alarms += any(d[code].status == "fired" for code in ("LA601", "LA602", "LA604"))
        told += d["LA603"].status == "passed"
    assert alarms <= 0.02 * runs
    assert told <= 0.12 * runs


def test_models_that_share_the_best_are_all_named():
    rng = np.random.default_rng(0)
    proba = rng.dirichlet(np.full(3, 0.4), 2000)
    y = (proba.cumsum(axis=1) < rng.random((2000, 1))).sum(axis=1).clip(max=2)
    blunt = proba**0.3 / (proba**0.3).sum(axis=1, keepdims=True)

    def said(models):
        return " ".join(str(ComparisonDiagnosis.from_predictions(y, models)).split())

    assert "B has the lowest log loss (" in said({"A": proba[:, ::-1], "B": proba, "C": blunt})
    assert "nats), B and C the highest accuracy (" in said({"A": proba[:, ::-1], "B": proba, "C": blunt})
    assert "B and C have the lowest log loss (" in said({"A": blunt, "B": proba, "C": proba})
    assert "B and C have the lowest log loss (" in said({"A": proba[:, ::-1], "B": proba, "C": proba})
    assert "nats) and the highest accuracy (" in said({"A": proba[:, ::-1], "B": proba, "C": proba})
