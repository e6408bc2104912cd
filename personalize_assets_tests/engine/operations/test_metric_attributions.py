from typing import Any

import pytest

from personalize_assets_tests.engine.operations.conftest import ROLE, World, avro, refused

COUNT = {"eventType": "watch", "metricName": "watches", "expression": "SAMPLECOUNT()"}
YEARS = {"eventType": "watch", "metricName": "years", "expression": "SUM(Items.YEAR)"}


@pytest.fixture
def group(world: World) -> str:
    arn = world.group()
    world.dataset(arn)
    return arn


def create(world: World, group: str, *metrics: dict[str, str], **more: Any) -> str:
    request: dict[str, Any] = {
        "name": "impact",
        "datasetGroupArn": group,
        "metrics": list(metrics) or [COUNT],
        "metricsOutputConfig": {"roleArn": ROLE},
    }
    return world.api.create_metric_attribution(**request | more)["metricAttributionArn"]


def shown(world: World, arn: str) -> dict[str, Any]:
    return world.api.describe_metric_attribution(metricAttributionArn=arn)["metricAttribution"]


def metrics_of(world: World, arn: str) -> list[dict[str, str]]:
    return world.api.list_metric_attribution_metrics(metricAttributionArn=arn)["metrics"]


def update(world: World, arn: str, **changes: Any) -> str:
    return world.api.update_metric_attribution(metricAttributionArn=arn, **changes)[
        "metricAttributionArn"
    ]


def numbered(count: int) -> list[dict[str, str]]:
    return [COUNT | {"metricName": f"m{number}"} for number in range(count)]


def test_create_metric_attribution__goes_to_active(world: World, group: str) -> None:
    output = {"s3DataDestination": {"path": "s3://bucket/reports"}, "roleArn": ROLE}
    arn = create(world, group, COUNT, metricsOutputConfig=output)
    assert arn == "arn:aws:personalize:us-east-1:123456789012:metric-attribution/impact"
    assert shown(world, arn)["status"] == "CREATE PENDING"
    world.run()
    found = shown(world, arn)
    assert {name: found[name] for name in found if "DateTime" not in name} == {
        "name": "impact",
        "metricAttributionArn": arn,
        "datasetGroupArn": group,
        "metricsOutputConfig": output,
        "status": "ACTIVE",
    }
    assert metrics_of(world, arn) == [COUNT]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("COUNT()", "the expression 'COUNT()' must be SUM(Items.COLUMN)"),
        ("SUM(Items.YEAR)", "SUM(Items.YEAR): the group has no Items dataset"),
        ("SUM(Interactions.PRICE)", "has no such column. Its numeric columns are: EVENT_VALUE"),
        ("SUM(Interactions.EVENT_TYPE)", "the Interactions dataset holds it as string"),
    ],
)
def test_create_metric_attribution__cannot_be_computed(
    world: World, group: str, expression: str, message: str
) -> None:
    with refused("InvalidInput", message):
        create(world, group, COUNT, COUNT | {"metricName": "n", "expression": expression})


def test_create_metric_attribution__without_event_types(world: World) -> None:
    plain = [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
    ]
    group = world.group()
    with refused("InvalidInput", "needs an Interactions dataset with an EVENT_TYPE column"):
        create(world, group)
    world.dataset(group, schema=world.schema(text=avro("Interactions", plain)))
    with refused("InvalidInput", "needs an Interactions dataset with an EVENT_TYPE column"):
        create(world, group)


def test_create_metric_attribution__one_per_group(world: World, group: str) -> None:
    arn = create(world, group)
    with refused("LimitExceeded", f"A dataset group can have one metric attribution; {group} has"):
        create(world, group, name="second")
    with refused("ResourceAlreadyExists", f"Another resource with Arn {arn} already exists."):
        create(world, group)


def test_create_metric_attribution__numbers_of_metrics(world: World, group: str) -> None:
    with refused("InvalidInput", "metrics"):
        create(world, group, *numbered(11))
    with refused("InvalidInput", "needs at least one metric"):
        create(world, group, metrics=[])
    assert len(metrics_of(world, create(world, group, *numbered(10)))) == 10


def test_create_metric_attribution__metric_twice(world: World, group: str) -> None:
    with refused("ResourceAlreadyExists", "There is a metric 'watches' already"):
        create(world, group, COUNT, COUNT)


def test_create_metric_attribution__output_is_not_in_s3(world: World, group: str) -> None:
    output = {"s3DataDestination": {"path": "https://bucket/reports/"}, "roleArn": ROLE}
    with refused("InvalidInput", "is not of the form s3://bucket/path"):
        create(world, group, metricsOutputConfig=output)


def test_create_metric_attribution__group(world: World, group: str) -> None:
    with refused("ResourceNotFound", "The given dataset group does not exist"):
        create(world, group + "x")
    with refused("InvalidInput", "that of a dataset group is needed"):
        create(world, group.replace("dataset-group/", "solution/"))
    pending = world.api.create_dataset_group(name="other")["datasetGroupArn"]
    with refused("ResourceInUse", "must be ACTIVE, but its status is CREATE PENDING"):
        create(world, pending)


