"""From interleaved rows of steps and evaluations to one row an evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from sklearn_lossacc.inputs.history import LeftOut

Curves = Mapping[str, np.ndarray]


@dataclass
class Points:
    """The rows that become points of the curves, with what they hold.

    Attributes
    ----------
    rows : list of int
        Row of the log at which each point stands.
    values : dict of str to ndarray of shape (n_points,)
        Curve to numbers, NaN where not measured.
    source : dict of str to ndarray of shape (n_points,)
        Curve to the row of the log that each number was taken from, -1 for means of several.
    averaged : dict of str to int
        Training curve to the largest number of logged values behind one point, where that is more than one.
    left_out : list of LeftOut
        Rows that are no points.
    """

    rows: list[int]
    values: dict[str, np.ndarray]
    source: dict[str, np.ndarray]
    averaged: dict[str, int] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)


def is_train(target: str) -> bool:
    """Whether a curve is of training."""
    return target.startswith("train_")


def is_sparse(curves: Curves, epoch: np.ndarray | None) -> bool:
    """Whether rows of training steps stand between evaluations of the same epoch."""
    evaluated = [~np.isnan(values) for target, values in curves.items() if not is_train(target)]
    if not evaluated:
        return epoch is not None and _repeats(epoch)
    any_evaluated = np.logical_or.reduce(evaluated)
    partly = any(not (there == any_evaluated).all() for there in evaluated)
    return bool((not any_evaluated.all() or partly) and epoch is not None and _repeats(epoch))


def _repeats(epoch: np.ndarray) -> bool:
    """Whether an epoch occurs twice in a row while others differ."""
    return bool(len(epoch) > 1 and (np.diff(epoch) == 0).any() and len(np.unique(epoch)) > 1)


def dense_points(curves: Curves, rows: np.ndarray) -> Points:
    """Take every row as a point; rows without any number are left out."""
    there = np.logical_or.reduce([~np.isnan(values[rows]) for values in curves.values()])
    index = np.asarray(rows, dtype=int)[there]
    return Points(
        index.tolist(),
        {target: values[index] for target, values in curves.items()},
        dict.fromkeys(curves, index),
        left_out=[LeftOut(int(row), "empty") for row in np.asarray(rows, dtype=int)[~there]],
    )


def sparse_points(curves: Curves, rows: np.ndarray, epoch: np.ndarray | None, step: np.ndarray | None) -> Points:
    """Collect the rows of one run into one point an evaluation.

    Parameters
    ----------
    curves : mapping of str to ndarray of shape (n_rows,)
        Curve to numbers, NaN where the row has none.
    rows : ndarray of int
        The rows of the run, in order.
    epoch, step : ndarray of shape (n_rows,) or None
        Counters.

    Returns
    -------
    Points

    Notes
    -----
    Rows of one epoch and step that hold different curves are one evaluation. A second measurement of a curve at the
    same step, and an evaluation before which nothing was trained, are left out and told. Training numbers belong to the
    evaluation of their epoch, or else to the next one; several of them are averaged.
    """
    train = [target for target in curves if is_train(target)]
    evaluated = [target for target in curves if not is_train(target)]
    if not evaluated:
        return _by_epoch(curves, rows, epoch)
    left_out: list[LeftOut] = []
    points = _evaluations(curves, rows, evaluated, epoch, step, left_out)
    points = _without_strays(points, evaluated, curves, left_out)
    owner = {target: _owners(curves[target], rows, points, epoch) for target in train}
    counts = np.zeros(len(points), dtype=int)
    for owned in owner.values():
        counts += np.bincount(owned[owned >= 0], minlength=len(points))
    untrained = [
        place
        for place in range(1, len(points))
        if train and counts[place] == 0 and np.median(counts) >= 1 and _no_step(points[place - 1], points[place], step)
    ]
    for place in untrained:
        point = points[place]
        left_out.append(
            LeftOut(
                int(point["row"]), "no training before it", {t: float(curves[t][r]) for t, r in point["at"].items()}
            )
        )
    kept = [place for place in range(len(points)) if place not in untrained]
    result = Points([points[place]["row"] for place in kept], {}, {}, left_out=left_out)
    for target in evaluated:
        source = np.array([points[place]["at"].get(target, -1) for place in kept])
        result.source[target] = source
        result.values[target] = np.where(source >= 0, curves[target][source], np.nan)
    for target in train:
        _average(result, target, curves[target], owner[target], kept)
    return result


def _evaluations(
    curves: Curves,
    rows: np.ndarray,
    evaluated: Sequence[str],
    epoch: np.ndarray | None,
    step: np.ndarray | None,
    left_out: list[LeftOut],
) -> list[dict]:
    """Group the rows that evaluate something; each point has a row, a key, and the row of each curve."""
    points: list[dict] = []
    for row in rows:
        here = {target: row for target in evaluated if not np.isnan(curves[target][row])}
        if not here:
            continue
        key = tuple(None if counter is None else float(counter[row]) for counter in (epoch, step))
        last = points[-1] if points else None
        if last is None or key != last["key"] or key == (None, None):
            points.append({"row": row, "key": key, "at": here})
            continue
        again = [target for target in here if target in last["at"]]
        if not again:
            last["at"] |= here
            continue
        same = all(curves[target][row] == curves[target][last["at"][target]] for target in again)
        reason = "repeats the evaluation before it" if same else "another evaluation at the same step"
        left_out.append(LeftOut(int(row), reason, {target: float(curves[target][row]) for target in here}))
    return points


def _without_strays(
    points: list[dict], evaluated: Sequence[str], curves: Curves, left_out: list[LeftOut]
) -> list[dict]:
    """Leave out evaluations of other sets only, where validation is evaluated elsewhere."""
    main = {target for target in evaluated if target.startswith("val_")}
    if not any(main & set(point["at"]) for point in points):
        return points
    for point in points:
        if not main & set(point["at"]):
            left_out.append(
                LeftOut(
                    int(point["row"]), "evaluates other rows", {t: float(curves[t][r]) for t, r in point["at"].items()}
                )
            )
    return [point for point in points if main & set(point["at"])]


def _owners(values: np.ndarray, rows: np.ndarray, points: list[dict], epoch: np.ndarray | None) -> np.ndarray:
    """Return for every row of the log the point that its training number belongs to, -1 for none."""
    owner = np.full(len(values), -1)
    epochs = [point["key"][0] for point in points]
    whole = epoch is not None and len(set(epochs)) == len(epochs) and all(float(e).is_integer() for e in epochs)
    of_epoch = {value: place for place, value in enumerate(epochs)} if whole else {}
    stands = np.array([point["row"] for point in points])
    for row in rows:
        if np.isnan(values[row]):
            continue
        if whole and epoch is not None and float(epoch[row]) in of_epoch:
            owner[row] = of_epoch[float(epoch[row])]
            continue
        place = int(np.searchsorted(stands, row))
        owner[row] = place if place < len(points) else -1
    return owner


def _no_step(before: dict, after: dict, step: np.ndarray | None) -> bool:
    """Whether at most one step lies between two evaluations."""
    return step is not None and abs(after["key"][1] - before["key"][1]) <= 1


def _average(result: Points, target: str, values: np.ndarray, owner: np.ndarray, kept: Sequence[int]) -> None:
    """Put the mean of its training numbers beside each point."""
    owned = np.flatnonzero(owner >= 0)
    owned = owned[np.argsort(owner[owned], kind="stable")]
    edges = np.searchsorted(owner[owned], np.asarray(kept, dtype=int)[:, None] + np.array([0, 1]))
    members = [owned[start:stop] for start, stop in edges.tolist()]
    result.values[target] = np.array([values[m].mean() if m.size else np.nan for m in members])
    result.source[target] = np.array([m[0] if m.size == 1 else -1 for m in members])
    most = max((m.size for m in members), default=0)
    if most > 1:
        result.averaged[target] = most


def _by_epoch(curves: Curves, rows: np.ndarray, epoch: np.ndarray | None) -> Points:
    """Average training numbers over epochs, where nothing is evaluated."""
    if epoch is None:
        return dense_points(curves, rows)
    index = np.asarray(rows, dtype=int)
    _, first, owner_here = np.unique(epoch[index], return_index=True, return_inverse=True)
    result = Points([int(index[place]) for place in first], {}, {})
    for target, values in curves.items():
        owner = np.full(len(values), -1)
        there = ~np.isnan(values[index])
        owner[index[there]] = owner_here.reshape(-1)[there]
        _average(result, target, values, owner, range(len(first)))
    return result
