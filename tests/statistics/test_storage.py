"""Files: what goes in comes out, and nothing else gets in."""

import copy
import io
import json
import os
import pickle
import zipfile
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from sklearn_lossacc.exceptions import InvalidFileError
from sklearn_lossacc.statistics import PredictionSummary, sample, storage, summarize


def draw(n_rows=120, n_classes=3, **options):
    rng = np.random.default_rng(0)
    y = rng.integers(0, n_classes, n_rows)
    return summarize(
        y,
        rng.dirichlet(np.ones(n_classes), n_rows),
        sample_weight=rng.random(n_rows),
        groups=rng.integers(0, 20, n_rows),
        train_prior=np.full(n_classes, 1 / n_classes),
        classes=np.arange(n_classes),
        **options,
    )


def flat(summary):
    """Every array and number of a summary, by name."""
    values, arrays = {}, {}
    for name in (field.name for field in fields(summary)):
        value = getattr(summary, name)
        if name == "kept_rows":
            rows = value.stored().parts[0]
            arrays |= {f"rows.{key}": item for key, item in vars(rows).items() if key not in ("keys", "identity")}
            if rows.identity is not None:
                arrays["rows.identity"] = rows.identity
            arrays |= {f"rows.key{i}": key for i, key in enumerate(rows.keys)}
            values |= {"bound": value.bound, "cutoff": value.cutoff}
        elif hasattr(value, "__dataclass_fields__"):
            for key, item in vars(value).items():
                (arrays if isinstance(item, np.ndarray) else values)[f"{name}.{key}"] = item
        elif isinstance(value, np.ndarray):
            arrays[name] = value
        else:
            values[name] = value
    return values, arrays


def assert_identical(a, b):
    (values, arrays), (other_values, other_arrays) = flat(a), flat(b)
    assert values == other_values
    assert {name: type(value) for name, value in values.items()} == {
        name: type(value) for name, value in other_values.items()
    }
    assert arrays.keys() == other_arrays.keys()
    for name, array in arrays.items():
        assert array.dtype == other_arrays[name].dtype, name
        np.testing.assert_array_equal(array, other_arrays[name], err_msg=name)


def through_file(summary, folder):
    summary.save(folder / "summary.zip")
    return PredictionSummary.load(folder / "summary.zip")


def through_pickle(summary, folder):
    return pickle.loads(pickle.dumps(summary))


def through_copy(summary, folder):
    return copy.copy(summary)


def through_deepcopy(summary, folder):
    return copy.deepcopy(summary)


WAYS = [through_file, through_pickle, through_copy, through_deepcopy]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("bound", [2048, 40])
def test_round_trip(way, bound, tmp_path, monkeypatch):
    monkeypatch.setattr(sample, "MIN_SAMPLE_ROWS", bound)
    summary = draw(sample_entries=1)
    assert summary.sample.complete == (bound == 2048)
    found = way(summary, tmp_path)
    assert_identical(found, summary)
    np.testing.assert_array_equal(found.sample.log_proba, summary.sample.log_proba)
    np.testing.assert_array_equal(found.sample.group, summary.sample.group)


def test_round_trip_with_features(tmp_path):
    summary = draw(X=np.arange(120) // 3)
    found = through_file(summary, tmp_path)
    assert_identical(found, summary)
    assert np.unique(found.sample.identity).size == 40


def test_a_file_of_the_first_schema_knows_of_no_features():
    found = PredictionSummary.load(Path(__file__).with_name("schema_1.zip"))
    rng = np.random.default_rng(0)
    proba = rng.dirichlet([1, 1, 1], 24)
    weight, groups = np.arange(1, 25) / 8, np.arange(24) // 2
    y = np.array(["a", "b", "c"])[rng.integers(0, 3, 24)]
    (values, arrays), (new_values, new_arrays) = (
        flat(found),
        flat(summarize(y, proba, sample_weight=weight, groups=groups)),
    )
    assert values.keys() == new_values.keys()
    assert arrays.keys() == new_arrays.keys()
    for name, value in (values | arrays).items():  # another machine may have rounded sums in another way
        new = (new_values | new_arrays)[name]
        if np.asarray(value).dtype.kind == "f":
            np.testing.assert_allclose(value, new, rtol=1e-12, atol=1e-12, err_msg=name)
        else:
            np.testing.assert_array_equal(value, new, err_msg=name)


@pytest.mark.parametrize("way", WAYS)
def test_round_trip_of_a_bare_summary(way, tmp_path):
    summary = summarize([0, 1, 1], [[1.0, 0.0], [1.0, 0.0], [0.5, 0.5]])
    found = way(summary, tmp_path)
    assert_identical(found, summary)
    assert found.log_loss == np.inf
    assert found.n_groups is None


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["no", "ja – €"]),
        np.array([3, -7]),
        np.array([3, 7], dtype=np.int8),
        np.array([0.5, 1.1]),
        np.array([0.5, 1.1], dtype=np.float32),
        np.array([False, True]),
        np.array(["a", "bb"], dtype=object),
        np.array([1, "x"], dtype=object),
    ],
    ids=lambda labels: f"{labels.dtype}-{labels[0]}",
)
def test_labels_keep_their_type(labels, tmp_path):
    summary = summarize(labels, [[0.5, 0.5], [0.5, 0.5]], classes=labels)
    found = through_file(summary, tmp_path)
    assert found.classes.dtype == summary.classes.dtype
    assert found.classes.tolist() == summary.classes.tolist()
    assert [type(label) for label in found.classes.tolist()] == [type(label) for label in summary.classes.tolist()]


