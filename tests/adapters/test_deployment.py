"""Calibrators in ONNX and PyTorch say what they say here."""

import io
import sys
import warnings

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from sklearn_lossacc.adapters.onnx import to_onnx
from sklearn_lossacc.adapters.torch import to_module
from sklearn_lossacc.calibration import (
    AutoCalibrator,
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
from sklearn_lossacc.exceptions import CalibrationWarning

SMOOTH = [
    IdentityCalibrator(),
    TemperatureCalibrator(),
    TemperatureCalibrator(floor=True),
    TemperatureCalibrator(cautious=True),
    SigmoidCalibrator(),
    BetaCalibrator(),
    BetaCalibrator(shape="quadratic"),
    SplineCalibrator(),
    SplineCalibrator(n_knots=2),
    EnsembleTemperatureCalibrator(),
    VectorCalibrator(),
    VectorCalibrator(floor=True, cautious=True),
    MatrixCalibrator(),
    DirichletCalibrator(reg_lambda=0.01),
    PriorShiftCalibrator(),
    AutoCalibrator(),
]
STEPS = [
    IsotonicCalibrator(),
    IsotonicCalibrator(centered=False),
    HistogramCalibrator(),
    HistogramCalibrator(n_bins=1),
    HistogramCalibrator(strategy="uniform"),
    VennAbersCalibrator(),
]


def in_onnx(calibrator, X, dtype):
    pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    model = to_onnx(calibrator, dtype=dtype).SerializeToString()
    session = runtime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run(["probabilities", "label"], {"scores": np.asarray(X, dtype=dtype)})


def in_torch(calibrator, X, dtype):
    torch = pytest.importorskip("torch")
    module = to_module(calibrator, dtype=dtype)
    proba = module(torch.tensor(np.asarray(X, dtype=dtype))).numpy()
    return proba, np.array(module.classes)[proba.argmax(axis=1)]


every_library = pytest.mark.parametrize("run", [in_onnx, in_torch])
every_input = pytest.mark.parametrize("kind", ["proba", "logits"])


def rows(n_classes, n_rows=400, seed=0):
    """Logits that are twice too large, and labels."""
    rng = np.random.default_rng(seed)
    logits = 2.5 * rng.standard_normal((n_rows, n_classes))
    y = (log_softmax(logits, axis=1) / 2 + rng.gumbel(size=logits.shape)).argmax(axis=1)
    return logits, y


def as_input(logits, kind):
    return logits if kind == "logits" else np.exp(log_softmax(logits, axis=1))


def fitted(calibrator, X, y, kind, **params):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CalibrationWarning)
        calibrator = clone(calibrator).set_params(input=kind, **params).fit(X, y)
    if isinstance(calibrator, PriorShiftCalibrator):
        calibrator.estimate_prior(X[y == y[0]])
    return calibrator


def check(run, calibrator, X, dtype="float64", rtol=1e-9):
    proba, label = run(calibrator, X, dtype)
    want = calibrator.predict_proba(X)
    assert proba.dtype == dtype
    np.testing.assert_allclose(proba, want, rtol=rtol, atol=np.finfo(dtype).tiny)
    sure = np.diff(np.sort(want, axis=1)[:, -2:], axis=1)[:, 0] > 1e-8
    assert sure.sum() > len(X) / 2
    assert label[sure].tolist() == calibrator.predict(X)[sure].tolist()


@every_library
@every_input
@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("calibrator", SMOOTH + STEPS, ids=repr)
def test_double_precision(run, calibrator, n_classes, kind):
    logits, y = rows(n_classes)
    calibrator = fitted(calibrator, as_input(logits, kind), y, kind)
    new = as_input(rows(n_classes, seed=1)[0], kind)
    if kind == "proba":
        new[0] = np.eye(n_classes)[1]  # probabilities of 0, one beside one that is less than what 0 counts as
        new[1] = [1e-20, *[0.0] * (n_classes - 2), 1.0]
        new[2] = 1 / n_classes
    check(run, calibrator, new)


