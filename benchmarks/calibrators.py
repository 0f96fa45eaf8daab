"""Our calibrators and those of other packages, on real predictions and on large random ones.

    python benchmarks/calibrators.py                     # tables and picture, into doc/_static
    python benchmarks/calibrators.py --only quality --out tables
    python benchmarks/calibrators.py --only speed --check   # exit status 1 if a limit is exceeded
    python benchmarks/calibrators.py --only picture         # again, from the table written before

The folder with the real predictions is named by the environment variable SKLEARN_LOSSACC_DATA. The peers are the extra
``bench``; one that is not installed is left out. All run in this process, one after the other, each as its own
documentation asks for: float64, labels 0..k-1, logits where logits are meant, the probability of the second class where
two classes are given by one column.

Quality: fitted on the validation rows, judged on the test rows of five public sets of predictions. Log loss and Brier
score (0 to 2), ECE with 15 bins beside its mean on a calibrated model of the same confidences, accuracy, seconds and
memory of fit and prediction. A probability of 0 for a label counts as 2.22e-16; ``zeros`` counts such rows.

Speed: processor time of fit and prediction in units of one pass ``P.max(axis=1)`` over the same array, timed right
before and after it, in a child of its own. A pass allocates next to nothing, while memory that a process gets for the
first time is paid for in the system's time, which on a virtual machine varies tenfold: the passes of the first call are
printed in brackets, the table has the median of three later ones (of short methods), in memory that the process has
kept.

Memory: by how much the memory of the process has grown at the peak of fit and prediction, in units of the input. The
result is one unit of it; whatever the method holds besides is the rest, also what Python does not see. It is the
largest resident memory without what maps a file, which is code (Linux: VmHWM less RssFile), of a second call in another
child (of long methods: the first), less that before the first one (RssAnon); before it stands a call on a few rows, so
that what is set up once does not count. The C library is told to hand back what is freed, so that memory counts as long
as it is used. As it comes, the library may keep up to 64 MB of what was freed, depending on what the process did
before: on the smallest input, of 16 MB, that is a matter of chance. All packages are measured alike.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import ctypes
import gc
import multiprocessing
import os
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator

import sklearn_lossacc
from sklearn_lossacc import calibration
from sklearn_lossacc.metrics import brier_score_loss, expected_calibration_error, log_loss

os.environ.setdefault("TQDM_DISABLE", "1")  # a peer's progress bars
CLIP = np.finfo(np.float64).eps
OUT = Path(__file__).parents[1] / "doc" / "_static"
Method = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]

OURS = {
    "identity": calibration.IdentityCalibrator,
    "temperature": calibration.TemperatureCalibrator,
    "temperature + floor": lambda: calibration.TemperatureCalibrator(floor=True),
    "ensemble temperature": calibration.EnsembleTemperatureCalibrator,
    "sigmoid": calibration.SigmoidCalibrator,
    "beta": calibration.BetaCalibrator,
    "quadratic": lambda: calibration.BetaCalibrator(shape="quadratic"),
    "spline": calibration.SplineCalibrator,
    "isotonic": calibration.IsotonicCalibrator,
    "isotonic in steps": lambda: calibration.IsotonicCalibrator(centered=False),
    "Venn-Abers": calibration.VennAbersCalibrator,
    "histogram": calibration.HistogramCalibrator,
    "vector": calibration.VectorCalibrator,
    "matrix": calibration.MatrixCalibrator,
    "Dirichlet": calibration.DirichletCalibrator,
    "auto": calibration.AutoCalibrator,
}
# (limit on 1e6 x 10, limit on 5e4 x 1000), in passes; Venn-Abers on 1e6 x 2
LIMITS = {
    ("temperature", "1000000 x 10"): 5,
    ("temperature", "50000 x 1000"): 15,
    ("isotonic", "1000000 x 10"): 25,
    ("isotonic", "50000 x 1000"): 150,
    ("vector", "1000000 x 10"): 60,
    ("vector", "50000 x 1000"): 300,
    ("Venn-Abers", "1000000 x 2"): 30,
}
# What does not work with a peer, and the call that shows it.
BROKEN = {
    ("netcal", "temperature, float32"): "TemperatureScaling().fit(P.astype('float32'), y): the weight stays 1",
    ("probmetrics", "beta"): "get_calibrator('beta').fit(P, y) with 3 classes: ValueError: Invalid input shape",
    (
        "probmetrics",
        "dircal",
    ): "get_calibrator('dircal').fit(P, y): ImportError: The 'dirichletcal' package is required",
    ("dirichletcal", "any"): "pip install dirichletcal: its install_requires is no valid list of requirements",
    ("betacal", "beta"): "BetaCalibration().fit(p, y) calls warnings.filterwarnings('ignore') for the whole process",
    (
        "scikit-learn",
        "temperature",
    ): "CalibratedClassifierCV(..., method='temperature').fit(X, y) with labels 10, 20, 30: "
    "inverse temperature 22026; labels 0..k-1 are given here",
}


class PassThrough(ClassifierMixin, BaseEstimator):
    """A fitted classifier whose features are its scores."""

    def __init__(self, n_classes: int):
        self.n_classes = n_classes
        self.classes_ = np.arange(n_classes)

    def fit(self, X: Any, y: Any) -> PassThrough:
        """Do nothing."""
        return self

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        """Return logits, those of the second class if there are two."""
        return X[:, 1] - X[:, 0] if self.n_classes == 2 else X

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the class of the largest score."""
        return X.argmax(axis=1)


