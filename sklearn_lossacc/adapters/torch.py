"""A fitted calibrator as a PyTorch module, to be the last layer of a network."""

from __future__ import annotations

from functools import cache
from typing import Any

from sklearn_lossacc._numerics.formula import Formula
from sklearn_lossacc.adapters.deployment import steps_in_precision
from sklearn_lossacc.adapters.optional import imported
from sklearn_lossacc.calibration import BaseCalibrator

__all__ = ["to_module"]


@cache
def _operators() -> dict[str, Any]:
    """Return what each operator of a formula is in PyTorch."""
    torch = imported("torch", "to_module")
    return {
        "Add": torch.add,
        "Sub": torch.sub,
        "Mul": torch.mul,
        "Div": torch.div,
        "Neg": torch.neg,
        "MatMul": torch.matmul,
        "Exp": torch.exp,
        "Log": torch.log,
        "Max": torch.maximum,
        "Min": torch.minimum,
        "Greater": torch.gt,
        "GreaterOrEqual": torch.ge,
        "Equal": torch.eq,
        "Where": torch.where,
        "ReduceMax": lambda x: x.amax(dim=1, keepdim=True),
        "ReduceMin": lambda x: x.amin(dim=1, keepdim=True),
        "ReduceSum": lambda x: x.sum(dim=1, keepdim=True),
        "ArgMax": lambda x: x.argmax(dim=1, keepdim=True),
        "Softmax": lambda x: torch.softmax(x, dim=1),
        "LogSoftmax": lambda x: torch.log_softmax(x, dim=1),
        "Gather": lambda table, places: table[places],
        "Columns": lambda x, columns: x.index_select(1, columns),
        "Concat": lambda *parts: torch.cat(parts, dim=1),
    }


@cache
def _module_class() -> type:
    """Make the class of the modules, once: it needs PyTorch."""
    torch = imported("torch", "to_module")
    operators = _operators()  # here, since torch.compile cannot trace an import

    class CalibratorModule(torch.nn.Module):  # type: ignore[misc, name-defined]
        """A calibrator as a layer, from scores to probabilities; made by `to_module`.

        Parameters
        ----------
        steps : list of Formula
            From scores to probabilities, in an order in which they can be computed.
        classes : list
            Labels of the columns.
        dtype : {"float32", "float64"}
            Precision of the numbers.
        """

        def __init__(self, steps: list[Formula], classes: list[Any], dtype: str):
            super().__init__()
            place = {id(step): number for number, step in enumerate(steps)}
            # what to apply, to which of the results before
            self.steps = [(step.operation, [place[id(one)] for one in step.inputs]) for step in steps]
            self.classes = classes
            for number, step in enumerate(steps):
                if step.value is not None:
                    self.register_buffer(f"constant_{number}", torch.tensor(step.value))
            self.register_buffer("precision", torch.zeros((), dtype=getattr(torch, dtype)))

        def forward(self, scores: Any) -> Any:
            """Calibrate.

            Parameters
            ----------
            scores : Tensor of shape (n, n_features_in)
                What the calibrator was fitted to, probabilities or logits, in any floating type.

            Returns
            -------
            Tensor of shape (n, n_classes)
                Probabilities, in the precision of the module.
            """
            results: list[Any] = []
            with torch.autocast(scores.device.type, enabled=False):
                for number, (operator, inputs) in enumerate(self.steps):
                    if operator == "Given":
                        result = scores.to(self.precision.dtype)
                    elif operator == "Constant":
                        result = getattr(self, f"constant_{number}")
                    else:
                        result = operators[operator](*(results[one] for one in inputs))
                    results.append(result)
            return results[-1]

        def _apply(self, fn: Any, recurse: bool = True) -> Any:
            """Move to another device, but keep the precision, whatever that of the network becomes."""

            def moved(tensor: Any) -> Any:
                changed = fn(tensor)
                return changed if changed.dtype == tensor.dtype else tensor.to(changed.device)

            return super()._apply(moved, recurse)

    CalibratorModule.__qualname__ = "CalibratorModule"
    return CalibratorModule


def __getattr__(name: str) -> Any:
    """Return the class of the modules, which pickled modules ask for."""
    if name == "CalibratorModule":
        return _module_class()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def to_module(calibrator: BaseCalibrator, *, dtype: str = "float32") -> Any:
    """Write a fitted calibrator as a PyTorch module.

    Parameters
    ----------
    calibrator : BaseCalibrator
        Fitted, of any kind.
    dtype : {"float32", "float64"}, default="float32"
        Precision of its numbers, which scores are brought to, and of the probabilities.

    Returns
    -------
    torch.nn.Module
        Takes a tensor of shape (n, `n_features_in_`), what `fit` took, probabilities or logits, and returns what
        ``predict_proba`` does, as a tensor of shape (n, n_classes). Its numbers are buffers, not parameters: it moves
        with ``.to(device)``, and is not trained; ``.half()`` and ``autocast`` leave its precision as it is. Gradients
        with respect to the scores pass through. ``classes`` lists the labels.

    Raises
    ------
    ImportError
        If the package torch is missing.
    TypeError
        If `calibrator` is something else.
    NotFittedError
        If it is not fitted.
    ValueError
        If `dtype` is something else, or cannot hold a number of the calibrator.

    See Also
    --------
    sklearn_lossacc.adapters.onnx.to_onnx : The same for ONNX.

    Notes
    -----
    A module checks nothing: a row with a score that is not finite becomes NaN, and probabilities that do not sum to 1
    are calibrated as they are. In float32 probabilities differ from those of ``predict_proba`` by about 1e-6 of
    themselves, more where steep maps meet log odds far from 0. Maps with steps (histogram, Venn-Abers) may take the
    other side of a step for scores that float32 does not tell from it.

    Examples
    --------
    >>> from sklearn_lossacc import TemperatureCalibrator
    >>> from sklearn_lossacc.adapters.torch import to_module
    >>> calibrator = TemperatureCalibrator(input="logits").fit([[0.0, 2.0]] * 4, [1, 1, 1, 0])
    >>> network = torch.nn.Sequential(network, to_module(calibrator))  # doctest: +SKIP
    """
    steps = steps_in_precision(calibrator, dtype)
    return _module_class()(steps, calibrator.classes_.tolist(), dtype)
