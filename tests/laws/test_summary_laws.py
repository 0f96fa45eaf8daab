"""Laws of summaries: parts merge to the whole, order means nothing, weights are repetition.

Every field is compared, so that a statistic that is added to the summary is under the laws at once.
"""

import itertools
from dataclasses import fields

import numpy as np
import pytest

from sklearn_lossacc.exceptions import ClassesMismatchError, InvalidGroupsError, LossAccError
from sklearn_lossacc.statistics import PredictionSummary, sample, summarize, tally, top_rows

EXACT = {
    "input", "dtype", "out_of_sample", "has_weights", "has_identities", "sample_entries", "undo_softmax_ok",
    "min_max_proba",
}  # fmt: skip
COUNTS = {"n_rows", "n_samples", "zero_rows", "clipped_rows", "class_rows", "rel_rows"}
OBJECTS = {"classes", "train_prior", "moments", "groups", "confusion_counts", "top_loss", "top_surprise", "kept_rows"}
DERIVED = {
    "sum_w", "sum_w2", "effective_n", "log_loss", "first", "second",
    "class_weight", "class_correct", "predicted_weight",
}  # fmt: skip
SUMS = {field.name for field in fields(PredictionSummary)} - EXACT - COUNTS - OBJECTS


def make(
    n_classes=3,
    n_rows=700,
    *,
    input="proba",
    dtype="float64",
    weights=False,
    groups=False,
    zeros=False,
    one_d=False,
    features=False,
):
    rng = np.random.default_rng(n_classes + 10 * weights + 100 * groups)
    logits = rng.normal(scale=2.0, size=(n_rows, n_classes))
    y = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    proba = np.exp(logits - logits.max(axis=1, keepdims=True))
    if zeros:
        proba[proba < 0.01] = 0.0
        y[:20] = proba[:20].argmin(axis=1)
    proba /= proba.sum(axis=1, keepdims=True)
    scores = proba if input == "proba" else logits
    if one_d:
        scores = scores[:, 1] if input == "proba" else logits[:, 1] - logits[:, 0]
    data = {"y_true": y, "y_proba": scores.astype(dtype)}
    if weights:
        data["sample_weight"] = rng.integers(0, 4, n_rows) * 0.7
    if groups:
        data["groups"] = rng.integers(0, 90, n_rows)
    if features:
        data["X"] = rng.integers(0, 300, n_rows)
    return data, {"input": input, "classes": np.arange(n_classes)}


CASES = {
    "plain": {},
    "binary-1d": {"n_classes": 2, "one_d": True},
    "binary-1d-logits": {"n_classes": 2, "one_d": True, "input": "logits"},
    "logits": {"input": "logits", "n_classes": 10},
    "float32": {"dtype": "float32", "n_classes": 10},
    "float16-logits": {"dtype": "float16", "n_classes": 5, "input": "logits"},
    "zeros": {"zeros": True, "n_classes": 5},
    "weights": {"weights": True},
    "groups": {"groups": True},
    "features": {"features": True, "weights": True},
    "weights-groups": {"weights": True, "groups": True, "n_classes": 7},
    "wide": {"n_classes": 60, "weights": True, "zeros": True},
    "very-wide": {"n_classes": 300, "weights": True, "groups": True},
    "very-wide-float32-logits": {"n_classes": 300, "dtype": "float32", "input": "logits"},
}


@pytest.fixture(params=CASES)
def case(request):
    return make(**CASES[request.param])


@pytest.fixture(params=["complete", "sampled"])
def small(request, monkeypatch):
    """Keep few rows, so that the bounds are reached."""
    if request.param == "sampled":
        monkeypatch.setattr(sample, "MIN_SAMPLE_ROWS", 97)
        monkeypatch.setattr(top_rows, "MAX_TOP_ROWS", 41)
        monkeypatch.setattr(tally, "MAX_TOP_ROWS", 41)
        return {"sample_entries": 1}
    return {}


def rows_of(data, rows):
    return {name: values[rows] for name, values in data.items()}


def parts_of(data, options, cuts):
    return [
        summarize(**rows_of(data, slice(start, stop)), row_offset=start, **options)
        for start, stop in itertools.pairwise(cuts)
    ]


