"""Rules for dataset groups, schemas and datasets."""

import json
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from personalize_assets.core.arns import Kind
from personalize_assets_tests.engine.life_cycles.base import (
    EXISTS,
    IN_USE,
    INVALID,
    NAMES,
    PICKS,
    TAGS,
    Base,
    Wrong,
)
from personalize_assets_tests.engine.life_cycles.world import (
    BEING_DELETED,
    Thing,
    Update,
    arn_of,
)

VOD: Final = "VIDEO_ON_DEMAND"
_OPTIONAL: Final = {
    "AGE": ["null", "int"],
    "PRICE": ["null", "float"],
    "YEAR": ["null", "int"],
    "VALUE": ["null", "long"],
    "CREATION_TIMESTAMP": "long",
    "TIMESTAMP": "long",
}


@dataclass(frozen=True)
class Form:
    """A schema to choose from.

    Attributes:
        record: Name of the record.
        columns: All columns.
        domain: Of the groups that it is for.
        valid: Whether it keeps the rules.
    """

    record: str
    columns: tuple[str, ...]
    domain: str | None = None
    valid: bool = True

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(f"{self.domain or 'custom'} {self.record} {self.columns}")

    @property
    def dataset_type(self) -> str:
        """The type of the datasets that it is for."""
        return self.record.upper().replace("ACTIONI", "ACTION_I")

    @property
    def text(self) -> str:
        """As JSON."""
        return json.dumps(
            {
                "type": "record",
                "name": self.record,
                "namespace": "com.amazonaws.personalize.schema",
                "fields": [self._field(column) for column in self.columns],
                "version": "1.0",
            }
        )

    def _field(self, column: str) -> dict[str, Any]:
        if column == "GENRES":
            declared = "string" if self.domain else ["null", "string"]
            return {"name": column, "type": declared, "categorical": True}
        return {"name": column, "type": _OPTIONAL.get(column, "string")}


_ITEMS: Final = ("ITEM_ID", "GENRES", "PRICE")
_EVENTS: Final = ("USER_ID", "ITEM_ID", "EVENT_TYPE", "TIMESTAMP")
INTERACTIONS: Final = Form("Interactions", _EVENTS)
ITEMS: Final = Form("Items", _ITEMS)
USERS: Final = Form("Users", ("USER_ID", "AGE"))
ACTIONS: Final = Form("Actions", ("ACTION_ID", "VALUE"))
ACTION_INTERACTIONS: Final = Form(
    "ActionInteractions", ("USER_ID", "ACTION_ID", "EVENT_TYPE", "TIMESTAMP")
)
VOD_INTERACTIONS: Final = Form("Interactions", _EVENTS, VOD)
VOD_ITEMS: Final = Form("Items", ("ITEM_ID", "GENRES", "CREATION_TIMESTAMP"), VOD)
FORMS: Final = (
    INTERACTIONS,
    ITEMS,
    Form("Items", (*_ITEMS, "YEAR")),
    VOD_INTERACTIONS,
    VOD_ITEMS,
    USERS,
    Form("Interactions", ("USER_ID", "ITEM_ID", "TIMESTAMP")),
    Form("Users", ("USER_ID", "AGE", "YEAR")),
    ACTIONS,
    ACTION_INTERACTIONS,
    Form("Users", ("USER_ID", "AGE"), VOD),
    Form("Items", ("GENRES", "PRICE"), valid=False),
    Form("Actions", ("ACTION_ID", "VALUE"), VOD, valid=False),
)
TYPES: Final = (
    *("Interactions", "ITEMS", "Users", "Actions", "Action_Interactions"),
    *("EVENT_INTERACTIONS", "Ratings"),
)
_KNOWN_TYPES: Final = frozenset(
    {"INTERACTIONS", "ITEMS", "USERS", "ACTIONS", "ACTION_INTERACTIONS"}
)


