"""
A grid search with these scorers
================================

``get_scorer`` makes one scorer, ``lossacc_scoring`` one callable that returns many scores
from one prediction. Both go where scikit-learn takes ``scoring=``. Here they choose the
number of neighbours of a nearest-neighbour classifier: with few neighbours it is often
right, and sure of it in any case.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_classification
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier

from sklearn_lossacc import get_scorer, lossacc_scoring

X, y = make_classification(1500, 12, n_informative=8, n_classes=3, flip_y=0.1, random_state=0)
labels = np.array(["ant", "bee", "cat"])[y]
grid = {"n_neighbors": [1, 3, 5, 8, 12, 18, 27, 40, 60, 90]}
folds = StratifiedKFold(5, shuffle=True, random_state=0)

# %%
# One score
# ---------

by_loss = GridSearchCV(KNeighborsClassifier(), grid, scoring=get_scorer("neg_log_loss"), cv=folds)
by_loss.fit(X, labels)
print("chosen by log loss:", by_loss.best_params_)

# %%
# Many scores from one prediction
# -------------------------------
# ``refit`` says which of them chooses; the others are in ``cv_results_``.

names = ["accuracy", "neg_log_loss", "neg_brier_score", "d2_log_loss", "neg_refinement_loss"]
by_all = GridSearchCV(KNeighborsClassifier(), grid, scoring=lossacc_scoring(names), refit="neg_log_loss", cv=folds)
by_all.fit(X, labels)
table = {name: by_all.cv_results_[f"mean_test_{name}"] for name in names}
chosen = {name: grid["n_neighbors"][int(scores.argmax())] for name, scores in table.items()}
for name, neighbours in chosen.items():
    print(f"{name:20} {neighbours:3d} neighbours, score {table[name].max():.3f}")

# %%
# With one neighbour every probability is 0 or 1, and each error costs 36 nats, the price of
# a probability of 2.2e-16.

figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
for ax, name, words in zip(axes, ["accuracy", "neg_log_loss"], ["accuracy", "log loss (nats)"], strict=True):
    values = np.abs(table[name])
    ax.plot(grid["n_neighbors"], values, marker="o", color="0.3")
    best = grid["n_neighbors"].index(chosen[name])
    ax.plot(chosen[name], values[best], marker="o", markersize=10, color="#c2571a")
    ax.annotate(f"{chosen[name]} neighbours", (chosen[name], values[best]), (0, 12), textcoords="offset points")
    ax.set(xscale="log", xlabel="neighbours", ylabel=words)
    ax.spines[["top", "right"]].set_visible(False)
axes[1].set_yscale("log")

assert by_loss.best_params_ == by_all.best_params_
assert chosen["neg_log_loss"] > chosen["accuracy"]
loss_at = dict(zip(grid["n_neighbors"], -table["neg_log_loss"], strict=True))
assert chosen["neg_refinement_loss"] < chosen["neg_log_loss"]
assert -table["neg_refinement_loss"].max() < loss_at[chosen["neg_log_loss"]]
assert loss_at[chosen["accuracy"]] > 2 * loss_at[chosen["neg_log_loss"]]

# %%
# *Accuracy chooses 5 neighbours, at a price of 2.52 nats a label; log loss chooses 60, at
# 0.71; and 3 are best for whoever will correct the temperature afterwards, at 0.65.*
