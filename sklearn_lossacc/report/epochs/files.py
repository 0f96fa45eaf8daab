"""Recorded epochs on disk: one small file an epoch, written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from sklearn_lossacc.exceptions import InvalidFileError
from sklearn_lossacc.inference.epochs import EpochRows
from sklearn_lossacc.report.writing import write_text
from sklearn_lossacc.statistics.whole_file import whole_file

SCHEMA = 1
HEAD = "recorder.json"
NUMBERS = ("temperature", "log_loss", "accuracy", "refined_loss", "n_effective")


def fingerprint(*arrays: np.ndarray | None) -> str:
    """Return a hash of the labels, weights and groups that a recorder is of."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(b"none" if array is None else np.ascontiguousarray(array).tobytes())
        digest.update(b"|")
    return digest.hexdigest()


class EpochFiles:
    """The folder of one recorder.

    Parameters
    ----------
    folder : str or path
        Made if it does not exist.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def paths(self) -> list[Path]:
        """Return the files of the epochs, in the order in which they were recorded."""
        return sorted(self.folder.glob("epoch-*.npz"))

    def write_head(self, mark: str, facts: dict[str, Any]) -> None:
        """Write what the recorder is of."""
        write_text(self.folder / HEAD, json.dumps({"schema": SCHEMA, "labels": mark, **facts}, indent=1))

    def check_head(self, mark: str) -> list[str]:
        """Return the classes as text; raise if the folder is of other labels, or of no recorder."""
        path = self.folder / HEAD
        try:
            head = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise InvalidFileError(f"{self.folder} holds epochs but no readable {HEAD}.") from None
        if head.get("schema") != SCHEMA:
            raise InvalidFileError(f"{path} has schema {head.get('schema')!r}; expected {SCHEMA}.")
        if head.get("labels") != mark:
            raise InvalidFileError(f"{self.folder} was recorded with other labels, weights or groups.")
        return [str(label) for label in head["classes"]]

    def write(
        self, place: int, epoch: float, rows: EpochRows, train_loss: float | None, train_accuracy: float | None
    ) -> None:
        """Write one epoch."""
        target = self.folder / f"epoch-{place:06d}.npz"
        facts = {
            "epoch": epoch,
            "outcome": rows.outcome,
            **{name: getattr(rows, name) for name in NUMBERS},
            "train_loss": train_loss,
            "train_accuracy": train_accuracy,
        }
        with whole_file(target) as draft:
            np.savez_compressed(
                draft,
                loss=rows.loss,
                refined=rows.refined,
                correct=np.packbits(rows.correct),
                margin=rows.margin,
                facts=np.array(json.dumps(facts)),
            )

    def read(self, path: Path) -> tuple[float, EpochRows, float | None, float | None]:
        """Read one epoch: its number, its rows, and the training loss and accuracy."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
                facts = json.loads(str(data["facts"]))
                loss = data["loss"]
                rows = EpochRows(
                    loss=loss,
                    refined=data["refined"],
                    correct=np.unpackbits(data["correct"], count=len(loss)).astype(bool),
                    margin=data["margin"],
                    outcome=facts["outcome"],
                    **{name: float(facts[name]) for name in NUMBERS},
                )
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
            raise InvalidFileError(f"{path} holds no recorded epoch: {error}.") from None
        return float(facts["epoch"]), rows, facts["train_loss"], facts["train_accuracy"]

    def remove(self, places: range) -> None:
        """Remove epochs, the last first."""
        for place in sorted(places, reverse=True):
            (self.folder / f"epoch-{place:06d}.npz").unlink(missing_ok=True)