def test_update_metric_attribution__metrics_and_output(world: World, group: str) -> None:
    world.dataset(group, "Items")
    arn = create(world, group)
    world.run()
    before = shown(world, arn)
    output = {"s3DataDestination": {"path": "s3://bucket/new/"}, "roleArn": ROLE}
    assert update(world, arn, addMetrics=[YEARS], metricsOutputConfig=output) == arn
    after = shown(world, arn)
    assert (after["status"], after["metricsOutputConfig"]) == ("ACTIVE", output)
    assert after["lastUpdatedDateTime"] > before["lastUpdatedDateTime"]
    assert metrics_of(world, arn) == [COUNT, YEARS]
    changed = COUNT | {"eventType": "click"}
    update(world, arn, removeMetrics=["watches"], addMetrics=[changed])
    assert metrics_of(world, arn) == [YEARS, changed]
    update(world, arn, metricsOutputConfig={"roleArn": ROLE})
    assert shown(world, arn)["metricsOutputConfig"] == {"roleArn": ROLE}


def test_update_metric_attribution__not_allowed(world: World, group: str) -> None:
    arn = create(world, group)
    with refused("ResourceInUse", "must be ACTIVE, but its status is CREATE PENDING"):
        update(world, arn, addMetrics=[YEARS])
    world.run()
    with refused("InvalidInput", "There is nothing to update"):
        update(world, arn)
    with refused("InvalidInput", "There is no metric 'x' to remove; the metrics are: watches"):
        update(world, arn, removeMetrics=["x"])
    with refused("InvalidInput", "needs at least one metric"):
        update(world, arn, removeMetrics=["watches"])
    with refused("ResourceAlreadyExists", "There is a metric 'watches' already"):
        update(world, arn, addMetrics=[COUNT])
    with refused("InvalidInput", "can have 10 metrics, there would be 11"):
        update(world, arn, addMetrics=numbered(10))
    with refused("InvalidInput", "the group has no Items dataset"):
        update(world, arn, addMetrics=[YEARS])
    with refused("InvalidInput", "metricAttributionArn is needed"):
        world.api.update_metric_attribution(addMetrics=[YEARS])
    with refused("ResourceNotFound", "The given metric attribution does not exist"):
        update(world, arn + "x", addMetrics=[YEARS])
    assert metrics_of(world, arn) == [COUNT]


def test_list_metric_attribution_metrics__pages(world: World, group: str) -> None:
    arn = create(world, group, *numbered(5))
    call = world.api.list_metric_attribution_metrics
    first = call(metricAttributionArn=arn, maxResults=2)
    second = call(metricAttributionArn=arn, maxResults=2, nextToken=first["nextToken"])
    third = call(metricAttributionArn=arn, maxResults=2, nextToken=second["nextToken"])
    found = [item["metricName"] for page in (first, second, third) for item in page["metrics"]]
    assert found == ["m0", "m1", "m2", "m3", "m4"]
    assert "nextToken" not in third
    with refused("InvalidNextToken", "The nextToken is not valid"):
        call(metricAttributionArn=arn + "x", nextToken=first["nextToken"])


def test_list_metric_attribution_metrics__of_all_or_of_none(world: World, group: str) -> None:
    arn = create(world, group, *numbered(2))
    other = world.group("other")
    world.dataset(other)
    create(world, other, name="second")
    assert len(world.api.list_metric_attribution_metrics()["metrics"]) == 3
    assert metrics_of(world, arn + "x") == []
    with refused("InvalidInput", "that of a metric attribution is needed"):
        metrics_of(world, group)


def test_list_metric_attributions__of_a_group(world: World, group: str) -> None:
    arn = create(world, group)
    [summary] = world.api.list_metric_attributions(datasetGroupArn=group)["metricAttributions"]
    assert set(summary) == {
        "name",
        "metricAttributionArn",
        "status",
        "creationDateTime",
        "lastUpdatedDateTime",
    }
    assert summary["metricAttributionArn"] == arn
    elsewhere = world.api.list_metric_attributions(datasetGroupArn=group + "x")
    assert elsewhere["metricAttributions"] == []


def test_delete_metric_attribution__goes(world: World, group: str) -> None:
    arn = create(world, group)
    with refused("ResourceInUse", "cannot be deleted while its status is CREATE PENDING"):
        world.api.delete_metric_attribution(metricAttributionArn=arn)
    world.run()
    world.api.delete_metric_attribution(metricAttributionArn=arn)
    assert shown(world, arn)["status"] == "DELETE PENDING"
    world.run()
    with refused("ResourceNotFound", "The given metric attribution does not exist"):
        shown(world, arn)
    assert create(world, group) == arn


def test_delete_dataset__that_metrics_refer_to(world: World, group: str) -> None:
    items, users = world.dataset(group, "Items"), world.dataset(group, "Users")
    arn = create(world, group, COUNT, YEARS)
    world.run()
    for dataset in (items, group.replace("-group/movies", "/movies/INTERACTIONS")):
        with refused("ResourceInUse", f"the metric attribution {arn} depends on it"):
            world.api.delete_dataset(datasetArn=dataset)
    world.api.delete_dataset(datasetArn=users)
    update(world, arn, removeMetrics=["years"])
    world.api.delete_dataset(datasetArn=items)
