"""Laws of a comparison: what may not change it, and what must turn its sign."""

import numpy as np
import pytest
from scipy.special import softmax

from sklearn_lossacc.findings.comparison import ComparisonDiagnosis

NUMBERS = ("value", "low", "high", "p_value", "p_holm")
N = 360


def data(seed=0, k=3):
    rng = np.random.default_rng(seed)
    odds = 1.5 * rng.normal(size=(N, k))
    y = (softmax(odds, axis=1).cumsum(axis=1) < rng.random((N, 1))).sum(axis=1).clip(0, k - 1)
    models = {
        "A": softmax(2.2 * odds, axis=1),
        "B": softmax(0.8 * odds + rng.normal(size=odds.shape), axis=1),
    }
    return y, models


DESIGNS = {
    "plain": lambda: {},
    "weights": lambda: {"sample_weight": np.random.default_rng(1).exponential(size=N)},
    "groups": lambda: {"groups": np.random.default_rng(2).integers(0, 90, N)},
    "both": lambda: {**DESIGNS["weights"](), **DESIGNS["groups"]()},
}


@pytest.fixture(params=list(DESIGNS))
def design(request):
    return DESIGNS[request.param]()


def compare(y, models, **options):
    return ComparisonDiagnosis.from_predictions(y, models, **options)


def assert_same(one, other, sign=1.0, tolerance=1e-7, p_tolerance=5e-3):
    for table in ("differences", "stories", "mechanisms"):
        assert len(one.tables[table]["first"]) == len(other.tables[table]["first"])
    a, b = one.tables["differences"], other.tables["differences"]
    np.testing.assert_allclose(np.array(a["value"]), sign * np.array(b["value"]), atol=tolerance)
    low, high = ("low", "high") if sign > 0 else ("high", "low")
    np.testing.assert_allclose(a["low"], sign * np.array(b[low]), atol=1e-4)
    np.testing.assert_allclose(a["high"], sign * np.array(b[high]), atol=1e-4)
    np.testing.assert_allclose(a["p_value"], b["p_value"], atol=p_tolerance)
    assert [f.status for f in one.findings] == [f.status for f in other.findings]


def test_a_model_does_not_differ_from_itself(design):
    y, models = data()
    d = compare(y, {"A": models["A"], "B": models["A"].copy()}, **design)
    table = d.tables["differences"]
    assert set(table["value"]) == {0.0}
    assert set(table["p_value"]) == {1.0}
    assert [finding.code for finding in d.issues] == ["LA603"]


def test_exchanging_the_models_turns_every_sign(design):
    y, models = data()
    one = compare(y, models, **design)
    other = compare(y, {"B": models["B"], "A": models["A"]}, **design)
    assert_same(one, other, sign=-1.0, tolerance=1e-12, p_tolerance=1e-12)
    for finding, turned in zip(one.findings, other.findings, strict=True):
        assert finding.p_value == pytest.approx(turned.p_value)
        if finding.code != "LA602" and finding.value is not None:
            assert finding.value == pytest.approx(-turned.value, abs=1e-12)
    table, turned = one.tables["stories"], other.tables["stories"]
    np.testing.assert_allclose(table["contribution"], -np.array(turned["contribution"])[[0, 2, 1, 3]], atol=1e-12)
    assert one["LA602"].value == other["LA602"].value


def test_the_order_of_the_rows_does_not_matter(design):
    y, models = data()
    order = np.random.default_rng(3).permutation(N)
    shuffled = {name: values[order] for name, values in design.items()}
    other = compare(y[order], {name: proba[order] for name, proba in models.items()}, **shuffled)
    one = compare(y, models, **design)
    assert_same(one, other)
    assert sorted(order[other.samples(30)["index"]]) == sorted(one.samples(30)["index"])


def test_names_of_models_labels_and_groups_do_not_matter(design):
    y, models = data()
    named = dict(design)
    if "groups" in named:
        named["groups"] = np.array([f"site {(7 * code) % 90:03d}" for code in named["groups"]])
    other = compare(
        np.array(["x", "y", "z"])[y],
        {"first net": models["A"], "second net": models["B"]},
        classes=["x", "y", "z"],
        **named,
    )
    assert_same(compare(y, models, **design), other)
    assert set(other.samples(40)["y_true"]) <= {"x", "y", "z"}


