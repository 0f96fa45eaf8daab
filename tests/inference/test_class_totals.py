import numpy as np
import pytest
from scipy.special import log_softmax

from sklearn_lossacc._numerics.mixture import MixtureFit, mixture_proba
from sklearn_lossacc.inference.class_totals import expected_totals, far_classes, overdispersion, totals_p_value
from sklearn_lossacc.inference.null import NullModel

N_ROWS, N_CLASSES, N_SAMPLED = 8000, 200, 800


def drawn(seed=0, scale=3.0, tilt=0.0, offset=0.0, noise=0.0, temperature=1.0):
    """Return labels and log probabilities; some classes are rarer than others, the first five have an offset."""
    rng = np.random.default_rng(seed)
    scores = scale * rng.standard_normal((N_ROWS, N_CLASSES)) - tilt * np.log(1.0 + np.arange(N_CLASSES))
    log_proba = log_softmax(scores, axis=1)
    biased = log_proba + np.r_[np.full(5, offset), np.zeros(N_CLASSES - 5)]
    y = (biased + rng.gumbel(size=biased.shape)).argmax(axis=1)
    y = np.where(rng.random(N_ROWS) < noise, rng.integers(0, N_CLASSES, N_ROWS), y)
    return y, log_softmax(temperature * log_proba, axis=1), log_softmax(biased, axis=1)


def sums(y, log_proba):
    proba = np.exp(log_proba)
    counts = (np.bincount(column, minlength=N_CLASSES).astype(float) for column in (y, proba.argmax(axis=1)))
    total, predicted = counts
    return total, proba.sum(axis=0), predicted


def found(y, log_proba, beta=1.0, floor=0.0):
    part = log_proba[:N_SAMPLED]
    null = NullModel(part, y[:N_SAMPLED], np.ones(N_SAMPLED))
    return far_classes(*sums(y, log_proba), null, part, MixtureFit(beta, np.zeros(N_CLASSES), floor, 0.0))


@pytest.mark.parametrize("scale", [0.0, 3.0])
def test_the_gate_has_its_size(scale):
    # Probabilities of unequal rows leave the totals less spread than equal ones: that the bound has to cover.
    rng = np.random.default_rng(0)
    proba = np.exp(log_softmax(scale * rng.standard_normal((400, 20)), axis=1))
    cumulative = proba.cumsum(axis=1)
    p_values = []
    for _ in range(500):
        y = (cumulative < rng.random((400, 1)) * cumulative[:, -1:]).sum(axis=1)
        p_values.append(totals_p_value(np.bincount(y, minlength=20), proba.sum(axis=0), 400))
    assert np.mean(np.array(p_values) <= 0.05) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 500)


def test_a_class_that_cannot_occur():
    assert totals_p_value(np.array([99, 1, 0]), np.array([50.0, 0.0, 50.0]), 100) == 0.0
    assert totals_p_value(np.array([50, 0, 50]), np.array([50.0, 0.0, 50.0]), 100) == 1.0


@pytest.mark.parametrize("tilt", [0.7, 1.2])
@pytest.mark.parametrize(("beta", "floor"), [(0.5, 0.0), (1.4, 0.0), (0.7, 0.2)])
def test_totals_of_all_rows_are_known_from_a_part(beta, floor, tilt):
    y, log_proba, _ = drawn(tilt=tilt)
    model = mixture_proba(log_proba, beta, np.zeros(N_CLASSES), floor)
    _, proba_sum, predicted = sums(y, log_proba)
    part = slice(200)
    expected, variance = expected_totals(proba_sum, predicted, N_ROWS, np.exp(log_proba[part]), model[part])
    assert expected.sum() == pytest.approx(N_ROWS, rel=1e-9)
    assert (expected > 0).all()
    truth = model.sum(axis=0)
    seen = np.exp(log_proba[part]).sum(axis=0) >= 20
    assert ((variance > 0) == seen).all()
    assert (np.abs(expected - truth)[seen] < 4 * np.sqrt(variance[seen]) + 0.01 * truth[seen]).all()

    def off(totals):
        return np.sqrt(np.mean((totals - truth) ** 2 / truth))  # in standard deviations of Poisson counts

    assert off(expected) < 0.3
    # The rows of the part alone are much further off, and the sums of the probabilities as given as well.
    assert off(expected) < 0.25 * off(model[part].mean(axis=0) * N_ROWS)
    assert off(expected) < 0.35 * off(proba_sum)


def test_overdispersion_is_that_of_most_classes():
    rng = np.random.default_rng(0)
    expected = rng.uniform(50, 500, 2000)
    assert overdispersion(rng.poisson(expected), expected, np.zeros(2000)) < 3e-4
    gamma = rng.gamma(1 / 0.04, 0.04, 2000)
    total = rng.poisson(expected * gamma)
    assert overdispersion(total, expected, np.zeros(2000)) == pytest.approx(0.04, rel=0.15)
    assert overdispersion(total, expected, 0.03 * expected**2) == pytest.approx(0.01, abs=0.005)
    total[:100] *= 5
    assert overdispersion(total, expected, np.zeros(2000)) == pytest.approx(0.05, rel=0.25)


@pytest.mark.parametrize("offset", [1.5, -2.0])
@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_a_few_biased_classes_are_found_and_priced(offset, scale):
    y, log_proba, biased = drawn(scale=scale, offset=offset)
    far = found(y, log_proba)
    rows = np.arange(N_ROWS)
    saved = np.mean(biased[rows, y] - log_proba[rows, y])
    assert set(np.flatnonzero(far.offsets)) <= set(range(5))
    assert np.count_nonzero(far.offsets) >= 4
    assert far.offsets[far.offsets != 0].mean() == pytest.approx(offset, abs=0.3)
    assert far.nats == pytest.approx(saved, abs=2 * far.error)
    assert far.p_value < 1e-4


@pytest.mark.simulation
@pytest.mark.parametrize("tilt", [0.0, 0.7])
@pytest.mark.parametrize(
    ("cause", "fit"),
    [
        ({}, {}),
        ({"temperature": 2.0}, {"beta": 0.5}),
        ({"noise": 0.1}, {"floor": 0.1}),
        ({"temperature": 2.0, "noise": 0.1}, {"beta": 0.5, "floor": 0.1}),
    ],
)
def test_what_a_temperature_and_a_floor_do_is_no_bias(tilt, cause, fit):
    for seed in range(3):
        y, log_proba, _ = drawn(seed=seed, tilt=tilt, **cause)
        assert not found(y, log_proba, **fit).offsets.any()


def test_beside_a_temperature_few_classes_are_still_found():
    y, log_proba, _ = drawn(offset=1.5, temperature=2.0)
    far = found(y, log_proba, beta=0.5)
    assert set(np.flatnonzero(far.offsets)) == set(range(5))
    np.testing.assert_allclose(far.offsets[:5], 1.5, atol=0.6)
