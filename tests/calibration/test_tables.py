"""Tables that are not pandas frames: columns and shape, but no ndim."""

import numpy as np
import pandas as pd
import pytest

from sklearn_lossacc.calibration import TemperatureCalibrator

NAMES = ["a", "b", "c"]


class Table:
    """What a table of another library has in common with a frame."""

    def __init__(self, frame):
        self._frame = frame

    shape = property(lambda self: self._frame.shape)
    columns = property(lambda self: list(self._frame.columns))

    def __len__(self):
        return len(self._frame)

    def __array__(self, dtype=None, copy=None):
        return self._frame.to_numpy(dtype)


def polars(frame):
    return pytest.importorskip("polars").DataFrame(frame.to_dict("list"))


def pyarrow(frame):
    return pytest.importorskip("pyarrow").Table.from_pandas(frame)


@pytest.mark.parametrize("table", [Table, polars, pyarrow])
def test_other_tables_are_read_like_arrays(table):
    rng = np.random.default_rng(0)
    proba = rng.dirichlet(np.ones(3), 300)
    y = np.array(NAMES)[(proba.cumsum(axis=1) < rng.random((300, 1))).sum(axis=1).clip(max=2)]
    frame = pd.DataFrame(proba, columns=NAMES)
    calibrator = TemperatureCalibrator().fit(table(frame), y)
    np.testing.assert_array_equal(
        calibrator.predict_proba(table(frame)), TemperatureCalibrator().fit(proba, y).predict_proba(proba)
    )
    if table is not Table:  # names of the columns are read from libraries that scikit-learn knows
        assert list(calibrator.feature_names_in_) == NAMES
        with pytest.raises(ValueError, match="feature names should match"):
            calibrator.predict_proba(table(frame[NAMES[::-1]]))
