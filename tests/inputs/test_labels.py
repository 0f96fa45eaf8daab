"""Labels find their columns by the published rules, or a typed error says why not."""

import numpy as np
import pandas as pd
import pytest

from sklearn_lossacc.exceptions import ClassesMismatchError, InvalidTargetError
from sklearn_lossacc.inputs.labels import check_target, match_classes


def match(y_true, n_columns, **keywords):
    y, classes = match_classes(y_true, n_columns, **keywords)
    assert y.dtype == np.intp
    return y.tolist(), classes.tolist()


@pytest.mark.parametrize(
    ("y_true", "n_columns", "expected"),
    [
        ([0, 1, 2], 3, ([0, 1, 2], [0, 1, 2])),
        ([0, 2, 2], 3, ([0, 2, 2], [0, 1, 2])),
        ([1, 1], 2, ([1, 1], [0, 1])),
        ([1, 2, 3], 3, ([0, 1, 2], [1, 2, 3])),
        ([1, 2, 3], 4, ([1, 2, 3], [0, 1, 2, 3])),
        ([-1, 1], 2, ([0, 1], [-1, 1])),
        ([30, 10, 20], 3, ([2, 0, 1], [10, 20, 30])),
        ([10**15, 5], 2, ([1, 0], [5, 10**15])),
        ([0.0, 2.0], 3, ([0, 2], [0, 1, 2])),
        ([3.0, 1.0], 2, ([1, 0], [1, 3])),
        (["b", "a"], 2, ([1, 0], ["a", "b"])),
        ([b"b", b"a"], 2, ([1, 0], [b"a", b"b"])),
        ([False, True, True], 2, ([0, 1, 1], [False, True])),
        ([True, True], 2, ([1, 1], [False, True])),
        (np.array([0, 1], dtype=np.uint8), 2, ([0, 1], [0, 1])),
        (np.array([0, 1], dtype=object), 3, ([0, 1], [0, 1, 2])),
        (np.array([1.0, 2.0], dtype=object), 2, ([0, 1], [1, 2])),
        (np.array([2**63 + 1, 5], dtype=np.uint64), 2, ([1, 0], [5, 2**63 + 1])),
        (np.array([0, 1], dtype=">i4"), 2, ([0, 1], [0, 1])),
        (np.array([1.0, 2.0], dtype=np.float16), 2, ([0, 1], [1, 2])),
        (pd.Series([1, 0], index=[5, 9]), 2, ([1, 0], [0, 1])),
        (pd.Series(["y", "x"], dtype="category"), 2, ([1, 0], ["x", "y"])),
        (pd.Categorical(["low", "high"], categories=["low", "high"], ordered=True), 2, ([1, 0], ["high", "low"])),
        (pd.array([1, 0], dtype="Int64"), 2, ([1, 0], [0, 1])),
        (pd.array([True, False], dtype="boolean"), 2, ([1, 0], [False, True])),
        (pd.Series(["x", "y"], dtype="string"), 2, ([0, 1], ["x", "y"])),
    ],
)
def test_without_classes(y_true, n_columns, expected):
    assert match(y_true, n_columns) == expected


@pytest.mark.parametrize(
    ("y_true", "classes", "expected"),
    [
        (["dog", "cat"], ["dog", "cat"], [0, 1]),
        (["dog", "dog"], ["eel", "dog", "cat"], [1, 1]),
        ([0, 1, 2], [2, 1, 0], [2, 1, 0]),
        ([0, 1, 2], [0, 1, 2], [0, 1, 2]),
        ([0, 1], np.array([0, 1], dtype=np.uint8), [0, 1]),
        ([10, 2], ["10", 10, 2], [1, 2]),
        ([1, "a"], ["a", 1], [1, 0]),
        ([0.5, 1.5], [1.5, 0.5], [1, 0]),
        ([1, 2], [2.0, 1.0], [1, 0]),
        ([True, False], [True, False], [0, 1]),
        ([True, False], [0, 1], [1, 0]),
        (pd.Series(["a", "b"]), pd.Index(["b", "a"]), [1, 0]),
    ],
)
def test_the_order_of_classes_is_honoured(y_true, classes, expected):
    y, found = match(y_true, len(classes), classes=classes)
    assert y == expected
    assert found == list(classes)


def test_classes_keep_their_dtype():
    given = np.array([0, 1], dtype=np.uint8)
    assert match_classes([0, 1], 2, classes=given)[1] is given
    assert match_classes(["a", "b"], 2, classes=["a", "b"])[1].dtype.kind == "U"
    assert match_classes(np.array(["a", "b"], dtype=object), 2)[1].dtype.kind == "U"


