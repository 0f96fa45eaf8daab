import re
from pathlib import Path

from sklearn_lossacc.metrics.scorer_table import SCORERS

PAGE = Path(__file__).parents[2] / "doc" / "user_guide" / "metrics_and_scorers.rst"


def test_the_user_guide_holds_the_table():
    text = PAGE.read_text(encoding="utf-8")
    listed = re.findall(r"^   \* - ``([a-z0-9_]+)``\n     - (.+)\n     - (\S+)$", text, re.MULTILINE)
    assert listed == [(name, row.of, f"{row.best:g}") for name, row in SCORERS.items()]
