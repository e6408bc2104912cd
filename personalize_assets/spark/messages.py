"""Telling whoever launched the job what it does: by Dagster Pipes where it was launched so.

Without Pipes the same lines go to the standard output. Knows no Spark.
"""

import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from os import environ
from typing import Any, Final

_CONTEXT_ARGUMENT: Final = "--dagster-pipes-context"
_CONTEXT_VARIABLE: Final = "DAGSTER_PIPES_CONTEXT"


@dataclass(frozen=True)
class Messages:
    """Ways to be heard.

    Attributes:
        tell: Takes a line on what is going on.
        report: Takes figures, once the job is done.
    """

    tell: Callable[[str], None]
    report: Callable[[Mapping[str, Any]], None]


@contextmanager
def open_messages(arguments: list[str]) -> Generator[Messages]:
    """Open the way to the launcher.

    With ``--dagster-pipes-context`` among the arguments, as AWS Glue gets it, messages go through
    S3; with Dagster's environment variables through whatever these say, mostly a file.
    """
    if _CONTEXT_ARGUMENT in arguments:
        with _open_by_s3() as pipes:
            yield _by_pipes(pipes)
    elif _CONTEXT_VARIABLE in environ:
        from dagster_pipes import open_dagster_pipes

        with open_dagster_pipes() as pipes:
            yield _by_pipes(pipes)
    else:
        yield Messages(_print, lambda _: None)


def _open_by_s3() -> Any:
    import boto3
    from dagster_pipes import (
        PipesCliArgsParamsLoader,
        PipesS3ContextLoader,
        PipesS3MessageWriter,
        open_dagster_pipes,
    )

    client = boto3.client("s3")
    return open_dagster_pipes(
        context_loader=PipesS3ContextLoader(client=client),
        message_writer=PipesS3MessageWriter(client=client),
        params_loader=PipesCliArgsParamsLoader(),
    )


def _by_pipes(pipes: Any) -> Messages:
    return Messages(pipes.log.info, lambda figures: pipes.report_custom_message(dict(figures)))


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
