import tracemalloc

import numpy as np
import pytest
from scipy.special import softmax

from sklearn_lossacc._numerics.links import LOG_CLIP
from sklearn_lossacc._numerics.temperature import solve_temperature
from sklearn_lossacc._numerics.temperature_blocks import EXACT_ENTRIES, log_scores, solve_temperature_in_blocks


def draw(n, k, temperature=2.5, least=EXACT_ENTRIES):
    """Labels drawn from softmax(z), and temperature * z; more entries than the float64 road takes."""
    assert n * k > least
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=2, size=(n, k))
    return temperature * logits, (logits + rng.gumbel(size=(n, k))).argmax(axis=1)


@pytest.fixture(scope="module")
def wide():
    return draw(2200, 1000)


@pytest.fixture(scope="module")
def narrow():
    return draw(220_000, 10)


@pytest.mark.parametrize("shape", ["narrow", "wide"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("weighted", [False, True])
def test_optimum_of_the_float64_road(shape, dtype, weighted, request):
    logits, y = request.getfixturevalue(shape)
    weight = np.random.default_rng(1).gamma(1.0, size=len(y)) if weighted else None
    exact = solve_temperature(logits, y, weight)
    for scores, is_logits in ((logits, True), (softmax(logits, axis=1), False)):
        solution = solve_temperature_in_blocks(scores.astype(dtype), y, weight, logits=is_logits)
        assert solution.outcome == "converged"
        np.testing.assert_allclose(solution.beta, exact.beta, rtol=1e-6)
        np.testing.assert_allclose(solution.log_loss, exact.log_loss, rtol=1e-6)
        np.testing.assert_allclose(solution.information, exact.information, rtol=1e-3)
        assert solution.n_passes <= 3


def test_rows_sorted_by_class(narrow):
    logits, y = narrow
    order = np.argsort(y, kind="stable")
    solution = solve_temperature_in_blocks(logits[order], y[order], logits=True)
    np.testing.assert_allclose(solution.beta, solve_temperature(logits, y).beta, rtol=1e-6)


def test_binary_scores_of_the_second_class():
    logits, y = draw(1_100_000, 2)
    difference = logits[:, 1] - logits[:, 0]
    exact = solve_temperature(logits, y)
    for scores, is_logits in ((difference, True), (1 / (1 + np.exp(-difference)), False)):
        solution = solve_temperature_in_blocks(scores, y, logits=is_logits)
        np.testing.assert_allclose(solution.beta, exact.beta, rtol=1e-6)


def test_exact_zeros_count_as_the_floor(narrow):
    logits, y = narrow
    proba = softmax(logits, axis=1)
    proba[::7, 3] = 0.0
    with np.errstate(divide="ignore"):
        log_proba = np.maximum(np.log(proba), np.where(proba == 0, LOG_CLIP, -np.inf))
    np.testing.assert_allclose(
        solve_temperature_in_blocks(proba, y, logits=False).beta,
        solve_temperature(log_proba, y).beta,
        rtol=1e-6,
    )


def test_probabilities_too_small_for_float32(narrow):
    logits, y = narrow
    logits = logits.copy()
    logits[::5] *= 20  # probabilities down to 1e-200
    proba = softmax(logits, axis=1)
    assert 0 < proba.min() < 1e-100
    np.testing.assert_allclose(
        solve_temperature_in_blocks(proba, y, logits=False).beta, solve_temperature(logits, y).beta, rtol=1e-6
    )


def test_zeros_are_never_above_the_other_probabilities_of_their_row():
    logs = log_scores(np.array([[0.0, 1e-300, 1.0], [0.0, 0.25, 0.75]]), logits=False, ordered=True)
    np.testing.assert_allclose(logs, [[-690.775528, -690.775528, 0.0], [LOG_CLIP, np.log(0.25), np.log(0.75)]])


@pytest.mark.parametrize("n_rows", [5000, 90_000, 700_000])
@pytest.mark.parametrize("far", [500.0, 1e9, 1e30, 1e300])
def test_a_label_as_good_as_impossible_does_not_spoil_the_others(n_rows, far):
    logits, y = draw(n_rows, 3, least=0)
    expected = solve_temperature(logits[1:], y[1:])
    logits[0] = [0.0, 0.0, -far]
    y[0] = 2
    for scores, is_logits in ((logits, True), (softmax(logits, axis=1), False))[: 2 if far < 700 else 1]:
        solution = solve_temperature_in_blocks(scores, y, logits=is_logits)
        np.testing.assert_allclose(solution.beta, expected.beta, rtol=1e-6)
        if far < 1e100:  # the loss is that of all rows
            loss = ((n_rows - 1) * expected.log_loss + far * solution.beta + np.log(2)) / n_rows
            np.testing.assert_allclose(solution.log_loss, loss, rtol=1e-4)


@pytest.mark.parametrize(
    ("n_rows", "scale"),
    [
        *((n_rows, scale) for n_rows in (5000, 90_000) for scale in (1e-300, 1e-100, 1e-30, 1e10, 1e30, 1e100, 1e300)),
        (700_000, 1e-30),
        (700_000, 1e300),
    ],
)
def test_logits_of_any_unit(n_rows, scale):
    logits, y = draw(n_rows, 3, least=0)
    with np.errstate(all="raise", under="ignore"):
        solution = solve_temperature_in_blocks(scale * logits, y, logits=True)
    expected = solve_temperature(logits, y)
    np.testing.assert_allclose(scale * solution.beta, expected.beta, rtol=1e-5)
    np.testing.assert_allclose(solution.log_loss, expected.log_loss, rtol=1e-5)
    np.testing.assert_allclose(solution.log_information, expected.log_information, rtol=1e-6)
    assert solution.outcome == "converged"
    assert solution.n_passes <= 12


@pytest.mark.parametrize("scale", [1e-200, 1e100, 1e300])
def test_separable_logits_of_any_unit_are_left_alone(scale):
    logits, _ = draw(90_000, 3, least=0)
    solution = solve_temperature_in_blocks(scale * logits, logits.argmax(axis=1), logits=True)
    assert (solution.beta, solution.outcome) == (1.0, "separable")
    np.testing.assert_allclose(solution.log_loss, 0.0 if scale > 1 else np.log(3), atol=1e-12)


def test_logits_of_few_digits_leave_beta_a_number():
    logits, y = draw(3000, 3, least=0)
    logits *= 1e-312
    beta = solve_temperature_in_blocks(logits, y, logits=True).beta
    assert 1e307 < beta < np.inf


@pytest.mark.parametrize("far", [1e-100, 1e100])
@pytest.mark.parametrize("share", [0.4, 0.6])
def test_rows_of_two_units(far, share):
    logits, y = draw(2000, 3, least=0)
    logits[np.random.default_rng(1).random(2000) < share] *= far
    solution = solve_temperature_in_blocks(logits, y, logits=True)
    assert solution.outcome == "converged"
    assert solution.n_passes <= 20

    def loss(beta):
        with np.errstate(over="ignore"):
            shifted = beta * (logits - logits.max(axis=1, keepdims=True))
        return (np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(2000), y]).mean()

    np.testing.assert_allclose(solution.log_loss, loss(solution.beta), rtol=1e-9)
    for beta in solution.beta * np.array([0.99, 1.01]):
        assert loss(beta) > solution.log_loss


def test_logits_with_a_large_offset_a_row(narrow):
    logits, y = narrow
    offset = np.linspace(-1e6, 1e6, len(y))[:, None]
    np.testing.assert_allclose(
        solve_temperature_in_blocks(logits + offset, y, logits=True).beta,
        solve_temperature(logits, y).beta,
        rtol=1e-6,
    )


@pytest.mark.parametrize("temperature", [1e-3, 1e-2, 300.0])
def test_any_scale_of_logits(temperature):
    logits, y = draw(220_000, 10, temperature)
    np.testing.assert_allclose(
        solve_temperature_in_blocks(logits, y, logits=True).beta * temperature,
        solve_temperature(logits / temperature, y).beta,
        rtol=1e-6,
    )


def test_blunt_probabilities_whose_beta_is_large():
    logits, y = draw(220_000, 10, temperature=1e-2)  # beta near 100: exp(-beta log 10) underflows in float32
    solution = solve_temperature_in_blocks(softmax(logits, axis=1), y, logits=False)
    np.testing.assert_allclose(solution.beta, solve_temperature(logits, y).beta, rtol=1e-5)


def test_separable_only_if_every_row_is_right(narrow):
    logits, _ = narrow
    y = logits.argmax(axis=1)
    solution = solve_temperature_in_blocks(logits, y, logits=True)
    assert (solution.beta, solution.outcome) == (1.0, "separable")
    y[-1] = logits[-1].argmin()
    solution = solve_temperature_in_blocks(logits, y, logits=True)
    assert solution.outcome == "converged"
    np.testing.assert_allclose(solution.beta, solve_temperature(logits, y).beta, rtol=1e-6)


def test_uninformative(narrow):
    logits, _ = narrow
    solution = solve_temperature_in_blocks(logits, logits.argmin(axis=1), logits=True)
    assert (solution.beta, solution.outcome) == (0.0, "uninformative")


def test_memory_mapped_read_only_float16(tmp_path, narrow):
    logits, y = narrow
    np.save(tmp_path / "logits.npy", logits.astype(np.float16))
    mapped = np.load(tmp_path / "logits.npy", mmap_mode="r")
    np.testing.assert_allclose(
        solve_temperature_in_blocks(mapped, y, logits=True).beta,
        solve_temperature(np.asarray(mapped, dtype=float), y).beta,
        rtol=1e-6,
    )


def test_small_arrays_are_exact():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(100, 3))
    y = rng.integers(0, 3, 100)
    assert solve_temperature_in_blocks(logits, y, logits=True) == solve_temperature(logits, y)


@pytest.mark.parametrize("n_rows", [30_000, 220_000])
@pytest.mark.parametrize("is_logits", [False, True])
def test_extra_memory_is_a_few_blocks(n_rows, is_logits, narrow):
    logits, y = narrow[0][:n_rows], narrow[1][:n_rows]
    scores = logits if is_logits else softmax(logits, axis=1)
    tracemalloc.start()
    solve_temperature_in_blocks(scores, y, logits=is_logits)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6e6  # the scores are 2.4 or 17.6 MB
