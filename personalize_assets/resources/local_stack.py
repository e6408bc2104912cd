"""The local stack as a resource: engine and S3, started when something first needs them."""

from pathlib import Path
from typing import Self

import dagster as dg
from pydantic import Field

from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.endpoints import Endpoints
from personalize_assets.local.stack import StackOptions, ensure_stack


class LocalStackResource(dg.ConfigurableResource):
    """The embedded engine and a local S3, shared by all processes that name the same folder."""

    enabled: bool = Field(description="False in the aws deployment: nothing is started there.")
    state_dir: str = Field(description="Folder of the stack's state.")
    engine_port: int = Field(default=0, description="Fixed port of the engine, 0 for any.")
    s3_port: int = Field(default=0, description="Fixed port of S3, 0 for any.")
    idle_stop_s: float = Field(default=1800, description="Stops when idle so long; 0: never.")

    @classmethod
    def of(cls, deployment: Deployment) -> Self:
        """The stack that ``deployment`` names."""
        return cls(
            enabled=deployment.is_local,
            state_dir=str(deployment.state_dir),
            engine_port=deployment.engine_port,
            s3_port=deployment.s3_port,
            idle_stop_s=deployment.idle_stop_s,
        )

    def endpoints(self) -> Endpoints | None:
        """Addresses of the running stack, after starting it if needed; None in aws.

        Raises:
            StackError: It cannot run; the message says why.
        """
        if not self.enabled:
            return None
        options = StackOptions(
            engine_port=self.engine_port, s3_port=self.s3_port, idle_stop_s=self.idle_stop_s
        )
        return ensure_stack(Path(self.state_dir), options)
