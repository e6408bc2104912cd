"""What a line of a batch file asks about, and the report of a line that failed.

The same rules read the queries of an input file and the echo of them in the output, so that both
can be joined. Knows nothing of files.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Final, Literal, NoReturn, cast

QueryField = Literal["userId", "itemId", "itemAttributes"]
QUERY_FIELDS: Final[tuple[QueryField, ...]] = ("userId", "itemId", "itemAttributes")

Question = Literal["userId", "itemId", "itemAttributes", "itemList"]
"""What a line asks by; ``itemList`` where it holds a list to rank for its user."""

DEFAULT_FIELD: Final[QueryField] = "userId"
_HALF_CHARACTER: Final = re.compile("[\ud800-\udfff]")


class LineError(ValueError):
    """A line cannot be used; the message is the reason for people."""


@dataclass(frozen=True)
class FailedLine:
    """A line without recommendations.

    Attributes:
        file: Name of the file the line is in.
        line: Number of the line there, from 1.
        reason: Why it failed: the service's own words where it gave some.
        text: The line.
        query: What was asked about, as (field, id), where the line tells.
    """

    file: str
    line: int
    reason: str
    text: str
    query: tuple[QueryField, str] | None = None

    def as_json(self) -> str:
        """Format as one line of the file of failed lines."""
        record = {"file": self.file, "line": self.line, "reason": self.reason, "text": self.text}
        return json.dumps(record, ensure_ascii=False)


def parse_object(line: bytes) -> dict[str, Any]:
    """Parse a line that must be one JSON object in UTF-8.

    A byte order mark before it is skipped: files that were joined have them in the middle.

    Raises:
        LineError: It is not.
    """
    try:
        value = json.loads(line.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise LineError(f"not UTF-8 at byte {error.start + 1}") from error
    except json.JSONDecodeError as error:
        raise LineError(f"not JSON: {error.msg} at column {error.colno}") from error
    except LineError:
        raise
    except (ValueError, RecursionError) as error:
        raise LineError(f"not JSON that can be read: {error}") from error
    if not isinstance(value, dict):
        raise LineError(f"expected a JSON object, got {_kind(value)}")
    return cast("dict[str, Any]", value)


def parse_query(members: Any) -> tuple[QueryField, str]:
    """Return field and id of a query such as ``{"userId": "4638"}``; a whole number will do as id.

    Raises:
        LineError: There is neither a userId nor an itemId nor itemAttributes, or it is no usable
            text.
    """
    if not isinstance(members, dict):
        raise LineError(f"expected a query object, got {_kind(members)}")
    query = cast("dict[str, Any]", members)
    for field in QUERY_FIELDS:
        if field in query:
            return field, _parse_id(query[field], field)
    raise LineError(
        "neither userId nor itemId nor itemAttributes; found "
        f"{', '.join(list(query)[:5]) or 'no members'}"
    )


def is_id(value: Any) -> bool:
    """Whether a value is a non-empty string of whole characters, so that UTF-8 can hold it."""
    return isinstance(value, str) and value != "" and _HALF_CHARACTER.search(value) is None


def _parse_id(value: Any, field: QueryField) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise LineError(f"{field} must be a string, got {_kind(value)}")
    if not value:
        raise LineError(f"{field} is empty")
    if not is_id(value):
        raise LineError(f"{field} holds half a surrogate pair, which is no character")
    return value


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return "a number"
    kinds = ((dict, "an object"), (list, "a list"), (str, "a string"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "null")


def _refuse_constant(name: str) -> NoReturn:
    raise LineError(f"not JSON: {name}")
