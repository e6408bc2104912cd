"""Tags that are declared later reach what the project made, and nothing else."""

from typing import Any

import pytest

from personalize_assets.aws.clients import Clients
from personalize_assets.aws.ensure import WaitPolicy, ensure_dataset_group
from personalize_assets.aws.naming import PROJECT_TAG
from personalize_assets.loopback import make_client


@pytest.fixture
def personalize(clients: Clients) -> Any:
    """A client of an account of its own: the groups of the others are counted."""
    assert clients.endpoints is not None
    return make_client("personalize", clients.endpoints.personalize, account="404040404040")


def tags_of(personalize: Any, arn: str) -> dict[str, str]:
    found = personalize.list_tags_for_resource(resourceArn=arn)["tags"]
    return {tag["tagKey"]: tag["tagValue"] for tag in found}


def test_ensure__tags_what_the_project_made(personalize: Any, policy: WaitPolicy) -> None:
    ours = {PROJECT_TAG: "ours", "stage": "test"}
    ensure_dataset_group(personalize, "ours", policy, tags=ours)
    later = {PROJECT_TAG: "ours", "stage": "live", "team": "films"}

    found = ensure_dataset_group(personalize, "ours", policy, tags=later)

    assert not found.created
    assert tags_of(personalize, found.arn) == later


def test_ensure__leaves_what_others_made(personalize: Any, policy: WaitPolicy) -> None:
    theirs = ensure_dataset_group(personalize, "theirs", policy, tags={"owner": "others"})

    ensure_dataset_group(personalize, "theirs", policy, tags={PROJECT_TAG: "theirs"})

    assert tags_of(personalize, theirs.arn) == {"owner": "others"}


def test_ensure__keeps_tags_that_people_added(personalize: Any, policy: WaitPolicy) -> None:
    ours = {PROJECT_TAG: "kept"}
    group = ensure_dataset_group(personalize, "kept", policy, tags=ours)
    personalize.tag_resource(resourceArn=group.arn, tags=[{"tagKey": "mine", "tagValue": "1"}])

    ensure_dataset_group(personalize, "kept", policy, tags=ours)

    assert tags_of(personalize, group.arn) == {PROJECT_TAG: "kept", "mine": "1"}
