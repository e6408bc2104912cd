"""What must hold after a kill and a restart: nothing acknowledged is lost, nothing is half-made."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from personalize_assets.core.arns import Kind
from personalize_assets.engine.jobs.states import ACTIVE, BEING_CREATED, BEING_DELETED
from personalize_assets.engine.store import Resource
from personalize_assets.recipes.artifact import load_version
from personalize_assets_tests.engine.crash.site import Site
from personalize_assets_tests.engine.crash.steps import N_EVENTS

_KEPT = ("artifact", "refreshed")
_ENDED = frozenset({ACTIVE, "COMPLETED", "INACTIVE"})


def inspect(site: Site) -> list[str]:
    """All that is wrong with a state after its jobs were taken up again; empty if nothing is.

    Args:
        site: Freshly opened.
    """
    site.run()
    faults = _lost(site) + _half_made(site) + _events(site)
    site.store.sweep(temporary=True)
    return faults + _files(site)


def _resources(site: Site) -> list[Resource]:
    found: list[Resource] = []
    for kind in Kind:
        found += site.store.resources.find(kind)
    return found


def _lost(site: Site) -> list[str]:
    there = {each.arn for each in _resources(site)}
    faults = [
        f"{arn} was acknowledged and is lost"
        for arn in site.memo.get("made", ())
        if arn not in there
    ]
    for each in _resources(site):
        for name in site.memo.get("deleted", ()):
            if each.arn == name and each.status not in BEING_DELETED:
                faults.append(f"{name} was deleted and is {each.status}")
    return faults


def _half_made(site: Site) -> list[str]:
    faults: list[str] = []
    for each in _resources(site):
        if each.status in BEING_CREATED or each.status not in {None, *_ENDED, *BEING_DELETED}:
            faults.append(f"{each.arn} stays {each.status}: {each.failure_reason}")
        for member in ("latestCampaignUpdate", "latestSolutionUpdate", "latestDatasetUpdate"):
            status = each.body.get(member, {}).get("status", ACTIVE)
            if status != ACTIVE:
                faults.append(f"{member} of {each.arn} stays {status}")
        faults += _unreadable(site, each)
    return faults


def _unreadable(site: Site, resource: Resource) -> list[str]:
    relative = resource.hidden.get("artifact")
    if relative is None:
        if resource.kind is Kind.SOLUTION_VERSION and resource.status == ACTIVE:
            return [f"{resource.arn} is ACTIVE without a model"]
        return []
    path = site.store.artifacts.path(relative)
    try:
        if resource.kind is Kind.DATASET:
            rows = pq.read_table(path).num_rows
            wanted = resource.hidden.get("rows", rows)
            return [] if rows == wanted else [f"{path} has {rows} rows, not {wanted}"]
        load_version(path)
    except (OSError, ValueError) as error:
        return [f"{path} of {resource.arn} cannot be read: {error}"]
    return []


def _events(site: Site) -> list[str]:
    faults: list[str] = []
    for table, whole in (("events", N_EVENTS), ("records", 1)):
        kept = int(site.store.database.query(f"SELECT count(*) FROM {table}")[0][0])
        acknowledged = site.memo.get(table, 0)
        if kept < acknowledged and not _may_be_deleted(site, table):
            faults.append(f"{acknowledged} {table} were acknowledged, {kept} are there")
        if kept % whole and not _may_be_deleted(site, table):
            faults.append(f"{kept} {table} are there: a call was taken in part")
    return faults


def _may_be_deleted(site: Site, table: str) -> bool:
    """Whether a data deletion job, or the deletion of the dataset, may have removed rows."""
    jobs: list[Any] = site.store.resources.find(Kind.DATA_DELETION_JOB)
    return bool(jobs) or bool(site.memo.get("deleted"))


def _files(site: Site) -> list[str]:
    root = site.store.artifacts.root
    named: set[Path] = set()
    for each in _resources(site):
        named |= {root / each.hidden[member] for member in _KEPT if member in each.hidden}
    found = {
        path for pattern in ("datasets/*/*/*/*/*", "models/*/*/*/*") for path in root.glob(pattern)
    }
    faults = [f"{path} is there and nothing names it" for path in found - named]
    faults += [f"{path} is named and is not there" for path in named - found]
    return faults + [f"{path} is left over" for path in (root / "tmp").iterdir()]
