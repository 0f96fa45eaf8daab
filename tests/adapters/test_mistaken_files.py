"""Files and arguments that users mistake for others: each message says what was expected and what to do."""

import numpy as np
import pytest

from sklearn_lossacc import TemperatureCalibrator, diagnose, read_history, read_predictions
from sklearn_lossacc.exceptions import (
    InvalidFileError,
    InvalidHistoryError,
    InvalidPredictionsError,
    NotProbabilitiesError,
)
from sklearn_lossacc.metrics import log_loss


def write(tmp_path, text):
    path = tmp_path / "a.csv"
    path.write_text(text)
    return path


def test_a_log_in_the_place_of_predictions_and_the_other_way_round(tmp_path):
    with pytest.raises(InvalidFileError, match="like a training log, which read_history and lossacc history read"):
        read_predictions(write(tmp_path, "epoch,loss,val_loss\n0,0.9,0.8\n1,0.8,0.7\n"))
    with pytest.raises(InvalidHistoryError, match=r"If 'label' holds labels, these are predictions: lossacc report\."):
        read_history(write(tmp_path, "label,p_a,p_b\na,0.9,0.1\nb,0.8,0.2\n"))


@pytest.mark.parametrize("mark", ["|", " "])
def test_another_separator(tmp_path, mark):
    with pytest.raises(
        InvalidFileError, match=r"has a single column, 'label.* set apart by commas, semicolons or tabs"
    ):
        read_predictions(write(tmp_path, "label,p_a,p_b\na,0.9,0.1\n".replace(",", mark)))


def test_weights_that_are_text(tmp_path):
    path = write(tmp_path, "label,p_a,p_b,sample_weight\na,0.9,0.1,1\nb,0.8,0.2,many\n")
    with pytest.raises(
        InvalidFileError, match="'sample_weight' is not numbers, data row 1 holds 'many'; one weight a row"
    ):
        read_predictions(path)


def test_arrays_and_printed_text_in_the_place_of_paths():
    with pytest.raises(
        InvalidFileError, match="must be the path of a file, got ndarray; arrays are passed to diagnose"
    ):
        read_predictions(np.ones((3, 2)))
    with pytest.raises(InvalidFileError, match=r"does not exist\. Printed text is passed as lines"):
        read_history("Epoch 1: val_loss 0.5")
    with pytest.raises(InvalidFileError, match=r"does not exist\.$"):
        read_history("val_loss.csv")


def test_models_and_features_in_the_place_of_predictions():
    y, features = np.array([0, 1, 0]), np.array([[-1.0, 2.0], [0.0, 1.0], [3.0, 1.0]])
    with pytest.raises(InvalidPredictionsError, match=r"is no array; pass its predictions, y_proba.predict_proba\(X\)"):
        diagnose(y, TemperatureCalibrator())
    with pytest.raises(NotProbabilitiesError, match="if X holds features, wrap the classifier in CalibratedClassifier"):
        TemperatureCalibrator().fit(features, y)


def test_a_clip_that_is_text():
    with pytest.raises(ValueError, match="clip must be None or between 0 and 1, got 'auto'"):
        log_loss([0, 1], [0.2, 0.8], clip="auto")
