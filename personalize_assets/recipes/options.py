"""Options that several recipes share, under the names, bounds and defaults that AWS documents.

The descriptions say what an option does in this project's models; the recipes behind the same
name at AWS are neural networks, so that only the direction of an option's effect is kept.
"""

from typing import Literal

from personalize_assets.recipes.hyperparameters import Options, option


class SequenceOptions(Options):
    """Algorithm hyperparameters of aws-user-personalization and aws-personalized-ranking."""

    hidden_dimension: int = option(
        149,
        "Capacity of the item-to-item regression: its ridge penalty is 300 * 149 / this.",
        low=32,
        high=256,
        tunable=True,
    )
    bptt: int = option(
        32,
        "How many events further on in a history one item may still be taken to lead to another.",
        low=2,
        high=32,
        tunable=True,
    )
    recency_mask: bool = option(
        True,
        "Weigh newer events more, in a user's history and in the answer to a new user.",
        tunable=True,
    )


class UserHistoryOptions(Options):
    """Which users' histories take part in training, by percentile of their lengths."""

    min_user_history_length_percentile: float = option(
        0.0, "Users with shorter histories than this share of users are left out.", low=0, high=1
    )
    max_user_history_length_percentile: float = option(
        0.99, "Users with longer histories than this share of users are left out.", low=0, high=1
    )


class TransformerOptions(Options):
    """Algorithm hyperparameters of the v2 recipes."""

    apply_recency_bias: Literal["true", "false"] = option(
        "true", "Weigh newer events of a history more."
    )


class SearchedTransformerOptions(TransformerOptions):
    """Those of the v2 recipes and what automatic training searches for them every 90 days."""

    hidden_dimension: int = option(
        149, "As for aws-user-personalization.", low=32, high=256, tunable=True
    )
    bptt: int = option(32, "As for aws-user-personalization.", low=2, high=32, tunable=True)


class SimilarItemsOptions(Options):
    """Algorithm hyperparameters of aws-similar-items."""

    popularity_discount_factor: float = option(
        0.0,
        "Shared users are divided by the answer's popularity to the power of 0.3 + 0.3 times this.",
        low=0,
        high=1,
    )
    item_id_hidden_dim: int = option(
        100,
        "How soon users are believed: metadata count as much as 2000 / this pairs of events.",
        low=30,
        high=200,
        tunable=True,
        only_tuned=True,
    )
    item_metadata_hidden_dim: int = option(
        100,
        "Items most alike by metadata whose neighbours are taken over: a fifth of this.",
        low=30,
        high=200,
        tunable=True,
        only_tuned=True,
    )


class TrendingOptions(Options):
    """Feature transformation parameters of aws-trending-now."""

    trend_discovery_frequency: Literal["30 minutes", "1 hour", "2 hours", "3 hours", "1 day"] = (
        option("2 hours", "Length of the intervals that are compared.")
    )


class ActionOptions(Options):
    """Feature transformation parameters of aws-next-best-action."""

    action_optimization_period: int = option(
        14, "Days within which an action should be taken.", low=7, high=28
    )


class AffinityOptions(Options):
    """Algorithm hyperparameters of the user segmentation recipes."""

    hidden_dimension: int = option(
        149, "A quarter of this is the number of tastes that are told apart.", low=32, high=256
    )
