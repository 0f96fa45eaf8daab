"""
Lower loss with worse accuracy, and the reverse
===============================================

Two models, two numbers each, and they contradict each other: the one with the lower loss
is right less often. Three explanations are usually offered. The labels are noisy; one
model has more capacity than the other; or one has become less certain than the other.
All three happen, and the four numbers look alike in each.
"""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.special import softmax

from sklearn_lossacc import ComparisonReport

rng = np.random.default_rng(0)
n, k = 4000, 3
rows = np.arange(n)


def draw(log_odds):
    """One label from each row."""
    steps = softmax(log_odds, axis=1).cumsum(axis=1)
    return (steps < rng.random((n, 1))).sum(axis=1).clip(0, k - 1)


# %%
# Three worlds
# ------------
# In each, "blunt" is a model of the rows seen through some fog, and as sure as it should
# be. "sharp" sees more clearly and has the higher accuracy, and still the higher loss.
#
# *Noise.* One label in twelve is wrong. The sharp model leaves no room for that.

log_odds = 5 * rng.normal(size=(n, k))
y = draw(log_odds)
flipped = rng.random(n) < 1 / 12
noisy = np.where(flipped, (y + rng.integers(1, k, n)) % k, y)
worlds = {
    "noise": (
        noisy,
        softmax(0.4 * (log_odds + 1.5 * rng.normal(size=(n, k))), axis=1),
        softmax(log_odds, axis=1),
    )
}

# %%
# *Capacity.* The sharp model knows the likeliest class better but nothing beyond it: it
# has one level of confidence for every row and cannot say which of its answers are unsure.

log_odds = 1.8 * rng.normal(size=(n, k))
y = draw(log_odds)
fogged = softmax(0.9 * (log_odds + 0.8 * rng.normal(size=(n, k))), axis=1)
top = log_odds.argmax(axis=1)
level = np.mean(top == y)
flat = np.full((n, k), (1 - level) / (k - 1))
flat[rows, top] = level
worlds["capacity"] = (y, fogged, flat)

# %%
# *Certainty.* Both are as good at telling classes apart as they can be, but the sharp one
# is three times surer than it should be, and the blunt one less certain.

worlds["certainty"] = (y, fogged, softmax(3 * log_odds, axis=1))

# %%
# Two cases
# ---------
# From sharp to blunt the loss falls and accuracy gets worse; from blunt to sharp it is the
# reverse. All six lines say the same.

table, reports = [], {}
for world, (labels, blunt, sharp) in worlds.items():
    for case, order in {
        "lower loss, worse accuracy": {"sharp": sharp, "blunt": blunt},
        "higher loss, better accuracy": {"blunt": blunt, "sharp": sharp},
    }.items():
        unseen = Figure().add_subplot()  # drawn below, where there is something to see
        report = ComparisonReport.from_predictions(labels, order, ax=unseen)
        reports[world, case] = report
        models = report.frame("models").set_index("model")
        first, second = order
        table.append(
            {
                "case": case,
                "world": world,
                "loss": f"{models.loc[first, 'log_loss']:.3f} to {models.loc[second, 'log_loss']:.3f}",
                "accuracy": f"{models.loc[first, 'accuracy']:.1%} to {models.loc[second, 'accuracy']:.1%}",
                "finding": report.diagnosis_["LA601"].status,
            }
        )
print(pd.DataFrame(table).sort_values("case", ascending=False).to_string(index=False))

assert all(line["finding"] == "fired" for line in table)

# %%
# Which explanation holds
# -----------------------
# The comparison weighs all three on the same rows. Each is given in nats, with its
# interval: what a temperature repairs (certainty), what is left after it (capacity), and
# what comes from rows whose label neither model can believe (noise).

reverse = "higher loss, better accuracy"
weighed = {world: reports[world, reverse].frame("mechanisms").set_index("mechanism") for world in worlds}
for world, mechanisms in weighed.items():
    print(f"world of {world}:")
    for name, line in mechanisms.iterrows():
        print(f"  {name:<10} {line['value']:+.3f} [{line['low']:+.3f}, {line['high']:+.3f}]  {line['verdict']}")

supported = {
    world: set(mechanisms.index[mechanisms["verdict"] == "supported"]) for world, mechanisms in weighed.items()
}
assert supported["capacity"] >= {"capacity"}
assert "noise" not in supported["capacity"]
assert weighed["capacity"].loc["capacity", "value"] > 0
assert supported["certainty"] == {"certainty", "capacity"}
assert weighed["certainty"].loc["capacity", "value"] < 0 < weighed["certainty"].loc["certainty", "value"]
assert "noise" in supported["noise"]

# %%
# In the world of certainty the order is reversed by a temperature each (LA604): the sharp
# model was better all along. In the world of capacity nothing of the kind happens; the
# blunt one keeps the lower loss.

report = reports["certainty", reverse].plot()
print(report)

assert report.diagnosis_["LA604"].status == "fired"
assert reports["capacity", reverse].diagnosis_["LA604"].status == "passed"

# %%
# In the world of noise, the rows that make the difference can be looked at one by one.

doubted = reports["noise", reverse].samples(200)
print(
    f"of the 200 rows that move the loss most, {flipped[doubted['index']].mean():.0%} have a "
    f"wrong label; the report itself doubts {doubted['suspect'].mean():.0%}"
)

assert flipped[doubted["index"]].mean() > 0.9

# %%
# *Four numbers cannot say why the model with the lower loss is right less often. On the
# same rows the three explanations part: certainty is what a temperature repairs, capacity
# what it leaves, and noise names its rows.*
