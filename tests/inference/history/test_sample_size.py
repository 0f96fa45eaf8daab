import numpy as np
import pytest

from sklearn_lossacc.inference.history import read_sample_size


def accuracies(n, count, seed=0):
    return np.random.default_rng(seed).integers(n // 2, n, count) / n


@pytest.mark.parametrize("n", [187, 557, 1500, 2157, 10000])
def test_single_precision_accuracies_give_the_number_of_rows_away(n):
    values = accuracies(n, 12).astype(np.float32).astype(float)
    found = read_sample_size(values, np.full(12, 6e-8))
    assert found == n


def test_a_common_divisor_is_the_honest_answer():
    assert read_sample_size(np.array([100, 120, 130, 150]) / 200, np.full(4, 6e-8)) == 20


@pytest.mark.parametrize(("n", "decimals"), [(10000, 4), (10000, 2), (1000, 3), (100, 2), (2000, 3)])
def test_rounded_accuracies_do_not_tell(n, decimals):
    values = np.round(accuracies(n, 60), decimals)
    assert read_sample_size(values, np.full(60, 0.5 * 10.0**-decimals)) is None


def test_means_over_batches_are_no_counts():
    rng = np.random.default_rng(0)
    values = np.array([np.average(rng.uniform(0.6, 0.9, 7), weights=[64] * 6 + [13]) for _ in range(20)])
    assert read_sample_size(values, np.full(20, 6e-8)) is None


def test_some_rows_measured_on_others():
    values = np.concatenate([accuracies(557, 27), np.array([83, 179, 101]) / 192])
    assert read_sample_size(values, np.full(30, 6e-8)) == 557


def test_nothing_to_learn_from_perfection():
    assert read_sample_size(np.array([1.0, 1.0, 0.0]), np.zeros(3)) is None


def test_false_answers_are_rare():
    rng = np.random.default_rng(3)
    answers = [read_sample_size(rng.uniform(0.5, 0.9, 6), np.full(6, 6e-8)) for _ in range(30)]
    assert answers == [None] * 30
