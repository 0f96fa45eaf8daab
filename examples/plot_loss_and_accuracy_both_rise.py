"""
Validation loss and accuracy both rise
======================================

A network learns digits from 897 images with right labels. Of the 900 validation images one
in fifteen carries a wrong label, as in many real validation sets. After epoch 7 the
validation loss rises and rises; accuracy rises too. Which of the two is lying?
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from sklearn_lossacc import EpochRecorder, HistoryReport, diagnose

X, y = load_digits(return_X_y=True)
X_train, X_val, y_train, y_val = train_test_split(X / 16, y, train_size=897, random_state=0)
rng = np.random.default_rng(0)
wrong = rng.random(900) < 0.08
y_val = np.where(wrong, (y_val + rng.integers(1, 10, 900)) % 10, y_val)

# %%
# What a training log would say
# -----------------------------
# The recorder trains the network and keeps what each epoch predicts. Its history holds
# nothing more than any log does: two curves.

network = MLPClassifier((128, 128), batch_size=32, random_state=0)
recorder = EpochRecorder.from_partial_fit(network, X_train, y_train, X_val, y_val, n_epochs=60, name="digits")
report = HistoryReport.from_history(recorder.history())

rise = report.diagnosis_["LA501"]
print(rise.headline)
assert rise.status == "fired"
assert rise.evidence["accuracy_direction"] == "rose"

# %%
# The loss leaves the band in which calibrated models of that accuracy lie (grey): at the
# end, part of it is certainly miscalibration. More cannot be had from curves: the report
# asks for predictions.

print(report.diagnosis_["LA513"].headline)
assert report.diagnosis_["LA513"].evidence["side"] == "above"

# %%
# What the predictions say
# ------------------------
# Every loss is split into what one temperature repairs and the rest. The rest keeps
# falling: the network goes on learning, and grows too sure while it does.

recorder.plot()
frame = recorder.frame().set_index("epoch")
print(frame.loc[[1, 7, 30, 60], ["log_loss", "accuracy", "refinement_loss", "temperature"]].round(3))

assert frame.loc[60, "log_loss"] > 1.7 * frame["log_loss"].min()
assert frame.loc[60, "refinement_loss"] < frame.loc[7, "refinement_loss"]

# %%
# So there is no one best epoch. As they are, the probabilities of epoch 7 are best. For
# labels, and for probabilities that are recalibrated, training on was right.

print(recorder)
assert recorder.choice("as they are").epoch < 15
assert recorder.choice("recalibrated").epoch > 30

# %%
# Whose loss grew
# ---------------
# The rows whose loss grew most are, nearly all, those with a wrong label: the network is
# right, and pays for being sure of it. Sorting by the growth of the loss finds them.

rows = recorder.rows()
found = wrong[rows["index"].to_numpy()[: wrong.sum()]].mean()
print(f"of the {wrong.sum()} rows whose loss grew most, {found:.0%} carry a wrong label")
assert found > 0.8

# %%
# The last epoch's probabilities, diagnosed by themselves, tell it without any curve: a
# share of labels that no model can predict. A temperature alone would blunt all rows to
# pay for these few, hence its size; a calibrator with a floor leaves the others sharp.

final = diagnose(y_val, network.predict_proba(X_val), name="last epoch")
rate = final.metrics["noise_rate"]
print(final["LA202"].headline)
assert final["LA202"].status == "fired"
assert rate.low < wrong.mean() < rate.high

# %%
# *Neither lies: accuracy rises because the decisions get better, the loss rises because
# the network grows sure of them, and one wrong label in fifteen punishes it for being
# right.*
