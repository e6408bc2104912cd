"""The account that is worked on: who asks, in which region, with which clients."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from personalize_assets.aws.bootstrap.options import BootstrapError
from personalize_assets.aws.kinds import error_code

_RETRIES: Final = Config(retries={"mode": "standard", "total_max_attempts": 8})
PATIENCE_S: Final = 60.0
"""So long a new role may take until all of AWS knows it."""


@dataclass
class Account:
    """One account and region, as one identity sees it.

    Attributes:
        session: boto3 session.
        account_id: Twelve digits.
        region: Of all that is not global.
        partition: ``aws``, ``aws-cn`` or ``aws-us-gov``.
        identity: ARN of who asks.
        sleep: Waits so many seconds.
    """

    session: Any
    account_id: str
    region: str
    partition: str
    identity: str
    sleep: Callable[[float], None] = time.sleep
    _clients: dict[str, Any] = field(default_factory=dict[str, Any])

    @staticmethod
    def of(session: Any) -> "Account":
        """Ask who ``session`` is.

        Raises:
            BootstrapError: There are no credentials, or they are not valid.
        """
        region = session.region_name
        sts = session.client("sts", config=_RETRIES)
        try:
            answer = sts.get_caller_identity()
        except (BotoCoreError, ClientError) as error:
            raise BootstrapError(
                f"who works here could not be found out ({error}): sign in with `aws sso login` or "
                "`aws configure`, or name a profile with PERSONALIZE_ASSETS_PROFILE"
            ) from error
        arn = answer["Arn"]
        return Account(session, answer["Account"], region, arn.split(":")[1], arn)

    def client(self, service: str) -> Any:
        """The boto3 client of ``service``, made once."""
        if service not in self._clients:
            self._clients[service] = self.session.client(service, config=_RETRIES)
        return self._clients[service]

    def patiently(self, call: Callable[[], Any], *codes: str) -> Any:
        """Call again and again as long as AWS does not know yet what was made a moment ago.

        Args:
            call: What to do.
            codes: Errors that mean so for a while.

        Raises:
            ClientError: Another error, or one of these for longer than ``PATIENCE_S``.
        """
        waited, pause = 0.0, 1.0
        while True:
            try:
                return call()
            except ClientError as error:
                if error_code(error) not in codes or waited >= PATIENCE_S:
                    raise
            self.sleep(pause)
            waited, pause = waited + pause, min(pause * 2, 10.0)


def found_or_none(call: Callable[[], Any], *codes: str) -> Any:
    """The answer of ``call``, or None where one of ``codes`` says that there is nothing.

    Raises:
        ClientError: Any other error.
    """
    try:
        return call()
    except ClientError as error:
        if error_code(error) not in codes:
            raise
        return None
