"""What a map computes, step by step, for libraries that have their own arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

__all__ = [
    "Formula",
    "at_least",
    "constant",
    "equal",
    "exp",
    "given",
    "greater",
    "join",
    "limit",
    "log",
    "log_softmax",
    "maximum",
    "minimum",
    "of_rows",
    "pick",
    "place_of_largest",
    "row_max",
    "row_min",
    "row_sum",
    "sigmoid",
    "softmax",
    "steps",
    "take",
    "where",
]

Number = float | np.ndarray


@dataclass(frozen=True, eq=False)
class Formula:
    """An array that is not computed yet: an operation, and what it is applied to.

    Attributes
    ----------
    operation : str
        Name of an operator of ONNX, which says what it means: "Add", "Exp", "ReduceMax", ...; or "Given" for the
        array that is put in, and "Constant". Operators along an axis take that of the columns, the second; "Reduce..."
        and "ArgMax" keep it, with length 1. "Gather" takes entries of a vector, "Columns" columns of a matrix.
    inputs : tuple of Formula
        What the operator is applied to, in order.
    value : ndarray or None
        Of a constant. Integers are places, floats are numbers in the precision that is computed in.
    bounded : bool
        Whether numbers of a constant that a precision cannot hold, or not the square of, are as good as the nearest
        that it can; infinite ones stay.

    Examples
    --------
    >>> from sklearn_lossacc._numerics.formula import exp, given, steps
    >>> [step.operation for step in steps(exp(2.0 * given()))]
    ['Constant', 'Given', 'Mul', 'Exp']
    """

    operation: str
    inputs: tuple[Formula, ...] = ()
    value: np.ndarray | None = field(default=None, repr=False)
    bounded: bool = False

    # numpy leaves sums and products with arrays to this class
    __array_ufunc__ = None

    def __add__(self, other: Formula | Number) -> Formula:
        return of_rows("Add", self, other)

    def __radd__(self, other: Number) -> Formula:
        return of_rows("Add", other, self)

    def __sub__(self, other: Formula | Number) -> Formula:
        return of_rows("Sub", self, other)

    def __rsub__(self, other: Number) -> Formula:
        return of_rows("Sub", other, self)

    def __mul__(self, other: Formula | Number) -> Formula:
        return of_rows("Mul", self, other)

    def __rmul__(self, other: Number) -> Formula:
        return of_rows("Mul", other, self)

    def __truediv__(self, other: Formula | Number) -> Formula:
        return of_rows("Div", self, other)

    def __rtruediv__(self, other: Number) -> Formula:
        return of_rows("Div", other, self)

    def __matmul__(self, other: Formula | Number) -> Formula:
        return of_rows("MatMul", self, other)

    def __neg__(self) -> Formula:
        return of_rows("Neg", self)


def given() -> Formula:
    """Return what the formula is applied to: a matrix with one row a sample."""
    return Formula("Given")


def constant(value: Number) -> Formula:
    """Return a constant of any shape."""
    return Formula("Constant", value=np.asarray(value))


def limit(value: Number) -> Formula:
    """Return a constant of which only that matters which the precision can hold: nothing lies beyond."""
    return Formula("Constant", value=np.asarray(value), bounded=True)


def of_rows(operation: str, *inputs: Formula | Number) -> Formula:
    """Apply an operator; numbers become constants."""
    return Formula(operation, tuple(one if isinstance(one, Formula) else constant(one) for one in inputs))


def exp(x: Formula) -> Formula:
    """Return e to the power of each entry."""
    return of_rows("Exp", x)


def log(x: Formula) -> Formula:
    """Return natural logarithms."""
    return of_rows("Log", x)


def sigmoid(x: Formula) -> Formula:
    """Return 1 / (1 + exp(-x)), step by step: some libraries round that operator to 0 below 1e-8."""
    return 1.0 / (1.0 + exp(-x))


def maximum(x: Formula, y: Formula | Number) -> Formula:
    """Return the larger of two entries."""
    return of_rows("Max", x, y)


def minimum(x: Formula, y: Formula | Number) -> Formula:
    """Return the smaller of two entries."""
    return of_rows("Min", x, y)


def greater(x: Formula, y: Formula | Number) -> Formula:
    """Return where x > y."""
    return of_rows("Greater", x, y)


def at_least(x: Formula, y: Formula | Number) -> Formula:
    """Return where x >= y."""
    return of_rows("GreaterOrEqual", x, y)


def equal(x: Formula, y: Formula | Number) -> Formula:
    """Return where two entries are the same."""
    return of_rows("Equal", x, y)


def where(condition: Formula, x: Formula | Number, y: Formula | Number) -> Formula:
    """Return entries of x where the condition holds, else of y."""
    return of_rows("Where", condition, x, y)


def row_max(x: Formula) -> Formula:
    """Return the largest entry of each row, as a column."""
    return of_rows("ReduceMax", x)


def row_min(x: Formula) -> Formula:
    """Return the smallest entry of each row, as a column."""
    return of_rows("ReduceMin", x)


def row_sum(x: Formula) -> Formula:
    """Return the sum of each row, as a column."""
    return of_rows("ReduceSum", x)


def place_of_largest(x: Formula) -> Formula:
    """Return the first column that holds the row's largest entry, as a column of integers."""
    return of_rows("ArgMax", x)


def softmax(x: Formula) -> Formula:
    """Return exp(x_j) / sum_i exp(x_i) along rows."""
    return of_rows("Softmax", x)


def log_softmax(x: Formula) -> Formula:
    """Return x_j - log sum_i exp(x_i) along rows."""
    return of_rows("LogSoftmax", x)


def take(table: Formula, places: Formula) -> Formula:
    """Return entries of a vector, in the shape of their places."""
    return of_rows("Gather", table, places)


def pick(x: Formula, columns: Sequence[int] | np.ndarray) -> Formula:
    """Return some columns of a matrix, in the order given."""
    return of_rows("Columns", x, np.asarray(columns, dtype=np.int64))


def join(*parts: Formula) -> Formula:
    """Put matrices side by side."""
    return parts[0] if len(parts) == 1 else of_rows("Concat", *parts)


def steps(formula: Formula) -> list[Formula]:
    """Put a formula and all that it is made of into an order in which they can be computed.

    Parameters
    ----------
    formula : Formula
        The result.

    Returns
    -------
    list of Formula
        Each one once, after its inputs; the result is the last.
    """
    order: list[Formula] = []
    seen: set[int] = set()
    waiting = [(formula, False)]
    while waiting:
        one, ready = waiting.pop()
        if ready:
            order.append(one)
        elif id(one) not in seen:
            seen.add(id(one))
            waiting.append((one, True))
            waiting.extend((part, False) for part in reversed(one.inputs))
    return order
