"""The work of a batch inference job: files of queries in S3 to files of recommendations.

A line is answered as a campaign with the same configuration would answer it. Knows neither files
nor how models score.
"""

import json
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from personalize_assets.core.arns import Kind
from personalize_assets.core.filters import BoundFilter, FilterError, bind, parse_filter
from personalize_assets.core.names import MAX_THEME_QUERIES
from personalize_assets.engine.data import GroupSources, LiveGroup, describe_group
from personalize_assets.engine.jobs.batch_files import answer_files
from personalize_assets.engine.jobs.batch_lines import (
    Query,
    format_answer,
    format_failure,
    parse_query,
)
from personalize_assets.engine.jobs.kinds import JobFailed, Json, Outcome, Report
from personalize_assets.engine.jobs.new_items import NEW_ITEMS, write_new_items
from personalize_assets.engine.jobs.states import ACTIVE, CREATE, Course
from personalize_assets.engine.jobs.themes import Themes
from personalize_assets.engine.jobs.versions import latest_trained
from personalize_assets.engine.serving.answerer import Answerer, Manner
from personalize_assets.engine.serving.asking import Query as Question
from personalize_assets.engine.serving.asking import Served
from personalize_assets.engine.serving.exploration import NewItems
from personalize_assets.engine.store import Resource, Store
from personalize_assets.recipes.artifact import SavedVersion, load_version
from personalize_assets.recipes.spec import QueryField, RecipeSpec

_THEMES: Final = "THEME_GENERATION"


@dataclass(frozen=True)
class BatchInference:
    """Answers every line of every input file with recommendations."""

    name: str = "batch-inference"
    course: Course = CREATE

    def exclusive(self, resource: Resource) -> str:
        """Batch jobs do not hinder each other."""
        return ""

    def prepare(self, store: Store, resource: Resource, now: datetime) -> Json:
        """Take the model, the places of the data and both addresses along."""
        body = resource.body
        return {
            **describe_version(store, resource),
            "config": body.get("batchInferenceJobConfig", {}),
            "item_name": body.get("themeGenerationConfig", {})
            .get("fieldsForThemeGeneration", {})
            .get("itemName"),
            "themes": body["batchInferenceJobMode"] == _THEMES,
            "now": now.isoformat(),
        }

    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        """Answer file after file; each output file is put in S3 when it is complete."""
        return answer_files(order, workspace, report, lambda: _Answers(order))

    def finish(
        self, store: Store, resource: Resource, result: Json, workspace: Path, version: str
    ) -> Outcome:
        """Nothing but counts: the output is in S3."""
        return Outcome(body={}, hidden=result)


def describe_version(store: Store, job: Resource) -> Json:
    """What a batch job takes along of its version, its filter and its addresses.

    Raises:
        JobFailed: The version or the filter cannot be used any more.
    """
    version = store.resources.get(job.parent_arn or "")
    if version is None or version.status != ACTIVE:
        raise JobFailed("The solution version is not ACTIVE any more")
    expression = None
    if "filterArn" in job.body:
        found = store.resources.get(job.body["filterArn"])
        if found is None or found.kind is not Kind.FILTER or found.status != ACTIVE:
            raise JobFailed(f"The filter is not ACTIVE any more: {job.body['filterArn']}")
        expression = found.body["filterExpression"]
    refreshed = version.hidden.get("refreshed")
    latest = latest_trained(store, str(version.parent_arn))
    return {
        "sources": describe_group(store, str(version.group_arn)).to_json(),
        "model": str(store.artifacts.path(version.hidden["artifact"])),
        "refreshed": str(store.artifacts.path(refreshed)) if refreshed else None,
        "refresh_first": latest is not None and latest.arn == version.arn,
        "solution": {
            name: version.body[name]
            for name in ("eventType", "solutionConfig")
            if name in version.body
        },
        "joined_upto": version.hidden.get("joined_upto"),
        "filter": expression,
        "input": job.body["jobInput"]["s3DataSource"]["path"],
        "output": job.body["jobOutput"]["s3DataDestination"]["path"],
        "n_results": job.body["numResults"],
    }


class FilterOfLines:
    """A job's filter with the values of each line.

    Args:
        expression: None for no filter.
    """

    def __init__(self, expression: str | None) -> None:
        self._filter = None if expression is None else parse_filter(expression)
        self._bound: dict[tuple[tuple[str, str], ...], BoundFilter] = {}

    def bind(self, query: Query) -> BoundFilter | None:
        """The filter for one line; equal values are bound once.

        Raises:
            FilterError: The values do not fit.
        """
        if self._filter is None:
            return None
        key = tuple(sorted(query.filter_values.items()))
        if key not in self._bound:
            if len(self._bound) > 1_000:
                self._bound.clear()
            self._bound[key] = bind(self._filter, query.filter_values)
        return self._bound[key]


