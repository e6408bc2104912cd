"""What works do to solutions, versions, campaigns and recommenders, also by themselves.

Automatic training, refreshing and retraining on the clock, and what follows a new version. See
`works` for the statuses meanwhile.
"""

from datetime import datetime, timedelta
from typing import Final

from personalize_assets.core.arns import LATEST, Kind
from personalize_assets_tests.engine.life_cycles.recipes import BY_NAME, CHOSEN_BY_AUTOML, Recipe
from personalize_assets_tests.engine.life_cycles.world import (
    BEING_CREATED,
    Mark,
    Thing,
    Update,
    Work,
    World,
)

FIRST_TRAINING: Final = timedelta(minutes=59)
LOOK_AGAIN: Final = timedelta(hours=1)
RETRAIN_EVERY: Final = timedelta(days=7)
MAX_VERSIONS: Final = 20
SYNC: Final = "syncWithLatestSolutionVersion"
CONFIGURED: Final = ("solutionVersionArn", "minProvisionedTPS", "campaignConfig")


def recipe_of(thing: Thing) -> Recipe | None:
    """The recipe of a solution, version or recommender; None while AutoML has not chosen one."""
    arn = thing.shown.get("recipeArn")
    return None if arn is None else BY_NAME[arn.rpartition("/")[2]]


def learned_mark(world: World, thing: Thing) -> Mark:
    """The data that are worth a training."""
    recipe = recipe_of(thing)
    return world.mark(thing.group, recipe.learns if recipe else ("INTERACTIONS",))


def refreshed_mark(world: World, thing: Thing) -> Mark:
    """The data that a refresh takes in."""
    recipe = recipe_of(thing)
    types = recipe.refreshes if recipe else ("INTERACTIONS", "ITEMS", "ACTIONS")
    return world.mark(thing.group, types)


def add_version(world: World, solution: Thing, arn: str, name: str, mode: str, how: str) -> Thing:
    """A new version, whose training waits."""
    shown = {"trainingMode": mode, "trainingType": how, "solutionArn": solution.arn}
    if "recipeArn" in solution.shown:
        shown["recipeArn"] = solution.shown["recipeArn"]
    version = world.add(
        Thing(
            Kind.SOLUTION_VERSION,
            arn,
            name,
            world.now,
            world.now,
            "CREATE PENDING",
            parent=solution.arn,
            group=solution.group,
            shown=shown,
        )
    )
    version.facts["learned"] = learned_mark(world, solution)
    version.facts["refreshed"] = refreshed_mark(world, solution)
    world.submit("train-update" if mode == "UPDATE" else "train", arn)
    return version


def begin_schedule(world: World, solution: Thing, _work: Work) -> None:
    """Begin automatic training anew."""
    _end(world, solution, "auto-train")
    if solution.shown["performAutoTraining"]:
        world.submit("auto-train", solution.arn, FIRST_TRAINING)


def auto_train(world: World, solution: Thing, work: Work) -> datetime | None:
    """Make a version by itself, if it is time and something is new."""
    if not solution.shown["performAutoTraining"]:
        return None
    period = timedelta(days=solution.facts["days"])
    versions = world.trained(solution.arn)
    since = [version for version in versions if version.created >= work.made]
    if since and world.now < since[0].created + period:
        return since[0].created + period
    present = learned_mark(world, solution)
    if not present:
        return world.now + (period if versions else LOOK_AGAIN)
    if versions and versions[0].facts["learned"] == present:
        return world.now + period
    if len(world.find(Kind.SOLUTION_VERSION, statuses=BEING_CREATED)) >= MAX_VERSIONS:
        return world.now + LOOK_AGAIN
    # Which id the engine takes is not foretold: the machine fills it in.
    add_version(
        world, solution, f"{solution.arn}/?", f"{solution.name}/?", "AUTOTRAIN", "AUTOMATIC"
    )
    return world.now + period


def update_solution(world: World, solution: Thing, work: Work) -> None:
    """Take over what the newest update wants."""
    assert solution.update is not None
    wanted = solution.update.wanted
    for member in ("performAutoTraining", "performIncrementalUpdate"):
        if member in wanted:
            solution.shown[member] = wanted[member]
    solution.facts["days"] = wanted.get("days", solution.facts["days"])
    begin_schedule(world, solution, work)


def trained(world: World, version: Thing, _work: Work) -> None:
    """Note which recipe AutoML chose."""
    if "recipeArn" not in version.shown:
        version.shown["recipeArn"] = BY_NAME[CHOSEN_BY_AUTOML].arn


