"""Every number of a summary against its definition, written out row by row."""

import math

import numpy as np
import pytest

from sklearn_lossacc.statistics import PredictionSummary, summarize

CLIP = 2.220446049250313e-16


def log_probabilities(scores, input):
    """Natural logarithms in float64, by the definitions of the documentation."""
    scores = np.asarray(scores, dtype=np.float64)
    if scores.ndim == 1:
        scores = (
            np.stack([np.zeros_like(scores), scores], 1) if input == "logits" else np.stack([1 - scores, scores], 1)
        )
    if input == "logits":
        return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    with np.errstate(divide="ignore"):
        return np.log(scores / scores.sum(axis=1, keepdims=True))


def definition(y, log_proba):
    """One row of COLUMNS for each sample, with loops."""
    table = np.empty((len(y), 8))
    for i, (label, logs) in enumerate(zip(y, log_proba, strict=True)):
        p = np.exp(logs)
        terms = [(pj, lj) for pj, lj in zip(p, logs, strict=True) if pj > 0]
        entropy = -math.fsum(pj * lj for pj, lj in terms)
        table[i] = (
            1.0,
            -math.log(max(p[label], CLIP)),
            entropy,
            math.fsum(pj * (lj + entropy) ** 2 for pj, lj in terms),
            float(int(np.argmax(p)) == label),
            p.max(),
            math.fsum((pj - (j == label)) ** 2 for j, pj in enumerate(p)),
            1.0 - math.fsum(pj**2 for pj in p),
        )
    return table


def surprise(y, log_proba):
    proba = np.exp(log_proba)
    return np.array([p[p <= p[label] * (1 + 1e-9)].sum() for label, p in zip(y, proba, strict=True)])


def draw(n_classes, n_rows=400, *, scale=2.0, seed=0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=scale, size=(n_rows, n_classes))
    y = (logits + 1.5 * rng.gumbel(size=logits.shape)).argmax(axis=1)
    return y, logits


def cases():
    for n_classes in (2, 3, 10, 32, 33, 300):
        y, logits = draw(n_classes)
        proba = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        yield f"proba-{n_classes}", y, proba, "proba"
        yield f"unnormalised-{n_classes}", y, proba * np.linspace(0.9995, 1.0005, len(y))[:, None], "proba"
        yield f"logits-{n_classes}", y, logits + 5.0, "logits"
        coarse = np.round(proba, 1 if n_classes < 10 else 2)
        coarse[coarse.sum(axis=1) == 0, 0] = 1.0
        yield f"ties-and-zeros-{n_classes}", y, coarse / coarse.sum(axis=1, keepdims=True), "proba"
    y, logits = draw(2)
    difference = logits[:, 1] - logits[:, 0]
    yield "1d-proba", y, 1 / (1 + np.exp(-difference)), "proba"
    yield "1d-logits", y, difference, "logits"
    yield "extreme-logits", y, 300.0 * logits, "logits"
    yield (
        "fortran",
        *draw(40)[:1],
        np.asfortranarray(np.exp(draw(40)[1]) / np.exp(draw(40)[1]).sum(1)[:, None]),
        "proba",
    )


CASES = {name: case for name, *case in cases()}


@pytest.fixture(params=CASES)
def case(request):
    y, scores, input = CASES[request.param]
    rng = np.random.default_rng(1)
    weight = rng.integers(0, 3, len(y)) * 0.5
    options = {"input": input, "classes": np.arange(2 if scores.ndim == 1 else scores.shape[1])}
    return y, scores, weight, options


@pytest.mark.parametrize("weighted", [False, True])
def test_sums(case, weighted):
    y, scores, weight, options = case
    summary = summarize(y, scores, sample_weight=weight if weighted else None, **options)
    log_proba = log_probabilities(scores, options["input"])
    table = definition(y, log_proba)
    w = weight if weighted else np.ones(len(y))
    close = {"rtol": 1e-9, "atol": 1e-10}
    np.testing.assert_allclose(summary.first, w @ table, **close)
    np.testing.assert_allclose(summary.second, (table * (w**2)[:, None]).T @ table, **close)
    np.testing.assert_allclose(summary.sum_w2, (w**2).sum(), **close)
    np.testing.assert_allclose(summary.proba_sum, w @ np.exp(log_proba), **close)
    for name, column in zip(PredictionSummary.COLUMNS, table.T, strict=True):
        mean = w @ column / w.sum()
        assert summary.mean(name) == pytest.approx(mean, rel=1e-9, abs=1e-10)
        variance = (w**2) @ (column - mean) ** 2 / w.sum() ** 2
        assert summary.variance_of_mean(name) == pytest.approx(variance, rel=1e-8, abs=1e-14)


