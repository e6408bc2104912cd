# pyarrow has no types.
# pyright: standard
"""Avro schemas of datasets: parsed under the rules of Amazon Personalize, or derived from a table.

The rules are those of the guide's page how-it-works-dataset-schema.html and, for reserved fields,
the table in `schema_rules`. Field names are compared without regard to case, since published
schemas write them both ways. Nothing here knows stored schemas or files.
"""

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import pyarrow as pa

from personalize_assets.core.columns import Columns
from personalize_assets.core.names import MAX_METADATA
from personalize_assets.core.schema_rules import RULES, DatasetType, Domain, Reserved, Rules

NAMESPACE: Final = "com.amazonaws.personalize.schema"
RECORD_NAMES: Final[dict[DatasetType, str]] = {
    "INTERACTIONS": "Interactions",
    "ITEMS": "Items",
    "USERS": "Users",
    "ACTIONS": "Actions",
    "ACTION_INTERACTIONS": "ActionInteractions",
}
NUMBERS: Final = frozenset({"int", "long", "float", "double"})
_TYPES: Final = NUMBERS | {"string", "boolean"}
_FIELD_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z\d_]{0,149}")
_ATTRIBUTES: Final = ("categorical", "textual", "itemName")


class SchemaError(ValueError):
    """A schema breaks a rule of Amazon Personalize; the message names the field and the rule."""


@dataclass(frozen=True, slots=True)
class SchemaField:
    """One column of a dataset.

    Attributes:
        name: As written in the schema.
        type: Avro type without the null.
        nullable: Whether empty values are allowed.
        categorical: Whether the string holds categories, joined by ``|``.
        textual: Whether the string is text in a natural language.
        item_name: Whether the string is the item's name, for aws-semantic-similarity.
    """

    name: str
    type: str
    nullable: bool = False
    categorical: bool = False
    textual: bool = False
    item_name: bool = False

    @property
    def column(self) -> str:
        """The name that compares equal whatever its case was: upper case."""
        return self.name.upper()


