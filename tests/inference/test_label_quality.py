import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import average_precision_score

from sklearn_lossacc.inference import label_quality as module
from sklearn_lossacc.inference.label_quality import added_noise, label_quality, learnt_noise
from sklearn_lossacc.inference.noise import class_thresholds

KINDS = ["uniform", "classes", "pairs"]


def matrix_of(kind, k, rate):
    """Return the noise matrix: the same for all, for the first class only, or each class as the next one."""
    if kind == "pairs":
        return (1 - rate) * np.eye(k) + rate * np.roll(np.eye(k), 1, axis=1)
    rates = np.full(k, rate) if kind == "uniform" else rate * np.eye(k)[0]
    uniform = (1 - np.eye(k)) / (k - 1)
    return (1 - rates[:, None]) * np.eye(k) + rates[:, None] * uniform


def draw(rng, proba):
    return (proba.cumsum(axis=1) < rng.random((len(proba), 1))).sum(axis=1).clip(max=proba.shape[1] - 1)


def noisy(seed, n, k, matrix, learnt, scale=2.5):
    """Return probabilities that know the noise or know nothing of it, noisy labels, and which are wrong."""
    rng = np.random.default_rng([seed, k])
    classes = softmax(scale * rng.standard_normal((n, k)), axis=1)
    true = draw(rng, classes)
    y = draw(rng, matrix[true])
    return classes @ matrix if learnt else classes, y, y != true


def usual_scores(proba, y):
    """Return the usual scores: confidence and margin, shifted by class or not, and entropy-weighted confidence."""
    n, k = proba.shape
    rows = np.arange(n)
    thresholds = class_thresholds(proba, y, np.ones(n))
    shifted = proba - thresholds + thresholds.max()
    for p in (proba, shifted / shifted.sum(axis=1, keepdims=True)):
        yield p[rows, y]
        yield p[rows, y] - np.where(np.eye(k, dtype=bool)[y], -np.inf, p).max(axis=1)
    yield proba[rows, y] / -(proba * np.log(proba)).sum(axis=1)


def quality_of(proba, y):
    return label_quality(proba, y, np.ones(len(y)))


def gain(proba, y, wrong):
    """Return average precision less that of the best usual score, picked with the truth in view."""
    best = max(average_precision_score(wrong, -score) for score in usual_scores(proba, y))
    return average_precision_score(wrong, -quality_of(proba, y)) - best


def test_wrong_labels_rank_last():
    proba, y, wrong = noisy(0, 2000, 4, matrix_of("pairs", 4, 0.1), False, 5.0)
    quality = quality_of(proba, y)
    assert ((quality >= 0) & (quality <= 1)).all()
    assert wrong[np.argsort(quality)[: wrong.sum()]].mean() > 0.7
    assert np.median(quality[~wrong]) > 0.9


@pytest.mark.parametrize("learnt", [False, True])
@pytest.mark.parametrize("k", [2, 10])
def test_under_uniform_noise_it_costs_nothing_beside_the_best_score(k, learnt):
    """There the probability of the label is the best that can be had."""
    gains = [gain(*noisy(seed, 5000, k, matrix_of("uniform", k, 0.1), learnt)) for seed in range(4)]
    assert np.mean(gains) > -0.003, gains
    assert min(gains) > -0.01, gains


@pytest.mark.parametrize("learnt", [False, True])
@pytest.mark.parametrize(("kind", "rate", "at_least"), [("classes", 0.4, -0.003), ("pairs", 0.2, 0.02)])
def test_with_unequal_noise_it_beats_the_best_score(kind, rate, at_least, learnt):
    gains = [gain(*noisy(seed, 5000, 10, matrix_of(kind, 10, rate), learnt)) for seed in range(4)]
    assert np.mean(gains) > at_least, gains
    assert not learnt or np.mean(gains) > 0.05, gains


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("distortion", ["timid", "sure", "offsets"])
def test_what_a_model_gets_wrong_by_a_temperature_or_offsets_is_repaired(kind, distortion):
    k = 5
    proba, y, wrong = noisy(1, 10_000, k, matrix_of(kind, k, 0.2), True)
    offsets = np.linspace(-1, 1, k) if distortion == "offsets" else 0.0
    power = {"timid": 0.5, "sure": 2.0}.get(distortion, 1.0)
    distorted = proba**power * np.exp(offsets)
    distorted /= distorted.sum(axis=1, keepdims=True)
    exact, found = (average_precision_score(wrong, -quality_of(p, y)) for p in (proba, distorted))
    assert found > exact - 0.01


