"""Where to stop a training run: at the lowest loss, or at the lowest refinement loss; recalibrated in both cases.

A network is trained for a fixed number of epochs on few rows, some with wrong labels. `EpochRecorder` sees the
validation predictions of every epoch. Two epochs are taken from it: that of the lowest validation loss, and that of the
lowest refinement loss. Both are shipped with their temperature, fitted on the same validation rows, and judged on test
rows that nothing was chosen on. Differences are paired by seed; the interval is Student's.

Usage::

    python benchmarks/epochs.py                              # scikit-learn's MLP, both data sets, 12 seeds
    python benchmarks/epochs.py --networks mlp torch         # and a PyTorch network, where torch is installed
    python benchmarks/epochs.py --picture epochs.png         # the picture of one run, with the split
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student
from sklearn.datasets import load_digits, make_classification
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from sklearn_lossacc import EpochRecorder
from sklearn_lossacc.metrics import accuracy_score, log_loss


@dataclass(frozen=True)
class Rows:
    """Training, validation and test rows."""

    X: np.ndarray
    y: np.ndarray
    X_val: np.ndarray
    y_val: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray


def flipped(y: np.ndarray, rate: float, k: int, rng: np.random.Generator) -> np.ndarray:
    """Give a share of the rows another label."""
    wrong = rng.random(y.size) < rate
    return np.where(wrong, (y + rng.integers(1, k, y.size)) % k, y)


def synthetic(seed: int) -> Rows:
    """Three classes, a tenth of the labels drawn anew; 800, 1500 and 2700 rows."""
    X, y = make_classification(5000, 20, n_informative=8, n_classes=3, flip_y=0.1, class_sep=0.8, random_state=seed)
    X = X.astype(np.float32)
    X, rest, y, y_rest = train_test_split(X, y, train_size=800, random_state=seed)
    X_val, X_test, y_val, y_test = train_test_split(rest, y_rest, train_size=1500, random_state=seed)
    return Rows(X, y, X_val, y_val, X_test, y_test)


def digits(seed: int) -> Rows:
    """Images of digits with a tenth of the labels wrong; 500, 600 and 697 rows."""
    X, y = load_digits(return_X_y=True)
    y = flipped(y, 0.1, 10, np.random.default_rng(seed))
    X = (X / 16.0).astype(np.float32)
    X, rest, y, y_rest = train_test_split(X, y, train_size=500, random_state=seed)
    X_val, X_test, y_val, y_test = train_test_split(rest, y_rest, train_size=600, random_state=seed)
    return Rows(X, y, X_val, y_val, X_test, y_test)


DATA = {"synthetic": synthetic, "digits": digits}
Epochs = Iterator[tuple[int, np.ndarray, np.ndarray]]


def mlp(rows: Rows, seed: int, n_epochs: int) -> Epochs:
    """Train scikit-learn's network; yield the epoch, and the probabilities of validation and test rows."""
    model = MLPClassifier((128,), learning_rate_init=0.003, random_state=seed)
    classes = np.unique(rows.y)
    for epoch in range(1, n_epochs + 1):
        model.partial_fit(rows.X, rows.y, classes=classes)
        yield epoch, model.predict_proba(rows.X_val), model.predict_proba(rows.X_test)


def torch(rows: Rows, seed: int, n_epochs: int) -> Epochs:
    """Train a PyTorch network with two hidden layers."""
    import torch as library

    library.manual_seed(seed)
    library.set_num_threads(1)
    k = int(rows.y.max()) + 1
    net = library.nn.Sequential(
        library.nn.Linear(rows.X.shape[1], 128), library.nn.ReLU(),
        library.nn.Linear(128, 128), library.nn.ReLU(), library.nn.Linear(128, k),
    )  # fmt: skip
    optimiser = library.optim.Adam(net.parameters(), lr=0.001)
    X, y = library.from_numpy(rows.X), library.from_numpy(rows.y.astype(np.int64))
    for epoch in range(1, n_epochs + 1):
        for batch in library.randperm(len(y)).split(64):
            optimiser.zero_grad()
            library.nn.functional.cross_entropy(net(X[batch]), y[batch]).backward()
            optimiser.step()
        with library.no_grad():
            predicted = [
                library.softmax(net(library.from_numpy(part)).double(), 1).numpy() for part in (rows.X_val, rows.X_test)
            ]
        yield epoch, *predicted