@pytest.mark.parametrize(
    ("y_true", "names", "expected"),
    [
        (["a", "b"], ["b", "a"], ([1, 0], ["b", "a"])),
        (["a", "a"], ["c", "a"], ([1, 1], ["c", "a"])),
        ([1, 0], [0, 1], ([1, 0], [0, 1])),
        ([1, 0], [1, 0], ([0, 1], [1, 0])),
        ([1, 2], [0, 1], ([0, 1], [1, 2])),
        ([0, 1], ["neg", "pos"], ([0, 1], [0, 1])),
        ([0, 1], ["0", "1"], ([0, 1], [0, 1])),
        (["a", "b"], ["p_a", "p_b"], ([0, 1], ["a", "b"])),
        (["a", "b"], ["x", "y"], ([0, 1], ["a", "b"])),
        ([1, 2, 3], [2, 3, 4], ([0, 1, 2], [1, 2, 3])),
    ],
)
def test_column_names(y_true, names, expected):
    assert match(y_true, len(names), column_names=names) == expected


@pytest.mark.parametrize(
    ("y_true", "name"), [(["no", "yes"], "yes"), (["no", "yes"], "score"), (["no", "yes"], "casino"), ([0, 1], "0")]
)
def test_name_of_one_column(y_true, name):
    assert match(y_true, 2, column_names=[name]) == ([0, 1], sorted(y_true))


def test_classes_go_before_the_name_of_one_column():
    assert match(["no", "yes"], 2, classes=["yes", "no"], column_names=["no"]) == ([1, 0], ["yes", "no"])


def test_classes_go_before_column_names():
    assert match(["a", "b"], 2, classes=["a", "b"], column_names=["b", "a"]) == ([0, 1], ["a", "b"])


def test_integer_codes_are_referenced_not_copied():
    y = np.array([0, 1, 2])
    assert match_classes(y, 3)[0] is y
    assert match_classes(y, 3, classes=[0, 1, 2])[0] is y
    assert np.shares_memory(match_classes(pd.Series(y, copy=False), 3)[0], y)


def test_the_labels_are_left_alone():
    for y in (np.array([3, 1]), np.array(["b", "a"]), np.array([2.0, 1.0]), np.array([True, False])):
        before = y.copy()
        match_classes(y, 2)
        match_classes(y, 2, classes=before[::-1])
        assert np.array_equal(y, before)


@pytest.mark.parametrize(
    ("y_true", "n_columns", "keywords", "message"),
    [
        ([0, 1, 2, 7], 3, {}, r"4 distinct labels, y_proba has 3 columns.*\[0, 1, 2, 7\].*\[0, 1, 2\]"),
        ([1, 4], 3, {}, r"2 distinct labels.*\[1, 4\]"),
        (["a", "b"], 3, {}, r"2 distinct labels.*\['a', 'b'\].*\[0, 1, 2\]"),
        (["a", "b", "c"], 2, {}, "3 distinct labels"),
        (["a", "a"], 2, {}, "1 distinct labels"),
        ([True, False], 3, {}, "2 distinct labels"),
        ([0, 7, 1, 7], 2, {"classes": [0, 1]}, r"no column has: \[7\] in 2 rows, the first is row 1.*\[0, 1\]"),
        ([0, 1], 2, {"classes": ["0", "1"]}, r"no column has: \[0, 1\].*\['0', '1'\]"),
        ([0, 1], 3, {"classes": [0, 1]}, "classes has 2 labels, y_proba has 3 columns"),
        ([0, 1], 2, {"classes": [0, 0]}, "classes names 0 more than once"),
        ([0, 1], 2, {"classes": [1, 1.0]}, "more than once"),
        ([0, 1], 2, {"classes": [0, None]}, "classes lacks the label"),
        ([0, 1], 2, {"classes": [0, np.nan]}, "classes lacks the label"),
        ([0, 1], 2, {"classes": ["a", pd.NA]}, "classes lacks the label"),
        ([0, 1], 2, {"classes": [{0}, {1}]}, "cannot be compared"),
        ([0, 1], 2, {"classes": [[0, 1]]}, "one label a column"),
        ([0, 1], 2, {"classes": "01"}, "is the text .01.; pass an array"),
        (["a", "b"], 3, {"column_names": ["a", "b", "a"]}, "more than one column of y_proba is named .a."),
        ([10, 2], 2, {"column_names": ["10", "2"]}, "another order"),
        (["1", "10", "2"], 3, {"column_names": [1, 2, 10]}, "another order"),
        (["a", "b"], 2, {"column_names": ["p_b", "p_a"]}, "another order"),
        ([0, 1, 2], 3, {"column_names": ["class 2 (%)", "class 0 (%)", "class 1 (%)"]}, "another order"),
        (["a", "b", "c"], 3, {"column_names": ["a", "b", "b"]}, "more than one column of y_proba is named .b."),
        (["no", "yes"], 2, {"column_names": ["no"]}, "like the first of the classes"),
        (["no", "yes"], 2, {"column_names": ["p_no"]}, "like the first of the classes"),
    ],
)
def test_mismatches(y_true, n_columns, keywords, message):
    with pytest.raises(ClassesMismatchError, match=message):
        match_classes(y_true, n_columns, **keywords)


