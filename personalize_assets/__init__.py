"""Dagster assets for the whole life of a recommender, on Amazon Personalize or offline."""
