import json
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot
from scipy.sparse import csr_matrix
from sklearn.datasets import make_classification
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import Ridge, SGDClassifier
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from sklearn_lossacc.exceptions import (
    InvalidFileError,
    InvalidHistoryError,
    InvalidPredictionsError,
    InvalidTargetError,
    InvalidWeightsError,
)
from sklearn_lossacc.findings import diagnose
from sklearn_lossacc.report.epochs import EpochRecorder
from sklearn_lossacc.report.history_report import HistoryReport

N_EPOCHS = 25


def softmax(z):
    p = np.exp(z - z.max(1, keepdims=True))
    return p / p.sum(1, keepdims=True)


@pytest.fixture(scope="module")
def run():
    """Labels and predictions of a network that learns, and then grows too sure: T rises from 1 to 3."""
    rng = np.random.default_rng(0)
    signal = 1.2 * rng.normal(size=(1200, 3))
    y = (rng.random((1200, 1)) > softmax(signal).cumsum(1)).sum(1).clip(max=2)
    noise = rng.normal(size=(1200, 3))
    epochs = []
    for epoch in range(N_EPOCHS):
        learnt = 1 - np.exp(-(epoch + 1) / 5)
        sharpness = 1 + 2 * max(epoch - 4, 0) / 20
        epochs.append(softmax(sharpness * (learnt * signal + 0.4 * (1 - learnt) * noise)))
    return y, epochs


def recorded(run, **options):
    y, epochs = run
    recorder = EpochRecorder(y, **options)
    for epoch, proba in enumerate(epochs):
        recorder.record(epoch, proba, train_loss=1.0 / (epoch + 1))
    return recorder


@pytest.fixture(autouse=True)
def no_windows():
    mpl.use("agg", force=True)
    yield
    pyplot.close("all")


def test_the_frame_is_what_scikit_learn_measures(run):
    y, epochs = run
    frame = recorded(run).frame()
    assert list(frame)[:7] == [
        "epoch", "log_loss", "accuracy", "calibration_loss", "refinement_loss", "temperature", "train_loss",
    ]  # fmt: skip
    np.testing.assert_allclose(frame["log_loss"], [log_loss(y, p) for p in epochs], rtol=1e-6)
    np.testing.assert_allclose(frame["accuracy"], [accuracy_score(y, p.argmax(1)) for p in epochs])
    np.testing.assert_allclose(frame["calibration_loss"] + frame["refinement_loss"], frame["log_loss"])
    np.testing.assert_allclose(frame["train_loss"], 1 / np.arange(1, N_EPOCHS + 1))
    assert frame["temperature"].iloc[-1] == pytest.approx(3.0, rel=0.1)


def test_the_split_agrees_with_the_diagnosis(run):
    y, epochs = run
    found = diagnose(y, epochs[-1])
    last = recorded(run).frame().iloc[-1]
    assert last["temperature"] == pytest.approx(found.metrics["temperature"].value, rel=1e-3)


def test_choices(run):
    recorder = recorded(run)
    labels, recalibrated, as_they_are = recorder.choices()
    frame = recorder.frame()
    assert as_they_are.epoch == frame["epoch"][frame["log_loss"].argmin()]
    assert recalibrated.epoch == frame["epoch"][frame["refinement_loss"].argmin()]
    assert recalibrated.epoch > as_they_are.epoch
    assert recalibrated.temperature == pytest.approx(frame["temperature"][int(recalibrated.epoch)])
    assert labels.temperature is None
    best = frame["accuracy"].max()
    assert labels.value >= best - 0.02
    assert set(frame["epoch"][frame["accuracy"] == best]) <= set(labels.equally_good)
    for choice in (labels, recalibrated, as_they_are):
        assert choice.epoch in choice.equally_good
        assert 0 not in choice.equally_good, "the first epoch is clearly worse"
    assert recalibrated.expected >= recalibrated.value - 1e-3
    assert recorder.choice("recalibrated") == recalibrated
    assert "divide logits by T" in str(recorder)
    alone = replace(as_they_are, equally_good=(as_they_are.epoch,))
    assert str(alone).endswith("no other is as good)")
    assert str(replace(alone, equally_good=(1.0, 2.0))).endswith("1 other not shown to be worse)")


def test_stopping_for_recalibration_beats_stopping_by_loss(run):
    recorder = recorded(run)
    frame = recorder.frame().set_index("epoch")
    early = frame.loc[recorder.choice("as they are").epoch, "refinement_loss"]
    late = frame.loc[recorder.choice("recalibrated").epoch, "refinement_loss"]
    assert late < early


