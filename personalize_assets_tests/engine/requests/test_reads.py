"""Reading operations take valid requests, change nothing, and page without loss."""

from personalize_assets_tests.engine.requests.opening import Site
from personalize_assets_tests.engine.requests.table import Table
from personalize_assets_tests.engine.requests.test_valid import each_request


@each_request("Describe", "List", "Get")
def test_read__changes_nothing(standing: Site, table: Table, operation: str, number: int) -> None:
    with standing.unchanged():
        assert standing.call(operation, table[operation].requests[number], validate=True)
