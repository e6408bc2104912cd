"""What the prepared world is made of: schemas and small data sets that every recipe can train on.

All datasets know the same 40 users, 60 items and 4 actions. Nothing here knows the engine.
"""

import json
from typing import Any, Final

N_USERS: Final = 40
N_ITEMS: Final = 60
N_ACTIONS: Final = 4
N_EACH: Final = 32  # interactions of each user
DAY: Final = 86_400
START: Final = 1_600_000_000
GENRES: Final = ("War", "Drama", "Comedy|War", "Crime")
PLOTS: Final = ("a spaceship meets aliens", "love in a town", "robots fight aliens", "a murder")
ACTION_EVENTS: Final = ("Taken", "Not Taken", "Viewed")

Field = dict[str, Any]


def _nullable(name: str, kind: str, **more: Any) -> Field:
    return {"name": name, "type": ["null", kind], **more}


def _plain(name: str, kind: str, **more: Any) -> Field:
    return {"name": name, "type": kind, **more}


FIELDS: Final[dict[str, list[Field]]] = {
    "Interactions": [
        _plain("USER_ID", "string"),
        _plain("ITEM_ID", "string"),
        _plain("TIMESTAMP", "long"),
        _plain("EVENT_TYPE", "string"),
        _nullable("EVENT_VALUE", "float"),
        _nullable("IMPRESSION", "string"),
        _nullable("RECOMMENDATION_ID", "string"),
        _nullable("EVENT_ATTRIBUTION_SOURCE", "string"),
        _nullable("DEVICE", "string", categorical=True),
    ],
    "Items": [
        _plain("ITEM_ID", "string"),
        _plain("GENRES", "string", categorical=True),
        _plain("PRICE", "float"),
        _plain("CREATION_TIMESTAMP", "long"),
        _nullable("YEAR", "int"),
        _plain("TITLE", "string", itemName=True),
        _nullable("PLOT", "string", textual=True),
    ],
    "Users": [
        _plain("USER_ID", "string"),
        _nullable("AGE", "int"),
        _nullable("MEMBERSHIP", "string", categorical=True),
    ],
    "Actions": [
        _plain("ACTION_ID", "string"),
        _nullable("VALUE", "long"),
        _plain("PRICE", "float"),
    ],
    "Action_Interactions": [
        _plain("USER_ID", "string"),
        _plain("ACTION_ID", "string"),
        _plain("EVENT_TYPE", "string"),
        _plain("TIMESTAMP", "long"),
        _nullable("CHANNEL", "string", categorical=True),
    ],
}
MORE_ITEM_FIELDS: Final = [*FIELDS["Items"], _nullable("STUDIO", "string", categorical=True)]
VIDEO_FIELDS: Final[dict[str, list[Field]]] = {
    "Interactions": FIELDS["Interactions"],
    "Items": [
        _plain("ITEM_ID", "string"),
        _plain("CREATION_TIMESTAMP", "long"),
        _plain("GENRES", "string", categorical=True),
        _nullable("PRICE", "float"),
    ],
}


def avro(name: str, fields: list[Field]) -> str:
    """The JSON of a schema."""
    return json.dumps(
        {
            "type": "record",
            "name": name.replace("_", ""),
            "namespace": "com.amazonaws.personalize.schema",
            "fields": fields,
            "version": "1.0",
        }
    )


def csv_files() -> dict[str, str]:
    """The CSV file of each dataset type."""
    rows = {
        "Interactions": _interactions(),
        "Items": _items(),
        "Users": [
            {
                "USER_ID": f"u{number}",
                "AGE": 20 + number,
                "MEMBERSHIP": ("gold", "none")[number % 2],
            }
            for number in range(N_USERS)
        ],
        "Actions": [
            {"ACTION_ID": f"a{number}", "VALUE": 1 + number, "PRICE": number + 0.5}
            for number in range(N_ACTIONS)
        ],
        "Action_Interactions": _action_interactions(),
    }
    return {name: _csv(name, found) for name, found in rows.items()}


def _csv(name: str, rows: list[dict[str, Any]]) -> str:
    """A file with all columns of the schema; what a row lacks is empty."""
    columns = [each["name"] for each in FIELDS[name]]
    lines = [",".join(str(row.get(column, "")) for column in columns) for row in rows]
    return "\n".join([",".join(columns), *lines]) + "\n"


def _interactions() -> list[dict[str, Any]]:
    return [
        {
            "USER_ID": f"u{user}",
            "ITEM_ID": f"i{(user * 7 + step * (1 + user % 3)) % N_ITEMS}",
            "TIMESTAMP": START + DAY * step + user,
            "EVENT_TYPE": "watch" if step % 8 else "click",
            "EVENT_VALUE": 5.0 if step % 8 else 2.0,
            "DEVICE": ("tv", "phone")[user % 2],
        }
        for user in range(N_USERS)
        for step in range(N_EACH)
    ]


def _items() -> list[dict[str, Any]]:
    return [
        {
            "ITEM_ID": f"i{number}",
            "GENRES": GENRES[number % 4],
            "PRICE": number + 0.25,
            "CREATION_TIMESTAMP": START,
            "YEAR": 1980 + number,
            "TITLE": f"Film {number}",
            "PLOT": PLOTS[number % 4],
        }
        for number in range(N_ITEMS)
    ]


def _action_interactions() -> list[dict[str, Any]]:
    return [
        {
            "USER_ID": f"u{user}",
            "ACTION_ID": f"a{(user + step) % N_ACTIONS}",
            "EVENT_TYPE": ACTION_EVENTS[(user * step) % 3],
            "TIMESTAMP": START + DAY * step,
        }
        for user in range(N_USERS)
        for step in range(10)
    ]
