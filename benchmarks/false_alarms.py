"""How often any statistical finding fires on a healthy model: labels drawn from the model's own probabilities.

Every cell (classes, rows, sharpness, design) is simulated R times; a cell fails when its share of runs with a fired
statistical finding exceeds alpha + 3.5 sqrt(alpha (1 - alpha) / R). The pooled share is printed last.

Usage::

    python benchmarks/false_alarms.py                   # all cells
    python benchmarks/false_alarms.py --runs 200        # fewer runs
    python benchmarks/false_alarms.py --classes 2 3     # some cells
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import product

import numpy as np
from scipy.special import log_softmax

from sklearn_lossacc import summarize
from sklearn_lossacc.findings.evidence import Evidence
from sklearn_lossacc.findings.judge import judge_all
from sklearn_lossacc.findings.rules.dependence import count_copies_once

ALPHA = 0.05
# Conditions carry no p-value and leave Holm's family unchanged; leaving them out only saves time.
CONDITIONS = ("LA001", "LA002", "LA003", "LA004", "LA301", "LA302", "LA303", "LA304")
SHARPNESS = {"blunt": 0.5, "very sharp": 10.0}
DESIGNS = ("plain", "weights", "copies")


def healthy(rng, n_rows: int, n_classes: int, scale: float, design: str):
    """Return keyword arguments of a healthy model: logits and labels drawn from them, weighted or in groups."""
    copies = 5 if design == "copies" else 1
    n_own = max(n_rows // copies, 1)
    log_proba = log_softmax(scale * rng.standard_normal((n_own, n_classes)), axis=1)
    uniform = rng.random((n_own, 1))
    y = np.minimum((np.cumsum(np.exp(log_proba), axis=1) < uniform).sum(axis=1), n_classes - 1)
    keywords = {"y_true": np.repeat(y, copies), "y_proba": np.repeat(log_proba, copies, axis=0), "input": "logits"}
    if design == "weights":
        keywords["sample_weight"] = rng.exponential(size=n_own)
    if design == "copies":
        keywords["groups"] = np.repeat(np.arange(n_own), copies)
    return keywords


def run_cell(cell, runs: int, seed: int = 0):
    """Return the fired statistical codes of every run of a cell, and the seconds that it took."""
    n_classes, n_rows, sharpness, design = cell
    start = time.perf_counter()
    fired = []
    for run in range(runs):
        where = (n_classes, n_rows, sorted(SHARPNESS).index(sharpness), DESIGNS.index(design))
        rng = np.random.default_rng([seed, *where, run])
        keywords = healthy(rng, n_rows, n_classes, SHARPNESS[sharpness], design)
        summary = summarize(**keywords, classes=np.arange(n_classes))
        evidence = count_copies_once(Evidence(summary, alpha=ALPHA, random_state=run))
        findings = judge_all(evidence, CONDITIONS)
        fired.append([f.code for f in findings if f.status == "fired" and f.p_value is not None])
    return cell, fired, time.perf_counter() - start


def main(argv=None) -> int:
    """Run the cells and print one line each; return 1 when a cell fails."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=2000, help="runs per cell; a tenth where rows x classes > 1e6")
    parser.add_argument("--classes", type=int, nargs="*", default=[2, 3, 10, 100])
    parser.add_argument("--rows", type=int, nargs="*", default=[50, 200, 1000, 20000])
    parser.add_argument("--sharpness", nargs="*", default=list(SHARPNESS))
    parser.add_argument("--designs", nargs="*", default=list(DESIGNS))
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args(argv)
    cells = list(product(options.classes, options.rows, options.sharpness, options.designs))
    cells.sort(key=lambda cell: cell[0] * cell[1])
    runs = [max(20, options.runs // 10) if cell[0] * cell[1] > 1e6 else options.runs for cell in cells]
    total = alarms = failed = 0
    header = ("k", "n", "sharpness", "design", "runs", "share", "limit")
    sys.stdout.write("{:>5} {:>6} {:>10} {:>8} {:>5} {:>6} {:>6}  fired\n".format(*header))
    with ProcessPoolExecutor(options.jobs) as pool:
        for cell, fired, seconds in pool.map(run_cell, cells, runs):
            count, n_runs = sum(map(bool, fired)), len(fired)
            limit = ALPHA + 3.5 * math.sqrt(ALPHA * (1 - ALPHA) / n_runs)
            codes = sorted({code for codes in fired for code in codes})
            by_code = ", ".join(f"{code} {sum(code in codes for codes in fired)}" for code in codes)
            bad = count / n_runs > limit
            total, alarms, failed = total + n_runs, alarms + count, failed + bad
            sys.stdout.write(
                f"{cell[0]:>5} {cell[1]:>6} {cell[2]:>10} {cell[3]:>8} {n_runs:>5} {count / n_runs:6.3f} {limit:6.3f}  "
                f"{by_code} {'FAILED' if bad else ''} [{seconds:.0f} s]\n"
            )
            sys.stdout.flush()
    sys.stdout.write(f"pooled share {alarms / total:.4f} over {total} runs; {failed} of {len(cells)} cells failed\n")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