def logs(P: np.ndarray) -> np.ndarray:
    """Return log probabilities, 2.22e-16 in the place of 0."""
    return np.log(np.maximum(P, CLIP))


def ours(make: Callable[[], Any]) -> Method:
    """Return our calibrator as a method."""
    return lambda P, y, Q: make().set_params(classes=np.arange(P.shape[1])).fit(P, y).predict_proba(Q)


def sklearn_method(name: str) -> Method:
    """Return scikit-learn's calibrator behind a frozen estimator that passes log probabilities through."""

    def run(P: np.ndarray, y: np.ndarray, Q: np.ndarray) -> np.ndarray:
        model = CalibratedClassifierCV(FrozenEstimator(PassThrough(P.shape[1])), method=name)
        return model.fit(logs(P), y).predict_proba(logs(Q))

    return run


def netcal_method(package: str, name: str) -> Method:
    """Return a calibrator of netcal; two classes are given by the probability of the second."""

    def run(P: np.ndarray, y: np.ndarray, Q: np.ndarray) -> np.ndarray:
        from importlib import import_module

        model = getattr(import_module(f"netcal.{package}"), name)()
        if P.shape[1] == 2:
            second = np.asarray(model.fit(P[:, 1], y).transform(Q[:, 1])).reshape(-1)
            return np.column_stack([1 - second, second])
        return model.fit(P, y).transform(Q)

    return run


def probmetrics_method(name: str) -> Method:
    """Return a calibrator of probmetrics."""

    def run(P: np.ndarray, y: np.ndarray, Q: np.ndarray) -> np.ndarray:
        from probmetrics.calibrators import get_calibrator

        return get_calibrator(name).fit(P, y).predict_proba(Q)

    return run


def betacal_method(P: np.ndarray, y: np.ndarray, Q: np.ndarray) -> np.ndarray:
    """Fit betacal's beta calibration, one class against the others."""
    from betacal import BetaCalibration

    with warnings.catch_warnings():  # it silences the whole process
        if P.shape[1] == 2:
            second = BetaCalibration("abm").fit(P[:, 1].reshape(-1, 1), y).predict(Q[:, 1])
            return np.column_stack([1 - second, second])
        columns = [
            BetaCalibration("abm").fit(P[:, [j]], (y == j).astype(int)).predict(Q[:, j]) for j in range(P.shape[1])
        ]
    total = np.column_stack(columns)
    return total / total.sum(axis=1, keepdims=True)


