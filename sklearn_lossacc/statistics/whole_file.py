"""Files that are either whole or not there."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["check_place", "whole_file"]


def check_place(path: str | os.PathLike[str]) -> Path:
    """Check that a file can be put somewhere.

    Parameters
    ----------
    path : path-like
        Where the file shall be.

    Returns
    -------
    Path
        The same place.

    Raises
    ------
    OSError
        If it is a folder, or its folder does not exist.
    """
    place = Path(path)
    if place.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a folder, not a file", str(place))
    if not place.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "no such folder", str(place.parent))
    return place


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Write a file under another name in its folder, and move it to its place when it is complete.

    Parameters
    ----------
    path : path-like
        Where the file shall be; an existing file is replaced. Its folder must exist.

    Yields
    ------
    Path
        Where to write; its suffix is that of `path`. When writing fails, nothing is left.

    Raises
    ------
    OSError
        If `path` is a folder, its folder does not exist, or the file cannot be written; the error names `path`.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn_lossacc.statistics.whole_file import whole_file
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with whole_file(f"{folder}/a.txt") as draft:
    ...         _ = draft.write_text("text")
    ...     [path.name for path in Path(folder).iterdir()]
    ['a.txt']
    """
    target = check_place(path)
    draft = target.with_name(f".{secrets.token_hex(8)}{target.suffix}")
    try:
        yield draft
        os.replace(draft, target)
    except OSError as error:  # of a name that nobody asked for
        if error.filename not in (draft, str(draft)):
            raise
        raise type(error)(error.errno, error.strerror, str(target)) from None
    finally:
        draft.unlink(missing_ok=True)
