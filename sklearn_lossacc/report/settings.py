"""Several settings on the same folds: which is best, and which are not shown to be worse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from sklearn_lossacc.exceptions import InvalidPredictionsError
from sklearn_lossacc.findings.judge import holm
from sklearn_lossacc.inference.folds import FoldMean, corrected_t_test

COMPARED = ("log_loss", "accuracy")


def check_same_folds(tested: Mapping[str, Sequence[np.ndarray]]) -> None:
    """Check that all settings were tested on the same rows, fold by fold.

    Parameters
    ----------
    tested : mapping of str to sequence of ndarray
        Name of the setting to the rows that each fold tests.

    Raises
    ------
    InvalidPredictionsError
        If some fold differs: differences are paired, so folds must be shared.
    """
    first, *others = tested
    for name in others:
        if len(tested[name]) != len(tested[first]) or not all(map(np.array_equal, tested[first], tested[name])):
            raise InvalidPredictionsError(
                f"cv_results[{name!r}] was tested on other folds than cv_results[{first!r}]; settings are compared "
                "fold by fold, so pass the same splitter with a fixed random_state to every cross_validate."
            )


def compare_settings(scores: Mapping[str, Mapping[str, Sequence[float]]], test_over_train: float) -> dict[str, list]:
    """Compare every setting with the one of smallest mean log loss.

    Parameters
    ----------
    scores : mapping of str to mapping
        Name of the setting to measure to one value a fold.
    test_over_train : float
        Test rows over training rows of a fold.

    Returns
    -------
    dict of str to list
        Columns setting; for log_loss and accuracy the mean over folds, its difference to the best setting with 95 %
        limits by the corrected t-test, and the p-value after Holm's correction over all pairs of settings, since the
        best was not named beforehand. Best setting first; its own differences are 0.
    """
    names = sorted(scores, key=lambda name: float(np.mean(scores[name]["log_loss"])))
    table: dict[str, list] = {"setting": names}
    for measure in COMPARED:
        values = {name: np.asarray(scores[name][measure], dtype=float) for name in names}
        pairs = list(combinations(names, 2))
        found = [corrected_t_test(values[b] - values[a], test_over_train) for a, b in pairs]
        adjusted = holm([test.p_value for test in found])
        # The first pairs are those of the best setting.
        beside_best = [FoldMean(0.0, 0.0, 0.0, 1.0), *found[: len(names) - 1]]
        table[measure] = [float(values[name].mean()) for name in names]
        table[f"{measure}_difference"] = [test.mean for test in beside_best]
        table[f"{measure}_low"] = [test.low for test in beside_best]
        table[f"{measure}_high"] = [test.high for test in beside_best]
        table[f"{measure}_p_value"] = [1.0, *adjusted[: len(names) - 1].tolist()]
    return table
