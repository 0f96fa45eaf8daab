"""Each callback with its real library, where that is installed: what is recorded is what the model predicts."""

import os

import numpy as np
import pytest
import sklearn
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.utils.fixes import parse_version

from sklearn_lossacc.adapters import callbacks
from sklearn_lossacc.report.epochs import EpochRecorder

X, Y = make_classification(300, 6, n_informative=4, n_classes=3, random_state=0)
X = X.astype(np.float32)
X_TRAIN, X_VAL, Y_TRAIN, Y_VAL = train_test_split(X, Y, test_size=100, random_state=0)
third_party = pytest.mark.filterwarnings("ignore")


@pytest.mark.skipif(parse_version(sklearn.__version__) < parse_version("1.9"), reason="callbacks came with 1.9")
def test_scikit_learn():
    recorder = EpochRecorder(Y_VAL)
    model = LogisticRegression(max_iter=30)
    model.set_callbacks(callbacks.sklearn_callback(recorder, X_VAL)).fit(X_TRAIN, Y_TRAIN)
    frame = recorder.frame()
    assert len(frame) >= 5
    assert frame["epoch"].tolist() == list(range(1, len(frame) + 1))
    assert frame["log_loss"].iloc[-1] == pytest.approx(log_loss(Y_VAL, model.predict_proba(X_VAL)), abs=1e-3)
    assert frame["log_loss"].iloc[-1] < frame["log_loss"].iloc[0]


@third_party
def test_xgboost():
    xgboost = pytest.importorskip("xgboost")
    recorder = EpochRecorder(Y_VAL)
    model = xgboost.XGBClassifier(
        n_estimators=6, max_depth=2, n_jobs=1, callbacks=[callbacks.xgboost_callback(recorder, X_VAL, every=2)]
    )
    model.fit(X_TRAIN, Y_TRAIN)
    assert recorder.frame()["epoch"].tolist() == [2, 4, 6]
    expected = [log_loss(Y_VAL, model.predict_proba(X_VAL, iteration_range=(0, trees))) for trees in (2, 4, 6)]
    np.testing.assert_allclose(recorder.frame()["log_loss"], expected, atol=1e-5)


@third_party
def test_lightgbm():
    lightgbm = pytest.importorskip("lightgbm")
    recorder = EpochRecorder(Y_VAL)
    model = lightgbm.LGBMClassifier(n_estimators=5, verbosity=-1, n_jobs=1)
    model.fit(X_TRAIN, Y_TRAIN, callbacks=[callbacks.lightgbm_callback(recorder, X_VAL)])
    expected = [log_loss(Y_VAL, model.predict_proba(X_VAL, num_iteration=trees)) for trees in range(1, 6)]
    np.testing.assert_allclose(recorder.frame()["log_loss"], expected, atol=1e-9)


@third_party
def test_keras():
    os.environ.setdefault("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")
    recorder = EpochRecorder(Y_VAL)
    model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    fitted = model.fit(
        X_TRAIN, Y_TRAIN, epochs=3, validation_data=(X_VAL, Y_VAL), verbose=0,
        callbacks=[callbacks.keras_callback(recorder, X_VAL)],
    )  # fmt: skip
    frame = recorder.frame()
    np.testing.assert_allclose(frame["log_loss"], fitted.history["val_loss"], atol=1e-4)
    np.testing.assert_allclose(frame["accuracy"], fitted.history["val_accuracy"], atol=1e-6)
    np.testing.assert_allclose(frame["train_loss"], fitted.history["loss"])
    np.testing.assert_allclose(frame["train_accuracy"], fitted.history["accuracy"])


@third_party
def test_skorch():
    pytest.importorskip("skorch")
    import torch
    from skorch import NeuralNetClassifier

    torch.manual_seed(0)
    recorder = EpochRecorder(Y_VAL)
    net = NeuralNetClassifier(
        torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3)),
        criterion=torch.nn.CrossEntropyLoss, lr=0.1, max_epochs=3, verbose=0, train_split=None,
        callbacks=[("record", callbacks.skorch_callback(recorder, X_VAL))],
    )  # fmt: skip
    net.fit(X_TRAIN, Y_TRAIN)
    frame = recorder.frame()
    assert frame["epoch"].tolist() == [1, 2, 3]
    np.testing.assert_allclose(frame["train_loss"], net.history[:, "train_loss"])
    assert frame["log_loss"].iloc[-1] == pytest.approx(log_loss(Y_VAL, net.predict_proba(X_VAL)), abs=1e-5)


