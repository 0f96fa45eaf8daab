"""Judging curves: noise levels, turning points, excursions, and the number of rows behind printed accuracies."""

from sklearn_lossacc.inference.history.excursions import Excursion, find_excursions
from sklearn_lossacc.inference.history.noise import accuracy_change_z, accuracy_error, jitter, slow_jitter
from sklearn_lossacc.inference.history.sample_size import read_sample_size
from sklearn_lossacc.inference.history.trend import change_needed, end_means
from sklearn_lossacc.inference.history.unimodal import Turn, find_turn, isotonic_mean

__all__ = [
    "Excursion",
    "Turn",
    "accuracy_change_z",
    "accuracy_error",
    "change_needed",
    "end_means",
    "find_excursions",
    "find_turn",
    "isotonic_mean",
    "jitter",
    "read_sample_size",
    "slow_jitter",
]
