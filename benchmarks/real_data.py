"""Diagnose real predictions, and measure on one half of each set what the repairs fitted on the other half are worth.

The folder of the sets is named by the environment variable SKLEARN_LOSSACC_DATA. Only computed figures are written.

Usage::

    python benchmarks/real_data.py                     # the lines of each set
    python benchmarks/real_data.py --only nba imdb     # the sets whose names contain these
    python benchmarks/real_data.py --text              # the diagnoses in full as well
    python benchmarks/real_data.py --write doc/_static # the tables of the guide, real_data*.csv
"""

from __future__ import annotations

import argparse
import csv
import os
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd  # noqa: TID253 (half of the sets are tables)
from sklearn.base import clone

from sklearn_lossacc import (
    AutoCalibrator,
    Diagnosis,
    MatrixCalibrator,
    SigmoidCalibrator,
    SplineCalibrator,
    TemperatureCalibrator,
    VectorCalibrator,
    diagnose,
)
from sklearn_lossacc.exceptions import CalibrationWarning
from sklearn_lossacc.metrics import expected_calibration_error, log_loss_per_sample

# The part of the waterfall that belongs to a finding.
PARTS = {
    "LA101": "temperature",
    "LA102": "temperature",
    "LA005": "temperature",
    "LA103": "class_bias",
    "LA104": "shape",
    "LA201": "outliers",
    "LA202": "floor",
}
CALIBRATORS = {
    "temperature": TemperatureCalibrator(),
    "floor": TemperatureCalibrator(floor=True),
    "sigmoid": SigmoidCalibrator(),
    "vector": VectorCalibrator(),
    "spline": SplineCalibrator(),
    "matrix": MatrixCalibrator(),
    "auto": AutoCalibrator(),
}
NBSP = "\N{NO-BREAK SPACE}"  # a number stays with its code
FIELDS = ("Set", "Rows", "Classes", "Accuracy", "Loss", "Findings, nats")
REPAIR_FIELDS = ("Set", "Advised repair", "Change of loss", "AutoCalibrator", "Its change of loss", "ECE")
TOP_LABEL_FIELDS = (
    "Set", "Rows", "Accuracy", "Confidence", "ECE", "Findings, nats", "Advised repair", "ECE, test rows",
)  # fmt: skip
TOP_LABEL_NAMES = {
    "efficientnet_b1": "EfficientNet-B1, ImageNet",
    "gluon_senet154": "SENet-154, ImageNet",
    "resnet34": "ResNet-34, ImageNet",
    "resnext101_32x8d": "ResNeXt-101, ImageNet",
    "probs_densenet40_c100_logits": "DenseNet-40, CIFAR-100",
    "probs_densenet40_c10_logits": "DenseNet-40, CIFAR-10",
    "snacks": "Snacks",
}


class RealSet(NamedTuple):
    """Predictions with labels, and how they are divided.

    Attributes
    ----------
    name : str
    y, scores : ndarray
        Labels, and probabilities or logits.
    fit, test : ndarray of int
        Rows that fit a repair, and rows that measure it.
    keywords : dict
        What `diagnose` has to be told besides.
    top_label : bool
        Whether only the top label and its confidence are known; the question is then whether the label is right.
    """

    name: str
    y: np.ndarray
    scores: np.ndarray
    fit: np.ndarray
    test: np.ndarray
    keywords: dict[str, Any]
    top_label: bool = False


