"""Files are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4


def write_text(path: str | os.PathLike[str], text: str) -> Path:
    """Write a text into a new file beside `path`, then rename it, so that no reader meets half a file.

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
    target = Path(path)
    temporary = target.with_name(f".{target.name}.{uuid4().hex}.part")
    try:
        with open(temporary, "x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    return target
