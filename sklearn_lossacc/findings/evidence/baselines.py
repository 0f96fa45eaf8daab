"""Class shares and accuracy, and how many independent draws they rest on."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from sklearn_lossacc.findings.evidence.rows import RowEvidence
from sklearn_lossacc.inference.intervals import (
    draws_told_by_units,
    effective_draws,
    mean_and_error,
    unit_sums,
    wilson_interval,
)


class BaselineEvidence(RowEvidence):
    """What constant predictions cost, and how sure the shares of classes and of hits are."""

    @cached_property
    def class_share(self) -> np.ndarray:
        """Weighted share of each class among the labels."""
        return self.summary.class_weight / self.summary.class_weight.sum()

    @cached_property
    def prior(self) -> np.ndarray:
        """The baseline's class probabilities: training frequencies when given, otherwise those of the labels."""
        return self.class_share if self.summary.train_prior is None else self.summary.train_prior

    @cached_property
    def prior_log_loss(self) -> float:
        """Log loss of always predicting the prior, in nats; inf if it rules out a class that occurs."""
        seen = self.class_share > 0
        with np.errstate(divide="ignore"):
            return max(0.0, -float(self.class_share[seen] @ np.log(self.prior[seen])))

    @cached_property
    def label_draws(self) -> float:
        """Number of independent draws behind the class shares: Kish's, with groups what their spread leaves of it.

        Groups of one and the same class show no spread: then each counts once.
        """
        null, share = self.rows.null, self.class_share
        spread = 1.0 - float(share @ share)
        if null.group is None or null.n_groups is None or null.n_groups < 2:
            return self.n_effective
        if spread <= 0:
            return min(self.n_effective, float(null.n_groups))
        # sum_j (m_gj - m_g share_j)^2 over the classes j, of which a group has few
        cell, position = np.unique(null.group * self.n_classes + null.y, return_inverse=True)
        group, label = np.divmod(cell, self.n_classes)
        mass = np.bincount(position, null.weight)
        size = np.bincount(group, mass)
        own = np.bincount(group, mass**2 - 2.0 * mass * size[group] * share[label])
        variance = float((own + size**2 * (share @ share)).sum()) / size.sum() ** 2
        draws = spread / variance * (null.n_groups - 1) / null.n_groups if variance > 0 else math.inf
        return min(self.n_effective, draws / self.rows.scale**2)

    @cached_property
    def prior_optimism(self) -> float:
        """What a prior read off the evaluation labels gains by having seen them, (k - 1) / (2 n), in nats.

        With groups n counts the draws that the class shares rest on.

        The best constant prediction never costs more than ln k, however few rows there are.
        """
        if self.summary.train_prior is not None:
            return 0.0
        return self._optimism(int((self.class_share > 0).sum()))

    @cached_property
    def prior_optimism_at_most(self) -> float:
        """The same, should the classes that no row is labelled as occur as well."""
        return 0.0 if self.summary.train_prior is not None else self._optimism(self.n_classes)

    def _optimism(self, n_classes: int) -> float:
        return max(0.0, min((n_classes - 1) / (2.0 * self.label_draws), math.log(self.n_classes) - self.prior_log_loss))

    @cached_property
    def majority(self) -> int:
        """Column of the class that a constant prediction would name."""
        return int(np.argmax(self.prior))

    @cached_property
    def accuracy_draws(self) -> float:
        """Number of independent draws behind the accuracy: with groups, what the spread between them leaves of Kish's.

        How well few groups tell their spread is allowed for. Groups that are all right, or all wrong, show no spread:
        then each counts once.
        """
        summary, draws = self.summary, self.n_effective
        if self.n_groups is None:
            return draws
        accuracy = float(summary.mean("correct"))
        if not 0.0 < accuracy < 1.0:
            return min(draws, float(self.n_groups))
        null, correct = self.rows.null, self.rows.top[1]
        sums, sizes = unit_sums(correct[:, None], null.weight, null.group)
        if self.row_by_row is None:
            draws = effective_draws(accuracy, float(summary.variance_of_mean("correct")), draws)
        else:
            mean, error = mean_and_error(sums, sizes)
            draws = effective_draws(float(mean[0]), (self.rows.scale * float(error[0])) ** 2, draws)
        return draws_told_by_units(draws, sizes)

    @cached_property
    def error_upper_limit(self) -> float | None:
        """Upper 95 % limit of the error rate, which bounds the noise rate; None where no interval is offered."""
        accuracy = float(self.summary.mean("correct"))
        if self.too_few_groups:
            return None
        return 1.0 - wilson_interval(accuracy, self.accuracy_draws)[0]
