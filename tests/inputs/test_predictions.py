"""Predictions: checked once, walked in blocks, never copied."""

import pickle
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from sklearn_lossacc.exceptions import (
    InvalidGroupsError,
    InvalidPredictionsError,
    InvalidTargetError,
    LossAccError,
    NotProbabilitiesError,
)
from sklearn_lossacc.inputs import Predictions

RNG = np.random.default_rng(0)
N, K = 700, 4
Z = RNG.normal(scale=2, size=(N, K))
P = special.softmax(Z, axis=1)
Y = RNG.integers(0, K, N)
W = RNG.integers(0, 3, N).astype(float)
G = RNG.integers(0, 50, N)


def walk(predictions, entries):
    """Put the blocks together again."""
    blocks = list(predictions.blocks(entries))
    assert [block.start for block in blocks] == [0, *(block.stop for block in blocks[:-1])]
    assert blocks[-1].stop == predictions.n_rows
    return [
        None if getattr(blocks[0], name) is None else np.concatenate([getattr(block, name) for block in blocks])
        for name in ("y", "weight", "group")
    ] + [np.concatenate([getattr(block, name)() for block in blocks]) for name in ("proba", "log_proba")]


def test_attributes():
    p = Predictions.from_arrays(
        Y, P, sample_weight=W, groups=G, train_prior=[1, 1, 2, 4], out_of_sample=False, row_offset=10
    )
    assert (p.n_rows, p.n_classes, p.n_samples) == (N, K, np.count_nonzero(W))
    assert (p.input, p.dtype, p.out_of_sample, p.row_offset) == ("proba", "float64", False, 10)
    assert p.classes.tolist() == [0, 1, 2, 3]
    assert p.train_prior.tolist() == [0.125, 0.125, 0.25, 0.5]
    assert p.group_keys.size == np.unique(G).size
    assert p.y is Y
    assert p.scores is P
    assert p.sample_weight is W
    assert repr(p) == "Predictions(n_rows=700, n_classes=4, input='proba', dtype='float64')"


def test_defaults():
    p = Predictions.from_arrays(Y, P)
    assert (p.sample_weight, p.groups, p.group_keys, p.train_prior) == (None,) * 4
    assert (p.n_samples, p.out_of_sample, p.row_offset) == (N, True, 0)


