"""Multinomial logistic regression near the identity: scores plus a small, penalised linear map of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.linalg.lapack import dtrtri
from scipy.optimize import minimize

from sklearn_lossacc._numerics.blocks import row_blocks, row_max, row_sum
from sklearn_lossacc._numerics.links import softmax

__all__ = ["adjusted_scores", "fit_multinomial", "log_evidence", "matrix_penalty", "scores_dtype", "vector_penalty"]

CURVATURE_ROWS = 2048  # enough for a scale
BLOCK_PARAMETERS = 2**22  # numbers of all curvatures within classes: 160 classes with full maps, any without
NEWTON_PARAMETERS, NEWTON_WORK = 600, 2**24  # up to here a Hessian pays: rows times squared parameters for the second
WARM_ENTRIES = 2**20  # above, gradients alone are faster, and the search starts on one row in 16
THINNING = 16
FEWEST_PAIRS, MOST_PAIRS = 3, 10  # of steps and changes of the gradient that L-BFGS keeps
GRADIENT_TOL = {"float32": 1e-2, "float64": 1e-6}
MAX_STEPS = 100  # Newton needs about five
MAX_HALVINGS = 40
TOL = 1e-11  # of the objective: the decrease that one more step promises; that step is still taken


class _At(NamedTuple):
    """The objective in nats and its derivatives; no Hessian, or only its diagonal, where not asked for."""

    value: float
    gradient: np.ndarray
    hessian: np.ndarray | None


def vector_penalty(k: int) -> np.ndarray:
    """Return the penalty of structured vector scaling: of a factor and an offset for each class.

    Parameters
    ----------
    k : int
        Number of classes.

    Returns
    -------
    ndarray of shape (k, 2)
        As for `fit_multinomial`: k everywhere.
    """
    return np.full((k, 2), float(k))


def matrix_penalty(k: int) -> np.ndarray:
    """Return the penalty of structured matrix scaling, under which a weight of another class is seldom needed.

    Parameters
    ----------
    k : int
        Number of classes.

    Returns
    -------
    ndarray of shape (k, k + 1)
        As for `fit_multinomial`: k of a class's own weight and of its intercept, k (k - 1) of the weights of others.

    Examples
    --------
    >>> from sklearn_lossacc._numerics.multinomial import matrix_penalty
    >>> matrix_penalty(3)
    array([[3., 6., 6., 3.],
           [6., 3., 6., 3.],
           [6., 6., 3., 3.]])
    """
    penalty = np.full((k, k + 1), float(k * (k - 1)))
    penalty[:, -1] = k
    np.fill_diagonal(penalty[:, :-1], k)
    return penalty


def adjusted_scores(x: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """Add a linear map of the scores to them.

    Parameters
    ----------
    x : ndarray of shape (n_rows, n_classes), float64
        Scores.
    theta : ndarray of shape (n_classes, 2) or (n_classes, n_classes + 1)
        For each class the weights, of its own score or of all scores, then the intercept.

    Returns
    -------
    ndarray of shape (n_rows, n_classes)
        x_j + theta_j0 x_j + theta_j1, or x_j + sum_l theta_jl x_l + theta_jk.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.multinomial import adjusted_scores
    >>> x = np.array([[1.0, 2.0, 3.0]])
    >>> adjusted_scores(x, np.array([[1.0, 0.0], [0.0, 10.0], [0.0, 0.0]]))
    array([[ 2., 12.,  3.]])
    """
    return _mapped(x, *_linear_map(theta, x.dtype))


def _linear_map(theta: np.ndarray, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """Return what scores are multiplied by, the identity included, and what is added, in their precision."""
    own = theta[:, 0].copy() if theta.shape[1] == 2 else theta[:, :-1].T.copy()
    own[np.diag_indices(len(own), own.ndim)] += 1.0
    return own.astype(dtype, copy=False), theta[:, -1].astype(dtype, copy=False)


def _mapped(x: np.ndarray, own: np.ndarray, added: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Return the scores after a linear map, in `out` if its shape fits."""
    out = out if out is not None and out.shape == x.shape else np.empty_like(x)
    (np.multiply if own.ndim == 1 else np.matmul)(x, own, out=out)
    out += added
    return out


