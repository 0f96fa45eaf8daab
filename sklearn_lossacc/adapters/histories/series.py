"""Numbers logged one at a time, each with its step: MLflow's file store, TensorBoard, and tables of either."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sklearn_lossacc.adapters.column_names import listing
from sklearn_lossacc.adapters.histories.long_tables import Series, is_long, series_by_run
from sklearn_lossacc.adapters.histories.roles import SETS, is_of_other_rows, role_of
from sklearn_lossacc.adapters.histories.sources import EVENT_FILES, EVENT_MARK, TextTable, load
from sklearn_lossacc.adapters.histories.table import LogTable, table_of
from sklearn_lossacc.exceptions import InvalidFileError, InvalidHistoryError

TENSORBOARD_CSV = ["Wall time", "Step", "Value"]


def merge(runs: Mapping[str, Mapping[str, Series]], source_format: str, counter: str = "step") -> LogTable:
    """Put series side by side, one row a step; where steps are all the same, by the order of logging.

    Parameters
    ----------
    runs : mapping of str to mapping of str to list of (step, value)
        Run to name to series, each in the order in which it was logged. Of several, a column names the run.
    source_format : str
        What wrote the log.
    counter : {"step", "epoch"}, default="step"
        What the series are numbered by.

    Returns
    -------
    LogTable
    """
    columns: dict[str, list[Any]] = {}
    n_rows = 0
    unnumbered = False
    for run, series in runs.items():
        order, by_step, by_order = _numbered(series)
        unnumbered |= by_order
        part = {name: [points.get(step) for step in order] for name, points in by_step.items()}
        part = {
            **({} if by_order else {counter: list(order)}),
            **part,
            **({"run": [run] * len(order)} if len(runs) > 1 else {}),
        }
        for name in dict.fromkeys((*columns, *part)):
            columns[name] = columns.get(name, [None] * n_rows) + part.get(name, [None] * len(order))
        n_rows += len(order)
    table = table_of(columns, source_format)
    evaluated = [values for name, values in columns.items() if is_of_other_rows(name)]
    table.sparse = bool(evaluated) and any(all(values[row] is None for values in evaluated) for row in range(n_rows))
    if unnumbered:
        table.notes.append("all steps are the same: the order of logging was used instead")
    return table


def _numbered(series: Mapping[str, Series]) -> tuple[list[float], dict[str, dict[float, Any]], bool]:
    """Return all steps in order, every series by step, and whether steps are all the same, so that they count rows."""
    steps = {step for points in series.values() for step, _ in points}
    unnumbered = len(steps) == 1 and any(len(points) > 1 for points in series.values())
    by_step = {
        name: {float(place): value for place, (_, value) in enumerate(points)} if unnumbered else dict(points)
        for name, points in series.items()
    }
    return sorted({step for points in by_step.values() for step in points}), by_step, unnumbered


def recognises(source: Any) -> bool:
    """Whether this is a folder of MLflow or TensorBoard, an event file, or a table with one scalar a row."""
    if isinstance(source, Path):
        return EVENT_MARK in source.name or bool(_mlflow(source)) or bool(_events(source)) or bool(_downloads(source))
    return (isinstance(source, TextTable) and source.header == TENSORBOARD_CSV) or is_long(source)


def read(source: Any, wanted: Sequence[str]) -> LogTable:
    """Read all series."""
    if is_long(source):
        counter, runs = series_by_run(source)
        return merge(runs, "table of scalars", counter)
    if isinstance(source, TextTable):
        return merge({"": {_tag(source.path): _download(source)}}, "TensorBoard CSV")
    if _mlflow(source):
        return _read_mlflow(source)
    downloads = _downloads(source) if source.is_dir() else []
    if downloads:
        return merge({"": {_tag(path): _download(load(path)) for path in downloads}}, "TensorBoard CSV")
    return _read_events(source)


def _mlflow(folder: Path) -> list[Path]:
    """Return the folders of metrics: of one run, or of all runs below."""
    if not folder.is_dir():
        return []
    if folder.name == "metrics":
        return [folder]
    if (folder / "metrics").is_dir():
        return [folder / "metrics"]
    return sorted(path for path in folder.glob("*/metrics") if path.is_dir() and not (path / "__init__.py").exists())


def _read_mlflow(folder: Path) -> LogTable:
    """Read lines of time, value and step; old stores have no step, new ones more fields."""
    found = _mlflow(folder)
    if len(found) > 1:
        raise InvalidHistoryError(
            f"{folder} holds {len(found)} runs: {listing([path.parent.name for path in found])}; give the folder of "
            "one."
        )
    series: dict[str, Series] = {}
    for path in sorted(path for path in found[0].rglob("*") if path.is_file()):
        name = path.relative_to(found[0]).as_posix()
        points: Series = []
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
            fields = line.split()
            try:
                _, value = int(fields[0]), fields[1]
                points.append((float(fields[2]) if len(fields) > 2 else 0.0, value))
            except (IndexError, ValueError):
                raise InvalidFileError(
                    f"{path}: line {number} is {line[:40]!r}; expected a time stamp, a value and a step."
                ) from None
        series[name] = points
    if not series:
        raise InvalidFileError(f"{found[0]} holds no metrics.")
    return merge({"": series}, "MLflow file store")


def _downloads(folder: Path) -> list[Path]:
    """Return the CSV downloads of TensorBoard in a folder."""
    if not folder.is_dir():
        return []
    expected = ",".join(TENSORBOARD_CSV)
    found = []
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            if file.readline().strip() == expected:
                found.append(path)
    return found


def _tag(path: Path) -> str:
    """Return the tag of a download: the part of its name after ``-tag-``, with the run before it."""
    run, mark, tag = path.stem.partition("-tag-")
    if not mark:
        return path.stem
    run = run.removeprefix("run-").rpartition("_")[2]
    return f"{run}/{tag}" if role_of(f"{run}/{tag}") is not None and role_of(tag) is not None else tag


def _download(table: TextTable) -> Series:
    """Return steps and values."""
    points: Series = []
    for row, (step, value) in enumerate(zip(table.columns["Step"], table.columns["Value"], strict=True)):
        try:
            points.append((float(step), value))
        except ValueError:
            raise InvalidFileError(f"{table.path}: row {row} has the step {step!r}; expected a number.") from None
    return points


def _events(folder: Path) -> list[Path]:
    """Return the event files of a folder and the folders in it."""
    if not folder.is_dir():
        return []
    return sorted([*folder.glob(f"{EVENT_FILES}*"), *folder.glob(f"*/{EVENT_FILES}*")])


def _read_events(source: Path) -> LogTable:
    """Read scalars of event files with the package tensorboard."""
    try:
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    except ImportError:
        raise InvalidFileError(
            f"{source} holds TensorBoard events, which the package tensorboard reads; install it, or download the "
            "scalars as CSV in TensorBoard."
        ) from None
    files = [source] if source.is_file() else _events(source)
    folders = sorted({path.parent for path in files})
    series: dict[str, Series] = {}
    for folder in folders:
        told = folder.name.lower() in SETS  # one of the two folders that Keras and others write for their sets
        prefix = f"{folder.name}/" if told or len(folders) > 1 else ""
        reader = EventAccumulator(
            str(source if source.is_file() else folder), size_guidance={"scalars": 0, "tensors": 0}
        )
        reader.Reload()
        tags = reader.Tags()
        for tag in tags.get("scalars", []):
            series[f"{prefix}{tag}"] = [(event.step, event.value) for event in reader.Scalars(tag)]
        for tag in tags.get("tensors", []):  # TensorFlow 2 writes scalars as tensors
            values = [(event.step, list(event.tensor_proto.float_val)) for event in reader.Tensors(tag)]
            if values and all(len(value) == 1 for _, value in values):
                series[f"{prefix}{tag}"] = [(step, value[0]) for step, value in values]
    if not series:
        raise InvalidFileError(f"{source} holds no scalars.")
    return merge({"": series}, "TensorBoard events")
