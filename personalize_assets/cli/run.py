"""`personalize-assets run`: seed raw data, run the main job, show what came out.

Runs the job in this process with Dagster's own instance under the state folder, so that the UI
shows the run afterwards.
"""

import os
import sys
import time
import uuid
import warnings
from pathlib import Path
from typing import Any

import click
import dagster as dg
from rich.console import Console
from rich.markup import escape

from personalize_assets.aws.deployment import DATA, Deployment
from personalize_assets.aws.raw_data import seed_raw_data
from personalize_assets.cli import summary
from personalize_assets.cli.groups import EXPECTED, find_graph
from personalize_assets.cli.header import print_header
from personalize_assets.cli.instance import open_instance
from personalize_assets.cli.progress import StepPrinter
from personalize_assets.cli.transfer_progress import show_transfers
from personalize_assets.cli.unfinished import locked_run, settle_abandoned
from personalize_assets.components import PersonalizeDatasetGroup
from personalize_assets.components.graph import Graph, newest_metadata
from personalize_assets.components.jobs import main_job_name
from personalize_assets.core.log_format import log_format
from personalize_assets.definitions import component_tree, declared_groups
from personalize_assets.resources import LocalStackResource, S3Resource, resources_of
from personalize_assets.resources.run_log import start_run_logging
from personalize_assets.resources.tracing import StepSpans

SAMPLE = Path(__file__).parent.parent.parent / "data"


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    envvar=DATA.name,
    help="Folder or zip of a MovieLens release; it replaces what the raw prefix holds.",
)
@click.option("--group", default="movielens", show_default=True, help="Dataset group to run.")
def run(data: Path | None, group: str) -> None:
    """Run the main job of a dataset group and show what came out."""
    warnings.filterwarnings("ignore", category=dg.BetaWarning)
    warnings.filterwarnings("ignore", category=dg.PreviewWarning)
    console = Console(width=None if sys.stdout.isatty() else 120)
    try:
        deployment = Deployment.from_environment(os.environ)
        succeeded = _run(console, deployment, data, find_graph(group))
    except EXPECTED as error:
        raise click.ClickException(str(error)) from error
    if not succeeded:
        raise SystemExit(1)


def _run(console: Console, deployment: Deployment, data: Path | None, graph: Graph) -> bool:
    started = time.monotonic()
    spans = start_run_logging(os.environ, local=deployment.is_local)
    stack = LocalStackResource.of(deployment)
    print_header(console, deployment, stack.endpoints())
    _seed(console, S3Resource.of(deployment, stack), graph, data)
    printer = StepPrinter(console)
    definitions = dg.Definitions.merge(
        declared_groups(),
        dg.Definitions(resources=resources_of(deployment)),
    )
    job = definitions.resolve_job_def(main_job_name(graph.id))
    with open_instance(deployment.state_dir) as instance:
        settle_abandoned(instance)
        result = execute_job(job, instance, printer, spans)
        if not result.success:
            console.print(
                "\n[red]The run failed.[/red] What was made before stays; mend this first:"
            )
            for failure in printer.failures:
                console.print(f"  {escape(failure)}", highlight=False, soft_wrap=True)
            return False
        asset_graph = definitions.resolve_asset_graph()
        groups = {key: asset_graph.get(key).group_name or "" for key in printer.seconds}
        _show(console, deployment, graph, instance, printer)
        summary.print_seconds(console, printer.seconds, groups, time.monotonic() - started)
    return True


def execute_job(
    job: dg.JobDefinition,
    instance: dg.DagsterInstance,
    printer: StepPrinter,
    spans: StepSpans | None = None,
) -> dg.ExecuteInProcessResult:
    """Execute a job in this process; ``printer`` shows each step as it ends, ``spans`` trace it."""
    run_id = str(uuid.uuid4())
    instance.add_event_listener(run_id, printer)
    if spans is not None:
        instance.add_event_listener(run_id, spans.listen)
    try:
        with locked_run(Path(instance.root_directory), run_id) as tags:
            return job.execute_in_process(
                run_config=_log_config(),
                instance=instance,
                run_id=run_id,
                tags=dict(tags),
                raise_on_error=False,
            )
    finally:
        printer.close()


def _log_config() -> dict[str, Any]:
    """Lines of text would stand between those that are printed; lines of JSON were asked for."""
    if log_format(os.environ) == "json":
        return {}
    return {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def seed_declared_groups(console: Console, deployment: Deployment, data: Path | None) -> None:
    """Copy ``data``, or the sample where there is nothing yet, to the raw prefixes of MovieLens."""
    s3 = S3Resource.of(deployment, LocalStackResource.of(deployment))
    for component in component_tree().get_all_components(of_type=PersonalizeDatasetGroup):
        _seed(console, s3, Graph(component), data)


def _seed(console: Console, s3: S3Resource, graph: Graph, data: Path | None) -> None:
    _make_drop_folders(s3, graph)
    if graph.attributes.source.type != "movielens":
        return
    if data is None and s3.deployment != "local":
        return  # nobody should pay for training on a sample without having asked
    prefix = graph.attributes.source.prefix
    with show_transfers(console, s3.store()) as bucket:
        seeded = seed_raw_data(bucket, prefix, data or SAMPLE, replace=data is not None)
    if seeded.written:
        console.print(f"Copied {seeded.source} to {s3.uri(prefix)}", highlight=False)


def _make_drop_folders(s3: S3Resource, graph: Graph) -> None:
    """Make the folders that people drop files into, where S3 is a folder of this machine."""
    if s3.deployment != "local":
        return
    s3.store()
    for prefix in (graph.attributes.source.prefix, graph.attributes.prefixes.batch_input):
        (s3.settings.bucket_folder / prefix).mkdir(parents=True, exist_ok=True)


def _show(
    console: Console,
    deployment: Deployment,
    graph: Graph,
    instance: dg.DagsterInstance,
    printer: StepPrinter,
) -> None:
    console.print()
    if not printer.changed:
        console.print("[bold]Nothing changed[/bold]: every result was there already.\n")
    rows = [
        (solution.name, newest_metadata(instance, graph.key(solution.name, "metrics")))
        for solution in graph.attributes.solutions
    ]
    console.print(summary.metrics_table(rows))
    results = newest_metadata(instance, graph.key("recommendations"))
    summary.print_recommendations(console, results.get("preview_users", []))
    root = deployment.bucket_folder.parent if deployment.is_local else None
    summary.print_places(console, results, root)
