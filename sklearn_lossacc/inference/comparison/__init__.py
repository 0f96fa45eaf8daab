"""Two models on the same rows: paired differences, and the rows behind them."""

from sklearn_lossacc.inference.comparison.decisive import Decisive, decisive_units
from sklearn_lossacc.inference.comparison.discordant import accuracy_difference, discordant_limits, discordant_p_value
from sklearn_lossacc.inference.comparison.held_out import held_out_loss
from sklearn_lossacc.inference.comparison.order import canonical_order
from sklearn_lossacc.inference.comparison.paired import PairedDifference, Resamples, paired_differences
from sklearn_lossacc.inference.comparison.rows import SUSPECT_BELOW, ModelRows, model_rows

__all__ = [
    "SUSPECT_BELOW",
    "Decisive",
    "ModelRows",
    "PairedDifference",
    "Resamples",
    "accuracy_difference",
    "canonical_order",
    "decisive_units",
    "discordant_limits",
    "discordant_p_value",
    "held_out_loss",
    "model_rows",
    "paired_differences",
]
