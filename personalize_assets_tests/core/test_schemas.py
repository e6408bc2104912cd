import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personalize_assets.core.schemas import (
    DatasetType,
    Domain,
    SchemaError,
    derive_schema,
    parse_dataset_type,
    parse_schema,
    schema_digest,
)

USER = {"name": "USER_ID", "type": "string"}
ITEM = {"name": "ITEM_ID", "type": "string"}
TIME = {"name": "TIMESTAMP", "type": "long"}
GENRES = {"name": "GENRES", "type": ["null", "string"], "categorical": True}
CREATED = {"name": "CREATION_TIMESTAMP", "type": "long"}
PRICE = {"name": "PRICE", "type": "float"}
LEVEL = {"name": "CATEGORY_L1", "type": "string", "categorical": True}


def avro(name: str, *fields: Any, **changes: Any) -> str:
    return json.dumps(
        {
            "type": "record",
            "name": name,
            "namespace": "com.amazonaws.personalize.schema",
            "fields": list(fields),
            "version": "1.0",
        }
        | changes
    )


def test_parse_schema__interactions_of_the_movielens_guide() -> None:
    schema = parse_schema(
        avro(
            "Interactions",
            USER,
            ITEM,
            {"name": "EVENT_TYPE", "type": "string"},
            {"name": "EVENT_VALUE", "type": ["float", "null"]},
            TIME,
        )
    )
    assert schema.dataset_type == "INTERACTIONS"
    assert schema.columns == ("USER_ID", "ITEM_ID", "EVENT_TYPE", "EVENT_VALUE", "TIMESTAMP")
    value = schema.field("event_value")
    assert value is not None
    assert (value.type, value.nullable) == ("float", True)
    assert schema.field("NOPE") is None