@third_party
def test_lightning():
    pytest.importorskip("lightning")
    import torch
    from lightning.pytorch import LightningModule, Trainer
    from torch.utils.data import DataLoader, TensorDataset

    torch.manual_seed(0)

    class Model(LightningModule):
        def __init__(self):
            super().__init__()
            self.net = torch.nn.Linear(6, 3)

        def training_step(self, batch, index):
            loss = torch.nn.functional.cross_entropy(self.net(batch[0]), batch[1])
            self.log("train_loss", loss, on_step=False, on_epoch=True)
            return loss

        def validation_step(self, batch, index):
            return {"logits": self.net(batch[0])}

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.1)

    recorder = EpochRecorder(Y_VAL, input="logits")
    trainer = Trainer(
        max_epochs=3, logger=False, enable_progress_bar=False, enable_model_summary=False, enable_checkpointing=False,
        accelerator="cpu", callbacks=[callbacks.lightning_callback(recorder, key="logits")],
    )  # fmt: skip
    train = DataLoader(TensorDataset(torch.tensor(X_TRAIN), torch.tensor(Y_TRAIN)), batch_size=50)
    validation = DataLoader(TensorDataset(torch.tensor(X_VAL), torch.tensor(Y_VAL)), batch_size=30)
    model = Model()
    trainer.fit(model, train, validation)
    frame = recorder.frame()
    assert frame["epoch"].tolist() == [0, 1, 2], "the sanity check is not recorded"
    with torch.no_grad():
        proba = torch.softmax(model.net(torch.tensor(X_VAL)), 1).numpy()
    assert frame["log_loss"].iloc[-1] == pytest.approx(log_loss(Y_VAL, proba.astype(float)), abs=1e-4)


@third_party
def test_transformers():
    pytest.importorskip("transformers")
    torch = pytest.importorskip("torch")
    from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

    tokens = np.clip((X * 4).astype(int) + 20, 1, 40)

    class Rows(torch.utils.data.Dataset):
        def __init__(self, start, stop):
            self.items = [
                {
                    "input_ids": torch.tensor(row),
                    "attention_mask": torch.ones(6, dtype=torch.long),
                    "labels": int(label),
                }
                for row, label in zip(tokens[start:stop], Y[start:stop], strict=True)
            ]

        def __len__(self):
            return len(self.items)

        def __getitem__(self, index):
            return self.items[index]

    import tempfile

    config = BertConfig(
        vocab_size=48, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, num_labels=3
    )
    recorder = EpochRecorder(Y[200:], input="logits")
    metrics, callback = callbacks.transformers_callback(recorder)
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            folder, num_train_epochs=3, per_device_train_batch_size=50, eval_strategy="epoch", logging_steps=4,
            save_strategy="no", report_to=[], use_cpu=True, disable_tqdm=True,
        )  # fmt: skip
        trainer = Trainer(
            BertForSequenceClassification(config), arguments, train_dataset=Rows(0, 200), eval_dataset=Rows(200, 300),
            compute_metrics=metrics, callbacks=[callback],
        )  # fmt: skip
        trainer.train()
        trainer.evaluate(Rows(0, 200))  # other rows are not recorded
        log = [row for row in trainer.state.log_history if "eval_loss" in row]
    frame = recorder.frame()
    assert frame["epoch"].tolist() == [1, 2, 3]
    np.testing.assert_allclose(frame["log_loss"], [row["eval_loss"] for row in log[:3]], atol=1e-4)
    np.testing.assert_allclose(frame["accuracy"], [row["eval_accuracy"] for row in log[:3]], atol=1e-6)


def test_importing_the_callbacks_imports_no_framework():
    import subprocess
    import sys

    code = (
        "import sys, sklearn_lossacc.adapters.callbacks; "
        "print([m for m in ('keras', 'torch', 'lightning', 'skorch', 'transformers', 'xgboost') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ})
    assert out.stdout.strip() == "[]"
