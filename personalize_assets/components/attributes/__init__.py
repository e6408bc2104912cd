"""What a dataset group's YAML file may say: one declaration per attribute, checked when it loads.

Only data and its validation; nothing here builds assets or talks to a service. ``source`` and
``training`` say what is learned from what, ``serving`` and ``batch`` how it answers, ``operations``
how it is kept running; ``dataset_group`` is the whole file.
"""

from personalize_assets.components.attributes.batch import (
    BatchInference,
    BatchRanking,
    BatchSegment,
    Exploration,
)
from personalize_assets.components.attributes.dataset_group import DatasetGroupAttributes
from personalize_assets.components.attributes.operations import (
    Costs,
    Freshness,
    QualityLimits,
    Retraining,
    Sensors,
)
from personalize_assets.components.attributes.preparation import (
    GlueSettings,
    Preparation,
    SparkSettings,
)
from personalize_assets.components.attributes.search import HyperparameterSearch
from personalize_assets.components.attributes.serving import (
    AttributedMetric,
    Campaign,
    Filter,
    GatedMetric,
    MetricAttribution,
    Promotion,
    Recommender,
)
from personalize_assets.components.attributes.source import Prefixes, Source
from personalize_assets.components.attributes.training import (
    Comparison,
    Objective,
    Solution,
    WeighedEvent,
)

__all__ = [
    "AttributedMetric",
    "BatchInference",
    "BatchRanking",
    "BatchSegment",
    "Campaign",
    "Comparison",
    "Costs",
    "DatasetGroupAttributes",
    "Exploration",
    "Filter",
    "Freshness",
    "GatedMetric",
    "GlueSettings",
    "HyperparameterSearch",
    "MetricAttribution",
    "Objective",
    "Prefixes",
    "Preparation",
    "Promotion",
    "QualityLimits",
    "Recommender",
    "Retraining",
    "Sensors",
    "Solution",
    "Source",
    "SparkSettings",
    "WeighedEvent",
]