def venn_abers_method(P: np.ndarray, y: np.ndarray, Q: np.ndarray) -> np.ndarray:
    """Run venn-abers' inductive predictor."""
    from venn_abers import VennAbersCalibrator

    return VennAbersCalibrator().predict_proba(p_cal=P, y_cal=y, p_test=Q)


PEERS: dict[tuple[str, str], Method] = {
    ("scikit-learn", "temperature"): sklearn_method("temperature"),
    ("scikit-learn", "sigmoid"): sklearn_method("sigmoid"),
    ("scikit-learn", "isotonic"): sklearn_method("isotonic"),
    ("netcal", "temperature"): netcal_method("scaling", "TemperatureScaling"),
    ("netcal", "logistic"): netcal_method("scaling", "LogisticCalibration"),
    ("netcal", "beta"): netcal_method("scaling", "BetaCalibration"),
    ("netcal", "isotonic"): netcal_method("binning", "IsotonicRegression"),
    ("netcal", "histogram"): netcal_method("binning", "HistogramBinning"),
    ("netcal", "BBQ"): netcal_method("binning", "BBQ"),
    ("probmetrics", "TS"): probmetrics_method("temp-scaling"),
    ("probmetrics", "SVS"): probmetrics_method("svs"),
    ("probmetrics", "SMS"): probmetrics_method("sms"),
    ("probmetrics", "quadratic"): probmetrics_method("quadratic-scaling"),
    ("probmetrics", "centred isotonic"): probmetrics_method("cir"),
    ("probmetrics", "Venn-Abers"): probmetrics_method("ivap-ovr"),
    ("betacal", "beta"): betacal_method,
    ("venn-abers", "Venn-Abers"): venn_abers_method,
}


def ets_method(P: np.ndarray, y: np.ndarray, Q: np.ndarray) -> np.ndarray:
    """Run probmetrics' ensemble temperature scaling."""
    from probmetrics.calibrators import ETSCalibrator

    return ETSCalibrator().fit(P, y).predict_proba(Q)


PEERS["probmetrics", "ETS"] = ets_method
BINARY_ONLY = {("probmetrics", "quadratic")}
METHODS: dict[tuple[str, str], Method] = {("sklearn_lossacc", name): ours(make) for name, make in OURS.items()} | PEERS


SHORT, REPEATS = 10.0, 3  # seconds; calls
FEW_ROWS = 5000  # more than those for which a choice is made in another way


class TooLongError(Exception):
    """The time is over."""


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """Interrupt what takes more processor time."""

    def stop(*_: Any) -> None:
        raise TooLongError(f"longer than {seconds} s")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def resident(field: str) -> float:
    """Read what /proc says of the memory of the process, in bytes: NaN but on Linux."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith(field):
                return int(line.split()[1]) * 1024.0
    return np.nan


def let_go() -> None:
    """Hand back to the system what is no longer needed."""
    gc.collect()
    set_allocator("malloc_trim", 0)


@contextmanager
def growth() -> Iterator[list[float]]:
    """Watch the memory of the process; append its largest growth in bytes at the end."""
    let_go()
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
    start, result = resident("VmRSS"), list[float]()
    yield result
    result.append(resident("VmHWM") - start)


def run(method: Method, data: tuple[np.ndarray, np.ndarray, np.ndarray], limit: int) -> tuple[Any, float, float]:
    """Return the prediction (or, as text, why there is none), the seconds and the bytes."""
    prediction: Any = None
    with growth() as grown, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start = time.process_time()
        try:
            with at_most(limit), np.errstate(all="ignore"):
                prediction = np.asarray(method(*data), dtype=np.float64)
        except ModuleNotFoundError as error:
            prediction = f"not installed: {error.name}"
        except TooLongError as error:
            prediction = str(error)
        except Exception as error:  # a peer may fail in any way: the table says how
            prediction = f"{type(error).__name__}: {str(error).splitlines()[0][:60]}"
        elapsed = time.process_time() - start
    return prediction, elapsed, grown[0]


class Measured(NamedTuple):
    """What children saw: what went wrong, if anything; seconds; passes that fit into them and the first; bytes."""

    fault: str
    seconds: float
    passes: float
    first: float
    memory: float


def set_allocator(name: str, *values: int) -> None:
    """Call a function of the C library that steers its memory, where it has it."""
    with contextlib.suppress(AttributeError, OSError, TypeError):
        getattr(ctypes.CDLL(None), name)(*values)


TRIM_THRESHOLD, MMAP_THRESHOLD, MMAP_MAX = -1, -3, -4  # of mallopt


def keep_memory() -> None:
    """Let the C library keep what is freed, instead of handing it back to the system, where it can."""
    set_allocator("mallopt", MMAP_MAX, 0)  # no mappings of their own for large arrays
    set_allocator("mallopt", TRIM_THRESHOLD, -1)


def hand_back_memory() -> None:
    """Let the C library hand back what is freed; without it the limits, these ones at first, grow with use."""
    set_allocator("mallopt", MMAP_THRESHOLD, 2**17)
    set_allocator("mallopt", TRIM_THRESHOLD, 2**17)


def timed_call(method: Method, P: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Fit and predict; return the seconds, and how many passes fit into them."""
    before = one_pass(P, 3)
    start = time.process_time()
    method(P, y, P)
    elapsed = time.process_time() - start
    return elapsed, elapsed / float(np.median(before + one_pass(P, 3)))


