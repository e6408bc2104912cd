"""Stand-ins for the store and the job runner where only the wire is tested."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from personalize_assets.engine.operations.registry import Handler
from personalize_assets.engine.settings import EngineSettings
from personalize_assets.engine.wire.app import EngineApp

NOW = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)


class FakeJobs:
    """A job runner that only counts."""

    def running_count(self) -> int:
        """Three, always."""
        return 3


class FakeServing:
    """Nothing to answer with."""

    def close(self) -> None:
        """Nothing to let go of."""


def make_wire_app(
    handler: Callable[[Any, Mapping[str, Any]], Mapping[str, Any]] | None,
    *,
    strict_output: bool = True,
    clock: Callable[[], datetime] = lambda: NOW,
) -> EngineApp:
    """Make an app in which ``handler`` answers all operations; None for no operation."""

    def lookup(_service: str, _name: str) -> Handler | None:
        return handler

    return EngineApp(
        store=None,  # type: ignore[arg-type]
        jobs=FakeJobs(),  # type: ignore[arg-type]
        clock=clock,
        new_id=lambda: "0123abcd",
        settings=EngineSettings(state_dir=Path("state"), s3_endpoint="http://127.0.0.1:9001"),
        serving=FakeServing(),  # type: ignore[arg-type]
        lookup=lookup,
        strict_output=strict_output,
    )
