"""What all rules of the machine share: calling, predicting, choosing.

A rule collects the exceptions that the documented rules foresee for its call. Where there are none
the call must be accepted, else refused with one of them: which of two faults is told first is not
documented.
"""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, Final

from botocore.loaders import Loader
from hypothesis import currently_in_test_context, note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from personalize_assets.core.arns import Kind
from personalize_assets_tests.engine.life_cycles.figures import FIGURES
from personalize_assets_tests.engine.life_cycles.site import Site
from personalize_assets_tests.engine.life_cycles.world import (
    ACCOUNT,
    AT_REST,
    BEING_DELETED,
    Thing,
    World,
    arn_of,
)

INVALID: Final = "InvalidInputException"
NOT_FOUND: Final = "ResourceNotFoundException"
EXISTS: Final = "ResourceAlreadyExistsException"
IN_USE: Final = "ResourceInUseException"
LIMIT: Final = "LimitExceededException"
TOO_MANY_TAGS: Final = "TooManyTagsException"
ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/personalize"

Wrong = set[str]
Request = dict[str, Any]

PICKS: Final = st.integers(0, 99)
"""Which of the known resources a call is about; the highest stand for ARNs that do not fit."""
NAMES: Final = st.sampled_from((*"abcdef", *"abcdef", "-a"))
JOB_NAMES: Final = st.integers(0, 60)
_TAG_LISTS: Final[tuple[tuple[tuple[str, str], ...], ...]] = (
    *[()] * 15,
    (("k", "v"),),
    (("k", "w"), ("l", "")),
    (("k", "v"), ("k", "w")),
    (("aws:k", "v"),),
    tuple((f"k{number}", "v") for number in range(51)),
)
TAGS: Final = st.sampled_from(_TAG_LISTS)
_UNKNOWN, _OTHER_REGION, _OTHER_KIND = 97, 95, 93


@cache
def _declared() -> dict[str, frozenset[str]]:
    """The exceptions that the service models name, by operation."""
    loader = Loader()
    return {
        operation: frozenset(error["shape"] for error in members.get("errors", ()))
        for service in ("personalize", "personalize-runtime", "personalize-events")
        for operation, members in loader.load_service_model(service, "service-2")[
            "operations"
        ].items()
    }


