"""`personalize-assets convert`: a parameter file of AWS's retired MLOps solution as a `defs.yaml`.

Reads one JSON file and writes one YAML file; asks no service and starts nothing.
"""

import json
import re
import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click
import dagster as dg
import yaml
from dagster.components.resolved.errors import ResolutionException
from pydantic import ValidationError
from rich.console import Console

from personalize_assets.components import PersonalizeDatasetGroup
from personalize_assets.core import conversion as files
from personalize_assets.core.conversion import Conversion, ConversionError, Note, write_defs

DEFS: Final = Path(__file__).parent.parent / "defs"
_STANDARD_OUTPUT: Final = "-"
_MOST_OF_A_VALUE: Final = 100
_COUNTED: Final = ("solutions", "campaigns", "recommenders", "filters")
_TITLES: Final[Mapping[str, str]] = {
    "left out": "Left out",
    "changed": "Changed",
    "renamed": "Under another name",
}


@click.command()
@click.argument("config", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--output",
    help="File to write, or - for the standard output.  [default: defs/NAME/defs.yaml]",
)
@click.option("--name", help="Name of the dataset group; that of the file when left out.")
@click.option("--raw-prefix", help="S3 prefix of the raw files.  [default: train/NAME-IN-FILE/]")
@click.option("--json-report", is_flag=True, help="Say what became of the file as JSON.")
@click.option("--force", is_flag=True, help="Write over a file that exists.")
def convert(
    config: Path,
    output: str | None,
    name: str | None,
    raw_prefix: str | None,
    *,
    json_report: bool,
    force: bool,
) -> None:
    """Turn a parameter file of AWS's retired MLOps solution into a defs.yaml.

    CONFIG is the JSON file of "Maintaining Personalized Experiences with Machine Learning". What
    cannot be carried over is listed with its reason and what to do instead.
    """
    warnings.filterwarnings("ignore", category=dg.BetaWarning)
    warnings.filterwarnings("ignore", category=dg.PreviewWarning)
    conversion = _convert(config, name, raw_prefix)
    text = write_defs(conversion.attributes, conversion.notes, config.name)
    if output == _STANDARD_OUTPUT:
        if json_report:
            raise click.UsageError("--json-report and --output - both want the standard output")
        click.echo(text, nl=False)
        _report(Console(stderr=True), conversion, None)
        return
    path = DEFS / group_id(conversion.name) / "defs.yaml" if output is None else Path(output)
    _write(path, text, conversion.name, force=force)
    if json_report:
        click.echo(json.dumps(_as_json(conversion, path), indent=2, ensure_ascii=False))
    else:
        width = None if sys.stdout.isatty() else 120
        _report(Console(width=width), conversion, path)


def refusal_of(attributes: Mapping[str, Any]) -> str | None:
    """Say why attributes of a `defs.yaml` would not load; None where they would."""
    try:
        PersonalizeDatasetGroup.resolve_from_dict(dict(attributes))
    except (ResolutionException, ValidationError) as error:
        return _innermost(error)
    return None


def group_id(name: str) -> str:
    """First part of the asset keys of a dataset group; also the name of its folder."""
    return name.lower().replace("-", "_")


def _innermost(error: BaseException) -> str:
    """The first rule that is broken, without the way that Dagster took to it."""
    # Dagster's own errors say only where; what they came of is their context.
    while (deeper := error.__cause__ or error.__context__) is not None:
        error = deeper
    if not isinstance(error, ValidationError):
        return str(error).partition("\n")[0]
    first = error.errors(include_url=False)[0]
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "value_error":
        return message
    where = ".".join(str(part) for part in first["loc"])
    where = re.sub(r"`|\.\w+\[[^\]]*\]|\.constrained-\w+| at <string>:\d+", "", where)
    return f"{where}: {message}" if where else message


def _convert(config: Path, name: str | None, raw_prefix: str | None) -> Conversion:
    try:
        parsed = json.loads(config.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{config} is not JSON: {error}") from error
    try:
        return files.convert(parsed, refusal_of, name=name, raw_prefix=raw_prefix)
    except ConversionError as error:
        raise click.ClickException(f"{config}: {error}") from error


def _write(path: Path, text: str, name: str, *, force: bool) -> None:
    if path.exists() and not force:
        raise click.ClickException(f"{path} exists: give --force to write over it, or --output")
    if path.resolve().is_relative_to(DEFS):
        other = _same_id(name, path.resolve())
        if other is not None:
            raise click.ClickException(
                f"{other} declares a dataset group whose assets would have the same keys as those "
                f"of {name!r}: give another --name"
            )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _same_id(name: str, path: Path) -> Path | None:
    """Another declared file whose group would share asset keys with ``name``."""
    for file in DEFS.rglob("defs.yaml"):
        declared = (yaml.safe_load(file.read_text(encoding="utf-8")) or {}).get("attributes", {})
        if file != path and group_id(str(declared.get("name"))) == group_id(name):
            return file
    return None


def _as_json(conversion: Conversion, path: Path) -> dict[str, Any]:
    return {
        "dataset_group": conversion.name,
        "output": str(path),
        "notes": [note.as_json() for note in conversion.notes],
    }


def _report(console: Console, conversion: Conversion, path: Path | None) -> None:
    attributes = conversion.attributes
    counts = [f"{len(attributes[what])} {what}" for what in _COUNTED if attributes.get(what)]
    heading = " · ".join([f"dataset group {conversion.name}", *counts])
    console.print(heading, style="bold", highlight=False, soft_wrap=True)
    for kind, title in _TITLES.items():
        notes = [note for note in conversion.notes if note.kind == kind]
        if notes:
            console.print(f"\n{title}:", highlight=False)
            _print_notes(console, notes)
    if path is None:
        return
    source = attributes["source"]
    files = ", ".join(table["file"] for table in source["tables"].values())
    console.print(f"\nWrote {path}; it loads. Its prefixes are guesses: look at them. Then:")
    away = not path.resolve().is_relative_to(DEFS)
    for step in (
        *([f"copy it to {DEFS / group_id(conversion.name) / 'defs.yaml'}"] if away else []),
        f"put {files} under {source['prefix']} in the bucket",
        f"personalize-assets forecast --group {conversion.name}",
        f"personalize-assets run --group {conversion.name}",
    ):
        console.print(f"  {step}", markup=False, highlight=False, soft_wrap=True)


def _print_notes(console: Console, notes: Sequence[Note]) -> None:
    for note in notes:
        value = json.dumps(note.value, ensure_ascii=False)
        if len(value) > _MOST_OF_A_VALUE:
            value = f"{value[: _MOST_OF_A_VALUE - 3]}..."
        said = f"{note.reason}: {note.instead}" if note.instead else note.reason
        if note.kind == "renamed":
            said = f"-> {note.reason}" + (f" ({note.instead})" if note.instead else "")
        lines = f"  {note.path} = {value}\n      {said}"
        console.print(lines, markup=False, highlight=False, soft_wrap=True)