def test_labels_that_a_file_cannot_hold(tmp_path):
    days = np.array(["2020-01-01", "2020-01-02"], dtype="datetime64[D]").astype(object)
    summary = summarize(days, [[0.5, 0.5], [0.5, 0.5]])
    with pytest.raises(ValueError, match="labels of type date cannot be saved; use strings"):
        summary.save(tmp_path / "s.zip")
    assert os.listdir(tmp_path) == []


def test_pickle_and_file_hold_the_sample_only(tmp_path, monkeypatch):
    monkeypatch.setattr(sample, "MIN_SAMPLE_ROWS", 10)
    rng = np.random.default_rng(0)
    proba = rng.dirichlet(np.ones(50), 5000)  # 2 MB
    summary = summarize(rng.integers(0, 50, 5000), proba, classes=np.arange(50), sample_entries=500)
    summary.save(tmp_path / "s.zip")
    assert os.path.getsize(tmp_path / "s.zip") < 500_000
    assert len(pickle.dumps(summary)) < 500_000


def test_saving_replaces_and_leaves_nothing_behind(tmp_path):
    path = tmp_path / "s.zip"
    path.write_text("something older")
    summary = draw()
    summary.save(path)
    summary.save(str(path))
    assert os.listdir(tmp_path) == ["s.zip"]
    assert_identical(PredictionSummary.load(path), summary)


def test_failed_save_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "s.zip"
    summary = draw()
    summary.save(path)

    def fail(*args, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr(np.lib.format, "write_array", fail)
    with pytest.raises(OSError, match="disk full"):
        draw(n_rows=50).save(path)
    monkeypatch.undo()
    assert os.listdir(tmp_path) == ["s.zip"]
    assert_identical(PredictionSummary.load(path), summary)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        PredictionSummary.load(tmp_path / "none.zip")


def rewrite(path, **changes):
    """Save a summary with some members replaced: bytes, or None to leave one out."""
    draw().save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (members | changes).items():
            if content is not None:
                archive.writestr(name, content)


def npy(array, allow_pickle=False):
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=allow_pickle)
    return stream.getvalue()


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "s.zip"
    draw().save(path)
    return path.read_bytes()


HEADER = '{"format": "sklearn_lossacc.PredictionSummary", "schema": 1, "values": {}}'


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "cannot be read as a saved PredictionSummary"),
        (b"y_true,y_proba\n0,0.5\n", "cannot be read as a saved PredictionSummary"),
        (npy(np.ones(3)), "cannot be read as a saved PredictionSummary"),
        (pickle.dumps({"format": "sklearn_lossacc"}), "cannot be read as a saved PredictionSummary"),
    ],
    ids=["empty", "text", "npy", "pickle"],
)
def test_other_files(tmp_path, content, match):
    path = tmp_path / "other.zip"
    path.write_bytes(content)
    with pytest.raises(InvalidFileError, match=match) as error:
        PredictionSummary.load(path)
    assert str(path) in str(error.value)


def test_arrays_of_numpy_are_something_else(tmp_path):
    np.savez(tmp_path / "p.npz", y_true=[0, 1])
    with pytest.raises(InvalidFileError, match=r"is not a saved PredictionSummary; write one with summary.save"):
        PredictionSummary.load(tmp_path / "p.npz")


