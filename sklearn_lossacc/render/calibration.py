"""What calibration changes, as text."""

from __future__ import annotations

from sklearn_lossacc.calibration.summary import CalibrationSummary
from sklearn_lossacc.findings.format import interval, nats
from sklearn_lossacc.findings.wording import counted, metric_quantity
from sklearn_lossacc.render.text_table import TextTable

SHOWN = ("log_loss", "accuracy", "brier_score", "calibration_loss")


def calibration_table(summary: CalibrationSummary) -> TextTable:
    """List measures before and after calibration, with their change and 95 % intervals.

    Parameters
    ----------
    summary : CalibrationSummary
        Of a calibrator that could be judged.

    Returns
    -------
    TextTable
        A row for each measure.
    """
    rows = []
    for name, states in summary.to_dict().items():
        if name in SHOWN:
            quantity = metric_quantity(name)
            label = f"{quantity.label}, {quantity.unit}" if quantity.unit else quantity.label
            cells = [
                f"{quantity.write(mean)} {interval(low, high, quantity.write)}" for mean, low, high in states.values()
            ]
            rows.append((label, *cells))
    caption = f"cross-fitted on {counted(summary.n_rows, 'row')}: each by a map learnt without it; 95 % intervals"
    return TextTable(caption, ("metric", *next(iter(summary.to_dict().values()))), tuple(rows))


def calibration_worth(summary: CalibrationSummary, choice: str) -> str:
    """Say in one sentence whether a calibrator helps.

    Parameters
    ----------
    summary : CalibrationSummary
        Of the calibrator.
    choice : str
        What was chosen for all rows together; an automatic choice may have been another in a fold.

    Returns
    -------
    str
        The sentence; it is about the log loss.
    """
    mean, low, high = summary.to_dict()["log_loss"]["change"]
    if choice == "identity" or mean == low == high == 0:
        return "It changes nothing."
    if mean is None or low is None or high is None:
        return "Too few independent rows to tell whether it helps."
    if high < 0:
        return f"It helps: the log loss of rows that it has not seen falls by {nats(-mean)} nats, beyond chance."
    if low > 0:
        return f"It harms: the log loss of rows that it has not seen rises by {nats(mean)} nats. Do not use it."
    return "It does not help beyond chance: the interval of the change in log loss contains 0."
