"""What exists in the service of what is declared: asked rarely, and remembered for some seconds."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from personalize_assets.api.calls import Calls, Invalid, Unavailable
from personalize_assets.api.declared import DeclaredGroup
from personalize_assets.api.questions import Addresses, Target
from personalize_assets.aws.kinds import (
    ACTIVE,
    CAMPAIGN,
    EVENT_TRACKER,
    RECOMMENDER,
    describe,
    find,
)
from personalize_assets.aws.listing import (
    EVENT_TRACKERS,
    SOLUTION_VERSIONS,
    SOLUTIONS,
    Listed,
    list_all,
)

if TYPE_CHECKING:
    from types_boto3_personalize import PersonalizeClient

T = TypeVar("T")

ABSENT: Final = "ABSENT"
VERSIONS_SHOWN: Final = 5
_STATUS_S: Final = 3.0
_VERSIONS_S: Final = 30.0
_TRACKER_S: Final = 300.0


@dataclass(frozen=True)
class TargetState:
    """What there is of a declared campaign or recommender.

    Attributes:
        status: As the service says; ``ABSENT`` where there is none.
        version_arn: The solution version in service; None where there is none, or of recommenders.
    """

    status: str
    version_arn: str | None


@dataclass(frozen=True)
class Version:
    """One trained version of a declared solution.

    Attributes:
        solution: Its declared name.
        arn: Of the version.
        status: As the service says.
        created_at: Aware; None where the service does not say.
        metrics: By the service's own names; empty until it is ACTIVE.
    """

    solution: str
    arn: str
    status: str
    created_at: datetime | None
    metrics: Mapping[str, float]


class Remembered(Generic[T]):
    """A value that is made at most every some seconds, once for all who ask meanwhile."""

    def __init__(
        self,
        make: Callable[[], Awaitable[T]],
        seconds: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._make, self._seconds, self._clock = make, seconds, clock
        self._lock = asyncio.Lock()
        self._until = float("-inf")
        self._value: T | None = None

    async def get(self) -> T:
        """The value; what goes wrong in making it is not remembered."""
        async with self._lock:
            if self._value is None or self._clock() >= self._until:
                self._value = await self._make()
                self._until = self._clock() + self._seconds
            return self._value

    def forget(self) -> None:
        """Make it anew the next time."""
        self._value = None


class Resources:
    """Campaigns, recommenders, versions and the event tracker of a group.

    Args:
        group: What is declared.
        addresses: Its ARNs.
        client: boto3 client of personalize.
        calls: To call it.
    """

    def __init__(
        self,
        group: DeclaredGroup,
        addresses: Addresses,
        client: "PersonalizeClient",
        calls: Calls,
    ) -> None:
        self.addresses = addresses
        self._group, self._client, self._calls = group, client, calls
        self._states: dict[Target, Remembered[TargetState]] = {}
        self._metrics: dict[str, Mapping[str, float]] = {}
        self._tracker = Remembered(self._find_tracker, _TRACKER_S)
        self._versions = Remembered(self._find_versions, _VERSIONS_S)

    async def state(self, target: Target) -> TargetState:
        """What there is of a campaign or recommender.

        Raises:
            CallFailed: The service does not tell.
        """
        if target not in self._states:

            async def look() -> TargetState:
                return await self._calls.run(lambda: self._look(target))

            self._states[target] = Remembered(look, _STATUS_S)
        return await self._states[target].get()

    async def explain_absence(self, target: Target) -> Unavailable | None:
        """What to do where a target does not answer because it is not there yet; None if it is.

        Raises:
            CallFailed: The service does not tell.
        """
        name = self.addresses.target(target).rpartition("/")[2]
        status = (await self.state(target)).status
        if status == ABSENT:
            said = f"there is no {target.kind} {name} yet: run `make run` first"
        elif status != ACTIVE:
            said = f"the {target.kind} {name} is {status}: it answers once it is {ACTIVE}"
        else:
            return None
        return Unavailable("not_ready", said, 30)

    async def tracking_id(self) -> str:
        """Where events of the group are sent.

        Raises:
            Invalid: The group declares no event tracker.
            Unavailable: There is none yet.
            CallFailed: The service does not tell.
        """
        if not self._group.event_tracker:
            raise Invalid(
                f"{self._group.name} declares no event tracker: add `event_tracker: true` in "
                f"{self._group.path} and run `make run`"
            )
        return await self._tracker.get()

    def forget_tracker(self) -> None:
        """Look for the event tracker anew, because the service does not know the last one."""
        self._tracker.forget()

    async def versions(self) -> list[Version]:
        """The newest versions of each declared solution, newest first.

        Raises:
            CallFailed: The service does not tell.
        """
        return await self._versions.get()

    def _look(self, target: Target) -> TargetState:
        kind = CAMPAIGN if target.kind == "campaign" else RECOMMENDER
        found = find(self._client, kind, self.addresses.target(target))
        if found is None:
            return TargetState(ABSENT, None)
        return TargetState(str(found["status"]), found.get("solutionVersionArn"))

    async def _find_tracker(self) -> str:
        return await self._calls.run(self._read_tracker)

    def _read_tracker(self) -> str:
        group = self.addresses.dataset_group
        for listed in list_all(self._client, EVENT_TRACKERS, group):
            if listed.status == ACTIVE:
                described = describe(self._client, EVENT_TRACKER, listed.arn)
                return str(described["trackingId"])
        raise Unavailable(
            "not_ready", f"{self._group.name} has no active event tracker yet: run `make run`", 30
        )

    async def _find_versions(self) -> list[Version]:
        return await self._calls.run(self._read_versions)

    def _read_versions(self) -> list[Version]:
        solutions = list(list_all(self._client, SOLUTIONS, self.addresses.dataset_group))
        found: list[Version] = []
        for name in self._group.solutions:
            versions = [
                version
                for solution in solutions
                if self.addresses.is_solution(solution.arn, name)
                for version in list_all(self._client, SOLUTION_VERSIONS, solution.arn)
            ]
            versions.sort(key=_age, reverse=True)
            found += [self._version(name, one) for one in versions[:VERSIONS_SHOWN]]
        return found

    def _version(self, solution: str, listed: Listed) -> Version:
        metrics = self._metrics_of(listed.arn) if listed.status == ACTIVE else {}
        return Version(solution, listed.arn, listed.status, listed.created_at, metrics)

    def _metrics_of(self, arn: str) -> Mapping[str, float]:
        """Metrics of a version, which never change."""
        if arn not in self._metrics:
            answer: Any = self._client.get_solution_metrics(solutionVersionArn=arn)
            self._metrics[arn] = {str(k): float(v) for k, v in answer["metrics"].items()}
        return self._metrics[arn]


def _age(version: Listed) -> float:
    return version.created_at.timestamp() if version.created_at else 0.0
