"""
When one half is the wrong threshold
====================================

One row in ten belongs to the class that matters. A model trained with balanced weights is
right in fewer rows than a model that always says no, and its AUC is fine. Which number
should one look at, and which threshold should one use?
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import TunedThresholdClassifierCV, train_test_split

from sklearn_lossacc import CalibratedClassifier, SigmoidCalibrator, diagnose

X, y = make_classification(
    8000, n_features=8, n_informative=4, n_redundant=0, n_clusters_per_class=1,
    weights=[0.9], class_sep=0.8, flip_y=0, random_state=2,
)  # fmt: skip
X, X_new, y, y_new = train_test_split(X, y, stratify=y, random_state=0)
models = {
    "balanced weights": LogisticRegression(class_weight="balanced").fit(X, y),
    "no weights": LogisticRegression().fit(X, y),
}
proba = {name: model.predict_proba(X_new) for name, model in models.items()}
diagnoses = {name: diagnose(y_new, p, name=name) for name, p in proba.items()}

# %%
# AUC cannot tell the two apart, since it looks at nothing but the order of the rows. Log
# loss and accuracy can.

for name, d in diagnoses.items():
    auc, loss, accuracy = (d.metrics[key].value for key in ("roc_auc", "log_loss", "accuracy"))
    f1 = f1_score(y_new, proba[name][:, 1] > 0.5)
    print(f"{name:>16}: AUC {auc:.3f}, F-score {f1:.3f}, accuracy {accuracy:.3f}, log loss {loss:.3f} nats")

balanced, plain = diagnoses["balanced weights"], diagnoses["no weights"]
assert abs(balanced.metrics["roc_auc"].value - plain.metrics["roc_auc"].value) < 0.02
assert balanced.metrics["accuracy"].value < balanced.metrics["majority_accuracy"].value
assert balanced.metrics["log_loss"].value > balanced.metrics["prior_log_loss"].value

# %%
# What is wrong with the first
# ----------------------------
# LA401: another threshold would be right more often, and by how much on rows that did not
# choose it. It also says that the threshold is not the fault: LA103, the class bias that
# the weights put there, explains all of the gain.

print(balanced)
threshold = balanced["LA401"]
assert threshold.status == balanced["LA103"].status == "fired"
assert threshold.value > 0.1
assert threshold.evidence["threshold"] > 0.8
assert threshold.evidence["explained_by_class_bias"]
assert not plain.issues

# %%
# A threshold repairs the decisions only. One offset, fitted on held-out folds, repairs the
# probabilities, and then one half is right again.

repaired = CalibratedClassifier(models["balanced weights"], SigmoidCalibrator(), cv=5).fit(X, y)
models["repaired"] = repaired
proba["repaired"] = repaired.predict_proba(X_new)
d = diagnoses["repaired"] = diagnose(y_new, proba["repaired"], name="repaired")
print(f"repaired: accuracy {d.metrics['accuracy'].value:.3f}, log loss {d.metrics['log_loss'].value:.3f} nats")
assert d["LA103"].status == d["LA401"].status == "passed"
assert d.metrics["log_loss"].value < balanced.metrics["log_loss"].value - 0.2
assert abs(d.metrics["roc_auc"].value - balanced.metrics["roc_auc"].value) < 0.01

# %%
# Another score, another threshold
# --------------------------------
# With sound probabilities one half is best for accuracy, and for nothing else. Whoever is
# paid by F-score should say yes far earlier; ``TunedThresholdClassifierCV`` finds out when,
# by cross-validation on the training rows. Neither AUC nor log loss moves.

tuned = {}
for scoring in ("accuracy", "f1"):
    model = TunedThresholdClassifierCV(models["no weights"], scoring=scoring).fit(X, y)
    tuned[scoring] = model.best_threshold_
    guess = model.predict(X_new)
    print(
        f"tuned for {scoring:>8}: threshold {model.best_threshold_:.2f}, "
        f"accuracy {accuracy_score(y_new, guess):.3f}, F-score {f1_score(y_new, guess):.3f}"
    )
assert 0.4 < tuned["accuracy"] < 0.6
assert tuned["f1"] < 0.35
at_one_half = f1_score(y_new, proba["no weights"][:, 1] > 0.5)
assert f1_score(y_new, guess) > at_one_half + 0.05

# %%
# Both curves of the balanced model are those of the sound one, pushed to the right.

thresholds = np.linspace(0.01, 0.99, 99)
figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
styles = {"balanced weights": ("#c2571a", "--"), "no weights": ("#2f6f9f", "-")}
for name, (color, dashes) in styles.items():
    yes = proba[name][:, 1] > thresholds[:, None]
    look = {"color": color, "linestyle": dashes, "label": name}
    axes[0].plot(thresholds, (yes == y_new).mean(axis=1), **look)
    axes[1].plot(thresholds, [f1_score(y_new, one, zero_division=0) for one in yes], **look)
axes[0].axhline(balanced.metrics["majority_accuracy"].value, color="0.4", linewidth=1, linestyle=":")
axes[0].text(0.02, 0.905, "always no", color="0.3", fontsize=9)
axes[0].set(title="Accuracy", xlabel="threshold", ylim=(0.6, 0.95))
axes[1].set(title="F-score", xlabel="threshold")
for ax in axes:
    ax.axvline(0.5, color="0.7", linewidth=1)
    ax.spines[["top", "right"]].set_visible(False)
axes[0].legend(frameon=False, loc="lower right")

# %%
# *At 90 to 10 balanced weights cost a quarter of a nat and one row in seven, AUC does not notice,
# and LA401 says that the threshold is wrong because the probabilities are; once they are
# right, one half is best for accuracy and a threshold near a quarter for the F-score.*
