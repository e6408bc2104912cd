"""`personalize-assets run`: what it refuses and leaves alone before anything is started."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from personalize_assets.aws.deployment import Deployment
from personalize_assets.cli import run as module
from personalize_assets.cli.main import main
from personalize_assets.components import PersonalizeDatasetGroup
from personalize_assets.components.graph import Graph
from personalize_assets.resources import LocalStackResource, S3Resource

AWS = {
    "PERSONALIZE_ASSETS_DEPLOYMENT": "aws",
    "PERSONALIZE_ASSETS_BUCKET": "some-bucket",
    "PERSONALIZE_ASSETS_ROLE_ARN": "arn:aws:iam::111122223333:role/PersonalizeRole",
    "PERSONALIZE_ASSETS_REGION": "eu-west-1",
}


def test_seed__never_copies_the_sample_to_aws_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    deployment = Deployment.from_environment(AWS)
    s3 = S3Resource.of(deployment, LocalStackResource.of(deployment))
    (component,) = [
        c
        for c in module.component_tree().get_all_components(of_type=PersonalizeDatasetGroup)
        if c.name == "movielens"
    ]
    asked: list[Path] = []
    monkeypatch.setattr(module, "seed_raw_data", lambda *a, **_: asked.append(a[2]))

    module._seed(Console(quiet=True), s3, Graph(component), None)

    assert asked == []


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        (["--group", "films"], {}, "no dataset group 'films' in defs/; declared are movielens"),
        ([], {"PERSONALIZE_ASSETS_DEPLOYMENT": "gcp"}, "must be local or aws, got 'gcp'"),
        (
            [],
            {**AWS, "PERSONALIZE_ASSETS_BUCKET": ""},
            "PERSONALIZE_ASSETS_DEPLOYMENT=aws needs PERSONALIZE_ASSETS_BUCKET as well",
        ),
    ],
)
def test_run__refuses(arguments: list[str], environment: dict[str, str], message: str) -> None:
    result = CliRunner().invoke(main, ["run", *arguments], env=environment)

    assert result.exit_code == 1
    assert message in result.output
