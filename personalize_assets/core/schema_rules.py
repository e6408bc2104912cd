"""Which field names Amazon Personalize reserves, per dataset type and domain, and as what.

One table, transcribed from the guide's pages custom-datasets-and-schemas.html,
ECOMMERCE-datasets-and-schemas.html and VIDEO-ON-DEMAND-datasets-and-schemas.html. Nothing here
reads a schema.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

DatasetType = Literal["INTERACTIONS", "ITEMS", "USERS", "ACTIONS", "ACTION_INTERACTIONS"]
Domain = Literal["ECOMMERCE", "VIDEO_ON_DEMAND"]


@dataclass(frozen=True, slots=True)
class Reserved:
    """What the declaration of a reserved field must be.

    Attributes:
        type: Avro type without the null.
        nullable: Whether the field may be declared as possibly empty.
        categorical: Whether it must be categorical.
        textual: Whether it must be textual.
    """

    type: str
    nullable: bool = False
    categorical: bool = False
    textual: bool = False


_ID = Reserved("string")
_TIME = Reserved("long")
_NULLABLE_STRING = Reserved("string", nullable=True)
_NULLABLE_LONG = Reserved("long", nullable=True)
_NULLABLE_FLOAT = Reserved("float", nullable=True)
_CATEGORY = Reserved("string", categorical=True)
_NULLABLE_CATEGORY = Reserved("string", nullable=True, categorical=True)
_NULLABLE_TEXT = Reserved("string", nullable=True, textual=True)


@dataclass(frozen=True)
class Rules:
    """The reserved fields of one dataset type in one domain.

    Attributes:
        required: Fields that every schema has.
        optional: Fields that are reserved for one meaning.
        needs_metadata: Whether at least one more usable field is needed.
    """

    required: Mapping[str, Reserved]
    optional: Mapping[str, Reserved] = field(default_factory=dict[str, Reserved])
    needs_metadata: bool = False


_INTERACTIONS = {"USER_ID": _ID, "ITEM_ID": _ID, "TIMESTAMP": _TIME}
_EVENT_EXTRAS = {
    "EVENT_VALUE": _NULLABLE_FLOAT,
    "IMPRESSION": _NULLABLE_STRING,
    "RECOMMENDATION_ID": _NULLABLE_STRING,
    "EVENT_ATTRIBUTION_SOURCE": _NULLABLE_STRING,
}
_DOMAIN_INTERACTIONS = Rules(_INTERACTIONS | {"EVENT_TYPE": _ID}, _EVENT_EXTRAS)

RULES: Final[dict[tuple[Domain | None, DatasetType], Rules]] = {
    (None, "INTERACTIONS"): Rules(_INTERACTIONS, {"EVENT_TYPE": _ID} | _EVENT_EXTRAS),
    (None, "USERS"): Rules({"USER_ID": _ID}, needs_metadata=True),
    (None, "ITEMS"): Rules({"ITEM_ID": _ID}, {"CREATION_TIMESTAMP": _TIME}, needs_metadata=True),
    (None, "ACTIONS"): Rules(
        {"ACTION_ID": _ID},
        {
            "CREATION_TIMESTAMP": _TIME,
            "VALUE": _NULLABLE_LONG,
            "TYPE": _NULLABLE_STRING,
            "EXPIRATION_TIMESTAMP": _NULLABLE_LONG,
            "ACTION_EXPIRATION_TIMESTAMP": _NULLABLE_LONG,  # the guide writes both
            "REPEAT_FREQUENCY": _NULLABLE_LONG,
        },
        needs_metadata=True,
    ),
    (None, "ACTION_INTERACTIONS"): Rules(
        {"USER_ID": _ID, "ACTION_ID": _ID, "EVENT_TYPE": _ID, "TIMESTAMP": _TIME},
        {"IMPRESSION": _NULLABLE_STRING, "RECOMMENDATION_ID": _NULLABLE_STRING},
    ),
    ("ECOMMERCE", "INTERACTIONS"): _DOMAIN_INTERACTIONS,
    ("VIDEO_ON_DEMAND", "INTERACTIONS"): _DOMAIN_INTERACTIONS,
    ("ECOMMERCE", "USERS"): Rules({"USER_ID": _ID}, needs_metadata=True),
    ("VIDEO_ON_DEMAND", "USERS"): Rules(
        {"USER_ID": _ID}, {"SUBSCRIPTION_MODEL": _NULLABLE_CATEGORY}, needs_metadata=True
    ),
    ("ECOMMERCE", "ITEMS"): Rules(
        {"ITEM_ID": _ID, "PRICE": Reserved("float"), "CATEGORY_L1": _CATEGORY},
        {
            "CATEGORY_L2": _NULLABLE_CATEGORY,
            "CATEGORY_L3": _NULLABLE_CATEGORY,
            "PRODUCT_DESCRIPTION": _NULLABLE_TEXT,
            "CREATION_TIMESTAMP": _TIME,
            "AGE_GROUP": _NULLABLE_CATEGORY,
            "ADULT": _NULLABLE_CATEGORY,
            "GENDER": _NULLABLE_CATEGORY,
        },
    ),
    ("VIDEO_ON_DEMAND", "ITEMS"): Rules(
        {"ITEM_ID": _ID, "CREATION_TIMESTAMP": _TIME, "GENRES": _CATEGORY},
        {
            "PRICE": _NULLABLE_FLOAT,
            "DURATION": _NULLABLE_FLOAT,
            "AVERAGE_RATING": _NULLABLE_FLOAT,
            "GENRE_L2": _NULLABLE_CATEGORY,
            "GENRE_L3": _NULLABLE_CATEGORY,
            "PRODUCT_DESCRIPTION": _NULLABLE_TEXT,
            "CONTENT_OWNER": _NULLABLE_CATEGORY,
            "CONTENT_CLASSIFICATION": _NULLABLE_CATEGORY,
        },
    ),
}
"""Rules by domain (None: custom dataset groups) and dataset type."""
