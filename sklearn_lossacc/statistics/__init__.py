"""Mergeable one-pass statistics of a set of predictions."""

from sklearn_lossacc.statistics.sample import RowSample
from sklearn_lossacc.statistics.summarize import summarize
from sklearn_lossacc.statistics.summary import PredictionSummary
from sklearn_lossacc.statistics.top_rows import TopRows

__all__ = ["PredictionSummary", "RowSample", "TopRows", "summarize"]
