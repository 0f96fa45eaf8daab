"""Named arrays and plain values in one file: a zip archive of .npy files and a JSON header, without pickle.

The header names the kind of content and the version of its schema. To change the schema: raise `SCHEMA`, keep reading
every older number in `load`'s caller, and keep a file of the old version in the tests.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sklearn_lossacc.exceptions import InvalidFileError
from sklearn_lossacc.statistics.whole_file import whole_file

__all__ = ["SCHEMA", "read", "write"]

SCHEMA = 2
ADDED: dict[int, dict[str, Any]] = {2: {"has_identities": False}}  # by the schema that added it: what older files mean
FORMAT = "sklearn_lossacc.PredictionSummary"
HEADER = "header.json"


def write(path: str | os.PathLike[str], values: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    """Write a file all at once: under a temporary name first, so that no reader ever sees half of it.

    Parameters
    ----------
    path : path-like
        Where to. A file of this name is replaced.
    values : mapping
        What JSON can hold.
    arrays : mapping of str to ndarray
        Without objects.
    """
    header = json.dumps({"format": FORMAT, "schema": SCHEMA, "values": dict(values)})
    with whole_file(path) as draft, zipfile.ZipFile(draft, "x") as archive:
        archive.writestr(HEADER, header)
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(array), allow_pickle=False)


def _read_header(archive: zipfile.ZipFile, path: Path) -> dict[str, Any]:
    """Return the plain values, if the file is one of ours and not newer than this version."""
    try:
        header = json.loads(archive.read(HEADER))
    except (KeyError, UnicodeDecodeError, json.JSONDecodeError):
        header = None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise InvalidFileError(f"{path} is not a saved PredictionSummary; write one with summary.save(path).")
    schema = header.get("schema")
    if not isinstance(schema, int) or schema < 1:
        raise InvalidFileError(f"{path} has the schema {schema!r}; expected a number from 1 to {SCHEMA}.")
    if schema > SCHEMA:
        raise InvalidFileError(
            f"{path} was saved by a newer version of sklearn_lossacc (schema {schema}, this version reads up to "
            f"{SCHEMA}); update sklearn_lossacc."
        )
    if not isinstance(header.get("values"), dict):
        raise InvalidFileError(f"{path} is damaged: its header holds no values; save it again.")
    older = {name: value for since, added in ADDED.items() if schema < since for name, value in added.items()}
    return older | header["values"]


def read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read a file that `write` wrote.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    values : dict
    arrays : dict of str to ndarray

    Raises
    ------
    InvalidFileError
        If the file is something else, damaged, cut short, or of a newer schema.
    FileNotFoundError
        If there is no such file.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            values = _read_header(archive, path)
            arrays = {}
            for name in archive.namelist():
                if name.endswith(".npy"):
                    # All at once: only then is the checksum compared, before the content is believed.
                    member = io.BytesIO(archive.read(name))
                    arrays[name.removesuffix(".npy")] = np.lib.format.read_array(member, allow_pickle=False)
    except InvalidFileError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as reason:
        raise InvalidFileError(
            f"{path} cannot be read as a saved PredictionSummary ({reason}); it is damaged, cut short, or something "
            "else: save it again."
        ) from reason
    return values, arrays
