"""What one printed line of a training script says: which epoch, and which numbers under which names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from sklearn_lossacc.adapters.histories.roles import SETS, is_epoch, is_step, role_of, words

COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# The last words stand where nothing was measured.
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf)\b|(?:none|null|n/a)\b"
# A name ends where a number follows: after a colon, an equals sign, or blanks alone. 98/100 is a share of correct rows;
# in 0.52 (0.61) the second is the average of what was printed until then. A comma within a number is not understood.
VALUE = re.compile(
    rf"(?P<sign>'?\s*[:=]\s*'?|\s+)(?P<number>{NUMBER})(?:/(?P<out_of>\d+))?(?P<percent>\s?%)?(?![\w/%]|[.,]\d)"
    r"(?:\s*\(\s*(?P<average>[-+]?\d+\.\d*(?:[eE][-+]?\d+)?)\s*\))?",
    re.IGNORECASE,
)
# A name begins behind the last of these.
BOUNDARY = re.compile(r"[|,;()\[\]{}<>*\t\u2502\u2022]|[:.]\s|\s[-\u2013\u2014]+\s|\s{2,}|\b(?:INFO|DEBUG|WARNING)\b")
EPOCH = re.compile(
    r"\bepoch\b'?\s*[:=#]?\s*[\[(]?\s*(?P<number>\d+(?:\.\d+)?)\b(?:\s*(?:/|of)\s*\d+)?[\])]?", re.IGNORECASE
)
STEP = re.compile(
    r"^\s*\[(?P<bracketed>\d+)(?:/\d+)?\]"  # xgboost, LightGBM, scikit-learn's histogram boosting
    r"|^\s*(?P<leading>\d+):(?=\s)"  # CatBoost
    r"|\b(?:iteration|iter|step|round)\b\s*[:=#]?\s*[\[(]?\s*(?P<number>\d+)\b(?:\s*/\s*\d+)?[\])]?",
    re.IGNORECASE,
)
# Words before the number of an epoch in a line that only begins it; "best epoch 7" begins none.
BEGINNING = {"info", "debug", "root", "train", "training", "start", "starting", "begin", "beginning", "running"}
SET_WORD = re.compile(rf"(?<![\w./\\-])(?:{'|'.join(SETS)})(?![\w/\\-]|\.\w)", re.IGNORECASE)

HEADING = re.compile(r"(?:[A-Za-z]+\s+){0,3}[A-Za-z]+")  # a few words, with a colon, dots, or between rules
RULES = "-=*# \t.\u2026:"


@dataclass
class Line:
    """What a line says.

    Attributes
    ----------
    epoch, step : float or None
        What is counted, where the line says it.
    values : dict of str to str
        Numbers as they are written, percent signs included, by name.
    out_of : dict of str to int
        Numbers of rows, of the values that are written as a share such as 98/100.
    averages : bool
        Whether averages were read that stand in brackets behind numbers.
    """

    epoch: float | None = None
    step: float | None = None
    values: dict[str, str] = field(default_factory=dict)
    out_of: dict[str, int] = field(default_factory=dict)
    averages: bool = False

    @property
    def counts(self) -> bool:
        """Whether the line names an epoch or a step."""
        return self.epoch is not None or self.step is not None

    @property
    def measures(self) -> list[str]:
        """Names that are losses or accuracies."""
        return [name for name in self.values if role_of(name) is not None]


def printed_lines(text: str) -> Iterator[str]:
    r"""Walk over the lines of a console without colours; each state of a line that was written over is one.

    Examples
    --------
    >>> list(printed_lines("1/2 loss: 0.9\b\b\b\r2/2 loss: 0.8\n"))
    ['1/2 loss: 0.9', '2/2 loss: 0.8']
    """
    for found in re.finditer(r"[^\r\n\x08]+", text):
        line = COLOURS.sub("", found[0])
        if line.strip():
            yield line


def read_lines(text: str) -> Iterator[Line]:
    r"""Read all lines of a console.

    A heading that names a set, such as ``Test Error:``, speaks for the line under it, and for more that are indented.

    Examples
    --------
    >>> [line.values for line in read_lines("loss: 0.9\nTest Error:\n Accuracy: 60%, Avg loss: 0.8\n")]
    [{'loss': '0.9'}, {}, {'Test Accuracy': '60%', 'Test Avg loss': '0.8'}]
    """
    of, indent, first = "", 0, False
    for line in printed_lines(text):
        depth = len(line) - len(line.lstrip())
        title = line.strip(RULES)
        if HEADING.fullmatch(title) and line.strip() != title:
            of, indent, first = next(iter(SET_WORD.findall(title)), ""), depth, True
        found = read_line(line, of if first or depth > indent else "")
        if found.counts:
            of = ""
        first = first and not found.values
        yield found


def read_line(text: str, of: str = "") -> Line:
    """Read one line.

    Parameters
    ----------
    text : str
        A line without colours.
    of : str, default=""
        The word for a set in the heading above it.

    Returns
    -------
    Line
        Empty where the line holds neither a counter nor a named number.

    Notes
    -----
    A name is what stands between a number and the last bracket, bar, comma or dash before it, so that ``best val_loss``
    is not taken for ``val_loss``. A measure without a set has that of the word before it in the same line, as in
    ``val Loss: 0.5 Acc: 0.8``; a name such as ``val_loss`` speaks for itself alone.

    Examples
    --------
    >>> read_line("Epoch [2/5] | Train Loss: 0.52 | Acc: 71.3% (best acc: 72.0%)").values
    {'Train Loss': '0.52', 'Train Acc': '71.3%', 'best acc': '72.0%'}
    >>> read_line("Test set: Average loss: 0.8002, Accuracy: 134/200 (67%)").values
    {'Test Average loss': '0.8002', 'Test Accuracy': '0.67'}
    """
    line = Line()
    epoch = EPOCH.search(text)
    rest = text if epoch is None else f"{text[: epoch.start()]}|{text[epoch.end() :]}"
    step = STEP.search(rest)
    if step is not None:
        line.step = float(next(group for group in step.groups() if group is not None))
        rest = f"{rest[: step.start()]}|{rest[step.end() :]}"
    _read_values(rest, line, "" if line.step is not None or epoch is not None else of)
    if epoch is not None and (line.measures or _begins(text[: epoch.start()])):
        line.epoch = float(epoch["number"])
    return line


def _read_values(text: str, line: Line, of: str = "") -> None:
    """Collect the named numbers of a line, under a heading for a set of rows."""
    found: list[tuple[str, str, str, re.Match[str]]] = []
    end = 0
    of_name = ""  # as `of` is the last word for a set on its own, this is the last in a name such as val_loss
    for match in VALUE.finditer(text):
        before = text[end : match.start()]
        end = match.end()
        of = next(reversed(SET_WORD.findall(before)), of)
        name = " ".join(BOUNDARY.split(before)[-1].replace("'s ", " ").strip(" '`*-_#.").split())
        role = role_of(name)
        unclear = role is None and not any(mark in match["sign"] for mark in ":=")
        if unclear or '"' in name or is_epoch(name) or is_step(name) or not re.search(r"[A-Za-z]", name):
            continue
        if role is not None and role.of is not None:
            of, of_name = (of if SET_WORD.search(name) else ""), role.of
        found.append((name, of, of_name, match))
    names = [name for name, *_ in found]
    for name, of, of_name, match in found:
        role = role_of(name)
        if role is not None and role.of is None:
            of = of or (of_name if names.count(name) > 1 else "")
            name = f"{of} {name}".strip()
        number = match["average"] or match["number"]
        line.averages |= match["average"] is not None
        if match["out_of"] is not None and float(match["out_of"]) > 0:
            line.out_of[name] = int(match["out_of"])
            number = repr(float(number) / int(match["out_of"]))
        line.values[name] = number + ("%" if match["percent"] else "")


def _begins(before: str) -> bool:
    """Whether a line with these words before the number of an epoch begins that epoch."""
    return all(word.isdigit() or word in BEGINNING for word in words(before))


def printed_records(text: str) -> list[dict[str, object]]:
    r"""Return the dictionaries that Transformers' trainer prints, one a line, among anything else.

    Examples
    --------
    >>> printed_records("Running evaluation\n{'eval_loss': 0.52, 'epoch': 1.0}\n")
    [{'eval_loss': 0.52, 'epoch': 1.0}]
    """
    records = []
    for line in printed_lines(text):
        for found in re.findall(r"\{'[^{}]*\}", line):
            try:
                record = ast.literal_eval(found)
            except (ValueError, SyntaxError):
                continue
            if isinstance(record, dict) and "epoch" in record:
                records.append(record)
    return records
