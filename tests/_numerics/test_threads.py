"""One thread of linear algebra while a diagnosis is made or a calibrator fitted, and nothing changed after it."""

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from sklearn_lossacc import diagnose
from sklearn_lossacc._numerics import one_blas_thread
from sklearn_lossacc.calibration import MatrixCalibrator
from sklearn_lossacc.findings import diagnosis as diagnosis_module


def blas_threads():
    """Number of threads of every linear algebra library of this process."""
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def _two_threads():
    """Let libraries use two threads, whatever the environment says."""
    with threadpool_limits(2, user_api="blas"):
        if blas_threads() != {2}:  # such as Accelerate, which takes no orders
            pytest.skip("no linear algebra library whose threads can be counted")
        yield


def test_one_thread_inside_and_all_after():
    with one_blas_thread():
        assert blas_threads() == {1}
        with one_blas_thread():
            assert blas_threads() == {1}
        assert blas_threads() == {1}
    assert blas_threads() == {2}


def test_an_error_restores_the_threads():
    with pytest.raises(RuntimeError, match="inside"), one_blas_thread():
        raise RuntimeError("inside")
    assert blas_threads() == {2}


def test_a_diagnosis_is_made_on_one_thread(monkeypatch):
    seen = []
    judge = diagnosis_module.judge_all
    monkeypatch.setattr(diagnosis_module, "judge_all", lambda *given: seen.append(blas_threads()) or judge(*given))
    diagnose([0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    assert (seen, blas_threads()) == ([{1}], {2})


def test_a_calibrator_is_fitted_on_one_thread(monkeypatch):
    seen = []
    fit = MatrixCalibrator._fit_checked
    monkeypatch.setattr(MatrixCalibrator, "_fit_checked", lambda *given: seen.append(blas_threads()) or fit(*given))
    rng = np.random.default_rng(0)
    proba = rng.dirichlet(np.ones(3), 300)
    y = (proba.cumsum(axis=1) < rng.random((300, 1))).sum(axis=1)
    MatrixCalibrator().fit(proba, y)
    assert (seen, blas_threads()) == ([{1}], {2})
