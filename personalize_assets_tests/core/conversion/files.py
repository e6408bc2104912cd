"""Parameter files for tests: the example of docs/, and small ones; and judges of attributes."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from personalize_assets.core.conversion import Conversion, Judge, Note

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "convert" / "config.json"
RECIPE = "arn:aws:personalize:::recipe/"


def example() -> dict[str, Any]:
    """The example of docs/, anew for each test."""
    return json.loads(EXAMPLE.read_text(encoding="utf-8"))


def field(name: str, kind: Any = "string", **flags: bool) -> dict[str, Any]:
    """One field of a schema."""
    return {"name": name, "type": kind, **flags}


def dataset(*fields: Mapping[str, Any]) -> dict[str, Any]:
    """A dataset with a schema of these fields."""
    schema = {"type": "record", "name": "Any", "fields": list(fields)}
    return {"schema": {"serviceConfig": {"name": "any", "schema": schema}}}


EVENTS = dataset(field("USER_ID"), field("ITEM_ID"), field("TIMESTAMP", "long"))


def solution(name: str = "personal", recipe: str = "aws-user-personalization", **more: Any) -> Any:
    """A solution; ``config`` adds to its ``serviceConfig``, the rest stands beside it."""
    config = {"name": name, "recipeArn": f"{RECIPE}{recipe}", **more.pop("config", {})}
    return {"serviceConfig": config, **more}


def file(**changes: Any) -> dict[str, Any]:
    """The smallest file that converts, with changes."""
    return {
        "datasetGroup": {"serviceConfig": {"name": "shop"}},
        "datasets": {"interactions": EVENTS},
        "solutions": [solution()],
        **changes,
    }


def accept(_: Mapping[str, Any]) -> str | None:
    """A judge that refuses nothing."""
    return None


def refuse_where(text: str) -> Judge:
    """A judge that refuses attributes in whose text ``text`` stands."""
    return lambda attributes: f"no {text}" if text in str(attributes) else None


def notes_at(conversion: Conversion, path: str) -> list[Note]:
    """What is said of one place."""
    return [note for note in conversion.notes if note.path == path]
