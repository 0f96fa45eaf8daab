"""Files that a command reads and writes: never the same, and written whole or not at all."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from sklearn_lossacc.adapters.probability_files import EXTENSIONS
from sklearn_lossacc.exceptions import InvalidFileError
from sklearn_lossacc.statistics.whole_file import check_place, whole_file

_READ = ("file", "files", "calibrator", "final", "y", "sample_weight", "groups")
_WRITTEN = ("html", "markdown", "png", "output", "onnx")
_VIEWS = {"html": "an HTML page", "markdown": "a Markdown text", "png": "a PNG picture", "onnx": "an ONNX model"}
_TEXTS = {"an HTML page": (".html", ".htm"), "a Markdown text": (".md", ".markdown"), "a calibrator": (".json",)}
_ENDINGS = {**_TEXTS, "a PNG picture": (".png",), "an ONNX model": (".onnx",), "probabilities": EXTENSIONS}
_TAKEN = {*sum(_ENDINGS.values(), ()), ".gif", ".jpeg", ".jpg", ".pdf", ".svg", ".webp"}  # by one kind of file each


def _check_ending(option: str, output: str, content: str) -> None:
    """Raise if the ending of a name contradicts the content; a text may have any that is not taken."""
    ending, own = Path(output).suffix.lower(), _ENDINGS[content]
    if ending not in own and (content not in _TEXTS or ending in _TAKEN):
        raise InvalidFileError(f"--{option} {output}: no name for {content}, which ends in {' or '.join(own)}")


def check_outputs(options: argparse.Namespace) -> None:
    """Raise before any work is done if a file to write cannot be, or would replace one that is read.

    Parameters
    ----------
    options : Namespace
        The arguments of any command.

    Raises
    ------
    InvalidFileError
        If a file to write is one to read, or to write twice; only predictions may be replaced by their calibrated
        selves. If it is ``-``, which elsewhere stands for the standard output. If its ending contradicts what is
        written: those of pictures and probabilities are fixed, texts may have any other.
    OSError
        If it is a folder, or its folder does not exist.
    """
    in_place = hasattr(options, "calibrator")
    given = [getattr(options, name, None) for name in _READ if not (in_place and name == "file")]
    read = [path for paths in given for path in (paths if isinstance(paths, list) else [paths]) if path is not None]
    written: dict[Path, str] = {}
    for name in _WRITTEN:
        output = getattr(options, name, None)
        if output is None:
            continue
        if output == "-":
            raise InvalidFileError(f"--{name} -: only files are written; name one (./- for one that is called so)")
        path = check_place(output)
        if path.exists() and any(os.path.exists(file) and path.samefile(file) for file in read):
            raise InvalidFileError(f"--{name} {output} is a file that is read; write another one")
        other = written.setdefault(path.resolve(), name)
        if other != name:
            raise InvalidFileError(f"--{name} {output} is what --{other} writes; write another one")
        _check_ending(name, output, _VIEWS.get(name) or ("probabilities" if in_place else "a calibrator"))


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
    with whole_file(path) as draft:
        write(draft)
    return Path(path)
