"""What each panel draws, as a table."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from sklearn_lossacc.findings import Diagnosis
from sklearn_lossacc.plots import check_panels

if TYPE_CHECKING:
    import pandas as pd

TABLES = {
    "reliability": "reliability",
    "loss": "loss_distribution",
    "classes": "classes",
    "confusion": "confusion",
    "rows": "rows_loss",
}

FOLD_TABLES = ("folds", "settings")  # of a cross-validation


def panel_frame(diagnosis: Diagnosis, panel: str) -> pd.DataFrame:
    """Return the table behind a panel.

    Parameters
    ----------
    diagnosis : Diagnosis
        What was found.
    panel : {"waterfall", "reliability", "loss", "classes", "confusion", "rows"}
        Name of the panel; ``folds`` and ``settings`` where the diagnosis is that of a cross-validation.

    Returns
    -------
    pandas.DataFrame
        One row a part, bin, class, cell, row of the data, fold or setting.

    Raises
    ------
    LossAccError
        If the panel is not known.
    """
    import pandas as pd

    if panel in FOLD_TABLES and panel in diagnosis.tables:
        return pd.DataFrame(dict(diagnosis.tables[panel]))
    (panel,) = check_panels([panel])
    if panel == "waterfall":
        return pd.DataFrame([asdict(part) for part in diagnosis.decomposition.parts])
    return pd.DataFrame(dict(diagnosis.tables[TABLES[panel]]))
