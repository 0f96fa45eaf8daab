"""What must hold for every calibrator: a new one is tested by adding it to the list."""

import json
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax
from sklearn.base import clone

from sklearn_lossacc._numerics import LOSS_CLIP
from sklearn_lossacc.calibration import (
    AutoCalibrator,
    BaseCalibrator,
    BetaCalibrator,
    DirichletCalibrator,
    EnsembleTemperatureCalibrator,
    HistogramCalibrator,
    IdentityCalibrator,
    IsotonicCalibrator,
    MatrixCalibrator,
    PriorShiftCalibrator,
    SigmoidCalibrator,
    SplineCalibrator,
    TemperatureCalibrator,
    VectorCalibrator,
    VennAbersCalibrator,
)
from sklearn_lossacc.exceptions import (
    ClassesMismatchError,
    InvalidFileError,
    InvalidPredictionsError,
    InvalidTargetError,
    InvalidWeightsError,
    LossAccError,
    NotProbabilitiesError,
)

CALIBRATORS = [
    IdentityCalibrator(),
    TemperatureCalibrator(),
    TemperatureCalibrator(floor=True),
    TemperatureCalibrator(cautious=True),
    TemperatureCalibrator(floor=True, cautious=True),
    VectorCalibrator(floor=True, cautious=True),
    IsotonicCalibrator(),
    IsotonicCalibrator(centered=False),
    SigmoidCalibrator(),
    BetaCalibrator(),
    BetaCalibrator(shape="quadratic"),
    EnsembleTemperatureCalibrator(),
    PriorShiftCalibrator(),
    VectorCalibrator(),
    VectorCalibrator(floor=True, strength=4.0),
    MatrixCalibrator(),
    DirichletCalibrator(),
    HistogramCalibrator(),
    HistogramCalibrator(strategy="uniform"),
    VennAbersCalibrator(),
    SplineCalibrator(),
    AutoCalibrator(),
]
LOGITS = [clone(calibrator).set_params(input="logits") for calibrator in CALIBRATORS]
NOT_PARAMETRIC = (AutoCalibrator, HistogramCalibrator, IsotonicCalibrator, VennAbersCalibrator)
every_calibrator = pytest.mark.parametrize("calibrator", CALIBRATORS, ids=repr)
every_calibrator_both_inputs = pytest.mark.parametrize("calibrator", CALIBRATORS + LOGITS, ids=repr)
ignore_outcomes = pytest.mark.filterwarnings("ignore::sklearn_lossacc.exceptions.CalibrationWarning")


