import numpy as np
import pytest

from sklearn_lossacc import calibration
from sklearn_lossacc.calibration.by_blocks import BLOCK_ENTRIES, calibrated_blocks
from sklearn_lossacc.exceptions import InvalidPredictionsError
from sklearn_lossacc.inputs import Scores


@pytest.fixture
def many():
    rng = np.random.default_rng(0)
    return rng.normal(size=(BLOCK_ENTRIES // 2 + 10, 3)), rng.integers(3, size=BLOCK_ENTRIES // 2 + 10)


@pytest.mark.parametrize("kind", [calibration.TemperatureCalibrator, calibration.IsotonicCalibrator])
def test_blocks_are_the_rows_of_predict_proba(kind, many):
    z, y = many
    calibrator = kind(input="logits").fit(z[:500], y[:500])
    blocks = list(calibrated_blocks(calibrator, Scores.of_shape(z, input="logits")))
    assert len(blocks) > 1
    np.testing.assert_allclose(np.concatenate(blocks), calibrator.predict_proba(z), rtol=1e-13)


def test_an_unusable_row_counts_from_the_first_of_all(many):
    z, y = many
    calibrator = calibration.TemperatureCalibrator(input="logits").fit(z[:500], y[:500])
    z[-1, 0] = np.nan
    blocks = calibrated_blocks(calibrator, Scores.of_shape(z, input="logits"))
    assert np.isfinite(next(blocks)).all()
    with pytest.raises(InvalidPredictionsError, match=f"first in row {len(z) - 1}"):
        list(blocks)
