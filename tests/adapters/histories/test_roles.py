import pytest

from sklearn_lossacc.adapters.histories.roles import is_epoch, is_row_number, is_step, role_of


@pytest.mark.parametrize(
    ("name", "of", "measure"),
    [
        ("loss", None, "loss"),
        ("val_loss", "val", "loss"),
        ("valid_acc", "val", "accuracy"),
        ("Validation/CrossEntropy", "val", "loss"),
        ("train_loss_epoch", "train", "loss"),
        ("val_sparse_categorical_accuracy", "val", "accuracy"),
        ("val_binary_accuracy", "val", "accuracy"),
        ("dev_nll", "val", "loss"),
        ("eval_top1", "val", "accuracy"),
        ("test_acc1", "test", "accuracy"),
        ("acc@1", None, "accuracy"),
        ("test_error(%)", "test", "error"),
        ("train-mlogloss-mean", "train", "loss"),
        ("test-merror-mean", "test", "error"),
        ("valid multi_logloss-mean", "val", "loss"),
        ("training-binary_error", "train", "error"),
        ("validation_0-logloss", "validation_0", "loss"),
        ("valid_1-multi_logloss", "valid_1", "loss"),
        ("learn-MultiClass", "train", "loss"),
        ("learn-Accuracy", "train", "accuracy"),
        ("train/loss", "train", "loss"),
        ("metrics/accuracy_top1", None, "accuracy"),
        ("val_loss/dataloader_idx_1", "val_1", "loss"),
        ("neg_log_loss", None, "loss"),
        ("error_rate", None, "error"),
        ("log_loss", None, "loss"),
        ("val_cross-entropy", "val", "loss"),
    ],
)
def test_what_a_name_says(name, of, measure):
    role = role_of(name)
    assert role is not None
    assert (role.of, role.measure) == (of, measure)


@pytest.mark.parametrize(
    "name",
    ["eval_top5", "accuracy_top5", "val_box_loss", "test-mlogloss-std", "lr", "time", "epoch", "grad_norm", "eval_f1",
     "val_auc", "balanced_accuracy", "train_loss_best", "n_parameters", "loss_scale", "val_kl", "dense_2_loss", "acc5"],
)  # fmt: skip
def test_what_no_name_says(name):
    assert role_of(name) is None


def test_units_signs_and_grain():
    assert role_of("test_error(%)").percent is True
    assert role_of("val_acc").percent is None
    assert role_of("neg_log_loss").negative
    assert not role_of("val_loss").negative
    assert role_of("train_loss_step").by_step is True
    assert role_of("train_loss_epoch").by_step is False
    assert role_of("train_loss").by_step is None


def test_named_sets_only_where_the_format_has_them():
    assert role_of("eval_french_loss") is None
    assert role_of("eval_french_loss", named_sets=True).of == "french"
    assert role_of("eval_loss", named_sets=True).of == "val"
    assert role_of("grad_norm", named_sets=True) is None


def test_counters():
    assert is_epoch("epoch")
    assert is_epoch("Epoch ")
    assert is_step("trainer/global_step")
    assert is_step("iter")
    assert not is_step("time_step_loss")
    assert is_row_number("Unnamed: 0")
    assert is_row_number("")
