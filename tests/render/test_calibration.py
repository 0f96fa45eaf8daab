"""What calibration changes, in words: none that the interval does not carry."""

import numpy as np
import pytest

from sklearn_lossacc.calibration.summary import MEASURES, CalibrationSummary
from sklearn_lossacc.render.calibration import calibration_table, calibration_worth
from sklearn_lossacc.render.plain import aligned


def summary(change):
    """Return a summary whose log loss changes so: mean, lower and upper limit."""
    values = np.tile([0.5, 0.25, 0.75], (len(MEASURES), 3))
    values[0, 6:] = change
    return CalibrationSummary(values, 1200, "normal")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ((-0.2, -0.3, -0.1), "It helps: the log loss of rows that it has not seen falls by 0.200 nats, beyond chance."),
        ((0.2, 0.1, 0.3), "It harms: the log loss of rows that it has not seen rises by 0.200 nats. Do not use it."),
        ((-0.2, -0.5, 0.1), "It does not help beyond chance"),
        ((0.0, 0.0, 0.0), "It changes nothing."),
        ((-0.2, np.nan, np.nan), "Too few independent rows"),
    ],
)
def test_the_interval_of_the_log_loss_decides(change, words):
    assert calibration_worth(summary(change), "temperature").startswith(words)
    assert calibration_worth(summary(change), "identity") == "It changes nothing."


def test_the_table_names_units_and_limits():
    lines = aligned(calibration_table(summary((-0.2, -0.3, -0.1)))).splitlines()
    assert lines[0] == "cross-fitted on 1,200 rows: each by a map learnt without it; 95 % intervals"
    assert lines[1].split() == ["metric", "before", "after", "change"]
    assert lines[2].split("  ")[0] == "log loss, nats"
    assert lines[2].endswith("0.500 [0.250, 0.750]  -0.200 [-0.300, -0.100]")
    assert lines[3].endswith("50.0 % [25.0, 75.0] %")
    assert max(map(len, lines)) <= 96
