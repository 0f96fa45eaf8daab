"""
A calibrator that leaves Python
===============================

The network that is to be calibrated runs in a service that has no scikit-learn, and no
Python. What it runs are ONNX models. The calibrator becomes one, too.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
import onnxruntime
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from sklearn_lossacc import IsotonicCalibrator, SplineCalibrator, TemperatureCalibrator
from sklearn_lossacc.adapters.onnx import to_onnx
from sklearn_lossacc.metrics import log_loss

X, y = load_digits(return_X_y=True)
rng = np.random.default_rng(0)
X = X + rng.normal(0, 6, X.shape)  # photographs taken in the dark
X_train, X_rest, y_train, y_rest = train_test_split(X, y, train_size=500, random_state=0)
X_valid, X_test, y_valid, y_test = train_test_split(X_rest, y_rest, train_size=0.5, random_state=0)
network = MLPClassifier((64,), max_iter=200, random_state=0)
with warnings.catch_warnings():
    warnings.simplefilter("ignore", ConvergenceWarning)
    network.fit(X_train, y_train)
valid, test = (network.predict_proba(rows).astype(np.float32) for rows in (X_valid, X_test))

# %%
# Three calibrators, fitted here and run elsewhere
# ------------------------------------------------
# The probabilities go into the runtime in float32, as a network's do.

figure, ax = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
before = log_loss(y_test, test)
print(f"{'as exported':22} {before:.4f} nats")
differences = {}
for calibrator, mark in ((TemperatureCalibrator(), "o"), (SplineCalibrator(), "s"), (IsotonicCalibrator(), "^")):
    name = type(calibrator).__name__
    model = to_onnx(calibrator.fit(valid, y_valid)).SerializeToString()
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    proba, label = session.run(["probabilities", "label"], {"scores": test})
    here = calibrator.predict_proba(test)
    differences[name] = np.abs(proba / here - 1).max()
    assert (label == calibrator.predict(test)).mean() > 0.999
    after = log_loss(y_test, here)
    assert after < before
    print(f"{name:22} {after:.4f} nats, {len(model)} bytes")
    ax.loglog(here.ravel(), np.abs(proba / here - 1).ravel() + 1e-9, mark, markersize=3, alpha=0.4, label=name)
ax.set(xlabel="probability by predict_proba", ylabel="relative difference in the runtime", ylim=(5e-10, 1e-3))
ax.spines[["top", "right"]].set_visible(False)
legend = ax.legend(frameon=False)

# %%

for name, difference in differences.items():
    print(f"{name:22} largest relative difference {difference:.1e}")
assert max(differences.values()) < 1e-4

# %%
# *A temperature, a spline and an isotonic map, written as ONNX models, gave in float32 what they give here, to at
# least four digits of every probability.*