def test_no_digit_depends_on_the_names_of_groups():
    y, models = data()
    groups = DESIGNS["groups"]()["groups"]
    names = np.array([f"site {(7 * code) % 90:03d}" for code in groups])
    assert compare(y, models, groups=groups).to_dict() == compare(y, models, groups=names).to_dict()


@pytest.mark.parametrize("k", [4, 9])
def test_a_model_with_its_columns_in_another_order_is_the_same(k, design):
    y, models = data(k=k)
    turned = np.random.default_rng(7).permutation(k)
    d = compare(
        y,
        {"A": models["A"], "B": models["A"][:, turned]},
        classes={"A": np.arange(k), "B": turned},
        **design,
    )
    assert set(d.tables["differences"]["method"]) == {"equal on every row"}


def test_the_order_of_the_columns_does_not_matter():
    y, models = data()
    other = compare(y, {name: proba[:, [2, 0, 1]] for name, proba in models.items()}, classes=[2, 0, 1])
    assert_same(compare(y, models), other)


def test_logits_and_probabilities_are_the_same():
    y, models = data()
    other = compare(y, {"A": np.log(models["A"]) + 3.0, "B": models["B"]}, input={"A": "logits", "B": "proba"})
    assert_same(compare(y, models), other)


def test_one_column_stands_for_two():
    y, models = data(k=2)
    other = compare(y, {name: proba[:, 1] for name, proba in models.items()})
    assert_same(compare(y, models), other)


def test_a_weight_is_the_row_repeated_in_values():
    y, models = data()
    weight = np.random.default_rng(4).integers(0, 4, N)
    weighted = compare(y, models, sample_weight=weight)
    repeated = compare(np.repeat(y, weight), {name: np.repeat(p, weight, axis=0) for name, p in models.items()})
    np.testing.assert_allclose(
        weighted.tables["differences"]["value"], repeated.tables["differences"]["value"], atol=1e-9
    )
    np.testing.assert_allclose(
        weighted.tables["stories"]["contribution"], repeated.tables["stories"]["contribution"], atol=1e-9
    )
    assert weighted.description["n_samples"] == np.count_nonzero(weight)


def test_copies_in_groups_are_weighted_rows():
    y, models = data()
    copies = np.random.default_rng(5).integers(1, 4, N)
    weighted = compare(y, models, sample_weight=copies)
    grouped = compare(
        np.repeat(y, copies),
        {name: np.repeat(p, copies, axis=0) for name, p in models.items()},
        groups=np.repeat(np.arange(N), copies),
    )
    a, b = weighted.tables["differences"], grouped.tables["differences"]
    for measure, one, other in zip(
        a["measure"], zip(a["low"], a["high"], strict=True), zip(b["low"], b["high"], strict=True), strict=True
    ):
        assert one == pytest.approx(other, abs=2e-3 if measure == "accuracy" else 1e-6)
    np.testing.assert_allclose(a["p_value"], b["p_value"], atol=0.03)


def test_rows_of_weight_0_do_not_matter():
    y, models = data()
    weight = np.r_[np.ones(N), np.zeros(20)]
    padded = {name: np.r_[proba, np.roll(proba[:20], 1, axis=1)] for name, proba in models.items()}
    assert_same(compare(y, models), compare(np.r_[y, y[:20]], padded, sample_weight=weight))


def test_all_weights_may_be_multiplied():
    y, models = data()
    weight = np.random.default_rng(6).exponential(size=N)
    assert_same(compare(y, models, sample_weight=weight), compare(y, models, sample_weight=7 * weight))


def test_it_is_repeatable_and_the_seed_matters_little():
    y, models = data()
    assert compare(y, models).to_dict() == compare(y, models).to_dict()
    a, b = compare(y, models), compare(y, models, random_state=1)
    np.testing.assert_array_equal(a.tables["differences"]["value"], b.tables["differences"]["value"])
    np.testing.assert_allclose(a.tables["differences"]["p_value"], b.tables["differences"]["p_value"], atol=0.03)


def test_a_temperature_moves_the_calibration_alone():
    y, models = data()
    sharper = models["B"] ** 1.7
    tempered = {"A": models["A"], "B": sharper / sharper.sum(axis=1, keepdims=True)}
    one, other = compare(y, models), compare(y, tempered)
    for measure in ("refinement_loss", "accuracy"):
        assert one.difference(measure).value == pytest.approx(other.difference(measure).value, abs=1e-7)
    assert one.difference("calibration_loss").value != pytest.approx(
        other.difference("calibration_loss").value, abs=0.01
    )
