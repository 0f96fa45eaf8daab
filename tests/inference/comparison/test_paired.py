import numpy as np
import pytest
from scipy.stats import ttest_1samp

from sklearn_lossacc.inference.comparison import Resamples, paired_differences


def compare(values, weight=None, group=None, seed=0, **options):
    values = np.asarray(values, dtype=float)
    values = values[:, None] if values.ndim == 1 else values
    weight = np.ones(len(values)) if weight is None else weight
    n_units = len(values) if group is None else int(group.max()) + 1
    return paired_differences(values, weight, group, Resamples(n_units, seed), **options)


def test_large_samples_follow_the_normal_law():
    values = np.random.default_rng(0).normal(0.05, 1.0, 4000)
    (found,) = compare(values)
    classic = ttest_1samp(values, 0)
    assert found.value == pytest.approx(values.mean())
    assert found.p_value == pytest.approx(classic.pvalue, rel=0.01)
    assert [found.low, found.high] == pytest.approx(list(classic.confidence_interval()), rel=0.01)
    assert found.method == "normal"


def test_small_samples_are_at_least_as_cautious_as_students_t():
    values = np.random.default_rng(1).normal(0.3, 1.0, 40)
    (found,) = compare(values)
    classic = ttest_1samp(values, 0)
    assert found.p_value >= classic.pvalue
    assert found.low <= classic.confidence_interval().low
    assert found.method == "wider of bootstrap-t and t"


@pytest.mark.parametrize("n", [6, 40, 300, 1500])
def test_intervals_and_p_values_agree(n):
    rng = np.random.default_rng(n)
    for _ in range(12):
        (found,) = compare(rng.normal(1.0, 1.0, n) ** 2 * rng.choice([-1, 1], n) + rng.normal(0, 2 / np.sqrt(n)))
        if abs(found.p_value - 0.05) > 0.005:
            assert (found.p_value < 0.05) == (found.low > 0 or found.high < 0)


def test_no_difference_is_certain():
    (found,) = compare(np.zeros(30))
    assert (found.value, found.low, found.high, found.p_value) == (0.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize(("n", "p_value"), [(2, 0.5), (5, 0.0625), (2000, 0.0)])
def test_equal_differences_have_the_p_value_of_equal_signs(n, p_value):
    (found,) = compare(np.full(n, 0.25))
    assert found.p_value == pytest.approx(p_value, abs=1e-300)


@pytest.mark.parametrize("n", [100, 5000])
def test_one_row_never_convinces(n):
    values = np.zeros(n)
    values[3] = 30.0
    (found,) = compare(values)
    assert found.p_value > 0.3
    assert found.low < 0 < found.high


def test_groups_of_copies_are_one_draw_each():
    values = np.random.default_rng(2).normal(0.2, 1.0, 60)
    (alone,) = compare(values)
    (copies,) = compare(np.repeat(values, 5), group=np.repeat(np.arange(60), 5))
    assert copies.value == pytest.approx(alone.value)
    assert copies.error == pytest.approx(alone.error)
    assert [copies.low, copies.high, copies.p_value] == pytest.approx([alone.low, alone.high, alone.p_value])


def test_too_few_groups_have_no_interval():
    (found,) = compare(np.arange(50.0), group=np.arange(50) % 9)
    assert found.value == pytest.approx(24.5)
    assert found.low is found.high is found.p_value is None
    assert found.method.startswith("not applicable")


def test_further_errors_widen():
    values = np.random.default_rng(3).normal(0.05, 1.0, (3000, 1))
    (narrow,), (wide,) = compare(values), compare(values, extra_error=np.array([0.1]))
    assert wide.high - wide.low == pytest.approx(2 * 1.959964 * np.hypot(narrow.error, 0.1), rel=1e-6)
    assert wide.p_value > narrow.p_value


def test_small_p_values_get_more_resamples():
    values = np.random.default_rng(4).normal(0.6, 1.0, 100)
    (found,) = compare(values)
    assert found.p_value < 2 / 1000


def test_the_sign_turns_with_the_models():
    values = np.random.default_rng(5).exponential(size=(80, 2)) - 0.7
    for one, other in zip(compare(values), compare(-values), strict=True):
        assert one.value == -other.value
        # between two resamples a quantile is interpolated, which rounds
        assert (one.low, one.high) == pytest.approx((-other.high, -other.low), rel=1e-14)
        assert one.p_value == other.p_value


@pytest.mark.slow
@pytest.mark.parametrize("n", [30, 100, 400])
@pytest.mark.parametrize("shape", ["symmetric", "skewed", "heavy"])
def test_intervals_cover(n, shape):
    rng = np.random.default_rng([n, len(shape)])
    draw = {
        "symmetric": lambda: rng.laplace(size=n),
        "skewed": lambda: rng.exponential(size=n) - 1.0,
        "heavy": lambda: np.where(rng.random(n) < 0.1, rng.exponential(3.0, n) - 3.0, 0.1 * rng.normal(size=n)),
    }[shape]
    runs = 500
    missed = sum(not (found.low <= 0 <= found.high) for (found,) in (compare(draw(), seed=run) for run in range(runs)))
    assert missed / runs <= {"symmetric": 0.08, "skewed": 0.08, "heavy": 0.12}[shape]
