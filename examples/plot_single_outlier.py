"""
One outlier carries the loss
============================

A network with one hidden unit separates two classes well. It is tried on a handful of new
points. All but one are right, and the loss is as bad as guessing. Is the network
overconfident, or is it one point?
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.neural_network import MLPClassifier

from sklearn_lossacc import LossAccuracyReport, diagnose

rng = np.random.default_rng(3)


def points(n):
    """Two clouds of n / 2 points each."""
    y = np.repeat([0, 1], n // 2)
    return rng.normal(np.where(y[:, None] == 1, [1.5, 0.5], [-1.5, -0.5]), 0.6), y


network = MLPClassifier((1,), solver="lbfgs", alpha=0.03, max_iter=1000, random_state=3)
network.fit(*points(60))

# %%
# The last of the new points lies in the very centre of class 1, and its label says 0.

X, y = points(24)
X, y = np.vstack([X, [[1.5, 0.5]]]), np.append(y, 0)
proba = network.predict_proba(X)
loss = -np.log(proba[np.arange(y.size), y])

print(f"accuracy {np.mean(proba.argmax(axis=1) == y):.0%}, mean loss {loss.mean():.2f} nats")
print(f"largest losses {np.sort(loss)[::-1][:3].round(2)}, median {np.median(loss):.4f} nats")

# %%
# The mean describes no point at all. One bar is near 17, the rest are near 0.

figure, (plane, bars) = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
for label, (marker, color) in enumerate([("o", "#2f6f9f"), ("^", "#c2571a")]):
    plane.plot(*X[y == label].T, marker, color=color, markeredgecolor="white", markersize=8, label=f"class {label}")
plane.annotate("row 24", X[24], (2.1, -0.7), arrowprops={"arrowstyle": "-", "color": "0.3"})
sides = np.linspace(-3.2, 3.2, 200), np.linspace(-2, 2, 120)
grid = np.stack(np.meshgrid(*sides), axis=-1)
height = network.predict_proba(grid.reshape(-1, 2))[:, 1].reshape(grid.shape[:2])
plane.contour(*sides, height, levels=[0.5], colors="0.3", linewidths=1)
plane.legend(loc="upper left", frameon=False)
plane.set(xlabel="first feature", ylabel="second feature", title="New points, and where p = 0.5")
bars.bar(np.arange(y.size), loss, width=0.8, color=["0.6"] * 24 + ["#c2571a"])
bars.axhline(loss.mean(), color="0.2", linewidth=1, linestyle="--")
bars.text(0, loss.mean() + 0.3, f"mean {loss.mean():.2f}")
bars.set(xlabel="row", ylabel="loss (nats)", title="Loss of each point")
for ax in (plane, bars):
    ax.spines[["top", "right"]].set_visible(False)

assert 16 < loss[24] < 18
assert np.delete(loss, 24).max() < 0.3
assert loss.mean() > np.log(2)

# %%
# What the diagnosis says
# -----------------------
# By the network's own probabilities a label like that of row 24 comes once in thirty
# million draws. LA201 names the row, and judges everything else without it: the network is
# not called overconfident. LA003 adds that 25 points are few.

d = diagnose(y, proba, name="one hidden unit")
print(d)

outlier = d["LA201"]
assert outlier.status == "fired"
assert outlier.evidence["rows"] == [24]
assert outlier.evidence["loss_share"] > 0.95
assert {finding.code for finding in d.issues} == {"LA201", "LA003"}
print(f"share of the loss in row 24: {outlier.evidence['loss_share']:.0%}")

# %%
# The histogram compares the losses with those that the network expects of itself: all are
# where they should be, save one.

LossAccuracyReport(d).plot(panels=["loss", "waterfall"])

# %%
# Numbers that no single row can rule give another picture. Without row 24 the mean loss is
# a fiftieth.

without = diagnose(np.delete(y, 24), np.delete(proba, 24, axis=0))
print(f"median loss {outlier.evidence['median_loss']:.4f}, without row 24 {without.metrics['log_loss'].value:.4f} nats")
print(f"no row counting for more than ln 100: {outlier.evidence['truncated_loss']:.3f} nats")
assert without.metrics["accuracy"].value == 1.0
assert without.metrics["log_loss"].value < d.metrics["log_loss"].value / 30

# %%
# *Of 25 points 24 are right, and the one that is not carries more than 95 % of a mean loss
# worse than guessing: LA201 names that row, and does not call the network overconfident.*
