"""
Right but unsure
================

A model gives cat 25 %, dog 35 % and horse 40 %. The picture shows a horse. Accuracy
counts a full success; the log loss is :math:`-\\ln 0.40 = 0.916` nats, nearly that of pure
guessing among three, :math:`\\ln 3 = 1.099`.
"""

import numpy as np
from scipy.special import softmax

from sklearn_lossacc import LossAccuracyReport, diagnose

d = diagnose(["horse"], [[0.25, 0.35, 0.40]], classes=["cat", "dog", "horse"])

assert d.metrics["accuracy"].value == 1.0
assert abs(d.metrics["log_loss"].value - 0.9163) < 5e-5
print(f"accuracy {d.metrics['accuracy'].value:.0%}, log loss {d.metrics['log_loss'].value:.3f} nats")

# %%
# One row tells nothing about a model. Take a thousand like it, and two worlds from which
# their labels could have come.

rng = np.random.default_rng(0)
n, names = 1000, np.array(["cat", "dog", "horse"])
log_odds = rng.normal(0.0, 3.5, (n, 3))
log_odds[0] = np.log([0.25, 0.35, 0.40]) / 0.15
proba = softmax(0.15 * log_odds, axis=1)


def draw(probabilities):
    """One label from each row."""
    return names[(probabilities.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)]


# %%
# In the first world the model knows much more than it says. Where it gives 40 %, it is
# right far more often.

unsure = diagnose(draw(softmax(log_odds, axis=1)), proba, classes=names, name="right but unsure")
print(unsure)

assert [finding.code for finding in unsure.issues] == ["LA102"]
assert unsure.metrics["accuracy"].value > 0.8
assert unsure.metrics["confidence_gap"].value < -0.3
assert 0.12 < unsure.metrics["temperature"].value < 0.18

# %%
# Points far above the diagonal: it is underconfident, and one temperature repairs it. The
# bar called underconfidence is the loss that would go away.

report = LossAccuracyReport(unsure).plot(panels=["waterfall", "reliability"])

# %%
# In the second world the labels are drawn from these very probabilities. The loss is a
# quarter of a nat higher, accuracy falls from 83 to 49 %, and there is nothing to repair:
# the model says what it knows.

honest = diagnose(draw(proba), proba, classes=names, name="honestly unsure")
print(honest)

assert not {"LA101", "LA102", "LA103"} & {finding.code for finding in honest.issues}
assert honest.metrics["accuracy"].value < 0.6
assert 0.2 < honest.metrics["log_loss"].value - unsure.metrics["log_loss"].value < 0.3

# %%
# *The same probabilities are too timid where they are nearly always right, and just right
# where they are right as often as they say; accuracy tells these worlds apart, and only
# the diagnosis says in which of them there is something to repair.*
