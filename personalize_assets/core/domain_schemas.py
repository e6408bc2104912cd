"""Schemas of cleaned files as a domain dataset group wants them.

Cleaning declares every column of one's own as possibly empty; a domain wants some of them filled,
and of a type of its own. Only declarations change, never a file: the service refuses a file that
does not keep what its schema says.
"""

from collections.abc import Mapping
from typing import Any

from personalize_assets.core.schema_rules import RULES, DatasetType, Domain, Reserved


def fit_to_domain(
    schema: Mapping[str, Any], dataset_type: DatasetType, domain: Domain
) -> dict[str, Any]:
    """Declare the columns that the domain reserves as it wants them; others stay as they are.

    Args:
        schema: Avro schema of a cleaned file, as JSON.
        dataset_type: Of the dataset that it is for.
        domain: Of the dataset group.

    Example:
        >>> fields = [{"name": "PRICE", "type": ["null", "double"]}]
        >>> fit_to_domain({"fields": fields}, "ITEMS", "ECOMMERCE")
        {'fields': [{'name': 'PRICE', 'type': 'float'}]}
    """
    rules = RULES.get((domain, dataset_type))
    if rules is None:
        return dict(schema)
    reserved = {**rules.required, **rules.optional}
    fields = [_fit(field, reserved.get(str(field["name"]))) for field in schema["fields"]]
    return {**schema, "fields": fields}


def _fit(field: Mapping[str, Any], rule: Reserved | None) -> dict[str, Any]:
    if rule is None or not _same_kind(field["type"], rule.type):
        return dict(field)
    kept = {name: value for name, value in field.items() if name not in ("categorical", "textual")}
    kept["type"] = ["null", rule.type] if rule.nullable else rule.type
    if rule.categorical:
        kept["categorical"] = True
    if rule.textual:
        kept["textual"] = True
    return kept


def _same_kind(declared: Any, wanted: str) -> bool:
    """Whether what is declared reads as what is wanted: text as text, a number as a number."""
    names = {name for name in ([declared] if isinstance(declared, str) else declared)}
    texts = names - {"null"} == {"string"}
    whole = names <= {"null", "int", "long"}
    return texts if wanted == "string" else whole or (wanted in ("float", "double") and not texts)
