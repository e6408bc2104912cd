"""`personalize-assets api`: a REST service for applications, over campaigns of a dataset group."""

import os
import sys

import click

_LEVELS = ("debug", "info", "warning", "error")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="Where to listen; 0 takes any free port.",
)
@click.option("--group", default="movielens", show_default=True, help="Dataset group.")
@click.option(
    "--rate",
    type=click.FloatRange(0),
    default=200,
    show_default=True,
    help="Requests a second of one address, twice as many at once; 0 for no limit.",
)
@click.option(
    "--cors-origin",
    "cors_origins",
    multiple=True,
    metavar="ORIGIN",
    help="Origin whose pages may ask, such as https://shop.example.org; may be repeated.",
)
@click.option(
    "--allowed-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="Further host that requests may name; * for any; may be repeated.",
)
@click.option(
    "--forwarded-by",
    metavar="ADDRESS",
    help="Proxy in front, whose X-Forwarded-For tells the address of clients.",
)
@click.option(
    "--refresh-s",
    type=click.FloatRange(1),
    default=10,
    show_default=True,
    help="Seconds between two looks at the cleaned files.",
)
@click.option(
    "--log-level", type=click.Choice(_LEVELS), default="info", show_default=True, help="Of stderr."
)
@click.option(
    "--exit-with-parent",
    is_flag=True,
    help="End when standard input is closed, as it is when the parent dies.",
)
def api(
    *,
    host: str,
    port: int,
    group: str,
    rate: float,
    cors_origins: tuple[str, ...],
    hosts: tuple[str, ...],
    forwarded_by: str | None,
    refresh_s: float,
    log_level: str,
    exit_with_parent: bool,
) -> None:
    """Answer applications with titled recommendations; the address is the first line of output.

    One line of JSON a request goes to stderr. /docs shows the endpoints.
    """
    if exit_with_parent:
        from personalize_assets.local.processes import exit_with_parent as watch_parent

        watch_parent()
    from botocore.exceptions import BotoCoreError

    from personalize_assets.api.calls import CALL_LIMITS
    from personalize_assets.api.limits import Rate
    from personalize_assets.api.request_log import log_lines
    from personalize_assets.api.server import serve
    from personalize_assets.api.services import ApiOptions, Services
    from personalize_assets.aws.deployment import Deployment, DeploymentError
    from personalize_assets.cli.declared import find_group
    from personalize_assets.local.clients import open_clients
    from personalize_assets.local.stack import StackError

    declared = find_group(group)
    log_lines(log_level)
    try:
        deployment = Deployment.from_environment(os.environ)
        clients = open_clients(deployment, limits=CALL_LIMITS)
    except (DeploymentError, StackError, BotoCoreError) as error:
        raise click.ClickException(str(error)) from error
    options = ApiOptions(
        rate=Rate(rate, 2 * rate),
        cors_origins=cors_origins,
        hosts=allowed_hosts(host, hosts),
        refresh_s=refresh_s,
        ui_url=deployment.ui_url,
    )
    services = Services.make(declared, clients, options)
    sys.exit(serve(services, host, port, forwarded_by=forwarded_by))


def allowed_hosts(host: str, further: tuple[str, ...]) -> tuple[str, ...]:
    """Hosts that requests may name: on loopback its names, else any unless some are given."""
    from personalize_assets.loopback import is_loopback

    if further:
        return ("127.0.0.1", "localhost", "::1", *(name.lower() for name in further))
    at = f"[{host}]" if ":" in host else host
    return ("127.0.0.1", "localhost", "::1", host) if is_loopback(f"http://{at}") else ("*",)
