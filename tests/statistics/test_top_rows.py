"""The rows that stand out: the bounds that save work must not lose any of them."""

import itertools

import numpy as np
import pytest

from sklearn_lossacc.statistics import TopRows, summarize, tally, top_rows

MANY = 41
FORMS = ["proba", "unnormalised", "logits", "float32"]


@pytest.fixture
def few_kept(monkeypatch):
    """Keep 41 rows and look at them in small chunks, so that the limits tighten often."""
    monkeypatch.setattr(top_rows, "MAX_TOP_ROWS", MANY)
    monkeypatch.setattr(tally, "MAX_TOP_ROWS", MANY)
    monkeypatch.setattr(tally, "CHUNK_ROWS", 50)


def draw(n_classes, scale, noise, *, n_rows=1500, seed=0):
    """Labels from a softmax model of the given sharpness, of which a share is replaced by chance."""
    rng = np.random.default_rng(seed)
    logits = scale * rng.normal(size=(n_rows, n_classes)) * rng.gamma(2.0, size=(n_rows, 1))
    y = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    flipped = rng.random(n_rows) < noise
    return np.where(flipped, rng.integers(0, n_classes, n_rows), y), logits


def surprise(y, proba):
    return np.array([p[p <= p[label] * (1 + 1e-9)].sum() for label, p in zip(y, proba, strict=True)])


@pytest.mark.usefixtures("few_kept")
@pytest.mark.parametrize(("scale", "noise"), [(0.01, 0.0), (0.5, 0.0), (2.0, 0.05), (6.0, 0.2), (2.0, 1.0)])
@pytest.mark.parametrize(("n_classes", "form"), [*itertools.product([2, 10, 40, 300], FORMS), (2, "1d")])
def test_against_looking_at_every_row(n_classes, scale, noise, form):
    y, logits = draw(n_classes, scale, noise)
    proba = np.exp(logits - logits.max(axis=1, keepdims=True))
    proba /= proba.sum(axis=1, keepdims=True)
    scores = {"logits": logits, "float32": proba.astype(np.float32), "1d": proba[:, 1]}.get(form, proba)
    if form == "1d":
        proba[:, 0] = 1 - proba[:, 1]
    if form == "unnormalised":
        scores = proba * np.linspace(0.9995, 1.0005, len(y))[:, None]
    summary = summarize(y, scores, input="logits" if form == "logits" else "proba", classes=np.arange(n_classes))
    rtol = 1e-6 if form == "float32" else 1e-9

    p_value = surprise(y, proba)
    found = summary.top_surprise
    assert (len(found), found.n_candidates) == (MANY, len(y))
    np.testing.assert_allclose(found.surprise_p, np.sort(p_value)[:MANY], rtol=rtol, atol=1e-12)
    np.testing.assert_allclose(found.surprise_p, p_value[found.index], rtol=rtol, atol=1e-12)

    loss = -np.log(np.maximum(proba[np.arange(len(y)), y], 2.220446049250313e-16))
    found = summary.top_loss
    np.testing.assert_allclose(found.loss, -np.sort(-loss)[:MANY], rtol=rtol)
    np.testing.assert_allclose(found.surprise_p, p_value[found.index], rtol=rtol, atol=1e-12)


@pytest.mark.usefixtures("few_kept")
def test_ties_go_to_the_first_rows():
    y, proba = np.zeros(500, dtype=int), np.full((500, 2), 0.5)
    summary = summarize(y, proba, classes=[0, 1], row_offset=7)
    assert summary.top_loss.index.tolist() == summary.top_surprise.index.tolist() == list(range(7, 7 + MANY))
    proba[300] = [0.1, 0.9]
    summary = summarize(y, proba, classes=[0, 1])
    assert summary.top_loss.index.tolist() == summary.top_surprise.index.tolist() == [300, *range(MANY - 1)]


def test_a_thousand_rows_are_kept():
    y, logits = draw(3, 2.0, 0.1, n_rows=2500)
    summary = summarize(y, logits, input="logits")
    assert len(summary.top_loss) == len(summary.top_surprise) == 1000
    loss = np.logaddexp.reduce(logits, axis=1) - logits[np.arange(2500), y]
    assert set(summary.top_loss.index) == set(np.argsort(-loss)[:1000])


def test_parts_without_row_offset_merge_in_any_order():
    y, logits = draw(3, 2.0, 0.1, n_rows=900)
    parts = [summarize(y[i::3], logits[i::3], input="logits", classes=[0, 1, 2]) for i in range(3)]
    a = parts[0].merge(parts[1]).merge(parts[2])
    b = parts[2].merge(parts[0]).merge(parts[1])
    for name in ("top_loss", "top_surprise"):
        for column in top_rows.COLUMNS:
            np.testing.assert_array_equal(getattr(getattr(a, name), column), getattr(getattr(b, name), column))


def test_keys_of_groups_come_along():
    summary = summarize([0, 1, 0], [[0.5, 0.5], [0.9, 0.1], [0.2, 0.8]], groups=["u", "v", "v"])
    assert summary.top_loss.index.tolist() == [1, 2, 0]
    keys = summary.top_loss.group_key
    assert keys[0] == keys[1] != keys[2]
    assert set(keys) == set(summary.group_keys)
    assert summarize([0, 1], [[0.5, 0.5]] * 2).top_loss.group_key.tolist() == [0, 0]


def test_empty():
    empty = TopRows.empty("surprise")
    assert (len(empty), empty.n_candidates, empty.limit) == (0, 0, np.inf)
    assert TopRows.empty("loss").limit == -np.inf
    full = summarize([0, 1], [[0.5, 0.5]] * 2).top_surprise
    assert full.merge(empty).index.tolist() == [0, 1]
