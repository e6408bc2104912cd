"""What asynchronous work makes of the things of a `World`: the statuses in between and the end.

Follows 02-lifecycles.md and the decisions of the engine's README. Uses no part of the engine.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from personalize_assets_tests.engine.life_cycles import growing
from personalize_assets_tests.engine.life_cycles.world import Thing, Work, World

MAX_ATTEMPTS: Final = 3
GRACE: Final = timedelta(seconds=5)
STOP_POLL: Final = timedelta(milliseconds=50)
WINDOW_S: Final = 15 * 60


@dataclass(frozen=True)
class Path:
    """The statuses that work leads through.

    Attributes:
        pending: Before it begins.
        running: Meanwhile.
        done: After success; None where the thing is gone then.
        failed: After a failure; None where there is none.
        of_update: Whether it is the status of the newest update; else of the thing.
        shown_twice: Whether the newest update shows the status of the thing.
    """

    pending: str
    running: str
    done: str | None
    failed: str | None
    of_update: bool = False
    shown_twice: bool = False

    @property
    def repeats(self) -> bool:
        """Whether the work changes no status: it comes again and again while a thing is ACTIVE."""
        return self.pending == self.done


_CREATE = Path("CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE", "CREATE FAILED")
_UPDATE = Path("CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE", "CREATE FAILED", of_update=True)
_REPEAT = Path("ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE")

PATHS: Final[dict[str, Path]] = {
    **dict.fromkeys(
        (
            "activate",
            "activate-attribution",
            "activate-solution",
            "import",
            "export",
            "train",
            "train-update",
            "train-recommender",
            "deploy",
            "batch-inference",
            "batch-segment",
        ),
        _CREATE,
    ),
    **dict.fromkeys(
        ("update-solution", "redeploy", "update-recommender", "update-recommender-model"), _UPDATE
    ),
    **dict.fromkeys(
        (
            "auto-train",
            "version-ready",
            "refresh",
            "refresh-model",
            "retrain",
            "retrain-model",
            "recommender-ready",
            "report-events",
        ),
        _REPEAT,
    ),
    "delete": Path("DELETE PENDING", "DELETE IN_PROGRESS", None, None),
    "delete-group": Path("DELETE PENDING", "DELETE PENDING", None, None),
    "delete-data": Path("PENDING", "IN_PROGRESS", "COMPLETED", "FAILED"),
    "stop": Path("CREATE STOPPING", "CREATE STOPPING", "CREATE STOPPED", None),
    "update-schema": Path(
        "UPDATE PENDING", "UPDATE IN_PROGRESS", "ACTIVE", "ACTIVE", shown_twice=True
    ),
    "stop-recommender": Path("STOP PENDING", "STOP IN_PROGRESS", "INACTIVE", None),
    "start-recommender": Path("START PENDING", "START IN_PROGRESS", "ACTIVE", None),
}
HEAVY: Final = frozenset(
    {
        "import",
        "export",
        "delete-data",
        "train",
        "train-update",
        "train-recommender",
        "refresh-model",
        "retrain-model",
        "update-recommender-model",
        "batch-inference",
        "batch-segment",
        "report-events",
    }
)
"""Work in a process of its own, which may run for long, fail, or be killed."""


def status_of(thing: Thing, path: Path) -> str | None:
    """The status that work is about."""
    if not path.of_update:
        return thing.status
    return thing.update.status if thing.update else None


def wanted(world: World, work: Work) -> Thing | None:
    """The thing that waits for the work; None if it is gone or no longer waits."""
    thing, path = world.things.get(work.arn), PATHS[work.kind]
    if thing is None or status_of(thing, path) not in (path.pending, path.running):
        return None
    return thing


def begin(world: World, work: Work, *, fault: bool = False) -> Thing | None:
    """Begin work; gives its thing unless it ended at once.

    Args:
        world: Changed.
        work: Which.
        fault: Whether it fails on purpose, as far as such work can.
    """
    thing, path = wanted(world, work), PATHS[work.kind]
    if thing is None:
        world.end(work)
        return None
    work.running, work.attempts = True, work.attempts + 1
    _move(world, thing, path, path.running)
    if fault and path.failed is not None and not path.repeats:
        fail(world, work)
        return None
    if work.kind == "delete-data" and not _is_active(world, thing.group):
        fail(world, work)
        return None
    work.memo = _AT_BEGIN.get(work.kind, lambda *_: None)(world, thing)
    return thing


def do(world: World, work: Work, *, fault: bool = False) -> None:
    """Begin and do work that takes no time."""
    thing, path = begin(world, work, fault=fault), PATHS[work.kind]
    if thing is None:
        return
    again = _LIGHT.get(work.kind, lambda *_: None)(world, thing, work)
    if again is not None:
        work.running, work.attempts = False, work.attempts - 1
        work.due = again
    elif path.done is not None:
        _move(world, thing, path, path.done)
        world.end(work)


def finish(world: World, work: Work) -> None:
    """End work in a process well; nobody may wait for it any more."""
    thing, path = wanted(world, work), PATHS[work.kind]
    if thing is None or path.done is None:
        world.end(work)
        return
    _HEAVY.get(work.kind, lambda *_: None)(world, thing, work)
    _move(world, thing, path, path.done)
    world.end(work)
    _then(world, thing, work)


def fail(world: World, work: Work) -> None:
    """End work badly."""
    thing, path = wanted(world, work), PATHS[work.kind]
    world.end(work)
    if thing is None:
        return
    if path.failed is not None:
        _move(world, thing, path, path.failed, failed=True)
    if work.kind == "report-events":
        _begin_reports(world, thing)


def crash(world: World, work: Work) -> None:
    """Let the process of work end without an answer: it begins again, or fails after the third."""
    if work.attempts >= MAX_ATTEMPTS:
        fail(world, work)
        return
    work.running, work.due = False, world.now


def put_back(world: World, work: Work) -> None:
    """Let an engine that ends put work back as if it had not begun."""
    work.running, work.due, work.attempts = False, world.now, work.attempts - 1


def _move(world: World, thing: Thing, path: Path, status: str, *, failed: bool = False) -> None:
    changed = status_of(thing, path) != status
    update = thing.update
    if changed and not path.of_update:
        thing.status, thing.updated, thing.failed = status, world.now, failed
    if update is not None and ((path.of_update and changed) or path.shown_twice):
        update.status, update.updated, update.failed = status, world.now, failed


def _is_active(world: World, arn: str | None) -> bool:
    thing = world.things.get(str(arn))
    return thing is not None and thing.status == "ACTIVE"


def _then(world: World, thing: Thing, work: Work) -> None:
    if work.kind in ("train", "train-update"):
        world.submit("version-ready", thing.arn)
    elif work.kind == "train-recommender":
        world.submit("recommender-ready", thing.arn)
    elif work.kind == "report-events":
        world.submit("report-events", thing.arn, work.memo - world.now)


def _next_window(world: World, _thing: Thing) -> datetime:
    return world.now + timedelta(seconds=WINDOW_S - world.now.timestamp() % WINDOW_S)


def _begin_reports(world: World, thing: Thing, _work: Work | None = None) -> None:
    world.submit("report-events", thing.arn, _next_window(world, thing) - world.now)


def _stop(world: World, thing: Thing, work: Work) -> datetime | None:
    others = [other for other in world.works_of(thing.arn) if other is not work]
    return world.now + STOP_POLL if others else None


def _delete(world: World, thing: Thing, work: Work) -> datetime | None:
    until = work.made + GRACE
    if not thing.seen and world.now < until:
        return until
    world.remove(thing.arn)
    return None


def _replace_schema(world: World, thing: Thing, _work: Work) -> None:
    assert thing.update is not None
    thing.shown["schemaArn"] = thing.update.wanted["schemaArn"]


def _import(world: World, thing: Thing, _work: Work) -> None:
    world.things[str(thing.parent)].facts["bulk"] = world.count_up()


def _with_files(world: World, thing: Thing) -> list[Thing]:
    """The datasets whose imported files a data deletion job will write anew."""
    with_users = ("INTERACTIONS", "USERS", "ACTION_INTERACTIONS")
    found = world.datasets(thing.group)
    return [found[name] for name in with_users if name in found and found[name].facts["bulk"]]


def _delete_data(world: World, thing: Thing, work: Work) -> None:
    # A dataset of the same name that was made meanwhile is another one.
    left = [each for each in work.memo if world.things.get(each.arn) is each]
    for dataset in left:
        dataset.facts["bulk"] = world.count_up()
    thing.shown["numDeleted"] = len(left)


_Step = Callable[[World, Thing, Work], datetime | None]
_AT_BEGIN: Final[dict[str, Callable[[World, Thing], object]]] = {
    "delete-data": _with_files,
    "report-events": _next_window,
    "refresh-model": growing.refreshed_mark,
    "retrain-model": growing.refreshed_mark,
    "train-recommender": growing.refreshed_mark,
    "update-recommender-model": growing.refreshed_mark,
}
_LIGHT: Final[dict[str, _Step]] = {
    "activate-attribution": _begin_reports,
    "activate-solution": growing.begin_schedule,
    "auto-train": growing.auto_train,
    "update-solution": growing.update_solution,
    "version-ready": growing.version_ready,
    "refresh": growing.refresh,
    "retrain": growing.retrain,
    "recommender-ready": growing.keep_up_to_date,
    "start-recommender": growing.keep_up_to_date,
    "update-recommender": growing.take_config,
    "deploy": growing.deploy,
    "redeploy": growing.redeploy,
    "update-schema": _replace_schema,
    "stop": _stop,
    "delete": _delete,
    "delete-group": _delete,
}
_HEAVY: Final[dict[str, _Step]] = {
    "import": _import,
    "delete-data": _delete_data,
    "train": growing.trained,
    "train-recommender": growing.new_model,
    "refresh-model": growing.new_model,
    "retrain-model": growing.new_model,
    "update-recommender-model": growing.new_model_and_config,
}
