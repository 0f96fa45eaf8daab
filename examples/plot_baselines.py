"""
Is this loss any good?
======================

A loss of 0.53 nats: good or bad? It depends on what saying nothing costs, and there are
two ways to say nothing. Whoever does not even know how common the classes are gives each
:math:`1/n` and pays :math:`-\\ln(1/n)`. Whoever knows the class frequencies predicts
those, and pays their entropy. On imbalanced classes the second is far cheaper.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.special import expit

from sklearn_lossacc import diagnose

for n_classes in (2, 3, 10, 100, 1000):
    print(f"{n_classes:5d} classes: -ln(1/n) = {-np.log(1 / n_classes):.3f} nats")

# %%
# 90 to 10, and 120 000 to 40 000
# -------------------------------
# Here are two imbalanced sets and three models of each: one that gives everyone the class
# frequencies, one that knows something but was trained on balanced classes, and the same
# with the frequencies put back into its log odds.


def models_of(n_common, n_rare):
    """Diagnose three models of a set with so many rows of each class."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [n_common, n_rare])
    share = n_rare / (n_common + n_rare)
    log_odds = rng.normal(1.5 * y - 0.75, np.sqrt(1.5))  # right for balanced classes
    proba = {
        "frequencies": np.full(y.size, share),
        "balanced": expit(log_odds),
        "corrected": expit(log_odds + np.log(share / (1 - share))),
    }
    return {name: diagnose(y, p, name=name) for name, p in proba.items()}


sets = {
    "900 to 100": models_of(900, 100),
    "120 000 to 40 000": models_of(120_000, 40_000),
}
for title, models in sets.items():
    for name, d in models.items():
        loss, accuracy = (d.metrics[key].value for key in ("log_loss", "accuracy"))
        codes = " ".join(finding.code for finding in d.issues)
        print(f"{title:>17} {name:12} loss {loss:.3f} accuracy {accuracy:.3f} {codes}")

# %%
# The chance line is the same in both sets. The prior line is where a model begins to know
# something: 0.325 nats in the first, 0.562 in the second.

figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), sharey=True, layout="constrained")
for ax, (title, models) in zip(axes, sets.items(), strict=True):
    losses = [d.metrics["log_loss"].value for d in models.values()]
    right = [f"{d.metrics['accuracy'].value:.0%} right" for d in models.values()]
    bars = ax.bar(list(models), losses, width=0.6, color="0.85", edgecolor="0.3")
    ax.bar_label(bars, right, label_type="center", fontsize=9)
    for name, style in {"chance": "--", "prior": "-"}.items():
        level = models["balanced"].metrics[f"{name}_log_loss"].value
        ax.axhline(level, color="#c2571a", linestyle=style, linewidth=1.3)
        ax.text(2.48, level + 0.008, f"{name} {level:.3f}", color="#9c4210", ha="right")
    ax.set(title=title, xlim=(-0.5, 2.5), ylim=(0, 0.78))
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set_ylabel("log loss (nats)")

first, second = (models["balanced"].metrics for models in sets.values())
assert abs(first["chance_log_loss"].value - 0.6931) < 5e-5
assert abs(first["prior_log_loss"].value - 0.3251) < 5e-5
assert abs(second["prior_log_loss"].value - 0.5623) < 5e-5

# %%
# Both models trained on balanced classes lose about 0.53 nats. In the second set that beats
# the prior; in the first it is far worse than knowing nothing but the frequencies, and
# LA302 says so. What both know is sound: LA103 names the class bias, and with the
# frequencies put back they beat every baseline.

codes = {
    (title, name): {finding.code for finding in d.issues}
    for title, models in sets.items()
    for name, d in models.items()
}
assert abs(first["log_loss"].value - second["log_loss"].value) < 0.01
assert first["log_loss"].value > first["prior_log_loss"].value + 0.1
assert second["log_loss"].value < second["prior_log_loss"].value
assert "LA302" in codes["900 to 100", "balanced"]
assert "LA302" not in codes["120 000 to 40 000", "balanced"]
for title, models in sets.items():
    assert "LA103" in codes[title, "balanced"]
    assert {"LA302", "LA303"} <= codes[title, "frequencies"]
    assert not codes[title, "corrected"] & {"LA103", "LA302"}
    best = models["corrected"].metrics
    assert best["log_loss"].value < best["prior_log_loss"].value - 0.03

# %%
# *One loss of 0.53 nats beats -ln(1/2) = 0.693 in both sets, and is worse than knowing only
# the frequencies in one of them: 0.325 nats at 90 to 10, 0.562 at 120 000 to 40 000.*