def fields_of(spec: RecipeSpec) -> tuple[QueryField, ...]:
    """What a line must have."""
    if spec.recipe_type == "PERSONALIZED_RANKING":
        return ("userId", "itemList")
    return (spec.batch_field or "userId",)


def _new_items(order: Json, version: SavedVersion) -> NewItems:
    """What came after the training: looked for now with the latest version, else as refreshed."""
    if not order["refresh_first"] or version.spec.refresh != "new-items":
        return NewItems.read(Path(order["refreshed"] or Path(order["model"]) / NEW_ITEMS))
    now = int(datetime.fromisoformat(order["now"]).timestamp())
    path = Path(order["workspace"]) / NEW_ITEMS
    write_new_items(path, GroupSources.from_json(order["sources"]), version, now)
    return NewItems.read(path)


class _Answers:
    """Answers lines, and counts them."""

    def __init__(self, order: Json) -> None:
        version = load_version(Path(order["model"]))
        self._spec = version.spec
        self._fields = fields_of(self._spec)
        self._live = LiveGroup(GroupSources.from_json(order["sources"]))
        manner = Manner.of(self._spec, order["solution"], order["config"], order["joined_upto"])
        self._answerer = Answerer(version, manner, _new_items(order, version))
        self._filter = FilterOfLines(order["filter"])
        self._n_results: int = order["n_results"]
        self._now = datetime.fromisoformat(order["now"])
        self.most_lines = MAX_THEME_QUERIES if order["themes"] else None
        self._themes = None
        if order["themes"]:
            self._themes = Themes.of_items(self._live, order["item_name"])
        self._as_json: Callable[[str], str] = _Quoted().__getitem__
        self.answered = 0
        self.failed = 0

    def answer(self, lines: Sequence[str]) -> Generator[str]:
        """The answers to some lines, in their order."""
        queries = [parse_query(line, self._fields) for line in lines]
        asked, questions = self._ask(queries)
        served = self._serve(asked, questions)
        for query in asked:
            if query.error is not None:
                self.failed += 1
                yield format_failure(query)
                continue
            self.answered += 1
            yield self._format(query, next(served))

    def _ask(self, queries: Iterable[Query]) -> tuple[list[Query], list[Question]]:
        """Bind the filter of each line; a line whose values do not fit fails."""
        asked: list[Query] = []
        questions: list[Question] = []
        for query in queries:
            if query.error is None:
                try:
                    keep = self._filter.bind(query)
                except FilterError as error:
                    asked.append(Query(query.echo, f"User error: {error}"))
                    continue
                questions.append(
                    Question(
                        self._n_results,
                        query.user or None,
                        query.item or None,
                        keep=keep,
                        now=self._now,
                        context=query.context,
                    )
                )
            asked.append(query)
        return asked, questions

    def _serve(
        self, asked: Iterable[Query], questions: Sequence[Question]
    ) -> Generator[list[Served]]:
        if self._spec.recipe_type != "PERSONALIZED_RANKING":
            yield from self._answerer.recommend_many(self._live, questions)
            return
        good = (query for query in asked if query.error is None)
        for query, question in zip(good, questions, strict=True):
            ranked = self._answerer.rank(
                self._live, query.user, query.items, question.keep, context=query.context
            )
            yield ranked[: self._n_results]

    def _format(self, query: Query, served: Sequence[Served]) -> str:
        ids = [each.item_id for each in served]
        if self._themes is not None:
            theme = self._themes.theme_of(query.item, ids)
            more: dict[str, Any] = {
                "theme": theme.label,
                "itemsThemeRelevanceScores": [round(each, 7) for each in theme.relevance],
            }
            return format_answer(query, [self._as_json(item) for item in theme.items], more=more)
        scores = [each.score or 0.0 for each in served] if self._spec.serves_scores else None
        more = {}
        if self._spec.gives_reasons:
            more["reasons"] = [[each.reason] if each.reason else [] for each in served]
        return format_answer(query, [self._as_json(item) for item in ids], scores, more=more)


class _Quoted(dict[str, str]):
    """Each id once as JSON, not once per line."""

    def __missing__(self, item: str) -> str:
        text = self[item] = json.dumps(item)
        return text
