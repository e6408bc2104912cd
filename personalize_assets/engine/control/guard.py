"""Who may use the control paths: programs of this machine, but no web page.

A page from elsewhere can make a browser send requests to loopback, also under a name of its own
that it makes resolve to 127.0.0.1. Its requests carry an Origin, or a Host that is not loopback.
"""

from starlette.datastructures import Headers

from personalize_assets.engine.control.answers import ControlError
from personalize_assets.loopback import is_loopback


def refuse_web_pages(headers: Headers, *, allow_remote: bool) -> None:
    """Refuse what looks like the request of a web page.

    Args:
        headers: Of the request.
        allow_remote: Whether the engine may be reached under other names than loopback.

    Raises:
        ControlError: It carries an Origin, or the Host is not this machine.
    """
    if headers.get("origin") is not None:
        raise ControlError(403, "control paths do not answer web pages: the request has an Origin")
    host = headers.get("host", "")
    if not allow_remote and host and not _is_local(host):
        raise ControlError(
            403, f"control paths answer to 127.0.0.1, localhost and [::1], not to {host[:100]!r}"
        )


def _is_local(host: str) -> bool:
    try:
        return is_loopback(f"http://{host}")
    except ValueError:
        return False
