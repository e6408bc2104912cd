"""`personalize-assets api` as a person types it wrongly, and which hosts it answers for."""

import pytest
from click.testing import CliRunner

from personalize_assets.cli.api import allowed_hosts
from personalize_assets.cli.main import main

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (["--group", "x"], {}, "no dataset group 'x' in defs/; declared are movielens"),
        (["--port", "70000"], {}, "70000 is not in the range 0<=x<=65535"),
        (["--rate", "-1"], {}, "-1.0 is not in the range x>=0"),
        ([], {"PERSONALIZE_ASSETS_DEPLOYMENT": "cloud"}, "must be local or aws, got 'cloud'"),
    ],
)
@pytest.mark.usefixtures("clean_environment")
def test_api__says_what_is_wrong(
    arguments: list[str], environment: dict[str, str], said: str
) -> None:
    result = CliRunner().invoke(main, ["api", *arguments], env=environment)

    assert result.exit_code in (1, 2)
    assert said in result.output


@pytest.mark.parametrize(
    ("host", "further", "hosts"),
    [
        ("127.0.0.1", (), (*LOOPBACK, "127.0.0.1")),
        ("::1", (), (*LOOPBACK, "::1")),
        ("127.0.0.2", (), (*LOOPBACK, "127.0.0.2")),
        ("0.0.0.0", (), ("*",)),
        ("0.0.0.0", ("Shop.example",), (*LOOPBACK, "shop.example")),
        ("127.0.0.1", ("*",), (*LOOPBACK, "*")),
    ],
)
def test_allowed_hosts(host: str, further: tuple[str, ...], hosts: tuple[str, ...]) -> None:
    assert allowed_hosts(host, further) == hosts
