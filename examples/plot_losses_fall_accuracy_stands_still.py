"""
Both losses fall while accuracy stays at 60 %
=============================================

Training and validation loss fall epoch after epoch, and accuracy does not move. Is the
model learning? Yes: not what to decide, but how sure to be.
"""

import numpy as np
from scipy.special import softmax

from sklearn_lossacc import HistoryReport, diagnose, read_history
from sklearn_lossacc.metrics import accuracy_score, log_loss

# %%
# Four kinds of rows are easy to tell apart, but only 60 % of each kind carry the label of
# their kind; the other labels fall anywhere. No model can be right more often.

rng = np.random.default_rng(0)


def rows(n):
    """Features that show the kind of a row, and its label."""
    kind = rng.integers(0, 4, n)
    label = np.where(rng.random(n) < 0.6, kind, (kind + rng.integers(1, 4, n)) % 4)
    return np.eye(4)[kind] + 0.2 * rng.normal(size=(n, 4)), label


X, y = rows(2000)
X_val, y_val = rows(4000)

# %%
# Softmax regression, by gradient descent from zero.

weights = np.zeros((4, 4))
log = {"loss": [], "val_loss": [], "accuracy": [], "val_accuracy": []}
for _ in range(40):
    error = softmax(X @ weights, axis=1) - np.eye(4)[y]
    weights -= 0.4 * X.T @ error / len(y)
    for name, features, labels in (("", X, y), ("val_", X_val, y_val)):
        proba = softmax(features @ weights, axis=1)
        log[f"{name}loss"].append(log_loss(labels, proba))
        log[f"{name}accuracy"].append(accuracy_score(labels, proba))

history = read_history(log, n_val=4000, n_classes=4)
report = HistoryReport.from_history(history, name="60 %")
print(report)

plateau = report.diagnosis_["LA505"]
assert plateau.status == "fired"
assert abs(history.val_accuracy[-1] - 0.6) < 0.02
assert np.ptp(history.val_accuracy) < 0.01

# %%
# From the first step on, the right class has the largest probability; that is all that
# accuracy asks. The loss asks how large: it falls from :math:`\ln 4 = 1.386` toward
# the entropy of 60, 13, 13 and 13 %, which is 1.112 nats and the upper edge of what
# calibrated models of that accuracy can have.

ceiling = report.diagnosis_.metrics["calibrated_high"].value
assert abs(ceiling - 1.11) < 0.02

# %%
# The last predictions are still too timid, which is what a loss that falls alone suggests:
# there is something to gain for probabilities, and nothing for labels.

final = diagnose(y_val, softmax(X_val @ weights, axis=1), name="after 40 steps")
print([finding.name for finding in final.issues])
assert "LA102" in [finding.code for finding in final.issues]
assert final["LA401"].status == "passed"

# %%
# *A falling loss beside a standing accuracy means growing certainty, not better decisions;
# whether 60 % is the limit is a question about the inputs, which no curve answers.*
