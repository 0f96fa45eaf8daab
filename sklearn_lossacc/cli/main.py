"""Entry of the command line: run a command, and turn what can go wrong into one line and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from sklearn_lossacc.cli.parser import build_parser
from sklearn_lossacc.exceptions import LossAccError

BAD_INPUT = 2
INTERRUPTED = 130  # 128 + SIGINT, as a shell reports it
READER_GONE = 141  # 128 + SIGPIPE


def _one_line(error: Exception) -> str:
    """Write an error on one line, an operating system's without its number."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return " ".join(str(error).split())


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
        code = options.run(options)
        sys.stdout.flush()
        return code
    except (LossAccError, FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError) as error:
        print(f"lossacc: {_one_line(error)}", file=sys.stderr)
        return BAD_INPUT
    except PermissionError as error:
        print(f"lossacc: {_one_line(error)}", file=sys.stderr)
        return BAD_INPUT
    except BrokenPipeError:  # whoever read our output has seen enough; let the interpreter's last flush go nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_GONE
    except KeyboardInterrupt:
        print("\nlossacc: interrupted", file=sys.stderr)
        return INTERRUPTED
