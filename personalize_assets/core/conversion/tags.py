"""Tags: here a dataset group has one set of them, in the parameter file every part had its own."""

from collections.abc import Mapping

from personalize_assets.core.conversion.draft import Draft
from personalize_assets.core.conversion.nodes import Node


def convert_tags(root: Node, group: Node, draft: Draft) -> None:
    """Declare the tags of the whole file and of the dataset group, those of the group first."""
    for node in (root, group):
        for key, value in node.tags().items():
            tags: Mapping[str, str] = draft.attributes.get("tags", {})
            if (refusal := draft.accept(tags={**tags, key: value})) is not None:
                node.notes.leave_out(node.place("tags"), {key: value}, refusal)


def note_tags(node: Node, draft: Draft) -> None:
    """Note the tags of one part that the group does not have."""
    carried: Mapping[str, str] = draft.attributes.get("tags", {})
    own = {key: value for key, value in node.tags().items() if carried.get(key) != value}
    if own:
        node.notes.leave_out(
            node.place("tags"),
            own,
            "all resources of a dataset group have the same tags",
            "add them to the group's tags if the others may have them too",
        )
