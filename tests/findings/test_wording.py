from dataclasses import replace

import pytest

from sklearn_lossacc.findings import Finding
from sklearn_lossacc.findings.wording import (
    METRICS,
    finding_numbers,
    not_excluded,
    ordered_issues,
    tally,
    temperature_identified,
    verdict,
    what_to_do,
)


def finding(code, severity="warning", status="fired", **changes):
    facts = {"headline": f"{code} says so.", "advice": f"do {code}", **changes}
    return Finding(code, f"rule-{code[2:]}", status, severity, **facts)


def test_every_metric_has_words(diagnosis):
    assert set(diagnosis.metrics) <= set(METRICS)


def test_errors_come_first_and_rules_keep_their_order(diagnosis_of):
    found = (finding("LA303", "tip"), finding("LA101"), finding("LA103"), finding("LA001", "error"))
    ordered = ordered_issues(replace(diagnosis_of("healthy"), findings=found))
    assert [issue.code for issue in ordered] == ["LA001", "LA101", "LA103", "LA303"]


def test_the_dearest_cause_leads_behind_what_is_wrong_with_the_data(diagnosis_of):
    found = (
        finding("LA005"),
        finding("LA101", evidence={"nats": 0.005}),
        finding("LA202", evidence={"nats": 0.57}),
        finding("LA203"),
        finding("LA401", "tip", evidence={"nats": 9.0}),
    )
    ordered = ordered_issues(replace(diagnosis_of("healthy"), findings=found))
    assert [issue.code for issue in ordered] == ["LA005", "LA202", "LA101", "LA203", "LA401"]


def test_causes_come_before_their_consequences(diagnosis_of):
    found = (
        finding("LA104", evidence={"nats": 0.06, "repaired_by": ["LA103"]}),
        finding("LA103", evidence={"nats": 0.02}),
        finding("LA301", "error", evidence={"repaired_by": ["LA103"]}),
    )
    case = replace(diagnosis_of("healthy"), findings=found)
    assert [issue.code for issue in ordered_issues(case)] == ["LA301", "LA103", "LA104"]
    alone = replace(case, findings=(found[0], finding("LA101", evidence={"nats": 0.05})))
    assert [issue.code for issue in ordered_issues(alone)] == ["LA104", "LA101"]


def test_verdict_is_the_gravest_headline_and_names_the_others(diagnosis_of):
    found = (finding("LA101"), finding("LA001", "error"))
    assert verdict(replace(diagnosis_of("healthy"), findings=found)) == "LA001 says so. Also: rule 101."


def test_a_passed_finding_that_could_not_be_excluded_is_named(diagnosis_of):
    unsure = finding("LA103", status="passed", headline="Class bias was not shown.", advice="")
    sure = finding("LA101", status="passed", headline="No material overconfidence.", advice="")
    healthy = replace(diagnosis_of("healthy"), findings=(unsure, sure))
    assert not_excluded(healthy) == (unsure,)
    assert verdict(healthy).endswith("Not shown, but not excluded either: rule 103.")
    assert "more rows" in what_to_do(healthy)[0]
    assert what_to_do(replace(healthy, findings=(sure,))) == ("Nothing needs repair.",)


@pytest.mark.parametrize("p_holm", [0.04, 0.064, 0.11])
def test_what_was_nearly_shown_is_said_beside_tips(diagnosis_of, p_holm):
    near = finding(
        "LA201",
        status="passed",
        headline="Outliers were not shown beyond doubt: Row 28 carries 0.194 nats.",
        advice="",
        evidence={"p_holm": p_holm},
    )
    said = "Outliers were not shown beyond doubt: Row 28 carries 0.194 nats (p = 0.064, all questions counted)."
    case, tip = diagnosis_of("healthy"), finding("LA003", "tip")
    others = finding("LA101"), finding("LA303", "tip")
    nearly = p_holm == 0.064
    assert (said in verdict(replace(case, findings=(near,)))) == nearly
    assert ("nothing speaks against" in verdict(replace(case, findings=(near,)))) != nearly
    assert verdict(replace(case, findings=(tip, near))) == f"LA003 says so.{f' {said}' if nearly else ''}"
    assert (f"{said} Also: rule 303." in verdict(replace(case, findings=(tip, near, others[1])))) == nearly
    assert said not in verdict(replace(case, findings=(tip, near, others[0])))


def test_the_same_advice_is_given_once(diagnosis_of):
    found = (finding("LA101", advice="recalibrate"), finding("LA103", advice="recalibrate"))
    assert what_to_do(replace(diagnosis_of("healthy"), findings=found)) == ("recalibrate",)


