"""Tables for the UI."""

from personalize_assets.components.previews import markdown_table, metrics_metadata


def test_markdown_table__escapes_bars_and_line_breaks() -> None:
    table = markdown_table(["a", "b"], [("x|y", None), ("one\ntwo", 3)])

    assert table == "| a | b |\n| --- | --- |\n| x\\|y |  |\n| one two | 3 |"


def test_metrics_metadata__numbers_can_be_plotted() -> None:
    metadata = metrics_metadata({"coverage": 1})

    assert metadata["coverage"] == 1.0
    assert isinstance(metadata["coverage"], float)
    assert "| coverage | 1 |" in metadata["table"].value
