"""Texts as files."""

from __future__ import annotations

import os
from pathlib import Path

from sklearn_lossacc.statistics.whole_file import whole_file


def write_text(path: str | os.PathLike[str], text: str) -> Path:
    """Write a text into a file, whole or not at all.

    Parameters
    ----------
    path : str or path
        Where to write; an existing file is replaced.
    text : str
        What to write, in UTF-8.

    Returns
    -------
    pathlib.Path
        The path.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_text(Path(folder) / "a.txt", "text").read_text()
    'text'
    """
    with whole_file(path) as draft:
        draft.write_text(text, encoding="utf-8", newline="\n")
    return Path(path)
