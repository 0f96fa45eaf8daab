"""Reading exported predictions: names decide, ambiguity is an error, objects are never unpickled."""

import gzip
import os
import re
import zipfile

import numpy as np
import pytest

from sklearn_lossacc.adapters.prediction_files import read_predictions
from sklearn_lossacc.exceptions import ClassesMismatchError, DataWarning, InvalidFileError

PROBA = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6], [0.5, 0.25, 0.25]])
LABELS = np.array([0, 1, 2, 1])


def write(tmp_path, text, name="p.csv"):
    path = tmp_path / name
    path.write_text(text)
    return path


# --- arrays ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("truth", "scores", "kind"),
    [
        ("y_true", "y_proba", "proba"),
        ("labels", "probs", "proba"),
        ("labels", "logits", "logits"),
        ("y_true", "y_prob", "proba"),
        ("labels", "pred_probs", "proba"),
        ("ground_truth", "predictions", "proba"),
    ],
)
def test_usual_names_in_an_archive(tmp_path, truth, scores, kind):
    np.savez(tmp_path / "p.npz", **{truth: LABELS, scores: PROBA})
    read = read_predictions(tmp_path / "p.npz")
    assert read["input"] == kind
    np.testing.assert_array_equal(read["y_true"], LABELS)
    np.testing.assert_array_equal(read["y_proba"], PROBA)
    assert set(read) == {"y_true", "y_proba", "input"}


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_uncompressed_arrays_are_mapped_with_their_own_dtype(tmp_path, dtype, order):
    proba = np.asarray(PROBA, dtype=dtype, order=order)
    np.savez(tmp_path / "p.npz", y_true=LABELS, y_proba=proba)
    read = read_predictions(tmp_path / "p.npz")["y_proba"]
    assert isinstance(read, np.memmap)
    assert read.dtype == dtype
    np.testing.assert_array_equal(read, proba)


def test_compressed_archives_are_read(tmp_path):
    np.savez_compressed(tmp_path / "p.npz", y_true=LABELS, y_proba=PROBA)
    np.testing.assert_array_equal(read_predictions(tmp_path / "p.npz")["y_proba"], PROBA)


def test_archive_keys_named_like_keywords_are_used(tmp_path):
    np.savez(
        tmp_path / "p.npz",
        y_true=np.array(["b", "a", "c", "a"]),
        y_proba=PROBA,
        classes=np.array(["b", "a", "c"]),
        sample_weight=np.array([1.0, 2.0, 0.5, 1.0]),
        groups=np.array([7, 7, 8, 8]),
        train_prior=np.array([0.5, 0.3, 0.2]),
    )
    read = read_predictions(tmp_path / "p.npz")
    assert read["classes"] == ["b", "a", "c"]
    assert read["sample_weight"].tolist() == [1.0, 2.0, 0.5, 1.0]
    assert read["groups"].tolist() == [7, 7, 8, 8]
    assert read["train_prior"].tolist() == [0.5, 0.3, 0.2]


def test_archive_with_probabilities_and_logits_asks_which(tmp_path):
    np.savez(tmp_path / "p.npz", y_true=LABELS, y_proba=PROBA, logits=np.log(PROBA))
    with pytest.raises(InvalidFileError, match="'y_proba', 'logits': choose with input="):
        read_predictions(tmp_path / "p.npz")
    with pytest.warns(DataWarning, match=r"p\.npz: not used: 'y_proba'$"):
        read = read_predictions(tmp_path / "p.npz", input="logits")
    np.testing.assert_array_equal(read["y_proba"], np.log(PROBA))
    with pytest.warns(DataWarning, match=r"p\.npz: not used: 'logits'$"):
        read = read_predictions(tmp_path / "p.npz", input="proba")
    np.testing.assert_array_equal(read["y_proba"], PROBA)


