"""Rules for describing, listing and tagging, and for requests that come from elsewhere."""

from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from personalize_assets.core.arns import Kind
from personalize_assets_tests.engine.life_cycles.base import (
    INVALID,
    NOT_FOUND,
    PICKS,
    TAGS,
    TOO_MANY_TAGS,
    Base,
    Request,
    Wrong,
)
from personalize_assets_tests.engine.life_cycles.checks import (
    FAMILIES,
    check_described,
    check_list,
)
from personalize_assets_tests.engine.life_cycles.figures import FIGURES
from personalize_assets_tests.engine.life_cycles.recipes import UNKNOWN, USER
from personalize_assets_tests.engine.life_cycles.world import UNTAGGED, Thing

KINDS: Final = tuple(FAMILIES)
_OWNED: Final = (
    ("DescribeRecipe", "recipeArn", USER.arn),
    ("DescribeRecipe", "recipeArn", UNKNOWN.arn),
    (
        "DescribeAlgorithm",
        "algorithmArn",
        "arn:aws:personalize:::algorithm/aws-user-personalization",
    ),
    (
        "DescribeFeatureTransformation",
        "featureTransformationArn",
        "arn:aws:personalize:::feature-transformation/JSON-percentile-filtering",
    ),
    ("ListRecipes", "domain", "ECOMMERCE"),
)


