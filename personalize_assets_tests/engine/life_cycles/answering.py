"""Rules for campaigns and recommenders."""

from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from personalize_assets.core.arns import LATEST, Kind
from personalize_assets_tests.engine.life_cycles.base import (
    IN_USE,
    INVALID,
    LIMIT,
    NAMES,
    NOT_FOUND,
    PICKS,
    TAGS,
    Base,
    Request,
    Wrong,
)
from personalize_assets_tests.engine.life_cycles.growing import (
    SYNC,
    begin_redeploy,
    recipe_of,
)
from personalize_assets_tests.engine.life_cycles.recipes import (
    MOST_POPULAR,
    OTHER_DOMAIN,
    TOP_PICKS,
    UNKNOWN,
    USER,
    Recipe,
)
from personalize_assets_tests.engine.life_cycles.world import Thing, Update

_EXPLORATION: Final = {"itemExplorationConfig": {"explorationWeight": "0.3"}}
_CAMPAIGN_CONFIGS: Final[tuple[Request | None, ...]] = (
    None,
    {SYNC: True},
    _EXPLORATION,
    {},
    {SYNC: False, "enableMetadataWithRecommendations": True},
)
_FEWER_COLUMNS: Final = {"trainingDataConfig": {"excludedDatasetColumns": {"Items": ["GENRES"]}}}
_RECOMMENDER_CONFIGS: Final[tuple[Request | None, ...]] = (
    None,
    {"minRecommendationRequestsPerSecond": 2},
    _EXPLORATION,
    _FEWER_COLUMNS,
    {"minRecommendationRequestsPerSecond": 1, **_FEWER_COLUMNS},
    {},
)


