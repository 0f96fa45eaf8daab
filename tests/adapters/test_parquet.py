"""Typed columns: the names of text tables, the types of the file, nothing missing, nothing dropped."""

import numpy as np
import pandas as pd
import pytest

from sklearn_lossacc.adapters import read_predictions
from sklearn_lossacc.adapters.score_files import read_scores
from sklearn_lossacc.exceptions import DataWarning, InvalidFileError

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

PROBA = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6], [0.5, 0.25, 0.25]])
LABELS = np.array([0, 1, 2, 1])
NAMES = ["cat", "dog", "fox"]
ENDINGS = [".parquet", ".feather", ".arrow"]


def write(path, columns, **options):
    """Write a table: .arrow as a stream, as the datasets library does, .feather with a table of contents."""
    table = columns if isinstance(columns, pa.Table) else pa.table(columns)
    if path.suffix == ".parquet":
        pq.write_table(table, path, **options)
        return path
    new = pa.ipc.new_file if path.suffix == ".feather" else pa.ipc.new_stream
    with new(str(path), table.schema) as writer:
        writer.write_table(table, max_chunksize=options.get("row_group_size"))
    return path


def columns(label=LABELS, proba=PROBA, names=(0, 1, 2), prefix="p_"):
    return {"label": label} | {f"{prefix}{name}": column for name, column in zip(names, proba.T, strict=True)}


def lists(proba=PROBA, type=None):
    return pa.array(proba.tolist(), type=type)


# --- what is what ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_columns_go_by_name_and_keep_their_type(tmp_path, ending, dtype):
    proba = PROBA.astype(dtype)
    read = read_predictions(write(tmp_path / f"p{ending}", columns(proba=proba) | {"id": [7, 8, 9, 10]}))
    assert set(read) == {"y_true", "y_proba", "input", "classes"}
    np.testing.assert_array_equal(read["y_true"], LABELS)
    np.testing.assert_array_equal(read["y_proba"], proba)
    assert read["y_proba"].dtype == dtype
    assert read["y_true"].dtype == np.int64
    assert (read["classes"], read["input"]) == ([0, 1, 2], "proba")


@pytest.mark.parametrize(
    "prefix", ["p_", "p", "proba_", "prob.", "logit_", ".pred_", "y_proba ", ""], ids=lambda prefix: repr(prefix)
)
def test_the_same_table_says_the_same_as_text(tmp_path, prefix):
    names = [2, 0, 1] if prefix == "p" else ["fox", "cat", "dog"]
    label = [2, 0, 1, 0] if prefix == "p" else ["fox", "cat", "dog", "cat"]
    frame = pd.DataFrame(columns(label, names=names, prefix=prefix))
    frame.to_csv(tmp_path / "p.csv", index=False)
    frame.to_parquet(tmp_path / "p.parquet")
    text, typed = (read_predictions(tmp_path / f"p{ending}") for ending in (".csv", ".parquet"))
    assert text.keys() == typed.keys()
    assert typed["classes"] == text["classes"] == names
    assert typed["input"] == text["input"] == ("logits" if "logit" in prefix else "proba")
    for name in ("y_true", "y_proba"):
        np.testing.assert_array_equal(typed[name], text[name])


TEXT = np.array(["dog", "cat", "fox", "cat"])
LABEL_TYPES = {
    "text": pa.array(TEXT),
    "large text": pa.array(TEXT, type=pa.large_string()),
    "categories": pa.array(TEXT).dictionary_encode(),
    "categories that do not occur": pd.Series(pd.Categorical(TEXT, categories=["wolf", "fox", "dog", "cat"])),
    "int8": pa.array([1, 0, 2, 0], type=pa.int8()),
    "uint64": pa.array([1, 0, 2, 0], type=pa.uint64()),
    "categories of integers": pa.array([1, 0, 2, 0]).dictionary_encode(),
    "whole floats": pa.array([1.0, 0.0, 2.0, 0.0]),
    "text of digits": pa.array(["1", "0", "2", "0"]),
    "booleans": pa.array([True, False, True, False]),
}
if hasattr(pa, "string_view"):
    LABEL_TYPES["views of text"] = pa.array(TEXT, type=pa.string_view())
    LABEL_TYPES["categories of views"] = pa.DictionaryArray.from_arrays(
        [1, 0, 2, 0], pa.array(["cat", "dog", "fox"], type=pa.string_view())
    )


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("kind", LABEL_TYPES)
def test_labels_have_the_type_of_the_file(tmp_path, kind, ending):
    label = LABEL_TYPES[kind]
    expected = label.tolist() if isinstance(label, pd.Series) else label.to_pylist()
    names = sorted(set(expected))
    try:
        path = write(tmp_path / f"p{ending}", pa.table(columns(label, PROBA[:, : len(names)], names)))
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        if "views" not in kind:
            raise
        pytest.skip(f"this version writes no {kind} to {ending}")
    read = read_predictions(path)
    assert read["y_true"].tolist() == expected
    assert type(read["y_true"].tolist()[0]) is type(expected[0])
    assert read["classes"] == names


