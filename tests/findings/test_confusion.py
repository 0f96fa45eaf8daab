"""Which classes the named rows mix up, in words."""

import numpy as np

from sklearn_lossacc.findings.confusion import mixed_up

NAMES = np.array(["cat", "dog", "owl"])


def words(pairs, weight=None):
    label, predicted = np.array(pairs).T
    return mixed_up(label, predicted, np.ones(len(pairs)) if weight is None else np.array(weight), NAMES)


def test_one_label_in_the_place_of_another():
    assert words([(0, 2)] * 6 + [(1, 0)] * 3) == " Most of them are labelled 'cat' where the model says 'owl'."


def test_two_classes_exchanged():
    assert words([(0, 2), (2, 0)] * 4 + [(1, 0)]).startswith(" Most of them mix up 'cat' and 'owl'")


def test_silent_where_no_pair_has_most_of_them():
    assert words([(0, 1), (1, 2), (2, 0)] * 5) == ""


def test_silent_on_few_rows_and_on_two_classes():
    assert words([(0, 2)] * 4) == ""
    rows = np.zeros(9, dtype=int)
    assert mixed_up(rows, rows + 1, np.ones(9), NAMES[:2]) == ""


def test_weights_count_as_copies():
    pairs = [(0, 2)] * 5 + [(1, 0)] * 5
    assert words(pairs) == ""
    heavy = words(pairs, [3.0] * 5 + [1.0] * 5)
    assert heavy == words([(0, 2)] * 15 + [(1, 0)] * 5) != ""


def test_rows_whose_label_is_predicted_do_not_make_a_pair():
    assert words([(0, 0)] * 20 + [(0, 2)] * 6) == ""


def test_pairs_of_very_many_classes_take_no_table_of_all_pairs():
    label = np.repeat([70_000, 3, 99_999], [6, 2, 1])
    predicted = np.repeat([5, 4, 0], [6, 2, 1])
    said = mixed_up(label, predicted, np.ones(9), np.arange(100_000))
    assert said == " Most of them are labelled '70000' where the model says '5'."
