"""A text such as "no" counts as true wherever it is not refused."""

import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB

from sklearn_lossacc import LossAccuracyReport, diagnose, summarize
from sklearn_lossacc.calibration import CalibratedClassifier, IsotonicCalibrator, TemperatureCalibrator
from sklearn_lossacc.exceptions import LossAccError
from sklearn_lossacc.inputs import check_flag
from sklearn_lossacc.metrics import corp_decomposition
from sklearn_lossacc.report import EpochRecorder

Y, PROBA = [0, 1, 0, 1], [[0.8, 0.2], [0.3, 0.7], [0.6, 0.4], [0.5, 0.5]]


@pytest.mark.parametrize("value", [True, False, np.True_, np.False_])
def test_truth_values_are_taken(value):
    assert check_flag("flag", value) is bool(value)


CALLS = {
    "out_of_sample": [
        lambda value: diagnose(Y, PROBA, out_of_sample=value),
        lambda value: summarize(Y, PROBA, out_of_sample=value),
        lambda value: LossAccuracyReport.from_predictions(Y, PROBA, out_of_sample=value),
    ],
    "per_class": [lambda value: corp_decomposition(Y, PROBA, per_class=value)],
    "resume": [lambda value: EpochRecorder(Y, resume=value)],
    "floor": [lambda value: TemperatureCalibrator(floor=value).fit(PROBA, Y)],
    "cautious": [lambda value: TemperatureCalibrator(cautious=value).fit(PROBA, Y)],
    "centered": [lambda value: IsotonicCalibrator(centered=value).fit(PROBA, Y)],
    "summary": [lambda value: CalibratedClassifier(GaussianNB(), summary=value).fit(PROBA, Y)],
}


@pytest.mark.parametrize("value", ["no", "False", 0, None])
@pytest.mark.parametrize(("name", "call"), [(name, call) for name, calls in CALLS.items() for call in calls])
def test_anything_else_is_refused(name, call, value):
    with pytest.raises(LossAccError, match=f"^{name} must be True or False, got {value!r}"):
        call(value)
