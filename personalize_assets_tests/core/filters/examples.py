"""A small shop: schemas, items and what one user did, for the tests of filters."""

import json
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa

from personalize_assets.core.filters import BoolArray, EntityTable, Facts, bind, parse_filter
from personalize_assets.core.filters.checking import Schemas
from personalize_assets.core.schemas import parse_schema

_FIELDS: dict[str, list[str]] = {
    "Interactions": ["USER_ID string", "ITEM_ID string", "EVENT_TYPE string", "TIMESTAMP long"],
    "Items": [
        "ITEM_ID string",
        "GENRE categorical",
        "CATEGORY_L1 categorical",
        "CATEGORY_L2 categorical",
        "TITLE string",
        "PRICE float",
        "CREATION_TIMESTAMP long",
        "DESCRIPTION textual",
        "ADULT boolean",
    ],
    "Users": ["USER_ID string", "AGE int", "MEMBERSHIP categorical"],
    "Actions": [
        "ACTION_ID string",
        "VALUE long",
        "CATEGORY categorical",
        "MEMBERSHIP_LEVEL categorical",
        "EXPIRATION_TIMESTAMP long",
        "REPEAT_FREQUENCY long",
    ],
    "ActionInteractions": [
        "USER_ID string",
        "ACTION_ID string",
        "EVENT_TYPE string",
        "TIMESTAMP long",
    ],
}


def _field(text: str) -> dict[str, Any]:
    name, kind = text.split()
    flag = {kind: True} if kind in ("categorical", "textual") else {}
    return {"name": name, "type": "string" if flag else kind, **flag}


def _schemas() -> Schemas:
    found = (
        parse_schema(
            json.dumps(
                {"type": "record", "name": name, "fields": [_field(text) for text in fields]}
            )
        )
        for name, fields in _FIELDS.items()
    )
    return {schema.dataset_type: schema for schema in found}


SCHEMAS = _schemas()

ITEMS = EntityTable.from_arrow(
    pa.table(
        {
            "ITEM_ID": ["boot", "shoe", "watch", "film", "blank"],
            "GENRE": ["Action|Crime", "Crime", "Drama", "drama", None],
            "CATEGORY_L1": ["shoe", "shoe", "watch", None, None],
            "CATEGORY_L2": ["boot", "sneaker", "luxury", None, None],
            "PRICE": pa.array([10.0, 20.0, 30.0, 40.0, None], pa.float32()),
            "CREATION_TIMESTAMP": [100, 200, 300, 400, 500],
        }
    ),
    "ITEM_ID",
)
EVENTS = {"click": ["boot"], "stream": ["film"], "addtocart": ["shoe", "boot"]}
"""Items that the user has events of, by normalized event type."""


def interacted(types: frozenset[str] | None) -> BoolArray:
    of_types = [ids for name, ids in EVENTS.items() if types is None or name in types]
    return np.isin(ITEMS.ids.to_pylist(), list(chain(*of_types)))


def served(
    text: str,
    values: dict[str, str] | None = None,
    *,
    user: dict[str, Any] | None = None,
    item: dict[str, Any] | None = None,
) -> str:
    """The ids of the items that a filter lets through, joined by blanks."""
    facts = Facts(len(ITEMS), ITEMS, interacted, user, item)
    mask = bind(parse_filter(text), values or {}).mask(facts)
    assert mask.dtype == np.bool_
    return " ".join(np.array(ITEMS.ids.to_pylist())[mask])
