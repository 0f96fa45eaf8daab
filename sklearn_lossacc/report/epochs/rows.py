"""Tables of rows: their stories, and which of them carry a change."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sklearn_lossacc.inference.epochs import STORIES, RowStories, story_codes
from sklearn_lossacc.report.epochs.memory import EpochMemory

if TYPE_CHECKING:
    import pandas as pd


def stories_table(stories: RowStories, labels: np.ndarray) -> pd.DataFrame:
    """Return one row a validation row, those whose loss grew most first."""
    import pandas as pd

    frame = pd.DataFrame(
        {
            "index": np.arange(len(labels)),
            "y_true": labels,
            "story": stories.story,
            "first_loss": stories.first_loss,
            "last_loss": stories.last_loss,
            "loss_change": stories.last_loss - stories.first_loss,
            "first_right": stories.first_right,
            "last_right": stories.last_right,
            "n_right": stories.n_right,
            "n_forgotten": stories.n_forgotten,
            "margin_area": stories.margin_area,
        }
    )
    return frame.sort_values("loss_change", ascending=False, kind="stable", ignore_index=True)


def change_table(memory: EpochMemory, first: float, second: float, weight: np.ndarray | None) -> pd.DataFrame:
    """Return one row a story, with its part of the change of the mean loss."""
    import pandas as pd

    before, after = memory.with_rows(first), memory.with_rows(second)
    assert before.loss is not None
    assert after.loss is not None
    codes = story_codes(memory.correct(before), memory.correct(after))
    weights = np.ones(memory.n_rows) if weight is None else weight
    total = float(weights.sum())
    rows = []
    for code, story in enumerate(STORIES):
        here = codes == code
        mass = float(weights[here].sum())
        cost = [float(weights[here] @ loss[here].astype(np.float64)) for loss in (before.loss, after.loss)]
        rows.append(
            {
                "story": story,
                "rows": int(here.sum()),
                "share": mass / total,
                "loss_before": cost[0] / mass if mass else math.nan,
                "loss_after": cost[1] / mass if mass else math.nan,
                "contribution": (cost[1] - cost[0]) / total,
                "grew": int((after.loss[here] > before.loss[here]).sum()),
            }
        )
    return pd.DataFrame(rows)
