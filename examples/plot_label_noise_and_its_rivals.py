"""
Label noise against two rivals
==============================

Validation accuracy is fair, the validation loss is high and grows with training. Three
explanations are usually offered: the network is too *small*; it grows *less certain* of
what it gets right; some of the *labels* are wrong. Each predicts something that the others
do not.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from sklearn_lossacc import diagnose
from sklearn_lossacc.metrics import log_loss

X, y = load_digits(return_X_y=True)
X_train, X_val, y_train, y_true = train_test_split(X / 16, y, train_size=897, random_state=0)
rng = np.random.default_rng(0)
wrong = rng.random(y_true.size) < 0.1
y_val = np.where(wrong, (y_true + rng.integers(1, 10, y_true.size)) % 10, y_true)
EPOCHS, WIDTHS = 40, (8, 32, 128)


def train(width):
    """Return the validation probabilities of each epoch."""
    network = MLPClassifier((width,), batch_size=32, learning_rate_init=3e-3, random_state=0)
    epochs = []
    for _ in range(EPOCHS):
        network.partial_fit(X_train, y_train, classes=np.arange(10))
        epochs.append(network.predict_proba(X_val))
    return np.array(epochs)


runs = {width: train(width) for width in (3, *WIDTHS)}
last = {width: epochs[-1] for width, epochs in runs.items()}

# %%
# Too small?
# ----------
# Then a larger network would have a lower loss. It has a higher one, although it knows
# more: against the true labels, which only we have, its loss falls.

given = [log_loss(y_val, last[width]) for width in WIDTHS]
true = [log_loss(y_true, last[width]) for width in WIDTHS]
for width, *losses in zip(WIDTHS, given, true, strict=True):
    print(f"{width:3d} units: {losses[0]:.3f} nats on the labels given, {losses[1]:.3f} on the true ones")
assert given == sorted(given)
assert true == sorted(true, reverse=True)

# %%
# And a network that is too small looks different: with right labels no label is accused.

small = diagnose(y_true, last[3], name="3 units, right labels")
print("3 units, right labels:", *(f"{finding.code} {finding.name}," for finding in small.issues))
assert small.metrics["log_loss"].value > 1
assert small["LA202"].status != "fired"

# %%
# Less certain?
# -------------
# Then confidence in the right rows would fall. It rises from epoch to epoch.

epochs = runs[32]
right = epochs.argmax(axis=2) == y_val
confidence = np.array([p.max(axis=1)[hit].mean() for p, hit in zip(epochs, right, strict=True)])
loss = np.array([log_loss(y_val, p) for p in epochs])
print(f"confidence in right rows: {confidence[2]:.2f} after 3 epochs, {confidence[-1]:.2f} after {EPOCHS}")
assert confidence[-1] > 0.95
assert np.mean(np.diff(confidence) > 0) > 0.8
assert loss[-1] > loss.min() + 0.3

# %%
# Wrong labels?
# -------------
# Then the loss sits in a few rows that the network is sure of, no recalibration helps, and
# those rows can be found. LA202 says so, with an interval for their share.

d = diagnose(y_val, last[32], name="32 units")
print(d)
noise = d["LA202"]
assert [finding.code for finding in d.issues] == ["LA202"]
assert noise.interval[0] < wrong.mean() < noise.interval[1]

review = d.samples(wrong.sum(), by="label_quality")["index"].to_numpy()
by_row = -np.log(last[32][np.arange(y_val.size), y_val])
print(f"wrong labels {wrong.mean():.1%}; their share of the loss {by_row[wrong].sum() / by_row.sum():.0%}")
print(f"of the {review.size} rows of lowest label quality {wrong[review].mean():.0%} are wrong")
assert by_row[wrong].sum() > 0.8 * by_row.sum()
assert wrong[review].mean() > 0.85

# %%
# The experiment that decides: put right the labels of these rows, and look again.

checked = y_val.copy()
checked[review] = y_true[review]
after = diagnose(checked, last[32], name="32 units, labels reviewed")
print(f"loss {d.metrics['log_loss'].value:.3f} -> {after.metrics['log_loss'].value:.3f} nats")
assert after.metrics["log_loss"].value < 0.35 * d.metrics["log_loss"].value

# %%
# Three predictions, three pictures.

figure, (size, certainty, rows) = plt.subplots(1, 3, figsize=(10, 3.6), layout="constrained")
places = np.arange(len(WIDTHS))
size.plot(places, given, color="#c2571a", marker="o", label="labels given")
size.plot(places, true, color="#2f6f9f", marker="s", label="true labels")
size.set_xticks(places, WIDTHS)
size.set(xlabel="hidden units", ylabel="log loss (nats)", title="Not capacity", ylim=(0, 1.6))
size.legend(frameon=False, loc="center right")
certainty.plot(np.arange(1, EPOCHS + 1), loss, color="#c2571a", label="log loss (nats)")
certainty.plot(np.arange(1, EPOCHS + 1), confidence, color="0.2", linestyle="--", label="confidence in right rows")
certainty.set(xlabel="epoch", title="Not less certain", ylim=(0, 2.4))
certainty.legend(frameon=False, loc="upper right")
edges = np.linspace(0, by_row.max(), 25)
rows.hist([by_row[~wrong], by_row[wrong]], edges, stacked=True, color=["0.75", "#c2571a"], label=["right", "wrong"])
rows.set(xlabel="loss of a row (nats)", ylabel="rows", yscale="log", title="Wrong labels carry it")
rows.legend(frameon=False, title="label")
for ax in (size, certainty, rows):
    ax.spines[["top", "right"]].set_visible(False)

# %%
# *A larger network has the higher loss and a longer trained one is more certain, so neither
# rival stands; one label in ten is wrong, those rows carry nearly all of the loss, and LA202
# finds nine in ten of them.*