def _search_is_long(n_rows: int, penalty: np.ndarray) -> bool:
    """Return whether a Hessian costs more than it saves, so that the search is L-BFGS."""
    too_long = penalty.size > NEWTON_PARAMETERS or n_rows * penalty.size**2 > NEWTON_WORK
    return too_long or n_rows * len(penalty) > WARM_ENTRIES


def scores_dtype(n_rows: int, penalty: np.ndarray, *, rough: bool = False) -> np.dtype:
    """Choose the precision of the scores for `fit_multinomial`.

    Parameters
    ----------
    n_rows : int
        Number of rows.
    penalty : ndarray of shape (n_classes, n_features)
        As for `fit_multinomial`.
    rough : bool, default=False
        Whether it is the loss that is wanted, and not the map: then the search may end short of the minimum, by some
        1e-4 nats a parameter summed over all rows.

    Returns
    -------
    dtype
        float32 above 2**20 entries, where the search is L-BFGS: half the time and memory. The rounding errors of so
        many terms, added in float64, move the minimum by far less than its standard error. Roughly wherever the search
        is L-BFGS, whose aim is wider in float32: a fifth to a tenth of the time. Else float64.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.multinomial import scores_dtype
    >>> scores_dtype(100_000, np.ones((100, 101))), scores_dtype(100, np.ones((100, 101)))
    (dtype('float32'), dtype('float64'))
    >>> scores_dtype(100, np.ones((100, 101)), rough=True)
    dtype('float32')
    """
    many = _search_is_long(n_rows, penalty) if rough else n_rows * len(penalty) > WARM_ENTRIES
    return np.dtype(np.float32 if many else np.float64)