def version_ready(world: World, version: Thing, _work: Work) -> None:
    """Let campaigns follow a new version, and begin to refresh it."""
    for campaign in world.find(
        Kind.CAMPAIGN, parent=version.parent, statuses={"ACTIVE", "CREATE FAILED"}
    ):
        if campaign.shown.get("campaignConfig", {}).get(SYNC) and not campaign.updating:
            begin_redeploy(world, campaign, {})
    if version.shown["trainingMode"] != "UPDATE":
        _begin_refreshing(world, version)


def begin_redeploy(world: World, campaign: Thing, given: dict[str, object]) -> None:
    """Begin an update of a campaign."""
    present = {name: campaign.shown[name] for name in CONFIGURED if name in campaign.shown}
    campaign.update = Update({**present, **given}, "CREATE PENDING", world.now, world.now)
    world.submit("redeploy", campaign.arn)


def resolve(world: World, asked: str) -> Thing | None:
    """The version that an ARN means now."""
    if asked.endswith(LATEST):
        return world.newest_version(asked.removesuffix(f"/{LATEST}"))
    return world.things.get(asked)


def deploy(world: World, campaign: Thing, _work: Work) -> None:
    """Let a new campaign answer from its version."""
    version = resolve(world, campaign.shown["solutionVersionArn"])
    assert version is not None
    campaign.facts["deployed"] = version.arn


def redeploy(world: World, campaign: Thing, _work: Work) -> None:
    """Let a campaign be as its newest update wants it, also one that failed before."""
    assert campaign.update is not None
    wanted = campaign.update.wanted
    version = resolve(world, wanted["solutionVersionArn"])
    assert version is not None
    campaign.shown.update(wanted)
    campaign.facts["deployed"] = version.arn
    campaign.update.wanted = {**wanted, "solutionVersionArn": version.arn}
    campaign.status, campaign.updated, campaign.failed = "ACTIVE", world.now, False


def refresh(world: World, thing: Thing, _work: Work) -> datetime | None:
    """Look whether a model is to take new data in."""
    recipe = recipe_of(thing)
    if recipe is None or recipe.every is None:
        return None
    is_version = thing.kind is Kind.SOLUTION_VERSION
    if is_version and world.trained(str(thing.parent), active=True)[:1] != [thing]:
        return None
    changed = refreshed_mark(world, thing) != thing.facts["refreshed"]
    if changed and _is_wanted(world, thing, recipe) and _is_served(world, thing):
        world.submit("refresh-model", thing.arn, exclusive=f"model {thing.arn}")
    return world.now + recipe.every


def new_model(world: World, thing: Thing, work: Work) -> None:
    """Take note of the data that are in the model now."""
    thing.facts["refreshed"] = work.memo


def new_model_and_config(world: World, recommender: Thing, work: Work) -> None:
    """Let a recommender be as its newest update wants it, with a new model."""
    new_model(world, recommender, work)
    take_config(world, recommender, work)


def take_config(world: World, recommender: Thing, _work: Work) -> None:
    """Let a recommender be as its newest update wants it."""
    assert recommender.update is not None
    recommender.shown["recommenderConfig"] = recommender.update.wanted["recommenderConfig"]


def retrain(world: World, recommender: Thing, _work: Work) -> datetime:
    """Have a recommender trained anew, unless there are no interactions any more."""
    if world.mark(recommender.group, ("INTERACTIONS",)):
        world.submit("retrain-model", recommender.arn, exclusive=f"model {recommender.arn}")
    return world.now + RETRAIN_EVERY


def keep_up_to_date(world: World, recommender: Thing, _work: Work) -> None:
    """Begin to retrain and to refresh a recommender."""
    _end(world, recommender, "retrain")
    world.submit("retrain", recommender.arn, RETRAIN_EVERY)
    _begin_refreshing(world, recommender)


def _begin_refreshing(world: World, thing: Thing) -> None:
    recipe = recipe_of(thing)
    _end(world, thing, "refresh")
    if recipe is not None and recipe.every is not None:
        world.submit("refresh", thing.arn, recipe.every)


def _end(world: World, thing: Thing, kind: str) -> None:
    """End works that wait."""
    for work in world.works_of(thing.arn):
        if work.kind == kind and not work.running:
            world.end(work)


def _is_wanted(world: World, thing: Thing, recipe: Recipe) -> bool:
    if not recipe.incremental:
        return True
    return world.things[str(thing.parent)].shown.get("performIncrementalUpdate", True)


def _is_served(world: World, thing: Thing) -> bool:
    if thing.kind is Kind.RECOMMENDER:
        return True
    campaigns = world.find(Kind.CAMPAIGN, parent=thing.parent)
    return any(campaign.facts.get("deployed") == thing.arn for campaign in campaigns)