def in_child(work: Callable[[], Any]) -> Any:
    """Return the result of a function that runs in a process of its own, or as text how that ended."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=lambda: theirs.send(work()))
    child.start()
    child.join()
    return ours.recv() if ours.poll() else f"ended with status {child.exitcode}"


def measured(method: Method, P: np.ndarray, y: np.ndarray, limit: int) -> Measured:
    """Fit and predict, in one child for the time and in another one for the memory."""
    few = np.union1d(np.arange(FEW_ROWS), np.unique(y, return_index=True)[1])  # with all classes

    def time_it() -> tuple[str, list[tuple[float, float]]]:
        keep_memory()
        run(method, (P[few], y[few], P[few]), limit)
        before = one_pass(P)
        found, elapsed, _ = run(method, (P, y, P), limit)
        fault = found if isinstance(found, str) else ""
        del found
        timed = [(elapsed, elapsed / float(np.median(before + one_pass(P))))]
        if not fault and elapsed < SHORT:
            timed += [timed_call(method, P, y) for _ in range(REPEATS)]
        return fault, timed

    def weigh_it(calls: int) -> float:
        run(method, (P[few], y[few], P[few]), limit)
        let_go()
        start = resident("RssAnon")
        for _ in range(calls):
            found = run(method, (P, y, P), 2 * limit)[0]
            if isinstance(found, str):
                return np.nan
            del found
        return resident("VmHWM") - resident("RssFile") - start

    found = in_child(time_it)
    if isinstance(found, str) or found[0]:
        return Measured(found if isinstance(found, str) else found[0], limit, *[np.nan] * 3)
    timed = found[1]
    memory = in_child(lambda: weigh_it(2 if timed[0][0] < SHORT else 1))
    seconds, passes = np.median(timed[1:] or timed, axis=0).tolist()
    return Measured("", seconds, passes, timed[0][1], np.nan if isinstance(memory, str) else memory)


def null_ece(P: np.ndarray, draws: int = 200) -> float:
    """Return the mean ECE of a calibrated model with these confidences."""
    rng = np.random.default_rng(0)
    confidence = P.max(axis=1)
    place = np.minimum(np.ceil(confidence * 15).astype(int) - 1, 14)
    gaps = (
        np.bincount(place, weights=(rng.random(len(P)) < confidence) - confidence, minlength=15) for _ in range(draws)
    )
    return float(np.mean([np.abs(gap).sum() / len(P) for gap in gaps]))


def real_sets(folder: Path) -> Iterator[tuple[str, np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Yield the name, validation probabilities and labels, test probabilities and labels of each set."""
    data = np.load(folder / "probs" / "densenet40_cifar10_logits_valtest.npz")
    sides = []
    for side in ("val", "test"):
        z = data[f"{side}_logits"].astype(np.float64)
        proba = np.exp(z - z.max(axis=1, keepdims=True))
        sides += [proba / proba.sum(axis=1, keepdims=True), data[f"{side}_labels"].astype(np.intp)]
    yield ("DenseNet-40, CIFAR-10", *sides)
    for name, path, labels in (
        ("label-errors, CIFAR-10", "labelnoise/label-errors_cifar10.npz", "given_labels"),
        ("label-errors, IMDB", "labelnoise/label-errors_imdb.npz", "given_labels"),
        ("DenseNet-BC-100, CIFAR-100", "probs/netcal_densenet-bc-100-cifar-100.npz", "labels"),
        ("LeNet-5, CIFAR-10", "probs/netcal_lenet-5-cifar-10.npz", "labels"),
    ):
        data = np.load(folder / path)
        P, y = data["probs"].astype(np.float64), data[labels].astype(np.intp)
        P /= P.sum(axis=1, keepdims=True)
        val, test = data["val_idx"], data["test_idx"]
        yield name, P[val], y[val], P[test], y[test]