def test_keys_of_an_archive_that_nothing_reads_are_noted(tmp_path):
    arrays = {"y_true": LABELS, "y_proba": PROBA, "weights": np.ones(len(LABELS)), "classes": np.arange(PROBA.shape[1])}
    np.savez(tmp_path / "p.npz", **arrays)
    with pytest.warns(DataWarning, match=r"p\.npz: not used: 'weights'$"):
        read_predictions(tmp_path / "p.npz")
    with pytest.warns(DataWarning, match=r"not used: 'classes'$"):
        read = read_predictions(tmp_path / "p.npz", sample_weight="weights", classes=range(PROBA.shape[1]))
    assert read["sample_weight"].tolist() == arrays["weights"].tolist()


def test_a_declared_input_overrides_the_name(tmp_path):
    np.savez(tmp_path / "p.npz", y_true=LABELS, y_proba=np.log(PROBA))
    assert read_predictions(tmp_path / "p.npz")["input"] == "proba"
    assert read_predictions(tmp_path / "p.npz", input="logits")["input"] == "logits"


def test_archive_with_several_sets_asks_and_obeys(tmp_path):
    np.savez(tmp_path / "p.npz", val_logits=PROBA, val_labels=LABELS, test_logits=-PROBA, test_labels=LABELS[::-1])
    with pytest.raises(InvalidFileError, match="'val_logits', 'val_labels', 'test_logits', 'test_labels'"):
        read_predictions(tmp_path / "p.npz")
    with pytest.raises(InvalidFileError, match="choose with proba="):
        read_predictions(tmp_path / "p.npz", y="test_labels")
    with pytest.warns(DataWarning, match="not used: 'val_logits', 'val_labels'$"):
        read = read_predictions(tmp_path / "p.npz", y="test_labels", proba="test_logits")
    assert read["input"] == "logits"
    np.testing.assert_array_equal(read["y_true"], LABELS[::-1])
    np.testing.assert_array_equal(read["y_proba"], -PROBA)


def test_predicted_labels_are_no_probabilities(tmp_path):
    np.savez(tmp_path / "p.npz", labels=LABELS, predictions=LABELS)
    with pytest.raises(InvalidFileError, match="predicted labels"):
        read_predictions(tmp_path / "p.npz")


