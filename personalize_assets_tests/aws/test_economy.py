"""What campaigns cost and whether they are asked: the engine's campaigns, moto's CloudWatch."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from personalize_assets.aws.clients import Clients
from personalize_assets.aws.economy import list_running, reduce_campaign, remove_campaign
from personalize_assets.aws.inventory import take_inventory
from personalize_assets.aws.kinds import CAMPAIGN, describe, find
from personalize_assets.aws.objects import Bucket
from personalize_assets.aws.prices import load_prices
from personalize_assets.aws.traffic import METRICS, NAMESPACE, count_requests
from personalize_assets.core.capacity import Traffic
from personalize_assets.core.prices import PricesError
from personalize_assets_tests.aws.estates import PATIENCE, Estate
from personalize_assets_tests.aws.test_inventory import client_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ARN = "arn:aws:personalize:us-east-1:123456789012:campaign/films-popular"


@pytest.fixture(scope="module")
def cloudwatch() -> Iterator[Any]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield boto3.client(
            "cloudwatch",
            endpoint_url=f"http://{host}:{port}",
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )
    finally:
        server.stop()


def put(cloudwatch: Any, arn: str, metric: str, count: int, ago: timedelta) -> None:
    cloudwatch.put_metric_data(
        Namespace=NAMESPACE,
        MetricData=[
            {
                "MetricName": metric,
                "Dimensions": [{"Name": "CampaignArn", "Value": arn}],
                "Timestamp": NOW - ago,
                "Value": count,
            }
        ],
    )


def test_count_requests__sum_and_busiest_five_minutes(cloudwatch: Any) -> None:
    recommendations, rankings = METRICS
    put(cloudwatch, ARN, recommendations, 600, timedelta(hours=5))
    put(cloudwatch, ARN, recommendations, 300, timedelta(hours=5, minutes=-1))
    put(cloudwatch, ARN, rankings, 90, timedelta(days=2))
    put(cloudwatch, ARN, recommendations, 10**6, timedelta(days=20))
    put(cloudwatch, f"{ARN}-other", recommendations, 7, timedelta(days=1))

    counted = count_requests(cloudwatch, [ARN, f"{ARN}-idle"], NOW, days=14)

    assert counted == {
        ARN: Traffic(990, 900 / 300, 14),
        f"{ARN}-idle": Traffic(0, 0.0, 14),
    }


def test_list_running__reduce_and_remove(clients: Clients, bucket: Bucket) -> None:
    estate = Estate.ours(client_of(clients), bucket, "films")
    estate.data()
    version = estate.version(estate.solution())
    arn = estate.campaign(version, tps=3)
    estate.somebody().campaign(version, "theirs")
    inventory, prices = take_inventory(estate.client, "films"), load_prices()
    traffic = {arn: Traffic(500, 0.4, 14)}

    (running,) = list_running(estate.client, inventory, prices, traffic, datetime.now(UTC))

    assert running.found.arn == arn
    assert running.per_second == 3
    assert running.usd_per_day == pytest.approx(3 * 24 * 3.6 * 0.0556)
    assert running.judgement.verdict == "over-provisioned"

    reduce_campaign(estate.client, running, PATIENCE)
    assert describe(estate.client, CAMPAIGN, arn)["minProvisionedTPS"] == 1
    remove_campaign(estate.client, running, PATIENCE)
    assert find(estate.client, CAMPAIGN, arn) is None
    assert len(estate.client.list_campaigns()["campaigns"]) == 1


def test_load_prices__says_which_file(tmp_path: Any) -> None:
    with pytest.raises(PricesError, match=r"prices .*gone\.toml cannot be read: No such file"):
        load_prices(str(tmp_path / "gone.toml"))
    (tmp_path / "empty.toml").write_text("")
    with pytest.raises(PricesError, match=r"prices .*empty\.toml: date: Field required"):
        load_prices(str(tmp_path / "empty.toml"))
