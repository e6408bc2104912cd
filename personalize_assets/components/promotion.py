"""The promotion gate, bound to Dagster: what is in service, what it is held against, what is said.

The decision itself is `core.promotion.decide`. The same gate stands in the blocking check of the
metrics, in the promotion and before a campaign is changed, so that no way leads around it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg
from botocore.exceptions import ClientError

from personalize_assets.aws.ensure import get_metrics
from personalize_assets.aws.kinds import error_code
from personalize_assets.components.assets.trained import metrics_key
from personalize_assets.components.attributes import Solution
from personalize_assets.components.graph import Graph, materialized, newest_metadata
from personalize_assets.components.previews import markdown_table
from personalize_assets.components.service_assets import retried, retry_policy
from personalize_assets.core.promotion import (
    Decision,
    Metrics,
    Outcome,
    Rule,
    Standing,
    applicable_rules,
    decide,
)
from personalize_assets.resources import PersonalizeResource

GATE = "promotion_gate"
"""Name of the blocking check of each served solution's metrics."""

Context = dg.AssetExecutionContext | dg.AssetCheckExecutionContext


def promoted_key(graph: Graph, solution: str) -> dg.AssetKey:
    """Key of the version of ``solution`` that may answer."""
    return graph.key(solution, "promoted_version")


def campaign_key(graph: Graph, solution: str) -> dg.AssetKey:
    """Key of the campaign of ``solution``."""
    return graph.key(solution, "campaign")


def baseline_of(graph: Graph, solution: Solution) -> Solution | None:
    """The solution that ``solution`` has to beat; None where none is comparable.

    A baseline answers for a user and nothing else, so only recipes that do the same are held
    against it: not those that answer for an item, order a given list or name users.
    """
    name = graph.attributes.promotion.baseline
    if name is None or name == solution.name or not _answers_for_user(solution):
        return None
    return graph.attributes.solution(name)


@dataclass(frozen=True)
class Judgement:
    """What the gate says of one version.

    Attributes:
        arn: The version.
        metrics: Its metrics.
        in_service: The version that was in service; None where there was none.
        decision: With every number.
        forced: Why a person has promoted it against the numbers; None where nobody has.
    """

    arn: str
    metrics: Metrics
    in_service: str | None
    decision: Decision
    forced: str | None = None

    @property
    def outcome(self) -> Outcome:
        """What becomes of the version."""
        if self.arn == self.in_service:
            return "unchanged"
        if self.decision.promote:
            return "promoted"
        return "refused" if self.forced is None else "forced"

    def sentence(self) -> str:
        """The decision in one line with all numbers."""
        if self.outcome == "unchanged":
            return f"unchanged: {self.arn} is in service already"
        if self.outcome == "forced":
            return f"forced, because {self.forced}, though {self.decision.sentence()}"
        return self.decision.sentence()

    def numbers(self) -> dict[str, Any]:
        """Metadata: the table of numbers, and the version that it was held against."""
        rows = [
            (
                judged.metric,
                *map(_shown, (judged.candidate, judged.in_service, judged.floor, judged.baseline)),
                "yes" if judged.holds else "no",
            )
            for judged in self.decision.numbers
        ]
        head = ["metric", "this version", "in service", "at least", "baseline", "holds"]
        return {
            "numbers": dg.MetadataValue.md(markdown_table(head, rows)),
            "held_against": self.in_service or "nothing in service yet",
            "said": self.sentence(),
        }


def decision_metadata(judgement: Judgement, before: Mapping[str, Any]) -> dict[str, Any]:
    """What was decided and by which numbers.

    Args:
        judgement: Of the version.
        before: Metadata of the asset's materialization before; where the version is unchanged, the
            numbers that it came into service by are told again.
    """
    same = before.get("held_against") is not None and before.get("judged") == judgement.arn
    told = judgement.numbers()
    if judgement.outcome == "unchanged" and same:
        table = dg.MetadataValue.md(str(before["numbers"]))
        told = {"numbers": table, **{name: before[name] for name in ("held_against", "said")}}
    reason = {} if judgement.forced is None else {"reason": judgement.forced}
    return {"decision": judgement.outcome, "judged": judgement.arn, **reason, **told}


def judge(
    context: Context, graph: Graph, solution: Solution, personalize: PersonalizeResource, arn: str
) -> Judgement:
    """Hold the version ``arn`` against what is in service and against the baseline.

    Raises:
        dagster.Failure: The baseline has no metrics yet.
    """
    in_service = version_in_service(context.instance, graph, solution.name)
    return judge_against(context, graph, solution, personalize, arn, in_service)


def judge_against(
    context: Context,
    graph: Graph,
    solution: Solution,
    personalize: PersonalizeResource,
    arn: str,
    in_service: str | None,
) -> Judgement:
    """Hold the version ``arn`` against the version ``in_service``, if any, and the baseline.

    Raises:
        dagster.Failure: The baseline has no metrics yet.
    """
    metrics = _metrics(context, personalize, arn)
    forced = _reason_of_force(context.instance, graph, solution.name, arn)
    if in_service == arn:
        return Judgement(arn, metrics, in_service, Decision(True, (), ()), forced)
    rules = applicable_rules(
        [Rule(one.name, one.max_drop) for one in graph.attributes.promotion.metrics],
        metrics,
        segments=solution.spec.recipe_type == "USER_SEGMENTATION",
    )
    standing = _standing(context, graph, solution, personalize, in_service)
    return Judgement(arn, metrics, in_service, decide(metrics, standing, rules), forced)


