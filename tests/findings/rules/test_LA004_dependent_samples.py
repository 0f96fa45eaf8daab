import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from sklearn_lossacc import Diagnosis, LossAccuracyReport, diagnose, summarize


def copies(plant, times=5, n=400, **sizes):
    y, log_proba, _ = plant("healthy", n=n, **sizes)
    return np.repeat(y, times), np.repeat(log_proba, times, axis=0), np.repeat(np.arange(n), times)


def test_groups_of_copies_shrink_the_sample(plant):
    y, log_proba, groups = copies(plant)
    finding = diagnose(y, log_proba, input="logits", groups=groups)["LA004"]
    assert (finding.status, finding.severity, finding.p_value) == ("fired", "tip", None)
    assert set(finding.evidence) == {"design_effect", "intraclass_correlation", "effective_n", "n_groups"}
    assert finding.value == pytest.approx(0.2, rel=1e-9)
    assert finding.evidence["design_effect"] == pytest.approx(5.0)
    assert finding.evidence["intraclass_correlation"] == pytest.approx(1.0)
    assert finding.evidence["effective_n"] == pytest.approx(400)
    assert finding.interval[0] < 0.2 < finding.interval[1] < finding.threshold
    assert "2,000 rows count as 400" in finding.headline
    assert finding.url.endswith("LA004.html")


def test_the_interval_narrows_with_the_number_of_groups(plant):
    widths = []
    for n in (20, 400):
        y, log_proba, groups = copies(plant, n=n)
        finding = diagnose(y, log_proba, input="logits", groups=groups)["LA004"]
        assert finding.status == "fired"
        widths.append(np.ptp(finding.interval))
    assert widths[1] < 0.3 * widths[0]


