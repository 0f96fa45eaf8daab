"""LA001 infinite-loss and LA002 double-softmax: faults of the export itself."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sklearn_lossacc._numerics.links import LOSS_CLIP
from sklearn_lossacc._numerics.mixture import profile_floor
from sklearn_lossacc.findings.evidence import AS_LIKELY, LIKELIER, Evidence
from sklearn_lossacc.findings.format import apart, number, percent
from sklearn_lossacc.findings.materiality import NOISE_RATE
from sklearn_lossacc.findings.verdict import Rule, Verdict, not_applicable
from sklearn_lossacc.findings.wording import MAY_BE_TIMID
from sklearn_lossacc.inference.design import design_scale
from sklearn_lossacc.inference.double_softmax import share_to_edge, softmax_ahead, undo_sigmoid, undo_softmax
from sklearn_lossacc.inference.intervals import mean_and_error, unit_sums
from sklearn_lossacc.inference.normal import Z95
from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.statistics import PredictionSummary

MIN_Z = 2.6  # one-sided, the loss with one softmax undone against the loss as exported
GATE_BELOW = 0.01
AT_EDGE = 0.05  # a timid model whose scores stay within the bound of a second softmax comes so near with this chance
ROUNDING = 1e-9  # of a sum of weights
MOST_NAMED = 3
NOT_LEARNT = (
    "Find out why classes that occur have no probability at all: no row of theirs in training, or in a fold of it, or "
    "a column that was filled with zeros. Train on such rows, or judge the model without: no calibrator knows them."
)
PREDICTED_LABELS = (
    "Pass probabilities instead of predicted labels: predict_proba, or the logits of a network. Where the model gives "
    "no others (a tree without limits, one neighbour), smooth it, or calibrate: AutoCalibrator or "
    "TemperatureCalibrator(floor=True) keeps the loss finite."
)
ONE_OUTPUT = (
    "Look for a softmax over a single output, which is 1 whatever the score: take its sigmoid, or pass the score as "
    "the one column of logits. A model that names one class for every row does so, too."
)
MOST_RANDOM = 0.2  # with half of the labels random, undone probabilities of two classes are much as they were

_ADVICE = {  # by the function that is undone, and whether a timid model explains the rows as well
    ("softmax", False): (
        "Remove one of the two softmax layers (a loss that takes logits already applies its own) and export again. "
        "AdaBoostClassifier does so to the votes of its estimators: calibrate it."
    ),
    ("softmax", True): (
        "Check whether softmax is applied twice (a loss that takes logits applies its own): then remove one of "
        "them and export again. Otherwise the model is timid, as strong regularisation, few rounds of boosting and "
        "AdaBoostClassifier make it: calibrate it."
    ),
    ("sigmoid", False): (
        "Remove one of the two sigmoids (BCEWithLogitsLoss applies its own, and so does input='logits') and export "
        "again."
    ),
    ("sigmoid", True): (
        "Check whether a sigmoid is applied twice (BCEWithLogitsLoss applies its own, and so does input='logits'): "
        "then remove one of them and export again. Otherwise the model is timid and biased: calibrate it."
    ),
}


def _never(names: list[str]) -> str:
    """Say which classes have labels and in no row a probability; empty where there are none."""
    if not names:
        return ""
    some = ", ".join(map(repr, names[:MOST_NAMED])) + (", ..." if len(names) > MOST_NAMED else "")
    who = f"Class {some} has" if len(names) == 1 else f"Classes {some} have"
    return f" {who} no probability in any row."


def _hard(summary: PredictionSummary) -> tuple[str, str]:
    """Say that no row leaves any doubt, and what to do about it; empty where some does."""
    if summary.mean("entropy") > 0.0:
        return "", ""
    if np.count_nonzero(summary.proba_sum) == 1:
        only = str(summary.classes[int(np.argmax(summary.proba_sum))])
        return f" Class {only!r} has probability 1 in every row.", ONE_OUTPUT
    return " All probabilities are 0 or 1, as those of predicted labels are.", PREDICTED_LABELS


def judge_infinite(evidence: Evidence) -> Verdict:
    """Judge whether some true class was given probability exactly 0."""
    summary = evidence.summary
    rows = int(summary.zero_rows)
    share = float(summary.zero_weight / summary.sum_w)
    clipped = float(summary.mean("loss"))
    # A column without any probability is no matter of digits or counts.
    never = (summary.proba_sum == 0.0) & (summary.class_weight > 0.0)
    names = [str(label) for label in summary.classes[never]]
    others = float(summary.zero_weight) > float(summary.class_weight[never].sum()) * (1.0 + ROUNDING)
    hard, instead = _hard(summary)
    # No softmax of common logits underflows in double precision: there the zeros were counted, or made afterwards.
    doubles = summary.dtype == "float64"
    digits = "neither rounded nor cut to the likeliest classes" if doubles else f"in more digits than {summary.dtype}"
    export = (
        f"Export logits, or probabilities {digits}; smooth estimators that count (trees, nearest neighbours, isotonic "
        "regression). Where there is nothing else to export, AutoCalibrator or TemperatureCalibrator(floor=True) keeps "
        "the loss finite."
    )
    return Verdict(
        holds=rows > 0,
        value=float(rows),
        threshold=0.0,
        could_be=float(rows),
        evidence={
            "rows": rows,
            "share": share,
            "clip": LOSS_CLIP,
            "log_loss_clipped": clipped,
            "dtype": summary.dtype,
            "never_probable": names,
            "all_or_nothing": bool(hard),
        },
        fired=(
            f"The true class has probability exactly 0 in {rows} row{'s' if rows != 1 else ''}, so the log loss is "
            f"infinite; with probabilities clipped at 2.2e-16 it is {number(clipped)} nats.{hard or _never(names)}"
        ),
        passed="No true class has probability 0.",
        advice=instead or " ".join(([NOT_LEARNT] if names else []) + ([export] if others else [])),
    )


def _with_floor(p_true: np.ndarray, null: NullModel) -> tuple[np.ndarray, float]:
    """Return the probabilities of labels of which a share is random, and the share that is wrong: 0 unless shown."""
    k = null.n_classes
    floor = min(profile_floor(p_true, null.weight, k), MOST_RANDOM)
    mixed = (1.0 - floor) * p_true + floor / k
    gain = float(np.average(np.log(mixed) - np.log(p_true), weights=null.weight))
    if 2.0 * design_scale(null) * null.weight.sum() * gain <= MIN_Z**2:
        return p_true, 0.0
    return mixed, floor * (k - 1) / k


@dataclass(frozen=True)
class _Undone:
    """What the probabilities would be with a function undone that was applied to them.

    Attributes
    ----------
    function : {"softmax", "sigmoid"}
        What is undone.
    proba : ndarray of shape (n_rows, n_classes)
        The undone probabilities.
    gain : ndarray of shape (n_rows,)
        What undoing it saves at each label, in nats, where labels are taken for wrong before and after.
    saved : float
        What it takes off the log loss as given.
    noise : float
        Share of the labels that are taken for wrong then.
    gates : tuple of str
        The gates of which such probabilities fail one.
    """

    function: str
    proba: np.ndarray
    gain: np.ndarray
    saved: float
    noise: float
    gates: tuple[str, ...]


def _undone(evidence: Evidence) -> _Undone:
    """Undo a softmax or, of two classes, a sigmoid, whichever explains the labels better."""
    null, log_q = evidence.null, evidence.log_proba
    rows = np.arange(null.n_rows)
    # A wrong label costs the undone probabilities everything: both may take the share of labels for random that
    # serves them best, where that is more than chance would make of labels as clean as the probabilities say.
    given = null.proba[rows, null.y]
    shown, _ = _with_floor(given, null)

    def of(function: str, proba: np.ndarray, *gates: str) -> _Undone:
        undone, noise = _with_floor(proba[rows, null.y], null)
        saved = float(np.average(np.log(undone) - np.log(given), weights=null.weight))
        return _Undone(function, proba, np.log(undone) - np.log(shown), saved, noise, gates)

    softmax, sigmoid = of("softmax", undo_softmax(log_q), "under"), undo_sigmoid(log_q)
    if sigmoid is None:
        return softmax
    # The class that a sigmoid makes the likelier one in every row is often the rarer: a bias as much as doubt.
    other = of("sigmoid", sigmoid, "under", "class_bias")
    return other if np.average(other.gain - softmax.gain, weights=null.weight) > 0 else softmax


def judge_double_softmax(evidence: Evidence) -> Verdict:
    """Judge whether the exported probabilities went through softmax, or a sigmoid, twice."""
    summary = evidence.summary
    if not summary.undo_softmax_ok:
        return not_applicable("Undoing one softmax leaves the simplex: these are not softmax of probabilities.")
    null = evidence.null
    undone = _undone(evidence)
    sums, sizes = unit_sums(undone.gain[:, None], null.weight, null.group)
    mean, error = mean_and_error(sums, sizes)
    value, half = float(mean[0]), Z95 * float(error[0])
    if not math.isfinite(half):
        return not_applicable("One row, or one group, cannot show that undoing a softmax lowers the loss.")
    z = value / float(error[0]) if error[0] > 0 else 0.0
    gates = {name: evidence.finer_gate(name) if z > MIN_Z else evidence.gates[name] for name in undone.gates}
    p_gate = min(1.0, len(gates) * min(gate.p_value for gate in gates.values()))
    helps = z > MIN_Z and p_gate < GATE_BELOW
    # A timid model is squeezed together as well, and is the likelier explanation until the labels speak against it.
    sigmoid = undone.function == "sigmoid"
    ahead = softmax_ahead(null, evidence.log_proba, undone.proba, offsets=sigmoid) if helps else None
    edge = share_to_edge(undone.proba)
    timid = ahead is not None and (ahead <= AS_LIKELY or edge > AT_EDGE)
    refuted = ahead is not None and ahead < -LIKELIER
    aside = f" once {percent(undone.noise)} of the labels are taken for wrong" if undone.noise >= NOISE_RATE else ""
    left = evidence.total_loss - undone.saved
    name, still = ("A sigmoid", "probability") if sigmoid else ("Softmax", "probability vector")
    rival = "underconfident and biased by itself (LA102, LA103)" if sigmoid else "underconfident by itself (LA102)"
    return Verdict(
        holds=helps and not refuted,
        severity="warning" if timid else None,
        value=value,
        interval=(value - half, value + half),
        threshold=0.0,
        could_be=value + half,
        evidence={
            "function": undone.function,
            "nats": value,
            "z": z,
            "p_underconfident": gates["under"].p_value,
            "p_gate": p_gate,
            "undone_log_loss": left,
            "noise_rate": undone.noise,
            "log_likelihood_ahead": ahead,
            "share_to_edge": edge,
            MAY_BE_TIMID: timid,
        },
        fired=(
            f"{name} {'may have been' if timid else 'was'}"
            f" applied to what were probabilities, or votes, already: with it undone every row is still a {still}, "
            f"and the log loss falls from {apart(evidence.total_loss, left)} to {apart(left, evidence.total_loss)} "
            f"nats{aside}." + (f" A model that is {rival} explains these rows as well." if timid else "")
        ),
        passed=(
            f"Undoing a second {undone.function} would lower the loss, but a temperature explains these rows better "
            "(LA102)."
            if refuted
            else f"A second {undone.function} was not shown; undoing one would gain at most {number(value + half)} "
            "nats."
            if value + half > 0
            else f"Undoing one {undone.function} does not improve the probabilities."
        ),
        advice=_ADVICE[undone.function, timid],
    )


INFINITE_LOSS = Rule("LA001", "infinite-loss", "error", judge_infinite)
DOUBLE_SOFTMAX = Rule("LA002", "double-softmax", "error", judge_double_softmax)
