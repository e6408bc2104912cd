"""A rule that takes the next step of an ordinary life, as the guide's tutorial has it.

Random calls alone seldom get from a dataset group to batch jobs; and Hypothesis's simplest life,
which repeats the rule with the fewest arguments, becomes a walk through the whole API.
"""

from collections.abc import Callable
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from personalize_assets.core.arns import LATEST, Kind
from personalize_assets_tests.engine.life_cycles.answering import Answering
from personalize_assets_tests.engine.life_cycles.asking import Asking
from personalize_assets_tests.engine.life_cycles.base import PICKS
from personalize_assets_tests.engine.life_cycles.data_jobs import DataJobs
from personalize_assets_tests.engine.life_cycles.filtering import EXPRESSIONS, Filtering
from personalize_assets_tests.engine.life_cycles.groups import (
    INTERACTIONS,
    ITEMS,
    VOD,
    VOD_INTERACTIONS,
    VOD_ITEMS,
    Form,
)
from personalize_assets_tests.engine.life_cycles.growing import SYNC
from personalize_assets_tests.engine.life_cycles.looking import Looking
from personalize_assets_tests.engine.life_cycles.recipes import SEGMENTS, TOP_PICKS, USER
from personalize_assets_tests.engine.life_cycles.sending import Sending
from personalize_assets_tests.engine.life_cycles.tracking import METRICS, Tracking
from personalize_assets_tests.engine.life_cycles.training import Training
from personalize_assets_tests.engine.life_cycles.working import Working

_WEEK: Final = 7 * 86_400 + 3_600


class Guiding(
    Tracking, DataJobs, Filtering, Training, Answering, Sending, Asking, Looking, Working
):
    """What an ordinary client does next."""

    def __init__(self) -> None:
        super().__init__()
        self._round = 0
        self._refused: set[Kind] = set()

    @rule()
    def go_on(self) -> None:
        """Make what is missing; with everything there, use it, change it, and clear it away."""
        for kind, make in self._makers():
            if not self.world.counts[kind] and kind not in self._refused:
                make()
                if not self.world.counts[kind]:  # not before it is tried again
                    self._refused.add(kind)
                self.run_jobs(2)
                return
        uses = self._uses()
        self._round += 1
        if self._round % 5 == 0:
            self._refused.clear()
        uses[self._round % len(uses)]()
        self.run_jobs(2)

    def _makers(self) -> tuple[tuple[Kind, Callable[[], object]], ...]:
        job = self._round % 60
        return (
            (Kind.DATASET_GROUP, lambda: self.new_group("a", VOD if self._round % 3 else None)),
            (Kind.DATASET, self._new_datasets),
            (
                Kind.DATASET_IMPORT_JOB,
                lambda: self.create_dataset_import_job(
                    job, self._place("INTERACTIONS"), None, publish=False, tags=()
                ),
            ),
            (Kind.EVENT_TRACKER, lambda: self.create_event_tracker(0, ())),
            (Kind.FILTER, lambda: self.create_filter("a", 0, EXPRESSIONS[0], ())),
            (Kind.SOLUTION, self._new_solution),
            (Kind.SOLUTION_VERSION, lambda: self.new_version(self._solution())),
            (Kind.CAMPAIGN, self._new_campaign),
            (Kind.RECOMMENDER, self._new_recommender),
            (
                Kind.METRIC_ATTRIBUTION,
                lambda: self.create_metric_attribution("a", 0, METRICS[0], to_s3=True),
            ),
            (Kind.BATCH_INFERENCE_JOB, lambda: self.create_batch_job(job, 0, 0, False, None, ())),
        )

    def _uses(self) -> tuple[Callable[[], object], ...]:
        job = self._round % 60
        return (
            lambda: self.recommend(0, "GetRecommendations"),
            lambda: self.put_events(0, again=False, odd=None),
            lambda: self.new_version(self._solution()),
            lambda: self.update_campaign(0, 200, latest=False, config=None, tps=2),
            lambda: self.new_version(self._solution(), "UPDATE"),
            lambda: self.update_solution(0, {"performAutoTraining": True}),
            lambda: self.create_dataset_import_job(
                job, self._place("INTERACTIONS"), "INCREMENTAL", publish=True, tags=()
            ),
            lambda: self.create_dataset_export_job(
                job, self._place("ITEMS"), "ALL", "s3://bucket/out/"
            ),
            lambda: self.create_data_deletion_job(job, 0, "s3://bucket/users.csv", ()),
            lambda: self.start_or_stop_recommender(0, other=False),
            lambda: self.tick(_WEEK),
            lambda: self.put_records(2, "ITEMS", odd=False),
            lambda: self.restart(graceful=False),
            lambda: self.update_dataset(self._place("ITEMS"), 0),
            self._clear,
        )

    def _clear(self) -> None:
        self.clear_group(0, looks=True)
        self.tick(6)
        self.run_jobs(6)

    def _place(self, dataset_type: str) -> int:
        """What to choose to get the newest dataset of a type."""
        for dataset in self.world.find(Kind.DATASET):
            if dataset.shown["datasetType"] == dataset_type:
                return self.place_of(dataset)
        return 0

    def _solution(self) -> str:
        return self.choose(Kind.SOLUTION, 1)

    def _forms(self) -> tuple[Form, ...]:
        [group, *_] = self.world.find(Kind.DATASET_GROUP)
        return (VOD_INTERACTIONS, VOD_ITEMS) if "domain" in group.shown else (INTERACTIONS, ITEMS)

    def _new_datasets(self) -> None:
        group = self.world.find(Kind.DATASET_GROUP)[0].arn
        for form in self._forms():
            self.new_dataset(group, self.new_schema("a", form), form.dataset_type)

    def _new_solution(self) -> None:
        recipe = SEGMENTS if self._round % 4 == 3 else USER
        group = self.world.find(Kind.DATASET_GROUP)[0].arn
        request = {"name": "a", "datasetGroupArn": group, "recipeArn": recipe.arn}
        self.new_solution(request, recipe)

    def _new_campaign(self) -> None:
        if self._round % 2:
            self.new_campaign("a", self.choose(Kind.SOLUTION_VERSION, 1))
        else:
            self.new_campaign("a", f"{self._solution()}/{LATEST}", {SYNC: True})

    def _new_recommender(self) -> None:
        self.create_recommender("a", 0, TOP_PICKS, None, ())

    @precondition(lambda self: self.world.counts[Kind.DATASET_GROUP])
    @rule(pick=PICKS, looks=st.booleans())
    def clear_group(self, pick: int, looks: bool) -> None:
        """Delete all that a group has in the order that clients use; what is in use stays."""
        group = self.choose(Kind.DATASET_GROUP, pick)
        for kind, delete in (
            (Kind.CAMPAIGN, self.delete_campaign),
            (Kind.RECOMMENDER, self.delete_recommender),
            (Kind.SOLUTION, self.delete_solution),
            (Kind.EVENT_TRACKER, self.delete_event_tracker),
            (Kind.METRIC_ATTRIBUTION, self.delete_metric_attribution),
            (Kind.FILTER, self.delete_filter),
            (Kind.DATASET, self.delete_dataset),
        ):
            for thing in self.world.find(kind, group=group)[:3]:
                delete(self.place_of(thing))
            self.run_jobs(3)
            for thing in self.world.find(kind, group=group)[: 3 * looks]:
                self.describe(kind, self.place_of(thing))
        if group in self.world.things:
            self.delete_dataset_group(self.place_of(self.world.things[group]))
