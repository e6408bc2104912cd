"""Which cleaner a declaration means in a deployment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg

from personalize_assets.aws.cleaners import ArrowCleaner, Cleaner, Dataset
from personalize_assets.aws.deployment import Deployment
from personalize_assets.components.attributes import Preparation
from personalize_assets.components.spark_submit import SubmitCleaner


@dataclass(frozen=True)
class ChosenCleaner:
    """A cleaner, and what it tells of its work once that is done.

    Attributes:
        cleaner: Who cleans.
        metadata: For the asset; empty where nothing had to be done, and for arrow.
    """

    cleaner: Cleaner
    metadata: Mapping[str, Any]


def choose_cleaner(
    preparation: Preparation,
    dataset: Dataset,
    context: dg.AssetExecutionContext,
    deployment: Deployment,
) -> ChosenCleaner:
    """The cleaner of a dataset.

    In the local deployment, where nothing may leave this machine, ``arrow`` does what ``glue``
    would: the result is the same.
    """
    engine = preparation.engine_of(dataset)
    metadata: dict[str, Any] = {}
    if engine == "glue" and deployment.is_local:
        context.log.info(
            "there is no AWS Glue in the local deployment: cleaning in this process, with the same "
            "result"
        )
    elif engine == "glue":
        # Importing dagster-aws takes two seconds, which no other engine has to pay.
        from personalize_assets.components.glue_launch import GlueCleaner

        return ChosenCleaner(GlueCleaner(context, deployment, preparation.glue, metadata), metadata)
    elif engine == "spark":
        return ChosenCleaner(
            SubmitCleaner(context, deployment, preparation.spark, metadata), metadata
        )
    return ChosenCleaner(ArrowCleaner(), metadata)
