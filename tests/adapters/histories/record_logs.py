"""Record the logs under ``logs/`` with the real libraries: ``python record_logs.py logs [name ...]``.

Each function trains a small model on the same synthetic data and keeps the file that the library writes by itself.
Libraries that are not installed are skipped. The recorded files are small and belong to this project.
"""

import contextlib
import json
import os
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np

SEED = 0


def data():
    """Return training and validation rows of three classes, as float32."""
    from sklearn.datasets import make_classification
    from sklearn.model_selection import train_test_split

    X, y = make_classification(600, 8, n_informative=5, n_redundant=0, n_classes=3, flip_y=0.1, random_state=SEED)
    return train_test_split(X.astype("float32"), y, test_size=200, random_state=SEED)


@contextlib.contextmanager
def printed(path):
    """Write to a file what is printed, by Python or below it."""
    with Path(path).open("w", encoding="utf-8") as file:
        sys.stdout.flush()
        kept = os.dup(1)
        os.dup2(file.fileno(), 1)
        try:
            with contextlib.redirect_stdout(file):
                yield
        finally:
            file.flush()
            os.dup2(kept, 1)
            os.close(kept)


def keras_model():
    import keras

    keras.utils.set_random_seed(SEED)
    model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(3, activation="softmax")])
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def keras_csv(out):
    import keras

    X, X_val, y, y_val = data()
    logger = keras.callbacks.CSVLogger(str(out / "keras_csv_logger.csv"))
    history = keras_model().fit(
        X, y, validation_data=(X_val, y_val), epochs=8, batch_size=64, callbacks=[logger], verbose=0
    )
    (out / "keras_history.json").write_text(json.dumps(history.history))


def keras_validation_freq(out):
    X, X_val, y, y_val = data()
    history = keras_model().fit(
        X, y, validation_data=(X_val, y_val), validation_freq=2, epochs=6, batch_size=64, verbose=0
    )
    (out / "keras_validation_freq.json").write_text(json.dumps(history.history))


def keras_append(out):
    import keras

    X, X_val, y, y_val = data()
    path = str(out / "keras_csv_logger_append.csv")
    for _ in range(2):  # two independent runs into one file
        logger = keras.callbacks.CSVLogger(path, append=True)
        keras_model().fit(X, y, validation_data=(X_val, y_val), epochs=5, batch_size=64, callbacks=[logger], verbose=0)


def lightning(out):
    import torch
    from lightning.pytorch import LightningModule, Trainer, seed_everything
    from lightning.pytorch.callbacks import TQDMProgressBar
    from lightning.pytorch.loggers import CSVLogger
    from torch.utils.data import DataLoader, TensorDataset

    X, X_val, y, y_val = data()
    seed_everything(SEED)

    class Model(LightningModule):
        def __init__(self):
            super().__init__()
            self.net = torch.nn.Sequential(torch.nn.Linear(8, 32), torch.nn.ReLU(), torch.nn.Linear(32, 3))

        def _step(self, batch, name, **where):
            x, target = batch
            logits = self.net(x)
            loss = torch.nn.functional.cross_entropy(logits, target)
            self.log(f"{name}_loss", loss, prog_bar=True, **where)
            self.log(f"{name}_acc", (logits.argmax(1) == target).float().mean(), prog_bar=True, **where)
            return loss

        def training_step(self, batch, index):
            return self._step(batch, "train", on_step=True, on_epoch=True)

        def validation_step(self, batch, index):
            self._step(batch, "val")

        def test_step(self, batch, index):
            self._step(batch, "test")

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters(), lr=0.01)

    train = DataLoader(TensorDataset(torch.tensor(X), torch.tensor(y)), batch_size=50, shuffle=True)
    validation = DataLoader(TensorDataset(torch.tensor(X_val), torch.tensor(y_val)), batch_size=200)
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            max_epochs=6,
            logger=CSVLogger(folder),
            log_every_n_steps=4,
            callbacks=[TQDMProgressBar()],
            enable_model_summary=False,
            enable_checkpointing=False,
            accelerator="cpu",
        )
        model = Model()
        with printed(out / "lightning_bars.txt"):
            trainer.fit(model, train, validation)
        trainer.test(model, validation, verbose=False)
        shutil.copy(next(Path(folder).rglob("metrics.csv")), out / "lightning_metrics.csv")


