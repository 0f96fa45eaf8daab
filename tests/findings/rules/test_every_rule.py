"""What every rule owes its readers: a stable name, a page, and a test file."""

import re
from pathlib import Path

import pytest

from sklearn_lossacc.findings import materiality
from sklearn_lossacc.findings.rules import RULES
from sklearn_lossacc.findings.verdict import DOC_URL
from sklearn_lossacc.findings.wording import MEASURES

NAMES = {
    "LA001": ("infinite-loss", "error"),
    "LA002": ("double-softmax", "error"),
    "LA003": ("too-few-samples", "tip"),
    "LA004": ("dependent-samples", "tip"),
    "LA005": ("in-sample-predictions", "warning"),
    "LA101": ("overconfident", "warning"),
    "LA102": ("underconfident", "warning"),
    "LA103": ("class-bias", "warning"),
    "LA104": ("miscalibrated-shape", "warning"),
    "LA201": ("outlier-dominated-loss", "warning"),
    "LA202": ("label-noise", "warning"),
    "LA203": ("uneven-classes", "warning"),
    "LA301": ("worse-than-chance", "error"),
    "LA302": ("no-better-than-prior", "warning"),
    "LA303": ("accuracy-no-better-than-majority", "warning"),
    "LA304": ("imbalance-flatters-accuracy", "tip"),
    "LA401": ("threshold", "tip"),
}
CONDITIONS = {"LA001", "LA002", "LA003", "LA004", "LA301", "LA302", "LA303", "LA304"}
PAGES = Path(__file__).parents[3] / "doc" / "findings"


def test_codes_names_and_severities():
    assert {rule.code: (rule.name, rule.severity) for rule in RULES} == NAMES
    assert [rule.code for rule in RULES] == sorted(NAMES)


@pytest.mark.parametrize("code", list(NAMES))
def test_a_page_of_its_own(code):
    page = PAGES / f"{code}.rst"
    if not PAGES.is_dir():
        pytest.skip("the documentation is not installed")
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"{code} {NAMES[code][0]}\n")
    for heading in ("What it means", "How it is decided", "What to do", "What it cannot tell"):
        assert f"\n{heading}\n---" in text
    assert f"   {code}\n" in (PAGES / "index.rst").read_text(encoding="utf-8")
    assert DOC_URL.format(code=code).endswith(f"/{code}.html")
    severity, kind = re.search(r"^\*(\w+).*?(Statistical|condition)", text, re.MULTILINE).groups()
    assert severity.lower() == NAMES[code][1]
    assert (kind == "condition") == (code in CONDITIONS)


@pytest.mark.parametrize("code", list(NAMES))
def test_a_test_file_of_its_own(code):
    assert (Path(__file__).parent / f"test_{code}_{NAMES[code][0].replace('-', '_')}.py").is_file()


def test_every_value_has_a_name():
    assert set(MEASURES) == set(NAMES)


def test_pages_state_the_thresholds_in_force():
    if not PAGES.is_dir():
        pytest.skip("the documentation is not installed")
    stated = {
        "LA101": materiality.NATS,
        "LA103": materiality.NATS,
        "LA104": materiality.NATS,
        "LA201": materiality.OUTLIER_EXCESS,
        "LA202": materiality.NOISE_RATE,
        "LA203": materiality.NATS,
        "LA302": materiality.D2_MARGIN,
        "LA303": materiality.ACCURACY_MARGIN,
        "LA304": materiality.IMBALANCE_GAP,
        "LA401": materiality.THRESHOLD_GAIN,
    }
    for code, threshold in stated.items():
        text = (PAGES / f"{code}.rst").read_text(encoding="utf-8")
        assert re.search(rf"(?<![\d.])0?{re.escape(f'{threshold:g}'.lstrip('0'))}(?!\d)", text), code


@pytest.mark.parametrize("cause", ["healthy", "temperature", "bias", "noise", "chance"])
def test_statistical_findings_are_those_with_a_p_value(diagnosed, cause):
    d = diagnosed(cause, **({} if cause in ("healthy", "chance") else {"strength": 1.0 if cause == "bias" else 0.2}))
    for finding in d.findings:
        assert finding.name == NAMES[finding.code][0]
        assert finding.url == DOC_URL.format(code=finding.code)
        assert finding.headline
        assert finding.headline.endswith(".")
        assert (finding.advice != "") == (finding.status == "fired")
        if finding.status in ("fired", "passed"):
            assert (finding.p_value is None) == (finding.code in CONDITIONS)
            assert ("could_be" in finding.evidence) == (finding.status == "passed")
        else:
            assert finding.value is finding.p_value is finding.interval is None


def test_the_largest_p_value_that_fires_is_holms(diagnosed):
    d = diagnosed("temperature", strength=1.8)
    tested = sorted((f for f in d.findings if f.p_value is not None), key=lambda f: f.p_value)
    adjusted = 0.0
    for place, finding in enumerate(tested):
        adjusted = max(adjusted, min(1.0, finding.p_value * (len(tested) - place)))
        assert finding.evidence["p_holm"] == pytest.approx(adjusted)
        assert finding.status == "passed" or adjusted <= d.alpha
