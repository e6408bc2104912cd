"""Solutions, their versions and their metrics: trained once, found again afterwards."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from personalize_assets.aws.ensuring import (
    Ensured,
    ensure_job,
    ensure_present,
    refuse_drift,
    tagging,
)
from personalize_assets.aws.kinds import SOLUTION, SOLUTION_VERSION, describe, find, sibling_arn
from personalize_assets.aws.waiters import WaitPolicy, call_patiently

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
    perform_auto_training: bool = False,
    tags: Mapping[str, str] | None = None,
) -> Ensured:
    """Make sure that the solution ``name`` is active with this recipe and configuration.

    A solution's configuration cannot be changed; give it a name with the digest of it.

    Args:
        personalize: boto3 client.
        name: Name of the solution.
        dataset_group_arn: The group, active.
        recipe_arn: The recipe.
        policy: Timeout, pace and progress of the waiting.
        event_type: Only interactions of this type are trained on.
        solution_config: As CreateSolution takes it.
        perform_hpo: Whether each training searches hyperparameters.
        perform_auto_training: Whether the service retrains by itself. Always sent, because the
            service's own default is to retrain every seven days, at a price.
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
    arn = sibling_arn(dataset_group_arn, SOLUTION, name)

    def create() -> str:
        answer = personalize.create_solution(
            name=name,
            datasetGroupArn=dataset_group_arn,
            recipeArn=recipe_arn,
            performAutoTraining=perform_auto_training,
            **options,
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
    )
    wanted: dict[str, Any] = {
        "datasetGroupArn": dataset_group_arn,
        "recipeArn": recipe_arn,
        "performAutoTraining": perform_auto_training,
        **dict.fromkeys(("eventType", "solutionConfig", "performHPO")),
        **options,
    }
    found = _without_schedule(ensured.description, solution_config or {})
    refuse_drift(f"solution {name}", wanted, found)
    return ensured


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


def _without_schedule(
    description: Mapping[str, Any], wanted_config: Mapping[str, Any]
) -> dict[str, Any]:
    """Forget the schedule of automatic training that the service fills in by itself."""
    config = dict(description.get("solutionConfig") or {})
    if "autoTrainingConfig" not in wanted_config:
        config.pop("autoTrainingConfig", None)
    return {**description, "solutionConfig": config}
