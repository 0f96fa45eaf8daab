"""
Regularise, or recalibrate?
===========================

A model with more features than it can learn gets too sure of itself. L2 regularisation
shrinks the weights, and with them the confidence. A temperature, fitted on held-out rows,
takes away the confidence alone. Which of them repairs what?
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_classification
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from sklearn_lossacc import CalibratedClassifier, TemperatureCalibrator
from sklearn_lossacc.metrics import accuracy_score, log_loss

X, y = make_classification(
    9000, 150, n_informative=15, n_redundant=0, n_classes=3, class_sep=1.0, flip_y=0.05, random_state=1
)
X = StandardScaler().fit_transform(X)
train, valid, test = slice(0, 500), slice(500, 1500), slice(1500, None)

strengths = np.logspace(0, 3.5, 11)
raw, repaired, temperatures, accuracy = [], [], [], []
for strength in strengths:
    model = LogisticRegression(C=1 / strength, max_iter=5000).fit(X[train], y[train])
    wrapped = CalibratedClassifier(FrozenEstimator(model), TemperatureCalibrator(), summary=False)
    wrapped.fit(X[valid], y[valid])
    raw.append(log_loss(y[test], model.predict_proba(X[test])))
    repaired.append(log_loss(y[test], wrapped.predict_proba(X[test])))
    temperatures.append(wrapped.calibrators_[0].temperature_)
    accuracy.append(accuracy_score(y[test], model.predict_proba(X[test])))
raw, repaired, temperatures, accuracy = map(np.array, (raw, repaired, temperatures, accuracy))

# %%
# Too little regularisation is overconfidence (a temperature above 1), too much is
# underconfidence (below 1). The temperature undoes both; what is left of the curve is what
# regularisation does to the model itself.

figure, axes = plt.subplots(2, 1, figsize=(7.6, 6.4), sharex=True, layout="constrained")
axes[0].plot(strengths, raw, "o-", color="0.45", label="as it is")
axes[0].plot(strengths, repaired, "o-", color="#c2571a", label="after temperature scaling")
axes[0].axhline(np.log(3), color="0.7", linewidth=1, linestyle="--")
axes[0].annotate("guessing", (strengths[0], np.log(3)), (0, 4), textcoords="offset points", color="0.5")
axes[0].set(ylabel="test log loss (nats)", yscale="log")
axes[0].set_yticks([0.8, 1.0, 1.5, 2.0], ["0.8", "1.0", "1.5", "2.0"])
axes[0].minorticks_off()
axes[0].legend(frameon=False, loc="upper center")
axes[1].plot(strengths, temperatures, "o-", color="#1f6f8b")
axes[1].axhline(1, color="0.7", linewidth=1, linestyle="--")
axes[1].set(xscale="log", yscale="log", xlabel="strength of the L2 penalty, 1 / C", ylabel="fitted temperature")
axes[1].set_yticks([0.1, 0.3, 1, 3], ["0.1", "0.3", "1", "3"])
axes[1].minorticks_off()
for ax in axes:
    ax.spines[["top", "right"]].set_visible(False)

# %%

best, alone = raw.argmin(), raw[0]
print(f"hardly any penalty:        {raw[0]:.3f} nats, {repaired[0]:.3f} after scaling")
print(f"best penalty, {strengths[best]:6.1f}:      {raw[best]:.3f} nats, {repaired[best]:.3f} after scaling")
print(f"best penalty for scaling:  {repaired.min():.3f} nats at {strengths[repaired.argmin()]:.1f}")
print(f"accuracy from {accuracy[0]:.3f} to {accuracy.max():.3f}")

assert temperatures[0] > 1.5
assert temperatures[-1] < 0.5
assert raw[0] - repaired[0] > 0.1
assert raw[-1] - repaired[-1] > 0.05
assert repaired.min() < repaired[0] - 0.01
assert (repaired < raw + 0.003).all()
assert np.ptp(repaired) < np.ptp(raw) / 2
assert accuracy.max() > accuracy[0] + 0.03  # a temperature moves no prediction

# %%
# *The temperature repaired the confidence at every strength of the penalty, so that its choice
# mattered far less; what only regularisation repairs is the model: the best penalty with the
# temperature beat hardly any penalty with it.*
