"""Hashes: fixed for ever, blind to layout, not blind to order, and uniform."""

import itertools

import numpy as np
import pytest
from scipy.stats import kstest

from sklearn_lossacc._numerics.hashing import mix64, row_codes, row_digests, row_keys

CODES = [9327507902583221282, 8196551321814302720, 16190440660396933120]
KEYS = [10105009644347189849, 2071759191669741636, 1899661920635612245]
DIGESTS = [14706597518178896701, 1685207661605971010, 4582634379487509400]

ROWS = np.array([[0.1, 0.2, 0.7], [0.25, 0.5, 0.25], [0.0, 1.0, 0.0]])


def test_mix64_draws_what_splitmix64_draws():
    # First numbers of SplitMix64 from the seed 1234567, as published with the reference implementation in C.
    golden = 0x9E3779B97F4A7C15
    states = [(1234567 + i * golden) % 2**64 for i in range(1, 6)]
    drawn = mix64(np.array(states, dtype=np.uint64)).tolist()
    assert drawn == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_hashes_never_change():
    # Summaries on disk hold keys: these numbers may only change together with the schema of the file.
    codes = row_codes(ROWS)
    keys = row_keys(np.arange(3), np.array([0, 1, 2]), codes)
    digests = row_digests(ROWS, np.array([0, 1, 2]), np.ones(3))
    assert codes.tolist() == CODES
    assert keys.tolist() == KEYS
    assert digests.tolist() == DIGESTS


def digests_of(rows):
    return row_digests(rows, np.zeros(len(rows), dtype=int), np.ones(len(rows)))


@pytest.mark.parametrize("of", [row_codes, digests_of])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_layout_and_byte_order_do_not_matter(of, dtype):
    rows = ROWS.astype(dtype)
    expected = of(rows).tolist()
    assert of(np.asfortranarray(rows)).tolist() == expected
    assert of(np.repeat(np.repeat(rows, 2, axis=0), 2, axis=1)[::2, ::2]).tolist() == expected
    assert of(rows.astype(rows.dtype.newbyteorder())).tolist() == expected
    assert [int(of(rows[i : i + 1])[0]) for i in range(3)] == expected


@pytest.mark.parametrize("of", [row_codes, digests_of])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.longdouble, int])
def test_equal_values_have_equal_hashes(of, dtype):
    rows = np.array([[0, 1, 2], [3, 0, 4]])
    assert of(rows.astype(dtype)).tolist() == of(rows.astype(np.float64)).tolist()


@pytest.mark.parametrize("of", [row_codes, digests_of])
def test_one_dimension_is_one_column(of):
    assert of(ROWS[:, 0]).tolist() == of(ROWS[:, :1]).tolist()


def test_integers_are_read_as_floats():
    assert row_codes(np.eye(3, dtype=int)).tolist() == row_codes(np.eye(3)).tolist()


def test_swapped_columns_differ():
    assert row_codes(ROWS[:, ::-1])[0] != row_codes(ROWS)[0]


def test_digests_tell_permutations_of_round_numbers_apart():
    # Bits of round numbers end in zeros: this is where a plain multiply-accumulate loses its low half.
    values = [0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125, 0.0]
    rows = np.array(list(itertools.permutations(values)))
    assert np.unique(digests_of(rows)).size == len(rows) == 40320


def test_digests_see_label_and_weight():
    rows = np.repeat(ROWS[:1], 4, axis=0)
    found = row_digests(rows, np.array([0, 1, 0, 0]), np.array([1.0, 1.0, 2.0, 1.0]))
    assert found[0] == found[3]
    assert np.unique(found).size == 3


def test_keys_see_index_label_and_code():
    base = row_keys(np.array([5]), np.array([1]), np.array([7], dtype=np.uint64))
    assert base != row_keys(np.array([6]), np.array([1]), np.array([7], dtype=np.uint64))
    assert base != row_keys(np.array([5]), np.array([2]), np.array([7], dtype=np.uint64))
    assert base != row_keys(np.array([5]), np.array([1]), np.array([8], dtype=np.uint64))


@pytest.mark.parametrize("rows", [np.zeros((20000, 3)), np.eye(3)[np.arange(20000) % 3]], ids=["equal", "periodic"])
def test_keys_are_uniform_and_distinct(rows):
    keys = row_keys(np.arange(20000), rows.argmax(axis=1), row_codes(rows))
    assert np.unique(keys).size == 20000
    assert kstest(keys / 2.0**64, "uniform").pvalue > 1e-3
    # Neighbours are unrelated, whether by size or by parity.
    assert abs(np.corrcoef(keys[:-1] / 2.0**64, keys[1:] / 2.0**64)[0, 1]) < 0.03
    assert abs(np.mean(keys % np.uint64(2)) - 0.5) < 0.02


def test_arguments_are_left_alone():
    rows, index, label = ROWS.copy(), np.arange(3), np.array([0, 1, 2])
    codes = row_codes(rows)
    before = codes.copy()
    row_keys(index, label, codes)
    row_digests(rows, label, np.ones(3))
    mix64(codes)
    np.testing.assert_array_equal(rows, ROWS)
    np.testing.assert_array_equal(codes, before)
    np.testing.assert_array_equal(index, [0, 1, 2])
