"""Exported predictions from a file, as a summary: typed columns are never in memory as a whole."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from sklearn_lossacc.adapters.arrow_files import is_arrow
from sklearn_lossacc.adapters.arrow_tables import BLOCK_ENTRIES, ArrowPredictions, find_predictions
from sklearn_lossacc.adapters.file_request import FileRequest
from sklearn_lossacc.adapters.prediction_files import columns_asked, read_predictions
from sklearn_lossacc.exceptions import InvalidFileError, InvalidTargetError
from sklearn_lossacc.inputs.arrays import show_labels
from sklearn_lossacc.statistics import PredictionSummary, summarize
from sklearn_lossacc.statistics.parts import classes_of_parts, merge_parts, summarize_part
from sklearn_lossacc.statistics.tally import SAMPLE_ENTRIES


def _classes(found: ArrowPredictions, n_columns: int) -> Sequence[Any] | np.ndarray:
    """Return the class of each column, from the labels of all rows where no name says it."""
    if found.classes is not None:
        return found.classes
    if found.labels.dtype.kind == "f":
        raise InvalidTargetError(
            f"{found.scores.file.path}: the labels are continuous: {show_labels(found.labels)}; if these are labels, "
            "pass classes= with the label of each column."
        )
    return classes_of_parts([found.labels], max(n_columns, 2))


def _by_blocks(request: FileRequest, **options: Any) -> PredictionSummary:
    """Summarize a file of typed columns block by block."""
    asked, files = columns_asked(request)
    found = find_predictions(request.path, **asked)
    n_rows, n_columns = found.scores.shape
    for keyword, values in files.items():
        if len(values) != n_rows:
            raise InvalidFileError(f"{request.path}: has {n_rows} rows, the file of {keyword}= {len(values)}")
    keywords: dict[str, Any] = {"input": found.scores.input, "classes": _classes(found, n_columns)} | options

    def summaries() -> Iterator[PredictionSummary]:
        first_row = 0
        for block in found.scores.blocks(max(1, BLOCK_ENTRIES // n_columns)):
            rows = slice(first_row, first_row + len(block["y_proba"]))
            arrays: dict[str, Any] = block | {keyword: values[rows] for keyword, values in files.items()}
            yield summarize_part(**arrays, **keywords, row_offset=first_row, n_all=n_rows)
            first_row = rows.stop

    return merge_parts(summaries())


def summarize_predictions(
    path: str | os.PathLike[str],
    *,
    y: str | os.PathLike[str] | None = None,
    proba: str | Sequence[str] | None = None,
    classes: Sequence[Any] | None = None,
    input: str | None = None,
    sample_weight: str | os.PathLike[str] | None = None,
    groups: str | os.PathLike[str] | None = None,
    train_prior: Any = None,
    out_of_sample: bool = True,
    sample_entries: int = SAMPLE_ENTRIES,
) -> PredictionSummary:
    r"""Summarize exported predictions from a file, which may be larger than memory.

    Parameters
    ----------
    path : path-like
        A file, or folder of files, that `read_predictions` reads. Of typed columns (.parquet, .feather, .arrow) one
        block of rows after the other is read, summarized and forgotten; uncompressed arrays (.npz, .npy) are
        memory-mapped; text is read at once.
    y : str or path-like, optional
        Key or column of the true labels, or a file with one label a row; this and the next as for `read_predictions`.
    proba : str or sequence of str, optional
        Key of the probabilities, prefix of their columns, or the columns themselves, or the one of lists.
    classes : sequence, optional
        The class of each column, in column order.
    input : {"proba", "logits"}, optional
        What the numbers are; by default what the name says.
    sample_weight : str or path-like, optional
        Key or column of the weights, or a file with one weight a row.
    groups : str or path-like, optional
        The same for the groups of dependent rows.
    train_prior : array-like of shape (n_classes,) or mapping, optional
        Class frequencies (or counts) at training, in column order or by label; by default those of the archive, if it
        holds some.
    out_of_sample : bool, default=True
        False declares predictions of the training data.
    sample_entries : int, default=2**21
        Size of the row sample, in matrix entries.

    Returns
    -------
    PredictionSummary
        What `summarize` returns for all rows at once.

    Raises
    ------
    LossAccError
        If the file cannot be read (InvalidFileError), or what it holds cannot be used.

    Warns
    -----
    DataWarning
        If an archive holds keys, or a folder files, that nothing was read from.

    See Also
    --------
    sklearn_lossacc.adapters.dask.summarize_dask : The same for Dask arrays.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from sklearn_lossacc import Diagnosis
    >>> from sklearn_lossacc.adapters import summarize_predictions
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "predictions.csv")
    ...     _ = path.write_text("label,p_dog,p_cat\ncat,0.25,0.75\ndog,0.5,0.5\n")
    ...     summary = summarize_predictions(path)
    >>> summary
    PredictionSummary(n_samples=2, n_classes=2, log_loss=0.490415, accuracy=1)
    >>> diagnosis = Diagnosis.from_summary(summary)
    """
    options: dict[str, Any] = {"out_of_sample": out_of_sample, "sample_entries": sample_entries}
    if train_prior is not None:
        options["train_prior"] = train_prior
    request = FileRequest.checked(path, y, proba, classes, input, {"sample_weight": sample_weight, "groups": groups})
    if is_arrow(request.path):
        return _by_blocks(request, **options)
    predictions = read_predictions(
        path, y=y, proba=proba, classes=classes, input=input, sample_weight=sample_weight, groups=groups
    )
    return summarize(**(predictions | options))
