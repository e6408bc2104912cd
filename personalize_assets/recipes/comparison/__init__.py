"""Recipes against each other, popularity and chance, on the same folds of users."""
