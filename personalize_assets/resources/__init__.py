"""Dagster resources: local stack, Personalize, S3 and notifications of the chosen deployment."""

from collections.abc import Mapping

import dagster as dg

from personalize_assets.aws.deployment import Deployment
from personalize_assets.resources.local_stack import LocalStackResource
from personalize_assets.resources.notifications import NotificationsResource
from personalize_assets.resources.personalize import PersonalizeResource
from personalize_assets.resources.s3 import S3Resource

__all__ = [
    "LocalStackResource",
    "NotificationsResource",
    "PersonalizeResource",
    "S3Resource",
    "resources_of",
]


def resources_of(deployment: Deployment) -> Mapping[str, dg.ConfigurableResource]:
    """The resources of ``deployment`` under the names that assets ask for."""
    stack = LocalStackResource.of(deployment)
    return {
        "local_stack": stack,
        "notifications": NotificationsResource.of(deployment, stack),
        "personalize": PersonalizeResource.of(deployment, stack),
        "s3": S3Resource.of(deployment, stack),
    }
