"""Stage deployed: campaigns, asked for real before the promoted version counts as serving."""

import dagster as dg

from personalize_assets.aws.campaigns import SmokeTestFailed, deploy_campaign
from personalize_assets.aws.ensure_serving import CampaignOfAnotherSolution
from personalize_assets.components.attributes.serving import Campaign
from personalize_assets.components.campaigns import (
    campaign_metadata,
    campaign_request,
    known_sample,
    note_failure,
    refuse_what_failed_before,
    smoke_test,
)
from personalize_assets.components.graph import Graph, materialized, newest_metadata
from personalize_assets.components.promotion import (
    campaign_key,
    decision_metadata,
    judge_against,
    promoted_key,
    refusal,
    version_of_campaign,
)
from personalize_assets.components.service_assets import service_asset
from personalize_assets.components.versions import versions_metadata
from personalize_assets.resources import PersonalizeResource, S3Resource


class CampaignConfig(dg.Config):
    """What a person allows once."""

    force: bool = False
    """Try a version again whose smoke test has failed before."""

    replace: bool = False
    """Delete a campaign that belongs to another solution; nothing answers until it is remade."""


def build_campaign_assets(graph: Graph) -> list[dg.AssetsDefinition]:
    """One asset a declared campaign."""
    return [_campaign(graph, campaign) for campaign in graph.attributes.campaigns]


def _campaign(graph: Graph, campaign: Campaign) -> dg.AssetsDefinition:
    solution = graph.attributes.solution(campaign.solution)
    promoted, key = promoted_key(graph, solution.name), campaign_key(graph, solution.name)
    spec = graph.spec(
        solution.name,
        "campaign",
        stage="deployed",
        kinds={"personalize"},
        deps=[promoted, *graph.keys(*(f"cleaned_{name}" for name in _sampled(graph)))],
        description=f"Answers in real time from the promoted version of `{solution.name}`. A "
        "version that fails its smoke test is rolled back.",
    )

    @service_asset(
        graph, name=f"{graph.id}_{solution.name.replace('-', '_')}_campaign", specs=[spec]
    )
    def serving_campaign(
        context: dg.AssetExecutionContext,
        config: CampaignConfig,
        personalize: PersonalizeResource,
        s3: S3Resource,
    ) -> dg.MaterializeResult:
        version = materialized(context, promoted)["arn"]
        serving = version_of_campaign(context.instance, graph, solution.name)
        judgement = judge_against(context, graph, solution, personalize, version, serving)
        if judgement.outcome == "refused":
            raise refusal(solution, judgement)
        if not config.force:
            refuse_what_failed_before(context.instance, key, version)
        sample = known_sample(context, graph, solution, s3, version)
        try:
            deployed = deploy_campaign(
                personalize.get_client(),
                campaign_request(context, graph, campaign, version, replace=config.replace),
                smoke_test(graph, solution, sample, personalize, context.log.info),
                personalize.wait(context.log.info),
                tags=graph.resource_tags(personalize.tags),
            )
        except SmokeTestFailed as failure:
            raise note_failure(context, key, failure) from failure
        except CampaignOfAnotherSolution as error:
            raise dg.Failure(
                f"{error}. Materialize {key.to_user_string()} with the configuration `replace: "
                "true` to delete it and make it anew; nothing answers in between",
                allow_retries=False,
            ) from error
        return dg.MaterializeResult(
            key,
            metadata={
                **campaign_metadata(graph, solution, deployed, sample.titles, personalize),
                **decision_metadata(judgement, newest_metadata(context.instance, key)),
                **versions_metadata(context.instance, graph, solution, judgement),
            },
            data_version=dg.DataVersion(version),
        )

    return serving_campaign


def _sampled(graph: Graph) -> list[str]:
    """Cleaned files that users and items to ask about are taken from."""
    return [name for name in ("interactions", "items") if name in graph.attributes.prepared]
