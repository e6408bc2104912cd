import pytest

from personalize_assets.core.schema_changes import added_columns
from personalize_assets.core.schemas import Schema, SchemaError, SchemaField

OLD = (
    SchemaField("ITEM_ID", "string"),
    SchemaField("GENRES", "string", nullable=True, categorical=True),
    SchemaField("YEAR", "int"),
)
PRICE = SchemaField("PRICE", "float", nullable=True)


def schema(*fields: SchemaField) -> Schema:
    return Schema("ITEMS", None, fields)


def test_added_columns__in_any_order_and_case() -> None:
    genres = SchemaField("genres", "string", nullable=True, categorical=True)
    new = schema(PRICE, OLD[2], genres, SchemaField("title", "string", nullable=True), OLD[0])
    assert added_columns(schema(*OLD), new) == ("PRICE", "TITLE")


def test_added_columns__none() -> None:
    assert added_columns(schema(*OLD), schema(*OLD)) == ()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (OLD[:2], "the new schema lacks the field 'YEAR'; all must be kept"),
        (
            (*OLD[:2], SchemaField("YEAR", "long")),
            "declares the field 'YEAR' as long, but it must stay int",
        ),
        (
            (*OLD[:2], SchemaField("YEAR", "int", nullable=True)),
            "declares the field 'YEAR' as int or null, but it must stay int",
        ),
        (
            (OLD[0], SchemaField("GENRES", "string", nullable=True), OLD[2]),
            "'GENRES' as string or null, but it must stay categorical string or null",
        ),
        ((*OLD, SchemaField("PRICE", "float")), "the added field 'PRICE' must allow \"null\""),
    ],
)
def test_added_columns__not_a_replacement(fields: tuple[SchemaField, ...], message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        added_columns(schema(*OLD), schema(*fields))
