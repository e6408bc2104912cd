"""A week passes in a moment: automatic training on the engine's clock."""

import time
from typing import Any

from personalize_assets_tests.engine.control.conftest import Site
from personalize_assets_tests.engine.operations.conftest import RECIPE


def versions(site: Site, solution: str) -> list[dict[str, Any]]:
    summaries = site.api.list_solution_versions(solutionArn=solution)["solutionVersions"]
    return [
        site.api.describe_solution_version(solutionVersionArn=each["solutionVersionArn"])[
            "solutionVersion"
        ]
        for each in reversed(summaries)
    ]


def test_advance__a_week_of_automatic_training(site: Site) -> None:
    group = site.group()
    site.start_import(group)
    site.local.wait_until_idle()
    solution = site.api.create_solution(
        name="sol", datasetGroupArn=group, recipeArn=RECIPE + "aws-popularity-count"
    )["solutionArn"]
    site.local.wait_until_idle()
    site.local.clock.advance(hours=1)  # the first one begins within the hour
    assert [each["trainingType"] for each in versions(site, solution)] == ["AUTOMATIC"]

    tracker = site.api.create_event_tracker(name="t", datasetGroupArn=group)["trackingId"]
    site.local.wait_until_idle()
    event = {"eventType": "watch", "itemId": "i3", "sentAt": time.time()}
    site.local.personalize_events.put_events(
        trackingId=tracker, userId="u1", sessionId="s", eventList=[event]
    )
    before = site.local.clock.now()
    site.local.clock.advance(days=7)
    first, second = versions(site, solution)
    assert (second["trainingType"], second["status"]) == ("AUTOMATIC", "ACTIVE")
    assert second["creationDateTime"] > before > first["creationDateTime"]

    site.local.clock.advance(days=7)  # nothing new has come
    assert len(versions(site, solution)) == 2
