"""Rules that a user declares: which ratings are which events, and how much is kept.

Frozen pydantic models, because they stand in YAML. What a valid number or id is, is not a choice;
see ``definitions``.
"""

import hashlib
import json
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from personalize_assets.core.cleaning.definitions import MICROS, RULES_VERSION

EVENT_TYPE_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9 _.:-]{0,255}$"


class EventRule(BaseModel):
    """A value above ``above`` makes an event of type ``event_type``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    event_type: str = Field(pattern=EVENT_TYPE_PATTERN, description="EVENT_TYPE of the event.")
    above: float = Field(
        ge=-1e9, le=1e9, description="The value must be greater; at most 6 digits after the point."
    )

    @property
    def above_micros(self) -> int:
        """The bound in whole millionths, rounded to the nearest."""
        return round(self.above * MICROS)


_DEFAULT_EVENTS = (EventRule(event_type="watch", above=3), EventRule(event_type="click", above=1))


class CleaningRules(BaseModel):
    """How values become events, and which share of the rows is kept.

    The defaults make a rating above 3 a ``watch`` and any other above 1 a ``click``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    events: tuple[EventRule, ...] = Field(
        default=_DEFAULT_EVENTS,
        min_length=1,
        max_length=20,
        description="Rules in order of strength, the strongest (highest bound) first.",
    )
    mode: Literal["strongest", "all"] = Field(
        default="strongest",
        description="Write only the strongest event of a row, or one for every rule it meets.",
    )
    fraction: Annotated[float, Field(gt=0, le=1)] = Field(
        default=1.0, description="Share of the rows to keep, chosen by a hash of user and item."
    )

    @model_validator(mode="after")
    def _check_events(self) -> Self:
        bounds = [rule.above_micros for rule in self.events]
        if bounds != sorted(set(bounds), reverse=True):
            raise ValueError(
                "events: declare the strongest rule first, each with a lower bound than the one "
                f"before; got above = {', '.join(str(rule.above) for rule in self.events)}"
            )
        names = [rule.event_type for rule in self.events]
        if len(set(names)) < len(names):
            raise ValueError(f"events: each event_type once; got {', '.join(names)}")
        return self

    def digest(self) -> str:
        """SHA-256 in hex of the rules and the version of the definitions behind them."""
        content = {"rules": self.model_dump(mode="json"), "version": RULES_VERSION}
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()
