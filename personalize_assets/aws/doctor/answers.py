"""Asking AWS one thing at a time; a refusal is an answer too.

``Asker`` makes each client once, waits for seconds rather than minutes, and reads only. What a
judge gets is an ``Answer``: the reply, or the code and text of the refusal, and the IAM action
that asking needs.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from personalize_assets.aws.bootstrap.actions import actions_of
from personalize_assets.aws.clients import CallLimits, make_aws_client
from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.doctor.findings import Finding, unknown
from personalize_assets.aws.kinds import error_code
from personalize_assets.aws.sessions import session_of

LIMITS: Final = CallLimits(connect_timeout_s=5, read_timeout_s=20, attempts=2, connections=10)

_DENIED: Final = (
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "UnauthorizedOperation",
    "403",
)
_MISSING: Final = (
    "404",
    "AWS.SimpleQueueService.NonExistentQueue",
    "EntityNotFoundException",
    "NoSuchBucket",
    "NoSuchBucketPolicy",
    "NoSuchEntity",
    "NoSuchPublicAccessBlockConfiguration",
    "NotFound",
    "NotFoundException",
    "QueueDoesNotExist",
    "ServerSideEncryptionConfigurationNotFoundError",
)


@dataclass(frozen=True)
class Answer:
    """What one call gave.

    Attributes:
        operation: As botocore names it, such as ``iam:GetRole``.
        reply: What was answered; of a refusal what botocore knows of it.
        code: Of the refusal, or the name of what kept the service from answering; empty where it
            answered.
        text: Of the refusal.
        asked_at: Our own time when the answer came, seconds since 1970.
    """

    operation: str
    reply: Mapping[str, Any] = field(default_factory=dict[str, Any])
    code: str = ""
    text: str = ""
    asked_at: float = 0.0

    @property
    def answered(self) -> bool:
        """Whether the service did what it was asked."""
        return not self.code

    @property
    def denied(self) -> bool:
        """Whether a right is missing."""
        return self.code in _DENIED

    @property
    def missing(self) -> bool:
        """Whether what was asked for does not exist."""
        return self.code in _MISSING

    @property
    def rights(self) -> str:
        """The IAM actions that the call needs."""
        return ", ".join(actions_of(self.operation))

    @property
    def headers(self) -> Mapping[str, str]:
        """Of the HTTP answer; none where nobody answered."""
        metadata: Mapping[str, Any] = self.reply.get("ResponseMetadata", {})
        return metadata.get("HTTPHeaders", {})


class Asker:
    """Asks the services of one deployment.

    Args:
        deployment: An aws deployment.
        clock: Seconds since 1970.

    Raises:
        DeploymentError: No region is known, or the profile does not exist.
    """

    def __init__(self, deployment: Deployment, clock: Callable[[], float] = time.time) -> None:
        self._deployment = deployment
        self._clock = clock
        self._clients: dict[tuple[str, str], Any] = {}
        self._session = session_of(deployment)
        self.region: str = self._session.region_name

    def client(self, service: str, region: str | None = None) -> Any:
        """The client of ``service``, always the same one of a region; ours where None."""
        place = (service, region or self.region)
        if place not in self._clients:
            # Acceleration is for objects; what a bucket is set to is asked at its own endpoint.
            deployment = replace(self._deployment, region=place[1], accelerated=False)
            session = self._session if place[1] == self.region else None
            self._clients[place] = make_aws_client(deployment, service, LIMITS, session)
        return self._clients[place]

    def listed_regions(self, service: str, partition: str) -> list[str]:
        """The regions that botocore knows to have ``service``."""
        return list(self._session.get_available_regions(cast(Any, service), partition))

    def ask(self, operation: str, region: str | None = None, **parameters: Any) -> Answer:
        """Ask once; whatever the service or the way to it says is the answer.

        Args:
            operation: As botocore names it, such as ``iam:GetRole``.
            region: Where to ask; ours where None.
            parameters: Of the operation.
        """
        service, _, name = operation.partition(":")
        client = self.client(service, region)
        methods: Mapping[str, str] = client.meta.method_to_api_mapping
        method = next(method for method, api in methods.items() if api == name)
        return self.attempt(operation, lambda: getattr(client, method)(**parameters))

    def attempt(self, operation: str, call: Callable[[], Any]) -> Answer:
        """The answer of ``call``, which may make several requests of ``operation``."""
        try:
            reply = call()
        except ClientError as error:
            response: Any = error.response
            text = str(response.get("Error", {}).get("Message", ""))
            return Answer(operation, response, error_code(error), text, self._clock())
        except (BotoCoreError, ResponseParserError) as error:
            return Answer(operation, {}, type(error).__name__, str(error), self._clock())
        return Answer(operation, reply, asked_at=self._clock())


def cannot_tell(check: str, answer: Answer) -> Finding:
    """The finding of a check whose question was not answered."""
    if answer.denied:
        return unknown(
            check,
            f"we may not look: {answer.operation} was refused",
            f"allow {answer.rights} to this identity; the operator policy that "
            "`personalize-assets bootstrap` makes does",
        )
    said = answer.text or "nothing"
    return unknown(
        check, f"{answer.operation} ended with {answer.code}: {said}", "try again a little later"
    )