class Answering(Base):
    """What answers in real time."""

    def _choose_version(self, pick: int, *, latest: bool) -> str:
        if latest:
            return f"{self.choose(Kind.SOLUTION, pick)}/{LATEST}"
        return self.choose(Kind.SOLUTION_VERSION, pick)

    def _need_version(self, wrong: Wrong, arn: str) -> Thing | None:
        """The ACTIVE version of an ACTIVE solution that a request means."""
        if not arn.endswith(LATEST):
            version = self.need_active(wrong, Kind.SOLUTION_VERSION, arn)
            if version is not None:
                self.need_active(wrong, Kind.SOLUTION, str(version.parent))
            return version
        solution = self.need_active(wrong, Kind.SOLUTION, arn.removesuffix(f"/{LATEST}"))
        if solution is None:
            return None
        version = self.world.newest_version(solution.arn)
        if version is None:
            wrong.add(IN_USE)
        return version

    @staticmethod
    def _check_config(wrong: Wrong, version: Thing | None, arn: str, config: Request) -> None:
        if config.get(SYNC) and not arn.endswith(LATEST):
            wrong.add(INVALID)
        recipe = None if version is None else recipe_of(version)
        if recipe is not None and (
            recipe.batch == "users" or ("itemExplorationConfig" in config and not recipe.explores)
        ):
            wrong.add(INVALID)

    @precondition(lambda self: self.world.counts[Kind.SOLUTION_VERSION])
    @rule(
        name=NAMES,
        pick=PICKS,
        latest=st.booleans(),
        config=st.sampled_from(_CAMPAIGN_CONFIGS),
        tags=TAGS,
    )
    def create_campaign(
        self,
        name: str,
        pick: int,
        latest: bool,
        config: Request | None,
        tags: tuple[tuple[str, str], ...],
    ) -> None:
        """There may be five in a group."""
        self.new_campaign(name, self._choose_version(pick, latest=latest), config, tags)

    def new_campaign(
        self,
        name: str,
        version_arn: str,
        config: Request | None = None,
        tags: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """Make a campaign."""
        wrong: Wrong = set()
        arn = self.check_name(wrong, Kind.CAMPAIGN, name)
        version = self._need_version(wrong, version_arn)
        self._check_config(wrong, version, version_arn, config or {})
        if version is not None:
            self.check_limit(wrong, 5, Kind.CAMPAIGN, group=version.group)
        given: Request = {"solutionVersionArn": version_arn}
        if config is not None:
            given["campaignConfig"] = config
        request = {"name": name, **given, **self.check_tags(wrong, tags)}
        if self.call("CreateCampaign", request, wrong) is not None:
            assert version is not None
            self.made(
                Kind.CAMPAIGN,
                arn,
                name,
                parent=version.parent,
                group=version.group,
                work="deploy",
                tags=tags,
                shown={"minProvisionedTPS": 1, **given},
            )

    @precondition(lambda self: self.world.counts[Kind.CAMPAIGN])
    @rule(
        pick=PICKS,
        version=st.integers(0, 299),
        latest=st.booleans(),
        config=st.sampled_from((None, None, None, *_CAMPAIGN_CONFIGS)),
        tps=st.sampled_from((None, 2, 2, 3, 3, 0)),
    )
    def update_campaign(
        self, pick: int, version: int, latest: bool, config: Request | None, tps: int | None
    ) -> None:
        """What is not given stays; not during another update."""
        wrong: Wrong = set()
        arn = self.choose(Kind.CAMPAIGN, pick)
        campaign = self.need(wrong, Kind.CAMPAIGN, arn)
        given: Request = {}
        if version < 100:
            given["solutionVersionArn"] = self._choose_version(version, latest=latest)
        if config is not None:
            given["campaignConfig"] = config
        if tps is not None:
            given["minProvisionedTPS"] = tps
        if not given or tps == 0:
            wrong.add(INVALID)
        if campaign is not None:
            self._check_campaign(wrong, campaign, given)
        if self.call("UpdateCampaign", {"campaignArn": arn, **given}, wrong) is not None:
            assert campaign is not None
            begin_redeploy(self.world, campaign, given)
            self.touched = arn

    def _check_campaign(self, wrong: Wrong, campaign: Thing, given: Request) -> None:
        if campaign.updating or campaign.status not in ("ACTIVE", "CREATE FAILED"):
            wrong.add(IN_USE)
        wanted = {**campaign.shown, **given}
        version = self._need_version(wrong, wanted["solutionVersionArn"])
        self._check_config(
            wrong, version, wanted["solutionVersionArn"], wanted.get("campaignConfig", {})
        )
        if version is not None and version.parent != campaign.parent:
            wrong.add(INVALID)

    @precondition(lambda self: self.world.counts[Kind.CAMPAIGN])
    @rule(pick=PICKS)
    def delete_campaign(self, pick: int) -> None:
        """Not during an update."""
        wrong: Wrong = set()
        arn = self.choose(Kind.CAMPAIGN, pick)
        campaign = self.need(wrong, Kind.CAMPAIGN, arn)
        if campaign is not None and campaign.updating:
            wrong.add(IN_USE)
        self.delete("DeleteCampaign", "campaignArn", arn, wrong, campaign)

    @precondition(lambda self: self.world.counts[Kind.DATASET_GROUP])
    @rule(
        name=NAMES,
        pick=PICKS,
        recipe=st.sampled_from((TOP_PICKS, MOST_POPULAR, TOP_PICKS, OTHER_DOMAIN, USER, UNKNOWN)),
        config=st.sampled_from(_RECOMMENDER_CONFIGS),
        tags=TAGS,
    )
    def create_recommender(
        self,
        name: str,
        pick: int,
        recipe: Recipe,
        config: Request | None,
        tags: tuple[tuple[str, str], ...],
    ) -> None:
        """A use case of the domain of its group; five in a group."""
        wrong: Wrong = set()
        arn = self.check_name(wrong, Kind.RECOMMENDER, name)
        group_arn = self.choose(Kind.DATASET_GROUP, pick)
        group = self.need_active(wrong, Kind.DATASET_GROUP, group_arn)
        if recipe is UNKNOWN:
            wrong.add(NOT_FOUND)
        if group is not None and (group.shown.get("domain") or "none") != recipe.domain:
            wrong.add(INVALID)
        if len(self.world.find(Kind.RECOMMENDER, group=group_arn)) >= 5:
            wrong.add(LIMIT)
        self._check_recommender_config(wrong, recipe, config or {})
        given: Request = {"datasetGroupArn": group_arn, "recipeArn": recipe.arn}
        request = {"name": name, **given, **self.check_tags(wrong, tags)}
        if config is not None:
            request["recommenderConfig"] = config
        if self.call("CreateRecommender", request, wrong) is not None:
            whole = {"minRecommendationRequestsPerSecond": 1, **(config or {})}
            self.made(
                Kind.RECOMMENDER,
                arn,
                name,
                parent=group_arn,
                group=group_arn,
                work="train-recommender",
                exclusive=f"model {arn}",
                tags=tags,
                shown={**given, "recommenderConfig": whole},
                facts={"refreshed": ()},
            )

    @staticmethod
    def _check_recommender_config(wrong: Wrong, recipe: Recipe, config: Request) -> None:
        if "itemExplorationConfig" in config and not recipe.explores:
            wrong.add(INVALID)

    @precondition(lambda self: self.world.counts[Kind.RECOMMENDER])
    @rule(pick=PICKS, config=st.sampled_from(_RECOMMENDER_CONFIGS[1:]))
    def update_recommender(self, pick: int, config: Request) -> None:
        """Other columns need a new training; no change is no update."""
        wrong: Wrong = set()
        arn = self.choose(Kind.RECOMMENDER, pick)
        found = self.need_active(wrong, Kind.RECOMMENDER, arn)
        present: dict[str, Any] = {}
        if found is not None:
            present = found.shown["recommenderConfig"]
            recipe = recipe_of(found)
            assert recipe is not None
            self._check_recommender_config(wrong, recipe, {**present, **config})
            if found.updating:
                wrong.add(IN_USE)
        request = {"recommenderArn": arn, "recommenderConfig": config}
        answer = self.call("UpdateRecommender", request, wrong)
        wanted = {**present, **config}
        if answer is None or wanted == present:
            return
        assert found is not None
        now = self.world.now
        found.update = Update({"recommenderConfig": wanted}, "CREATE PENDING", now, now)
        trains = "trainingDataConfig" in config and "trainingDataConfig" not in present
        if trains:
            self.world.submit("update-recommender-model", arn, exclusive=f"model {arn}")
        else:
            self.world.submit("update-recommender", arn)
        self.touched = arn

    @precondition(lambda self: self.world.counts[Kind.RECOMMENDER])
    @rule(pick=PICKS, other=st.sampled_from((False, False, False, True)))
    def start_or_stop_recommender(self, pick: int, other: bool) -> None:
        """From INACTIVE to ACTIVE and back."""
        wrong: Wrong = set()
        arn = self.choose(Kind.RECOMMENDER, pick)
        found = self.need(wrong, Kind.RECOMMENDER, arn)
        starts = (found is not None and found.status == "INACTIVE") != other
        verb, status = ("Start", "INACTIVE") if starts else ("Stop", "ACTIVE")
        if found is not None and (found.status != status or found.updating):
            wrong.add(IN_USE)
        if self.call(f"{verb}Recommender", {"recommenderArn": arn}, wrong) is not None:
            assert found is not None
            self.set_status(found, f"{verb.upper()} PENDING")
            self.world.submit(f"{verb.lower()}-recommender", arn)

    @precondition(lambda self: self.world.counts[Kind.RECOMMENDER])
    @rule(pick=PICKS)
    def delete_recommender(self, pick: int) -> None:
        """Not during an update."""
        wrong: Wrong = set()
        arn = self.choose(Kind.RECOMMENDER, pick)
        found = self.need(wrong, Kind.RECOMMENDER, arn)
        if found is not None and found.updating:
            wrong.add(IN_USE)
        self.delete("DeleteRecommender", "recommenderArn", arn, wrong, found)
