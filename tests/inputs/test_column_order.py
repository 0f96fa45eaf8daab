"""Names of columns contradict the classes where they name other classes, and nowhere else."""

import pytest

from sklearn_lossacc.inputs.column_order import contradicts


@pytest.mark.parametrize(
    ("names", "classes"),
    [
        (["b", "a"], ["a", "b"]),
        (["p_b", "p_a"], ["a", "b"]),
        (["b_proba", "a_proba"], ["a", "b"]),
        (["p(cat2)", "p(cat1)"], ["cat1", "cat2"]),
        (["2", "0", "1"], [0, 1, 2]),
        ([2, 0, 1], ["0", "1", "2"]),
        (["p_11", "p_1"], [1, 11]),
        (["c", "x", "y"], ["a", "b", "c"]),
        ([False], [False, True]),
        (["p.no"], ["no", "yes"]),
    ],
)
def test_names_of_other_classes(names, classes):
    assert contradicts(names, classes)


@pytest.mark.parametrize(
    ("names", "classes"),
    [
        (["a", "b"], ["a", "b"]),
        (["p_a", "p_b"], ["a", "b"]),
        (["p_1", "p_11"], [1, 11]),
        (range(3), [1, 2, 3]),
        (["1", "2", "3"], [0, 1, 2]),
        (["first", "second"], ["a", "b"]),
        (["yes"], ["no", "yes"]),
        (["proba"], ["no", "yes"]),
        (["piano"], ["no", "yes"]),
        (["0"], [0, 1]),
        (["not paid"], ["paid", "not paid"]),
    ],
)
def test_names_that_say_nothing_or_agree(names, classes):
    assert not contradicts(names, classes)
