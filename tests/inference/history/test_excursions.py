import numpy as np

from sklearn_lossacc.inference.history import find_excursions


def test_spikes_that_come_back():
    values = np.array([1.0, 0.8, 1.9, 0.8, 0.7, 1.5, 1.6, 0.75])
    first, second = find_excursions(values, 0.5)
    assert (first.start, first.stop, first.peak, first.returned) == (2, 3, 2, True)
    assert (second.start, second.stop, second.peak) == (5, 7, 6)
    assert second.height == 1.6 - 0.7


def test_a_curve_that_leaves_for_good():
    (only,) = find_excursions(np.array([1.0, 0.5, 0.6, 1.2, 1.4]), 0.5)
    assert not only.returned
    assert only.stop == 5


def test_half_of_the_threshold_ends_an_excursion():
    values = np.array([1.0, 1.6, 1.3, 1.6, 1.2])
    assert len(find_excursions(values, 0.5)) == 1, "1.3 is not back yet"
    assert len(find_excursions(values, 0.59)) == 1
    assert find_excursions(values, 0.7) == ()


def test_calm_and_infinite_curves():
    assert find_excursions(np.linspace(1, 0, 20), 0.1) == ()
    (only,) = find_excursions(np.array([1.0, np.inf, 0.9]), 0.5)
    assert only.returned


def test_thresholds_by_row():
    values = np.array([1.0, 1.4, 1.0, 1.4, 1.0])
    assert [spike.start for spike in find_excursions(values, np.array([0.3, 0.5, 0.3, 0.3, 0.3]))] == [3]