def test_tally_counts_every_finding(diagnosis_of):
    found = (
        finding("LA001", "error"),
        finding("LA101"),
        finding("LA102"),
        finding("LA103", status="passed"),
        finding("LA002", status="not_applicable"),
        finding("LA304", status="ignored"),
    )
    written = tally(replace(diagnosis_of("healthy"), findings=found))
    assert written == "1 error, 2 warnings; 1 passed, 1 not applicable, 1 ignored"


def test_numbers_of_a_finding():
    temperature = finding("LA101", value=2.881, interval=(2.8, 3.0), p_value=0.01)
    assert finding_numbers(temperature) == ("T = 2.88 [2.80, 3.00]", "p = 0.010")
    assert finding_numbers(finding("LA004")) == ()
    assert finding_numbers(finding("LA001", value=1.0)) == ("1 row",)
    assert finding_numbers(finding("LA001", value=2.0)) == ("2 rows",)


def test_one_calibrator_is_advised_where_several_findings_ask_for_one(diagnosis_of):
    found = (
        finding("LA101", evidence={"nats": 0.1}),
        finding("LA202", evidence={"nats": 0.3}),
        finding("LA401", "tip"),
    )
    one, *rest = what_to_do(replace(diagnosis_of("healthy"), findings=found))
    assert one == "One calibrator repairs LA101 and LA202: let AutoCalibrator choose it on held-out rows."
    assert rest == ["do LA202", "do LA401"]


def test_the_choice_of_a_repair_is_advised_once(diagnosis_of):
    noise = replace(finding("LA202"), advice="Review the rows. Let AutoCalibrator choose a repair.")
    together = what_to_do(replace(diagnosis_of("healthy"), findings=(noise, finding("LA103"))))
    assert [line.count("AutoCalibrator") for line in together] == [1, 0, 0]
    assert "Review the rows." in together
    assert what_to_do(replace(diagnosis_of("healthy"), findings=(noise,))) == (noise.advice,)


def test_what_goes_away_with_another_repair_asks_for_nothing_of_its_own(diagnosis_of):
    found = (finding("LA103"), finding("LA302", evidence={"repaired_by": ["LA103"]}))
    assert what_to_do(replace(diagnosis_of("healthy"), findings=found)) == ("do LA103",)
    assert what_to_do(replace(diagnosis_of("healthy"), findings=found[1:])) == ("do LA302",)


def test_probabilities_that_are_exported_anew_are_not_calibrated_first(diagnosis_of):
    found = (finding("LA002", "error"), finding("LA102"), finding("LA104"), finding("LA201"))
    assert what_to_do(replace(diagnosis_of("healthy"), findings=found)) == ("do LA002", "do LA201")


def test_columns_in_another_order_are_put_in_order_before_anything_else(diagnosis_of):
    found = (
        finding("LA001", "error"),
        finding("LA101"),
        finding("LA201"),
        finding("LA301", "error", evidence={"column_order": [1, 0]}),
        finding("LA302"),
    )
    assert what_to_do(replace(diagnosis_of("healthy"), findings=found)) == ("do LA001", "do LA301")
    kept = replace(found[3], evidence={"column_order": None})
    assert "do LA201" in what_to_do(replace(diagnosis_of("healthy"), findings=(*found[:3], kept)))


def test_undeclared_copies_lead_since_all_others_count_them(diagnosis_of):
    found = (
        finding("LA101", evidence={"nats": 0.1}),
        finding("LA004", "tip", evidence={"tied_rows": 7}),
        finding("LA001", "error"),
    )
    ordered = ordered_issues(replace(diagnosis_of("healthy"), findings=found))
    assert [issue.code for issue in ordered] == ["LA004", "LA001", "LA101"]
    declared = (found[0], replace(found[1], evidence={"n_groups": 7}), found[2])
    ordered = ordered_issues(replace(diagnosis_of("healthy"), findings=declared))
    assert [issue.code for issue in ordered] == ["LA001", "LA101", "LA004"]


def test_noise_that_a_temperature_explains_as_well_does_not_lead(diagnosis_of):
    found = (
        finding("LA101", evidence={"nats": 0.2}),
        finding("LA202", evidence={"nats": 0.3, "nats_beside": 0.05}),
    )
    ordered = ordered_issues(replace(diagnosis_of("healthy"), findings=found))
    assert [issue.code for issue in ordered] == ["LA101", "LA202"]


def test_a_temperature_that_no_row_tells_is_not_shown(diagnosis_of):
    healthy = diagnosis_of("healthy")
    assert temperature_identified(healthy)
    unknown = replace(healthy.metrics["temperature"], method="not identified: every label is right")
    assert not temperature_identified(replace(healthy, metrics={**healthy.metrics, "temperature": unknown}))
