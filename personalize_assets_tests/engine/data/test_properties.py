import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalize_assets.core.schemas import SchemaField
from personalize_assets.engine.data.properties import (
    PropertiesError,
    camel_case,
    read_properties,
)

FIELDS = {
    item.column: item
    for item in (
        SchemaField("NAME", "string", nullable=True),
        SchemaField("PLOT", "string", textual=True),
        SchemaField("INT_VALUE", "int", nullable=True),
        SchemaField("LONG_VALUE", "long", nullable=True),
        SchemaField("FLOAT_VALUE", "float", nullable=True),
        SchemaField("DOUBLE_VALUE", "double", nullable=True),
        SchemaField("IS_NEW", "boolean", nullable=True),
    )
}


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({}, {}),
        ({"name": "a"}, {"NAME": "a"}),
        ({"intValue": 1, "INTVALUE_": None}, "name the same column"),
        ({"int_value": "-3"}, {"INT_VALUE": -3}),
        ({"IntValue": 3.0}, {"INT_VALUE": 3}),
        ({"intValue": "3.0"}, 'type int for INT_VALUE, got "3.0"'),
        ({"intValue": -(2**31) + 1}, {"INT_VALUE": -(2**31) + 1}),
        ({"intValue": 2**31}, '"intValue" is out of the range of INT_VALUE, type int'),
        ({"longValue": 2**63 - 1}, {"LONG_VALUE": 2**63 - 1}),
        ({"longValue": str(2**63)}, "is out of the range of LONG_VALUE"),
        ({"floatValue": "1e3"}, {"FLOAT_VALUE": 1000.0}),
        ({"floatValue": 1e39}, "is out of the range of FLOAT_VALUE"),
        ({"doubleValue": 1e39}, {"DOUBLE_VALUE": 1e39}),
        ({"doubleValue": 10**400}, "is out of the range of DOUBLE_VALUE"),
        ({"floatValue": "nan"}, 'type float for FLOAT_VALUE, got "nan"'),
        ({"isNew": True}, {"IS_NEW": True}),
        ({"isNew": "False"}, {"IS_NEW": False}),
        ({"isNew": 1}, "type boolean for IS_NEW, got 1"),
        ({"name": None}, {}),
        ({"name": ""}, {}),
        ({"plot": ""}, '"plot" is null, which the schema does not allow in PLOT'),
        ({"name": "x" * 1_001}, '"name" has 1001 characters, the most for NAME is 1000'),
        ({"plot": "x" * 20_001}, {"PLOT": "x" * 20_000}),
        ({"name": "\ud800"}, '"name" holds half of a surrogate pair'),
        ({"USER_id": 1}, '"USER_id" may not be among the properties'),
    ],
)
def test_read_properties__table(properties: dict[str, Any], expected: dict[str, Any] | str) -> None:
    text = json.dumps(properties)
    if isinstance(expected, dict):
        assert read_properties(text, FIELDS, ("USER_ID",)) == expected
        return
    with pytest.raises(PropertiesError) as caught:
        read_properties(text, FIELDS, ("USER_ID",))
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the properties are not JSON"),
        ('{"name": 1e999}', "type string for NAME, got Infinity"),
        ('{"doubleValue": 1e999}', "is out of the range of DOUBLE_VALUE"),
        ('{"doubleValue": Infinity}', "Infinity is not a JSON number"),
        ("null", "must be a JSON object"),
        ("[" * 100_000, "the properties are not JSON"),
        ('{"name": "a", "name": "b"}', '"name" and "name" name the same column'),
    ],
)
def test_read_properties__odd_texts(text: str, message: str) -> None:
    with pytest.raises(PropertiesError) as caught:
        read_properties(text, FIELDS)
    assert message in str(caught.value)


def test_read_properties__none_and_no_columns() -> None:
    assert read_properties(None, FIELDS) == {}
    with pytest.raises(PropertiesError, match="the properties may have no keys"):
        read_properties('{"a": 1}', {})


@given(
    st.dictionaries(
        st.sampled_from(["name", "intValue", "long_value", "FLOAT_VALUE", "isNew"]),
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary()),
    )
)
def test_read_properties__gives_storable_values_or_says_why(properties: dict[str, Any]) -> None:
    text = json.dumps(properties, default=str)
    try:
        values = read_properties(text, FIELDS)
    except PropertiesError:
        return
    kinds = {"string": str, "int": int, "long": int, "float": float, "boolean": bool}
    for column, value in values.items():
        assert type(value) is kinds[FIELDS[column].type]
        assert json.loads(json.dumps(value, allow_nan=False)) == value


@pytest.mark.parametrize(
    ("column", "key"),
    [("AGE", "age"), ("CATEGORY_L1", "categoryL1"), ("NUMBER_OF_RATINGS", "numberOfRatings")],
)
def test_camel_case__table(column: str, key: str) -> None:
    assert camel_case(column) == key
