"""The long report as plain text: what ``print`` shows, and every table below it."""

from __future__ import annotations

from sklearn_lossacc.render.document import Document
from sklearn_lossacc.render.text_table import TextTable


def plain(document: Document) -> str:
    """Write the long report as plain text.

    Parameters
    ----------
    document : Document
        What to write.

    Returns
    -------
    str
        Aligned lines, without colour and without a trailing line break.

    Examples
    --------
    >>> from sklearn_lossacc.findings.diagnose import diagnose
    >>> from sklearn_lossacc.render import predictions_document
    >>> document = predictions_document(diagnose([0, 1], [[0.8, 0.2], [0.3, 0.7]], name="tiny"))
    >>> print(plain(document).splitlines()[0])
    tiny: 2 rows, 2 classes, float64 probabilities, one row carries 61.5 % of the loss
    """
    return "\n\n".join([document.printed, *(aligned(table) for table in document.tables)])


def aligned(table: TextTable) -> str:
    """Lay out a table in columns, with its caption above."""
    lines = [table.columns, *table.rows]
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    written = [
        "  ".join(
            f"{cell:>{width}}" if right else f"{cell:<{width}}"
            for cell, width, right in zip(line, widths, table.numeric, strict=True)
        ).rstrip()
        for line in lines
    ]
    return "\n".join([table.caption, *written])
