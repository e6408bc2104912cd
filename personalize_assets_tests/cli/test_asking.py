"""What the commands that ask a campaign read and refuse before anything is started."""

from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from personalize_assets.api.questions import filter_value
from personalize_assets.cli import asking, declared
from personalize_assets.cli.asking import filter_values, parse_pairs, titled
from personalize_assets.cli.declared import find_group
from personalize_assets.cli.main import main

GENRE = "INCLUDE ItemID WHERE Items.GENRES IN ($GENRE)"
FILE = """\
type: personalize_assets.components.PersonalizeDatasetGroup
attributes:
  name: films
  prefixes: { transformed: films/transformed/, batch_input: in/, batch_results: out/ }
  solutions:
    - { name: mine, recipe: aws-user-personalization }
    - { name: ordered, recipe: aws-personalized-ranking }
  campaigns:
    - { solution: mine }
---
type: another.Component
attributes: { name: not-ours }
"""


@pytest.fixture
def films(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of declarations in place of the project's own."""
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "defs.yaml").write_text(FILE)
    monkeypatch.setattr(asking, "find_group", lambda name: find_group(name, tmp_path))
    return tmp_path


def refusal(*arguments: str) -> str:
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code in (1, 2), result.output
    return result.output


def test_find_group__reads_what_the_project_declares() -> None:
    group = find_group("movielens")

    assert group.transformed == "movie-lens/transformed/"
    assert group.campaigns == ("user-personalization", "sims")
    assert set(group.filters) == {"unwatched", "watched", "genre", "decade"}
    assert group.spec("sims").recipe_type == "RELATED_ITEMS"


def test_find_group__says_what_there_is(films: Path) -> None:
    with pytest.raises(click.ClickException, match="no dataset group 'x' in defs/; declared are f"):
        find_group("x", films)


def test_find_group__asks_dagster_where_there_are_templates(
    films: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = films / "films" / "defs.yaml"
    file.write_text(FILE.replace("name: films", "name: '{{ env.GROUP }}'"))
    monkeypatch.setattr(declared, "_resolved_groups", lambda: [find_group("movielens")])

    assert find_group("movielens", films).name == "movielens"


def test_find_group__templates_resolve_to_the_same_as_the_file() -> None:
    (resolved,) = [one for one in declared._resolved_groups() if one.name == "movielens"]
    read = find_group("movielens")

    assert resolved.solutions == read.solutions
    assert (resolved.campaigns, resolved.filters) == (read.campaigns, read.filters)
    assert resolved.transformed == read.transformed


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Comedy", '"Comedy"'),
        ("Comedy,Sci-Fi", '"Comedy","Sci-Fi"'),
        ("Comedy, Drama", '"Comedy","Drama"'),
        ('"Drama, old"', '"Drama, old"'),
        ("1990", "1990"),
        ("-1.5", "-1.5"),
        ('say "hi"', '"say \\"hi\\""'),
        ("Fée", '"Fée"'),
        ("1990s", '"1990s"'),
    ],
)
def test_filter_value(text: str, value: str) -> None:
    assert filter_value(text) == value


def test_filter_values__says_which_option_is_missing() -> None:
    with pytest.raises(click.ClickException, match="genre needs --filter-value GENRE=VALUE"):
        filter_values(GENRE, "genre", {})
    with pytest.raises(click.ClickException, match="has no parameter GENRES; it has GENRE"):
        filter_values(GENRE, "genre", {"GENRE": "a", "GENRES": "b"})
    excluding = GENRE.replace("INCLUDE", "EXCLUDE")
    assert filter_values(excluding, "genre", {}) == {}


@pytest.mark.parametrize("texts", [["GENRE"], ["=x"], ["A=1", "A=2"]])
def test_parse_pairs__refuses(texts: list[str]) -> None:
    with pytest.raises(click.BadParameter, match=r"KEY=VALUE|given twice"):
        parse_pairs("--context", texts)


def test_parse_pairs__keeps_what_follows_the_first_equals_sign() -> None:
    assert parse_pairs("--context", ["DEVICE=phone", "Q=a=b"]) == {"DEVICE": "phone", "Q": "a=b"}


def test_titled__an_item_without_title_is_its_id() -> None:
    found: list[dict[str, Any]] = [{"itemId": "1", "score": 0.5}, {"itemId": "x"}]
    first, second = titled(found, {"1": ("Toy Story (1995)", "Adventure|Animation")})

    assert (first.rank, first.title, first.genres) == (1, "Toy Story (1995)", "Adventure|Animation")
    assert (second.rank, second.title, second.genres, second.score) == (2, "x", "", None)


@pytest.mark.usefixtures("films")
def test_rank__shows_the_lines_that_are_missing() -> None:
    said = refusal("rank", "--group", "films", "--user-id", "1", "--items", "1,2")

    assert "\n  campaigns:\n    - { solution: ordered }\n" in said
    assert "solutions:" not in said
    assert "make run" in said


@pytest.mark.usefixtures("films")
def test_similar__shows_the_solution_that_is_missing_too() -> None:
    said = refusal("similar", "--group", "films", "--item-id", "1")

    assert "  solutions:\n    - { name: sims, recipe: aws-sims }\n  campaigns:\n" in said


@pytest.mark.usefixtures("films")
def test_recommend__refuses_a_solution_that_answers_something_else() -> None:
    said = refusal("recommend", "--group", "films", "--user-id", "1", "--solution", "ordered")

    assert "'ordered' cannot answer this; of films these can: mine" in said


def test_recommend__values_need_a_filter() -> None:
    said = refusal("recommend", "--user-id", "1", "--filter-value", "GENRE=Comedy")

    assert "--filter-value needs --filter" in said


def test_rank__needs_items() -> None:
    assert "name at least one item" in refusal("rank", "--user-id", "1", "--items", " , ")
