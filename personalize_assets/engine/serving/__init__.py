"""Real-time answers: from a campaign or recommender and a user to the items that are served."""

from personalize_assets.engine.serving.serving import Serving

__all__ = ["Serving"]
