"""Numbers to text: the one place where values are rounded for readers.

Text, Markdown, HTML and figures all quote numbers through these functions, so that one number never reads
differently in two views. Nothing here computes; JSON carries the unrounded values.
"""

from __future__ import annotations

import math
from collections.abc import Callable

MISSING = "n/a"
NOISE = 1e-12  # differences of shares that are rounding errors


def number(value: float | None, *, signed: bool = False) -> str:
    """Write a number with three decimals, or three digits where that would lose it.

    Parameters
    ----------
    value : float or None
        The number; None and NaN are written as "n/a", infinities as "inf".
    signed : bool, default=False
        Whether positive numbers carry a plus sign.

    Returns
    -------
    str
        The text, with an ASCII minus sign.

    Examples
    --------
    >>> number(1.12345), number(-0.25, signed=True), number(0.25, signed=True), number(None)
    ('1.123', '-0.250', '+0.250', 'n/a')
    >>> number(0), number(0.00012), number(1234.5), number(float("inf"))
    ('0', '0.00012', '1,234.5', 'inf')
    """
    if value is None or math.isnan(value):
        return MISSING
    sign = "+" if signed and value > 0 else ""
    if math.isinf(value):
        return f"{sign}inf" if value > 0 else "-inf"
    size = abs(value)
    if size == 0:
        return "0"
    if size < 5e-4:
        return f"{sign}{value:.2g}"
    if size >= 1e7:
        return f"{sign}{value:.3g}"
    if size >= 100:
        return f"{sign}{value:,.1f}"
    return f"{sign}{value:.3f}"


def apart(value: float, *others: float) -> str:
    """Write a number as `number` does, with more decimals where others that it differs from would look the same.

    Parameters
    ----------
    value : float
        The number.
    *others : float
        What it must not look like.

    Returns
    -------
    str
        The text, with two digits of the smallest difference where that is needed.

    Examples
    --------
    >>> apart(0.3, 0.5, 1.0), apart(0.500123, 0.5, 1.0), apart(0.5, 0.5)
    ('0.300', '0.50012', '0.500')
    """
    text = number(value)
    alike = [abs(value - other) for other in others if other != value and number(other) == text]
    if not alike:
        return text
    return f"{value:.{1 - math.floor(math.log10(max(min(alike), NOISE)))}f}"


def small_number(value: float | None) -> str:
    """Write a number that is smaller than what counts with two digits.

    Parameters
    ----------
    value : float or None
        The number.

    Returns
    -------
    str
        The text.

    Examples
    --------
    >>> small_number(0.00487), small_number(-1e-9), small_number(None)
    ('0.0049', '0', 'n/a')
    """
    if value is None or not math.isfinite(value):
        return number(value)
    return "0" if value < 5e-6 else f"{value:.2g}"


def nats(value: float | None, *, signed: bool = False) -> str:
    """Write a loss, or a part of one, with three decimals throughout; exactly 0 is written as "0".

    Parameters
    ----------
    value : float or None
        The loss in nats.
    signed : bool, default=False
        Whether positive numbers carry a plus sign.

    Returns
    -------
    str
        The text, without the unit.

    Examples
    --------
    >>> nats(2.30259), nats(-0.00001, signed=True), nats(0.25, signed=True), nats(0.0, signed=True)
    ('2.303', '0.000', '+0.250', '0')
    """
    if value is None or not math.isfinite(value) or value == 0:
        return number(value, signed=signed)
    if abs(value) < 5e-4:
        return "0.000"
    return f"{value:+.3f}" if signed else f"{value:.3f}"


def ratio(value: float | None) -> str:
    """Write a ratio, such as a temperature, with three digits.

    Parameters
    ----------
    value : float or None
        The ratio.

    Returns
    -------
    str
        The text.

    Examples
    --------
    >>> ratio(2.8812), ratio(0.6034), ratio(1.0), ratio(12.34), ratio(22026.4)
    ('2.88', '0.603', '1.00', '12.3', '22,026')
    """
    if value is None or not math.isfinite(value):
        return number(value)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:#.3g}".rstrip(".")


def count(value: float | None) -> str:
    """Write a count with thousands separators, and weighted counts with one decimal.

    Parameters
    ----------
    value : float or None
        The count.

    Returns
    -------
    str
        The text.

    Examples
    --------
    >>> count(10000), count(12.25), count(None)
    ('10,000', '12.2', 'n/a')
    """
    if value is None or not math.isfinite(value):
        return number(value)
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"


