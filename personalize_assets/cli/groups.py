"""The declared dataset group that a command is about, and the errors that are no bugs of it."""

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import click
import dagster as dg
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from personalize_assets.aws.deployment import Deployment, DeploymentError
from personalize_assets.aws.waiters import ResourceFailed, WaitTimeout
from personalize_assets.cli.header import print_header
from personalize_assets.components import PersonalizeDatasetGroup
from personalize_assets.components.graph import Graph
from personalize_assets.core.movielens import RawDataError
from personalize_assets.core.prices import PricesError
from personalize_assets.definitions import component_tree
from personalize_assets.local.stack import StackError
from personalize_assets.resources import LocalStackResource, PersonalizeResource, S3Resource

EXPECTED: Final = (
    DeploymentError,
    RawDataError,
    PricesError,
    StackError,
    ResourceFailed,
    WaitTimeout,
    BotoCoreError,
    ClientError,
    OSError,
)
"""Errors whose text says what a person can do; a traceback would not say more."""


@dataclass(frozen=True)
class OpenGroup:
    """A declared dataset group in its deployment.

    Attributes:
        console: For what the command prints.
        deployment: Where everything is.
        graph: The group.
        personalize: The service.
        s3: The bucket.
    """

    console: Console
    deployment: Deployment
    graph: Graph
    personalize: PersonalizeResource
    s3: S3Resource


def find_graph(group: str) -> Graph:
    """The declared dataset group of this name.

    Raises:
        click.ClickException: There is none; the text names those that there are.
    """
    components = component_tree().get_all_components(of_type=PersonalizeDatasetGroup)
    for component in components:
        if component.name == group:
            return Graph(component)
    names = ", ".join(sorted(component.name for component in components))
    raise click.ClickException(f"no dataset group {group!r} in defs/; declared are {names}")


@contextmanager
def open_group(group: str) -> Iterator[OpenGroup]:
    """Say where the command works and give it the group; expected errors end it with their text.

    Raises:
        click.ClickException: An expected error, or there is no such group.
    """
    warnings.filterwarnings("ignore", category=dg.BetaWarning)
    warnings.filterwarnings("ignore", category=dg.PreviewWarning)
    console = Console(width=None if sys.stdout.isatty() else 120)
    try:
        deployment = Deployment.from_environment(os.environ)
        graph, stack = find_graph(group), LocalStackResource.of(deployment)
        print_header(console, deployment, stack.endpoints())
        personalize = PersonalizeResource.of(deployment, stack)
        yield OpenGroup(console, deployment, graph, personalize, S3Resource.of(deployment, stack))
    except EXPECTED as error:
        raise click.ClickException(str(error)) from error
