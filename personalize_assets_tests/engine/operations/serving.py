"""Campaigns with little data to ask, for the tests of the runtime operations."""

from typing import Any

from personalize_assets_tests.engine.operations.conftest import World

ARN = "arn:aws:personalize:us-east-1:123456789012:"
GENRES = ("Drama|Crime", "Comedy", "Action, Family", "")


def items_csv(n_items: int = 80) -> str:
    """Items i0 to i79; the year is 1950 plus the number, and genres take turns."""
    lines = ["ITEM_ID,GENRES,YEAR"]
    for number in range(n_items):
        year = "" if number % 10 == 9 else str(1950 + number)
        lines.append(f'i{number},"{GENRES[number % 4]}",{year}')
    return "\n".join(lines) + "\n"


def users_csv() -> str:
    """Users u0 to u35, aged 10 plus their number; u35 has no age."""
    ages = [*(str(10 + number) for number in range(35)), ""]
    return "USER_ID,AGE\n" + "".join(f"u{at},{age}\n" for at, age in enumerate(ages))


def full_group(world: World, name: str = "movies") -> str:
    """A group with interactions, items and users."""
    group = world.filled_group(name)
    for kind, text in (("Items", items_csv()), ("Users", users_csv())):
        job = world.import_text(world.dataset(group, kind), text, f"{name}-{kind}")
        assert job["status"] == "ACTIVE", job
    return group


def campaign(
    world: World, group: str, recipe: str, name: str = "", config: dict[str, Any] | None = None
) -> str:
    """A campaign of a new version; without exploration unless ``config`` says otherwise."""
    version = world.version(world.solution(group, recipe, name))
    explores = recipe.startswith("aws-user-personalization")
    quiet = {"itemExplorationConfig": {"explorationWeight": "0"}} if explores else {}
    arn = world.api.create_campaign(
        name=name or recipe, solutionVersionArn=version, campaignConfig=config or quiet
    )["campaignArn"]
    world.run()
    return arn


def make_filter(world: World, group: str, expression: str, name: str = "f") -> str:
    arn = world.api.create_filter(name=name, datasetGroupArn=group, filterExpression=expression)
    world.run()
    return arn["filterArn"]


def ask(world: World, campaign_arn: str, **more: Any) -> list[dict[str, Any]]:
    """The list that GetRecommendations answers."""
    found = world.engine.runtime.get_recommendations(campaignArn=campaign_arn, **more)
    return found["itemList"]


def ids(items: list[dict[str, Any]]) -> list[str]:
    return [item["itemId"] for item in items]