@pytest.mark.parametrize(
    ("name", "fields", "domain"),
    [
        ("interactions", [USER, ITEM, TIME], None),
        ("Interactions", [{**USER, "name": "user_id"}, ITEM, TIME], None),
        ("Interactions", [USER, ITEM, TIME, {"name": "EVENT_VALUE", "type": "float"}], None),
        ("Items", [ITEM, CREATED], None),
        ("Items", [ITEM, {"name": "TEXT", "type": ["string", "null"], "textual": True}], None),
        ("Users", [USER, {"name": "AGE", "type": "int"}], None),
        ("Actions", [{"name": "ACTION_ID", "type": "string"}, PRICE], None),
        (
            "Action_Interactions",
            [
                USER,
                {"name": "ACTION_ID", "type": "string"},
                {"name": "EVENT_TYPE", "type": "string"},
                TIME,
            ],
            None,
        ),
        ("Items", [ITEM, PRICE, LEVEL], "ECOMMERCE"),
        ("Items", [ITEM, CREATED, {**GENRES, "type": "string"}], "VIDEO_ON_DEMAND"),
        (
            "Interactions",
            [USER, ITEM, TIME, {"name": "EVENT_TYPE", "type": "string"}],
            "VIDEO_ON_DEMAND",
        ),
    ],
)
def test_parse_schema__accepts(name: str, fields: list[Any], domain: Domain | None) -> None:
    assert parse_schema(avro(name, *fields), None, domain).domain == domain


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "the schema is not JSON: "),
        ("[]", 'must be a JSON object with "type": "record"'),
        ('{"type": "array"}', 'must be a JSON object with "type": "record"'),
        ('{"type": "record", "fields": []}', 'must have a "name"'),
        ('{"type": "record", "name": "Items"}', 'must have "fields"'),
        (avro("Items"), "a list with at least one field"),
        (avro("Movies", ITEM), "must be one of Interactions, Items, Users, Actions, Action"),
        (avro("Items", ITEM, GENRES, namespace="com.example"), '"namespace" must be "com.amazona'),
        (avro("Items", ITEM, GENRES, version="2.0"), '"version" must be "1.0", got \'2.0\''),
        (avro("Items", "ITEM_ID"), 'each field must be an object with a "name"'),
        (avro("Items", ITEM, {"name": "A-B", "type": "int"}), "field name 'A-B' may hold only"),
        (avro("Items", ITEM, {"name": "1A", "type": "int"}), "must not begin with a digit"),
        (avro("Items", ITEM, {"name": "A", "type": "bytes"}), "type of field 'A' must be one of"),
        (avro("Items", ITEM, {"name": "A", "type": "null"}), 'and "null"; got "null"'),
        (avro("Items", ITEM, {"name": "A"}), "got null"),
        (avro("Items", ITEM, {"name": "A", "type": ["int", "float"]}), "type of field 'A' must"),
        (avro("Items", ITEM, {"name": "A", "type": {"type": "array"}}), "type of field 'A' must"),
        (avro("Items", ITEM, {"name": "A", "type": "int", "categorical": True}), "must be string"),
        (
            avro("Items", ITEM, {"name": "A", "type": "string", "categorical": "yes"}),
            "must be true or false, got 'yes'",
        ),
        (
            avro("Items", ITEM, GENRES | {"textual": True}),
            "field 'GENRES' cannot be both categorical and textual",
        ),
        (
            avro("Users", USER, {"name": "BIO", "type": "string", "textual": True}),
            "only fields of an Items schema can be textual",
        ),
        (
            avro("Items", ITEM, {**GENRES, "name": "A_B"}, {**GENRES, "name": "AB"}),
            "field names 'A_B' and 'AB' clash",
        ),
        (
            avro("Items", ITEM, {**GENRES, "name": "A"}, {**GENRES, "name": "a"}),
            "field names 'A' and 'a' clash",
        ),
        (
            avro("Items", ITEM, *({"name": n, "type": "string", "textual": True} for n in "AB")),
            "an Items schema can have one textual field",
        ),
    ],
)
def test_parse_schema__refuses_what_no_schema_can_be(text: str, message: str) -> None:
    with pytest.raises(SchemaError) as caught:
        parse_schema(text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("name", "fields", "domain", "message"),
    [
        ("Interactions", [USER, ITEM], None, "lacks the required fields TIMESTAMP"),
        ("Interactions", [TIME], None, "lacks the required fields USER_ID, ITEM_ID"),
        ("Interactions", [USER, ITEM, TIME], "ECOMMERCE", "required fields EVENT_TYPE"),
        ("Users", [GENRES], None, "lacks the required fields USER_ID"),
        ("Items", [GENRES], None, "lacks the required fields ITEM_ID"),
        ("Actions", [GENRES], None, "lacks the required fields ACTION_ID"),
        ("ActionInteractions", [USER, TIME], None, "required fields ACTION_ID, EVENT_TYPE"),
        ("Items", [ITEM], "ECOMMERCE", "required fields PRICE, CATEGORY_L1"),
        ("Items", [ITEM], "VIDEO_ON_DEMAND", "required fields CREATION_TIMESTAMP, GENRES"),
        ("Actions", [GENRES], "ECOMMERCE", "a domain dataset group (ECOMMERCE) has no ACTIONS"),
        ("Users", [USER], None, "a categorical string or a number"),
        ("Items", [ITEM], None, "a categorical or textual string or a number"),
        ("Items", [ITEM, {"name": "T", "type": "string"}], None, "at least one metadata field"),
        ("Items", [ITEM, {"name": "T", "type": "boolean"}], None, "at least one metadata field"),
    ],
)
def test_parse_schema__required_fields(
    name: str, fields: list[Any], domain: Domain | None, message: str
) -> None:
    with pytest.raises(SchemaError) as caught:
        parse_schema(avro(name, *fields), None, domain)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("name", "field", "domain", "message"),
    [
        ("Interactions", {**TIME, "type": "int"}, None, "'TIMESTAMP' is reserved and must be of"),
        ("Interactions", {**TIME, "type": ["long", "null"]}, None, 'of type "long"'),
        ("Interactions", {"name": "USER_ID", "type": "int"}, None, "plain (neither categorical"),
        ("Interactions", {**ITEM, "categorical": True}, None, "'ITEM_ID' is reserved"),
        (
            "Interactions",
            {"name": "EVENT_TYPE", "type": "string", "categorical": True},
            None,
            "'EVENT_TYPE' is reserved",
        ),
        ("Interactions", {"name": "EVENT_TYPE", "type": ["string", "null"]}, None, 'type "string"'),
        ("Interactions", {"name": "EVENT_VALUE", "type": "double"}, None, '["float", "null"]'),
        ("Items", {**CREATED, "type": "float"}, None, "'CREATION_TIMESTAMP' is reserved"),
        ("Items", {**PRICE, "type": "double"}, "ECOMMERCE", "'PRICE' is reserved"),
        ("Items", {**LEVEL, "categorical": False}, "ECOMMERCE", "categorical of type"),
        (
            "Items",
            {"name": "PRODUCT_DESCRIPTION", "type": "string", "categorical": True},
            "ECOMMERCE",
            "textual of type",
        ),
        ("Items", {**GENRES, "categorical": False}, "VIDEO_ON_DEMAND", "'GENRES' is reserved"),
    ],
)
def test_parse_schema__reserved_fields(
    name: str, field: dict[str, Any], domain: Domain | None, message: str
) -> None:
    others = [USER, ITEM, TIME, PRICE, LEVEL, CREATED, GENRES | {"type": "string"}]
    others.append({"name": "EVENT_TYPE", "type": "string"})
    fields = [field, *(other for other in others if other["name"] != field["name"])]
    if name == "Items":
        fields = [item for item in fields if item["name"] not in ("USER_ID", "TIMESTAMP")]
    with pytest.raises(SchemaError) as caught:
        parse_schema(avro(name, *fields), None, domain)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("name", "base", "most"),
    [
        ("Interactions", [USER, ITEM, TIME], 5),
        ("Users", [USER], 25),
        ("Items", [ITEM], 100),
        ("Actions", [{"name": "ACTION_ID", "type": "string"}], 10),
        (
            "ActionInteractions",
            [
                USER,
                {"name": "ACTION_ID", "type": "string"},
                {"name": "EVENT_TYPE", "type": "string"},
                TIME,
            ],
            5,
        ),
    ],
)
def test_parse_schema__most_metadata_fields(name: str, base: list[Any], most: int) -> None:
    extra = [{"name": f"M{index}", "type": "int"} for index in range(most + 1)]
    parse_schema(avro(name, *base, *extra[:-1]))
    with pytest.raises(SchemaError, match=f"has {most + 1} metadata fields, the most is {most}"):
        parse_schema(avro(name, *base, *extra))


