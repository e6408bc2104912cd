"""An engine in this process on a state folder, opened as after a start, for one step or look."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from personalize_assets.engine.jobs import InlineRunner
from personalize_assets.engine.running import make_app
from personalize_assets.engine.settings import EngineSettings
from personalize_assets.engine.store import Store
from personalize_assets.engine.wire.messages import HttpRequest, HttpResponse
from personalize_assets_tests.engine.clients import make_client


class Switchboard:
    """Clients that are made once, and the app that they reach now."""

    def __init__(self) -> None:
        self.app: Any = None
        self.personalize = make_client("personalize", self._answer)
        self.runtime = make_client("personalize-runtime", self._answer)
        self.events = make_client("personalize-events", self._answer)

    def _answer(self, request: HttpRequest) -> HttpResponse:
        return self.app.answer(request)


@dataclass
class Site:
    """What a step works with.

    Attributes:
        api: boto3 client of personalize.
        runtime: boto3 client of personalize-runtime.
        events: boto3 client of personalize-events.
        store: Of the open engine.
        jobs: Runs jobs when told.
        bucket: Holds the data.
        memo: What was acknowledged and learned so far; in a file that outlives the process.
    """

    api: Any
    runtime: Any
    events: Any
    store: Store
    jobs: InlineRunner
    bucket: str
    memo: dict[str, Any]
    memo_file: Path

    def run(self) -> None:
        """Do all jobs that are due."""
        self.jobs.run_pending()

    def remember(self, **values: Any) -> None:
        """Write down what is known now; what a kill follows is then not forgotten."""
        self.memo |= values
        self.memo_file.write_text(json.dumps(self.memo))

    def acknowledged(self, made: str) -> None:
        """Write down that the engine acknowledged to have made something."""
        self.remember(made=sorted({*self.memo.get("made", ()), made}))

    def leaving(self, *names: str) -> None:
        """Write down what is about to be deleted, with all below it: it may be there or not."""
        made = self.memo.get("made", ())
        self.remember(made=[each for each in made if not each.startswith(names)])

    def deleted(self, name: str) -> None:
        """Write down that the engine acknowledged to delete something."""
        self.remember(deleted=[*self.memo.get("deleted", ()), name])


@contextmanager
def open_site(
    switchboard: Switchboard, folder: Path, s3_endpoint: str, bucket: str
) -> Iterator[Site]:
    """Open the engine of ``folder/state`` and what ``folder/memo.json`` remembers."""
    settings = EngineSettings(state_dir=folder / "state", s3_endpoint=s3_endpoint)
    store = Store.open(settings.state_dir)

    def clock() -> datetime:
        return datetime.now(UTC)

    def new_id() -> str:
        return secrets.token_hex(4)

    jobs = InlineRunner(store, clock=clock, new_id=new_id, s3_endpoint=s3_endpoint)
    jobs.start()
    switchboard.app = make_app(store, jobs, clock, new_id, settings, strict_output=True)
    memo_file = folder / "memo.json"
    memo = json.loads(memo_file.read_text()) if memo_file.exists() else {}
    yield Site(
        switchboard.personalize,
        switchboard.runtime,
        switchboard.events,
        store,
        jobs,
        bucket,
        memo,
        memo_file,
    )
    switchboard.app.close()
    store.close()