def test_text_is_kept_to_the_letter(tmp_path):
    path = write(tmp_path / "p.parquet", columns(["01", "NA", "", "01"], names=["01", "NA", "x"]) | {"p_": PROBA[:, 0]})
    with pytest.raises(InvalidFileError, match=r"do not cover the labels '' \(first in data row 2\), only '01', 'NA'"):
        read_predictions(path)
    path = write(tmp_path / "p.parquet", columns(["01", "NA", "x", "01"], names=["01", "NA", "x"]))
    assert read_predictions(path)["y_true"].tolist() == ["01", "NA", "x", "01"]


def test_one_column_of_booleans_and_of_integers_is_of_the_second_class(tmp_path):
    for label, classes in (([True, False], [False, True]), ([1, 0], [0, 1]), ([1, 1], [0, 1])):
        read = read_predictions(write(tmp_path / "p.parquet", {"label": label, "proba": [0.25, 0.5]}))
        assert read["y_proba"].tolist() == [0.25, 0.5]
        assert read["classes"] == classes
        assert [type(name) for name in read["classes"]] == [type(label[0])] * 2


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    "make", [pa.list_, pa.large_list, lambda type: pa.list_(type, 3)], ids=["list", "large", "fixed"]
)
@pytest.mark.parametrize(("name", "kind"), [("logits", "logits"), ("probs", "proba")])
def test_lists_as_datasets_hold_them(tmp_path, make, name, kind, ending):
    columns = {"text": ["a", "b", "c", "d"], "label": LABELS, name: lists(type=make(pa.float32()))}
    read = read_predictions(write(tmp_path / f"p{ending}", columns))
    assert read["input"] == kind
    assert set(read) == {"y_true", "y_proba", "input"}
    assert read["y_proba"].dtype == np.float32
    np.testing.assert_array_equal(read["y_proba"], PROBA.astype(np.float32))
    assert read_predictions(tmp_path / f"p{ending}", classes=["0", "1", "2"])["classes"] == [0, 1, 2]


def test_lists_beside_columns_ask_which(tmp_path):
    path = write(tmp_path / "p.parquet", columns() | {"logits": lists(np.log(PROBA)), "other": lists(PROBA[:, ::-1])})
    with pytest.raises(InvalidFileError, match="the columns 'p' or 'logits': choose with proba="):
        read_predictions(path)
    assert read_predictions(path, input="logits")["y_proba"].tolist() == np.log(PROBA).tolist()
    assert read_predictions(path, input="proba")["y_proba"].tolist() == PROBA.tolist()
    assert read_predictions(path, proba="logits")["input"] == "logits"
    assert read_predictions(path, proba="other")["y_proba"].tolist() == PROBA[:, ::-1].tolist()


def test_weights_and_groups_lie_in_columns_or_files(tmp_path):
    beside = {"sample_weight": np.array([1, 2, 0, 1], dtype=np.int32), "groups": ["a", "a", "b", "c"]}
    path = write(tmp_path / "p.parquet", columns() | beside | {"w": [0.5] * 4, "patient": [1, 1, 2, 2]})
    read = read_predictions(path)
    assert read["sample_weight"].tolist() == [1, 2, 0, 1]
    assert read["groups"].tolist() == ["a", "a", "b", "c"]
    read = read_predictions(path, sample_weight="w", groups="patient")
    assert (read["sample_weight"].tolist(), read["groups"].tolist()) == ([0.5] * 4, [1, 1, 2, 2])
    np.save(tmp_path / "g.npy", np.arange(4))
    assert read_predictions(path, groups=tmp_path / "g.npy")["groups"].tolist() == [0, 1, 2, 3]


def test_one_column_may_serve_twice(tmp_path):
    path = write(tmp_path / "p.parquet", columns())
    assert read_predictions(path, groups="label")["groups"].tolist() == LABELS.tolist()


