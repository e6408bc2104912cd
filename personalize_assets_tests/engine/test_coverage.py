import json

from personalize_assets.engine.coverage import (
    CoverageRow,
    coverage,
    format_json,
    format_markdown,
    format_text,
)
from personalize_assets.engine.operations.registry import UNSUPPORTED

ROWS = [
    CoverageRow("personalize", "ListRecipes", True, ""),
    CoverageRow("personalize-events", "PutItems", False, "not yet"),
]


def test_coverage__has_every_operation_once() -> None:
    rows = coverage()
    assert len({(row.service, row.operation) for row in rows}) == len(rows) == 79
    unsupported = {(row.service, row.operation): row.reason for row in rows if not row.supported}
    assert unsupported == UNSUPPORTED


def test_format_text__aligns() -> None:
    assert format_text(ROWS) == (
        "personalize         ListRecipes  yes\n"
        "personalize-events  PutItems     no   not yet\n"
        "\n"
        "1 of 2 operations are supported."
    )


def test_format_markdown__is_a_table() -> None:
    assert format_markdown(ROWS).splitlines() == [
        "1 of 2 operations are supported.",
        "",
        "| Service | Operation | Supported | Reason |",
        "|---|---|---|---|",
        "| personalize | ListRecipes | yes |  |",
        "| personalize-events | PutItems | no | not yet |",
    ]


def test_format_json__is_a_list() -> None:
    assert json.loads(format_json(ROWS))[1] == {
        "service": "personalize-events",
        "operation": "PutItems",
        "supported": False,
        "reason": "not yet",
    }
