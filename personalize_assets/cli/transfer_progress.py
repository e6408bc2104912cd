"""A bar in the terminal for each large file that goes to or comes from S3."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TransferSpeedColumn,
)

from personalize_assets.aws.objects import Bucket
from personalize_assets.aws.transfers import TransferState


@contextmanager
def show_transfers(console: Console, bucket: Bucket) -> Iterator[Bucket]:
    """Give the same bucket, whose transfers are shown while they go; nothing stays on the screen.

    Where the console is no terminal nothing is shown: the log tells every ten seconds.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    progress = Progress(*columns, TransferSpeedColumn(), console=console, transient=True)
    tasks: dict[str, TaskID] = {}

    def observe(state: TransferState) -> None:
        if state.uri not in tasks:
            tasks[state.uri] = progress.add_task(f"{state.verb} {state.uri}", total=state.size)
        progress.update(tasks[state.uri], completed=state.done)

    if not console.is_terminal:
        yield bucket
        return
    with progress:
        yield replace(bucket, transfers=replace(bucket.transfers, observe=observe))