@pytest.mark.parametrize("input", ["proba", "logits"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("entries", [1, 7, 4 * 123, 2**16])
@pytest.mark.parametrize("order", ["C", "F"])
def test_blocks_do_not_depend_on_the_split(input, dtype, entries, order):
    values = np.asarray(P if input == "proba" else Z, dtype=dtype, order=order)
    p = Predictions.from_arrays(Y, values, input=input, sample_weight=W, groups=G)
    rtol = 1e-12 if dtype == np.float64 else 1e-6
    for part, whole in zip(walk(p, entries), walk(p, 10**9), strict=True):
        assert part.dtype == whole.dtype
        np.testing.assert_allclose(part, whole, rtol=rtol, atol=rtol)


@settings(deadline=None, max_examples=50, derandomize=True)
@given(
    n=st.integers(1, 60),
    k=st.integers(2, 40),
    entries=st.integers(1, 3000),
    input=st.sampled_from(["proba", "logits"]),
    seed=st.integers(0, 10**6),
)
def test_blocks_of_any_shape(n, k, entries, input, seed):
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=rng.choice([0.1, 3, 100]), size=(n, k))
    expected = special.log_softmax(logits, axis=1)
    y = rng.integers(0, k, n)
    p = Predictions.from_arrays(y, np.exp(expected) if input == "proba" else logits, input=input)
    codes, _, _, proba, log_proba = walk(p, entries)
    assert np.array_equal(codes, y)
    np.testing.assert_allclose(proba, np.exp(expected), rtol=1e-11, atol=1e-300)
    likely = expected > -700
    np.testing.assert_allclose(log_proba[likely], expected[likely], rtol=1e-11, atol=1e-12)


def test_matrices_of_a_block_are_kept_and_read_only():
    for input in ("proba", "logits"):
        for names in (("proba", "log_proba"), ("log_proba", "proba")):
            block = next(Predictions.from_arrays(Y, P, input=input).blocks())
            for name in names:
                matrix = getattr(block, name)()
                assert getattr(block, name)() is matrix
                with pytest.raises(ValueError, match="read-only"):
                    matrix[0, 0] = 0
            np.testing.assert_allclose(np.exp(block.log_proba()), block.proba())


def test_take_is_the_rows_of_the_blocks():
    rows = np.array([3, 699, 0, 3])
    for input, dtype in (("proba", np.float64), ("logits", np.float64), ("proba", np.float32), ("logits", np.float16)):
        values = (P if input == "proba" else Z).astype(dtype)
        p = Predictions.from_arrays(Y, values, input=input, sample_weight=W)
        y, log_proba, weight = p.take(rows)
        assert log_proba.dtype == np.float64
        assert y.tolist() == Y[rows].tolist()
        assert weight.tolist() == W[rows].tolist()
        whole = walk(p, 10**9)[-1]
        np.testing.assert_allclose(log_proba, whole[rows], rtol=1e-12 if dtype == np.float64 else 1e-5, atol=1e-6)
    assert Predictions.from_arrays(Y, P).take([0, 1])[2].tolist() == [1, 1]
    assert Predictions.from_arrays(Y, P).take([])[1].shape == (0, K)


def test_one_column_equals_two():
    p = P[:, 0]
    y = (Y > 1).astype(int)
    two = walk(Predictions.from_arrays(y, np.column_stack((1 - p, p))), 100)
    one = walk(Predictions.from_arrays(y, p), 100)
    column = walk(Predictions.from_arrays(y, p[:, np.newaxis]), 100)
    for a, b, c in zip(two[3:], one[3:], column[3:], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
        np.testing.assert_array_equal(b, c)


def test_every_container_gives_the_same(tmp_path):
    np.save(tmp_path / "p.npy", P)
    memmap = np.load(tmp_path / "p.npy", mmap_mode="r")

    def parts(*arrays):
        y, proba, weight, groups = arrays
        p = Predictions.from_arrays(y, proba, sample_weight=weight, groups=groups)
        codes, weights, groups, *matrices = walk(p, 1000)
        return [codes, weights, p.group_keys[groups], *matrices]

    reference = parts(Y, P, W, G)
    index = RNG.permutation(N) + 5
    for y, proba, w, g in (
        (Y.tolist(), P.tolist(), W.tolist(), G.tolist()),
        (pd.Series(Y, index=index), pd.DataFrame(P, index=index), pd.Series(W, index=index + 1), pd.Series(G)),
        (Y.astype(np.int8), memmap, W.astype(int), G.astype(np.uint8)),
        (Y.astype(float), P.astype(object), W.astype(object), G.astype(object)),
        (pd.array(Y, dtype="Int64"), pd.DataFrame(P).astype("Float64"), pd.array(W, dtype="Float64"), pd.Series(G)),
    ):
        for part, expected in zip(parts(y, proba, w, g), reference, strict=True):
            np.testing.assert_allclose(part, expected, rtol=1e-14)
    assert isinstance(Predictions.from_arrays(Y, memmap).scores, np.memmap)


def test_a_missing_column_is_suspected():
    three = np.array([0, 1, 2, 2])
    proba = np.array([[0.5, 0.2], [0.2, 0.6], [0.1, 0.2], [0.2, 0.2]])
    with pytest.raises(NotProbabilitiesError, match=r"row 0 \(0\.7\).* 3 distinct labels and y_proba 2 columns: is a"):
        Predictions.from_arrays(three, proba)
    with pytest.raises(NotProbabilitiesError, match=r"as two classes\.$"):
        Predictions.from_arrays(np.minimum(three, 1), proba)


def test_a_column_too_many_is_named():
    frame = pd.DataFrame(P[:6]).assign(id=np.arange(6))
    with pytest.raises(NotProbabilitiesError, match=r"'id'\]: leave out those that are no scores of a class"):
        Predictions.from_arrays(Y[:6], frame)
    with pytest.raises(
        InvalidPredictionsError, match="column 'id' of y_proba holds 'x' in row 0; expected real numbers: le"
    ):
        Predictions.from_arrays(Y[:6], frame.assign(id="x"))


def test_a_path_is_no_array(tmp_path):
    for path in ("p.npy", tmp_path / "p.npy"):
        with pytest.raises(
            InvalidPredictionsError, match=r"p\.npy.*; pass an array; files are read by read_predictions"
        ):
            Predictions.from_arrays(Y, path)
    with pytest.raises(InvalidGroupsError, match=r"groups is the text 'patient'; pass an array\."):
        Predictions.from_arrays(Y, P, groups="patient")


def test_polars():
    pl = pytest.importorskip("polars")
    names = list("dcba")
    p = Predictions.from_arrays(pl.Series(["a", "b"]), pl.DataFrame(P[:2], schema=names), groups=pl.Series(["x", "y"]))
    assert p.classes.tolist() == names
    assert p.y.tolist() == [3, 2]
    np.testing.assert_allclose(walk(p, 100)[3], P[:2])
    with pytest.raises(InvalidTargetError, match="row 1"):
        Predictions.from_arrays(pl.Series(["a", None]), P[:2])


def test_pyarrow():
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"b": P[:2, 0], "a": 1 - P[:2, 0]})
    p = Predictions.from_arrays(pa.array(["a", "b"]), table)
    assert p.classes.tolist() == ["b", "a"]
    assert p.y.tolist() == [1, 0]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_torch(dtype):
    torch = pytest.importorskip("torch")
    logits = torch.tensor(Z, dtype=getattr(torch, dtype), requires_grad=True)
    p = Predictions.from_arrays(torch.tensor(Y), logits, input="logits")
    assert p.dtype == dtype
    np.testing.assert_allclose(walk(p, 1000)[3], P, atol=2e-2)


