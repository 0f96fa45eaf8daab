"""The row sample: which rows, in which order, and what stays in memory."""

import numpy as np
import pytest
from scipy.stats import binomtest, chisquare

from sklearn_lossacc.statistics import sample as sample_module
from sklearn_lossacc.statistics import summarize
from sklearn_lossacc.statistics.smallest_keys import SmallestKeys, below, smallest


@pytest.fixture
def few_rows(monkeypatch):
    monkeypatch.setattr(sample_module, "MIN_SAMPLE_ROWS", 50)


def draw(n_rows=1000, n_classes=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, n_classes, n_rows), rng.dirichlet(np.ones(n_classes), n_rows)


def test_size():
    assert sample_module.sample_bound(10, 2**21) == 209715
    assert sample_module.sample_bound(1000, 2**21) == 2097
    assert sample_module.sample_bound(5000, 2**21) == 2048


@pytest.mark.usefixtures("few_rows")
def test_bound_is_where_the_sample_begins():
    for n_rows, complete in ((49, True), (50, True), (51, False)):
        summary = summarize(*draw(n_rows), classes=[0, 1, 2], sample_entries=1)
        assert (len(summary.sample), summary.sample.complete) == (min(n_rows, 50), complete)
    assert len(summarize(*draw(400), sample_entries=600).sample) == 200


@pytest.mark.usefixtures("few_rows")
def test_sample_is_uniform():
    # Sorted by class and confidence, as no sampler by position would like it.
    y, proba = draw(3000)
    order = np.lexsort((proba.max(axis=1), y))
    found = summarize(y[order], proba[order], sample_entries=3 * 1500).sample
    assert len(found) == 1500
    assert chisquare(np.histogram(found.index, bins=10, range=(0, 3000))[0]).pvalue > 1e-3
    assert binomtest(int((found.index % 2 == 0).sum()), 1500).pvalue > 1e-3


@pytest.mark.usefixtures("few_rows")
def test_equal_rows_are_sampled_too():
    found = summarize(np.zeros(500, dtype=int), np.full((500, 2), 0.5), classes=[0, 1], sample_entries=1).sample
    assert len(found) == 50
    assert np.unique(found.index).size == 50


@pytest.mark.usefixtures("few_rows")
def test_row_offset_changes_the_choice():
    y, proba = draw()
    a, b = (summarize(y, proba, sample_entries=1, row_offset=offset).sample for offset in (0, 1000))
    assert b.index.min() >= 1000
    assert set(a.index) != set(b.index - 1000)


@pytest.mark.usefixtures("few_rows")
def test_whole_groups_are_kept():
    y, proba = draw()
    groups = np.arange(1000) // 7
    summary = summarize(y, proba, groups=groups, sample_entries=1)
    found = summary.sample
    kept = np.unique(groups[found.index])
    assert sorted(found.index) == np.flatnonzero(np.isin(groups, kept)).tolist()
    assert 50 - 7 < len(found) <= 50
    assert not found.complete
    # Codes count groups, and their keys are those of the sums by group.
    assert np.unique(found.group).tolist() == list(range(kept.size))
    for code in range(kept.size):
        assert np.unique(groups[found.index[found.group == code]]).size == 1
    where = np.searchsorted(summary.group_keys, found.group_keys)
    np.testing.assert_array_equal(summary.group_keys[where], found.group_keys)
    np.testing.assert_array_equal(summary.group_rows[where], np.bincount(found.group))


@pytest.mark.usefixtures("few_rows")
def test_a_single_large_group_is_cut():
    y, proba = draw()
    found = summarize(y, proba, groups=np.zeros(1000), sample_entries=1).sample
    assert len(found) == 50
    assert found.group.tolist() == [0] * 50


@pytest.mark.usefixtures("few_rows")
def test_first_group_of_the_sample_may_be_the_only_one():
    y, proba = draw()
    found = summarize(y, proba, groups=np.arange(1000) % 2, sample_entries=1).sample
    assert len(found) == 50
    assert np.unique(found.index % 2).size == 1


@pytest.mark.usefixtures("few_rows")
def test_merging_with_itself_keeps_both_copies_or_none():
    y, proba = draw(200)
    once = summarize(y, proba, sample_entries=1)
    twice = once.merge(once).sample
    assert 0 < len(twice) <= 50
    assert (np.unique(twice.index, return_counts=True)[1] == 2).all()


