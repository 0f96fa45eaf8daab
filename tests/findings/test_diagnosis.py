import dataclasses
import json
import math
import warnings
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, log_softmax
from scipy.stats import binom, norm

from sklearn_lossacc import Diagnosis, LossAccuracyReport, diagnose, summarize
from sklearn_lossacc.exceptions import LossAccError
from sklearn_lossacc.findings.rules import RULES

# fmt: off
METRICS = {
    "n_samples", "n_classes", "effective_n", "accuracy", "balanced_accuracy", "log_loss", "log_loss_clipped",
    "expected_log_loss", "brier_score", "mean_confidence", "confidence_gap", "chance_log_loss",
    "prior_log_loss", "majority_accuracy", "d2_log_loss", "d2_brier", "ece", "ece_null_mean", "ece_null_q95",
    "smooth_ece", "debiased_rmsce", "temperature", "noise_rate", "calibration_loss", "refinement_loss",
    "resolution", "roc_auc",
}
DESCRIPTION = {
    "n_rows",
    "n_samples",
    "n_classes",
    "classes",
    "input",
    "dtype",
    "weighted",
    "n_groups",
    "out_of_sample",
    "sample_rows",
    "sample_complete",
    "zero_rows",
    "non_finite",
    "largest_loss_share",
    "largest_weight_share",
}
# fmt: on
ROW_COLUMNS = ["index", "y_true", "y_pred", "p_true", "p_pred", "loss", "loss_share", "label_quality", "surprise_p"]


