"""Fitted calibrators from JSON files."""

from __future__ import annotations

import os
from pathlib import Path

from sklearn_lossacc.adapters.file_errors import reason
from sklearn_lossacc.adapters.json_text import load_json
from sklearn_lossacc.calibration import BaseCalibrator
from sklearn_lossacc.exceptions import InvalidFileError


def read_calibrator(path: str | os.PathLike[str]) -> BaseCalibrator:
    """Read a calibrator that was written as JSON.

    Parameters
    ----------
    path : path-like
        A file with what `to_dict` of a calibrator returned.

    Returns
    -------
    BaseCalibrator
        Of the type that was written.

    Raises
    ------
    InvalidFileError
        If there is no such file, or it holds no calibrator, or a damaged one.
    """
    try:
        data = load_json(Path(path).read_text(encoding="utf-8"))
    except (OSError, RecursionError, ValueError) as error:  # bad JSON and bad UTF-8 are ValueErrors
        raise InvalidFileError(f"{path} is not a readable JSON file: {reason(error)}") from None
    try:
        return BaseCalibrator.from_dict(data)
    except InvalidFileError as error:
        raise InvalidFileError(f"{path}: {error}") from error
