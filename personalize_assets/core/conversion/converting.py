"""The whole conversion: a parameter file in, attributes of a ``defs.yaml`` and notes out.

Understands the file of AWS's retired solution "Maintaining Personalized Experiences with Machine
Learning". Reads and writes no files, and knows no recipes: who judges attributes is handed in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from personalize_assets.core.conversion.batch import convert_batch_jobs
from personalize_assets.core.conversion.draft import Draft, Judge
from personalize_assets.core.conversion.nodes import Node
from personalize_assets.core.conversion.notes import Note, Notes
from personalize_assets.core.conversion.schedules import convert_schedules, note_max_age
from personalize_assets.core.conversion.serving import (
    convert_campaigns,
    convert_filters,
    convert_recommenders,
    convert_tracker,
)
from personalize_assets.core.conversion.solutions import convert_solutions
from personalize_assets.core.conversion.tables import DATASETS, Table, convert_table
from personalize_assets.core.conversion.tags import convert_tags, note_tags
from personalize_assets.core.schema_rules import Domain

_DOMAINS: Final[Mapping[str, Domain]] = {
    "ECOMMERCE": "ECOMMERCE",
    "VIDEO_ON_DEMAND": "VIDEO_ON_DEMAND",
}


class ConversionError(ValueError):
    """Nothing that loads can be made of the file; the text says what is missing."""


@dataclass(frozen=True)
class Conversion:
    """What became of a parameter file.

    Attributes:
        name: Name of the dataset group.
        attributes: Attributes of its ``defs.yaml``; they load.
        notes: What was left out, changed or renamed, in the order of the file.
    """

    name: str
    attributes: Mapping[str, Any]
    notes: Sequence[Note]


def convert(
    config: Any, judge: Judge, *, name: str | None = None, raw_prefix: str | None = None
) -> Conversion:
    """Turn a parameter file into the attributes of a dataset group.

    Args:
        config: The file as JSON has it.
        judge: Says why attributes would not load.
        name: Name of the dataset group; that of the file where None.
        raw_prefix: S3 prefix of the raw files; where None the one that AWS's solution recommends,
            with the name that the file has.

    Raises:
        ConversionError: It is no parameter file, or it has nothing that can be trained.
    """
    if not isinstance(config, dict):
        raise ConversionError("the file must hold one JSON object with datasetGroup")
    notes = Notes()
    root = Node(cast("dict[str, Any]", config), "", notes)
    group = root.child("datasetGroup")
    settings = group.child("serviceConfig")
    found = settings.text("name")
    wanted = name or found
    if wanted is None:
        raise ConversionError("the file has no datasetGroup.serviceConfig.name")
    if found is not None:
        notes.rename(settings.place("name"), found, wanted)
    draft = Draft(judge)
    prefix = raw_prefix or f"train/{found or wanted}/"
    tables = _convert_base(root, group, settings, draft, wanted, prefix)
    _convert_rest(root, draft, wanted, tables)
    root.note_unread()
    if not draft.attributes.get("solutions") and not draft.attributes.get("recommenders"):
        left_out = (note.reason for note in notes.gathered if note.kind == "left out")
        reasons = "; ".join(dict.fromkeys(left_out)) or "the file has none"
        raise ConversionError(f"no solution and no recommender can be declared: {reasons}")
    return Conversion(wanted, draft.attributes, notes.in_order(config))


def _convert_base(
    root: Node, group: Node, settings: Node, draft: Draft, name: str, prefix: str
) -> Sequence[Table]:
    """Declare name, domain, source and prefixes, without which nothing loads."""
    domain = _DOMAINS.get(settings.text("domain") or "")
    datasets = root.child("datasets")
    tables = [
        table
        for dataset in DATASETS
        if datasets.has(dataset) or dataset == "interactions"
        if (table := _read_table(datasets.child(dataset), dataset, name, domain)) is not None
    ]
    base: dict[str, Any] = {"name": name}
    if domain is not None:
        base["domain"] = domain
    base["prefixes"] = {
        "transformed": f"transformed/{name}/",
        "batch_input": f"batch/{name}/input/",
        "batch_results": f"batch/{name}/results/",
    }
    kept = _accept_tables(draft, {**base, "comparison": None}, prefix, tables, datasets)
    convert_tags(root, settings, draft)
    _note_base(root, group, settings, datasets, draft)
    return kept


def _read_table(node: Node, dataset: str, name: str, domain: Domain | None) -> Table | None:
    """The table of a dataset; what the service will call dataset and schema is noted."""
    table = convert_table(dataset, node, domain)
    for member, new in (("dataset", f"{name}-{dataset}"), ("schema", f"{name}-{dataset}-DIGEST")):
        config = node.child(member).child("serviceConfig")
        if table is not None and (label := config.text("name")) is not None:
            config.notes.rename(config.place("name"), label, new)
        config.read.update(("name", "domain", "datasetType", "datasetGroupArn", "schemaArn"))
    return table


def _accept_tables(
    draft: Draft, base: Mapping[str, Any], prefix: str, tables: Sequence[Table], datasets: Node
) -> Sequence[Table]:
    """Declare the source; a table that does not load goes, unless it is the interactions."""
    kept: list[Table] = []
    for table in tables:
        wanted = [*kept, table]
        refusal = draft.accept(**base, **_source(prefix, wanted))
        if refusal is None:
            kept = wanted
            continue
        if table.dataset == "interactions":
            raise ConversionError(f"{datasets.place(table.dataset)} cannot be declared: {refusal}")
        datasets.notes.leave_out(
            datasets.place(table.dataset),
            sorted(table.columns),
            refusal,
            "declare it in source.tables",
        )
    return kept


def _source(prefix: str, tables: Sequence[Table]) -> dict[str, Any]:
    declared = {table.dataset: table.as_attribute() for table in tables}
    return {
        "source": {"type": "table", "prefix": prefix, "tables": declared},
        "datasets": list(declared),
    }


def _note_base(root: Node, group: Node, settings: Node, datasets: Node, draft: Draft) -> None:
    """Note what of dataset group and datasets no attribute stands for."""
    for member, setting in (("roleArn", "ROLE_ARN"), ("kmsKeyArn", "KMS_KEY_ARN")):
        if (arn := settings.raw(member)) is not None:
            settings.notes.leave_out(
                settings.place(member),
                arn,
                "it belongs to the deployment, not to a dataset group",
                f"set PERSONALIZE_ASSETS_{setting}",
            )
    workflow = group.child("workflowConfig")
    note_max_age(workflow)
    schedules = workflow.child("schedules")
    note_max_age(schedules)
    if (times := schedules.raw("import")) is not None:
        schedules.notes.change(
            schedules.place("import"),
            times,
            "files are imported when they land, not at times; unchanged files import nothing",
            "`retraining.after_new_files: false` keeps them from training at once",
        )
    for node in (datasets, *(datasets.child(dataset) for dataset in DATASETS)):
        _note_imports(node.child("serviceConfig"), draft)
    for dataset in DATASETS:
        note_tags(datasets.child(dataset).child("dataset").child("serviceConfig"), draft)
    root.read.add("datasets")


def _note_imports(config: Node, draft: Draft) -> None:
    note_tags(config, draft)
    if (mode := config.raw("importMode")) not in (None, "FULL"):
        config.notes.change(
            config.place("importMode"),
            mode,
            "each import is INCREMENTAL where a file only adds to what was imported, else FULL",
        )


def _convert_rest(root: Node, draft: Draft, name: str, tables: Sequence[Table]) -> None:
    """Declare what is trained, what serves, and when."""
    filters = convert_filters(root.children("filters"), draft, name)
    untrained = {table.dataset: table.untrained for table in tables if table.untrained}
    solutions = convert_solutions(root.children("solutions"), draft, name, untrained)
    for solution in solutions:
        config = solution.node.child("serviceConfig")
        note_tags(config, draft)
        note_tags(config.child("solutionVersion"), draft)
        convert_campaigns(solution, draft, name)
    convert_recommenders(root.children("recommenders"), draft, name)
    convert_tracker(root, draft, name)
    for solution in solutions:
        convert_batch_jobs(solution, draft, filters)
    convert_schedules(solutions, draft)
