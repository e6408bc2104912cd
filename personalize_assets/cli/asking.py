"""What the commands that ask a campaign share: which campaign, which filter, and titled answers."""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from personalize_assets.api import questions
from personalize_assets.api.declared import DeclaredGroup
from personalize_assets.api.questions import Addresses, Target
from personalize_assets.cli.declared import find_group
from personalize_assets.recipes.spec import RecipeType

if TYPE_CHECKING:
    from personalize_assets.aws.clients import Clients
    from personalize_assets.aws.deployment import Deployment
    from personalize_assets.aws.objects import Bucket

FORMATS: Final = ("table", "json")
USERS_ARE_LOOKED_UP_TO: Final = 50_000_000
"""Bytes of the interactions' file; a larger one is not fetched to tell whether a user is known."""


@dataclass(frozen=True)
class Answer:
    """One item of an answer; ``score`` is None where the recipe gives none."""

    rank: int
    item_id: str
    title: str
    genres: str
    score: float | None


@dataclass(frozen=True)
class OpenCampaign:
    """A campaign that answers, and all that is needed to ask it.

    Attributes:
        group: What is declared.
        solution: Name of the solution that answers.
        arn: The campaign.
        clients: Of the deployment.
        deployment: Where everything runs.
    """

    group: DeclaredGroup
    solution: str
    arn: str
    clients: "Clients"
    deployment: "Deployment"

    @property
    def name(self) -> str:
        """Name of the campaign."""
        return self.arn.rpartition("/")[2]

    def filter_arn(self, name: str) -> str:
        """ARN of a declared filter.

        Raises:
            click.ClickException: None of this name is declared.
        """
        try:
            questions.filter_expression(self.group, name)
        except questions.NotAllowed as error:
            raise click.ClickException(str(error)) from error
        return _addresses(self.group, self.deployment, self.clients).filter(name)


def common_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that all of these commands have."""
    for option in (
        click.option("--solution", help="Solution to ask; by default the first that fits."),
        click.option("--group", default="movielens", show_default=True, help="Dataset group."),
        click.option(
            "--format",
            "style",
            type=click.Choice(FORMATS),
            default="table",
            show_default=True,
            help="How to print.",
        ),
    ):
        command = option(command)
    return command


def parse_pairs(option: str, texts: Sequence[str]) -> dict[str, str]:
    """Read ``KEY=VALUE`` texts.

    Raises:
        click.BadParameter: One has no key, or a key comes twice.
    """
    try:
        return questions.parse_pairs(option, texts)
    except questions.NotAllowed as error:
        raise click.BadParameter(str(error), param_hint=option) from error


def filter_values(expression: str, name: str, given: Mapping[str, str]) -> dict[str, str]:
    """The values of a filter's parameters, checked against the declared expression.

    Raises:
        click.ClickException: One is missing or unknown; the message says how to give it.
    """
    try:
        return questions.filter_values(expression, name, given)
    except questions.ValuesMissing as error:
        options = " ".join(f"--filter-value {parameter}=VALUE" for parameter in error.allowed)
        raise click.ClickException(f"the filter {name} needs {options}: {expression}") from error
    except questions.NotAllowed as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def open_campaign(
    group_name: str, solution: str | None, kinds: Sequence[RecipeType], style: str
) -> Iterator[OpenCampaign]:
    """Find the campaign to ask, and turn what goes wrong with it into one line for a person.

    Args:
        group_name: Name of the dataset group.
        solution: Whose campaign; the first of a fitting type where None.
        kinds: Types of recipes that answer this kind of request.
        style: Of the output; `json` keeps the header away.

    Raises:
        click.ClickException: There is no such campaign, or the service refused.
    """
    from botocore.exceptions import BotoCoreError, ClientError
    from rich.console import Console

    from personalize_assets.aws.deployment import Deployment, DeploymentError
    from personalize_assets.cli.header import print_header
    from personalize_assets.local.clients import open_clients
    from personalize_assets.local.stack import StackError

    group = find_group(group_name)
    chosen = _choose(group, solution, kinds)
    try:
        deployment = Deployment.from_environment(os.environ)
        clients = open_clients(deployment)
        if style == "table":
            print_header(Console(), deployment, clients.endpoints)
        answers = Target("campaign", chosen, group.solutions[chosen])
        arn = _addresses(group, deployment, clients).target(answers)
        _require_active(arn, clients)
        yield OpenCampaign(group, chosen, arn, clients, deployment)
    except (DeploymentError, StackError, BotoCoreError, ClientError) as error:
        raise click.ClickException(str(error)) from error


def show(
    opened: OpenCampaign, style: str, title: str, found: Sequence[Mapping[str, Any]], **facts: Any
) -> None:
    """Print an answer with titles: as a table for people, or as JSON.

    Args:
        opened: What answered.
        style: ``table`` or ``json``.
        title: Above the table.
        found: Items as the service gives them, best first.
        facts: What else the JSON tells.
    """
    answers = titled(found, read_titles(_bucket(opened), opened.group.transformed))
    if style == "json":
        body = {"campaign": opened.name, **facts, "items": [vars(answer) for answer in answers]}
        click.echo(json.dumps(body, indent=2, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("rank", "item", "title", "genres", "score", title=title, title_justify="left")
    for answer in answers:
        score = "-" if answer.score is None else f"{answer.score:.4f}"
        table.add_row(
            str(answer.rank), answer.item_id, escape(answer.title), escape(answer.genres), score
        )
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    if not answers:
        click.echo("Nothing is left: the filter lets none of the recommended items through.")


def titled(
    found: Sequence[Mapping[str, Any]], titles: Mapping[str, tuple[str, str]]
) -> list[Answer]:
    """Items of an answer with their titles; the id stands in where there is none."""
    return [
        Answer(rank, entry["itemId"], *titles.get(entry["itemId"], (entry["itemId"], "")), score)
        for rank, entry in enumerate(found, 1)
        for score in [entry.get("score")]
    ]


def read_titles(bucket: "Bucket", transformed: str) -> dict[str, tuple[str, str]]:
    """Title and genres by id, from the newest cleaned items; empty where there are none."""
    from personalize_assets.aws.objects import ObjectNotFound
    from personalize_assets.core.batch_format import ItemTitles

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "items.parquet"
        try:
            bucket.get_file(f"{transformed}items/items.parquet", path)
        except ObjectNotFound:
            return {}
        titles = ItemTitles.from_file(path)
    columns = (titles.item_ids, titles.titles, titles.genres)
    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    return {item: (title, genres or "") for item, title, genres in rows}


def knows_user(opened: OpenCampaign, user_id: str) -> bool | None:
    """Whether the cleaned interactions have this user; None where that is not looked up."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    bucket = _bucket(opened)
    key = opened.group.interactions_key
    found = bucket.head(key)
    if found is None or found.size > USERS_ARE_LOOKED_UP_TO:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "interactions.parquet"
        bucket.get_file(key, path)
        rows = pq.read_table(path, columns=["USER_ID"], filters=pc.field("USER_ID") == user_id)
        return rows.num_rows > 0


