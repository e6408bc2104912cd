"""Moments at which a kill would leave the most behind: before and after each write that lasts.

Whatever changes the database or a file of the state folder calls `reached` there. A test arms a
callback that ends the process at the n-th moment; unarmed it costs one comparison. Knows nothing of
what is written.
"""

from collections.abc import Callable

_callback: Callable[[str], None] | None = None


def reached(name: str) -> None:
    """Note that the process is at the moment ``name``, such as ``commit``."""
    if _callback is not None:
        _callback(name)


def arm(callback: Callable[[str], None] | None) -> None:
    """Have ``callback`` called with the name of each moment from now on; None disarms."""
    global _callback
    _callback = callback