def fastai(out):
    from fastai.tabular.all import CSVLogger, DataLoaders, Learner, accuracy, error_rate, nn, set_seed, torch
    from torch.utils.data import TensorDataset

    X, X_val, y, y_val = data()
    for metric in (accuracy, error_rate):
        set_seed(SEED)
        loaders = DataLoaders.from_dsets(
            TensorDataset(torch.tensor(X), torch.tensor(y)),
            TensorDataset(torch.tensor(X_val), torch.tensor(y_val)),
            bs=50,
        )
        net = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 3))
        with tempfile.TemporaryDirectory() as folder:
            learner = Learner(loaders, net, loss_func=nn.CrossEntropyLoss(), metrics=metric, path=folder)
            with learner.no_bar(), learner.no_logging():
                learner.fit(4, 0.01, cbs=CSVLogger())
                if metric is error_rate:
                    learner.fit(3, 0.01, cbs=CSVLogger(append=True))
            shutil.copy(Path(folder) / "history.csv", out / f"fastai_{metric.__name__}.csv")


def skorch(out):
    import torch
    from skorch import NeuralNetClassifier
    from skorch.dataset import Dataset
    from skorch.helper import predefined_split

    X, X_val, y, y_val = data()
    torch.manual_seed(SEED)
    net = NeuralNetClassifier(
        torch.nn.Sequential(torch.nn.Linear(8, 32), torch.nn.ReLU(), torch.nn.Linear(32, 3)),
        criterion=torch.nn.CrossEntropyLoss,
        lr=0.1,
        max_epochs=6,
        batch_size=100,
        verbose=0,
        train_split=predefined_split(Dataset(X_val, y_val)),
    )
    net.fit(X, y)
    net.history.to_file(str(out / "skorch_history.json"))


def transformers(out):
    import torch
    from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

    X, X_val, y, y_val = data()

    class Rows(torch.utils.data.Dataset):
        def __init__(self, X, y):
            tokens = np.clip((X * 4).astype(int) + 20, 1, 40)
            self.items = [
                {
                    "input_ids": torch.tensor(row),
                    "attention_mask": torch.ones(8, dtype=torch.long),
                    "labels": int(label),
                }
                for row, label in zip(tokens, y, strict=True)
            ]

        def __len__(self):
            return len(self.items)

        def __getitem__(self, index):
            return self.items[index]

    def measure(prediction):
        return {"accuracy": float((prediction.predictions.argmax(1) == prediction.label_ids).mean())}

    torch.manual_seed(SEED)
    config = BertConfig(
        vocab_size=48, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, num_labels=3
    )
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            folder,
            num_train_epochs=5,
            per_device_train_batch_size=50,
            per_device_eval_batch_size=200,
            learning_rate=5e-3,
            eval_strategy="epoch",
            logging_steps=4,
            save_strategy="no",
            report_to=[],
            seed=SEED,
            use_cpu=True,
            disable_tqdm=True,
        )
        trainer = Trainer(
            BertForSequenceClassification(config),
            arguments,
            train_dataset=Rows(X, y),
            eval_dataset=Rows(X_val, y_val),
            compute_metrics=measure,
        )
        with printed(out / "transformers.txt"):
            trainer.train()
            trainer.evaluate(Rows(X, y))  # other rows, at the last step
        trainer.state.save_to_json(str(out / "transformers_trainer_state.json"))


