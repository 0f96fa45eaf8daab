"""What every report can be written as: text, Markdown, JSON, and a fragment of HTML for notebooks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from sklearn_lossacc import render


class WrittenReport(ABC):
    """The texts of a report.

    A subclass says what was found and how that is written as a `Document`; pages, which have pictures, are its own.
    """

    @property
    @abstractmethod
    def diagnosis_(self) -> Any:
        """What was found, under the name of this report."""

    @abstractmethod
    def _document(self) -> render.Document:
        """Return what the report says."""

    def to_markdown(self) -> str:
        """Return the report as Markdown.

        Returns
        -------
        str
            Markdown with tables.
        """
        return render.markdown(self._document())

    def to_text(self) -> str:
        """Return the long report as plain text: what ``print`` shows, and every table.

        Returns
        -------
        str
            Aligned lines.
        """
        return render.plain(self._document())

    def to_json(self, *, indent: int | None = 2) -> str:
        """Return the diagnosis as strict JSON.

        Parameters
        ----------
        indent : int, optional
            Spaces of indentation; None writes one line.

        Returns
        -------
        str
            JSON; what is not finite is written as the ``to_json`` of the diagnosis says.
        """
        return str(self.diagnosis_.to_json(indent=indent))

    def _repr_html_(self) -> str:
        """Return the texts for a notebook; the figure is shown by pyplot and not drawn a second time."""
        return render.html_fragment(self._document())

    def __repr__(self) -> str:
        """Return the lines that ``print`` shows."""
        return str(self.diagnosis_)
