"""A fitted calibrator as an ONNX model, for onnxruntime and whatever else runs them."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_lossacc._numerics.formula import Formula
from sklearn_lossacc.adapters.deployment import steps_in_precision
from sklearn_lossacc.adapters.optional import imported
from sklearn_lossacc.calibration import BaseCalibrator

__all__ = ["to_onnx"]

OPSET = 18  # of 2022
FIRST_OPSET, AXES_ARE_INPUTS = 13, 18  # the first has today's Softmax; from the second on all reductions agree
REDUCTIONS = ("ReduceMax", "ReduceMin", "ReduceSum")
ALONG_ROWS = ("Softmax", "LogSoftmax", "ArgMax", "Concat")


class _Graph:
    """Nodes and constants of a model, named in the order of their making."""

    def __init__(self, onnx: Any, opset: int):
        self.onnx, self.opset = onnx, opset
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.axis = self.constant(np.array([1]), "calibrator_axis")

    def constant(self, value: np.ndarray, name: str) -> str:
        """Add a constant."""
        self.constants.append(self.onnx.numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, operator: str, inputs: list[str], name: str, **attributes: Any) -> str:
        """Add a node of one output."""
        self.nodes.append(self.onnx.helper.make_node(operator, inputs, [name], **attributes))
        return name

    def step(self, step: Formula, inputs: list[str], name: str) -> str:
        """Add a step of a formula."""
        operator = step.operation
        if step.value is not None:
            return self.constant(step.value, name)
        if operator == "ReduceSum" or (operator in REDUCTIONS and self.opset >= AXES_ARE_INPUTS):
            return self.node(operator, [*inputs, self.axis], name)
        if operator in REDUCTIONS:
            return self.node(operator, inputs, name, axes=[1])
        if operator == "Columns":
            return self.node("Gather", inputs, name, axis=1)
        return self.node(operator, inputs, name, **({"axis": 1} if operator in ALONG_ROWS else {}))


def _labels(calibrator: BaseCalibrator) -> np.ndarray:
    """Return the classes in a type that ONNX has."""
    labels = calibrator.classes_
    if labels.dtype.kind in "iub":
        return labels.astype(bool if labels.dtype.kind == "b" else np.int64)
    if labels.dtype.kind == "f":
        return labels.astype(np.float64)
    values = labels.tolist()
    if all(isinstance(value, str) for value in values):
        return np.array(values, dtype=object)
    if all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        return np.array(values, dtype=np.int64)
    other = next(value for value in values if not isinstance(value, str))
    raise TypeError(
        f"the class {other!r} of type {type(other).__name__} has no place in an ONNX model; "
        "fit the calibrator with classes that are all strings or all numbers."
    )


def to_onnx(calibrator: BaseCalibrator, *, dtype: str = "float32", opset: int = OPSET) -> Any:
    """Write a fitted calibrator as an ONNX model.

    Parameters
    ----------
    calibrator : BaseCalibrator
        Fitted, of any kind.
    dtype : {"float32", "float64"}, default="float32"
        Precision of the scores that come in, of all that is computed, and of the probabilities that come out.
    opset : int, default=18
        Version of ONNX's operators, from 13 on: that of the network, if the two are to become one model.

    Returns
    -------
    onnx.ModelProto
        Input "scores", of shape (n, `n_features_in_`): what `fit` took, probabilities or logits. Outputs
        "probabilities", of shape (n, n_classes), what ``predict_proba`` returns, and "label", of shape (n,), what
        ``predict`` returns. ``onnx.save`` writes it to a file.

    Raises
    ------
    ImportError
        If the package onnx is missing.
    TypeError
        If `calibrator` is something else, or its classes have a type that ONNX lacks.
    NotFittedError
        If it is not fitted.
    ValueError
        If `dtype` or `opset` is something else, or `dtype` cannot hold a number of the calibrator.

    See Also
    --------
    sklearn_lossacc.adapters.torch.to_module : The same for PyTorch.

    Notes
    -----
    All operators are of the standard domain. ``onnx.compose.merge_models`` appends the model to a network, with
    ``io_map=[("logits", "scores")]`` where that calls its output "logits". A model checks nothing: a row with a score
    that is not finite becomes NaN, and probabilities that do not sum to 1 are calibrated as they are.

    In float32 probabilities differ from those of ``predict_proba`` by about 1e-6 of themselves, more where steep maps
    meet log odds far from 0. Maps with steps (histogram, Venn-Abers) may take the other side of a step for scores that
    float32 does not tell from it.

    Examples
    --------
    >>> from sklearn_lossacc import TemperatureCalibrator
    >>> from sklearn_lossacc.adapters.onnx import to_onnx
    >>> calibrator = TemperatureCalibrator().fit([[0.1, 0.9]] * 4, [1, 1, 1, 0])
    >>> [output.name for output in to_onnx(calibrator).graph.output]
    ['probabilities', 'label']
    """
    steps = steps_in_precision(calibrator, dtype)
    labels = _labels(calibrator)
    onnx = imported("onnx", "to_onnx")
    newest = onnx.defs.onnx_opset_version()
    if not FIRST_OPSET <= opset <= newest:
        raise ValueError(f"opset must lie between {FIRST_OPSET} and {newest}, got {opset!r}.")
    graph = _Graph(onnx, opset)
    names: dict[int, str] = {}
    for number, step in enumerate(steps):
        inputs = [names[id(one)] for one in step.inputs]
        last = step is steps[-1]
        name = "probabilities" if last else f"calibrator_{number}"
        names[id(step)] = "scores" if step.operation == "Given" else graph.step(step, inputs, name)
    place = graph.node("ArgMax", ["probabilities"], "calibrator_place", axis=1, keepdims=0)
    label_names = graph.constant(labels, "calibrator_classes")
    graph.node("Gather", [label_names, place], "label", axis=0)

    number_type = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    label_type = onnx.helper.np_dtype_to_tensor_dtype(labels.dtype)
    k = len(labels)
    tensor = onnx.helper.make_tensor_value_info
    body = onnx.helper.make_graph(
        graph.nodes,
        type(calibrator).__name__,
        [tensor("scores", number_type, ["n", calibrator.n_features_in_])],
        [tensor("probabilities", number_type, ["n", k]), tensor("label", label_type, ["n"])],
        graph.constants,
    )
    opsets = [onnx.helper.make_opsetid("", opset)]
    oldest_format = onnx.helper.find_min_ir_version_for(opsets)
    model = onnx.helper.make_model(
        body, opset_imports=opsets, ir_version=oldest_format, producer_name="sklearn_lossacc"
    )
    onnx.checker.check_model(model, full_check=True)
    return model
