"""The workflow of `aws/` from an empty account to an empty account, one property a step.

A step is done when it is first asked for, after the steps it needs. Nothing here knows what
answers: the engine, the transcribed service or an account. What steps return is judged elsewhere.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from personalize_assets.aws.batch import BatchJob, BatchRequest, StagedInput, run_batch_inference
from personalize_assets.aws.batch import run_batch_segment as run_segments
from personalize_assets.aws.campaigns import (
    CampaignRequest,
    Deployed,
    SmokeTestFailed,
    deploy_campaign,
)
from personalize_assets.aws.deletion import Deleted, DeletionRequest, delete_users
from personalize_assets.aws.economy import list_running, reduce_campaign, remove_campaign
from personalize_assets.aws.ensure import (
    ensure_dataset_group,
    ensure_import,
)
from personalize_assets.aws.ensure_attribution import WantedMetric, ensure_metric_attribution
from personalize_assets.aws.ensure_recommenders import (
    EnsuredRecommender,
    RecommenderConfiguration,
    ensure_recommender,
)
from personalize_assets.aws.ensure_serving import (
    CampaignConfiguration,
    ensure_event_tracker,
    ensure_filter,
)
from personalize_assets.aws.ensure_training import get_metrics
from personalize_assets.aws.ensuring import Ensured
from personalize_assets.aws.exports import Exported, ExportRequest, export_dataset
from personalize_assets.aws.imports import Imported, ImportRequest, import_dataset
from personalize_assets.aws.inventory import Inventory, take_inventory
from personalize_assets.aws.naming import PROJECT_TAG
from personalize_assets.aws.prices import load_prices
from personalize_assets.aws.smoke import SmokePlan, SmokeReport, run_smoke_test
from personalize_assets.aws.teardown import TornDown, take_down
from personalize_assets.aws.training import SolutionRequest, Trained, train_solution
from personalize_assets.aws.updates import update_solution_version
from personalize_assets.aws.waiters import ResourceFailed
from personalize_assets.core.capacity import Traffic
from personalize_assets_tests.contract import tables
from personalize_assets_tests.contract.places import Place, Undisturbed

COMEDIES, DRAMAS = (
    f'INCLUDE ItemID WHERE Items.GENRES IN ("{genre}")' for genre in ("Comedy", "Drama")
)
METRICS = (
    WantedMetric("watched", "watch", "SAMPLECOUNT()"),
    WantedMetric("clicked", "click", "SAMPLECOUNT()"),
)


@dataclass
class Walk:
    """One walk through the workflow in one place.

    Attributes:
        place: Where.
        recipe: Of the solution that is deployed.
    """

    place: Place
    recipe: str = "aws-user-personalization"

    @cached_property
    def tags(self) -> Mapping[str, str]:
        return {PROJECT_TAG: self.place.name, "stage": "contract"}

    @cached_property
    def group(self) -> Ensured:
        return self._group(self.place.name)

    @cached_property
    def group_again(self) -> Ensured:
        return self._group(self.group.arn.rpartition("/")[2], {**self.tags, "stage": "again"})

    @cached_property
    def interactions(self) -> Imported:
        return self._import("interactions", tables.interactions())

    @cached_property
    def interactions_again(self) -> Imported:
        assert self.interactions
        return self._import("interactions", tables.interactions())

    @cached_property
    def items(self) -> Imported:
        return self._import("items", tables.items())

    @cached_property
    def more_items(self) -> Imported:
        assert self.items
        return self._import("items", tables.items(tables.KNOWN_ITEMS))

    @cached_property
    def failed_import(self) -> ResourceFailed:
        """The failure of an import, and the import that follows it under another name."""
        with self._disturbed.failing("CreateDatasetImportJob", "dataset import job"):
            try:
                self._job("failing")
            except ResourceFailed as failure:
                return failure
        raise AssertionError("the import did not fail")

    @cached_property
    def import_after_failure(self) -> Ensured:
        assert self.failed_import
        return self._job("failing")

    @cached_property
    def trained(self) -> Trained:
        assert self.interactions
        return train_solution(
            self.place.personalize, self._solution, self.place.policy, tags=self.tags
        )

    @cached_property
    def trained_twice(self) -> Trained:
        """The same again, which is found."""
        assert self.trained
        return train_solution(
            self.place.personalize, self._solution, self.place.policy, tags=self.tags
        )

    @cached_property
    def trained_again(self) -> Trained:
        """The same solution, which from now on trains itself every three days."""
        assert self.trained
        request = replace(self._solution, auto_training_days=3)
        return train_solution(self.place.personalize, request, self.place.policy, tags=self.tags)

    @cached_property
    def metrics(self) -> Mapping[str, float]:
        return get_metrics(self.place.personalize, self.trained.version.arn, self.place.policy)

    @cached_property
    def updated(self) -> Trained | None:
        assert self.more_items
        assert self.trained
        return update_solution_version(
            self.place.personalize,
            replace(self._solution, auto_training_days=3),
            "more items",
            self.place.policy,
            tags=self.tags,
        )

    @cached_property
    def campaign(self) -> Deployed:
        return self._deploy(self.trained.version.arn)

    @cached_property
    def moved_campaign(self) -> Deployed:
        assert self.updated is not None
        assert self.campaign
        return self._deploy(self.updated.version.arn, tps=2)

    @cached_property
    def rolled_back(self) -> SmokeTestFailed:
        """A deployment whose answers are not wanted; the version before answers again."""
        assert self.moved_campaign
        bad = self.trained.version.arn
        reports = iter([SmokeReport(), self._smoke(self.moved_campaign.campaign.ensured.arn)])
        request = CampaignRequest(self._campaign_name, CampaignConfiguration(bad))
        try:
            deploy_campaign(
                self.place.personalize, request, lambda _: next(reports), self.place.policy
            )
        except SmokeTestFailed as failure:
            return failure
        raise AssertionError("the deployment was accepted")

    @cached_property
    def ranking(self) -> SmokeReport:
        """Answers of a campaign that ranks."""
        request = replace(self._solution, name="ranking", recipe="aws-personalized-ranking")
        trained = train_solution(self.place.personalize, request, self.place.policy, tags=self.tags)
        wanted = CampaignConfiguration(trained.version.arn)
        plan = replace(self._plan, recipe_type="PERSONALIZED_RANKING")
        deployed = deploy_campaign(
            self.place.personalize,
            CampaignRequest(f"{self.place.name}-ranking", wanted),
            lambda arn: run_smoke_test(self.place.runtime, arn, plan, self.place.policy),
            self.place.policy,
            tags=self.tags,
        )
        return deployed.report

    @cached_property
    def filter(self) -> Ensured:
        """A filter, whose making the service refuses once: too many others are in work."""
        assert self.items
        with self._disturbed.refusing("CreateFilter"):
            return self._filter(COMEDIES)

    @cached_property
    def changed_filter(self) -> Ensured:
        assert self.filter
        return self._filter(DRAMAS)

    @cached_property
    def tracker(self) -> Ensured:
        """The event tracker, whose making is throttled once."""
        assert self.interactions
        with self._disturbed.throttling("CreateEventTracker"):
            return ensure_event_tracker(
                self.place.personalize,
                f"{self.place.name}-events",
                self.group.arn,
                self.place.policy,
                tags=self.tags,
            )

    @cached_property
    def event(self) -> Any:
        """One event sent as applications do."""
        return self.place.events.put_events(
            trackingId=self.tracker.description["trackingId"],
            userId="u1",
            sessionId="session-1",
            eventList=[{"eventType": "watch", "itemId": "i1", "sentAt": datetime.now(UTC)}],
        )

    @cached_property
    def attribution(self) -> Ensured:
        assert self.interactions
        return self._attribution(METRICS[:1])

    @cached_property
    def changed_attribution(self) -> Ensured:
        assert self.attribution
        return self._attribution(METRICS)

    @cached_property
    def batch(self) -> BatchJob:
        assert self.trained
        return run_batch_inference(
            self.place.personalize,
            self.place.bucket,
            replace(self._batch(tables.users_asked(), "users"), filter_arn=self.filter.arn),
            self.place.policy,
            tags=self.tags,
        )

    @cached_property
    def segments(self) -> BatchJob:
        request = replace(self._solution, name="segments", recipe="aws-item-affinity")
        trained = train_solution(self.place.personalize, request, self.place.policy, tags=self.tags)
        asked = self._batch(tables.items_asked(), "segments")
        return run_segments(
            self.place.personalize,
            self.place.bucket,
            replace(asked, version_arn=trained.version.arn),
            self.place.policy,
            tags=self.tags,
        )

    @cached_property
    def export(self) -> Exported:
        request = ExportRequest(
            f"{self.place.name}-interactions",
            self.interactions.dataset_arn,
            "contract",
            f"{self.place.folder}exports/",
            self.place.role_arn,
        )
        return export_dataset(
            self.place.personalize, self.place.bucket, request, self.place.policy, tags=self.tags
        )

    @cached_property
    def deletion(self) -> Deleted:
        assert self.export
        request = DeletionRequest(
            self.place.name,
            self.group.arn,
            ["u1"],
            "contract",
            f"{self.place.folder}forget/",
            self.place.role_arn,
        )
        return delete_users(
            self.place.personalize, self.place.bucket, request, self.place.policy, tags=self.tags
        )

    @cached_property
    def recommender(self) -> EnsuredRecommender:
        return self._recommender(RecommenderConfiguration("aws-vod-most-popular"))

    @cached_property
    def wider_recommender(self) -> EnsuredRecommender:
        assert self.recommender
        return self._recommender(RecommenderConfiguration("aws-vod-most-popular", 2))

    @cached_property
    def stopped_recommender(self) -> EnsuredRecommender:
        assert self.wider_recommender
        return self._recommender(RecommenderConfiguration("aws-vod-most-popular", 2, running=False))

    @cached_property
    def started_recommender(self) -> EnsuredRecommender:
        assert self.stopped_recommender
        return self._recommender(RecommenderConfiguration("aws-vod-most-popular", 2))

    @cached_property
    def inventory(self) -> Inventory:
        """What there is once all of this has been made."""
        return take_inventory(self.place.personalize, self.place.name)

    @cached_property
    def reduced_campaign(self) -> Mapping[str, Any]:
        """The campaign with less capacity, and then without any."""
        campaign = self.moved_campaign.campaign.ensured.arn
        client, policy = self.place.personalize, self.place.policy
        traffic, now = {campaign: Traffic(100, 0.1, 14)}, datetime.now(UTC)
        running = list_running(client, self.inventory, load_prices(), traffic, now)
        (ours,) = [one for one in running if one.found.arn == campaign]
        reduce_campaign(client, ours, policy)
        described = client.describe_campaign(campaignArn=campaign)["campaign"]
        remove_campaign(client, ours, policy)
        return described

    @cached_property
    def domain_teardown(self) -> TornDown:
        return self._take_down(f"{self.place.name}-domain")

    @cached_property
    def teardown(self) -> TornDown:
        return self._take_down(self.place.name)

    def everything(self) -> "Walk":
        """Take all steps, in the order in which they are written."""
        for name, step in vars(type(self)).items():
            if isinstance(step, cached_property):
                getattr(self, name)
        return self

    def _take_down(self, name: str) -> TornDown:
        return take_down(self.place.personalize, name, self.place.policy, lambda _: None)

    @property
    def _disturbed(self) -> Any:
        return self.place.disturbances or Undisturbed()

    @property
    def _solution(self) -> SolutionRequest:
        data = ("contract",)
        return SolutionRequest(self.place.name, self.group.arn, "main", self.recipe, data)

    @property
    def _campaign_name(self) -> str:
        return f"{self.place.name}-main"

    @property
    def _plan(self) -> SmokePlan:
        return SmokePlan(
            "USER_PERSONALIZATION", ("u1", "u2"), tables.ITEMS[:5], frozenset(tables.KNOWN_ITEMS)
        )

    def _group(self, name: str, tags: Mapping[str, str] | None = None, **more: Any) -> Ensured:
        return ensure_dataset_group(
            self.place.personalize, name, self.place.policy, tags=tags or self.tags, **more
        )

    def _import(self, dataset: str, content: bytes, group: Ensured | None = None) -> Imported:
        group = group or self.group
        name = group.arn.rpartition("/")[2]
        key = f"{self.place.folder}{name}/{dataset}.csv"
        self.place.bucket.write_bytes(key, content)
        request = ImportRequest(
            group_name=name,
            group_arn=group.arn,
            dataset_type=dataset,
            schema=tables.schema(dataset),
            csv_key=key,
            data_sha256=tables.sha256(content),
            role_arn=self.place.role_arn,
            copies=f"{self.place.folder}{name}/imported/",
            domain=group.description.get("domain"),
        )
        return import_dataset(
            self.place.personalize,
            self.place.bucket,
            request,
            self.place.policy,
            tags={**self.tags, PROJECT_TAG: name},
        )

    def _job(self, name: str) -> Ensured:
        self.place.bucket.write_bytes(f"{self.place.folder}again.csv", tables.interactions())
        return ensure_import(
            self.place.personalize,
            self.interactions.dataset_arn,
            f"{self.place.name}-{name}",
            self.place.uri("again.csv"),
            self.place.role_arn,
            self.place.policy,
            tags=self.tags,
        )

    def _deploy(self, version: str, tps: int = 1) -> Deployed:
        request = CampaignRequest(self._campaign_name, CampaignConfiguration(version, tps))
        return deploy_campaign(
            self.place.personalize, request, self._smoke, self.place.policy, tags=self.tags
        )

    def _smoke(self, campaign: str) -> SmokeReport:
        return run_smoke_test(self.place.runtime, campaign, self._plan, self.place.policy)

    def _filter(self, expression: str) -> Ensured:
        name = f"{self.place.name}-genre"
        return ensure_filter(
            self.place.personalize,
            name,
            self.group.arn,
            expression,
            self.place.policy,
            tags=self.tags,
        )

    def _attribution(self, metrics: tuple[WantedMetric, ...]) -> Ensured:
        return ensure_metric_attribution(
            self.place.personalize,
            f"{self.place.name}-attribution",
            self.group.arn,
            metrics,
            self.place.role_arn,
            self.place.policy,
            output_path=self.place.uri("attribution/"),
        )

    def _batch(self, lines: list[dict[str, Any]], name: str) -> BatchRequest:
        content = "".join(json.dumps(line) + "\n" for line in lines).encode()
        key = f"{self.place.folder}batch/{name}.json"
        self.place.bucket.write_bytes(key, content)
        staged = StagedInput(key, tables.sha256(content), len(lines))
        return BatchRequest(
            f"{self.place.name}-{name}",
            self.trained.version.arn,
            staged,
            f"{self.place.folder}results/",
            5,
            self.place.role_arn,
        )

    def _recommender(self, wanted: RecommenderConfiguration) -> EnsuredRecommender:
        return ensure_recommender(
            self.place.personalize,
            f"{self.place.name}-popular",
            self._domain_group.arn,
            wanted,
            self.place.policy,
            tags={**self.tags, PROJECT_TAG: f"{self.place.name}-domain"},
        )

    @cached_property
    def _domain_group(self) -> Ensured:
        """A group of a domain with the same interactions, which its use cases train on."""
        name = f"{self.place.name}-domain"
        tags = {**self.tags, PROJECT_TAG: name}
        group = self._group(name, tags, domain="VIDEO_ON_DEMAND")
        self._import("interactions", tables.interactions("Watch"), group)
        return group
