"""Offline metrics of ranked lists, in Amazon's definitions, and textbook NDCG beside them."""

from personalize_assets.core.metrics.actions import area_under_curve, evaluate_actions
from personalize_assets.core.metrics.coverage import coverage
from personalize_assets.core.metrics.hits import Truth, mark_hits
from personalize_assets.core.metrics.labels import AMAZON_LABELS, TEXTBOOK_LABELS
from personalize_assets.core.metrics.ndcg import amazon_ndcg_at_k, textbook_ndcg_at_k
from personalize_assets.core.metrics.precision import precision_at_k
from personalize_assets.core.metrics.reciprocal_rank import reciprocal_rank_at_k
from personalize_assets.core.metrics.report import (
    LONGEST_LIST,
    evaluate,
    evaluate_textbook,
)
from personalize_assets.core.metrics.rewards import average_reward_at_k
from personalize_assets.core.metrics.segments import evaluate_segments, one_percent
from personalize_assets.core.metrics.weighted import gains_at_ranks, weighted_ndcg_at_k

__all__ = [
    "AMAZON_LABELS",
    "LONGEST_LIST",
    "TEXTBOOK_LABELS",
    "Truth",
    "amazon_ndcg_at_k",
    "area_under_curve",
    "average_reward_at_k",
    "coverage",
    "evaluate",
    "evaluate_actions",
    "evaluate_segments",
    "evaluate_textbook",
    "gains_at_ranks",
    "mark_hits",
    "one_percent",
    "precision_at_k",
    "reciprocal_rank_at_k",
    "textbook_ndcg_at_k",
    "weighted_ndcg_at_k",
]
