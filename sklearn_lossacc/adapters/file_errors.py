"""What an error of a file says to its reader."""

from __future__ import annotations


def reason(error: Exception) -> str:
    """Say why a file cannot be read, without the file's name and the number that the operating system gives."""
    return getattr(error, "strerror", None) or str(error)
