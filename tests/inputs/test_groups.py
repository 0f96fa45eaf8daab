"""Group codes of one data set, and keys that two processes agree upon."""

import datetime
import subprocess
import sys
import uuid

import numpy as np
import pandas as pd
import pytest

from sklearn_lossacc.exceptions import InvalidGroupsError
from sklearn_lossacc.inputs.groups import check_groups, label_keys


def key(label):
    """Hash one label as it is, inside an object array."""
    return int(label_keys(np.fromiter([label], dtype=object, count=1))[0])


@pytest.mark.parametrize(
    "groups",
    [
        ["b", "a", "b", "c"],
        np.array([5, 3, 5, 9]),
        np.array([5, 3, 5, 9]) * 10**12,
        np.array([0.5, 0.25, 0.5, 1]),
        [(1, 2), (1, 3), (1, 2), (0, 0)],
        [1, "a", 1, 2.5],
        pd.Series([5, 3, 5, 9], index=[0, 0, 1, 1]),
        pd.MultiIndex.from_tuples([(1, "x"), (2, "x"), (1, "x"), (3, "y")]),
        pd.to_datetime(["2020-01-01", "2020-01-02", "2020-01-01", "2020-01-03"]),
        np.array([True, False, True, False]),
    ],
    ids=lambda groups: str(type(groups).__name__),
)
def test_equal_labels_share_a_code_and_a_key(groups):
    codes, keys = check_groups(groups, 4)
    assert codes.dtype == np.int64
    assert keys.dtype == np.uint64
    assert codes[0] == codes[2]
    assert codes[0] != codes[1]
    assert sorted(set(codes.tolist())) == list(range(keys.size))
    assert np.unique(keys).size == keys.size


def test_no_groups():
    assert check_groups(None, 4) == (None, None)


@pytest.mark.parametrize(
    "labels",
    [
        [3, np.int64(3), np.uint8(3), 3.0, np.float32(3)],
        [1, True, np.True_],
        [-7, np.int8(-7), -7.0],
        ["a", np.str_("a")],
        [b"a", np.bytes_(b"a")],
        [0.5, np.float32(0.5), np.float16(0.5)],
        [
            datetime.date(2020, 1, 1),
            datetime.datetime(2020, 1, 1),
            pd.Timestamp("2020-01-01"),
            np.datetime64("2020-01-01"),
        ],
        [datetime.timedelta(hours=1), pd.Timedelta("1h"), np.timedelta64(60, "m")],
        [(1, "a"), (np.int64(1), np.str_("a"))],
        [2**70, 2**70],
    ],
)
def test_keys_agree_between_types(labels):
    assert len({key(label) for label in labels}) == 1


@pytest.mark.parametrize(
    "arrays",
    [
        [np.array([3, 4]), np.array([3, 4], dtype=np.uint8), np.array([3.0, 4.0]), np.array([3, 4], dtype=object)],
        [np.array([2**63], dtype=np.uint64), np.array([2**63], dtype=object)],
        [np.array(["x"]), np.array(["x"], dtype=object), np.array(["x"], dtype="U20")],
        [np.array(["2020-01-01"], dtype="M8[D]"), np.array(["2020-01-01"], dtype="M8[ns]")],
        [np.array([1, 0]), np.array([True, False])],
    ],
)
def test_keys_agree_between_arrays(arrays):
    assert len({tuple(label_keys(labels).tolist()) for labels in arrays}) == 1


def test_keys_differ_between_labels():
    numbers = [0, 1, -1, 2**63, 2**64 - 1, -(2**63), 0.5, 1 + 1j, np.inf, -np.inf]
    texts = ["", "0", "1", b"", b"0"]
    tuples = [(), (0,), (0, 0), ((0,), 0), ("a", "b"), ("ab",)]
    labels = [*numbers, *texts, *tuples, datetime.date(1970, 1, 1), datetime.timedelta(0)]
    assert len({key(label) for label in labels}) == len(labels)
    assert np.unique(label_keys(np.arange(-50_000, 50_000))).size == 100_000


def test_shards_with_other_types_agree():
    first = check_groups(pd.Series([7, 8]), 2)[1]
    second = check_groups(np.array([8.0, 7.0]), 2)[1]
    assert set(first.tolist()) == set(second.tolist())


def test_keys_are_the_same_in_another_process():
    labels = ["a", 3, (1, "b"), 0.25, b"z"]
    program = (
        "import numpy as np; from sklearn_lossacc.inputs.groups import label_keys;"
        f"labels = {labels!r}; print(label_keys(np.fromiter(labels, object, len(labels))).tolist())"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    here = label_keys(np.fromiter(labels, object, len(labels))).tolist()
    assert outputs == [f"{here}\n"] * 2


def test_keys_never_change():
    # summaries saved by one version are merged by another; the first is the published first output of SplitMix64
    assert key(0) == 0xE220A8397B1DCDAF
    assert key("a") == 11881906679622767379
    assert key((1, "b")) == 3495573995936655980


@pytest.mark.parametrize("label", [uuid.UUID(int=5), pd.Period("2020-01", "M"), np.complex128(1j)])
def test_other_labels_with_a_fixed_text(label):
    assert key(label) == key(label)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([1, None, 2], "missing .* in 1 row, the first is row 1"),
        ([1, np.nan, 2], "missing"),
        (["a", np.nan, None], "in 2 rows, the first is row 1"),
        (pd.array([1, None, 2], dtype="Int64"), "missing"),
        ([1, 2], "groups has 2 rows, y_proba has 3"),
        ([[1], [2], [3]], "one label a row"),
        ([{1}, {2}, {3}], "cannot be hashed"),
        ([object(), object(), object()], "no fixed text"),
        ([frozenset("ab")] * 3, "no fixed text"),
    ],
)
def test_groups_that_are_refused(groups, message):
    with pytest.raises(InvalidGroupsError, match=message):
        check_groups(groups, 3)