def percent(value: float | None, *, signed: bool = False) -> str:
    """Write a share in percent; a share that is not 0 or 1 is never rounded to 0 % or 100 %.

    Parameters
    ----------
    value : float or None
        The share, 0 to 1.
    signed : bool, default=False
        Whether positive numbers carry a plus sign.

    Returns
    -------
    str
        The text.

    Examples
    --------
    >>> percent(0.7251), percent(0.99996), percent(0.0002), percent(1.0), percent(0.031, signed=True)
    ('72.5 %', '99.996 %', '0.02 %', '100 %', '+3.1 %')
    """
    if value is None or not math.isfinite(value):
        return number(value)
    value = 0.0 if abs(value) < NOISE else value
    sign = "+" if signed and value > 0 else ""
    hundred = 100.0 * value
    distance = min(abs(hundred), abs(100.0 - abs(hundred)))
    if distance == 0:
        return f"{sign}{hundred:.0f} %"
    if distance < 1e-3:
        digits = -math.floor(math.log10(distance))
        tiny = f"{hundred:.0e}" if digits > 7 else f"{hundred:.{digits}f}"
        return f"{sign}{hundred:.7g} %" if hundred > 50 else f"{sign}{tiny} %"
    decimals = 1 if distance >= 0.1 else 2 if distance >= 0.01 else 3
    return f"{sign}{hundred:.{decimals}f} %"


def interval(low: float | None, high: float | None, write: Callable[[float | None], str] = number) -> str:
    """Write an interval in square brackets, or nothing where there is none.

    Parameters
    ----------
    low, high : float or None
        The limits; with one of them None, NaN or infinite, the other is written as a bound.
    write : callable, default=number
        How one limit is written; a unit that both limits share is written once.

    Returns
    -------
    str
        The text, empty when both limits are None.

    Examples
    --------
    >>> interval(0.25, 0.5), interval(0.1, 0.2, percent), interval(0.5, math.inf), interval(None, None)
    ('[0.250, 0.500]', '[10.0, 20.0] %', '>= 0.500', '')
    """
    low, high = (None if limit is None or not math.isfinite(limit) else limit for limit in (low, high))
    if low is None and high is None:
        return ""
    if low is None:
        return f"<= {write(high)}"
    if high is None:
        return f">= {write(low)}"
    first, last = write(low), write(high)
    if first.endswith(" %") and last.endswith(" %"):
        return f"[{first[:-2]}, {last[:-2]}] %"
    return f"[{first}, {last}]"


def p_value(value: float | None) -> str:
    """Write a p-value as ``p = 0.043`` or ``p < 1e-16``.

    Parameters
    ----------
    value : float or None
        The p-value; None, for conditions that make no statistical claim, gives an empty text.

    Returns
    -------
    str
        The text.

    Examples
    --------
    >>> p_value(0.0432), p_value(0.00043), p_value(1e-30), p_value(None)
    ('p = 0.043', 'p = 4e-04', 'p < 1e-16', '')
    """
    if value is None or math.isnan(value):
        return ""
    if value < 1e-16:
        return "p < 1e-16"
    return f"p = {value:.0e}" if value < 1e-3 else f"p = {value:.3f}"


def one_line(text: object, width: int | None = None) -> str:
    r"""Write any label on one line: no line breaks, no control characters, cut in the middle when too long.

    Parameters
    ----------
    text : object
        A label, such as a class or the name of a model.
    width : int or None, default=None
        The most characters to keep; None keeps all.

    Returns
    -------
    str
        The text.

    Examples
    --------
    >>> one_line("two\nlines"), one_line("a very long class name", 12)
    ('two lines', 'a very l…ame')
    """
    words = " ".join(str(text).split())
    clean = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in words)
    if width is None or len(clean) <= width:
        return clean
    tail = (width - 1) // 3
    return f"{clean[: width - 1 - tail].rstrip()}…{clean[len(clean) - tail :].lstrip()}"


def typographic(text: str) -> str:
    """Replace the ASCII minus of a number by a true minus sign, for HTML and figures.

    Parameters
    ----------
    text : str
        A number written by this module.

    Returns
    -------
    str
        The text.

    Examples
    --------
    >>> typographic("-0.250"), typographic("<= 0.500")
    ('−0.250', '≤ 0.500')
    """
    return text.replace("-", "\N{MINUS SIGN}").replace("<=", "\N{LESS-THAN OR EQUAL TO}")
