import numpy as np
import pytest
from scipy.special import softmax


@pytest.fixture(scope="session")
def overconfident():
    """Probabilities of a model whose logits are 2.5 times too large, and labels: 1500 rows, four classes."""
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=1.5, size=(1500, 4))
    y = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    return softmax(2.5 * logits, axis=1), y
