"""Phrases that several rules of comparisons share."""

from __future__ import annotations

from sklearn_lossacc.findings.comparison.evidence import PairEvidence
from sklearn_lossacc.findings.format import nats, one_line, p_value, percent
from sklearn_lossacc.findings.wording import counted
from sklearn_lossacc.inference.comparison import PairedDifference

NAME_WIDTH = 32


def short(name: str, width: int = NAME_WIDTH) -> str:
    """Write the name of a model on one line."""
    return one_line(name, width)


def p_words(value: float | None) -> str:
    """Write a p-value; words where there is none."""
    return p_value(value) or "not testable"


def units(pair: PairEvidence, number_of: int) -> str:
    """Write a number of rows, or of groups where groups are the independent units."""
    return counted(number_of, "row" if pair.whole.group is None else "group")


def cannot_test(pair: PairEvidence) -> str | None:
    """Say why a pair cannot be tested, if it cannot."""
    return None if pair.testable else (pair.whole.not_testable() or "Too few rows to tell noise from a difference.")


def reach(difference: PairedDifference, side: int = 0) -> float:
    """Return how far a difference may reach: in either direction, or above (1) or below (-1) zero."""
    if difference.low is None or difference.high is None:
        return float("nan")
    above, below = max(difference.high, 0.0), max(-difference.low, 0.0)
    return above if side > 0 else below if side < 0 else max(above, below)


def better_words(pair: PairEvidence) -> str:
    """Say which model is better in loss and in accuracy, with p-values over all pairs, or as within noise."""
    said = []
    for measure, words, write, sign in (
        ("log_loss", "lower log loss", lambda v: f"{nats(v)} nats", -1.0),
        ("accuracy", "higher accuracy", percent, 1.0),
    ):
        difference = pair.differences[measure]
        if difference.value == 0:
            said.append(f"no difference in {words.split(' ', 1)[1]}")
            continue
        name = short(pair.names[1] if sign * difference.value > 0 else pair.names[0])
        noise = "" if pair.significant(measure) else "within noise, "
        said.append(
            f"{name} has the {words}, by {write(abs(difference.value))} ({noise}{p_words(pair.p_holm(measure))})"
        )
    return ", ".join(said[:1]) + "; " + said[1]
