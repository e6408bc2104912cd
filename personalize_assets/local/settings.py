"""How to run a stack, as callers choose it and as the supervisor's command line carries it."""

import sys
from dataclasses import dataclass

from personalize_assets.aws.deployment import Deployment

ENGINE_COMMAND = (sys.executable, "-m", "personalize_assets.engine", "serve", "--exit-with-parent")


class StackError(RuntimeError):
    """The local stack could not be started or reached; the message says why and what to do."""


@dataclass(frozen=True)
class StackOptions:
    """How to run a stack that has to be started.

    Attributes:
        engine_port: Fixed port of the engine; 0 for the last one used, or a free one.
        s3_port: Fixed port of the local S3; 0 likewise.
        idle_stop_s: It stops after so many seconds without request, job or ``ensure_stack``;
            0 for never.
        engine_command: Program that serves the engine; host, port, state folder and S3 address
            are appended.
    """

    engine_port: int = 0
    s3_port: int = 0
    idle_stop_s: float = 1800
    engine_command: tuple[str, ...] = ENGINE_COMMAND

    @staticmethod
    def for_deployment(deployment: Deployment) -> "StackOptions":
        """The options that the settings of a deployment ask for."""
        return StackOptions(deployment.engine_port, deployment.s3_port, deployment.idle_stop_s)