# --- what is refused ---------------------------------------------------------------------------------------

LISTS = [[0.5, 0.5], [0.5, 0.5], [1.0]]
REFUSED = {
    "a label that is missing": (columns([0, 1, None, 2]), "column 'label' has no value (null) in data row 2"),
    "a category that is missing": (
        columns(pa.array(["0", None, "1", "2"]).dictionary_encode()),
        "column 'label' has no value (null) in data row 1",
    ),
    "labels that are all missing": (columns(pa.nulls(4)), "column 'label' has no value (null) in data row 0"),
    "dates as labels": (
        columns(pa.array([0] * 4, pa.date32())),
        "'label' is date32[day]; expected are labels",
    ),
    "a score that is missing": (
        columns() | {"p_1": [0.1, None, None, 0.2]},
        "column 'p_1' has no value (null) in data row 1",
    ),
    "text for numbers": (columns() | {"p_1": ["a", "b", "c", "d"]}, "column 'p_1' is not numbers but string"),
    "booleans for numbers": (columns() | {"p_1": [True] * 4}, "column 'p_1' is not numbers but bool"),
    "a weight that is missing": (
        columns() | {"sample_weight": [1.0, 1.0, 1.0, None]},
        "column 'sample_weight' has no value (null) in data row 3",
    ),
    "text for weights": (columns() | {"sample_weight": list("abcd")}, "column 'sample_weight' is not numbers"),
    "a group that is missing": (
        columns() | {"groups": [None, "a", "b", "c"]},
        "column 'groups' has no value (null) in data row 0",
    ),
    "lists of lengths that differ": (
        {"label": [0, 1, 0], "probs": LISTS},
        "column 'probs' has lists of different lengths: 2, and 1 in data row 2",
    ),
    "a list that is missing": (
        {"label": [0, 1, 0], "probs": [*LISTS[:2], None]},
        "column 'probs' has no value (null) in data row 2",
    ),
    "a list with a gap": (
        {"label": [0, 1, 0], "probs": [*LISTS[:2], [0.5, None]]},
        "column 'probs' has a list with a missing entry (null) in data row 2",
    ),
    "no labels": ({"p_0": [0.5], "p_1": [0.5]}, "no name is recognised as the true labels"),
    "several labels": (columns() | {"target": LABELS}, "several names could be the true labels"),
    "names that cover no labels": ({"label": [0, 1], "a": [0.5, 0.5]}, "do not cover the labels '0', '1'"),
    "lists that are called otherwise": ({"label": [0, 1], "embedding": LISTS[:2]}, "do not cover the labels"),
    "no rows": (columns(LABELS[:0], PROBA[:0]), "has column names but no rows"),
}


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("ending", [".parquet", ".feather"])
def test_what_cannot_be_read_is_named(tmp_path, kind, ending):
    table, message = REFUSED[kind]
    with pytest.raises(InvalidFileError) as error:
        read_predictions(write(tmp_path / f"p{ending}", table, row_group_size=2))
    assert message in str(error.value)
    assert str(tmp_path) in str(error.value)


def test_names_that_come_twice_are_refused(tmp_path):
    table = pa.Table.from_arrays([pa.array(LABELS), *map(pa.array, PROBA.T)], names=["label", "p_0", "p_1", "p_1"])
    with pytest.raises(InvalidFileError, match="more than one column is called 'p_1'"):
        read_predictions(write(tmp_path / "p.parquet", table))


