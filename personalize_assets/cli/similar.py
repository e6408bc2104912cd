"""`personalize-assets similar`: items that are like an item, with titles, out of a campaign."""

import click

from personalize_assets.cli.asking import common_options, open_campaign, show


@click.command()
@click.option("--item-id", required=True, help="The item.")
@click.option(
    "--num-results", type=click.IntRange(1, 500), default=10, show_default=True, help="How many."
)
@common_options
def similar(item_id: str, num_results: int, solution: str | None, group: str, style: str) -> None:
    """Show items that are like an item, with titles and genres."""
    with open_campaign(group, solution, ("RELATED_ITEMS",), style) as opened:
        answer = opened.clients.personalize_runtime.get_recommendations(
            campaignArn=opened.arn, itemId=item_id, numResults=num_results
        )
        show(
            opened,
            style,
            f"Like item {item_id}, by {opened.name}",
            answer["itemList"],
            item_id=item_id,
            recommendation_id=answer.get("recommendationId"),
        )