def test_a_data_frame_names_the_classes():
    frame = pd.DataFrame(P, columns=["d", "a", "c", "b"])
    y = np.array(["a", "b", "c", "d"])[Y]
    p = Predictions.from_arrays(y, frame)
    assert p.classes.tolist() == ["d", "a", "c", "b"]
    assert np.array_equal(p.classes[p.y], y)
    q = Predictions.from_arrays(y, frame, classes=["a", "b", "c", "d"])
    assert np.array_equal(q.classes[q.y], y)
    assert q.classes.tolist() == ["a", "b", "c", "d"]


def test_rows_of_weight_zero_are_kept_and_checked():
    weight = np.ones(N)
    weight[5] = 0
    p = Predictions.from_arrays(Y, P, sample_weight=weight)
    assert (p.n_rows, p.n_samples) == (N, N - 1)
    bad = P.copy()
    bad[5, 0] = np.nan
    with pytest.raises(InvalidPredictionsError, match="row 5"):
        Predictions.from_arrays(Y, bad, sample_weight=weight)


def test_one_row():
    p = Predictions.from_arrays([1], [[0.5, 0.5]], groups=["g"], sample_weight=[2])
    assert walk(p, 100)[0].tolist() == [1]


def test_pickles():
    p = pickle.loads(pickle.dumps(Predictions.from_arrays(Y, P, sample_weight=W, groups=G)))
    for part, expected in zip(
        walk(p, 99), walk(Predictions.from_arrays(Y, P, sample_weight=W, groups=G), 99), strict=True
    ):
        assert np.array_equal(part, expected)


@pytest.mark.parametrize(
    ("arguments", "keywords", "message"),
    [
        ((Y[:-1], P), {}, "y_true has 699 rows, y_proba has 700"),
        ((Y[:3], np.full((4, 3), 1 / 3)), {}, "may be transposed"),
        ((Y, P), {"row_offset": -1}, "row_offset must be at least 0"),
        ((Y, P), {"row_offset": 1.5}, "row_offset must be an integer"),
        ((Y, P), {"row_offset": 2**63 - len(Y) + 1}, r"each row below 2\*\*63"),
        ((Y, P), {"row_offset": 2**70}, r"each row below 2\*\*63"),
        ((Y, P), {"input": "auto"}, "never guessed"),
        ((Y, P), {"input": np.array(["proba", "logits"])}, "never guessed"),
    ],
)
def test_arguments_that_do_not_fit(arguments, keywords, message):
    with pytest.raises(LossAccError, match=message):
        Predictions.from_arrays(*arguments, **keywords)


@pytest.mark.parametrize("input", ["proba", "logits"])
@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_no_temporary_of_the_size_of_the_input(input, dtype):
    values = np.full((1_000_000, 10), 0.1, dtype=dtype)
    y = np.zeros(1_000_000, dtype=np.intp)
    tracemalloc.start()
    try:
        p = Predictions.from_arrays(y, values, input=input)
        for block in p.blocks():
            block.proba()
            block.log_proba()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 0.05 * values.size * 8
