"""``lossacc calibrate FILE``: fit a calibrator to exported predictions, and say what it is worth."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from sklearn_lossacc.adapters import read_predictions
from sklearn_lossacc.adapters.onnx import to_onnx
from sklearn_lossacc.adapters.optional import imported
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
from sklearn_lossacc.calibration.plain import labels_to_plain
from sklearn_lossacc.calibration.summary import CalibrationSummary, summarize_calibration
from sklearn_lossacc.cli.files import write_whole
from sklearn_lossacc.cli.where import where
from sklearn_lossacc.exceptions import InvalidTargetError, LossAccError
from sklearn_lossacc.findings.wording import counted
from sklearn_lossacc.inputs import Predictions
from sklearn_lossacc.render.calibration import calibration_table, calibration_worth
from sklearn_lossacc.render.plain import aligned

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


def _fitted(method: str, read: dict[str, Any], predictions: Predictions) -> BaseCalibrator:
    """Fit the calibrator of a method."""
    calibrator = METHODS[method](input=predictions.input, classes=predictions.classes)
    beside = {name: read.get(name) for name in ("sample_weight", "groups")}
    return calibrator.fit(read["y_proba"], read["y_true"], **beside)


def _plain_classes(classes: np.ndarray) -> list[Any]:
    """Return the classes as JSON holds them."""
    try:
        return labels_to_plain(classes)["values"]
    except TypeError as error:  # of dates, for example
        raise InvalidTargetError(str(error)) from None


def _check_onnx() -> None:
    """Raise before any work is done if a package is missing."""
    try:
        imported("onnx", "--onnx")
    except ImportError as missing:
        raise LossAccError(str(missing)) from None


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
    if options.onnx is not None:
        _check_onnx()
    read = read_predictions(options.file, **where(options))
    read.pop("train_prior", None)  # which calibration does not use
    predictions = Predictions.from_arrays(**read)
    classes = _plain_classes(predictions.classes)
    calibrator = _fitted(options.method, read, predictions)
    summary = summarize_calibration(calibrator, predictions)
    try:
        print(_told(options, predictions, classes, calibrator, summary))
    finally:  # files are asked for, even if whoever reads the output has seen enough
        _write(options, calibrator)
    return 0


def _told(
    options: argparse.Namespace,
    predictions: Predictions,
    classes: list[Any],
    calibrator: BaseCalibrator,
    summary: CalibrationSummary,
) -> str:
    """Say what the calibrator is worth."""
    choice = getattr(calibrator, "choice_", options.method)
    if options.json:
        document = {
            "method": options.method,
            "choice": choice,
            "outcome": calibrator.outcome_,
            "input": calibrator.input,
            "classes": classes,
            "n_rows": predictions.n_rows,
            "n_rows_judged": summary.n_rows,
            "intervals": summary.method,
            "summary": summary.to_dict(),
        }
        return json.dumps(document, allow_nan=False, ensure_ascii=False)
    size = f"{counted(predictions.n_rows, 'row')}, {counted(predictions.n_classes, 'class', 'classes')}"
    chosen = "" if choice == options.method else f", chosen by {options.method}"
    lines = [f"{Path(options.file).name}: {size}\n{choice}{chosen}: {calibrator.outcome_}\n"]
    if summary.judged:
        lines.append(aligned(calibration_table(summary)) + "\n")
    return "\n".join([*lines, calibration_worth(summary, choice)])


def _write(options: argparse.Namespace, calibrator: BaseCalibrator) -> None:
    """Write the calibrator where it is asked for."""
    if options.output is not None:
        text = json.dumps(calibrator.to_dict(), allow_nan=False, ensure_ascii=False) + "\n"
        path = write_whole(options.output, lambda draft: draft.write_text(text, encoding="utf-8"))
        print(f"written: {path}", file=sys.stderr)
    if options.onnx is not None:
        model = to_onnx(calibrator).SerializeToString()
        path = write_whole(options.onnx, lambda draft: draft.write_bytes(model))
        print(f"written: {path}", file=sys.stderr)