def merge_all(parts):
    merged = parts[0]
    for part in parts[1:]:
        merged = merged.merge(part)
    return merged


def assert_close(a, b, name, scale=1.0):
    np.testing.assert_allclose(np.multiply(a, scale), b, rtol=1e-12, atol=1e-300, err_msg=name)


def assert_same_sums(a, b):
    """Everything that is added up, but for the rows that are kept one by one."""
    for name in EXACT - {"min_max_proba"}:
        assert getattr(a, name) == getattr(b, name), name
    for name in COUNTS:
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)
    for name in SUMS:
        assert_close(getattr(a, name), getattr(b, name), name)
    assert a.min_max_proba == b.min_max_proba
    for name in DERIVED:
        assert_close(getattr(a, name), getattr(b, name), name)
    deviation = np.sqrt(np.diag(a.moments.spread))
    np.testing.assert_allclose(
        a.moments.spread, b.moments.spread, rtol=0, atol=1e-11 * np.outer(deviation, deviation).max() + 1e-25
    )
    np.testing.assert_array_equal(a.confusion_counts.cells, b.confusion_counts.cells)
    assert_close(a.confusion_counts.weight, b.confusion_counts.weight, "confusion")
    assert (a.groups is None) == (b.groups is None)
    if a.groups is not None:
        np.testing.assert_array_equal(a.group_keys, b.group_keys)
        np.testing.assert_array_equal(a.group_rows, b.group_rows)
        assert_close(a.group_sums, b.group_sums, "group_sums")


def assert_same_rows(a, b, *, index=True):
    """The rows that are kept one by one, in their order."""
    for name, measure in (("top_loss", "loss"), ("top_surprise", "surprise_p")):
        assert getattr(a, name).n_candidates == getattr(b, name).n_candidates
        for column in top_rows.COLUMNS if index else (measure,):  # ties go by index
            np.testing.assert_array_equal(getattr(getattr(a, name), column), getattr(getattr(b, name), column), column)
    assert a.sample.complete == b.sample.complete
    for name in ("y", "log_proba", "weight", "identity", *(("index", "group", "group_keys") if index else ())):
        np.testing.assert_array_equal(getattr(a.sample, name), getattr(b.sample, name), name)
    if index:
        assert a.kept_rows.cutoff == b.kept_rows.cutoff


def test_every_field_is_under_the_laws():
    assert {field.name for field in fields(PredictionSummary)} == EXACT | COUNTS | OBJECTS | SUMS
    summary = summarize([0, 1], [[0.5, 0.5], [0.5, 0.5]])
    assert all(isinstance(getattr(summary, name), float | np.ndarray) for name in SUMS)


@pytest.mark.parametrize("cuts", [(0, 350, 700), (0, 60, 61, 300, 640, 700), tuple(range(0, 701, 50))], ids=len)
def test_parts_merge_to_the_whole(case, small, cuts):
    data, options = case
    options |= small
    whole = summarize(**data, **options)
    parts = parts_of(data, options, cuts)
    np.random.default_rng(len(cuts)).shuffle(parts)
    merged = merge_all(parts)
    assert_same_sums(merged, whole)
    assert_same_rows(merged, whole)
    if small:
        assert not whole.sample.complete


def test_merging_is_associative_and_commutative(case, small):
    data, options = case
    options |= small
    a, b, c = parts_of(data, options, (0, 200, 420, 700))
    first = a.merge(b).merge(c)
    for other in (a.merge(b.merge(c)), c.merge(a).merge(b), b.merge(c.merge(a))):
        assert_same_sums(first, other)
        assert_same_rows(first, other)


def test_saved_parts_merge_as_live_ones(case, small, tmp_path):
    data, options = case
    options |= small
    parts = parts_of(data, options, (0, 200, 420, 700))
    for i, part in enumerate(parts):
        part.save(tmp_path / f"{i}.zip")
    merged = merge_all([PredictionSummary.load(tmp_path / f"{i}.zip") for i in (2, 0, 1)])
    live = merge_all(parts)
    assert_same_sums(merged, live)
    assert_same_rows(merged, live)