def softmax_rows(rng, n, k, scale=2.0):
    z = scale * rng.standard_normal((n, k))
    p = np.exp(z - z.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def model(n=300, k=3, seed=0, scale=2.0):
    rng = np.random.default_rng(seed)
    p = softmax_rows(rng, n, k, scale)
    y = np.minimum((p.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1), k - 1)
    return y, p


def overconfident(n=400):
    y, p = model(n)
    p = p**2
    return y, p / p.sum(axis=1, keepdims=True)


def _heavy():
    weight = np.ones(300)
    weight[5] = 1e6
    return weight


def _with_zeros(n=300):
    y, p = model(n)
    p[np.arange(4), y[:4]] = 0.0
    return y, p / p.sum(axis=1, keepdims=True)


def _dominated():
    y, p = model()
    p[7] = [1e-300, 0.4, 0.6]
    y[7] = 0
    return y, p


ONE = {"classes": [0, 1, 2]}
CASES = {
    "plain": lambda: (*model(), {}),
    "two classes": lambda: (*model(k=2), {}),
    "overconfident": lambda: (*overconfident(), {}),
    "twenty classes": lambda: (*model(k=20), {}),
    "more classes than rows": lambda: (*model(n=30, k=50), {"classes": list(range(50))}),
    "weights": lambda: (*model(), {"sample_weight": np.random.default_rng(1).exponential(size=300)}),
    "one heavy row": lambda: (*model(), {"sample_weight": _heavy()}),
    "weight on one row": lambda: (*model(), {"sample_weight": np.eye(300)[5]}),
    "groups": lambda: (*model(), {"groups": np.arange(300) // 5}),
    "few groups": lambda: (*model(), {"groups": np.arange(300) // 100}),
    "one group": lambda: (*model(), {"groups": np.zeros(300)}),
    "zeros": lambda: (*_with_zeros(), {}),
    "one row dominates": lambda: (*_dominated(), {}),
    "in sample": lambda: (*model(), {"out_of_sample": False}),
    "training prior": lambda: (*model(), {"train_prior": [0.6, 0.3, 0.1]}),
    "prior that rules a class out": lambda: (*model(), {"train_prior": [0.6, 0.4, 0.0]}),
    "one row": lambda: (np.array([1]), np.array([[0.2, 0.3, 0.5]]), ONE),
    "one row with probability zero": lambda: (np.array([0]), np.array([[0.0, 0.3, 0.7]]), ONE),
    "two rows": lambda: (np.array([0, 2]), np.array([[0.2, 0.3, 0.5], [0.3, 0.3, 0.4]]), ONE),
    "five rows": lambda: (*model(n=5), ONE),
    "one class": lambda: (np.zeros(50, dtype=int), np.tile([0.8, 0.15, 0.05], (50, 1)), ONE),
    "a class without rows": lambda: (np.minimum(model()[0], 1), model()[1], ONE),
    "certain and right": lambda: (np.arange(60) % 3, np.eye(3)[np.arange(60) % 3], {}),
    "certain and wrong": lambda: (np.arange(60) % 3, np.eye(3)[np.tile([1, 1, 2], 20)], {}),
    "equal probabilities": lambda: (np.arange(60) % 3, np.full((60, 3), 1 / 3), {}),
    "single precision": lambda: (model()[0], model()[1].astype(np.float32), {}),
    "half precision": lambda: (model()[0], model()[1].astype(np.float16), {}),
}


@pytest.fixture(scope="module", params=list(CASES))
def case(request):
    y, p, options = CASES[request.param]()
    return request.param, diagnose(y, p, name=request.param, **options)


# -- every input ------------------------------------------------------------------------------------------------------


def test_every_name_is_there(case):
    _, d = case
    assert set(d.metrics) == METRICS
    assert set(d.description) == DESCRIPTION
    assert [f.code for f in d.findings] == [rule.code for rule in RULES]
    assert set(d.tables) == {
        "reliability",
        "loss_distribution",
        "classes",
        "confusion",
        "rows_loss",
        "rows_surprise",
        "rows_label_quality",
    }


def test_numbers_are_plain_and_inside_their_intervals(case):
    _, d = case
    for estimate in d.metrics.values():
        for value in (estimate.value, estimate.low, estimate.high):
            assert value is None or type(value) is float
        assert estimate.low is None or estimate.low <= estimate.value
        assert estimate.high is None or estimate.value <= estimate.high
        assert estimate.method
    for part in d.decomposition.parts:
        assert type(part.value) is float
        assert part.low is None or part.low <= part.value
        assert part.high is None or part.value <= part.high
    for finding in d.findings:
        for value in (finding.value, finding.threshold, finding.p_value, *(finding.interval or ())):
            assert value is None or type(value) is float
        if finding.interval is not None:
            assert finding.interval[0] <= finding.value <= finding.interval[1]


def plain(value):
    if isinstance(value, dict):
        return all(type(key) is str and plain(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return all(map(plain, value))
    return value is None or type(value) in (bool, int, float, str)


def test_evidence_description_and_tables_are_plain(case):
    _, d = case
    for finding in d.findings:
        for key, value in finding.evidence.items():
            assert plain(value), (finding.code, key, value)
    assert plain(dict(d.description))
    for name, table in d.tables.items():
        assert plain(dict(table)), name
        assert len({len(column) for column in table.values()}) == 1


def test_numbers_stay_inside_their_possible_values(case):
    _, d = case
    k = d.metrics["n_classes"].value
    ranges = {
        "accuracy": (0, 1), "balanced_accuracy": (0, 1), "majority_accuracy": (0, 1), "mean_confidence": (1 / k, 1),
        "confidence_gap": (-1, 1), "log_loss": (0, math.inf), "log_loss_clipped": (0, 36.05),
        "expected_log_loss": (0, math.log(k)), "brier_score": (0, 1 if k == 2 else 2), "ece": (0, 1),
        "noise_rate": (0, 1), "temperature": (0, math.inf), "calibration_loss": (-1e-3, math.inf),
        "refinement_loss": (0, math.inf), "prior_log_loss": (0, math.inf),
    }  # fmt: skip
    for name, (lowest, highest) in ranges.items():
        estimate = d.metrics[name]
        for value in (estimate.value, estimate.low, estimate.high):
            if value is not None and not math.isnan(value):
                assert lowest - 1e-9 <= value <= highest + 1e-9, name


# Rules for which the effect lies below the threshold.
DOWNWARD = {"LA003", "LA004", "LA102", "LA302", "LA303"}


def test_what_is_not_excluded_is_never_called_fine(case):
    _, d = case
    for finding in d.findings:
        if finding.status != "passed" or finding.code == "LA005":
            continue
        could_be, threshold = finding.evidence["could_be"], finding.threshold
        unbounded = could_be is None
        beyond = not unbounded and (could_be < threshold if finding.code in DOWNWARD else could_be > threshold)
        if unbounded or beyond:
            assert "not shown" in finding.headline, (finding.code, could_be, threshold)
        else:
            assert "not shown" not in finding.headline, (finding.code, could_be, threshold)


def test_the_waterfall_sums_to_the_loss(case):
    _, d = case
    assert [part.name for part in d.decomposition.parts] == [
        "chance",
        "prior",
        "resolution",
        "floor",
        "class_bias",
        "temperature",
        "outliers",
        "shape",
    ]
    total = d.metrics["log_loss_clipped" if d.decomposition.clipped else "log_loss"].value
    assert d.decomposition.total == total
    assert sum(part.value for part in d.decomposition.parts) == pytest.approx(total, abs=1e-12)
    for part in d.decomposition.parts:
        assert part.selected or part.value == 0.0
    parts = {part.name: part.value for part in d.decomposition.parts}
    calibration = parts["floor"] + parts["class_bias"] + parts["temperature"] + parts["shape"]
    assert d.metrics["calibration_loss"].value == pytest.approx(calibration, abs=1e-12)
    assert d.metrics["refinement_loss"].value == pytest.approx(total - calibration, abs=1e-12)


def test_dictionaries_and_json_come_back(case):
    _, d = case
    text = d.to_json()
    assert "NaN" not in text
    assert "Infinity" not in text
    data = json.loads(text)
    assert data == d.to_dict()
    back = Diagnosis.from_dict(data)
    assert back.to_dict() == data
    assert str(back) == str(d)
    assert [f.status for f in back.findings] == [f.status for f in d.findings]
    pd.testing.assert_frame_equal(back.to_frame(), d.to_frame())
    pd.testing.assert_frame_equal(back.classes, d.classes, check_dtype=False)
    assert back.decomposition == d.decomposition


def test_text_has_ten_to_twenty_lines(case):
    name, d = case
    lines = str(d).splitlines()
    assert 10 <= len(lines) <= 20
    assert lines[0].startswith(name)


def test_tables_fit(case):
    _, d = case
    table = d.classes
    assert len(table) == d.metrics["n_classes"].value
    assert table["n"].sum() == d.metrics["n_samples"].value
    assert table["prior"].sum() == pytest.approx(1)
    assert table["mean_proba"].sum() == pytest.approx(1, abs=1e-3)
    assert table["predicted"].sum() == pytest.approx(1)
    for name in ("accuracy", "loss"):
        known = table.dropna(subset=[f"{name}_low"])
        assert (known[f"{name}_low"] <= known[name]).all()
        assert (known[name] <= known[f"{name}_high"]).all()
    shares = d.tables["loss_distribution"]
    assert sum(shares["observed"]) == pytest.approx(1)
    assert sum(shares["expected"]) == pytest.approx(1, abs=1e-3)
    for by in ("loss", "surprise", "label_quality"):
        rows = d.samples(10**6, by=by)
        assert list(rows.columns) == ROW_COLUMNS
        assert len(rows) == min(d.metrics["n_samples"].value, 1000)


# -- metrics ----------------------------------------------------------------------------------------------------------


def test_metrics_by_definition():
    y, p = model(n=700, k=4)
    d = diagnose(y, p)
    rows = np.arange(700)
    loss, hot = -np.log(p[rows, y]), np.eye(4)[y]
    correct = p.argmax(axis=1) == y
    share = np.bincount(y) / 700
    values = {name: estimate.value for name, estimate in d.metrics.items()}
    expected = {
        "n_samples": 700,
        "n_classes": 4,
        "effective_n": 700,
        "accuracy": correct.mean(),
        "balanced_accuracy": np.mean([correct[y == j].mean() for j in range(4)]),
        "log_loss": loss.mean(),
        "log_loss_clipped": loss.mean(),
        "expected_log_loss": -(p * np.log(p)).sum(axis=1).mean(),
        "brier_score": ((p - hot) ** 2).sum(axis=1).mean(),
        "mean_confidence": p.max(axis=1).mean(),
        "confidence_gap": p.max(axis=1).mean() - correct.mean(),
        "chance_log_loss": math.log(4),
        "prior_log_loss": -(share * np.log(share)).sum(),
        "majority_accuracy": share.max(),
        "d2_log_loss": 1 - loss.mean() / -(share * np.log(share)).sum(),
        "d2_brier": 1 - ((p - hot) ** 2).sum(axis=1).mean() / (1 - share @ share),
    }
    for name, value in expected.items():
        assert values[name] == pytest.approx(value, rel=1e-12), name
    assert values["resolution"] == pytest.approx(values["prior_log_loss"] - values["refinement_loss"], abs=1e-12)


def test_scikit_learn_agrees():
    from sklearn.metrics import balanced_accuracy_score, log_loss, roc_auc_score

    y, p = model(n=500, k=3)
    weight = np.random.default_rng(2).exponential(size=500)
    d = diagnose(y, p, sample_weight=weight)
    assert d.metrics["log_loss"].value == pytest.approx(log_loss(y, p, sample_weight=weight), rel=1e-12)
    balanced = balanced_accuracy_score(y, p.argmax(axis=1), sample_weight=weight)
    assert d.metrics["balanced_accuracy"].value == pytest.approx(balanced, rel=1e-12)
    areas = [roc_auc_score(y == j, p[:, j], sample_weight=weight) for j in range(3)]
    assert d.metrics["roc_auc"].value == pytest.approx(np.mean(areas), rel=1e-12)
    y, p = model(n=500, k=2)
    assert diagnose(y, p).metrics["roc_auc"].value == pytest.approx(roc_auc_score(y, p[:, 1]), rel=1e-12)


def test_binary_brier_score_has_the_scale_of_one_column():
    y, p = model(k=2)
    assert diagnose(y, p).metrics["brier_score"].value == pytest.approx(np.mean((p[:, 1] - y) ** 2), rel=1e-12)


def test_ece_bins_are_closed_on_the_right():
    # 0.8 = 12/15 belongs to the bin below it, with 0.75; split at 0.8 the two gaps would not cancel.
    p = np.repeat([0.75, 0.8], 20)
    y = np.r_[np.repeat([1, 0], [13, 7]), np.repeat([1, 0], [18, 2])]
    d = diagnose(y, np.stack([1 - p, p], axis=1))
    assert d.metrics["ece"].value == pytest.approx(abs(40 * 0.775 - 31) / 40, abs=1e-12)
    assert "ece_null" in d.metrics["ece"].method
    assert d.tables["reliability"]["rows"] == [40]


def test_ece_is_read_against_its_null():
    healthy, over = diagnose(*model(n=1500)), diagnose(*overconfident(1500))
    assert healthy.metrics["ece"].value < healthy.metrics["ece_null_q95"].value
    assert over.metrics["ece"].value > over.metrics["ece_null_q95"].value
    for d in (healthy, over):
        assert 0 < d.metrics["ece_null_mean"].value < d.metrics["ece_null_q95"].value


def test_one_row_that_carries_the_loss_is_announced():
    y, p, _ = CASES["one row dominates"]()
    d = diagnose(y, p)
    loss = -np.log(p[np.arange(300), y])
    assert d.metrics["log_loss"].method == f"bootstrap-t; one row carries {loss.max() / loss.sum():.0%} of the loss"
    assert "one row carries" in d.metrics["refinement_loss"].method
    assert d.description["largest_loss_share"] == pytest.approx(loss.max() / loss.sum())
    assert d["LA201"].evidence["largest_loss_share"] == d.description["largest_loss_share"]
    assert "one row carries" in str(d).splitlines()[0]
    assert d.metrics["accuracy"].method == "Wilson"
    y, p = model()
    assert diagnose(y, p).metrics["log_loss"].method == "bootstrap-t"


def test_one_row_that_carries_the_weight_is_announced():
    y, p = model(n=200)
    weight = np.ones(200)
    weight[7] = 40.0
    d = diagnose(y, p, sample_weight=weight)
    said = "; one row carries 17% of the weight"
    for name, estimate in d.metrics.items():
        assert estimate.method.endswith(said) == (estimate.high is not None), name
    assert d.description["largest_weight_share"] == pytest.approx(40 / 239)
    assert "one row carries 16.7 % of the weight" in str(d).splitlines()[0]
    assert not any("weight" in e.method for e in diagnose(y[:8], p[:8]).metrics.values())  # all alike


def test_one_group_that_carries_the_weight_is_announced():
    y, p = model(n=200)
    group = np.r_[np.zeros(30, int), 1 + np.arange(170) % 17]
    d = diagnose(y, p, groups=group)
    assert d.metrics["accuracy"].method == "Wilson on the effective sample; one group carries 15% of the weight"
    assert "one group carries 15.0 % of the weight" in str(d).splitlines()[0]
    even = diagnose(y, p, groups=np.arange(200) % 20)
    assert even.metrics["accuracy"].method == "Wilson on the effective sample"
    assert "carries" not in str(even).splitlines()[0]


@pytest.mark.simulation
def test_limits_of_accuracy_hold_with_a_few_large_groups():
    group = np.repeat(np.arange(20), np.r_[np.full(3, 250), np.full(17, 15)])
    z = np.linspace(-3.0, 3.0, len(group))
    covered = []
    for seed in range(60):
        rng = np.random.default_rng([seed, 11])
        score = rng.permutation(z)
        shared = np.sqrt(0.3) * rng.normal(size=20)[group] + np.sqrt(0.7) * rng.normal(size=len(group))
        right = norm.cdf(shared) < expit(np.abs(score))
        accuracy = diagnose((score > 0) == right, expit(score), groups=group).metrics["accuracy"]
        covered.append(accuracy.low <= expit(np.abs(z)).mean() <= accuracy.high)
    assert np.mean(covered) >= binom.ppf(0.01, 60, 0.91) / 60


def test_one_row_that_carries_another_mean_is_announced():
    # 28 sure and right, one sure and wrong: it carries almost all of the Brier score, and of the gaps.
    y, p = np.r_[np.zeros(15, int), np.ones(14, int)], np.tile([0.98, 0.02], (29, 1))
    p[15:] = p[15:, ::-1]
    y[0] = 1
    metrics = diagnose(y, p).metrics
    brier = (1 - p[np.arange(29), y]) ** 2
    said = f"one row carries {brier.max() / brier.sum():.0%} of the Brier score"
    assert metrics["brier_score"].method == f"bootstrap-t; {said}"
    assert metrics["d2_brier"].method == f"bootstrap-t, linearised; {said}"
    assert (
        metrics["confidence_gap"].method == f"bootstrap-t; one row carries {0.98 / (0.98 + 28 * 0.02):.0%} of the gaps"
    )
    assert "of the differences" in metrics["resolution"].method
    assert "carries" not in metrics["mean_confidence"].method
    assert "carries" not in metrics["expected_log_loss"].method


@pytest.mark.parametrize("seed", [1, 3])  # with a loss above and below ln 2
def test_parts_of_the_loss_stay_within_what_is_possible(seed):
    # A constant is a repair, too: what is left is at most ln k, and beats the class frequencies by at least nothing.
    y, p = model(n=16, k=2, seed=seed, scale=1.0)
    p = p**3 / (p**3).sum(axis=1, keepdims=True)
    d = diagnose(np.repeat(y, 3), np.repeat(p, 3, axis=0), groups=np.repeat(np.arange(16), 3))
    refinement, resolution = d.metrics["refinement_loss"], d.metrics["resolution"]
    assert not any(part.selected for part in d.decomposition.parts[3:])
    assert refinement.high == max(refinement.value, math.log(2))
    assert 0.0 <= refinement.low < refinement.value
    assert resolution.low == min(resolution.value, 0.0)
    assert resolution.value < resolution.high <= math.log(2)


@pytest.mark.parametrize("scale", [1.0, 1e-12, 1e12])
def test_values_lie_within_their_intervals_whatever_the_rounding(scale):
    rng = np.random.default_rng(0)
    for n in (5, 7, 30):
        p = np.tile([0.2, 0.8], (n, 1))
        metrics = diagnose(np.ones(n, dtype=int), p, classes=[0, 1], sample_weight=scale * rng.random(n)).metrics
        assert metrics["accuracy"].value == pytest.approx(1.0)
        assert metrics["majority_accuracy"].value == 1.0
        assert metrics["prior_log_loss"].value == 0.0
        for name, found in metrics.items():
            assert found.low is None or found.low <= found.value <= found.high, name


def test_scores_of_any_finite_size_are_judged():
    rng = np.random.default_rng(3)
    y, scores = np.array([0, 1, 1, 0]), 1e150 * rng.standard_normal((4, 2))
    assert math.isfinite(diagnose(y, scores, input="logits").metrics["log_loss"].value)


def test_calibration_loss_that_few_sure_labels_leave_open():
    # Every label is the likelier one, so that no temperature above 1 gains anything; one of 3 is not ruled out.
    y, p = np.ones(10, dtype=int), np.tile([0.001, 0.999], (10, 1))
    y[:4], p[:4] = 0, p[:4, ::-1]
    found = diagnose(y, p).metrics["calibration_loss"]
    assert found.value == found.low == 0.0
    p = math.exp(-(1.645**2) / 2 / 10)  # of ten labels none is wrong where one in 1 / (1 - p) is
    cost = p * math.log(p / 0.999) + (1 - p) * math.log((1 - p) / 0.001)
    assert 0.998 * cost < found.high < 1.1 * cost


def test_labels_far_below_the_smallest_probability_leave_finite_limits():
    rng = np.random.default_rng(0)
    logits = 1e3 * rng.standard_normal((40, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        metrics = diagnose(rng.integers(0, 2, 40), logits, input="logits").metrics
    for name in ("calibration_loss", "refinement_loss", "resolution"):
        found = metrics[name]
        assert found.low <= found.value <= found.high < math.inf, name


def two_classes(rng, n, kind):
    """Log probabilities as a model shows them, and labels: scores blunt and unequal, or three times too sure."""
    scores = (0.7 if kind == "blunt" else 2.5) * rng.standard_normal((n, 2))
    scores[:, 1] -= math.log(5.0) if kind == "blunt" else 0.0
    y = (rng.random(n) * (1.0 + np.exp(scores[:, 0] - scores[:, 1])) < 1.0).astype(int)
    shown = scores * (1.0 if kind == "blunt" else 3.0)
    return y, shown - np.logaddexp.reduce(shown, axis=1)[:, None], scores - np.logaddexp.reduce(scores, axis=1)[:, None]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["blunt", "over"])
@pytest.mark.parametrize("design", ["groups", "weights"])
def test_parts_of_the_loss_of_two_classes_and_fifty_rows_are_covered(kind, design):
    y, shown, truth = two_classes(np.random.default_rng(0), 300_000, kind)
    rows = np.arange(len(y))
    share, refinement = y.mean(), -truth[rows, y].mean()
    true = {
        "resolution": -share * math.log(share) - (1 - share) * math.log(1 - share) - refinement,
        "calibration_loss": -shown[rows, y].mean() - refinement,
    }
    covered = {name: [] for name in true}
    for seed in range(200):
        rng = np.random.default_rng([seed, 17])
        y, shown, _ = two_classes(rng, 16 if design == "groups" else 50, kind)
        rows = np.repeat(np.arange(len(y)), 3 if design == "groups" else 1)
        keywords = {"groups": rows} if design == "groups" else {"sample_weight": rng.exponential(size=50)}
        found = diagnose(y[rows], shown[rows], input="logits", **keywords).metrics
        for name, value in true.items():
            covered[name].append(found[name].low - 1e-12 <= value <= found[name].high)
    for name, hits in covered.items():
        assert np.mean(hits) >= 0.88, name


def test_intervals_follow_the_groups():
    y, p = model(n=200)
    rows = np.repeat(np.arange(200), 6)
    single, naive = diagnose(y, p), diagnose(y[rows], p[rows], ignore=["LA004"])
    grouped = diagnose(y[rows], p[rows], groups=rows)

    def width(d, name):
        return d.metrics[name].high - d.metrics[name].low

    for name in ("accuracy", "log_loss", "brier_score", "d2_log_loss", "balanced_accuracy", "majority_accuracy"):
        assert width(grouped, name) == pytest.approx(width(single, name), rel=0.2), name
        assert width(naive, name) < 0.6 * width(grouped, name), name
    for name in ("accuracy_low", "accuracy_high", "loss_low", "loss_high"):
        np.testing.assert_allclose(grouped.classes[name], single.classes[name], rtol=0.02)


@pytest.mark.parametrize("n_groups", [1, 9])
def test_few_groups_get_no_intervals(n_groups):
    y, p = model()
    d = diagnose(y, p, groups=np.arange(300) % n_groups)
    for name, estimate in d.metrics.items():
        assert estimate.low is None, name
        assert estimate.high is None, name
    assert d["LA101"].headline == "Overconfidence was not shown; too few groups bound the temperature."
    assert d["LA101"].evidence["could_be"] is None
    assert d.classes[["accuracy_low", "accuracy_high", "loss_low", "loss_high"]].isna().all(axis=None)


# -- options ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, 2, "0.05", None, math.nan])
def test_alpha_lies_between_zero_and_one(alpha):
    with pytest.raises(LossAccError, match="alpha"):
        diagnose(*model(30), alpha=alpha)


def test_alpha_decides():
    y, p = overconfident(80)
    strict, loose = diagnose(y, p, alpha=1e-6), diagnose(y, p, alpha=0.5)
    assert strict.alpha == 1e-6
    assert {f.code for f in strict.issues} <= {f.code for f in loose.issues}
    assert loose["LA101"].status == "fired"
    assert strict["LA101"].status == "passed"


def test_ignored_rules_are_not_judged_and_leave_the_family():
    y, p = overconfident()
    full, d = diagnose(y, p), diagnose(y, p, ignore=("LA104", "LA203", "LA401"))
    for code in ("LA104", "LA203", "LA401"):
        assert d[code].status == "ignored"
        assert d[code].p_value is d[code].value is None
        assert d[code].url.endswith(f"{code}.html")
    assert d["LA101"].p_value == full["LA101"].p_value
    assert d["LA101"].evidence["p_holm"] < full["LA101"].evidence["p_holm"]
    assert diagnose(y, p, ignore=["LA101"])["LA101"].status == "ignored"


def test_codes_to_ignore_may_come_from_what_is_walked_over_once():
    assert diagnose(*model(30), ignore=(code for code in ["LA003"]))["LA003"].status == "ignored"


@pytest.mark.parametrize("ignore", [("LA999",), ("overconfident",), "LA101", ["LA101", "la102"], None, 3, [["LA101"]]])
def test_unknown_rules_cannot_be_ignored(ignore):
    with pytest.raises(LossAccError, match="ignore"):
        diagnose(*model(30), ignore=ignore)


def test_the_seed_decides_every_draw():
    y, p = model()
    first, again, other = diagnose(y, p), diagnose(y, p), diagnose(y, p, random_state=1)
    assert first == again
    assert first.metrics["ece_null_mean"] != other.metrics["ece_null_mean"]
    assert first.metrics["log_loss"].value == other.metrics["log_loss"].value
    generators = [np.random.RandomState(7) for _ in range(2)]
    assert diagnose(y, p, random_state=generators[0]) == diagnose(y, p, random_state=generators[1])
    assert diagnose(y, p, random_state=np.int64(0)) == first


@pytest.mark.parametrize("seed", [-1, "a", 0.5, [1]])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(LossAccError, match="random_state must be a whole number"):
        diagnose(*model(30), random_state=seed)


def test_without_a_seed_every_run_draws_anew():
    y, p = model()
    first, second = diagnose(y, p, random_state=None), diagnose(y, p, random_state=None)
    assert first.metrics["ece_null_mean"] != second.metrics["ece_null_mean"]
    assert first.decomposition.total == second.decomposition.total


@pytest.mark.parametrize("name", [None, "model of Tuesday", 7])
def test_name(name):
    assert diagnose(*model(30), name=name).name == ("model" if name is None else str(name))


# -- the object -------------------------------------------------------------------------------------------------------


def test_frozen():
    d = diagnose(*model(30))
    with pytest.raises(dataclasses.FrozenInstanceError):
        d.alpha = 0.1
    with pytest.raises(dataclasses.FrozenInstanceError):
        d.metrics["accuracy"].value = 1.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        d.findings[0].status = "passed"


def test_findings_by_code():
    d = diagnose(*overconfident())
    assert d["LA101"] is next(f for f in d.findings if f.code == "LA101")
    assert d.issues == tuple(f for f in d.findings if f.status == "fired")
    with pytest.raises(KeyError, match="LA999"):
        d["LA999"]
    with pytest.raises(KeyError, match="cake"):
        d.decomposition["cake"]


def test_finite_diagnoses_come_back_equal():
    d = diagnose(*overconfident())
    assert Diagnosis.from_dict(json.loads(d.to_json(indent=2))) == d


def test_infinite_loss_in_json():
    y, p, _ = CASES["zeros"]()
    d = diagnose(y, p)
    record = json.loads(d.to_json())["metrics"]["log_loss"]
    assert record["value"] is None
    assert record["non_finite"] == "inf"
    back = Diagnosis.from_dict(json.loads(d.to_json()))
    assert back.metrics["log_loss"].value == math.inf
    assert back.description["non_finite"] == "inf"


@pytest.mark.parametrize("data", [{}, {"schema": 99}, None, [1, 2], "{}"])
def test_from_dict_refuses_what_it_did_not_write(data):
    with pytest.raises(LossAccError, match="schema"):
        Diagnosis.from_dict(data)


@pytest.mark.parametrize("field", ["name", "alpha", "description", "metrics", "decomposition", "findings", "tables"])
def test_damaged_data_are_named(field):
    data = json.loads(diagnose(*model(30)).to_json())
    broken = [{key: value for key, value in data.items() if key != field}]
    broken += [] if field in ("name", "alpha") else [{**data, field: "x"}, {**data, field: None}]
    for one in broken:
        with pytest.raises(LossAccError, match="the data of the Diagnosis are damaged"):
            Diagnosis.from_dict(one)


def test_frame_has_one_row_a_number():
    d = diagnose(*overconfident())
    frame = d.to_frame()
    assert list(frame.columns) == ["kind", "name", "value", "low", "high", "p_value", "status", "text"]
    assert len(frame) == len(METRICS) + len(RULES)
    metrics = frame[frame["kind"] == "metric"].set_index("name")
    assert metrics.loc["log_loss", "value"] == d.metrics["log_loss"].value
    finding = frame[frame["name"] == "LA101 overconfident"].iloc[0]
    assert finding["status"] == "fired"
    assert finding["p_value"] == d["LA101"].p_value
    assert finding["low"] == d["LA101"].interval[0]


@pytest.mark.parametrize("by", ["loss", "surprise", "label_quality"])
def test_worst_rows(by):
    y, p = model()
    d = diagnose(y, p)
    rows = d.samples(7, by=by)
    assert list(rows.columns) == ROW_COLUMNS
    assert len(rows) == 7
    at = rows["index"].to_numpy()
    np.testing.assert_array_equal(rows["y_true"], y[at])
    np.testing.assert_array_equal(rows["y_pred"], p[at].argmax(axis=1))
    np.testing.assert_allclose(rows["p_true"], p[at, y[at]])
    np.testing.assert_allclose(rows["loss"], -np.log(p[at, y[at]]))
    loss = -np.log(p[np.arange(300), y])
    np.testing.assert_allclose(rows["loss_share"], loss[at] / loss.sum())
    own = p[at, y[at]]
    np.testing.assert_allclose(rows["surprise_p"], (p[at] * (p[at] <= own[:, None] * (1 + 1e-9))).sum(axis=1))
    worst = {"loss": -rows["loss"], "surprise": rows["surprise_p"], "label_quality": rows["label_quality"]}[by]
    assert worst.is_monotonic_increasing
    if by == "loss":
        np.testing.assert_array_equal(at, np.argsort(-loss)[:7])


def test_worst_rows_default_and_refusals():
    d = diagnose(*model())
    pd.testing.assert_frame_equal(d.samples(), d.samples(20, by="loss"))
    assert len(d.samples(0)) == 0
    for wrong in (-1, 2.5, "5", None):
        with pytest.raises(LossAccError, match="n must be"):
            d.samples(wrong)
    with pytest.raises(LossAccError, match="by must be"):
        d.samples(by="weight")


def test_a_report_reads_the_same_object():
    d = diagnose(*model(50))
    assert LossAccuracyReport(d).diagnosis_ is d


# -- labels -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "labels",
    [
        np.array([10, 20, 30]),
        np.array(["ant", "bee", "cat"]),
        np.array(["ant", "bee", "cat"], dtype=object),
    ],
)
def test_the_names_of_the_classes_change_no_number(labels):
    y, p = overconfident()
    p[3] = [0.0, 0.25, 0.75]
    y[3] = 0
    plain, named = diagnose(y, p), diagnose(labels[y], p)
    assert named.metrics == plain.metrics
    assert named.decomposition == plain.decomposition
    for a, b in zip(plain.findings, named.findings, strict=True):
        assert (a.code, a.status, a.value, a.interval, a.p_value) == (b.code, b.status, b.value, b.interval, b.p_value)
    assert named.description["classes"] == [str(label) for label in labels]
    assert named.samples()["y_true"].tolist() == labels[plain.samples()["y_true"]].tolist()
    assert named.classes["label"].tolist() == [str(label) for label in labels]
    json.loads(named.to_json())


def test_booleans_and_a_single_column():
    y, p = model(k=2)
    plain = diagnose(y, p)
    assert diagnose(y.astype(bool), p).metrics == plain.metrics
    for column in (p[:, 1], p[:, [1]]):
        d = diagnose(y.astype(bool), column)
        for name, estimate in plain.metrics.items():
            if not name.startswith("ece_null"):
                assert d.metrics[name].value == pytest.approx(estimate.value, abs=1e-12), name


def test_a_data_frame_names_its_classes():
    y, p = model()
    frame = pd.DataFrame(p[:, [2, 0, 1]], columns=["owl", "ant", "bee"], index=np.arange(300)[::-1])
    names = pd.Series(np.array(["ant", "bee", "owl"])[y])
    assert diagnose(names, frame).metrics["log_loss"].value == pytest.approx(diagnose(y, p).metrics["log_loss"].value)


# -- cost -------------------------------------------------------------------------------------------------------------


def test_more_classes_than_a_dense_confusion_matrix_holds():
    rng = np.random.default_rng(7)
    n_classes = 1025
    y = rng.integers(n_classes, size=1500)
    proba = np.full((1500, n_classes), 0.5 / n_classes)
    proba[np.arange(1500), np.where(rng.random(1500) < 0.5, y, rng.integers(n_classes, size=1500))] += 0.5
    table = diagnose(y, proba).tables["confusion"]
    cells = Counter(zip(map(str, y), map(str, proba.argmax(axis=1)), strict=True))
    assert dict(zip(zip(table["true"], table["predicted"], strict=True), table["weight"], strict=True)) == cells


def test_a_thousand_classes_take_seconds():
    import time

    y, p = model(n=2000, k=1000, scale=3.0)
    summary = summarize(y, p, classes=np.arange(1000))
    start = time.process_time()
    Diagnosis.from_summary(summary)
    assert time.process_time() - start < 5.0


NO_INTERVAL = {
    "n_samples",
    "n_classes",
    "effective_n",
    "chance_log_loss",
    "ece",
    "ece_null_mean",
    "ece_null_q95",
    "smooth_ece",
}


@pytest.mark.parametrize(
    "options", [{}, {"sample_weight": np.linspace(0.5, 1.5, 600)}, {"groups": np.arange(600) // 3}]
)
def test_every_number_has_an_interval_or_says_why_not(options):
    metrics = diagnose(*overconfident(600), **options).metrics
    for name, estimate in metrics.items():
        if name in NO_INTERVAL:
            assert (estimate.low, estimate.high) == (None, None)
            assert estimate.method
        else:
            assert estimate.low <= estimate.value <= estimate.high, name


def test_the_spread_of_class_shares_counts_groups_of_copies_once():
    y, p = model(n=300)
    alone = diagnose(y, p)
    three = diagnose(np.repeat(y, 3), np.repeat(p, 3, axis=0), groups=np.repeat(np.arange(300), 3))
    for name in ("majority_accuracy", "prior_log_loss", "d2_brier", "debiased_rmsce"):
        for limit in ("low", "high"):
            expected = getattr(alone.metrics[name], limit)
            assert getattr(three.metrics[name], limit) == pytest.approx(expected, rel=0.03), name


def test_losses_beyond_the_clip_are_those_of_the_log_loss():
    # Probabilities of 1e-20 and less are no zeros: nothing is clipped, in the mean, in the rows or in the classes.
    rng = np.random.default_rng(0)
    scores = 30 * rng.normal(size=(500, 3))
    y = (scores / 30 + 0.4 * rng.gumbel(size=scores.shape)).argmax(axis=1)
    loss = -log_softmax(scores, axis=1)[np.arange(500), y]
    assert (loss > 36.05).sum() > 3
    d = diagnose(y, scores, input="logits")
    assert d.metrics["log_loss"].value == pytest.approx(loss.mean())
    largest = np.argsort(-loss, kind="stable")[:20]
    rows = d.samples(20)
    assert rows["index"].tolist() == largest.tolist()
    np.testing.assert_allclose(rows["loss"], loss[largest])
    np.testing.assert_allclose(rows["loss_share"], loss[largest] / loss.sum())
    np.testing.assert_allclose(d.classes["loss"], [loss[y == j].mean() for j in range(3)])
    quality = d.samples(20, by="label_quality")
    np.testing.assert_allclose(quality["loss"], loss[quality["index"]])
    assert quality["label_quality"].is_monotonic_increasing


DATES = np.array(["2020-01-01", "2020-01-02", "2020-01-03"], dtype="datetime64[ns]")


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        (DATES, "2020-01-01T00:00:00.000000000"),
        (DATES.astype("datetime64[D]"), "2020-01-01"),
        (np.array([b"a", b"b", b"c"]), "b'a'"),
    ],
)
def test_labels_that_json_does_not_know_are_written_as_text(labels, text):
    y, p = model(60)
    d = diagnose(labels[y], p, classes=labels)
    assert d.samples(60)["y_true"].isin(d.classes["label"]).all()
    assert text in set(d.samples(60)["y_true"])
    assert Diagnosis.from_dict(json.loads(d.to_json())).to_dict() == d.to_dict()


def test_a_summary_is_what_a_diagnosis_is_made_of():
    with pytest.raises(LossAccError, match="summary must be a PredictionSummary, from summarize; got ndarray"):
        Diagnosis.from_summary(model(30)[1])


@pytest.mark.parametrize("far", [0.6, 1.0 - 1e-14])
def test_no_limit_of_skill_is_beyond_what_any_loss_could_make_of_it(far):
    # All but one of 40 rows are sure and right: resampling leaves limits without bounds.
    y = np.tile([0, 1], 20)
    p = np.where(y == 1, 0.999, 0.001)
    p[0] = far
    d = diagnose(y, np.stack([1.0 - p, p], axis=1))
    losses, briers = d.metrics["d2_log_loss"], d.metrics["d2_brier"]
    prior = np.log(2.0)
    for estimate, least in ((losses, 1.0 + np.log(2.22e-16) / prior), (briers, 1.0 - 2.0 / 0.5)):
        assert least - 0.1 < estimate.low <= estimate.value <= estimate.high <= 1.0
    low, high = d["LA302"].interval
    assert 1.0 + np.log(2.22e-16) / prior - 0.1 < low <= d["LA302"].value <= high <= 1.0
    assert d["LA302"].evidence.get("needed", 0) < 1e9


def test_a_constant_certain_prediction_is_not_explained_by_noise():
    # Right in one row of five: a floor leaves at least half of the certain labels right.
    d = diagnose(np.repeat(np.arange(5), 12), np.eye(5)[np.zeros(60, dtype=int)])
    assert d["LA101"].status == "fired"
    assert not d["LA101"].evidence["cannot_tell_from_noise"]
    assert d["LA201"].status != "fired"


def test_the_limits_of_a_class_loss_cover_few_rows():
    # ten classes, about twenty rows each, losses with a long tail; the truth from many rows
    def rows(n, seed):
        rng = np.random.default_rng(seed)
        odds = 2.0 * rng.normal(size=(n, 10))
        return (odds + rng.gumbel(size=odds.shape)).argmax(axis=1), 2.0 * odds

    y, logits = rows(100_000, 0)
    truth = np.bincount(y, -log_softmax(logits, axis=1)[np.arange(len(y)), y]) / np.bincount(y)
    missed = 0
    for seed in range(1, 21):
        y, logits = rows(200, seed)
        table = diagnose(y, logits, input="logits", classes=np.arange(10)).classes
        missed += np.sum((truth < table["loss_low"]) | (table["loss_high"] < truth))
    assert missed <= 200 * 0.05 + 3 * np.sqrt(200 * 0.05 * 0.95)


def test_no_limit_of_a_class_loss_is_beyond_what_a_row_can_cost():
    # Student's t of two rows, 10 and 0 nats, has an upper limit of 68.5 nats
    p = np.r_[np.exp(-10.0), 1.0 - 1e-6, np.full(8, 0.5)]
    table = diagnose(np.r_[1, 1, np.zeros(8, int)], p).classes
    assert table["loss_high"][1] == pytest.approx(-np.log(2.22e-16), abs=0.01)


def test_a_sample_with_few_rows_of_a_class_says_nothing_of_its_spread():
    rng = np.random.default_rng(0)
    odds = 2.0 * rng.normal(size=(9000, 300))
    y = (odds + rng.gumbel(size=odds.shape)).argmax(axis=1)
    whole = summarize(y, odds, input="logits", classes=np.arange(300))
    part = summarize(y, odds, input="logits", classes=np.arange(300), sample_entries=2**10)
    whole, part = (Diagnosis.from_summary(one).classes for one in (whole, part))
    np.testing.assert_allclose(part["loss"], whole["loss"])
    shown = part["loss_low"].notna()
    assert not shown.all()
    assert (part["loss_high"] > part["loss_low"])[shown].all()
