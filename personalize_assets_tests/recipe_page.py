"""Generated parts of docs/recipes.md: what each recipe trains here, needs and can be told.

All of it comes from the declarations of the recipes and from the docstrings of what learns them.
`make docs` writes it, a test compares.
"""

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from personalize_assets.recipes.hyperparameters import Hyperparameter, hyperparameters
from personalize_assets.recipes.preset import Preset
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.spec import RecipeSpec

PAGE: Final = Path(__file__).parent.parent / "docs" / "recipes.md"

_REFRESHES: Final = {
    "none": "with the next training",
    "new-items": "every two hours, by exploration",
    "recount": "every two hours, when all is counted anew",
}


def sections() -> Mapping[str, str]:
    """The text of each generated part by its name."""
    return {"models": _models(), "recipes": "\n\n".join(map(_recipe, _trained()))}


def _trained() -> list[RecipeSpec]:
    return [spec for spec in RECIPES.values() if spec.trainable]


def _models() -> str:
    """Each module that learns a model, by the recipes that share it."""
    shared: dict[str, list[str]] = {}
    for spec in _trained():
        shared.setdefault(_explanation(spec), []).append(f"[{spec.name}](#{spec.name})")
    return "\n\n".join(f"{text}\n\nServes {', '.join(names)}." for text, names in shared.items())


def _explanation(spec: RecipeSpec) -> str:
    learner = spec.learner
    while isinstance(learner, Preset):
        learner = learner.learner
    module = inspect.getmodule(type(learner))
    text = inspect.cleandoc((module and module.__doc__) or "").replace("``", "`")
    headline, *rest = text.split("\n\n")
    name, colon, said = headline.partition(": ")
    headline = f"### Model of {name if colon else spec.name}\n\n{_capital(said or name)}"
    return "\n\n".join([headline, *rest])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _recipe(spec: RecipeSpec) -> str:
    parts = [f"### {spec.name}", spec.description, "\n".join(f"- {fact}" for fact in _facts(spec))]
    parts += [
        _options(title, options, spec)
        for title, options in (
            ("hyperparameter", spec.config),
            ("feature transformation parameter", spec.featurization),
        )
        if options.model_fields
    ]
    return "\n\n".join(parts)


def _facts(spec: RecipeSpec) -> list[str]:
    events = f"events of the type {spec.event_type}" if spec.event_type else "events of all types"
    facts = [
        f"Type: {spec.recipe_type}{f', domain {spec.domain}' if spec.domain else ''}.",
        f"Needs {_listed(spec.required_datasets)}; "
        f"also uses {_listed(spec.used_datasets) if spec.used_datasets else 'nothing else'}.",
        f"Asked with {_listed(spec.query_fields) if spec.query_fields else 'nothing'}; "
        + (f"batch jobs with {spec.batch_field}." if spec.batch_field else "no batch jobs."),
        f"New items come in {_REFRESHES[spec.refresh]}.",
    ]
    if spec.domain:
        left = f"; items of the user's {spec.excludes} events are left out" if spec.excludes else ""
        facts.append(f"Trained on {events}{left}.")
    able = {
        "moves with the user's events at once": spec.real_time,
        "explores new items": spec.explores,
        "looks at the context of requests": spec.takes_context,
        "searches hyperparameters with performHPO": spec.hpo,
        "searches hyperparameters every 90 days of automatic training": spec.searched is not None,
    }
    if any(able.values()):
        facts.append(f"{_capital(_listed(tuple(text for text, can in able.items() if can)))}.")
    return facts


def _listed(names: tuple[str, ...]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _options(title: str, options: type[BaseModel], spec: RecipeSpec) -> str:
    lines = [
        f"| {title} | default | allowed | searched | what it does here |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| `{item.name}` | {item.default} | {_allowed(item)} | {_searched(item, spec)} "
        f"| {item.description} |"
        for item in hyperparameters(options)
    ]
    return "\n".join(lines)


def _allowed(item: Hyperparameter) -> str:
    return ", ".join(item.values) if item.values else f"{item.low} to {item.high}"


def _searched(item: Hyperparameter, spec: RecipeSpec) -> str:
    if not (item.tunable and spec.hpo):
        return "no"
    return "yes, cannot be set" if item.only_tuned else "yes"
