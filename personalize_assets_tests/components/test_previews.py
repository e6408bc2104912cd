"""Tables and plots for the UI."""

import base64
import re

from personalize_assets.components.plots import INLINE_CHARACTERS, line_plot
from personalize_assets.components.previews import markdown_table, metrics_metadata


def test_markdown_table__escapes_bars_and_line_breaks() -> None:
    table = markdown_table(["a", "b"], [("x|y", None), ("one\ntwo", 3)])

    assert table == "| a | b |\n| --- | --- |\n| x\\|y |  |\n| one two | 3 |"


def test_metrics_metadata__numbers_can_be_plotted() -> None:
    metadata = metrics_metadata({"coverage": 1}, [{"coverage": 0.5}, {"coverage": 1}])

    assert metadata["coverage"] == 1.0
    assert isinstance(metadata["coverage"], float)
    assert "| coverage | 1 |" in metadata["table"].value
    assert metadata["history"].value.startswith("The last versions: coverage 1.0000")


def test_line_plot__draws_each_series_from_left_to_right() -> None:
    markdown = line_plot("Versions", {"a": [0.0, 1.0], "b": [0.5]})

    encoded = re.search(r"base64,([A-Za-z0-9+/=]+)\)", markdown)
    assert encoded is not None
    svg = base64.b64decode(encoded[1]).decode()
    assert 'points="4,56 236,4"' in svg
    assert 'points="4,30"' in svg
    assert markdown.startswith("Versions: a 1.0000, b 0.5000")


def test_line_plot__stays_short_enough_to_be_shown_in_place() -> None:
    series = {name: [0.1234] * 500 for name in ("MRR@25", "NDCG@25", "coverage")}

    assert len(line_plot("The last versions", series)) <= INLINE_CHARACTERS
