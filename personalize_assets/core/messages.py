"""What people are told when something happened that they should know: subject, text and identity.

Pure: from what happened to words. A notice of the same happening has the same id wherever and
however often it is made, so that whoever receives it twice can tell.
"""

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

MAX_SUBJECT: Final = 99  # SNS Publish: ASCII without line breaks, less than 100 characters
MAX_TEXT_BYTES: Final = 100_000  # SNS takes 262,144 with attributes; people read far less
MAX_VALUE: Final = 1_000

Event = Literal["batch_finished", "run_failed", "promotion_refused", "budget_exceeded"]


@dataclass(frozen=True)
class Happening:
    """Something that people should know.

    Attributes:
        event: What kind of thing happened.
        group: Dataset group that it happened to.
        run_id: First of the automatic attempts of the run that it happened in.
        about: What tells it from others of its kind in that run, such as ``recommendations``.
        headline: What happened, in one sentence.
        facts: Names and values, in the order in which they are shown.
        reasons: Sentences of why.
        links: Names and addresses.
    """

    event: Event
    group: str
    run_id: str
    about: str
    headline: str
    facts: Mapping[str, Any]
    reasons: Sequence[str] = ()
    links: Mapping[str, str] | None = None

    @property
    def id(self) -> str:
        """Text of 32 hex digits that is the same for every notice of this happening."""
        identity = json.dumps([self.group, self.run_id, self.event, self.about])
        return hashlib.sha256(identity.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Notice:
    """A happening in words.

    Attributes:
        id: The same for the same happening.
        event: What kind of thing happened.
        group: Dataset group that it happened to.
        run_id: First of the automatic attempts of the run that it happened in.
        subject: One line of ASCII, at most 99 characters.
        text: Lines for people, at most ``MAX_TEXT_BYTES`` of UTF-8.
    """

    id: str
    event: Event
    group: str
    run_id: str
    subject: str
    text: str

    def as_json(self) -> dict[str, str]:
        """Members of the notice, for a log of lines."""
        return {
            "id": self.id,
            "event": self.event,
            "group": self.group,
            "run_id": self.run_id,
            "subject": self.subject,
            "text": self.text,
        }


def write_notice(happening: Happening) -> Notice:
    """Put a happening into words."""
    return Notice(
        id=happening.id,
        event=happening.event,
        group=happening.group,
        run_id=happening.run_id,
        subject=format_subject(f"{happening.group}: {happening.headline}"),
        text=_text(happening),
    )


def format_subject(text: str) -> str:
    """Make a subject that every mail program takes: one line of at most 99 ASCII characters.

    Example:
        >>> format_subject("käse: 25 items  for 3 users")
        'kase: 25 items for 3 users'
    """
    flat = unicodedata.normalize("NFKD", " ".join(text.split()))
    letters = "".join(one for one in flat if not unicodedata.combining(one))
    ascii_only = letters.encode("ascii", "replace").decode()
    printable = "".join(one for one in ascii_only if one.isprintable())
    subject = printable.strip() or "notice"
    return subject if len(subject) <= MAX_SUBJECT else subject[: MAX_SUBJECT - 3].rstrip() + "..."


def _text(happening: Happening) -> str:
    facts = {"dataset group": happening.group, "run": happening.run_id, **happening.facts}
    parts = [happening.headline, "", *_table(facts)]
    if happening.reasons:
        parts += ["", *(f"- {_short(reason)}" for reason in happening.reasons)]
    if happening.links:
        parts += ["", *_table(happening.links)]
    parts += ["", f"notice {happening.id}"]
    return _cut("\n".join(parts) + "\n")


def _table(rows: Mapping[str, Any]) -> list[str]:
    shown = {name: _value(value) for name, value in rows.items()}
    width = max((len(name) for name in shown), default=0)
    return [f"{name:<{width}}  {value}" for name, value in shown.items() if value]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return "" if value is None else _short(" ".join(str(value).split()))


def _short(text: str) -> str:
    return text if len(text) <= MAX_VALUE else text[: MAX_VALUE - 3] + "..."


def _cut(text: str) -> str:
    data = text.encode()
    if len(data) <= MAX_TEXT_BYTES:
        return text
    return data[: MAX_TEXT_BYTES - 4].decode(errors="ignore") + "...\n"
