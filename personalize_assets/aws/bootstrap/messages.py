"""The topic for notices, who listens by e-mail, and the queue of new objects."""

import json
from collections.abc import Collection
from typing import Any, Final

from personalize_assets.aws.bootstrap.account import Account, found_or_none
from personalize_assets.aws.bootstrap.handlers import Found, tag_list, tag_map
from personalize_assets.aws.bootstrap.wanted import Resource

UNCONFIRMED: Final = "PendingConfirmation"
"""What SNS gives instead of an ARN until the link in its e-mail was clicked."""

_NO_TOPIC: Final = ("NotFound", "NotFoundException")
_NO_QUEUE: Final = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
_QUEUE_NUMBERS: Final = ("VisibilityTimeout", "MessageRetentionPeriod")


class TopicHandler:
    """`AWS::SNS::Topic`."""

    def find(self, account: Account, resource: Resource) -> Found | None:
        """Look at the topic."""
        sns = account.client("sns")
        answer = found_or_none(lambda: sns.get_topic_attributes(TopicArn=resource.id), *_NO_TOPIC)
        if answer is None:
            return None
        properties = {
            "TopicName": resource.id.rpartition(":")[2],
            "KmsMasterKeyId": answer["Attributes"].get("KmsMasterKeyId") or None,
        }
        tags = sns.list_tags_for_resource(ResourceArn=resource.id)["Tags"]
        return Found(properties, tag_map(tags), resource.id)

    def create(self, account: Account, resource: Resource) -> None:
        """Make the topic, with key and tags from the first moment."""
        key = resource.properties.get("KmsMasterKeyId")
        account.client("sns").create_topic(
            Name=resource.properties["TopicName"],
            Attributes={} if key is None else {"KmsMasterKeyId": key},
            Tags=tag_list(resource.tags),
        )

    def change(self, account: Account, resource: Resource, names: Collection[str]) -> None:
        """Set what is not as it should be."""
        sns = account.client("sns")
        if "Tags" in names:
            sns.tag_resource(ResourceArn=resource.id, Tags=tag_list(resource.tags))
        if "KmsMasterKeyId" in names:
            sns.set_topic_attributes(
                TopicArn=resource.id,
                AttributeName="KmsMasterKeyId",
                AttributeValue=resource.properties["KmsMasterKeyId"],
            )

    def delete(self, account: Account, resource: Resource) -> None:
        """Delete the topic with its subscriptions."""
        sns = account.client("sns")
        found_or_none(lambda: sns.delete_topic(TopicArn=resource.id), *_NO_TOPIC)


class SubscriptionHandler:
    """`AWS::SNS::Subscription` of an e-mail address, confirmed or not."""

    def find(self, account: Account, resource: Resource) -> Found | None:
        """Look for the address among those who listen."""
        listing = _subscription(account, resource)
        if listing is None:
            return None
        wanted = ("TopicArn", "Protocol", "Endpoint")
        return Found({name: listing[name] for name in wanted}, {}, listing["SubscriptionArn"])

    def create(self, account: Account, resource: Resource) -> None:
        """Subscribe the address; SNS asks it by e-mail whether it wants that."""
        account.client("sns").subscribe(**resource.properties)

    def change(self, account: Account, resource: Resource, names: Collection[str]) -> None:
        """Nothing can be other than it should be: it is there or not."""

    def delete(self, account: Account, resource: Resource) -> None:
        """Nothing to do: it goes with its topic."""


class QueueHandler:
    """`AWS::SQS::Queue`."""

    def find(self, account: Account, resource: Resource) -> Found | None:
        """Look at the queue."""
        url = queue_url(account, resource.id)
        if url is None:
            return None
        sqs = account.client("sqs")
        answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        attributes = answer["Attributes"]
        properties: dict[str, Any] = {"QueueName": resource.id}
        properties["SqsManagedSseEnabled"] = attributes.get("SqsManagedSseEnabled") == "true"
        properties |= {name: int(attributes[name]) for name in _QUEUE_NUMBERS}
        tags = sqs.list_queue_tags(QueueUrl=url).get("Tags", {})
        return Found(properties, tags, attributes["QueueArn"])

    def create(self, account: Account, resource: Resource) -> None:
        """Make the queue, with its tags from the first moment."""
        # A queue that was deleted keeps its name for a minute.
        account.patiently(
            lambda: account.client("sqs").create_queue(
                QueueName=resource.id,
                Attributes=_attributes(resource, resource.properties),
                tags=dict(resource.tags or {}),
            ),
            "AWS.SimpleQueueService.QueueDeletedRecently",
            "QueueDeletedRecently",
        )

    def change(self, account: Account, resource: Resource, names: Collection[str]) -> None:
        """Set what is not as it should be."""
        sqs, url = account.client("sqs"), queue_url(account, resource.id)
        if "Tags" in names:
            sqs.tag_queue(QueueUrl=url, Tags=dict(resource.tags or {}))
        if attributes := _attributes(resource, names):
            sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)

    def delete(self, account: Account, resource: Resource) -> None:
        """Delete the queue with what is in it."""
        url = queue_url(account, resource.id)
        if url is not None:
            sqs = account.client("sqs")
            found_or_none(lambda: sqs.delete_queue(QueueUrl=url), *_NO_QUEUE)


class QueuePolicyHandler:
    """`AWS::SQS::QueuePolicy`."""

    def find(self, account: Account, resource: Resource) -> Found | None:
        """Look at the policy of the queue."""
        url = queue_url(account, resource.id)
        if url is None:
            return None
        answer = account.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
        policy = answer.get("Attributes", {}).get("Policy")
        if not policy:
            return None
        properties = {"PolicyDocument": json.loads(policy), "Queues": [resource.id]}
        return Found(properties, {}, resource.id)

    def create(self, account: Account, resource: Resource) -> None:
        """Put the policy."""
        self.change(account, resource, ["PolicyDocument"])

    def change(self, account: Account, resource: Resource, names: Collection[str]) -> None:
        """Put the policy in place of the one that is there."""
        policy = json.dumps(resource.properties["PolicyDocument"])
        url = queue_url(account, resource.id)
        account.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})

    def delete(self, account: Account, resource: Resource) -> None:
        """Nothing to do: it goes with its queue."""


def queue_url(account: Account, name: str) -> str | None:
    """Address of the queue ``name``; None where there is none."""
    sqs = account.client("sqs")
    answer = found_or_none(lambda: sqs.get_queue_url(QueueName=name), *_NO_QUEUE)
    return None if answer is None else answer["QueueUrl"]


def _attributes(resource: Resource, names: Collection[str]) -> dict[str, str]:
    """Attributes as SQS takes them: all values are texts."""
    known = (*_QUEUE_NUMBERS, "SqsManagedSseEnabled")
    return {
        name: str(resource.properties[name]).lower()  # JSON's true, not Python's
        for name in known
        if name in names
    }


def _subscription(account: Account, resource: Resource) -> dict[str, Any] | None:
    sns, wanted = account.client("sns"), resource.properties
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=wanted["TopicArn"])

    def look() -> dict[str, Any] | None:
        for page in pages:
            for one in page["Subscriptions"]:
                if (one["Protocol"], one["Endpoint"]) == (wanted["Protocol"], wanted["Endpoint"]):
                    return one
        return None

    return found_or_none(look, *_NO_TOPIC)
