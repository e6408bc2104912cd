"""Small tables that the service would train on: 60 users, 40 items, 20 events each."""

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

USERS, EACH = 60, 20
ITEMS: Final = tuple(f"i{number}" for number in range(40))
KNOWN_ITEMS: Final = (*ITEMS, "new1", "new2")
"""Those that somebody met, and two that come later."""

_COLUMNS: Final[Mapping[str, tuple[tuple[str, Any], ...]]] = {
    "interactions": (
        ("USER_ID", "string"),
        ("ITEM_ID", "string"),
        ("TIMESTAMP", "long"),
        ("EVENT_TYPE", "string"),
    ),
    "items": (("ITEM_ID", "string"), ("GENRES", ["null", "string"])),
}


def schema(dataset: str) -> Mapping[str, Any]:
    """The Avro schema of a table."""
    fields: list[dict[str, Any]] = [
        {"name": name, "type": kind} for name, kind in _COLUMNS[dataset]
    ]
    if dataset == "items":
        fields[1]["categorical"] = True
    return {
        "type": "record",
        "name": dataset.title(),
        "namespace": "com.amazonaws.personalize.schema",
        "fields": fields,
        "version": "1.0",
    }


def interactions(event: str = "watch") -> bytes:
    """1,200 events of one type, more than the service's least."""
    rows = [
        (
            f"u{user}",
            ITEMS[(user * 7 + step * (1 + user % 3)) % len(ITEMS)],
            1_700_000_000 + user * 60 + step,
            event,
        )
        for user in range(USERS)
        for step in range(EACH)
    ]
    return _csv("interactions", rows)


def items(ids: Sequence[str] = ITEMS) -> bytes:
    """Items, comedies and dramas in turn."""
    return _csv("items", [(item, ("Comedy", "Drama")[n % 2]) for n, item in enumerate(ids)])


def users_asked() -> list[dict[str, Any]]:
    """Lines of a batch input: three users."""
    return [{"userId": f"u{number}"} for number in range(3)]


def items_asked() -> list[dict[str, Any]]:
    """Lines of a segment input: two items."""
    return [{"itemId": item} for item in ITEMS[:2]]


def sha256(content: bytes) -> str:
    """Digest as manifests write it."""
    return hashlib.sha256(content).hexdigest()


def _csv(dataset: str, rows: list[tuple[Any, ...]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(name for name, _ in _COLUMNS[dataset])
    writer.writerows(rows)
    return text.getvalue().encode()
