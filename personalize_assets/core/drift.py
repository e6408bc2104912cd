"""Whether a number is still what it usually was: a new value against those of earlier data.

Values in, verdicts out; each verdict says the number, what it is held against, and the limit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

FIRST = "nothing earlier to compare with"
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Verdict:
    """What became of one comparison.

    Attributes:
        passed: Whether the limit is kept; also where there is nothing to compare with.
        sentence: All numbers in one line.
        usual: The median of the earlier values; None without any.
    """

    passed: bool
    sentence: str
    usual: float | None = None


def judge_rise(what: str, value: float, earlier: Sequence[float], most: float) -> Verdict:
    """Judge a share that should not rise.

    Args:
        what: The share in words, such as ``quarantined rows``.
        value: The new share, 0 to 1.
        earlier: Those of earlier data, newest last.
        most: By so much it may be above the median of the earlier ones.

    Example:
        >>> judge_rise("quarantined rows", 0.25, [0.125], 0.0625).sentence
        'quarantined rows: 25.00 %, usually 12.50 %, at most 6.25 % more'
    """
    return _judge(
        what,
        value,
        earlier,
        lambda usual: value - usual <= most,
        lambda number: f"{number * 100:.2f} %",
        f"at most {most * 100:.2f} % more",
    )


def judge_change(what: str, value: float, earlier: Sequence[float], most: float) -> Verdict:
    """Judge an amount that should stay about the same.

    Args:
        what: The amount in words, such as ``interactions``.
        value: The new amount.
        earlier: Those of earlier data, newest last.
        most: Share of the median of the earlier ones by which it may be more or less.

    Example:
        >>> judge_change("interactions", 1500, [1000], 0.25).sentence
        'interactions: 1,500, usually 1,000, at most 25 % more or less'
    """
    return _judge(
        what,
        value,
        earlier,
        lambda usual: abs(value - usual) <= most * usual,
        lambda number: f"{number:,.0f}",
        f"at most {most:.0%} more or less".replace("%", " %"),
    )


def judge_drop(what: str, value: float, earlier: float | None, most: float) -> Verdict:
    """Judge a number that should not fall.

    Args:
        what: Its name, such as ``coverage``.
        value: The new number.
        earlier: The one before; None where there is none.
        most: Share of it by which the new one may be below.

    Example:
        >>> judge_drop("coverage", 0.5, 0.75, 0.25).sentence
        'coverage: 0.5000, before 0.7500, at least 0.5625'
    """
    if earlier is None:
        return Verdict(True, f"{what}: {value:.4f}, {FIRST}")
    least = earlier * (1 - most)
    sentence = f"{what}: {value:.4f}, before {earlier:.4f}, at least {least:.4f}"
    return Verdict(value >= least - _ROUNDING, sentence, earlier)


def _judge(
    what: str,
    value: float,
    earlier: Sequence[float],
    keeps: Callable[[float], bool],
    show: Callable[[float], str],
    limit: str,
) -> Verdict:
    if not earlier:
        return Verdict(True, f"{what}: {show(value)}, {FIRST}")
    usual = float(median(earlier))
    return Verdict(keeps(usual), f"{what}: {show(value)}, usually {show(usual)}, {limit}", usual)
