"""Which column, key or file is what: decided by its name alone, never by its position or its values."""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Sequence

from sklearn_lossacc.exceptions import DataWarning, InvalidFileError

TRUTH_NAMES = ("y_true", "labels", "label", "y", "target", "targets", "truth", "class", "ground_truth")


def is_logits_name(name: str) -> bool:
    """Whether the last word of a name says that the numbers are logits."""
    return re.split(r"[_. /-]", name.lower())[-1] in ("logit", "logits")


def listing(names: Sequence[str], most: int = 12) -> str:
    """Write names into an error message, the first `most` of them."""
    shown = ", ".join(repr(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def note_unused(names: Sequence[str], used: Collection[str], path: object) -> None:
    """Warn of names in a file that nothing was read from.

    Parameters
    ----------
    names : sequence of str
        All names in the file.
    used : collection of str
        Those that were read.
    path : object
        The file.

    Warns
    -----
    DataWarning
        If there are others.
    """
    unused = [name for name in names if name not in used]
    if unused:
        warnings.warn(f"{path}: not used: {listing(unused)}", DataWarning, stacklevel=4)


def only(found: Sequence[str], names: Sequence[str], *, what: str, path: object, argument: str) -> str:
    """Return the one name that was found, or raise and say which argument settles it.

    Parameters
    ----------
    found : sequence of str
        The names that fit.
    names : sequence of str
        All names in the file.
    what : str
        What is looked for.
    path : object
        The file.
    argument : str
        The argument that names it.

    Returns
    -------
    str
        The single member of `found`.

    Raises
    ------
    InvalidFileError
        If none or several were found.
    """
    if len(found) == 1:
        return found[0]
    problem = f"several names could be {what}" if found else f"no name is recognised as {what}"
    raise InvalidFileError(f"{path}: {problem}; it holds {listing(names) or 'nothing'}: choose with {argument}=")
