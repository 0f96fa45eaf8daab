import tracemalloc

import numpy as np
import pytest

from sklearn_lossacc._numerics import log_softmax
from sklearn_lossacc.inference.column_order import better_order
from sklearn_lossacc.inference.null import NullModel


def test_classes_without_rows_keep_their_columns_where_these_are_free():
    rng = np.random.default_rng(0)
    scores = 3.0 * rng.normal(size=(300, 8)) - 40.0 * (np.arange(8) >= 6)  # the last two hardly occur
    y = (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)
    log_proba = log_softmax(scores[:, [1, 0, 2, 3, 4, 5, 6, 7]], axis=1)
    order = better_order(NullModel(log_proba, y, np.ones(300)), log_proba, -log_proba[np.arange(300), y], rng)
    assert order.tolist() == [1, 0, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("k", [3000])
def test_memory_does_not_grow_with_the_square_of_the_classes(k):
    rng = np.random.default_rng(0)
    log_proba = log_softmax(rng.normal(size=(50, k)), axis=1)
    null = NullModel(log_proba, rng.integers(0, k, 50), np.ones(50))
    tracemalloc.start()
    try:
        better_order(null, log_proba, null.true_loss, rng)
        assert tracemalloc.get_traced_memory()[1] < 8 * k**2 / 4
    finally:
        tracemalloc.stop()
