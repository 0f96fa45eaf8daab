"""Codes and distinct labels fit together, for every type of label."""

import numpy as np
import pandas as pd
import pytest

from sklearn_lossacc.inputs.factorize import factorize, tidy, whole_numbers

RNG = np.random.default_rng(0)
LABELS = {
    "small range": RNG.integers(-5, 5, 1000),
    "large range": RNG.integers(0, 10, 1000) * 10**12,
    "uint8": RNG.integers(0, 255, 1000).astype(np.uint8),
    "int8": RNG.integers(-128, 128, 1000).astype(np.int8),
    "uint64": RNG.integers(0, 5, 1000).astype(np.uint64) + np.uint64(2**63),
    "bool": RNG.random(1000) < 0.5,
    "float": RNG.integers(0, 5, 1000) / 2,
    "big endian": RNG.integers(0, 5, 1000).astype(">f8"),
    "text": np.array(["a", "bb", "ccc"])[RNG.integers(0, 3, 1000)],
    "bytes": np.array([b"a", b"bb"])[RNG.integers(0, 2, 1000)],
    "object": np.array(["a", 1, (2, 3), 2.5], dtype=object)[RNG.integers(0, 4, 1000)],
    "date": np.array(["2020-01-01", "2021-01-01"], dtype="M8[D]")[RNG.integers(0, 2, 1000)],
    "one": np.array([7]),
}


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_codes_point_to_the_labels(labels):
    values, codes = factorize(labels)
    assert codes.dtype == np.int64
    assert list(values[codes]) == list(labels)
    assert len(set(values.tolist())) == values.size == np.unique(codes).size


def test_the_labels_are_left_alone():
    for labels in LABELS.values():
        before = labels.copy()
        factorize(labels)
        assert np.array_equal(labels, before)


def test_text_longer_than_a_block():
    text = np.array(["a", "b", "c"])
    codes = RNG.integers(0, 3, 2**16 + 5)
    values, found = factorize(text[codes])
    assert np.array_equal(values[found], text[codes])
    assert values.size == 3


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT])
def test_missing_labels_have_code_minus_one(missing):
    labels = np.array(["a", missing, "b", missing, "a"], dtype=object)
    values, codes = factorize(labels)
    assert codes.tolist() == [0, -1, 1, -1, 0]
    assert values.tolist() == ["a", "b"]


def test_missing_floats_and_dates():
    assert factorize(np.array([1.5, np.nan]))[1].tolist() == [0, -1]
    assert factorize(np.array(["2020", "NaT"], dtype="M8[s]"))[1].tolist() == [0, -1]


def test_unhashable_labels():
    with pytest.raises(TypeError):
        factorize(np.array([{1}, {2}], dtype=object))


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (["a", "b"], "U"),
        ([b"a"], "S"),
        ([True, False], "b"),
        ([1, np.int64(2)], "i"),
        ([1, 2.0], "i"),
        ([1, 2.5], "f"),
        ([np.inf, 2.0], "f"),
        ([1, "a"], "O"),
        ([2**70, 1], "O"),
    ],
)
def test_tidy_finds_the_common_type(labels, kind):
    values = np.fromiter(labels, dtype=object, count=len(labels))
    assert tidy(values).dtype.kind == kind
    assert tidy(values).tolist() == labels


def test_whole_numbers():
    assert whole_numbers(np.array([-1.0, 3.0])).tolist() == [-1, 3]
    assert whole_numbers(np.array([0.5])) is None
    assert whole_numbers(np.array([2.0**53])) is None
    assert whole_numbers(np.array([-(2.0**60)])) is None
