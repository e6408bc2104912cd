"""Amazon Personalize, or the embedded engine in its place, as a Dagster resource."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from pydantic import Field

from personalize_assets.aws.waiters import WaitPolicy, WaitState
from personalize_assets.resources.deployed import DeployedResource

if TYPE_CHECKING:
    from types_boto3_personalize import PersonalizeClient
    from types_boto3_personalize_runtime import PersonalizeRuntimeClient


class PersonalizeResource(DeployedResource):
    """boto3 clients of Amazon Personalize, and the pace of waiting for it."""

    timeout_s: float = Field(default=6 * 3600, description="Longest wait for one resource.")

    def get_client(self) -> "PersonalizeClient":
        """boto3's `personalize` client, always the same one."""
        return self._clients.personalize

    def get_runtime_client(self) -> "PersonalizeRuntimeClient":
        """boto3's `personalize-runtime` client, always the same one."""
        return self._clients.personalize_runtime

    def wait(self, report: Callable[[str], None]) -> WaitPolicy:
        """How to wait in this deployment; ``report`` is told each new status that takes time."""
        seen: set[tuple[str, str]] = set()

        def on_progress(state: WaitState) -> None:
            found_ready = state.attempts == 1 and state.status == "ACTIVE"
            if not found_ready and (state.arn, state.status) not in seen:
                seen.add((state.arn, state.status))
                name = state.arn.rpartition(":")[2]
                report(f"{name}: {state.status} after {state.elapsed_s:.1f} s")

        return WaitPolicy.for_deployment(self.settings, on_progress, self.timeout_s)

    def command(self, operation: str, arn: str) -> str:
        """The command line of the AWS CLI that asks for ``arn`` where this deployment has it."""
        endpoints = self._clients.endpoints
        at = "" if endpoints is None else f" --endpoint-url {endpoints.personalize}"
        return f"aws{at} personalize {operation} {arn}"
