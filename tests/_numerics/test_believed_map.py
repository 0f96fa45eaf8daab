import numpy as np

from sklearn_lossacc._numerics.believed_map import believed_map
from sklearn_lossacc._numerics.links import log_softmax
from sklearn_lossacc._numerics.multinomial import adjusted_scores, fit_multinomial


def draw(n, offset, seed=0):
    rng = np.random.default_rng(seed)
    x = log_softmax(rng.normal(scale=2, size=(n, len(offset))))
    return x, (x + offset + rng.gumbel(size=x.shape)).argmax(axis=1)


def test_nothing_wrong_is_believed():
    moved = []
    for seed in range(20):
        x, y = draw(60, np.zeros(3), seed)
        moved.append(abs(adjusted_scores(x, believed_map(x, y, np.ones(60))) - x).mean())
    assert np.median(moved) < 0.02


def test_many_rows_are_believed():
    x, y = draw(5000, np.array([1.0, 0.0, -1.0]))
    free = fit_multinomial(x, y, penalty=np.full((3, 2), 1e-6))
    believed = adjusted_scores(x, believed_map(x, y, np.ones(5000)))
    gap = np.exp(log_softmax(believed)) - np.exp(log_softmax(adjusted_scores(x, free)))
    assert abs(gap).max() < 0.01


def test_weights_are_copies():
    x, y = draw(80, np.array([1.0, 0.0, -1.0]))
    copies = np.arange(80) % 3
    twice = believed_map(x.repeat(copies, axis=0), y.repeat(copies), np.ones(copies.sum()))
    np.testing.assert_allclose(believed_map(x, y, copies.astype(float)), twice, atol=1e-8)


def test_less_weight_is_believed_less():
    x, y = draw(200, np.array([1.0, 0.0, -1.0]))
    sizes = [abs(believed_map(x, y, np.full(200, one))).sum() for one in (0.01, 0.1, 1.0)]
    assert sizes[0] < sizes[1] < sizes[2]


def test_a_map_is_believed_sooner_where_something_else_is_wrong():
    x, y = draw(60, np.array([0.6, 0.0, -0.6]), seed=3)
    sizes = [abs(believed_map(x, y, np.ones(60), wrong)).sum() for wrong in (0.0, 0.5, 1.0)]
    assert sizes[0] < sizes[1] < sizes[2]
    assert sizes[2] > 2 * sizes[0]


def test_confused_classes_are_found_only_by_full_maps():
    rng = np.random.default_rng(0)
    x = log_softmax(rng.normal(scale=2, size=(600, 4)))
    y = (x @ (np.eye(4) + 0.6 * np.eye(4, k=1)) + rng.gumbel(size=x.shape)).argmax(axis=1)
    own, full = (believed_map(x, y, np.ones(600), 1.0, full=one) for one in (False, True))
    assert own.shape == (4, 2)
    assert full.shape == (4, 5)
    rows = np.arange(600)
    own, full = (log_softmax(adjusted_scores(x, one))[rows, y].mean() for one in (own, full))
    assert full > own + 0.02


def test_where_classes_are_not_confused_full_maps_hardly_differ():
    x, y = draw(300, np.array([1.0, 0.0, -1.0]))
    own, full = (np.exp(log_softmax(adjusted_scores(x, believed_map(x, y, np.ones(300), full=one)))) for one in (0, 1))
    assert abs(own - full).mean() < 0.02