@every_library
@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize(
    "calibrator", [SigmoidCalibrator(), BetaCalibrator(), SplineCalibrator(), IsotonicCalibrator()], ids=repr
)
def test_shares_of_votes(run, calibrator, n_classes):
    logits, y = rows(n_classes)
    P = np.random.default_rng(0).multinomial(10, np.exp(log_softmax(logits / 2, axis=1))) / 10
    assert (P[:200] == 0).any()
    check(run, fitted(calibrator, P[:200], y[:200], "proba"), P[200:])


@every_library
@every_input
@pytest.mark.parametrize("n_classes", [2, 4])
def test_single_precision_at_the_scores_of_the_fit(run, n_classes, kind):
    """Steps of Venn-Abers lie beside them: on which side of a step a score is must not depend on its rounding."""
    logits, y = rows(n_classes, 2000)
    X = as_input(logits, kind)
    calibrator = fitted(VennAbersCalibrator(), X, y, kind)
    want = calibrator.predict_proba(X)
    for found in (run(calibrator, X, "float32")[0], calibrator.predict_proba(X.astype(np.float32))):
        assert np.mean(np.abs(found - want).max(axis=1) > 1e-4) < 0.002


@every_library
@every_input
@pytest.mark.parametrize("calibrator", SMOOTH, ids=repr)
def test_single_precision(run, calibrator, kind):
    logits, y = rows(3)
    calibrator = fitted(calibrator, as_input(logits, kind), y, kind)
    check(run, calibrator, as_input(rows(3, seed=1)[0], kind), "float32", 5e-5)


@every_library
@every_input
def test_single_precision_of_a_class_that_is_all_but_gone(run, kind):
    """Its share of the rows that are sure of it is less than the smallest number of single precision."""
    logits, y = rows(3)
    calibrator = PriorShiftCalibrator(target_prior=[1e-60, 0.4, 0.6], input=kind).fit(as_input(logits, kind), y)
    sure = np.array([[200.0, 60.0, 61.0], [80.0, 0.0, 1.0], [30.0, 0.0, 0.0], [0.0, 1.0, 2.0]])
    X = as_input(sure, kind).astype(np.float32)
    proba, _ = run(calibrator, X, "float32")
    np.testing.assert_allclose(proba, calibrator.predict_proba(X), atol=1e-5)


@every_library
@pytest.mark.parametrize("calibrator", [SigmoidCalibrator(), BetaCalibrator(), SplineCalibrator()], ids=repr)
def test_single_precision_of_denormal_numbers(run, calibrator):
    """A network in single precision has them for classes 88 to 103 nats behind; their reciprocals are infinite."""
    logits, y = rows(3)
    calibrator = fitted(calibrator, as_input(40 * logits, "proba"), y, "proba")
    X = np.array([[0.0, 8.65e-40, 1.0], [1.4e-45, 1.0, 0.0], [2e-41, 3e-42, 1.0]], dtype=np.float32)
    proba, _ = run(calibrator, X, "float32")
    np.testing.assert_allclose(proba, calibrator.predict_proba(X), rtol=1e-4)


@every_library
@pytest.mark.parametrize("calibrator", STEPS, ids=repr)
def test_single_precision_beside_steps(run, calibrator):
    """Where no score lies at a step, but for rounding, the step taken is the same."""
    logits, y = rows(3)
    calibrator = fitted(calibrator, logits, y, "logits")
    check(run, calibrator, rows(3, seed=1)[0], "float32", 1e-3)


@every_library
@every_input
@pytest.mark.parametrize(
    "calibrator", [TemperatureCalibrator(), SigmoidCalibrator(), IsotonicCalibrator(), VectorCalibrator()], ids=repr
)
def test_one_column(run, calibrator, kind):
    logits, y = rows(2)
    one = logits[:, 1:] if kind == "logits" else as_input(logits, kind)[:, 1:]
    calibrator = fitted(calibrator, one, y, kind)
    assert run(calibrator, one[:3], "float64")[0].shape == (3, 2)
    check(run, calibrator, one)


