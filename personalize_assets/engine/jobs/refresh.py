"""Updates without training: every two hours new items come in, or trends are counted anew.

Only for the latest fully trained version of a solution, and only while a campaign answers from it;
for a recommender while it is ACTIVE; and only if data came since. One light job looks at the clock
and the data, one heavy job does the work. The same work makes versions with ``trainingMode``
UPDATE.
"""

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from personalize_assets.core.arns import Kind
from personalize_assets.engine.data import GroupSources, describe_group
from personalize_assets.engine.jobs.arrivals import SERVED, data_mark
from personalize_assets.engine.jobs.kinds import Again, JobFailed, Json, Outcome, Report, Step
from personalize_assets.engine.jobs.new_items import NEW_ITEMS, write_new_items
from personalize_assets.engine.jobs.states import CREATE, REPEAT, Course
from personalize_assets.engine.jobs.train import training_hours
from personalize_assets.engine.jobs.training import (
    MODEL,
    recommender_order,
    train_order,
    version_order,
)
from personalize_assets.engine.jobs.versions import latest_trained, spec_of
from personalize_assets.engine.store import Resource, Store
from personalize_assets.recipes.artifact import load_version

REFRESH_EVERY: Final = timedelta(hours=2)


@dataclass(frozen=True)
class Refresh:
    """Looks every two hours whether a model is to take new data in."""

    name: str = "refresh"
    course: Course = REPEAT

    def step(self, step: Step) -> Again | None:
        """Queue the work if there is something new; end when a newer version took over."""
        resource = step.resource
        if resource.kind is Kind.SOLUTION_VERSION:
            newest = latest_trained(step.store, str(resource.parent_arn))
            if newest is None or newest.arn != resource.arn:
                return None
        present = data_mark(step.store, resource.group_arn, SERVED)
        changed = present != resource.hidden.get("refreshed_on")
        if changed and _is_served(step.store, resource):
            step.submit(RefreshModel.name, resource.arn, None)
        return Again(step.now + REFRESH_EVERY)


@dataclass(frozen=True)
class RefreshModel:
    """Takes new items in beside a model, or counts trends anew into a new one."""

    name: str = "refresh-model"
    course: Course = REPEAT

    def exclusive(self, resource: Resource) -> str:
        """One change of a model at a time."""
        return f"model {resource.arn}"

    def prepare(self, store: Store, resource: Resource, now: datetime) -> Json:
        """Take the model and the places of the data along, or all that a training needs."""
        spec = spec_of(resource)
        if spec is None or "artifact" not in resource.hidden:
            raise JobFailed("There is no model to refresh")
        order = {"refreshed_on": data_mark(store, resource.group_arn, SERVED)}
        if spec.refresh != "recount":
            return order | _new_items_order(store, resource, resource, now)
        if resource.kind is Kind.RECOMMENDER:
            config = resource.body["recommenderConfig"]
            return order | recommender_order(store, resource, config)
        return order | version_order(store, resource, [])

    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        """Write the new items, or train."""
        noted = {"refreshed_on": order["refreshed_on"]}
        if "artifact" in order:
            return noted | _collect(order, workspace, report)
        return noted | train_order(order, workspace, report)

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
    """Begin to look every two hours, where the recipe has such updates; an earlier round ends.

    Args:
        step: Of a job on a version or recommender that is ACTIVE now, or will be after the job.
    """
    spec = spec_of(step.resource)
    end_rounds(step, Refresh.name)
    if spec is not None and spec.refresh != "none":
        step.submit(Refresh.name, step.resource.arn, step.now + REFRESH_EVERY)


def end_rounds(step: Step, kind: str) -> None:
    """End the repeated work of one kind on the resource of a job."""
    for job in step.store.jobs.of(step.resource.arn, {"pending"}):
        if job.kind == kind:
            step.store.jobs.finish(job.id, step.now, failed=False)


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
