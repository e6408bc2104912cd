import json

from personalize_assets.recipes.comparison.formats import as_json, as_markdown, as_text
from personalize_assets.recipes.comparison.results import Comparison, Row

MRR = "mean_reciprocal_rank_at_25"


def row(metadata: bool, *values: float) -> Row:
    folds = tuple({"coverage": 0.5, MRR: value, "textbook_ndcg_at_5": 0.25} for value in values)
    return Row("aws-x", "served", metadata, folds, 1234, 0.5)


FOUND = Comparison(
    "items", "watch", 2000, 30, 40_000, 2, 7, (row(False, 0.25, 0.25), row(True, 0.25, 0.75))
)


def test_markdown__can_be_pasted() -> None:
    assert as_markdown([FOUND]) == (
        "**Recommended items: 40,000 events of type watch of 2,000 users and 30 items; "
        "mean ± standard error over 2 of 10 folds of users, seed 7**\n\n"
        "| recipe | seen items | metadata | MRR@25 | coverage | textbook NDCG@5 | tested users "
        "| CPU s a fold |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- |\n"
        "| aws-x | served | without | .250 ±.000 | .500 ±.000 | .250 ±.000 | 1,234 | 0.50 |\n"
        "| aws-x | served | with | .500 ±.250 | .500 ±.000 | .250 ±.000 | 1,234 | 0.50 |\n\n"
        "**The same rows with metadata less those without, fold by fold**\n\n"
        "| gain of metadata | seen items | MRR@25 | coverage | textbook NDCG@5 |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| aws-x | served | +.250 ±.250 | +.000 ±.000 | +.000 ±.000 |"
    )


def test_markdown__chosen_metrics() -> None:
    assert "textbook" not in as_markdown([FOUND], {MRR: "MRR"})


def test_text__columns_are_aligned() -> None:
    lines = as_text([FOUND]).splitlines()[1:4]
    assert (
        len({line.index(found) for line, found in zip(lines, ("MRR", ".2", ".5"), strict=True)})
        == 1
    )


def test_text__metrics_of_segments_by_their_names() -> None:
    folds = ({"coverage": 0.2, "hits_at_1_percent": 11.459},)
    segments = Row("aws-item-affinity", None, False, folds, 10, 1.0, left_out=True)
    text = as_text([Comparison("users of items", None, 9, 9, 9, 1, 0, (segments,))])
    assert "hits_at_1_percent" in text
    assert "11.459" in text
    assert "±" not in text.splitlines()[-1]


def test_text__losses_have_a_sign() -> None:
    worse = Comparison("items", None, 9, 9, 9, 1, 0, (row(False, 0.5), row(True, 0.25)))
    assert "-.250" in as_text([worse])


def test_json__keeps_its_form() -> None:
    found = json.loads(as_json([FOUND]))
    assert found["format_version"] == 1
    (table,) = found["comparisons"]
    rows, gains = table.pop("rows"), table.pop("gains_of_metadata")
    assert table == {
        "kind": "items",
        "event_type": "watch",
        "n_users": 2000,
        "n_items": 30,
        "n_events": 40_000,
        "n_folds": 2,
        "seed": 7,
    }
    assert rows[1]["metrics"][MRR] == {"mean": 0.5, "standard_error": 0.25, "folds": [0.25, 0.75]}
    del rows[1]["metrics"]
    assert rows[1] == {
        "recipe": "aws-x",
        "seen": "served",
        "metadata": True,
        "n_test_users": 1234,
        "cpu_s": 0.5,
    }
    assert gains[0]["metrics"][MRR] == {"mean": 0.25, "standard_error": 0.25}
