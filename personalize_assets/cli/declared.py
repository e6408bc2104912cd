"""What the files of `defs/` declare, read without Dagster: for commands that answer at once.

Takes only what those commands need. Where a file holds Dagster's templates, such as
`{{ env.NAME }}`, Dagster itself is asked, which takes some seconds longer.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import click
import yaml

from personalize_assets.api.declared import DeclaredGroup

DEFS: Final = Path(__file__).parent.parent / "defs"
_COMPONENT: Final = "PersonalizeDatasetGroup"
_TEMPLATE: Final = "{{"


def find_group(name: str, folder: Path = DEFS) -> DeclaredGroup:
    """The declared group of this name.

    Raises:
        click.ClickException: There is none; the message names those that are declared.
    """
    groups = {group.name: group for group in _read_groups(folder)}
    if name not in groups:
        raise click.ClickException(
            f"no dataset group {name!r} in defs/; declared are {', '.join(sorted(groups))}"
        )
    return groups[name]


def _read_groups(folder: Path) -> Iterable[DeclaredGroup]:
    files = sorted(folder.rglob("defs.yaml"))
    texts = {file: file.read_text(encoding="utf-8") for file in files}
    if any(_TEMPLATE in text for text in texts.values()):
        yield from _resolved_groups()
        return
    for file, text in texts.items():
        for document in yaml.safe_load_all(text):
            if str((document or {}).get("type", "")).endswith(_COMPONENT):
                yield DeclaredGroup.of(document["attributes"], _short(file))


def _resolved_groups() -> Iterable[DeclaredGroup]:
    from personalize_assets.components import PersonalizeDatasetGroup
    from personalize_assets.definitions import component_tree

    for component in component_tree().get_all_components(of_type=PersonalizeDatasetGroup):
        yield DeclaredGroup(
            name=component.name,
            transformed=component.prefixes.transformed,
            solutions={one.name: one.recipe for one in component.solutions},
            campaigns=tuple(one.solution for one in component.campaigns),
            filters={one.name: one.expression for one in component.filters},
            recommenders={one.name: one.recipe for one in component.recommenders if one.running},
            descriptions={
                one.name: one.description for one in component.filters if one.description
            },
            event_types=tuple(rule.event_type for rule in component.cleaning.events),
            event_tracker=component.event_tracker,
            path=f"the file of {component.name} in defs/",
        )


def _short(file: Path) -> str:
    """The path from the project's folder on, where the file lies in it."""
    root = DEFS.parent.parent
    return str(file.relative_to(root)) if file.is_relative_to(root) else str(file)
