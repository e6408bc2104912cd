"""From batch jobs of single solutions to the three batch jobs that a dataset group may have."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from personalize_assets.core.conversion.draft import Draft
from personalize_assets.core.conversion.nodes import Node
from personalize_assets.core.conversion.schedules import note_max_age
from personalize_assets.core.conversion.serving import read_exploration
from personalize_assets.core.conversion.solutions import Converted
from personalize_assets.core.conversion.tags import note_tags

_GIVEN: Final = ("jobName", "jobInput", "jobOutput", "roleArn", "solutionVersionArn")
"""Members that AWS's solution fills in by itself."""


@dataclass(frozen=True)
class _Job:
    """One batch job of the file.

    Attributes:
        solution: Name of its solution in ``defs.yaml``.
        node: Its object.
        config: Its ``serviceConfig``.
        entry: What an attribute says of it, apart from the solution.
    """

    solution: str
    node: Node
    config: Node
    entry: Mapping[str, Any]

    def attributes(self) -> tuple[tuple[str, dict[str, Any]], ...]:
        """Attributes that may stand for it, in the order in which they are tried."""
        inference = {"solution": self.solution, **self.entry}
        plain = {"solution": self.solution}
        return (("batch_inference", inference), ("batch_ranking", plain))


def convert_batch_jobs(solution: Converted, draft: Draft, filters: Mapping[str, str]) -> None:
    """Declare the batch jobs of a solution, where no other solution has one of that kind.

    Args:
        solution: The solution.
        draft: Gets ``batch_inference``, ``batch_ranking`` and ``batch_segment``.
        filters: Names of declared filters by names in the file.
    """
    for node in solution.node.children("batchInferenceJobs"):
        config = node.child("serviceConfig")
        entry = {**_results(config), **_filter(config, filters), **_exploration(config)}
        _note_themes(config)
        job = _Job(solution.name, node, config, entry)
        _declare(job, draft, *job.attributes())
    for node in solution.node.children("batchSegmentJobs"):
        config = node.child("serviceConfig")
        if config.has("filterArn"):
            config.notes.leave_out(
                config.place("filterArn"), config.raw("filterArn"), "segments are not filtered here"
            )
        job = _Job(solution.name, node, config, _results(config))
        entry = {"solution": solution.name, **job.entry}
        _declare(job, draft, ("batch_segment", entry))


def _declare(job: _Job, draft: Draft, *attributes: tuple[str, dict[str, Any]]) -> None:
    """Take in the first attribute that loads, unless the group has it already."""
    node, config = job.node, job.config
    note_tags(config, draft)
    config.read.update(_GIVEN)
    workflow = node.child("workflowConfig")
    note_max_age(workflow)
    refusals: list[str] = []
    for name, entry in attributes:
        taken = draft.attributes.get(name)
        if taken is not None:
            refusals.append(f"the group has one {name}, which is of {taken['solution']}")
        elif (refusal := draft.accept(**{name: entry})) is not None:
            refusals.append(refusal)
        else:
            _note_schedule(workflow, name)
            return
    workflow.read.add("schedule")
    node.notes.leave_out(
        node.path, job.solution, refusals[0], "declare a dataset group of its own for it"
    )


def _note_schedule(workflow: Node, name: str) -> None:
    schedule = workflow.text("schedule")
    if schedule is not None:
        workflow.notes.leave_out(
            workflow.place("schedule"),
            schedule,
            f"{name} has no times of its own: it runs with the main job, and at once for every "
            f"file that lands in batch_input",
            "have a file dropped there at those times, or run the main job",
        )


def _results(config: Node) -> dict[str, Any]:
    number = config.whole("numResults")
    return {} if number is None else {"num_results": number}


def _exploration(config: Node) -> dict[str, Any]:
    settings = config.child("batchInferenceJobConfig")
    if settings.has("rankingInfluence"):
        settings.notes.leave_out(
            settings.place("rankingInfluence"),
            settings.raw("rankingInfluence"),
            "no attribute stands for it",
        )
    exploration = read_exploration(settings)
    return {} if exploration is None else {"exploration": exploration}


def _filter(config: Node, filters: Mapping[str, str]) -> dict[str, str]:
    arn = config.text("filterArn")
    if arn is None:
        return {}
    name = filters.get(arn.rpartition("/")[2])
    if name is None:
        config.notes.leave_out(
            config.place("filterArn"), arn, "no filter of this name is declared", "declare it"
        )
        return {}
    return {"filter": name}


def _note_themes(config: Node) -> None:
    for member, silent in (
        ("batchInferenceJobMode", "BATCH_INFERENCE"),
        ("themeGenerationConfig", None),
    ):
        if (value := config.raw(member)) not in (None, silent):
            config.notes.leave_out(
                config.place(member), value, "themes are not declared in defs.yaml"
            )
