"""Which batch job a dropped file is for: its content says, and its name where that fits two."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

import dagster as dg

from personalize_assets.aws.objects import Bucket, ObjectInfo
from personalize_assets.components.graph import Graph
from personalize_assets.components.jobs import (
    batch_job_name,
    ranking_job_name,
    segments_job_name,
)
from personalize_assets.components.sensors.verdicts import Judge, Refusal, Route, Verdict
from personalize_assets.core.batch_format import Question, sniff_question

Routes = Mapping[Question, Sequence[Route]]
"""The declared jobs for each kind of line; of several, the first where no name decides."""

_LINES: Mapping[Question, str] = {
    "userId": '{"userId": "..."}',
    "itemId": '{"itemId": "..."}',
    "itemAttributes": '{"itemAttributes": "..."}',
    "itemList": '{"userId": "...", "itemList": ["..."]}',
}
_NAMED: Mapping[str, tuple[Question, ...]] = {
    "user": ("userId", "itemList"),
    "item": ("itemId", "itemAttributes"),
    "attribute": ("itemAttributes",),
    "rank": ("itemList",),
}


def input_routes(graph: Graph) -> Routes:
    """The declared batch jobs, by the kind of line that they take."""
    declared, routes = graph.attributes, dict[Question, list[Route]]()

    def add(question: Question | None, route: Route) -> None:
        if question is not None:
            routes.setdefault(question, []).append(route)

    # A file of items is for segments unless its name says otherwise.
    if declared.batch_segment is not None:
        field = declared.solution(declared.batch_segment.solution).spec.batch_field
        words = ("segment", "affinity")
        add(field, Route(segments_job_name(graph.id), "segment_input", "input_key", words))
    if declared.batch_inference is not None:
        field = declared.solution(declared.batch_inference.solution).spec.batch_field
        words = ("similar", "related", "inference", "recommend")
        add(field, Route(batch_job_name(graph.id), "batch_input", "input_key", words))
    if declared.batch_ranking is not None:
        add("itemList", Route(ranking_job_name(graph.id), "ranking_input", "input_key"))
    return routes


def input_job_names(graph_id: str) -> tuple[str, ...]:
    """Every job that a dropped file may have had its run of, declared or not any more."""
    return (batch_job_name(graph_id), segments_job_name(graph_id), ranking_job_name(graph_id))


def describe_routes(routes: Routes) -> str:
    """The lines that are taken, for people."""
    return " or ".join(_LINES[question] for question in routes)


def judge_input(routes: Routes) -> Judge:
    """Make the judge of dropped files."""

    def judge(_instance: dg.DagsterInstance, bucket: Bucket, entry: ObjectInfo) -> Verdict:
        if not entry.size:
            return Refusal("empty")
        question = sniff_question(bucket.read_start(entry.key))
        return choose_route(question, PurePosixPath(entry.key).name, routes)

    return judge


def choose_route(question: Question | None, name: str, routes: Routes) -> Verdict:
    """Choose the job for a file.

    Args:
        question: What its lines ask by; None where they ask nothing.
        name: Its name, which decides where its content is for more than one job.
        routes: The declared jobs.

    Example:
        >>> routes = {"userId": [Route("batch", "batch_input", "input_key")]}
        >>> choose_route("userId", "users.json", routes).job_name
        'batch'
        >>> choose_route("itemId", "users.json", routes).reason
        'asks by itemId though its name says user; batch jobs are declared for userId'
    """
    if question is None:
        return Refusal(f"not lines of {describe_routes(routes)}")
    doubt = _contradiction(question, name)
    fitting = routes.get(question, ())
    if not fitting:
        return Refusal(
            f"asks by {question}{doubt}; batch jobs are declared for {', '.join(routes)}"
        )
    named = [r for r in fitting if any(word in name.lower() for word in r.words)]
    chosen = (named or fitting)[0]
    return replace(chosen, remark=f"asks by {question}{doubt}: {chosen.job_name}" if doubt else "")


def _contradiction(question: Question, name: str) -> str:
    """How the name of a file is at odds with its content; empty where it is not."""
    said = [word for word in _NAMED if word in name.lower()]
    if not said or any(question in _NAMED[word] for word in said):
        return ""
    return f" though its name says {said[0]}"
