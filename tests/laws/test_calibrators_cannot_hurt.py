"""Whatever the rows, labels and weights: a distribution, a named outcome, no loss above that of the scores given."""

import warnings

import numpy as np
import pytest
from scipy.special import log_softmax, softmax
from sklearn.base import clone

from sklearn_lossacc.calibration import (
    AutoCalibrator,
    BaseCalibrator,
    BetaCalibrator,
    DirichletCalibrator,
    EnsembleTemperatureCalibrator,
    HistogramCalibrator,
    IdentityCalibrator,
    IsotonicCalibrator,
    MatrixCalibrator,
    PriorShiftCalibrator,
    SigmoidCalibrator,
    SplineCalibrator,
    TemperatureCalibrator,
    VectorCalibrator,
    VennAbersCalibrator,
)
from sklearn_lossacc.exceptions import CalibrationWarning, DataWarning, InvalidWeightsError
from sklearn_lossacc.metrics import log_loss

PARAMETRIC = [
    TemperatureCalibrator(),
    TemperatureCalibrator(floor=True),
    SigmoidCalibrator(),
    BetaCalibrator(),
    BetaCalibrator(shape="quadratic"),
    SplineCalibrator(),
    EnsembleTemperatureCalibrator(),
    VectorCalibrator(),
    VectorCalibrator(floor=True),
    MatrixCalibrator(),
    MatrixCalibrator(floor=True, strength=0.1),
    DirichletCalibrator(),
    DirichletCalibrator(reg_lambda=10.0),
]
CALIBRATORS = [
    IdentityCalibrator(),
    *PARAMETRIC,
    TemperatureCalibrator(cautious=True),  # a mean, not a maximum: half-way to one, a clipped loss can rise a little
    TemperatureCalibrator(floor=True, cautious=True),
    VectorCalibrator(floor=True, cautious=True),
    MatrixCalibrator(floor=True, cautious=True),
    PriorShiftCalibrator(),
    IsotonicCalibrator(),
    IsotonicCalibrator(centered=False),
    HistogramCalibrator(),
    HistogramCalibrator(strategy="uniform"),
    VennAbersCalibrator(),
    AutoCalibrator(),
]
every_calibrator = pytest.mark.parametrize("calibrator", CALIBRATORS, ids=repr)
parametric = pytest.mark.parametrize("calibrator", PARAMETRIC, ids=repr)


def as_given(X, y, kind):
    """Probabilities of the scores, in double precision."""
    k = 2 if np.ndim(X) == 1 else np.shape(X)[1]
    return IdentityCalibrator(input=kind, classes=np.arange(k)).fit(X, y).predict_proba(X)


def loss(q, y, weight=None):
    """Clipped log loss in nats."""
    return log_loss(y, q, sample_weight=weight, classes=np.arange(q.shape[1]))


def every_row_is_right(X, y, weight, kind):
    """Whether no class of a row with weight has a larger score than its label."""
    X = np.asarray(X, dtype=np.float64)
    if X.ndim == 1:
        X = np.stack([np.zeros(len(X)) if kind == "logits" else 1 - X, X], axis=1)
    right = X[np.arange(len(X)), y] == X.max(axis=1)
    return right.all() if weight is None else right[weight > 0].all()


def judged(calibrator, X, y, new, kind="proba", weight=None):
    """Fit, and return the predictions for the rows of the fit; check all that must always hold."""
    k = 2 if np.ndim(X) == 1 else np.shape(X)[1]
    model = clone(calibrator).set_params(input=kind, classes=np.arange(k))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("error")
        warnings.simplefilter("always", CalibrationWarning)
        warnings.filterwarnings("ignore", "sample_weight sums to", DataWarning)
        model.fit(X, y, sample_weight=weight)
        predictions = [model.predict_proba(rows) for rows in (X, new)]
    expected = [] if model.outcome_ == "converged" else [model.outcome_]
    if isinstance(model, AutoCalibrator) and model.choice_ != "identity" and every_row_is_right(X, y, weight, kind):
        expected.append("every label has its row's largest score, and the map makes probabilities surer")
    assert [str(one.message).split(": ")[1].split(".")[0] for one in caught] == expected
    chosen = getattr(model, "calibrator_", model)
    for q in predictions:
        assert np.isfinite(q).all()
        np.testing.assert_allclose(q.sum(axis=1), 1, rtol=1e-12)
        assert q.max() <= 1
        assert q.min() > 0 or (kind == "proba" and isinstance(chosen, IdentityCalibrator))
    restored = BaseCalibrator.from_dict(model.to_dict())
    np.testing.assert_array_equal(restored.predict_proba(new), predictions[1])
    return predictions[0]