@pytest.mark.parametrize("share", [0.01, 0.3, 0.9, 0.999])
def test_file_cut_short(tmp_path, saved, share):
    path = tmp_path / "s.zip"
    path.write_bytes(saved[: int(len(saved) * share)])
    with pytest.raises(InvalidFileError, match="damaged, cut short, or something else"):
        PredictionSummary.load(path)


def test_damaged_bytes_never_pass_for_numbers(tmp_path, saved):
    """Wherever a byte is wrong, the file is refused, or the wrong byte meant nothing."""
    path = tmp_path / "s.zip"
    path.write_bytes(saved)
    intact = PredictionSummary.load(path)
    rng = np.random.default_rng(0)
    refused = 0
    for position in rng.integers(0, len(saved), 400):
        damaged = bytearray(saved)
        damaged[position] ^= 1 << rng.integers(0, 8)
        path.write_bytes(damaged)
        try:
            found = PredictionSummary.load(path)
        except InvalidFileError:
            refused += 1
        else:
            assert_identical(found, intact)
    assert refused > 300


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"header.json": None}, "is not a saved PredictionSummary"),
        ({"header.json": "{"}, "is not a saved PredictionSummary"),
        ({"header.json": "[]"}, "is not a saved PredictionSummary"),
        ({"header.json": '{"format": "other"}'}, "is not a saved PredictionSummary"),
        (
            {"header.json": HEADER.replace("1", "3")},
            r"newer version .*\(schema 3, this version reads up to 2\); update",
        ),
        ({"header.json": HEADER.replace("1", '"1"')}, "has the schema '1'; expected a number from 1 to 2"),
        ({"header.json": HEADER.replace("1", "0")}, "has the schema 0"),
        ({"header.json": HEADER.replace("{}", "3")}, "its header holds no values"),
        ({"header.json": HEADER}, "is damaged: .* is missing; save it again"),
        ({"proba_sum.npy": None}, "is damaged: proba_sum is missing; save it again"),
        ({"groups/sums.npy": None}, "is damaged: groups/sums is missing"),
        ({"proba_sum.npy": npy(np.ones(2))}, r"proba_sum is float64\[2\], expected float64\[3\]"),
        ({"proba_sum.npy": npy(np.ones(3, dtype=int))}, r"proba_sum is int64\[3\], expected float64\[3\]"),
        ({"sample/y.npy": npy(np.zeros(7, dtype=np.int64))}, "sample/log_proba is"),
        ({"proba_sum.npy": b"nothing"}, "cannot be read as a saved PredictionSummary"),
        ({"proba_sum.npy": npy(np.array([{}, 1, 2]), allow_pickle=True)}, "Object arrays cannot be loaded"),
    ],
    ids=range(16),
)
def test_files_that_do_not_fit(tmp_path, changes, match):
    path = tmp_path / "s.zip"
    rewrite(path, **changes)
    with pytest.raises(InvalidFileError, match=match):
        PredictionSummary.load(path)


@pytest.mark.parametrize(
    ("name", "value", "match"),
    [
        ("n_rows", "120", "n_rows is '120', expected int"),
        ("has_weights", 1, "has_weights is 1, expected bool"),
        ("columns", ["one"], r"the columns are \['one'\]"),
        ("classes", {"dtype": "<i8", "labels": [[0], [1], [2]]}, "a class label is neither"),
        ("classes", {"dtype": "no dtype", "labels": [0, 1, 2]}, "no dtype"),
        ("sample_cutoff", [1], "has 1 levels, expected 2"),
        ("min_max_proba", [0.0], "not enough values"),
    ],
)
def test_headers_that_do_not_fit(tmp_path, name, value, match):
    path = tmp_path / "s.zip"
    draw().save(path)
    with zipfile.ZipFile(path) as archive:
        content = json.loads(archive.read(storage.HEADER))
    content["values"][name] = value
    rewrite(path, **{storage.HEADER: json.dumps(content)})
    with pytest.raises(InvalidFileError, match=match):
        PredictionSummary.load(path)


def test_nothing_is_unpickled(tmp_path):
    """An array of objects in the file is refused before any of them comes to life."""
    made = []

    class Trap:
        def __reduce__(self):
            return (made.append, (1,))

    rewrite(tmp_path / "s.zip", **{"extra.npy": npy(np.array([Trap()], dtype=object), allow_pickle=True)})
    with pytest.raises(InvalidFileError, match="Object arrays"):
        PredictionSummary.load(tmp_path / "s.zip")
    assert made == []
