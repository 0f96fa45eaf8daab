"""Files that are either whole or not there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def write_whole(path: str | os.PathLike[str], write: Callable[[Path], object]) -> Path:
    """Write a file beside its place and move it there when it is complete.

    Parameters
    ----------
    path : path-like
        Where the file shall be. Its folder must exist.
    write : callable
        Takes the path to write to; its suffix is that of `path`.

    Returns
    -------
    Path
        The file's place.
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(21, "is a folder, not a file", str(path))
    if not path.parent.is_dir():
        raise FileNotFoundError(2, "no such folder", str(path.parent))
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
            draft = Path(folder, path.name)
            write(draft)
            os.replace(draft, path)
    except PermissionError as error:  # of a draft that nobody asked for
        raise PermissionError(error.errno, error.strerror, str(path)) from None
    return path
