import numpy as np
import pytest
from scipy.stats import poisson

from sklearn_lossacc._numerics.mixture import MixtureFit, fit_mixture, mixture_proba
from sklearn_lossacc.inference.floor import check_floor, finite, floor_posterior, material_floor
from sklearn_lossacc.inference.null import NullModel


def test_finite():
    np.testing.assert_array_equal(finite(np.array([[-np.inf, 0.0], [-50.0, -1.0]]), -36.0), [[-36, 0], [-50, -1]])


def surprise_by_definition(proba):
    return np.array([[row[row <= row[j] * (1 + 1e-9)].sum() for j in range(row.size)] for row in proba])


def test_check_floor_by_definition(planted):
    for outliers, noise in ((0, 0.1), (4, 0.0)):
        log_proba, y, _ = planted(2, 5, n=500, noise=noise, outliers=outliers)
        null = NullModel(log_proba, y, np.ones(500))
        fit = fit_mixture(log_proba, y)
        check, hit = check_floor(null, log_proba, fit)
        proba = mixture_proba(null.log_proba, fit.beta, fit.bias, 0.0)
        q = (1 - fit.floor) * proba + fit.floor / null.n_classes
        table = surprise_by_definition(proba)
        assert check.expected == pytest.approx((q * (table <= check.threshold * (1 + 1e-9))).sum())
        assert hit.sum() == (check.observed if outliers else 0)
        assert check.p_value == pytest.approx(poisson.sf(check.observed - 1, check.expected), rel=1e-6)
        if outliers:
            np.testing.assert_array_equal(hit, table[np.arange(500), y] <= check.threshold * (1 + 1e-9))


def test_check_floor_accepts_noise_and_rejects_outliers(planted):
    for k in (2, 5, 20):
        log_proba, y, _ = planted(0, k, noise=0.08, scale=1.5)
        check, _ = check_floor(NullModel(log_proba, y, np.ones(2000)), log_proba, fit_mixture(log_proba, y))
        assert check.p_value > 0.01
        log_proba, y, corrupt = planted(0, k, outliers=6, scale=1.5)
        check, hit = check_floor(NullModel(log_proba, y, np.ones(2000)), log_proba, fit_mixture(log_proba, y))
        assert check.p_value < 1e-4
        np.testing.assert_array_equal(np.flatnonzero(hit), corrupt)


def test_check_floor_counts_copies_once(planted):
    log_proba, y, _ = planted(2, 5, n=500, outliers=4)
    fit = fit_mixture(log_proba, y)
    one, hit = check_floor(NullModel(log_proba, y, np.ones(500)), log_proba, fit)
    rows = np.repeat(np.arange(500), 4)
    four, hits = check_floor(NullModel(log_proba[rows], y[rows], np.ones(2000), rows), log_proba[rows], fit)
    assert four.observed == 4 * one.observed > 0
    assert four.threshold == pytest.approx(one.threshold)
    assert four.p_value == pytest.approx(one.p_value, rel=1e-6)
    assert hit.any()
    np.testing.assert_array_equal(hits, hit[rows])


def test_check_floor_without_impossible_rows():
    null = NullModel(np.log(np.tile([0.6, 0.4], (50, 1))), np.arange(50) % 2, np.ones(50))
    check, hit = check_floor(null, null.log_proba, MixtureFit(1.0, np.zeros(2), 0.1, 0.0))
    assert (check.observed, check.p_value) == (0, 1.0)
    assert not hit.any()


def test_a_floor_counts_only_if_it_saves_nats_and_labels():
    p_true = np.repeat([0.9, 1e-4], [90, 10])
    log_proba = np.log(np.column_stack([1 - p_true, p_true]))
    null = NullModel(log_proba, np.ones(100, dtype=int), np.ones(100))
    # .9 log(.91/.9) + .1 log(.0101/.0001) nats are saved by e = .02
    assert material_floor(null, log_proba, 0.02)
    # half of .008 is a rate below .005, whatever it saves
    assert not material_floor(null, log_proba, 0.008)
    blunt = np.log(np.full((100, 2), [0.4, 0.6]))
    labels = np.repeat([0, 1], [41, 59])
    # .41 log(.402/.4) + .59 log(.598/.6) = .00007 nats
    assert not material_floor(NullModel(blunt, labels, np.ones(100)), blunt, 0.02)


def test_floor_posterior_by_hand():
    # q = .8 p + .1: a label of probability .1 is .08 model and .1 floor.
    null = NullModel(np.log([[0.1, 0.9], [0.1, 0.9]]), np.array([0, 1]), np.ones(2))
    posterior = floor_posterior(null, null.log_proba, MixtureFit(1.0, np.zeros(2), 0.2, 0.0))
    np.testing.assert_allclose(posterior, [0.1 / 0.18, 0.1 / 0.82])
