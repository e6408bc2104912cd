"""`personalize-assets rank`: a list of items in a user's order, with titles, out of a campaign."""

import click

from personalize_assets.cli.asking import common_options, open_campaign, say_unknown, show


@click.command()
@click.option("--user-id", required=True, help="Whose order; may be a new user.")
@click.option("--items", required=True, metavar="ID,ID,...", help="The items, at most 500.")
@common_options
def rank(user_id: str, items: str, solution: str | None, group: str, style: str) -> None:
    """Put a list of items in a user's order, with titles and genres."""
    given = [part.strip() for part in items.split(",") if part.strip()]
    if not given:
        raise click.BadParameter("name at least one item", param_hint="--items")
    with open_campaign(group, solution, ("PERSONALIZED_RANKING",), style) as opened:
        answer = opened.clients.personalize_runtime.get_personalized_ranking(
            campaignArn=opened.arn, userId=user_id, inputList=given
        )
        say_unknown(opened, user_id, style)
        show(
            opened,
            style,
            f"In the order of user {user_id}, by {opened.name}",
            answer["personalizedRanking"],
            user_id=user_id,
            recommendation_id=answer.get("recommendationId"),
        )