def judge(Q: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """Measure probabilities; rows are divided by their sums, as every metric here would ask."""
    if Q.shape != (len(y), Q.shape[-1]) or not np.isfinite(Q).all():
        return {"note": f"shape {Q.shape}, finite: {np.isfinite(Q).all()}"}
    off = float(np.abs(Q.sum(axis=1) - 1).max())
    if off > 1e-3:
        return {"note": f"rows miss a sum of 1 by up to {off:.2g}"}
    Q = Q / Q.sum(axis=1, keepdims=True)
    return {
        "log_loss": log_loss(y, Q, classes=np.arange(Q.shape[1])),
        "brier": brier_score_loss(y, Q, classes=np.arange(Q.shape[1])),
        "ece": expected_calibration_error(y, Q, classes=np.arange(Q.shape[1])),
        "null_ece": null_ece(Q),
        "accuracy": float((Q.argmax(axis=1) == y).mean()),
        "zeros": int((Q[np.arange(len(y)), y] == 0).sum()),
    }


def quality(folder: Path, limit: int, chosen: str) -> list[dict[str, Any]]:
    """Judge every method on every set."""
    rows = []
    for name, P, y, Q, labels in real_sets(folder):
        for (package, method), call in METHODS.items():
            if chosen not in package + " " + method or ((package, method) in BINARY_ONLY and P.shape[1] > 2):
                continue
            found, elapsed, memory = run(call, (P, y, Q), limit)
            values = {"note": found} if isinstance(found, str) else judge(found, labels)
            row = {
                "set": name,
                "package": package,
                "method": method,
                **values,
                "seconds": elapsed,
                "MB": memory / 2**20,
            }
            rows.append(row)
            print(
                f"{name:27} {package:15} {method:21} {row.get('log_loss', np.nan):8.5f} {elapsed:8.2f} s",
                row.get("note", ""),
                flush=True,
            )
    return rows


def draw(n_rows: int, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities of logits 2.5 times too large, and labels."""
    rng = np.random.default_rng(0)
    P = rng.normal(scale=2.0, size=(n_rows, n_classes))
    y = (P + rng.gumbel(size=P.shape)).argmax(axis=1)
    P *= 2.5
    P -= P.max(axis=1, keepdims=True)
    np.exp(P, out=P)
    P /= P.sum(axis=1, keepdims=True)
    return P, y


def one_pass(P: np.ndarray, repeats: int = 5) -> list[float]:
    """Time ``P.max(axis=1)``."""
    spans = []
    for _ in range(repeats):
        start = time.process_time()
        P.max(axis=1)
        spans.append(time.process_time() - start)
    return spans


SPEED = {
    (1_000_000, 2): ("temperature", "sigmoid", "beta", "spline", "isotonic", "Venn-Abers", "TS", "auto"),
    (1_000_000, 10): ("temperature", "isotonic", "vector", "sigmoid", "TS", "SVS", "auto"),
    (50_000, 100): ("temperature", "isotonic", "vector", "matrix", "SMS", "auto"),
    (50_000, 1000): ("temperature", "isotonic", "vector", "TS", "SVS", "auto"),
}


def speed(limit: int, chosen: str) -> list[dict[str, Any]]:
    """Time methods on large arrays."""
    hand_back_memory()  # before anything large is freed, which would leave holes to each child
    rows = []
    for (n_rows, n_classes), names in SPEED.items():
        P, y = draw(n_rows, n_classes)
        for (package, method), call in METHODS.items():
            if method not in names or chosen not in package + " " + method:
                continue
            found = measured(call, P, y, limit)
            shape = f"{n_rows} x {n_classes}"
            row = {
                "shape": shape,
                "package": package,
                "method": method,
                "seconds": found.seconds,
                "passes": None if found.fault else found.passes,
                "limit": LIMITS.get((method, shape)) if package == "sklearn_lossacc" else None,
                "memory": None if found.fault else found.memory / P.nbytes,
                "note": found.fault,
            }
            rows.append(row)
            print(
                f"{shape:>14} {package:15} {method:12} {found.seconds:8.2f} s {found.passes:8.1f} passes",
                "" if found.fault else f"({found.first:.1f} at first)",
                "" if found.fault else f"{row['memory']:5.2f} x memory",
                found.fault,
                flush=True,
            )
    return rows


def write(path: Path, rows: list[dict[str, Any]], columns: list[str]) -> None:
    """Write a table with rounded numbers."""

    def text(value: Any) -> str:
        if value is None or (isinstance(value, float) and np.isnan(value)):
            return ""
        return (
            f"{value:.4g}"
            if isinstance(value, float) and abs(value) >= 10
            else (f"{value:.4f}" if isinstance(value, float) else str(value))
        )

    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([[text(row.get(column)) for column in columns] for row in rows])


def renewed(path: Path, rows: list[dict[str, Any]], keys: tuple[str, ...]) -> list[dict[str, Any]]:
    """Put rows into the places that they have in a table that was written before, and leave its other rows."""
    if not path.exists():
        return rows
    new = {tuple(row[key] for key in keys): row for row in rows}
    with path.open(newline="", encoding="utf-8") as file:
        table: list[dict[str, Any]] = [new.pop(tuple(row[key] for key in keys), row) for row in csv.DictReader(file)]
    return [*table, *new.values()]


def means(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Average over the sets; a method that failed on one has no mean."""
    sets = list(dict.fromkeys(row["set"] for row in rows))
    table = []
    for key in dict.fromkeys((row["package"], row["method"]) for row in rows):
        own = [row for row in rows if (row["package"], row["method"]) == key]
        done = [row for row in own if "log_loss" in row]
        notes = {row["note"] for row in own if row.get("note")}
        line: dict[str, Any] = {"package": key[0], "method": key[1], "note": "; ".join(sorted(notes))}
        if len(done) == len(sets):
            for column in ("log_loss", "brier", "ece", "null_ece", "accuracy", "seconds", "MB"):
                line[column] = float(np.mean([row[column] for row in own]))
            line["zeros"] = sum(row["zeros"] for row in own)
        table.append(line | {"sets": len(done)})
    return sorted(table, key=lambda line: line.get("log_loss", np.inf))


def picture(folder: Path) -> None:
    """Draw the means of the table that was written: log loss and seconds, a row for each method."""
    import matplotlib.pyplot as plt

    with (folder / "calibrators.csv").open(encoding="utf-8") as file:
        table = [line for line in csv.DictReader(file) if line["log_loss"]][::-1]
    loss, seconds = (np.array([float(line[column]) for line in table]) for column in ("log_loss", "seconds"))
    own = np.array([line["package"] == "sklearn_lossacc" for line in table])
    names = [f"{line['package']}: {line['method']}".removeprefix("sklearn_lossacc: ") for line in table]
    floor = 2e-4  # a difference of 0 has a place on the axis
    place = np.arange(len(table))
    figure, axes = plt.subplots(1, 2, figsize=(8.4, 7.2), sharey=True, layout="constrained", width_ratios=[1.4, 1])
    for ax, values in zip(axes, (loss - loss.min() + floor, seconds), strict=True):
        ax.hlines(place, 0, 1, color="0.93", linewidth=1, zorder=0, transform=ax.get_yaxis_transform())
        ax.scatter(values[~own], place[~own], s=30, color="0.55", label="other packages")
        ax.scatter(values[own], place[own], s=30, color="#c2571a", label="this package")
        ax.set(xscale="log")
        ax.spines[["top", "right", "left"]].set_visible(False)
        ax.tick_params(axis="y", length=0)
    axes[0].set_yticks(place, names, fontsize=8.5)
    for label, mine in zip(axes[0].get_yticklabels(), own, strict=True):
        label.set_color("#9c4210" if mine else "0.25")
    ticks = [0.0, 0.002, 0.01, 0.03, 0.1, 0.3]
    axes[0].set_xticks([tick + floor for tick in ticks], [f"{tick:g}" for tick in ticks])
    axes[0].minorticks_off()
    axes[0].set_xlabel(f"mean test log loss above the smallest, {loss.min():.4f} (nats)")
    axes[1].set_xlabel("seconds to fit and predict, mean")
    axes[1].legend(frameon=False, loc="lower right", fontsize=8.5)
    figure.savefig(folder / "calibrators.png", dpi=120)
    plt.close(figure)


def main(arguments: list[str] | None = None) -> int:
    """Write the tables; return 1 if --check finds a limit exceeded."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=["quality", "speed", "picture"])
    parser.add_argument(
        "--methods",
        default="",
        help="only those whose package and method contain this; of the table of speeds their rows are renewed",
    )
    parser.add_argument("--seconds", type=int, default=30, help="time that a method may take on one set")
    parser.add_argument("--out", type=Path, default=OUT, help="folder of the tables and the picture")
    parser.add_argument("--check", action="store_true", help="fail if a limit is exceeded")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    print("sklearn_lossacc", getattr(sklearn_lossacc, "__version__", ""), "on", os.cpu_count(), "cores")
    exceeded = []
    if options.only == "picture":
        picture(options.out)
        return 0
    if options.only != "speed":
        if "SKLEARN_LOSSACC_DATA" not in os.environ:
            parser.error("the sets are read from the folder in SKLEARN_LOSSACC_DATA, which is not set")
        rows = quality(Path(os.environ["SKLEARN_LOSSACC_DATA"]), options.seconds, options.methods)
        measures = ["log_loss", "brier", "ece", "null_ece", "accuracy", "zeros", "seconds", "MB", "note"]
        write(options.out / "calibrators_by_set.csv", rows, ["set", "package", "method", *measures])
        table = means(rows)
        write(options.out / "calibrators.csv", table, ["package", "method", *measures])
        picture(options.out)
    if options.only != "quality":
        rows = speed(options.seconds, options.methods)
        columns = ["shape", "package", "method", "seconds", "passes", "limit", "memory", "note"]
        path = options.out / "calibrators_speed.csv"
        write(path, renewed(path, rows, ("shape", "package", "method")) if options.methods else rows, columns)
        exceeded = [row for row in rows if row["limit"] and (row["passes"] is None or row["passes"] > row["limit"])]
    for row in exceeded:
        print("exceeded:", row["shape"], row["method"], row["passes"], "limit", row["limit"])
    for (package, method), call in BROKEN.items():
        print(f"known: {package} {method}: {call}")
    return int(bool(exceeded) and options.check)


if __name__ == "__main__":
    sys.exit(main())
