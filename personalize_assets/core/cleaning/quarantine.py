"""The file of lines that were not used, each with its number, the reason and its very bytes.

RFC 4180 CSV with the columns ``line,reason,text``; ``text`` is always quoted with ``""`` for ``"``
and is the line without its end, in whatever encoding it was.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

from personalize_assets.core.cleaning.definitions import Reason

HEADER: Final = b"line,reason,text\n"


class Fault(NamedTuple):
    """One line that is not used: its number (1-based, the header counts), why, and its bytes."""

    line: int
    reason: Reason
    text: bytes


class Quarantine:
    """Writes faults to a file and counts them by reason."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._file.write(HEADER)
        self.reasons: Counter[str] = Counter()
        self.first: Fault | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    @property
    def total(self) -> int:
        """Number of lines in quarantine."""
        return self.reasons.total()

    def add(self, faults: Iterable[Fault]) -> None:
        """Write faults, ordered by line; later calls must bring later lines."""
        ordered = sorted(faults, key=lambda fault: fault.line)
        if ordered and self.first is None:
            self.first = ordered[0]
        self.reasons.update(fault.reason.value for fault in ordered)
        self._file.writelines(
            b'%d,%s,"%s"\n' % (line, reason.encode(), text.replace(b'"', b'""'))
            for line, reason, text in ordered
        )

    def by_reason(self) -> dict[str, int]:
        """Count of lines by reason, the most frequent first."""
        return dict(self.reasons.most_common())

    def describe(self) -> str:
        """The commonest reason and the first line, for a message."""
        if self.first is None:
            return "nothing was in quarantine"
        reason, count = self.reasons.most_common(1)[0]
        shown = self.first.text[:120].decode("utf-8", errors="replace")
        return (
            f"{self.total} in quarantine, {count} of them because: {reason}; the first is line "
            f"{self.first.line}, {self.first.reason}: {shown!r}"
        )
