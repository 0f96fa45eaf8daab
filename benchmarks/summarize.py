"""Speed and memory of `summarize` and of the log loss.

    python benchmarks/summarize.py [--repetitions 9] [--seed 0] [--small]

Times are wall-clock medians. Each repetition runs every operation once, one after the other, and the ratio is the
median over repetitions of time / time of ``P.max(axis=1)`` in the same repetition: what disturbs the machine for
longer than a repetition disturbs both. Memory is the largest amount of memory that numpy and Python had allocated at
any moment of a call, above what was there before it (tracemalloc; the class codes of the labels and the summary itself
are in it), divided by the size of the array of probabilities. Buffers inside BLAS are not counted.
"""

from __future__ import annotations

import argparse
import os
import time
import tracemalloc
from collections.abc import Callable
from statistics import median

import numpy as np

from sklearn_lossacc.inputs import Predictions
from sklearn_lossacc.metrics import log_loss
from sklearn_lossacc.statistics import summarize

SHAPES = ((1_000_000, 10), (50_000, 1000), (1_000_000, 2))
SMALL_SHAPES = ((50_000, 10), (2_500, 1000), (50_000, 2))

# Largest ratio of the time to that of P.max(axis=1), by number of classes, and of the memory to that of P.
TARGETS = {
    "summarize": {10: 5.0, 1000: 10.0},
    "log loss": {10: 1.0, 1000: 3.0},
}
MEMORY_TARGETS = {10: 0.2, 1000: 0.2}


def draw(n_rows: int, n_classes: int, seed: int, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """Return labels and the probabilities that they were drawn from."""
    rng = np.random.default_rng(seed)
    proba = rng.normal(scale=2.0, size=(n_rows, n_classes))
    y = np.empty(n_rows, dtype=np.int64)
    for start in range(0, n_rows, 10_000):
        part = slice(start, start + 10_000)
        y[part] = (proba[part] + rng.gumbel(size=proba[part].shape)).argmax(axis=1)
    np.exp(proba, out=proba)
    proba /= proba.sum(axis=1, keepdims=True)
    return y, proba.astype(dtype, copy=False)


def time_together(calls: dict[str, Callable[[], object]], repetitions: int) -> dict[str, list[float]]:
    """Return the seconds of every call in every repetition; the first one warms up and is left out."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for repetition in range(repetitions + 1):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            if repetition:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def peak_memory(call: Callable[[], object]) -> int:
    """Return the largest number of bytes allocated during a call, above those before it."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    result = call()
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    del result
    return peak


def verdict(value: float, target: float | None) -> str:
    """Say whether a target is met."""
    return "" if target is None else f"{'ok' if value <= target else 'MISSED'} (at most {target:g})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=9)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--small", action="store_true", help="a twentieth of the rows, to see that it runs")
    options = parser.parse_args()

    threads = os.environ.get("OMP_NUM_THREADS", f"not limited, {os.cpu_count()} processors")
    print(f"numpy {np.__version__}, threads of BLAS: {threads}, seed {options.seed}")
    print(f"{'P':>22} {'operation':<20} {'ms':>8} {'x max':>6}  {'target':<20} {'memory':>7}  target")
    for n_rows, n_classes in SMALL_SHAPES if options.small else SHAPES:
        for dtype in ("float64", "float32"):
            y, proba = draw(n_rows, n_classes, options.seed, dtype)
            calls: dict[str, Callable[[], object]] = {
                "P.max(axis=1)": lambda p=proba: p.max(axis=1),
                "validation": lambda y=y, p=proba: Predictions.from_arrays(y, p),
                "log loss": lambda y=y, p=proba: log_loss(y, p),
                "summarize": lambda y=y, p=proba: summarize(y, p),
            }
            seconds = time_together(calls, options.repetitions)
            for name, call in calls.items():
                ratio = median(a / b for a, b in zip(seconds[name], seconds["P.max(axis=1)"], strict=True))
                memory = peak_memory(call) / proba.nbytes
                judged = dtype == "float64" and name in TARGETS
                target = TARGETS[name].get(n_classes) if judged else None
                print(
                    f"{n_rows:>9} x {n_classes:<4} {dtype[-2:]:>3}  {name:<20} {1e3 * median(seconds[name]):8.1f}"
                    f" {ratio:6.2f}  {verdict(ratio, target):<20} {memory:7.3f}  "
                    f"{verdict(memory, MEMORY_TARGETS.get(n_classes) if judged else None)}"
                )


if __name__ == "__main__":
    main()
