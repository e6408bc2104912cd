"""What a campaign's asset needs: its request, its smoke test, and what the UI shows of it."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import dagster as dg

from personalize_assets.aws.campaigns import CampaignRequest, Deployed, SmokeTestFailed
from personalize_assets.aws.ensure_serving import CampaignConfiguration
from personalize_assets.aws.naming import clean_name
from personalize_assets.aws.samples import KnownSample, sample_known
from personalize_assets.aws.smoke import (
    COLD_USER,
    SmokeAnswer,
    SmokePlan,
    SmokeReport,
    run_smoke_test,
)
from personalize_assets.components.attributes import Solution
from personalize_assets.components.attributes.batch import Exploration
from personalize_assets.components.attributes.serving import Campaign
from personalize_assets.components.graph import Graph, materialized, newest_metadata
from personalize_assets.components.plots import INLINE_CHARACTERS
from personalize_assets.components.previews import ensured_metadata, markdown_table
from personalize_assets.components.promotion import version_of_campaign
from personalize_assets.core.batch_format import ItemTitles
from personalize_assets.resources import PersonalizeResource, S3Resource

_STRANGERS_WITH_EVENTS: Final = 0.5  # applications may add items that no file holds yet


def campaign_name(graph: Graph, solution: str) -> str:
    """Name of the campaign of a solution: ``<dataset group>-<solution>``."""
    return clean_name(f"{graph.attributes.name}-{solution}")


def campaign_request(
    context: dg.AssetExecutionContext,
    graph: Graph,
    campaign: Campaign,
    version_arn: str,
    *,
    replace: bool,
) -> CampaignRequest:
    """What to bring into service, and the version to go back to if it answers badly."""
    spec = graph.attributes.solution(campaign.solution).spec
    exploration = (campaign.exploration or Exploration()).as_config() if spec.explores else None
    return CampaignRequest(
        campaign_name(graph, campaign.solution),
        CampaignConfiguration(version_arn, campaign.min_provisioned_tps, exploration),
        last_good=version_of_campaign(context.instance, graph, campaign.solution),
        replace=replace,
    )


def known_sample(
    context: dg.AssetExecutionContext,
    graph: Graph,
    solution: Solution,
    s3: S3Resource,
    version_arn: str,
) -> KnownSample:
    """Known users and items to ask a version about; the same ones for the same version."""
    items = "items" in graph.attributes.prepared
    keys = [graph.key("cleaned_interactions"), *([graph.key("cleaned_items")] if items else [])]
    interactions_key, *items_key = (materialized(context, key)["parquet_key"] for key in keys)
    return sample_known(
        s3.store(),
        interactions_key,
        items_key[0] if items_key else None,
        users=graph.attributes.promotion.smoke_requests,
        seed=version_arn,
        event_type=solution.event_type,
    )


def smoke_test(
    graph: Graph,
    solution: Solution,
    sample: KnownSample,
    personalize: PersonalizeResource,
    report: Callable[[str], None],
) -> Callable[[str], SmokeReport]:
    """Asks a campaign of ``solution`` about the sample."""
    plan = SmokePlan(
        solution.spec.recipe_type,
        sample.users,
        sample.items,
        sample.all_items,
        strangers=_STRANGERS_WITH_EVENTS if graph.attributes.event_tracker else 0.0,
    )
    policy = personalize.wait(report)
    return lambda arn: run_smoke_test(personalize.get_runtime_client(), arn, plan, policy)


def refuse_what_failed_before(
    instance: dg.DagsterInstance, key: dg.AssetKey, version_arn: str
) -> None:
    """Refuse a version whose smoke test has failed: it would answer badly until it is rolled back.

    Raises:
        dagster.Failure: It failed, and has not stood the test since.
    """
    if newest_metadata(instance, key).get("solution_version_arn") == version_arn:
        return
    for record in instance.fetch_observations(key, limit=20).records:
        seen = record.event_log_entry.asset_observation
        values = {} if seen is None else {n: v.value for n, v in seen.metadata.items()}
        if values.get("solution_version_arn") == version_arn:
            raise dg.Failure(
                f"{version_arn} failed its smoke test before and is not tried again: "
                f"{values['complaints']}. To try it once more, materialize {key.to_user_string()} "
                "with the configuration `force: true`",
                allow_retries=False,
            )


def note_failure(
    context: dg.AssetExecutionContext, key: dg.AssetKey, failure: SmokeTestFailed
) -> dg.Failure:
    """Keep with the asset that a version failed its smoke test; give the failure of the step."""
    facts = {
        "solution_version_arn": failure.version_arn,
        "complaints": "; ".join(failure.complaints),
        "after": failure.after,
        "rolled_back_to": failure.rolled_back_to or "nothing",
    }
    context.log_event(
        dg.AssetObservation(key, metadata=facts, description="The smoke test failed.")
    )
    return dg.Failure(str(failure), metadata=facts, allow_retries=False)


def campaign_metadata(
    graph: Graph,
    solution: Solution,
    deployed: Deployed,
    titles: ItemTitles,
    personalize: PersonalizeResource,
) -> dict[str, Any]:
    """A preview with titles, latencies, and how to ask the campaign from a terminal."""
    serving, report = deployed.campaign, deployed.report
    names = title_lookup(titles)
    preview = next((a for a in report.answers if a.asked != COLD_USER), report.answers[0])
    return {
        "preview": dg.MetadataValue.md(_preview(preview, names)),
        **ensured_metadata(serving.ensured),
        "unchanged": not (serving.ensured.created or serving.updated),
        "solution_version_arn": serving.ensured.description["solutionVersionArn"],
        "min_provisioned_tps": int(serving.ensured.description["minProvisionedTPS"]),
        "smoke_test": f"{len(report.answers)} requests, all answered with known items",
        "median_ms": round(report.median_ms, 2),
        "slowest_ms": round(report.slowest_ms, 2),
        "try": dg.MetadataValue.md(
            _commands(graph, solution, serving.ensured.arn, preview, personalize)
        ),
        "answers": dg.MetadataValue.json(
            [{"asked": a.asked, "items": list(a.items)} for a in report.answers]
        ),
    }


def title_lookup(titles: ItemTitles) -> Mapping[str, tuple[str, str]]:
    """Title and genres by item id."""
    columns = (titles.item_ids, titles.titles, titles.genres)
    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    return {item: (title, genres or "") for item, title, genres in rows}


def _preview(answer: SmokeAnswer, names: Mapping[str, tuple[str, str]]) -> str:
    """As many ranks of one answer as the UI shows without a click."""
    rows = [
        (rank, *names.get(item, (item, "")), "" if score is None else f"{score:.4f}")
        for rank, (item, score) in enumerate(zip(answer.items, answer.scores, strict=True), 1)
    ]
    for shown in range(len(rows), 0, -1):
        table = markdown_table(["rank", "title", "genres", "score"], rows[:shown])
        text = f"For {answer.asked}:\n\n{table}"
        if len(text) <= INLINE_CHARACTERS:
            return text
    return f"For {answer.asked}: {len(rows)} items"


def _commands(
    graph: Graph,
    solution: Solution,
    arn: str,
    answer: SmokeAnswer,
    personalize: PersonalizeResource,
) -> str:
    kind, _, asked = answer.asked.partition(" ")
    group = f" --group {graph.attributes.name}" if graph.attributes.name != "movielens" else ""
    if solution.spec.recipe_type == "PERSONALIZED_RANKING":
        operation, given = "get-personalized-ranking", f"--user-id {asked} --input-list"
        ours = f"rank --user-id {asked} --items {','.join(answer.items[:3])}"
        given = f"{given} {' '.join(answer.items[:3])}"
    else:
        operation, given = "get-recommendations", f"--{kind}-id {asked}"
        ours = f"{'similar' if kind == 'item' else 'recommend'} {given}"
    aws = personalize.command(
        f"{operation} --campaign-arn", f"{arn} {given}", "personalize-runtime"
    )
    return f"`personalize-assets {ours}{group}`\n\n`{aws}`"
