import numpy as np
import pytest

from sklearn_lossacc.inference.design import design_effect, design_scale
from sklearn_lossacc.inference.null import NullModel


def test_design_scale_of_weights_is_kish_over_the_total(planted):
    log_proba, y, _ = planted(0, 3, n=4)
    weight = np.array([1.0, 1.0, 1.0, 3.0])
    assert design_scale(NullModel(log_proba, y, weight)) == pytest.approx((36 / 12) / 6)


def test_design_effect_of_copies_is_their_number(planted):
    log_proba, y, _ = planted(0, 3, n=100)
    for times in (2, 7):
        rows = np.repeat(np.arange(100), times)
        null = NullModel(log_proba[rows], y[rows], np.ones(rows.size), rows)
        assert design_effect(null) == pytest.approx(times)
        assert design_scale(null) * rows.size == pytest.approx(100)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_design_effect_of_unrelated_rows_is_one(planted, temperature):
    # Overconfidence raises all losses alike: that is not dependence.
    log_proba, y, _ = planted(0, 3, n=6000, temperature=temperature)
    null = NullModel(log_proba, y, np.ones(6000), np.repeat(np.arange(2000), 3))
    assert 1.0 <= design_effect(null) < 1.12
    assert design_effect(NullModel(log_proba, y, np.ones(6000))) == 1.0


def test_design_effect_without_spread():
    null = NullModel(np.full((6, 2), np.log(0.5)), np.zeros(6, dtype=int), np.ones(6), np.repeat([0, 1], 3))
    assert design_effect(null) == 1.0