class Looking(Base):
    """What changes nothing, or only tags."""

    @rule(kind=st.sampled_from(KINDS), pick=PICKS)
    def describe(self, kind: Kind, pick: int) -> None:
        """A resource is as the model has it; being looked at ends the wait of a deletion."""
        wrong: Wrong = set()
        kind = self.known_kind(kind, pick)
        family = FAMILIES[kind]
        arn = self.choose(kind, pick)
        thing = self.need(wrong, kind, arn)
        answer = self.call(f"Describe{family.name}", {family.arn_member: arn}, wrong)
        if answer is not None:
            assert thing is not None
            check_described(self.world, thing, answer[family.member])
            self.world.see(thing)

    @rule(kind=st.sampled_from(KINDS), size=st.integers(1, 7), pick=st.integers(0, 199))
    def list_pages(self, kind: Kind, size: int, pick: int) -> None:
        """Pages hold every element once, the newest first, whatever their size."""
        kind = self.known_kind(kind, pick)
        family = FAMILIES[kind]
        request: Request = {"maxResults": size}
        wrong: Wrong = set()
        parent: str | None = None
        if family.parent is not None and pick < 100:
            parent = self.choose(family.parent, pick)
            request[family.parent_member] = parent
            found = self.need(wrong, family.parent, parent)
            # An unknown parent has nothing; only ListSolutionVersions refuses it.
            if found is None and kind is not Kind.SOLUTION_VERSION:
                wrong.discard(NOT_FOUND)
        listed: list[Request] = []
        while True:
            answer = self.call(f"List{family.name}s", request, wrong)
            if answer is None:
                return
            page = answer[family.list_key]
            listed += page
            assert len(page) <= size
            if "nextToken" not in answer:
                break
            assert len(page) == size
            request["nextToken"] = answer["nextToken"]
        check_list(self.world, kind, listed, parent=parent)

    @rule(kind=st.sampled_from(KINDS), other=st.sampled_from(KINDS), what=st.integers(0, 6))
    def look_elsewhere(self, kind: Kind, other: Kind, what: int) -> None:
        """With a foreign token, from another region, or at what the service owns."""
        if what < len(_OWNED):
            self._look_at_what_the_service_owns(_OWNED[what])
        elif what == len(_OWNED):
            self._look_from_another_region(kind)
        else:
            self._list_with_a_token_of_another_list(kind, other)

    def _list_with_a_token_of_another_list(self, kind: Kind, other: Kind) -> None:
        """A token is good for its own list alone."""
        family, more = FAMILIES[kind], FAMILIES[other]
        first = self.call(f"List{family.name}s", {"maxResults": 1}, set())
        assert first is not None
        token = first.get("nextToken")
        if token is not None and kind is not other:
            request = {"maxResults": 1, "nextToken": token}
            self.call(f"List{more.name}s", request, {"InvalidNextTokenException"})

    @rule(
        kind=st.sampled_from(KINDS),
        pick=PICKS,
        what=st.sampled_from(("tag", "untag", "untag", "list", "untag many")),
        tags=TAGS,
    )
    def tags(self, kind: Kind, pick: int, what: str, tags: tuple[tuple[str, str], ...]) -> None:
        """Add, take or list tags."""
        if what == "tag":
            self._tag_resource(kind, pick, tags)
        elif what == "list":
            self._list_tags_for_resource(kind, pick)
        else:
            self._untag_resource(kind, pick, many=what != "untag")

    def _tag_resource(self, kind: Kind, pick: int, tags: tuple[tuple[str, str], ...]) -> None:
        """Fifty tags at most, not on schemas and metric attributions."""
        wrong: Wrong = set()
        arn = self.choose(self.known_kind(kind, pick), pick)
        thing = self._need_taggable(wrong, arn)
        request = {"resourceArn": arn, **self.check_tags(wrong, tags)}
        if "tags" not in request:
            request["tags"] = []
        present = {} if thing is None else thing.tags
        if len({**present, **dict(tags)}) > 50:
            wrong.add(TOO_MANY_TAGS)
        if self.call("TagResource", request, wrong) is not None:
            assert thing is not None
            thing.tags = {**present, **dict(tags)}

    def _untag_resource(self, kind: Kind, pick: int, *, many: bool) -> None:
        """Keys that a resource does not have are no fault."""
        wrong: Wrong = set()
        arn = self.choose(self.known_kind(kind, pick), pick)
        thing = self._need_taggable(wrong, arn)
        keys = ["k", "unknown"]
        if many:
            keys += [f"n{number}" for number in range(50)]
            wrong.add("TooManyTagKeysException")
        if self.call("UntagResource", {"resourceArn": arn, "tagKeys": keys}, wrong) is not None:
            assert thing is not None
            thing.tags.pop("k", None)

    def _list_tags_for_resource(self, kind: Kind, pick: int) -> None:
        """As the model has them."""
        wrong: Wrong = set()
        arn = self.choose(self.known_kind(kind, pick), pick)
        thing = self._need_taggable(wrong, arn)
        answer = self.call("ListTagsForResource", {"resourceArn": arn}, wrong)
        if answer is not None:
            assert thing is not None
            found = {tag["tagKey"]: tag["tagValue"] for tag in answer["tags"]}
            assert found == thing.tags, arn

    def _need_taggable(self, wrong: Wrong, arn: str) -> Thing | None:
        # Any taggable kind will do, so that the ARN of another one is no fault.
        if arn.split(":")[5].split("/")[0] in UNTAGGED:
            wrong.add(INVALID)
            return None
        thing = self.world.things.get(arn)
        if thing is None:
            wrong.add(NOT_FOUND)
        return thing

    def _look_from_another_region(self, kind: Kind) -> None:
        """Nothing of this region is to be seen there."""
        self.tick()
        family = FAMILIES[kind]
        answer = self.site.call(f"List{family.name}s", {}, region="eu-west-1")
        FIGURES.called(f"List{family.name}s", answer.code)
        assert answer.body == {family.list_key: []}, answer
        for thing in self.world.find(kind)[:1]:
            request = {family.arn_member: thing.arn}
            answer = self.site.call(f"Describe{family.name}", request, region="eu-west-1")
            FIGURES.called(f"Describe{family.name}", answer.code)
            assert answer.code == NOT_FOUND, answer

    def _look_at_what_the_service_owns(self, which: tuple[str, str, str]) -> None:
        """Recipes and what belongs to them are always there."""
        operation, member, value = which
        self.call(operation, {member: value}, {NOT_FOUND} if value == UNKNOWN.arn else set())

    @precondition(lambda self: self.world.counts[Kind.METRIC_ATTRIBUTION])
    @rule(pick=PICKS)
    def list_metric_attribution_metrics(self, pick: int) -> None:
        """In the order in which they were added."""
        wrong: Wrong = set()
        arn = self.choose(Kind.METRIC_ATTRIBUTION, pick)
        found = self.need(wrong, Kind.METRIC_ATTRIBUTION, arn)
        wrong.discard(NOT_FOUND)
        request = {"metricAttributionArn": arn, "maxResults": 100}
        answer = self.call("ListMetricAttributionMetrics", request, wrong)
        if answer is not None:
            expected = [] if found is None else [name for name, _ in found.facts["metrics"]]
            assert [each["metricName"] for each in answer["metrics"]] == expected
