"""
One class overfit while the others still learn
==============================================

A network tells three birds by day. By night there are 200 training recordings, most of them
owls, and their features say nothing. The network learns the 200 by heart, while it is still
getting better by day. One loss and one temperature for both would be wrong twice.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_classification
from sklearn.neural_network import MLPClassifier

from sklearn_lossacc import TemperatureCalibrator, VectorCalibrator, diagnose
from sklearn_lossacc.metrics import log_loss

BIRDS = np.array(["finch", "gull", "heron", "owl"])
rng = np.random.default_rng(0)
by_day, bird_by_day = make_classification(
    7500, n_features=12, n_informative=12, n_redundant=0, n_classes=3, n_clusters_per_class=6,
    class_sep=1.6, flip_y=0, random_state=0,
)  # fmt: skip
n_night = 1700
bird_by_night = np.where(rng.random(n_night) < 0.6, 3, rng.integers(0, 3, n_night))
X_day = np.hstack([by_day, np.zeros((7500, 11))])
X_night = np.hstack([np.zeros((n_night, 12)), rng.normal(size=(n_night, 10)), np.full((n_night, 1), 2.0)])


def part(day, night):
    """Return features, birds, and whether it is night."""
    birds = np.append(bird_by_day[day], bird_by_night[night])
    features = np.vstack([X_day[day], X_night[night]])
    return features, BIRDS[birds], np.arange(len(birds)) >= len(X_day[day])


X, y, _ = part(slice(0, 3000), slice(0, 200))
X_val, y_val, night = part(slice(3000, 6000), slice(200, 1200))
X_new, y_new, _ = part(slice(6000, 7500), slice(1200, 1700))

# %%
# Forty epochs
# ------------
# Validation loss hardly moves after epoch 8: it is the mean of one curve that falls and one
# that rises. A training log does not show either.

EPOCHS = np.arange(1, 41)
network = MLPClassifier((64,), learning_rate_init=2e-3, batch_size=64, alpha=0.0, random_state=0)
losses, diagnoses = [], {}
for epoch in EPOCHS:
    network.partial_fit(X, y, classes=BIRDS)
    proba = network.predict_proba(X_val)
    row_loss = -np.log(proba[np.arange(y_val.size), np.searchsorted(BIRDS, y_val)])
    losses.append([row_loss.mean(), row_loss[~night].mean(), row_loss[night].mean()])
    if epoch % 8 == 0:
        diagnoses[epoch] = diagnose(y_val, proba, classes=BIRDS, name=f"epoch {epoch}")
together, day, dark = np.array(losses).T

assert day[-1] < day[7] - 0.03
assert dark[-1] > dark[7] + 0.2

# %%
# What the diagnosis says
# -----------------------
# LA203 looks at the rows *predicted* as each bird, which needs no knowledge of day and
# night, and names the owl: too sure beyond the rest of the model.

d = diagnoses[40]
print(d)
uneven = d["LA203"]
temperatures = uneven.evidence["temperatures"]
assert uneven.status == "fired"
assert uneven.evidence["class"] == "owl"
assert temperatures["owl"] > 1.3
assert all(temperatures[bird] < 1 for bird in BIRDS[:3])

# %%
# It grows from epoch to epoch: by the model's own standard the owl is ever too hot.

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
for curve, words, style in (
    (dark, "night", {"color": "#c2571a", "linestyle": "--"}),
    (together, "all, as in a training log", {"color": "0.2"}),
    (day, "day", {"color": "#2f6f9f", "linestyle": "-."}),
):
    left.plot(EPOCHS, curve, label=words, **style)
left.set(xlabel="epoch", title="Validation loss (nats)", ylim=(0, 1.9))
left.legend(frameon=False, loc="upper right")
for bird, style in zip(BIRDS, ("-.", ":", "-", "--"), strict=True):
    heat = [one["LA203"].evidence["temperatures"][bird] for one in diagnoses.values()]
    right.plot(list(diagnoses), heat, style, marker="o", color="#c2571a" if bird == "owl" else "0.4", label=bird)
right.axhline(1.0, color="0.8", linewidth=1)
right.set(xlabel="epoch", title="Temperature of rows predicted as")
right.legend(frameon=False, loc=(0.6, 0.38))
for ax in (left, right):
    ax.spines[["top", "right"]].set_visible(False)

owl = [one["LA203"].evidence["temperatures"]["owl"] for one in diagnoses.values()]
assert owl[-1] > owl[0]

# %%
# The repair
# ----------
# One temperature is a compromise. A factor for each class does better on new recordings.

proba_new = network.predict_proba(X_new)
after = {"as it is": log_loss(y_new, proba_new, classes=BIRDS)}
for calibrator in (TemperatureCalibrator(classes=BIRDS), VectorCalibrator(classes=BIRDS)):
    repaired = calibrator.fit(proba, y_val).predict_proba(proba_new)
    after[type(calibrator).__name__] = log_loss(y_new, repaired, classes=BIRDS)
for name, loss in after.items():
    print(f"{name:>22}: {loss:.3f} nats")
assert after["VectorCalibrator"] < after["TemperatureCalibrator"] < after["as it is"]

# %%
# *The loss by night rises from epoch 8 on while that by day still falls, so their mean tells
# nothing; LA203 names the owl, and a factor for each class repairs more than one temperature.*