def test_the_findings_say_what_the_rise_is_made_of(run):
    recorder = recorded(run)
    diagnosis = recorder.diagnosis_
    found = diagnosis["LA501"]
    assert found.status == "fired"
    assert "nats are calibration, which a temperature repairs" in found.headline
    assert f"For labels take epoch {recorder.choice('labels').epoch:g}" in found.advice
    assert diagnosis.tables["choices"]["use"] == ["labels", "recalibrated", "as they are"]
    assert recorder.issues == tuple(f for f in recorder.findings if f.status == "fired")
    json.dumps(recorder.to_dict(), allow_nan=False)
    supply = " ".join(text for _, text in diagnosis.open_questions)
    assert "EpochRecorder" not in supply


def test_a_fall_of_accuracy_that_curves_cannot_show_is_shown_on_the_same_rows():
    rng = np.random.default_rng(3)
    n_rows = 1500
    y = rng.integers(0, 2, n_rows)
    base = rng.random(n_rows)  # a row is right while its number is below the accuracy: few rows change sides
    recorder = EpochRecorder(y)
    for epoch in range(20):
        right = base < 0.75 - 0.001 * max(epoch - 5, 0)
        sure = 0.70 + 0.012 * min(epoch, 5) + 0.011 * max(epoch - 5, 0)
        recorder.record(epoch, np.where(right == (y == 1), sure, 1 - sure))
    found = recorder.diagnosis_["LA501"]
    assert found.status == "fired"
    assert "whether the decisions did, these curves cannot tell" in found.headline
    assert "On the same rows, accuracy is shown to fall" in found.headline
    assert "shown to fall" not in HistoryReport.from_history(recorder.history()).diagnosis_["LA501"].headline


def test_the_history_is_that_of_a_log(run):
    history = recorded(run).history()
    assert (history.n_val, history.n_classes, history.n_rows) == (1200, 3, N_EPOCHS)
    report = HistoryReport.from_history(history)
    assert report.diagnosis_["LA501"].status == "fired"


def test_rows_and_changes(run):
    y, epochs = run
    recorder = recorded(run)
    rows = recorder.rows()
    assert (np.diff(rows["loss_change"]) <= 0).all()
    first, last = epochs[0].argmax(1) == y, epochs[-1].argmax(1) == y
    counts = rows["story"].value_counts()
    assert counts["turned right"] == np.sum(~first & last)
    assert counts["stayed wrong"] == np.sum(~first & ~last)
    right = np.stack([p.argmax(1) == y for p in epochs])
    by_index = rows.set_index("index").sort_index()
    assert by_index["n_right"].tolist() == right.sum(0).tolist()
    assert by_index["n_forgotten"].tolist() == (right[:-1] & ~right[1:]).sum(0).tolist()
    margins = np.stack([np.log(p) for p in epochs])
    true = margins[:, np.arange(len(y)), y].copy()
    margins[:, np.arange(len(y)), y] = -np.inf
    np.testing.assert_allclose(by_index["margin_area"], (true - margins.max(2)).mean(0), rtol=1e-4, atol=1e-4)
    change = recorder.change(8, N_EPOCHS - 1)
    frame = recorder.frame()["log_loss"]
    assert change["contribution"].sum() == pytest.approx(frame[N_EPOCHS - 1] - frame[8], abs=1e-5)
    assert change["rows"].sum() == 1200
    stayed_wrong = change.set_index("story").loc["stayed wrong"]
    assert stayed_wrong["contribution"] > 0, "the wrong rows grew worse"


# --- the recorded epochs must fit ---


def test_epochs_must_rise(run):
    recorder = recorded(run)
    with pytest.raises(InvalidHistoryError, match="epoch 3 does not come after epoch 24"):
        recorder.record(3, run[1][3])
    with pytest.raises(InvalidHistoryError, match="finite number"):
        recorder.record(float("nan"), run[1][3])
    with pytest.raises(InvalidHistoryError, match="give path="):
        recorder.rewind(20)
    recorder.rewind(100)
    assert recorder.n_epochs == N_EPOCHS


def test_predictions_must_fit():
    recorder = EpochRecorder([0, 1, 1])
    with pytest.raises(ValueError, match="y_true has 3 rows, y_proba has 1"):
        recorder.record(0, [[0.5, 0.5]])
    recorder.record(0, [[0.5, 0.5]] * 3)
    with pytest.raises(ValueError, match="columns"):
        recorder.record(1, [[0.5, 0.25, 0.25]] * 3)
    assert recorder.n_epochs == 1


