"""How long scorers take, next to one prediction and one log loss of scikit-learn.

    python benchmarks/scorers.py              # table
    python benchmarks/scorers.py --check      # exit status 1 if a limit is exceeded

The unit is one ``predict_proba`` and one `sklearn.metrics.log_loss` of its result, timed next to each scorer in the
same process; the median ratio of the repetitions is shown, so that a busy machine slows both. Of `lossacc_scoring`
one prediction is taken off, and the rest compared with one `summarize`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import sklearn.metrics
from sklearn.linear_model import LogisticRegression

from sklearn_lossacc import get_scorer, get_scorer_names, lossacc_scoring, summarize

N_ROWS, N_CLASSES, N_FEATURES = 100_000, 10, 20
FITTED = {"neg_calibration_loss", "neg_refinement_loss", "neg_smooth_calibration_error"}
PLAIN_LIMIT, FITTED_LIMIT, TOGETHER_LIMIT = 1.1, 3.0, 1.5


def draw() -> tuple[Any, np.ndarray, np.ndarray]:
    """Fit a model on a few rows, and return it with many others."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N_ROWS, N_FEATURES))
    y = (X @ rng.normal(size=(N_FEATURES, N_CLASSES)) + 3 * rng.gumbel(size=(N_ROWS, N_CLASSES))).argmax(axis=1)
    return LogisticRegression().fit(X[:2000], y[:2000]), X, y


def seconds(task: Callable[[], Any]) -> float:
    """Time a task once."""
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def ratio(
    run: Callable[[], Any], unit: Callable[[], Any], repeats: int, free: Callable[[], Any] = lambda: None
) -> tuple[float, float]:
    """Return the median of the time of `run` less that of `free`, in units of `unit`, and of `run` in milliseconds."""
    ratios, times = [], []
    for _ in range(repeats):
        of_unit, of_free, of_run = seconds(unit), seconds(free), seconds(run)
        ratios.append((of_run - of_free) / of_unit)
        times.append(1e3 * of_run)
    return float(np.median(ratios)), float(np.median(times))


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=11)
    parser.add_argument("--check", action="store_true", help="fail if a limit is exceeded")
    options = parser.parse_args(arguments)
    model, X, y = draw()

    def one_loss() -> float:
        return sklearn.metrics.log_loss(y, model.predict_proba(X), labels=model.classes_)

    P = model.predict_proba(X)

    def one_summary() -> Any:
        return summarize(y, P, classes=model.classes_)

    def one_prediction() -> Any:
        return model.predict_proba(X)

    def nothing() -> None:
        return None

    rows = [(name, get_scorer(name), one_loss, nothing) for name in get_scorer_names()]
    rows.append(("lossacc_scoring()", lossacc_scoring(), one_summary, one_prediction))
    exceeded = []
    print(f"{N_ROWS} x {N_CLASSES}")
    print(f"{'scorer':>33} {'ms':>7} {'ratio':>6} {'limit':>6}")
    for name, scorer, unit, free in rows:
        limit = TOGETHER_LIMIT if unit is one_summary else FITTED_LIMIT if name in FITTED else PLAIN_LIMIT
        found, milliseconds = ratio(lambda s=scorer: s(model, X, y), unit, options.repeats, free)
        print(f"{name:>33} {milliseconds:7.1f} {found:6.2f} {limit:6.2f}")
        if found > limit:
            exceeded.append(f"{name}: {found:.2f}, limit {limit}")
    for line in exceeded:
        print("exceeded:", line)
    return int(bool(exceeded) and options.check)


if __name__ == "__main__":
    sys.exit(main())