def draw(n=400, k=3, seed=0):
    """Overconfident probabilities and labels; rounding makes ties."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=1.5, size=(n, k)).round(1)
    y = (logits + rng.gumbel(size=(n, k))).argmax(axis=1)
    y[rng.random(n) < 0.03] = 0
    return softmax(2 * logits, axis=1), y


def scores_for(calibrator, P):
    return np.log(P) if calibrator.input == "logits" else P


def loss(P, y, weight=None):
    return np.average(-np.log(np.maximum(P[np.arange(len(y)), y], LOSS_CLIP)), weights=weight)


def fitted(calibrator, *args, **kwargs):
    return clone(calibrator).fit(*args, **kwargs)


@every_calibrator_both_inputs
@pytest.mark.parametrize("k", [2, 3, 12])
def test_output_is_a_distribution_over_the_classes(calibrator, k):
    P, y = draw(k=k)
    X = scores_for(calibrator, P)
    model = fitted(calibrator, X, y)
    q = model.predict_proba(X)
    assert model.outcome_ == "converged"
    assert q.shape == (400, k)
    assert q.dtype == np.float64
    assert np.isfinite(q).all()
    assert q.min() > 0
    np.testing.assert_allclose(q.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_array_equal(model.predict(X), model.classes_[q.argmax(axis=1)])
    assert model.n_features_in_ == k


@every_calibrator_both_inputs
@pytest.mark.parametrize("k", [2, 4])
def test_weights_are_repetitions(calibrator, k):
    P, y = draw(k=k)
    X = scores_for(calibrator, P)
    copies = np.random.default_rng(1).integers(0, 4, len(y))
    weighted = fitted(calibrator, X, y, sample_weight=copies)
    repeated = fitted(calibrator, np.repeat(X, copies, axis=0), np.repeat(y, copies))
    np.testing.assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), rtol=1e-6)
    assert getattr(weighted, "choice_", None) == getattr(repeated, "choice_", None)


@every_calibrator
def test_copies_in_one_group_are_weights(calibrator):
    P, y = draw()
    copies = np.random.default_rng(1).integers(1, 4, len(y))
    group = np.arange(len(y))
    weighted = fitted(calibrator, P, y, sample_weight=copies, groups=group)
    repeated = fitted(calibrator, P.repeat(copies, axis=0), y.repeat(copies), groups=group.repeat(copies))
    np.testing.assert_allclose(weighted.predict_proba(P), repeated.predict_proba(P), rtol=1e-6)


@every_calibrator
def test_order_of_rows_means_nothing(calibrator):
    P, y = draw()
    order = np.random.default_rng(2).permutation(len(y))
    one, other = fitted(calibrator, P, y), fitted(calibrator, P[order], y[order])
    np.testing.assert_allclose(one.predict_proba(P), other.predict_proba(P), rtol=1e-7)


@every_calibrator
@pytest.mark.parametrize(
    "names",
    [
        np.array([10, 20, 30]),
        np.array([1, 2, 3]),
        np.array([-1, 0, 7]),
        np.array([0.0, 1.0, 2.0]),
        np.array(["ant", "bee", "cat"]),
        np.array(["ant", "bee", "cat"], dtype=object),
        pd.array(["ant", "bee", "cat"], dtype="string"),
        pd.Categorical(["ant", "bee", "cat"]),
    ],
    ids=lambda names: f"{names.dtype}:{names[0]}",
)
def test_labels_are_just_names(calibrator, names):
    P, y = draw()
    plain, named = fitted(calibrator, P, y), fitted(calibrator, P, names[y])
    np.testing.assert_array_equal(named.predict_proba(P), plain.predict_proba(P))
    assert named.classes_.tolist() == list(names)
    assert named.predict(P).tolist() == np.asarray(names)[plain.predict(P)].tolist()


@every_calibrator
def test_boolean_labels(calibrator):
    P, y = draw(k=2)
    plain, named = fitted(calibrator, P, y), fitted(calibrator, P, y.astype(bool))
    np.testing.assert_array_equal(named.predict_proba(P), plain.predict_proba(P))
    assert named.classes_.tolist() == [False, True]


@every_calibrator
def test_index_of_a_series_means_nothing(calibrator):
    P, y = draw()
    plain = fitted(calibrator, P, y)
    for index in (np.arange(len(y)) + 5000, np.random.default_rng(0).permutation(len(y)), [f"r{i}" for i in y]):
        series = fitted(calibrator, pd.DataFrame(P, index=index), pd.Series(y, index=index))
        np.testing.assert_array_equal(series.predict_proba(pd.DataFrame(P)), plain.predict_proba(P))


@every_calibrator
def test_order_of_classes_is_honoured(calibrator):
    P, y = draw()
    names = np.array(["b", "c", "a"])  # of columns 0, 1, 2: not sorted
    plain = fitted(calibrator, P, y)
    named = clone(calibrator).set_params(classes=names).fit(P, names[y])
    np.testing.assert_array_equal(named.predict_proba(P), plain.predict_proba(P))
    assert named.classes_.tolist() == ["b", "c", "a"]
    turned = clone(calibrator).set_params(classes=["a", "b", "c"]).fit(P[:, [2, 0, 1]], names[y])
    np.testing.assert_allclose(turned.predict_proba(P[:, [2, 0, 1]]), plain.predict_proba(P)[:, [2, 0, 1]], rtol=1e-6)


@every_calibrator
def test_columns_of_a_frame_name_the_classes(calibrator):
    P, y = draw()
    names = np.array(["b", "c", "a"])
    frame = pd.DataFrame(P, columns=names)
    named = fitted(calibrator, frame, names[y])
    np.testing.assert_array_equal(named.predict_proba(frame), fitted(calibrator, P, y).predict_proba(P))
    assert named.classes_.tolist() == named.feature_names_in_.tolist() == ["b", "c", "a"]
    with pytest.raises(ValueError, match="feature names"):
        named.predict_proba(frame[["a", "b", "c"]])


@every_calibrator_both_inputs
def test_binary_scores_of_the_second_class(calibrator):
    P, y = draw(k=2)
    two = np.log(P) if calibrator.input == "logits" else P
    one = two[:, 1] - two[:, 0] if calibrator.input == "logits" else P[:, 1]
    expected = fitted(calibrator, two, y).predict_proba(two)
    for X in (one, one[:, None], one.tolist()):
        model = fitted(calibrator, X, y)
        np.testing.assert_allclose(model.predict_proba(X), expected, rtol=1e-6)
        assert model.n_features_in_ == 1


@every_calibrator
def test_swapping_the_two_classes_swaps_the_columns(calibrator):
    P, y = draw(k=2)
    swapped = fitted(calibrator, P[:, ::-1], 1 - y).predict_proba(P[:, ::-1])
    np.testing.assert_allclose(swapped[:, ::-1], fitted(calibrator, P, y).predict_proba(P), rtol=1e-6)


@every_calibrator_both_inputs
def test_each_row_by_itself(calibrator):
    P, y = draw(n=300, k=4)
    X = scores_for(calibrator, P)
    model = fitted(calibrator, X, y)
    whole = model.predict_proba(X)
    np.testing.assert_allclose(np.concatenate([model.predict_proba(X[i : i + 7]) for i in range(0, 300, 7)]), whole)
    np.testing.assert_allclose(model.predict_proba(X[::-1])[::-1], whole)


@every_calibrator
def test_fitting_twice_gives_the_same(calibrator):
    P, y = draw()
    model = fitted(calibrator, P, y)
    first = model.predict_proba(P)
    fitted_on_others = model.fit(*draw(seed=5))
    np.testing.assert_array_equal(fitted_on_others.fit(P, y).predict_proba(P), first)


@every_calibrator_both_inputs
def test_inputs_are_left_alone(calibrator, tmp_path):
    P, y = draw()
    X, weight = scores_for(calibrator, P), np.ones(len(y))
    expected = fitted(calibrator, X.copy(), y.copy()).predict_proba(X.copy())
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    for array in (y, weight):
        array.setflags(write=False)
    for scores in (mapped, X):
        model = fitted(calibrator, scores, y, sample_weight=weight)
        np.testing.assert_array_equal(model.predict_proba(scores), expected)
        np.testing.assert_array_equal(scores, scores_for(calibrator, draw()[0]))


@every_calibrator
def test_lists_are_arrays(calibrator):
    P, y = draw(n=60)
    weight, groups = np.linspace(1, 2, 60), np.arange(60) // 2
    lists = fitted(calibrator, P.tolist(), y.tolist(), sample_weight=weight.tolist(), groups=groups.tolist())
    model = fitted(calibrator, P, y, sample_weight=weight, groups=groups)
    np.testing.assert_array_equal(lists.predict_proba(P.tolist()), model.predict_proba(P))


@every_calibrator
def test_nothing_outside_changes(calibrator):
    P, y = draw(n=60)
    filters = list(warnings.filters)
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    first = fitted(calibrator, P, y).predict_proba(P)
    assert warnings.filters == filters
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002
    np.random.seed(7)  # noqa: NPY002
    np.testing.assert_array_equal(fitted(calibrator, P, y).predict_proba(P), first)


@every_calibrator
def test_scores_of_one_class_do_not_do_for_three(calibrator):
    P, y = draw()
    with pytest.raises(ClassesMismatchError):
        fitted(calibrator, P[:, 1], y)


@pytest.mark.parametrize("calibrator", [one for one in CALIBRATORS if not isinstance(one, NOT_PARAMETRIC)], ids=repr)
@ignore_outcomes
def test_never_worse_than_the_identity_on_its_own_rows(calibrator):
    for seed in range(30):
        rng = np.random.default_rng(seed)
        n, k = int(rng.integers(1, 40)), int(rng.integers(2, 6))
        P = rng.dirichlet(np.full(k, 0.3), size=n) + 1e-12
        P /= P.sum(axis=1, keepdims=True)
        y, weight = rng.integers(0, k, n), rng.gamma(1.0, size=n)
        q = clone(calibrator).fit(P, y, sample_weight=weight).predict_proba(P)
        assert loss(q, y, weight) <= loss(P, y, weight) * (1 + 1e-9) + 1e-12


@every_calibrator_both_inputs
def test_calibration_pays_out_of_sample(calibrator):
    P, y = draw(n=3000)
    fresh, labels = draw(n=3000, seed=1)
    X, new = scores_for(calibrator, P), scores_for(calibrator, fresh)
    gain = loss(fresh, labels) - loss(fitted(calibrator, X, y).predict_proba(new), labels)
    if isinstance(calibrator, IdentityCalibrator | PriorShiftCalibrator):  # nothing has shifted
        assert abs(gain) < 1e-12
    else:
        # bins throw the differences within them away
        assert gain > (0.12 if isinstance(calibrator, HistogramCalibrator) else 0.15)


probabilities = arrays(np.float64, (12, 3), elements=st.floats(0, 1)).filter(lambda P: P.sum(axis=1).min() > 1e-300)


@every_calibrator_both_inputs
@settings(max_examples=40, deadline=None)
@given(
    P=probabilities,
    y=arrays(np.int64, 12, elements=st.integers(0, 2)),
    weight=arrays(np.float64, 12, elements=st.floats(0, 9)),
)
@ignore_outcomes
@pytest.mark.filterwarnings("ignore:sample_weight sums to")
def test_never_nan_never_zero_whatever_comes(calibrator, P, y, weight):
    P = P / P.sum(axis=1, keepdims=True)
    weight[0] = 1.0
    with np.errstate(divide="ignore"):
        X = np.maximum(np.log(P), -700) if calibrator.input == "logits" else P
    q = fitted(calibrator, X, y, sample_weight=weight).predict_proba(X)
    assert np.isfinite(q).all()
    np.testing.assert_allclose(q.sum(axis=1), 1, rtol=1e-9)
    keeps_zeros = calibrator.input == "proba" and isinstance(calibrator, IdentityCalibrator | AutoCalibrator)
    assert (q > 0).all() if not keeps_zeros else ((q > 0) | (P == 0)).all()


@every_calibrator
@ignore_outcomes
def test_class_without_rows_is_never_impossible(calibrator):
    P, y = draw(k=4)
    kept = y != 2
    model = fitted(calibrator, P[kept], y[kept])
    assert model.outcome_ == ("converged" if isinstance(calibrator, IdentityCalibrator) else "missing_class")
    q = model.predict_proba(P)
    assert q[:, 2].min() > 0
    assert q[:, 2].mean() <= P[:, 2].mean() * 1.2
    np.testing.assert_allclose(q.sum(axis=1), 1)


@every_calibrator_both_inputs
@pytest.mark.parametrize("names", [np.array([0, 1, 2]), np.array(["ant", "bee", "cat"])], ids=str)
def test_plain_numbers_and_back(calibrator, names):
    P, y = draw()
    X = pd.DataFrame(scores_for(calibrator, P), columns=["x", "y", "z"])
    model = clone(calibrator).set_params(classes=names).fit(X, names[y])
    restored = BaseCalibrator.from_dict(json.loads(json.dumps(model.to_dict())))
    assert type(restored) is type(model)
    np.testing.assert_array_equal(restored.predict_proba(X), model.predict_proba(X))
    assert restored.predict(X).tolist() == model.predict(X).tolist()
    assert repr(restored.get_params()) == repr(model.get_params())
    assert vars(restored).keys() == vars(model).keys()
    assert restored.to_dict() == model.to_dict()
    assert type(model).from_dict(model.to_dict()).outcome_ == model.outcome_


@every_calibrator
def test_parameters_that_came_from_arrays_are_plain_numbers(calibrator):
    """As a search over ``np.arange(5, 20)`` or ``np.array([True, False])`` sets them."""
    P, y = draw()
    params = {name: np.asarray(value)[()] for name, value in calibrator.get_params().items() if value is not None}
    model = clone(calibrator).set_params(**params).fit(P, y)
    restored = BaseCalibrator.from_dict(json.loads(json.dumps(model.to_dict())))
    np.testing.assert_array_equal(restored.predict_proba(P), model.predict_proba(P))


@pytest.mark.parametrize("calibrator", [one for one in CALIBRATORS if "n_jobs" in one.get_params()], ids=repr)
@pytest.mark.parametrize("k", [2, 40])
def test_jobs_change_nothing(calibrator, k):
    P, y = draw(k=k)
    one, two = fitted(calibrator, P, y), clone(calibrator).set_params(n_jobs=2).fit(P, y)
    np.testing.assert_array_equal(one.predict_proba(P), two.predict_proba(P))


@every_calibrator
def test_pickle(calibrator):
    P, y = draw()
    model = fitted(calibrator, P, y)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(P), model.predict_proba(P))


@every_calibrator
def test_dicts_of_others_are_refused(calibrator):
    P, y = draw()
    data = fitted(calibrator, P, y).to_dict()
    for wrong in ({}, None, data | {"schema": 99}, data | {"format": "x"}, data | {"type": "LogisticRegression"}):
        with pytest.raises(InvalidFileError):
            type(calibrator).from_dict(wrong)
    other = IsotonicCalibrator if not isinstance(calibrator, IsotonicCalibrator) else TemperatureCalibrator
    with pytest.raises(InvalidFileError, match=other.__name__):
        other.from_dict(data)


def damaged(data):
    """Yield what `to_dict` never writes."""
    for key in data:
        yield {name: value for name, value in data.items() if name != key}
    for key, value in (
        ("params", {"nonsense": 1}),
        ("classes", [0, 1, 2]),
        ("classes", {"dtype": "<i8", "values": [0, 1]}),
        ("n_features_in", 4),
        ("outcome", "splendid"),
    ):
        yield data | {key: value}
    for key in data["state"]:
        yield data | {"state": {name: value for name, value in data["state"].items() if name != key}}


@every_calibrator
def test_damaged_dicts_are_refused(calibrator):
    P, y = draw()
    data = fitted(calibrator, P, y).to_dict()
    for wrong in damaged(data):
        with pytest.raises(InvalidFileError):
            BaseCalibrator.from_dict(json.loads(json.dumps(wrong)))


def lists_of_numbers(data):
    """Yield the lists of numbers of a dict, wherever they stand."""
    for value in data.values() if isinstance(data, dict) else data:
        if isinstance(value, list) and value and isinstance(value[0], float):
            yield value
        elif isinstance(value, dict | list):
            yield from lists_of_numbers(value)


@every_calibrator
@pytest.mark.parametrize("wrong", [None, "x", float("nan"), float("inf"), {}], ids=str)
def test_damaged_numbers_are_refused(calibrator, wrong):
    """Also those that no row of equal probabilities comes across."""
    P, y = draw()
    data = fitted(calibrator, P, y).to_dict()
    n_lists = len(list(lists_of_numbers(data["state"].get("calibrator", data)["state"])))
    for place in range(n_lists):
        for entry in (0, -1):
            copy = json.loads(json.dumps(data))
            list(lists_of_numbers(copy["state"].get("calibrator", copy)["state"]))[place][entry] = wrong
            with pytest.raises(InvalidFileError, match="damaged"):
                BaseCalibrator.from_dict(copy)


def lists_within(data, place=()):
    """Yield the places of all lists, those within lists as well."""
    if isinstance(data, list) and data:
        yield place
    for key, part in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from lists_within(part, (*place, key))


@pytest.mark.parametrize("calibrator", [*CALIBRATORS, PriorShiftCalibrator(target_prior=[3, 2, 1])], ids=repr)
@pytest.mark.parametrize("k", [2, 3])
@ignore_outcomes
def test_lists_that_lack_an_entry_are_refused(calibrator, k):
    """No list of any calibrator is right without its first or its last entry."""
    P, y = draw(k=k)
    if calibrator.get_params().get("target_prior"):
        calibrator = clone(calibrator).set_params(target_prior=np.arange(1, k + 1))
    X = pd.DataFrame(P, columns=[f"class {place}" for place in range(k)])
    calibrator = clone(calibrator).set_params(classes=np.arange(k))
    for labels in (y, np.full(len(y), 1), P.argmax(axis=1), P.argmin(axis=1)):  # these leave other lists
        data = fitted(calibrator, X, labels).to_dict()
        places = list(lists_within(data))
        assert ("classes", "values") in places
        assert ("feature_names_in",) in places
        for place in places:
            for entry in (0, -1):
                copy = json.loads(json.dumps(data))
                holder = copy
                for key in place:
                    holder = holder[key]
                del holder[entry]
                with pytest.raises(InvalidFileError, match=f"the data of the {type(calibrator).__name__} are damaged"):
                    BaseCalibrator.from_dict(copy)


@pytest.mark.parametrize("kind", [IsotonicCalibrator, HistogramCalibrator, VennAbersCalibrator])
def test_places_out_of_order_are_refused(kind):
    P, y = draw()
    data = kind().fit(P, y).to_dict()
    places = data["state"]["maps"][1]["knots" if kind is IsotonicCalibrator else "edges"]
    places[0], places[-1] = places[-1], places[0]
    with pytest.raises(InvalidFileError, match="rising order"):
        kind.from_dict(data)


@pytest.mark.parametrize("wrong", [-0.5, 0.0])
@pytest.mark.parametrize(
    ("kind", "name"), [(HistogramCalibrator, "values"), (VennAbersCalibrator, "upper")], ids=["histogram", "venn-abers"]
)
def test_steps_that_are_no_probabilities_are_refused(kind, name, wrong):
    """Wherever they stand: equal and sure probabilities come across few of them."""
    P, y = draw(k=2)
    data = kind().fit(P, y).to_dict()
    for place in range(len(data["state"]["maps"][0][name])):
        copy = json.loads(json.dumps(data))
        copy["state"]["maps"][0][name][place] = wrong
        with pytest.raises(InvalidFileError, match="damaged"):
            BaseCalibrator.from_dict(copy)


def test_numbers_that_give_no_distribution_are_refused():
    P, y = draw()
    data = TemperatureCalibrator().fit(P, y).to_dict()
    for beta in (float("nan"), "1"):
        with pytest.raises(InvalidFileError, match="TemperatureCalibrator are damaged"):
            BaseCalibrator.from_dict(data | {"state": data["state"] | {"inverse_temperature": beta}})


@every_calibrator
def test_errors_name_the_arguments_and_a_failed_fit_changes_nothing(calibrator):
    P, y = draw()
    model = fitted(calibrator, P, y)
    before = model.predict_proba(P)
    nan = P.copy()
    nan[7, 1] = np.nan
    for X, labels, keywords, words in (
        (nan, y, {}, "^X has 1 NaN .* row 7"),
        (P[:, 1], y, {}, "^y has 3 distinct labels, X has 2 columns"),
        (P, y[:-1], {}, "^y has 399 rows, X has 400"),
        (P, y, {"sample_weight": np.ones(3)}, "^sample_weight has 3 rows, X has 400"),
        (P, y, {"groups": np.ones(3)}, "^groups has 3 rows, X has 400"),
    ):
        with pytest.raises(LossAccError, match=words):
            model.fit(X, labels, **keywords)
        np.testing.assert_array_equal(model.predict_proba(P), before)
    for X, words in ((nan, "^X has 1 NaN .* row 7"), (P[:, :2], "^X has 2 features"), (np.log(P), "^X has negative")):
        with pytest.raises(InvalidPredictionsError, match=words):
            model.predict_proba(X)


@every_calibrator
def test_bad_input_is_refused(calibrator):
    P, y = draw()
    model = clone(calibrator)
    nan, negative = P.copy(), P.copy()
    nan[7, 1] = np.nan
    negative[5] = [-0.1, 0.5, 0.6]
    for X, error, words in (
        (nan, InvalidPredictionsError, "row 7"),
        (negative, NotProbabilitiesError, "row 5"),
        (np.log(P), NotProbabilitiesError, "input='logits'"),
        (2 * P, NotProbabilitiesError, "row 0"),
    ):
        with pytest.raises(error, match=words):
            model.fit(X, y)
        with pytest.raises(InvalidPredictionsError, match=words):
            fitted(calibrator, P, y).predict_proba(X)
    with pytest.raises(InvalidPredictionsError, match="no rows"):
        fitted(calibrator, P, y).predict_proba(P[:0])
    with pytest.raises(ClassesMismatchError):
        model.fit(P, np.r_[9, y[1:]])
    with pytest.raises(ClassesMismatchError):
        clone(calibrator).set_params(classes=["a", "b"]).fit(P, y)
    with pytest.raises(InvalidTargetError):
        model.fit(P, y[:-1])
    with pytest.raises(InvalidTargetError):
        model.fit(P, None)
    with pytest.raises(InvalidWeightsError):
        model.fit(P, y, sample_weight=-np.ones(len(y)))
    with pytest.raises(ValueError, match="input"):
        clone(calibrator).set_params(input="auto").fit(P, y)
    with pytest.raises(ValueError, match="features"):
        fitted(calibrator, P, y).predict_proba(P[:, :2])