@pytest.mark.parametrize("ending", ENDINGS)
def test_files_that_are_damaged_are_named(tmp_path, ending):
    path = write(tmp_path / f"p{ending}", columns(np.tile(LABELS, 500), np.tile(PROBA, (500, 1))))
    whole = path.read_bytes()
    for content in (
        b"",
        b"PAR1",
        b"label,p_0\n",
        whole[: len(whole) // 2],
        whole[:8] + bytes(len(whole) - 16) + whole[-8:],
    ):
        path.write_bytes(content)
        with pytest.raises(InvalidFileError, match=f"p{ending} is not a readable {ending} file: "):
            read_predictions(path)


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    path = write(tmp_path / "p.parquet", columns())
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(
        InvalidFileError, match=r'p.parquet needs the package pyarrow: pip install "sklearn-lossacc\[parq'
    ):
        read_predictions(path)


# --- folders -----------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    """A table in twelve files of one row each, one of none, and what writers leave beside them."""
    folder = tmp_path / "parts"
    folder.mkdir()
    for part in range(12):
        row = slice(part % 4, part % 4 + 1)
        write(folder / f"part-{part}.parquet", columns(LABELS[row], PROBA[row]) | {"groups": [part]})
    write(folder / "part-12.parquet", columns(LABELS[:0], PROBA[:0]) | {"groups": pa.array([], pa.int64())})
    for name in ("_SUCCESS", "_metadata", ".part-0.parquet.crc"):
        (folder / name).write_bytes(b"")
    return folder


def test_parts_follow_each_other_in_the_order_of_people(folder):
    read = read_predictions(folder)
    assert read["groups"].tolist() == list(range(12))
    np.testing.assert_array_equal(read["y_true"], np.tile(LABELS, 3))
    np.testing.assert_array_equal(read["y_proba"], np.tile(PROBA, (3, 1)))


def test_rows_count_from_the_first_part(folder):
    write(folder / "part-10.parquet", columns(LABELS[:1], PROBA[:1]) | {"groups": pa.nulls(1, pa.int64())})
    with pytest.raises(InvalidFileError, match=r"'groups' has no value .* in data row 10"):
        read_predictions(folder)


def test_parts_with_other_columns_are_refused(folder):
    path = folder / "part-2.parquet"
    table = columns(LABELS[:1], PROBA[:1]) | {"groups": [0]}
    write(path, table | {"p_3": [0.0]})
    with pytest.raises(InvalidFileError, match=r"part-2.parquet: .* are not those of part-0.parquet: it has 'p_3'"):
        read_predictions(folder)
    write(path, {name: table[name] for name in ("label", "p_0", "p_1", "groups")})
    with pytest.raises(InvalidFileError, match=r"part-2.parquet: .* are not those of part-0.parquet: it lacks 'p_2'"):
        read_predictions(folder)
    write(path, table | {"label": ["0"]})
    with pytest.raises(
        InvalidFileError, match=r"part-2.parquet: column 'label' is string, but int64 in part-0.parquet"
    ):
        read_predictions(folder)
    write(path, {name: table[name] for name in reversed(table)})
    assert read_predictions(folder)["classes"] == [0, 1, 2]


def test_lists_have_one_length_in_all_parts(tmp_path):
    for part in range(2):
        write(tmp_path / f"{part}.parquet", {"label": [0, 1], "probs": [[1 / (2 + part)] * (2 + part)] * 2})
    with pytest.raises(InvalidFileError, match="'probs' has lists of different lengths: 2, and 3 in data row 2"):
        read_predictions(tmp_path)


def test_folders_of_something_else_are_refused(folder, tmp_path):
    for name in ("state.json", "config.json"):
        (folder / name).write_text("{}")
    with pytest.warns(DataWarning, match=r"not used: 'config.json'$"):
        read_predictions(folder)
    (folder / "label=3").mkdir()
    with pytest.raises(InvalidFileError, match=r"holds folders .'label=3'., whose names may be values"):
        read_predictions(folder)
    (folder / "label=3").rmdir()
    write(folder / "part-0.feather", columns())
    with pytest.raises(InvalidFileError, match=r"files of several kinds .\.feather, \.parquet."):
        read_predictions(folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidFileError, match=r"is a folder without \.parquet, \.feather or \.arrow files"):
        read_predictions(tmp_path / "empty")


# --- scores without labels ---------------------------------------------------------------------------------


def test_scores_are_brought_into_order_block_by_block(tmp_path, monkeypatch):
    monkeypatch.setattr("sklearn_lossacc.adapters.score_files.BLOCK_ENTRIES", 3)
    path = write(tmp_path / "p.parquet", columns(names=NAMES), row_group_size=3)
    read = read_scores(path, ["fox", "cat", "dog"])
    blocks = list(read.blocks())
    assert [first_row for first_row, _ in blocks] == [0, 1, 2, 3]
    np.testing.assert_array_equal(np.concatenate([block for _, block in blocks]), PROBA[:, [2, 0, 1]])
    assert (read.shape, read.n_columns, read.input) == ((4, 3), 3, "proba")
    path = write(tmp_path / "p.feather", {"logits": lists()})
    assert read_scores(path, NAMES).shape == (4, 3)
    ordered = read_scores(path, NAMES, classes=["dog", "cat", "fox"])
    np.testing.assert_array_equal(next(ordered.blocks())[1], PROBA[:1, [1, 0, 2]])