class _Problem:
    """Rows, labels, weights and penalty."""

    def __init__(self, x: np.ndarray, y: np.ndarray, weight: np.ndarray | None, penalty: np.ndarray):
        self.x, self.y, self.penalty = x, y, penalty
        self.weight = weight
        self.full = penalty.shape[1] != 2

    def thinned(self, step: int) -> _Problem:
        """Keep one row in `step`, at places of a fixed generator; lower the penalty as much."""
        first = np.arange(0, len(self.y) - step + 1, step)
        index = first + np.random.default_rng(0).integers(0, step, len(first))
        weight = None if self.weight is None else self.weight[index]
        return _Problem(self.x[index], self.y[index], weight, self.penalty / step)

    def weights(self, rows: slice) -> np.ndarray:
        """Return the weights of some rows."""
        return np.ones(rows.stop - rows.start) if self.weight is None else self.weight[rows]

    def evaluate(self, theta: np.ndarray, curvature: str = "none") -> _At:
        """Sum loss, gradient and "full" or "diagonal" curvature over the rows, in blocks."""
        k, f = theta.shape
        gradient = self.penalty * theta
        value = float(np.vdot(gradient, theta))
        gradient *= 2.0
        hessian = None
        if curvature == "full":
            hessian = np.diag(2.0 * self.penalty.ravel())
        elif curvature == "diagonal":
            hessian = 2.0 * self.penalty.copy()
        own, added = _linear_map(theta, self.x.dtype)
        mass = None  # reused: memory from the system costs more than the arithmetic in it
        for rows in row_blocks(len(self.y), k * f if curvature == "full" else k):
            x, y, weight = self.x[rows], self.y[rows], self.weights(rows)
            mass = _mapped(x, own, added, mass)
            mass -= row_max(mass)[:, np.newaxis]
            place = np.arange(len(y)), y
            true_score = mass[place]
            total = row_sum(np.exp(mass, out=mass))
            value -= float(weight @ (true_score - np.log(total)))
            mass *= (weight / total).astype(x.dtype, copy=False)[:, np.newaxis]
            if curvature == "full" and hessian is not None:
                self._add_hessian(hessian, x, mass, weight)
            elif hessian is not None:
                proba = mass / np.maximum(weight, np.finfo(float).tiny)[:, np.newaxis]
                spread = mass * (1.0 - proba)
                hessian[:, -1] += spread.sum(axis=0)
                hessian[:, :-1] += spread.T @ x**2 if self.full else (spread * x**2).sum(axis=0)[:, np.newaxis]
            mass[place] -= weight
            gradient[:, -1] += mass.sum(axis=0)
            if self.full:
                gradient[:, :-1] += mass.T @ x
            else:
                gradient[:, 0] += np.einsum("ij,ij->j", mass, x)
        return _At(value, gradient, hessian)

    def _add_hessian(self, hessian: np.ndarray, x: np.ndarray, mass: np.ndarray, weight: np.ndarray) -> None:
        """Add sum_i w_i (diag p - p p') times the products of the features, for a block of rows."""
        n, k = x.shape
        if self.full:
            features = np.column_stack([x, np.ones(n)])
            products = (mass[:, :, np.newaxis] * features[:, np.newaxis, :]).reshape(n, -1)
        else:
            products = np.stack([mass * x, mass], axis=2).reshape(n, -1)
        # mass = w p, so p p' w = mass mass' / w
        scaled = products / np.sqrt(np.maximum(weight, np.finfo(float).tiny))[:, np.newaxis]
        hessian -= scaled.T @ scaled
        width = hessian.shape[0] // k
        for j in range(k):
            own = slice(j * width, (j + 1) * width)
            if self.full:
                hessian[own, own] += products[:, own].T @ features
            else:
                cross = products[:, 2 * j] @ np.column_stack([x[:, j], np.ones(n)])
                hessian[own, own] += np.array([[cross[0], cross[1]], [cross[1], products[:, 2 * j + 1].sum()]])


def _newton(problem: _Problem, theta: np.ndarray) -> np.ndarray:
    """Minimise by damped Newton steps."""
    at = problem.evaluate(theta, "full")
    for _ in range(MAX_STEPS):
        assert at.hessian is not None
        step = np.linalg.solve(at.hessian, at.gradient.ravel()).reshape(theta.shape)
        promised = float((step * at.gradient).sum())
        if promised <= TOL * max(1.0, at.value):
            return theta - step
        length = 1.0
        for _ in range(MAX_HALVINGS):
            tried = problem.evaluate(theta - length * step, "full")
            if tried.value <= at.value - 1e-4 * length * promised:
                break
            length *= 0.5
        else:
            return theta
        theta, at = theta - length * step, tried
    return theta