def test_parameters_are_checked():
    with pytest.raises(InvalidHistoryError, match="keep must be"):
        EpochRecorder([0, 1], keep=1)
    with pytest.raises(InvalidTargetError, match=r"y_val has no label .* the first is row 1"):
        EpochRecorder([0, np.nan])
    with pytest.raises(InvalidWeightsError, match="sample_weight has 1 row, y_val has 2"):
        EpochRecorder([0, 1], sample_weight=[1.0])
    with pytest.raises(InvalidHistoryError, match="train_loss must be a number or None, got 'low'"):
        EpochRecorder([0, 1]).record(0, [0.4, 0.6], train_loss="low")
    with pytest.raises(InvalidHistoryError, match="no epoch was recorded"):
        EpochRecorder([0, 1]).choices()
    recorder = EpochRecorder([0, 1])
    recorder.record(0, [0.4, 0.6])
    with pytest.raises(InvalidHistoryError, match="use must be one of"):
        recorder.choice("everything")
    with pytest.raises(InvalidHistoryError, match="epoch 5 was not recorded"):
        recorder.change(0, 5)
    assert "no epoch" in str(EpochRecorder([0, 1]))


def test_text_labels_and_two_classes():
    recorder = EpochRecorder(np.array(["yes", "no", "yes"]))
    recorder.record(1, [0.9, 0.2, 0.6])
    assert recorder.frame()["accuracy"].tolist() == [1.0]
    assert recorder.rows()["y_true"].tolist().count("yes") == 2


def test_groups_and_weights_reach_the_choices(run):
    y, epochs = run
    plain = recorded(run).choice("as they are").equally_good
    rows = np.arange(1200)
    moved = np.log(epochs[12][rows, y] / epochs[6][rows, y])
    alike = np.argsort(np.argsort(moved)) // 60  # rows of one group change alike: the most dependent there can be
    grouped = recorded(run, groups=alike).choice("as they are").equally_good
    assert set(plain) < set(grouped)
    weight = np.arange(1200) % 3
    frame = recorded(run, sample_weight=weight).frame()
    np.testing.assert_allclose(frame["log_loss"], [log_loss(y, p, sample_weight=weight) for p in epochs], rtol=1e-6)


# --- memory, files ---


def test_memory_is_bounded_and_the_best_epochs_stay(run):
    whole, few = recorded(run), recorded(run, keep=6)
    held = [epoch.epoch for epoch in few._memory.held()]
    assert len(held) == 6
    assert N_EPOCHS - 1 in held
    for mine, full in zip(few.choices()[1:], whole.choices()[1:], strict=True):
        assert mine.epoch == full.epoch
    np.testing.assert_array_equal(few.frame(), whole.frame())
    assert few.rows().equals(whole.rows())
    gone = next(epoch for epoch in range(N_EPOCHS) if epoch not in held)
    with pytest.raises(InvalidHistoryError, match="were let go; raise keep="):
        few.change(gone, N_EPOCHS - 1)


def test_an_interrupted_run_goes_on(run, tmp_path):
    y, epochs = run
    first = EpochRecorder(y, path=tmp_path)
    for epoch in range(10):
        first.record(epoch, epochs[epoch], train_loss=1.0 / (epoch + 1))
    del first  # the process dies
    (tmp_path / ".epoch-000010.npz.abc.part").write_bytes(b"half")
    with pytest.raises(InvalidFileError, match="already holds 10 epochs; pass resume=True"):
        EpochRecorder(y, path=tmp_path)
    second = EpochRecorder(y, path=tmp_path, resume=True)
    assert second.n_epochs == 10
    for epoch in range(10, N_EPOCHS):
        second.record(epoch, epochs[epoch], train_loss=1.0 / (epoch + 1))
    whole = recorded(run)
    np.testing.assert_allclose(second.frame(), whole.frame(), equal_nan=True)
    assert second.choices() == whole.choices()
    assert second.rows().equals(whole.rows())
    again = EpochRecorder(y, path=tmp_path, resume=True)
    assert again.choices() == whole.choices()


def test_a_resumed_run_must_have_the_same_classes(tmp_path):
    proba = [[0.5, 0.2, 0.3], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]]
    EpochRecorder(["a", "b", "c"], classes=["a", "b", "c"], path=tmp_path).record(0, proba)
    again = EpochRecorder(["a", "b", "c"], classes=["c", "b", "a"], path=tmp_path, resume=True)
    with pytest.raises(InvalidPredictionsError, match="are the classes c, b, a, those before were a, b, c"):
        again.record(1, proba)
    again = EpochRecorder(["a", "b", "c"], path=tmp_path, resume=True)
    again.record(1, proba)
    assert again.n_epochs == 2


