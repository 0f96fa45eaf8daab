import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from sklearn_lossacc.inference.one_way_flips import one_way_flips


@pytest.mark.parametrize("sharpness", [1.0, 6.0])
def test_they_are_the_likeliest_of_all_pairs_and_shares(sharpness):
    rng = np.random.default_rng(3)
    proba = rng.dirichlet(np.full(4, 1 / sharpness), 600)
    y = np.array([rng.choice(4, p=row) for row in proba])
    y[(y == 2) & (rng.random(600) < 0.3)] = 0
    weight = rng.uniform(0.5, 2.0, 600)

    def lost(share, true, given):
        law = proba.copy()
        law[:, given] += share * proba[:, true]
        law[:, true] *= 1 - share
        return -weight @ np.log(np.maximum(law[np.arange(600), y], 1e-300))

    ends = {
        (true, given): minimize_scalar(lost, bounds=(0, 0.99), args=(true, given), options={"xatol": 1e-8})
        for true in range(4)
        for given in range(4)
        if true != given
    }
    found, pair = one_way_flips(proba, y, weight), min(ends, key=lambda pair: ends[pair].fun)
    assert (found.true, found.given) == pair == (2, 0)
    assert found.share == pytest.approx(ends[pair].x, abs=1e-5)
    assert found.log_likelihood == pytest.approx(-ends[pair].fun, abs=1e-6)


def test_healthy_labels_are_not_flipped():
    proba = np.repeat(np.eye(3) * 0.85 + 0.05, 20, axis=0)
    y = np.concatenate([np.repeat([j, (j + 1) % 3, (j + 2) % 3], [18, 1, 1]) for j in range(3)])
    assert one_way_flips(proba, y, np.ones(60)).share < 0.01