def say_unknown(opened: OpenCampaign, user_id: str, style: str) -> None:
    """Tell a person whose user nobody knows what the answer then is."""
    if style == "table" and knows_user(opened, user_id) is False:
        click.echo(f"Nobody knows user {user_id}: what is popular is shown.")


def _bucket(opened: OpenCampaign) -> "Bucket":
    from personalize_assets.aws.objects import Bucket

    return Bucket.of(opened.clients)


def _choose(group: DeclaredGroup, solution: str | None, kinds: Sequence[RecipeType]) -> str:
    fitting = [one for one in group.solutions if group.spec(one).recipe_type in kinds]
    served = [one for one in group.campaigns if one in fitting]
    if solution is not None and solution not in fitting:
        raise click.ClickException(
            f"{solution!r} cannot answer this; of {group.name} these can: "
            f"{', '.join(fitting) or 'none'}"
        )
    wanted = solution or next(iter(served), None)
    if wanted is None or wanted not in served:
        raise click.ClickException(_lines_to_add(group, wanted, fitting, kinds))
    return wanted


def _lines_to_add(
    group: DeclaredGroup, wanted: str | None, fitting: Sequence[str], kinds: Sequence[RecipeType]
) -> str:
    """Which lines of YAML give the group a campaign that can answer."""
    name = wanted or next(iter(fitting), None)
    lines: list[str] = []
    if name is None:
        name, recipe = _EXAMPLES[kinds[0]]
        lines += ["  solutions:", f"    - {{ name: {name}, recipe: {recipe} }}"]
    lines += ["  campaigns:", f"    - {{ solution: {name} }}"]
    text = "\n".join(lines)
    return (
        f"{group.name} declares no campaign that can answer this. Add to the attributes in "
        f"{group.path}:\n\n{text}\n\nand run `make run`. On AWS a campaign is paid for as long as "
        "it exists."
    )


_EXAMPLES: Final[Mapping[RecipeType, tuple[str, str]]] = {
    "USER_PERSONALIZATION": ("user-personalization", "aws-user-personalization"),
    "RELATED_ITEMS": ("sims", "aws-sims"),
    "PERSONALIZED_RANKING": ("personalized-ranking", "aws-personalized-ranking"),
}


def _addresses(group: DeclaredGroup, deployment: "Deployment", clients: "Clients") -> Addresses:
    partition, region = deployment.role_arn.split(":")[1], clients.personalize.meta.region_name
    return Addresses.of(group, partition, region, deployment.account_id)


def _require_active(arn: str, clients: "Clients") -> None:
    from personalize_assets.aws.kinds import ACTIVE, CAMPAIGN, find

    name = arn.rpartition("/")[2]
    found = find(clients.personalize, CAMPAIGN, arn)
    if found is None:
        raise click.ClickException(f"there is no campaign {name} yet: run `make run` first")
    if found["status"] != ACTIVE:
        raise click.ClickException(
            f"the campaign {name} is {found['status']}: it answers once it is {ACTIVE}"
        )
