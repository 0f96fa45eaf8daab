"""Every reading of the collected real logs is reproduced, or refuted with the reason.

The logs are read from ``$SKLEARN_LOSSACC_DATA/histories``; the readings, of one person and from the numbers alone, are
in its INDEX.md and quoted here in short. Numbers of classes are facts about the data sets, not in the logs.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from sklearn_lossacc.adapters.histories import read_history
from sklearn_lossacc.findings.history import HistoryDiagnosis

FOLDER = Path(os.environ.get("SKLEARN_LOSSACC_DATA", "/nowhere")) / "histories"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="SKLEARN_LOSSACC_DATA has no histories")


def judge(name, **facts):
    history = read_history(FOLDER / name, **facts)
    return history, HistoryDiagnosis.from_history(history)


def fired(diagnosis):
    return {finding.code for finding in diagnosis.issues}


def test_cifar10_is_healthy_and_its_drift_no_failure():
    # "min .2322 at row 93 -> .2367 last, accuracy flat 93.3 %": the rise is 1.9 % of the loss, less than jitter.
    history, diagnosis = judge("oe_cifar10_allconv.csv", n_val=10_000, n_classes=10)
    assert np.argmin(history.val_loss) == 93
    assert history.val_loss[[0, 93, -1]].tolist() == [1.10798, 0.23218, 0.2367]
    assert history.val_accuracy[-1] == pytest.approx(0.933)
    assert history.epoch[0] == 1
    assert fired(diagnosis) == {"LA512"}, "only the gap to training, a tip"
    assert diagnosis["LA512"].severity == "tip"
    assert "rough at first" in diagnosis["LA504"].headline


def test_tiny_imagenet_is_rough_and_ends_converged():
    history, diagnosis = judge("oe_tinyimagenet_wrn.csv", n_val=10_000, n_classes=200)
    assert history.val_loss[0] == pytest.approx(4.59898)
    assert history.val_accuracy[[0, -1]] == pytest.approx([0.0608, 0.6366])
    assert fired(diagnosis) == set()
    assert diagnosis["LA504"].evidence["n_spikes"] >= 3
    assert "calm in its last quarter" in diagnosis["LA504"].headline
    assert diagnosis["LA508"].status == "passed", "the loss has stopped falling"


def test_mnist_with_cosine_rate_is_healthy():
    history, diagnosis = judge("oe_mnist.csv", n_val=10_000, n_classes=10)
    assert history.n_rows == 10
    assert fired(diagnosis) == set()


@pytest.mark.parametrize("name", ["oe_cifar10_allconv.csv", "oe_tinyimagenet_wrn.csv", "oe_mnist.csv"])
def test_two_decimals_of_a_percentage_do_not_give_the_number_of_rows_away(name):
    _, diagnosis = judge(name)
    assert diagnosis.description["n_val"] is None
    assert "give n_val" in diagnosis["LA510"].headline


def test_the_phenomenon_itself():
    # "min .5207 at row 5 then UP to .5857 while val_acc holds/rises to .7613; train .179/.955"
    history, diagnosis = judge("keras_nlp_binary_benoitpierson.csv", n_classes=2)
    found = diagnosis["LA501"]
    assert found.status == "fired"
    assert found.evidence["since_row"] == 5 == np.argmin(history.val_loss)
    assert found.evidence["n_val"] == 1500
    assert found.evidence["train_loss_change"] < -0.1
    assert diagnosis["LA502"].status == "passed"
    assert {"LA512"} < fired(diagnosis)
    # neither impossible nor certainly miscalibrated: .586 is above the ceiling .550, within what 1500 rows may carry
    assert diagnosis["LA513"].status == "passed"
    assert diagnosis["LA513"].evidence["side"] == "above"


def test_three_epochs_cannot_tell():
    # "val_loss .318 -> .320 -> .443 while val_acc .858 -> .865 -> .861; tests the too few epochs path"
    _, diagnosis = judge("keras_bert_imdb_dinakhezzane.csv", n_classes=2)
    assert diagnosis["LA501"].status == "not_applicable"
    assert diagnosis["LA501"].headline.startswith("Cannot tell: 3 evaluations")
    assert "Cannot tell" in str(diagnosis)
    assert diagnosis["LA509"].status == "passed", "what one row can tell is told"


def test_another_three_epochs_cannot_tell():
    _, diagnosis = judge("keras_history_covid_aleenaterasa.json", n_classes=2)
    assert diagnosis["LA501"].status == "not_applicable"
    assert fired(diagnosis) == set()
    assert diagnosis.description["n_val"] == 600


def test_a_plateau_at_chance():
    # "4 classes, eval_loss 1.3856..1.3863 = ln 4 through 62 evals"
    history, diagnosis = judge("hf_trainer_state_quality_lrqa.json", n_classes=4)
    assert history.n_rows == 62
    assert history.n_val == 2086
    assert fired(diagnosis) == {"LA503"}
    assert diagnosis["LA503"].severity == "error"
    # without the number of classes the rule suggests it and does not guess
    _, unknown = judge("hf_trainer_state_quality_lrqa.json")
    assert unknown["LA503"].evidence["suggested_n_classes"] == 4
    assert fired(unknown) == set()


def test_a_small_healthy_run_whose_last_row_is_another_evaluation():
    # Reading: "eval_loss .597 -> .443, acc .74 -> .80". Refuted: the log evaluates three times at step 150. The second
    # repeats the first; the third has other numbers for the same weights, so it is of other rows. The curve ends
    # at .451.
    history, diagnosis = judge("hf_log_history_anniesang.json", n_classes=2)
    assert history.val_loss == pytest.approx([0.5966, 0.4860, 0.4508], abs=1e-4)
    assert history.val_accuracy.tolist() == [0.74, 0.79, 0.81]
    assert history.n_val == 100
    assert [row.reason for row in history.left_out] == [
        "repeats the evaluation before it",
        "another evaluation at the same step",
    ]
    assert history.left_out[1].values["val_accuracy"] == 0.8
    assert fired(diagnosis) == {"LA514"}


def test_lightning_whose_last_row_had_no_training():
    # Reading: "val_loss .071 -> .0142, val_accuracy .976 -> .9964". Refuted: that last row stands one step after the
    # one before it, with no training row between, while epochs have 1719 steps: other rows, or another checkpoint.
    history, diagnosis = judge("lightning_metrics_hcdescamps.csv", n_classes=10)
    assert history.epoch.tolist() == [0, 1, 2, 3, 4]
    assert history.val_loss[[0, -1]] == pytest.approx([0.0711, 0.0392], abs=1e-4)
    (stray,) = history.left_out
    assert stray.reason == "no training before it"
    assert stray.values["val_accuracy"] == pytest.approx(0.9964)
    assert stray.values["test_loss"] == pytest.approx(0.0322, abs=1e-4)
    assert fired(diagnosis) == {"LA514"}
    assert history.step.tolist() == [1718, 3437, 5156, 6875, 8594]


@pytest.mark.parametrize("name", ["keras_history_dogbreed.csv", "keras_history_dogbreed.json"])
def test_no_generalisation(name):
    # "train acc .40 -> .54 but val_acc .20-.28 and val_loss 2.73-3.66, noisy; val accuracy does not rise"
    history, diagnosis = judge(name)
    assert diagnosis.description["n_val"] == 2157
    assert {"LA504", "LA512"} <= fired(diagnosis)
    assert diagnosis["LA512"].severity == "warning"
    # "OVERFIT" in the sense of a rising loss is not shown: the jumps are larger than the rise
    assert diagnosis["LA502"].status == "passed"
    assert "was not shown" in diagnosis["LA502"].headline
    assert diagnosis["LA508"].status == "passed"
    assert history.n_rows == 20


def test_csv_and_json_of_one_run_are_diagnosed_alike():
    first = judge("keras_history_dogbreed.csv")[1].to_dict()
    second = judge("keras_history_dogbreed.json")[1].to_dict()
    assert [f["status"] for f in first["findings"]] == [f["status"] for f in second["findings"]]
    assert [f["headline"] for f in first["findings"]] == [f["headline"] for f in second["findings"]]
    for column, values in first["tables"]["rows"].items():
        known = [v for v in values if v is not None]
        other = [v for v in second["tables"]["rows"][column] if v is not None]
        np.testing.assert_allclose(known, other, rtol=1e-8, err_msg=column)


def test_a_healthy_run_with_small_bumps():
    # "val_loss 1.235 -> min .155 (row 36) -> .173, val_acc .43 -> .94; small bumps"
    history, diagnosis = judge("keras_bloodgroup_galexybrain.csv", n_classes=8)
    assert np.argmin(history.val_loss) == 36
    assert diagnosis["LA504"].status == "passed"
    assert diagnosis["LA501"].status == diagnosis["LA502"].status == "passed"
    assert {finding.severity for finding in diagnosis.issues} == {"tip"}
    # most accuracies are counts out of 557; the first and a few others were measured on other rows
    assert diagnosis.description["n_val"] == 557


def test_an_epoch_that_is_always_zero():
    # "healthy: .415 -> .079, .870 -> .976; epoch column must not be trusted as the index"
    history, diagnosis = judge("keras_digit_mdhach_epoch_all_zero.csv", n_classes=10)
    assert history.epoch.tolist() == list(range(8))
    assert history.val_loss[[0, -1]] == pytest.approx([0.4149, 0.0789], abs=1e-4)
    assert history.runs == ()
    assert fired(diagnosis) == set()


def test_a_healthy_monotone_run():
    # "200 epochs, .642 -> .0762 (min row 198), .857 -> .978"
    history, diagnosis = judge("keras_mnist_luisjba_128.csv", n_classes=10)
    assert np.argmin(history.val_loss) == 198
    assert fired(diagnosis) == {"LA508"}, "it was still improving, a tip"


def test_a_loss_that_is_no_log_loss():
    # Reading: "healthy, 90 epochs, 3 classes; val_loss .518 -> .220, val_acc 33.4 % -> 77.8 %". It improves, but the
    # numbers are no log loss of these rows with calibrated probabilities: at chance accuracy, 33.4 %, even a calibrated
    # model loses ln 3 = 1.099, and the log says .518. A model of loss .220 that used what it knows would be right in
    # 84 %.
    history, diagnosis = judge("custom_json_fer_drunkmacintosh.json")
    assert history.n_classes == 3
    assert history.val_accuracy[[0, -1]] == pytest.approx([0.3338, 0.7779], abs=1e-4)
    assert history.train_accuracy[-1] < history.val_accuracy[-1], "augmentation, as the reading says"
    found = diagnosis["LA513"]
    assert found.status == "fired"
    assert found.evidence["side"] == "below"
    assert found.evidence["attainable_accuracy"] == pytest.approx(0.841, abs=1e-3)
    assert "focal" in found.advice
    assert diagnosis.frame()["calibrated_low"][0] == pytest.approx(np.log(3), abs=2e-3)
    assert diagnosis["LA501"].status == "passed"
    assert "ahead of training" in diagnosis["LA512"].headline or diagnosis["LA512"].status == "passed"
    assert diagnosis.description["n_val"] == 4128
