"""The mailbox on moto's SQS: sorted to those who wait, held until decided, deleted only then."""

from collections.abc import Iterator

import pytest

from personalize_assets.aws import queue
from personalize_assets.aws.arrivals import Interest
from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.queue import VISIBILITY_S, Mailbox, open_mailbox
from personalize_assets_tests.aws_cloud import Cloud, open_cloud, s3_event, serve_moto

USERS, RESULTS = Interest("users", "in/"), Interest("results", "out/", ".out")


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with serve_moto() as address:
        yield address


@pytest.fixture
def cloud(moto: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    monkeypatch.setattr(queue, "WAIT_S", 0)
    with open_cloud(moto) as cloud:
        yield cloud


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def mailbox(cloud: Cloud, clock: Clock) -> Mailbox:
    return Mailbox(cloud.sqs, cloud.queue_url, cloud.name, {USERS, RESULTS}, clock)


def keys(mailbox: Mailbox, interest: Interest) -> list[str]:
    return [letter.key for letter in mailbox.letters(interest)]


def test_receive__sorts_letters_to_those_who_wait(cloud: Cloud, mailbox: Mailbox) -> None:
    cloud.send([s3_event(cloud.name, "out/job/b.out", "in/a b.json", "in/ü.json")])

    assert mailbox.receive(100) == 1
    assert keys(mailbox, USERS) == ["in/a b.json", "in/ü.json"]
    assert keys(mailbox, RESULTS) == ["out/job/b.out"]
    assert cloud.counts() == (0, 1)


def test_receive__deletes_at_once_what_nobody_waits_for(cloud: Cloud, mailbox: Mailbox) -> None:
    bodies = [
        s3_event(cloud.name, "in/.hidden", "in/half.part", "out/job/a.parquet", "else/a.json"),
        s3_event("another", "in/a.json"),
        s3_event(cloud.name, "in/a.json", event="ObjectRemoved:Delete"),
        "hello",
    ]
    cloud.send(bodies)

    assert mailbox.receive(100) == len(bodies)
    assert keys(mailbox, USERS) == keys(mailbox, RESULTS) == []
    assert cloud.counts() == (0, 0)


def test_settle__deletes_a_message_once_all_its_letters_are_decided(
    cloud: Cloud, mailbox: Mailbox
) -> None:
    cloud.send([s3_event(cloud.name, "in/a.json", "out/job/a.out")])
    mailbox.receive(100)

    mailbox.settle(mailbox.letters(USERS))
    assert (keys(mailbox, USERS), keys(mailbox, RESULTS)) == ([], ["out/job/a.out"])
    assert cloud.counts() == (0, 1)
    mailbox.settle(mailbox.letters(RESULTS))
    assert cloud.counts() == (0, 0)


def test_settle__leaves_a_newer_notice_of_the_same_key(cloud: Cloud, mailbox: Mailbox) -> None:
    cloud.send([s3_event(cloud.name, "in/a.json")])
    mailbox.receive(100)
    first = mailbox.letters(USERS)
    cloud.send([s3_event(cloud.name, "in/a.json")])
    mailbox.receive(100)

    mailbox.settle(first)
    mailbox.settle(first)

    assert keys(mailbox, USERS) == ["in/a.json"]
    assert cloud.counts() == (0, 1)


def test_receive__takes_as_many_as_it_may(cloud: Cloud, mailbox: Mailbox) -> None:
    cloud.send(s3_event(cloud.name, f"in/{number}.json") for number in range(35))

    assert mailbox.receive(12) == 20
    assert mailbox.receive(100, is_late=lambda: True) == 10
    assert mailbox.receive(100) == 5
    assert len(keys(mailbox, USERS)) == 35


def test_letters__come_again_where_a_process_died(cloud: Cloud, mailbox: Mailbox) -> None:
    cloud.send([s3_event(cloud.name, "in/a.json")])
    mailbox.receive(100)
    again = Mailbox(cloud.sqs, cloud.queue_url, cloud.name, {USERS})

    assert (again.receive(100), keys(again, USERS)) == (0, [])
    cloud.show_again()
    assert (again.receive(100), keys(again, USERS)) == (1, ["in/a.json"])


def test_letters__are_not_held_longer_than_the_queue_hides_them(
    cloud: Cloud, mailbox: Mailbox, clock: Clock
) -> None:
    cloud.send([s3_event(cloud.name, "in/a.json")])
    mailbox.receive(100)
    clock.now = VISIBILITY_S - 1

    mailbox.receive(100)
    assert keys(mailbox, USERS) == ["in/a.json"]
    clock.now = VISIBILITY_S
    mailbox.receive(100)
    assert keys(mailbox, USERS) == []


def test_receive__of_a_held_message_again_makes_no_second_letter(
    cloud: Cloud, mailbox: Mailbox, clock: Clock
) -> None:
    cloud.send([s3_event(cloud.name, "in/a.json")])
    mailbox.receive(100)
    cloud.show_again()
    clock.now = VISIBILITY_S - 1
    mailbox.receive(100)

    assert keys(mailbox, USERS) == ["in/a.json"]
    clock.now = VISIBILITY_S + 1
    mailbox.settle(mailbox.letters(USERS))
    assert cloud.counts() == (0, 0)


def test_open_mailbox__is_one_for_a_process(cloud: Cloud) -> None:
    mailbox = open_mailbox(cloud.deployment)

    assert mailbox is not None
    assert open_mailbox(cloud.deployment) is mailbox


def test_open_mailbox__is_none_without_a_queue() -> None:
    assert open_mailbox(Deployment.from_environment({})) is None