class Trap:
    """Unpickling this creates the file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("pair", [True, False])
def test_objects_are_refused_and_never_unpickled(tmp_path, pair):
    labels = np.array([Trap(tmp_path / "sprung")], dtype=object)
    if pair:
        np.save(tmp_path / "probs.npy", PROBA[:1])
        np.save(tmp_path / "labels.npy", labels)
        arguments = (tmp_path / "probs.npy",), {"y": tmp_path / "labels.npy"}
    else:
        np.savez(tmp_path / "p.npz", y_true=labels, y_proba=PROBA[:1])
        arguments = (tmp_path / "p.npz",), {}
    with pytest.raises(InvalidFileError, match=r"Python objects.*text labels with astype"):
        read_predictions(*arguments[0], **arguments[1])
    assert not (tmp_path / "sprung").exists()


def test_pair_of_arrays(tmp_path):
    np.save(tmp_path / "probs.npy", PROBA.astype(np.float32))
    np.save(tmp_path / "labels.npy", LABELS)
    read = read_predictions(tmp_path / "probs.npy", y=tmp_path / "labels.npy", classes=["0", "1", "2"])
    assert isinstance(read["y_proba"], np.memmap)
    assert read["input"] == "proba"
    assert read["classes"] == [0, 1, 2]
    np.testing.assert_array_equal(read["y_true"], LABELS)


def test_pair_called_logits_is_logits_unless_declared(tmp_path):
    np.save(tmp_path / "val_logits.npy", PROBA)
    write(tmp_path, "0\n1\n2\n1\n", "labels.txt")
    read = read_predictions(tmp_path / "val_logits.npy", y=tmp_path / "labels.txt")
    assert read["input"] == "logits"
    np.testing.assert_array_equal(read["y_true"], LABELS)
    read = read_predictions(tmp_path / "val_logits.npy", y=tmp_path / "labels.txt", input="proba")
    assert read["input"] == "proba"


def test_pair_takes_weights_and_groups_from_files(tmp_path):
    for name, array in {"p": PROBA, "y": LABELS, "w": [1.0, 2, 3, 4], "g": ["a", "a", "b", "b"]}.items():
        np.save(tmp_path / f"{name}.npy", array)
    read = read_predictions(
        tmp_path / "p.npy", y=tmp_path / "y.npy", sample_weight=tmp_path / "w.npy", groups=tmp_path / "g.npy"
    )
    assert read["sample_weight"].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert read["groups"].tolist() == ["a", "a", "b", "b"]


def test_byte_labels_become_text(tmp_path):
    np.savez(
        tmp_path / "p.npz",
        y_true=np.array([b"a", b"b"]),
        y_proba=PROBA[:2, :2],
        classes=np.array([b"a", b"b"]),
    )
    read = read_predictions(tmp_path / "p.npz")
    assert read["y_true"].tolist() == ["a", "b"]
    assert read["classes"] == ["a", "b"]


@pytest.mark.parametrize("keep", [0, 4, 100, -10])
def test_damaged_arrays_are_invalid_files(tmp_path, keep):
    np.savez(tmp_path / "p.npz", y_true=LABELS, y_proba=PROBA)
    np.save(tmp_path / "p.npy", PROBA)
    np.save(tmp_path / "labels.npy", LABELS)
    for name in ("p.npz", "p.npy"):
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:keep])
        with pytest.raises(InvalidFileError, match=r"is not a(n| readable) \.np[yz] file"):
            read_predictions(tmp_path / name, y=tmp_path / "labels.npy")


def test_a_damaged_member_is_named(tmp_path):
    np.savez_compressed(tmp_path / "p.npz", y_true=LABELS, y_proba=np.random.default_rng(0).random((50, 2)))
    content = bytearray((tmp_path / "p.npz").read_bytes())
    content[len(content) // 2] ^= 255
    (tmp_path / "p.npz").write_bytes(bytes(content))
    with pytest.raises(InvalidFileError, match=r"key 'y_proba' of .* is not a readable array"):
        read_predictions(tmp_path / "p.npz")


# --- tables ------------------------------------------------------------------------------------------------

PREFIXES = [
    "p_",
    "proba_",
    "prob_",
    "probs_",
    "score_",
    "pred_",
    ".pred_",
    "prob.",
    "prediction_score_",
    "class_",
]


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("names", [("dog", "cat"), ("1", "0"), ("10", "2")])
def test_the_name_of_a_column_gives_its_class(tmp_path, prefix, names):
    first, second = names
    path = write(tmp_path, f"id,y_true,{prefix}{first},{prefix}{second}\n5,{first},0.7,0.3\n6,{second},0.4,0.6\n")
    read = read_predictions(path)
    assert [str(label) for label in read["classes"]] == [first, second]
    assert [str(label) for label in read["y_true"]] == [first, second]
    assert read["input"] == "proba"
    np.testing.assert_array_equal(read["y_proba"], [[0.7, 0.3], [0.4, 0.6]])


def test_columns_named_by_the_classes_alone(tmp_path):
    read = read_predictions(write(tmp_path, "id,horse,cat,label\n1,0.2,0.8,cat\n2,0.6,0.4,horse\n"))
    assert read["classes"] == ["horse", "cat"]
    np.testing.assert_array_equal(read["y_proba"], [[0.2, 0.8], [0.6, 0.4]])


def test_integers_are_integers_and_other_labels_stay_text_to_the_letter(tmp_path):
    read = read_predictions(write(tmp_path, "label,p0,p1\n0,0.9,0.1\n1,0.2,0.8\n"))
    assert read["y_true"].dtype == np.int64
    assert read["classes"] == [0, 1]
    read = read_predictions(write(tmp_path, "label,p_01,p_02\n01,0.9,0.1\n02,0.2,0.8\n"))
    assert read["y_true"].tolist() == ["01", "02"]
    read = read_predictions(write(tmp_path, "label,p_NA,p_None\nNA,0.9,0.1\nNone,0.2,0.8\n"))
    assert read["y_true"].tolist() == ["NA", "None"]
    read = read_predictions(write(tmp_path, "label,p_True,p_False\nTrue,0.9,0.1\nFalse,0.2,0.8\n"))
    assert read["classes"] == ["True", "False"]


def test_integers_that_passed_through_floats(tmp_path):
    read = read_predictions(write(tmp_path, "label,p_0,p_1\n0.0,0.9,0.1\n1.0,0.2,0.8\n"))
    assert read["y_true"].tolist() == [0, 1]
    assert read["classes"] == [0, 1]


def test_a_class_that_does_not_occur_is_kept(tmp_path):
    read = read_predictions(write(tmp_path, "label,p_a,p_b,p_c\na,0.7,0.2,0.1\nb,0.2,0.7,0.1\n"))
    assert read["classes"] == ["a", "b", "c"]
    path = write(tmp_path, "label,a,b,c\na,0.7,0.2,0.1\nb,0.2,0.7,0.1\n")
    with pytest.raises(InvalidFileError, match=r"'c' are not labels that occur.*classes="):
        read_predictions(path)
    read = read_predictions(path, classes=["c", "a", "b"])
    assert read["classes"] == ["c", "a", "b"]
    np.testing.assert_array_equal(read["y_proba"][0], [0.1, 0.7, 0.2])


def test_other_columns_with_a_prefix_are_no_classes(tmp_path):
    path = write(tmp_path, "truth,.pred_class,.pred_a,.pred_b\na,a,0.7,0.3\nb,a,0.6,0.4\n")
    assert read_predictions(path)["classes"] == ["a", "b"]
    path = write(tmp_path, "label,p_value,p_0,p_1\n0,0.03,0.7,0.3\n1,0.5,0.6,0.4\n")
    assert read_predictions(path)["classes"] == [0, 1]


def test_logits_of_a_class_are_not_left_out_in_silence(tmp_path):
    """Without one column probabilities no longer sum to 1; of logits nobody would notice."""
    path = write(tmp_path, "label,logit_a,logit_b,logit_c\na,1.5,-1,0.3\nb,0,2,5\n")
    with pytest.raises(InvalidFileError, match=r"'logit_c' are logits, too, of no class in classes="):
        read_predictions(path, classes=["a", "b"])
    assert read_predictions(path, classes=["c", "b", "a"])["y_proba"][0].tolist() == [0.3, -1, 1.5]
    read = read_predictions(path, proba=["logit_a", "logit_b"], classes=["a", "b"])
    assert read["y_proba"].shape == (2, 2)


def test_pipes_are_not_read(tmp_path):
    os.mkfifo(tmp_path / "p.csv")
    with pytest.raises(InvalidFileError, match=r"p\.csv: is a pipe or a device"):
        read_predictions(tmp_path / "p.csv")


def test_columns_called_logits_are_logits(tmp_path):
    path = write(tmp_path, "label,logit_0,logit_1,p_0,p_1\n0,1.5,-1,0.92,0.08\n1,0,2,0.12,0.88\n")
    with pytest.raises(InvalidFileError, match="'logit' or 'p': choose with proba="):
        read_predictions(path)
    assert read_predictions(path, input="proba")["y_proba"][0].tolist() == [0.92, 0.08]
    read = read_predictions(path, proba="logit")
    assert read["input"] == "logits"
    assert read["y_proba"][0].tolist() == [1.5, -1.0]


@pytest.mark.parametrize(
    ("header", "labels", "arguments", "expected"),
    [
        ("label,p", "01", {}, [0, 1]),
        ("label,y_proba", "01", {}, [0, 1]),
        ("label,p_1", "01", {}, [0, 1]),
        ("label,p_0", "01", {}, [1, 0]),
        ("label,score_a", "ab", {}, ["b", "a"]),
        ("label,score_b", "ab", {}, ["a", "b"]),
        ("label,p", "ab", {"classes": ["b", "a"]}, ["b", "a"]),
        ("label,risk", "ab", {"classes": ["b", "a"], "proba": "risk"}, ["b", "a"]),
        ("label,risk", "01", {"proba": "risk"}, [0, 1]),
        ("label,p", "01", {"classes": ["0", "1"]}, [0, 1]),
    ],
)
def test_one_column_belongs_to_the_second_class(tmp_path, header, labels, arguments, expected):
    path = write(tmp_path, f"{header}\n{labels[0]},0.2\n{labels[1]},0.7\n")
    read = read_predictions(path, **arguments)
    assert read["classes"] == expected
    assert read["y_proba"].tolist() == [0.2, 0.7]


@pytest.mark.parametrize(
    ("header", "labels", "arguments"),
    [
        ("label,p", "ab", {}),  # which of the two?
        ("label,risk", "ab", {"proba": "risk"}),
        ("label,score", "01", {}),  # could be the score of the predicted class
        ("label,prediction_score", "01", {}),
        ("label,p_c", "ab", {}),
    ],
)
def test_one_column_of_an_unnamed_class_is_refused(tmp_path, header, labels, arguments):
    path = write(tmp_path, f"{header}\n{labels[0]},0.2\n{labels[1]},0.7\n")
    with pytest.raises(InvalidFileError, match=r"(classes|proba)="):
        read_predictions(path, **arguments)


def test_columns_named_one_by_one(tmp_path):
    path = write(tmp_path, "label,a,b,age\na,0.7,0.3,44\nb,0.6,0.4,50\n")
    with pytest.raises(InvalidFileError, match="'age' are not labels"):
        read_predictions(path)
    assert read_predictions(path, proba=["b", "a"])["classes"] == ["b", "a"]
    read = read_predictions(write(tmp_path, "label,x,z\na,0.7,0.3\nb,0.6,0.4\n"), proba=["x", "z"], classes=["a", "b"])
    assert read["classes"] == ["a", "b"]
    with pytest.raises(InvalidFileError, match="proba= names 'zebra'"):
        read_predictions(path, proba="zebra")


@pytest.mark.parametrize("proba", ["p", ["p_a", "p_b", "p_c"], ["p_c", "p_a", "p_b"]], ids=str)
def test_names_say_the_class_of_named_columns_whatever_the_order_of_classes(tmp_path, proba):
    path = write(tmp_path, "label,p_a,p_b,p_c\na,0.7,0.2,0.1\nb,0.3,0.5,0.2\n")
    read = read_predictions(path, proba=proba, classes=["b", "c", "a"])
    assert read["classes"] == ["b", "c", "a"]
    np.testing.assert_array_equal(read["y_proba"], [[0.2, 0.1, 0.7], [0.5, 0.2, 0.3]])


def test_labels_that_no_named_column_covers(tmp_path):
    path = write(tmp_path, "label,p_a,p_b,p_c,text\na,0.7,0.2,0.1,x\nc,0.3,0.5,0.2,y\n")
    with pytest.raises(InvalidFileError, match=r"columns of 'a', 'b', none of 'c', .*classes="):
        read_predictions(path, proba=["p_a", "p_b"])
    with pytest.raises(InvalidFileError, match=r"'text' does not say .* 'a', 'c': pass the two classes"):
        read_predictions(path, proba="text")
    path = write(tmp_path, 'label,probability\n0,"[.7, .2, .1]"\n1,"[.7, .2, .1]"\n2,"[.7, .2, .1]"\n')
    with pytest.raises(InvalidFileError, match="'0', '1', '2': name one for each"):
        read_predictions(path, proba="probability")
    with pytest.raises(InvalidFileError, match="none is numeric: add one for each"):
        read_predictions(path)


@pytest.mark.parametrize("ending", ["npz", "npy"])
def test_labels_in_one_column_as_keras_keeps_them(tmp_path, ending):
    path = tmp_path / f"probs.{ending}"
    if ending == "npz":
        np.savez(path, y_true=LABELS[:, np.newaxis], y_proba=PROBA)
        read = read_predictions(path)
    else:
        np.save(path, PROBA)
        np.save(tmp_path / "labels.npy", LABELS[:, np.newaxis])
        read = read_predictions(path, y=tmp_path / "labels.npy")
    np.testing.assert_array_equal(read["y_true"], LABELS)


def test_labels_that_no_column_covers(tmp_path):
    path = write(tmp_path, "label,p_a,p_b\na,0.7,0.3\nc,0.6,0.4\n")
    with pytest.raises(
        InvalidFileError,
        match=r"the labels 'c' \(first in data row 1\), only 'a'; .*'p_a', 'p_b': add theirs, .*proba=",
    ):
        read_predictions(path)
    with pytest.raises(InvalidFileError, match=r"do not cover the classes 'x', 'y'; .*'p_a', 'p_b': name .*proba="):
        read_predictions(path, classes=["x", "y"])


def test_a_class_that_is_declared_twice(tmp_path):
    path = write(tmp_path, "label,p_a,p_b\na,0.7,0.3\nb,0.6,0.4\n")
    with pytest.raises(ClassesMismatchError, match=r"^classes= names 'b' more than once: 'a', 'b', 'b'\.$"):
        read_predictions(path, classes=["a", "b", "b"])


@pytest.mark.parametrize("prefix", ["p", "p_"])
def test_a_prefix_with_and_without_what_separates_it(tmp_path, prefix):
    path = write(tmp_path, "label,p_a,p_b,q_a,q_b\na,0.7,0.3,1,0\nb,0.6,0.4,1,0\n")
    np.testing.assert_array_equal(read_predictions(path, proba=prefix)["y_proba"], [[0.7, 0.3], [0.6, 0.4]])


def test_two_columns_could_be_the_labels(tmp_path):
    path = write(tmp_path, "label,target,p_a,p_b\na,b,0.7,0.3\nb,a,0.6,0.4\n")
    with pytest.raises(InvalidFileError, match=r"several names could be the true labels.*choose with y="):
        read_predictions(path)
    assert read_predictions(path, y="target")["y_true"].tolist() == ["b", "a"]
    with pytest.raises(InvalidFileError, match="no name is recognised as the true labels"):
        read_predictions(write(tmp_path, "outcome,p_a,p_b\na,0.7,0.3\n"))
    with pytest.raises(InvalidFileError, match="no column 'nothing'"):
        read_predictions(path, y="nothing")


def test_weights_and_groups_in_columns_or_files(tmp_path):
    path = write(tmp_path, "label,p_0,p_1,w,patient\n0,0.7,0.3,2,007\n1,0.6,0.4,0.5,7\n")
    read = read_predictions(path, sample_weight="w", groups="patient")
    assert read["sample_weight"].tolist() == [2.0, 0.5]
    assert read["groups"].tolist() == ["007", "7"]
    weights = write(tmp_path, "1\n3\n", "weights.txt")
    assert read_predictions(path, sample_weight=weights)["sample_weight"].tolist() == [1, 3]
    path = write(tmp_path, "label,p_0,p_1,sample_weight,groups\n0,0.7,0.3,2,a\n1,0.6,0.4,0.5,b\n")
    assert set(read_predictions(path)) == {"y_true", "y_proba", "input", "classes", "sample_weight", "groups"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p.tsv", "label\tp_0\tp_1\n0\t0.7\t0.3\n"),
        ("p.csv", "label;p_0;p_1\n0;0.7;0.3\n"),
        ("p.csv", "\ufefflabel,p_0,p_1\n0,0.7,0.3\n"),
        ("p.csv", ',label,"p_0",p_1\r\n0,0,0.7,0.3\r\n'),
    ],
)
def test_usual_ways_to_write_a_table(tmp_path, name, text):
    (tmp_path / name).write_bytes(text.encode())
    read = read_predictions(tmp_path / name)
    assert read["y_true"].tolist() == [0]
    np.testing.assert_array_equal(read["y_proba"], [[0.7, 0.3]])


def test_compressed_table_and_all_digits(tmp_path):
    value = 0.1 + 0.2
    with gzip.open(tmp_path / "p.csv.gz", "wt") as file:
        file.write(f"label,p_0,p_1\n0,{value!r},{1 - value!r}\n")
    read = read_predictions(tmp_path / "p.csv.gz")["y_proba"]
    np.testing.assert_allclose(read, [[value, 1 - value]], rtol=4e-16)


def test_a_compressed_table_is_utf_8_with_or_without_a_byte_order_mark(tmp_path):
    for mark in ("", "\ufeff"):
        (tmp_path / "p.csv.gz").write_bytes(gzip.compress(f"{mark}p_ß,p_ä,label\n0.25,0.75,ä\n".encode()))
        read = read_predictions(tmp_path / "p.csv.gz")
        assert (read["classes"], read["y_true"].tolist(), read["y_proba"].tolist()) == (
            ["ß", "ä"],
            ["ä"],
            [[0.25, 0.75]],
        )


def test_text_in_the_column_of_one_of_two_classes_does_not_make_the_other_the_only_one(tmp_path):
    path = write(tmp_path, "p_a,p_b,label\n0.25,zz,b\n0.75,0.25,a\n")
    with pytest.raises(InvalidFileError, match="column 'p_b' is not numbers, data row 0 holds 'zz'"):
        read_predictions(path)
    single = read_predictions(write(tmp_path, "p_a,label,note_b\n0.25,b,zz\n0.75,a,z\n"))
    assert single["y_proba"].tolist() == [0.25, 0.75]


@pytest.mark.parametrize("raw", ["p_ä,label\n".encode("latin-1"), "p_a,label\n".encode("utf-16")])
def test_another_encoding_is_named(tmp_path, raw):
    (tmp_path / "p.csv").write_bytes(raw)
    with pytest.raises(InvalidFileError, match="is no text in UTF-8; save it as a table in UTF-8"):
        read_predictions(tmp_path / "p.csv")


def test_a_damaged_archive_of_a_table_is_refused(tmp_path):
    text = "p_0,label\n" + "".join(f"0.{number},{number % 2}\n" for number in range(1, 999))
    raw = bytearray(gzip.compress(text.encode()))
    raw[len(raw) // 2] ^= 255
    (tmp_path / "p.csv.gz").write_bytes(raw)
    with pytest.raises(InvalidFileError, match="readable"):
        read_predictions(tmp_path / "p.csv.gz")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("\n0,0.7,0.3\n", "is empty"),
        ('"' + "x" * 200_000, "is not a readable text table: field larger than"),
        ("label,p_0,p_1\n", "no rows"),
        ("label,p_0,p_0\n0,1,0\n", "more than one column is called 'p_0'"),
        ("label,p_0,p_1\n0,0.7,0.3,9\n1,0.2,0.8,9\n", "more fields"),
        ("label,p_0,p_1\n0,0.7,0.3\n1,0.2,0.8,9\n", "readable table"),
        (
            "label,p_0,p_1\n0,0.7,0.3\n,0.2,0.8\n",
            "column 'label' is empty in 1 row, the first is data row 1",
        ),
        ('label;p_0;p_1\n0;"0,7";"0,3"\n', "column 'p_0' is not numbers, data row 0 holds '0,7'"),
        ("label,0,1\n0,0.7,0.3\n1,0.2,often\n", "column '1' is not numbers, data row 1 holds 'often'"),
    ],
)
def test_broken_tables(tmp_path, text, message):
    with pytest.raises(InvalidFileError, match=re.escape(message)):
        read_predictions(write(tmp_path, text))


def test_text_among_the_probabilities_is_named(tmp_path):
    path = write(tmp_path, "label,p_0,p_1\n0,0.7,0.3\n1,0.2,often\n")
    with pytest.raises(InvalidFileError, match="column 'p_1' is not numbers, data row 1 holds 'often'"):
        read_predictions(path, proba=["p_0", "p_1"])


def test_missing_probabilities_stay_missing(tmp_path):
    read = read_predictions(write(tmp_path, "label,p_0,p_1\n0,0.7,\n1,NA,0.8\n"))
    assert np.isnan(read["y_proba"]).tolist() == [[False, True], [True, False]]


# --- files -------------------------------------------------------------------------------------------------


def test_files_that_are_none(tmp_path):
    with pytest.raises(InvalidFileError, match="no such file"):
        read_predictions(tmp_path / "missing.npz")
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(InvalidFileError, match="is a folder"):
        read_predictions(tmp_path / "folder.npz")
    with pytest.raises(InvalidFileError, match=r"\.npz, \.npy, \.csv, \.tsv, \.parquet, \.feather and \.arrow"):
        read_predictions(write(tmp_path, "x", "p.xlsx"))
    with pytest.raises(InvalidFileError, match="input must be"):
        read_predictions(write(tmp_path, "x"), input="odds")
    np.save(tmp_path / "p.npy", PROBA)
    with pytest.raises(InvalidFileError, match="name the file of the labels with y="):
        read_predictions(tmp_path / "p.npy")
    with pytest.raises(InvalidFileError, match=r"y='nowhere\.npy': no such file"):
        read_predictions(tmp_path / "p.npy", y="nowhere.npy")
    (tmp_path / "bad.csv").write_bytes(b"label,p_\xff\n0,1\n")
    with pytest.raises(InvalidFileError, match="no text in UTF-8"):
        read_predictions(tmp_path / "bad.csv")


def test_an_archive_of_nothing_says_so(tmp_path):
    np.savez(tmp_path / "p.npz")
    with pytest.raises(InvalidFileError, match="it holds nothing: choose with y="):
        read_predictions(tmp_path / "p.npz")


def test_a_locked_file_is_named_once(tmp_path, monkeypatch):
    def refuse(path, *_):
        raise PermissionError(13, "Permission denied", str(path))

    path = tmp_path / "p.npz"
    np.savez(path, y_true=[0, 1], y_proba=PROBA[:2])
    monkeypatch.setattr(zipfile, "ZipFile", refuse)
    with pytest.raises(InvalidFileError) as caught:
        read_predictions(path)
    assert str(caught.value) == f"{path} is not a readable .npz file: Permission denied"


def test_messages_are_one_line(tmp_path):
    path = write(tmp_path, "label,p_0,p_1\n0,0.7,0.3\n1,0.2,0.8,9\n")
    with pytest.raises(InvalidFileError) as caught:
        read_predictions(path)
    assert "\n" not in str(caught.value)


def test_one_column_is_enough_for_false_and_true(tmp_path):
    read = read_predictions(write(tmp_path, "label,proba\nTrue,0.75\nFalse,0.5\n"))
    assert read["classes"] == ["False", "True"]
    assert read["y_true"].tolist() == ["True", "False"]
    assert read["y_proba"].tolist() == [0.75, 0.5]
    with pytest.raises(InvalidFileError, match="do not cover the labels"):
        read_predictions(write(tmp_path, "label,proba\nTrue,0.75\n0,0.5\n"))
