"""Whether one schema may replace another of the same dataset: updating-dataset-schema.html.

Nothing here knows datasets or what is stored.
"""

from personalize_assets.core.schemas import Schema, SchemaError, SchemaField


def added_columns(old: Schema, new: Schema) -> tuple[str, ...]:
    """The upper-case names of the fields that ``new`` has and ``old`` has not.

    Raises:
        SchemaError: A field of ``old`` is missing or declared otherwise, or an added field may not
            be empty.
    """
    for item in old.fields:
        found = new.field(item.column)
        if found is None:
            raise SchemaError(f"the new schema lacks the field {item.name!r}; all must be kept")
        if _declaration(found) != _declaration(item):
            raise SchemaError(
                f"the new schema declares the field {item.name!r} as {_declaration(found)}, but "
                f"it must stay {_declaration(item)}"
            )
    added = [item for item in new.fields if old.field(item.column) is None]
    for item in added:
        if not item.nullable:
            raise SchemaError(
                f'the added field {item.name!r} must allow "null": the records so far have no '
                "value for it"
            )
    return tuple(item.column for item in added)


def _declaration(item: SchemaField) -> str:
    flags = {
        "categorical": item.categorical,
        "textual": item.textual,
        "itemName": item.item_name,
    }
    words = [name for name, given in flags.items() if given]
    return " ".join((*words, item.type, *(("or null",) if item.nullable else ())))