def _to_unit_curvature(problem: _Problem) -> np.ndarray:
    """Return for each class the matrix to coordinates in which its own curvature at 0 is about the unit matrix."""
    k, f = problem.penalty.shape
    step = max(1, len(problem.y) // CURVATURE_ROWS)
    few = problem.thinned(step) if step > 1 else problem
    blocks = np.zeros((k, f, f))
    for rows in row_blocks(len(few.y), k):
        x, weight = few.x[rows], few.weights(rows)
        proba = softmax(x)
        spread = weight[:, np.newaxis] * proba * (1.0 - proba)
        if problem.full:
            # In the precision of the scores: a scale needs no more, and products of matrices take half of the time.
            features = np.column_stack([x, np.ones(len(x), x.dtype)])
            root = np.sqrt(spread).astype(x.dtype, copy=False)
            for j in range(k):
                weighted = features * root[:, j : j + 1]
                blocks[j] += weighted.T @ weighted
        else:
            blocks[:, 0, 0] += (spread * x**2).sum(axis=0)
            blocks[:, 0, 1] += (spread * x).sum(axis=0)
            blocks[:, 1, 1] += spread.sum(axis=0)
    if not problem.full:
        blocks[:, 1, 0] = blocks[:, 0, 1]
    blocks *= step
    blocks[:, np.arange(f), np.arange(f)] += 2.0 * problem.penalty
    for block in blocks:  # one by one: together they are as large as the data
        # H = L L' gives the coordinates L' theta
        block[:] = dtrtri(np.linalg.cholesky(block), lower=1)[0].T
    return blocks


def _quasi_newton(problem: _Problem, theta: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Minimise by L-BFGS in coordinates scaled by the curvature within each class, or of each parameter."""
    start = theta  # in the other coordinates
    if theta.any():
        start = np.linalg.solve(scale, theta[:, :, np.newaxis])[:, :, 0] if scale.ndim == 3 else theta / scale
    # One number added to all entries of a column moves all scores of a row alike: only the penalty feels it, and is
    # smallest where the weighted sum of the column is 0. The factors of a vector multiply different scores.
    share = problem.penalty / problem.penalty.sum(axis=0)
    if not problem.full:
        share[:, 0] = 0.0

    def centred(phi: np.ndarray) -> np.ndarray:
        """Return the parameters without what all classes share."""
        theta = phi.reshape(share.shape)
        theta = np.matmul(scale, theta[:, :, np.newaxis])[:, :, 0] if scale.ndim == 3 else scale * theta
        return theta - (share * theta).sum(axis=0)

    def objective(phi: np.ndarray) -> tuple[float, np.ndarray]:
        at = problem.evaluate(centred(phi))
        slope = at.gradient - share * at.gradient.sum(axis=0)
        slope = np.matmul(slope[:, np.newaxis], scale)[:, 0] if scale.ndim == 3 else scale * slope
        return at.value, slope.ravel()

    # In scaled coordinates gradient^2 / 2 is about the decrease that is left for a parameter, in nats, and the
    # gradient is about the step to the minimum. The search makes its first step of length 1: so that is the unit.
    first = [objective(start.ravel())]
    unit = float(np.linalg.norm(first[0][1])) or 1.0

    def in_units(phi: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = first.pop() if first else objective(phi * unit)
        return value, slope * unit

    # no more of them than the scores are large: with hundreds of classes and few rows each they were ten times the data
    n_pairs = int(np.clip(problem.x.size // (2 * problem.penalty.size), FEWEST_PAIRS, MOST_PAIRS))
    found = minimize(
        in_units,
        start.ravel() / unit,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 1000, "maxcor": n_pairs, "gtol": GRADIENT_TOL[problem.x.dtype.name] * unit, "ftol": 1e-15},
    )
    return centred(found.x * unit)


def _large_search(problem: _Problem, theta: np.ndarray, warm: bool) -> np.ndarray:
    """Minimise by L-BFGS, on one row in 16 first if there is no better start."""
    if problem.penalty.size * problem.penalty.shape[1] <= BLOCK_PARAMETERS:
        scale = _to_unit_curvature(problem)
    else:
        curvature = problem.evaluate(theta, "diagonal").hessian
        assert curvature is not None
        np.sqrt(np.maximum(curvature, 1e-12, out=curvature), out=curvature)
        scale = np.divide(1.0, curvature, out=curvature)
    if warm:
        theta = _quasi_newton(problem.thinned(THINNING), theta, scale * np.sqrt(THINNING))
    return _quasi_newton(problem, theta, scale)


def fit_multinomial(
    x: np.ndarray,
    y: np.ndarray,
    weight: np.ndarray | None = None,
    *,
    penalty: np.ndarray,
    start: np.ndarray | None = None,
) -> np.ndarray:
    """Fit the linear map that, added to the scores, makes the labels most likely under a ridge penalty.

    Parameters
    ----------
    x : ndarray of shape (n_rows, n_classes), float64 or float32
        Finite scores, such as log probabilities; `scores_dtype` says which precision does.
    y : ndarray of int of shape (n_rows,)
        Column of each row's label.
    weight : ndarray of shape (n_rows,), float64, or None
        Non-negative weights; a weight k is the row repeated k times.
    penalty : ndarray of shape (n_classes, 2) or (n_classes, n_classes + 1)
        Of the square of each parameter, in nats; positive. The shape says which map is fitted, see
        `adjusted_scores`.
    start : ndarray of the shape of `penalty`, optional
        Where the search starts, if that is better than 0, which changes nothing.

    Returns
    -------
    ndarray of the shape of `penalty`
        The only minimum.

    Notes
    -----
    Minimises sum_i w_i [-log softmax(z_i)_y] + sum penalty theta^2, z = x + theta(x). Since theta = 0 has no
    penalty, the loss is never above that of the scores themselves. Newton up to 600 parameters, if the number of rows
    times their square is at most 2**24, L-BFGS above. Without a start, on more than 2**20 entries, a first search on
    one row in 16 provides it.

    Examples
    --------
    Equal scores, three labels of four in the second class; the intercepts differ by about log 3:

    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.multinomial import fit_multinomial
    >>> theta = fit_multinomial(np.zeros((4, 2)), np.array([1, 1, 1, 0]), penalty=np.full((2, 2), 1e-6))
    >>> print(round(theta[1, 1] - theta[0, 1], 4), round(np.log(3), 4))
    1.0986 1.0986
    """
    problem = _Problem(x, y, weight, penalty)
    theta = np.zeros(penalty.shape)
    if start is not None:
        with np.errstate(over="ignore", invalid="ignore"):  # what is no number is not better
            better = problem.evaluate(start).value <= problem.evaluate(theta).value
        theta = start if better else theta
    warm = start is None and x.size > WARM_ENTRIES and len(y) >= 100 * THINNING
    return _large_search(problem, theta, warm) if _search_is_long(len(y), penalty) else _newton(problem, theta)


def log_evidence(
    x: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None, *, penalty: np.ndarray, theta: np.ndarray
) -> float:
    """Approximate the log probability of the labels under a penalty, the parameters integrated out.

    Parameters
    ----------
    x, y, weight, penalty
        As for `fit_multinomial`.
    theta : ndarray of the shape of `penalty`
        What `fit_multinomial` found.

    Returns
    -------
    float
        In nats. A penalty with more of it explains the labels better, without any held-out row.

    Notes
    -----
    Laplace's approximation: the penalty is a normal prior of precision 2 penalty, and the log evidence is
    -(loss + penalty) + log det(2 penalty) / 2 - log det(H) / 2, with H the curvature at the minimum; its diagonal
    alone above 600 parameters.

    References
    ----------
    D. J. C. MacKay, "The Evidence Framework Applied to Classification Networks", *Neural Computation*, 1992.

    Examples
    --------
    Labels that have nothing to do with the scores speak for a strong penalty, labels that follow one class do not:

    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.multinomial import fit_multinomial, log_evidence
    >>> x, weak, strong = np.zeros((100, 2)), np.full((2, 2), 0.1), np.full((2, 2), 1000.0)
    >>> for y in (np.arange(100) % 2, np.ones(100, dtype=int)):
    ...     fits = [(one, fit_multinomial(x, y, penalty=one)) for one in (weak, strong)]
    ...     lax, strict = (log_evidence(x, y, penalty=one, theta=theta) for one, theta in fits)
    ...     print(lax < strict)
    True
    False
    """
    exact = penalty.size <= NEWTON_PARAMETERS
    at = _Problem(x, y, weight, penalty).evaluate(theta, "full" if exact else "diagonal")
    assert at.hessian is not None
    curvature = np.linalg.slogdet(at.hessian)[1] if exact else np.log(at.hessian).sum()
    return float(-at.value + 0.5 * np.log(2.0 * penalty).sum() - 0.5 * curvature)