def _reason_of_force(
    instance: dg.DagsterInstance, graph: Graph, solution: str, arn: str
) -> str | None:
    """Why a person has promoted this version before; so a later run need not be told again."""
    promoted = newest_metadata(instance, promoted_key(graph, solution))
    return promoted.get("reason") if promoted.get("arn") == arn else None


def version_in_service(instance: dg.DagsterInstance, graph: Graph, solution: str) -> str | None:
    """ARN of the version that answers; None where none does yet.

    For a declared campaign that is the last one that stood its smoke test, also where a later one
    was promoted and then rolled back. Without one it is the version promoted last.
    """
    has_campaign = any(one.solution == solution for one in graph.attributes.campaigns)
    if has_campaign and (served := version_of_campaign(instance, graph, solution)):
        return served
    promoted = newest_metadata(instance, promoted_key(graph, solution))
    return str(promoted["arn"]) if promoted else None


def version_of_campaign(instance: dg.DagsterInstance, graph: Graph, solution: str) -> str | None:
    """ARN of the version with which the campaign stood its smoke test last; None before that."""
    served = newest_metadata(instance, campaign_key(graph, solution))
    return str(served["solution_version_arn"]) if served else None


def build_promotion_checks(graph: Graph) -> list[dg.AssetChecksDefinition]:
    """One gate for each solution that answers."""
    return [_gate(graph, solution) for solution in graph.attributes.served]


def describe_rules(graph: Graph, solution: Solution) -> str:
    """What a new version of ``solution`` has to hold, in words for the UI."""
    promotion, baseline = graph.attributes.promotion, baseline_of(graph, solution)
    if solution.spec.recipe_type == "USER_SEGMENTATION":
        said = "Metrics of user segments hold against the version in service."
    else:
        kept = ", ".join(f"{one.name} (less {one.max_drop:.0%})" for one in promotion.metrics)
        said = f"Holds against the version in service: {kept}."
    if baseline is not None:
        return f"{said} Is above `{baseline.name}` in each."
    return f"{said} {_why_no_baseline(graph, solution)}".rstrip()


def _gate(graph: Graph, solution: Solution) -> dg.AssetChecksDefinition:
    key, baseline = metrics_key(graph, solution.name), baseline_of(graph, solution)

    def promotion_gate(
        context: dg.AssetCheckExecutionContext, personalize: PersonalizeResource
    ) -> dg.AssetCheckResult:
        arn = str(materialized(context, key)["solution_version_arn"])
        judgement = judge(context, graph, solution, personalize, arn)
        return dg.AssetCheckResult(
            passed=judgement.outcome != "refused",
            severity=dg.AssetCheckSeverity.ERROR,
            description=judgement.sentence(),
            metadata={"solution_version_arn": arn, **judgement.numbers()},
        )

    return dg.asset_check(
        asset=key,
        name=GATE,
        blocking=True,
        additional_deps=[] if baseline is None else [metrics_key(graph, baseline.name)],
        description=describe_rules(graph, solution),
    )(retried(promotion_gate, retry_policy(graph)))


def _standing(
    context: Context,
    graph: Graph,
    solution: Solution,
    personalize: PersonalizeResource,
    in_service: str | None,
) -> Standing:
    notes: list[str] = []
    served: Mapping[str, float] | None = None
    if in_service is not None:
        served = _metrics_if_there(context, personalize, in_service)
        if served is None:
            notes.append(f"{in_service}, which was in service, does not exist any more")
    baseline = baseline_of(graph, solution)
    if baseline is None:
        if why := _why_no_baseline(graph, solution):
            notes.append(why)
        return Standing(served, notes=tuple(notes))
    against = _numbers(materialized(context, metrics_key(graph, baseline.name)))
    return Standing(served, against, baseline.name, tuple(notes))


def _why_no_baseline(graph: Graph, solution: Solution) -> str:
    baseline = graph.attributes.promotion.baseline
    if baseline is None or baseline == solution.name:
        return ""
    return (
        f"Not held against `{baseline}`, which answers for a user: {solution.recipe} is a recipe "
        f"of type {solution.spec.recipe_type}."
    )


def _answers_for_user(solution: Solution) -> bool:
    return solution.spec.recipe_type == "USER_PERSONALIZATION"


def _metrics(context: Context, personalize: PersonalizeResource, arn: str) -> dict[str, float]:
    return get_metrics(personalize.get_client(), arn, personalize.wait(context.log.info))


def _metrics_if_there(
    context: Context, personalize: PersonalizeResource, arn: str
) -> dict[str, float] | None:
    try:
        return _metrics(context, personalize, arn)
    except ClientError as error:
        if error_code(error) != "ResourceNotFoundException":
            raise
        return None


def _numbers(metadata: Mapping[str, Any]) -> dict[str, float]:
    return {name: value for name, value in metadata.items() if isinstance(value, float)}


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def refusal(solution: Solution, judgement: Judgement, *, what: Sequence[str] = ()) -> dg.Failure:
    """The failure that says each number, and how a person can decide otherwise."""
    said = "; ".join((*judgement.decision.reasons, *judgement.decision.notes, *what))
    return dg.Failure(
        f"{judgement.arn} of {solution.name} is not promoted: {said}. What is in service stays. "
        "To promote it all the same, materialize promoted_version with the configuration "
        "`force: true` and a `reason`",
        metadata=judgement.numbers(),
        allow_retries=False,
    )
