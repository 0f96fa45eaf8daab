"""What must hold for every metric: a new one is tested by being public."""

import inspect

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

from sklearn_lossacc import metrics
from sklearn_lossacc.exceptions import (
    ClassesMismatchError,
    InvalidPredictionsError,
    InvalidTargetError,
    InvalidWeightsError,
    NotProbabilitiesError,
)
from sklearn_lossacc.metrics import get_scorer_names, lossacc_scoring
from sklearn_lossacc.metrics.rows import Rows
from sklearn_lossacc.metrics.scorer_table import SCORERS

# A weighted row is one draw: what corrects for chance (and what pairs different rows) is not that of copies.
DRAWS = {"calibration_loss", "refinement_loss", "resolution", "debiased_calibration_error", "label_quality"}
PER_ROW = {"label_quality", "log_loss_per_sample"}


def parameters(metric):
    return inspect.signature(metric).parameters


METRICS = [
    metric
    for metric in vars(metrics).values()
    if inspect.isfunction(metric) and list(parameters(metric))[:2] == ["y_true", "y_proba"]
]
WEIGHTED = [metric for metric in METRICS if "sample_weight" in parameters(metric)]
every_metric = pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.__name__)
every_weighted_metric = pytest.mark.parametrize("metric", WEIGHTED, ids=lambda metric: metric.__name__)
classes = pytest.mark.parametrize("k", [2, 5])