@pytest.mark.parametrize(
    ("y_true", "message"),
    [
        ([], "y_true has no rows"),
        ([0, np.nan, 1, np.nan], "no label .* in 2 rows, the first is row 1"),
        ([0, None], "no label .* in 1 row, the first is row 1"),
        (["a", None], "no label .* in 1 row, the first is row 1"),
        (["a", np.nan], "no label"),
        (["a", pd.NaT], "no label"),
        (pd.array([0, None], dtype="Int64"), "no label"),
        (pd.Series(["a", None], dtype="category"), "no label"),
        (pd.Series(["a", None], dtype="string"), "no label"),
        ([0.0, np.inf], "infinite in 1 row, the first is row 1"),
        ([0.0, 0.25, 1.5], r"continuous: 0.25 in row 1"),
        ([1, 2.5], "continuous: 2.5 in row 1"),
        (np.array([1, 2.5], dtype=object), "continuous: 2.5 in row 1"),
        ([1e300, 0.0], "continuous"),
        (["a", 1], r"no common order: \['a', 1\]"),
        ([(0, 1), (1, 0)], "tuples"),
        ([{0}, {1}], "cannot be compared"),
        (np.eye(2), "one-hot"),
        (np.array([1j, 2j]), "complex"),
        ("ab", "is the text .ab.; pass an array"),
        (None, "y_true is None"),
    ],
)
def test_targets_that_are_no_labels(y_true, message):
    with pytest.raises(InvalidTargetError, match=message):
        match_classes(y_true, 2)


@pytest.mark.parametrize("k", [3, 4])
@pytest.mark.parametrize("kind", [np.int64, np.float32, list])
def test_rows_that_pytorch_ignores_are_no_class(k, kind):
    labels = np.array([0, -100, 1, -100, 2])  # with four columns these would be four sorted classes
    y = labels.tolist() if kind is list else labels.astype(kind)
    with pytest.raises(InvalidTargetError, match=r"-100, which PyTorch .* in 2 rows, the first is row 1; leave these"):
        match_classes(y, k)
    assert match_classes(labels, 4, classes=[-100, 0, 1, 2])[0].tolist() == [1, 0, 2, 0, 3]


def test_negative_labels_beside_it_are_labels():
    assert match_classes([-100, -1, 5], 3)[0].tolist() == [0, 1, 2]
    assert match_classes([-1, 1], 2)[0].tolist() == [0, 1]


def test_check_target_returns_what_needs_no_change():
    for y in (np.array([0, 1]), np.array(["a"]), np.array([0.5])):
        assert check_target(y) is y


def test_many_rows_in_many_ways_give_the_same_columns():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 5, 70_000)
    names = np.array(["e", "d", "c", "b", "a"])
    for labels, classes in (
        (y, None),
        (y.astype(np.int8), None),
        (y.astype(float), None),
        (y + 1, None),
        (y.astype(object), None),
        (names[y], names),
        (names.astype(object)[y], names),
        (pd.Categorical(names[y]), names),
        ((y * 10**12).tolist(), None),
    ):
        assert np.array_equal(match_classes(labels, 5, classes=classes)[0], y)


def test_a_label_that_no_column_is_named_for_is_told_with_its_row():
    with pytest.raises(ClassesMismatchError, match=r"unknown; no column is named 'd', the label of row 2\. Labels"):
        match_classes(["a", "b", "d", "c"], 3, column_names=["a", "b", "c"])
    with pytest.raises(ClassesMismatchError, match=r"unknown\. Labels"):
        match_classes(["a", "b", "d", "c"], 3, column_names=["x", "y", "z"])


def test_two_columns_of_one_name_are_refused_where_it_is_a_label():
    with pytest.raises(ClassesMismatchError, match=r"more than one column of y_proba is named 'a': \['a', 'b', 'a'\]"):
        match_classes(["a", "b", "c"], 3, column_names=["a", "b", "a"])
    assert match_classes(["a", "b", "c"], 3, column_names=["p", "p", "p"])[1].tolist() == ["a", "b", "c"]
