"""
160 000 rows, 400 recordings
============================

A detector is evaluated on 160 000 audio frames: 400 recordings of 400 frames each. The
frames of a recording are nearly copies of each other. How many rows is that?
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.special import expit

from sklearn_lossacc import diagnose

N_RECORDINGS, N_FRAMES = 400, 400
rng = np.random.default_rng(0)


def evaluate(n_recordings, n_frames):
    """Return labels, probabilities and recordings of the frames; the model is well calibrated."""
    log_odds = rng.normal(-0.7, 1.5, n_recordings)
    label = rng.random(n_recordings) < expit(log_odds)
    recording = np.repeat(np.arange(n_recordings), n_frames)
    wobble = rng.normal(0.0, 0.2, recording.size)
    return label[recording].astype(int), expit(log_odds[recording] + wobble), recording


y, proba, recording = evaluate(N_RECORDINGS, N_FRAMES)

# %%
# As if frames were rows
# ----------------------
# The intervals are narrow. The model, calibrated as it was made, is found guilty of bending
# its probabilities: chance results of 400 recordings pass for facts about 160 000 rows.

naive = diagnose(y, proba, name="frames")
print(naive)
assert [finding.code for finding in naive.issues] == ["LA104"]

# %%
# With the recordings as groups
# -----------------------------
# LA004 reports what the frames are worth. The intervals count recordings.

grouped = diagnose(y, proba, groups=recording, name="recordings")
print(grouped)

dependence = grouped["LA004"]
effective_n = dependence.evidence["effective_n"]
assert dependence.status == "fired"
assert N_RECORDINGS <= effective_n < 1.2 * N_RECORDINGS
assert [finding.code for finding in grouped.issues] == ["LA004"]
print(
    f"{y.size:,} frames count as {effective_n:.0f} rows: "
    f"intra-class correlation of the loss {dependence.evidence['intraclass_correlation']:.2f}"
)
for name in ("accuracy", "log_loss"):
    narrow, wide = naive.metrics[name], grouped.metrics[name]
    print(f"{name}: frames [{narrow.low:.3f}, {narrow.high:.3f}], recordings [{wide.low:.3f}, {wide.high:.3f}]")
    assert wide.high - wide.low > 15 * (narrow.high - narrow.low)

# %%
# Which interval is right?
# ------------------------
# A hundred such evaluations tell. The truth is known here, from a million recordings of
# one frame each.


def frame_losses(n_recordings, n_frames):
    """Return one row of losses for each recording."""
    label, p, _ = evaluate(n_recordings, n_frames)
    return -np.log(np.where(label == 1, p, 1 - p)).reshape(n_recordings, n_frames)


truth = frame_losses(1_000_000, 1).mean()
error, by_frame, by_recording = [], [], []
for _ in range(100):
    losses = frame_losses(N_RECORDINGS, N_FRAMES)
    error.append(abs(losses.mean() - truth))
    by_frame.append(1.96 * losses.std() / np.sqrt(losses.size))
    by_recording.append(1.96 * losses.mean(axis=1).std() / np.sqrt(len(losses)))
covered = {
    "frames": np.mean(np.array(error) < by_frame),
    "recordings": np.mean(np.array(error) < by_recording),
}
for unit, share in covered.items():
    print(f"intervals that count {unit} hold the true loss in {share:.0%} of 100 evaluations")
assert covered["frames"] < 0.2
assert covered["recordings"] > 0.88

# %%
# More frames do not help
# -----------------------
# The error of the mean loss follows the number of recordings. Ten recordings of four
# thousand frames each would tell less than a hundred of one.

designs = [(40, 1), (40, 20), (400, 1), (400, 20)]
spread = {d: np.std([frame_losses(*d).mean() for _ in range(200)]) for d in designs}
for (n_recordings, n_frames), deviation in spread.items():
    print(f"{n_recordings:3d} recordings of {n_frames:2d} frames: standard error {deviation:.3f} nats")
assert spread[40, 20] > 0.7 * spread[40, 1]
assert spread[400, 1] < 0.5 * spread[40, 20]

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
for place, d in enumerate((grouped, naive)):
    loss = d.metrics["log_loss"]
    reach = [[loss.value - loss.low], [loss.high - loss.value]]
    left.errorbar(loss.value, place, xerr=reach, fmt="o", color="#2f6f9f", capsize=5)
    left.text(0.552, place + 0.16, f"holds the truth in {covered[d.name]:.0%}", ha="right", fontsize=9)
left.axvline(truth, color="#c2571a", linestyle="--")
left.text(truth - 0.001, -0.35, "truth", color="#9a4f0d", ha="right")
left.set_yticks([0, 1], ["recordings", "frames"])
left.set(ylim=(-0.5, 1.5), xlabel="log loss (nats), 95 % interval", title="160 000 frames, two ways to count")
right.bar([f"{a} x {b}" for a, b in designs], list(spread.values()), width=0.6, color=["0.8", "#2f6f9f"] * 2)
right.set(xlabel="recordings x frames", title="Standard error of the mean loss (nats)")
for ax in (left, right):
    ax.spines[["top", "right"]].set_visible(False)

# %%
# *160 000 frames of 400 recordings count as little more than 400 rows: taken for 160 000, they
# give intervals that nearly always miss the truth and a finding that is none; told of the
# recordings, the diagnosis reports neither.*
