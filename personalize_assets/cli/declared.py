"""What the files of `defs/` declare, read without Dagster: for commands that answer at once.

Takes only what those commands need. Where a file holds Dagster's templates, such as
`{{ env.NAME }}`, Dagster itself is asked, which takes some seconds longer.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
import yaml

from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.spec import RecipeSpec

DEFS: Final = Path(__file__).parent.parent / "defs"
_COMPONENT: Final = "PersonalizeDatasetGroup"
_TEMPLATE: Final = "{{"


@dataclass(frozen=True)
class DeclaredGroup:
    """One dataset group, as far as commands need it.

    Attributes:
        name: Name of the group.
        transformed: S3 prefix of the cleaned files, ending in a slash.
        solutions: Recipes by names of solutions, in declared order.
        campaigns: Names of the solutions that have campaigns, in declared order.
        filters: Expressions by names of filters.
        path: The file, for messages.
    """

    name: str
    transformed: str
    solutions: Mapping[str, str]
    campaigns: tuple[str, ...]
    filters: Mapping[str, str]
    path: str

    def spec(self, solution: str) -> RecipeSpec:
        """What is known of the recipe of a declared solution."""
        return RECIPES[self.solutions[solution]]


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
                yield _group_of(document["attributes"], _short(file))


def _group_of(attributes: Mapping[str, Any], path: str) -> DeclaredGroup:
    return DeclaredGroup(
        name=str(attributes["name"]),
        transformed=str(attributes["prefixes"]["transformed"]),
        solutions={one["name"]: one["recipe"] for one in attributes.get("solutions") or ()},
        campaigns=tuple(one["solution"] for one in attributes.get("campaigns") or ()),
        filters={one["name"]: one["expression"] for one in attributes.get("filters") or ()},
        path=path,
    )


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
            path=f"the file of {component.name} in defs/",
        )


def _short(file: Path) -> str:
    """The path from the project's folder on, where the file lies in it."""
    root = DEFS.parent.parent
    return str(file.relative_to(root)) if file.is_relative_to(root) else str(file)
