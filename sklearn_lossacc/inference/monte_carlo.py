"""Monte Carlo p-values that ask for no more draws than they need, of any statistics from common draws."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sklearn_lossacc.inference.null import Draws, NullModel

N_DRAWS_FIRST = 199
N_DRAWS = 999
N_DRAWS_EXTENDED = 9999
CONTINUE_BELOW = 0.1  # a p-value of the first draws below which more are made
EXTEND_BELOW = 0.01  # the same for the next
STAGES = ((N_DRAWS_FIRST, CONTINUE_BELOW), (N_DRAWS, EXTEND_BELOW), (N_DRAWS_EXTENDED, 0.0))


@dataclass(frozen=True)
class Gate:
    """A p-value under the universal null.

    Attributes
    ----------
    p_value : float
        Valid for every sample size and number of classes.
    statistic : float
        The observed statistic: a z score for the loss gates, a chi-square for class bias.
    method : {"saddlepoint", "bound", "chi-square", "monte carlo", "monte carlo and cluster sandwich"}
        Where the p-value comes from.
    n_draws : int
        Label draws behind a Monte Carlo p-value, otherwise 0.
    """

    p_value: float
    statistic: float
    method: str
    n_draws: int = 0


@dataclass(frozen=True)
class Statistic:
    """A statistic of label draws and its observed value; large values speak against the null."""

    observed: float
    of_draws: Callable[[Draws], np.ndarray]


def monte_carlo(
    null: NullModel,
    statistics: dict[str, Statistic],
    random_state: int,
    most_draws: int = N_DRAWS_EXTENDED,
    settled: float = 0.0,
) -> dict[str, Gate]:
    """Return (1 + #{T* >= T}) / (B + 1) for every statistic, from common draws.

    Parameters
    ----------
    null : NullModel
        The rows.
    statistics : dict of Statistic
        What to compare; the result for one does not depend on the others.
    random_state : int
        Seed of the draws.
    most_draws : int, default=9999
        Draws at which to stop in any case: 199, 999 or 9999.
    settled : float, default=0.0
        A p-value of 999 draws that is small enough not to ask for more.

    Returns
    -------
    dict of Gate
        A p-value for each statistic, with the same keys.

    Notes
    -----
    B is 199 where that gives at least 0.1, else 999 where that gives at least 0.01 or at most `settled`, else 9999.
    Each p-value is valid: stopping early makes none smaller than 0.1, or 0.01, and P(p <= x) is at most that for a
    fixed B. Where `settled` could have stopped at 999, the p-value of 9999 is raised by the chance that it did (union
    bound).

    References
    ----------
    Besag and Clifford (1991), Sequential Monte Carlo p-values, Biometrika 78, 301-304.

    Examples
    --------
    Ten fair coins show ten heads, which happens once in 1024 times:

    >>> null = NullModel(np.full((10, 2), np.log(0.5)), np.ones(10, dtype=int), np.ones(10))
    >>> heads = Statistic(10.0, lambda draws: draws.class_totals()[:, 1])
    >>> gate = monte_carlo(null, {"heads": heads}, random_state=0)["heads"]
    >>> print(round(gate.p_value, 3), gate.n_draws)
    0.001 9999
    >>> monte_carlo(null, {"heads": Statistic(5.0, heads.of_draws)}, random_state=0)["heads"].n_draws
    199
    """
    rng = np.random.default_rng(random_state)
    exceed = dict.fromkeys(statistics, 0)
    found: dict[str, Gate] = {}
    stop_at_once = math.floor(settled * (N_DRAWS + 1)) / (
        N_DRAWS + 1
    )  # the largest p-value of 999 draws that is settled
    done = 0
    for target, enough in STAGES:
        pending = [name for name in statistics if name not in found]
        if not pending:
            break
        for draws in null.draws(target - done, rng):
            for name in pending:
                statistic = statistics[name]
                drawn = statistic.of_draws(draws)
                # Sums in another order differ in the last digits: a draw equal to the observation must count.
                slack = 1e-9 * np.maximum(np.abs(drawn), abs(statistic.observed))
                exceed[name] += int(np.count_nonzero(drawn >= statistic.observed - slack))
        done = target
        for name in pending:
            p_value = (1 + exceed[name]) / (done + 1)
            at_once = done == N_DRAWS and p_value <= stop_at_once
            if p_value >= enough or at_once or done >= most_draws:
                raised = p_value + stop_at_once if done > N_DRAWS else p_value
                found[name] = Gate(min(raised, 1.0), statistics[name].observed, "monte carlo", done)
    return found
