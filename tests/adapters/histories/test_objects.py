"""Fitted models and trainers: scikit-learn's own here, the others where they are installed, else as documented."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import sklearn
from sklearn.datasets import make_classification
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.fixes import parse_version

from sklearn_lossacc.adapters.histories import read_history
from sklearn_lossacc.exceptions import InvalidHistoryError

X, Y = make_classification(400, 6, n_informative=4, random_state=0)
Y3 = np.digitize(X[:, 0] + X[:, 1], [-0.8, 0.8])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_mlp_scores_are_accuracies_and_the_loss_has_its_penalty():
    model = MLPClassifier((8,), max_iter=15, early_stopping=True, random_state=0).fit(X, Y)
    history = read_history(model)
    assert history.train_loss.tolist() == [float(v) for v in model.loss_curve_]
    assert history.val_accuracy.tolist() == [float(v) for v in model.validation_scores_]
    assert not history.has("val_loss")
    assert "L2" in history.matched_["train_loss"].note
    assert history.n_classes == 2
    with pytest.warns(ConvergenceWarning):
        alone = read_history(MLPClassifier((8,), max_iter=5, random_state=0).fit(X, Y))
    assert not alone.has("val_accuracy")


def test_the_model_at_the_end_of_a_pipeline_or_search():
    model = HistGradientBoostingClassifier(max_iter=4, early_stopping=True, random_state=0)
    search = GridSearchCV(make_pipeline(StandardScaler(), model), {}, cv=2).fit(X, Y)
    inner = search.best_estimator_[-1]
    assert read_history(search).val_loss.tolist() == read_history(inner).val_loss.tolist()


def test_hist_gradient_boosting_logs_negative_losses_from_before_the_first_tree():
    model = HistGradientBoostingClassifier(max_iter=8, early_stopping=True, random_state=0).fit(X, Y3)
    history = read_history(model)
    assert history.n_rows == model.n_iter_ + 1
    np.testing.assert_allclose(history.val_loss, -model.validation_score_)
    np.testing.assert_allclose(history.train_loss, -model.train_score_)
    share = np.bincount(Y3) / len(Y3)
    assert history.train_loss[0] == pytest.approx(-(share * np.log(share)).sum(), abs=0.02)
    assert history.n_classes == 3


def test_hist_gradient_boosting_with_accuracies_and_with_nothing():
    model = HistGradientBoostingClassifier(max_iter=5, early_stopping=True, scoring="accuracy", random_state=0).fit(
        X, Y
    )
    history = read_history(model)
    np.testing.assert_allclose(history.val_accuracy, model.validation_score_)
    assert not history.has("val_loss")
    silent = HistGradientBoostingClassifier(max_iter=5, early_stopping=False).fit(X, Y)
    with pytest.raises(InvalidHistoryError, match="early_stopping=True"):
        read_history(silent)


@pytest.mark.parametrize("labels", [Y, Y3], ids=["binary", "three classes"])
def test_gradient_boosting_is_the_log_loss_of_its_stages(labels):
    model = GradientBoostingClassifier(n_estimators=6, random_state=0).fit(X, labels)
    history = read_history(model)
    np.testing.assert_allclose(history.train_loss, [log_loss(labels, p) for p in model.staged_predict_proba(X)])


def test_gradient_boosting_out_of_bag_and_another_loss():
    history = read_history(GradientBoostingClassifier(n_estimators=6, subsample=0.5, random_state=0).fit(X, Y))
    assert history.has("val_loss")
    assert "left out of each tree" in history.matched_["val_loss"].note
    with pytest.raises(InvalidHistoryError, match=r"exponential.*no log loss"):
        read_history(GradientBoostingClassifier(loss="exponential", n_estimators=3).fit(X, Y))


@pytest.mark.skipif(parse_version(sklearn.__version__) < parse_version("1.9"), reason="callbacks came with 1.9")
def test_scoring_monitor():
    from sklearn.callback import ScoringMonitor

    monitor = ScoringMonitor(scoring=["neg_log_loss", "accuracy"])
    model = LogisticRegression(max_iter=50).set_callbacks(monitor).fit(X, Y)
    log = monitor.get_logs()
    history = read_history(log)
    leaves = [row for row in log.data if len(row["task_id_path"]) == 2]
    assert history.train_loss.tolist() == [-row["neg_log_loss"] for row in leaves]
    assert history.train_accuracy.tolist() == [row["accuracy"] for row in leaves]
    assert history.train_loss[-1] == pytest.approx(log_loss(Y, model.predict_proba(X)), abs=1e-3)
    for source in (monitor, log.data_as_pandas):
        np.testing.assert_array_equal(read_history(source).train_loss, history.train_loss)
    assert "training data" in history.matched_["train_loss"].note


def test_scoring_monitor_of_two_fits_is_two_runs():
    rows = [
        {"task_id_path": (0, fit, step), "parent_task_id_path": (0, fit), "estimator_name": "M", "task_name": "iter",
         "task_id": step, "sequential_subtasks": True, "neg_log_loss": -0.7 + step / 10}
        for fit in (0, 1) for step in range(4)
    ]  # fmt: skip
    log = SimpleNamespace(data=rows, data_as_pandas=None)
    history = read_history(log)
    assert [run.n_rows for run in history.runs] == [4, 4]


class Boosted:
    """A model that keeps its results as a method, as xgboost and CatBoost do."""

    def __init__(self, name, results, *, method):
        setattr(self, name, (lambda: results) if method else results)


@pytest.mark.parametrize(
    ("name", "method"), [("evals_result", True), ("get_evals_result", True), ("evals_result_", False)]
)
def test_boosted_models(name, method):
    results = {
        "training": {"binary_logloss": [0.6, 0.5]},
        "valid_1": {"binary_logloss": [0.65, 0.6], "auc": [0.7, 0.8]},
    }
    history = read_history(Boosted(name, results, method=method))
    assert history.val_loss.tolist() == [0.65, 0.6]
    assert history.unused == ("valid_1-auc",)


def test_keras_history_object():
    history = read_history(SimpleNamespace(history={"loss": [1.0, 0.9], "val_loss": [1.1, 0.8]}, epoch=[0, 1]))
    assert history.val_loss.tolist() == [1.1, 0.8]
    assert history.counted == "epoch"


def test_trainer_object():
    log = [{"epoch": 1.0, "step": 5, "loss": 1.0, "learning_rate": 0.1}, {"epoch": 1.0, "step": 5, "eval_loss": 0.9}]
    trainer = SimpleNamespace(state=SimpleNamespace(log_history=log))
    assert read_history(trainer).val_loss.tolist() == [0.9]


def test_fastai_learner():
    recorder = SimpleNamespace(
        metric_names=["epoch", "train_loss", "valid_loss", "accuracy", "time"],
        values=[[1.0, 0.9, 0.5], [0.8, 0.7, 0.6]],
    )
    history = read_history(SimpleNamespace(recorder=recorder))
    assert history.val_accuracy.tolist() == [0.5, 0.6]
    assert history.val_loss.tolist() == [0.9, 0.7]


@pytest.mark.parametrize("results", [{}, None])
def test_a_boosted_model_without_evaluations(results):
    def evals_result():
        if results is None:
            raise ValueError("No evaluation result")
        return results

    with pytest.raises(InvalidHistoryError, match="this SimpleNamespace keeps no results"):
        read_history(SimpleNamespace(evals_result=evals_result))


def test_xgboost_model():
    xgboost = pytest.importorskip("xgboost")
    with pytest.raises(InvalidHistoryError, match="this XGBClassifier keeps no results"):
        read_history(xgboost.XGBClassifier())
    train_X, val_X, train_y, val_y = train_test_split(X, Y3, random_state=0)
    model = xgboost.XGBClassifier(n_estimators=5, max_depth=2, eval_metric=["mlogloss", "merror"], n_jobs=1)
    model.fit(train_X, train_y, eval_set=[(val_X, val_y)], verbose=False)
    history = read_history(model)
    assert history.val_loss[-1] == pytest.approx(log_loss(val_y, model.predict_proba(val_X)), abs=1e-5)
    assert history.val_accuracy[-1] == pytest.approx(model.score(val_X, val_y), abs=1e-6)


@pytest.mark.filterwarnings("ignore")  # of the names of its arguments, which change between versions
def test_lightgbm_model():
    lightgbm = pytest.importorskip("lightgbm")
    train_X, val_X, train_y, val_y = train_test_split(X, Y, random_state=0)
    model = lightgbm.LGBMClassifier(n_estimators=5, verbosity=-1, n_jobs=1)
    model.fit(train_X, train_y, eval_set=[(val_X, val_y)], eval_metric=["binary_logloss", "binary_error"])
    history = read_history(model)
    assert history.val_loss[-1] == pytest.approx(log_loss(val_y, model.predict_proba(val_X)), abs=1e-9)


def test_staged_numbers_agree_with_the_bound_of_chance():
    model = HistGradientBoostingClassifier(max_iter=4, early_stopping=True, random_state=0).fit(X, Y)
    assert read_history(model).val_loss[0] == pytest.approx(math.log(2), abs=0.02)
