import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from sklearn_lossacc import metrics
from sklearn_lossacc.inference.comparison import SUSPECT_BELOW, canonical_order, model_rows
from sklearn_lossacc.inputs import Predictions


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    logits = 2 * rng.normal(size=(300, 4))
    return (softmax(logits, axis=1).cumsum(axis=1) < rng.random((300, 1))).sum(axis=1), 2.0 * logits


def test_rows_are_those_of_the_metrics(data):
    y, logits = data
    proba = softmax(logits, axis=1)
    rows = model_rows(Predictions.from_arrays(y, proba))
    np.testing.assert_allclose(rows.loss, -np.log(proba[np.arange(300), y]), rtol=1e-12, atol=1e-14)
    assert rows.loss.mean() == pytest.approx(metrics.log_loss(y, proba))
    assert rows.brier.mean() == pytest.approx(metrics.brier_score_loss(y, proba))
    assert rows.right.mean() == pytest.approx(metrics.accuracy_score(y, proba))
    np.testing.assert_array_equal(rows.predicted, proba.argmax(axis=1))
    assert rows.refined.mean() + 0.5 / 300 == pytest.approx(metrics.refinement_loss(y, proba), abs=1e-9)


def test_logits_give_the_same(data):
    y, logits = data
    a = model_rows(Predictions.from_arrays(y, softmax(logits, axis=1)))
    b = model_rows(Predictions.from_arrays(y, logits, input="logits"))
    for name in ("loss", "brier", "refined", "p_true", "confidence", "unlikely"):
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), atol=1e-9)
    assert a.temperature == pytest.approx(b.temperature)


def test_unlikely_is_the_probability_of_labels_that_would_be_doubted(data):
    y, logits = data
    rows = model_rows(Predictions.from_arrays(y, logits, input="logits"))
    tempered = np.exp(log_softmax(logits / rows.temperature, axis=1))
    # of a label that is no likelier
    surprise = np.where(tempered[:, None, :] <= tempered[:, :, None], tempered[:, None, :], 0).sum(axis=2)
    np.testing.assert_array_equal(rows.doubted, surprise[np.arange(len(y)), y] < SUSPECT_BELOW)
    expected = np.where(surprise < SUSPECT_BELOW, tempered, 0).sum(axis=1)
    np.testing.assert_allclose(rows.unlikely, expected, atol=1e-9)
    assert 0 < rows.doubted.mean() < 0.1


def test_a_label_of_many_is_not_doubted_for_a_small_probability():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(400, 2000))
    y = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    rows = model_rows(Predictions.from_arrays(y, logits, input="logits", classes=np.arange(2000)))
    assert np.exp(-rows.refined).max() < SUSPECT_BELOW
    assert rows.doubted.mean() < 0.08
    assert rows.unlikely.mean() < SUSPECT_BELOW


def test_an_exact_zero_costs_the_clip_and_is_seen():
    rows = model_rows(Predictions.from_arrays([0, 1, 1, 0], [[0.0, 1.0], [0.1, 0.9], [0.2, 0.8], [0.6, 0.4]]))
    assert rows.p_true[0] == 0
    assert rows.loss[0] == pytest.approx(36.04365338911715)
    assert np.isfinite(rows.refined).all()


def test_rows_of_weight_0_are_left_out(data):
    y, logits = data
    weight = np.where(np.arange(300) % 3 == 0, 0.0, 2.0)
    rows = model_rows(Predictions.from_arrays(y, logits, input="logits", sample_weight=weight))
    kept = weight > 0
    alone = model_rows(Predictions.from_arrays(y[kept], logits[kept], input="logits"))
    np.testing.assert_allclose(rows.loss, alone.loss)
    np.testing.assert_allclose(rows.refined, alone.refined, atol=1e-9)


def test_the_order_does_not_depend_on_rows_groups_or_models(data):
    y, logits = data
    rng = np.random.default_rng(1)
    group = rng.integers(0, 40, 300)
    weight = rng.exponential(size=300)
    shuffled, renamed = rng.permutation(300), rng.permutation(40)

    def ordered(place, names, flip):
        models = [
            model_rows(Predictions.from_arrays(y[place], z[place], input="logits")) for z in (logits, logits[:, ::-1])
        ]
        models = models[::-1] if flip else models
        order, codes = canonical_order(models, weight[place], names[group[place]])
        return place[order], codes

    first, codes = ordered(np.arange(300), np.arange(40), False)
    for place, names, flip in ((shuffled, np.arange(40), False), (np.arange(300), renamed, True)):
        again, same = ordered(place, names, flip)
        np.testing.assert_array_equal(first, again)
        np.testing.assert_array_equal(codes, same)
    assert np.all(np.diff(codes) >= 0)
    for code in range(40):
        assert len(set(group[first[codes == code]])) == 1