def test_order_is_that_of_the_content():
    y, proba = draw(300)
    order = np.random.default_rng(1).permutation(300)
    a, b = summarize(y, proba).sample, summarize(y[order], proba[order]).sample
    np.testing.assert_array_equal(a.log_proba, b.log_proba)
    assert a.index.tolist() != sorted(a.index.tolist())


def test_arrays_are_referenced_until_the_sample_is_read():
    y, proba = draw(300)
    summary = summarize(y, proba)
    assert summary.kept_rows.parts[0].predictions.scores is proba
    assert summary.sample is summary.sample


def test_memory_mapped_arrays_stay_on_disk(tmp_path):
    y, proba = draw(300)
    np.save(tmp_path / "p.npy", proba)
    mapped = np.load(tmp_path / "p.npy", mmap_mode="r")
    summary = summarize(y, mapped)
    assert isinstance(summary.kept_rows.parts[0].predictions.scores, np.memmap)
    np.testing.assert_array_equal(summary.sample.log_proba, summarize(y, proba).sample.log_proba)


class TestSmallestKeys:
    def stream(self, keys, bound, step):
        chosen = SmallestKeys(bound, len(keys))
        for start in range(0, keys[0].size, step):
            part = slice(start, start + step)
            chosen.offer(tuple(key[part] for key in keys), np.arange(keys[0].size)[part])
        return chosen

    @pytest.mark.parametrize("step", [1, 7, 100, 1000])
    @pytest.mark.parametrize("n_levels", [1, 2])
    def test_stream_keeps_the_smallest(self, step, n_levels):
        rng = np.random.default_rng(step)
        keys = (rng.integers(0, 40, 1000, dtype=np.uint64), rng.integers(0, 2**63, 1000, dtype=np.uint64))
        keys = keys if n_levels == 2 else keys[1:]
        order = np.lexsort(keys[::-1])
        chosen = self.stream(keys, 90, step)
        rows, kept = chosen.result()
        assert sorted(rows) == sorted(order[:90])
        assert chosen.cutoff == tuple(int(key[order[90]]) for key in keys)
        for a, b in zip(kept, keys, strict=True):
            np.testing.assert_array_equal(a, b[rows])

    def test_few_rows_are_all_kept(self):
        chosen = self.stream((np.arange(5, dtype=np.uint64),), 5, 2)
        assert chosen.result()[0].tolist() == [0, 1, 2, 3, 4]
        assert chosen.cutoff is None

    def test_ties_at_the_cutoff_are_all_left_out(self):
        keys = (np.array([3, 1, 2, 2, 2], dtype=np.uint64),)
        cutoff = smallest(keys, 3)
        assert cutoff == (2,)
        assert below(keys, cutoff).tolist() == [False, True, False, False, False]

    def test_keys_use_all_64_bits(self):
        keys = (np.array([2**64 - 1, 2**64 - 2, 2**53 + 1, 2**53], dtype=np.uint64),)
        assert smallest(keys, 1) == (2**53 + 1,)
        assert below(keys, (2**64 - 1,)).tolist() == [False, True, True, True]


@pytest.mark.usefixtures("few_rows")
@pytest.mark.parametrize("grouped", [False, True])
def test_part_of_a_sample_is_the_sample_of_a_smaller_bound(grouped):
    y, P = draw(1000)
    groups = np.arange(1000) // 7 if grouped else None
    large = summarize(y, P, groups=groups, sample_entries=3 * 600)
    small = summarize(y, P, groups=groups, sample_entries=3 * 100)
    part = large.subsample(100)
    np.testing.assert_array_equal(part.index, small.sample.index)
    np.testing.assert_array_equal(part.log_proba, small.sample.log_proba)
    assert not part.complete
    assert set(part.index) < set(large.sample.index)
    np.testing.assert_array_equal(large.subsample(5000).index, large.sample.index)


@pytest.mark.usefixtures("few_rows")
def test_part_of_a_sample_does_not_depend_on_how_rows_were_divided():
    y, P = draw(1000)
    whole = summarize(y, P, sample_entries=3 * 600).subsample(100)
    ahead = summarize(y[:300], P[:300], classes=[0, 1, 2], sample_entries=3 * 600)
    rest = summarize(y[300:], P[300:], classes=[0, 1, 2], row_offset=300, sample_entries=3 * 600)
    np.testing.assert_array_equal(rest.merge(ahead).subsample(100).index, whole.index)