def test_quality_is_the_chance_that_the_label_is_right():
    """For a model that knows nothing of the noise; of what it learnt, two steps undo a part."""
    for kind in KINDS:
        proba, y, wrong = noisy(2, 20_000, 5, matrix_of(kind, 5, 0.2), False)
        quality = quality_of(proba, y)
        for low, high in ((0.0, 0.2), (0.2, 0.8), (0.8, 1.0)):
            inside = (quality >= low) & (quality <= high)
            assert abs(quality[inside].mean() - (~wrong)[inside].mean()) < 0.05


@pytest.mark.parametrize("kind", KINDS)
def test_the_noise_is_found_whether_learnt_or_not(kind):
    planted = matrix_of(kind, 4, 0.2)
    for learnt in (False, True):
        proba, y, _ = noisy(3, 20_000, 4, planted, learnt, 5.0)
        added, _ = added_noise(proba, y, np.ones(len(y)), 0.01 if learnt else 0.1)
        by_model, _ = learnt_noise(proba)
        np.testing.assert_allclose(by_model if learnt else added, planted, atol=0.03)
        np.testing.assert_allclose(added if learnt else by_model, np.eye(4), atol=0.03)


def blunt(seed, n, matrix):
    """Return the exact probabilities of overlapping normal classes, of which the first two are close, and labels."""
    rng = np.random.default_rng([seed, 11])
    k = len(matrix)
    centres = 2.0 * np.eye(k)
    centres[1] = centres[0] + 0.7 * np.eye(k)[1]
    true = rng.integers(k, size=n)
    seen = centres[true] + rng.standard_normal((n, k))
    y = draw(rng, matrix[true])
    return softmax(seen @ centres.T - 0.5 * (centres**2).sum(axis=1), axis=1), y, y != true


@pytest.mark.parametrize("kind", KINDS)
def test_the_doubt_of_a_blunt_model_is_not_taken_for_noise(kind):
    planted = matrix_of(kind, 5, 0.1 if kind == "uniform" else 0.3)
    for seed in range(3):
        proba, y, wrong = blunt(seed, 4000, planted)
        assert not learnt_noise(proba)[1]
        assert gain(proba, y, wrong) > -0.003
        assert kind == "uniform" or learnt_noise(proba @ matrix_of("pairs", 5, 0.2))[1]


@pytest.mark.parametrize(("kind", "believed"), [("pairs", True), ("classes", True), ("uniform", False)])
def test_noise_that_a_sharp_model_has_learnt_is_believed_unless_it_is_mutual(kind, believed):
    """Mutual noise of all pairs moves no rank, so that nothing is lost."""
    proba, _, _ = noisy(12, 4000, 5, matrix_of(kind, 5, 0.2), True, 5.0)
    assert learnt_noise(proba)[1] == believed


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_a_few_rows_prove_no_noise(rows):
    assert not learnt_noise(np.tile([[0.9, 0.1]], (rows, 1)))[1]


def test_pairs_are_drawn_together_as_far_as_they_are_alike():
    """Uniform noise has no pairs: what counts of few rows show of them is chance."""
    k, off = 10, ~np.eye(10, dtype=bool)
    error = {}
    for kind in ("uniform", "pairs"):
        planted = matrix_of(kind, k, 0.2)
        proba, y, _ = noisy(4, 1000, k, planted, False, 8.0)
        added, _ = added_noise(proba, y, np.ones(1000), 0.2)
        counts = np.zeros((k, k))
        np.add.at(counts, (proba.argmax(axis=1), y), 1.0)
        counts /= counts.sum(axis=1, keepdims=True)
        error[kind] = [np.abs(found - planted)[off].mean() for found in (added, counts)]
    assert error["uniform"][0] < 0.4 * error["uniform"][1]
    assert error["pairs"][0] < error["pairs"][1]


