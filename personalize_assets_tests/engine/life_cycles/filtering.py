"""Rules for filters, batch inference jobs and batch segment jobs."""

from dataclasses import dataclass
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from personalize_assets.core.arns import Kind
from personalize_assets_tests.engine.life_cycles.base import (
    IN_USE,
    INVALID,
    JOB_NAMES,
    LIMIT,
    NAMES,
    PICKS,
    ROLE,
    TAGS,
    Request,
    Wrong,
)
from personalize_assets_tests.engine.life_cycles.groups import Groups
from personalize_assets_tests.engine.life_cycles.growing import recipe_of
from personalize_assets_tests.engine.life_cycles.world import BEING_CREATED, Thing

_BATCHES: Final = (Kind.BATCH_INFERENCE_JOB, Kind.BATCH_SEGMENT_JOB)


@dataclass(frozen=True)
class Expression:
    """A filter expression to choose from.

    Attributes:
        text: Of the expression.
        dataset_type: Whose column it asks for; empty if it is none.
        column: Which one.
        target: What it keeps or leaves out.
    """

    text: str
    dataset_type: str = ""
    column: str = ""
    target: str = "ItemID"


EXPRESSIONS: Final = (
    Expression('EXCLUDE ItemID WHERE Items.GENRES IN ("a")', "ITEMS", "GENRES"),
    Expression(
        'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click")', "INTERACTIONS", "EVENT_TYPE"
    ),
    Expression("INCLUDE ItemID WHERE Items.YEAR > $YEAR", "ITEMS", "YEAR"),
    Expression(
        'INCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("click")',
        "INTERACTIONS",
        "EVENT_TYPE",
        "UserID",
    ),
    Expression("INCLUDE UserID WHERE Users.AGE > 3", "USERS", "AGE", "UserID"),
    Expression("INCLUDE ItemID WHERE Items.GENRES LIKE ("),
)