NETWORKS = {"mlp": mlp, "torch": torch}


def tempered(proba: np.ndarray, temperature: float) -> np.ndarray:
    """Divide logits by a temperature."""
    powers = np.maximum(proba, 1e-300) ** (1.0 / temperature)
    return powers / powers.sum(axis=1, keepdims=True)


def one_run(rows: Rows, epochs: Epochs) -> tuple[EpochRecorder, dict[str, tuple[int, float, float]]]:
    """Return the recorder, and for both ways to stop: epoch, test log loss and accuracy after its temperature."""
    recorder, tests = EpochRecorder(rows.y_val), {}
    for epoch, validation, test in epochs:
        recorder.record(epoch, validation)
        tests[epoch] = test
    temperature = recorder.frame().set_index("epoch")["temperature"]
    stops = {}
    for use in ("as they are", "recalibrated"):
        epoch = int(recorder.choice(use).epoch)
        proba = tempered(tests[epoch], temperature[epoch])
        stops[use] = epoch, log_loss(rows.y_test, proba), accuracy_score(rows.y_test, proba)
    return recorder, stops


def interval(differences: np.ndarray) -> tuple[float, float, float]:
    """Return the mean of paired differences with its 95 % interval."""
    half = student.ppf(0.975, differences.size - 1) * differences.std(ddof=1) / np.sqrt(differences.size)
    return differences.mean(), differences.mean() - half, differences.mean() + half


def report(network: str, name: str, n_seeds: int, n_epochs: int) -> None:
    """Train all seeds, and print both ways to stop and their paired differences."""
    start = time.perf_counter()
    runs = []
    for seed in range(n_seeds):
        rows = DATA[name](seed)
        runs.append(one_run(rows, NETWORKS[network](rows, seed, n_epochs))[1])
    found = {use: np.array([run[use] for run in runs]) for use in runs[0]}
    early, late = found["as they are"], found["recalibrated"]
    print(f"{network} on {name}: {n_seeds} seeds, {n_epochs} epochs, {time.perf_counter() - start:.0f} s")
    for words, stop in (("lowest loss", early), ("lowest refinement", late)):
        epochs = np.quantile(stop[:, 0], [0.25, 0.5, 0.75])
        print(
            f"  stop at {words:17s} epoch {epochs[1]:3.0f} (quartiles {epochs[0]:.0f} to {epochs[2]:.0f}), "
            f"test log loss {stop[:, 1].mean():.4f}, accuracy {stop[:, 2].mean():.4f}"
        )
    for words, column, sign in (("loss", 1, -1), ("accuracy", 2, 1)):
        mean, low, high = interval(sign * (late[:, column] - early[:, column]))
        print(f"  gain in {words:8s} {mean:+.4f} [{low:+.4f}, {high:+.4f}]")
    better = int((late[:, 1] < early[:, 1]).sum())
    same = int((late[:, 0] == early[:, 0]).sum())
    print(f"  lower loss in {better} of {n_seeds} seeds, the same epoch in {same}", flush=True)


def picture(path: str, network: str, name: str, n_epochs: int) -> None:
    """Draw the first seed."""
    from sklearn_lossacc.plots.history import new_history_figure

    rows = DATA[name](0)
    recorder, _ = one_run(rows, NETWORKS[network](rows, 0, n_epochs))
    recorder.name = f"{network} on {name}"
    figure, ax = new_history_figure()
    recorder.plot(ax)
    figure.savefig(path, dpi=120)
    print(f"written: {path}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=["mlp"])
    parser.add_argument("--data", nargs="+", choices=DATA, default=list(DATA))
    parser.add_argument("--picture", metavar="PATH")
    options = parser.parse_args()
    for network in options.networks:
        for name in options.data:
            if options.picture:
                picture(options.picture, network, name, options.epochs)
                return 0
            report(network, name, options.seeds, options.epochs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
