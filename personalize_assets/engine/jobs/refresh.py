"""Updates without training: new items come in, or trends are counted anew, every two hours.

Only for the latest fully trained version of a solution, and only while a campaign answers from it;
for a recommender while it is ACTIVE; and only if data came since. One light job looks at the clock
and the data, one heavy job does the work. The same work makes versions with ``trainingMode``
UPDATE. aws-semantic-similarity takes new items into its model every half hour where its solution
has ``performIncrementalUpdate``.
"""

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from personalize_assets.core.arns import Kind
from personalize_assets.engine.data import GroupSources, describe_group
from personalize_assets.engine.jobs.arrivals import data_mark, refreshed_types
from personalize_assets.engine.jobs.kinds import Again, JobFailed, Json, Outcome, Report, Step
from personalize_assets.engine.jobs.new_items import NEW_ITEMS, write_new_items
from personalize_assets.engine.jobs.repeating import end_rounds
from personalize_assets.engine.jobs.states import CREATE, REPEAT, Course
from personalize_assets.engine.jobs.train import training_hours
from personalize_assets.engine.jobs.training import (
    MODEL,
    recommender_order,
    refit_order,
    version_order,
)
from personalize_assets.engine.jobs.versions import INCREMENTAL, latest_trained, spec_of
from personalize_assets.engine.store import Resource, Store
from personalize_assets.recipes.artifact import load_version
from personalize_assets.recipes.spec import RecipeSpec

REFRESH_EVERY: Final = timedelta(hours=2)
UPDATE_EVERY: Final = timedelta(minutes=30)
"""Of incremental updates."""


@dataclass(frozen=True)
class Refresh:
    """Looks again and again whether a model is to take new data in."""

    name: str = "refresh"
    course: Course = REPEAT

    def step(self, step: Step) -> Again | None:
        """Queue the work if there is something new; end when a newer version took over."""
        resource, spec = step.resource, spec_of(step.resource)
        every = _period(spec)
        if every is None:
            return None
        if resource.kind is Kind.SOLUTION_VERSION:
            newest = latest_trained(step.store, str(resource.parent_arn))
            if newest is None or newest.arn != resource.arn:
                return None
        present = data_mark(step.store, resource.group_arn, refreshed_types(spec))
        changed = present != resource.hidden.get("refreshed_on")
        wanted = changed and _is_wanted(step.store, resource, spec)
        if wanted and _is_served(step.store, resource):
            step.submit(RefreshModel.name, resource.arn, None)
        return Again(step.now + every)


@dataclass(frozen=True)
class RefreshModel:
    """Takes new items in beside a model, or fits the model again."""

    name: str = "refresh-model"
    course: Course = REPEAT

    def exclusive(self, resource: Resource) -> str:
        """One change of a model at a time."""
        return f"model {resource.arn}"

    def prepare(self, store: Store, resource: Resource, now: datetime) -> Json:
        """Take the model and the places of the data along."""
        spec = spec_of(resource)
        if spec is None or "artifact" not in resource.hidden:
            raise JobFailed("There is no model to refresh")
        if resource.kind is Kind.RECOMMENDER:
            order = recommender_order(store, resource, resource.body["recommenderConfig"])
        else:
            order = version_order(store, resource)
        return {
            **order,
            **_new_items_order(store, resource, resource, now),
            "refit": spec.refresh != "new-items",
            "refreshed_on": data_mark(store, resource.group_arn, refreshed_types(spec)),
        }

    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        """Write the new items, or a new model."""
        work = refit_order if order["refit"] else _collect
        return work(order, workspace, report) | {"refreshed_on": order["refreshed_on"]}

    def finish(
        self, store: Store, resource: Resource, result: Json, workspace: Path, version: str
    ) -> Outcome:
        """Put beside the model, or in its place, what was made."""
        place = store.artifacts.place_model
        hidden: dict[str, Any] = {"refreshed_on": result["refreshed_on"]}
        if (workspace / NEW_ITEMS).exists():
            hidden["refreshed"] = place(workspace / NEW_ITEMS, resource.arn, version)
        else:
            hidden["artifact"] = place(workspace / MODEL, resource.arn, version)
            hidden["joined_upto"] = result["upto_events"]
        return Outcome({}, hidden)