def test_parse_schema__reserved_interaction_fields_are_not_counted() -> None:
    extra = [{"name": f"M{index}", "type": "int"} for index in range(5)]
    reserved = [
        {"name": "EVENT_TYPE", "type": "string"},
        {"name": "EVENT_VALUE", "type": ["null", "float"]},
        {"name": "IMPRESSION", "type": ["null", "string"]},
    ]
    assert len(parse_schema(avro("Interactions", USER, ITEM, TIME, *reserved, *extra)).fields) == 11


def test_parse_schema__of_another_type() -> None:
    with pytest.raises(SchemaError, match="named 'Items', but a schema of USERS is needed"):
        parse_schema(avro("Items", ITEM, GENRES), "USERS")


@pytest.mark.parametrize("text", ["interactions", "Interactions", "INTERACTIONS"])
def test_parse_dataset_type__ignores_case(text: str) -> None:
    assert parse_dataset_type(text) == "INTERACTIONS"


def test_parse_dataset_type__unknown() -> None:
    with pytest.raises(SchemaError, match="'Movies' is no dataset type; the types are Interact"):
        parse_dataset_type("Movies")


def test_derive_schema__items() -> None:
    table = pa.schema(
        [
            pa.field("ITEM_ID", pa.string(), nullable=False),
            pa.field("GENRES", pa.dictionary(pa.int32(), pa.string())),
            pa.field("YEAR", pa.int32()),
            pa.field("SIZE", pa.int64(), nullable=False),
            pa.field("CREATION_TIMESTAMP", pa.int64()),
            pa.field("TITLE", pa.string()),
            pa.field("PLOT", pa.large_string()),
            pa.field("SCORE", pa.float64()),
            pa.field("NEW", pa.bool_()),
        ]
    )
    assert derive_schema(table, "ITEMS", textual=("PLOT",))["fields"] == [
        {"name": "ITEM_ID", "type": "string"},
        {"name": "GENRES", "type": ["string", "null"], "categorical": True},
        {"name": "YEAR", "type": ["int", "null"]},
        {"name": "SIZE", "type": "long"},
        {"name": "CREATION_TIMESTAMP", "type": "long"},
        {"name": "TITLE", "type": ["string", "null"]},
        {"name": "PLOT", "type": ["string", "null"], "textual": True},
        {"name": "SCORE", "type": ["double", "null"]},
        {"name": "NEW", "type": ["boolean", "null"]},
    ]