class Filtering(Groups):
    """What narrows answers down, and the batch jobs that use it."""

    @precondition(lambda self: self.world.counts[Kind.DATASET_GROUP])
    @rule(name=NAMES, pick=PICKS, expression=st.sampled_from(EXPRESSIONS), tags=TAGS)
    def create_filter(
        self, name: str, pick: int, expression: Expression, tags: tuple[tuple[str, str], ...]
    ) -> None:
        """What it asks for must be there."""
        self.new_filter(name, self.choose(Kind.DATASET_GROUP, pick), expression, tags)

    def new_filter(
        self,
        name: str,
        group_arn: str,
        expression: Expression,
        tags: tuple[tuple[str, str], ...] = (),
    ) -> bool:
        """Make a filter; tells whether it was accepted."""
        wrong: Wrong = set()
        arn = self.check_name(wrong, Kind.FILTER, name)
        group = self.need(wrong, Kind.DATASET_GROUP, group_arn)
        self.check_limit(wrong, 30, Kind.FILTER, group=group_arn)
        if group is not None:
            columns = self.columns_of(group).get(expression.dataset_type, ())
            if group.status != "ACTIVE" or expression.column not in columns:
                wrong.add(INVALID)
        request: Request = {
            "name": name,
            "datasetGroupArn": group_arn,
            "filterExpression": expression.text,
            **self.check_tags(wrong, tags),
        }
        if self.call("CreateFilter", request, wrong) is None:
            return False
        self.made(
            Kind.FILTER,
            arn,
            name,
            parent=group_arn,
            group=group_arn,
            tags=tags,
            shown={"datasetGroupArn": group_arn, "filterExpression": expression.text},
            facts={"expression": expression},
        )
        return True

    def create_filters_up_to_the_limit(self, pick: int) -> None:
        """There may be thirty in a group."""
        group_arn = self.choose(Kind.DATASET_GROUP, pick)
        for number in range(32):
            name = f"many-{number}"
            if self.check_name(set(), Kind.FILTER, name) in self.world.things:
                continue
            if not self.new_filter(name, group_arn, EXPRESSIONS[number % 2]):
                return

    @precondition(lambda self: self.world.counts[Kind.FILTER])
    @rule(pick=PICKS)
    def delete_filter(self, pick: int) -> None:
        """No batch job may be at work with it."""
        wrong: Wrong = set()
        arn = self.choose(Kind.FILTER, pick)
        found = self.need(wrong, Kind.FILTER, arn)
        for job in self.world.find(*_BATCHES, statuses=BEING_CREATED):
            if job.shown.get("filterArn") == arn:
                wrong.add(IN_USE)
        self.delete("DeleteFilter", "filterArn", arn, wrong, found)

    @precondition(lambda self: self.world.counts[Kind.SOLUTION_VERSION])
    @rule(
        number=JOB_NAMES,
        pick=PICKS,
        filtered=st.integers(0, 250),
        other=st.sampled_from((False, False, False, True)),
        odd=st.sampled_from((*[None] * 7, "numResults", "output", "exploration")),
        tags=TAGS,
    )
    def create_batch_job(
        self,
        number: int,
        pick: int,
        filtered: int,
        other: bool,
        odd: str | None,
        tags: tuple[tuple[str, str], ...],
    ) -> None:
        """A batch inference job or a batch segment job; five of each at a time."""
        wrong: Wrong = set()
        version_arn = self.choose(Kind.SOLUTION_VERSION, pick)
        segments = self._makes_segments(version_arn) != other
        kind = Kind.BATCH_SEGMENT_JOB if segments else Kind.BATCH_INFERENCE_JOB
        name = f"b{number}"
        arn = self.check_name(wrong, kind, name)
        if len(self.world.find(kind, statuses=BEING_CREATED)) >= 5:
            wrong.add(LIMIT)
        version = self.need_active(wrong, Kind.SOLUTION_VERSION, version_arn)
        request: Request = {
            "jobName": name,
            "solutionVersionArn": version_arn,
            "jobInput": {"s3DataSource": {"path": "s3://bucket/in.json"}},
            "jobOutput": {"s3DataDestination": {"path": "s3://bucket/out/"}},
            "roleArn": ROLE,
            **self.check_tags(wrong, tags),
        }
        if filtered < 100:
            request["filterArn"] = self.choose(Kind.FILTER, filtered)
            self._check_filter(wrong, request["filterArn"], version, segments=segments)
        self._add_odd(wrong, request, version, odd, segments=segments)
        if version is not None:
            self._check_version(wrong, version, "users" if segments else "items")
        operation = "CreateBatchSegmentJob" if segments else "CreateBatchInferenceJob"
        if self.call(operation, request, wrong) is not None:
            assert version is not None
            shown = {"solutionVersionArn": version_arn, "numResults": 25}
            if "filterArn" in request:
                shown["filterArn"] = request["filterArn"]
            self.made(
                kind,
                arn,
                name,
                parent=version_arn,
                group=version.group,
                work="batch-segment" if segments else "batch-inference",
                tags=tags,
                shown=shown,
            )

    def _makes_segments(self, version_arn: str) -> bool:
        version = self.world.things.get(version_arn)
        recipe = None if version is None else recipe_of(version)
        return recipe is not None and recipe.batch == "users"

    def _check_version(self, wrong: Wrong, version: Thing, answers: str) -> None:
        recipe = recipe_of(version)
        if recipe is not None and recipe.batch != answers:
            wrong.add(INVALID)
        if self.world.things[str(version.parent)].status != "ACTIVE":
            wrong.add(IN_USE)

    def _check_filter(
        self, wrong: Wrong, arn: str, version: Thing | None, *, segments: bool
    ) -> None:
        found = self.need_active(wrong, Kind.FILTER, arn)
        if found is None:
            return
        if version is not None and found.group != version.group:
            wrong.add(INVALID)
        if found.facts["expression"].target != ("UserID" if segments else "ItemID"):
            wrong.add(INVALID)

    def _add_odd(
        self,
        wrong: Wrong,
        request: Request,
        version: Thing | None,
        odd: str | None,
        *,
        segments: bool,
    ) -> None:
        if odd == "numResults":
            request["numResults"] = 0
            wrong.add(INVALID)
        elif odd == "output":
            request["jobOutput"] = {"s3DataDestination": {"path": "s3://bucket/out"}}
            wrong.add(INVALID)
        elif odd == "exploration" and not segments:
            exploration = {"explorationWeight": "0.5"}
            request["batchInferenceJobConfig"] = {"itemExplorationConfig": exploration}
            recipe = None if version is None else recipe_of(version)
            if recipe is not None and not recipe.explores:
                wrong.add(INVALID)