def boosting(out):
    X, X_val, y, y_val = data()
    try:
        import xgboost

        model = xgboost.XGBClassifier(n_estimators=12, max_depth=3, eval_metric=["mlogloss", "merror"], n_jobs=1)
        model.fit(X, y, eval_set=[(X, y), (X_val, y_val)], verbose=False)
        (out / "xgboost_evals_result.json").write_text(json.dumps(model.evals_result()))
        table = xgboost.cv(
            {"objective": "multi:softprob", "num_class": 3, "nthread": 1},
            xgboost.DMatrix(X, y),
            6,
            metrics=["mlogloss", "merror"],
            seed=SEED,
        )
        table.to_csv(out / "xgboost_cv.csv")
    except ImportError:
        pass
    try:
        import lightgbm

        results: dict = {}
        train = lightgbm.Dataset(X, y)
        lightgbm.train(
            {
                "objective": "multiclass",
                "num_class": 3,
                "metric": ["multi_logloss", "multi_error"],
                "verbosity": -1,
                "num_threads": 1,
            },
            train,
            12,
            valid_sets=[train, lightgbm.Dataset(X_val, y_val, reference=train)],
            callbacks=[lightgbm.record_evaluation(results)],
        )
        (out / "lightgbm_record_evaluation.json").write_text(json.dumps(results))
    except ImportError:
        pass


def catboost(out):
    from catboost import CatBoostClassifier, Pool

    X, X_val, y, y_val = data()
    with tempfile.TemporaryDirectory() as folder:
        model = CatBoostClassifier(
            iterations=12,
            depth=3,
            loss_function="MultiClass",
            custom_metric=["Accuracy"],
            random_seed=SEED,
            train_dir=folder,
            verbose=False,
            thread_count=1,
        )
        model.fit(Pool(X, y), eval_set=[Pool(X_val, y_val), Pool(X_val[:100], y_val[:100])])
        (out / "catboost_evals_result.json").write_text(json.dumps(model.get_evals_result()))
        for name in ("learn_error.tsv", "test_error.tsv"):
            shutil.copy(Path(folder) / name, out / f"catboost_two_sets_{name}")
    with tempfile.TemporaryDirectory() as folder:
        model = CatBoostClassifier(
            iterations=12,
            depth=3,
            loss_function="MultiClass",
            custom_metric=["Accuracy"],
            random_seed=SEED,
            train_dir=folder,
            verbose=False,
            thread_count=1,
        )
        model.fit(Pool(X, y), eval_set=Pool(X_val, y_val))
        shutil.copy(Path(folder) / "catboost_training.json", out / "catboost_training.json")
        for name in ("learn_error.tsv", "test_error.tsv"):
            shutil.copy(Path(folder) / name, out / f"catboost_{name}")


def timm(out):
    from importlib.util import find_spec, module_from_spec, spec_from_file_location

    package = find_spec("timm")
    if package is None:
        raise ImportError("timm")
    # This one file of timm needs nothing else; the package needs torchvision.
    spec = spec_from_file_location("summary", Path(package.origin).parent / "utils" / "summary.py")
    module = module_from_spec(spec)
    sys.modules["wandb"] = None
    spec.loader.exec_module(module)
    update_summary = module.update_summary

    # Percentages and names are those of timm's train.py: update_summary writes what it is given.
    for epoch, (train, loss, top1) in enumerate([(1.05, 1.01, 45.5), (0.9, 0.88, 58.0), (0.8, 0.81, 63.5)]):
        update_summary(
            epoch,
            {"loss": train},
            {"loss": loss, "top1": top1, "top5": 100.0},
            str(out / "timm_summary.csv"),
            lr=0.1,
            write_header=epoch == 0,
        )