class Base(RuleBasedStateMachine):
    """An engine beside the model of what it must be like."""

    def __init__(self) -> None:
        super().__init__()
        FIGURES.examples += 1
        self.site = Site()
        self.world = World(self.site.clock.now)
        self.touched: str | None = None
        self._named: dict[Kind, str] = {}
        self._last: str | None = None

    def teardown(self) -> None:
        """Remove the engine."""
        self.site.close()

    def tick(self, seconds: float = 1) -> None:
        """Let time pass, for the engine and the model alike."""
        self.site.clock.advance(seconds)
        self.world.now = self.site.clock.now

    def call(
        self, operation: str, request: Mapping[str, Any], wrong: Collection[str]
    ) -> dict[str, Any] | None:
        """Call an operation and compare how it ends with what was foretold.

        Returns:
            The answer; None for a foreseen refusal.
        """
        self.tick()
        for value in request.values():
            thing = self.world.things.get(value) if isinstance(value, str) else None
            if thing is not None:
                self._named[thing.kind] = self._last = thing.arn
        answer = self.site.call(operation, request)
        FIGURES.called(operation, answer.code)
        expected = " or ".join(sorted(wrong)) or "success"
        got = f"{answer.code}: {answer.message}" if answer.code else "success"
        if currently_in_test_context():
            note(f"    {operation}({request}): {got}")
        fits = answer.code in wrong if wrong else answer.code is None
        assert fits, f"{operation}({request}) must end with {expected}, but ends with {got}"
        if answer.code is not None:
            assert answer.message, f"{operation} refuses without a message"
            known = _declared()[operation]
            assert answer.code in known, f"{operation} does not declare {answer.code}"
        return None if answer.code else answer.body

    def choose(self, kind: Kind, pick: int) -> str:
        """The ARN of a known resource, or one that does not fit.

        Even picks count from the newest on, every fourth is what the last calls were about.
        """
        known = self.world.find(kind)
        if pick >= _UNKNOWN or not known:
            return self._unknown(kind)
        named = self._named.get(kind)
        if pick % 4 == 3 and named in self.world.things:
            return named  # calls about the same thing, one after another, find the most
        if pick % 2:  # what is ACTIVE can do more
            known = [thing for thing in known if thing.status == "ACTIVE"] or known
        arn = known[pick // 2 % len(known)].arn
        if pick >= _OTHER_REGION:
            return arn.replace("us-east-1", "eu-west-1")
        if pick >= _OTHER_KIND:
            other = Kind.SCHEMA if kind is Kind.DATASET_GROUP else Kind.DATASET_GROUP
            return arn_of(other, "a")
        return arn

    def place_of(self, thing: Thing) -> int:
        """What to `choose` to get a thing, unless there are very many."""
        return 2 * min(self.world.find(thing.kind).index(thing), 45)

    def known_kind(self, kind: Kind, pick: int) -> Kind:
        """A kind, mostly one of which there is something; every fourth that of the last call."""
        last = self.world.things.get(self._last or "")
        if pick % 4 == 3 and last is not None:
            return last.kind
        if self.world.counts[kind] or pick % 8 == 0 or not self.world.things:
            return kind
        things = list(self.world.things.values())
        return things[pick % len(things)].kind

    def _unknown(self, kind: Kind) -> str:
        gone = self.world.gone.get(kind)
        if gone is not None and gone not in self.world.things:
            return gone
        return arn_of(kind, *("nobody", "ITEMS")[: kind.n_parts])

    def need(self, wrong: Wrong, kind: Kind, arn: str) -> Thing | None:
        """The thing that a request names, which must be there."""
        prefix = "solution" if kind is Kind.SOLUTION_VERSION else kind.value
        parts = arn.split(":")[5].split("/")
        if parts[0] != prefix or len(parts) != 1 + kind.n_parts:
            wrong.add(INVALID)
            return None
        thing = self.world.things.get(arn)
        if thing is None:
            wrong.add(NOT_FOUND)
        return thing

    def need_active(self, wrong: Wrong, kind: Kind, arn: str) -> Thing | None:
        """The thing that a request names, which must be ACTIVE."""
        thing = self.need(wrong, kind, arn)
        if thing is not None and thing.status != "ACTIVE":
            wrong.add(IN_USE)
        return thing

    @staticmethod
    def check_id(tail: str) -> None:
        """The last part of an ARN that the engine makes up."""
        assert len(tail) == 8, tail
        assert set(tail) <= set("0123456789abcdef"), tail

    def check_name(self, wrong: Wrong, kind: Kind, name: str) -> str:
        """The ARN that a name will have; it must be a name and must not be taken."""
        if name.startswith("-"):
            wrong.add(INVALID)
            return ""
        arn = arn_of(kind, name)
        if arn in self.world.things:
            wrong.add(EXISTS)
        return arn

    def check_limit(self, wrong: Wrong, most: int, *kinds: Kind, **where: Any) -> None:
        """There must not be as many already as a quota allows."""
        if len(self.world.find(*kinds, **where)) >= most:
            wrong.add(LIMIT)

    def check_tags(self, wrong: Wrong, tags: Collection[tuple[str, str]]) -> Request:
        """The member of a request that holds tags, if it is to have any."""
        keys = [key for key, _ in tags]
        if len(set(keys)) < len(keys) or any(key.startswith("aws:") for key in keys):
            wrong.add(INVALID)
        if len(set(keys)) > 50:
            wrong.add(TOO_MANY_TAGS)
        listed = [{"tagKey": key, "tagValue": value} for key, value in tags]
        return {"tags": listed} if tags else {}

    def made(
        self,
        kind: Kind,
        arn: str,
        name: str,
        *,
        parent: str | None = None,
        group: str | None = None,
        work: str | None = "activate",
        status: str = "CREATE PENDING",
        exclusive: str = "",
        tags: Collection[tuple[str, str]] = (),
        shown: Request | None = None,
        facts: Request | None = None,
    ) -> Thing:
        """Let a new thing be there, and the work that makes it ACTIVE."""
        assert arn not in self.world.things, f"{arn} was given twice"
        self.touched = arn
        now = self.world.now
        thing = Thing(
            kind,
            arn,
            name,
            now,
            now,
            status if work else None,
            parent=parent,
            group=group,
            tags=dict(tags),
            shown=dict(shown or {}),
            facts=dict(facts or {}),
        )
        self.world.add(thing)
        if work:
            self.world.submit(work, arn, exclusive=exclusive)
        return thing

    def set_status(self, thing: Thing, status: str) -> None:
        """Let a thing have another status now."""
        self.touched = thing.arn
        thing.status, thing.updated, thing.failed = status, self.world.now, False

    def delete(
        self,
        operation: str,
        member: str,
        arn: str,
        wrong: Wrong,
        thing: Thing | None,
        work: str = "delete",
    ) -> None:
        """Call an operation that deletes; twice is no fault, but not while work is under way."""
        if thing is not None and thing.status not in AT_REST | BEING_DELETED:
            wrong.add(IN_USE)
        if self.call(operation, {member: arn}, wrong) is None:
            return
        assert thing is not None
        self.touched = arn
        if thing.status not in BEING_DELETED:
            self.set_status(thing, "DELETE PENDING")
            self.world.submit(work, arn)
