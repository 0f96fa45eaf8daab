"""Epochs by their predictions: decomposition of each, sets of equally good ones, and the stories of rows."""

from sklearn_lossacc.inference.epochs.decompose import EpochRows, decompose_epoch
from sklearn_lossacc.inference.epochs.equally_good import EquallyGood, chosen_value, equally_good
from sklearn_lossacc.inference.epochs.stories import STORIES, RowStories, story_codes

__all__ = [
    "STORIES",
    "EpochRows",
    "EquallyGood",
    "RowStories",
    "chosen_value",
    "decompose_epoch",
    "equally_good",
    "story_codes",
]