def draw(k, n=300, seed=0):
    """Overconfident predictions with ties, labels of which some are wrong, and weights."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=2.5, size=(n, k)).round(1)
    y = (logits + rng.gumbel(size=(n, k))).argmax(axis=1)
    y = np.where(rng.random(n) < 0.2, rng.integers(k, size=n), y)
    return softmax(1.6 * logits, axis=1), y, rng.gamma(1.0, size=n) + 0.01


def same(metric, got, expected, order=None):
    expected = np.asarray(expected)
    if order is not None and metric.__name__ in PER_ROW:
        expected = expected[order]
    np.testing.assert_allclose(np.asarray(got), expected, rtol=1e-9, atol=1e-10)


def test_every_metric_is_there_and_has_the_signature_of_all():
    assert len(METRICS) == 19
    for metric in METRICS:
        kinds = parameters(metric)
        common = {"y_true", "y_proba", "classes", "input"}
        assert common <= set(kinds)
        assert all(kinds[name].kind is kinds[name].KEYWORD_ONLY for name in kinds if name not in ("y_true", "y_proba"))
        assert ("sample_weight" in kinds) == (metric.__name__ != "log_loss_per_sample")


@every_metric
@classes
def test_order_of_the_rows_means_nothing(metric, k):
    P, y, _ = draw(k)
    order = np.random.default_rng(1).permutation(len(y))
    same(metric, metric(y[order], P[order]), metric(y, P), order)


@every_metric
@classes
def test_labels_are_just_names_and_their_order_is_honoured(metric, k):
    P, y, _ = draw(k)
    expected = metric(y, P)
    names = np.array(["d", "b", "e", "a", "c"])[:k] if k > 2 else np.array(["yes", "no"])
    same(metric, metric(names[y], P, classes=names), expected)
    same(metric, metric(10 * y + 7, P), expected)
    frame = pd.DataFrame(P, columns=names, index=np.arange(len(y))[::-1])
    same(metric, metric(pd.Series(names[y], index=np.arange(len(y)) + 9), frame), expected)


@every_metric
@classes
def test_logits_are_read_as_their_softmax(metric, k):
    P, y, _ = draw(k)
    same(metric, metric(y, np.log(P) + 3, input="logits"), metric(y, P))


@every_metric
def test_one_column_is_that_of_the_second_class(metric):
    P, y, _ = draw(2)
    expected = metric(y, P)
    same(metric, metric(y, P[:, 1]), expected)
    same(metric, metric(y, P[:, [1]]), expected)
    same(metric, metric(y, np.log(P[:, 1] / P[:, 0]), input="logits"), expected)


@every_metric
@classes
def test_precision_of_an_export_changes_little(metric, k):
    rng = np.random.default_rng(2)
    logits = rng.normal(scale=1.5, size=(300, k))
    P, y = softmax(1.6 * logits, axis=1), (logits + rng.gumbel(size=(300, k))).argmax(axis=1)
    # no limit between bins lies within the rounding of these
    assert np.abs(P.max(axis=1)[:, None] * 15 - np.arange(16)).min() > 1e-5
    single = metric(y, P.astype(np.float32))
    np.testing.assert_allclose(np.asarray(single), np.asarray(metric(y, P)), rtol=2e-4, atol=2e-5)


@every_weighted_metric
@classes
def test_scale_of_the_weights_means_nothing(metric, k):
    P, y, weight = draw(k)
    same(metric, metric(y, P, sample_weight=7 * weight), metric(y, P, sample_weight=weight))
    same(metric, metric(y, P, sample_weight=np.full(len(y), 3.0)), metric(y, P))


@every_weighted_metric
@classes
def test_weights_count(metric, k):
    P, y, weight = draw(k)
    assert not np.allclose(metric(y, P, sample_weight=weight), metric(y, P), rtol=1e-6)


@every_weighted_metric
@classes
def test_weights_are_copies(metric, k):
    if metric.__name__ in DRAWS | PER_ROW:
        return
    P, y, _ = draw(k)
    copies = np.random.default_rng(1).integers(0, 4, len(y))
    same(metric, metric(y, P, sample_weight=copies), metric(y.repeat(copies), P.repeat(copies, axis=0)))


@classes
def test_copies_change_only_the_chance_part_of_the_fitted_losses(k):
    P, y, _ = draw(k)
    twice, n = (np.tile(y, 2), np.tile(P, (2, 1))), len(y)
    np.testing.assert_allclose(metrics.refinement_loss(y, P) - metrics.refinement_loss(*twice), 1 / (4 * n), rtol=1e-6)
    np.testing.assert_allclose(
        metrics.calibration_loss(*twice) - metrics.calibration_loss(y, P), 1 / (4 * n), rtol=1e-6
    )


@every_weighted_metric
@classes
def test_rows_of_weight_zero_change_nothing(metric, k):
    P, y, weight = draw(k)
    weight[::3] = 0
    impossible = np.eye(k)[(y + 1) % k]
    spoilt = np.where((weight == 0)[:, None], impossible, P)
    got, expected = (
        metric(y, spoilt, sample_weight=weight),
        metric(y[weight > 0], P[weight > 0], sample_weight=weight[weight > 0]),
    )
    same(metric, np.asarray(got)[weight > 0] if metric.__name__ in PER_ROW else got, expected)


@every_metric
def test_class_without_rows_keeps_its_column(metric):
    P, y, _ = draw(5)
    kept = y < 4
    got = np.asarray(metric(y[kept], P[kept]))
    assert np.isfinite(got).all()
    if metric.__name__ not in PER_ROW:  # as if a row of that class were there, with no weight
        weighted = metric(y, P, sample_weight=kept.astype(float))
        same(metric, got, weighted)


@every_metric
def test_many_rows_are_read_in_blocks(metric):
    P, y, _ = draw(7, n=20_000)
    joined = metric(np.tile(y, 2), np.tile(P, (2, 1)))
    if metric.__name__ == "label_quality":  # fitted to a part of the rows
        assert np.corrcoef(joined, np.tile(metric(y, P), 2))[0, 1] > 0.999
    elif metric.__name__ in PER_ROW:
        same(metric, joined, np.tile(metric(y, P), 2))
    elif metric.__name__ in DRAWS:
        np.testing.assert_allclose(joined, metric(y, P), atol=1e-3)
    else:
        same(metric, joined, metric(y, P))


@every_metric
def test_bad_input_is_refused(metric):
    P, y, _ = draw(3)
    with pytest.raises(NotProbabilitiesError, match="logits"):
        metric(y, np.log(P))
    with pytest.raises(InvalidPredictionsError, match="NaN"):
        metric(y, np.where(np.arange(len(y))[:, None] == 17, np.nan, P))
    with pytest.raises(ClassesMismatchError):
        metric(y, P[:, :2] / P[:, :2].sum(axis=1, keepdims=True), classes=[0, 1])
    with pytest.raises(InvalidTargetError):
        metric(np.where(y == 0, None, y.astype(object)), P)
    with pytest.raises((InvalidPredictionsError, InvalidTargetError)):
        metric([], np.empty((0, 3)))
    if "sample_weight" in parameters(metric):
        with pytest.raises(InvalidWeightsError):
            metric(y, P, sample_weight=-np.ones(len(y)))


@every_metric
@classes
def test_arguments_are_left_alone(metric, k):
    P, y, _ = draw(k)
    before = P.copy(), y.copy()
    P.setflags(write=False)
    y.setflags(write=False)
    metric(y, P)
    np.testing.assert_array_equal(P, before[0])
    np.testing.assert_array_equal(y, before[1])


@pytest.mark.parametrize("name", get_scorer_names())
@classes
def test_perfect_predictions_have_the_best_score(name, k):
    y = np.tile(np.arange(k), 20)
    row = SCORERS[name]
    assert row.sign * row.value(Rows.check(y, np.eye(k)[y])) == pytest.approx(row.best, abs=1e-12)


@classes
def test_losses_add_up(k):
    P, y, weight = draw(k)
    for w in (None, weight):
        loss = metrics.log_loss(y, P, sample_weight=w)
        parts = [part(y, P, sample_weight=w) for part in (metrics.calibration_loss, metrics.refinement_loss)]
        assert sum(parts) == pytest.approx(loss, abs=1e-14)
        prior = loss / (1 - metrics.d2_log_loss_score(y, P, sample_weight=w))
        assert metrics.resolution(y, P, sample_weight=w) == pytest.approx(prior - parts[1], abs=1e-12)
        corp = metrics.corp_decomposition(y, P, sample_weight=w)
        assert corp.score == pytest.approx(metrics.brier_score_loss(y, P, sample_weight=w), abs=1e-14)
        assert corp.score == pytest.approx(corp.miscalibration - corp.discrimination + corp.uncertainty, abs=1e-14)


@classes
def test_a_temperature_changes_the_calibration_and_not_the_refinement(k):
    P, y, _ = draw(k)
    refinement = metrics.refinement_loss(y, P)
    for beta in (0.3, 0.8, 2.0):
        scaled = softmax(beta * np.log(P), axis=1)
        assert metrics.refinement_loss(y, scaled) == pytest.approx(refinement, abs=1e-9)
        assert metrics.accuracy_score(y, scaled) == metrics.accuracy_score(y, P)


@classes
def test_monotone_maps_of_an_event_leave_discrimination_alone(k):
    P, y, _ = draw(k)
    discrimination = metrics.corp_decomposition(y, P, per_class=True).discrimination[1]
    event, moved = (y == 1).astype(int), P[:, 1] ** 3
    assert metrics.corp_decomposition(event, moved).discrimination == pytest.approx(discrimination, abs=1e-12)


def test_scorers_are_signed_metrics():
    class Fixed:
        classes_ = np.arange(5)

        def predict_proba(self, X):
            return X

    P, y, weight = draw(5)
    scores = lossacc_scoring()(Fixed(), P, y, weight)
    for name, metric, keywords in [
        ("accuracy", metrics.accuracy_score, {}),
        ("neg_log_loss", metrics.log_loss, {}),
        ("neg_brier_score", metrics.brier_score_loss, {}),
        ("d2_log_loss", metrics.d2_log_loss_score, {}),
        ("d2_brier", metrics.d2_brier_score, {}),
        ("neg_expected_calibration_error", metrics.expected_calibration_error, {}),
        ("neg_classwise_calibration_error", metrics.expected_calibration_error, {"kind": "classwise"}),
        ("neg_smooth_calibration_error", metrics.smooth_calibration_error, {}),
        ("neg_debiased_calibration_error", metrics.debiased_calibration_error, {}),
        ("neg_calibration_loss", metrics.calibration_loss, {}),
        ("neg_refinement_loss", metrics.refinement_loss, {}),
    ]:
        assert scores.pop(name) == SCORERS[name].sign * metric(y, P, sample_weight=weight, **keywords)
    assert scores == {"neg_confidence_gap": -abs(metrics.confidence_gap(y, P, sample_weight=weight))}
