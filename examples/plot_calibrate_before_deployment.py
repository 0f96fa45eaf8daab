"""
Calibrate before deployment
===========================

A neural network was trained until it knew its training rows by heart. It goes into service
tomorrow, with probabilities that somebody will multiply by money. All that is at hand is what
most training scripts export: probabilities and labels of the validation rows, in float32.
"""

import json
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from sklearn_lossacc import AutoCalibrator, diagnose

X, y = make_classification(6000, 30, n_informative=12, n_classes=5, class_sep=1.2, flip_y=0.0, random_state=0)
X_train, X_rest, y_train, y_rest = train_test_split(X, y, train_size=1500, random_state=0)
X_valid, X_test, y_valid, y_test = train_test_split(X_rest, y_rest, train_size=1500, random_state=0)
network = MLPClassifier((40,), solver="lbfgs", alpha=1e-3, max_iter=30, random_state=0)
with warnings.catch_warnings():
    warnings.simplefilter("ignore", ConvergenceWarning)  # its training loss would go on to 0
    network.fit(X_train, y_train)
exported = network.predict_proba(X_valid).astype(np.float32)

# %%
# What the export says
# --------------------

d = diagnose(y_valid, exported, name="network")
assert "LA101" in {finding.code for finding in d.issues}
for finding in d.issues:
    print(finding.code, finding.headline)

# %%
# No label of these data is wrong. Where a finding speaks of noise all the same, it has seen rows on which the network
# is sure and wrong. An export alone cannot tell the two apart: the interval of the rate says how little is known.

# %%
# What repairs it
# ---------------
# The default calibrator compares several on held-out folds of these rows, doing nothing
# among them, and takes the simplest that is as good as the best.

calibrator = AutoCalibrator().fit(exported, y_valid)
results = calibrator.cv_results_
for name, loss in zip(results["name"], results["mean_log_loss"], strict=True):
    print(f"{name:18} {loss:.4f} nats out of fold", "<- chosen" * (name == calibrator.choice_))
assert calibrator.choice_ != "identity"

# %%
# The fitted calibrator is a few numbers. They can be deployed as JSON; `from_dict` restores
# them wherever the package is. From files, ``lossacc calibrate`` writes this JSON and
# ``lossacc apply`` applies it.

stored = json.dumps(calibrator.to_dict())
restored = AutoCalibrator.from_dict(json.loads(stored))
print(f"{len(stored)} characters")
assert len(stored) < 5000
assert (restored.predict_proba(exported) == calibrator.predict_proba(exported)).all()

# %%
# What it is worth
# ----------------
# Judged on rows that neither the network nor the calibrator has seen.

before = network.predict_proba(X_test)
after = restored.predict_proba(before)
diagnoses = {"as exported": diagnose(y_test, before), "calibrated": diagnose(y_test, after)}
for name, one in diagnoses.items():
    loss, accuracy, ece = (one.metrics[key].value for key in ("log_loss", "accuracy", "ece"))
    print(f"{name:12} log loss {loss:.3f}  accuracy {accuracy:.3f}  ECE {ece:.3f}")

figure, axes = plt.subplots(1, 2, figsize=(8.6, 4.3), sharey=True, layout="constrained")
for ax, (name, proba) in zip(axes, {"as exported": before, "calibrated": after}.items(), strict=True):
    confidence, right = proba.max(axis=1), proba.argmax(axis=1) == y_test
    order = np.argsort(confidence)
    bins = np.array_split(order, 15)
    x, share = np.array([(confidence[rows].mean(), right[rows].mean()) for rows in bins]).T
    error = 1.96 * np.sqrt(share * (1 - share) / len(bins[0]))
    ax.plot([0.2, 1], [0.2, 1], color="0.6", linewidth=1, linestyle="--")
    ax.errorbar(x, share, error, fmt="o-", color="#c2571a", markersize=4, linewidth=1.2)
    ax.set(title=f"{name}: {diagnoses[name].metrics['log_loss'].value:.3f} nats", xlim=(0.2, 1.01))
    ax.set_xlabel("stated probability of the predicted class")
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set_ylabel("share that was right")

# %%

first, second = (one.metrics for one in diagnoses.values())
saved = 1 - second["log_loss"].value / first["log_loss"].value
moved = second["accuracy"].value - first["accuracy"].value
print(f"{saved:.0%} of the log loss is gone, accuracy moved by {moved:+.3f}")
assert saved > 1 / 3
assert abs(moved) < 0.02
assert second["ece"].value < first["ece"].value / 3

# %%
# *A calibrator fitted on 1500 exported rows took away more than a third of the log loss of an
# overtrained network, and left its accuracy within two points of what it was.*
