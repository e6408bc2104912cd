from pathlib import Path
from typing import Any

import pytest

from personalize_assets.core.attribution import mark_of
from personalize_assets_tests.engine.operations.conftest import (
    FIELDS,
    ROLE,
    World,
    avro,
    refused,
)
from personalize_assets_tests.engine.operations.conftest import world as world

HEADER = "METRIC_NAME,EVENT_TYPE,VALUE,MATH_FUNCTION,EVENT_ATTRIBUTION_SOURCE,TIMESTAMP"
METRICS = [
    {"eventType": "Watch", "metricName": "watches", "expression": "SAMPLECOUNT()"},
    {"eventType": "watch", "metricName": "years", "expression": "SUM(Items.YEAR)"},
    {"eventType": "click", "metricName": "values", "expression": "SUM(Interactions.EVENT_VALUE)"},
]
EXTRAS = [
    {"name": "RECOMMENDATION_ID", "type": ["string", "null"]},
    {"name": "EVENT_ATTRIBUTION_SOURCE", "type": ["string", "null"]},
]


class Shop:
    """A group with datasets, a tracker and a metric attribution."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.group = world.group()
        schema = world.schema(text=avro("Interactions", [*FIELDS["Interactions"], *EXTRAS]))
        self.interactions = world.dataset(self.group, schema=schema)
        self.items = world.dataset(self.group, "Items")
        world.import_text(self.items, "ITEM_ID,GENRES,YEAR\ni1,A,10\ni2,B,\n", "items")
        self.tracker = world.api.create_event_tracker(name="t", datasetGroupArn=self.group)[
            "trackingId"
        ]
        self.arn = self.attribute({"path": f"s3://{world.bucket}/reports"})

    def attribute(self, destination: dict[str, str] | None) -> str:
        output: dict[str, Any] = {"roleArn": ROLE}
        if destination:
            output["s3DataDestination"] = destination
        arn = self.world.api.create_metric_attribution(
            name="impact", datasetGroupArn=self.group, metrics=METRICS, metricsOutputConfig=output
        )["metricAttributionArn"]
        self.world.run()
        return arn

    def event(self, kind: str, item: str, sent_at: int, **more: Any) -> None:
        self.world.engine.events.put_events(
            trackingId=self.tracker,
            sessionId="s",
            eventList=[{"eventType": kind, "itemId": item, "sentAt": sent_at, **more}],
        )

    def pass_window(self) -> None:
        self.world.engine.clock.advance(900)
        self.world.run()

    def reports(self) -> dict[str, list[str]]:
        """Lines of all reports by name, without the header."""
        folder = Path(self.world.s3.root / self.world.bucket / "reports")
        found: dict[str, list[str]] = {}
        for file in sorted(folder.glob("*.csv")):
            header, *lines = file.read_text().splitlines()
            assert header == HEADER
            found[file.name] = lines
        return found


@pytest.fixture
def shop(world: World) -> Shop:
    return Shop(world)


def interactions(n: int = 1_000) -> str:
    """Watches of item 1, two a second from second 1,600,000,200 on, in windows of 900 s."""
    head = "USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP,RECOMMENDATION_ID,"
    head += "EVENT_ATTRIBUTION_SOURCE\n"
    rows = [f"u{k},i1,watch,1.5,{1_600_000_200 + k // 2},," for k in range(n - 2)]
    rows += ["u1,i1,click,2.5,1600000200,,shop", "u2,i2,click,0.5,1600000200,,shop"]
    return head + "\n".join(rows) + "\n"


def test_import__publishes_its_own_interactions(shop: Shop) -> None:
    world = shop.world
    job = world.import_text(
        shop.interactions, interactions(), "one", publishAttributionMetricsToS3=True
    )
    assert (job["status"], job["publishAttributionMetricsToS3"]) == ("ACTIVE", True)
    [(name, lines)] = shop.reports().items()
    assert name.startswith("AggregatedAttributionMetrics - FULL - 20240101T0000")
    assert name.endswith("Z.csv")
    assert lines == [  # 1,600,000,200 is the beginning of a window
        "watches,Watch,998.0,samplecount,SOURCE_NAME_UNDEFINED,1600000200",
        "years,watch,9980.0,sum,SOURCE_NAME_UNDEFINED,1600000200",
        "values,click,3.0,sum,shop,1600000200",
    ]
    again = interactions(1_002).replace(",,\n", ",,web\n")
    world.import_text(
        shop.interactions,
        again,
        "two",
        publishAttributionMetricsToS3=True,
        importMode="INCREMENTAL",
    )
    second = shop.reports().keys() - {name}
    [name] = second
    assert " - INCREMENTAL - " in name
    assert shop.reports()[name][0] == "watches,Watch,1000.0,samplecount,web,1600000200"
    world.import_text(shop.interactions, interactions(), "three")
    assert len(shop.reports()) == 2


def test_import__source_behind_a_recommendation(shop: Shop) -> None:
    campaign = shop.group.replace("dataset-group/movies", "campaign/c")
    store = shop.world.engine.store
    group = store.resources.get(shop.group)
    assert group is not None
    with store.transaction():
        store.database.write(
            "INSERT INTO resources (arn, kind, account, region, name, group_arn, status,"
            " created_at, updated_at, body, hidden)"
            " VALUES (?, 'campaign', ?, ?, 'c', ?, 'ACTIVE', 0, 0, '{}', '{}')",
            campaign,
            group.account,
            group.region,
            group.arn,
        )
    answer = f"RID-1234-CID-{mark_of(campaign)}"
    text = interactions().replace(",,\n", f",{answer},\n")
    shop.world.import_text(shop.interactions, text, publishAttributionMetricsToS3=True)
    [lines] = shop.reports().values()
    assert lines[0] == f"watches,Watch,998.0,samplecount,{campaign},1600000200"


def test_import__report_cannot_be_written(shop: Shop) -> None:
    shop.world.api.update_metric_attribution(
        metricAttributionArn=shop.arn,
        metricsOutputConfig={"s3DataDestination": {"path": "s3://nowhere/x/"}, "roleArn": ROLE},
    )
    job = shop.world.import_text(
        shop.interactions, interactions(), publishAttributionMetricsToS3=True
    )
    assert job["status"] == "CREATE FAILED"
    assert job["failureReason"].startswith(
        "The attribution metrics cannot be written to s3://nowhere/x/Aggregated"
    )


def test_create_dataset_import_job__publishing_needs_a_place(shop: Shop) -> None:
    world, wanted = shop.world, "needs an ACTIVE metric attribution with an S3 path"
    with refused("InvalidInput", "publishAttributionMetricsToS3 is for Interactions datasets"):
        world.start_import(shop.items, "s3://b/k.csv", publishAttributionMetricsToS3=True)
    world.api.update_metric_attribution(
        metricAttributionArn=shop.arn, metricsOutputConfig={"roleArn": ROLE}
    )
    with refused("InvalidInput", wanted):
        world.start_import(shop.interactions, "s3://b/k.csv", publishAttributionMetricsToS3=True)
    world.api.delete_metric_attribution(metricAttributionArn=shop.arn)
    world.api.describe_metric_attribution(metricAttributionArn=shop.arn)
    world.run()
    with refused("InvalidInput", wanted):
        world.start_import(shop.interactions, "s3://b/k.csv", publishAttributionMetricsToS3=True)


def test_report_events__every_quarter_of_an_hour(shop: Shop) -> None:
    start = int(shop.world.engine.clock().timestamp())  # 2024-01-01: the beginning of a window
    window = start - start % 900
    shop.event("watch", "i1", start)
    shop.event("WATCH", "i2", start + 1, metricAttribution={"eventAttributionSource": "web"})
    shop.event("click", "i1", start + 2, eventValue=1.25)
    shop.event("buy", "i1", start + 3)
    assert shop.reports() == {}
    shop.pass_window()
    [(name, lines)] = shop.reports().items()
    assert " - PutEvents - " in name
    assert lines == [
        f"watches,Watch,1.0,samplecount,SOURCE_NAME_UNDEFINED,{window}",
        f"watches,Watch,1.0,samplecount,web,{window}",
        f"years,watch,10.0,sum,SOURCE_NAME_UNDEFINED,{window}",
        f"years,watch,0.0,sum,web,{window}",
        f"values,click,1.25,sum,SOURCE_NAME_UNDEFINED,{window}",
    ]
    shop.pass_window()
    assert len(shop.reports()) == 1
    shop.event("watch", "i1", start + 4)
    shop.pass_window()
    assert len(shop.reports()) == 2
    assert [
        f"watches,Watch,1.0,samplecount,SOURCE_NAME_UNDEFINED,{window}",
        f"years,watch,10.0,sum,SOURCE_NAME_UNDEFINED,{window}",
    ] in shop.reports().values()


def test_report_events__not_what_came_before(shop: Shop) -> None:
    world = shop.world
    world.api.delete_metric_attribution(metricAttributionArn=shop.arn)
    world.api.describe_metric_attribution(metricAttributionArn=shop.arn)
    world.run()
    now = int(world.engine.clock().timestamp())
    shop.event("watch", "i1", now)
    shop.attribute({"path": f"s3://{world.bucket}/reports/"})
    shop.event("watch", "i2", now)
    shop.pass_window()
    [lines] = shop.reports().values()
    assert lines[0].startswith("watches,Watch,1.0,")


def test_report_events__waits_for_the_bucket(shop: Shop) -> None:
    world = shop.world
    update = world.api.update_metric_attribution
    nowhere = {"s3DataDestination": {"path": "s3://nowhere/x/"}, "roleArn": ROLE}
    update(metricAttributionArn=shop.arn, metricsOutputConfig=nowhere)
    now = int(world.engine.clock().timestamp())
    shop.event("watch", "i1", now)
    shop.pass_window()
    shop.event("watch", "i1", now + 1)
    there = {"s3DataDestination": {"path": f"s3://{world.bucket}/reports/"}, "roleArn": ROLE}
    update(metricAttributionArn=shop.arn, metricsOutputConfig=there)
    shop.pass_window()
    shop.pass_window()
    totals = [lines[0].split(",")[2] for lines in shop.reports().values()]
    assert totals == ["1.0", "1.0"]
    attribution = world.api.describe_metric_attribution(metricAttributionArn=shop.arn)
    assert attribution["metricAttribution"]["status"] == "ACTIVE"


def test_report_events__attempt_that_was_killed_is_replaced(shop: Shop) -> None:
    world, store = shop.world, shop.world.engine.store
    shop.event("watch", "i1", int(world.engine.clock().timestamp()))
    [job] = [item for item in store.jobs.of(shop.arn) if item.kind == "report-events"]
    shop.pass_window()
    [first] = shop.reports()
    upto = store.events.newest()
    plan = {"after": 0, "upto": upto, "name": first}
    with store.transaction():  # as if the engine had died before it could note the end
        store.resources.merge(shop.arn, hidden={"reported": 0, "report": plan})
    shop.event("watch", "i2", int(world.engine.clock().timestamp()))
    before = shop.reports()
    shop.pass_window()
    assert shop.reports() == before
    shop.pass_window()
    assert len(shop.reports()) == 2
    assert job.not_before.minute % 15 == 0


def test_report_events__ends_with_the_attribution(shop: Shop) -> None:
    world = shop.world
    world.api.delete_metric_attribution(metricAttributionArn=shop.arn)
    world.api.describe_metric_attribution(metricAttributionArn=shop.arn)
    shop.pass_window()
    assert world.engine.store.jobs.of(shop.arn) == []
    assert world.engine.jobs.running_count() == 0
