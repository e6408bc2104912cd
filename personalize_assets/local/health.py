"""Asking engine and S3 whether they are well, straight to loopback, past every proxy.

Also what counts as an address of this machine. Standard library only, so that supervisor and S3
start quickly.
"""

import http.client
import ipaddress
import json
from typing import Any
from urllib.parse import urlsplit

ENGINE_HEALTH = "/_personalize/health"
S3_HEALTH = "/_local/health"


def is_local_host(host: str) -> bool:
    """Tell whether ``host`` is ``localhost`` or a loopback address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_local_origin(url: str) -> bool:
    """Tell whether ``url`` (an Origin, or a Host with ``//`` before it) is on this machine."""
    try:
        return is_local_host(urlsplit(url).hostname or "")
    except ValueError:
        return False


def read_health(address: str, path: str, timeout_s: float = 2) -> dict[str, Any] | None:
    """Get the health of a service; None if it does not answer, or not as it should.

    Args:
        address: Base address such as ``http://127.0.0.1:4321``.
        path: Path of its health, ``ENGINE_HEALTH`` or ``S3_HEALTH``.
        timeout_s: Seconds for connecting and for each read.
    """
    health = read_object(address, path, timeout_s)
    return health if health is not None and health.get("status") == "ok" else None


def read_object(address: str, path: str, timeout_s: float = 2) -> dict[str, Any] | None:
    """Get a JSON object from a service; None if it does not answer, or not with one.

    Args:
        address: Base address such as ``http://127.0.0.1:4321``; on this machine.
        path: What to get.
        timeout_s: Seconds for connecting and for each read.
    """
    parts = urlsplit(address)
    if parts.scheme != "http" or not parts.hostname or not is_local_host(parts.hostname):
        return None
    # http.client, unlike urllib, knows no proxy.
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout_s)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        found = json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return found if response.status == 200 and isinstance(found, dict) else None