@pytest.mark.parametrize("weighted", [False, True])
def test_classes(case, weighted):
    y, scores, weight, options = case
    summary = summarize(y, scores, sample_weight=weight if weighted else None, **options)
    table = definition(y, log_probabilities(scores, options["input"]))
    pred = np.exp(log_probabilities(scores, options["input"])).argmax(axis=1)
    w = weight if weighted else np.ones(len(y))
    loss, k = table[:, 1], summary.n_classes
    for j in range(k):
        own = (y == j) & (w > 0)
        assert summary.class_rows[j] == own.sum()
        assert summary.class_weight[j] == pytest.approx(w[own].sum())
        assert summary.class_weight2[j] == pytest.approx((w[own] ** 2).sum())
        assert summary.class_loss[j] == pytest.approx(w[own] @ loss[own])
        assert summary.class_loss2[j] == pytest.approx((w[own] * loss[own]) @ (w[own] * loss[own]))
        assert summary.class_correct[j] == pytest.approx(w[own] @ (pred[own] == j))
        assert summary.predicted_weight[j] == pytest.approx(w[pred == j].sum())
    confusion = np.zeros((k, k))
    np.add.at(confusion, (y, pred), w)
    np.testing.assert_allclose(summary.confusion(), confusion)
    true, predicted, cells = summary.confusion_cells()
    assert cells.min() > 0
    np.testing.assert_allclose(cells, confusion[true, predicted])
    assert cells.sum() == pytest.approx(confusion.sum())


def test_reliability(case):
    y, scores, weight, options = case
    summary = summarize(y, scores, sample_weight=weight, **options)
    table = definition(y, log_probabilities(scores, options["input"]))
    correct, confidence = table[:, 4], table[:, 5]
    coarse = summary.coarsen(15)
    low, high = np.arange(15) / 15, np.arange(1, 16) / 15
    np.testing.assert_array_equal(coarse["low"], low)
    np.testing.assert_array_equal(coarse["high"], high)
    inside = (confidence[:, None] > low) & (confidence[:, None] <= high) & (weight > 0)[:, None]
    # At the limits of bins, the last digit of a confidence would decide.
    if (np.abs(confidence[:, None] - np.arange(1, 15) / 15) > 1e-12).all():
        np.testing.assert_array_equal(coarse["rows"], inside.sum(axis=0))
        for name, values in {
            "weight": weight,
            "weight2": weight**2,
            "confidence": weight * confidence,
            "correct": weight * correct,
        }.items():
            np.testing.assert_allclose(coarse[name], values @ inside, atol=1e-12)
    assert coarse["rows"].sum() == (weight > 0).sum()
    assert coarse["confidence"].sum() == pytest.approx(weight @ confidence)


