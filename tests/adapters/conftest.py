"""What the tests of adapters share."""

import numpy as np
import pytest

EQUAL = ("n_rows", "n_samples", "zero_rows", "dtype", "input", "has_weights", "has_identities", "undo_softmax_ok")
CLOSE = (
    "first",
    "second",
    "class_rows",
    "class_loss",
    "proba_sum",
    "rel_rows",
    "rel_correct",
    "group_keys",
    "group_sums",
)


def _assert_same_array(a, b, name, **how):
    assert (a is None) == (b is None), name
    if a is not None:
        np.testing.assert_allclose(a, b, err_msg=name, **how)


@pytest.fixture
def assert_same_summary():
    """Compare two summaries of the same rows: sums up to rounding, rows that are kept one by one exactly."""

    def compare(a, b):
        assert a.classes.tolist() == b.classes.tolist()
        for name in EQUAL:
            assert getattr(a, name) == getattr(b, name), name
        for name in CLOSE:
            _assert_same_array(getattr(a, name), getattr(b, name), name, rtol=1e-11, atol=1e-12)
        assert a.min_max_proba == b.min_max_proba
        assert a.sample.complete == b.sample.complete
        for name in ("y", "weight", "index", "group", "identity", "log_proba"):
            _assert_same_array(getattr(a.sample, name), getattr(b.sample, name), name, rtol=0, atol=0)
        for top in ("top_loss", "top_surprise"):
            np.testing.assert_array_equal(getattr(a, top).index, getattr(b, top).index, err_msg=top)

    return compare
