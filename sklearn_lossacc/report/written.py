"""What every report can be written as: text, Markdown, JSON, and a fragment of HTML for notebooks."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from sklearn_lossacc import render
from sklearn_lossacc.findings import Diagnosis
from sklearn_lossacc.findings.comparison import ComparisonDiagnosis
from sklearn_lossacc.findings.history import HistoryDiagnosis
from sklearn_lossacc.report.drawn import Drawn
from sklearn_lossacc.report.writing import write_text

if TYPE_CHECKING:
    from sklearn_lossacc.plots import PanelPicture

D = TypeVar("D", Diagnosis, ComparisonDiagnosis, HistoryDiagnosis)


class WrittenReport(Drawn, ABC, Generic[D]):
    """The texts of a report.

    A subclass says what was found, how that is written as a `Document`, and which pictures its page has.
    """

    diagnosis: D
    name: str | None

    @property
    def diagnosis_(self) -> D:
        """What was found, under the name of this report."""
        return self.diagnosis if self.name is None else replace(self.diagnosis, name=self.name)

    @abstractmethod
    def _document(self) -> render.Document:
        """Return what the report says."""

    def _page(self, pictures: Sequence[PanelPicture], path: str | os.PathLike[str] | None) -> str | Path:
        """Return the page, or write it where a path is given."""
        page = render.html_page(self._document(), pictures)
        return page if path is None else write_text(path, page)

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
        return self.diagnosis_.to_json(indent=indent)

    def _repr_html_(self) -> str:
        """Return the texts for a notebook; the figure is shown by pyplot and not drawn a second time."""
        return render.html_fragment(self._document())

    def __repr__(self) -> str:
        """Return the lines that ``print`` shows."""
        return str(self.diagnosis_)
