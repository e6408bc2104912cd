"""How often campaigns were asked, as Amazon CloudWatch counted it; the local engine does not count.

Metrics of `AWS/Personalize` by `CampaignArn` in five minutes each, as campaigns are billed.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from personalize_assets.core.capacity import Traffic

NAMESPACE: Final = "AWS/Personalize"
METRICS: Final = ("GetRecommendationsRequests", "GetPersonalizedRankingRequests")
PERIOD_S: Final = 300


def count_requests(
    cloudwatch: Any, campaign_arns: Sequence[str], now: datetime, days: float
) -> dict[str, Traffic]:
    """Requests of each campaign within the last ``days``.

    Args:
        cloudwatch: boto3 client.
        campaign_arns: Whose requests.
        now: The present moment, aware.
        days: How far to look back; CloudWatch keeps five minutes for 63 days.

    Raises:
        ClientError: CloudWatch refused.
    """
    return {arn: _count(cloudwatch, arn, now, days) for arn in campaign_arns}


def _count(cloudwatch: Any, arn: str, now: datetime, days: float) -> Traffic:
    queries = [
        {
            "Id": f"m{number}",
            "MetricStat": {
                "Metric": {
                    "Namespace": NAMESPACE,
                    "MetricName": name,
                    "Dimensions": [{"Name": "CampaignArn", "Value": arn}],
                },
                "Period": PERIOD_S,
                "Stat": "Sum",
            },
        }
        for number, name in enumerate(METRICS)
    ]
    arguments: dict[str, Any] = {
        "MetricDataQueries": queries,
        "StartTime": now - timedelta(days=days),
        "EndTime": now,
    }
    by_moment: dict[datetime, float] = {}
    while True:
        answer = cloudwatch.get_metric_data(**arguments)
        for result in answer["MetricDataResults"]:
            for moment, value in zip(result["Timestamps"], result["Values"], strict=True):
                by_moment[moment] = by_moment.get(moment, 0.0) + value
        if not (token := answer.get("NextToken")):
            break
        arguments["NextToken"] = token
    counts = by_moment.values()
    return Traffic(round(sum(counts)), max(counts, default=0.0) / PERIOD_S, days)
