"""Files of typed columns (Parquet, Feather, Arrow), or a folder of them, read batch by batch with pyarrow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sklearn_lossacc._numerics import row_blocks
from sklearn_lossacc.adapters.column_names import listing, note_unused
from sklearn_lossacc.adapters.file_errors import reason
from sklearn_lossacc.exceptions import InvalidFileError

ENDINGS = (".parquet", ".feather", ".arrow")
_BOOKKEEPING = ("dataset_info.json", "state.json")  # of the datasets library
BATCH_ROWS = 2**14
BUFFER_BYTES = 2**18  # of each column


def pyarrow(path: Path) -> Any:
    """Import pyarrow, or say how to get it.

    Parameters
    ----------
    path : Path
        The file that it is needed for.

    Returns
    -------
    module
        The package, with ``pyarrow.parquet`` and ``pyarrow.ipc``.

    Raises
    ------
    InvalidFileError
        If it is missing.
    """
    try:
        import pyarrow
        import pyarrow.ipc
        import pyarrow.parquet
    except ImportError:
        raise InvalidFileError(
            f'{path} needs the package pyarrow: pip install "sklearn-lossacc[parquet]", or use .npz or .csv files'
        ) from None
    return pyarrow


def is_arrow(path: Path) -> bool:
    """Whether a path is a file of typed columns, by its ending, or a folder."""
    return path.suffix.lower() in ENDINGS or path.is_dir()


def _natural(path: Path) -> list[Any]:
    """Order names as people do: part-2 before part-10."""
    return [(int(text), text) if text.isdigit() else (-1, text) for text in re.split(r"(\d+)", path.name)]


def _parts(folder: Path) -> tuple[Path, ...]:
    """List the files of a folder in the natural order of their names; what is hidden or marked by "_" is no part."""
    visible = sorted((path for path in folder.iterdir() if path.name[0] not in "._"), key=_natural)
    folders = [path.name for path in visible if path.is_dir()]
    if folders:
        raise InvalidFileError(
            f"{folder} holds folders ({listing(folders)}), whose names may be values of a column; read each by itself"
        )
    parts = [path for path in visible if is_arrow(path)]
    endings = sorted({path.suffix.lower() for path in parts})
    if not parts:
        raise InvalidFileError(f"{folder} is a folder without {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]} files")
    if len(endings) > 1:
        raise InvalidFileError(f"{folder} holds files of several kinds ({', '.join(endings)}); move one of them away")
    note_unused([path.name for path in visible], [*_BOOKKEEPING, *(path.name for path in parts)], folder)
    return tuple(parts)


@contextmanager
def _errors_of(path: Path) -> Iterator[None]:
    """Raise what goes wrong in reading a file as an error that names the file."""
    arrow = pyarrow(path)
    try:
        yield
    except (arrow.ArrowException, OSError) as error:
        problem = str(reason(error)).strip().partition("\n")[0]
        raise InvalidFileError(f"{path} is not a readable {path.suffix.lower()} file: {problem}") from None


@dataclass(frozen=True)
class _Part:
    """One file."""

    path: Path

    @property
    def _is_parquet(self) -> bool:
        return self.path.suffix.lower() == ".parquet"

    def _reader(self, columns: Sequence[int] | None = None) -> Any:
        """Open a file of Arrow's own formats, of which all or some columns shall be read."""
        arrow = pyarrow(self.path)
        options = arrow.ipc.IpcReadOptions(included_fields=columns, use_threads=False)
        source = arrow.memory_map(str(self.path))
        try:
            return arrow.ipc.open_file(source, options=options)
        except arrow.ArrowInvalid:  # as a stream is written, which has no table of contents
            source.seek(0)
            return arrow.ipc.open_stream(source, options=options)

    @cached_property
    def schema(self) -> Any:
        """Names and types of the columns."""
        arrow = pyarrow(self.path)
        with _errors_of(self.path):
            return arrow.parquet.read_schema(self.path) if self._is_parquet else self._reader().schema

    @cached_property
    def n_rows(self) -> int:
        """Number of rows."""
        arrow = pyarrow(self.path)
        if not self._is_parquet:  # which says it nowhere
            return sum(batch.num_rows for batch in self.batches(self.schema.names[:1]))
        with _errors_of(self.path):
            return arrow.parquet.read_metadata(self.path).num_rows

    def batches(self, columns: Sequence[str]) -> Iterator[Any]:
        """Read some columns, one record batch after the other."""
        arrow = pyarrow(self.path)
        with _errors_of(self.path):
            if self._is_parquet:
                # With pre_buffer, all that was ever read stays in memory.
                with arrow.parquet.ParquetFile(self.path, pre_buffer=False, buffer_size=BUFFER_BYTES) as file:
                    yield from file.iter_batches(BATCH_ROWS, columns=list(columns), use_threads=False)
                return
            reader = self._reader([self.schema.names.index(name) for name in columns])
            n_batches = getattr(reader, "num_record_batches", None)
            for batch in reader if n_batches is None else map(reader.get_batch, range(n_batches)):
                for rows in row_blocks(batch.num_rows, 1, BATCH_ROWS):
                    yield batch.slice(rows.start, rows.stop - rows.start)


@dataclass(frozen=True)
class ArrowFile:
    """A file of typed columns, or a folder of such files, whose rows follow each other.

    Attributes
    ----------
    path : Path
        The file or the folder.
    """

    path: Path

    @cached_property
    def _files(self) -> tuple[_Part, ...]:
        """The files, all with the same columns."""
        files = tuple(map(_Part, _parts(self.path) if self.path.is_dir() else [self.path]))
        names = files[0].schema.names
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise InvalidFileError(f"{self.path}: more than one column is called {listing(repeated)}")
        for file in files[1:]:
            only_here = [name for name in file.schema.names if name not in names]
            only_first = [name for name in names if name not in file.schema.names]
            if only_here or only_first or len(file.schema.names) > len(names):
                other = f"has {listing(only_here)}" if only_here else f"lacks {listing(only_first) or 'no column'}"
                raise InvalidFileError(f"{file.path}: its columns are not those of {files[0].path.name}: it {other}")
        return files

    @cached_property
    def types(self) -> dict[str, Any]:
        """Type of each column, in the order of the columns."""
        schema = self._files[0].schema
        return dict(zip(schema.names, schema.types, strict=True))

    @cached_property
    def n_rows(self) -> int:
        """Number of rows."""
        return sum(file.n_rows for file in self._files)

    def batches(self, columns: Sequence[str]) -> Iterator[tuple[int, Any]]:
        """Read some columns, one batch of rows after the other.

        Parameters
        ----------
        columns : sequence of str
            Their names.

        Yields
        ------
        first_row : int
            Number of the first row of the batch.
        batch : pyarrow.RecordBatch
            Holds these columns, in any order, and at least one row.

        Raises
        ------
        InvalidFileError
            If a file cannot be read, or one of the columns has another type than in the first file.
        """
        first_row = 0
        for file in self._files:
            for name in columns:
                own = file.schema.field(name).type
                if own != self.types[name]:
                    raise InvalidFileError(
                        f"{file.path}: column {name!r} is {own}, but {self.types[name]} in {self._files[0].path.name}"
                    )
            for batch in file.batches(columns):
                if batch.num_rows:
                    yield first_row, batch
                first_row += batch.num_rows
