"""
A learning rate that is too high
================================

The same network, the same digits, two learning rates. With the larger one the loss jumps
about to the end. Not every rough curve is a sign of that: a jump counts when it is large
and comes back, and the finding when jumps do not stop.
"""

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from sklearn_lossacc import HistoryReport, read_history
from sklearn_lossacc.metrics import accuracy_score, log_loss

X, y = load_digits(return_X_y=True)
X_train, X_val, y_train, y_val = train_test_split(X / 16, y, train_size=897, random_state=0)


def train(rate, n_epochs=30):
    """Train a network, and log what Keras would log."""
    network = MLPClassifier((64,), learning_rate_init=rate, batch_size=32, random_state=0)
    log = {"loss": [], "val_loss": [], "val_accuracy": []}
    for _ in range(n_epochs):
        network.partial_fit(X_train, y_train, classes=range(10))
        proba = network.predict_proba(X_val)
        log["loss"].append(network.loss_)
        log["val_loss"].append(log_loss(y_val, proba))
        log["val_accuracy"].append(accuracy_score(y_val, proba))
    return log


# %%
# A rate of 0.1 is a hundred times Adam's usual one.

high = HistoryReport.from_history(read_history(train(0.1), n_val=900, n_classes=10), name="learning rate 0.1")
print(high)

unstable = high.diagnosis_["LA504"]
assert unstable.status == "fired"
assert unstable.evidence["n_spikes"] >= 3
assert unstable.evidence["n_late"] >= 1

# %%
# With the usual rate the curve is smooth, and ends lower, although it began far slower. It
# was still falling: the tip says to train longer.

usual = HistoryReport.from_history(read_history(train(0.001), n_val=900, n_classes=10), name="learning rate 0.001")
assert usual.diagnosis_["LA504"].status == "passed"
assert usual.diagnosis_["LA508"].status == "fired"

last = [report.diagnosis_.metrics["last_val_loss"].value for report in (high, usual)]
print(f"last validation loss: {last[0]:.3f} with 0.1, {last[1]:.3f} with 0.001")
assert last[1] < last[0]

# %%
# How large is a jump? The loss must leave its best value so far by more than a fifth, by a
# tenth of a nat at least, and by three standard errors of 900 rows. The first epochs of
# many good runs do that under a large rate which is lowered later; they pass as long as
# the last quarter is calm.

heights = ", ".join(f"{height:.2f}" for height in unstable.evidence["heights"])
print(f"jumps of {heights} nats above the best loss before them")
print(usual.diagnosis_["LA504"].headline)

# %%
# *A rate that is too high shows in jumps that never stop. Where it ends is chance, down to
# the rounding of the machine; the slow curve ends lower all the same.*
