"""From solutions of the parameter file to those of a ``defs.yaml``, an attribute at a time."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from personalize_assets.core.conversion.draft import Draft
from personalize_assets.core.conversion.naming import LEGACY, recipe_name, short_name
from personalize_assets.core.conversion.nodes import Node
from personalize_assets.core.names import DEFAULT_TRAINING_DAYS

_RATE: Final = re.compile(r"rate\((\d+) days?\)")
_RANGES: Final = (
    "integerHyperParameterRanges",
    "continuousHyperParameterRanges",
    "categoricalHyperParameterRanges",
)


@dataclass(frozen=True)
class Extra:
    """One attribute of a solution beside name and recipe, with its place in the file.

    Attributes:
        path: Place.
        value: What stands there.
        attribute: The solution's attribute.
        entry: Its value; a mapping is added to what the attribute holds already.
    """

    path: str
    value: Any
    attribute: str
    entry: Any


@dataclass(frozen=True)
class Converted:
    """A solution that was taken in.

    Attributes:
        node: Its object in the parameter file.
        name: Its name in ``defs.yaml``.
        path: Its place in the file.
        label: Its name in the file.
    """

    node: Node
    name: str
    path: str
    label: str


def convert_solutions(
    nodes: Sequence[Node], draft: Draft, group: str, untrained: Mapping[str, Sequence[str]]
) -> list[Converted]:
    """Take in every solution that can be declared; note what of it cannot.

    Args:
        nodes: Entries of ``solutions``.
        draft: Gets the attribute ``solutions``.
        group: Name of the dataset group, for the names that the service will see.
        untrained: Columns by dataset that no solution is to learn from.
    """
    converted: list[Converted] = []
    for node in nodes:
        config = node.child("serviceConfig")
        label = config.text("name") or "unnamed"
        name = short_name(label, [one.name for one in converted], group)
        extras = [*_extras(config), *_exclusions(config, untrained)]
        if _take_in(draft, config, name, extras):
            config.notes.rename(
                config.place("name"), label, f"{group}-{name}-DIGEST", f"declared as {name}"
            )
            converted.append(Converted(node, name, config.place("name"), label))
        else:
            _pass_over(node)
    return converted


def _take_in(draft: Draft, config: Node, name: str, extras: Sequence[Extra]) -> bool:
    base = {"name": name, "recipe": _recipe(config)}
    whole = base
    for extra in extras:
        whole = _with(whole, extra)
    if draft.append("solutions", whole) is None:
        return True
    refusal = draft.append("solutions", base)
    if refusal is not None:
        config.notes.leave_out(config.path, config.members.get("name"), refusal)
        return False
    taken = base
    for extra in extras:
        wider = _with(taken, extra)
        refusal = draft.replace_last("solutions", wider)
        if refusal is None:
            taken = wider
        else:
            config.notes.leave_out(extra.path, extra.value, refusal)
    return True


def _with(solution: Mapping[str, Any], extra: Extra) -> dict[str, Any]:
    entry: Any = extra.entry
    if isinstance(entry, Mapping):
        added = cast("Mapping[str, Any]", entry)
        entry = _merged(solution.get(extra.attribute, {}), added)
    return {**solution, extra.attribute: entry}


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    both = {name: _merged(old[name], one) for name, one in new.items() if _nested(old, name, one)}
    return {**old, **new, **both}


def _nested(old: Mapping[str, Any], name: str, one: Any) -> bool:
    return isinstance(one, Mapping) and isinstance(old.get(name), Mapping)


def _recipe(config: Node) -> str:
    recipe = recipe_name(config.text("recipeArn") or "")
    if recipe not in LEGACY:
        return recipe
    config.notes.change(
        config.place("recipeArn"),
        config.members["recipeArn"],
        f"AWS retired {recipe}; {LEGACY[recipe]} takes its place",
        "consider aws-user-personalization-v2 for new work",
    )
    return LEGACY[recipe]


def _extras(config: Node) -> Iterator[Extra]:
    """Everything of a solution that an attribute stands for, in the order of attributes."""
    settings = config.child("solutionConfig")
    yield from _plain(config, "eventType", "event_type")
    yield from _plain(settings, "eventValueThreshold", "event_value_threshold")
    yield from _events(settings.child("eventsConfig"))
    for member, attribute in (
        ("algorithmHyperParameters", "hyperparameters"),
        ("featureTransformationParameters", "feature_transformation_parameters"),
    ):
        yield from _parameters(settings.child(member), attribute)
    if config.flag("performHPO"):
        yield Extra(config.place("performHPO"), True, "perform_hpo", True)
    yield from _search(settings.child("hpoConfig"))
    yield from _objective(settings.child("optimizationObjective"))
    yield from _columns(settings.child("trainingDataConfig"))
    yield from _automatic(config, settings.child("autoTrainingConfig"))
    _note_unsupported(config, settings)


def _plain(node: Node, member: str, attribute: str) -> Iterator[Extra]:
    if (value := node.text(member)) is not None:
        yield Extra(node.place(member), value, attribute, value)


def _events(node: Node) -> Iterator[Extra]:
    entries: list[dict[str, Any]] = []
    for one in node.children("eventParametersList"):
        entry: dict[str, Any] = {"event_type": one.text("eventType")}
        for member, attribute in (
            ("weight", "weight"),
            ("eventValueThreshold", "event_value_threshold"),
        ):
            if (number := one.number(member)) is not None:
                entry[attribute] = number
        entries.append(entry)
    if entries:
        yield Extra(node.path, node.members, "events", entries)


def _parameters(node: Node, attribute: str) -> Iterator[Extra]:
    for name, value in node.members.items():
        node.read.add(name)
        yield Extra(node.place(name), value, attribute, {name: value})


def _search(node: Node) -> Iterator[Extra]:
    resources = node.child("hpoResourceConfig")
    for member, attribute in (
        ("maxNumberOfTrainingJobs", "max_training_jobs"),
        ("maxParallelTrainingJobs", "max_parallel_training_jobs"),
    ):
        if (most := resources.whole(member)) is not None:
            yield Extra(resources.place(member), most, "hpo", {attribute: most})
    ranges = node.child("algorithmHyperParameterRanges")
    for member in _RANGES:
        for one in ranges.children(member):
            if (name := one.text("name")) is None:
                continue
            values = one.raw("values") if one.has("values") else None
            given = values or [one.number("minValue"), one.number("maxValue")]
            yield Extra(one.path, one.members, "hpo", {"ranges": {name: [*map(_tidy, given)]}})
    if node.has("hpoObjective"):
        node.notes.leave_out(
            node.place("hpoObjective"),
            node.raw("hpoObjective"),
            "searches go by the recipe's own metric",
        )


def _tidy(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _objective(node: Node) -> Iterator[Extra]:
    if (attribute := node.text("itemAttribute")) is not None:
        entry = {"item_attribute": attribute}
        if (sensitivity := node.text("objectiveSensitivity")) is not None:
            entry["sensitivity"] = sensitivity
        yield Extra(node.path, node.members, "optimization_objective", entry)


def _columns(node: Node) -> Iterator[Extra]:
    excluded = node.child("excludedDatasetColumns")
    for dataset in excluded.members:
        columns = [column.upper() for column in excluded.texts(dataset)]
        yield Extra(
            excluded.place(dataset), columns, "excluded_columns", {dataset.lower(): columns}
        )
    if node.has("includedDatasetColumns"):
        node.notes.leave_out(
            node.place("includedDatasetColumns"),
            node.raw("includedDatasetColumns"),
            "columns are named here that are not trained on, not those that are",
            "name the other columns in excluded_columns",
        )


def _exclusions(config: Node, untrained: Mapping[str, Sequence[str]]) -> Iterator[Extra]:
    """Columns that the schemas keep out of training, unless the solution names its own."""
    training = config.child("solutionConfig").child("trainingDataConfig")
    named = training.child("excludedDatasetColumns").members
    own = {str(dataset).lower(): columns for dataset, columns in named.items()}
    for dataset, columns in untrained.items():
        wanted = [column for column in columns if column not in own.get(dataset, [])]
        if wanted:
            entry = {dataset: [*map(str.upper, own.get(dataset, [])), *wanted]}
            yield Extra(config.path, wanted, "excluded_columns", entry)


def _automatic(config: Node, schedule: Node) -> Iterator[Extra]:
    expression = schedule.text("schedulingExpression")
    if not config.flag("performAutoTraining"):
        return
    match = _RATE.fullmatch(expression or f"rate({DEFAULT_TRAINING_DAYS} days)")
    if match is None:
        config.notes.leave_out(
            schedule.place("schedulingExpression"), expression, "it must be rate(N days)"
        )
        return
    yield Extra(config.place("performAutoTraining"), True, "auto_training_days", int(match[1]))


def _note_unsupported(config: Node, settings: Node) -> None:
    """Note what no attribute stands for."""
    if config.flag("performAutoML") or settings.has("autoMLConfig"):
        settings.read.add("autoMLConfig")
        config.notes.leave_out(
            config.place("performAutoML"),
            config.members.get("performAutoML"),
            "AWS no longer offers AutoML",
            "name the recipe that fits; `comparison` shows recipes side by side",
        )
    if config.flag("performIncrementalUpdate"):
        config.notes.leave_out(
            config.place("performIncrementalUpdate"),
            True,
            "no attribute stands for it",
            "retraining.update takes new items in where the recipe can",
        )
    version = config.child("solutionVersion")
    if (mode := version.text("trainingMode")) not in (None, "FULL"):
        config.notes.leave_out(
            version.place("trainingMode"),
            mode,
            "the mode belongs to a schedule here, not to a solution",
            "retraining.update is the schedule of trainingMode UPDATE",
        )
    if (name := version.text("name")) is not None:
        config.notes.leave_out(
            version.place("name"),
            name,
            "versions are named after a digest of their data and configuration, so that a second "
            "run finds them",
        )
    config.read.add("datasetGroupArn")


def _pass_over(node: Node) -> None:
    """Note what goes with a solution that could not be taken in."""
    for member in ("campaigns", "batchInferenceJobs", "batchSegmentJobs", "workflowConfig"):
        if node.has(member):
            node.notes.leave_out(node.place(member), node.raw(member), "its solution is left out")