@dataclass(frozen=True, slots=True)
class Schema:
    """A valid schema.

    Attributes:
        dataset_type: What it describes.
        domain: Of the domain dataset group that it is for; None for custom groups.
        fields: In the order of the schema.
    """

    dataset_type: DatasetType
    domain: Domain | None
    fields: tuple[SchemaField, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Upper-case names of the fields, in the order of the schema."""
        return tuple(item.column for item in self.fields)

    def field(self, column: str) -> SchemaField | None:
        """The field of that name, whatever its case; None if there is none."""
        return next((item for item in self.fields if item.column == column.upper()), None)


def parse_dataset_type(text: str) -> DatasetType:
    """The dataset type that a request names, whatever its case.

    Raises:
        SchemaError: There is no such type.

    >>> parse_dataset_type("Action_Interactions")
    'ACTION_INTERACTIONS'
    """
    for name in RECORD_NAMES:
        if name == text.upper():
            return name
    raise SchemaError(
        f"{text!r} is no dataset type; the types are Interactions, Items, Users, Actions and "
        "Action_Interactions"
    )


def parse_schema(
    json_text: str, dataset_type: DatasetType | None = None, domain: Domain | None = None
) -> Schema:
    """Read an Avro schema and check every rule that Amazon Personalize states.

    Args:
        json_text: The schema as JSON.
        dataset_type: What it must describe; None takes the type from the record's name.
        domain: Of the group that it is for; None for custom groups.

    Raises:
        SchemaError: A rule is broken; the first one found is told.
    """
    record = _parse_record(json_text)
    named = _type_of_record(record["name"])
    if dataset_type is not None and named != dataset_type:
        raise SchemaError(
            f"the schema is named {record['name']!r}, but a schema of {dataset_type} is needed, "
            f"named {RECORD_NAMES[dataset_type]!r}"
        )
    rules = RULES.get((domain, named))
    if rules is None:
        raise SchemaError(f"a domain dataset group ({domain}) has no {named} dataset")
    fields = tuple(_parse_field(item, named) for item in record["fields"])
    _check_unique(fields)
    schema = Schema(named, domain, fields)
    _check_reserved(schema, rules)
    _check_metadata(schema, rules)
    return schema


def _parse_record(json_text: str) -> dict[str, Any]:
    try:
        record = json.loads(json_text)
    except json.JSONDecodeError as error:
        raise SchemaError(f"the schema is not JSON: {error}") from None
    if not isinstance(record, dict):
        raise SchemaError('the schema must be a JSON object with "type": "record"')
    record = cast("dict[str, Any]", record)
    if record.get("type") != "record":
        raise SchemaError('the schema must be a JSON object with "type": "record"')
    if not isinstance(record.get("name"), str):
        raise SchemaError('the schema must have a "name": the dataset type, such as "Interactions"')
    for member, allowed in (("namespace", NAMESPACE), ("version", "1.0")):
        if record.get(member, allowed) != allowed:
            raise SchemaError(f'"{member}" must be "{allowed}", got {record[member]!r}')
    if not isinstance(record.get("fields"), list) or not record["fields"]:
        raise SchemaError('the schema must have "fields": a list with at least one field')
    return record


def _type_of_record(name: str) -> DatasetType:
    plain = name.upper().replace("_", "")
    for dataset_type, record_name in RECORD_NAMES.items():
        if plain == record_name.upper():
            return dataset_type
    raise SchemaError(
        f'the schema\'s "name" must be one of {", ".join(RECORD_NAMES.values())}, got {name!r}'
    )


def _parse_field(item: Any, dataset_type: DatasetType) -> SchemaField:
    members = cast("dict[str, Any]", item) if isinstance(item, dict) else {}
    name = members.get("name")
    if not isinstance(name, str):
        raise SchemaError(f'each field must be an object with a "name", got {item!r}')
    if not _FIELD_NAME.fullmatch(name):
        raise SchemaError(
            f"field name {name!r} may hold only letters, digits and underscores, must not begin "
            "with a digit and is at most 150 characters long"
        )
    avro_type, nullable = _parse_type(name, members.get("type"))
    flags = {flag: members.get(flag, False) for flag in _ATTRIBUTES}
    for flag, value in flags.items():
        if not isinstance(value, bool):
            raise SchemaError(f'"{flag}" of field {name!r} must be true or false, got {value!r}')
        if value and avro_type != "string":
            raise SchemaError(f"field {name!r} is {flag}, so its type must be string")
    if flags["categorical"] and flags["textual"]:
        raise SchemaError(f"field {name!r} cannot be both categorical and textual")
    if (flags["textual"] or flags["itemName"]) and dataset_type != "ITEMS":
        raise SchemaError(f"field {name!r}: only fields of an Items schema can be textual")
    return SchemaField(
        name, avro_type, nullable, flags["categorical"], flags["textual"], flags["itemName"]
    )


def _parse_type(name: str, declared: Any) -> tuple[str, bool]:
    members = cast("list[Any]", declared) if isinstance(declared, list) else [declared]
    plain = [member for member in members if member != "null"]
    if len(plain) != 1 or len(members) > 2 or plain[0] not in tuple(_TYPES):
        raise SchemaError(
            f"type of field {name!r} must be one of {', '.join(sorted(_TYPES))}, or a list of one "
            f'of them and "null"; got {json.dumps(declared)}'
        )
    return plain[0], len(members) == 2


def _check_unique(fields: tuple[SchemaField, ...]) -> None:
    seen: dict[str, str] = {}
    for item in fields:
        plain = item.column.replace("_", "")
        if plain in seen:
            raise SchemaError(
                f"field names {seen[plain]!r} and {item.name!r} clash: names must differ in more "
                "than underscores and case"
            )
        seen[plain] = item.name


def _check_reserved(schema: Schema, rules: Rules) -> None:
    missing = [name for name in rules.required if schema.field(name) is None]
    if missing:
        raise SchemaError(
            f"the {RECORD_NAMES[schema.dataset_type]} schema lacks the required fields "
            f"{', '.join(missing)}"
        )
    for item in schema.fields:
        rule = rules.required.get(item.column) or rules.optional.get(item.column)
        if rule is not None and not _fits(item, rule):
            raise SchemaError(f"field {item.name!r} is reserved and must be {_describe(rule)}")


def _fits(item: SchemaField, rule: Reserved) -> bool:
    # A field that may be empty may also be declared as never empty; not the other way round.
    return (
        item.type == rule.type
        and item.nullable <= rule.nullable
        and item.categorical == rule.categorical
        and item.textual == rule.textual
    )


def _describe(rule: Reserved) -> str:
    words = [name for name in ("categorical", "textual") if getattr(rule, name)]
    if rule.type == "string" and not words:
        words = ["plain (neither categorical nor textual)"]
    avro_type = f'["{rule.type}", "null"]' if rule.nullable else f'"{rule.type}"'
    return " ".join((*words, "of type", avro_type)) if words else f"of type {avro_type}"


def _check_metadata(schema: Schema, rules: Rules) -> None:
    own = [item for item in schema.fields if item.column not in rules.required]
    usable = [item for item in own if item.categorical or item.textual or item.type in NUMBERS]
    record_name = RECORD_NAMES[schema.dataset_type]
    if rules.needs_metadata and not usable:
        kinds = (
            "categorical or textual string"
            if schema.dataset_type == "ITEMS"
            else ("categorical string")
        )
        raise SchemaError(
            f"the {record_name} schema needs at least one metadata field: a {kinds} or a number"
        )
    if sum(item.textual for item in own) > 1:
        raise SchemaError("an Items schema can have one textual field")
    if schema.dataset_type in ("INTERACTIONS", "ACTION_INTERACTIONS"):
        own = [item for item in own if item.column not in rules.optional]
    most = MAX_METADATA[schema.dataset_type]
    if len(own) > most:
        raise SchemaError(
            f"the {record_name} schema has {len(own)} metadata fields, the most is {most}"
        )


def derive_schema(
    arrow_schema: pa.Schema,
    dataset_type: DatasetType,
    *,
    plain: Collection[str] = (Columns.TITLE,),
    textual: Collection[str] = (),
) -> dict[str, Any]:
    """Write the Avro schema of a table for a custom dataset group.

    Reserved columns get the types that Amazon Personalize asks for. Others follow their arrow type;
    they may be empty where the arrow field is nullable; strings are categorical.

    Args:
        arrow_schema: Of the table; column names become field names.
        dataset_type: What the table holds.
        plain: String columns that are stored and filtered but not trained on.
        textual: String columns of natural language; at most one, in items only.

    Returns:
        The schema as an object for ``json.dumps``.

    Raises:
        SchemaError: A column has a type that no schema can hold, or a rule of Amazon Personalize
            is broken.
    """
    rules = RULES[None, dataset_type]
    fields = [_derive_field(column, rules, plain=plain, textual=textual) for column in arrow_schema]
    schema = {
        "type": "record",
        "name": RECORD_NAMES[dataset_type],
        "namespace": NAMESPACE,
        "fields": fields,
        "version": "1.0",
    }
    parse_schema(json.dumps(schema), dataset_type)
    return schema


def _derive_field(
    column: pa.Field, rules: Rules, *, plain: Collection[str], textual: Collection[str]
) -> dict[str, Any]:
    rule = rules.required.get(column.name) or rules.optional.get(column.name)
    if rule is not None:
        avro_type = [rule.type, "null"] if rule.nullable else rule.type
        return {"name": column.name, "type": avro_type}
    name = _avro_type(column)
    derived: dict[str, Any] = {
        "name": column.name,
        "type": [name, "null"] if column.nullable else name,
    }
    if column.name in textual:
        derived["textual"] = True
    elif name == "string" and column.name not in plain:
        derived["categorical"] = True
    return derived


def _avro_type(column: pa.Field) -> str:
    kind = column.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "string"
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_integer(kind):
        return "int" if kind.bit_width < 32 or kind == pa.int32() else "long"
    if pa.types.is_floating(kind):
        return "float" if kind.bit_width <= 32 else "double"
    raise SchemaError(
        f"column {column.name!r} has type {column.type}, which a dataset cannot hold; it holds "
        "strings, whole numbers, floating-point numbers and booleans"
    )


def schema_digest(schema: Mapping[str, Any]) -> str:
    """SHA-256 of a schema in one canonical spelling, as hexadecimal digits."""
    canonical = json.dumps(schema, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()