def test_top_rows(case):
    y, scores, _, options = case
    summary = summarize(y, scores, row_offset=1000, **options)
    log_proba = log_probabilities(scores, options["input"])
    table, p_value = definition(y, log_proba), surprise(y, log_proba)
    n = len(y)
    for top, measure in ((summary.top_loss, -table[:, 1]), (summary.top_surprise, p_value)):
        assert len(top) == top.n_candidates == n
        rows = top.index - 1000
        assert sorted(rows) == list(range(n))
        assert (np.diff(measure[rows]) >= -1e-9).all()
        np.testing.assert_array_equal(top.y, y[rows])
        np.testing.assert_allclose(top.p_true, np.exp(log_proba)[rows, y[rows]], rtol=1e-9)
        np.testing.assert_allclose(top.p_pred, table[rows, 5], rtol=1e-12)
        np.testing.assert_allclose(top.loss, table[rows, 1], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(top.surprise_p, p_value[rows], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(np.exp(log_proba)[rows, top.pred], table[rows, 5], rtol=1e-12)


def test_sample_is_every_row(case):
    y, scores, weight, options = case
    sample = summarize(y, scores, sample_weight=weight, row_offset=50, **options).sample
    rows = sample.index - 50
    assert sample.complete
    assert sorted(rows) == np.flatnonzero(weight).tolist()
    np.testing.assert_array_equal(sample.y, y[rows])
    np.testing.assert_array_equal(sample.weight, weight[rows])
    np.testing.assert_allclose(
        sample.log_proba, log_probabilities(scores, options["input"])[rows], rtol=1e-9, atol=1e-9
    )


@pytest.mark.parametrize("input", ["proba", "logits"])
@pytest.mark.parametrize("n_classes", [2, 10, 200])
def test_float32_is_right_to_its_precision(input, n_classes):
    y, logits = draw(n_classes, 3000)
    scores = logits if input == "logits" else np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    short = scores.astype(np.float32)
    summary = summarize(y, short, input=input, classes=np.arange(n_classes))
    assert summary.dtype == "float32"
    exact = definition(y, log_probabilities(short, input)).sum(axis=0)
    np.testing.assert_allclose(summary.first, exact, rtol=2e-7)


def test_infinite_loss():
    proba = [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.5, 0.5], [1 - 1e-17, 1e-17]]
    summary = summarize([1, 1, 1, 0, 1], proba, sample_weight=[2.0, 1.0, 0.0, 1.0, 4.0])
    assert (summary.zero_rows, summary.zero_weight, summary.clipped_rows) == (1, 2.0, 2)
    assert summary.log_loss == np.inf
    assert summary.raw_loss_sum == pytest.approx(math.log(2) - 4 * math.log(1e-17))
    assert summary.mean("loss") == pytest.approx((-6 * math.log(CLIP) + math.log(2)) / 8)
    assert summary.mean("entropy") == pytest.approx((math.log(2) - 4e-17 * math.log(1e-17)) / 8)
    assert summary.min_max_proba == (0.0, 1.0)
    assert summary.sample.log_proba[summary.sample.index == 0].tolist() == [[0.0, -np.inf]]


def test_logits_have_no_infinite_loss():
    summary = summarize([1, 0], [[0.0, -2000.0], [0.0, -2000.0]], input="logits")
    assert (summary.zero_rows, summary.clipped_rows) == (0, 1)
    assert summary.log_loss == pytest.approx(1000.0)
    assert summary.mean("loss") == pytest.approx(-math.log(CLIP) / 2)
    assert summary.mean("varentropy") == 0.0


def test_first_of_equal_maxima_is_predicted():
    for n_classes in (4, 50):
        proba = np.zeros((3, n_classes))
        proba[0, [0, 1]] = proba[1, [2, 3]] = 0.5
        proba[2] = 1 / n_classes
        summary = summarize([1, 2, 0], proba, classes=np.arange(n_classes))
        assert np.flatnonzero(summary.predicted_weight).tolist() == [0, 2]
        assert summary.mean("correct") == pytest.approx(2 / 3)
        # All of equal probability: nothing is surprising.
        assert summary.top_surprise.surprise_p.tolist() == pytest.approx([1.0, 1.0, 1.0])


def test_uniform_rows_have_no_spread():
    # The variance must be that of equal values, not what is left of a difference of large sums.
    for n_classes in (3, 100):
        summary = summarize(np.arange(n_classes), np.full((n_classes, n_classes), 1 / n_classes))
        assert summary.mean("entropy") == pytest.approx(math.log(n_classes))
        assert 0 <= summary.mean("varentropy") < 1e-28
        assert 0 <= summary.variance_of_mean("loss") < 1e-30


class TestVariance:
    def test_of_a_contrast(self):
        y, logits = draw(4)
        summary = summarize(y, logits, input="logits")
        table = definition(y, log_probabilities(logits, "logits"))
        contrast = table[:, 1] - 2 * table[:, 2]
        found = summary.variance_of_mean({"loss": 1, "entropy": -2})
        assert found == pytest.approx(contrast.var() / len(y), rel=1e-10)

    def test_small_spread_about_a_large_mean(self):
        p = 0.5 + 1e-7 * np.arange(100)
        summary = summarize(np.arange(100) % 2, np.stack([1 - p, p], axis=1))
        assert summary.variance_of_mean("confidence") == pytest.approx(p.var() / 100, rel=1e-6)

    def test_of_groups(self):
        y, logits = draw(3, 60)
        groups, weight = np.arange(60) % 7, np.linspace(1, 2, 60)
        summary = summarize(y, logits, input="logits", groups=groups, sample_weight=weight)
        loss = definition(y, log_probabilities(logits, "logits"))[:, 1]
        deviation = weight * (loss - weight @ loss / weight.sum())
        sums = np.array([deviation[groups == g].sum() for g in range(7)])
        assert summary.variance_of_mean("loss") == pytest.approx(sums @ sums / weight.sum() ** 2 * 7 / 6)
        assert summary.n_groups == 7
        assert sorted(summary.group_rows) == [8, 8, 8, 9, 9, 9, 9]

    def test_of_one_group_is_unknown(self):
        assert math.isnan(summarize([0, 1], [[0.5, 0.5], [0.2, 0.8]], groups=[1, 1]).variance_of_mean("loss"))

    def test_groups_of_weight_zero_do_not_count(self):
        summary = summarize([0, 1, 1], [[0.5, 0.5]] * 3, groups=["a", "b", "c"], sample_weight=[1, 0, 1])
        assert summary.n_groups == 2


def test_softmax_twice_can_be_undone():
    rng = np.random.default_rng(0)
    for n_classes in (2, 10, 100):
        once = rng.dirichlet(np.ones(n_classes), 500)
        y = np.arange(500) % n_classes
        twice = np.exp(once) / np.exp(once).sum(axis=1, keepdims=True)
        for scores in (twice, twice.astype(np.float32)):
            assert summarize(y, scores, classes=np.arange(n_classes)).undo_softmax_ok
            assert summarize(y, np.log(scores), input="logits", classes=np.arange(n_classes)).undo_softmax_ok
        assert not summarize(y, once, classes=np.arange(n_classes)).undo_softmax_ok
        # One row is enough to exclude it, wherever it is.
        twice[417] = once[417]
        assert not summarize(y, twice, classes=np.arange(n_classes)).undo_softmax_ok
        weight = np.ones(500)
        weight[417] = 0.0
        assert summarize(y, twice, classes=np.arange(n_classes), sample_weight=weight).undo_softmax_ok


def test_zero_probability_excludes_a_second_softmax():
    assert not summarize([0, 1], [[1.0, 0.0], [0.5, 0.5]]).undo_softmax_ok


def test_what_was_declared_is_kept():
    summary = summarize(
        ["b", "a"], np.array([[0.5, 0.5], [0.25, 0.75]], dtype=np.float16), classes=["b", "a"], out_of_sample=False,
        train_prior={"a": 1, "b": 3}, sample_entries=123,
    )  # fmt: skip
    assert summary.classes.tolist() == ["b", "a"]
    assert (summary.input, summary.dtype, summary.out_of_sample) == ("proba", "float16", False)
    assert summary.train_prior.tolist() == [0.75, 0.25]
    assert (summary.has_weights, summary.n_groups, summary.sample_entries) == (False, None, 123)
    assert (summary.group_keys, summary.group_sums, summary.group_rows) == (None, None, None)


def test_effective_n():
    summary = summarize([0, 1, 0], [[0.5, 0.5]] * 3, sample_weight=[1.0, 2.0, 3.0])
    assert summary.effective_n == pytest.approx(36 / 14)


def test_unknown_column():
    summary = summarize([0, 1], [[0.5, 0.5]] * 2)
    with pytest.raises(ValueError, match="'accuracy' is no column of a summary; the columns are one, loss"):
        summary.mean("accuracy")
    with pytest.raises(ValueError, match="'accuracy' is no column"):
        summary.variance_of_mean({"loss": 1, "accuracy": 1})


@pytest.mark.parametrize("n_bins", [0, -15, 7, 961])
def test_bins_that_do_not_fit(n_bins):
    with pytest.raises(ValueError, match=f"n_bins must divide 960, got {n_bins}"):
        summarize([0, 1], [[0.5, 0.5]] * 2).coarsen(n_bins)


def test_too_many_classes_for_a_dense_table():
    k = 1025
    summary = summarize([3, 1024], np.full((2, k), 1 / k), classes=np.arange(k))
    with pytest.raises(ValueError, match=r"1025 classes is too large \(at most 1024\); use confusion_cells"):
        summary.confusion()
    true, predicted, weight = summary.confusion_cells()
    assert (true.tolist(), predicted.tolist(), weight.tolist()) == ([3, 1024], [0, 0], [1.0, 1.0])


@pytest.mark.parametrize("sample_entries", [0, -1, 2.5, True, "many"])
def test_sample_entries_must_be_a_positive_integer(sample_entries):
    with pytest.raises(ValueError, match="sample_entries must be a positive integer"):
        summarize([0, 1], [[0.5, 0.5]] * 2, sample_entries=sample_entries)


def test_repr():
    text = repr(summarize([0, 1], [[0.5, 0.5]] * 2, groups=[1, 2]))
    assert text == "PredictionSummary(n_samples=2, n_classes=2, n_groups=2, log_loss=0.693147, accuracy=0.5)"
