"""The forms of control requests that change an engine, and the change to its resources."""

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from personalize_assets.core.arns import ArnError, Kind, parse_arn
from personalize_assets.engine.control.answers import ControlError
from personalize_assets.engine.faults import ANY, FaultRule
from personalize_assets.engine.jobs.registry import KINDS
from personalize_assets.engine.operations.event_trackers import EVENT_DATASET
from personalize_assets.engine.running import RunningEngine
from personalize_assets.engine.store import Store
from personalize_assets.engine.wire.model import SERVICES, load_operations


class ClockChange(BaseModel):
    """How the clock is to be moved: by a time, or to a moment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    advance_seconds: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    set: AwareDatetime | None = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> "ClockChange":
        if (self.advance_seconds is None) == (self.set is None):
            raise ValueError(
                "give either advance_seconds, or set with a moment such as 2030-01-31T12:00:00Z"
            )
        return self


class Scope(BaseModel):
    """Which resources go: all, those of an account or region or both, or those of a group."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    account: str | None = Field(default=None, pattern=r"^\d{12}$")
    region: str | None = Field(default=None, pattern=r"^[a-z0-9-]{1,64}$")
    dataset_group_arn: str | None = None

    @model_validator(mode="after")
    def _is_one_kind(self) -> "Scope":
        if self.dataset_group_arn is not None and (self.account or self.region):
            raise ValueError("dataset_group_arn already says which account and region")
        return self

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return self.account is None and self.region is None and self.dataset_group_arn is None


def move_clock(engine: RunningEngine, change: ClockChange) -> None:
    """Move the clock of an engine and have it do what is due then.

    Raises:
        ClockError: It cannot be moved so.
    """
    if change.set is not None:
        engine.clock.set(change.set, backwards=not engine.store.resources.statistics())
    else:
        engine.clock.advance(change.advance_seconds or 0)
    engine.jobs.wake()


def remove_resources(store: Store, scope: Scope) -> int:
    """Remove resources with all that belongs to them, whatever their status, and count them.

    Raises:
        ControlError: The group's ARN is none, or there is no such group.
    """
    group = scope.dataset_group_arn
    if group is not None:
        try:
            kind = parse_arn(group).kind
        except ArnError as error:
            raise ControlError(400, str(error)) from None
        if kind is not Kind.DATASET_GROUP:
            raise ControlError(400, f"{group} is the ARN of a {kind.words}, not of a dataset group")
        if store.resources.get(group) is None:
            raise ControlError(404, f"there is no dataset group {group}")
    with store.transaction():
        schemas = _event_schemas(store, group) if group else []
        removed = store.resources.remove(account=scope.account, region=scope.region, group=group)
        for schema in schemas:
            store.resources.delete(schema)
    with store.transaction():  # no job brings files to their place meanwhile
        store.sweep(temporary=False)
    return removed


def _event_schemas(store: Store, group: str) -> list[str]:
    """The schemas that event trackers made by themselves; others may serve other groups."""
    datasets = store.resources.find(Kind.DATASET, group=group)
    return [
        each.body["schemaArn"] for each in datasets if parse_arn(each.arn).name == EVENT_DATASET
    ]


def check_operation(rule: FaultRule) -> FaultRule:
    """Refuse a rule that could never happen.

    Raises:
        ControlError: Its operation is none, or none that its kind of fault can meet.
    """
    operations = {name for _, name in load_operations().by_name}
    jobs = rule.kind == "fail-job"
    names = operations | (set(KINDS) if jobs else set(SERVICES)) | {ANY}
    if rule.operation in names:
        return rule
    others = f"a kind of job ({', '.join(sorted(KINDS))})" if jobs else ", ".join(SERVICES)
    raise ControlError(
        400,
        f"operation={rule.operation!r}: must be the name of an operation such as CreateSolution, "
        f"{others}, or {ANY}",
    )
