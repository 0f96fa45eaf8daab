"""``lossacc calibrate FILE``: fit a calibrator to exported predictions, and say what it is worth."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from sklearn_lossacc.adapters import read_predictions
from sklearn_lossacc.calibration import (
    AutoCalibrator,
    BaseCalibrator,
    BetaCalibrator,
    DirichletCalibrator,
    EnsembleTemperatureCalibrator,
    HistogramCalibrator,
    IdentityCalibrator,
    IsotonicCalibrator,
    MatrixCalibrator,
    SigmoidCalibrator,
    SplineCalibrator,
    TemperatureCalibrator,
    VectorCalibrator,
    VennAbersCalibrator,
)
from sklearn_lossacc.calibration.summary import CalibrationSummary, summarize_calibration
from sklearn_lossacc.cli.files import write_whole
from sklearn_lossacc.cli.where import where
from sklearn_lossacc.findings.format import count, interval, nats, number, percent
from sklearn_lossacc.inputs import Predictions

METHODS: dict[str, Callable[..., BaseCalibrator]] = {
    "auto": AutoCalibrator,
    "temperature": TemperatureCalibrator,
    "temperature+floor": partial(TemperatureCalibrator, floor=True),
    "sigmoid": SigmoidCalibrator,
    "beta": BetaCalibrator,
    "vector": VectorCalibrator,
    "ensemble-temperature": EnsembleTemperatureCalibrator,
    "matrix": MatrixCalibrator,
    "dirichlet": DirichletCalibrator,
    "spline": SplineCalibrator,
    "venn-abers": VennAbersCalibrator,
    "histogram": HistogramCalibrator,
    "isotonic": IsotonicCalibrator,
    "identity": IdentityCalibrator,
}

_MEASURES: dict[str, tuple[str, Callable[..., str]]] = {
    "log_loss": ("log loss (nats)", nats),
    "accuracy": ("accuracy", percent),
    "brier_score": ("Brier score", number),
    "confidence_gap": ("confidence gap", partial(percent, signed=True)),
    "calibration_loss": ("calibration loss (nats)", nats),
}


def _table(summary: CalibrationSummary) -> list[str]:
    """Write the measures before and after, with their change and intervals."""
    rows = [["", "before", "after", "change"]]
    for measure, states in summary.to_dict().items():
        label, write = _MEASURES[measure]
        cells = [
            f"{(partial(write, signed=True) if state == 'change' else write)(mean)} {interval(low, high, write)}"
            for state, (mean, low, high) in states.items()
        ]
        rows.append([label, *cells])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  " + "   ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _worth(summary: CalibrationSummary) -> str:
    """Say in one sentence whether the calibrator helps."""
    mean, low, high = summary.to_dict()["log_loss"]["change"]
    if mean is None or low is None or high is None:
        return "Too few rows to tell whether it helps on others."
    if mean == low == high == 0:
        return "It changes nothing."
    if high < 0:
        return f"It helps: the log loss of rows that it has not seen falls by {nats(-mean)} nats, beyond chance."
    if low > 0:
        return f"It harms: the log loss of rows that it has not seen rises by {nats(mean)} nats. Do not use it."
    return "It does not help beyond chance: the interval of the change in log loss holds 0."


def run_calibrate(options: argparse.Namespace) -> int:
    """Read, fit, judge, print and write.

    Parameters
    ----------
    options : Namespace
        The arguments of ``lossacc calibrate``.

    Returns
    -------
    int
        0.
    """
    read = read_predictions(options.file, **where(options))
    read.pop("train_prior", None)  # calibration starts from the rows' own frequencies
    predictions = Predictions.from_arrays(**read)
    calibrator = METHODS[options.method](input=predictions.input, classes=predictions.classes)
    y_true, y_proba = read.pop("y_true"), read["y_proba"]
    calibrator.fit(y_proba, y_true, sample_weight=read.get("sample_weight"), groups=read.get("groups"))
    data: dict[str, Any] = calibrator.to_dict()
    summary = summarize_calibration(calibrator, predictions)
    chosen = getattr(calibrator, "choice_", options.method)
    if options.json:
        document = {
            "method": options.method,
            "choice": chosen,
            "outcome": calibrator.outcome_,
            "input": predictions.input,
            "n_rows": predictions.n_rows,
            "classes": data["classes"]["values"],
            "n_rows_judged": summary.n_rows,
            "intervals": summary.method,
            "summary": summary.to_dict(),
            "output": options.output,
        }
        print(json.dumps(document, allow_nan=False, ensure_ascii=False))
    else:
        how = f"{chosen}, chosen by auto" if chosen != options.method else chosen
        rows = f"{count(predictions.n_rows)} rows, {count(predictions.n_classes)} classes"
        print(f"{Path(options.file).name}: {rows}\nmethod: {how}; outcome: {calibrator.outcome_}\n")
        print("\n".join(_table(summary)))
        print(f"  cross-fitted on {count(summary.n_rows)} rows, each by a map learnt without it; 95 % intervals")
        print(f"\n{_worth(summary)}")
    if options.output is not None:
        text = json.dumps(data, allow_nan=False, ensure_ascii=False) + "\n"
        path = write_whole(options.output, lambda draft: draft.write_text(text, encoding="utf-8"))
        print(f"written: {path}", file=sys.stderr)
    return 0
