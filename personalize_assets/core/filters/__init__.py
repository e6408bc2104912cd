"""Filter expressions: parsed, checked against schemas, bound to values and applied to candidates.

    found = parse_filter('INCLUDE ItemID WHERE Items.GENRE IN ($GENRE)')
    check_filter(found, schemas)
    allowed = bind(found, {"GENRE": '"Drama","Crime"'}).mask(facts)

Pure: knows no store, no request and no recipe.
"""

from personalize_assets.core.filters.attributes import (
    Attributes,
    check_attributes,
    parse_attributes,
)
from personalize_assets.core.filters.binding import bind
from personalize_assets.core.filters.checking import check_filter
from personalize_assets.core.filters.entities import BoolArray, EntityTable, TextColumn
from personalize_assets.core.filters.errors import FilterError
from personalize_assets.core.filters.language import Field, Filter, normalize_event_type
from personalize_assets.core.filters.masks import BoundFilter, Facts
from personalize_assets.core.filters.parsing import parse_filter

__all__ = [
    "Attributes",
    "BoolArray",
    "BoundFilter",
    "EntityTable",
    "Facts",
    "Field",
    "Filter",
    "FilterError",
    "TextColumn",
    "bind",
    "check_attributes",
    "check_filter",
    "normalize_event_type",
    "parse_attributes",
    "parse_filter",
]
