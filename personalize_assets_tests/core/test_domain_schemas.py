"""Schemas of cleaned files as a domain wants them."""

import json
from typing import Any

import pytest

from personalize_assets.core.domain_schemas import fit_to_domain
from personalize_assets.core.schemas import SchemaError, parse_schema


def schema(**fields: Any) -> dict[str, Any]:
    listed = [{"name": "ITEM_ID", "type": "string"}]
    listed += [{"name": name, **rest} for name, rest in fields.items()]
    return {"type": "record", "name": "Items", "fields": listed, "version": "1.0"}


def test_fit_to_domain__fills_the_required_columns() -> None:
    cleaned = schema(
        GENRES={"type": ["null", "string"], "categorical": True},
        CREATION_TIMESTAMP={"type": "long"},
        DURATION={"type": ["null", "double"]},
        PRODUCT_DESCRIPTION={"type": ["null", "string"], "categorical": True},
        COLOUR={"type": ["null", "string"], "categorical": True},
    )

    fitted = fit_to_domain(cleaned, "ITEMS", "VIDEO_ON_DEMAND")

    assert parse_schema(json.dumps(fitted), "ITEMS", "VIDEO_ON_DEMAND").domain == "VIDEO_ON_DEMAND"
    fields = {field["name"]: field for field in fitted["fields"]}
    assert fields["GENRES"] == {"name": "GENRES", "type": "string", "categorical": True}
    assert fields["DURATION"]["type"] == ["null", "float"]
    assert fields["PRODUCT_DESCRIPTION"] == {
        "name": "PRODUCT_DESCRIPTION",
        "type": ["null", "string"],
        "textual": True,
    }
    assert fields["COLOUR"] == cleaned["fields"][-1]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"GENRES": {"type": "string", "categorical": True}}, "CREATION_TIMESTAMP"),
        ({"GENRES": {"type": "long"}, "CREATION_TIMESTAMP": {"type": "long"}}, "GENRES"),
        (
            {"GENRES": {"type": "string"}, "CREATION_TIMESTAMP": {"type": "string"}},
            "CREATION_TIMESTAMP",
        ),
    ],
)
def test_fit_to_domain__invents_nothing(fields: dict[str, Any], message: str) -> None:
    fitted = fit_to_domain(schema(**fields), "ITEMS", "VIDEO_ON_DEMAND")

    with pytest.raises(SchemaError, match=message):
        parse_schema(json.dumps(fitted), "ITEMS", "VIDEO_ON_DEMAND")
