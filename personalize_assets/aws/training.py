"""From imported datasets to a trained solution version: solution and version in one step.

A solution is named after its configuration and a version after the data it was trained on, so that
the same training is never paid for twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from personalize_assets.aws.ensure import Ensured, ensure_solution, ensure_solution_version
from personalize_assets.aws.naming import digest_of, job_name
from personalize_assets.aws.waiters import WaitPolicy

if TYPE_CHECKING:
    from types_boto3_personalize import PersonalizeClient
    from types_boto3_personalize.type_defs import SolutionConfigUnionTypeDef


@dataclass(frozen=True)
class SolutionRequest:
    """What to train, and on what.

    Attributes:
        group_name: Name of the dataset group, the beginning of all names.
        group_arn: The group, active.
        name: Short name of the solution.
        recipe: Name of the recipe, such as ``aws-sims``.
        data: What identifies the imported data, for example the ARNs of the import jobs.
        event_type: Only events of this type are trained on.
        event_value_threshold: Only events with at least this value, as text.
        hyperparameters: ``algorithmHyperParameters``.
        feature_transformation_parameters: ``featureTransformationParameters``.
        config: Further members of ``solutionConfig``, such as ``eventsConfig``.
        perform_hpo: Whether each training searches hyperparameters.
        auto_training_days: Days between two trainings that the service starts by itself; None: it
            starts none. May change while the solution stands.
    """

    group_name: str
    group_arn: str
    name: str
    recipe: str
    data: tuple[str, ...]
    event_type: str | None = None
    event_value_threshold: str | None = None
    hyperparameters: Mapping[str, str] = field(default_factory=dict[str, str])
    feature_transformation_parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    config: Mapping[str, Any] = field(default_factory=dict[str, Any])
    perform_hpo: bool = False
    auto_training_days: int | None = None

    @property
    def solution_config(self) -> "SolutionConfigUnionTypeDef | None":
        """As CreateSolution takes it; None where nothing was asked for."""
        config = cast("SolutionConfigUnionTypeDef", dict(self.config))
        if self.event_value_threshold is not None:
            config["eventValueThreshold"] = self.event_value_threshold
        if self.hyperparameters:
            config["algorithmHyperParameters"] = dict(self.hyperparameters)
        if self.feature_transformation_parameters:
            config["featureTransformationParameters"] = dict(self.feature_transformation_parameters)
        return config or None

    @property
    def config_digest(self) -> str:
        """Digest of everything that makes one solution differ from another."""
        config: dict[str, Any] = {
            "recipe": self.recipe,
            "event_type": self.event_type,
            "config": self.solution_config,
        }
        if self.perform_hpo:
            config["perform_hpo"] = True
        return digest_of(config)


def ensure_requested_solution(
    personalize: "PersonalizeClient",
    request: SolutionRequest,
    policy: WaitPolicy,
    *,
    tags: Mapping[str, str] | None = None,
) -> Ensured:
    """Make sure that the solution of a request is there; its name tells its configuration.

    Raises:
        ResourceFailed: Its creation failed.
        WaitTimeout: It was not ready in time.
    """
    return ensure_solution(
        personalize,
        job_name(f"{request.group_name}-{request.name}", request.config_digest),
        request.group_arn,
        f"arn:aws:personalize:::recipe/{request.recipe}",
        policy,
        event_type=request.event_type,
        solution_config=request.solution_config,
        perform_hpo=request.perform_hpo,
        auto_training_days=request.auto_training_days,
        tags=tags,
    )


@dataclass(frozen=True)
class Trained:
    """A trained version and the solution that it belongs to."""

    solution_arn: str
    version: Ensured


def train_solution(
    personalize: "PersonalizeClient",
    request: SolutionRequest,
    policy: WaitPolicy,
    *,
    tags: Mapping[str, str] | None = None,
) -> Trained:
    """Make sure that the solution has a version trained on this data.

    Args:
        personalize: boto3 client.
        request: What to train, and on what.
        policy: Timeout, pace and progress of the waiting.
        tags: Given to what is created.

    Raises:
        ResourceFailed: The training failed; the reason is in the message.
        WaitTimeout: It was not ready in time.
    """
    solution = ensure_requested_solution(personalize, request, policy, tags=tags)
    version = ensure_solution_version(
        personalize,
        solution.arn,
        job_name(request.name, request.config_digest, *request.data),
        policy,
        tags=tags,
    )
    return Trained(solution.arn, version)
