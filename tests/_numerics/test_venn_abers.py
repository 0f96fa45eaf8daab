import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from sklearn_lossacc._numerics import venn_abers
from sklearn_lossacc._numerics.venn_abers import fit_venn_abers, venn_abers_pair


@pytest.fixture(params=[2**16, 0], ids=["few", "many"], autouse=True)
def few_points(request, monkeypatch):
    monkeypatch.setattr(venn_abers, "FEW_POINTS", request.param)


def by_definition(x, hit, weight, s, label):
    """Fit with the row (s, label) added."""
    model = IsotonicRegression()
    return model.fit(np.r_[x, s], np.r_[hit, label], np.r_[weight, 1.0]).predict([s])[0]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("weighted", [False, True])
def test_both_fits_are_those_of_the_definition(seed, weighted):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 40))
    x = rng.normal(size=n).round(int(rng.integers(0, 3)))  # with ties, and without
    hit = rng.random(n) < 1 / (1 + np.exp(-rng.normal() * 3 * x))
    weight = rng.integers(1, 4, n).astype(float) if weighted else np.ones(n)
    fit = fit_venn_abers(x, hit, weight if weighted else None)
    new = np.r_[x, rng.normal(size=30), -9.0, 9.0]
    p0, p1 = venn_abers_pair(new, *fit)
    for s, low, high in zip(new, p0, p1, strict=True):
        np.testing.assert_allclose(low, by_definition(x, hit, weight, s, 0.0), atol=1e-9)
        np.testing.assert_allclose(high, by_definition(x, hit, weight, s, 1.0), atol=1e-9)


def test_both_rise_with_the_score_and_never_meet():
    rng = np.random.default_rng(0)
    x = rng.normal(size=5000)
    hit = rng.logistic(size=5000) < x
    p0, p1 = venn_abers_pair(np.linspace(-4, 4, 1000), *fit_venn_abers(x, hit))
    assert (np.diff(p0) >= -1e-12).all()
    assert (np.diff(p1) >= -1e-12).all()
    assert (p0 < p1).all()
    assert (p1 > 0).all()
    assert (p0 < 1).all()
