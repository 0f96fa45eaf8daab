"""Packages that only some users have."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["imported"]


def imported(package: str, function: str) -> Any:
    """Import a package that is not required, or say how to get it.

    Parameters
    ----------
    package : str
        Its name, which is that of the extra that brings it.
    function : str
        What needs it.

    Returns
    -------
    module
        The package.

    Raises
    ------
    ImportError
        If it is missing.
    """
    try:
        return import_module(package)
    except ImportError as missing:
        raise ImportError(
            f'{function} needs the package {package}: pip install "sklearn-lossacc[{package}]".'
        ) from missing
