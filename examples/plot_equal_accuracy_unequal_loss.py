"""
Equal accuracy, unequal loss
============================

Two models look at a cat. One says cat 90 %, dog 10 %; the other cat 60 %, dog 40 %.
Both are right, and they do not cost the same.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.special import softmax

from sklearn_lossacc import diagnose, metrics

sure, hesitant = np.array([[0.9, 0.1]]), np.array([[0.6, 0.4]])
losses = [metrics.log_loss(["cat"], p, classes=["cat", "dog"]) for p in (sure, hesitant)]
print(np.round(losses, 3))

assert np.allclose(losses, [-np.log(0.9), -np.log(0.6)])
assert np.allclose(losses, [0.105, 0.511], atol=5e-4)

# %%
# Where .37 and .6 come from
# --------------------------
# A well-known answer to the question of this package quotes the cross entropies of
# these two predictions as about .37 and .6. These are the values that come out when the
# probabilities are handed to a loss function that expects logits and so applies softmax
# a second time.

twice = [softmax(p, axis=1) for p in (sure, hesitant)]
quoted = [metrics.log_loss(["cat"], p, classes=["cat", "dog"]) for p in twice]
print(np.round(quoted, 4))

assert np.allclose(quoted, [0.3711, 0.5981], atol=5e-5)

# %%
# It is an easy mistake: nothing crashes, the order of the classes stays, and accuracy
# cannot notice. The probabilities are squeezed between .27 and .73, so that the loss
# can never fall below .313.

p = np.linspace(0.001, 0.999, 400)
figure, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
ax.plot(p, -np.log(p), color="#1b5e9e", label="softmax once")
ax.plot(
    p,
    -np.log(softmax(np.stack([p, 1 - p]), axis=0)[0]),
    color="#c2571a",
    linestyle="--",
    label="softmax twice",
)
ax.plot([0.9, 0.6], losses, "o", color="#1b5e9e")
ax.plot([0.9, 0.6], quoted, "s", color="#c2571a")
ax.set(xlabel="probability of the true class", ylabel="loss (nats)", ylim=(0, 2.5))
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False)

assert abs(-np.log(softmax([1.0, 0.0])[0]) - 0.313) < 5e-4

# %%
# Finding it in an export
# -----------------------
# One row cannot show it, an export can. Here are two thousand predictions of an honest
# model, half of them as sure as the first and half as hesitant as the second, and the
# same export with one softmax too many.

rng = np.random.default_rng(0)
n = 2000
top = np.where(rng.random(n) < 0.5, 0.9, 0.6)
cat = np.where(rng.random(n) < 0.5, top, 1 - top)
proba = np.column_stack([cat, 1 - cat])
animal = np.where(rng.random(n) < cat, "cat", "dog")

right = diagnose(animal, proba, classes=["cat", "dog"], name="as it should be")
wrong = diagnose(animal, softmax(proba, axis=1), classes=["cat", "dog"], name="softmax twice")
print(wrong)

assert not right.issues
assert "LA002" in {finding.code for finding in wrong.issues}
assert right.metrics["accuracy"] == wrong.metrics["accuracy"]

# %%
# The finding says what undoing one softmax brings back: the loss of the honest export.

finding = next(finding for finding in wrong.findings if finding.code == "LA002")
print(finding.headline)

assert abs(wrong.metrics["log_loss"].value - finding.value - right.metrics["log_loss"].value) < 1e-6

# %%
# *Two right predictions cost .105 and .511 nats, not .37 and .6; the second pair has
# been through softmax twice, and LA002 finds such an export while its accuracy is the
# same to the last digit.*
