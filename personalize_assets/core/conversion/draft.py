"""The attributes as they grow: each addition is kept only if the file would still load with it.

Who judges is handed in, so that the rules of the file's attributes are said once, where they are
declared, and a conversion gives the same reasons as loading would.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Judge = Callable[[Mapping[str, Any]], str | None]
"""Says why these attributes of a ``defs.yaml`` would not load; None where they would."""

_PROBE: Final = {"name": "probe", "recipe": "aws-popularity-count"}


@dataclass
class Draft:
    """Attributes of a dataset group, as far as they are converted.

    Attributes:
        judge: Says why attributes would not load.
        attributes: What was accepted.
    """

    judge: Judge
    attributes: dict[str, Any] = field(default_factory=dict[str, Any])

    def accept(self, **change: Any) -> str | None:
        """Take attributes in; else say why they would not load and take in none of them."""
        wanted = {**self.attributes, **change}
        judged = wanted
        if not wanted.get("solutions") and not wanted.get("recommenders"):
            # A group needs something to train, and what it trains comes last.
            judged = {**wanted, "solutions": [_PROBE]}
        refusal = self.judge(judged)
        if refusal is None:
            self.attributes = wanted
        return refusal

    def append(self, key: str, entry: Mapping[str, Any]) -> str | None:
        """Add an entry to a list of attributes; else say why it would not load."""
        return self.accept(**{key: [*self.attributes.get(key, []), entry]})

    def replace_last(self, key: str, entry: Mapping[str, Any]) -> str | None:
        """Put another entry in the place of a list's last; else say why it would not load."""
        return self.accept(**{key: [*self.attributes[key][:-1], entry]})
