"""`personalize-assets recommend`: items for a user, with titles, out of a campaign."""

from typing import Any

import click

from personalize_assets.cli.asking import (
    common_options,
    filter_values,
    open_campaign,
    parse_pairs,
    say_unknown,
    show,
)


@click.command()
@click.option("--user-id", required=True, help="Whom to recommend to; may be a new user.")
@click.option(
    "--num-results", type=click.IntRange(1, 500), default=10, show_default=True, help="How many."
)
@click.option("--filter", "filter_name", metavar="NAME", help="A declared filter.")
@click.option(
    "--filter-value",
    "given_values",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter of the filter, such as GENRE=Comedy or GENRE=Comedy,Drama; may be repeated.",
)
@click.option(
    "--context",
    "context",
    multiple=True,
    metavar="NAME=VALUE",
    help="A field of the context, such as DEVICE=phone; may be repeated.",
)
@common_options
def recommend(
    user_id: str,
    num_results: int,
    filter_name: str | None,
    given_values: tuple[str, ...],
    context: tuple[str, ...],
    solution: str | None,
    group: str,
    style: str,
) -> None:
    """Recommend items to a user, with titles and genres."""
    request: dict[str, Any] = {"userId": user_id, "numResults": num_results}
    values = parse_pairs("--filter-value", given_values)
    if values and filter_name is None:
        raise click.UsageError("--filter-value needs --filter")
    if context:
        request["context"] = parse_pairs("--context", context)
    kinds = ("USER_PERSONALIZATION", "POPULAR_ITEMS")
    with open_campaign(group, solution, kinds, style) as opened:
        if filter_name is not None:
            request["filterArn"] = opened.filter_arn(filter_name)
            expression = opened.group.filters[filter_name]
            if checked := filter_values(expression, filter_name, values):
                request["filterValues"] = checked
        answer = opened.clients.personalize_runtime.get_recommendations(
            campaignArn=opened.arn, **request
        )
        say_unknown(opened, user_id, style)
        show(
            opened,
            style,
            f"For user {user_id}, by {opened.name}",
            answer["itemList"],
            user_id=user_id,
            recommendation_id=answer.get("recommendationId"),
        )
