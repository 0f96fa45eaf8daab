import numpy as np
import pytest

from sklearn_lossacc import diagnose


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
