"""From a job's output to the three files of results."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from personalize_assets.core.batch_format import (
    ItemTitles,
    ResultPaths,
    TransformReport,
    blocks,
    outputs,
    transform_batch_output,
)
from personalize_assets_tests.core.batch_format.lines import (
    REQUIRED,
    answer,
    failure,
    write_lines,
)

TITLES = ItemTitles.from_table(
    pa.table(
        {
            "ITEM_ID": ["858", "1", "108583", "9"],
            "TITLE": ["Godfather, The (1972)", "Toy Story (1995)", None, "Untold (2000)"],
            "GENRES": ["Crime|Drama", "Adventure|Animation", "Comedy", None],
        }
    )
)


def transform(
    folder: Path, lines: list[str], inputs: list[str] | None = None
) -> tuple[TransformReport, ResultPaths]:
    out = write_lines(folder / "users.json.out", lines)
    expected = None if inputs is None else write_lines(folder / "users.json", inputs)
    paths = ResultPaths.in_folder(folder)
    return transform_batch_output(out, TITLES, paths, expected_inputs=expected), paths


def test_transform__the_three_files(tmp_path: Path) -> None:
    lines = [
        answer("15", ["858", "9", "77"], [0.5, 0.25, 0.125]),
        failure({"itemId": "3"}),
        answer("7", ["108583"], [1e-7]),
    ]
    report, paths = transform(tmp_path, lines)
    assert pq.read_table(paths.transformed).to_pydict() == {
        "userId": [15, 7],
        "Recommendations": [
            "Godfather, The (1972) (Crime) | Untold (2000) | 77",
            "108583 (Comedy)",
        ],
    }
    assert pq.read_table(paths.tidy).to_pylist() == [
        dict(zip(["user_id", "rank", "item_id", "score", "title", "genres"], row, strict=True))
        for row in [
            ("15", 1, "858", 0.5, "Godfather, The (1972)", "Crime|Drama"),
            ("15", 2, "9", 0.25, "Untold (2000)", None),
            ("15", 3, "77", 0.125, "77", None),
            ("7", 1, "108583", 1e-7, "108583", "Comedy"),
        ]
    ]
    assert [json.loads(line) for line in paths.failed.read_text("utf-8").splitlines()] == [
        {"file": "users.json.out", "line": 2, "reason": REQUIRED, "text": lines[1]}
    ]
    assert report == TransformReport(
        query="userId",
        inputs=3,
        users=2,
        rows=4,
        failed=1,
        unexpected=0,
        reasons={REQUIRED: 1},
        unknown_items=1,
        preview=(
            ("15", ("Godfather, The (1972) (Crime)", "Untold (2000)", "77")),
            ("7", ("108583 (Comedy)",)),
        ),
    )
    assert report.accounted


def test_transform__column_types_and_compression(tmp_path: Path) -> None:
    _, paths = transform(tmp_path, [answer("1", ["1"])])
    assert pq.read_schema(paths.transformed).equals(
        pa.schema([("userId", pa.int64()), ("Recommendations", pa.string())])
    )
    assert pq.read_schema(paths.tidy).equals(
        pa.schema(
            [
                ("user_id", pa.string()),
                ("rank", pa.int32()),
                ("item_id", pa.string()),
                ("score", pa.float64()),
                ("title", pa.string()),
                ("genres", pa.string()),
            ]
        )
    )
    for path in (paths.transformed, paths.tidy):
        row_group = pq.read_metadata(path).row_group(0)
        assert {row_group.column(n).compression for n in range(row_group.num_columns)} == {"SNAPPY"}


@pytest.mark.parametrize(
    ("ids", "wanted"),
    [
        (["4638", "0", "-3"], [4638, 0, -3]),
        (["4638", "007"], ["4638", "007"]),
        (["1", "u2"], ["1", "u2"]),
        (["1", "+2"], ["1", "+2"]),
        (["1", "2.0"], ["1", "2.0"]),
        (["1", "1234567890123456789"], ["1", "1234567890123456789"]),
        (["999999999999999999"], [999999999999999999]),
        (["1", "٣"], ["1", "٣"]),
    ],
)
def test_transform__user_ids_are_numbers_where_all_are(
    tmp_path: Path, ids: list[str], wanted: list[int] | list[str]
) -> None:
    _, paths = transform(tmp_path, [answer(key, ["1"]) for key in ids])
    assert pq.read_table(paths.transformed)["userId"].to_pylist() == wanted
    assert pq.read_table(paths.tidy)["user_id"].to_pylist() == ids


def test_transform__text_id_after_many_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        outputs, "read_blocks", lambda path: blocks.read_blocks(path, block_bytes=200)
    )
    ids = [*map(str, range(50)), "x", *map(str, range(50))]
    report, paths = transform(tmp_path, [answer(key, ["1", "5"]) for key in ids])
    table = pq.read_table(paths.transformed)
    assert table["userId"].to_pylist() == ids
    assert set(table["Recommendations"].to_pylist()) == {"Toy Story (1995) (Adventure) | 5"}
    assert pq.read_metadata(paths.transformed).num_row_groups > 10
    assert pq.read_table(paths.tidy)["rank"].to_pylist() == [1, 2] * len(ids)
    assert (report.users, report.unknown_items) == (101, 1)
    assert [key for key, _ in report.preview] == ["0", "1", "2"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "failed.jsonl",
        "recommendations.parquet",
        "transformed.parquet",
        "users.json.out",
    ]


def test_transform__related_items(tmp_path: Path) -> None:
    report, paths = transform(
        tmp_path, [answer("1", ["858", "9"], field="itemId")], ['{"itemId": "1"}']
    )
    assert pq.read_table(paths.transformed).to_pydict() == {
        "itemId": [1],
        "Recommendations": ["Godfather, The (1972) (Crime) | Untold (2000)"],
    }
    tidy = pq.read_table(paths.tidy)
    assert tidy.column_names == ["query_item_id", "rank", "item_id", "score", "title", "genres"]
    assert tidy["query_item_id"].to_pylist() == ["1", "1"]
    assert tidy["score"].to_pylist() == [None, None]
    assert (report.query, report.accounted) == ("itemId", True)


def test_transform__joined_with_the_input(tmp_path: Path) -> None:
    report, paths = transform(
        tmp_path,
        [answer("9", ["1"]), failure({"userId": "5"}, "User error: x"), answer("4", ["1"])],
        ['{"userId": "4"}', "{oops", '{"userId": "5"}', "", '{"userId": "9"}', '{"userId": "6"}'],
    )
    assert [json.loads(line)["line"] for line in paths.failed.open(encoding="utf-8")] == [2, 3, 6]
    assert (report.inputs, report.users, report.failed, report.unexpected) == (5, 2, 3, 0)
    assert report.accounted
    assert pq.read_table(paths.transformed)["userId"].to_pylist() == [9, 4]


def test_transform__unasked_answers_are_not_accounted(tmp_path: Path) -> None:
    report, _ = transform(tmp_path, [answer("1", ["1"]), answer("2", ["1"])], ['{"userId": "1"}'])
    assert (report.unexpected, report.accounted) == (1, False)


def test_transform__most_lines_ask_the_wrong_way(tmp_path: Path) -> None:
    wrong = [{"itemId": "5"}, {"itemId": "6"}]
    lines = [*(failure(query) for query in wrong), answer("1", ["1"])]
    report, _ = transform(tmp_path, lines, [*map(json.dumps, wrong), '{"userId": "1"}'])
    assert (report.query, report.users, report.reasons) == ("userId", 1, {REQUIRED: 2})
    assert report.accounted


def test_transform__all_failed_of_related_items(tmp_path: Path) -> None:
    report, paths = transform(tmp_path, [failure({"itemId": "5"}, "x")], ['{"itemId": "5"}'])
    assert (report.query, report.failed, report.accounted) == ("itemId", 1, True)
    assert pq.read_schema(paths.transformed).names[0] == "itemId"


@pytest.mark.parametrize("lines", [[], [failure({"userId": "1"})]])
def test_transform__nobody_has_recommendations(tmp_path: Path, lines: list[str]) -> None:
    report, paths = transform(tmp_path, lines)
    assert pq.read_table(paths.transformed).num_rows == pq.read_table(paths.tidy).num_rows == 0
    assert (report.users, report.failed, report.preview) == (0, len(lines), ())


def test_transform__no_items_for_somebody(tmp_path: Path) -> None:
    report, paths = transform(tmp_path, [answer("1", []), answer("2", ["9"]), answer("3", [])])
    assert pq.read_table(paths.transformed)["Recommendations"].to_pylist() == [
        "",
        "Untold (2000)",
        "",
    ]
    assert pq.read_table(paths.tidy)["user_id"].to_pylist() == ["2"]
    assert report.preview == (("1", ()), ("2", ("Untold (2000)",)), ("3", ()))


def test_transform__several_files(tmp_path: Path) -> None:
    files = [
        write_lines(tmp_path / "a.out", [answer("1", ["9"])]),
        write_lines(tmp_path / "b.out", [failure({"userId": "2"})]),
    ]
    paths = ResultPaths.in_folder(tmp_path)
    report = transform_batch_output(files, TITLES, paths)
    assert (report.users, report.failed) == (1, 1)
    assert json.loads(paths.failed.read_text("utf-8"))["file"] == "b.out"


def test_transform__reason_that_utf8_cannot_hold(tmp_path: Path) -> None:
    line = '{"input":{"userId":"1"},"error":"half \\ud800"}'
    _, paths = transform(tmp_path, [line])
    assert json.loads(paths.failed.read_text("utf-8"))["reason"] == "half \ud800"


def test_transform__nothing_half_made_stays(tmp_path: Path) -> None:
    _, paths = transform(tmp_path, [answer("1", ["1"])])
    before = paths.transformed.read_bytes()
    missing = [tmp_path / "users.json.out", tmp_path / "gone.out"]
    with pytest.raises(FileNotFoundError):
        transform_batch_output(missing, TITLES, paths)
    assert paths.transformed.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


texts = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=5)
catalogues = st.dictionaries(texts, st.tuples(st.none() | texts, st.none() | texts), max_size=5)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(catalogue=catalogues, data=st.data())
def test_transform__equals_a_plain_loop(
    catalogue: dict[str, tuple[str | None, str | None]], data: st.DataObject, tmp_path: Path
) -> None:
    item_ids = st.sampled_from([*catalogue, "unknown", "| x"])
    users = data.draw(st.lists(st.tuples(texts, st.lists(item_ids, max_size=4)), max_size=6))
    titles, genres = ([row[n] for row in catalogue.values()] for n in (0, 1))
    table = {
        "ITEM_ID": pa.array(list(catalogue), pa.string()),
        "TITLE": pa.array(titles, pa.string()),
        "GENRES": pa.array(genres, pa.string()),
    }
    out = write_lines(tmp_path / "f.out", [answer(user, items) for user, items in users])
    paths = ResultPaths.in_folder(tmp_path)
    report = transform_batch_output(out, ItemTitles.from_table(pa.table(table)), paths)

    def label(item: str) -> str:
        title, genre = catalogue.get(item, (None, None))
        first = "" if genre is None else f" ({genre.split('|')[0]})"
        return (title or item) + first

    wanted = [" | ".join(label(item) for item in items) for _, items in users]
    assert pq.read_table(paths.transformed)["Recommendations"].to_pylist() == wanted
    assert pq.read_table(paths.tidy)["item_id"].to_pylist() == [i for _, row in users for i in row]
    assert (report.users, report.accounted) == (len(users), True)


REAL = os.environ.get("PERSONALIZE_ASSETS_TEST_DATA")


@pytest.mark.realdata
@pytest.mark.skipif(REAL is None, reason="PERSONALIZE_ASSETS_TEST_DATA names no folder")
def test_transform__what_amazon_personalize_wrote(tmp_path: Path) -> None:
    import pyarrow.csv as pv

    folder = Path(REAL or "") / "movielens-25m-extract"
    if not folder.is_dir():
        pytest.skip(f"{folder} is missing")
    movies = pv.read_csv(folder / "movies.csv").rename_columns(["ITEM_ID", "TITLE", "GENRES"])
    paths = replace(ResultPaths.in_folder(tmp_path), failed=tmp_path / "other.jsonl")
    report = transform_batch_output(
        folder / "users.json.out",
        ItemTitles.from_table(movies),
        paths,
        expected_inputs=folder / "users.json",
    )
    assert (report.inputs, report.users, report.rows, report.failed) == (15, 15, 375, 0)
    assert (report.accounted, report.unknown_items) == (True, 0)
    # The first rows of the table that the original pipeline's tutorial prints.
    table = pq.read_table(paths.transformed).to_pydict()
    assert table["userId"][:6] == [15000, 162540, 5000, 94, 4638, 9000]
    assert table["Recommendations"][0].startswith("Kiss the Girls (1997) (Crime) | Scream (1996) (")
    assert table["Recommendations"][1].startswith("Ice Age 2: The Meltdown (2006) (Adventure) | I")
    assert table["Recommendations"][2].startswith("Godfather, The (1972) (Crime) | Star Wars: Epi")
    assert paths.failed.read_text() == ""
