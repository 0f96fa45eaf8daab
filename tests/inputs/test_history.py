import numpy as np
import pytest

from sklearn_lossacc.exceptions import InvalidHistoryError, LossAccError
from sklearn_lossacc.findings.history import HistoryDiagnosis
from sklearn_lossacc.inputs import Match, TrainingHistory


def make(**changes):
    given = {"val_loss": [0.9, 0.8, 0.7], "val_accuracy": [0.5, 0.6, 0.7], **changes}
    return TrainingHistory.from_arrays(**given)


def test_one_row_of_four_numbers():
    history = TrainingHistory.from_arrays(val_loss=0.4577, val_accuracy=0.7826, n_val=1000, n_classes=2)
    assert history.n_rows == 1
    assert history.has("val_loss", "val_accuracy")
    assert not history.has("train_loss")


def test_what_was_not_measured_is_nan():
    history = make(train_loss=[None, 1.0, np.nan])
    np.testing.assert_array_equal(history.train_loss, [np.nan, 1.0, np.nan])
    assert np.isnan(history.train_accuracy).all()
    assert history.measured("train_loss", "val_loss").tolist() == [1]


@pytest.mark.parametrize("place", [0, 5, 9])
def test_a_loss_whose_square_is_no_number_is_infinite(place):
    """Training in double precision gets there before it gets to infinity."""
    losses = 1.0 / np.arange(1.0, 11.0)
    losses[place] = 1e200
    history = TrainingHistory.from_arrays(val_loss=losses)
    assert np.flatnonzero(np.isinf(history.val_loss)).tolist() == [place]
    assert HistoryDiagnosis.from_history(history)["LA504"].status == "fired"
    assert losses[place] == 1e200


def test_an_infinite_loss_is_measured():
    assert make(train_loss=[1.0, np.inf, np.inf]).measured("train_loss").tolist() == [0, 1, 2]


def test_epochs_count_from_zero_unless_given():
    assert make().epoch.tolist() == [0, 1, 2]
    assert make(epoch=[1, 2, 2]).epoch.tolist() == [1, 2, 2], "several evaluations of one epoch are allowed"


def test_the_frame_has_every_curve():
    history = make(step=[10, 20, 30], evaluations={"test": ([1.0, 1.1, 1.2], None)})
    frame = history.frame()
    assert list(frame) == [
        "epoch", "step", "train_loss", "val_loss", "train_accuracy", "val_accuracy", "test_loss", "test_accuracy",
    ]  # fmt: skip
    assert frame["test_loss"].tolist() == [1.0, 1.1, 1.2]
    assert frame["test_accuracy"].isna().all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"val_loss": None, "val_accuracy": None}, "at least one of"),
        ({"val_loss": [0.9, 0.8]}, "differ in length.*'val_loss': 2"),
        ({"val_accuracy": [0.5, 60.0, 0.7]}, "evaluation 1 has 60.*Divide percentages by 100"),
        ({"val_accuracy": [0.5, -0.1, 0.7]}, "evaluation 1 has -0.1"),
        ({"train_loss": [1.0, -np.inf, 1.0]}, "train_loss is minus infinity in evaluation 1"),
        ({"train_loss": ["a", "b", "c"]}, "train_loss must hold numbers"),
        ({"train_loss": [0.5, None, "b"]}, "evaluation 2 is 'b'. Give None or NaN"),
        ({"val_loss": [[0.9, 0.8, 0.7]]}, "one-dimensional"),
        ({"epoch": [0, 1]}, "epoch has 2 values for 3"),
        ({"epoch": [0, 1, 0]}, "falls from 1 to 0 at evaluation 2"),
        ({"epoch": [0, np.nan, 2]}, "finite"),
        ({"n_val": 0}, "n_val must be a whole number of at least 1, got 0"),
        ({"n_classes": 1}, "n_classes must be a whole number of at least 2"),
        ({"n_val": 10.5}, "got 10.5"),
        ({"n_val": True}, "got True"),
        ({"n_val": "many"}, "n_val must be a whole number of at least 1, got 'many'"),
        ({"evaluations": {"test": ([1.0], None)}}, "test_loss has 1 values"),
        ({"evaluations": {"test": (None, [2.0, 2.0, 2.0])}}, "test_accuracy must be a share"),
    ],
)
def test_bad_curves_are_refused(changes, message):
    with pytest.raises(InvalidHistoryError, match=message):
        make(**changes)


def test_errors_are_value_errors():
    assert issubclass(InvalidHistoryError, LossAccError)
    assert issubclass(InvalidHistoryError, ValueError)


def test_whole_numbers_may_be_floats():
    assert make(n_val=1500.0).n_val == 1500


def test_a_match_in_one_line():
    assert str(Match("acc")) == "'acc'"
    assert str(Match("err", "1 - x", "given")) == "'err' as 1 - x (given)"


def test_repr_says_what_was_read():
    history = make(matched_={"val_loss": Match("nll")}, name="run", source_format="table")
    assert repr(history) == "<TrainingHistory 'run': 3 rows, table; val_loss from 'nll'>"
