"""Filter expressions: parsed, checked against schemas, bound to values and applied to candidates.

Pure: knows no store, no request and no recipe.
"""

from personalize_assets.core.filters.entities import EntityTable, TextColumn

__all__ = ["EntityTable", "TextColumn"]
