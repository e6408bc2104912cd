"""From campaigns, recommenders, filters and the event tracker to what a group serves."""

from collections.abc import Mapping, Sequence
from typing import Any

from personalize_assets.core.conversion.draft import Draft
from personalize_assets.core.conversion.naming import recipe_name, short_name
from personalize_assets.core.conversion.nodes import Node
from personalize_assets.core.conversion.solutions import Converted
from personalize_assets.core.conversion.tags import note_tags


def convert_filters(nodes: Sequence[Node], draft: Draft, group: str) -> Mapping[str, str]:
    """Declare filters.

    Returns:
        Names in ``defs.yaml`` by names in the file, of those that were taken in.
    """
    names: dict[str, str] = {}
    for node in nodes:
        config = node.child("serviceConfig")
        label, expression = config.text("name") or "unnamed", config.text("filterExpression")
        name = short_name(label, names.values(), group)
        refusal = draft.append("filters", {"name": name, "expression": expression or ""})
        note_tags(config, draft)
        if refusal is not None:
            config.notes.leave_out(config.path, expression or label, refusal)
            continue
        config.notes.rename(config.place("name"), label, f"{group}-{name}", f"declared as {name}")
        names[label] = name
    return names


def convert_campaigns(solution: Converted, draft: Draft, group: str) -> None:
    """Declare the campaign of a solution; one that has several keeps the first."""
    for place, node in enumerate(solution.node.children("campaigns")):
        config = node.child("serviceConfig")
        label = config.text("name") or "unnamed"
        note_tags(config, draft)
        config.read.add("solutionVersionArn")
        if place:
            config.notes.leave_out(
                config.path, label, "a solution has one campaign here, its first", ""
            )
            config.read.update(config.members)
            continue
        settings = config.child("campaignConfig")
        entry: dict[str, Any] = {
            "solution": solution.name,
            "min_provisioned_tps": _at_least_one(config, "minProvisionedTPS"),
        }
        if _append_exploring(draft, "campaigns", entry, settings):
            config.notes.rename(
                config.place("name"),
                label,
                f"{group}-{solution.name}",
                "applications ask for the new ARN",
            )
        _note_settings(settings)


def convert_recommenders(nodes: Sequence[Node], draft: Draft, group: str) -> None:
    """Declare the recommenders of a domain dataset group."""
    names: list[str] = []
    for node in nodes:
        config = node.child("serviceConfig")
        label, settings = config.text("name") or "unnamed", config.child("recommenderConfig")
        name = short_name(label, names, group)
        entry: dict[str, Any] = {
            "name": name,
            "recipe": recipe_name(config.text("recipeArn") or ""),
            "min_requests_per_second": _at_least_one(
                settings, "minRecommendationRequestsPerSecond"
            ),
        }
        note_tags(config, draft)
        if _append_exploring(draft, "recommenders", entry, settings):
            names.append(name)
            config.notes.rename(
                config.place("name"), label, f"{group}-{name}", "applications ask for the new ARN"
            )
        if settings.has("trainingDataConfig"):
            settings.notes.leave_out(
                settings.place("trainingDataConfig"),
                settings.raw("trainingDataConfig"),
                "recommenders train on all columns",
                "leave columns out of source.tables",
            )
        _note_settings(settings)


def convert_tracker(root: Node, draft: Draft, group: str) -> None:
    """Declare the event tracker, which applications then find under another id."""
    if not root.has("eventTracker"):
        root.read.add("eventTracker")
        return
    config = root.child("eventTracker").child("serviceConfig")
    label = config.text("name") or "unnamed"
    note_tags(config, draft)
    refusal = draft.accept(event_tracker=True)
    if refusal is not None:
        config.notes.leave_out(config.path, label, refusal)
        return
    config.notes.rename(
        config.place("name"), label, f"{group}-events", "applications send with its new tracking id"
    )


def read_exploration(node: Node) -> dict[str, Any] | None:
    """``itemExplorationConfig`` as the attribute ``exploration``; None where there is none."""
    config = node.child("itemExplorationConfig")
    weight = config.number("explorationWeight")
    age = config.whole("explorationItemAgeCutOff")
    found = {"weight": weight, "item_age_cut_off": age}
    given = {name: value for name, value in found.items() if value is not None}
    return given or None


def _append_exploring(draft: Draft, key: str, entry: Mapping[str, Any], settings: Node) -> bool:
    """Add an entry, with its exploration where that may be."""
    exploration = read_exploration(settings)
    whole = entry if exploration is None else {**entry, "exploration": exploration}
    refusal = draft.append(key, whole)
    if refusal is None:
        return True
    if exploration is not None and draft.append(key, entry) is None:
        settings.notes.leave_out(settings.place("itemExplorationConfig"), exploration, refusal)
        return True
    settings.notes.leave_out(_owner(settings.path), dict(entry), refusal)
    return False


def _owner(path: str) -> str:
    """Path of the ``serviceConfig`` that holds these settings."""
    return path.rpartition(".")[0]


def _at_least_one(node: Node, member: str) -> int:
    found = node.whole(member)
    return 1 if found is None else found


def _note_settings(settings: Node) -> None:
    """Note what a campaign or recommender had and no attribute stands for."""
    if settings.flag("enableMetadataWithRecommendations"):
        settings.notes.leave_out(
            settings.place("enableMetadataWithRecommendations"),
            True,
            "no attribute asks the service to add columns of the items",
            "commands and results add titles from the cleaned items",
        )
    if settings.flag("syncWithLatestSolutionVersion"):
        settings.notes.leave_out(
            settings.place("syncWithLatestSolutionVersion"),
            True,
            "a campaign gets a new version when its metrics hold",
            "`promotion` says which metrics",
        )
    if settings.has("rankingInfluence"):
        settings.notes.leave_out(
            settings.place("rankingInfluence"),
            settings.raw("rankingInfluence"),
            "no attribute stands for it",
        )
