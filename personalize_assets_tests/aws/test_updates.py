"""Versions with trainingMode UPDATE against the real engine: of the last full training, once."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from personalize_assets.aws.ensure import (
    WaitPolicy,
    ensure_dataset,
    ensure_dataset_group,
    ensure_import,
    ensure_schema,
)
from personalize_assets.aws.objects import Bucket
from personalize_assets.aws.training import SolutionRequest, train_solution
from personalize_assets.aws.updates import last_full_version, update_solution_version
from personalize_assets.testing import LocalPersonalize
from personalize_assets_tests.aws.conftest import SCHEMA, interactions_csv

ROLE = "arn:aws:iam::123456789012:role/PersonalizeRole"


@pytest.fixture
def request_of_shop(
    personalize_session: LocalPersonalize, policy: WaitPolicy, unique: str
) -> Iterator[SolutionRequest]:
    """What to train in a group with imported interactions."""
    engine = personalize_session
    bucket = Bucket(engine.s3, "updates")
    bucket.ensure(create=True)
    bucket.write_bytes(f"{unique}.csv", interactions_csv())
    group = ensure_dataset_group(engine.personalize, unique, policy)
    schema = ensure_schema(engine.personalize, unique, SCHEMA, policy)
    dataset = ensure_dataset(
        engine.personalize, group.arn, "Interactions", unique, schema.arn, policy
    )
    location = bucket.uri(f"{unique}.csv")
    ensure_import(engine.personalize, dataset.arn, unique, location, ROLE, policy)
    yield SolutionRequest(
        group_name=unique,
        group_arn=group.arn,
        name="personal",
        recipe="aws-user-personalization",
        data=("monday",),
    )
    engine.reset(dataset_group_arn=group.arn)


def test_update__builds_on_the_last_full_training(
    personalize_session: LocalPersonalize, policy: WaitPolicy, request_of_shop: SolutionRequest
) -> None:
    client, request = personalize_session.personalize, request_of_shop

    def update(items: str, holds_items: str | None = None) -> Any:
        return update_solution_version(client, request, items, policy, holds_items=holds_items)

    assert update("tuesday") is None
    monday = train_solution(client, request, policy)
    solution = monday.solution_arn
    tuesday = update("tuesday")
    assert tuesday.version.created
    assert tuesday.version.description["trainingMode"] == "UPDATE"
    assert last_full_version(client, solution) == monday.version.arn

    # The same again, in another process, which knows nothing: found by its name.
    again = update("tuesday")
    assert (again.version.arn, again.version.created) == (tuesday.version.arn, False)

    # Known to hold these items: nothing is made, nor looked for by a name.
    held = update("wednesday", tuesday.version.arn)
    assert (held.version.arn, held.version.created) == (tuesday.version.arn, False)

    # A version of another configuration holds nothing of this one.
    foreign = update("thursday", tuesday.version.arn.replace("personal-", "other-"))
    assert foreign.version.created

    # A new full training makes a new base: the same items come in anew.
    next_monday = train_solution(client, replace(request, data=("next monday",)), policy)
    assert last_full_version(client, solution) == next_monday.version.arn
    rebased = update("tuesday")
    assert rebased.version.created
    assert rebased.version.arn != tuesday.version.arn
