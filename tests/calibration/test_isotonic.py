import numpy as np
import pytest
from scipy.special import expit, logit, softmax
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.isotonic import IsotonicRegression
from sklearn.neighbors import KNeighborsClassifier

from sklearn_lossacc._numerics.log_odds import log_odds
from sklearn_lossacc.calibration import IsotonicCalibrator
from sklearn_lossacc.calibration.columns import LogOddsColumns
from sklearn_lossacc.exceptions import CalibrationWarning
from sklearn_lossacc.inputs import Scores
from sklearn_lossacc.metrics import log_loss


def test_binary_by_hand():
    # Scores .1 .2 .3 .8, labels 0 0 1 1; the prior (2 + 1) / (4 + 2) = 1/2 stands at .1 and at .8.
    # Means: (0 + .5) / 2 = 1/4, 0, 1, (1 + .5) / 2 = 3/4; blocks {.1, .2}: .5 / 3, {.3, .8}: 2.5 / 3.
    # Half-way between .2 and .3 in log odds it is half-way between the values in log odds.
    calibrator = IsotonicCalibrator(centered=False).fit([0.1, 0.2, 0.3, 0.8], [0, 0, 1, 1])
    between = expit((logit(0.2) + logit(0.3)) / 2)
    np.testing.assert_allclose(
        calibrator.predict_proba([0.0, 0.1, 0.15, between, 0.3, 0.9])[:, 1], [1 / 6, 1 / 6, 1 / 6, 1 / 2, 5 / 6, 5 / 6]
    )


def test_many_rows_agree_with_scikit_learn():
    rng = np.random.default_rng(0)
    p = rng.random(20000)
    y = (rng.random(20000) < p**2).astype(int)
    ours = IsotonicCalibrator(centered=False).fit(p, y)
    theirs = IsotonicRegression(out_of_bounds="clip").fit(p, y)
    grid = np.linspace(0.05, 0.95, 200)
    np.testing.assert_allclose(ours.predict_proba(grid)[:, 1], theirs.predict(grid), atol=0.01)


def test_no_label_is_impossible_where_scikit_learn_says_so(overconfident):
    P, y = overconfident
    fresh = slice(1000, None)
    q = IsotonicCalibrator().fit(P[:1000], y[:1000]).predict_proba(P[fresh])
    plain = np.column_stack(
        [
            IsotonicRegression(out_of_bounds="clip").fit(P[:1000, j], y[:1000] == j).predict(P[fresh, j])
            for j in range(4)
        ]
    )
    plain /= plain.sum(axis=1, keepdims=True)
    true_probability = plain[np.arange(500), y[fresh]]
    assert (true_probability == 0).any()  # an infinite loss
    assert log_loss(y[fresh], q, clip=None) < log_loss(y[fresh], P[fresh])


def test_class_without_rows_keeps_its_probability_shrunk():
    rng = np.random.default_rng(0)
    P = softmax(rng.normal(size=(300, 3)), axis=1)
    y = rng.integers(0, 2, 300)
    with pytest.warns(CalibrationWarning, match=r"missing_class.*\[2\]"):
        calibrator = IsotonicCalibrator().fit(P, y)
    np.testing.assert_allclose(calibrator.maps_[2]["share"], 1 / (1 + P[:, 2].sum()))
    unlikely = calibrator.predict_proba([[0.6, 0.4 - 1e-9, 1e-9]])[0]
    np.testing.assert_allclose(unlikely[2], 1e-9 * calibrator.maps_[2]["share"][0], rtol=0.3)  # but for the division
    q = calibrator.predict_proba([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])
    assert (q > 0).all()
    np.testing.assert_allclose(q.sum(axis=1), 1)


@pytest.mark.filterwarnings("ignore::sklearn_lossacc.exceptions.CalibrationWarning")
def test_one_class_only():
    calibrator = IsotonicCalibrator().fit([0.2, 0.9, 0.6], [1, 1, 1])
    assert calibrator.outcome_ == "missing_class"
    q = calibrator.predict_proba([0.5])
    assert 0.5 < q[0, 1] < 1


def test_rows_of_zeros_cannot_arise():
    # Where every class's map is at its minimum the sum is small, but positive.
    rng = np.random.default_rng(0)
    P = rng.dirichlet(np.ones(20), size=400)
    y = rng.integers(0, 20, 400)
    calibrator = IsotonicCalibrator().fit(P, y)
    low = np.full((1, 20), 0.05)
    q = calibrator.predict_proba(low)
    assert q.min() > 0
    np.testing.assert_allclose(q.sum(), 1)


def test_centered_by_hand():
    # As in test_binary_by_hand, but the blocks {.1, .2} and {.3, .8}, with an observation more at .1 and at .8,
    # become points; half-way between them in log odds the map says half-way between the values.
    calibrator = IsotonicCalibrator().fit([0.1, 0.2, 0.3, 0.8], [0, 0, 1, 1])
    left, right = (2 * logit(0.1) + logit(0.2)) / 3, (logit(0.3) + 2 * logit(0.8)) / 3
    grid = expit([-50, left, (left + right) / 2, right, 50])
    np.testing.assert_allclose(calibrator.predict_proba(grid)[:, 1], [1 / 6, 1 / 6, 1 / 2, 5 / 6, 5 / 6])


