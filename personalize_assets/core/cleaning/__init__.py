"""Cleaning raw data into what Amazon Personalize imports, with every row accounted for.

README.md beside this file holds the definitions. Reads paths and streams and writes files; knows no
network, no S3 and no Dagster.
"""

from personalize_assets.core.cleaning.blocks import Progress
from personalize_assets.core.cleaning.outputs import OutputFile, OutputPaths
from personalize_assets.core.cleaning.ratings import clean_ratings
from personalize_assets.core.cleaning.report import Accounts, CleaningReport, EntitiesReport
from personalize_assets.core.cleaning.rules import CleaningRules, EventRule

__all__ = [
    "Accounts",
    "CleaningReport",
    "CleaningRules",
    "EntitiesReport",
    "EventRule",
    "OutputFile",
    "OutputPaths",
    "Progress",
    "clean_ratings",
]
