"""Solutions, their versions and their metrics: trained once, found again afterwards."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypedDict, cast

from personalize_assets.aws.ensuring import (
    Ensured,
    ensure_job,
    ensure_present,
    refuse_drift,
    tagging,
)
from personalize_assets.aws.kinds import (
    FAILED_STATUSES,
    SOLUTION,
    SOLUTION_VERSION,
    describe,
    find,
    sibling_arn,
)
from personalize_assets.aws.waiters import (
    ResourceFailed,
    WaitPolicy,
    call_patiently,
    wait_until_updated,
)
from personalize_assets.core.names import DEFAULT_TRAINING_DAYS

if TYPE_CHECKING:
    from types_boto3_personalize import PersonalizeClient
    from types_boto3_personalize.type_defs import SolutionConfigUnionTypeDef

TrainingMode = Literal["FULL", "UPDATE", "AUTOTRAIN"]


class _SolutionOptions(TypedDict, total=False):
    eventType: str
    solutionConfig: "SolutionConfigUnionTypeDef"
    performHPO: bool


def ensure_solution(
    personalize: "PersonalizeClient",
    name: str,
    dataset_group_arn: str,
    recipe_arn: str,
    policy: WaitPolicy,
    *,
    event_type: str | None = None,
    solution_config: "SolutionConfigUnionTypeDef | None" = None,
    perform_hpo: bool = False,
    auto_training_days: int | None = None,
    tags: Mapping[str, str] | None = None,
) -> Ensured:
    """Make sure that the solution ``name`` is active with this recipe and configuration.

    A solution's configuration cannot be changed; give it a name with the digest of it. Only whether
    and how often the service trains by itself can, and is changed where it differs.

    Args:
        personalize: boto3 client.
        name: Name of the solution.
        dataset_group_arn: The group, active.
        recipe_arn: The recipe.
        policy: Timeout, pace and progress of the waiting.
        event_type: Only interactions of this type are trained on.
        solution_config: As CreateSolution takes it.
        perform_hpo: Whether each training searches hyperparameters.
        auto_training_days: Days between two trainings that the service starts by itself; None: it
            starts none. ``performAutoTraining`` is always sent, because the service's own default
            is to retrain every seven days, at a price.
        tags: Given when the solution is created.

    Raises:
        ConfigurationDrift: A solution of this name has another recipe, group or configuration.
        ResourceFailed: Its creation failed.
        WaitTimeout: It was not ready in time.
    """
    options: _SolutionOptions = {}
    if event_type is not None:
        options["eventType"] = event_type
    if solution_config is not None:
        options["solutionConfig"] = solution_config
    if perform_hpo:
        options["performHPO"] = True
    made: _SolutionOptions = {**options}
    if auto_training_days is not None:
        made["solutionConfig"] = _with_schedule(solution_config, auto_training_days)
    arn = sibling_arn(dataset_group_arn, SOLUTION, name)

    def create() -> str:
        answer = personalize.create_solution(
            name=name,
            datasetGroupArn=dataset_group_arn,
            recipeArn=recipe_arn,
            performAutoTraining=auto_training_days is not None,
            **made,
            **tagging(tags),
        )
        return answer["solutionArn"]

    ensured = ensure_present(
        personalize,
        SOLUTION,
        lambda: arn if find(personalize, SOLUTION, arn) is not None else None,
        create,
        policy,
        f"solution {name}",
        tags,
    )
    wanted: dict[str, Any] = {
        "datasetGroupArn": dataset_group_arn,
        "recipeArn": recipe_arn,
        **dict.fromkeys(("eventType", "solutionConfig", "performHPO")),
        **options,
    }
    refuse_drift(f"solution {name}", wanted, _as_asked(ensured.description))
    return _ensure_auto_training(personalize, ensured, auto_training_days, policy)


def _with_schedule(
    solution_config: "SolutionConfigUnionTypeDef | None", days: int
) -> "SolutionConfigUnionTypeDef":
    """The configuration with a schedule of automatic training."""
    schedule = {"autoTrainingConfig": {"schedulingExpression": rate(days)}}
    return cast("SolutionConfigUnionTypeDef", {**(solution_config or {}), **schedule})


def rate(days: int) -> str:
    """Write a pace of automatic training as the service does.

    Example:
        >>> rate(1), rate(7)
        ('rate(1 day)', 'rate(7 days)')
    """
    return f"rate({days} day{'s' if days > 1 else ''})"


def _ensure_auto_training(
    personalize: "PersonalizeClient", solution: Ensured, days: int | None, policy: WaitPolicy
) -> Ensured:
    """Switch automatic training on or off, or change its pace, where that is not so already."""
    started = policy.clock()
    member = "latestSolutionUpdate"
    description = wait_until_updated(personalize, SOLUTION, solution.arn, member, policy)
    if _auto_training(description) == days:
        return replace(solution, description=description)
    update: dict[str, Any] = {"performAutoTraining": days is not None}
    if days is not None:
        schedule = {"schedulingExpression": rate(days)}
        update["solutionUpdateConfig"] = {"autoTrainingConfig": schedule}
    call_patiently(
        lambda: personalize.update_solution(solutionArn=solution.arn, **update),
        policy,
        f"update solution {solution.arn}",
    )
    before = _update_of(description).get("creationDateTime")
    description = wait_until_updated(personalize, SOLUTION, solution.arn, member, policy, before)
    made = _update_of(description)
    if made.get("status") in FAILED_STATUSES:
        raise ResourceFailed(solution.arn, str(made["status"]), made.get("failureReason"))
    waited_s = solution.waited_s + policy.clock() - started
    return replace(solution, description=description, waited_s=waited_s)


def _update_of(description: Mapping[str, Any]) -> Mapping[str, Any]:
    return description.get("latestSolutionUpdate") or {}


def _auto_training(description: Mapping[str, Any]) -> int | None:
    """Days between two automatic trainings of a solution; None where there are none."""
    if not description.get("performAutoTraining"):
        return None
    config: Mapping[str, Any] = description.get("solutionConfig") or {}
    schedule: Mapping[str, Any] = config.get("autoTrainingConfig") or {}
    expression = str(schedule.get("schedulingExpression", ""))
    return int("".join(filter(str.isdigit, expression)) or DEFAULT_TRAINING_DAYS)


def ensure_solution_version(
    personalize: "PersonalizeClient",
    solution_arn: str,
    name: str,
    policy: WaitPolicy,
    *,
    training_mode: TrainingMode = "FULL",
    tags: Mapping[str, str] | None = None,
) -> Ensured:
    """Make sure that the version ``name`` of the solution is trained.

    Args:
        personalize: boto3 client.
        solution_arn: The solution, active.
        name: Name with the digests of data and configuration, so that the same training is done
            once; at most 60 characters. The active version of this name is returned, one in work
            is waited for, and failed or stopped ones get a successor.
        policy: Timeout, pace and progress of the waiting.
        training_mode: FULL, or UPDATE where the recipe allows it.
        tags: Given when the version is created.

    Raises:
        ResourceFailed: The training failed; the reason is in the message.
        WaitTimeout: It was not ready in time.
    """

    def create(candidate: str) -> str:
        answer = personalize.create_solution_version(
            name=candidate,
            solutionArn=solution_arn,
            trainingMode=training_mode,
            **tagging(tags),
        )
        return answer["solutionVersionArn"]

    return ensure_job(
        personalize,
        SOLUTION_VERSION,
        name,
        lambda candidate: _find_version(personalize, solution_arn, candidate),
        create,
        policy,
    )


def get_metrics(
    personalize: "PersonalizeClient", solution_version_arn: str, policy: WaitPolicy
) -> dict[str, float]:
    """The offline metrics of a trained version, by the service's own names.

    Raises:
        ClientError: There is no such version.
        WaitTimeout: The service was not ready to tell.
    """
    answer = call_patiently(
        lambda: personalize.get_solution_metrics(solutionVersionArn=solution_version_arn),
        policy,
        f"get metrics of {solution_version_arn}",
    )
    return dict(answer["metrics"])


def _find_version(personalize: "PersonalizeClient", solution_arn: str, name: str) -> str | None:
    """Find a version by its name, which only DescribeSolutionVersion tells."""
    pages = personalize.get_paginator("list_solution_versions").paginate(solutionArn=solution_arn)
    arns = [
        str(version.get("solutionVersionArn"))
        for page in pages
        for version in page["solutionVersions"]
    ]
    for arn in arns:
        # Versions without a name of their own are seen as "<solution name>/<8 hex digits>".
        found = str(describe(personalize, SOLUTION_VERSION, arn).get("name", ""))
        if found.rpartition("/")[2] == name:
            return arn
    return None


def _as_asked(description: Mapping[str, Any]) -> dict[str, Any]:
    """A description as it compares with what was asked for.

    Without the schedule of automatic training, which may change and which the service fills in by
    itself; and with the names of searched hyperparameters without the prefix that it puts before
    some, such as ``training.bptt``.
    """
    config: dict[str, Any] = {**(description.get("solutionConfig") or {})}
    config.pop("autoTrainingConfig", None)
    search: dict[str, Any] = {**(config.get("hpoConfig") or {})}
    ranges: Mapping[str, list[dict[str, Any]]] = search.get("algorithmHyperParameterRanges") or {}
    if ranges:
        plain = {
            kind: [{**one, "name": str(one["name"]).rpartition(".")[2]} for one in listed]
            for kind, listed in ranges.items()
        }
        config["hpoConfig"] = {**search, "algorithmHyperParameterRanges": plain}
    return {**description, "solutionConfig": config}
