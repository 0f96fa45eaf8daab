"""What models in other libraries are made from: a fitted calibrator's formula, in the precision of the model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from sklearn_lossacc._numerics.formula import Formula, steps
from sklearn_lossacc.calibration import BaseCalibrator

__all__ = ["PRECISIONS", "steps_in_precision"]

PRECISIONS = ("float32", "float64")


def _held(constant: Formula, dtype: np.dtype) -> np.ndarray:
    """Return a constant in the precision, which must be able to hold it."""
    value: Any = constant.value
    if value.dtype.kind != "f":
        return value
    if constant.bounded:
        info = np.finfo(dtype)
        size = np.abs(value)
        finite = np.isfinite(value) & (value != 0)
        near = np.sign(value) * np.clip(size, info.tiny, np.sqrt(info.max, dtype=dtype))
        return np.where(finite, near, value).astype(dtype)
    with np.errstate(over="ignore", under="ignore"):
        held = value.astype(dtype)
    lost = np.isinf(held) & np.isfinite(value)
    if value.size == 1:
        lost |= (held == 0) & (value != 0)
    if lost.any():
        raise ValueError(
            f"the calibrator holds {value[lost].flat[0]:.6g}, which {dtype.name} cannot; "
            "pass dtype='float64', or fit it to scores of another unit."
        )
    return held


def steps_in_precision(calibrator: BaseCalibrator, dtype: str) -> list[Formula]:
    """Return the steps of a fitted calibrator.

    Parameters
    ----------
    calibrator : BaseCalibrator
        Fitted.
    dtype : {"float32", "float64"}
        Precision of the numbers.

    Returns
    -------
    list of Formula
        In an order in which they can be computed; the last are the probabilities.

    Raises
    ------
    TypeError
        If `calibrator` is something else.
    NotFittedError
        If it is not fitted.
    ValueError
        If `dtype` is something else, or cannot hold a number of the calibrator.
    """
    if not isinstance(calibrator, BaseCalibrator):
        raise TypeError(
            f"expected a calibrator such as TemperatureCalibrator, got {type(calibrator).__name__}; "
            "convert an estimator by its own exporter, and append the calibrator that was fitted to its outputs."
        )
    if dtype not in PRECISIONS:
        raise ValueError(f"dtype must be one of {PRECISIONS}, got {dtype!r}.")
    precise: dict[int, Formula] = {}
    for step in steps(calibrator.to_formula()):
        inputs = tuple(precise[id(one)] for one in step.inputs)
        value = _held(step, np.dtype(dtype)) if step.operation == "Constant" else None
        precise[id(step)] = replace(step, inputs=inputs, value=value)
    return list(precise.values())
