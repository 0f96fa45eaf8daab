import json

import numpy as np
import pytest
from scipy.special import softmax

from sklearn_lossacc.calibration import AutoCalibrator, BaseCalibrator, VectorCalibrator
from sklearn_lossacc.calibration.average import AverageCalibrator
from sklearn_lossacc.metrics import log_loss


def draw(n, offset, temperature=1.0, seed=0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=2, size=(n, len(offset)))
    y = (logits + offset + rng.gumbel(size=logits.shape)).argmax(axis=1)
    return softmax(temperature * logits, axis=1), y


@pytest.mark.parametrize("offset", [[1.0, -1.0], [1.5, 0.0, -1.5, 0.5]])
def test_average_of_its_parts_with_weights_of_sum_one(offset):
    P, y = draw(200, offset, temperature=2.0)
    average = AverageCalibrator().fit(P, y)
    assert len(average.calibrators_) > 1
    assert average.weights_.min() >= 0.01
    np.testing.assert_allclose(average.weights_.sum(), 1)
    parts = [one.predict_proba(P) for one in average.calibrators_]
    np.testing.assert_allclose(average.predict_proba(P), np.tensordot(average.weights_, parts, axes=1), rtol=1e-12)
    restored = BaseCalibrator.from_dict(json.loads(json.dumps(average.to_dict())))
    np.testing.assert_array_equal(restored.predict_proba(P), average.predict_proba(P))


def test_only_what_is_believed_counts_where_nothing_is_wrong():
    P, y = draw(300, [0.0, 0.0, 0.0])
    average, believed = AverageCalibrator().fit(P, y), VectorCalibrator(floor=True, cautious=True).fit(P, y)
    np.testing.assert_array_equal(average.weights_, [1.0])
    np.testing.assert_array_equal(average.predict_proba(P), believed.predict_proba(P))


def test_better_than_the_believed_map_where_classes_are_mixed_up():
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=2, size=(4200, 4))
    y = (logits @ (np.eye(4) + 0.8 * np.eye(4, k=1)) + rng.gumbel(size=logits.shape)).argmax(axis=1)
    P = softmax(1.5 * logits, axis=1)
    gains = []
    for start in range(0, 1000, 200):
        own = slice(start, start + 200)
        losses = [
            log_loss(y[1000:], one.fit(P[own], y[own]).predict_proba(P[1000:]))
            for one in (VectorCalibrator(floor=True, cautious=True), AverageCalibrator())
        ]
        gains.append(losses[0] - losses[1])
    assert np.mean(gains) > 0.01


def test_the_automatic_choice_takes_it_for_few_rows_and_says_what_it_costs():
    P, y = draw(250, [1.5, 0.0, -1.5, 0.5], temperature=2.0)
    calibrator = AutoCalibrator().fit(P, y)
    assert calibrator.choice_ == calibrator.cv_results_["name"][-1] == "average"
    loss = calibrator.calibrator_.out_of_fold_loss_
    assert len(loss) == 250
    np.testing.assert_allclose(calibrator.cv_results_["mean_log_loss"][-1], loss.mean(), rtol=1e-12)
    assert AutoCalibrator().fit(*draw(1500, [1.5, 0.0, -1.5, 0.5], temperature=2.0)).choice_ != "average"


def test_order_and_copies_of_rows_do_not_count():
    P, y = draw(120, [1.0, 0.0, -1.0], temperature=2.0)
    once = AverageCalibrator().fit(P, y, sample_weight=np.full(120, 2.0)).predict_proba(P)
    order = np.random.default_rng(0).permutation(240) % 120
    twice = AverageCalibrator().fit(P[order], y[order]).predict_proba(P)
    np.testing.assert_allclose(twice, once, atol=1e-6)