@every_library
@pytest.mark.parametrize("calibrator", SMOOTH + STEPS, ids=repr)
def test_classes_without_rows(run, calibrator):
    """The maps of these are not those of the others, and stand between them."""
    logits, y = rows(5)
    y[np.isin(y, [1, 3])] = 4
    calibrator = fitted(calibrator, logits, y, "logits", classes=np.arange(5))
    check(run, calibrator, rows(5, seed=1)[0])


@every_library
@pytest.mark.parametrize("calibrator", SMOOTH + STEPS, ids=repr)
@pytest.mark.parametrize(("kind", "n_classes", "sign"), [("proba", 2, 1), ("logits", 3, 1), ("proba", 3, -1)])
def test_separable_and_uninformative(run, calibrator, n_classes, kind, sign):
    logits, _ = rows(n_classes)
    X = as_input(sign * logits, kind)
    calibrator = fitted(calibrator, X, logits.argmax(axis=1), kind, classes=np.arange(n_classes))
    proba, _ = run(calibrator, X, "float64")
    np.testing.assert_allclose(proba, calibrator.predict_proba(X), rtol=1e-9)


@every_library
@pytest.mark.parametrize("calibrator", [*SMOOTH, HistogramCalibrator()], ids=repr)
@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_logits_in_another_unit(run, calibrator, factor):
    logits, y = rows(3)
    calibrator = fitted(calibrator, factor * logits, y, "logits")
    check(run, calibrator, factor * rows(3, seed=1)[0], rtol=1e-6)


@every_library
@pytest.mark.parametrize("calibrator", SMOOTH + STEPS, ids=repr)
@pytest.mark.parametrize(("kind", "bad"), [("proba", np.nan), ("logits", np.nan), ("logits", np.inf)])
def test_what_is_not_finite_becomes_nan(run, calibrator, kind, bad):
    logits, y = rows(3)
    calibrator = fitted(calibrator, as_input(logits, kind), y, kind)
    X = as_input(logits[:3], kind)
    X[1, 2] = bad
    proba, _ = run(calibrator, X, "float32")
    assert np.isnan(proba[1]).all()
    assert np.isfinite(proba[[0, 2]]).all()


@every_library
def test_no_rows(run):
    logits, y = rows(3)
    proba, label = run(TemperatureCalibrator(input="logits").fit(logits, y), np.empty((0, 3)), "float32")
    assert proba.shape == (0, 3)
    assert label.shape == (0,)


@every_library
@pytest.mark.parametrize("labels", [["b", "a", "c"], [30, 10, 20], [0.5, 2.5, 1.5]])
def test_labels_keep_their_column(run, labels):
    logits, y = rows(3)
    calibrator = VectorCalibrator(input="logits", classes=labels).fit(logits, np.array(labels)[y])
    check(run, calibrator, rows(3, seed=1)[0])


@pytest.mark.parametrize("convert", [to_onnx, to_module])
def test_wrong_arguments(convert):
    calibrator = TemperatureCalibrator()
    with pytest.raises(NotFittedError):
        convert(calibrator)
    logits, y = rows(3)
    with pytest.raises(TypeError, match="got LogisticRegression"):
        convert(LogisticRegression().fit(logits, y))
    with pytest.raises(ValueError, match=r"dtype must be one of .*got 'float16'"):
        convert(calibrator.fit(as_input(logits, "proba"), y), dtype="float16")
    far = fitted(TemperatureCalibrator(), 1e60 * logits, y, "logits")
    with pytest.raises(ValueError, match=r"holds .*e-61, which float32 cannot; pass dtype='float64'"):
        convert(far)


@pytest.mark.parametrize(("convert", "package"), [(to_onnx, "onnx"), (to_module, "torch")])
def test_missing_packages_are_named(convert, package, monkeypatch):
    from sklearn_lossacc.adapters import torch as adapter

    adapter._module_class.cache_clear()
    monkeypatch.setitem(sys.modules, package, None)
    logits, y = rows(3)
    with pytest.raises(ImportError, match=rf'pip install "sklearn-lossacc\[{package}\]"'):
        convert(TemperatureCalibrator(input="logits").fit(logits, y))


