"""Rules for event trackers and metric attributions."""

from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from personalize_assets.core.arns import Kind
from personalize_assets_tests.engine.life_cycles.base import (
    EXISTS,
    IN_USE,
    INVALID,
    LIMIT,
    NAMES,
    PICKS,
    ROLE,
    TAGS,
    Request,
    Wrong,
)
from personalize_assets_tests.engine.life_cycles.groups import Groups
from personalize_assets_tests.engine.life_cycles.world import BEING_DELETED, Thing, arn_of

_EVENT_COLUMNS: Final = (
    *("USER_ID", "ITEM_ID", "EVENT_TYPE", "EVENT_VALUE"),
    *("IMPRESSION", "RECOMMENDATION_ID", "TIMESTAMP"),
)
Metric = tuple[str, str]
METRICS: Final[tuple[tuple[Metric, ...], ...]] = (
    (("n", "SAMPLECOUNT()"),),
    (("m", "SAMPLECOUNT()"), ("p", "SUM(Items.PRICE)")),
    (("n", "SAMPLECOUNT()"), ("n", "SAMPLECOUNT()")),
    (("n", "AVG(Items.PRICE)"),),
    (),
    tuple((f"x{number}", "SAMPLECOUNT()") for number in range(8)),
)


class Tracking(Groups):
    """What listens to clients."""

    @precondition(lambda self: self.world.counts[Kind.DATASET_GROUP])
    @rule(pick=PICKS, tags=TAGS)
    def create_event_tracker(self, pick: int, tags: tuple[tuple[str, str], ...]) -> None:
        """The one tracker of a group, and the dataset that comes with it."""
        wrong: Wrong = set()
        group_arn = self.choose(Kind.DATASET_GROUP, pick)
        group = self.need_active(wrong, Kind.DATASET_GROUP, group_arn)
        events = None
        if group is not None:
            if self.world.find(Kind.EVENT_TRACKER, group=group.arn):
                wrong.add(EXISTS)
            events = self.world.datasets(group.arn).get("EVENT_INTERACTIONS")
            if events is not None and events.status in BEING_DELETED:
                wrong.add(IN_USE)
        request = {"name": "t", "datasetGroupArn": group_arn, **self.check_tags(wrong, tags)}
        answer = self.call("CreateEventTracker", request, wrong)
        if answer is None:
            return
        assert group is not None
        tail = answer["eventTrackerArn"].rpartition("/")[2]
        self.check_id(tail)
        assert list(map(len, answer["trackingId"].split("-"))) == [8, 4, 4, 4, 12], answer
        shown = {"trackingId": answer["trackingId"], "datasetGroupArn": group.arn}
        self.made(
            Kind.EVENT_TRACKER,
            arn_of(Kind.EVENT_TRACKER, tail),
            "t",
            parent=group.arn,
            group=group.arn,
            tags=tags,
            shown=shown,
        )
        if events is None:
            self._event_dataset_made(group, tail)

    def _event_dataset_made(self, group: Thing, tail: str) -> None:
        name = f"event-interactions-{tail}"
        domain = {"domain": group.shown["domain"]} if "domain" in group.shown else {}
        schema = self.made(
            Kind.SCHEMA,
            arn_of(Kind.SCHEMA, name),
            name,
            work=None,
            shown=domain,
            facts={"type": "INTERACTIONS", "columns": _EVENT_COLUMNS},
        )
        arn = arn_of(Kind.DATASET, group.name, "EVENT_INTERACTIONS")
        self.dataset_made(group, arn, name, "EVENT_INTERACTIONS", schema.arn)

    @precondition(lambda self: self.world.counts[Kind.EVENT_TRACKER])
    @rule(pick=PICKS)
    def delete_event_tracker(self, pick: int) -> None:
        """The data stay."""
        wrong: Wrong = set()
        arn = self.choose(Kind.EVENT_TRACKER, pick)
        tracker = self.need(wrong, Kind.EVENT_TRACKER, arn)
        self.delete("DeleteEventTracker", "eventTrackerArn", arn, wrong, tracker)

    @precondition(lambda self: self.world.counts[Kind.DATASET])
    @rule(name=NAMES, pick=PICKS, metrics=st.sampled_from(METRICS), to_s3=st.booleans())
    def create_metric_attribution(
        self, name: str, pick: int, metrics: tuple[Metric, ...], to_s3: bool
    ) -> None:
        """The one metric attribution of a group."""
        wrong: Wrong = set()
        arn = self.check_name(wrong, Kind.METRIC_ATTRIBUTION, name)
        group_arn = self.choose(Kind.DATASET_GROUP, pick)
        group = self.need_active(wrong, Kind.DATASET_GROUP, group_arn)
        if group is not None:
            if self.world.find(Kind.METRIC_ATTRIBUTION, group=group.arn):
                wrong.add(LIMIT)
            self._check_metrics(wrong, group, (), metrics)
        output: Request = {"roleArn": ROLE}
        if to_s3:
            output["s3DataDestination"] = {"path": "s3://bucket/metrics/"}
        request = {
            "name": name,
            "datasetGroupArn": group_arn,
            "metrics": _listed(metrics),
            "metricsOutputConfig": output,
        }
        if self.call("CreateMetricAttribution", request, wrong) is not None:
            self.made(
                Kind.METRIC_ATTRIBUTION,
                arn,
                name,
                parent=group_arn,
                group=group_arn,
                work="activate-attribution",
                shown={"metricsOutputConfig": output, "datasetGroupArn": group_arn},
                facts={"metrics": metrics, "to_s3": to_s3},
            )

    def _check_metrics(
        self, wrong: Wrong, group: Thing, kept: tuple[Metric, ...], added: tuple[Metric, ...]
    ) -> None:
        names = [name for name, _ in kept + added]
        if not names:
            wrong.add(INVALID)
        if len(names) > 10:  # UpdateMetricAttribution declares no LimitExceededException
            wrong.add(INVALID)
        if len(set(names)) < len(names):
            wrong.add(EXISTS)
        columns = self.columns_of(group)
        if "EVENT_TYPE" not in columns.get("INTERACTIONS", ()):
            wrong.add(INVALID)
        for _, expression in added:
            if expression.startswith("AVG"):
                wrong.add(INVALID)
            if "Items.PRICE" in expression and "PRICE" not in columns.get("ITEMS", ()):
                wrong.add(INVALID)

    @precondition(lambda self: self.world.counts[Kind.METRIC_ATTRIBUTION])
    @rule(pick=PICKS, added=st.sampled_from(METRICS), removed=st.sampled_from(("", "n", "x0")))
    def update_metric_attribution(self, pick: int, added: tuple[Metric, ...], removed: str) -> None:
        """Takes effect at once."""
        wrong: Wrong = set()
        arn = self.choose(Kind.METRIC_ATTRIBUTION, pick)
        found = self.need_active(wrong, Kind.METRIC_ATTRIBUTION, arn)
        request: Request = {"metricAttributionArn": arn}
        if added:
            request["addMetrics"] = _listed(added)
        if removed:
            request["removeMetrics"] = [removed]
        if not added and not removed:
            wrong.add(INVALID)
        kept: tuple[Metric, ...] = ()
        if found is not None:
            present: tuple[Metric, ...] = found.facts["metrics"]
            if removed and removed not in dict(present):
                wrong.add(INVALID)
            kept = tuple(metric for metric in present if metric[0] != removed)
            self._check_metrics(wrong, self.world.things[str(found.group)], kept, added)
        if self.call("UpdateMetricAttribution", request, wrong) is not None:
            assert found is not None
            found.facts["metrics"] = kept + added
            self.set_status(found, "ACTIVE")

    @precondition(lambda self: self.world.counts[Kind.METRIC_ATTRIBUTION])
    @rule(pick=PICKS)
    def delete_metric_attribution(self, pick: int) -> None:
        """Nothing depends on it."""
        wrong: Wrong = set()
        arn = self.choose(Kind.METRIC_ATTRIBUTION, pick)
        found = self.need(wrong, Kind.METRIC_ATTRIBUTION, arn)
        self.delete("DeleteMetricAttribution", "metricAttributionArn", arn, wrong, found)


def _listed(metrics: tuple[Metric, ...]) -> list[Request]:
    return [
        {"eventType": "click", "metricName": name, "expression": expression}
        for name, expression in metrics
    ]
