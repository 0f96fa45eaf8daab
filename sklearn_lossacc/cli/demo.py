"""``lossacc demo``: a neural network whose loss rises while its accuracy holds, diagnosed and repaired."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import numpy as np

from sklearn_lossacc.adapters import read_predictions
from sklearn_lossacc.calibration import TemperatureCalibrator
from sklearn_lossacc.cli.files import write_whole
from sklearn_lossacc.cli.views import write_view
from sklearn_lossacc.findings import Diagnosis, diagnose
from sklearn_lossacc.metrics import accuracy_score, log_loss
from sklearn_lossacc.report import LossAccuracyReport

if TYPE_CHECKING:
    from sklearn.neural_network import MLPClassifier

_WRONG_LABELS = 0.05
_N_VALIDATION = 900
_SEED = 1  # of the split, the wrong labels and the network


@dataclass(frozen=True)
class TrainedNetwork:
    """What training leaves behind.

    Attributes
    ----------
    y_true : ndarray of shape (n_samples,)
        Labels of the validation images, some of them wrong.
    y_proba : ndarray of shape (n_samples, n_classes)
        The last epoch's validation probabilities, float32 as networks export them.
    log_loss, accuracy : ndarray of shape (n_epochs,)
        Validation log loss in nats and accuracy after each epoch.
    """

    y_true: np.ndarray
    y_proba: np.ndarray
    log_loss: np.ndarray
    accuracy: np.ndarray


class _Progress:
    """A counter on one line of a terminal; silent anywhere else."""

    def __init__(self, stream: TextIO, total: int) -> None:
        self.stream, self.total = (stream if stream.isatty() else None), total

    def show(self, done: int) -> None:
        """Write how far it is; the last step wipes the line."""
        if self.stream is not None:
            text = f"training: epoch {done} of {self.total}" if done < self.total else ""
            self.stream.write(f"\r\x1b[K{text}")
            self.stream.flush()


def _fit_epoch(network: MLPClassifier, images: np.ndarray, labels: np.ndarray) -> None:
    """Train for one epoch; Ctrl-C, which scikit-learn turns into a warning, stays an interruption."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Training interrupted")
        try:
            network.partial_fit(images, labels, classes=np.arange(10))
        except UserWarning:
            raise KeyboardInterrupt from None


def train_network(epochs: int, progress: _Progress | None = None) -> TrainedNetwork:
    """Train a network on the bundled digits with one label in twenty wrong.

    Parameters
    ----------
    epochs : int
        Passes over the training images.
    progress : object with ``show(done)``, optional
        Told after each epoch.

    Returns
    -------
    TrainedNetwork
        Validation curves and the last epoch's validation probabilities.
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPClassifier
    from threadpoolctl import threadpool_limits

    images, labels = load_digits(return_X_y=True)
    generator = np.random.default_rng(_SEED)
    wrong = generator.random(labels.size) < _WRONG_LABELS
    labels = np.where(wrong, (labels + generator.integers(1, 10, labels.size)) % 10, labels)
    x_train, x_valid, y_train, y_valid = train_test_split(
        images / 16.0, labels, test_size=_N_VALIDATION, stratify=labels, random_state=_SEED
    )
    network = MLPClassifier((256, 256), batch_size=32, random_state=_SEED)
    curve = np.empty((epochs, 2))
    with threadpool_limits(1):  # batches this small are slower on several threads
        for epoch in range(epochs):
            _fit_epoch(network, x_train, y_train)
            proba = network.predict_proba(x_valid)
            curve[epoch] = log_loss(y_valid, proba, clip=None), accuracy_score(y_valid, proba)
            if progress is not None:
                progress.show(epoch + 1)
    return TrainedNetwork(y_valid, proba.astype(np.float32), *curve.T)


def _history_lines(network: TrainedNetwork) -> list[str]:
    """Say how loss and accuracy moved."""
    best, last = int(network.log_loss.argmin()), network.log_loss.size - 1
    lines = ["  epoch   validation loss   validation accuracy"]
    for epoch, note in ((best, "lowest loss"), (last, "last")):
        loss, accuracy = network.log_loss[epoch], network.accuracy[epoch]
        lines.append(f"  {epoch + 1:5d}   {loss:15.3f}   {accuracy:19.3f}   {note}")
    return lines


def _repair_lines(repairs: Mapping[str, Diagnosis]) -> list[str]:
    """Compare loss, accuracy and calibration error before and after each repair."""
    lines = [f"  {'':21s}   log loss   accuracy   calibration error (ECE)"]
    for name, diagnosis in repairs.items():
        loss, accuracy, ece = (diagnosis.metrics[key].value for key in ("log_loss", "accuracy", "ece"))
        lines.append(f"  {name:21s}   {loss:8.3f}   {accuracy:8.3f}   {ece:.3f}")
    means, limits = (
        [diagnosis.metrics[key].value for diagnosis in repairs.values()] for key in ("ece_null_mean", "ece_null_q95")
    )
    average = f"{min(means):.3f} to {max(means):.3f} on average"
    lines.append(f"  if calibrated, the ECE is {average}, and rarely above {max(limits):.3f}")
    return lines


def run_demo(options: argparse.Namespace) -> int:
    """Train, export, diagnose, repair, and say where everything is.

    Parameters
    ----------
    options : Namespace
        The arguments of ``lossacc demo``.

    Returns
    -------
    int
        0.
    """
    folder = Path(options.out)
    folder.mkdir(parents=True, exist_ok=True)
    print(
        f"Training a neural network on 897 images of digits, {_WRONG_LABELS * 100:.0f} % of the labels wrong, "
        f"for {options.epochs} epochs ...",
        flush=True,
    )
    network = train_network(options.epochs, _Progress(sys.stderr, options.epochs))
    print("\n".join(_history_lines(network)))

    exported = write_whole(
        folder / "predictions.npz",
        lambda path: np.savez(path, y_true=network.y_true, y_proba=network.y_proba),
    )
    predictions = read_predictions(exported)
    diagnosis = diagnose(**predictions, name="digits network")
    print(f"\nWhy? The diagnosis of its {_N_VALIDATION} exported validation predictions:\n")
    print(diagnosis)

    y_true, y_proba = predictions["y_true"], predictions["y_proba"]
    half = _N_VALIDATION // 2  # the split was shuffled, so the halves are alike
    repairs = {"as exported": y_proba[half:]}
    for name, floor in (("temperature", False), ("temperature and floor", True)):
        calibrator = TemperatureCalibrator(floor=floor).fit(y_proba[:half], y_true[:half])
        repairs[name] = calibrator.predict_proba(y_proba[half:])
    print("\nRepair: fitted on the first half of them, judged on the other half:\n")
    print("\n".join(_repair_lines({name: diagnose(y_true[half:], proba) for name, proba in repairs.items()})))

    report = LossAccuracyReport(diagnosis)
    page = write_view(report, "html", folder / "report.html")
    picture = write_view(report, "png", folder / "report.png")
    print(f"\nReport:      {page}\nPicture:     {picture}\nPredictions: {exported}")
    print(f"Next:        lossacc report {exported} --html mine.html")
    return 0