def halves(n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Divide rows at random."""
    order = np.random.RandomState(0).permutation(n_rows)
    return np.sort(order[: n_rows // 2]), np.sort(order[n_rows // 2 :])


def by_date(date: Any) -> tuple[np.ndarray, np.ndarray]:
    """Divide rows into the earlier and the later half."""
    order = np.argsort(np.asarray(date), kind="stable")
    return np.sort(order[: len(order) // 2]), np.sort(order[len(order) // 2 :])


def by_group(groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Divide rows into two halves of the groups."""
    names, codes = np.unique(groups, return_inverse=True)
    first = np.isin(codes, halves(len(names))[0])
    return np.flatnonzero(first), np.flatnonzero(~first)


def vision(folder: Path) -> Iterator[RealSet]:
    """Yield the networks whose full probabilities are known."""
    for name, path, label in (
        ("LeNet-5, CIFAR-10", "probs/netcal_lenet-5-cifar-10.npz", "labels"),
        ("DenseNet-BC-100, CIFAR-100", "probs/netcal_densenet-bc-100-cifar-100.npz", "labels"),
        ("label-errors, CIFAR-10", "labelnoise/label-errors_cifar10.npz", "given_labels"),
        ("label-errors, IMDB", "labelnoise/label-errors_imdb.npz", "given_labels"),
    ):
        with np.load(folder / path) as file:
            yield RealSet(name, file[label], file["probs"], file["val_idx"], file["test_idx"], {})
    with np.load(folder / "probs/densenet40_cifar10_logits_valtest.npz") as file:
        y = np.concatenate([file["val_labels"], file["test_labels"]])
        logits = np.concatenate([file["val_logits"], file["test_logits"]])
        rows = np.arange(len(y))
        n_val = len(file["val_labels"])
        yield RealSet("DenseNet-40, CIFAR-10", y, logits, rows[:n_val], rows[n_val:], {"input": "logits"})


def noisy(folder: Path) -> Iterator[RealSet]:
    """Yield the sets of known label noise, and the votes of people."""
    for name, path in (("no noise", "noise0_0"), ("20 % noise", "noise0_2")):
        with np.load(folder / f"labelnoise/confidentlearning_cifar10train_sparsity0_0_{path}.npz") as file:
            y, proba = file["noisy_labels"], file["probs"].astype(np.float32)
            proba /= proba.sum(axis=1, keepdims=True)  # half precision: 24 rows are off by more than is accepted
            yield RealSet(f"Confident learning, {name}", y, proba, *halves(len(y)), {})
    with np.load(folder / "labelnoise/cifar10h_counts.npz") as file:
        y, counts = file["labels"], file["counts"]
        votes = counts / counts.sum(axis=1, keepdims=True)
        yield RealSet("CIFAR-10H, shares of human votes", y, votes, *halves(len(y)), {})


def forecasts(folder: Path) -> Iterator[RealSet]:
    """Yield the forecasts of matches; repairs are fitted on the past and measured on what came later."""
    for name in ("nba_games", "nhl_games"):
        table = pd.read_csv(folder / f"binary/538_{name}.csv.gz")
        y, proba = table["prob1_outcome"].to_numpy(int), table["prob1"].to_numpy()
        yield RealSet(f"538, {name[:3].upper()} games", y, proba, *by_date(table["date"]), {})
    for who in ("men", "women"):
        table = pd.read_csv(folder / f"binary/538_world_cup_matches_{who}.csv.gz")
        outcome = table[["prob1_outcome", "probtie_outcome", "prob2_outcome"]].to_numpy()
        proba = table[["prob1", "probtie", "prob2"]].to_numpy()
        yield RealSet(f"538, World Cup, {who}", outcome.argmax(axis=1), proba, *by_date(table["date"]), {})
    table = pd.read_csv(folder / "binary/538_march_madness_in_game_men.csv.gz")
    game = table[["season", "team1", "team2"]].astype(str).agg(" ".join, axis=1).to_numpy(str)
    y, proba = table["prob1_outcome"].to_numpy(int), table["prob1"].to_numpy()
    yield RealSet("538, March Madness in game", y, proba, *by_group(game), {"groups": game})


def risks(folder: Path) -> Iterator[RealSet]:
    """Yield the risk scores, the forecasts of rain, and the findings in X-ray pictures."""
    table = pd.read_csv(folder / "binary/recid_broward_DGJ20.csv")
    y = table["two_year_recid"].to_numpy(int)
    for name in ("logitpredprobs", "gbmpredprobs", "mturkpredprobs", "compaspredprobs.linear"):
        short = {"compas": "COMPAS"}.get(first := name.split("predprobs")[0], first)
        yield RealSet(f"Recidivism, {short}", y, table[name].to_numpy(), *halves(len(y)), {})
    table = pd.read_csv(folder / "binary/precip_Niamey_2016.csv")
    y = table["obs"].to_numpy(int)
    for name in ("Logistic", "EMOS", "ENS", "EPC"):
        yield RealSet(f"Niamey rain, {name}", y, table[name].to_numpy(), *by_date(table["date"]), {})
    with np.load(folder / "binary/chestxray14_trustx_val_logits.npz") as file:
        logits, labels = file["logits"], file["labels"]
    for j in range(labels.shape[1]):
        rows = halves(len(labels))
        yield RealSet(f"ChestX-ray14, label {j}", labels[:, j], logits[:, j], *rows, {"input": "logits"})


def top_labels(folder: Path) -> Iterator[RealSet]:
    """Yield the sets that hold the top label and its confidence; the event is that the label is right."""
    for path in sorted((folder / "toplabel").glob("*.npz")):
        with np.load(path) as file:
            right = (file["true_label"] == file["pred_label"]).astype(int)
            confidence = file["confidence"]
        name = TOP_LABEL_NAMES[path.stem.split("__")[1]]
        yield RealSet(f"{name}, top label", right, confidence, *halves(len(right)), {}, top_label=True)


def nats_of(diagnosis: Diagnosis) -> dict[str, float | None]:
    """Return the findings that fired, each with its nats where it has any."""
    parts = {part.name: part.value for part in diagnosis.decomposition.parts}
    sizes = {finding.code: finding.value for finding in diagnosis.issues if finding.code == "LA203"}
    sizes |= {code: parts[part] for code, part in PARTS.items()}
    return {finding.code: sizes.get(finding.code) for finding in diagnosis.issues}


def advised(found: dict[str, float | None], n_classes: int) -> str:
    """Name the calibrator that the findings ask for: that of the dearest, with class offsets where they are needed."""
    dearest = max((code for code in found if found[code] is not None), key=lambda code: found[code], default="")
    if dearest == "LA202":
        return "floor"
    if "LA103" in found or dearest == "LA203":
        return "sigmoid" if n_classes == 2 else "vector"
    if dearest == "LA104":
        return "spline" if n_classes == 2 else "matrix"
    return "temperature"


def change(before: np.ndarray, after: np.ndarray, groups: np.ndarray | None) -> str:
    """Return the mean difference with its 95 % interval; rows of a group count as one."""
    difference = after - before
    mean = difference.mean()
    if groups is None:
        deviations = difference - mean
    else:
        deviations = np.bincount(np.unique(groups, return_inverse=True)[1], difference - mean)
    n = len(deviations)
    margin = 1.96 * np.sqrt((deviations**2).sum() * n / (n - 1)) / len(difference)
    return f"{round(mean, 3) + 0.0:+.3f}{NBSP}±{NBSP}{margin:.3f}"  # no -0.000


class Repaired(NamedTuple):
    """What a repair did to the test rows.

    Attributes
    ----------
    calibrator : calibrator
        Fitted on the other rows.
    change : str
        Of the mean log loss, with its 95 % interval.
    ece : str
        Before and after.
    """

    calibrator: Any
    change: str
    ece: str


def repair(one: RealSet, name: str) -> Repaired:
    """Fit a calibrator on one part of the rows and measure it on the other."""
    logits = one.keywords.get("input", "proba")
    groups = one.keywords.get("groups")
    classes = np.arange(2 if one.scores.ndim == 1 else one.scores.shape[1])
    scores = one.scores[:, None] if one.scores.ndim == 1 else one.scores
    calibrator = clone(CALIBRATORS[name]).set_params(input=logits, classes=classes)
    fitted_groups = {} if groups is None else {"groups": groups[one.fit]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CalibrationWarning)  # the outcome says the same
        calibrator.fit(scores[one.fit], one.y[one.fit], **fitted_groups)
    y, raw = one.y[one.test], scores[one.test]
    repaired = calibrator.predict_proba(raw)
    before = log_loss_per_sample(y, raw, classes=classes, input=logits)
    after = log_loss_per_sample(y, repaired, classes=classes)
    kind = "classwise" if one.top_label else "top_label"
    ece = [
        expected_calibration_error(y, raw, classes=classes, input=logits, kind=kind),
        expected_calibration_error(y, repaired, classes=classes, kind=kind),
    ]
    test_groups = None if groups is None else groups[one.test]
    return Repaired(calibrator, change(before, after, test_groups), f"{ece[0]:.3f} to {ece[1]:.3f}")


def lines(one: RealSet, text: bool) -> dict[str, tuple[str, ...]]:
    """Diagnose a set, repair it, and return its lines, by table."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # what they say is a finding, too
        diagnosis = diagnose(one.y, one.scores, name=one.name, **one.keywords)
    if text:
        print(diagnosis)
    n_classes = diagnosis.description["n_classes"]
    found = nats_of(diagnosis)
    words = ", ".join(code if nats is None else f"{code}{NBSP}{nats:.3f}" for code, nats in found.items()) or "none"
    name = advised(found, n_classes)
    first = repair(one, name)
    if one.top_label:
        ece = expected_calibration_error(one.y, one.scores, kind="classwise")
        numbers = (f"{one.y.mean():.3f}", f"{one.scores.mean(dtype=float):.3f}", f"{ece:.3f}")
        repaired = (f"{name} {first.change}", first.ece)
        return {"top_label": (one.name.removesuffix(", top label"), f"{len(one.y)}", *numbers, words, *repaired)}
    auto = repair(one, "auto")
    choice = auto.calibrator.choice_.removeprefix("temperature+")
    numbers = (f"{diagnosis.metrics[key].value:.3f}" for key in ("accuracy", "log_loss"))
    return {
        "": (one.name, f"{len(one.y)}", f"{n_classes}", *numbers, words),
        "repair": (one.name, name, first.change, choice, auto.change, auto.ece),
    }


TABLES = {"": FIELDS, "repair": REPAIR_FIELDS, "top_label": TOP_LABEL_FIELDS}


def write(folder: Path, tables: dict[str, list[tuple[str, ...]]]) -> None:
    """Write each table that has lines."""
    for name, rows in tables.items():
        if rows:
            with (folder / f"real_data{name and '_'}{name}.csv").open("w", newline="", encoding="utf-8") as file:
                csv.writer(file, lineterminator="\n").writerows([TABLES[name], *rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="*", default=[], help="names, or parts of them")
    parser.add_argument("--text", action="store_true", help="print the diagnoses in full")
    parser.add_argument("--write", type=Path, help="folder of the tables")
    options = parser.parse_args()
    folder = Path(os.environ["SKLEARN_LOSSACC_DATA"])
    tables: dict[str, list[tuple[str, ...]]] = {name: [] for name in TABLES}
    for source in (vision, noisy, forecasts, risks, top_labels):
        for one in source(folder):
            if options.only and not any(part.lower() in one.name.lower() for part in options.only):
                continue
            start = time.perf_counter()
            for name, cells in lines(one, options.text).items():
                tables[name].append(cells)
                print(" | ".join(cells), f"({time.perf_counter() - start:.1f} s)", flush=True)
    if options.write is not None:
        write(options.write, tables)


if __name__ == "__main__":
    main()