def problems(n, k):
    """Yield name, scores, kind and labels."""
    rng = np.random.default_rng([n, k])
    z = rng.normal(scale=2, size=(n, k))
    y = (z + rng.gumbel(size=z.shape)).argmax(axis=1)
    P, rows = softmax(z, axis=1), np.arange(n)
    yield "separable", P, "proba", z.argmax(axis=1)
    yield "one label", P, "proba", np.full(n, k - 1)
    yield "a class is missing", P, "proba", np.minimum(y, k - 2)
    yield "constant", P[np.zeros(n, dtype=int)], "proba", y
    yield "equal", np.full((n, k), 1 / k), "proba", y
    yield "anti-informative", softmax(-3 * z, axis=1), "proba", y
    yield "0 on every true class", np.eye(k)[(y + 1) % k], "proba", y
    yield "one-hot", np.eye(k)[z.argmax(axis=1)], "proba", y
    tiny = np.full((n, k), 1e-300)
    tiny[rows, z.argmin(axis=1)] = 5e-324
    tiny[rows, z.argmax(axis=1)] = 1.0
    yield "tiny", tiny, "proba", y
    top = np.eye(k)[z.argmax(axis=1)]
    yield "0 and 1e-300", np.maximum(top, np.where(rng.random(z.shape) < 0.5, 0.0, 1e-300)), "proba", y
    yield "ties above the label", np.where(np.eye(k)[y] > 0, 5e-324, 1 / (k - 1)), "proba", y
    yield "single precision", P.astype(np.float32), "proba", y
    yield "half precision", P.astype(np.float16), "proba", y
    yield "fortran", np.asfortranarray(P), "proba", y
    yield "strided", np.repeat(np.repeat(P, 2, axis=0), 2, axis=1)[::2, ::2], "proba", y
    for scale in (0.0, 1e-300, 1e-30, 1e4, 1e30, 1e300):
        yield f"logits times {scale}", scale * z, "logits", y
    yield "rows of all units", z * 10.0 ** rng.uniform(-3, 30, size=(n, 1)), "logits", y
    yield "rows of all numbers", z * 10.0 ** rng.uniform(-300, 300, size=(n, 1)), "logits", y
    masked = z.copy()
    masked[:, 0] = np.finfo(np.float64).min
    yield "a masked class", masked, "logits", y
    masked = z.astype(np.float32)
    masked[:, 0] = np.finfo(np.float32).min
    yield "a masked class in single precision", masked, "logits", y
    if k == 2:
        yield "one dimension", P[:, 1], "proba", y
        yield "0 or 1", (z[:, 1] > 0).astype(float), "proba", y
        yield "one logit", 1e4 * z[:, 1], "logits", y


def unlike(X, kind):
    """Rows that no fit has seen."""
    k = 2 if X.ndim == 1 else X.shape[1]
    if kind == "logits":
        new = np.concatenate([scale * np.eye(k) for scale in (-1e305, -1e9, 0.0, 1e-9, 1.0, 1e4, 1e30, 1e305)])
    else:
        new = np.concatenate([np.eye(k), np.full((1, k), 1 / k), softmax(50 * np.eye(k), axis=1)])
    return new[:, 1] if X.ndim == 1 else new


@every_calibrator
@pytest.mark.parametrize("k", [2, 4])
@pytest.mark.parametrize("n", [1, 2, 30])
def test_whatever_the_rows(calibrator, n, k):
    for name, X, kind, y in problems(n, k):
        try:
            q = judged(calibrator, X, y, unlike(X, kind), kind)
            if calibrator in PARAMETRIC:
                assert loss(q, y) <= loss(as_given(X, y, kind), y) * (1 + 1e-9) + 1e-12
        except Exception as error:
            error.add_note(name)
            raise


@every_calibrator
@pytest.mark.parametrize("kind", ["proba", "logits"])
@pytest.mark.parametrize("k", [2, 4])
def test_whatever_the_weights(calibrator, k, kind):
    n, rng = 30, np.random.default_rng(k)
    z = rng.normal(scale=2, size=(n, k))
    y = (z + rng.gumbel(size=z.shape)).argmax(axis=1)
    y[:k] = np.arange(k)
    X = 3 * z if kind == "logits" else softmax(3 * z, axis=1)
    for weight in (
        np.full(n, 1e-300),
        np.full(n, 5e-324),
        np.full(n, 1e300),
        10.0 ** rng.uniform(-300, 300, n),
        np.r_[1.0, np.zeros(n - 1)],
        np.r_[1e-300, np.ones(n - 1)],
        np.full(n, 1e15),
    ):
        q = judged(calibrator, X, y, unlike(X, kind), kind, weight)
        if calibrator in PARAMETRIC:
            share = weight / weight.max()
            assert loss(q, y, share) <= loss(as_given(X, y, kind), y, share) * (1 + 1e-9) + 1e-12
    with pytest.raises(InvalidWeightsError, match="every entry is zero"):
        clone(calibrator).set_params(input=kind).fit(X, y, sample_weight=np.zeros(n))