@dataclass(frozen=True)
class TrainUpdate:
    """Makes a version with ``trainingMode`` UPDATE: the latest trained model and the new items."""

    name: str = "train-update"
    course: Course = CREATE

    def exclusive(self, resource: Resource) -> str:
        """They do not hinder each other."""
        return ""

    def prepare(self, store: Store, resource: Resource, now: datetime) -> Json:
        """Take the model of the latest trained version along."""
        base = latest_trained(store, str(resource.parent_arn))
        if base is None:
            raise JobFailed("The solution has no version any more that was trained with FULL")
        order = _new_items_order(store, resource, base, now)
        return order | {"metrics": base.hidden["metrics"], "seen": base.hidden.get("joined_upto")}

    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        """Copy the model and write the new items."""
        began = datetime.now()
        shutil.copytree(order["artifact"], workspace / MODEL)
        _collect(order, workspace, report)
        seconds = (datetime.now() - began).total_seconds()
        return {"metrics": order["metrics"], "upto_events": order["seen"], "seconds": seconds}

    def finish(
        self, store: Store, resource: Resource, result: Json, workspace: Path, version: str
    ) -> Outcome:
        """Put both where campaigns and batch jobs find them."""
        place = store.artifacts.place_model
        return Outcome(
            body={"trainingHours": training_hours(result["seconds"])},
            hidden={
                "artifact": place(workspace / MODEL, resource.arn),
                "refreshed": place(workspace / NEW_ITEMS, resource.arn, version),
                "metrics": result["metrics"],
                "joined_upto": result["upto_events"],
            },
            then=("version-ready",),
        )


def begin_refreshing(step: Step) -> None:
    """Begin to look for new data, where the recipe has such updates; an earlier round ends.

    Args:
        step: Of a job on a version or recommender that is ACTIVE now, or will be after the job.
    """
    every = _period(spec_of(step.resource))
    end_rounds(step, Refresh.name)
    if every is not None:
        step.submit(Refresh.name, step.resource.arn, step.now + every)


def _period(spec: RecipeSpec | None) -> timedelta | None:
    """The time between two looks; None for recipes without such updates."""
    if spec is None:
        return None
    if spec.name in INCREMENTAL:
        return UPDATE_EVERY
    return None if spec.refresh == "none" else REFRESH_EVERY


def _is_wanted(store: Store, resource: Resource, spec: RecipeSpec | None) -> bool:
    """Tell whether updates are on; a solution may switch incremental ones off."""
    if spec is None or spec.name not in INCREMENTAL:
        return True
    solution = store.resources.get(str(resource.parent_arn))
    return solution is not None and solution.body.get("performIncrementalUpdate", True)


def _is_served(store: Store, resource: Resource) -> bool:
    if resource.kind is Kind.RECOMMENDER:
        return True
    campaigns = store.resources.find(Kind.CAMPAIGN, parent=resource.parent_arn)
    return any(campaign.hidden.get("deployed") == resource.arn for campaign in campaigns)


def _new_items_order(store: Store, resource: Resource, base: Resource, now: datetime) -> Json:
    return {
        "sources": describe_group(store, str(resource.group_arn)).to_json(),
        "artifact": str(store.artifacts.path(base.hidden["artifact"])),
        "now": int(now.timestamp()),
    }


def _collect(order: Json, workspace: Path, report: Report) -> Json:
    report("refreshing", 0)
    sources = GroupSources.from_json(order["sources"])
    version = load_version(Path(order["artifact"]))
    return {"n_new": write_new_items(workspace / NEW_ITEMS, sources, version, order["now"])}
