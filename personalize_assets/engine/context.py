"""What an operation is given beside its request: who asks, and the parts of the engine.

One value per request. Operations take the clock and new ids from here, so that tests decide both.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from personalize_assets.engine.jobs import JobRunner
    from personalize_assets.engine.serving import Serving
    from personalize_assets.engine.settings import EngineSettings
    from personalize_assets.engine.store import Store

Clock = Callable[[], datetime]
"""Gives the present moment, aware, in UTC."""

NewId = Callable[[], str]
"""Gives a fresh identifier of eight hexadecimal digits."""


class MustWait(Exception):
    """A call cannot be answered at once, and is to be made again where it may wait."""


@dataclass(frozen=True, slots=True)
class RequestContext:
    """Everything an operation may use.

    Attributes:
        account: Twelve digits, from the access key.
        region: From the scope of the signature.
        request_id: The id that the caller sees in ``ResponseMetadata``.
        store: Control plane and artifacts.
        jobs: Takes asynchronous work.
        clock: The present moment.
        new_id: Fresh identifiers.
        settings: Of this engine.
        serving: Answers runtime requests.
        may_wait: Whether the call may take its time; else it has to raise `MustWait` before it
            reads files, since all other requests wait for it.
    """

    account: str
    region: str
    request_id: str
    store: "Store"
    jobs: "JobRunner"
    clock: Clock
    new_id: NewId
    settings: "EngineSettings"
    serving: "Serving"
    may_wait: bool = True