def curves():
    """Return four curves of six epochs to be logged one number at a time."""
    epochs = np.arange(6)
    return {
        "train_loss": 1.1 * np.exp(-epochs / 3),
        "val_loss": 0.5 + 0.6 * np.exp(-epochs / 2),
        "train_acc": 1 - 0.6 * np.exp(-epochs / 3),
        "val_acc": np.round(200 * (0.8 - 0.4 * np.exp(-epochs / 2))) / 200,
    }


def mlflow(out):
    import mlflow as library

    with tempfile.TemporaryDirectory() as folder:
        library.set_tracking_uri(f"file://{folder}")
        library.set_experiment("curves")
        with library.start_run():
            for name, values in curves().items():
                for step, value in enumerate(values):
                    library.log_metric(name.replace("_", "/"), float(value), step=step)
        metrics = next(Path(folder).rglob("metrics"))
        shutil.copytree(metrics, out / "mlflow_run" / "metrics", dirs_exist_ok=True)


def tensorboard(out):
    from torch.utils.tensorboard import SummaryWriter

    with tempfile.TemporaryDirectory() as folder:
        with SummaryWriter(folder) as writer:
            for name, values in curves().items():
                for step, value in enumerate(values):
                    writer.add_scalar(name.replace("_", "/"), float(value), step)
        (out / "tensorboard").mkdir(exist_ok=True)
        source = next(Path(folder).glob("events.out.tfevents.*"))
        shutil.copy(source, out / "tensorboard" / "events.out.tfevents.1700000000.host.1.0")


def keras_console(out):
    X, X_val, y, y_val = data()
    for verbose, name in ((1, "keras_progress.txt"), (2, "keras_lines.txt")):
        model = keras_model()
        with printed(out / name):
            model.fit(X, y, validation_data=(X_val, y_val), epochs=5, batch_size=64, verbose=verbose)
            model.evaluate(X, y, verbose=verbose)  # of no epoch


def skorch_console(out):
    import torch
    from skorch import NeuralNetClassifier

    X, _, y, _ = data()
    torch.manual_seed(SEED)
    net = NeuralNetClassifier(
        torch.nn.Sequential(torch.nn.Linear(8, 32), torch.nn.ReLU(), torch.nn.Linear(32, 3)),
        criterion=torch.nn.CrossEntropyLoss,
        lr=0.1,
        max_epochs=5,
        batch_size=100,
    )
    with printed(out / "skorch_table.txt"):
        net.fit(X, y)


def scikit_learn_console(out):
    from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier
    from sklearn.neural_network import MLPClassifier

    X, _, y, _ = data()
    common = {"verbose": 1, "random_state": SEED}
    models = {
        "mlp": MLPClassifier(max_iter=6, early_stopping=True, **common),
        "hist_gradient_boosting": HistGradientBoostingClassifier(
            max_iter=6, early_stopping=True, **common | {"verbose": 2}
        ),
        "gradient_boosting": GradientBoostingClassifier(n_estimators=6, **common),
    }
    for name, model in models.items():
        with printed(out / f"{name}.txt"), warnings.catch_warnings(action="ignore"):
            model.fit(X, y)


def boosting_console(out):
    X, X_val, y, y_val = data()
    try:
        import xgboost

        rounds = {"n_estimators": 60, "early_stopping_rounds": 3, "learning_rate": 1.0, "n_jobs": 1}
        model = xgboost.XGBClassifier(eval_metric=["mlogloss", "merror"], **rounds)
        with printed(out / "xgboost.txt"):
            model.fit(X, y, eval_set=[(X, y), (X_val, y_val)])
    except ImportError:
        pass
    try:
        import lightgbm

        train = lightgbm.Dataset(X, y)
        parameters = {"objective": "multiclass", "num_class": 3, "metric": ["multi_logloss", "multi_error"]}
        with printed(out / "lightgbm.txt"):
            lightgbm.train(
                {**parameters, "num_threads": 1, "learning_rate": 0.5, "force_col_wise": True},
                train,
                40,
                valid_sets=[train, lightgbm.Dataset(X_val, y_val, reference=train)],
                valid_names=["training", "valid_1"],
                callbacks=[lightgbm.log_evaluation(1), lightgbm.early_stopping(3, first_metric_only=True)],
            )
    except ImportError:
        pass
    try:
        from catboost import CatBoostClassifier

        with tempfile.TemporaryDirectory() as folder, printed(out / "catboost.txt"):
            model = CatBoostClassifier(
                iterations=8, loss_function="MultiClass", random_seed=SEED, train_dir=folder, thread_count=1
            )
            model.fit(X, y, eval_set=(X_val, y_val))
    except ImportError:
        pass


