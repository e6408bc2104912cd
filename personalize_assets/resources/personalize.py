"""Amazon Personalize, or the embedded engine in its place, as a Dagster resource."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from pydantic import Field

from personalize_assets.aws.waiters import MAX_WAIT_S, WaitPolicy, WaitState
from personalize_assets.local.work import describe_work
from personalize_assets.resources.deployed import DeployedResource

if TYPE_CHECKING:
    from types_boto3_personalize import PersonalizeClient
    from types_boto3_personalize_events import PersonalizeEventsClient
    from types_boto3_personalize_runtime import PersonalizeRuntimeClient

_TELL_EVERY_S: Final = 10.0


class PersonalizeResource(DeployedResource):
    """boto3 clients of Amazon Personalize, and the pace of waiting for it."""

    timeout_s: float = Field(default=MAX_WAIT_S, description="Longest wait for one resource.")

    def get_client(self) -> "PersonalizeClient":
        """boto3's `personalize` client, always the same one."""
        return self._clients.personalize

    def get_runtime_client(self) -> "PersonalizeRuntimeClient":
        """boto3's `personalize-runtime` client, always the same one."""
        return self._clients.personalize_runtime

    def get_events_client(self) -> "PersonalizeEventsClient":
        """boto3's `personalize-events` client, always the same one."""
        return self._clients.personalize_events

    def wait(self, report: Callable[[str], None]) -> WaitPolicy:
        """How to wait in this deployment.

        Args:
            report: Told each new status that takes time and, of the local engine, now and then how
                far its work is.
        """
        seen: set[tuple[str, str]] = set()
        told_at: dict[str, float] = {}

        def on_progress(state: WaitState) -> None:
            name = state.arn.rpartition(":")[2]
            found_ready = state.attempts == 1 and state.status == "ACTIVE"
            if not found_ready and (state.arn, state.status) not in seen:
                seen.add((state.arn, state.status))
                report(f"{name}: {state.status} after {state.elapsed_s:.1f} s")
            elif state.elapsed_s - told_at.get(state.arn, 0.0) >= _TELL_EVERY_S:
                told_at[state.arn] = state.elapsed_s
                if work := self._describe_work(state.arn):
                    report(f"{name}: {work}")

        return WaitPolicy.for_deployment(self.settings, on_progress, self.timeout_s)

    def _describe_work(self, arn: str) -> str | None:
        endpoints = self._clients.endpoints
        return None if endpoints is None else describe_work(endpoints.personalize, arn)

    def command(self, operation: str, arn: str, service: str = "personalize") -> str:
        """The command line of the AWS CLI that asks for ``arn`` where this deployment has it.

        Args:
            operation: With the name of the option that takes the ARN.
            arn: What to ask for, and further options.
            service: Of the AWS CLI, such as ``personalize-runtime``.
        """
        at = "" if self.endpoint_url is None else f" --endpoint-url {self.endpoint_url}"
        return f"aws{at} {service} {operation} {arn}"

    @property
    def endpoint_url(self) -> str | None:
        """Where the embedded engine listens; None for Amazon's own endpoints."""
        endpoints = self._clients.endpoints
        return None if endpoints is None else endpoints.personalize
