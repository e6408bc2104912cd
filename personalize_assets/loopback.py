"""boto3 clients that cannot leave the loopback interface.

The embedded engine and the local deployment talk to S3 and Personalize through these clients alone.
They read no profile, no shared configuration and no environment of AWS, know no proxy, and refuse
before sending when a request would go anywhere but to this machine. Nothing here knows which
service stands behind the endpoint.
"""

import functools
import ipaddress
import os
import threading
from typing import Any, Literal
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES

from personalize_assets.core.names import LOCAL_ACCOUNT, LOCAL_REGION

_LOCK = threading.Lock()
_S3_OPTIONS: Any = {
    "addressing_style": "path",
    "use_accelerate_endpoint": False,
    "use_dualstack_endpoint": False,
    "us_east_1_regional_endpoint": "regional",
}

Service = Literal["personalize", "personalize-runtime", "personalize-events", "s3"]


class NotLoopbackError(ValueError):
    """An address that leaves this machine was given where only loopback is allowed."""


def is_loopback(url: str) -> bool:
    """Tell whether the host of ``url`` is ``localhost`` or a loopback address (127/8, ::1)."""
    host = urlsplit(url).hostname
    if host is None:
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def require_loopback(url: str) -> str:
    """Return ``url`` unchanged if it stays on this machine.

    Raises:
        NotLoopbackError: The host of ``url`` is not a loopback address.
    """
    if not is_loopback(url):
        raise NotLoopbackError(
            f"{url} is not on this machine: the local deployment talks only to "
            "http://127.0.0.1:PORT, http://localhost:PORT or http://[::1]:PORT"
        )
    return url


def make_client(
    service: Service,
    endpoint_url: str,
    *,
    region: str = LOCAL_REGION,
    account: str = LOCAL_ACCOUNT,
    read_timeout_s: float = 300,
    config: Config | None = None,
) -> Any:
    """Make a boto3 client of ``service`` at ``endpoint_url``, whatever the environment says.

    Args:
        service: Name of the service as boto3 knows it.
        endpoint_url: Where the service listens, on loopback.
        region: Region that requests are signed for.
        account: Twelve digits; used as access key, so that the engine answers for this account.
        read_timeout_s: Seconds to wait for an answer.
        config: Timeouts, attempts and connections in place of the usual ones; what keeps requests
            on this machine stays as it is.

    Raises:
        NotLoopbackError: ``endpoint_url`` is not on this machine.
    """
    require_loopback(endpoint_url)
    usual = Config(
        read_timeout=read_timeout_s, retries={"mode": "standard", "total_max_attempts": 4}
    )
    isolated = Config(
        proxies={},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3=_S3_OPTIONS,
    )
    # Sessions are not thread-safe, and reading the service models is most of the work: share it.
    with _LOCK:
        client = _session(region, account).client(
            service,
            endpoint_url=endpoint_url,
            use_ssl=False,
            config=(config or usual).merge(isolated),
        )
    client.meta.events.register_first("before-send.*.*", _refuse_to_leave)
    return client


@functools.cache
def _session(region: str, account: str) -> boto3.Session:
    return boto3.Session(
        aws_access_key_id=account,
        aws_secret_access_key="local",
        region_name=region,
        botocore_session=_isolated_session(region),
    )


def _isolated_session(region: str) -> botocore.session.Session:
    """A botocore session that sees neither the user's AWS files nor AWS variables."""
    session = botocore.session.Session()
    settings: dict[str, Any] = {
        name: declaration[2] for name, declaration in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()
    }
    settings |= {
        "region": region,
        "config_file": os.devnull,
        "credentials_file": os.devnull,
        "ignore_configured_endpoint_urls": True,
        "s3": {},
        "proxies_config": {},
    }
    # Overrides of the store win over environment and files; those of the session do not.
    store = session.get_component("config_store")
    for name, value in settings.items():
        store.set_config_variable(name, value)
    return session


def _refuse_to_leave(request: AWSPreparedRequest, **_: Any) -> None:
    require_loopback(str(request.url))
