"""The long report of a history as plain text."""

from __future__ import annotations

from sklearn_lossacc.findings.history import HistoryDiagnosis
from sklearn_lossacc.findings.history.text import history_text
from sklearn_lossacc.render.history.tables import number_tables, quiet_tables
from sklearn_lossacc.render.plain import aligned


def history_plain(diagnosis: HistoryDiagnosis) -> str:
    """Write what ``print(diagnosis)`` shows, and every table below it.

    Parameters
    ----------
    diagnosis : HistoryDiagnosis
        What to write.

    Returns
    -------
    str
        Aligned lines, without a trailing line break.

    Examples
    --------
    >>> from sklearn_lossacc.findings.history import HistoryDiagnosis
    >>> from sklearn_lossacc.inputs import TrainingHistory
    >>> history = TrainingHistory.from_arrays(val_loss=[0.6, 0.5], name="run")
    >>> print(history_plain(HistoryDiagnosis.from_history(history)).splitlines()[0])
    run: 2 evaluations, arrays, number of validation rows not known, number of classes not known
    """
    tables = [*quiet_tables(diagnosis), *number_tables(diagnosis)]
    return "\n\n".join([history_text(diagnosis), *(aligned(table) for table in tables)])
