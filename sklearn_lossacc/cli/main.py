"""Entry of the command line: run a command, and turn what can go wrong into one line and an exit code."""

from __future__ import annotations

import os
import re
import sys
import warnings
from collections.abc import Sequence

from sklearn_lossacc.cli.files import check_outputs
from sklearn_lossacc.cli.parser import build_parser
from sklearn_lossacc.exceptions import CalibrationWarning, DataWarning, LossAccError

BAD_INPUT = 2
INTERRUPTED = 130  # 128 + SIGINT, as a shell reports it
READER_GONE = 141  # 128 + SIGPIPE

# Errors speak of arguments, such as input='logits'; at the command line they are options.
_ARGUMENT = re.compile(r"\b(y|proba|input|classes|sample_weight|groups|columns|n_val|n_classes)=(?:'([^']*)')?")
_CURVES = re.compile(r"columns=\{(.*?)\}")


def _option(argument: re.Match[str]) -> str:
    """Write an argument of a function as an option, such as ``--input logits``."""
    name, value = argument.groups()
    return f"--{name.replace('_', '-')} {value}" if value is not None else f"--{name.replace('_', '-')}"


def _curves(columns: re.Match[str]) -> str:
    """Write the columns of a log as an option, such as ``--columns val_loss=nll``, or ``val_loss=`` for none."""
    return "--columns " + re.sub(r"'(\w+)': (None\b)?", r"\1=", columns[1]).replace(", ", ",")


def _one_line(error: Exception) -> str:
    """Write an error on one line, an operating system's without its number, with options for arguments."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    text = _ARGUMENT.sub(_option, _CURVES.sub(_curves, str(error)))
    return " ".join(text.split())


class _Notes:
    """Warnings on one line each, and each once: a letter that the font lacks is missed wherever it is drawn."""

    def __init__(self) -> None:
        self.written: set[str] = set()

    def __call__(self, message: Warning | str, *_: object, **__: object) -> None:
        text = " ".join(str(message).split())
        if text not in self.written:
            print(f"lossacc: note: {text}", file=sys.stderr)
        self.written.add(text)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments after the program's name, by default those of the process.

    Returns
    -------
    int
        0 when all is well, 1 when a finding reached ``--fail-on``, 2 for bad input or arguments; 130 and 141
        when interrupted or when the reader of the output went away.
    """
    try:
        options = build_parser().parse_args(argv)
        with warnings.catch_warnings():
            # A shell has no line of the caller's to point to; both settings end with this block.
            for category in (CalibrationWarning, DataWarning):
                warnings.simplefilter("always", category)
            warnings.showwarning = _Notes()  # type: ignore[assignment]
            check_outputs(options)
            code = options.run(options)
        print(end="", flush=True)  # which a closed output takes, too
        return code
    except BrokenPipeError:  # whoever read our output has seen enough; let the interpreter's last flush go nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_GONE
    except (LossAccError, OSError) as error:
        print(f"lossacc: {_one_line(error)}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("\nlossacc: interrupted", file=sys.stderr)
        return INTERRUPTED