@parametric
@pytest.mark.parametrize("kind", ["proba", "logits"])
@pytest.mark.filterwarnings("ignore::sklearn_lossacc.exceptions.CalibrationWarning")
@pytest.mark.filterwarnings("ignore:sample_weight sums to")
def test_never_above_the_loss_of_the_scores(calibrator, kind):
    for seed in range(40):
        rng = np.random.default_rng(seed)
        n, k = int(10 ** rng.uniform(0, 2)), int(rng.choice([2, 3, 5, 9]))
        z = rng.normal(scale=rng.choice([0.1, 1, 4]), size=(n, k))
        y = (z + rng.choice([0.0, 0.3, 1, 3]) * rng.gumbel(size=z.shape)).argmax(axis=1)
        bent = rng.choice([-1, 0.1, 1, 3, 20]) * z + rng.choice([0, 2]) * rng.normal(size=k)
        bent[rng.random(n) < 0.1] *= 100
        weight = rng.choice([None, 1.0, 1e-4, 1e3])
        weight = None if weight is None else weight * rng.gamma(0.3, size=n) + 1e-9
        X = bent if kind == "logits" else softmax(bent, axis=1)
        model = clone(calibrator).set_params(input=kind, classes=np.arange(k)).fit(X, y, sample_weight=weight)
        after = loss(model.predict_proba(X), y, weight)
        assert after <= loss(as_given(X, y, kind), y, weight) * (1 + 1e-9) + 1e-12, f"seed {seed}"


@parametric
@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("far", ["zero", "1e-300", "logit of -1e9", "lowest logit"])
def test_one_impossible_label_does_not_spoil_the_others(calibrator, k, far):
    rng = np.random.default_rng(0)
    z = rng.normal(scale=2, size=(1000, k))
    y = (z + rng.gumbel(size=z.shape)).argmax(axis=1)
    y[0] = 1
    logits = far.endswith("logit") or far.startswith("logit")
    X = z if logits else softmax(z, axis=1)
    X[0] = {"zero": 0.0, "1e-300": 1e-300, "logit of -1e9": -1e9, "lowest logit": np.finfo(np.float64).min}[far]
    X[0, 0] = 0.0 if logits else 1.0
    model = clone(calibrator).set_params(input="logits" if logits else "proba").fit(X, y)
    before, after = loss(as_given(X, y, model.input)[1:], y[1:]), loss(model.predict_proba(X)[1:], y[1:])
    assert after <= before + 36.05 / 999  # the others pay no more than that row gains, which a clipped loss bounds


@every_calibrator
def test_smaller_probabilities_than_the_clip_are_not_larger_than_zero(calibrator):
    rng = np.random.default_rng(0)
    P = rng.dirichlet(np.ones(4), 300)
    P[::10] = [0.0, 1e-300, 1e-3, 1 - 1e-3]
    y = (P.cumsum(axis=1) < rng.random((300, 1))).sum(axis=1).clip(0, 3)
    q = clone(calibrator).fit(P, y).predict_proba(P[:1])[0]
    if isinstance(calibrator, TemperatureCalibrator | EnsembleTemperatureCalibrator):  # keep the order within a row
        assert q[0] <= q[1] <= q[2] <= q[3]
    assert q[3] > max(q[0], q[1])


@parametric
def test_the_smaller_of_two_probabilities_keeps_its_digits(calibrator):
    rng = np.random.default_rng(0)
    d = rng.normal(scale=20, size=500)
    y = (d + 10 * rng.logistic(size=500) > 0).astype(int)
    model = clone(calibrator).set_params(input="logits").fit(d, y)
    new = np.linspace(-300, 300, 7)
    swapped = clone(calibrator).set_params(input="logits").fit(-d, 1 - y)
    np.testing.assert_allclose(model.predict_proba(new), swapped.predict_proba(-new)[:, ::-1], rtol=1e-5)


def test_unlikely_labels_weigh_what_logits_say():
    # the guard for impossible labels must not cut what only looks extreme because of the unit of the logits
    rng = np.random.default_rng(0)
    z = rng.normal(scale=2, size=(500, 3))
    y = (z + rng.gumbel(size=z.shape)).argmax(axis=1)
    for scale in (1.0, 1e3, 1e6):
        beta = TemperatureCalibrator(input="logits").fit(scale * z, y).inverse_temperature_
        expected = TemperatureCalibrator().fit(softmax(z, axis=1), y).inverse_temperature_
        np.testing.assert_allclose(beta * scale, expected, rtol=1e-6)
    assert log_softmax(1e3 * z, axis=1)[np.arange(500), y].min() < -1000