def test_a_history_of_many_epochs_takes_no_more_memory():
    rng = np.random.default_rng(0)
    y, n_rows = rng.integers(0, 2, 20_000), 20_000
    recorder = EpochRecorder(y, keep=4)
    for epoch in range(40):
        recorder.record(epoch, rng.uniform(0.3, 0.7, n_rows))
    held = [
        array for epoch in recorder._memory.epochs for array in vars(epoch).values() if isinstance(array, np.ndarray)
    ]
    assert sum(array.nbytes for array in held) == 4 * (2 * 4 + 1 / 8) * n_rows
    assert recorder.n_epochs == len(recorder.frame()) == 40


def test_training_that_resumes_from_a_checkpoint_rewinds(run, tmp_path):
    _, epochs = run
    recorder = recorded(run, path=tmp_path)
    recorder.rewind(20)
    assert recorder.n_epochs == 20
    assert len(list(tmp_path.glob("epoch-*.npz"))) == 20
    for epoch in range(20, N_EPOCHS):
        recorder.record(epoch, epochs[epoch], train_loss=1.0 / (epoch + 1))
    assert recorder.rows().equals(recorded(run).rows())


def test_a_folder_of_other_labels_or_broken_files_is_refused(run, tmp_path):
    y, _ = run
    recorded(run, path=tmp_path)
    with pytest.raises(InvalidFileError, match="other labels"):
        EpochRecorder(1 - np.minimum(y, 1), path=tmp_path, resume=True)
    whole = (tmp_path / "epoch-000003.npz").read_bytes()
    for broken in (b"no zip", b"", whole[: len(whole) // 2], whole[:100] + b"\xff" * 60 + whole[160:]):
        (tmp_path / "epoch-000003.npz").write_bytes(broken)
        with pytest.raises(InvalidFileError, match=r"epoch-000003.npz holds no recorded epoch"):
            EpochRecorder(y, path=tmp_path, resume=True)
    (tmp_path / "recorder.json").unlink()
    with pytest.raises(InvalidFileError, match=r"no readable recorder.json"):
        EpochRecorder(y, path=tmp_path, resume=True)


def test_files_hold_no_pickles(run, tmp_path):
    recorded(run, path=tmp_path)
    for path in tmp_path.glob("*.npz"):
        with np.load(path, allow_pickle=False) as data:
            assert {data[name].dtype.kind for name in data.files} <= {"f", "u", "U"}


# --- pictures, estimators ---


def test_the_picture(run):
    recorder = recorded(run).plot()
    recorder.figure_.canvas.draw()
    assert set(recorder.axes_) == {"loss", "accuracy", "choices"}
    drawn = [line.get_ydata() for line in recorder.axes_["loss"].lines]
    frame = recorder.frame()
    for name in ("log_loss", "refinement_loss"):
        assert any(len(values) == N_EPOCHS and np.allclose(values, frame[name]) for values in drawn)
    assert [label.get_text() for label in recorder.axes_["choices"].get_yticklabels()] == [
        "labels only", "recalibrated", "as they are",
    ]  # fmt: skip
    assert any(artist.get_hatch() for artist in recorder.axes_["loss"].collections)


def test_one_epoch_can_be_drawn():
    recorder = EpochRecorder([0, 1, 1, 0])
    recorder.record(0, [0.4, 0.6, 0.7, 0.6])
    recorder.plot().figure_.canvas.draw()


@pytest.fixture(scope="module")
def data():
    X, y = make_classification(600, 10, n_informative=5, flip_y=0.1, random_state=0)
    return train_test_split(X, y, test_size=0.5, random_state=0)


def test_from_staged(data):
    X, X_val, y, y_val = data
    model = GradientBoostingClassifier(n_estimators=7, random_state=0).fit(X, y)
    recorder = EpochRecorder.from_staged(model, X_val, y_val, every=3, name="trees")
    assert recorder.frame()["epoch"].tolist() == [3, 6, 7]
    expected = [log_loss(y_val, p) for p in model.staged_predict_proba(X_val)]
    np.testing.assert_allclose(recorder.frame()["log_loss"], [expected[i] for i in (2, 5, 6)], rtol=1e-6)
    with pytest.raises(InvalidPredictionsError, match="Ridge has no staged_predict_proba"):
        EpochRecorder.from_staged(Ridge().fit(X, y), X_val, y_val)


def test_from_partial_fit(data):
    X, X_val, y, y_val = data
    model = MLPClassifier((16,), random_state=0)
    recorder = EpochRecorder.from_partial_fit(model, X, y, X_val, y_val, n_epochs=4, batch_size=50)
    frame = recorder.frame()
    assert frame["epoch"].tolist() == [1, 2, 3, 4]
    assert frame["log_loss"].iloc[-1] == pytest.approx(log_loss(y_val, model.predict_proba(X_val)), rel=1e-6)
    assert frame["train_loss"].notna().all()


@pytest.mark.parametrize("kind", ["sparse", "frame", "list"])
def test_partial_fit_takes_what_estimators_take(data, kind):
    X, X_val, y, y_val = data
    make = {"sparse": csr_matrix, "frame": pd.DataFrame, "list": np.ndarray.tolist}[kind]
    runs = [
        EpochRecorder.from_partial_fit(MLPClassifier((4,), random_state=0), *rows, y_val, n_epochs=2)
        for rows in ((X, y, X_val), (make(X), y, make(X_val)))
    ]
    np.testing.assert_allclose(runs[0].frame(), runs[1].frame(), rtol=1e-4)


def test_partial_fit_goes_on_after_an_interruption(data, tmp_path):
    X, X_val, y, y_val = data
    model, whole = (SGDClassifier(loss="log_loss", random_state=0) for _ in range(2))
    arguments = {"batch_size": 64, "path": tmp_path}
    EpochRecorder.from_partial_fit(model, X, y, X_val, y_val, n_epochs=2, **arguments)
    resumed = EpochRecorder.from_partial_fit(model, X, y, X_val, y_val, n_epochs=5, resume=True, **arguments)
    expected = EpochRecorder.from_partial_fit(whole, X, y, X_val, y_val, n_epochs=5, batch_size=64)
    np.testing.assert_allclose(resumed.frame(), expected.frame(), rtol=1e-6)


@pytest.mark.slow
def test_stopping_by_refinement_gives_lower_test_loss_after_recalibration():
    """Twelve seeds: paired difference in test log loss after temperature scaling, away from 0; accuracy not worse."""
    gains, accuracy = [], []
    for seed in range(12):
        X, y = make_classification(5000, 20, n_informative=8, n_classes=3, flip_y=0.1, class_sep=0.8, random_state=seed)
        X, rest, y, y_rest = train_test_split(X, y, train_size=800, random_state=seed)
        X_val, X_test, y_val, y_test = train_test_split(rest, y_rest, train_size=1500, random_state=seed)
        model = MLPClassifier((128,), learning_rate_init=0.003, random_state=seed)
        recorder = EpochRecorder(y_val)
        tests = {}
        for epoch in range(1, 61):
            model.partial_fit(X, y, classes=[0, 1, 2])
            recorder.record(epoch, model.predict_proba(X_val))
            tests[epoch] = model.predict_proba(X_test)
        temperature = recorder.frame().set_index("epoch")["temperature"]
        losses, hits = {}, {}
        for use in ("recalibrated", "as they are"):
            epoch = recorder.choice(use).epoch
            p = tests[int(epoch)] ** (1 / temperature[epoch])
            losses[use] = log_loss(y_test, p / p.sum(1, keepdims=True))
            hits[use] = accuracy_score(y_test, p.argmax(1))
        gains.append(losses["as they are"] - losses["recalibrated"])
        accuracy.append(hits["recalibrated"] - hits["as they are"])
    error = np.std(gains, ddof=1) / np.sqrt(12)
    assert np.mean(gains) - 2.2 * error > 0
    assert np.mean(accuracy) > -0.002


class Differentiable:
    """A number that, as a loss of PyTorch does, warns unless it is detached."""

    def detach(self):
        return 0.25

    def __float__(self):
        raise AssertionError("not detached")


def test_training_losses_are_detached():
    recorder = EpochRecorder([0, 1, 1, 0])
    recorder.record(1, [0.4, 0.6, 0.7, 0.2], Differentiable())
    assert recorder.frame()["train_loss"].tolist() == [0.25]
    assert str(recorder).startswith("epochs: 1 epoch of 4 rows")


@pytest.mark.parametrize(("model", "method"), [(Ridge(), "partial_fit"), (SGDClassifier(), "predict_proba")])
def test_what_cannot_be_trained_by_passes_is_named(model, method):
    with pytest.raises(InvalidPredictionsError, match=f"has no {method}"):
        EpochRecorder.from_partial_fit(model, [[0.0], [1.0]], [0, 1], [[0.0], [1.0]], [0, 1], n_epochs=1)
