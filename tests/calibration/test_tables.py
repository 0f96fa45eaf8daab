"""Tables that are not pandas frames: columns and shape, but no ndim."""

from contextlib import nullcontext

import numpy as np
import pandas as pd
import pytest

from sklearn_lossacc.calibration import TemperatureCalibrator
from sklearn_lossacc.exceptions import ClassesMismatchError, InvalidPredictionsError

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


def labelled(seed=0, n=300):
    rng = np.random.default_rng(seed)
    proba = rng.dirichlet(np.ones(3), n)
    return proba, (proba.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1).clip(max=2)


@pytest.mark.parametrize("names", [[0, 1, 2], ["p_0", "p_1", "p_2"]])
def test_columns_named_in_another_order_than_those_of_fit_are_refused(names):
    proba, y = labelled()
    frame = pd.DataFrame(proba, columns=names)
    if names[0] == 0:  # scikit-learn compares no names that are numbers
        calibrator = TemperatureCalibrator().fit(frame[[2, 0, 1]], y)
        assert calibrator.classes_.tolist() == [2, 0, 1]
        wrong, said = frame, nullcontext()
    else:
        calibrator = TemperatureCalibrator().fit(proba, y)
        wrong, said = frame.iloc[:, [2, 0, 1]], pytest.warns(UserWarning, match="X has feature names")
    with said, pytest.raises(ClassesMismatchError, match="put the columns in this order"):
        calibrator.predict_proba(wrong)


def test_declared_classes_go_before_names():
    proba, y = labelled()
    calibrator = TemperatureCalibrator(classes=[2, 0, 1]).fit(pd.DataFrame(proba[:, [2, 0, 1]]), y)
    calibrated = calibrator.predict_proba(pd.DataFrame(proba[:, [2, 0, 1]]))
    assert np.corrcoef(calibrated.ravel(), proba[:, [2, 0, 1]].ravel())[0, 1] > 0.9


def test_repeated_names_are_refused_by_name():
    proba, y = labelled()
    with pytest.raises(InvalidPredictionsError, match="several columns named 'b'"):
        TemperatureCalibrator().fit(pd.DataFrame(proba, columns=["a", "b", "b"]), y)