def test_labels_that_onnx_has_no_type_for():
    calibrator = IdentityCalibrator(classes=np.array(["a", 1], dtype=object))
    calibrator.fit([[0.5, 0.5]] * 2, np.array(["a", 1], dtype=object))
    with pytest.raises(TypeError, match="the class 1 of type int has no place in an ONNX model"):
        to_onnx(calibrator)


@pytest.mark.parametrize("opset", [13, 15, 17, 18, 20])
def test_a_network_and_its_calibrator_become_one_model(opset):
    onnx = pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    logits, y = rows(4)
    calibrator = BetaCalibrator(input="logits").fit(logits, y)
    second = to_onnx(calibrator, opset=opset)
    weight = np.eye(4, dtype=np.float32)[::-1].copy()
    body = onnx.helper.make_graph(
        [onnx.helper.make_node("MatMul", ["x", "w"], ["logits"])],
        "network",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["n", 4])],
        [onnx.helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, ["n", 4])],
        [onnx.numpy_helper.from_array(weight, "w")],
    )
    network = onnx.helper.make_model(
        body, opset_imports=[onnx.helper.make_opsetid("", opset)], ir_version=second.ir_version
    )
    both = onnx.compose.merge_models(network, second, io_map=[("logits", "scores")])
    session = runtime.InferenceSession(both.SerializeToString(), providers=["CPUExecutionProvider"])
    (proba,) = session.run(["probabilities"], {"x": logits[:, ::-1].astype(np.float32)})
    np.testing.assert_allclose(proba, calibrator.predict_proba(logits), rtol=1e-4)


@pytest.mark.parametrize("opset", [12, 1000])
def test_operators_too_old_or_too_new(opset):
    pytest.importorskip("onnx")
    logits, y = rows(3)
    with pytest.raises(ValueError, match=f"opset must lie between 13 and .*got {opset}"):
        to_onnx(TemperatureCalibrator(input="logits").fit(logits, y), opset=opset)


def test_modules_are_moved_saved_and_differentiated():
    torch = pytest.importorskip("torch")
    logits, y = rows(4)
    calibrator = SplineCalibrator(input="logits").fit(logits, y)
    network = torch.nn.Sequential(torch.nn.Identity(), to_module(calibrator, dtype="float64")).half()
    assert not list(network.parameters())
    file = io.BytesIO()
    torch.save(network, file)
    file.seek(0)
    network = torch.load(file, weights_only=False)
    scores = torch.tensor(logits, requires_grad=True)
    with torch.autocast("cpu"):
        proba = network(scores)
    np.testing.assert_allclose(proba.detach().numpy(), calibrator.predict_proba(logits), rtol=1e-9)
    proba[0, 0].backward()
    step = np.zeros_like(logits)
    step[0, 0] = 1e-6
    slope = (calibrator.predict_proba(logits + step) - calibrator.predict_proba(logits - step))[0, 0] / 2e-6
    np.testing.assert_allclose(scores.grad[0, 0], slope, rtol=1e-6)


def test_modules_are_exported():
    torch = pytest.importorskip("torch")
    logits, y = rows(4)
    calibrator = IsotonicCalibrator(input="logits").fit(logits, y)
    scores = torch.tensor(logits)
    program = torch.export.export(
        to_module(calibrator, dtype="float64"), (scores,), dynamic_shapes=({0: torch.export.Dim("n")},)
    )
    np.testing.assert_allclose(program.module()(scores[:7]).numpy(), calibrator.predict_proba(logits[:7]), rtol=1e-9)


def test_modules_are_compiled_as_one_graph():
    torch = pytest.importorskip("torch")
    logits, y = rows(4)
    calibrator = IsotonicCalibrator(input="logits").fit(logits, y)
    module = torch.compile(to_module(calibrator, dtype="float64"), backend="eager", fullgraph=True)
    np.testing.assert_allclose(
        module(torch.tensor(logits[:7])).numpy(), calibrator.predict_proba(logits[:7]), rtol=1e-9
    )
