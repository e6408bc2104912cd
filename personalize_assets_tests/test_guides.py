"""Guides in docs/ show commands, options, settings and YAML that there are.

What the commands do is tested where they are; that each can be typed as shown is tested here.
"""

import re
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from click.testing import CliRunner

from personalize_assets.api.routes import health, looking_up, people, recommending
from personalize_assets.aws.settings import SETTINGS
from personalize_assets.cli.convert import refusal_of
from personalize_assets.cli.local import main as local
from personalize_assets.cli.main import main
from personalize_assets_tests.guides import ROOT, Command, blocks, commands, spans

GUIDES = sorted((ROOT / "docs").glob("*.md"))
AWS_GUIDES = [ROOT / "docs" / name for name in ("aws.md", "migrating.md")]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
GROUPS = {"personalize-assets": main, "personalize-local": local}
FOR_TESTS = re.compile(r"PERSONALIZE_ASSETS_TESTS?_\w+")


def shown() -> list[tuple[str, Command]]:
    found = {(path.name, one): None for path in GUIDES for one in commands(path.read_text("utf-8"))}
    return list(found)


def check(command: Command) -> None:
    """Parse a command as the program would; values are not looked at, they are placeholders."""
    if command.program == "make":
        targets = [word for word in command.words if "=" not in word]
        known = re.findall(r"^([a-z-]+):", MAKEFILE, re.M)
        assert set(targets) <= set(known)
        return
    group = GROUPS[command.program]
    if not command.words:
        return
    name, *arguments = command.words
    found = group.get_command(click.Context(group), name)
    assert found is not None, f"there is no {command.program} {name}"
    options, given, _ = found.make_parser(click.Context(found)).parse_args(list(arguments))
    takes = sum(isinstance(one, click.Argument) for one in found.params)
    assert len([one for one in given if one]) <= takes
    assert set(options) <= {one.name for one in found.params}


@pytest.mark.parametrize(
    ("guide", "command"), shown(), ids=lambda one: one if isinstance(one, str) else one.words[:1]
)
def test_guides__commands_can_be_typed(guide: str, command: Command) -> None:
    check(command)


@pytest.mark.parametrize(
    "text", ["personalize-assets brew", "personalize-assets run --fast", "make tea"]
)
def test_check__refuses_what_there_is_not(text: str) -> None:
    (command,) = commands(f"`{text}`")

    with pytest.raises((AssertionError, click.UsageError)):
        check(command)


@pytest.mark.parametrize("path", AWS_GUIDES, ids=lambda path: path.name)
def test_guides__name_every_command_once(path: Path) -> None:
    """Both ways to AWS pass all of these."""
    named = {one.words[0] for one in commands(path.read_text("utf-8")) if one.words}

    assert {"bootstrap", "doctor", "forecast", "inventory", "teardown"} <= named


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.name)
def test_guides__name_settings_that_there_are(path: Path) -> None:
    named = set(re.findall(r"PERSONALIZE_ASSETS_[A-Z\d_]+", path.read_text("utf-8")))
    known = {setting.name for setting in SETTINGS}

    assert {name for name in named - known if not FOR_TESTS.fullmatch(name)} == set()


def attributes_in(path: Path) -> list[dict[str, Any]]:
    """YAML of a guide that begins with an attribute: blocks, and spans such as `costs: { ... }`."""
    text = path.read_text("utf-8")
    inline = [span for span in spans(text) if re.match(r"[a-z_]+: \{", span)]
    return [yaml.safe_load(one) for one in (*blocks(text, "yaml"), *inline)]


@pytest.mark.parametrize("path", AWS_GUIDES, ids=lambda path: path.name)
def test_guides__yaml_loads(path: Path) -> None:
    base = yaml.safe_load((ROOT / "personalize_assets/defs/movielens/defs.yaml").read_text("utf-8"))
    found = attributes_in(path)

    assert found
    for one in found:
        assert refusal_of({**base["attributes"], **one}) is None, one


@pytest.mark.parametrize("path", AWS_GUIDES, ids=lambda path: path.name)
def test_guides__links_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([\w-]+))?\)", path.read_text("utf-8"))

    assert links
    for file, anchor in links:
        target = path.parent / file if file else path
        assert target.exists(), file
        if anchor:
            titles = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.M)
            assert anchor in {
                re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in titles
            }


def test_guides__ask_for_addresses_that_the_service_has() -> None:
    text = "".join(path.read_text("utf-8") for path in AWS_GUIDES)
    named = set(re.findall(r"(?:(?:GET|POST) |127\.0\.0\.1:\d+)(/[a-z/{}_]+)", text))
    modules = (health, looking_up, people, recommending)

    assert {"/recommendations", "/events"} <= named
    assert named <= {route.path for module in modules for route in module.router.routes}


@pytest.mark.parametrize("name", ["bootstrap", "doctor", "convert", "api"])
def test_commands__answer_for_help(name: str) -> None:
    result = CliRunner().invoke(main, [name, "--help"])

    assert result.exit_code == 0
    assert "Usage:" in result.output