@pytest.mark.parametrize("chunk_rows", [30, 300])
@pytest.mark.parametrize("entries", [1, 2000])
def test_blocks_do_not_show(case, small, monkeypatch, entries, chunk_rows):
    data, options = case
    options |= small
    usual = summarize(**data, **options)
    monkeypatch.setattr(tally, "BLOCK_ENTRIES", entries)
    monkeypatch.setattr(tally, "CHUNK_ROWS", chunk_rows)
    cut = summarize(**data, **options)
    assert_same_sums(cut, usual)
    assert_same_rows(cut, usual)


def test_order_of_rows_means_nothing(case):
    data, options = case
    order = np.random.default_rng(5).permutation(len(data["y_true"]))
    usual, permuted = summarize(**data, **options), summarize(**rows_of(data, order), **options)
    assert_same_sums(permuted, usual)
    assert_same_rows(permuted, usual, index=False)
    assert usual.sample.complete
    if usual.groups is not None:
        np.testing.assert_array_equal(permuted.sample.group, usual.sample.group)
    # Equal rows have no order of their own: the scores that an index leads to are what agrees.
    scores = data["y_proba"]
    np.testing.assert_array_equal(scores[order[permuted.sample.index]], scores[usual.sample.index])


def test_labels_are_names(case):
    data, options = case
    names = np.array([f"class {j}" for j in range(len(options["classes"]))])
    renamed = {**data, "y_true": names[data["y_true"]]}
    usual, other = summarize(**data, **options), summarize(**renamed, **{**options, "classes": names})
    assert_same_sums(other, usual)
    assert_same_rows(other, usual)
    assert other.classes.tolist() == names.tolist()


VALUES = {
    "raw_loss_sum",
    "zero_weight",
    "class_weight",
    "class_loss",
    "class_correct",
    "predicted_weight",
    "proba_sum",
    "rel_weight",
    "rel_confidence",
    "rel_correct",
}
SQUARES = {"class_weight2", "class_loss2", "rel_weight2"}


def test_every_sum_has_its_power_of_the_weight():
    assert VALUES - DERIVED | SQUARES == SUMS


def test_weights_repeat_rows(case):
    data, options = case
    rng = np.random.default_rng(6)
    copies = rng.integers(0, 4, len(data["y_true"]))
    groups = np.arange(len(copies))
    plain = {name: data[name] for name in ("y_true", "y_proba")}
    weighted = summarize(**plain, sample_weight=copies, groups=groups, **options)
    repeated = summarize(**rows_of(plain, np.repeat(groups, copies)), groups=np.repeat(groups, copies), **options)
    for name in VALUES | {"first", "log_loss", "sum_w", "confusion", "group_sums"}:
        a, b = getattr(weighted, name), getattr(repeated, name)
        assert_close(*((a(), b()) if callable(a) else (a, b)), name)
    for name in PredictionSummary.COLUMNS:
        assert weighted.mean(name) == pytest.approx(repeated.mean(name), rel=1e-12)
    # With the copies of a row in one group, the variance is that of weighted rows, too.
    contrast = {"loss": 1.0, "entropy": -1.0}
    assert weighted.variance_of_mean(contrast) == pytest.approx(repeated.variance_of_mean(contrast), rel=1e-9)
    assert weighted.undo_softmax_ok == repeated.undo_softmax_ok
    assert weighted.min_max_proba == repeated.min_max_proba


def test_weights_scale(case):
    data, options = case
    weight = np.random.default_rng(7).integers(1, 5, len(data["y_true"])) / 4
    usual = summarize(**{**data, "sample_weight": weight}, **options)
    scaled = summarize(**{**data, "sample_weight": 3.0 * weight}, **options)
    for name in VALUES | {"first", "sum_w"}:
        assert_close(getattr(usual, name), getattr(scaled, name), name, scale=3.0)
    for name in SQUARES | {"second", "sum_w2"}:
        assert_close(getattr(usual, name), getattr(scaled, name), name, scale=9.0)
    assert scaled.effective_n == pytest.approx(usual.effective_n, rel=1e-12)
    assert scaled.variance_of_mean("loss") == pytest.approx(usual.variance_of_mean("loss"), rel=1e-11)