def test_a_vote_among_zeros_stays_where_the_zeros_are():
    # Shares of ten votes: none or one, and never right; nine or all, and always right. The blocks {0, .1} and {.9, 1}
    # have their centres at .1 and at .9, however far out 0 and 1 are taken to be.
    p, y = np.repeat([0.0, 0.1, 0.9, 1.0], [900, 100, 100, 900]), np.repeat([0, 1], 1000)
    two = IsotonicCalibrator().fit(p, y)
    np.testing.assert_allclose(two.maps_[0]["knots"], logit([0.1, 0.9]))
    np.testing.assert_allclose(two.predict_proba([0.0, 0.1, 0.9, 1.0])[:, 1], np.repeat([0.5, 1000.5], 2) / 1001)
    # the same of three classes, the third of which gets no votes
    P = np.column_stack([1 - p, p, np.zeros(2000)])
    maps = IsotonicCalibrator(classes=[0, 1, 2]).fit(np.vstack([P, [[0.0, 0.0, 1.0]]]), np.append(y, 2)).maps_
    np.testing.assert_allclose(maps[1]["knots"], logit([0.1, 0.9]), atol=1e-9)
    # logits are where they are
    z = np.repeat([-36.0, -2.0, 2.0, 36.0], [900, 100, 100, 900])
    knots = IsotonicCalibrator(input="logits").fit(z, y).maps_[0]["knots"]
    np.testing.assert_allclose(knots, np.array([-1, 1]) * (901 * 36 + 100 * 2) / 1001)


@pytest.mark.parametrize("model", [RandomForestClassifier(50, random_state=0), KNeighborsClassifier(10)], ids=type)
def test_shares_of_votes_are_repaired(model):
    X, y = load_digits(return_X_y=True)
    P = model.fit(X[:600], y[:600]).predict_proba(X[600:])
    y = y[600:]
    assert (P == 0).any()
    q = IsotonicCalibrator().fit(P[:200], y[:200]).predict_proba(P[200:])
    assert log_loss(y[200:], q) < 0.8 * log_loss(y[200:], P[200:])


def test_centered_keeps_the_ranking_between_its_outermost_knots():
    rng = np.random.default_rng(0)
    p = rng.random(5000)
    y = (rng.random(5000) < p**2).astype(int)
    calibrator = IsotonicCalibrator().fit(p, y)
    knots = calibrator.maps_[0]["knots"]
    grid = np.linspace(*expit(knots[[0, -1]]), 1000)
    rising, steps = (
        one.predict_proba(grid)[:, 1] for one in (calibrator, IsotonicCalibrator(centered=False).fit(p, y))
    )
    assert (np.diff(rising) > 0).all()
    assert (np.diff(steps) == 0).any()
    assert np.abs(rising - grid**2).mean() < np.abs(steps - grid**2).mean()


@pytest.mark.parametrize("n_classes", [2, 3, 40])
@pytest.mark.parametrize("kind", ["proba", "logits"])
def test_columns_are_those_of_the_matrix(n_classes, kind):
    rng = np.random.default_rng(0)
    z = rng.normal(scale=3, size=(500, n_classes))
    scores = Scores.from_array(z if kind == "logits" else softmax(z, axis=1), input=kind)
    columns, whole = LogOddsColumns(scores), log_odds(scores.values, logits=kind == "logits")
    for part in (slice(0, n_classes), slice(1, 2), slice(n_classes - 2, n_classes)):
        np.testing.assert_array_equal(columns.take(part), whole.T[part])


def test_centres_lose_less_than_steps_out_of_sample(overconfident):
    P, y = overconfident
    rising, steps = (
        log_loss(y[1000:], IsotonicCalibrator(centered=one).fit(P[:1000], y[:1000]).predict_proba(P[1000:]))
        for one in (True, False)
    )
    assert rising < steps - 0.005


@pytest.mark.parametrize("n_classes", [3, 12, 100])
@pytest.mark.parametrize("centered", [True, False])
def test_all_maps_together_do_what_each_does_by_itself(n_classes, centered):
    rng = np.random.default_rng(n_classes)
    P = rng.dirichlet(np.ones(n_classes), 500)
    y = (P.cumsum(axis=1) < rng.random((500, 1))).sum(axis=1)
    y[y == 1] = 0
    with pytest.warns(CalibrationWarning, match="missing_class"):
        calibrator = IsotonicCalibrator(centered=centered, classes=np.arange(n_classes)).fit(P, y)
    odds = log_odds(P, logits=False)
    lines = np.stack([calibrator._any_line(one, odds[:, j]) for j, one in enumerate(calibrator.maps_)], axis=1)
    expected = 1.0 / (1.0 + np.exp(-lines))
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(calibrator.predict_proba(P), expected, rtol=1e-9)
