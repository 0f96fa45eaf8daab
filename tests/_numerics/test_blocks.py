"""Blocks cover every row once, and what is computed for a row does not depend on its block."""

import numpy as np
import pytest

from sklearn_lossacc._numerics.blocks import row_blocks, row_max, row_sum

WIDTHS = [1, 2, 4, 5, 32, 33, 200, 4096, 4097]


@pytest.mark.parametrize("n_rows", [0, 1, 7, 1000])
@pytest.mark.parametrize("n_columns", [1, 3, 1000])
@pytest.mark.parametrize("entries", [1, 64, 2**16])
def test_blocks_cover_all_rows_in_order(n_rows, n_columns, entries):
    rows = [row for block in row_blocks(n_rows, n_columns, entries) for row in range(block.start, block.stop)]
    assert rows == list(range(n_rows))


def test_blocks_hold_the_wanted_number_of_entries_but_at_least_one_row():
    assert [block.stop - block.start for block in row_blocks(10, 4, entries=12)] == [3, 3, 3, 1]
    assert [block.stop - block.start for block in row_blocks(3, 100, entries=12)] == [1, 1, 1]


@pytest.mark.parametrize("n_columns", WIDTHS)
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_row_sum_and_row_max_agree_with_exact_arithmetic(n_columns, order, dtype):
    from math import fsum

    rng = np.random.default_rng(n_columns)
    matrix = np.asarray(rng.random((6, n_columns)), dtype=dtype, order=order)
    expected = [fsum(row) for row in matrix.astype(float).tolist()]
    assert row_sum(matrix).dtype == dtype
    np.testing.assert_allclose(row_sum(matrix), expected, rtol=1e-5 if dtype == np.float32 else 1e-13)
    assert row_max(matrix).tolist() == [max(row) for row in matrix.tolist()]


@pytest.mark.parametrize("n_columns", WIDTHS)
@pytest.mark.parametrize("order", ["C", "F"])
def test_rows_alone_sum_as_rows_together(n_columns, order):
    matrix = np.asarray(np.random.default_rng(0).random((9, n_columns)), order=order)
    alone = np.concatenate([row_sum(matrix[row : row + 1]) for row in range(9)])
    np.testing.assert_allclose(alone, row_sum(matrix), rtol=1e-13)


@pytest.mark.parametrize("function", [row_sum, row_max])
@pytest.mark.parametrize("n_columns", WIDTHS)
def test_the_block_is_left_alone(function, n_columns):
    matrix = np.random.default_rng(0).random((3, n_columns))
    before = matrix.copy()
    result = function(matrix)
    result += 1
    assert np.array_equal(matrix, before)


def test_row_max_shows_nan():
    assert np.isnan(row_max(np.array([[0.0, np.nan]]))[0])
