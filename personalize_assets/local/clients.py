"""boto3 clients of a deployment, with the local stack started where it is needed."""

import logging
from typing import Any

from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from personalize_assets.aws.clients import CallLimits, Clients, make_clients
from personalize_assets.aws.deployment import Deployment
from personalize_assets.local.settings import StackOptions
from personalize_assets.local.stack import ensure_stack

log = logging.getLogger(__name__)

_LOST = (ConnectionClosedError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError)


def open_clients(
    deployment: Deployment,
    options: StackOptions | None = None,
    limits: CallLimits | None = None,
) -> Clients:
    """Make the clients of ``deployment``: the one call that works for both.

    For ``local`` the stack is started if it does not run. Should it die later, the next request of
    these clients starts it again at the same addresses before botocore tries once more.

    Args:
        deployment: Local or aws.
        options: How to run a stack that has to be started; what the deployment says where None.
        limits: Those of callers who wait for answers; None for the patience of a pipeline.

    Raises:
        StackError: The local stack cannot run.
    """
    if not deployment.is_local:
        return make_clients(deployment, limits=limits)
    options = options or StackOptions.for_deployment(deployment)
    endpoints = ensure_stack(deployment.state_dir, options)
    clients = make_clients(deployment, endpoints, limits)

    def revive(caught_exception: Exception | None = None, **_: Any) -> None:
        """Start the stack again after a lost connection; botocore decides about the retry."""
        if not isinstance(caught_exception, _LOST):
            return
        log.warning("the local stack does not answer: %s", caught_exception)
        found = ensure_stack(deployment.state_dir, options)
        if (found.personalize, found.s3) != (endpoints.personalize, endpoints.s3):
            log.error("the local stack runs at other addresses now: %s", found)

    for client in (
        clients.personalize,
        clients.personalize_runtime,
        clients.personalize_events,
        clients.s3,
    ):
        client.meta.events.register_first("needs-retry.*.*", revive)
    return clients
