"""The first lines of every command: deployment, account, endpoints."""

from rich.console import Console

from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.endpoints import Endpoints


def print_header(console: Console, deployment: Deployment, endpoints: Endpoints | None) -> None:
    """Say where this command works, before it does anything."""
    lines = [f"deployment {deployment.name}", f"account {deployment.account_id}"]
    lines.append(f"region {deployment.region or 'of your AWS configuration'}")
    if endpoints is not None:
        lines.append(f"personalize {endpoints.personalize}")
        lines.append(f"s3 {endpoints.s3}")
    lines.append(f"bucket {deployment.bucket}")
    console.print(" · ".join(lines), style="bold", highlight=False, soft_wrap=True)