def test_rows_of_weight_zero_contribute_nothing(case, small):
    data, options = case
    options |= small
    n = len(data["y_true"])
    weight = np.where(np.random.default_rng(8).random(n) < 0.4, 0.0, data.get("sample_weight", np.ones(n)))
    present = np.flatnonzero(weight)
    padded = summarize(**{**data, "sample_weight": weight}, **options)
    bare = summarize(**rows_of({**data, "sample_weight": weight}, present), **options)
    assert (padded.n_rows, bare.n_rows) == (n, present.size)
    object.__setattr__(padded, "n_rows", bare.n_rows)
    assert_same_sums(padded, bare)
    if not small:
        assert_same_rows(padded, bare, index=False)
    assert np.isin(padded.sample.index, present).all()
    assert np.isin(padded.top_loss.index, present).all()
    assert np.isin(padded.top_surprise.index, present).all()


@pytest.mark.parametrize("input", ["proba", "logits"])
def test_one_column_is_two(input):
    data, options = make(n_classes=2, one_d=True, input=input)
    one = data["y_proba"]
    two = np.stack([1 - one, one], axis=1) if input == "proba" else np.stack([np.zeros_like(one), one], axis=1)
    a, b = summarize(**data, **options), summarize(**{**data, "y_proba": two}, **options)
    assert_same_sums(a, b)


def test_unweighted_equals_weight_one(case, small):
    data, options = case
    options |= small
    data.pop("sample_weight", None)
    usual = summarize(**data, **options)
    ones = summarize(**data, sample_weight=np.ones(len(data["y_true"])), **options)
    assert (usual.has_weights, ones.has_weights) == (False, True)
    object.__setattr__(ones, "has_weights", False)
    assert_same_sums(ones, usual)
    assert_same_rows(ones, usual)


def test_weighted_and_unweighted_parts_merge():
    data, options = make()
    weight = np.concatenate([np.ones(300), np.full(400, 2.5)])
    left = summarize(**rows_of(data, slice(0, 300)), **options)
    right = summarize(**rows_of(data, slice(300, None)), sample_weight=weight[300:], row_offset=300, **options)
    whole = summarize(**data, sample_weight=weight, **options)
    merged = left.merge(right)
    assert merged.has_weights
    assert_same_sums(merged, whole)
    assert_same_rows(merged, whole)


def test_the_shorter_float_names_a_merged_export():
    left, right = (summarize(**data, **options) for data, options in (make(), make(dtype="float32")))
    assert left.merge(right).dtype == right.merge(left).dtype == "float32"


class TestIncompatible:
    """Summaries of different questions do not merge, and say why."""

    y, proba = [0, 1, 1], [[0.5, 0.5], [0.25, 0.75], [0.75, 0.25]]

    def check(self, error, match, **options):
        left, right = summarize(self.y, self.proba), summarize(self.y, self.proba, **options)
        for a, b in ((left, right), (right, left)):
            with pytest.raises(error, match=match):
                a.merge(b)

    def test_classes(self):
        other = summarize(["a", "b"], [[0.5, 0.5], [0.5, 0.5]])
        with pytest.raises(ClassesMismatchError, match=r"\[0, 1\] and \['a', 'b'\]"):
            summarize(self.y, self.proba).merge(other)

    def test_order_of_classes(self):
        self.check(ClassesMismatchError, "different classes", classes=[1, 0])

    def test_many_classes(self):
        classes = np.arange(3000)
        proba = np.full((2, 3000), 1 / 3000)
        left, right = (summarize([0, 1], proba, classes=one) for one in (classes, np.r_[classes[:-2], 2999, 2998]))
        with pytest.raises(ClassesMismatchError, match="first in column 2998: 2998 and 2999; pass") as caught:
            left.merge(right)
        assert len(str(caught.value)) < 300

    def test_groups(self):
        self.check(InvalidGroupsError, "groups to both, or to neither", groups=[1, 2, 3])

    def test_input(self):
        self.check(LossAccError, "different input", input="logits")

    def test_training_predictions(self):
        self.check(LossAccError, "different out_of_sample", out_of_sample=False)

    def test_train_prior(self):
        self.check(LossAccError, "different train_prior", train_prior=[0.5, 0.5])

    def test_sample_entries(self):
        self.check(
            LossAccError, "different sample_entries do not merge: (2097152 and 10|10 and 2097152);", sample_entries=10
        )

    def test_something_else(self):
        with pytest.raises(LossAccError, match="got list"):
            summarize(self.y, self.proba).merge([])
