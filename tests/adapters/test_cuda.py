"""Tensors of an accelerator: read as they are, and calibrated where they are."""

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.base import clone

from sklearn_lossacc import AutoCalibrator, IsotonicCalibrator, LossAccuracyReport, TemperatureCalibrator, diagnose
from sklearn_lossacc.adapters.torch import to_module
from sklearn_lossacc.exceptions import InvalidPredictionsError

torch = pytest.importorskip("torch")
DEVICE = "cuda"
if not torch.cuda.is_available():
    pytest.skip("no CUDA device", allow_module_level=True)

third_party = pytest.mark.filterwarnings("ignore")  # the compiler warns of its own parts

RNG = np.random.default_rng(0)
LOGITS = (3.0 * RNG.standard_normal((2000, 10))).astype(np.float32)
Y = (log_softmax(LOGITS, axis=1) / 2 + RNG.gumbel(size=LOGITS.shape)).argmax(axis=1)


def on_device(array, dtype=None):
    return torch.tensor(array, dtype=dtype, device=DEVICE)


def test_a_diagnosis_of_tensors_is_that_of_arrays():
    tensors = diagnose(on_device(Y), on_device(LOGITS).requires_grad_(), input="logits")
    arrays = diagnose(Y, LOGITS, input="logits")
    assert tensors.metrics["log_loss"].value == arrays.metrics["log_loss"].value
    assert [one.code for one in tensors.issues] == [one.code for one in arrays.issues] == ["LA101"]
    LossAccuracyReport.from_predictions(on_device(Y), on_device(LOGITS), input="logits", panels=["reliability"])


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_half_precision(name):
    half = on_device(LOGITS, getattr(torch, name))
    low = diagnose(on_device(Y), half, input="logits").metrics["log_loss"].value
    as_read = half.float().cpu().numpy()
    assert low == pytest.approx(diagnose(Y, as_read, input="logits").metrics["log_loss"].value, rel=1e-6)


def test_calibrators_are_fitted_to_tensors():
    fitted = TemperatureCalibrator(input="logits").fit(on_device(LOGITS), on_device(Y))
    assert fitted.temperature_ == pytest.approx(2.0, abs=0.15)
    np.testing.assert_array_equal(fitted.predict_proba(on_device(LOGITS)), fitted.predict_proba(LOGITS))


@pytest.mark.parametrize("calibrator", [TemperatureCalibrator(), IsotonicCalibrator(), AutoCalibrator()], ids=repr)
@pytest.mark.parametrize("compiled", [False, pytest.param(True, marks=third_party)])
def test_modules_work_where_the_network_does(calibrator, compiled):
    calibrator = clone(calibrator).set_params(input="logits").fit(LOGITS, Y)
    module = to_module(calibrator).to(DEVICE).half()
    module = torch.compile(module, fullgraph=True) if compiled else module
    with torch.autocast(DEVICE, dtype=torch.bfloat16):
        proba = module(on_device(LOGITS))
    assert proba.device.type == DEVICE
    np.testing.assert_allclose(proba.cpu().numpy(), calibrator.predict_proba(LOGITS), rtol=1e-4)


def test_arrays_of_other_libraries():
    """Cupy refuses to copy to the host in silence, which the error says; jax does not."""
    cupy = pytest.importorskip("cupy")
    with pytest.raises(InvalidPredictionsError, match="pass a numpy array in host memory"):
        diagnose(Y, cupy.asarray(LOGITS), input="logits")
    jax = pytest.importorskip("jax")
    value = diagnose(Y, jax.numpy.asarray(LOGITS), input="logits").metrics["log_loss"].value
    assert value == diagnose(Y, LOGITS, input="logits").metrics["log_loss"].value
