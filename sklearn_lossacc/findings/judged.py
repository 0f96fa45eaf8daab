"""What every diagnosis can do: name the findings that fired, give one by its code, and write itself as JSON."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sklearn_lossacc.exceptions import LossAccError
from sklearn_lossacc.findings.finding import Finding


@contextmanager
def rebuilding(name: str) -> Iterator[None]:
    """Name a dictionary that a diagnosis cannot be rebuilt from.

    Parameters
    ----------
    name : str
        The class.

    Yields
    ------
    None
        A field that is missing or of another type raises LossAccError.
    """
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise LossAccError(
            f"the data of the {name} are damaged ({type(error).__name__}: {error}); expected what to_dict wrote, "
            "unchanged."
        ) from error


class Judged(ABC):
    """Findings, and the plain data of a diagnosis."""

    findings: tuple[Finding, ...]

    @property
    def issues(self) -> tuple[Finding, ...]:
        """The findings that fired."""
        return tuple(finding for finding in self.findings if finding.status == "fired")

    def __getitem__(self, code: str) -> Finding:
        """Return the finding with the given code."""
        for finding in self.findings:
            if finding.code == code:
                return finding
        raise KeyError(code)

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts, lists, text and numbers.

        Returns
        -------
        dict
            What ``json.dumps`` can write.
        """

    def to_json(self, *, indent: int | None = None) -> str:
        """Return `to_dict` as strict JSON (no NaN, no Infinity).

        Parameters
        ----------
        indent : int, optional
            Spaces of indentation; None writes one line.

        Returns
        -------
        str
            The text.
        """
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False, ensure_ascii=False)
