"""Short names of metrics for the heads of columns and legends."""

from collections.abc import Mapping

from personalize_assets.core.metrics.report import CUTOFFS

AMAZON_LABELS: Mapping[str, str] = {
    "mean_reciprocal_rank_at_25": "MRR@25",
    **{f"normalized_discounted_cumulative_gain_at_{k}": f"NDCG@{k}" for k in CUTOFFS},
    **{f"precision_at_{k}": f"P@{k}" for k in CUTOFFS},
    "coverage": "coverage",
}
"""Amazon's names of the metrics of ranked lists, and what fits above a column."""

TEXTBOOK_LABELS: Mapping[str, str] = {
    f"textbook_ndcg_at_{k}": f"textbook NDCG@{k}" for k in CUTOFFS
}
"""Names of the textbook's NDCG, which is never compared with Amazon's."""