def test_derive_schema__interactions_get_the_reserved_types() -> None:
    table = pa.schema(
        {
            "USER_ID": pa.int64(),
            "ITEM_ID": pa.int64(),
            "TIMESTAMP": pa.int64(),
            "EVENT_TYPE": pa.string(),
            "EVENT_VALUE": pa.float64(),
        }
    )
    derived = derive_schema(table, "INTERACTIONS")
    assert [item["type"] for item in derived["fields"]] == [
        "string",
        "string",
        "long",
        "string",
        ["float", "null"],
    ]
    assert derived["name"] == "Interactions"


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"ITEM_ID": pa.string(), "TAGS": pa.list_(pa.string())}, "'TAGS' has type list"),
        ({"ITEM_ID": pa.string()}, "at least one metadata field"),
        ({"GENRES": pa.string()}, "lacks the required fields ITEM_ID"),
    ],
)
def test_derive_schema__refuses(columns: dict[str, pa.DataType], message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        derive_schema(pa.schema(columns), "ITEMS")


SCALARS = st.sampled_from(
    [pa.string(), pa.int8(), pa.int64(), pa.uint32(), pa.float32(), pa.float64(), pa.bool_()]
)


@settings(deadline=None)
@given(
    columns=st.dictionaries(
        st.from_regex(r"M[a-z]{1,8}", fullmatch=True), st.tuples(SCALARS, st.booleans()), max_size=5
    ),
    dataset_type=st.sampled_from(["INTERACTIONS", "ITEMS", "USERS"]),
)
def test_derive_schema__is_always_valid(
    columns: dict[str, tuple[pa.DataType, bool]], dataset_type: DatasetType
) -> None:
    table = pa.schema(
        [
            pa.field("USER_ID", pa.string()),
            pa.field("ITEM_ID", pa.string()),
            pa.field("TIMESTAMP", pa.int64()),
            pa.field("AGE", pa.int16()),
            *(pa.field(name, kind, nullable) for name, (kind, nullable) in columns.items()),
        ]
    )
    if dataset_type == "INTERACTIONS":
        table = table.remove(3)
    parsed = parse_schema(json.dumps(derive_schema(table, dataset_type)), dataset_type)
    assert [item.name for item in parsed.fields] == table.names
    for item in parsed.fields:
        if item.name in columns:
            assert item.nullable == columns[item.name][1]


def test_schema_digest__ignores_the_order_of_members() -> None:
    one = {"type": "record", "name": "Items", "fields": [ITEM, GENRES]}
    two = {"fields": [ITEM, GENRES], "name": "Items", "type": "record"}
    other = {"fields": [GENRES, ITEM], "name": "Items", "type": "record"}
    assert schema_digest(one) == schema_digest(two)
    assert schema_digest(one) != schema_digest(other)
    assert len(schema_digest(one)) == 64
