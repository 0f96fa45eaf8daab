"""
Rows C and D
============

From one epoch to the next, validation loss rises, and so does validation accuracy. Two
kinds of rows are enough for that: one that crosses the threshold, and one that was wrong
already and is now wrong and surer.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from sklearn_lossacc import ComparisonReport, TemperatureCalibrator, metrics

# %%
# Four rows
# ---------
# The probability that two epochs give to the true class. Rows A and B are right in both;
# C turns right; D stays wrong.

before = np.array([0.90, 0.80, 0.45, 0.40])
after = np.array([0.95, 0.90, 0.55, 0.10])
print("row   before  after   loss before  loss after")
for row, p, q in zip("ABCD", before, after, strict=True):
    print(f"{row}     {p:.2f}    {q:.2f}    {-np.log(p):.3f}        {-np.log(q):.3f}")
print(f"mean                  {-np.log(before).mean():.3f}        {-np.log(after).mean():.3f}")

assert np.isclose(-np.log(before).mean(), 0.511, atol=5e-4)
assert np.isclose(-np.log(after).mean(), 0.764, atol=5e-4)

# %%
# Accuracy rises from 50 to 75 %, by row C. The loss rises by a quarter of a nat, all of it
# by row D: the other three cost less than before. The report adds them up by their story,
# and says at once that four rows prove nothing.

toy = ComparisonReport.from_predictions([1, 1, 1, 1], {"before": before, "after": after}, panels=["stories"])
print(toy.diagnosis_)

stories = toy.frame("stories").set_index("story")["contribution"]
assert stories["both wrong"] > 0.34
assert (stories.drop("both wrong") <= 0).all()
assert toy.diagnosis_["LA603"].status == "fired"

# %%
# Nine hundred rows
# -----------------
# The same between two epochs of a network on images of digits, one label in twenty of
# which is wrong.

images, labels = load_digits(return_X_y=True)
rng = np.random.default_rng(1)
wrong = rng.random(labels.size) < 0.05
labels = np.where(wrong, (labels + rng.integers(1, 10, labels.size)) % 10, labels)
x_train, x_valid, y_train, y_valid, _, flipped = train_test_split(
    images / 16, labels, wrong, test_size=900, stratify=labels, random_state=1
)
network = MLPClassifier((256, 256), batch_size=32, random_state=1)
epochs = {}
for epoch in range(1, 61):
    network.partial_fit(x_train, y_train, classes=np.arange(10))
    if epoch in (5, 60):
        epochs[f"epoch {epoch}"] = network.predict_proba(x_valid)

report = ComparisonReport.from_predictions(y_valid, epochs)
print(report.diagnosis_)

difference = report.diagnosis_.difference
assert difference("log_loss").low > 0
assert difference("accuracy").value > 0

# %%
# Rows like C, which only the later epoch has right, and rows like D, which both have
# wrong: nearly all of the latter cost more than before, and they make the whole rise.

stories = report.frame("stories")
print(stories[["story", "rows", "loss_first", "loss_second", "contribution", "grew"]].round(3))

by_story = stories.set_index("story")
assert by_story.loc["both wrong", "contribution"] > difference("log_loss").value
assert by_story.loc["both wrong", "grew"] > 0.9 * by_story.loc["both wrong", "rows"]

# %%
# Most of the rows like D are the images whose labels are wrong. The network is right about
# the picture, and pays for it.

worst = report.samples(20, story="both wrong")
print(worst[["index", "y_true", "pred_second", "p_true_first", "p_true_second", "difference"]].round(5))
print(f"{flipped[worst['index']].sum()} of these {len(worst)} labels were flipped")

assert flipped[worst["index"]].mean() > 0.8

# %%
# A temperature for each epoch, fitted on one half and judged on the other, takes the rise
# away, and no decision changes.

half = np.arange(900) < 450
repaired = {}
for name, proba in epochs.items():
    calibrator = TemperatureCalibrator(floor=True).fit(proba[half], y_valid[half])
    repaired[name] = calibrator.predict_proba(proba[~half])
    print(
        f"{name}: log loss {metrics.log_loss(y_valid[~half], proba[~half]):.3f}, "
        f"repaired {metrics.log_loss(y_valid[~half], repaired[name]):.3f}"
    )

again = ComparisonReport.from_predictions(y_valid[~half], repaired, panels=["differences"])
assert again.diagnosis_.difference("log_loss").low < 0.02

# %%
# *Loss and accuracy rise together because rows like C cross the threshold while rows like
# D, most of them with a wrong label, are wrong more surely; a temperature and a floor
# undo the second and keep the first.*
