"""``personalize-local evaluate`` on files, without any engine."""

import io
import json
from pathlib import Path

import numpy as np
import pyarrow.csv as pv
import pytest
from click.testing import CliRunner, Result

from personalize_assets.cli.evaluate import ProgressLine
from personalize_assets.cli.local import main
from personalize_assets_tests.recipe_contract import walks


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rows") / "events.csv"
    pv.write_csv(walks(np.random.default_rng(7)), path)
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["evaluate", *map(str, arguments)])


def test_evaluate__json_into_a_file(rows: Path, tmp_path: Path) -> None:
    output = tmp_path / "found.json"
    chosen = ("--recipe", "aws-popularity-count", "--folds", "2", "--seen", "excluded")
    result = run(rows, *chosen, "--format", "json", "--output", output)
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    assert " 25% fold 1 of 2, random, about " in result.stderr
    (table,) = json.loads(output.read_text())["comparisons"]
    assert [row["recipe"] for row in table["rows"]] == ["aws-popularity-count", "random"]
    assert {row["seen"] for row in table["rows"]} == {"excluded"}


@pytest.mark.parametrize(("style", "begins"), [("text", "Recommended"), ("markdown", "**Recomm")])
def test_evaluate__other_formats(rows: Path, style: str, begins: str) -> None:
    result = run(rows, "--recipe", "aws-popularity-count", "--folds", "1", "--format", style)
    assert result.stdout.startswith(begins)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--recipe", "aws-hrnn"], "Error: unknown recipe 'aws-hrnn'; these train here: aws-user"),
        (["--recipe", "aws-next-best-action"], "Error: recipe aws-next-best-action recommends"),
        (["--event-type", "click"], "Error: 'click' is asked for, but the interactions have no"),
        (["--output", "/nowhere/x", "--recipe", "aws-popularity-count"], "cannot write /nowhere/x"),
    ],
)
def test_evaluate__refuses(rows: Path, arguments: list[str], message: str) -> None:
    result = run(rows, "--folds", "1", *arguments)
    assert result.exit_code == 1
    assert message in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--metadata"], "--metadata needs --items or --users"),
        (["--folds", "11"], "11 is not in the range 1<=x<=10"),
        (["--seen", "never"], "'never' is not one of"),
        (["--items", "/nowhere.csv"], "does not exist"),
    ],
)
def test_evaluate__bad_options(rows: Path, arguments: list[str], message: str) -> None:
    result = run(rows, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_line__moves_in_a_terminal() -> None:
    ticks, stream = iter([10.0, 40.0]), Terminal()
    line = ProgressLine(stream, lambda: next(ticks))
    line.told("fold 1", 0.0)
    line.told("fold 2", 0.25)
    line.close()
    # A quarter took 30 s, so that three quarters take 90.
    assert stream.getvalue() == ("\r\x1b[K  0% fold 1\r\x1b[K 25% fold 2, about 90 s left\r\x1b[K")
