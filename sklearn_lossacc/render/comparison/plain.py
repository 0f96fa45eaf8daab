"""The long report of a comparison as plain text."""

from __future__ import annotations

from sklearn_lossacc.findings.comparison import ComparisonDiagnosis
from sklearn_lossacc.findings.comparison.text import comparison_text
from sklearn_lossacc.render.comparison.tables import number_tables, quiet_tables
from sklearn_lossacc.render.plain import aligned


def comparison_plain(diagnosis: ComparisonDiagnosis) -> str:
    """Write what ``print(diagnosis)`` shows, and every table below it.

    Parameters
    ----------
    diagnosis : ComparisonDiagnosis
        What to write.

    Returns
    -------
    str
        Aligned lines, without a trailing line break.

    Examples
    --------
    >>> from sklearn_lossacc.findings.comparison import ComparisonDiagnosis
    >>> d = ComparisonDiagnosis.from_predictions([1, 0], {"A": [0.9, 0.2], "B": [0.7, 0.4]})
    >>> print(comparison_plain(d).splitlines()[0])
    A vs B: 2 rows, 2 classes, 2 models
    """
    tables = [*quiet_tables(diagnosis), *number_tables(diagnosis)]
    return "\n\n".join([comparison_text(diagnosis), *(aligned(table) for table in tables)])
