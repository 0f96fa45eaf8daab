import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from sklearn_lossacc.metrics import label_noise_rate


def draw(k, noise=0.0, temperature=1.0, n=4000, scale=3.0, seed=0):
    """Logits, times a temperature, and labels of which a share is wrong."""
    rng = np.random.default_rng([seed, k])
    logits = scale * rng.normal(size=(n, k))
    y = (logits + rng.gumbel(size=(n, k))).argmax(axis=1)
    wrong = rng.random(n) < noise
    y = np.where(wrong, (y + rng.integers(1, k, size=n)) % k, y)
    return y, temperature * logits


@pytest.mark.parametrize("k", [2, 3, 20])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("noise", [0.0, 0.05, 0.2])
def test_the_planted_rate_is_found_at_any_temperature(k, temperature, noise):
    y, logits = draw(k, noise, temperature)
    # a rate of .05 has a standard error of about .006 on 4000 rows, .2 one of .009
    assert label_noise_rate(y, logits, input="logits") == pytest.approx(noise, abs=0.03)


@pytest.mark.parametrize("k", [2, 4])
@pytest.mark.parametrize("weighted", [False, True])
def test_against_a_search_without_derivatives(k, weighted):
    y, logits = draw(k, 0.1, n=500)
    weight = np.random.default_rng(1).gamma(1.0, size=500) if weighted else np.ones(500)

    def loss(place):
        beta, floor = np.exp(place[0]), 0.5 / (1 + np.exp(-place[1]))
        q = (1 - floor) * np.exp(log_softmax(beta * logits, axis=1)) + floor / k
        return -(weight @ np.log(q[np.arange(500), y]))

    best = minimize(loss, [0.0, -1.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-11, "maxiter": 2000})
    expected = 0.5 / (1 + np.exp(-best.x[1])) * (k - 1) / k
    got = label_noise_rate(y, logits, input="logits", sample_weight=weight if weighted else None)
    assert got == pytest.approx(expected, abs=1e-5)


def test_weights_are_repetitions():
    y, logits = draw(3, 0.1, n=600)
    copies = np.random.default_rng(1).integers(0, 4, 600)
    assert label_noise_rate(y, logits, input="logits", sample_weight=copies) == pytest.approx(
        label_noise_rate(y.repeat(copies), logits.repeat(copies, axis=0), input="logits"), abs=1e-6
    )


def test_names_order_and_forms_do_not_matter():
    y, logits = draw(2, 0.1, n=600)
    expected = label_noise_rate(y, logits, input="logits")
    P = softmax(logits, axis=1)
    order = np.random.default_rng(0).permutation(600)
    for got in (
        label_noise_rate(y, P),
        label_noise_rate(y, P[:, 1]),
        label_noise_rate(np.array(["b", "a"])[y], P, classes=["b", "a"]),
        label_noise_rate(1 - y, P[:, ::-1]),
        label_noise_rate(y[order], P[order]),
    ):
        assert got == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("y", "proba"),
    [
        ([1, 1, 1, 0] * 5, [0.9] * 20),  # a constant prediction: T explains it
        ([1, 0, 1, 0] * 5, [0.9, 0.9, 0.6, 0.6] * 5),  # knows nothing
        ([1, 0, 1, 0], [0.9, 0.2, 0.6, 0.3]),  # every label is the likeliest
    ],
)
def test_what_a_temperature_explains_is_no_noise(y, proba):
    assert label_noise_rate(y, proba) == 0.0


def test_exact_zeros_and_one_row():
    y, logits = draw(3, 0.1, n=900)
    P = softmax(logits, axis=1)
    P[P < 0.01] = 0.0
    P /= P.sum(axis=1, keepdims=True)
    assert P[np.arange(900), y].min() == 0.0
    nearly = np.log(np.where(P > 0, P, 2.220446049250313e-16))
    assert label_noise_rate(y, P) == pytest.approx(label_noise_rate(y, nearly, input="logits"), abs=1e-9)
    assert label_noise_rate([0], [[0.2, 0.8]]) == 0.0


def test_many_rows_take_the_same_road():
    y, logits = draw(10, 0.1, n=260_000, seed=3)
    whole = label_noise_rate(y, logits, input="logits")
    assert whole == pytest.approx(0.1, abs=0.005)
    assert label_noise_rate(y, logits.astype(np.float32), input="logits") == pytest.approx(whole, abs=1e-5)