def test_groups_of_unrelated_rows_do_not_fire(plant):
    y, log_proba, _ = plant("healthy", n=6000)
    finding = diagnose(y, log_proba, input="logits", groups=np.arange(6000) // 3)["LA004"]
    assert finding.status == "passed"
    assert finding.evidence["could_be"] > finding.threshold
    assert "hardly shrink" in finding.headline


def test_what_few_groups_leave_open_is_said(plant):
    y, log_proba, _ = plant("healthy", n=300)
    finding = diagnose(y, log_proba, input="logits", groups=np.arange(300) // 15)["LA004"]
    assert finding.status == "passed"
    assert finding.evidence["could_be"] < finding.threshold
    assert "not shown" in finding.headline


def test_not_applicable_below_ten_groups(plant):
    y, log_proba, _ = plant("healthy", n=300)
    finding = diagnose(y, log_proba, input="logits", groups=np.arange(300) % 9)["LA004"]
    assert finding.status == "not_applicable"


def test_copies_without_groups_agree_too_often(plant):
    y, log_proba, _ = copies(plant)
    finding = diagnose(y, log_proba, input="logits")["LA004"]
    assert finding.status == "fired"
    assert set(finding.evidence) == {"tied_rows", "disagreements", "expected_disagreements", "p_ties"}
    # Five copies make two pairs.
    assert finding.evidence["tied_rows"] == 400 * 4
    assert finding.value == finding.evidence["disagreements"] == 0
    assert finding.evidence["p_ties"] < 1e-6
    assert "groups=" in finding.advice


def test_rows_that_share_a_prediction_may_be_alike_without_being_copies():
    """What a model of cells does not use can tell their labels: features show that they are no copies."""
    rng = np.random.default_rng(0)
    cell = np.arange(2000) % 400
    p, y = np.linspace(0.2, 0.8, 400)[cell], (rng.random(400) < np.linspace(0.2, 0.8, 400)).astype(int)[cell]
    proba = np.stack([1 - p, p], axis=1)
    finding = diagnose(y, proba)["LA004"]
    assert finding.status == "fired"
    assert "they are copies, or alike in what the model does not use" in finding.headline
    assert "Pass X=" in finding.advice
    assert diagnose(y, proba, X=rng.normal(size=(2000, 3)))["LA004"].status == "passed"


@pytest.mark.parametrize("with_features", [False, True])
def test_copies_that_were_not_declared_count_once(plant, with_features):
    y, log_proba, origin = copies(plant, times=20, n=50, k=5, scale=2.0)
    features = {"X": origin} if with_features else {}
    d = diagnose(y, log_proba, input="logits", **features)
    assert [finding.code for finding in d.issues if finding.p_value is not None] == []
    assert "as one draw" in d["LA004"].headline
    declared = diagnose(y, log_proba, input="logits", groups=origin)
    for name in ("accuracy", "balanced_accuracy", "log_loss", "prior_log_loss", "majority_accuracy"):
        found, known = d.metrics[name], declared.metrics[name]
        # Resamples draw the same groups in another order.
        assert found.high - found.low == pytest.approx(known.high - known.low, rel=0.1)
    assert d.description["n_groups"] is None


def test_ignored_copies_count_each(plant):
    y, log_proba, _ = copies(plant)
    each, once = (diagnose(y, log_proba, input="logits", ignore=codes).metrics["log_loss"] for codes in (["LA004"], []))
    assert once.high - once.low == pytest.approx((each.high - each.low) * np.sqrt(5), rel=0.05)


def test_a_fault_of_copies_is_still_found(plant):
    y, log_proba, _ = plant("healthy", n=600, k=3)
    d = diagnose(np.repeat(y, 5), np.repeat(2.5 * log_proba, 5, axis=0), input="logits")
    assert {"LA004", "LA101"} == {finding.code for finding in d.issues}


def leaves(rng, n_leaves, n_rows, shown=lambda p: p):
    """Return labels and probabilities of a tree whose leaves say `shown` of their true share."""
    share = rng.uniform(0.1, 0.9, n_leaves)
    leaf = rng.integers(0, n_leaves, n_rows)
    said = shown(share)[leaf]
    return (rng.random(n_rows) < share[leaf]).astype(int), np.stack([1 - said, said], axis=1)


@pytest.mark.parametrize("n_leaves", [8, 400])
def test_a_tree_repeats_its_rows_and_is_not_accused(n_leaves):
    finding = diagnose(*leaves(np.random.default_rng(0), n_leaves, 2000))["LA004"]
    assert finding.status == "passed"
    assert finding.value == pytest.approx(1.0, abs=0.25)
    assert finding.evidence["could_be"] > finding.threshold


def test_a_timid_tree_is_underconfident_and_not_dependent():
    # Labels agree far more than these probabilities say, but as the repaired ones do.
    def timid(p):
        return 1.0 / (1.0 + (1.0 / p - 1.0) ** 0.15)

    rng = np.random.default_rng(0)
    share = np.where(rng.random(400) < 0.5, 0.03, 0.97)
    leaf = rng.integers(0, 400, 4000)
    y, said = (rng.random(4000) < share[leaf]).astype(int), timid(share)[leaf]
    d = diagnose(y, np.stack([1 - said, said], axis=1))
    assert d["LA102"].status == "fired"
    assert d["LA004"].status == "passed"


def test_few_ties_leave_copies_open():
    # Of about eleven expected disagreements five are seen: more than half of those expected may be missing.
    proba = np.repeat(np.linspace(0.35, 0.65, 24), 2)
    y = np.tile([0, 1, 1, 1], 12)
    y[1::4][5:] = 0
    finding = diagnose(y, np.stack([1 - proba, proba], axis=1))["LA004"]
    assert finding.status == "passed"
    assert finding.evidence["could_be"] < finding.threshold
    assert "not shown" in finding.headline


def test_not_applicable_where_rows_differ(diagnosed):
    finding = diagnosed("healthy")["LA004"]
    assert finding.status == "not_applicable"
    assert "No groups" in finding.headline


def test_copies_of_features_count_once(plant):
    y, log_proba, origin = copies(plant)
    X = np.random.default_rng(0).normal(size=(400, 3))[origin]
    finding = diagnose(y, log_proba, input="logits", X=X)["LA004"]
    assert (finding.status, finding.severity, finding.p_value) == ("fired", "tip", None)
    assert set(finding.evidence) == {
        "repeated_rows", "disagreements", "expected_disagreements", "p_ties",
        "design_effect", "label_correlation", "effective_n",
    }  # fmt: skip
    assert finding.value == pytest.approx(0.2)
    assert finding.evidence["effective_n"] == pytest.approx(400)
    assert finding.interval[0] == finding.value < finding.interval[1] < finding.threshold
    assert "2,000 rows count as 400" in finding.headline


def test_the_same_features_with_labels_of_their_own_are_no_copies(plant):
    # A few discrete features: every row has the features of many others, and its label from its own draw.
    finding = diagnose(*leaves(np.random.default_rng(0), 40, 2000), X=np.random.default_rng(0).integers(0, 2, 2000))
    assert finding["LA004"].status == "passed"
    rng = np.random.default_rng(1)
    share = rng.uniform(0.1, 0.9, 40)
    cell = rng.integers(0, 40, 2000)
    y = (rng.random(2000) < share[cell]).astype(int)
    finding = diagnose(y, share[cell], X=cell)["LA004"]
    assert finding.status == "passed"
    assert finding.value > 0.2


def test_a_tree_on_features_that_never_repeat_is_not_accused():
    rng = np.random.default_rng(0)
    finding = diagnose(*leaves(rng, 8, 2000), X=rng.normal(size=(2000, 2)))["LA004"]
    assert finding.status == "passed"
    assert finding.value == 1.0
    assert "No two rows" in finding.headline


def test_copies_that_labels_cannot_judge_fire_where_they_shrink_the_sample():
    # The model is so sure that labels of copies and of strangers would be the same.
    y = np.repeat([0, 1], 200)
    proba = np.where(np.eye(2)[y] > 0, 0.9999, 0.0001)
    finding = diagnose(y, proba, X=np.arange(400) // 2)["LA004"]
    assert finding.status == "fired"
    assert finding.evidence["effective_n"] == pytest.approx(200)
    assert "if they are copies" in finding.headline
    # A few of them do not matter.
    finding = diagnose(y, proba, X=np.where(np.arange(400) < 20, np.arange(400) // 2, np.arange(400)))["LA004"]
    assert finding.status == "passed"
    assert finding.interval[1] == 1.0


def test_copies_seen_in_part_of_a_large_sample():
    rng = np.random.default_rng(0)
    origin = np.repeat(np.arange(50_000), 3)
    p = rng.uniform(0.2, 0.8, 50_000)
    y = (rng.random(50_000) < p).astype(int)[origin]
    summary = summarize(y, p[origin], X=origin, sample_entries=2**15)
    assert not summary.sample.complete
    finding = Diagnosis.from_summary(summary)["LA004"]
    assert finding.status == "fired"
    assert finding.evidence["effective_n"] == pytest.approx(50_000, rel=0.1)


def test_a_report_on_an_estimator_knows_its_features():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    y = (X[:, 0] + rng.logistic(size=300) > 0).astype(int)
    model = LogisticRegression().fit(X, y)
    copied = np.repeat(np.arange(300), 4)
    report = LossAccuracyReport.from_estimator(model, X[copied], y[copied], ax=Figure().add_subplot())
    assert report.diagnosis_["LA004"].status == "fired"
    assert report.diagnosis_["LA004"].evidence["effective_n"] == pytest.approx(300)
    tree = DecisionTreeClassifier(max_leaf_nodes=4, random_state=0).fit(X, y)
    fresh = rng.normal(size=(1000, 2))
    labels = (fresh[:, 0] + rng.logistic(size=1000) > 0).astype(int)
    report = LossAccuracyReport.from_estimator(tree, fresh, labels, ax=Figure().add_subplot())
    assert report.diagnosis_["LA004"].status == "passed"


def test_groups_come_before_features(plant):
    y, log_proba, origin = copies(plant)
    finding = diagnose(y, log_proba, input="logits", groups=origin, X=origin)["LA004"]
    assert "n_groups" in finding.evidence