def torch_console(out):
    """Print as the tutorials of PyTorch do; the numbers are those of a model."""
    import torch

    X, X_val, y, y_val = (torch.tensor(part) for part in data())
    styles = {
        "phases": (out / "torch_phases.txt").open("w"),
        "bars": (out / "torch_bars.txt").open("w"),
        "batches": (out / "torch_batches.txt").open("w"),
        "words": (out / "torch_words.txt").open("w"),
    }
    torch.manual_seed(SEED)
    net = torch.nn.Sequential(torch.nn.Linear(8, 32), torch.nn.ReLU(), torch.nn.Linear(32, 3))
    optimizer = torch.optim.Adam(net.parameters(), 0.02)
    n_epochs = 5
    for epoch in range(n_epochs):
        total = correct = 0.0
        for start in range(0, len(X), 100):
            rows = slice(start, start + 100)
            logits = net(X[rows])
            loss = torch.nn.functional.cross_entropy(logits, y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += float(loss) * 100
            correct += float((logits.argmax(1) == y[rows]).sum())
            share = 100.0 * start / len(X)
            styles["batches"].write(
                f"Train Epoch: {epoch + 1} [{start}/{len(X)} ({share:.0f}%)]\tLoss: {float(loss):.6f}\n"
            )
        with torch.no_grad():
            logits = net(X_val)
            val_loss = float(torch.nn.functional.cross_entropy(logits, y_val))
            hits = int((logits.argmax(1) == y_val).sum())
        train_loss, train_acc, val_acc = total / len(X), correct / len(X), hits / len(X_val)
        styles["phases"].write(f"Epoch {epoch}/{n_epochs - 1}\n----------\n")
        styles["phases"].write(f"train Loss: {train_loss:.4f} Acc: {train_acc:.4f}\n")
        styles["phases"].write(f"val Loss: {val_loss:.4f} Acc: {val_acc:.4f}\n\n")
        styles["bars"].write(
            f"2026-01-05 10:00:{epoch:02d},123 INFO Epoch [{epoch + 1}/{n_epochs}] | lr: 2.0e-02 | "
            f"Train Loss: {train_loss:.4f} | Train Acc: {100 * train_acc:.2f}% | "
            f"Val. Loss: {val_loss:.4f} | Val. Acc: {100 * val_acc:.2f}%\n"
        )
        styles["batches"].write(
            f"\nTest set: Average loss: {val_loss:.4f}, Accuracy: {hits}/{len(X_val)} ({100 * val_acc:.0f}%)\n\n"
        )
        styles["words"].write(
            f"epoch {epoch + 1}, train loss {train_loss:.3f}, train acc {train_acc:.3f}, "
            f"test loss {val_loss:.3f}, test acc {val_acc:.3f}\n"
        )
    for file in styles.values():
        file.close()


RECORDERS = (
    keras_csv, keras_validation_freq, keras_append, lightning, fastai, skorch, transformers, boosting, catboost, timm,
    mlflow, tensorboard, keras_console, skorch_console, scikit_learn_console, boosting_console, torch_console,
)  # fmt: skip


def main(folder, names):
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    for record in RECORDERS:
        if not names or record.__name__ in names:
            try:
                record(out)
            except ImportError as missing:
                print(f"{record.__name__}: skipped, {missing}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
