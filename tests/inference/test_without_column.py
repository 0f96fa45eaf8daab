import numpy as np
import pytest

from sklearn_lossacc.inference.cause_model import select_causes
from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.without_column import without_column

LOG_FLOOR = np.log(np.finfo(float).eps)


def rows(n=400, seed=0):
    """Return labels of four classes, the last of them without a column, and the null of all rows."""
    rng = np.random.default_rng(seed)
    proba = rng.dirichlet(np.ones(3), size=n)
    y = (np.log(proba) + rng.gumbel(size=proba.shape)).argmax(axis=1)
    y[::10] = 3
    log_proba = np.maximum(np.log(np.column_stack([proba, np.full(n, 1e-300)])), LOG_FLOOR)
    return y, NullModel(log_proba, y, np.ones(n))


def test_rows_are_set_aside_and_nothing_else_is_selected():
    y, null = rows()
    causes = select_causes(null, log_floor=LOG_FLOOR)
    np.testing.assert_array_equal(causes.outliers, np.flatnonzero(y == 3))
    np.testing.assert_array_equal(causes.kept, np.flatnonzero(y != 3))
    assert (causes.terms, causes.n_without_column) == ((), 40)


def test_one_row_with_some_probability_is_enough_to_count():
    y, null = rows()
    log_proba = null.log_proba.copy()
    log_proba[1] = np.log([0.25, 0.25, 0.25, 0.25])
    assert not without_column(NullModel(log_proba, y, null.weight), LOG_FLOOR).any()


@pytest.mark.parametrize("left", [0, 1, 10])
def test_where_the_others_are_of_one_class_none_is_set_aside(left):
    n = 50
    log_proba = np.maximum(np.log(np.tile([0.6, 0.4, 1e-300], (n, 1))), LOG_FLOOR)
    y = np.where(np.arange(n) < left, 0, 2)
    causes = select_causes(NullModel(log_proba, y, np.ones(n)), log_floor=LOG_FLOOR)
    assert causes.n_without_column == 0
