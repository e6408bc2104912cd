"""The four boto3 clients of the pipeline, made in one place.

In the local deployment they come from the loopback factory and reach only the endpoints that are
given; in the aws deployment they are what boto3's own chain makes of profile, environment and
role. Nothing here starts a stack: ``personalize_assets.local.clients`` does.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from personalize_assets import loopback
from personalize_assets.aws.bucket_owner import expect_owner
from personalize_assets.aws.call_log import log_calls
from personalize_assets.aws.deployment import LOCAL_REGION, Deployment
from personalize_assets.aws.endpoints import Endpoints
from personalize_assets.aws.sessions import session_of

if TYPE_CHECKING:
    from types_boto3_personalize import PersonalizeClient
    from types_boto3_personalize_events import PersonalizeEventsClient
    from types_boto3_personalize_runtime import PersonalizeRuntimeClient
    from types_boto3_s3 import S3Client


_RETRIES = Config(retries={"mode": "standard", "total_max_attempts": 8})


@dataclass(frozen=True)
class CallLimits:
    """How long clients wait, and over how many connections: for callers who wait themselves.

    Attributes:
        connect_timeout_s: Seconds for a connection.
        read_timeout_s: Seconds for an answer, each time that it is asked for.
        attempts: How often a request is sent at most.
        connections: Kept open to one endpoint.
        checked: Whether boto3 checks requests before the service does, which takes a while.
    """

    connect_timeout_s: float
    read_timeout_s: float
    attempts: int
    connections: int
    checked: bool = True

    @property
    def config(self) -> Config:
        """As botocore takes them."""
        return Config(
            connect_timeout=self.connect_timeout_s,
            read_timeout=self.read_timeout_s,
            retries={"mode": "standard", "total_max_attempts": self.attempts},
            max_pool_connections=self.connections,
            parameter_validation=self.checked,
        )


@dataclass(frozen=True)
class Clients:
    """boto3 clients of one deployment.

    Attributes:
        deployment: What they were made for.
        endpoints: Where the local ones point; None in the aws deployment.
    """

    deployment: Deployment
    endpoints: Endpoints | None
    personalize: "PersonalizeClient"
    personalize_runtime: "PersonalizeRuntimeClient"
    personalize_events: "PersonalizeEventsClient"
    s3: "S3Client"


def make_clients(
    deployment: Deployment, endpoints: Endpoints | None = None, limits: CallLimits | None = None
) -> Clients:
    """Make the clients of ``deployment``.

    Args:
        deployment: Local or aws, with region and account.
        endpoints: Addresses of the local stack; required for local, refused for aws.
        limits: Those of callers who wait for answers; None for the patience of a pipeline.

    Raises:
        ValueError: Endpoints are missing for local, or given for aws.
        NotLoopbackError: An endpoint is not on this machine.
        DeploymentError: No region is known, or the profile does not exist.
    """
    if deployment.is_local:
        if endpoints is None:
            raise ValueError("the local deployment needs the endpoints of its stack")
        return _local_clients(deployment, endpoints, limits)
    if endpoints is not None:
        raise ValueError(f"endpoints are for the local deployment, not for {deployment.name}")
    return _aws_clients(deployment, _RETRIES if limits is None else limits.config)


def make_aws_client(
    deployment: Deployment,
    service: str,
    limits: CallLimits | None = None,
    session: Any = None,
) -> Any:
    """Make a boto3 client of another service that only the aws deployment speaks to.

    Args:
        deployment: Must be aws.
        service: ``sns``, ``sqs`` or ``cloudwatch``.
        limits: Those of callers who wait for answers; None for the patience of a pipeline.
        session: One of ``session_of(deployment)`` for several clients; a new one where None.

    Raises:
        ValueError: The deployment is local: nothing may leave this machine.
        DeploymentError: No region is known, or the profile does not exist.
    """
    if deployment.is_local:
        raise ValueError(f"the local deployment does not speak to {service}")
    config = _RETRIES if limits is None else limits.config
    return _prepared(deployment, service, session or session_of(deployment), config)


def _local_clients(
    deployment: Deployment, endpoints: Endpoints, limits: CallLimits | None
) -> Clients:
    region, account = deployment.region or LOCAL_REGION, deployment.account_id

    def make(service: loopback.Service, endpoint: str) -> Any:
        config = None if limits is None else limits.config
        client = loopback.make_client(
            service, endpoint, region=region, account=account, config=config
        )
        log_calls(client)
        return client

    engine = endpoints.personalize
    return Clients(
        deployment=deployment,
        endpoints=endpoints,
        personalize=make("personalize", engine),
        personalize_runtime=make("personalize-runtime", engine),
        personalize_events=make("personalize-events", engine),
        s3=make("s3", endpoints.s3),
    )


def _aws_clients(deployment: Deployment, config: Config) -> Clients:
    session: Any = session_of(deployment)

    def make(service: str) -> Any:
        return _prepared(deployment, service, session, config)

    return Clients(
        deployment=deployment,
        endpoints=None,
        personalize=make("personalize"),
        personalize_runtime=make("personalize-runtime"),
        personalize_events=make("personalize-events"),
        s3=make("s3"),
    )


def _prepared(deployment: Deployment, service: str, session: Any, config: Config) -> Any:
    """A client of the aws deployment, with what every one of them has."""
    if service == "s3":
        config = config.merge(_transfer_config(deployment, config))
    client = session.client(service, config=config)
    if service == "s3" and deployment.bucket_owner is not None:
        expect_owner(client, deployment.bucket, deployment.bucket_owner)
    log_calls(client)
    return client


def _transfer_config(deployment: Deployment, config: Any) -> Config:
    connections = max(deployment.transfer_concurrency, config.max_pool_connections)
    if deployment.accelerated:
        return Config(max_pool_connections=connections, s3={"use_accelerate_endpoint": True})
    return Config(max_pool_connections=connections)
