"""Which columns of a table hold the scores, and of which class: from their names alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from sklearn_lossacc.adapters.column_names import is_logits_name, listing
from sklearn_lossacc.exceptions import ClassesMismatchError, InvalidFileError

# One column of a binary problem. Not "score" or "confidence": those often belong to the predicted class.
POSITIVE_NAMES = ("y_proba", "y_prob", "proba", "prob", "probability", "p", "logit", "logits")
_ORDERED = (("0", "1"), ("False", "True"))  # classes that have an order without being told
ROW_NAMES = ("", "id", "index", "idx", "row", "row_id")

# A class name follows its prefix after a separator, or at once where it is a number (p_cat, .pred_cat, p0).
_PREFIXED = re.compile(
    r"^(?P<prefix>\.?pred|p|y_proba|proba|probs?|probability|score|prediction_score|y_logits|logits?|class)"
    r"(?:[_. ](?P<name>.+)|(?P<number>\d+))$",
    re.DOTALL,
)


@dataclass(frozen=True)
class ScoreColumns:
    """The score columns of a table.

    Attributes
    ----------
    columns : tuple of str
        Their names in the table.
    classes : tuple of str
        The class of each column; for the single column of a binary problem both classes, its own second. Empty for a
        column with a list of scores in each row, which says nothing of classes.
    prefix : str
        What their names share, or the name of a single column; it may say that these are logits.
    """

    columns: tuple[str, ...]
    classes: tuple[str, ...]
    prefix: str = ""

    @property
    def input(self) -> str:
        """Return "logits" where the names say so, otherwise "proba"."""
        return "logits" if is_logits_name(self.prefix) else "proba"


def is_integer(text: str) -> bool:
    """Whether a text is the usual way to write an integer."""
    return re.fullmatch(r"0|-?[1-9]\d*", text) is not None


def canonical(text: str) -> str:
    """Write an integer that passed through a float column without its ".0".

    Examples
    --------
    >>> canonical("3.0"), canonical("3.5"), canonical("v3.0")
    ('3', '3.5', 'v3.0')
    """
    trimmed = text.removesuffix(".0")
    return trimmed if is_integer(trimmed) else text


def prefixed_columns(columns: Sequence[str]) -> dict[str, dict[str, str]]:
    """Group the columns that are called prefix and class by their prefix.

    Parameters
    ----------
    columns : sequence of str
        Column names.

    Returns
    -------
    dict of str to dict of str to str
        Prefix to {class name: column name}.

    Examples
    --------
    >>> prefixed_columns(["id", "p_cat", "p_dog", "label"])
    {'p': {'cat': 'p_cat', 'dog': 'p_dog'}}
    """
    groups: dict[str, dict[str, str]] = {}
    for column in columns:
        match = _PREFIXED.match(column)
        if match:
            groups.setdefault(match["prefix"], {})[canonical(match["name"] or match["number"])] = column
    return groups


def _single(column: str, name: str | None, wanted: Sequence[str], prefix: str) -> ScoreColumns | None:
    """Read one column as one class of a binary problem; None where its name does not settle which."""
    if name is None:
        pair = next((pair for pair in _ORDERED if set(wanted) <= set(pair)), None)
        return ScoreColumns((column,), pair, prefix) if pair else None
    others = [label for label in wanted if label != name]
    if name not in wanted or len(others) != 1:
        return None
    return ScoreColumns((column,), (others[0], name), prefix)


def _readings(numeric: Sequence[str], wanted: Sequence[str]) -> list[ScoreColumns]:
    """List every way to read columns as the scores of the wanted classes."""
    found = []
    for prefix, named in prefixed_columns(numeric).items():
        if all(map(is_integer, wanted)):  # p_value is no class beside p_0 and p_1
            named = {name: column for name, column in named.items() if is_integer(name)}
        if len(named) == 1:
            name, column = next(iter(named.items()))
            single = _single(column, name, wanted, prefix)
            if single:
                found.append(single)
        elif named and set(wanted) <= set(named):
            found.append(ScoreColumns(tuple(named.values()), tuple(named), prefix))
    bare = [name for name in numeric if canonical(name) in wanted or name not in ROW_NAMES]
    if set(wanted) <= set(map(canonical, bare)):
        found.append(ScoreColumns(tuple(bare), tuple(map(canonical, bare))))
    for column in numeric:
        single = _single(column, None, wanted, column) if column in POSITIVE_NAMES else None
        if single:
            found.append(single)
    return found


def _not_covered(
    numeric: Sequence[str], wanted: Sequence[str], declared: bool, first_row: Callable[[Collection[str]], int] | None
) -> str:
    """Say which of the wanted classes have no column, and what to do."""
    what = "classes" if declared else "labels"
    if not numeric:
        return f"{what} {listing(wanted)}; none is numeric: add one for each, or name those of the probabilities"
    groups: list[Collection[str]] = [named for named in prefixed_columns(numeric).values() if len(named) > 1]
    named = max([*groups, set(map(canonical, numeric))], key=lambda group: sum(label in group for label in wanted))
    own = [label for label in wanted if label in named]
    others = [label for label in wanted if label not in named]
    text = f"{what} {listing(others)}"
    if own and first_row is not None and not declared:
        text += f" (first in data row {first_row(others)})"
    text += f", only {listing(own)}" if own else ""
    mend = "add theirs, mend their rows, or " if own and not declared else ""
    return f"{text}; numeric columns are {listing(numeric)}: {mend}name those of the probabilities"


def _declared(reading: ScoreColumns, classes: Sequence[str], input: str, path: object) -> ScoreColumns:
    """Bring a reading to the declared classes and their order."""
    if len(reading.columns) == 1:
        return reading
    column_of = dict(zip(reading.classes, reading.columns, strict=True))
    surplus = [column for name, column in column_of.items() if name not in classes]
    # Probabilities would no longer sum to 1; of logits nobody would notice.
    if surplus and reading.prefix and input == "logits":
        raise InvalidFileError(
            f"{path}: the columns {listing(surplus)} are logits, too, of no class in classes=; list every class there, "
            "or leave columns out with proba=, which names those to read"
        )
    return ScoreColumns(tuple(column_of[name] for name in classes), tuple(classes), reading.prefix)


def find_columns(
    numeric: Sequence[str],
    labels: Sequence[str],
    *,
    classes: Sequence[str] | None,
    input: str | None,
    path: object,
    matrices: Sequence[str] = (),
    first_row: Callable[[Collection[str]], int] | None = None,
) -> ScoreColumns:
    """Find the score columns by their names.

    Parameters
    ----------
    numeric : sequence of str
        The numeric columns that nothing else was found in.
    labels : sequence of str
        The labels that occur.
    classes : sequence of str or None
        All classes in the wanted order, where the caller declares them.
    input : {"proba", "logits"} or None
        What is asked for, which chooses between columns called p_... and logit_....
    path : object
        The file, for messages.
    matrices : sequence of str, default=()
        Columns with a list of scores in each row, each of which is a reading of its own.
    first_row : callable, optional
        Returns the first row that has one of some labels, for messages.

    Returns
    -------
    ScoreColumns
        The only reading of the names.

    Raises
    ------
    InvalidFileError
        If the names allow no reading, or several.
    ClassesMismatchError
        If a declared class is named twice.
    """
    wanted = list(classes) if classes is not None else list(labels)
    twice = next((name for name in wanted if wanted.count(name) > 1), None)
    if twice is not None:
        raise ClassesMismatchError(f"classes= names {twice!r} more than once: {listing(wanted)}.")
    found = _readings(numeric, wanted) + [ScoreColumns((name,), (), name) for name in matrices]
    if input is not None and len(found) > 1:
        found = [reading for reading in found if reading.input == input]
    if not found and classes is not None and len(wanted) == 2:  # a single column belongs to the second class
        found = [ScoreColumns((name,), tuple(wanted), name) for name in numeric if name in POSITIVE_NAMES]
    if not found:
        raise InvalidFileError(
            f"{path}: the names of the columns do not cover the "
            f"{_not_covered(numeric, wanted, classes is not None, first_row)} with proba="
        )
    if len(found) > 1:
        choices = " or ".join(f"{reading.prefix or ','.join(reading.columns[:3])!r}" for reading in found)
        raise InvalidFileError(f"{path}: the probabilities could be the columns {choices}: choose with proba=")
    if classes is not None:
        return _declared(found[0], wanted, input or found[0].input, path)
    surplus = [name for name in found[0].classes if name not in wanted]
    if surplus and not found[0].prefix:  # a class that does not occur, or some other number?
        raise InvalidFileError(
            f"{path}: the columns {listing(surplus)} are not labels that occur; if they are classes list every "
            "class with classes=, otherwise name those of the probabilities with proba="
        )
    return found[0]


def named_columns(
    columns: Sequence[str],
    proba: str | Sequence[str],
    labels: Sequence[str],
    *,
    classes: Sequence[str] | None,
    path: object,
) -> ScoreColumns:
    """Look up the score columns that the caller named.

    Parameters
    ----------
    columns : sequence of str
        All columns of the table.
    proba : str or sequence of str
        A prefix, a column, or a list of columns.
    labels : sequence of str
        The labels that occur.
    classes : sequence of str or None
        The class of each named column, where the caller declares it.
    path : object
        The file, for messages.

    Returns
    -------
    ScoreColumns
        The named columns, in the order given, or in that of `classes` where they are called by these.

    Raises
    ------
    InvalidFileError
        If a name is unknown or the classes cannot be told from the names.
    """
    groups = prefixed_columns(columns)
    names = [proba] if isinstance(proba, str) else list(proba)
    if isinstance(proba, str) and proba not in columns:
        prefix = proba if proba in groups else proba.rstrip("_. ")  # "p_" says what "p" does
        names = list(groups[prefix].values()) if prefix in groups else names
    unknown = [name for name in names if name not in columns]
    if unknown:
        raise InvalidFileError(f"{path}: proba= names {listing(unknown)}; the columns are {listing(columns)}")
    class_of = {column: (name, prefix) for prefix, named in groups.items() for name, column in named.items()}
    prefixes = {class_of[name][1] if name in class_of else "" for name in names}
    prefix = prefixes.pop() if len(prefixes) == 1 else ""
    own = [class_of[name][0] if prefix else canonical(name) for name in names]
    if len(names) > 1:
        if classes is not None and sorted(classes) == sorted(own):  # which names tell, whatever the order
            column_of = dict(zip(own, names, strict=True))
            return ScoreColumns(tuple(column_of[name] for name in classes), tuple(classes), prefix)
        without = [label for label in labels if label not in own]
        if classes is None and without:
            raise InvalidFileError(
                f"{path}: proba= names columns of {listing(own)}, none of {listing(without)}, which are labels: "
                "name one for each, or give the class of each column with classes="
            )
        return ScoreColumns(tuple(names), tuple(own if classes is None else classes), prefix)
    if classes is not None:
        return ScoreColumns((names[0],), tuple(classes), prefix or names[0])
    single = _single(names[0], own[0] if prefix else None, labels, prefix or names[0])
    if single is None:
        advice = (
            "pass the two classes with classes=, the column's own second" if len(labels) <= 2 else "name one for each"
        )
        raise InvalidFileError(
            f"{path}: the column {names[0]!r} does not say which class it belongs to; the labels are "
            f"{listing(labels)}: {advice}"
        )
    return single
