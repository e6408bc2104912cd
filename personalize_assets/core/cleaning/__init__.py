"""Cleaning raw data into what Amazon Personalize imports, with every row accounted for.

README.md beside this file holds the definitions. Reads paths and streams and writes files; knows no
network, no S3 and no Dagster.
"""

# pyarrow ships no types.
# pyright: standard

from personalize_assets.core.cleaning.blocks import Progress
from personalize_assets.core.cleaning.movies import clean_movies
from personalize_assets.core.cleaning.outputs import OutputFile, OutputPaths
from personalize_assets.core.cleaning.ratings import clean_ratings
from personalize_assets.core.cleaning.report import (
    Accounts,
    CleaningReport,
    EntitiesReport,
    numeric_ids,
)
from personalize_assets.core.cleaning.rules import CleaningRules, EventRule
from personalize_assets.core.cleaning.users import clean_users

__all__ = [
    "Accounts",
    "CleaningReport",
    "CleaningRules",
    "EntitiesReport",
    "EventRule",
    "OutputFile",
    "OutputPaths",
    "Progress",
    "clean_movies",
    "clean_ratings",
    "clean_users",
    "numeric_ids",
]