def test_formula_by_hand():
    """Row by row, with the fitted noise: deconvolved, then Bayes."""
    proba, y, _ = noisy(5, 500, 3, matrix_of("pairs", 3, 0.3), True)
    noise = module._likeliest(proba, y, np.ones(500))
    quality = quality_of(proba, y)
    for row in range(5):
        shown = proba[row] ** noise.beta * np.exp(noise.bias)
        shown /= shown.sum()
        classes = shown
        for _ in range(2):
            classes = classes * (noise.learnt @ (shown / (classes @ noise.learnt)))
        seen = classes @ noise.whole
        right = noise.whole[y[row], y[row]] * classes[y[row]] / seen[y[row]]
        np.testing.assert_allclose(quality[row], right, rtol=1e-9)
    np.testing.assert_allclose(noise.whole.sum(axis=1), 1.0)


@pytest.mark.parametrize("agree", [False, True])
@pytest.mark.parametrize("n", [1, 2, 100])
def test_where_no_label_agrees_or_all_do(n, agree):
    y = np.arange(n) % 2
    quality = quality_of(np.eye(2)[y if agree else 1 - y], y)
    assert ((quality >= 0) & (quality <= 1)).all()
    assert (quality > 0.9).all() if agree else (quality < 0.01).all()


def test_classes_that_nothing_knows_change_nothing():
    proba, y, _ = noisy(6, 3000, 4, matrix_of("pairs", 4, 0.2), True)
    wide = np.hstack([proba, np.zeros((3000, 2))])
    assert np.corrcoef(quality_of(proba, y), quality_of(wide, y))[0, 1] > 0.99


def test_a_class_that_its_rows_never_get():
    proba = np.array([[1.0, 0.0], [0.9, 0.1], [1.0, 0.0]])
    quality = quality_of(proba, np.array([0, 0, 1]))
    assert np.isfinite(quality).all()
    assert quality.argmin() == 2


@pytest.mark.parametrize(("name", "limit"), [("MOST_DECONVOLVED", 9), ("MOST_CLASSES", 9)])
def test_with_many_classes_less_is_done(monkeypatch, name, limit):
    """Beyond the first limit the classes are not deconvolved; beyond the second the noise is uniform."""
    proba, y, wrong = noisy(7, 4000, 10, matrix_of("uniform", 10, 0.2), True)
    full = average_precision_score(wrong, -quality_of(proba, y))
    monkeypatch.setattr(module, name, limit)
    monkeypatch.setattr(module, "MOST_DECONVOLVED", 9)
    quality = quality_of(proba, y)
    assert ((quality >= 0) & (quality <= 1)).all()
    assert abs(average_precision_score(wrong, -quality) - full) < 0.01


def test_of_many_rows_a_part_is_fitted(monkeypatch):
    proba, y, wrong = noisy(8, 20_000, 3, matrix_of("pairs", 3, 0.2), True)
    full = average_precision_score(wrong, -quality_of(proba, y))
    for name in ("FIT_ROWS", "FIT_ENTRIES", "NOISE_ROWS", "NOISE_ENTRIES"):
        monkeypatch.setattr(module, name, 3000)
    assert abs(average_precision_score(wrong, -quality_of(proba, y)) - full) < 0.01


def test_the_order_of_many_rows_does_not_matter():
    proba, y, _ = noisy(9, 30_000, 3, matrix_of("pairs", 3, 0.2), True)
    weight = np.random.default_rng(0).exponential(size=30_000)
    rows = np.lexsort((proba[:, 0], y))
    moved = label_quality(proba[rows], y[rows], weight[rows])
    np.testing.assert_allclose(moved, label_quality(proba, y, weight)[rows], rtol=1e-6)


def test_so_few_rows_a_class_are_ranked_by_their_confidence():
    proba, y, _ = noisy(10, 300, 150, matrix_of("uniform", 150, 0.2), False, 5.0)
    noise = module._likeliest(proba, y, np.ones(300))
    assert noise.learnt is noise.whole is None
    confidence = (proba**noise.beta / (proba**noise.beta).sum(axis=1, keepdims=True))[np.arange(300), y]
    np.testing.assert_array_equal(np.argsort(quality_of(proba, y)), np.argsort(confidence))