class Groups(Base):
    """Where data belong."""

    @rule(name=NAMES, domain=st.sampled_from((None, None, VOD)), tags=TAGS)
    def create_dataset_group(
        self, name: str, domain: str | None, tags: tuple[tuple[str, str], ...]
    ) -> None:
        """A group; there may be five in account and region."""
        self.new_group(name, domain, tags)

    def new_group(
        self, name: str, domain: str | None, tags: tuple[tuple[str, str], ...] = ()
    ) -> str:
        """Make a group; gives its ARN."""
        wrong: Wrong = set()
        arn = self.check_name(wrong, Kind.DATASET_GROUP, name)
        self.check_limit(wrong, 5, Kind.DATASET_GROUP)
        request = {"name": name, **self.check_tags(wrong, tags)}
        shown = {} if domain is None else {"domain": domain}
        answer = self.call("CreateDatasetGroup", request | shown, wrong)
        if answer is not None:
            assert answer == {"datasetGroupArn": arn, **shown}
            self.made(Kind.DATASET_GROUP, arn, name, tags=tags, shown=shown)
        return arn

    @precondition(lambda self: self.world.counts[Kind.DATASET_GROUP])
    @rule(pick=PICKS)
    def delete_dataset_group(self, pick: int) -> None:
        """Nothing may be left in it but the dataset that came with a tracker."""
        wrong: Wrong = set()
        arn = self.choose(Kind.DATASET_GROUP, pick)
        group = self.need(wrong, Kind.DATASET_GROUP, arn)
        if group is not None and any(self.world.dependents_of_group(group)):
            wrong.add(IN_USE)
        self.delete("DeleteDatasetGroup", "datasetGroupArn", arn, wrong, group, work="delete-group")
        if group is not None and not wrong:
            self._forget_events_of(group)

    def _forget_events_of(self, group: Thing) -> None:
        for dataset in self.world.find(Kind.DATASET, group=group.arn):
            schema = self.world.things[dataset.shown["schemaArn"]]
            self.world.remove(dataset.arn)
            if not self.world.schema_in_use(schema):
                self.world.remove(schema.arn)

    @rule(name=st.sampled_from(("a", "b")), form=st.sampled_from(FORMS))
    def create_schema(self, name: str, form: Form) -> None:
        """A schema; its name tells what it is."""
        self.new_schema(name, form)

    def new_schema(self, name: str, form: Form) -> str:
        """Make a schema; gives its ARN."""
        wrong: Wrong = set()
        name = f"{name}-{FORMS.index(form)}"
        arn = self.check_name(wrong, Kind.SCHEMA, name)
        if not form.valid:
            wrong.add(INVALID)
        shown = {} if form.domain is None else {"domain": form.domain}
        request = {"name": name, "schema": form.text, **shown}
        if self.call("CreateSchema", request, wrong) is not None:
            facts = {"type": form.dataset_type, "columns": form.columns}
            shown["schema"] = form.text
            self.made(Kind.SCHEMA, arn, name, work=None, shown=shown, facts=facts)
        return arn

    @precondition(lambda self: self.world.counts[Kind.SCHEMA])
    @rule(pick=PICKS)
    def delete_schema(self, pick: int) -> None:
        """No dataset may use it."""
        wrong: Wrong = set()
        arn = self.choose(Kind.SCHEMA, pick)
        schema = self.need(wrong, Kind.SCHEMA, arn)
        if schema is not None and self.world.schema_in_use(schema):
            wrong.add(IN_USE)
        if self.call("DeleteSchema", {"schemaArn": arn}, wrong) is not None:
            self.world.remove(arn)

    @precondition(lambda self: self.world.counts[Kind.DATASET_GROUP])
    @rule(group=PICKS, schema=PICKS, other=st.integers(0, 19), tags=TAGS)
    def create_dataset(
        self, group: int, schema: int, other: int, tags: tuple[tuple[str, str], ...]
    ) -> None:
        """A dataset, mostly of the type that its schema is for."""
        arn = self.choose(Kind.SCHEMA, schema)
        known = self.world.things.get(arn)
        fitting = known.facts["type"] if known is not None and "type" in known.facts else "ITEMS"
        dataset_type = TYPES[other] if other < len(TYPES) else fitting
        self.new_dataset(self.choose(Kind.DATASET_GROUP, group), arn, dataset_type, tags)

    def new_dataset(
        self, group_arn: str, schema_arn: str, given: str, tags: tuple[tuple[str, str], ...] = ()
    ) -> None:
        """Make a dataset of a type that the group does not have yet."""
        wrong: Wrong = set()
        dataset_type = given.upper()
        group = self.need_active(wrong, Kind.DATASET_GROUP, group_arn)
        schema = self.need(wrong, Kind.SCHEMA, schema_arn)
        if dataset_type not in _KNOWN_TYPES:
            wrong.add(INVALID)
        if group is not None and schema is not None:
            if group.shown.get("domain") != schema.shown.get("domain"):
                wrong.add(INVALID)
            if schema.facts["type"] != dataset_type:
                wrong.add(INVALID)
            if dataset_type in self.world.datasets(group.arn):
                wrong.add(EXISTS)
        request = {
            "name": "d",
            "datasetGroupArn": group_arn,
            "schemaArn": schema_arn,
            "datasetType": given,
            **self.check_tags(wrong, tags),
        }
        answer = self.call("CreateDataset", request, wrong)
        if answer is not None:
            assert group is not None
            self.dataset_made(group, answer["datasetArn"], "d", dataset_type, schema_arn, tags)

    def dataset_made(
        self,
        group: Thing,
        arn: str,
        name: str,
        dataset_type: str,
        schema_arn: str,
        tags: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """Let a dataset be there."""
        assert arn == arn_of(Kind.DATASET, group.name, dataset_type)
        dataset = self.made(
            Kind.DATASET,
            arn,
            name,
            parent=group.arn,
            group=group.arn,
            tags=tags,
            shown={
                "datasetType": dataset_type,
                "schemaArn": schema_arn,
                "datasetGroupArn": group.arn,
            },
            facts={"bulk": 0, "events": 0, "records": 0},
        )
        if dataset_type == "ACTION_INTERACTIONS":
            described = self.site.ask("DescribeDataset", {"datasetArn": arn})["dataset"]
            dataset.shown["trackingId"] = described["trackingId"]

    @precondition(lambda self: self.world.counts[Kind.DATASET])
    @rule(dataset=PICKS, schema=PICKS)
    def update_dataset(self, dataset: int, schema: int) -> None:
        """Replace a schema by one with more columns."""
        wrong: Wrong = set()
        arn, schema_arn = self.choose(Kind.DATASET, dataset), self.choose(Kind.SCHEMA, schema)
        known = self.world.things.get(arn)
        if known is not None and schema < 60:
            schema_arn = self._fitting_schema(known, schema) or schema_arn
        found = self.need_active(wrong, Kind.DATASET, arn)
        new = self.need(wrong, Kind.SCHEMA, schema_arn)
        if found is not None:
            if found.shown["datasetType"] not in ("ITEMS", "USERS"):
                wrong.add(INVALID)
            if self.world.at_data(found):
                wrong.add(IN_USE)
            if new is not None and not self._replaces(found, new):
                wrong.add(INVALID)
        request = {"datasetArn": arn, "schemaArn": schema_arn}
        if self.call("UpdateDataset", request, wrong) is not None:
            assert found is not None
            self.set_status(found, "UPDATE PENDING")
            now = self.world.now
            found.update = Update({"schemaArn": schema_arn}, "UPDATE PENDING", now, now)
            self.world.submit("update-schema", arn)

    def _fitting_schema(self, dataset: Thing, pick: int) -> str | None:
        found = [each for each in self.world.find(Kind.SCHEMA) if self._replaces(dataset, each)]
        return found[pick % len(found)].arn if found else None

    def _replaces(self, dataset: Thing, new: Thing) -> bool:
        if dataset.kind is not Kind.DATASET:
            return False
        old = self.world.things[dataset.shown["schemaArn"]]
        return (
            new.facts["type"] == dataset.shown["datasetType"]
            and new.shown.get("domain") == old.shown.get("domain")
            and set(new.facts["columns"]) >= set(old.facts["columns"])
        )

    @precondition(lambda self: self.world.counts[Kind.DATASET])
    @rule(pick=PICKS)
    def delete_dataset(self, pick: int) -> None:
        """Nothing may need it."""
        wrong: Wrong = set()
        arn = self.choose(Kind.DATASET, pick)
        dataset = self.need(wrong, Kind.DATASET, arn)
        if dataset is not None and any(self.world.dependents_of_dataset(dataset)):
            wrong.add(IN_USE)
        self.delete("DeleteDataset", "datasetArn", arn, wrong, dataset)

    def columns_of(self, group: Thing) -> dict[str, Any]:
        """The columns of the datasets that a group has and keeps, by type."""
        return {
            dataset_type: self.world.columns(dataset)
            for dataset_type, dataset in self.world.datasets(group.arn).items()
            if dataset.status not in BEING_DELETED
        }
